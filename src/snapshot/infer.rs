//! Who "me" is and who the partners are, from the events alone: for a report on
//! an exported calendar with nothing configured. Everything assumed is said.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::ical::recur::lookup;
use crate::model::event::{Event, EventBody};
use crate::model::id::{Address, PairId};
use crate::model::pair::{Cadence, CadenceUnit, Pair, Person};
use crate::model::snapshot::MirroredEvent;
use crate::model::time::{CalTime, WeekHours};
use crate::snapshot::join::{Joined, join};
use crate::snapshot::one_on_one::{Company, company, is_marked, speaking};

/// Whom the events belong to and whom they meet alone, again and again.
#[derive(Debug, Clone)]
pub struct Inferred {
    /// The person the calendar belongs to; `None` when nothing tells.
    pub me: Option<Person>,
    /// One pair for each partner with a recurring 1:1, by name.
    pub pairs: Vec<Pair>,
    /// What was assumed, one sentence each.
    pub notes: Vec<String>,
}

/// Infers from the events. `me` fixes the owner's address when it is known.
pub fn infer(events: &[MirroredEvent], me: Option<&Address>) -> Inferred {
    let joined = join(events);
    let mut notes = Vec::new();
    let census = Census::of(&joined);
    let Some(address) = me.cloned().or_else(|| census.commonest()) else {
        let zone = census.zone();
        let nobody = person("me", Vec::new(), zone);
        let pairs = titled(&joined, &nobody, &mut notes);
        if joined.is_empty() {
            notes.push("No event could be read: there is nothing to report on.".to_owned());
        } else {
            notes.push(
                "No event names people, so only titles that say 1:1 count. Name yourself with --me."
                    .to_owned(),
            );
        }
        let me = (!pairs.is_empty()).then_some(nobody);
        return Inferred { me, pairs, notes };
    };
    let mut owner = census.owner(&address);
    say_who(&census, &owner, &address, me.is_some(), &mut notes);
    owner.holidays = holidays(&joined, &mut notes);
    let mut pairs = partners(&joined, &census, &owner);
    pairs.extend(titled(&joined, &owner, &mut notes));
    pairs.sort_by(|a, b| (&a.partner.name, &a.id).cmp(&(&b.partner.name, &b.id)));
    if pairs.is_empty() {
        notes.push("No recurring meeting of two people was found.".to_owned());
    }
    Inferred { me: Some(owner), pairs, notes }
}

fn say_who(
    census: &Census,
    owner: &Person,
    address: &Address,
    given: bool,
    notes: &mut Vec<String>,
) {
    let (seen, of) = (census.events_with(address), census.with_people);
    if given && seen == 0 {
        notes.push(format!("{address} is in none of the {of} events that name people."));
    } else if !given {
        notes.push(format!(
            "You are taken to be {} <{address}>, who is in {seen} of {of} events that name people. If that is wrong, say --me ADDRESS.",
            owner.name
        ));
    }
    if owner.addresses.len() > 1 {
        let others: Vec<&str> = owner.addresses.iter().skip(1).map(Address::as_str).collect();
        notes.push(format!("Also taken as yours, by the same name: {}.", others.join(", ")));
    }
}

/// Who is named, how often and under which name.
struct Census {
    with_people: usize,
    seen: HashMap<Address, usize>,
    /// Last name given for each address.
    names: BTreeMap<Address, String>,
    /// Addresses that were in one event together.
    together: BTreeSet<(Address, Address)>,
    zones: HashMap<Arc<str>, (usize, TimeZone)>,
}

impl Census {
    fn of(joined: &[Joined]) -> Self {
        let mut census = Self {
            with_people: 0,
            seen: HashMap::new(),
            names: BTreeMap::new(),
            together: BTreeSet::new(),
            zones: HashMap::new(),
        };
        for one in joined {
            if let Some(body) = speaking(one.event()) {
                census.count(body);
            }
        }
        census
    }

