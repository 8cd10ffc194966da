//! Everything the pure middle sees at one moment: the mirror's events, how
//! complete the reading was, each pair's series and occurrences, and the time
//! people are not free.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::event::{Event, EventStatus, Partstat};
use crate::model::id::{Address, CalendarId, EventUid, Href, PairId};
use crate::model::pair::{Cadence, Pair, Person};
use crate::model::resource::ResourceRef;
use crate::model::server::MailEngine;
use crate::model::time::{BusyPeriod, CalTime, Window};

/// One look at the world. Built by `snapshot::build`; immutable.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The moment it speaks of.
    pub now: Timestamp,
    /// The span occurrences were expanded for.
    pub window: Window,
    /// Whom onbeat works for.
    pub owner: Person,
    /// How complete each calendar's reading was.
    pub coverage: BTreeMap<CalendarId, Coverage>,
    /// Each configured pair, in configuration order.
    pub pairs: Vec<PairView>,
    /// Time the owner is not free, without the pairs' own series.
    pub owner_busy: Vec<BusyPeriod>,
    /// What is known of the partners' time.
    pub partner_busy: BTreeMap<PairId, PartnerTime>,
    /// Whole days a person is away, from all-day events and eventTypes.
    pub absences: Vec<Absence>,
    /// Events that could not be read; everything else went on.
    pub quarantined: Vec<Quarantine>,
    /// The mail rules of each calendar.
    pub engines: BTreeMap<CalendarId, MailEngine>,
}

/// How complete a calendar's reading was. Absence is evidence only when
/// `Complete` (promise 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// Everything there was is in the mirror, as of this instant.
    Complete {
        /// When the reading ended.
        synced_at: Timestamp,
    },
    /// The reading stopped half-way; what is there is true, what is missing means nothing.
    Partial {
        /// The last complete reading, if any.
        synced_at: Option<Timestamp>,
        /// Why, for people.
        reason: String,
    },
    /// Nothing could be read this time.
    Failed {
        /// The last complete reading, if any.
        synced_at: Option<Timestamp>,
        /// Why, for people.
        reason: String,
    },
    /// The calendar turned up empty or shrank beyond belief and is frozen until
    /// a person says it is right.
    Frozen {
        /// Why, for people.
        reason: String,
    },
}

impl Coverage {
    /// Whether something missing may be taken as gone.
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Complete { .. })
    }
}

/// An event of the mirror with where it came from.
#[derive(Debug, Clone)]
pub struct MirroredEvent {
    /// Where its master lies (the first override's resource when there is none).
    pub resource: ResourceRef,
    /// What it says.
    pub event: Arc<Event>,
}

/// Text that could not be read as an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantine {
    /// Where it lies.
    pub calendar: CalendarId,
    /// Its address.
    pub href: Href,
    /// Its UID when that much could be read.
    pub uid: Option<EventUid>,
    /// What is wrong, with the line, for people.
    pub reason: String,
}

/// A pair and the calendar objects that realise it.
#[derive(Debug, Clone)]
pub struct PairView {
    /// The intent.
    pub pair: Pair,
    /// Its recurring events, oldest first: the lineage through splits and re-creations.
    pub series: Vec<Series>,
    /// Occurrences in the snapshot's window: of the series and one-offs with the
    /// same two people, by start.
    pub occurrences: Vec<Occurrence>,
    /// UIDs that lie in two resources: read, never written.
    pub duplicated: Vec<EventUid>,
    /// Every date the series' rules give in the snapshot's window, exceptions and
    /// overrides not applied, by start: what was planned. Empty for events that
    /// could not be expanded.
    pub slots: Vec<Slot>,
    /// The relationship ended on this day (the configuration says so); nothing is
    /// expected from then on.
    pub departed: Option<Date>,
}

