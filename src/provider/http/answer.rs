//! An answer whose body is read piece by piece, within a time and a size. Says what
//! a broken connection means; knows nothing of what the bodies contain.

use std::error::Error;
use std::time::Duration;

use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, DATE, RETRY_AFTER, WWW_AUTHENTICATE};
use tokio::time::{Instant, timeout};
use url::Url;

use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::http::origin::shown;
use crate::provider::http::retry;

/// The most that is read of one streamed body, after decompression.
pub const STREAM_LIMIT: usize = 128 << 20;

/// How long an exchange may take.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    /// Between two signs of life.
    pub idle: Duration,
    /// For all of it.
    pub end: Instant,
}

impl Deadline {
    /// The longest the next step may take.
    pub fn next(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now()).min(self.idle)
    }
}

/// Status and header of an answer, and its body still to be read.
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Where the answer came from, after redirects.
    pub url: Url,
    method: String,
    response: Response,
    deadline: Deadline,
    taken: usize,
}

impl Answer {
    /// Takes over a response.
    pub fn new(response: Response, method: &str, url: Url, deadline: Deadline) -> Self {
        let status = response.status().as_u16();
        Self { status, url, method: method.to_owned(), response, deadline, taken: 0 }
    }

    /// A header field's first value, where it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// All values of a header field, joined by commas (RFC 9110 §5.3).
    pub fn header_list(&self, name: &str) -> String {
        let values = self.response.headers().get_all(name).iter();
        values.filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(", ")
    }

    /// The values of WWW-Authenticate.
    pub fn challenges(&self) -> impl Iterator<Item = &str> {
        let values = self.response.headers().get_all(WWW_AUTHENTICATE).iter();
        values.filter_map(|value| value.to_str().ok())
    }

    /// Whether the body says it is HTML.
    pub fn is_html(&self) -> bool {
        self.header(CONTENT_TYPE.as_str())
            .is_some_and(|kind| kind.trim().to_ascii_lowercase().starts_with("text/html"))
    }

    /// The wait the server asks for.
    pub fn retry_after(&self) -> Option<Duration> {
        retry::retry_after(self.header(RETRY_AFTER.as_str())?, self.header(DATE.as_str()))
    }

    /// Method and address, for messages.
    pub fn context(&self) -> String {
        format!("{} {}", self.method, shown(&self.url))
    }

    /// The error for a status that has no meaning of its own here.
    pub fn unexpected(&self) -> ProviderError {
        let kind = match self.status {
            401 => ErrorKind::Unauthorized,
            403 => ErrorKind::Forbidden,
            404 | 410 => ErrorKind::NotFound,
            412 => ErrorKind::PreconditionFailed,
            413 | 507 => ErrorKind::TooLarge,
            429 => ErrorKind::RateLimited { retry_after: self.retry_after() },
            405 | 501 => {
                ErrorKind::Unsupported(format!("{} (status {})", self.method, self.status))
            }
            500..=599 | 408 | 423 | 425 => ErrorKind::Unavailable,
            status if self.is_html() => ErrorKind::Protocol(format!(
                "an HTML page (status {status}): a login page, or the wrong address"
            )),
            status => ErrorKind::Protocol(format!("status {status}")),
        };
        ProviderError::new(kind, self.context())
    }

    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// `Unavailable` when it broke off or stalled, `Protocol` when it is endless.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>, ProviderError> {
        let wait = self.deadline.next();
        let piece = match timeout(wait, self.response.chunk()).await {
            Ok(Ok(piece)) => piece,
            Ok(Err(error)) => return Err(transport(error, false, &self.context())),
            Err(elapsed) => {
                let error = ProviderError::new(ErrorKind::Unavailable, self.context());
                return Err(error.caused_by(elapsed));
            }
        };
        let Some(piece) = piece else { return Ok(None) };
        self.taken += piece.len();
        if self.taken > STREAM_LIMIT {
            return Err(self.too_large(STREAM_LIMIT));
        }
        Ok(Some(piece.into()))
    }

    /// The whole body, if it is no larger than `limit`.
    ///
    /// # Errors
    /// As [`Answer::chunk`]; `TooLarge` beyond the limit.
    pub async fn body(&mut self, limit: usize) -> Result<Vec<u8>, ProviderError> {
        let mut whole = Vec::new();
        while let Some(piece) = self.chunk().await? {
            if whole.len() + piece.len() > limit {
                let context = format!("{}, more than {} KiB", self.context(), limit >> 10);
                return Err(ProviderError::new(ErrorKind::TooLarge, context));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    }

    /// The start of the body of a refusal, for its error element; a body that
    /// breaks off or is too large says nothing.
    pub async fn refusal(&mut self) -> Vec<u8> {
        self.body(64 << 10).await.unwrap_or_default()
    }

    fn too_large(&self, limit: usize) -> ProviderError {
        let why = format!("an answer of more than {} MiB", limit >> 20);
        ProviderError::new(ErrorKind::Protocol(why), self.context())
    }
}

/// What a failed request means: `wrote` when the request would have changed
/// something and may have arrived.
pub fn transport(error: reqwest::Error, wrote: bool, context: &str) -> ProviderError {
    let error = error.without_url();
    let kind = if let Some(why) = tls_reason(&error) {
        ErrorKind::Tls(why)
    } else if error.is_builder() {
        ErrorKind::Protocol("the request cannot be built".to_owned())
    } else if wrote && !error.is_connect() {
        ErrorKind::OutcomeUnknown
    } else {
        ErrorKind::Unavailable
    };
    ProviderError::new(kind, context).caused_by(error)
}

/// What rustls said, if it was rustls.
fn tls_reason(error: &reqwest::Error) -> Option<String> {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(tls.to_string());
        }
        // An io::Error hides its own cause from `source`.
        let hidden = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(inner) = hidden {
            cause = Some(inner);
            continue;
        }
        cause = error.source();
    }
    None
}
