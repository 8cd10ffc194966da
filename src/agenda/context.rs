//! The variables of a template, and how items are worded in a line. Everything
//! for the shared half is made from [`SharedItem`]s and sources; private items do
//! not come here.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use minijinja::Value;

use crate::agenda::clean::{LINE_CHARS, clean};
use crate::agenda::dates::short_date;
use crate::agenda::format::prefix;
use crate::agenda::gather::Gathered;
use crate::agenda::input::{AgendaInput, local_date};
use crate::agenda::questions::{Question, VALUE_QUESTION};
use crate::agenda::shape::Mark;
use crate::agenda::shared::{SharedItem, TopicClass, class_of};
use crate::agenda::template::tagged;
use crate::model::agenda::{Item, ItemKind, Side};

/// What a tag in rendered text stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tagged<'a> {
    Item(SharedItem<'a>),
    Question(&'a Question),
    Measure(&'a str),
}

/// The variables of the shared half, and what their tags stand for.
pub(super) fn shared_context<'g>(
    input: &AgendaInput<'_>,
    gathered: &'g Gathered<'g>,
) -> (BTreeMap<&'static str, Value>, Vec<Tagged<'g>>) {
    let mut tags: Vec<Tagged<'g>> = Vec::new();
    let names = Sides::of(input);
    let (owner, partner) = (&input.owner.name, &input.pair.partner.name);
    let mut vars = empty_frame(owner, partner, input.meeting.duration, Some(gathered.date));
    let mut items = |list: &mut dyn Iterator<Item = SharedItem<'g>>| -> Value {
        list.map(|item| {
            tags.push(Tagged::Item(item));
            item_value(item.get(), tags.len() - 1, &names, gathered.date)
        })
        .collect()
    };
    vars.insert("wins", items(&mut gathered.wins.iter().copied()));
    vars.insert("actions", items(&mut gathered.actions.iter().copied()));
    vars.insert("blockers", items(&mut gathered.blockers.iter().copied()));
    for (name, class) in CLASSES {
        let of_class = gathered.topics.iter().filter(|(other, _)| *other == class);
        vars.insert(name, items(&mut of_class.map(|(_, item)| *item)));
    }
    for (name, list) in [("goals", &gathered.goals), ("metrics", &gathered.metrics)] {
        let values: Value = list
            .iter()
            .map(|shown| {
                tags.push(Tagged::Measure(&shown.name));
                Value::from_pairs([
                    ("line", Value::from(tagged(tags.len() - 1, &shown.line))),
                    ("name", Value::from(shown.name.as_str())),
                    ("stale", Value::from(shown.stale_days.is_some())),
                ])
            })
            .collect();
        vars.insert(name, values);
    }
    for (name, question) in &gathered.questions {
        tags.push(Tagged::Question(question));
        vars.insert(name, Value::from(tagged(tags.len() - 1, &question.text)));
    }
    if gathered.value_question {
        vars.insert("value_question", Value::from(VALUE_QUESTION));
    }
    vars.insert("facts", facts(input, gathered.last_met).into_iter().collect());
    vars.insert("occasions", occasions(input, gathered.last_met).into_iter().collect());
    vars.insert("next", Value::from(next_text(input).unwrap_or_default()));
    (vars, tags)
}

/// The classes of topics and their variables.
const CLASSES: [(&str, TopicClass); 7] = [
    ("asks", TopicClass::Ask),
    ("priorities", TopicClass::Priority),
    ("challenges", TopicClass::Challenge),
    ("strategic", TopicClass::Strategic),
    ("feedback", TopicClass::Feedback),
    ("growth", TopicClass::Growth),
    ("topics", TopicClass::Plain),
];

/// Every variable with nothing in it: what the standing agenda is made of.
pub(super) fn empty_frame(
    owner: &str,
    partner: &str,
    duration: jiff::SignedDuration,
    date: Option<Date>,
) -> BTreeMap<&'static str, Value> {
    let mut vars = BTreeMap::new();
    for name in ["wins", "actions", "blockers", "goals", "metrics", "facts", "occasions", "prep"] {
        vars.insert(name, Value::from(Vec::<Value>::new()));
    }
    for (name, _) in CLASSES {
        vars.insert(name, Value::from(Vec::<Value>::new()));
    }
    for name in [
        "question",
        "problem_question",
        "feedback_question",
        "growth_question",
        "strategic_question",
        "team_question",
        "value_question",
        "next",
    ] {
        vars.insert(name, Value::from(""));
    }
    vars.insert("owner", Value::from(clean(owner, 60)));
    vars.insert("partner", Value::from(clean(partner, 60)));
    vars.insert("minutes", Value::from(duration.as_mins().max(1)));
    vars.insert("date", Value::from(date.map(|date| date.to_string()).unwrap_or_default()));
    vars
}

/// Who is called what.
pub(super) struct Sides<'a> {
    pub(super) owner: &'a str,
    pub(super) partner: &'a str,
}

impl<'a> Sides<'a> {
    pub(super) fn of(input: &AgendaInput<'a>) -> Self {
        Self { owner: &input.owner.name, partner: &input.pair.partner.name }
    }

    fn name(&self, side: Side) -> Option<String> {
        match side {
            Side::Owner => Some(clean(self.owner, 40)),
            Side::Partner => Some(clean(self.partner, 40)),
            Side::Both => None,
        }
    }
}

