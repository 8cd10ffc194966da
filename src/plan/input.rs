//! What a plan is made from, beside the snapshot: what the store remembers of
//! each pair, and the limits in force.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::agenda::Agenda;
use crate::model::id::{CalendarId, PairId};
use crate::model::plan::Proposal;
use crate::model::resource::ResourceRef;
use crate::model::snapshot::{OccurrenceKey, Snapshot};
use crate::model::time::CalTime;

/// Everything a plan depends on.
#[derive(Debug)]
pub struct PlanInput<'a> {
    /// The world as read.
    pub snapshot: &'a Snapshot,
    /// What is remembered of each pair.
    pub pairs: &'a BTreeMap<PairId, PairState>,
    /// Limits.
    pub limits: &'a Limits,
    /// Plan for one pair only.
    pub only: Option<&'a PairId>,
    /// What is known of this week's proposal of another standing slot.
    pub weekly: &'a Weekly,
}

/// What is known of this week's proposal of another standing slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Weekly {
    /// Nobody looked for a week.
    Due,
    /// Looked for within the week, and what came of it.
    Made(Option<Proposal>),
}

/// What the store remembers of a pair.
#[derive(Debug, Clone, Default)]
pub struct PairState {
    /// `onbeat pause` is in force.
    pub paused: bool,
    /// Where a new series goes; `None`: no calendar may be written.
    pub target: Option<CalendarId>,
    /// When a meeting of this pair was last on a calendar, in any series ever.
    pub last_known: Option<Timestamp>,
    /// Starts onbeat itself gave to occurrences, oldest first.
    pub own_moves: BTreeMap<OccurrenceKey, Vec<Timestamp>>,
    /// The agenda for the next meeting, when one is due.
    pub draft: Option<Draft>,
    /// DESCRIPTION of a series onbeat would create.
    pub standing: String,
}

/// An agenda that is due.
#[derive(Debug, Clone)]
pub struct Draft {
    /// For which meeting.
    pub occurrence: OccurrenceKey,
    /// What it should say.
    pub agenda: Agenda,
    /// What was written into the meeting's own event.
    pub event: WrittenSoFar,
    /// What was written into its companion event.
    pub companion: WrittenSoFar,
    /// The companion event, when it is on the calendar.
    pub companion_event: Option<CompanionEvent>,
}

/// What onbeat wrote into one event for one meeting.
#[derive(Debug, Clone, Default)]
pub struct WrittenSoFar {
    /// The managed block written last.
    pub last_block: Option<String>,
    /// How often it was written.
    pub writes: u32,
    /// How often one of those writes was expected to mail.
    pub mailed: u32,
}

/// A companion event as it stands.
#[derive(Debug, Clone)]
pub struct CompanionEvent {
    /// Where it lies.
    pub resource: ResourceRef,
    /// Start as written.
    pub start: CalTime,
    /// DESCRIPTION as it stands.
    pub description: String,
}

/// Limits in force; the caps hold across restarts.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How far ahead meetings are kept in order, in days.
    pub repair_days: i64,
    /// How far ahead a new series is judged, in days.
    pub horizon_days: i64,
    /// 1:1s of the owner a day.
    pub max_per_day: usize,
    /// Automatic moves per occurrence.
    pub moves_per_occurrence: usize,
    /// Agenda writes per meeting.
    pub agenda_writes: u32,
    /// Steps one plan may have before a person must look at it.
    pub blast_radius: usize,
    /// Mailing writes still allowed today.
    pub mails_left: u32,
    /// Calendars that accept no writes.
    pub read_only: BTreeSet<CalendarId>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            repair_days: 28,
            horizon_days: 84,
            max_per_day: 6,
            moves_per_occurrence: 1,
            agenda_writes: 2,
            blast_radius: 30,
            mails_left: 20,
            read_only: BTreeSet::new(),
        }
    }
}