    fn count(&mut self, body: &EventBody) {
        if let CalTime::Zoned { tzid, zone, .. } = &body.start {
            self.zones.entry(tzid.clone()).or_insert((0, zone.clone())).0 += 1;
        }
        let mut people: BTreeSet<&Address> = BTreeSet::new();
        let organizer = body.organizer.iter().map(|who| (who, &body.organizer_name));
        let guests =
            body.attendees.iter().filter(|one| !one.resource).map(|one| (&one.address, &one.name));
        for (address, name) in organizer.chain(guests) {
            people.insert(address);
            if let Some(name) = name.as_ref().filter(|name| !name.trim().is_empty()) {
                self.names.insert(address.clone(), name.trim().to_owned());
            }
        }
        if people.is_empty() {
            return;
        }
        self.with_people += 1;
        for address in &people {
            *self.seen.entry((*address).clone()).or_insert(0) += 1;
        }
        // Large meetings tell nothing of who is who.
        if people.len() <= 8 {
            for a in &people {
                self.together.extend(
                    people.iter().filter(|b| a != *b).map(|b| ((*a).clone(), (*b).clone())),
                );
            }
        }
    }

    fn events_with(&self, address: &Address) -> usize {
        self.seen.get(address).copied().unwrap_or(0)
    }

    /// The address in most events; of equals the first by name.
    fn commonest(&self) -> Option<Address> {
        self.seen
            .iter()
            .max_by(|(a, n), (b, m)| n.cmp(m).then_with(|| b.cmp(a)))
            .map(|(address, _)| address.clone())
    }

    /// The zone most events are written in; UTC when none is.
    fn zone(&self) -> TimeZone {
        self.zones
            .iter()
            .max_by(|(a, (n, _)), (b, (m, _))| n.cmp(m).then_with(|| b.cmp(a)))
            .map_or(TimeZone::UTC, |(_, (_, zone))| zone.clone())
    }

    fn name(&self, address: &Address) -> String {
        self.names.get(address).cloned().unwrap_or_else(|| readable(address))
    }

    /// Addresses with the same full name that never meet each other are one person's.
    fn aliases(&self, address: &Address) -> Vec<Address> {
        let mut all = vec![address.clone()];
        let Some(name) = self.names.get(address) else { return all };
        if name.split_whitespace().count() < 2 {
            return all;
        }
        let same = |other: &str| other.to_lowercase() == name.to_lowercase();
        all.extend(
            self.names
                .iter()
                .filter(|(other, theirs)| {
                    *other != address
                        && same(theirs)
                        && !self.together.contains(&((*other).clone(), address.clone()))
                })
                .map(|(other, _)| other.clone()),
        );
        all
    }

    fn owner(&self, address: &Address) -> Person {
        person(&self.name(address), self.aliases(address), self.zone())
    }
}

/// `bob.smith@example.org` → `Bob Smith`.
fn readable(address: &Address) -> String {
    let local = address.as_str().split('@').next().unwrap_or("");
    let words: Vec<String> = local
        .split(['.', '_', '-', '+'])
        .filter(|word| !word.is_empty())
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        })
        .collect();
    if words.is_empty() { address.as_str().to_owned() } else { words.join(" ") }
}

fn person(name: &str, addresses: Vec<Address>, zone: TimeZone) -> Person {
    Person {
        name: name.to_owned(),
        addresses,
        zone,
        hours: WeekHours::default(),
        holidays: BTreeMap::new(),
    }
}

