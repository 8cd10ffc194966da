//! The agenda a new series carries from its first day: parts and minutes, and
//! the prompts a template gives when there is nothing to say yet.

use jiff::SignedDuration;
use jiff::civil::Date;
use minijinja::Value;

use crate::agenda::context::empty_frame;
use crate::agenda::draft::{choose_template, timed, whole_minutes};
use crate::agenda::format::{TextForm, block_text};
use crate::agenda::input::TemplateSource;
use crate::agenda::shape::{Agenda, Line, Standing};
use crate::agenda::template::{RenderedLine, halves, render};
use crate::model::pair::{Pair, Person};

/// The description of a new series: the standing agenda between its marks, as
/// plain text. A template that does not work is replaced by the built-in one.
pub fn standing(pair: &Pair, owner: &Person, template: Option<TemplateSource<'_>>) -> String {
    let recipe = recipe(pair, pair.duration, template);
    block_text(&agenda(&recipe, &owner.name, &pair.partner.name), TextForm::Plain)
}

/// What a pair's standing agenda is made of.
pub(super) fn recipe(
    pair: &Pair,
    duration: SignedDuration,
    template: Option<TemplateSource<'_>>,
) -> Standing {
    Standing {
        role: pair.role,
        template: pair.template.clone(),
        own: template.map(|own| (own.file.to_owned(), own.text.to_owned())),
        duration,
    }
}

/// Makes it.
pub(super) fn agenda(recipe: &Standing, owner: &str, partner: &str) -> Agenda {
    let context = Value::from_pairs(empty_frame(owner, partner, recipe.duration, None));
    let own = recipe.own.as_ref().map(|(file, text)| TemplateSource { file, text });
    // What is wrong with a template is said where the agenda is drafted.
    let mut flags = Vec::new();
    let attempt = |file: &str, text: &str| render(file, &halves(text).0, &context);
    let rendered = choose_template(own, &recipe.template, recipe.role, false, &mut flags, attempt);
    let mut line = |line: RenderedLine| Line { mark: line.mark, text: line.text, item: None };
    let sections = timed(rendered.sections, whole_minutes(recipe.duration), &mut line);
    Agenda {
        date: Date::ZERO,
        owner: owner.to_owned(),
        partner: partner.to_owned(),
        lead: rendered.lead.into_iter().map(&mut line).collect(),
        sections,
        tail: rendered.tail.into_iter().map(&mut line).collect(),
        max_chars: None,
        standing: None,
        known: Vec::new(),
    }
}
