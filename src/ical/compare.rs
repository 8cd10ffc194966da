//! Whether two calendar texts mean the same. Servers rewrite what they store
//! (order, folding, DTSTAMP, SEQUENCE, empty and unknown properties, the
//! organizer's own ATTENDEE line); such rewrites are no difference.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::ical::parse::parse;
use crate::ical::recur::length::Length;
use crate::ical::recur::lookup::as_in;
use crate::ical::recur::rule::Rule;
use crate::model::event::{Event, EventBody};
use crate::model::time::CalTime;

/// One thing two texts disagree on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// UID of the event.
    pub uid: String,
    /// Original start of the override; `None`: the master or the event as a whole.
    pub recurrence_at: Option<Timestamp>,
    /// What differs, as an RFC 5545 name, or `VEVENT` for a component one text lacks.
    pub what: &'static str,
}

/// Whether two texts mean the same. `zone` is where floating times and dates are read.
pub fn same_meaning(a: &[u8], b: &[u8], zone: &TimeZone) -> bool {
    differences(a, b, zone).is_empty()
}

/// What two texts disagree on, in a fixed order.
pub fn differences(a: &[u8], b: &[u8], zone: &TimeZone) -> Vec<Difference> {
    let (a, b) = (parse(a), parse(b));
    let mut out = BTreeSet::new();
    for event in &a.events {
        match b.events.iter().find(|other| other.uid == event.uid) {
            Some(other) => events(event, other, zone, &mut out),
            None => {
                out.insert(lacks(event, None));
            }
        }
    }
    for event in &b.events {
        if !a.events.iter().any(|other| other.uid == event.uid) {
            out.insert(lacks(event, None));
        }
    }
    if a.quarantined.len() != b.quarantined.len() {
        out.insert(Difference { uid: String::new(), recurrence_at: None, what: "VEVENT" });
    }
    out.into_iter().collect()
}

/// Whether two texts read the same: line breaks and white space at line ends and
/// at the end do not count.
pub fn same_text(a: &str, b: &str) -> bool {
    fn lines(text: &str) -> impl Iterator<Item = &str> {
        text.trim_end().lines().map(str::trim_end)
    }
    lines(a).eq(lines(b))
}

fn lacks(event: &Event, recurrence_at: Option<Timestamp>) -> Difference {
    Difference { uid: event.uid.as_str().to_owned(), recurrence_at, what: "VEVENT" }
}

fn events(a: &Event, b: &Event, zone: &TimeZone, out: &mut BTreeSet<Difference>) {
    let mut differ = |recurrence_at, what| {
        out.insert(Difference { uid: a.uid.as_str().to_owned(), recurrence_at, what });
    };
    match (&a.master, &b.master) {
        (Some(one), Some(other)) => bodies(one, other, zone, |what| differ(None, what)),
        (None, None) => {}
        (Some(_), None) | (None, Some(_)) => differ(None, "VEVENT"),
    }
    for what in recurrences(a, b, zone) {
        differ(None, what);
    }
    let (ours, theirs) = (ids(a, zone), ids(b, zone));
    for (at, body) in &ours {
        match theirs.iter().find(|(other, _)| other == at) {
            Some((_, other)) => bodies(body, other, zone, |what| differ(Some(*at), what)),
            None => differ(Some(*at), "VEVENT"),
        }
    }
    for (at, _) in &theirs {
        if !ours.iter().any(|(other, _)| other == at) {
            differ(Some(*at), "VEVENT");
        }
    }
}

fn ids<'e>(event: &'e Event, zone: &TimeZone) -> Vec<(Timestamp, &'e EventBody)> {
    let form = event.master.as_ref().map(|m| &m.start);
    let overrides = event.overrides.iter();
    overrides.map(|o| (as_in(&o.recurrence_id, form, zone).instant(zone), &o.body)).collect()
}

fn bodies(a: &EventBody, b: &EventBody, zone: &TimeZone, mut differ: impl FnMut(&'static str)) {
    let end = |body: &EventBody| {
        let start = body.start.instant(zone);
        Length::of(body, zone).end(&body.start, start, zone)
    };
    let people = |body: &EventBody| -> BTreeSet<String> {
        let others = body.attendees.iter().filter(|p| Some(&p.address) != body.organizer.as_ref());
        others.map(|p| p.address.as_str().to_owned()).collect()
    };
    let checks = [
        (
            "DTSTART",
            a.start.instant(zone) == b.start.instant(zone) && same_clock(&a.start, &b.start),
        ),
        ("DTEND", end(a) == end(b)),
        ("SUMMARY", same_text(&a.summary, &b.summary)),
        ("DESCRIPTION", same_text(&a.description, &b.description)),
        ("LOCATION", same_text(&a.location, &b.location)),
        ("STATUS", a.status == b.status),
        ("TRANSP", a.transparency == b.transparency),
        ("CLASS", a.private == b.private),
        ("ORGANIZER", a.organizer == b.organizer),
        ("ATTENDEE", people(a) == people(b)),
    ];
    for (what, same) in checks {
        if !same {
            differ(what);
        }
    }
}

/// All-day stays all-day, and a wall clock keeps its offset over a year: a series
/// rewritten to UTC would drift with the next change of offset.
fn same_clock(a: &CalTime, b: &CalTime) -> bool {
    match (a, b) {
        (CalTime::Zoned { zone: one, .. }, CalTime::Zoned { zone: other, .. }) => {
            let at = a.instant(one);
            let months = [0, 91, 182, 273].map(|d| jiff::SignedDuration::from_hours(24 * d));
            months.iter().all(|span| {
                at.checked_add(*span).is_ok_and(|at| one.to_offset(at) == other.to_offset(at))
            })
        }
        _ => a.is_date() == b.is_date(),
    }
}

fn recurrences(a: &Event, b: &Event, zone: &TimeZone) -> Vec<&'static str> {
    let rules = |list: &[String]| -> Vec<Option<Rule>> {
        list.iter().map(|text| Rule::parse(text).ok()).collect()
    };
    let exceptions = |event: &Event| -> BTreeSet<Timestamp> {
        let form = event.master.as_ref().map(|m| &m.start);
        let all = event.recurrence.exceptions.iter();
        all.map(|time| as_in(time, form, zone).instant(zone)).collect()
    };
    let dates = |event: &Event| -> BTreeSet<Timestamp> {
        event.recurrence.dates.iter().map(|d| d.start.instant(zone)).collect()
    };
    let (one, other) = (&a.recurrence, &b.recurrence);
    let mut out = Vec::new();
    if rules(&one.rules) != rules(&other.rules) {
        out.push("RRULE");
    }
    if rules(&one.exclusion_rules) != rules(&other.exclusion_rules) {
        out.push("EXRULE");
    }
    if exceptions(a) != exceptions(b) {
        out.push("EXDATE");
    }
    if dates(a) != dates(b) {
        out.push("RDATE");
    }
    out
}
