//! Requests with a token: renewed when it is refused, repeated where Google asks for
//! a slower pace, and refusals turned into kinds. Knows nothing of what is asked.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tokio::time::Instant;
use url::Url;

use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::google::convert::id_for;
use crate::provider::google::oauth::Source;
use crate::provider::google::refusal::{LONG_PAUSE, Refusal};
use crate::provider::google::scopes::Need;
use crate::provider::google::tokens::Tokens;
use crate::provider::http::answer::Answer;
use crate::provider::http::auth::Auth;
use crate::provider::http::client::Timeouts;
use crate::provider::http::request::{Change, Read};
use crate::provider::http::retry::RetryPolicy;
use crate::provider::http::secret::Secret;
use crate::provider::http::{Http, HttpConfig};

/// The parameter of a user's own share of the quota; at most 40 characters.
const QUOTA_USER: &str = "quotaUser";
/// The largest page.
const MAX_PAGE: usize = 64 << 20;

/// The connection of one account.
pub struct Connection {
    base: Url,
    timeouts: Timeouts,
    retry: RetryPolicy,
    tokens: Tokens,
    /// For whom the quota of delegated calls is spent; a word without meaning.
    quota_user: Option<String>,
    /// The client of the present token.
    current: RefCell<Option<(Secret, Rc<Http>)>>,
    /// Requests of clients that are gone.
    sent: Cell<u64>,
    /// The long pause, which outlives a token.
    quiet_until: Cell<Option<Instant>>,
}

impl Connection {
    /// Checks the base; sends nothing.
    ///
    /// # Errors
    /// `Unsupported` for a base without TLS (loopback excepted).
    pub fn new(
        base: Url,
        timeouts: Timeouts,
        retry: RetryPolicy,
        source: Source,
    ) -> Result<Self, ProviderError> {
        Http::new(HttpConfig::new(base.clone(), Auth::Anonymous))?;
        // All users of a domain would share the service account's quota.
        let quota_user = source.subject().map(id_for);
        let tokens = Tokens::new(source);
        Ok(Self {
            quota_user,
            base,
            timeouts,
            retry,
            tokens,
            current: RefCell::new(None),
            sent: Cell::new(0),
            quiet_until: Cell::new(None),
        })
    }

    /// The API's base.
    pub fn base(&self) -> &Url {
        &self.base
    }

    async fn http(&self) -> Result<(Secret, Rc<Http>), ProviderError> {
        let token = self.tokens.access().await?;
        if let Some((held, http)) = self.current.borrow().as_ref()
            && *held == token
        {
            return Ok((token, http.clone()));
        }
        let mut config = HttpConfig::new(self.base.clone(), Auth::Bearer(token.clone()));
        config.timeouts = self.timeouts;
        config.retry = self.retry;
        let http = Rc::new(Http::new(config)?);
        if let Some(rest) = self.quiet_until.get().map(|until| until - Instant::now()) {
            http.hold(rest);
        }
        self.forget();
        *self.current.borrow_mut() = Some((token.clone(), http.clone()));
        Ok((token, http))
    }

    fn forget(&self) {
        if let Some((_, http)) = self.current.borrow_mut().take() {
            self.sent.set(self.sent.get() + http.take_sent());
        }
    }

    /// Requests to the API since this was asked last.
    pub fn take_requests(&self) -> u64 {
        let current = self.current.borrow().as_ref().map_or(0, |(_, http)| http.take_sent());
        self.sent.take() + current
    }

    /// Whether the account may do this; true where nobody said.
    pub fn may(&self, need: Need) -> bool {
        self.tokens.granted().is_none_or(|granted| need.met_by(&granted))
    }

    fn named(&self, request: &Read) -> Read {
        let mut request = request.clone();
        if let Some(user) = &self.quota_user {
            request.url.query_pairs_mut().append_pair(QUOTA_USER, user);
        }
        request
    }

    /// The body of a successful answer to a question.
    ///
    /// # Errors
    /// The kind the engine acts on.
    pub async fn read(&self, request: &Read) -> Result<Vec<u8>, ProviderError> {
        let request = &self.named(request);
        let mut renewed = false;
        let mut attempt = 1;
        loop {
            let (token, http) = self.http().await?;
            let mut answer = match http.read(request).await {
                Ok(answer) => answer,
                Err(error) if error.kind == ErrorKind::Unauthorized && !renewed => {
                    renewed = true;
                    self.tokens.refused(&token);
                    self.forget();
                    continue;
                }
                Err(error) => return Err(error),
            };
            let last = attempt >= self.retry.attempts;
            if answer.status == 200 {
                match answer.body(MAX_PAGE).await {
                    Err(error) if error.kind == ErrorKind::Unavailable && !last => {}
                    outcome => return outcome,
                }
            } else {
                let refusal = Refusal::read(&answer.refusal().await);
                if !(answer.status == 403 && refusal.is_too_fast()) || last {
                    return Err(self.refused(&http, &answer, &refusal, false));
                }
            }
            http.back_off(attempt).await;
            attempt += 1;
        }
    }

    /// Sends a change exactly once (a refused token is no sending) and gives the body.
    ///
    /// # Errors
    /// The kind the engine acts on.
    pub async fn change(&self, change: Change) -> Result<Vec<u8>, ProviderError> {
        let mut change = change;
        if let Some(user) = &self.quota_user {
            change.target = change.target.asking(&[(QUOTA_USER, user)]);
        }
        let change = &change;
        let (token, http) = self.http().await?;
        let (http, answer) = match http.change(change).await {
            Err(error) if error.kind == ErrorKind::Unauthorized => {
                self.tokens.refused(&token);
                self.forget();
                let (_, http) = self.http().await?;
                let answer = http.change(change).await;
                (http, answer)
            }
            answer => (http, answer),
        };
        let mut answer = answer?;
        if matches!(answer.status, 200 | 201 | 204) {
            // It is done, whatever becomes of the body.
            return Ok(answer.body(MAX_PAGE).await.unwrap_or_default());
        }
        let refusal = Refusal::read(&answer.refusal().await);
        Err(self.refused(&http, &answer, &refusal, true))
    }

    fn refused(
        &self,
        http: &Http,
        answer: &Answer,
        refusal: &Refusal,
        wrote: bool,
    ) -> ProviderError {
        let kind = refusal.kind(answer.status, wrote, answer.retry_after());
        if kind == (ErrorKind::RateLimited { retry_after: Some(LONG_PAUSE) }) {
            http.hold(LONG_PAUSE);
            self.quiet_until.set(Some(Instant::now() + LONG_PAUSE));
        }
        let reason = if refusal.reason.is_empty() { "" } else { ", " };
        let context =
            format!("{} (status {}{reason}{})", answer.context(), answer.status, refusal.reason);
        let error = ProviderError::new(kind, context);
        if refusal.is_about_scopes() {
            return error.mended_by(
                "a permission was not granted: run `onbeat login ACCOUNT` again and tick every box",
            );
        }
        error
    }
}
