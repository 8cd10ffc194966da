//! What onbeat proves itself with, and how a challenge is answered (RFC 7617
//! Basic, RFC 7616 Digest, RFC 6750 Bearer). Bytes in, header text out; whether a
//! header may be sent to a host is decided by `origin`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::provider::http::secret::Secret;

/// The credentials of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// Nothing is sent.
    Anonymous,
    /// User and password, sent at once (some servers never ask); answered by
    /// Digest where the server offers only that.
    Basic {
        /// Login name.
        user: String,
        /// Password or app password.
        password: Secret,
    },
    /// User and password that never leave this process in clear.
    Digest {
        /// Login name.
        user: String,
        /// Password.
        password: Secret,
    },
    /// An OAuth access token.
    Bearer(Secret),
}

impl Auth {
    /// The header that can be sent without having been asked.
    pub fn unprompted(&self) -> Option<String> {
        match self {
            Self::Anonymous | Self::Digest { .. } => None,
            Self::Basic { user, password } => {
                let pair = format!("{user}:{}", password.expose());
                Some(format!("Basic {}", STANDARD.encode(pair)))
            }
            Self::Bearer(token) => Some(format!("Bearer {}", token.expose())),
        }
    }

    /// User and password, where a Digest challenge can be answered.
    pub fn for_digest(&self) -> Option<(&str, &Secret)> {
        match self {
            Self::Basic { user, password } | Self::Digest { user, password } => {
                Some((user, password))
            }
            Self::Anonymous | Self::Bearer(_) => None,
        }
    }
}

/// The hash of a Digest challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hash {
    Md5,
    Sha256,
}

