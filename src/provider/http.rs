//! The only place that talks to a network for a calendar: one client per account
//! with bounded time, size and rate, credentials bound to their origin, retries of
//! reads and never of writes. Knows HTTP; knows nothing of WebDAV bodies or calendars.

pub mod answer;
pub mod auth;
pub mod client;
pub mod origin;
pub mod pace;
pub mod request;
pub mod retry;
pub mod secret;

use std::cell::{Cell, OnceCell, RefCell};

use reqwest::header::{AUTHORIZATION, HeaderValue, LOCATION};
use reqwest::{Client, Method};
use tokio::time::{Instant, timeout};
use url::Url;

use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::http::answer::{Answer, Deadline, transport};
use crate::provider::http::auth::{Auth, DigestChallenge};
use crate::provider::http::client::Timeouts;
use crate::provider::http::origin::{Origins, shown};
use crate::provider::http::pace::Pace;
use crate::provider::http::request::{Change, Read};
use crate::provider::http::retry::{RetryPolicy, worth_retrying};

/// Redirects followed for one request.
const MAX_HOPS: usize = 5;

/// What an account's connection is made of.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// The configured address; credentials belong to its origin.
    pub base: Url,
    /// The credentials.
    pub auth: Auth,
    /// A PEM bundle of certificate authorities to trust besides the system's.
    pub extra_ca: Option<Vec<u8>>,
    /// Waiting times.
    pub timeouts: Timeouts,
    /// Repeating of reads.
    pub retry: RetryPolicy,
    /// Least time between two requests.
    pub interval: std::time::Duration,
}

impl HttpConfig {
    /// The defaults for an address and its credentials.
    pub fn new(base: Url, auth: Auth) -> Self {
        Self {
            base,
            auth,
            extra_ca: None,
            timeouts: Timeouts::default(),
            retry: RetryPolicy::default(),
            interval: std::time::Duration::ZERO,
        }
    }
}

/// Where a request led.
pub enum Located {
    /// An answer, possibly after redirects inside the known origins.
    Here(Box<Answer>),
    /// A redirect to an origin that gets no credentials yet.
    Elsewhere(Url),
}

/// The connection of one account.
pub struct Http {
    config: HttpConfig,
    client: Client,
    /// Writes use no pooled connection: one that the server has just closed would
    /// leave the outcome unknown for nothing.
    writer: OnceCell<Client>,
    origins: RefCell<Origins>,
    digest: RefCell<Option<DigestChallenge>>,
    sent: Cell<u64>,
    pace: Pace,
}

impl Http {
    /// Checks the address and makes the client; sends nothing.
    ///
    /// # Errors
    /// `Unsupported` for an address without TLS or with a password inside, `Tls`
    /// for an unreadable CA bundle.
    pub fn new(config: HttpConfig) -> Result<Self, ProviderError> {
        let origins = Origins::new(&config.base)
            .map_err(|why| ProviderError::new(ErrorKind::Unsupported(why), ""))?;
        let client =
            client::build(&config.base, config.timeouts, config.extra_ca.as_deref(), true)?;
        Ok(Self {
            client,
            writer: OnceCell::new(),
            origins: RefCell::new(origins),
            digest: RefCell::new(None),
            sent: Cell::new(0),
            pace: Pace::new(config.interval),
            config,
        })
    }

    /// The configured address.
    pub fn base(&self) -> &Url {
        &self.config.base
    }

    /// Whether requests may go to this URL.
    pub fn allows(&self, url: &Url) -> bool {
        self.origins.borrow().allows(url)
    }

    /// Lets requests go to an origin that discovery found.
    ///
    /// # Errors
    /// `Protocol` when the origin is not in the same domain or without TLS.
    pub fn adopt(&self, url: &Url) -> Result<(), ProviderError> {
        let adopted = self.origins.borrow_mut().adopt(url);
        adopted.map_err(|why| ProviderError::new(ErrorKind::Protocol(why), ""))
    }

    /// At least this much time between two requests from now on.
    pub fn slow_down(&self, interval: std::time::Duration) {
        self.pace.slow_down(interval);
    }

    /// Nothing goes out before this much time has passed.
    pub fn hold(&self, wait: std::time::Duration) {
        self.pace.hold(wait);
    }

    /// Requests sent since this was asked last.
    pub fn take_sent(&self) -> u64 {
        self.sent.take()
    }

