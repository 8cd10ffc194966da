//! The shell around the pure middle: fetches, keeps the mirror, plans by
//! calling the pure rooms, carries plans out and writes down what it did.
//! It names no concrete provider and reads no configuration file.

pub mod agenda;
pub mod apply;
pub mod catalog;
pub mod cycle;
pub mod error;
pub mod fetch;
pub mod hook;
pub mod items;
pub mod look;
pub mod lookback;
pub mod offline;
pub mod parsed;
pub mod planning;
pub mod quiet;
pub mod record;
pub mod recover;
pub mod requests;
pub mod sources;
pub mod times;
pub mod undo;
pub mod weekly;
pub mod world;

pub use error::EngineError;

use crate::model::id::CalendarId;
use crate::model::plan::{Plan, Step};
use crate::model::snapshot::{Coverage, Snapshot};

/// Why a cycle runs. Logged, never used to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// A person typed a command.
    Command,
    /// The daemon's timer.
    Timer,
    /// Something changed in a local folder.
    LocalChange,
    /// A server's push hint.
    Hint,
    /// SIGHUP or a changed configuration.
    Reload,
}

/// How far a cycle goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Fetch and observe; never writes to a calendar.
    Observe,
    /// And plan.
    Plan,
    /// And apply: `consent` says for which modes.
    Apply {
        /// Who agreed.
        consent: Consent,
    },
}

/// Who agreed to the writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// A person at the command line: pairs in `suggest` and `act`.
    Person,
    /// Nobody is there: pairs in `act` only.
    Standing,
}

/// What a cycle did, for the command line and the daemon's status.
#[derive(Debug)]
pub struct CycleReport {
    /// How each calendar's reading went.
    pub coverage: Vec<(CalendarId, Coverage)>,
    /// New or changed, and vanished resources over all calendars.
    pub changed: u64,
    /// Resources that vanished.
    pub vanished: u64,
    /// Ledger entries written.
    pub recorded: usize,
    /// The snapshot the plan was made of; `None` when nothing called for one.
    pub snapshot: Option<Snapshot>,
    /// The plan; `None` below [`Reach::Plan`].
    pub plan: Option<Plan>,
    /// What became of each step that was tried, in order.
    pub applied: Vec<(Step, StepOutcome)>,
    /// Things to tell the owner (frozen calendars, paused accounts, quarantined events).
    pub notes: Vec<String>,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepOutcome {
    /// Written and read back.
    Done,
    /// Somebody was faster; re-planned.
    Stale,
    /// The server refuses.
    Refused(String),
    /// Did not work this time.
    Failed(String),
}
