//! The agenda a new series carries from its first day: parts and minutes only.

use crate::agenda::format::{TextForm, block_text};
use crate::agenda::input::TemplateSource;
use crate::agenda::shape::{Agenda, Section};
use crate::model::pair::{Pair, Person};

/// The description of a new series: the standing agenda between its marks, plain
/// text, with one line that says where it comes from.
pub fn standing(pair: &Pair, owner: &Person, template: Option<TemplateSource<'_>>) -> String {
    let _ = template;
    let agenda = Agenda {
        date: jiff::civil::Date::ZERO,
        owner: owner.name.clone(),
        partner: pair.partner.name.clone(),
        lead: Vec::new(),
        sections: vec![Section { title: "Check-in".to_owned(), minutes: 5, lines: Vec::new() }],
        tail: Vec::new(),
        max_chars: None,
        standing: None,
    };
    block_text(&agenda, TextForm::Plain)
}
