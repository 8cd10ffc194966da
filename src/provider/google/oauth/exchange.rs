//! The conversations with the token endpoint, by the `oauth2` crate over onbeat's own
//! HTTP client: a person's consent, its renewal, a service account's assertion.

use std::io;
use std::time::Duration;

use jiff::Timestamp;
use oauth2::basic::{
    BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse,
    BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EndpointNotSet, EndpointSet, ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, Scope, StandardRevocableToken,
    StandardTokenResponse, TokenResponse as _, TokenUrl,
};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::google::NOT_GOOGLE;
use crate::provider::google::oauth::client_file::{Installed, ServiceAccount};
use crate::provider::google::oauth::jwt;
use crate::provider::google::tokens::Fresh;
use crate::provider::http::client::{Timeouts, build};
use crate::provider::http::secret::Secret;

/// The largest answer of a token endpoint.
const MAX_ANSWER: usize = 256 << 10;

/// What Google adds to a token.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Extra {
    /// Seconds until the refresh token ends; only said where it ends soon.
    refresh_token_expires_in: Option<u64>,
}

impl ExtraTokenFields for Extra {}

type Tokens = StandardTokenResponse<Extra, BasicTokenType>;
type OAuth = Client<
    BasicErrorResponse,
    Tokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;
type Failed = RequestTokenError<Trouble, BasicErrorResponse>;

fn oauth(client: &Installed) -> OAuth {
    let oauth = Client::new(ClientId::new(client.id.clone()))
        .set_auth_type(AuthType::RequestBody)
        .set_auth_uri(AuthUrl::from_url(client.auth_uri.clone()))
        .set_token_uri(TokenUrl::from_url(client.token_uri.clone()));
    match &client.secret {
        Some(secret) => oauth.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
        None => oauth,
    }
}

/// A login under way: what was sent to the browser and what must come back.
pub struct Login {
    client: Installed,
    redirect: RedirectUrl,
    state: CsrfToken,
    verifier: PkceCodeVerifier,
    url: Url,
    asked: Vec<String>,
}

/// What a person granted.
#[derive(Debug)]
pub struct Granted {
    /// The refresh token.
    pub refresh: Secret,
    /// The scopes that were granted.
    pub scopes: Vec<String>,
    /// The refresh token ends after this time: the project is in testing mode.
    pub ends_after: Option<Duration>,
}

