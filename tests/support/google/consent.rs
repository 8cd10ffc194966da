//! Sign-in at the fake: the page of consent, codes for tokens with PKCE, refresh, and a
//! service account's assertion. What a client asks wrongly is written down.

use std::collections::BTreeMap;
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{ALICE, State, send, send_with};

/// What a person does on the page of consent, and the codes given out.
#[derive(Default)]
pub struct Consent {
    pub deny: bool,
    /// Ticked scopes; `None`: all.
    pub granted: Option<Vec<String>>,
    codes: BTreeMap<String, Asked>,
}

struct Asked {
    challenge: String,
    redirect: String,
    scopes: String,
}

type Form = BTreeMap<String, String>;

impl State {
    /// The page of consent: the browser is sent back to the program.
    pub fn consent(&mut self, stream: &mut TcpStream, target: &str) -> bool {
        let back = self.decide(&url::Url::parse(&format!("http://x{target}")).unwrap());
        send_with(stream, 302, &format!("Location: {back}\r\nContent-Length: 0\r\n"), b"")
    }

    /// Where the person is sent back to.
    pub fn decide(&mut self, url: &url::Url) -> url::Url {
        let asked: Form = url.query_pairs().into_owned().collect();
        let said = |key: &str| asked.get(key).cloned().unwrap_or_default();
        let redirect = said("redirect_uri");
        let wrong = [
            (!redirect.starts_with("http://127.0.0.1:"), "a redirect away from this machine"),
            (said("response_type") != "code", "another response than a code"),
            (said("state").len() < 16, "no state of 16 characters"),
            (said("code_challenge_method") != "S256", "no S256 challenge"),
            (said("code_challenge").len() != 43, "a challenge that is no hash"),
            (said("scope").is_empty(), "no scope"),
            (said("access_type") != "offline", "no offline access"),
        ];
        let wrong = wrong.into_iter().filter(|(is, _)| *is).map(|(_, what)| what.to_owned());
        self.violations.extend(wrong);
        let wanted = said("scope");
        let ticked = |scope: &&str| {
            self.consent.granted.as_ref().is_none_or(|some| some.iter().any(|one| one == scope))
        };
        let scopes = wanted.split(' ').filter(ticked).collect::<Vec<_>>().join(" ");
        let mut back = url::Url::parse(&redirect).unwrap();
        if self.consent.deny {
            back.query_pairs_mut().append_pair("error", "access_denied");
        } else {
            let code = format!("4/{}", self.consent.codes.len());
            back.query_pairs_mut().append_pair("code", &code).append_pair("scope", &scopes);
            let asked = Asked { challenge: said("code_challenge"), redirect, scopes };
            self.consent.codes.insert(code, asked);
        }
        back.query_pairs_mut().append_pair("state", &said("state"));
        back
    }

    pub fn token(&mut self, stream: &mut TcpStream, body: &[u8], missing: usize) -> bool {
        let form: Form = url::form_urlencoded::parse(body).into_owned().collect();
        let said = |key: &str| form.get(key).cloned().unwrap_or_default();
        let answer = match said("grant_type").as_str() {
            _ if self.unknown_client => Err("invalid_client"),
            _ if self.revoked => Err("invalid_grant"),
            "authorization_code" => self.exchange(&form),
            "urn:ietf:params:oauth:grant-type:jwt-bearer" => self.delegated(&said("assertion")),
            _ => {
                let refresh = said("refresh_token");
                let who = refresh.strip_prefix("refresh-for-").unwrap_or(ALICE).to_owned();
                Ok(self.access(&who))
            }
        };
        let (status, text) = match answer {
            Ok(token) => (200, token),
            Err("invalid_client") => (
                401,
                json!({ "error": "invalid_client",
                "error_description": "The OAuth client was not found." }),
            ),
            Err(error) => (
                400,
                json!({ "error": error,
                "error_description": "Token has been expired or revoked." }),
            ),
        };
        let missing = if status == 200 { missing } else { 0 };
        send(stream, status, "application/json", text.to_string().as_bytes(), missing)
    }

    fn access(&self, who: &str) -> Value {
        let token = format!("access-{}-{who}", self.tokens);
        let mut answer =
            json!({ "access_token": token, "expires_in": 3599, "token_type": "Bearer" });
        if let Some(scopes) = &self.consent.granted {
            answer["scope"] = json!(scopes.join(" "));
        }
        if let Some(seconds) = self.ends_in {
            answer["refresh_token_expires_in"] = json!(seconds);
        }
        answer
    }

    fn exchange(&mut self, form: &Form) -> Result<Value, &'static str> {
        let said = |key: &str| form.get(key).map_or("", String::as_str);
        let asked = self.consent.codes.remove(said("code")).ok_or("invalid_grant")?;
        let verified = URL_SAFE_NO_PAD.encode(Sha256::digest(said("code_verifier")));
        if verified != asked.challenge || said("redirect_uri") != asked.redirect {
            self.violations.push("a code with a wrong verifier or redirect".to_owned());
            return Err("invalid_grant");
        }
        let mut token = self.access(ALICE);
        token["refresh_token"] = json!(format!("refresh-for-{ALICE}"));
        token["scope"] = json!(asked.scopes);
        Ok(token)
    }

    /// The signature is the lab's business; whom it speaks for is read here.
    fn delegated(&mut self, assertion: &str) -> Result<Value, &'static str> {
        let claims = assertion.split('.').nth(1).unwrap_or_default();
        let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| "invalid_grant")?;
        let claims: Value = serde_json::from_slice(&claims).map_err(|_| "invalid_grant")?;
        let who = claims["sub"].as_str().unwrap_or_default();
        if self.people.contains_key(who) { Ok(self.access(who)) } else { Err("invalid_grant") }
    }
}