    /// How often a body that broke off may be asked for again.
    pub fn retry(&self) -> RetryPolicy {
        self.config.retry
    }

    /// Waits before try number `attempt + 1` of something that broke off.
    pub async fn back_off(&self, attempt: u32) {
        tokio::time::sleep(self.config.retry.backoff(attempt, jitter())).await;
    }

    /// Sends a read, repeated where that may help; redirects are followed inside
    /// the known origins. Any status may be in the answer except 401 and 429.
    ///
    /// # Errors
    /// `Unauthorized`, `RateLimited`, `Unavailable`, `Tls`, or `Protocol` for
    /// redirects that lead away or in circles.
    pub async fn read(&self, request: &Read) -> Result<Answer, ProviderError> {
        match self.locate(request).await? {
            Located::Here(answer) => Ok(*answer),
            Located::Elsewhere(target) => {
                let why = format!("redirect to another host, {}", shown(&target));
                Err(ProviderError::new(ErrorKind::Protocol(why), named(request)))
            }
        }
    }

    /// The same, telling of a redirect to an unknown origin instead of failing.
    ///
    /// # Errors
    /// As [`Http::read`].
    pub async fn locate(&self, request: &Read) -> Result<Located, ProviderError> {
        let mut url = request.url.clone();
        for _ in 0..=MAX_HOPS {
            let answer = self.read_at(request, &url).await?;
            let Some(target) = redirect_target(&answer) else {
                return Ok(Located::Here(Box::new(answer)));
            };
            tracing::debug!(from = %shown(&url), to = %shown(&target), "redirected");
            if !self.allows(&target) {
                return Ok(Located::Elsewhere(target));
            }
            url = target;
        }
        let why = format!("more than {MAX_HOPS} redirects");
        Err(ProviderError::new(ErrorKind::Protocol(why), named(request)))
    }

