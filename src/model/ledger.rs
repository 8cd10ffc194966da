//! The ledger's words: entries as stored, the state they fold into, and the
//! beats with their verdicts that everything else reads.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::event::Partstat;
use crate::model::id::{EventUid, PairId};
use crate::model::observation::{Away, Ending, Fact, FlagKind, Party, Word};
use crate::model::snapshot::{OccurrenceKey, OrganizedBy};

/// One line of the ledger. Never changed once stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Its number; given by the store, 0 before that.
    pub seq: i64,
    /// When the fact came about as far as known, never later than the reading.
    pub at: Timestamp,
    /// When it was read.
    pub seen: Timestamp,
    /// Whose 1:1.
    pub pair: PairId,
    /// The beat's planned start; `None`: the pair as a whole.
    pub planned: Option<Timestamp>,
    /// The calendar object, as far as there is one.
    pub key: Option<OccurrenceKey>,
    /// Whether the reading was complete.
    pub complete: bool,
    /// What.
    pub fact: Fact,
}

/// Everything the ledger knows, folded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LedgerState {
    /// Each pair that was ever seen.
    pub pairs: BTreeMap<PairId, PairState>,
    /// The highest entry number folded in.
    pub seq: i64,
}

/// One pair's history.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PairState {
    /// Beats by planned start.
    pub beats: BTreeMap<Timestamp, BeatState>,
    /// The last complete reading that left a trace.
    pub looked: Option<Timestamp>,
    /// Flags raised and not cleared.
    pub flags: BTreeSet<FlagKind>,
}

/// What is known of one beat.
#[derive(Debug, Clone, PartialEq)]
pub struct BeatState {
    /// Planned start, frozen.
    pub planned: Timestamp,
    /// Planned end, frozen.
    pub planned_end: Timestamp,
    /// The calendar object behind it.
    pub key: OccurrenceKey,
    /// Cadence in force when it was planned, in days.
    pub cadence_days: u16,
    /// Who organizes.
    pub organized_by: OrganizedBy,
    /// When it was first known.
    pub first_seen: Timestamp,
    /// Where it stands now.
    pub start: Timestamp,
    /// Where it ends now.
    pub end: Timestamp,
    /// Whether it is on the calendar.
    pub presence: Presence,
    /// The owner's reply.
    pub owner_reply: Option<Partstat>,
    /// The partner's reply.
    pub partner_reply: Option<Partstat>,
    /// Its moves, in order.
    pub moves: Vec<BeatMove>,
    /// Who is away at the planned time.
    pub away_planned: Option<Away>,
    /// Who is away where it was moved to.
    pub away_moved: Option<Away>,
    /// A single meeting that stands in for it.
    pub replacement: Option<Replacement>,
    /// When it was taken off (removed, cancelled or declined).
    pub off_at: Option<Timestamp>,
    /// Who took it off.
    pub off_by: Option<Party>,
    /// The last word on its presence came from a complete reading.
    pub sure: bool,
    /// A complete reading after its end confirmed the state.
    pub passed: bool,
    /// A person's word.
    pub said: Option<Word>,
    /// Agenda touched, action closed or reflection given.
    pub touched: bool,
}

/// Whether a beat is on the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Presence {
    /// It is.
    Standing,
    /// STATUS:CANCELLED.
    Cancelled,
    /// EXDATE.
    Removed,
    /// The series does not reach it any more.
    Ended(Ending),
    /// Between two series.
    Gap,
}

/// One move of a beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BeatMove {
    /// When.
    pub at: Timestamp,
    /// Whether `at` is the calendar's own word or bounded by an earlier reading;
    /// else it is only known to be no later.
    pub dated: bool,
    /// From where.
    pub from: Timestamp,
    /// To where.
    pub to: Timestamp,
    /// By whom.
    pub by: Option<Party>,
}

/// A single meeting that stands in for a beat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// Its UID.
    pub uid: EventUid,
    /// Its start.
    pub start: Timestamp,
    /// Its end.
    pub end: Timestamp,
}

