//! Tests of the snapshot: text in, pairs, slots, busy time and absences out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::*;
use crate::ical::parse;
use crate::model::event::Partstat;
use crate::model::id::{Address, Href};
use crate::model::observation::Party;
use crate::model::pair::{Cadence, CadenceUnit};
use crate::model::resource::ResourceRef;
use crate::model::snapshot::{OrganizedBy, SlotKind};
use crate::model::time::{Fbtype, WeekHours};

const ELENA: &str = "ATTENDEE;CN=Elena Rossi;PARTSTAT=ACCEPTED:mailto:elena@example.org";
const BOB: &str = "ATTENDEE;CN=Bob Stone;PARTSTAT=ACCEPTED:mailto:BOB@example.org";
const ZOE: &str = "ATTENDEE;CN=Zoe Quist;PARTSTAT=ACCEPTED:mailto:zoe@example.org";
const ROOM: &str = "ATTENDEE;CUTYPE=ROOM;PARTSTAT=ACCEPTED:mailto:room4@example.org";
const BY_ELENA: &str = "ORGANIZER;CN=Elena Rossi:mailto:elena@example.org";
const BY_BOB: &str = "ORGANIZER;CN=Bob Stone:mailto:bob@example.org";
const WEEKLY: &str = "RRULE:FREQ=WEEKLY";

fn person(name: &str, addresses: &[&str]) -> Person {
    Person {
        name: name.to_owned(),
        addresses: addresses.iter().map(|one| Address::new(one)).collect(),
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        hours: WeekHours::default(),
        holidays: BTreeMap::new(),
    }
}