/// Everybody with whom some recurring event is for two.
fn partners(joined: &[Joined], census: &Census, owner: &Person) -> Vec<Pair> {
    let mut latest: BTreeMap<Address, &Event> = BTreeMap::new();
    for one in joined {
        let event = one.event();
        let Some(body) = speaking(event) else { continue };
        if !(event.recurs() || event.master.is_none()) || body.start.is_date() {
            continue;
        }
        if let Company::Two(other) = company(body, owner) {
            let start = |event: &Event| lookup::first_start(event, &owner.zone);
            let known = latest.entry(other.clone()).or_insert(event);
            if start(event) > start(known) {
                *known = event;
            }
        }
    }
    let mut taken: BTreeSet<Address> = BTreeSet::new();
    let mut pairs = Vec::new();
    for (address, event) in latest {
        if taken.contains(&address) {
            continue;
        }
        let addresses = census.aliases(&address);
        taken.extend(addresses.iter().cloned());
        let partner = person(&census.name(&address), addresses, owner.zone.clone());
        pairs.push(pair(PairId::new(address.as_str()), partner, event, Vec::new()));
    }
    pairs
}

/// Recurring events that name nobody and whose title says 1:1: each title a pair.
fn titled(joined: &[Joined], owner: &Person, notes: &mut Vec<String>) -> Vec<Pair> {
    let mut by_title: BTreeMap<String, &Event> = BTreeMap::new();
    for one in joined {
        let event = one.event();
        let Some(body) = event.master.as_ref() else { continue };
        let alone = company(body, owner) == Company::Alone;
        if alone && event.recurs() && !body.start.is_date() && is_marked(&body.summary) {
            by_title.entry(body.summary.trim().to_owned()).or_insert(event);
        }
    }
    let mut pairs = Vec::new();
    for (title, event) in by_title {
        notes.push(format!("\"{title}\" names nobody and is taken as a 1:1 by its title."));
        let partner = person(&title, Vec::new(), owner.zone.clone());
        let id = PairId::new(format!("title:{}", title.to_lowercase()));
        pairs.push(pair(id, partner, event, vec![title.to_lowercase()]));
    }
    pairs
}

/// A pair as far as an event tells of one; only read, never acted for.
fn pair(id: PairId, partner: Person, event: &Event, title_aliases: Vec<String>) -> Pair {
    let zone = partner.zone.clone();
    let weekly = Cadence { every: 1, unit: CadenceUnit::Weeks };
    let mut pair = Pair::observed(id, partner, lookup::cadence(event).unwrap_or(weekly));
    if let Some(body) = speaking(event) {
        pair.duration = body.end.instant(&zone).duration_since(body.start.instant(&zone));
        pair.title.clone_from(&body.summary);
    }
    pair.title_aliases = title_aliases;
    pair
}

/// Words in a file's name that say it holds public holidays.
const HOLIDAY_FILES: [&str; 12] = [
    "holiday",
    "feiertag",
    "férié",
    "ferie",
    "festiv",
    "feriad",
    "helligdag",
    "helgdag",
    "feestdag",
    "święt",
    "svátk",
    "ünnep",
];

/// Public holidays, from calendars whose name says that they hold them.
fn holidays(joined: &[Joined], notes: &mut Vec<String>) -> BTreeMap<Date, String> {
    let mut found = BTreeMap::new();
    let mut files: BTreeSet<&str> = BTreeSet::new();
    for one in joined {
        let file = one.mirrored.resource.calendar.collection.as_str();
        let lower = file.to_lowercase();
        let Some(body) = one.event().master.as_ref().filter(|body| body.start.is_date()) else {
            continue;
        };
        if HOLIDAY_FILES.iter().any(|word| lower.contains(word)) {
            files.insert(file);
            let days = body.end.civil().date();
            let mut day = body.start.civil().date();
            while day < days {
                found.insert(day, body.summary.clone());
                let Ok(next) = day.tomorrow() else { break };
                day = next;
            }
        }
    }
    if files.is_empty() {
        notes.push(
            "Public holidays are not known; name a file of them as well to excuse those days."
                .to_owned(),
        );
    } else {
        let files: Vec<&str> = files.into_iter().collect();
        notes.push(format!(
            "{} public holidays of yours are taken from {}.",
            found.len(),
            files.join(", ")
        ));
    }
    found
}
