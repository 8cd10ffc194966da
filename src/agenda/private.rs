//! The owner's private part: preparation, reminders, flags, private items,
//! what was left out. It is a type of its own and never becomes an [`Agenda`].

use crate::agenda::clean::clean;
use crate::agenda::context::{Sides, plain_line};
use crate::agenda::dates::short_date;
use crate::agenda::draft::{Drafted, Flag};
use crate::agenda::format::{TextForm, block_text};
use crate::agenda::gather::Gathered;
use crate::agenda::input::{AgendaInput, local_date};
use crate::agenda::measures::{Shown, Trend};
use crate::agenda::shared::{TopicClass, has_solution};
use crate::agenda::template::Rendered;
use crate::agenda::wrap::wrap;
use crate::model::agenda::{Item, ItemKind, Side};
use crate::model::pair::Role;

#[cfg(doc)]
use crate::agenda::shape::Agenda;

/// What only the owner sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrivateAgenda {
    /// Its parts: a title and lines each; parts without lines are left out.
    pub sections: Vec<(String, Vec<String>)>,
}

/// The private view: the shared agenda, then everything only the owner sees.
/// For the owner's own terminal, never for a calendar, a log or others.
pub fn private_text(drafted: &Drafted) -> String {
    let mut out = block_text(&drafted.agenda, TextForm::Plain);
    for (title, lines) in &drafted.private.sections {
        out.push_str(&format!("\n\n{title} (only you see this)\n"));
        let lines: Vec<String> = lines.iter().flat_map(|line| wrap(line)).collect();
        out.push_str(&lines.join("\n"));
    }
    out.push('\n');
    out
}

/// The preparation list, from what is and what is missing.
pub(super) fn prep(input: &AgendaInput<'_>, gathered: &Gathered<'_>) -> Vec<String> {
    let mut out = Vec::new();
    actions(input, gathered, &mut out);
    let measures = || gathered.goals.iter().chain(&gathered.metrics);
    for shown in measures().filter(|shown| shown.trend == Trend::Worse) {
        out.push(format!("[ ] {}: be ready to say why", shown.line));
    }
    for shown in measures().filter(|shown| shown.stale_days.is_some()) {
        out.push(format!("[ ] Bring a fresh value: {}", shown.name));
    }
    for item in &gathered.blockers {
        let item = item.get();
        if item.done.is_none() && !has_solution(&item.text) {
            out.push(format!(
                "[ ] Propose a solution (write it behind \"->\"): {}",
                clean(&item.text, 120)
            ));
        }
    }
    match input.pair.role {
        Role::Manager => manager_up(gathered, &mut out),
        Role::Report => lead_down(gathered, &mut out),
        Role::Peer | Role::SkipLevel | Role::Mentor => {
            if gathered.topics.is_empty() && gathered.blockers.is_empty() {
                out.push("[ ] No topic yet: bring at least one".to_owned());
            }
        }
    }
    let last = input.reflections.iter().filter(|reflection| {
        reflection.pair == input.pair.id && reflection.beat < input.meeting.beat
    });
    if let Some(last) = last.max_by_key(|reflection| reflection.beat)
        && !last.better.trim().is_empty()
    {
        out.push(format!("- Last time you wanted to do better: {}", clean(&last.better, 160)));
    }
    out
}

fn actions(input: &AgendaInput<'_>, gathered: &Gathered<'_>, out: &mut Vec<String>) {
    let done = gathered.wins.iter().filter(|item| item.get().kind == ItemKind::Action).count();
    let open = gathered.actions.len();
    if done + open > 0 {
        out.push(format!("- Action items since last time: {done} done, {open} open"));
    }
    for item in &gathered.actions {
        let item = item.get();
        if item.side == Side::Partner {
            continue;
        }
        let noted = local_date(item.created, input.owner);
        let age = (gathered.date - noted).get_days();
        let text = clean(&item.text, 120);
        out.push(format!("[ ] Yours, {age} days old: {text}"));
    }
}

fn manager_up(gathered: &Gathered<'_>, out: &mut Vec<String>) {
    match gathered.count(TopicClass::Priority) {
        0 => out.push("[ ] Name your three top priorities (\"priority: …\")".to_owned()),
        count if count < 3 => out.push(format!("[ ] You named {count} of three top priorities")),
        _ => {}
    }
    if gathered.goals.is_empty() && gathered.metrics.is_empty() {
        out.push("[ ] Key results with numbers: none are configured for this pair".to_owned());
    }
    if gathered.wins.is_empty() {
        out.push("[ ] No win since last time: note one or two".to_owned());
    }
    if gathered.count(TopicClass::Ask) == 0 {
        out.push(
            "[ ] No ask yet: \"input on\", \"help with\", \"your view on\", \"decision on\""
                .to_owned(),
        );
    }
    if gathered.count(TopicClass::Strategic) == 0 {
        out.push("[ ] A strategic question to ask (\"strategic: …\")".to_owned());
    }
}

