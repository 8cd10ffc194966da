//! Whether two calendar texts mean the same. Servers rewrite what they store
//! (order, folding, DTSTAMP, SEQUENCE, empty and unknown properties, the
//! organizer's own ATTENDEE line); such rewrites are no difference.

use std::collections::{BTreeMap, BTreeSet};

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
    let (ours, theirs) = (keyed(&a.events), keyed(&b.events));
    for (key, event) in &ours {
        match theirs.get(key) {
            Some(other) => events(event, other, zone, &mut out),
            None => {
                out.insert(lacks(event));
            }
        }
    }
    for (_, event) in theirs.iter().filter(|(key, _)| !ours.contains_key(*key)) {
        out.insert(lacks(event));
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

/// Events by UID; those without one by their order.
fn keyed(events: &[Event]) -> BTreeMap<(&str, usize), &Event> {
    let mut nameless = 0;
    let key = |event| {
        let event: &Event = event;
        nameless += usize::from(event.uid.as_str().is_empty());
        let n = if event.uid.as_str().is_empty() { nameless } else { 0 };
        ((event.uid.as_str(), n), event)
    };
    events.iter().map(key).collect()
}

fn lacks(event: &Event) -> Difference {
    Difference { uid: event.uid.as_str().to_owned(), recurrence_at: None, what: "VEVENT" }
}

fn events(a: &Event, b: &Event, zone: &TimeZone, out: &mut BTreeSet<Difference>) {
    let mut differ = |recurrence_at, what| {
        out.insert(Difference { uid: a.uid.as_str().to_owned(), recurrence_at, what });
    };
    match (&a.master, &b.master) {
        (Some(one), Some(other)) => bodies(one, other, zone, a.recurs(), |what| differ(None, what)),
        (None, None) => {}
        (Some(_), None) | (None, Some(_)) => differ(None, "VEVENT"),
    }
    for what in recurrences(a, b, zone) {
        differ(None, what);
    }
    let (ours, theirs) = (ids(a, zone), ids(b, zone));
    for (at, body) in &ours {
        match theirs.iter().find(|(other, _)| other == at) {
            Some((_, other)) => bodies(body, other, zone, false, |what| differ(Some(*at), what)),
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

fn bodies(
    a: &EventBody,
    b: &EventBody,
    zone: &TimeZone,
    recurs: bool,
    mut differ: impl FnMut(&'static str),
) {
    let same_start = a.start.instant(zone) == b.start.instant(zone);
    let end = |body: &EventBody| {
        let start = body.start.instant(zone);
        Length::of(body, zone).end(&body.start, start, zone)
    };
    let people = |body: &EventBody| -> BTreeSet<String> {
        let others = body.attendees.iter().filter(|p| Some(&p.address) != body.organizer.as_ref());
        others.map(|p| p.address.as_str().to_owned()).collect()
    };
    let checks = [
        ("DTSTART", same_start && same_clock(&a.start, &b.start, recurs)),
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

/// All-day stays all-day and floating stays floating. A series keeps its offset
/// through the year: rewritten to UTC it would drift with the next change.
fn same_clock(a: &CalTime, b: &CalTime, recurs: bool) -> bool {
    let zone = |time: &CalTime| match time {
        CalTime::Date(_) | CalTime::Floating(_) => None,
        CalTime::Utc(_) => Some(TimeZone::UTC),
        CalTime::Zoned { zone, .. } => Some(zone.clone()),
    };
    let (Some(one), Some(other)) = (zone(a), zone(b)) else {
        return std::mem::discriminant(a) == std::mem::discriminant(b);
    };
    let at = a.instant(&one);
    let quarters = [0, 91, 182, 273].map(|d| jiff::SignedDuration::from_hours(24 * d));
    !recurs
        || quarters.iter().all(|span| {
            at.checked_add(*span).map_or(true, |at| one.to_offset(at) == other.to_offset(at))
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "BEGIN:VCALENDAR\r\nPRODID:-//a\r\nBEGIN:VEVENT\r\nUID:e\r\nDTSTAMP:20260101T000000Z\r\n\
        DTSTART;TZID=Europe/Berlin:20260106T100000\r\nDURATION:PT30M\r\nRRULE:FREQ=WEEKLY;BYDAY=TU\r\n\
        EXDATE;TZID=Europe/Berlin:20260113T100000,20260120T100000\r\nSUMMARY:Elena / Bob\r\nDESCRIPTION:one\\ntwo\r\n\
        ORGANIZER:mailto:elena@example.org\r\nATTENDEE:mailto:elena@example.org\r\n\
        ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:bob@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

    fn what(after: &str) -> Vec<&'static str> {
        let found = differences(BEFORE.as_bytes(), after.as_bytes(), &TimeZone::UTC);
        found.into_iter().map(|d| d.what).collect()
    }

    #[test]
    fn what_servers_rewrite_is_no_difference() {
        let after = "BEGIN:VCALENDAR\nPRODID:-//b\nBEGIN:VEVENT\nUID:e\nSEQUENCE:4\nCLASS:PUBLIC\n\
            DTSTAMP:20260202T000000Z\nLAST-MODIFIED:20260202T000000Z\nDTSTART;TZID=W. Europe Standard Time:20260106T100000\n\
            DTEND:20260106T093000Z\nRRULE:BYDAY=TU;FREQ=WEEKLY;INTERVAL=1\nEXDATE:20260113T090000Z\nEXDATE:20260120T090000Z\n\
            SUMMARY:Elena / Bob\nDESCRIPTION:one \\ntwo\\n\nORGANIZER:MAILTO:Elena@example.org\n\
            ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.org\nEND:VEVENT\nEND:VCALENDAR\n";
        assert!(what(after).is_empty(), "{:?}", what(after));
    }

    #[test]
    fn what_matters_is_named() {
        for (from, to, want) in [
            ("T100000\r\nDURATION", "T110000\r\nDURATION", vec!["DTEND", "DTSTART"]),
            ("PT30M", "PT45M", vec!["DTEND"]),
            ("two", "three", vec!["DESCRIPTION"]),
            (",20260120T100000", "", vec!["EXDATE"]),
            ("BYDAY=TU", "BYDAY=TU;COUNT=9", vec!["RRULE"]),
            ("bob@", "rob@", vec!["ATTENDEE"]),
            ("UID:e", "UID:f", vec!["VEVENT", "VEVENT"]),
            (";TZID=Europe/Berlin:20260106T100000", ":20260106T090000Z", vec!["DTSTART"]),
            (
                ";TZID=Europe/Berlin:20260106T100000",
                ";TZID=Africa/Algiers:20260106T100000",
                vec!["DTSTART"],
            ),
        ] {
            assert_eq!(what(&BEFORE.replacen(from, to, 1)), want, "{from}");
        }
    }
}
