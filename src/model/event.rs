//! A calendar event as it reads: typed values of the properties onbeat looks
//! at. The bytes stay in the resource; this is never written back.

use jiff::Timestamp;

use crate::model::id::{Address, EventUid};
use crate::model::time::CalTime;

/// One UID of a resource: the series (or single event) and its overrides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// UID.
    pub uid: EventUid,
    /// The component without RECURRENCE-ID; absent when the owner was invited
    /// to single occurrences only (RFC 4791 §4.1).
    pub master: Option<EventBody>,
    /// RRULE, RDATE, EXDATE of the master.
    pub recurrence: Recurrence,
    /// Components with RECURRENCE-ID, in file order, one per id (the one with the
    /// highest SEQUENCE, then the last, wins).
    pub overrides: Vec<EventOverride>,
}

impl Event {
    /// Whether the event recurs at all.
    pub fn recurs(&self) -> bool {
        !self.recurrence.rules.is_empty() || !self.recurrence.dates.is_empty()
    }
}

/// How a master repeats; values as written, unexpanded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recurrence {
    /// RRULE values as text, in file order.
    pub rules: Vec<String>,
    /// EXRULE values (RFC 2445), read but never written.
    pub exclusion_rules: Vec<String>,
    /// RDATE values; a PERIOD carries its own end.
    pub dates: Vec<RecurrenceDate>,
    /// EXDATE values.
    pub exceptions: Vec<CalTime>,
}

/// One RDATE value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecurrenceDate {
    /// Start of the extra occurrence.
    pub start: CalTime,
    /// End, for VALUE=PERIOD.
    pub end: Option<CalTime>,
}

/// A component with RECURRENCE-ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventOverride {
    /// The original start of the occurrence it replaces.
    pub recurrence_id: CalTime,
    /// RANGE=THISANDFUTURE.
    pub this_and_future: bool,
    /// What it says.
    pub body: EventBody,
}

/// The properties of one VEVENT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventBody {
    /// DTSTART.
    pub start: CalTime,
    /// DTEND, or DTSTART + DURATION, or the RFC 5545 §3.6.1 default.
    pub end: CalTime,
    /// DURATION, when the length was written so: every occurrence then has this
    /// nominal length; else the exact distance from `start` to `end` (RFC 5545 §3.8.5.3).
    pub nominal: Option<NominalLength>,
    /// SUMMARY, unescaped.
    pub summary: String,
    /// DESCRIPTION, unescaped; empty when absent.
    pub description: String,
    /// LOCATION, unescaped.
    pub location: String,
    /// STATUS.
    pub status: EventStatus,
    /// STATUS as written, upper-cased; `None` when absent.
    pub status_written: Option<String>,
    /// TRANSP.
    pub transparency: Transparency,
    /// ORGANIZER.
    pub organizer: Option<Address>,
    /// ORGANIZER's CN.
    pub organizer_name: Option<String>,
    /// ATTENDEE lines, in file order.
    pub attendees: Vec<Attendee>,
    /// Guests may change what all see (Google `guestsCanModify`).
    pub guests_may_write: bool,
    /// SEQUENCE, 0 when absent.
    pub sequence: i64,
    /// CLASS is PRIVATE or CONFIDENTIAL.
    pub private: bool,
    /// CREATED.
    pub created: Option<Timestamp>,
    /// LAST-MODIFIED, else DTSTAMP.
    pub last_modified: Option<Timestamp>,
    /// Marks of absence: X-MICROSOFT-CDO-BUSYSTATUS and Google `eventType`.
    pub busy_status: Option<BusyStatus>,
    /// RELATED-TO values.
    pub related_to: Vec<String>,
    /// CATEGORIES values.
    pub categories: Vec<String>,
    /// URL.
    pub url: Option<String>,
}

impl EventBody {
    /// An opaque, confirmed event that says nothing but when and what.
    pub fn plain(start: CalTime, end: CalTime, summary: impl Into<String>) -> Self {
        Self {
            start,
            end,
            nominal: None,
            summary: summary.into(),
            description: String::new(),
            location: String::new(),
            status: EventStatus::Confirmed,
            status_written: None,
            transparency: Transparency::Opaque,
            organizer: None,
            organizer_name: None,
            attendees: Vec::new(),
            guests_may_write: false,
            sequence: 0,
            private: false,
            created: None,
            last_modified: None,
            busy_status: None,
            related_to: Vec::new(),
            categories: Vec::new(),
            url: None,
        }
    }
}

/// A DURATION value (RFC 5545 §3.3.6): weeks and days are nominal (a day may
/// have 23 or 25 hours), hours, minutes and seconds are exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NominalLength {
    /// Whole days, weeks included; may be negative.
    pub days: i32,
    /// The exact rest, in seconds; same sign as `days`.
    pub seconds: i64,
}

/// STATUS (RFC 5545 §3.8.1.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventStatus {
    /// CONFIRMED, absent, or a value the RFC does not know.
    Confirmed,
    /// TENTATIVE.
    Tentative,
    /// CANCELLED.
    Cancelled,
}

/// TRANSP (RFC 5545 §3.8.2.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transparency {
    /// Takes time.
    Opaque,
    /// Does not.
    Transparent,
}

/// How a vendor extension marks the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BusyStatus {
    /// FREE.
    Free,
    /// TENTATIVE.
    Tentative,
    /// BUSY.
    Busy,
    /// OOF, or Google `outOfOffice`.
    OutOfOffice,
    /// WORKINGELSEWHERE, or Google `workingLocation`.
    WorkingElsewhere,
    /// Google `focusTime`.
    FocusTime,
}

/// An ATTENDEE line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendee {
    /// The calendar user address.
    pub address: Address,
    /// CN.
    pub name: Option<String>,
    /// PARTSTAT.
    pub partstat: Partstat,
    /// CUTYPE is ROOM or RESOURCE.
    pub resource: bool,
    /// A note sent with the reply, where an extension carries one.
    pub comment: Option<String>,
}

/// PARTSTAT (RFC 5545 §3.2.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partstat {
    /// NEEDS-ACTION, absent or unknown.
    NeedsAction,
    /// ACCEPTED.
    Accepted,
    /// DECLINED.
    Declined,
    /// TENTATIVE.
    Tentative,
    /// DELEGATED.
    Delegated,
}
