//! Calendars as the engine sees them. A provider delivers resources, never
//! occurrences; it decides nothing and keeps no state but its connection.

pub mod caldav;
pub mod error;
pub mod google;
pub mod http;
pub mod published;
pub mod vdir;

use async_trait::async_trait;

pub use error::{Disposition, ErrorKind, ProviderError};

use crate::model::id::{Address, CalendarId, Etag, Href, StrongEtag, SyncToken};
use crate::model::plan::{Action, Precondition};
use crate::model::resource::Resource;
use crate::model::server::{CalendarInfo, Capabilities};
use crate::model::time::{BusyPeriod, Window};

/// How much of a calendar a reading covered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// Nothing has changed since the token; nothing was stored.
    Unchanged,
    /// Changes and removals since the token were reported, completely.
    Delta,
    /// Every member was listed: what was not seen is gone.
    Full,
    /// The reading stopped; nothing may be concluded from what is missing.
    Partial {
        /// Why, for people.
        reason: String,
    },
}

/// The end of a reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Token for the next reading; `None` where the server has none.
    pub next: Option<SyncToken>,
    /// What was covered.
    pub extent: Extent,
    /// Members that could not be read, with the reason; the rest went on.
    pub skipped: Vec<(Href, String)>,
}

/// Where a reading puts what it finds, page by page, so that memory does not
/// grow with the calendar. The engine implements it over the store.
pub trait MirrorSink {
    /// The entity tag the mirror holds for a member; `None`: not mirrored.
    ///
    /// # Errors
    /// `ErrorKind::Sink` when the store fails.
    fn known(&mut self, href: &Href) -> Result<Option<Etag>, ProviderError>;

    /// New or changed members, with the tag of exactly these bytes.
    ///
    /// # Errors
    /// `ErrorKind::Sink` when the store fails.
    fn changed(&mut self, batch: Vec<Resource>) -> Result<(), ProviderError>;

    /// A member that was listed and has not changed.
    ///
    /// # Errors
    /// `ErrorKind::Sink` when the store fails.
    fn unchanged(&mut self, href: &Href) -> Result<(), ProviderError>;

    /// A member the server reported as removed (a delta's 404 row).
    ///
    /// # Errors
    /// `ErrorKind::Sink` when the store fails.
    fn removed(&mut self, href: &Href) -> Result<(), ProviderError>;
}

/// One write, as bytes for providers that store text and as an action for
/// those that patch.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// The resource.
    pub href: Href,
    /// The whole new text.
    pub data: Vec<u8>,
    /// What changes in it.
    pub action: Action,
}

/// What the server said of a write. The engine reads back before it believes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Where it lies (a server may choose).
    pub href: Href,
    /// The tag in the answer, if any; not proof of what is stored.
    pub etag: Option<Etag>,
}

/// An answer to a free/busy question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeBusyAnswer {
    /// About whom.
    pub who: Address,
    /// The busy time, or why it is unknown. Unknown is not free.
    pub busy: Result<Vec<BusyPeriod>, String>,
}

/// A connection to one account. Single-threaded: futures are not `Send`.
#[async_trait(?Send)]
pub trait CalendarProvider {
    /// What the server can do; asked once per connection.
    async fn capabilities(&self) -> Result<Capabilities, ProviderError>;

    /// The collections that may hold events.
    async fn calendars(&self) -> Result<Vec<CalendarInfo>, ProviderError>;

    /// Reads what changed since `since`, or everything when it is `None`, into
    /// the sink. A token the server no longer knows leads to a full listing in the
    /// same call. On an error everything already given to the sink stays true.
    async fn changes(
        &self,
        calendar: &CalendarId,
        since: Option<&SyncToken>,
        sink: &mut dyn MirrorSink,
    ) -> Result<Changes, ProviderError>;

    /// One resource as it is now; `None` when it is not there.
    async fn get(
        &self,
        calendar: &CalendarId,
        href: &Href,
    ) -> Result<Option<Resource>, ProviderError>;

    /// Writes a resource if the precondition holds.
    async fn put(
        &self,
        calendar: &CalendarId,
        write: &Write,
        precondition: &Precondition,
    ) -> Result<Written, ProviderError>;

    /// Deletes a resource if it still is what it was.
    async fn delete(
        &self,
        calendar: &CalendarId,
        href: &Href,
        unchanged_since: &StrongEtag,
    ) -> Result<(), ProviderError>;

    /// When these people are not free, one answer each, in order.
    async fn free_busy(
        &self,
        who: &[Address],
        window: Window,
    ) -> Result<Vec<FreeBusyAnswer>, ProviderError>;

    /// The collection scheduling messages arrive in (RFC 6638 §2.2), where replies
    /// may lie that the server has not put into the events; read with
    /// [`changes`](Self::changes) like a calendar. `None`: there is nothing to read.
    async fn inbox(&self) -> Result<Option<CalendarId>, ProviderError> {
        Ok(None)
    }

    /// Requests sent since this was asked last, where the server counts them.
    fn take_requests(&self) -> u64 {
        0
    }

    /// What the account does not allow, for people; known after the first request.
    fn limits(&self) -> Vec<String> {
        Vec::new()
    }

    /// The address a new resource of this UID is to be written to now: where an address
    /// stays used after a deletion, the first one that is not used up.
    async fn place_for(
        &self,
        calendar: &CalendarId,
        uid: &crate::model::id::EventUid,
    ) -> Result<Href, ProviderError> {
        Ok(self.href_for(calendar, uid))
    }

    /// The address a new resource of this UID gets in the calendar.
    fn href_for(&self, calendar: &CalendarId, uid: &crate::model::id::EventUid) -> Href;
}
