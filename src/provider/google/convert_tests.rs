//! Recorded shapes of the API's events, read by onbeat's own calendar reader.

use serde_json::json;

use super::*;
use crate::ical::parse::parse;
use crate::model::event::{BusyStatus, EventStatus, Partstat, Transparency};

fn event(value: serde_json::Value) -> Event {
    serde_json::from_value(value).unwrap()
}

const VIEW: Viewpoint<'_> =
    Viewpoint { calendar: "ann@example.org", owner: Some("ann@example.org") };

fn series() -> Event {
    event(json!({
        "kind": "calendar#event", "etag": "\"3550\"", "id": "abc123", "status": "confirmed",
        "htmlLink": "https://calendar.example/x", "created": "2026-01-05T08:00:00.000Z",
        "updated": "2026-03-02T09:30:00.123Z", "summary": "Ann, Bob; 1:1",
        "description": "<b>Topics</b><br>one\\two\nthree, four;",
        "iCalUID": "abc123@google.com", "sequence": 2,
        "organizer": { "email": "ann@example.org", "self": true },
        "start": { "dateTime": "2026-03-02T04:00:00-05:00", "timeZone": "Europe/Berlin" },
        "end": { "dateTime": "2026-03-02T04:30:00-05:00", "timeZone": "Europe/Berlin" },
        "recurrence": ["RRULE:FREQ=WEEKLY;BYDAY=MO", "EXDATE;TZID=Europe/Berlin:20260316T100000"],
        "attendees": [
            { "email": "ann@example.org", "responseStatus": "accepted", "organizer": true, "self": true },
            { "email": "Bob@Example.org", "displayName": "Bob: the \"2nd\"", "responseStatus": "declined",
              "comment": "On holiday,\nsorry" },
            { "email": "room@resource.calendar.google.com", "resource": true, "responseStatus": "accepted" }
        ],
        "reminders": { "useDefault": true }, "eventType": "default"
    }))
}

#[test]
fn a_series_says_all_it_says() {
    let text = object(&series(), &[], VIEW).unwrap();
    let parsed = parse(&text);
    assert!(parsed.quarantined.is_empty() && parsed.warnings.is_empty(), "{parsed:?}");
    let event = &parsed.events[0];
    assert_eq!(event.uid.as_str(), "abc123@google.com");
    assert_eq!(event.recurrence.rules, ["FREQ=WEEKLY;BYDAY=MO"]);
    assert_eq!(event.recurrence.exceptions.len(), 1);
    let body = event.master.as_ref().unwrap();
    // Four in New York is ten in Berlin, which is the clock the event is meant on.
    assert_eq!(body.start.civil().to_string(), "2026-03-02T10:00:00");
    assert!(matches!(&body.start, CalTime::Zoned { tzid, .. } if &**tzid == "Europe/Berlin"));
    assert_eq!(body.summary, "Ann, Bob; 1:1");
    assert_eq!(body.description, "<b>Topics</b><br>one\\two\nthree, four;");
    assert_eq!(body.sequence, 2);
    assert_eq!(body.organizer.as_ref().unwrap().as_str(), "ann@example.org");
    let bob = &body.attendees[1];
    assert_eq!((bob.address.as_str(), bob.partstat), ("bob@example.org", Partstat::Declined));
    assert_eq!(bob.name.as_deref(), Some("Bob: the \"2nd\""));
    assert_eq!(bob.comment.as_deref(), Some("On holiday,\nsorry"));
    assert!(body.attendees[2].resource);
}

#[test]
fn exceptions_stand_at_their_original_start() {
    let moved = event(json!({
        "id": "abc123_20260309T090000Z", "status": "confirmed", "iCalUID": "abc123@google.com",
        "recurringEventId": "abc123", "summary": "later",
        "originalStartTime": { "dateTime": "2026-03-09T10:00:00+01:00", "timeZone": "Europe/Berlin" },
        "start": { "dateTime": "2026-03-10T15:00:00+01:00", "timeZone": "Europe/Berlin" },
        "end": { "dateTime": "2026-03-10T15:30:00+01:00", "timeZone": "Europe/Berlin" }
    }));
    // A bare stub, as a full listing has it.
    let off = event(json!({
        "id": "abc123_20260323T090000Z", "status": "cancelled", "recurringEventId": "abc123",
        "originalStartTime": { "dateTime": "2026-03-23T10:00:00+01:00", "timeZone": "Europe/Berlin" }
    }));
    let shapeless =
        event(json!({ "id": "abc123_x", "status": "cancelled", "recurringEventId": "abc123" }));
    let parsed = parse(&object(&series(), &[moved, off, shapeless], VIEW).unwrap());
    assert!(parsed.quarantined.is_empty(), "{parsed:?}");
    let overrides = &parsed.events[0].overrides;
    assert_eq!(overrides.len(), 2);
    assert_eq!(overrides[0].recurrence_id.civil().to_string(), "2026-03-09T10:00:00");
    assert_eq!(overrides[0].body.start.civil().to_string(), "2026-03-10T15:00:00");
    assert_eq!(overrides[1].body.status, EventStatus::Cancelled);
    assert_eq!(overrides[1].body.start, overrides[1].recurrence_id);
}

