//! The shared agenda as a value: sections with minutes, lines with marks. Its
//! fields can be set only inside this folder, and only `draft` and `standing`
//! build one, from shared items alone; so a private item cannot be in it.

use jiff::SignedDuration;
use jiff::civil::Date;

use crate::model::id::ItemId;
use crate::model::pair::Role;

/// The agenda both people see. Made by [`draft`](crate::agenda::draft); read
/// through its methods; turned into text by [`merge`](crate::agenda::merge).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agenda {
    pub(super) date: Date,
    pub(super) owner: String,
    pub(super) partner: String,
    pub(super) lead: Vec<Line>,
    pub(super) sections: Vec<Section>,
    pub(super) tail: Vec<Line>,
    pub(super) max_chars: Option<usize>,
    /// What the series' standing agenda is made of: the base of a first merge.
    pub(super) standing: Option<Standing>,
    /// Every shared item of the pair that was given, for naming what people edit.
    pub(super) known: Vec<KnownItem>,
}

/// What a standing agenda is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) role: Role,
    /// The template's name, and file name and text of the user's own.
    pub(super) template: String,
    pub(super) own: Option<(String, String)>,
    pub(super) duration: SignedDuration,
}

/// A shared item as edits are compared with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KnownItem {
    pub(super) id: ItemId,
    pub(super) text: String,
    pub(super) key: String,
    pub(super) done: bool,
    pub(super) due: Option<Date>,
    /// Whether it was typed into an event (and may be typed on there).
    pub(super) typed: bool,
}

/// One part of the meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub(super) title: String,
    pub(super) minutes: u16,
    pub(super) lines: Vec<Line>,
}

/// One line of an agenda.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub(super) mark: Mark,
    pub(super) text: String,
    pub(super) item: Option<ItemId>,
}

/// What stands before a line's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// Nothing.
    Plain,
    /// A bullet.
    Bullet,
    /// An empty box.
    Open,
    /// A ticked box.
    Done,
}

impl Agenda {
    /// The meeting's date in the owner's zone.
    pub fn date(&self) -> Date {
        self.date
    }

    /// The parts, in order; their minutes add up to the meeting's length.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// What stands above the first part: facts about the rhythm, occasions.
    pub fn lead(&self) -> &[Line] {
        &self.lead
    }

    /// What stands below the last part: the next meeting's date.
    pub fn tail(&self) -> &[Line] {
        &self.tail
    }

    /// How many characters the whole description may have, where limited.
    pub fn max_chars(&self) -> Option<usize> {
        self.max_chars
    }
}

impl Section {
    /// Its title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Its minutes.
    pub fn minutes(&self) -> u16 {
        self.minutes
    }

    /// Its lines.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }
}

impl Line {
    /// What stands before the text.
    pub fn mark(&self) -> Mark {
        self.mark
    }

    /// The text, unwrapped, without mark; an action's owner and due date included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The item it shows.
    pub fn item(&self) -> Option<&ItemId> {
        self.item.as_ref()
    }
}
