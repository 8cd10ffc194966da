//! Draft: everything known about the pair becomes an agenda.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use minijinja::Value;

use crate::agenda::context::{self, Tagged};
use crate::agenda::edits::known_items;
use crate::agenda::gather::{Gathered, gather};
use crate::agenda::input::{AgendaInput, TemplateSource};
use crate::agenda::minutes;
use crate::agenda::private::{self, PrivateAgenda};
use crate::agenda::shape::{Agenda, Line, Section};
use crate::agenda::standing;
use crate::agenda::template::{
    Rendered, RenderedLine, TemplateError, built_in_template, halves, render, template_of,
};
use crate::model::agenda::{AskedQuestion, Item, Reading};
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
    /// Lines were left out to keep the agenda short; they stand in the private part.
    Shortened {
        /// How many.
        lines: usize,
    },
}

/// Makes the agenda of a meeting. Deterministic: the same input gives the same
/// agenda. A template of the user's that does not work is replaced by the
/// built-in one, and said.
pub fn draft(input: &AgendaInput<'_>) -> Drafted {
    let gathered = gather(input);
    let (mut vars, tags) = context::shared_context(input, &gathered);
    let first = gathered.last_met.is_none();
    let name = input.pair.template.as_str();
    let mut flags = Vec::new();
    let prep = private::prep(input, &gathered);
    let made =
        choose_template(input.template, name, input.pair.role, first, &mut flags, |file, text| {
            let (shared_half, private_half) = halves(text);
            let shared = render(file, &shared_half, &value(&vars))?;
            // The private half may use everything the shared one may, and more.
            vars.insert("prep", prep.iter().map(String::as_str).collect());
            let private = render(file, &private_half, &value(&vars));
            vars.insert("prep", Value::from(Vec::<Value>::new()));
            Ok((shared, private?))
        });
    let (shared, private_half) = made;
    let private_lines = private_half.sections.iter().flat_map(|section| &section.lines);
    let mut used: Vec<Tagged<'_>> =
        private_lines.filter_map(|line| tags.get(line.tag?)).copied().collect();
    let agenda = agenda(input, &gathered, shared, &tags, &mut used);
    flags.extend(private::flags(input, &gathered));
    let private = private::build(input, &gathered, private_half, &flags);
    Drafted {
        agenda,
        private,
        asked: asked(input, &used),
        readings: readings(input, &gathered),
        flags,
    }
}

fn value(vars: &BTreeMap<&'static str, Value>) -> Value {
    Value::from_pairs(vars.iter().map(|(name, value)| (*name, value.clone())))
}

/// Tries the user's template, then the built-in one it replaces, then the role's.
pub(super) fn choose_template<T: Default>(
    own: Option<TemplateSource<'_>>,
    name: &str,
    role: crate::model::pair::Role,
    first: bool,
    flags: &mut Vec<Flag>,
    mut attempt: impl FnMut(&str, &str) -> Result<T, TemplateError>,
) -> T {
    if let Some(own) = own {
        match attempt(own.file, own.text) {
            Ok(made) => return made,
            Err(TemplateError { file, line, problem }) => {
                flags.push(Flag::TemplateBroken { file, line, problem });
            }
        }
    } else if built_in_template(name).is_none() {
        flags.push(Flag::TemplateUnknown { name: name.to_owned() });
    }
    let by_role = template_of(role);
    let name = if built_in_template(name).is_some() { name } else { by_role };
    // A pair that has its role's template starts with the first-1:1 one.
    let name = if first && name == by_role && own.is_none() { "first" } else { name };
    built_in_template(name).and_then(|text| attempt(name, text).ok()).unwrap_or_default()
}

/// The shared agenda from the rendered shared half.
fn agenda<'g>(
    input: &AgendaInput<'_>,
    gathered: &Gathered<'g>,
    shared: Rendered,
    tags: &[Tagged<'g>],
    used: &mut Vec<Tagged<'g>>,
) -> Agenda {
    let total = whole_minutes(input.meeting.duration);
    let mut line = |line: RenderedLine| {
        let tag = line.tag.and_then(|tag| tags.get(tag)).copied();
        used.extend(tag);
        let item = match tag {
            Some(Tagged::Item(item)) => Some(item.get().id.clone()),
            Some(Tagged::Question(_) | Tagged::Measure(_)) | None => None,
        };
        Line { mark: line.mark, text: line.text, item }
    };
    let lead = shared.lead.into_iter().map(&mut line).collect();
    let sections = timed(shared.sections, total, &mut line);
    let tail = shared.tail.into_iter().map(&mut line).collect();
    Agenda {
        date: gathered.date,
        owner: input.owner.name.clone(),
        partner: input.pair.partner.name.clone(),
        lead,
        sections,
        tail,
        max_chars: input.options.max_chars,
        standing: Some(standing::recipe(input.pair, input.meeting.duration, input.template)),
        known: known_items(input.items.iter().filter(|item| is_recent(item, input))),
    }
}

/// How long a closed item can still be named by an edit in the event.
const RECENT: SignedDuration = SignedDuration::from_hours(60 * 24);

fn is_recent(item: &Item, input: &AgendaInput<'_>) -> bool {
    item.done.is_none_or(|at| at.duration_until(input.meeting.start) < RECENT)
}

/// Sections with minutes that add up. A section that gets none gives its lines
/// to the one before it (the first: to the one after).
pub(super) fn timed(
    sections: Vec<crate::agenda::template::RenderedSection>,
    total: u16,
    line: &mut impl FnMut(RenderedLine) -> Line,
) -> Vec<Section> {
    let weights: Vec<u16> = sections.iter().map(|section| section.weight).collect();
    let minutes = minutes::split(total, &weights);
    let mut out: Vec<Section> = Vec::new();
    let mut waiting: Vec<Line> = Vec::new();
    for (section, minutes) in sections.into_iter().zip(minutes) {
        let lines = section.lines.into_iter().map(&mut *line);
        match out.last_mut() {
            Some(last) if minutes == 0 => last.lines.extend(lines),
            None if minutes == 0 => waiting.extend(lines),
            Some(_) | None => {
                let lines = std::mem::take(&mut waiting).into_iter().chain(lines).collect();
                out.push(Section { title: section.title, minutes, lines });
            }
        }
    }
    out
}

/// A length in whole minutes, at least one, at most a day.
pub(super) fn whole_minutes(duration: SignedDuration) -> u16 {
    u16::try_from(duration.as_mins().clamp(1, 24 * 60)).unwrap_or(1)
}

fn asked(input: &AgendaInput<'_>, used: &[Tagged<'_>]) -> Vec<AskedQuestion> {
    used.iter()
        .filter_map(|tag| match tag {
            Tagged::Question(question) => Some(AskedQuestion {
                pair: input.pair.id.clone(),
                beat: input.meeting.beat,
                question: question.id.clone(),
            }),
            Tagged::Item(_) | Tagged::Measure(_) => None,
        })
        .collect()
}

fn readings(input: &AgendaInput<'_>, gathered: &Gathered<'_>) -> Vec<Reading> {
    gathered
        .goals
        .iter()
        .chain(&gathered.metrics)
        .filter_map(|shown| {
            Some(Reading {
                pair: input.pair.id.clone(),
                beat: input.meeting.beat,
                name: shown.name.clone(),
                value: shown.value?,
                on: shown.on,
            })
        })
        .collect()
}

#[cfg(test)]
#[path = "draft_tests.rs"]
mod tests;
