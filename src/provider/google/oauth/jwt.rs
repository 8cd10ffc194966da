//! A service account's assertion (RFC 7519, RFC 7523 §3): claims signed with RS256.
//! Knows no network.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::json;

use crate::provider::google::oauth::client_file::ServiceAccount;

/// How long an assertion may be used; Google takes no more than an hour.
const LIFE: i64 = 3600;

/// The signed assertion, for the account itself or for a user of its domain.
///
/// # Errors
/// For people: the key is unusable.
pub(super) fn signed(
    account: &ServiceAccount,
    subject: Option<&str>,
    scopes: &[String],
    now: Timestamp,
) -> Result<String, String> {
    let mut head = json!({ "alg": "RS256", "typ": "JWT" });
    let mut claims = json!({
        "iss": account.email, "scope": scopes.join(" "), "aud": account.token_uri.as_str(),
        "iat": now.as_second(), "exp": now.as_second() + LIFE,
    });
    if let (Some(id), Some(head)) = (&account.key_id, head.as_object_mut()) {
        head.insert("kid".to_owned(), json!(id));
    }
    if let (Some(subject), Some(claims)) = (subject, claims.as_object_mut()) {
        claims.insert("sub".to_owned(), json!(subject));
    }
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&head), part(&claims));
    let key = key(account.key.expose())?;
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
        .map_err(|_| "the service account's key cannot sign".to_owned())?;
    Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// A PEM of PKCS #8.
fn key(pem: &str) -> Result<RsaKeyPair, String> {
    let unusable = "the service account's private_key is no RSA key in PKCS #8";
    let inner = pem
        .split_once("-----BEGIN PRIVATE KEY-----")
        .and_then(|(_, rest)| rest.split_once("-----END PRIVATE KEY-----"))
        .map(|(inner, _)| inner);
    let text: String =
        inner.ok_or(unusable)?.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let der = STANDARD.decode(text).map_err(|_| unusable)?;
    RsaKeyPair::from_pkcs8(&der).map_err(|_| unusable.to_owned())
}

#[cfg(test)]
mod tests {
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;
    use crate::provider::http::secret::Secret;

    /// Made for this test with `openssl genpkey -algorithm RSA`; opens nothing.
    const KEY: &str = include_str!("../../../../tests/fixtures/google/service-key.pem");

    fn account(key: &str) -> ServiceAccount {
        ServiceAccount {
            email: "bot@p.iam.example".to_owned(),
            key_id: Some("k1".to_owned()),
            key: Secret::new(key),
            token_uri: "https://a.example/token".parse().unwrap(),
        }
    }

    #[test]
    fn the_claims_are_signed() {
        let now: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let scopes = ["a".to_owned(), "b".to_owned()];
        let token = signed(&account(KEY), Some("ann@example.org"), &scopes, now).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&decode(parts[1])).unwrap();
        assert_eq!(claims["sub"], "ann@example.org");
        assert_eq!(claims["scope"], "a b");
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
        let pair = key(KEY).unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public().as_ref());
        let text = format!("{}.{}", parts[0], parts[1]);
        public.verify(text.as_bytes(), &decode(parts[2])).unwrap();
    }

    #[test]
    fn a_broken_key_is_said_to_be_one() {
        let now = Timestamp::UNIX_EPOCH;
        for broken in ["", "-----BEGIN PRIVATE KEY-----\n?\n-----END PRIVATE KEY-----", "AAAA"] {
            assert!(signed(&account(broken), None, &[], now).unwrap_err().contains("private_key"));
        }
    }
}
