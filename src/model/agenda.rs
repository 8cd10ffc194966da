//! Agenda words: items that belong to a pair, and the agenda made of them.
//! How it is laid out as text is `agenda/format.rs`.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::id::{ItemId, PairId};

/// One thing to talk about or to do. It belongs to the pair, not to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Stable, short.
    pub id: ItemId,
    /// Whose 1:1.
    pub pair: PairId,
    /// What kind.
    pub kind: ItemKind,
    /// One line of text.
    pub text: String,
    /// Whose point or whose action.
    pub side: Side,
    /// Private items never enter a calendar, a log or a report for others.
    pub private: bool,
    /// When it was noted.
    pub created: Timestamp,
    /// Due date of an action.
    pub due: Option<Date>,
    /// Resurfaces on this date; hidden before.
    pub later: Option<Date>,
    /// When it was ticked.
    pub done: Option<Timestamp>,
    /// In how many agendas it stood unfinished.
    pub carried: u32,
    /// How it came to be.
    pub origin: Origin,
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemKind {
    /// A talking point.
    Topic,
    /// Something somebody does.
    Action,
    /// Something that went well.
    Win,
    /// Something in the way.
    Blocker,
}

/// Whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The owner's.
    Owner,
    /// The partner's.
    Partner,
    /// Of both, or not said.
    Both,
}

/// How an item came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Typed on the command line.
    CommandLine,
    /// Typed by somebody into the event.
    Event,
    /// A note with the partner's reply.
    Reply,
}

/// Answers after a meeting; stored, trended in the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reflection {
    /// Whose 1:1.
    pub pair: PairId,
    /// The planned start of the meeting it is about.
    pub beat: Timestamp,
    /// When it was given.
    pub at: Timestamp,
    /// What went well.
    pub went_well: String,
    /// What could I have done better.
    pub better: String,
    /// Did we achieve what we needed.
    pub achieved: String,
}
