//! Google Calendar (Calendar API v3): requests in order; every request is built and
//! every answer read in a file of its own, without I/O. JSON lives only here; what
//! leaves is RFC 5545 text.

mod address;
mod calendar_list;
mod connection;
mod convert;
mod event;
mod free_busy;
mod get;
mod insert;
mod list;
pub mod oauth;
mod patch;
mod reading;
mod refusal;
mod scopes;
mod series;
mod tokens;
mod writes;

use std::cell::RefCell;
use std::collections::BTreeSet;

use async_trait::async_trait;
use url::Url;

use crate::model::id::{AccountId, Address, CalendarId, EventUid, Href, StrongEtag, SyncToken};
use crate::model::plan::Precondition;
use crate::model::resource::Resource;
use crate::model::server::{CalendarInfo, Capabilities, MailEngine};
use crate::model::time::{BusyPeriod, Window};
use crate::provider::error::{Disposition, ErrorKind, ProviderError};
use crate::provider::google::connection::Connection;
use crate::provider::google::oauth::Source;
use crate::provider::google::reading::Reading;
use crate::provider::google::scopes::{ALWAYS, Need};
use crate::provider::http::client::Timeouts;
use crate::provider::http::retry::RetryPolicy;
use crate::provider::{CalendarProvider, Changes, FreeBusyAnswer, MirrorSink, Write, Written};

/// Where the API is.
pub const API: &str = "https://www.googleapis.com/calendar/v3/";

/// What to do about an answer nobody at Google gave.
const NOT_GOOGLE: &str = "something between this machine and Google may have answered, like a network's login page; \
     try again from another network";

/// Pages of calendars; more is a token in circles.
const MAX_PAGES: usize = 40;

/// What a Google account is made of.
pub struct GoogleConfig {
    /// The account's name; it is part of every calendar's id.
    pub account: AccountId,
    /// The API's base.
    pub api: Url,
    /// Where access tokens come from.
    pub source: Source,
    /// New series get a Meet link.
    pub meet: bool,
    /// Waiting times.
    pub timeouts: Timeouts,
    /// Repeating of reads.
    pub retry: RetryPolicy,
}

impl GoogleConfig {
    /// The defaults for an API and a source of tokens.
    pub fn new(account: AccountId, api: Url, source: Source) -> Self {
        let retry = RetryPolicy { attempts: 4, ..RetryPolicy::default() };
        Self { account, api, source, meet: false, timeouts: Timeouts::default(), retry }
    }
}

/// A connection to one Google account.
pub struct Google {
    account: AccountId,
    connection: Connection,
    meet: bool,
    owner: RefCell<Option<String>>,
    /// Ids of deleted events that Google does not show any more.
    spent: RefCell<BTreeSet<Href>>,
}

impl Google {
    /// Checks the configuration; asks nothing yet.
    ///
    /// # Errors
    /// `Unsupported` for an API without TLS (loopback excepted).
    pub fn new(config: GoogleConfig) -> Result<Self, ProviderError> {
        let GoogleConfig { account, api, source, meet, timeouts, retry } = config;
        let connection = Connection::new(api, timeouts, retry, source)?;
        Ok(Self { account, connection, meet, owner: RefCell::new(None), spent: RefCell::default() })
    }

    /// The account's address, asked once per connection.
    async fn owner(&self) -> Result<String, ProviderError> {
        let known = self.owner.borrow().clone();
        if let Some(owner) = known {
            return Ok(owner);
        }
        let request = calendar_list::primary_request(self.connection.base())?;
        let body = self.connection.read(&request).await?;
        let entry = calendar_list::entry(&body).map_err(|why| strange(why, &request.url))?;
        *self.owner.borrow_mut() = Some(entry.id.clone());
        Ok(entry.id)
    }

    /// The owner's address, where it must be known to read a calendar: events of a
    /// secondary calendar name the calendar as their organizer.
    async fn owner_for(&self, calendar: &CalendarId) -> Result<Option<String>, ProviderError> {
        if calendar.collection.ends_with("@group.calendar.google.com") {
            self.owner().await.map(Some)
        } else {
            Ok(None)
        }
    }