fn item_value(item: &Item, tag: usize, names: &Sides<'_>, date: Date) -> Value {
    let text = item_text(item, names, date);
    let line = format!("{}{}", prefix(mark_of(item)), tagged(tag, &text));
    Value::from_pairs([
        ("line", Value::from(line)),
        ("text", Value::from(tagged(tag, &clean(&item.text, LINE_CHARS)))),
        ("owner", Value::from(names.name(item.side).unwrap_or_default())),
        ("due", Value::from(item.due.map(|due| short_date(due, date)).unwrap_or_default())),
        ("carried", Value::from(item.carried)),
        ("done", Value::from(item.done.is_some())),
    ])
}

/// Wins are facts, everything else can be ticked.
fn mark_of(item: &Item) -> Mark {
    match (item.kind, item.done.is_some()) {
        (ItemKind::Win, _) => Mark::Bullet,
        (ItemKind::Action | ItemKind::Topic | ItemKind::Blocker, true) => Mark::Done,
        (ItemKind::Action | ItemKind::Topic | ItemKind::Blocker, false) => Mark::Open,
    }
}

/// An item's line without its mark: owner, text, remarks.
pub(super) fn item_text(item: &Item, names: &Sides<'_>, date: Date) -> String {
    let mut out = String::new();
    let text = clean(&item.text, LINE_CHARS);
    let lower = text.to_lowercase();
    match item.kind {
        ItemKind::Win if !lower.starts_with("win:") => out.push_str("Win: "),
        ItemKind::Blocker if !lower.starts_with("blocke") => out.push_str("Blocker: "),
        ItemKind::Win | ItemKind::Blocker | ItemKind::Action | ItemKind::Topic => {}
    }
    // "Priority: …" says enough without a name before it.
    let named = match item.kind {
        ItemKind::Action => true,
        ItemKind::Topic => matches!(class_of(&text), TopicClass::Plain | TopicClass::Ask),
        ItemKind::Win | ItemKind::Blocker => false,
    };
    if named && let Some(name) = names.name(item.side) {
        out.push_str(&name);
        out.push_str(": ");
    }
    if out.is_empty() {
        out.push_str(&capital(&text))
    } else {
        out.push_str(&text)
    }
    let mut remarks = Vec::new();
    if item.kind == ItemKind::Action
        && let Some(due) = item.due
    {
        remarks.push(format!("due {}", short_date(due, date)));
        if due < date && item.done.is_none() {
            remarks.push("overdue".to_owned());
        }
    }
    if item.carried > 0 && item.done.is_none() {
        remarks.push(format!("carried {}x", item.carried));
    }
    if !remarks.is_empty() {
        out.push_str(&format!(" ({})", remarks.join("; ")));
    }
    out
}

/// The text with a capital first letter, unless its first word is no plain word.
fn capital(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    let plain = word.chars().all(|c| c.is_lowercase() || !c.is_alphabetic());
    let mut rest = text.chars();
    match rest.next() {
        Some(first) if plain => first.to_uppercase().chain(rest).collect(),
        Some(_) | None => text.to_owned(),
    }
}

/// An item's whole line, without a tag.
pub(super) fn plain_line(item: &Item, names: &Sides<'_>, date: Date) -> String {
    let text = item_text(item, names, date);
    format!("{}{text}", prefix(mark_of(item)))
}

/// "Last met 14 days ago; this one was moved twice."
fn facts(input: &AgendaInput<'_>, met: Option<Timestamp>) -> Vec<String> {
    let Some(met) = met else { return Vec::new() };
    let last = local_date(met, input.owner);
    let days = (local_date(input.meeting.start, input.owner) - last).get_days();
    let mut text = match days {
        0 => "Last met today".to_owned(),
        1 => "Last met yesterday".to_owned(),
        days => format!("Last met {days} days ago"),
    };
    if input.history.skipped > 0 {
        text.push_str(&format!("; {} since then did not happen", input.history.skipped));
    }
    if input.history.pushed > 0 {
        text.push_str(&format!("; this one was pushed {}", times(input.history.pushed)));
    }
    text.push('.');
    vec![text]
}

/// "once", "twice", "3 times".
pub(super) fn times(count: u32) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    }
}

fn occasions(input: &AgendaInput<'_>, met: Option<Timestamp>) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(name) = &input.history.back_from_leave {
        let name = clean(name, 40);
        out.push(format!("First 1:1 after {name}'s time off: what changed, what matters now?"));
    }
    let date = local_date(input.meeting.start, input.owner);
    let quarter = |date: Date| {
        let first = i32::from(input.options.first_month_of_year.clamp(1, 12));
        (i32::from(date.year()) * 12 + i32::from(date.month()) - first).div_euclid(3)
    };
    if met.is_some_and(|met| quarter(local_date(met, input.owner)) < quarter(date)) {
        out.push("First 1:1 of the quarter: close the old goals, set the new ones".to_owned());
    }
    out
}

/// "Tue 10 Mar, 10:00", with the city when the two keep different clocks.
fn next_text(input: &AgendaInput<'_>) -> Option<String> {
    let next = input.history.next.filter(|next| *next > input.meeting.start.max(input.now))?;
    let local = input.owner.zone.to_datetime(next);
    let theirs = input.pair.partner.zone.to_datetime(next);
    let day = format!("{:?}", local.weekday());
    let day = day.get(..3).unwrap_or_default();
    let date = short_date(local.date(), local_date(input.meeting.start, input.owner));
    let city = match input.owner.zone.iana_name() {
        Some(name) if local != theirs => {
            format!(" {}", name.rsplit('/').next().unwrap_or(name).replace('_', " "))
        }
        Some(_) | None => String::new(),
    };
    Some(format!("{day} {date}, {:02}:{:02}{city}", local.hour(), local.minute()))
}
