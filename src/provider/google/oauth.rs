//! Where access tokens come from: a refresh token that a person gave in the browser
//! (RFC 6749, 7636, 8252), or a service account's signed word (RFC 7523). The client
//! file is the one Google hands out; its addresses are used, so any endpoint can be.

mod client_file;
mod exchange;
mod jwt;
mod store;

use std::rc::Rc;

use jiff::Timestamp;

use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::google::tokens::Fresh;
use crate::provider::http::secret::Secret;

pub use client_file::{ClientFile, Installed, ServiceAccount};
pub use exchange::{Granted, Login};
pub use store::TokenFile;

/// Read and write the events of calendars the account owns, ask free/busy, list the
/// calendars: the least onbeat needs.
pub const SCOPES: [&str; 3] = [
    "https://www.googleapis.com/auth/calendar.events.owned",
    "https://www.googleapis.com/auth/calendar.events.freebusy",
    "https://www.googleapis.com/auth/calendar.calendarlist.readonly",
];

/// A source of access tokens.
pub enum Source {
    /// One token that is never renewed.
    Token(Secret),
    /// A person's refresh token.
    Refresh {
        /// The OAuth client.
        client: Installed,
        /// Reads the kept login; asked for every token, so that a new login is found.
        kept: Rc<dyn Fn() -> Result<TokenFile, String>>,
        /// How to log in again, for messages: `onbeat login work`.
        way_out: String,
    },
    /// A service account, for itself or for a user of its domain.
    Service {
        /// The account and its key.
        account: ServiceAccount,
        /// The user it acts for.
        subject: Option<String>,
        /// What it asks for.
        scopes: Vec<String>,
        /// The present moment.
        now: Rc<dyn Fn() -> Timestamp>,
    },
}

impl Source {
    /// The user a service account acts for.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Service { subject, .. } => subject.as_deref(),
            Self::Token(_) | Self::Refresh { .. } => None,
        }
    }

    /// A fresh token.
    ///
    /// # Errors
    /// `Unauthorized` when the grant has ended, with the way out; `Unavailable`.
    pub async fn fetch(&self) -> Result<Fresh, ProviderError> {
        match self {
            Self::Token(token) => Ok(Fresh { token: token.clone(), lives: None, scopes: None }),
            Self::Refresh { client, kept, way_out } => {
                let kept = kept().map_err(|why| {
                    ProviderError::new(ErrorKind::Unauthorized, why).mended_by(way_out)
                })?;
                let fresh = exchange::refresh(client, &kept.refresh, way_out).await?;
                let scopes = fresh.scopes.or((!kept.scopes.is_empty()).then_some(kept.scopes));
                Ok(Fresh { scopes, ..fresh })
            }
            Self::Service { account, subject, scopes, now } => {
                let fresh = exchange::assertion(account, subject.as_deref(), scopes, now()).await?;
                Ok(Fresh { scopes: fresh.scopes.or(Some(scopes.clone())), ..fresh })
            }
        }
    }
}
