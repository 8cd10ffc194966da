//! What was seen to change between the ledger and a snapshot: facts about
//! meetings, without judgement. What they amount to is `model::ledger::Verdict`.

use jiff::Timestamp;

use crate::model::event::Partstat;
use crate::model::id::{EventUid, PairId};
use crate::model::snapshot::{OccurrenceKey, OrganizedBy};

/// One fact about one beat (or about a pair as a whole), as seen in one reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Whose 1:1.
    pub pair: PairId,
    /// Which beat, by its planned start; `None`: the pair as a whole.
    pub planned: Option<Timestamp>,
    /// The calendar object behind it, as far as there is one.
    pub key: Option<OccurrenceKey>,
    /// When it was changed, as the calendar says (LAST-MODIFIED); never later
    /// than the reading. `None`: not said, the reading's time counts.
    pub changed: Option<Timestamp>,
    /// Whether every calendar that carries meetings was read to its end. A fact
    /// seen in an incomplete reading never makes a beat skipped (promise 6).
    pub complete: bool,
    /// What.
    pub fact: Fact,
}

/// One fact. Append-only: a fact that no longer holds is followed by its opposite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// The beat is known from now on; its planned start is frozen.
    Appeared {
        /// Planned end.
        end: Timestamp,
        /// Length of the cadence in force, in days.
        cadence_days: u16,
        /// Who organizes the series.
        organized_by: OrganizedBy,
    },
    /// Another calendar object carries the beat now (series re-created or moved
    /// to another provider at the same times); the new key is the observation's.
    Rekeyed,
    /// The start moved.
    Moved {
        /// From where.
        from: Timestamp,
        /// To where.
        to: Timestamp,
        /// New end.
        end: Timestamp,
        /// Who did it, where that can be known.
        by: Option<Party>,
    },
    /// The end changed while the start did not.
    Resized {
        /// New end.
        end: Timestamp,
    },
    /// STATUS:CANCELLED.
    Cancelled {
        /// Who did it, where that can be known.
        by: Option<Party>,
    },
    /// Taken out of its series (EXDATE) while the series goes on.
    Removed {
        /// Who did it, where that can be known.
        by: Option<Party>,
    },
    /// Back on after a cancellation, removal or ending.
    Restored,
    /// Somebody's reply changed.
    Replied {
        /// Whose.
        who: Party,
        /// To what; `None`: no longer listed.
        reply: Option<Partstat>,
    },
    /// The series no longer gives this date.
    Ended {
        /// How.
        how: Ending,
    },
    /// The date lies between the end of one series and the start of the next.
    Gap,
    /// Somebody is away at the time of the meeting.
    Away {
        /// Who and why.
        away: Away,
        /// Whether it is the planned day (else the day it was moved to).
        at_planned: bool,
    },
    /// Nobody is away any more.
    Back {
        /// As in [`Fact::Away`].
        at_planned: bool,
    },
    /// A single meeting of the same two people stands in for the beat.
    Replaced {
        /// Its UID.
        uid: EventUid,
        /// Its start.
        start: Timestamp,
        /// Its end.
        end: Timestamp,
    },
    /// That single meeting is off.
    ReplacementGone,
    /// The end has passed and a complete reading after it showed what the ledger says.
    Passed,
    /// A person said what became of it; evidence 3.
    Said {
        /// What.
        word: Word,
    },
    /// The agenda was touched by a person, an action closed or a reflection given; evidence 2.
    Touched,
    /// The pair was read completely (at most once a day).
    Looked,
    /// A flag was raised; it stays silent until cleared.
    FlagRaised {
        /// Which.
        flag: FlagKind,
    },
    /// A flag's cause is gone.
    FlagCleared {
        /// Which.
        flag: FlagKind,
    },
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// The owner.
    Owner,
    /// The partner.
    Partner,
    /// onbeat itself.
    Onbeat,
    /// A third: an assistant, another tool.
    Other,
}

/// How a series stopped giving a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ending {
    /// UNTIL or COUNT lies before it.
    Until,
    /// The rule was changed in place.
    RuleChanged,
    /// The calendar object is gone.
    SeriesGone,
    /// The relationship is over (the configuration says so).
    Departed,
}

/// Somebody's absence, as far as a beat needs to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Away {
    /// Owner or partner.
    pub who: Party,
    /// A public holiday rather than leave.
    pub holiday: bool,
}

/// What a person says of a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Word {
    /// It took place.
    Held,
    /// It did not.
    Skip,
    /// It did not, for a good reason.
    Excuse,
}

/// Conditions worth a person's attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FlagKind {
    /// Two beats in a row were pushed.
    PushedTwice,
    /// More than 1.5 cadences since the last meeting.
    Overdue,
    /// One-way bumping: of the last eight beats one side pushed or took off four or
    /// more, the other at most one.
    OneWay,
    /// The last six beats were kept clearly less often than the six before.
    Falling,
    /// Ten beats count as held and nobody ever confirmed one.
    NeverConfirmed,
    /// The series ended and nothing followed.
    Lapsed,
}
