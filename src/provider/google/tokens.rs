//! The access token of an account: fetched when needed, by one request at a time,
//! kept until shortly before its end. Where tokens come from is said by the source.

use std::cell::RefCell;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::provider::error::ProviderError;
use crate::provider::google::oauth::Source;
use crate::provider::http::secret::Secret;

/// A token is not used in the last part of its life: a request may take a while.
const MARGIN: Duration = Duration::from_secs(60);

/// A fresh token.
#[derive(Debug)]
pub struct Fresh {
    /// The token.
    pub token: Secret,
    /// How long it lives, where that was said.
    pub lives: Option<Duration>,
    /// The scopes it is good for, where that was said.
    pub scopes: Option<Vec<String>>,
}

/// The tokens of one account.
pub struct Tokens {
    source: Source,
    held: RefCell<Option<(Secret, Option<Instant>)>>,
    granted: RefCell<Option<Vec<String>>>,
    flight: Mutex<()>,
}

impl Tokens {
    /// Fetches nothing yet.
    pub fn new(source: Source) -> Self {
        Self {
            source,
            held: RefCell::new(None),
            granted: RefCell::new(None),
            flight: Mutex::new(()),
        }
    }

    /// The present token, or a new one.
    ///
    /// # Errors
    /// `Unauthorized` with the way out when the account must be logged in again.
    pub async fn access(&self) -> Result<Secret, ProviderError> {
        // Whoever waits here finds what the one before has fetched.
        let _one_at_a_time = self.flight.lock().await;
        if let Some((token, until)) = self.held.borrow().as_ref()
            && until.is_none_or(|until| Instant::now() < until)
        {
            return Ok(token.clone());
        }
        let fresh = self.source.fetch().await?;
        let until = fresh.lives.map(|lives| Instant::now() + lives.saturating_sub(MARGIN));
        *self.held.borrow_mut() = Some((fresh.token.clone(), until));
        *self.granted.borrow_mut() = fresh.scopes;
        Ok(fresh.token)
    }

    /// The scopes of the last token; `None`: nobody said.
    pub fn granted(&self) -> Option<Vec<String>> {
        self.granted.borrow().clone()
    }

    /// A server refused this token.
    pub fn refused(&self, token: &Secret) {
        let mut held = self.held.borrow_mut();
        if held.as_ref().is_some_and(|(have, _)| have == token) {
            held.take();
        }
    }
}