/// The beats of one pair with their verdicts, by planned start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairBeats {
    /// Whose.
    pub pair: PairId,
    /// In order of planned start.
    pub beats: Vec<Beat>,
}

/// One expected meeting and what became of it. Small: an organisation's decade
/// is a million of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beat {
    /// Planned start.
    pub planned: Timestamp,
    /// Where it took or takes place; `None` when it did not.
    pub actual: Option<Timestamp>,
    /// Planned length in minutes.
    pub planned_minutes: u16,
    /// Length in minutes where it stands.
    pub minutes: u16,
    /// Cadence in force, in days.
    pub cadence_days: u16,
    /// How often its start was pushed.
    pub pushes: u16,
    /// Hours of notice of the latest push or removal, before the start it had then,
    /// in minutes; negative: afterwards. `None`: not known.
    pub notice_minutes: Option<i32>,
    /// What became of it.
    pub verdict: Verdict,
    /// Why it was not held, or what moved it.
    pub cause: Option<Cause>,
    /// Not held, and with good reason.
    pub excused: bool,
    /// Who took it off or moved it last, where known.
    pub by: Option<Party>,
    /// How sure `held` is, 0 to 3.
    pub evidence: u8,
    /// Marks.
    pub flags: BeatFlags,
}

/// What became of a beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Still to come.
    Upcoming,
    /// Held at the planned time.
    Held,
    /// Held later: on a later date, or two hours or more later the same day.
    Pushed,
    /// Held earlier, by the same measure.
    Pulled,
    /// Not held, with good reason.
    Excused,
    /// Not held.
    Skipped,
    /// The series legitimately ended or changed first; not expected.
    Ended,
    /// The calendar could not be read well enough to tell.
    Unknown,
}

impl Verdict {
    /// Whether the two met (pushed and pulled included).
    pub fn is_held(self) -> bool {
        matches!(self, Self::Held | Self::Pushed | Self::Pulled)
    }

    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Upcoming => "upcoming",
            Self::Held => "held",
            Self::Pushed => "pushed",
            Self::Pulled => "pulled",
            Self::Excused => "excused",
            Self::Skipped => "skipped",
            Self::Ended => "ended",
            Self::Unknown => "unknown",
        }
    }
}

/// Why a beat was not held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Taken out of the series.
    Removed,
    /// STATUS:CANCELLED.
    Cancelled,
    /// The partner declined.
    DeclinedPartner,
    /// The owner declined.
    DeclinedOwner,
    /// One of the two was away.
    Pto,
    /// A public holiday of one of the two.
    Holiday,
    /// Moved onto another meeting of the same pair.
    Collision,
    /// Between the end of one series and the start of the next.
    Gap,
    /// A person said so.
    Said,
    /// Held by a single meeting that stood in for it.
    Replaced,
}

impl Cause {
    /// The word used in machine output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Removed => "exdate",
            Self::Cancelled => "cancelled",
            Self::DeclinedPartner => "declined_partner",
            Self::DeclinedOwner => "declined_self",
            Self::Pto => "pto",
            Self::Holiday => "holiday",
            Self::Collision => "collision",
            Self::Gap => "gap",
            Self::Said => "said",
            Self::Replaced => "replaced",
        }
    }
}

/// Marks on a beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BeatFlags {
    /// Held, and shorter than planned.
    pub shortened: bool,
    /// Exchanged times with another pair.
    pub swapped: bool,
    /// Taken off after its time had passed.
    pub retroactive: bool,
    /// Pushed with less than 24 hours' notice.
    pub late: bool,
}

/// Something about a pair as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whose.
    pub pair: PairId,
    /// What.
    pub kind: FindingKind,
    /// Since when.
    pub since: Timestamp,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    /// The series ended, nothing followed, and nobody is known to have left.
    Lapsed,
    /// The same UID lies in two resources.
    Duplicated,
}
