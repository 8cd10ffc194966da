//! People, pairs and items for the tests of this folder.

use std::collections::BTreeMap;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::agenda::shape::{Agenda, Line, Section};
use crate::model::agenda::{Item, ItemKind, Origin, Side};
use crate::model::id::{AccountId, Address, ItemId, PairId};
use crate::model::pair::{AgendaMail, Cadence, CadenceUnit, Mode, Pair, Person, Role};
use crate::model::time::WeekHours;

pub(super) fn ts(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn hours() -> WeekHours {
    let day = vec![(Time::constant(9, 0, 0, 0), Time::constant(17, 30, 0, 0))];
    let mut hours = WeekHours::default();
    for at in 0..5 {
        hours.days[at] = day.clone();
    }
    hours
}

pub(super) fn person(name: &str) -> Person {
    Person {
        name: name.to_owned(),
        addresses: vec![Address::new(&format!("{}@example.org", name.to_lowercase()))],
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        hours: hours(),
        holidays: BTreeMap::new(),
    }
}

pub(super) fn owner() -> Person {
    person("Elena")
}

pub(super) fn pair(role: Role, template: &str) -> Pair {
    Pair {
        id: PairId::new("bob"),
        partner: person("Bob"),
        partner_hours_known: true,
        role,
        cadence: Cadence { every: 1, unit: CadenceUnit::Weeks },
        duration: SignedDuration::from_mins(30),
        ideal: None,
        window: hours(),
        flexibility_days: 2,
        buffer_minutes: 0,
        freeze: SignedDuration::from_hours(24),
        priority: 2,
        mode: Mode::Act,
        never_move: false,
        pinned: false,
        free_busy_url: None,
        account: AccountId::new("work"),
        title: "1:1".to_owned(),
        template: template.to_owned(),
        agenda_mail: AgendaMail::Never,
        agenda_link: None,
        agenda_attach: false,
        agenda_lead: None,
        title_aliases: Vec::new(),
        goals: Vec::new(),
        metrics: Vec::new(),
    }
}

pub(super) fn item(id: &str, kind: ItemKind, side: Side, text: &str, created: &str) -> Item {
    Item {
        id: ItemId::new(id),
        pair: PairId::new("bob"),
        kind,
        text: text.to_owned(),
        side,
        private: false,
        created: ts(created),
        due: None,
        later: None,
        done: None,
        carried: 0,
        origin: Origin::CommandLine,
    }
}

/// An agenda from lines: `## Title | minutes`, `[ ] text`, `- text`; an item's
/// id before a `@`: `[ ] a1@Bob: send the draft`.
pub(super) fn agenda(lines: &[&str], items: &[Item]) -> Agenda {
    let mut out = Agenda {
        date: "2026-03-03".parse().unwrap(),
        owner: "Elena".to_owned(),
        partner: "Bob".to_owned(),
        lead: Vec::new(),
        sections: Vec::new(),
        tail: Vec::new(),
        max_chars: None,
        standing: None,
        known: crate::agenda::edits::known_items(items),
    };
    for line in lines {
        if let Some(title) = line.strip_prefix("## ") {
            out.sections.push(Section { title: title.to_owned(), minutes: 5, lines: Vec::new() });
            continue;
        }
        let (mark, text) = crate::agenda::parse::split_mark(line);
        let (id, text) = match text.split_once('@') {
            Some((id, text)) => (Some(ItemId::new(id)), text),
            None => (None, text),
        };
        let line = Line { mark, text: text.to_owned(), item: id };
        match out.sections.last_mut() {
            Some(section) => section.lines.push(line),
            None => out.lead.push(line),
        }
    }
    out
}
