//! Tests of `ical::parse`: bytes in, values out.

use super::*;
use crate::model::event::{BusyStatus, EventStatus, Partstat};
use jiff::civil::{date, datetime};

fn wrap(body: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{body}END:VCALENDAR\r\n")
        .replace("\r\n", "\n")
        .replace('\n', "\r\n")
}

#[test]
fn a_series_with_its_people() {
    let text = wrap(
        "BEGIN:VEVENT\nUID:a\nDTSTART;TZID=Europe/Berlin:20260105T100000\nDURATION:PT30M\n\
         RRULE:FREQ=WEEKLY\nEXDATE;TZID=Europe/Berlin:20260112T100000,20260119T100000\n\
         SUMMARY:Elena / Bob\\, 1:1\nORGANIZER;CN=Elena:MAILTO:Elena@Example.org\n\
         ATTENDEE;PARTSTAT=DECLINED;X-RESPONSE-COMMENT=\"on leave, sorry\":mailto:bob@example.org\n\
         ATTENDEE;CUTYPE=ROOM;EMAIL=room@example.org:/principals/room/1\n\
         X-MICROSOFT-CDO-BUSYSTATUS:OOF\nCLASS:PRIVATE\nSTATUS:tentative\n\
         BEGIN:VALARM\nDESCRIPTION:no\nTRIGGER:-PT5M\nEND:VALARM\nEND:VEVENT\n\
         BEGIN:VEVENT\nUID:a\nRECURRENCE-ID:20260126T090000Z\nDTSTART:20260127T090000Z\nEND:VEVENT\n",
    );
    let parsed = parse(text.as_bytes());
    assert!(parsed.quarantined.is_empty() && parsed.warnings.is_empty());
    let [event] = parsed.events.as_slice() else { panic!("one event") };
    let master = event.master.as_ref().unwrap();
    assert_eq!(master.summary, "Elena / Bob, 1:1");
    assert_eq!(master.end.civil(), datetime(2026, 1, 5, 10, 30, 0, 0));
    assert_eq!(master.organizer.as_ref().unwrap().as_str(), "elena@example.org");
    assert_eq!(master.attendees[0].partstat, Partstat::Declined);
    assert_eq!(master.attendees[0].comment.as_deref(), Some("on leave, sorry"));
    assert!(master.attendees[1].resource);
    assert_eq!(master.attendees[1].address.as_str(), "room@example.org");
    assert_eq!(master.busy_status, Some(BusyStatus::OutOfOffice));
    assert_eq!(master.status, EventStatus::Tentative);
    assert!(master.private && master.description.is_empty());
    assert_eq!(event.recurrence.exceptions.len(), 2);
    assert_eq!(event.overrides.len(), 1);
    assert_eq!(event.overrides[0].body.start, event.overrides[0].body.end);
}

#[test]
fn one_bad_event_does_not_fail_the_rest() {
    let text = wrap(
        "BEGIN:VEVENT\nUID:bad\nDTSTART:tomorrow\nEND:VEVENT\nBEGIN:VEVENT\nUID:open\nDTSTART:20260101\n\
         BEGIN:VEVENT\nUID:good\nDTSTART:20260102\nEND:VEVENT\nBEGIN:VEVENT\nUID:none\nEND:VEVENT\n",
    );
    let parsed = parse(text.as_bytes());
    assert_eq!(parsed.events.len(), 1);
    assert_eq!(parsed.events[0].uid.as_str(), "good");
    assert_eq!(parsed.events[0].master.as_ref().unwrap().end, CalTime::Date(date(2026, 1, 3)));
    let reasons: Vec<&str> = parsed.quarantined.iter().map(|q| q.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "line 7: BEGIN:VEVENT without END:VEVENT",
            "line 3: DTSTART cannot be read: \"tomorrow\"",
            "line 14: DTSTART is missing"
        ]
    );
    assert_eq!(parsed.quarantined[1].uid.as_ref().unwrap().as_str(), "bad");
}

#[test]
fn lower_case_several_calendars_and_unknown_zone() {
    let text = "begin:vcalendar\nbegin:vevent\nuid:x\ndtstart;tzid=Nowhere/Middle:20260101T090000\n\
                dtend:20260101T100000\nend:vevent\nend:vcalendar\n\
                BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:y\nDTSTART;TZID=W. Europe Standard Time:20260101T090000\nEND:VEVENT\nEND:VCALENDAR\n";
    let parsed = parse(text.as_bytes());
    assert_eq!(parsed.events.len(), 2);
    let first = parsed.events[0].master.as_ref().unwrap();
    assert_eq!(first.start, CalTime::Floating(datetime(2026, 1, 1, 9, 0, 0, 0)));
    assert_eq!(parsed.zones[0].source, ZoneSource::Unknown);
    assert_eq!(parsed.zones[1].source, ZoneSource::Windows);
    assert_eq!(
        parsed.warnings[0].text,
        "the time zone \"Nowhere/Middle\" is not known; its times are read as local"
    );
}

#[test]
fn the_newer_of_two_masters_and_of_two_overrides() {
    let text = wrap(
        "BEGIN:VEVENT\nUID:a\nDTSTART:20260101\nSEQUENCE:2\nSUMMARY:new\nEND:VEVENT\n\
         BEGIN:VEVENT\nUID:a\nDTSTART:20260101\nSEQUENCE:1\nSUMMARY:old\nEND:VEVENT\n\
         BEGIN:VEVENT\nUID:b\nRECURRENCE-ID:20260101\nSEQUENCE:1\nSUMMARY:one\nEND:VEVENT\n\
         BEGIN:VEVENT\nUID:b\nRECURRENCE-ID:20260101\nSEQUENCE:1\nSUMMARY:two\nEND:VEVENT\n",
    );
    let parsed = parse(text.as_bytes());
    assert_eq!(parsed.events[0].master.as_ref().unwrap().summary, "new");
    assert_eq!(parsed.warnings.len(), 1);
    assert_eq!(parsed.events[1].overrides.len(), 1);
    assert_eq!(parsed.events[1].overrides[0].body.summary, "two");
    assert!(parsed.events[1].master.is_none());
}

#[test]
fn an_oversized_line_quarantines_its_event_only() {
    let text = wrap(&format!(
        "BEGIN:VEVENT\nUID:big\nDTSTART:20260101\nATTACH:{}\nEND:VEVENT\n\
         BEGIN:VEVENT\nUID:ok\nDTSTART:20260101\nEND:VEVENT\n",
        "a".repeat(crate::ical::lines::MAX_LINE)
    ));
    let parsed = parse(text.as_bytes());
    assert_eq!(parsed.events.len(), 1);
    assert!(parsed.quarantined[0].reason.contains("too long"));
}