impl Hash {
    fn hex(self, text: &str) -> String {
        match self {
            Self::Md5 => hex(&Md5::digest(text)),
            Self::Sha256 => hex(&Sha256::digest(text)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A Digest challenge that can be answered, with the count of its nonce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestChallenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Option<String>,
    hash: Hash,
    session: bool,
    qop: bool,
    /// The server says the nonce was too old, not the password wrong.
    pub stale: bool,
    count: u32,
}

impl DigestChallenge {
    /// The strongest Digest challenge among the values of WWW-Authenticate;
    /// `None` when there is none this file can answer (`qop=auth` or no qop, MD5
    /// or SHA-256).
    pub fn strongest<'a>(headers: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        headers
            .into_iter()
            .flat_map(challenges)
            .filter_map(|(scheme, params)| Self::read(&scheme, &params))
            .max_by_key(|challenge| challenge.hash)
    }

    fn read(scheme: &str, params: &[(String, String)]) -> Option<Self> {
        if !scheme.eq_ignore_ascii_case("digest") {
            return None;
        }
        let get = |name: &str| {
            params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v.clone())
        };
        let algorithm = get("algorithm");
        let name = algorithm.clone().unwrap_or_else(|| "MD5".to_owned()).to_ascii_lowercase();
        let (hash, session) = match name.as_str() {
            "md5" => (Hash::Md5, false),
            "md5-sess" => (Hash::Md5, true),
            "sha-256" => (Hash::Sha256, false),
            "sha-256-sess" => (Hash::Sha256, true),
            _ => return None,
        };
        let qop = get("qop");
        let offers_auth = qop
            .as_ref()
            .is_some_and(|list| list.split(',').any(|q| q.trim().eq_ignore_ascii_case("auth")));
        if qop.is_some() && !offers_auth {
            return None;
        }
        Some(Self {
            realm: get("realm").unwrap_or_default(),
            nonce: get("nonce")?,
            opaque: get("opaque"),
            algorithm,
            hash,
            session,
            qop: offers_auth,
            stale: get("stale").is_some_and(|s| s.eq_ignore_ascii_case("true")),
            count: 0,
        })
    }

    /// The Authorization header for one request; `uri` is the request target as it
    /// is sent, `cnonce` fresh random text. Counts the use of the nonce.
    pub fn answer(
        &mut self,
        (user, password): (&str, &Secret),
        method: &str,
        uri: &str,
        cnonce: &str,
    ) -> String {
        self.count += 1;
        let nc = format!("{:08x}", self.count);
        let mut a1 = self.hash.hex(&format!("{user}:{}:{}", self.realm, password.expose()));
        if self.session {
            a1 = self.hash.hex(&format!("{a1}:{}:{cnonce}", self.nonce));
        }
        let a2 = self.hash.hex(&format!("{method}:{uri}"));
        let response = if self.qop {
            self.hash.hex(&format!("{a1}:{}:{nc}:{cnonce}:auth:{a2}", self.nonce))
        } else {
            self.hash.hex(&format!("{a1}:{}:{a2}", self.nonce))
        };
        let mut header = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\"",
            quoted(user),
            quoted(&self.realm),
            quoted(&self.nonce),
            quoted(uri),
        );
        if let Some(algorithm) = &self.algorithm {
            header.push_str(&format!(", algorithm={algorithm}"));
        }
        if self.qop || self.session {
            header.push_str(&format!(", cnonce={}", quoted(cnonce)));
        }
        if self.qop {
            header.push_str(&format!(", qop=auth, nc={nc}"));
        }
        if let Some(opaque) = &self.opaque {
            header.push_str(&format!(", opaque={}", quoted(opaque)));
        }
        header
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Splits a WWW-Authenticate value into its challenges (RFC 9110 §11.6.1): several
/// may stand in one value, and commas separate both challenges and parameters.
fn challenges(value: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut found: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for piece in split_unquoted(value) {
        let piece = piece.trim();
        if piece.is_empty() {
            continue;
        }
        let name_end = piece.find(['=', ' ', '\t']).unwrap_or(piece.len());
        let (head, rest) = piece.split_at(name_end);
        let after = rest.trim_start();
        if after.starts_with('=') {
            if let (Some((_, params)), Some(param)) = (found.last_mut(), parameter(piece)) {
                params.push(param);
            }
            continue;
        }
        let params = parameter(after).into_iter().collect();
        found.push((head.to_owned(), params));
    }
    found
}

fn split_unquoted(value: &str) -> Vec<&str> {
    let (mut pieces, mut from, mut in_quotes, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_quotes => escaped = true,
            '"' => in_quotes = !in_quotes,
            ',' if !in_quotes => {
                pieces.extend(value.get(from..at));
                from = at + 1;
            }
            _ => {}
        }
    }
    pieces.extend(value.get(from..));
    pieces
}

fn parameter(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    let value = value.trim();
    let plain = match value.strip_prefix('"').and_then(|v| v.strip_suffix('"')) {
        Some(inner) => unescape(inner),
        None => value.to_owned(),
    };
    Some((name.trim().to_owned(), plain))
}

fn unescape(text: &str) -> String {
    let (mut plain, mut escaped) = (String::with_capacity(text.len()), false);
    for c in text.chars() {
        if c == '\\' && !escaped {
            escaped = true;
        } else {
            plain.push(c);
            escaped = false;
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    // The worked example of RFC 7616 §3.9.1.
    const MD5: &str = r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;
    const CNONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

    fn mufasa() -> Secret {
        Secret::new("Circle of Life")
    }

    #[test]
    fn the_example_of_the_rfc_is_answered() {
        let mut md5 = DigestChallenge::strongest([MD5]).unwrap();
        let answer = md5.answer(("Mufasa", &mufasa()), "GET", "/dir/index.html", CNONCE);
        assert!(answer.contains("response=\"8ca523f5e9506fed4657c9700eebdbec\""), "{answer}");
        assert!(answer.contains("nc=00000001") && answer.contains("qop=auth,"));
        let sha = MD5.replace("algorithm=MD5", "algorithm=SHA-256");
        let mut sha = DigestChallenge::strongest([sha.as_str()]).unwrap();
        let answer = sha.answer(("Mufasa", &mufasa()), "GET", "/dir/index.html", CNONCE);
        assert!(
            answer.contains(
                "response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\""
            ),
            "{answer}"
        );
    }

    #[test]
    fn each_use_of_a_nonce_is_counted() {
        let mut challenge = DigestChallenge::strongest([MD5]).unwrap();
        let first = challenge.answer(("Mufasa", &mufasa()), "GET", "/", CNONCE);
        let second = challenge.answer(("Mufasa", &mufasa()), "GET", "/", CNONCE);
        assert!(first.contains("nc=00000001") && second.contains("nc=00000002"));
    }

    #[test]
    fn the_strongest_of_several_challenges_is_taken() {
        let both = format!("Basic realm=\"a, b\", {MD5}, {}", MD5.replace("MD5", "SHA-256"));
        let challenge = DigestChallenge::strongest([both.as_str()]).unwrap();
        assert_eq!(challenge.hash, Hash::Sha256);
        assert_eq!(challenge.realm, "http-auth@example.org");
    }

    #[test]
    fn what_cannot_be_answered_is_no_challenge() {
        for value in [
            "Basic realm=\"x\"",
            "Digest realm=\"x\", qop=\"auth-int\", nonce=\"n\"",
            "Digest realm=\"x\", algorithm=TOKEN, nonce=\"n\"",
            "Digest realm=\"x\"",
            "Negotiate",
            "",
            ",,=,\"",
        ] {
            assert_eq!(DigestChallenge::strongest([value]), None, "{value}");
        }
    }

    #[test]
    fn old_challenges_without_qop_get_the_old_answer() {
        let mut old =
            DigestChallenge::strongest(["Digest realm=\"r\", nonce=\"n\", stale=TRUE"]).unwrap();
        assert!(old.stale);
        let answer = old.answer(("u", &Secret::new("p")), "GET", "/", "c");
        assert!(!answer.contains("nc=") && !answer.contains("cnonce"));
    }

    #[test]
    fn basic_is_sent_unprompted_and_digest_is_not() {
        let password = Secret::new("pässword");
        let basic = Auth::Basic { user: "u".into(), password: password.clone() };
        assert_eq!(basic.unprompted().as_deref(), Some("Basic dTpww6Rzc3dvcmQ="));
        assert_eq!(Auth::Digest { user: "u".into(), password }.unprompted(), None);
        assert_eq!(Auth::Bearer(Secret::new("t")).unprompted().as_deref(), Some("Bearer t"));
    }
}