    async fn read_at(&self, request: &Read, url: &Url) -> Result<Answer, ProviderError> {
        let method = request.method.as_str();
        let policy = self.config.retry;
        let mut attempt = 1;
        loop {
            let body = request.body.clone().map(String::into_bytes);
            let outcome = self.exchange(false, method, url, &request.headers, body).await;
            let last = attempt >= policy.attempts;
            let again = match &outcome {
                Ok(answer) => worth_retrying(answer.status),
                Err(error) => error.kind == ErrorKind::Unavailable && !is_timeout(error),
            };
            if !again || last {
                return outcome.and_then(|answer| self.settled(answer, method, url));
            }
            let asked = outcome.as_ref().ok().and_then(Answer::retry_after);
            if asked.is_some_and(|wait| wait > policy.patience) {
                return outcome.and_then(|answer| self.settled(answer, method, url));
            }
            let wait = asked.unwrap_or_default().max(policy.backoff(attempt, jitter()));
            tracing::debug!(method, attempt, wait_ms = wait.as_millis(), "asking again");
            drop(outcome);
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    /// Turns a last answer that asks for patience into the error the engine knows,
    /// and keeps everybody quiet until then.
    fn settled(&self, answer: Answer, method: &str, url: &Url) -> Result<Answer, ProviderError> {
        let asked = answer.retry_after();
        if answer.status == 429 || (answer.status == 503 && asked.is_some()) {
            self.pace.hold(asked.unwrap_or_default());
            let kind = ErrorKind::RateLimited { retry_after: asked };
            return Err(ProviderError::new(kind, format!("{method} {}", shown(url))));
        }
        Ok(answer)
    }

    /// Sends a change exactly once, on a connection of its own. Redirects are not
    /// followed. Any status may be in the answer except 401 and 429.
    ///
    /// # Errors
    /// `OutcomeUnknown` when it was sent and no answer came; `Unavailable` when it
    /// was not sent.
    pub async fn change(&self, change: &Change) -> Result<Answer, ProviderError> {
        let (method, url) = (change.method, change.target.url());
        let outcome = self.exchange(true, method, url, &change.headers, change.body.clone()).await;
        outcome.and_then(|answer| self.settled(answer, method, url))
    }

    fn writer(&self) -> Result<&Client, ProviderError> {
        if let Some(client) = self.writer.get() {
            return Ok(client);
        }
        let HttpConfig { base, timeouts, extra_ca, .. } = &self.config;
        let made = client::build(base, *timeouts, extra_ca.as_deref(), false)?;
        Ok(self.writer.get_or_init(|| made))
    }

    /// One request and the head of its answer; a challenge is answered once, and
    /// once more when only the nonce was too old.
    async fn exchange(
        &self,
        writes: bool,
        method: &str,
        url: &Url,
        headers: &[(&'static str, String)],
        body: Option<Vec<u8>>,
    ) -> Result<Answer, ProviderError> {
        let context = || format!("{method} {}", shown(url));
        if !self.allows(url) {
            let why = "the address is not on the configured server".to_owned();
            return Err(ProviderError::new(ErrorKind::Protocol(why), context()));
        }
        let mut challenged = 0;
        loop {
            self.pace.admit(&context).await?;
            let answer = self.send(writes, method, url, headers, body.clone()).await?;
            tracing::debug!(method, path = url.path(), status = answer.status, "answered");
            if answer.status != 401 {
                return Ok(answer);
            }
            let challenge = DigestChallenge::strongest(answer.challenges());
            let answerable = self.config.auth.for_digest().is_some()
                && challenge.as_ref().is_some_and(|c| challenged == 0 || c.stale && challenged < 2);
            if !answerable {
                self.pace.refuse();
                return Err(ProviderError::new(ErrorKind::Unauthorized, context()));
            }
            *self.digest.borrow_mut() = challenge;
            challenged += 1;
        }
    }

    async fn send(
        &self,
        writes: bool,
        method: &str,
        url: &Url,
        headers: &[(&'static str, String)],
        body: Option<Vec<u8>>,
    ) -> Result<Answer, ProviderError> {
        let context = || format!("{method} {}", shown(url));
        let bad = |what: &str| ProviderError::new(ErrorKind::Protocol(what.to_owned()), context());
        let name = Method::from_bytes(method.as_bytes()).map_err(|_| bad("no such method"))?;
        let client = if writes { self.writer()? } else { &self.client };
        let mut builder = client.request(name, url.clone());
        for (name, value) in headers {
            let value =
                HeaderValue::from_str(value).map_err(|_| bad("an unusable header value"))?;
            builder = builder.header(*name, value);
        }
        if let Some(text) = self.authorization(method, url) {
            let mut value = HeaderValue::from_str(&text)
                .map_err(|_| bad("the user name or token has characters no header can carry"))?;
            value.set_sensitive(true);
            builder = builder.header(AUTHORIZATION, value);
        }
        if let Some(body) = body {
            builder = builder.body(body);
        }
        self.sent.set(self.sent.get() + 1);
        let Timeouts { answer, idle, total, .. } = self.config.timeouts;
        let deadline = Deadline { idle, end: Instant::now() + total };
        match timeout(answer.min(total), builder.send()).await {
            Ok(Ok(response)) => Ok(Answer::new(response, method, url.clone(), deadline)),
            Ok(Err(error)) => Err(transport(error, writes, &context())),
            Err(elapsed) => {
                let kind = if writes { ErrorKind::OutcomeUnknown } else { ErrorKind::Unavailable };
                Err(ProviderError::new(kind, context()).caused_by(elapsed))
            }
        }
    }

    /// The credentials for one request; only called for known origins.
    fn authorization(&self, method: &str, url: &Url) -> Option<String> {
        if let (Some(challenge), Some(pair)) =
            (self.digest.borrow_mut().as_mut(), self.config.auth.for_digest())
        {
            let target = url
                .query()
                .map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
            let cnonce = uuid::Uuid::new_v4().simple().to_string();
            return Some(challenge.answer(pair, method, &target, &cnonce));
        }
        self.config.auth.unprompted()
    }
}

fn jitter() -> u8 {
    uuid::Uuid::new_v4().as_bytes().first().copied().unwrap_or(0)
}

fn named(request: &Read) -> String {
    format!("{} {}", request.method.as_str(), shown(&request.url))
}

fn is_timeout(error: &ProviderError) -> bool {
    error.source.as_ref().is_some_and(|source| source.is::<tokio::time::error::Elapsed>())
}

fn redirect_target(answer: &Answer) -> Option<Url> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    answer.url.join(answer.header(LOCATION.as_str())?).ok()
}

#[cfg(test)]
pub(crate) mod scripted;
#[cfg(test)]
mod tests;