/// One planned date of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// UID and original start.
    pub key: OccurrenceKey,
    /// Planned start.
    pub start: Timestamp,
    /// Planned end.
    pub end: Timestamp,
    /// Length of the series' cadence in days, rounded; 7 when irregular.
    pub cadence_days: u16,
    /// Whether a series gives it, or would have given it.
    pub kind: SlotKind,
}

/// Where a slot comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SlotKind {
    /// The rule of a series.
    Rule,
    /// An override or exception of a series whose rule does not give the date
    /// (any more), or an invitation to single occurrences of an unknown series.
    Orphan,
    /// Between the end of one series and the start of the next: nothing was
    /// planned, something should have been.
    Gap,
}

/// A recurring calendar object that realises a pair.
#[derive(Debug, Clone)]
pub struct Series {
    /// Where it lies.
    pub resource: ResourceRef,
    /// Its UID.
    pub uid: EventUid,
    /// What it says.
    pub event: Arc<Event>,
    /// Who may change its time.
    pub organized_by: OrganizedBy,
    /// Its rhythm, read off the rule; `None` when it is irregular.
    pub cadence: Option<Cadence>,
    /// The last start it can have; `None` when it does not end.
    pub until: Option<Timestamp>,
}

/// Who organizes a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrganizedBy {
    /// The owner, or nobody (no ORGANIZER: a private event).
    Owner,
    /// The partner: onbeat never writes its time.
    Partner,
    /// A third address (an assistant): treated like the partner.
    Other,
}

/// What identifies an occurrence for ever: UID and original start.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OccurrenceKey {
    /// UID of its event.
    pub uid: EventUid,
    /// The original start as an instant; `None` for an event that does not recur.
    pub recurrence_id: Option<Timestamp>,
}

/// One meeting on the calendar.
#[derive(Debug, Clone)]
pub struct Occurrence {
    /// Its identity.
    pub key: OccurrenceKey,
    /// The resource it lies in.
    pub resource: ResourceRef,
    /// RECURRENCE-ID in the form of the master's DTSTART; `None` for single events.
    pub recurrence_id: Option<CalTime>,
    /// Start as written.
    pub start_local: CalTime,
    /// Start.
    pub start: Timestamp,
    /// End.
    pub end: Timestamp,
    /// STATUS.
    pub status: EventStatus,
    /// Whether an override exists for it.
    pub overridden: bool,
    /// The owner's reply; `None` when not listed.
    pub owner_reply: Option<Partstat>,
    /// The partner's reply; `None` when not listed.
    pub partner_reply: Option<Partstat>,
    /// A note sent with the partner's reply.
    pub partner_comment: Option<String>,
    /// DESCRIPTION as it stands.
    pub description: String,
    /// LAST-MODIFIED of the component that decides.
    pub last_modified: Option<Timestamp>,
    /// SEQUENCE of the component that decides.
    pub sequence: i64,
    /// Whose it is.
    pub organized_by: OrganizedBy,
    /// Whether its guests may change what all see.
    pub guests_may_write: bool,
}

impl Occurrence {
    /// Whether it is on: not cancelled, declined by neither.
    pub fn stands(&self) -> bool {
        self.status != EventStatus::Cancelled
            && self.owner_reply != Some(Partstat::Declined)
            && self.partner_reply != Some(Partstat::Declined)
    }
}

/// What is known of a partner's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartnerTime {
    /// Asked and answered for the span; outside of it unknown.
    Known {
        /// The span that was answered for.
        span: Window,
        /// Not free.
        busy: Vec<BusyPeriod>,
    },
    /// Nobody could be asked: not free, but unknown.
    Unknown {
        /// Why, for people.
        reason: String,
    },
}

/// Whole local days away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// Who.
    pub who: Address,
    /// From the midnight that starts it to the one that ends it, in that person's zone.
    pub span: Window,
    /// Why: the title of the event or the holiday's name.
    pub label: String,
    /// A public holiday rather than leave.
    pub holiday: bool,
}
