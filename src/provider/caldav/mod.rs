//! CalDAV (RFC 4791, 6578, 6638): requests in order; every request is built and
//! every answer read in a file of its own, without I/O.

pub mod xml;

use url::Url;

use crate::model::id::AccountId;
use crate::provider::error::ProviderError;
use crate::provider::http::auth::Auth;
use crate::provider::http::client::Timeouts;
use crate::provider::http::retry::RetryPolicy;
use crate::provider::http::{Http, HttpConfig};

/// What a CalDAV account is made of.
#[derive(Debug, Clone)]
pub struct CalDavConfig {
    /// The account's name; it is part of every calendar's id.
    pub account: AccountId,
    /// The configured address: server, principal, home or calendar.
    pub base: Url,
    /// Credentials.
    pub auth: Auth,
    /// A PEM bundle of private certificate authorities to trust as well.
    pub extra_ca: Option<Vec<u8>>,
    /// Waiting times.
    pub timeouts: Timeouts,
    /// Repeating of reads.
    pub retry: RetryPolicy,
}

impl CalDavConfig {
    /// The defaults for an address and its credentials.
    pub fn new(account: AccountId, base: Url, auth: Auth) -> Self {
        Self {
            account,
            base,
            auth,
            extra_ca: None,
            timeouts: Timeouts::default(),
            retry: RetryPolicy::default(),
        }
    }
}

/// A connection to one CalDAV account.
pub struct CalDav {
    account: AccountId,
    http: Http,
}

impl CalDav {
    /// Checks the configuration; asks nothing yet.
    ///
    /// # Errors
    /// `Unsupported` for an address without TLS (loopback excepted) or with a
    /// password in it, `Tls` for an unreadable CA bundle.
    pub fn new(config: CalDavConfig) -> Result<Self, ProviderError> {
        let http = Http::new(HttpConfig {
            base: config.base,
            auth: config.auth,
            extra_ca: config.extra_ca,
            timeouts: config.timeouts,
            retry: config.retry,
            interval: std::time::Duration::ZERO,
        })?;
        Ok(Self { account: config.account, http })
    }
}
