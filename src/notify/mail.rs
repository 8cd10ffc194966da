//! Mail as a way to tell the owner: the digest by SMTP. Mail goes to the owner
//! alone; it is never a way to reach a partner.

use std::time::Duration;

use async_trait::async_trait;
use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use crate::notify::{Notice, Notifier, NotifyError, Topic};

/// How long the mail server may take.
const LIMIT: Duration = Duration::from_secs(30);

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (465).
    Tls,
    /// STARTTLS, required (587).
    StartTls,
    /// None; only for a relay on this machine.
    Plain,
}

/// Where and as whom mail is handed in.
#[derive(Clone)]
pub struct Smtp {
    /// Host name.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection.
    pub security: Security,
    /// User and password, if the server wants them.
    pub login: Option<(String, String)>,
    /// From.
    pub from: String,
    /// To: the owner.
    pub to: String,
}

/// Mails the digest to the owner.
pub struct Mail {
    smtp: Smtp,
    from: Mailbox,
    to: Mailbox,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl Mail {
    /// Checks the addresses and prepares the connection; nothing is sent yet.
    ///
    /// # Errors
    /// When an address is not one, or TLS cannot be prepared.
    pub fn new(smtp: Smtp) -> Result<Self, NotifyError> {
        let mailbox = |address: &str| {
            address
                .parse::<Mailbox>()
                .map_err(|source| NotifyError::Address { address: address.to_owned(), source })
        };
        let failed = |source| NotifyError::Smtp { host: smtp.host.clone(), source };
        let builder = match smtp.security {
            Security::Tls => {
                AsyncSmtpTransport::<Tokio1Executor>::relay(&smtp.host).map_err(failed)?
            }
            Security::StartTls => {
                AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(&smtp.host).map_err(failed)?
            }
            Security::Plain => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host),
        };
        let mut builder = builder.port(smtp.port).timeout(Some(LIMIT));
        if let Some((user, password)) = &smtp.login {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(Self {
            from: mailbox(&smtp.from)?,
            to: mailbox(&smtp.to)?,
            transport: builder.build(),
            smtp,
        })
    }

    fn message(&self, notice: &Notice) -> Result<Message, NotifyError> {
        Message::builder()
            .from(self.from.clone())
            .to(self.to.clone())
            .subject(notice.title.clone())
            .header(ContentType::TEXT_PLAIN)
            .body(notice.body.clone())
            .map_err(NotifyError::Compose)
    }
}

#[async_trait(?Send)]
impl Notifier for Mail {
    fn name(&self) -> &str {
        "mail"
    }

    fn takes(&self, topic: Topic) -> bool {
        // Flags are in the digest; an account that needs a person cannot wait for it.
        topic != Topic::Flag
    }

    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        let message = self.message(notice)?;
        self.transport
            .send(message)
            .await
            .map(|_| ())
            .map_err(|source| NotifyError::Smtp { host: self.smtp.host.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

    use super::*;

    fn digest() -> Notice {
        Notice {
            key: "digest/2026-W48".into(),
            topic: Topic::Digest,
            pair: None,
            title: "Your 1:1s, week 48".into(),
            body: "Bob: held 3 of 4 (n=4)".into(),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    /// A mail server for one message; gives back the lines it was sent.
    async fn sink() -> (u16, tokio::task::JoinHandle<Vec<String>>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            let (socket, _) = listener.accept().await.unwrap();
            let (read, mut write) = socket.into_split();
            let mut lines = BufReader::new(read).lines();
            let mut got = Vec::new();
            let mut in_data = false;
            write.write_all(b"220 sink\r\n").await.unwrap();
            while let Some(line) = lines.next_line().await.unwrap() {
                let done = in_data && line == ".";
                let answer = if done || (!in_data && !line.starts_with("DATA")) {
                    "250 ok\r\n"
                } else {
                    "354 go\r\n"
                };
                let data_starts = !in_data && line.starts_with("DATA");
                got.push(line);
                if done {
                    write.write_all(answer.as_bytes()).await.unwrap();
                    break;
                }
                if !in_data {
                    write.write_all(answer.as_bytes()).await.unwrap();
                }
                in_data = in_data || data_starts;
            }
            got
        });
        (port, task)
    }

    fn smtp(port: u16, to: &str) -> Smtp {
        Smtp {
            host: "127.0.0.1".into(),
            port,
            security: Security::Plain,
            login: None,
            from: "onbeat@example.org".into(),
            to: to.into(),
        }
    }

    #[tokio::test]
    async fn the_digest_reaches_the_owner_alone() {
        let (port, task) = sink().await;
        Mail::new(smtp(port, "elena@example.org")).unwrap().notify(&digest()).await.unwrap();
        let got = task.await.unwrap();
        let recipients: Vec<_> = got.iter().filter(|l| l.starts_with("RCPT")).collect();
        assert_eq!(recipients, ["RCPT TO:<elena@example.org>"]);
        assert!(got.iter().any(|l| l == "Subject: Your 1:1s, week 48"), "{got:?}");
        assert!(got.iter().any(|l| l.contains("held 3 of 4")), "{got:?}");
    }

    #[test]
    fn a_wrong_address_is_named() {
        let error = Mail::new(smtp(25, "not an address")).err().unwrap();
        assert_eq!(error.to_string(), "\"not an address\" is not a mail address");
    }
}
