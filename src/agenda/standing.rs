//! The agenda a new series carries from its first day: parts and minutes, and
//! the prompts a template gives when there is nothing to say yet.

use jiff::SignedDuration;
use jiff::civil::Date;
use minijinja::Value;

use crate::agenda::context::empty_frame;
use crate::agenda::draft::{Flag, choose_template, timed, whole_minutes};
use crate::agenda::format::{TextForm, block_text};
use crate::agenda::input::TemplateSource;
use crate::agenda::shape::{Agenda, Line};
use crate::agenda::template::{halves, render};
use crate::model::pair::{Pair, Person};

/// The description of a new series: the standing agenda between its marks, as
/// plain text. A template that does not work is replaced by the built-in one.
pub fn standing(pair: &Pair, owner: &Person, template: Option<TemplateSource<'_>>) -> String {
    block_text(&agenda(pair, owner, pair.duration, template, &mut Vec::new()), TextForm::Plain)
}

/// The same as a value.
pub(super) fn agenda(
    pair: &Pair,
    owner: &Person,
    duration: SignedDuration,
    template: Option<TemplateSource<'_>>,
    flags: &mut Vec<Flag>,
) -> Agenda {
    let vars = empty_frame(&owner.name, &pair.partner.name, duration, None);
    let context = Value::from_pairs(vars);
    let name = pair.template.as_str();
    let rendered = choose_template(template, name, pair.role, false, flags, |file, text| {
        render(file, &halves(text).0, &context)
    });
    let mut line = |line: crate::agenda::template::RenderedLine| Line {
        mark: line.mark,
        text: line.text,
        item: None,
    };
    let sections = timed(rendered.sections, whole_minutes(duration), &mut line);
    Agenda {
        date: Date::ZERO,
        owner: owner.name.clone(),
        partner: pair.partner.name.clone(),
        lead: rendered.lead.into_iter().map(&mut line).collect(),
        sections,
        tail: rendered.tail.into_iter().map(&mut line).collect(),
        max_chars: None,
        standing: None,
        known: Vec::new(),
    }
}