fn lead_down(gathered: &Gathered<'_>, out: &mut Vec<String>) {
    if gathered.count(TopicClass::Feedback) == 0 {
        out.push("[ ] One specific piece of feedback to give (\"feedback: …\")".to_owned());
    }
    if gathered.count(TopicClass::Growth) == 0 {
        out.push("[ ] Where does this person want to grow? (\"growth: …\")".to_owned());
    }
}

/// Warnings about items and sources.
pub(super) fn flags(input: &AgendaInput<'_>, gathered: &Gathered<'_>) -> Vec<Flag> {
    let mut out = Vec::new();
    for item in gathered.blockers.iter().map(|item| item.get()) {
        if item.done.is_none() && !has_solution(&item.text) {
            let text = clean(&item.text, 160);
            out.push(Flag::BlockerWithoutSolution { item: item.id.clone(), text });
        }
    }
    for item in gathered.actions.iter().map(|item| item.get()) {
        if let Some(due) = item.due.filter(|due| *due < gathered.date) {
            let days = (gathered.date - due).get_days();
            let text = clean(&item.text, 160);
            out.push(Flag::Overdue { item: item.id.clone(), text, days });
        }
    }
    for item in gathered.parked.iter().map(|item| item.get()) {
        let text = clean(&item.text, 160);
        out.push(Flag::Parked { item: item.id.clone(), text, carried: item.carried });
    }
    for source in input.goals.iter().chain(input.metrics) {
        if let Err(problem) = &source.outcome {
            let (name, problem) = (clean(&source.name, 120), clean(problem, 240));
            out.push(Flag::SourceFailed { name, problem });
        }
    }
    for Shown { name, stale_days, .. } in gathered.goals.iter().chain(&gathered.metrics) {
        if let Some(days) = *stale_days {
            out.push(Flag::Stale { name: name.clone(), days });
        }
    }
    if !gathered.over.is_empty() {
        out.push(Flag::Shortened { lines: gathered.over.len() });
    }
    out
}

impl std::fmt::Display for Flag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BlockerWithoutSolution { text, .. } => {
                write!(f, "Blocker without a proposed solution: {text}")
            }
            Self::TemplateBroken { file, line: Some(line), problem } => {
                write!(f, "Template {file}, line {line}: {problem}; the built-in one was used")
            }
            Self::TemplateBroken { file, line: None, problem } => {
                write!(f, "Template {file}: {problem}; the built-in one was used")
            }
            Self::TemplateUnknown { name } => {
                write!(f, "There is no template \"{name}\"; the built-in one of the role was used")
            }
            Self::SourceFailed { name, problem } => write!(f, "{name}: {problem}"),
            Self::Stale { name, days } => write!(f, "{name}: the value is {days} days old"),
            Self::Parked { text, carried, .. } => write!(
                f,
                "Parked after {}: {text}",
                if *carried == 1 { "1 agenda".to_owned() } else { format!("{carried} agendas") }
            ),
            Self::Overdue { text, days: 1, .. } => write!(f, "1 day overdue: {text}"),
            Self::Overdue { text, days, .. } => write!(f, "{days} days overdue: {text}"),
            Self::Shortened { lines: 1 } => {
                f.write_str("1 line was left out to keep the agenda short")
            }
            Self::Shortened { lines } => {
                write!(f, "{lines} lines were left out to keep the agenda short")
            }
        }
    }
}

/// Puts the private part together.
pub(super) fn build(
    input: &AgendaInput<'_>,
    gathered: &Gathered<'_>,
    rendered: Rendered,
    flags: &[Flag],
) -> PrivateAgenda {
    let mut sections: Vec<(String, Vec<String>)> = Vec::new();
    let text = |line: crate::agenda::template::RenderedLine| {
        format!("{}{}", crate::agenda::format::prefix(line.mark), line.text)
    };
    for section in rendered.sections {
        sections.push((section.title, section.lines.into_iter().map(text).collect()));
    }
    let names = Sides::of(input);
    let private = input.items.iter().filter(|item| {
        let hidden = item.later.is_some_and(|date| date > gathered.date);
        item.private && item.pair == input.pair.id && item.done.is_none() && !hidden
    });
    sections.push((
        "Private notes".to_owned(),
        private.map(|item| private_line(item, &names, input, gathered)).collect(),
    ));
    let flags = flags.iter().map(|flag| format!("! {flag}"));
    let history = input.history.flags.iter().map(|flag| format!("! {}", clean(flag, 240)));
    sections.push(("Watch".to_owned(), history.chain(flags).collect()));
    sections.push(("Left out of the shared agenda".to_owned(), gathered.over.clone()));
    sections.retain(|(_, lines)| !lines.is_empty());
    PrivateAgenda { sections }
}

fn private_line(
    item: &Item,
    names: &Sides<'_>,
    input: &AgendaInput<'_>,
    gathered: &Gathered<'_>,
) -> String {
    let noted = local_date(item.created, input.owner);
    let line = plain_line(item, names, gathered.date);
    format!("{line} [{}, noted {}]", item.id, short_date(noted, gathered.date))
}
