//! The credentials file as Google hands it out: an OAuth client for installed
//! programs, or a service account. Bytes only.

use serde::Deserialize;
use url::Url;

use crate::provider::http::secret::Secret;

/// What a credentials file is.
#[derive(Debug, Clone)]
pub enum ClientFile {
    /// `installed`: a person logs in.
    Installed(Installed),
    /// `service_account`.
    Service(ServiceAccount),
}

/// An OAuth client for installed programs.
#[derive(Debug, Clone)]
pub struct Installed {
    /// `client_id`.
    pub id: String,
    /// `client_secret`; Google's desktop clients have one, and it is no secret.
    pub secret: Option<Secret>,
    /// Where people consent.
    pub auth_uri: Url,
    /// Where tokens are given.
    pub token_uri: Url,
}

/// A service account's key.
#[derive(Debug, Clone)]
pub struct ServiceAccount {
    /// `client_email`: who signs.
    pub email: String,
    /// `private_key_id`.
    pub key_id: Option<String>,
    /// `private_key`: PEM, PKCS #8.
    pub key: Secret,
    /// Where tokens are given.
    pub token_uri: Url,
}

#[derive(Deserialize)]
struct Raw {
    installed: Option<RawClient>,
    web: Option<serde_json::Value>,
    #[serde(rename = "type")]
    kind: Option<String>,
    client_email: Option<String>,
    private_key_id: Option<String>,
    private_key: Option<String>,
    token_uri: Option<Url>,
}

#[derive(Deserialize)]
struct RawClient {
    client_id: String,
    client_secret: Option<String>,
    auth_uri: Url,
    token_uri: Url,
}

impl ClientFile {
    /// Reads a file; addresses of the configuration go before the file's.
    ///
    /// # Errors
    /// For people: what the file is instead, or what it lacks.
    pub fn read(
        data: &[u8],
        auth_uri: Option<&Url>,
        token_uri: Option<&Url>,
    ) -> Result<Self, String> {
        let raw: Raw = serde_json::from_slice(data)
            .map_err(|error| format!("it is no credentials file of Google's: {error}"))?;
        if let Some(client) = raw.installed {
            return Ok(Self::Installed(Installed {
                id: client.client_id,
                secret: client.client_secret.filter(|s| !s.is_empty()).map(Secret::new),
                auth_uri: safe(auth_uri.cloned().unwrap_or(client.auth_uri))?,
                token_uri: safe(token_uri.cloned().unwrap_or(client.token_uri))?,
            }));
        }
        if raw.web.is_some() {
            return Err(
                "it is a client for web sites; create one of the type \"Desktop app\"".into()
            );
        }
        if raw.kind.as_deref() != Some("service_account") {
            return Err("it holds neither \"installed\" nor a service account".into());
        }
        let lacks = |what: &str| format!("the service account has no {what}");
        Ok(Self::Service(ServiceAccount {
            email: raw.client_email.ok_or_else(|| lacks("client_email"))?,
            key_id: raw.private_key_id,
            key: Secret::new(raw.private_key.ok_or_else(|| lacks("private_key"))?),
            token_uri: safe(
                token_uri.cloned().or(raw.token_uri).ok_or_else(|| lacks("token_uri"))?,
            )?,
        }))
    }
}

/// Secrets go there: TLS, or this machine.
fn safe(url: Url) -> Result<Url, String> {
    crate::provider::http::origin::Origins::new(&url).map(|_| url)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTALLED: &str = r#"{"installed":{"client_id":"1.apps.example","project_id":"p","client_secret":"s3cret",
        "auth_uri":"https://a.example/auth","token_uri":"https://a.example/token","redirect_uris":["http://localhost"]}}"#;

    #[test]
    fn an_installed_client_and_other_endpoints() {
        let read = |token: Option<&Url>| ClientFile::read(INSTALLED.as_bytes(), None, token);
        let Ok(ClientFile::Installed(client)) = read(None) else { panic!() };
        assert_eq!(client.id, "1.apps.example");
        assert_eq!(client.token_uri.as_str(), "https://a.example/token");
        assert!(!format!("{client:?}").contains("s3cret"));
        let other = Url::parse("http://127.0.0.1:9/token").unwrap();
        let Ok(ClientFile::Installed(client)) = read(Some(&other)) else { panic!() };
        assert_eq!(client.token_uri, other);
        let open = Url::parse("http://a.example/token").unwrap();
        assert!(read(Some(&open)).is_err());
    }

    #[test]
    fn other_files_are_named() {
        let why = |text: &str| ClientFile::read(text.as_bytes(), None, None).err().unwrap();
        assert!(why("{\"web\":{}}").contains("Desktop app"));
        assert!(why("{}").contains("neither"));
        assert!(why("nonsense").contains("no credentials file"));
        assert!(
            why("{\"type\":\"service_account\",\"client_email\":\"x@y\"}").contains("private_key")
        );
    }
}