#[test]
fn an_exception_that_was_changed_back_is_none() {
    let mut back = series();
    back.id = "abc123_20260309T090000Z".to_owned();
    back.recurring_event_id = Some("abc123".to_owned());
    back.recurrence = None;
    back.sequence = Some(5);
    let at = |clock: &str| When {
        date: None,
        date_time: Some(format!("2026-03-09T{clock}:00+01:00")),
        time_zone: Some("Europe/Berlin".to_owned()),
    };
    back.original_start_time = Some(at("10:00"));
    (back.start, back.end) = (Some(at("10:00")), Some(at("10:30")));
    let overrides = |exception: &Event| {
        let text = object(&series(), std::slice::from_ref(exception), VIEW).unwrap();
        parse(&text).events[0].overrides.len()
    };
    assert_eq!(overrides(&back), 0);
    let mut answered = back.clone();
    answered.attendees.as_mut().unwrap()[1].response_status = Some("accepted".to_owned());
    assert_eq!(overrides(&answered), 1);
    let mut longer = back.clone();
    longer.end = Some(at("11:00"));
    assert_eq!(overrides(&longer), 1);
    back.description = None;
    assert_eq!(overrides(&back), 1);
    let mut silent = series();
    silent.description = None;
    back.description = Some(String::new());
    let text = object(&silent, std::slice::from_ref(&back), VIEW).unwrap();
    assert!(parse(&text).events[0].overrides.is_empty());
}

#[test]
fn all_day_kinds_and_marks() {
    let away = event(json!({
        "id": "ooo", "iCalUID": "ooo@google.com", "status": "confirmed", "eventType": "outOfOffice",
        "summary": "Away", "visibility": "private", "transparency": "transparent",
        "start": { "date": "2026-07-06" }, "end": { "date": "2026-07-11" },
        "recurrence": ["X-NONSENSE:1", "RRULE"], "outOfOfficeProperties": { "autoDeclineMode": "declineNone" }
    }));
    let parsed = parse(&object(&away, &[], VIEW).unwrap());
    let body = parsed.events[0].master.as_ref().unwrap();
    assert!(body.start.is_date() && body.end.is_date() && body.private);
    assert_eq!(body.end.civil().to_string(), "2026-07-11T00:00:00");
    assert_eq!(body.busy_status, Some(BusyStatus::OutOfOffice));
    assert_eq!(body.transparency, Transparency::Transparent);
    assert!(body.organizer.is_none() && !parsed.events[0].recurs());
}

#[test]
fn a_secondary_calendar_is_its_owners() {
    let mut own = series();
    let calendar = "c_1@group.calendar.google.com";
    own.organizer.as_mut().unwrap().email = Some(calendar.to_owned());
    own.organizer.as_mut().unwrap().is_self = None;
    let view = Viewpoint { calendar, owner: Some("ann@example.org") };
    let parsed = parse(&object(&own, &[], view).unwrap());
    let body = parsed.events[0].master.as_ref().unwrap();
    assert_eq!(body.organizer.as_ref().unwrap().as_str(), "ann@example.org");
}

#[test]
fn what_cannot_be_said_is_an_error() {
    let mut bare = series();
    bare.start = None;
    assert_eq!(object(&bare, &[], VIEW).unwrap_err(), "it has no start");
    bare.start = Some(When { date: Some("soon".to_owned()), ..When::default() });
    assert_eq!(object(&bare, &[], VIEW).unwrap_err(), "its start cannot be read");
    let mut anonymous = series();
    anonymous.ical_uid = None;
    assert!(object(&anonymous, &[], VIEW).is_err());
}

#[test]
fn a_uid_of_ours_counts_on_our_event_only() {
    let uid = "onbeat-7f@example.org";
    let mut own = series();
    own.extended_properties =
        serde_json::from_value(json!({ "private": { UID_KEY: uid } })).unwrap();
    // Somebody copied the event, properties included.
    assert_eq!(uid_of(&own).as_deref(), Some("abc123@google.com"));
    own.id = id_for(uid);
    assert_eq!(uid_of(&own).as_deref(), Some(uid));
    let id = id_for(uid);
    assert!((5..=1024).contains(&id.len()));
    assert!(id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'v').contains(&b)));
    assert_ne!(id, id_for("onbeat-7g@example.org"));
}

#[test]
fn times_in_every_form() {
    let when = |date_time: &str, zone: Option<&str>| {
        time(&When {
            date: None,
            date_time: Some(date_time.to_owned()),
            time_zone: zone.map(str::to_owned),
        })
    };
    assert!(matches!(when("2026-03-02T10:00:00Z", None), Some(CalTime::Utc(_))));
    assert!(matches!(when("2026-03-02T10:00:00Z", Some("UTC")), Some(CalTime::Utc(_))));
    assert!(matches!(when("2026-03-02T10:00:00", Some("UTC")), Some(CalTime::Utc(_))));
    assert!(matches!(when("2026-03-02T10:00:00+01:00", Some("Mars/One")), Some(CalTime::Utc(_))));
    let local = when("2026-03-02T10:00:00", Some("Asia/Tokyo")).unwrap();
    assert_eq!(local.civil().to_string(), "2026-03-02T10:00:00");
    assert_eq!(when("2026-03-02T10:00:00", None), None);
    assert_eq!(when("yesterday", Some("Asia/Tokyo")), None);
}
