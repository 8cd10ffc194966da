//! What an agenda is made from. The shell reads the files and the store; here
//! are only values.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::agenda::questions::QuestionBank;
use crate::agenda::sources::Source;
use crate::model::agenda::{AskedQuestion, Item, Reading, Reflection};
use crate::model::pair::{Pair, Person};

/// Everything one agenda is made from.
#[derive(Debug, Clone)]
pub struct AgendaInput<'a> {
    /// Whom onbeat works for; dates are written in their zone.
    pub owner: &'a Person,
    /// The 1:1.
    pub pair: &'a Pair,
    /// The moment of making: a next meeting that is over by now is not named.
    pub now: Timestamp,
    /// The meeting it is for.
    pub meeting: Meeting,
    /// The pair's items: all open ones, and those closed since the last meeting
    /// (more do no harm).
    pub items: &'a [Item],
    /// What is known of the pair's past.
    pub history: PairHistory,
    /// Goal sources, parsed or failed, in configuration order.
    pub goals: &'a [Source],
    /// Metric sources, parsed or failed, in configuration order.
    pub metrics: &'a [Source],
    /// Readings of earlier agendas of this pair, any order.
    pub readings: &'a [Reading],
    /// Questions of earlier agendas of this pair, any order.
    pub asked: &'a [AskedQuestion],
    /// Reflections on earlier meetings of this pair, any order.
    pub reflections: &'a [Reflection],
    /// The question bank.
    pub bank: &'a QuestionBank,
    /// The user's own template for this pair; `None`: the built-in of that name.
    pub template: Option<TemplateSource<'a>>,
    /// Limits and habits.
    pub options: DraftOptions,
}

/// The meeting an agenda is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meeting {
    /// Its planned start: what identifies it, whatever is moved later.
    pub beat: Timestamp,
    /// Its start as it stands.
    pub start: Timestamp,
    /// Its length as it stands.
    pub duration: SignedDuration,
}

/// What is known of a pair's past, from the ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PairHistory {
    /// Starts of the meetings held, any order; empty: the first 1:1.
    pub held: Vec<Timestamp>,
    /// How often this meeting was pushed.
    pub pushed: u32,
    /// How many meetings were skipped since the last one held.
    pub skipped: u32,
    /// Meetings held in a row.
    pub streak: u32,
    /// Start of the meeting after this one, when it is on the calendar.
    pub next: Option<Timestamp>,
    /// Consistency flags, for the owner's private part, as sentences.
    pub flags: Vec<String>,
    /// The name of who was away for a week or longer just before this meeting.
    pub back_from_leave: Option<String>,
}

/// The text of a template that is not built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TemplateSource<'a> {
    /// The file's name, for messages.
    pub file: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// Limits and habits of agendas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DraftOptions {
    /// Most characters of the whole description; Google: 6,000.
    pub max_chars: Option<usize>,
    /// Every how many meetings the question how the 1:1s could be more valuable
    /// is asked; 0: never.
    pub value_question_every: u32,
    /// The first day of the owner's year of quarters, as month (1..=12).
    pub first_month_of_year: i8,
}

impl Default for DraftOptions {
    fn default() -> Self {
        Self { max_chars: None, value_question_every: 6, first_month_of_year: 1 }
    }
}

/// The latest meeting held before a moment.
pub(super) fn last_met(history: &PairHistory, before: Timestamp) -> Option<Timestamp> {
    history.held.iter().copied().filter(|at| *at < before).max()
}

/// The local date of the meeting for the owner.
pub(super) fn local_date(at: Timestamp, owner: &Person) -> Date {
    owner.zone.to_datetime(at).date()
}
