//! When the next request may go out: a least distance between two, the time a
//! server asked to be left alone, and silence after refused credentials (asking on
//! would lock the user out). Keeps times only; sends nothing.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::http::retry::LONGEST_WAIT;

/// How long refused credentials are not tried again by a long-lived connection.
const REFUSAL: Duration = Duration::from_secs(30 * 60);

/// The pace of one account.
pub struct Pace {
    interval: Cell<Duration>,
    next: Cell<Option<Instant>>,
    held: Cell<Option<Instant>>,
    refused: Cell<Option<Instant>>,
}

impl Pace {
    /// A pace of one request per interval.
    pub fn new(interval: Duration) -> Self {
        Self {
            interval: Cell::new(interval),
            next: Cell::new(None),
            held: Cell::new(None),
            refused: Cell::new(None),
        }
    }

    /// At least this much time between two requests from now on.
    pub fn slow_down(&self, interval: Duration) {
        self.interval.set(self.interval.get().max(interval));
    }

    /// Nothing goes out before this much time has passed.
    pub fn hold(&self, wait: Duration) {
        self.held.set(Some(Instant::now() + wait.min(LONGEST_WAIT)));
    }

    /// The credentials were refused.
    pub fn refuse(&self) {
        self.refused.set(Some(Instant::now() + REFUSAL));
    }

    /// Waits for this request's turn.
    ///
    /// # Errors
    /// `Unauthorized` or `RateLimited` without asking, while one of them holds.
    pub async fn admit(&self, context: &dyn Fn() -> String) -> Result<(), ProviderError> {
        let now = Instant::now();
        if self.refused.get().is_some_and(|until| now < until) {
            return Err(ProviderError::new(ErrorKind::Unauthorized, context()));
        }
        if let Some(until) = self.held.get().filter(|until| now < *until) {
            let kind = ErrorKind::RateLimited { retry_after: Some(until - now) };
            return Err(ProviderError::new(kind, context()));
        }
        let interval = self.interval.get();
        if interval > Duration::ZERO {
            let turn = self.next.get().filter(|turn| *turn > now).unwrap_or(now);
            self.next.set(Some(turn + interval));
            sleep_until(turn).await;
        }
        Ok(())
    }
}