impl Login {
    /// Prepares the page of consent; the browser comes back to `redirect`.
    pub fn begin(client: &Installed, redirect: &Url, scopes: &[String]) -> Self {
        let redirect = RedirectUrl::from_url(redirect.clone());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let oauth = oauth(client);
        let (url, state) = oauth
            .authorize_url(CsrfToken::new_random)
            .set_redirect_uri(std::borrow::Cow::Borrowed(&redirect))
            .add_scopes(scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(challenge)
            .add_extra_param("access_type", "offline")
            .add_extra_param("prompt", "consent")
            .url();
        Self { client: client.clone(), redirect, state, verifier, url, asked: scopes.to_vec() }
    }

    /// The page of consent.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The code in the address the browser was sent back to.
    ///
    /// # Errors
    /// For people: consent was refused, or the address is not of this login.
    pub fn code(&self, back: &Url) -> Result<String, String> {
        let parameter = |name: &str| {
            back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        if parameter("state").as_deref() != Some(self.state.secret().as_str()) {
            return Err("that address is not from this login; start again".to_owned());
        }
        match (parameter("error").as_deref(), parameter("code")) {
            (Some("access_denied"), _) => Err("access was not granted".to_owned()),
            (Some(error), _) => Err(format!("Google says {error:?}")),
            (None, Some(code)) if !code.is_empty() => Ok(code),
            (None, _) => Err("that address holds no code".to_owned()),
        }
    }

    /// Gives the code for tokens.
    ///
    /// # Errors
    /// `Unauthorized` when the code is not accepted, `Unavailable`, `Protocol`.
    pub async fn finish(self, code: String) -> Result<Granted, ProviderError> {
        let token_uri = self.client.token_uri.clone();
        let client = build(&token_uri, Timeouts::default(), None, false)?;
        let http = |request| post(&client, request);
        let oauth = oauth(&self.client);
        let tokens = oauth
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(self.verifier)
            .set_redirect_uri(std::borrow::Cow::Borrowed(&self.redirect))
            .request_async(&http)
            .await
            .map_err(|error| failed(error, &token_uri, "log in again"))?;
        let refresh = tokens.refresh_token().ok_or_else(|| {
            let why = "Google gave no refresh token; remove onbeat's access in the account and log in again";
            ProviderError::new(ErrorKind::Protocol(why.to_owned()), token_uri.path())
        })?;
        let granted = tokens.scopes().map(|scopes| scopes.iter().map(|s| s.to_string()).collect());
        Ok(Granted {
            refresh: Secret::new(refresh.secret().clone()),
            scopes: granted.unwrap_or(self.asked),
            ends_after: tokens.extra_fields().refresh_token_expires_in.map(Duration::from_secs),
        })
    }
}

/// A new access token for a refresh token.
///
/// # Errors
/// `Unauthorized` with the way out when the grant has ended.
pub(super) async fn refresh(
    client: &Installed,
    refresh: &Secret,
    way_out: &str,
) -> Result<Fresh, ProviderError> {
    let web = build(&client.token_uri, Timeouts::default(), None, false)?;
    let http = |request| post(&web, request);
    let tokens = oauth(client)
        .exchange_refresh_token(&RefreshToken::new(refresh.expose().to_owned()))
        .request_async(&http)
        .await
        .map_err(|error| failed(error, &client.token_uri, way_out))?;
    Ok(fresh(&tokens))
}

fn fresh(tokens: &Tokens) -> Fresh {
    Fresh {
        token: Secret::new(tokens.access_token().secret().clone()),
        lives: tokens.expires_in(),
        scopes: tokens.scopes().map(|all| all.iter().map(|scope| scope.to_string()).collect()),
    }
}

/// An access token for a signed assertion (RFC 7523 §2.1).
///
/// # Errors
/// `Unauthorized` when it is not accepted, `Protocol` for a key that cannot sign.
pub(super) async fn assertion(
    account: &ServiceAccount,
    subject: Option<&str>,
    scopes: &[String],
    now: Timestamp,
) -> Result<Fresh, ProviderError> {
    let context = || account.email.clone();
    let signed = jwt::signed(account, subject, scopes, now)
        .map_err(|why| ProviderError::new(ErrorKind::Protocol(why), context()))?;
    let web = build(&account.token_uri, Timeouts::default(), None, false)?;
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
        .append_pair("assertion", &signed)
        .finish();
    let request = oauth2::http::Request::post(account.token_uri.as_str())
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "application/json")
        .body(form.into_bytes())
        .map_err(|_| ProviderError::new(ErrorKind::Protocol("not an address".into()), context()))?;
    let answer = post(&web, request)
        .await
        .map_err(|error| failed(Failed::Request(error), &account.token_uri, ""))?;
    if answer.status() == 200 {
        let tokens: Tokens = serde_json::from_slice(answer.body()).map_err(|error| {
            let why = "the answer is no token".to_owned();
            ProviderError::new(ErrorKind::Protocol(why), account.token_uri.path()).caused_by(error)
        })?;
        return Ok(fresh(&tokens));
    }
    let way_out = "check the scopes of the delegation, the user's name and this machine's clock";
    match serde_json::from_slice::<BasicErrorResponse>(answer.body()) {
        Ok(error) => Err(failed(Failed::ServerResponse(error), &account.token_uri, way_out)),
        Err(error) => {
            let why = format!("status {}", answer.status());
            let kind = ErrorKind::Protocol(why);
            Err(ProviderError::new(kind, account.token_uri.path()).caused_by(error))
        }
    }
}

/// Why a request had no useful answer.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    /// Transport.
    #[error("no answer")]
    Transport(#[source] reqwest::Error),
    /// The endpoint asks for patience, or fails.
    #[error("the token endpoint answers {0}")]
    Later(u16),
    /// The answer has no end.
    #[error("an answer of more than {MAX_ANSWER} bytes")]
    TooLarge,
}

async fn post(client: &reqwest::Client, request: HttpRequest) -> Result<HttpResponse, Trouble> {
    let hidden = |error: reqwest::Error| Trouble::Transport(error.without_url());
    let mut request = reqwest::Request::try_from(request).map_err(hidden)?;
    *request.timeout_mut() = Some(Duration::from_secs(60));
    let mut answer = client.execute(request).await.map_err(hidden)?;
    let status = answer.status();
    if status.is_server_error() || status == 429 || status == 408 {
        return Err(Trouble::Later(status.as_u16()));
    }
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(hidden)? {
        body.extend_from_slice(&piece);
        if body.len() > MAX_ANSWER {
            return Err(Trouble::TooLarge);
        }
    }
    let mut out = HttpResponse::new(body);
    *out.status_mut() = status;
    *out.headers_mut() = answer.headers().clone();
    Ok(out)
}

fn failed(error: Failed, token_uri: &Url, way_out: &str) -> ProviderError {
    let place = crate::provider::http::origin::shown(token_uri);
    match error {
        RequestTokenError::ServerResponse(answer) => {
            let known = matches!(
                answer.error(),
                BasicErrorResponseType::InvalidGrant
                    | BasicErrorResponseType::InvalidClient
                    | BasicErrorResponseType::UnauthorizedClient
            );
            let detail: String =
                answer.to_string().chars().filter(|c| !c.is_control()).take(200).collect();
            if known || answer.error().as_ref() == "access_denied" {
                ProviderError::new(ErrorKind::Unauthorized, format!("{detail}; {way_out}"))
                    .mended_by(way_out)
            } else {
                ProviderError::new(ErrorKind::Protocol(detail), place)
            }
        }
        RequestTokenError::Request(Trouble::TooLarge) => {
            ProviderError::new(ErrorKind::Protocol(Trouble::TooLarge.to_string()), place)
        }
        RequestTokenError::Request(error) => {
            ProviderError::new(ErrorKind::Unavailable, place).caused_by(error)
        }
        RequestTokenError::Parse(error, _) => {
            let kind = ErrorKind::Protocol("the answer is no token".to_owned());
            ProviderError::new(kind, place).mended_by(NOT_GOOGLE).caused_by(error)
        }
        RequestTokenError::Other(why) => {
            let kind = ErrorKind::Protocol("the answer is no token".to_owned());
            ProviderError::new(kind, place).mended_by(NOT_GOOGLE).caused_by(io::Error::other(why))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Installed {
        Installed {
            id: "id".to_owned(),
            secret: Some(Secret::new("s3cret")),
            auth_uri: Url::parse("https://a.example/auth").unwrap(),
            token_uri: Url::parse("https://a.example/token").unwrap(),
        }
    }

    fn begin() -> Login {
        let redirect = Url::parse("http://127.0.0.1:4711").unwrap();
        Login::begin(&client(), &redirect, &["one".to_owned(), "two".to_owned()])
    }

    #[test]
    fn the_page_of_consent_has_a_challenge_and_no_secret() {
        let login = begin();
        let value = |name: &str| {
            let found = login.url().query_pairs().find(|(key, _)| key == name);
            found.map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        assert_eq!(value("code_challenge_method"), "S256");
        assert_eq!(
            (value("response_type"), value("scope")),
            ("code".to_owned(), "one two".to_owned())
        );
        assert_eq!(value("access_type"), "offline");
        assert!(value("redirect_uri").starts_with("http://127.0.0.1:4711"));
        assert!(!login.url().as_str().contains("s3cret"));
        assert_ne!(begin().state.secret(), login.state.secret());
    }

    #[test]
    fn only_this_logins_answer_counts() {
        let login = begin();
        let back = |query: &str| {
            let url =
                format!("http://127.0.0.1:4711/?{query}").replace("STATE", login.state.secret());
            login.code(&Url::parse(&url).unwrap())
        };
        assert_eq!(back("state=STATE&code=4%2Fabc"), Ok("4/abc".to_owned()));
        assert!(back("state=other&code=4").unwrap_err().contains("not from this login"));
        assert!(back("code=4").is_err());
        assert_eq!(
            back("state=STATE&error=access_denied"),
            Err("access was not granted".to_owned())
        );
        assert!(back("state=STATE").unwrap_err().contains("no code"));
    }

    #[test]
    fn an_ended_grant_says_the_way_out() {
        let answer = serde_json::from_str(
            r#"{"error":"invalid_grant","error_description":"Token has been expired or revoked."}"#,
        )
        .unwrap();
        let error =
            failed(Failed::ServerResponse(answer), &client().token_uri, "run `onbeat login work`");
        assert_eq!(error.kind, ErrorKind::Unauthorized);
        assert!(
            error.context.contains("expired or revoked")
                && error.context.contains("onbeat login work")
        );
        let error = failed(Failed::Request(Trouble::Later(503)), &client().token_uri, "");
        assert_eq!(error.kind, ErrorKind::Unavailable);
    }
}
