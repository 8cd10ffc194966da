//! Draft: everything known about the pair becomes an agenda.

use crate::agenda::input::{AgendaInput, local_date};
use crate::agenda::private::PrivateAgenda;
use crate::agenda::shape::{Agenda, Line, Mark, Section};
use crate::model::agenda::{AskedQuestion, Reading};
use crate::model::id::ItemId;

/// An agenda, the owner's private part, and what is to be remembered of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Drafted {
    /// What both see; the only thing that may enter a calendar.
    pub agenda: Agenda,
    /// What only the owner sees.
    pub private: PrivateAgenda,
    /// Questions put into it; store them (the same meeting gives the same ones).
    pub asked: Vec<AskedQuestion>,
    /// Values shown in it; store them for the next comparison.
    pub readings: Vec<Reading>,
    /// What is wrong or worth a warning; for the owner.
    pub flags: Vec<Flag>,
}

/// Something wrong or worth a warning; for the owner only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flag {
    /// A blocker names no proposed solution.
    BlockerWithoutSolution {
        /// Which item.
        item: ItemId,
        /// Its text.
        text: String,
    },
    /// The user's template does not work; the built-in one was used.
    TemplateBroken {
        /// Its file name.
        file: String,
        /// The line, counted from 1.
        line: Option<usize>,
        /// What is wrong, with the variable's name.
        problem: String,
    },
    /// The pair names a template that is neither built in nor given.
    TemplateUnknown {
        /// The name.
        name: String,
    },
    /// A goals or metrics source could not be read.
    SourceFailed {
        /// Which.
        name: String,
        /// Why, with the remedy.
        problem: String,
    },
    /// A value is old.
    Stale {
        /// Which goal or metric.
        name: String,
        /// How many days old at the meeting.
        days: i32,
    },
    /// A topic stood in several agendas without being ticked and is no longer shown.
    Parked {
        /// Which item.
        item: ItemId,
        /// Its text.
        text: String,
        /// In how many agendas it stood.
        carried: u32,
    },
    /// An action is past its due date.
    Overdue {
        /// Which item.
        item: ItemId,
        /// Its text.
        text: String,
        /// By how many days, at the meeting.
        days: i32,
    },
    /// Lines were left out to keep within a limit; they stand in the private part.
    Shortened {
        /// How many.
        lines: usize,
    },
}

/// Makes the agenda of a meeting. Deterministic: the same input gives the same
/// agenda; `now` matters only to items noted for later.
pub fn draft(input: &AgendaInput<'_>) -> Drafted {
    let lines = input
        .items
        .iter()
        .filter(|item| !item.private)
        .map(|item| Line { mark: Mark::Open, text: item.text.clone(), item: Some(item.id.clone()) })
        .collect();
    let agenda = Agenda {
        date: local_date(input.meeting.start, input.owner),
        owner: input.owner.name.clone(),
        partner: input.pair.partner.name.clone(),
        lead: Vec::new(),
        sections: vec![Section { title: "Topics".to_owned(), minutes: 30, lines }],
        tail: Vec::new(),
        max_chars: input.options.max_chars,
        standing: None,
    };
    Drafted {
        agenda,
        private: PrivateAgenda::default(),
        asked: Vec::new(),
        readings: Vec::new(),
        flags: Vec::new(),
    }
}
