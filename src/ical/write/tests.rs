//! Tests of `ical::write`: bytes in, values out.

use super::*;
use crate::ical::compare::same_meaning;
use crate::ical::tz::{ZoneSource, iana};
use crate::model::id::EventUid;
use jiff::SignedDuration;
use jiff::civil::{DateTime, datetime};

fn zoned(name: &str, local: DateTime) -> CalTime {
    CalTime::Zoned { local, tzid: name.into(), zone: iana(name).unwrap() }
}

fn new(start: CalTime, cadence: Cadence) -> NewSeries {
    NewSeries {
        uid: EventUid::new("onbeat-1"),
        title: "Elena / Bob, 1:1".to_owned(),
        start,
        duration: SignedDuration::from_mins(30),
        cadence,
        organizer: (Address::new("elena@example.org"), "Elena \"E\"; Núñez".to_owned()),
        attendee: (Address::new("bob@example.org"), "Bob".to_owned()),
        description: "Agenda\r\n- one; two, three\u{7}\n".to_owned() + &"long ".repeat(40),
        stamp: "2026-01-01T00:00:00Z".parse().unwrap(),
    }
}

const WEEKLY: Cadence = Cadence { every: 1, unit: CadenceUnit::Weeks };

#[test]
fn reads_back_as_meant() {
    let series_of = new(zoned("Europe/Berlin", datetime(2026, 1, 6, 10, 0, 0, 0)), WEEKLY);
    let data = series(&series_of).unwrap();
    let text = String::from_utf8(data.clone()).unwrap();
    assert!(
        text.lines().all(|l| l.len() <= 75)
            && text.matches('\n').count() == text.matches("\r\n").count()
    );
    let parsed = parse(&data);
    let master = parsed.events[0].master.as_ref().unwrap();
    assert_eq!(master.summary, "Elena / Bob, 1:1");
    assert!(master.description.starts_with("Agenda\n- one; two, three\n"));
    assert_eq!(master.organizer_name.as_deref(), Some("Elena \"E\"; Núñez"));
    assert_eq!(master.attendees.len(), 2);
    assert_eq!(parsed.events[0].recurrence.rules, ["FREQ=WEEKLY;BYDAY=TU"]);
    assert_eq!(lookup::cadence(&parsed.events[0]), Some(WEEKLY));
    assert_eq!(parsed.zones[0].source, ZoneSource::Iana);
    assert!(same_meaning(&data, &data, &TimeZone::UTC));
    assert_eq!(text.matches("DTSTAMP").count(), 1);
}

#[test]
fn names_cannot_inject_lines() {
    let mut evil = new(zoned("Europe/Berlin", datetime(2026, 1, 6, 10, 0, 0, 0)), WEEKLY);
    evil.organizer.1 = "E\r\nATTENDEE:mailto:evil@example.org".to_owned();
    evil.title = "T\nATTENDEE:mailto:evil@example.org".to_owned();
    evil.attendee.0 = Address::new("bob@example.org\r\nATTENDEE:mailto:evil@example.org");
    let parsed = parse(&series(&evil).unwrap());
    assert_eq!(parsed.events[0].master.as_ref().unwrap().attendees.len(), 2);
}

#[test]
fn every_cadence_reads_back() {
    let start = datetime(2026, 1, 29, 10, 0, 0, 0);
    for (cadence, local) in [
        (Cadence { every: 3, unit: CadenceUnit::Days }, start),
        (Cadence { every: 2, unit: CadenceUnit::Weeks }, start),
        (Cadence { every: 1, unit: CadenceUnit::Months }, datetime(2026, 1, 15, 10, 0, 0, 0)),
        (Cadence { every: 1, unit: CadenceUnit::Months }, datetime(2026, 1, 31, 10, 0, 0, 0)),
        (Cadence { every: 1, unit: CadenceUnit::MonthsOnWeekday { nth: -1 } }, start),
        (
            Cadence { every: 2, unit: CadenceUnit::MonthsOnWeekday { nth: 2 } },
            datetime(2026, 1, 13, 10, 0, 0, 0),
        ),
    ] {
        let data = series(&new(zoned("Europe/Berlin", local), cadence)).unwrap();
        assert_eq!(lookup::cadence(&parse(&data).events[0]), Some(cadence));
    }
    let off = Cadence { every: 1, unit: CadenceUnit::MonthsOnWeekday { nth: 1 } };
    assert_eq!(
        series(&new(zoned("Europe/Berlin", start), off)),
        Err("its start does not lie on its own rhythm".to_owned())
    );
}

/// What a client that knows no IANA names makes of the VTIMEZONE.
fn rules_of(name: &str) -> TimeZone {
    let local = datetime(2026, 1, 6, 10, 0, 0, 0);
    let data = series(&new(zoned(name, local), WEEKLY)).unwrap();
    let text = String::from_utf8(data)
        .unwrap()
        .replace(&format!("TZID:{name}"), "TZID:Ours")
        .replace(&format!("TZID={name}"), "TZID=Ours");
    let parsed = parse(text.as_bytes());
    assert_eq!(parsed.zones[0].source, ZoneSource::Rules, "{name}");
    parsed.zones[0].zone.clone().unwrap()
}

#[test]
fn the_vtimezone_says_what_the_zone_does() {
    for name in [
        "Europe/Berlin",
        "Europe/Dublin",
        "Europe/London",
        "America/New_York",
        "America/Sao_Paulo",
        "America/Santiago",
        "Australia/Sydney",
        "Australia/Lord_Howe",
        "Asia/Kolkata",
        "Asia/Jerusalem",
        "Africa/Cairo",
        "Africa/Casablanca",
        "Asia/Tehran",
        "Pacific/Auckland",
        "Etc/UTC",
    ] {
        let (ours, real) = (rules_of(name), iana(name).unwrap());
        let mut at: jiff::Timestamp = "2026-01-06T00:00:00Z".parse().unwrap();
        for _ in 0..(6 * 365 * 8) {
            assert_eq!(ours.to_offset(at).seconds(), real.to_offset(at).seconds(), "{name} {at}");
            at += SignedDuration::from_hours(3);
        }
    }
}
