//! CalDAV (RFC 4791, 6578, 6638): requests in order; every request is built and
//! every answer read in a file of its own, without I/O.

mod account;
mod changes;
mod cursor;
mod delete;
mod discover;
mod fetch;
mod fingerprint;
mod free_busy;
mod get;
mod href;
mod known;
mod list;
mod multiget;
mod multistatus;
mod put;
mod state;
mod stream;
mod sync_collection;
mod uid_query;
pub(super) mod vfreebusy;
mod writes;
mod xml;

use std::cell::RefCell;
use std::rc::Rc;

use async_trait::async_trait;
use url::Url;

use crate::model::id::{AccountId, Address, CalendarId, EventUid, Href, StrongEtag, SyncToken};
use crate::model::plan::Precondition;
use crate::model::resource::Resource;
use crate::model::server::{CalendarInfo, Capabilities};
use crate::model::time::Window;
use crate::provider::caldav::account::Account;
use crate::provider::caldav::changes::Reading;
use crate::provider::caldav::fetch::{Unread, read_object};
use crate::provider::caldav::fingerprint::Product;
use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::http::auth::Auth;
use crate::provider::http::client::Timeouts;
use crate::provider::http::request::{MemberUrl, as_collection};
use crate::provider::http::retry::RetryPolicy;
use crate::provider::http::{Http, HttpConfig};
use crate::provider::{CalendarProvider, Changes, FreeBusyAnswer, MirrorSink, Write, Written};

/// Namespace of the names given to UIDs that cannot be file names.
const NAMES: uuid::Uuid = uuid::uuid!("6d0f6a5e-57b1-4f0c-9a53-7f1c0b1a4c2e");

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
        let (timeouts, retry) = (Timeouts::default(), RetryPolicy::default());
        Self { account, base, auth, extra_ca: None, timeouts, retry }
    }
}

/// A connection to one CalDAV account.
pub struct CalDav {
    account: AccountId,
    /// The login, for services whose addresses contain it.
    user: String,
    http: Http,
    found: RefCell<Option<Rc<Account>>>,
}

impl CalDav {
    /// Checks the configuration; asks nothing yet.
    ///
    /// # Errors
    /// `Unsupported` for an address without TLS (loopback excepted) or with a
    /// password in it, `Tls` for an unreadable CA bundle.
    pub fn new(config: CalDavConfig) -> Result<Self, ProviderError> {
        let user = config.auth.for_digest().map_or("", |(user, _)| user).to_owned();
        let mut http = HttpConfig::new(config.base, config.auth);
        http.extra_ca = config.extra_ca;
        http.timeouts = config.timeouts;
        http.retry = config.retry;
        let http = Http::new(http)?;
        Ok(Self { account: config.account, user, http, found: RefCell::new(None) })
    }

    /// What discovery found; asked once per connection.
    async fn account(&self) -> Result<Rc<Account>, ProviderError> {
        let known = self.found.borrow().clone();
        if let Some(account) = known {
            return Ok(account);
        }
        let account = Rc::new(self.discover().await?);
        *self.found.borrow_mut() = Some(account.clone());
        Ok(account)
    }

    /// Who answers, as far as known without asking.
    fn product(&self) -> Product {
        self.found.borrow().as_ref().map_or(Product::Unknown, |account| account.product)
    }

    /// The URL of a calendar.
    fn collection(&self, calendar: &CalendarId) -> Result<Url, ProviderError> {
        let url = self.http.base().join(&calendar.collection).map_err(|error| {
            let kind = ErrorKind::Protocol("not the address of a calendar".to_owned());
            ProviderError::new(kind, calendar.to_string()).caused_by(error)
        })?;
        // The id comes from discovery, perhaps of an earlier connection.
        self.http.adopt(&url)?;
        Ok(as_collection(&url))
    }

    /// The URL of a member; anything else cannot be read or written.
    fn member(&self, calendar: &CalendarId, href: &Href) -> Result<MemberUrl, ProviderError> {
        let collection = self.collection(calendar)?;
        MemberUrl::below(&collection, href.as_str())
            .map_err(|why| ProviderError::new(ErrorKind::Protocol(why), calendar.to_string()))
    }
}

#[async_trait(?Send)]
impl CalendarProvider for CalDav {
    async fn capabilities(&self) -> Result<Capabilities, ProviderError> {
        Ok(self.account().await?.capabilities.clone())
    }

    async fn calendars(&self) -> Result<Vec<CalendarInfo>, ProviderError> {
        let account = self.account().await?;
        let calendars = self.list_calendars(&account).await?;
        Ok(calendars.into_iter().map(|(info, _)| info).collect())
    }

    async fn changes(
        &self,
        calendar: &CalendarId,
        since: Option<&SyncToken>,
        sink: &mut dyn MirrorSink,
    ) -> Result<Changes, ProviderError> {
        let url = self.collection(calendar)?;
        Reading::new(&self.http, calendar, url, sink, self.product()).run(since).await
    }

    async fn get(
        &self,
        calendar: &CalendarId,
        href: &Href,
    ) -> Result<Option<Resource>, ProviderError> {
        let member = self.member(calendar, href)?;
        let answer = self.http.read(&get::request(&member)).await?;
        let context = answer.context();
        let unreadable = (answer.status != 200).then(|| answer.unexpected());
        match read_object(answer).await {
            Ok((data, etag)) => Ok(Some(Resource {
                calendar: calendar.clone(),
                href: href.clone(),
                etag,
                parent: None,
                data,
            })),
            Err(Unread::Gone) => Ok(None),
            Err(Unread::Never(why) | Unread::NotNow(why)) => {
                Err(unreadable
                    .unwrap_or_else(|| ProviderError::new(ErrorKind::Protocol(why), context)))
            }
        }
    }

    async fn put(
        &self,
        calendar: &CalendarId,
        write: &Write,
        precondition: &Precondition,
    ) -> Result<Written, ProviderError> {
        self.write(calendar, write, precondition).await
    }

    async fn delete(
        &self,
        calendar: &CalendarId,
        href: &Href,
        unchanged_since: &StrongEtag,
    ) -> Result<(), ProviderError> {
        self.remove(calendar, href, unchanged_since).await
    }

    async fn free_busy(
        &self,
        who: &[Address],
        window: Window,
    ) -> Result<Vec<FreeBusyAnswer>, ProviderError> {
        self.ask_free_busy(who, window).await
    }

    async fn inbox(&self) -> Result<Option<CalendarId>, ProviderError> {
        let account = self.account().await?;
        let inbox = account.inbox.as_ref().filter(|_| account.product.leaves_replies_in_inbox());
        Ok(inbox.map(|url| {
            let here = url.origin() == self.http.base().origin();
            let collection = if here { url.path().to_owned() } else { url.to_string() };
            CalendarId { account: self.account.clone(), collection }
        }))
    }

    fn href_for(&self, calendar: &CalendarId, uid: &EventUid) -> Href {
        let plain = |text: &str| {
            (1..=100).contains(&text.len())
                && !text.starts_with('.')
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        let name = if plain(uid.as_str()) {
            uid.as_str().to_owned()
        } else {
            uuid::Uuid::new_v5(&NAMES, uid.as_str().as_bytes()).to_string()
        };
        Href::new(format!("{}/{name}.ics", calendar.collection.trim_end_matches('/')))
    }
}

#[cfg(test)]
mod recorded_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trouble_tests;
#[cfg(test)]
mod write_tests;
