//! Agenda words: items that belong to a pair, and the agenda made of them.
//! How it is laid out as text is `agenda/format.rs`.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::id::{ItemId, PairId, QuestionId};

/// The line that opens the managed block in a description. It stands alone on
/// its line; text before it is not ours.
pub const BLOCK_BEGIN: &str = "— 1:1 agenda · onbeat —";

/// The line that closes the managed block; text after it is not ours.
pub const BLOCK_END: &str = "— end of agenda —";

/// What the UID of every companion event begins with.
pub const COMPANION_PREFIX: &str = "onbeat-agenda-";

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

/// A question of the bank that was asked in a pair's meeting. Kept for ever: it
/// is what keeps questions from coming back before all were used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedQuestion {
    /// Whose 1:1.
    pub pair: PairId,
    /// The planned start of the meeting it was put into.
    pub beat: Timestamp,
    /// Which question.
    pub question: QuestionId,
}

/// A number a goal or metric had when an agenda was made; the next agenda
/// compares with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Whose 1:1.
    pub pair: PairId,
    /// The planned start of the meeting it was read for.
    pub beat: Timestamp,
    /// The goal's or metric's name, as its source spells it.
    pub name: String,
    /// The value, in the source's unit.
    pub value: f64,
    /// The date the source gave for it.
    pub on: Option<Date>,
}

/// What people did to the managed block (or typed around it) since onbeat last
/// wrote it. The engine stores them as state of the pair's items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HumanEdit {
    /// A box was ticked.
    Ticked {
        /// The item, when the line is one.
        item: Option<ItemId>,
        /// The line's text, without box, owner and due date.
        text: String,
    },
    /// A box was unticked.
    Unticked {
        /// The item, when the line is one.
        item: Option<ItemId>,
        /// The line's text, without box, owner and due date.
        text: String,
    },
    /// A line was reworded.
    Edited {
        /// The item, when the line is one.
        item: Option<ItemId>,
        /// As onbeat wrote it.
        from: String,
        /// As it reads now.
        to: String,
        /// The due date the line names now, if it names one.
        due: Option<Date>,
    },
    /// A line was typed.
    Added(TypedLine),
    /// A line was deleted.
    Deleted {
        /// The item, when the line was one.
        item: Option<ItemId>,
        /// As onbeat wrote it.
        text: String,
    },
}

/// A line somebody typed into the event, read as an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedLine {
    /// What it seems to be: a box or a due date makes an action, a leading
    /// "win:" or "blocker:" says so, everything else is a topic.
    pub kind: ItemKind,
    /// Without box, owner and due date.
    pub text: String,
    /// Whose, where the line begins with a name or an address; an event does
    /// not tell who typed.
    pub side: Option<Side>,
    /// Due date, where the line names one.
    pub due: Option<Date>,
    /// Whether it has a ticked box.
    pub done: bool,
    /// Whether it stands inside the block (else above or below it).
    pub inside: bool,
}