/// Tuesday, 4 March 2025, ten o'clock in Berlin, half an hour.
fn event(uid: &str, lines: &[&str]) -> String {
    let mut text = format!(
        "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20250101T000000Z\r\nDTSTART;TZID=Europe/Berlin:20250304T100000\r\nDTEND;TZID=Europe/Berlin:20250304T103000\r\n"
    );
    for line in lines {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text + "END:VEVENT\r\n"
}

fn mirrored(calendar: &str, events: &[String]) -> Vec<MirroredEvent> {
    let text = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}END:VCALENDAR\r\n", events.concat());
    let parsed = parse::parse(text.as_bytes());
    assert!(parsed.quarantined.is_empty(), "{:?}", parsed.quarantined);
    let resource = ResourceRef {
        calendar: CalendarId::new("a", calendar),
        href: Href::new(calendar),
        etag: None,
    };
    parsed
        .events
        .into_iter()
        .map(|event| MirroredEvent { resource: resource.clone(), event: event.into() })
        .collect()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn look(events: &[MirroredEvent], partner: Person) -> Snapshot {
    let owner = person("Elena Rossi", &["elena@example.org", "elena@home.example"]);
    let weekly = Cadence { every: 1, unit: CadenceUnit::Weeks };
    let pairs = [Pair::observed("bob".into(), partner, weekly)];
    build(Input {
        owner: &owner,
        pairs: &pairs,
        events,
        coverage: BTreeMap::new(),
        busy_calendars: None,
        partner_busy: BTreeMap::new(),
        departed: BTreeMap::new(),
        quarantined: Vec::new(),
        engines: BTreeMap::new(),
        window: Window::new(at("2025-03-01T00:00:00Z"), at("2025-04-01T00:00:00Z")),
        now: at("2025-03-20T00:00:00Z"),
    })
}

fn bob() -> Person {
    person("Bob Stone", &["bob@example.org", "bob.stone@example.com"])
}

fn adopted(lines: &[&str]) -> Option<OrganizedBy> {
    let snapshot = look(&mirrored("work", &[event("x", lines)]), bob());
    snapshot.pairs[0].series.first().map(|series| series.organized_by)
}

#[test]
fn two_people_and_nobody_else_are_a_one_on_one() {
    let owner = Some(OrganizedBy::Owner);
    assert_eq!(adopted(&[WEEKLY, BY_ELENA, ELENA, BOB]), owner);
    assert_eq!(adopted(&[WEEKLY, BY_ELENA, BOB]), owner, "Apple leaves the organizer out");
    assert_eq!(adopted(&[WEEKLY, BY_ELENA, ELENA, BOB, ROOM]), owner);
    assert_eq!(adopted(&[WEEKLY, BY_BOB, ELENA]), Some(OrganizedBy::Partner));
    assert_eq!(adopted(&[WEEKLY, BY_BOB, ELENA, BOB]), Some(OrganizedBy::Partner));
    let alias = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob.stone@example.com";
    assert_eq!(adopted(&[WEEKLY, BY_ELENA, ELENA, alias]), owner);
    let home = "ORGANIZER:mailto:elena@home.example";
    assert_eq!(adopted(&[WEEKLY, home, BOB]), owner);
}

#[test]
fn a_group_is_no_one_on_one_and_a_declined_guest_no_group() {
    assert_eq!(adopted(&[WEEKLY, BY_ELENA, ELENA, BOB, ZOE]), None);
    let declined = ZOE.replace("ACCEPTED", "DECLINED");
    let owner = Some(OrganizedBy::Owner);
    assert_eq!(adopted(&[WEEKLY, BY_ELENA, ELENA, &declined, BOB]), owner);
    assert_eq!(adopted(&[WEEKLY, BY_ELENA, ELENA, BOB, &declined]), owner);
    assert_eq!(adopted(&[WEEKLY, BY_ELENA, ELENA, ZOE]), None, "another partner");
    let by_zoe = "ORGANIZER:mailto:zoe@example.org";
    assert_eq!(adopted(&[WEEKLY, by_zoe, ELENA, BOB, "SUMMARY:Planning"]), None);
    let assistant = adopted(&[WEEKLY, by_zoe, ELENA, BOB, "SUMMARY:1:1 Elena and Bob"]);
    assert_eq!(assistant, Some(OrganizedBy::Other));
}

#[test]
fn titles_speak_where_nobody_is_named() {
    let owner = Some(OrganizedBy::Owner);
    assert_eq!(adopted(&[WEEKLY, "SUMMARY:1:1 Bob"]), owner);
    assert_eq!(adopted(&[WEEKLY, "SUMMARY:Weekly 1-1 with Bob Stone"]), owner);
    assert_eq!(adopted(&[WEEKLY, "SUMMARY:Elena <> Bob"]), owner);
    assert_eq!(adopted(&[WEEKLY, "SUMMARY:Lunch with Bobby 1:1"]), None);
    assert_eq!(adopted(&[WEEKLY, "SUMMARY:Call Bob"]), None);
    let mut partner = bob();
    partner.name = "Robert".to_owned();
    let weekly = Cadence { every: 1, unit: CadenceUnit::Weeks };
    let mut pair = Pair::observed("bob".into(), partner, weekly);
    pair.title_aliases = vec!["coffee with the boss".to_owned()];
    let events = mirrored("work", &[event("x", &[WEEKLY, "SUMMARY:Coffee with the Boss"])]);
    let joined = join::join(&events);
    let owner = person("Elena", &["elena@example.org"]);
    assert_eq!(one_on_one::sort_out(&joined, &owner, &[pair])[0].len(), 1);
}

#[test]
fn slots_are_the_plan_and_occurrences_what_is_there() {
    let exdate = "EXDATE;TZID=Europe/Berlin:20250311T100000";
    let moved = event("x", &["RECURRENCE-ID;TZID=Europe/Berlin:20250318T100000", BY_ELENA, BOB])
        .replace(
            "DTSTART;TZID=Europe/Berlin:20250304T100000",
            "DTSTART;TZID=Europe/Berlin:20250319T140000",
        )
        .replace(
            "DTEND;TZID=Europe/Berlin:20250304T103000",
            "DTEND;TZID=Europe/Berlin:20250319T143000",
        );
    let series = event("x", &[WEEKLY, exdate, BY_ELENA, BOB]);
    let snapshot = look(&mirrored("work", &[series, moved]), bob());
    let view = &snapshot.pairs[0];
    let planned: Vec<String> = view.slots.iter().map(|slot| slot.start.to_string()).collect();
    assert_eq!(
        planned,
        [
            "2025-03-04T09:00:00Z",
            "2025-03-11T09:00:00Z",
            "2025-03-18T09:00:00Z",
            "2025-03-25T09:00:00Z"
        ]
    );
    assert!(view.slots.iter().all(|slot| slot.kind == SlotKind::Rule && slot.cadence_days == 7));
    let there: Vec<(Option<Timestamp>, Timestamp)> =
        view.occurrences.iter().map(|one| (one.key.recurrence_id, one.start)).collect();
    assert_eq!(there.len(), 3);
    assert_eq!(there[1], (Some(at("2025-03-18T09:00:00Z")), at("2025-03-19T13:00:00Z")));
    assert_eq!(view.occurrences[1].partner_reply, Some(Partstat::Accepted));
    assert_eq!(view.occurrences[1].owner_reply, None);
}

#[test]
fn one_uid_in_two_places_is_one_event_and_said() {
    let old = event("x", &[WEEKLY, BY_ELENA, BOB, "SUMMARY:old"]);
    let new = event("x", &[WEEKLY, BY_ELENA, BOB, "SEQUENCE:3", "SUMMARY:new"]);
    let mut events = mirrored("work", &[old]);
    events.extend(mirrored("copy", &[new]));
    let snapshot = look(&events, bob());
    let view = &snapshot.pairs[0];
    assert_eq!(view.series.len(), 1);
    assert_eq!(view.series[0].event.master.as_ref().unwrap().summary, "new");
    assert_eq!(view.duplicated, ["x".into()]);
    assert_eq!(view.slots.len(), 4);
}

#[test]
fn exceptions_in_a_resource_of_their_own_are_joined() {
    let series = event("x", &[WEEKLY, BY_ELENA, BOB]);
    let cancelled =
        event("x", &["RECURRENCE-ID:20250311T090000Z", "STATUS:CANCELLED", BY_ELENA, BOB]);
    let mut events = mirrored("work", &[cancelled]);
    events.extend(mirrored("work2", &[series]));
    let snapshot = look(&events, bob());
    assert!(snapshot.pairs[0].duplicated.is_empty());
    assert!(!snapshot.pairs[0].occurrences[1].stands());
    assert_eq!(snapshot.pairs[0].occurrences.len(), 4);
}

fn busy(lines: &[&str]) -> Vec<(Fbtype, Option<String>)> {
    let snapshot = look(&mirrored("work", &[event("b", lines)]), bob());
    snapshot.owner_busy.into_iter().map(|one| (one.kind, one.label)).collect()
}

#[test]
fn busy_time_is_what_the_owner_said_it_is() {
    let just = |kind: Fbtype| vec![(kind, Some("Dentist".to_owned()))];
    let title = "SUMMARY:Dentist";
    assert_eq!(busy(&[title]), just(Fbtype::Busy));
    assert_eq!(busy(&[title, "TRANSP:TRANSPARENT"]), []);
    assert_eq!(busy(&[title, "STATUS:CANCELLED"]), []);
    assert_eq!(busy(&[title, "STATUS:TENTATIVE"]), just(Fbtype::Tentative));
    assert_eq!(busy(&[title, "X-MICROSOFT-CDO-BUSYSTATUS:FREE"]), []);
    let declined = ELENA.replace("ACCEPTED", "DECLINED");
    assert_eq!(busy(&[title, BY_BOB, &declined, ZOE]), []);
    let open = ELENA.replace("ACCEPTED", "NEEDS-ACTION");
    assert_eq!(busy(&[title, BY_BOB, &open, ZOE]), just(Fbtype::Tentative));
    let private = busy(&[title, "CLASS:PRIVATE"]);
    assert_eq!(private, [(Fbtype::Busy, Some("private appointment".to_owned()))]);
    assert_eq!(busy(&[title, WEEKLY, BY_ELENA, BOB]), [], "the pairs' own series");
}

fn all_day(title: &str, more: &str) -> String {
    format!(
        "BEGIN:VEVENT\r\nUID:d{title}\r\nDTSTAMP:20250101T000000Z\r\nDTSTART;VALUE=DATE:20250310\r\nDTEND;VALUE=DATE:20250312\r\nSUMMARY:{title}\r\n{more}END:VEVENT\r\n"
    )
}

fn away(title: &str, more: &str) -> Option<Party> {
    let snapshot = look(&mirrored("work", &[all_day(title, more)]), bob());
    snapshot.absences.first().map(|one| {
        assert_eq!(one.span.from, at("2025-03-09T23:00:00Z"), "local days");
        assert_eq!(one.span.to, at("2025-03-11T23:00:00Z"));
        if snapshot.owner.is(&one.who) { Party::Owner } else { Party::Partner }
    })
}

#[test]
fn absences_are_told_from_other_days() {
    assert_eq!(away("Urlaub", ""), Some(Party::Owner));
    assert_eq!(away("Elena on vacation", ""), Some(Party::Owner));
    assert_eq!(away("Bob on vacation", ""), Some(Party::Partner));
    assert_eq!(away("Zoe on vacation", ""), None);
    assert_eq!(away("Urlaub", "TRANSP:TRANSPARENT\r\n"), None);
    assert_eq!(away("Mia's birthday", ""), None);
    let oof = "X-MICROSOFT-CDO-BUSYSTATUS:OOF\r\n";
    assert_eq!(away("Lisbon", oof), Some(Party::Owner));
    let by_bob = format!("{BY_BOB}\r\n{ELENA}\r\n");
    assert_eq!(away("Vacation", &by_bob), Some(Party::Partner));
}

#[test]
fn holidays_are_whole_days_on_the_persons_clock() {
    let mut partner = bob();
    partner.zone = TimeZone::get("America/New_York").unwrap();
    partner.holidays =
        BTreeMap::from([(jiff::civil::date(2025, 3, 17), "Evacuation Day".to_owned())]);
    let snapshot = look(&[], partner);
    let [day] = snapshot.absences.as_slice() else { panic!("{:?}", snapshot.absences) };
    assert!(day.holiday);
    assert_eq!(day.span.from, at("2025-03-17T04:00:00Z"));
}

#[test]
fn a_series_that_ended_leaves_dates_until_the_next_one() {
    let first = event("one", &["RRULE:FREQ=WEEKLY;UNTIL=20250305T000000Z;COUNT=", BY_ELENA, BOB])
        .replace(";COUNT=", "");
    let first = first.replace("20250304T1", "20250225T1");
    let second = event("two", &[WEEKLY, BY_ELENA, BOB]).replace("20250304T1", "20250327T1");
    let snapshot = look(&mirrored("work", &[first, second]), bob());
    let gaps: Vec<String> = snapshot.pairs[0]
        .slots
        .iter()
        .filter(|slot| slot.kind == SlotKind::Gap)
        .map(|slot| slot.start.to_string())
        .collect();
    assert_eq!(gaps, ["2025-03-11T09:00:00Z", "2025-03-18T09:00:00Z", "2025-03-25T09:00:00Z"]);
}

#[test]
fn an_export_tells_who_it_belongs_to() {
    let mut events = vec![
        event("a", &[WEEKLY, BY_ELENA, ELENA, BOB]),
        event("b", &[WEEKLY, BY_ELENA, ELENA, ZOE]),
        event("c", &[BY_ELENA, ELENA, BOB, ZOE]),
        event("d", &[WEEKLY, "SUMMARY:1:1 mentor"]),
    ];
    let other = "ATTENDEE;CN=Bob Stone;PARTSTAT=ACCEPTED:mailto:bob@new.example";
    events.push(event("e", &[WEEKLY, BY_ELENA, ELENA, other]));
    let found = infer(&mirrored("export.ics", &events), None);
    let me = found.me.unwrap();
    assert_eq!((me.name.as_str(), me.addresses[0].as_str()), ("Elena Rossi", "elena@example.org"));
    assert_eq!(me.zone.iana_name(), Some("Europe/Berlin"));
    let names: Vec<&str> = found.pairs.iter().map(|pair| pair.partner.name.as_str()).collect();
    assert_eq!(names, ["1:1 mentor", "Bob Stone", "Zoe Quist"]);
    assert_eq!(found.pairs[1].partner.addresses.len(), 2, "one person with two addresses");
    assert!(found.notes[0].contains("Elena Rossi <elena@example.org>, who is in 4 of 4"));
    let bobs = infer(&mirrored("export.ics", &events), Some(&Address::new("bob@example.org")));
    assert_eq!(bobs.pairs.iter().filter(|pair| !pair.partner.addresses.is_empty()).count(), 1);
}

#[test]
fn an_empty_export_or_one_of_somebody_else_says_so() {
    let empty = infer(&[], None);
    assert!(empty.me.is_none() && empty.pairs.is_empty());
    assert!(empty.notes[0].contains("nothing to report"));
    let events = mirrored("x", &[event("a", &[WEEKLY, BY_ELENA, ELENA, BOB])]);
    let stranger = infer(&events, Some(&Address::new("max@example.org")));
    assert!(stranger.notes[0].contains("max@example.org is in none of the 1 events"));
    assert!(stranger.pairs.is_empty());
}
