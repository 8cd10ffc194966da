//! A web address as a way to tell the owner: JSON by POST, in the form the
//! ntfy server publishes from, which any other receiver can read as well.

use std::time::Duration;

use async_trait::async_trait;

use crate::notify::{Notice, Notifier, NotifyError, Topic};

/// How long a request may take.
const LIMIT: Duration = Duration::from_secs(15);

/// The form of what is posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One JSON object.
    Json,
    /// Plain text with ntfy's headers, to a topic's address.
    Ntfy,
}

/// Posts notices to an address.
pub struct Webhook {
    client: reqwest::Client,
    url: url::Url,
    form: Form,
    token: Option<String>,
}

impl Webhook {
    /// An address, the form it understands, and a bearer token.
    pub fn new(client: reqwest::Client, url: url::Url, form: Form, token: Option<String>) -> Self {
        Self { client, url, form, token }
    }

    fn host(&self) -> String {
        self.url.host_str().unwrap_or("the webhook").to_owned()
    }
}

/// How much a notice presses, on ntfy's scale of 1 to 5, and its emoji tag.
fn weight(topic: Topic) -> (u8, &'static str) {
    match topic {
        Topic::Flag => (3, "hourglass"),
        Topic::Account => (4, "warning"),
        Topic::Prep => (3, "memo"),
        Topic::Proposal => (2, "bulb"),
        Topic::Digest => (2, "calendar"),
    }
}

/// The JSON body: ntfy's keys, and the notice's own under `onbeat`.
fn body(notice: &Notice) -> serde_json::Value {
    let (priority, tag) = weight(notice.topic);
    serde_json::json!({
        "title": notice.title,
        "message": notice.body,
        "priority": priority,
        "tags": [tag],
        "onbeat": crate::notify::command::as_json(notice),
    })
}

/// A header value: ntfy reads RFC 2047 encoded words where a title is not ASCII.
fn header(text: &str) -> String {
    use base64::Engine as _;
    if text.is_ascii() {
        return text.chars().filter(|c| !c.is_control()).collect();
    }
    let encoded = base64::engine::general_purpose::STANDARD.encode(text);
    format!("=?UTF-8?B?{encoded}?=")
}

#[async_trait(?Send)]
impl Notifier for Webhook {
    fn name(&self) -> &str {
        "webhook"
    }

    fn takes(&self, _topic: Topic) -> bool {
        true
    }

    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        let request = self.client.post(self.url.clone()).timeout(LIMIT);
        let mut request = match self.form {
            Form::Json => request.json(&body(notice)),
            Form::Ntfy => {
                let (priority, tag) = weight(notice.topic);
                request
                    .header("Title", header(&notice.title))
                    .header("Priority", priority.to_string())
                    .header("Tags", tag)
                    .body(notice.body.clone())
            }
        };
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        // The address may carry a secret path (chat services do), so errors name the host only.
        let answer = request.send().await.map_err(|error| NotifyError::Http {
            host: self.host(),
            source: error.without_url(),
        })?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(NotifyError::Status { host: self.host(), status: answer.status().as_u16() })
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    fn notice() -> Notice {
        Notice {
            key: "overdue/eve".into(),
            topic: Topic::Flag,
            pair: None,
            title: "Eve: overdue".into(),
            body: "18 days since you met".into(),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    /// Answers one request with a status line; gives back what was sent.
    async fn serve(answer: &'static str) -> (url::Url, tokio::task::JoinHandle<String>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap()).parse().unwrap();
        let task = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut got = Vec::new();
            let mut buffer = [0; 4096];
            while !String::from_utf8_lossy(&got).contains("18 days since you met") {
                let n = socket.read(&mut buffer).await.unwrap();
                got.extend_from_slice(&buffer[..n]);
            }
            let text =
                format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            socket.write_all(text.as_bytes()).await.unwrap();
            String::from_utf8(got).unwrap()
        });
        (url, task)
    }

    fn client() -> reqwest::Client {
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder()
            .tls_certs_only(
                webpki_root_certs::TLS_SERVER_ROOT_CERTS
                    .iter()
                    .filter_map(|der| reqwest::Certificate::from_der(der).ok()),
            )
            .build()
            .unwrap()
    }

    #[tokio::test]
    async fn posts_json() {
        let (url, task) = serve("200 OK").await;
        let hook = Webhook::new(client(), url, Form::Json, Some("t0ken".into()));
        hook.notify(&notice()).await.unwrap();
        let got = task.await.unwrap();
        assert!(got.to_lowercase().contains("authorization: bearer t0ken"), "{got}");
        let json: serde_json::Value =
            serde_json::from_str(got.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        assert_eq!(json["message"], "18 days since you met");
        assert_eq!(json["title"], "Eve: overdue");
        assert_eq!(json["onbeat"]["key"], "overdue/eve");
    }

    #[tokio::test]
    async fn posts_what_ntfy_reads() {
        let (url, task) = serve("200 OK").await;
        let mut notice = notice();
        notice.title = "Zoë: overdue".into();
        Webhook::new(client(), url, Form::Ntfy, None).notify(&notice).await.unwrap();
        let got = task.await.unwrap().to_lowercase();
        assert!(got.contains("title: =?utf-8?b?"), "{got}");
        assert!(got.contains("priority: 3"), "{got}");
        assert!(got.ends_with("18 days since you met"), "{got}");
    }

    #[tokio::test]
    async fn a_refusal_names_the_host_only() {
        let (url, task) = serve("403 Forbidden").await;
        let error =
            Webhook::new(client(), url, Form::Json, None).notify(&notice()).await.unwrap_err();
        task.await.unwrap();
        assert_eq!(error.to_string(), "127.0.0.1 answered 403");
    }
}
