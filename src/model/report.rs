//! The consistency report as data: what `report::consistency` computes and the
//! forms print. No private text ever enters it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::id::PairId;
use crate::model::ledger::{Beat, Cause, Finding};
use crate::model::observation::FlagKind;
use crate::model::time::Window;

/// The consistency of an owner's pairs over a window.
#[derive(Debug, Clone)]
pub struct Report {
    /// Beats with a planned start inside count.
    pub window: Window,
    /// The moment it speaks of.
    pub as_of: Timestamp,
    /// The owner's name.
    pub owner: String,
    /// The owner's zone; local dates in the forms are read in it.
    pub zone: TimeZone,
    /// All pairs together.
    pub overall: Numbers,
    /// One row per pair, in the order given (never ranked).
    pub pairs: Vec<PairReport>,
    /// Difference between the highest and lowest held rate of pairs with at least
    /// five counted beats; `None` with fewer than two such pairs.
    pub spread: Option<f64>,
    /// Things about pairs as a whole.
    pub findings: Vec<Finding>,
    /// What the reader should know about how it was made, one sentence each.
    pub notes: Vec<String>,
}

/// One pair's part.
#[derive(Debug, Clone)]
pub struct PairReport {
    /// Whose.
    pub pair: PairId,
    /// How the partner is called.
    pub name: String,
    /// Its numbers.
    pub numbers: Numbers,
    /// By month of the planned start (owner's zone), ascending.
    pub months: Vec<Month>,
    /// Flags that hold at `as_of`.
    pub flags: Vec<FlagKind>,
    /// Every beat in the window, by planned start.
    pub beats: Vec<Beat>,
}

/// The numbers of DESIGN's consistency section; rates are fractions 0..=1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Numbers {
    /// Beats whose time has come: held, pushed, pulled, skipped, excused, unknown.
    pub expected: u32,
    /// Held at the planned time.
    pub held: u32,
    /// Held later.
    pub pushed: u32,
    /// Held earlier.
    pub pulled: u32,
    /// Not held.
    pub skipped: u32,
    /// Not held, with good reason.
    pub excused: u32,
    /// Could not be told.
    pub unknown: u32,
    /// Still to come inside the window.
    pub upcoming: u32,
    /// (held + pushed + pulled) / (expected − excused − unknown).
    pub held_rate: Option<f64>,
    /// held / (expected − excused − unknown).
    pub on_beat_rate: Option<f64>,
    /// Median of days between meetings / cadence.
    pub median_gap: Option<f64>,
    /// The longest, the running one included.
    pub worst_gap: Option<f64>,
    /// Beats held in a row up to now; excused and unknown neither break nor extend.
    pub streak: u32,
    /// Sum of whole days pushed later.
    pub drift_days: u32,
    /// Pushes in all, several per beat counted.
    pub pushes: u32,
    /// Pushes or removals with less than 24 hours' notice.
    pub late: u32,
    /// Of how many pushes and removals the notice is known.
    pub notice_known: u32,
    /// Held but shorter than planned.
    pub shortened: u32,
    /// How sure the held ones are: how many at evidence 0, 1, 2, 3.
    pub evidence: [u32; 4],
    /// Who moved or took off meetings.
    pub by: Initiators,
    /// Why meetings were not held, most frequent first.
    pub causes: Vec<(Cause, u32)>,
    /// Agendas with at least one item of a person before the start, and of how many.
    pub prepared: Option<(u32, u32)>,
    /// Actions closed within two meetings, and of how many.
    pub closed: Option<(u32, u32)>,
    /// Median age in days of items carried over.
    pub carried_days: Option<u32>,
}

/// What the report takes from elsewhere than the beats.
#[derive(Debug, Clone)]
pub struct Extras {
    /// The owner's name.
    pub owner: String,
    /// The owner's zone.
    pub zone: TimeZone,
    /// Every pair to report on, in the order to show, with the partner's name.
    pub people: Vec<(PairId, String)>,
    /// Things about pairs as a whole.
    pub findings: Vec<Finding>,
    /// Flags that hold.
    pub flags: BTreeMap<PairId, BTreeSet<FlagKind>>,
    /// Agenda and action statistics.
    pub agenda: BTreeMap<PairId, AgendaNumbers>,
    /// What the reader should know about how it was made.
    pub notes: Vec<String>,
}

/// Agenda and action statistics of one pair, counted where the items are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AgendaNumbers {
    /// Agendas with at least one item of a person before the start, and of how many.
    pub prepared: Option<(u32, u32)>,
    /// Actions closed within two meetings, and of how many.
    pub closed: Option<(u32, u32)>,
    /// Median age in days of items carried over.
    pub carried_days: Option<u32>,
}

/// How many moves and removals each side made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Initiators {
    /// The owner.
    pub owner: u32,
    /// The partner.
    pub partner: u32,
    /// onbeat.
    pub onbeat: u32,
    /// A third.
    pub other: u32,
    /// Not known.
    pub unknown: u32,
}

/// One month's share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    /// Year.
    pub year: i16,
    /// 1..=12.
    pub month: i8,
    /// Held, pushed or pulled.
    pub held: u32,
    /// Expected − excused − unknown.
    pub counted: u32,
}

/// Days between two meetings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// When it ended: the later meeting, or now for the running one.
    pub until: Timestamp,
    /// Its length in days.
    pub days: f64,
    /// Relative to the cadence in force.
    pub ratio: f64,
    /// Not closed yet.
    pub running: bool,
}
