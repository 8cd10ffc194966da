//! Who is away when: all-day and out-of-office events, and public holidays.
//!
//! An entry is somebody's absence when the calendar says so itself (an
//! out-of-office mark) or when it takes days or hours on end and its title says so. An
//! entry shown as free takes no time from anybody.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::ical::recur::{self, Instance, Limits};
use crate::model::event::{BusyStatus, EventBody, EventStatus, Partstat, Transparency};
use crate::model::id::Address;
use crate::model::pair::Person;
use crate::model::snapshot::Absence;
use crate::model::time::{CalTime, Window};
use crate::snapshot::Input;
use crate::snapshot::join::Joined;
use crate::snapshot::words::{self, Subject};

/// An absence longer than this that began before the window is still seen.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);

/// All absences that touch the window, by start.
pub(crate) fn all(joined: &[Joined], input: &Input<'_>) -> Vec<Absence> {
    let names = Names::of(joined, input);
    let from = input.window.from.checked_sub(LONGEST).unwrap_or(Timestamp::MIN);
    let wide = Window::new(from, input.window.to);
    let mut out = Vec::new();
    for one in joined {
        let event = one.event();
        let bodies = event.master.iter().chain(event.overrides.iter().map(|over| &over.body));
        if !bodies.into_iter().any(may_be_absence) {
            continue;
        }
        for instance in recur::expand(event, wide, &input.owner.zone, Limits::default()).occurrences
        {
            out.extend(absence(&instance, input, &names));
        }
    }
    for person in std::iter::once(input.owner).chain(input.pairs.iter().map(|p| &p.partner)) {
        out.extend(holidays(person));
    }
    out.retain(|away| away.span.overlaps(&input.window));
    let feasts: Vec<Absence> = out.iter().filter(|away| away.holiday).cloned().collect();
    // A calendar of public holidays among the others is no leave.
    out.retain(|away| {
        away.holiday
            || !feasts.iter().any(|feast| feast.span == away.span && feast.label == away.label)
    });
    out.sort_by(|a, b| (a.span, &a.who, &a.label).cmp(&(b.span, &b.who, &b.label)));
    out.dedup();
    out
}

/// An entry with times is an absence from this length on.
const HALF_A_DAY: SignedDuration = SignedDuration::from_hours(4);

/// A cheap first look: most events are meetings.
fn may_be_absence(body: &EventBody) -> bool {
    let length = body.end.civil().duration_since(body.start.civil());
    body.busy_status == Some(BusyStatus::OutOfOffice)
        || body.start.is_date()
        || length >= HALF_A_DAY
}

fn absence(instance: &Instance<'_>, input: &Input<'_>, names: &Names) -> Option<Absence> {
    let body = instance.body;
    let owner = input.owner;
    if body.status == EventStatus::Cancelled {
        return None;
    }
    let mine = body.organizer.as_ref().is_none_or(|organizer| owner.is(organizer));
    let reply = body.attendees.iter().find(|one| owner.is(&one.address)).map(|one| one.partstat);
    let label = if body.private { "away".to_owned() } else { body.summary.clone() };
    let found = |who: Address| Absence {
        who,
        span: Window::new(instance.start_at, instance.end_at),
        label: label.clone(),
        holiday: false,
    };
    let own = || owner.addresses.first().cloned();
    if body.busy_status == Some(BusyStatus::OutOfOffice) {
        let accepted = mine || reply == Some(Partstat::Accepted);
        return if accepted { own().map(found) } else { names.organizer(body).map(found) };
    }
    let free = body.transparency == Transparency::Transparent
        || matches!(body.busy_status, Some(BusyStatus::Free | BusyStatus::WorkingElsewhere));
    let company = body.attendees.iter().any(|one| !one.resource && !owner.is(&one.address));
    let length = instance.end_at.duration_since(instance.start_at);
    if free || company || !(instance.start.is_date() || length >= HALF_A_DAY) {
        return None;
    }
    match words::absence(&body.summary, |word| names.known(word))? {
        Subject::Unsaid if mine => own().map(found),
        Subject::Unsaid => names.organizer(body).map(found),
        Subject::Named(at) => names.people.get(at).cloned().map(found),
        Subject::Somebody => None,
    }
}

/// A person's public holidays as whole days on their own wall clock.
fn holidays(person: &Person) -> impl Iterator<Item = Absence> + '_ {
    let who = person.addresses.first().cloned();
    person.holidays.iter().filter_map(move |(date, name)| {
        Some(Absence {
            who: who.clone()?,
            span: day(*date, person)?,
            label: name.clone(),
            holiday: true,
        })
    })
}

fn day(date: Date, person: &Person) -> Option<Window> {
    let next = date.tomorrow().ok()?;
    let from = CalTime::Date(date).instant(&person.zone);
    Some(Window::new(from, CalTime::Date(next).instant(&person.zone)))
}

/// Who bears which name: the owner, the partners, and everybody else the calendar
/// mentions.
struct Names {
    /// One address for each person with a name, the owner first.
    people: Vec<Address>,
    /// Lower-case words of names to a place in `people`; `None`: somebody else, or
    /// several.
    words: HashMap<String, Option<usize>>,
    partners: BTreeMap<Address, Address>,
}

impl Names {
    fn of(joined: &[Joined], input: &Input<'_>) -> Self {
        let mut names =
            Self { people: Vec::new(), words: HashMap::new(), partners: BTreeMap::new() };
        for one in joined {
            let Some(body) = &one.event().master else { continue };
            for attendee in &body.attendees {
                let known = input.owner.is(&attendee.address)
                    || input.pairs.iter().any(|pair| pair.partner.is(&attendee.address));
                if let Some(name) = attendee.name.as_ref().filter(|_| !known) {
                    names.learn(name, None);
                }
            }
        }
        let persons = std::iter::once(input.owner).chain(input.pairs.iter().map(|p| &p.partner));
        for person in persons {
            let Some(first) = person.addresses.first() else { continue };
            let at = names.people.len();
            names.people.push(first.clone());
            names.learn(&person.name, Some(at));
            for address in &person.addresses {
                names.partners.insert(address.clone(), first.clone());
            }
        }
        names
    }

    /// A word that two people bear names the owner or partner among them; two of
    /// those make it nobody in particular.
    fn learn(&mut self, name: &str, at: Option<usize>) {
        for word in words::tokens(name).filter(|word| word.chars().count() > 2) {
            let merged = match (self.words.get(&word), at) {
                (None | Some(None), at) => at,
                (Some(Some(known)), Some(at)) if *known != at => None,
                (Some(Some(known)), _) => Some(*known),
            };
            self.words.insert(word, merged);
        }
    }

    fn known(&self, word: &str) -> Option<Subject> {
        match self.words.get(word)? {
            Some(at) => Some(Subject::Named(*at)),
            None => Some(Subject::Somebody),
        }
    }

    /// The partner who organizes an event.
    fn organizer(&self, body: &EventBody) -> Option<Address> {
        self.partners.get(body.organizer.as_ref()?).cloned()
    }
}