    /// One answer per person for one piece of time.
    async fn busy_piece(
        &self,
        who: &[&Address],
        window: Window,
    ) -> Result<Vec<Result<Vec<BusyPeriod>, String>>, ProviderError> {
        let request = free_busy::request(self.connection.base(), who, window)?;
        let outcome = self.connection.read(&request).await;
        let answers = outcome.and_then(|body| {
            free_busy::answers(&body, who).map_err(|why| strange(why, &request.url))
        });
        match answers {
            Ok(answers) => Ok(answers),
            // Wrong credentials and a wish for patience are everybody's business.
            Err(error) if error.disposition() == Disposition::PauseAccount => Err(error),
            Err(error) if matches!(error.kind, ErrorKind::RateLimited { .. }) => Err(error),
            Err(error) => Ok(who.iter().map(|_| Err(error.to_string())).collect()),
        }
    }
}

/// An answer that is not the API's.
fn strange(why: String, url: &Url) -> ProviderError {
    ProviderError::new(ErrorKind::Protocol(why), url.path()).mended_by(NOT_GOOGLE)
}

#[async_trait(?Send)]
impl CalendarProvider for Google {
    async fn capabilities(&self) -> Result<Capabilities, ProviderError> {
        Ok(Capabilities {
            product: "Google Calendar".to_owned(),
            engine: MailEngine::Google,
            auto_schedule: true,
            sync_collection: true,
            addresses: vec![Address::new(&self.owner().await?)],
            // Known once there is a token.
            free_busy_of_others: self.connection.may(Need::FreeBusy),
        })
    }

    async fn calendars(&self) -> Result<Vec<CalendarInfo>, ProviderError> {
        let (mut found, mut token) = (Vec::new(), None::<String>);
        for _ in 0..MAX_PAGES {
            let request = calendar_list::request(self.connection.base(), token.as_deref())?;
            let body = self.connection.read(&request).await?;
            let (entries, next) =
                calendar_list::page(&body).map_err(|why| strange(why, &request.url))?;
            found.extend(entries.iter().map(|entry| entry.info(&self.account)));
            token = next;
            if token.is_none() {
                return Ok(found);
            }
        }
        Err(strange("pages go in circles".to_owned(), self.connection.base()))
    }

    async fn changes(
        &self,
        calendar: &CalendarId,
        since: Option<&SyncToken>,
        sink: &mut dyn MirrorSink,
    ) -> Result<Changes, ProviderError> {
        let owner = self.owner_for(calendar).await?;
        Reading::new(&self.connection, calendar, owner.as_deref(), sink)?.run(since).await
    }

    async fn get(
        &self,
        calendar: &CalendarId,
        href: &Href,
    ) -> Result<Option<Resource>, ProviderError> {
        let owner = self.owner_for(calendar).await?;
        get::resource(&self.connection, calendar, href, owner.as_deref()).await
    }

    async fn put(
        &self,
        calendar: &CalendarId,
        write: &Write,
        precondition: &Precondition,
    ) -> Result<Written, ProviderError> {
        match precondition {
            Precondition::Absent => self.create(calendar, write).await,
            Precondition::Match(etag) => self.patch(calendar, write, etag).await,
        }
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
        if !self.connection.may(Need::FreeBusy) {
            let unknown = |who: &Address| FreeBusyAnswer {
                who: who.clone(),
                busy: Err(Need::FreeBusy.without()),
            };
            return Ok(who.iter().map(unknown).collect());
        }
        let mut out = Vec::with_capacity(who.len());
        for people in who.chunks(free_busy::MOST_PEOPLE) {
            let asked: Vec<&Address> = people.iter().collect();
            let mut all: Vec<Result<Vec<BusyPeriod>, String>> =
                asked.iter().map(|_| Ok(Vec::new())).collect();
            for piece in free_busy::pieces(window) {
                let next = self.busy_piece(&asked, piece).await?;
                all = all.into_iter().zip(next).map(|(a, b)| free_busy::join(a, b)).collect();
            }
            let answers = people.iter().zip(all);
            out.extend(answers.map(|(who, busy)| FreeBusyAnswer { who: who.clone(), busy }));
        }
        Ok(out)
    }

    fn take_requests(&self) -> u64 {
        self.connection.take_requests()
    }

    fn limits(&self) -> Vec<String> {
        let missing = ALWAYS.iter().filter(|need| !self.connection.may(**need));
        missing.map(|need| need.without()).collect()
    }

    async fn place_for(
        &self,
        calendar: &CalendarId,
        uid: &EventUid,
    ) -> Result<Href, ProviderError> {
        self.free_id(calendar, uid.as_str()).await
    }

    fn href_for(&self, _calendar: &CalendarId, uid: &EventUid) -> Href {
        Href::new(convert::id_for(uid.as_str()))
    }
}

#[cfg(test)]
mod round_trip_tests;
