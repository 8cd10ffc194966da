//! Any event onbeat may create, put into the API's JSON and read back from it as text,
//! says the same; and the difference of a text with itself is no write.

use jiff::civil::date;
use proptest::prelude::*;
use serde_json::json;

use crate::ical::parse::parse;
use crate::ical::value::escape;
use crate::model::event::EventBody;
use crate::provider::google::convert::{Viewpoint, id_for, object};
use crate::provider::google::event::Event;
use crate::provider::google::{insert, patch};

const VIEW: Viewpoint<'_> =
    Viewpoint { calendar: "ann@example.org", owner: Some("ann@example.org") };
const ZONES: [&str; 5] =
    ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"];

/// What stands in an event: its text and the zone of its clock.
fn events() -> impl Strategy<Value = (String, String)> {
    // Any text but control characters: CR and NUL are nothing a calendar can hold.
    let words = || "[^\\p{Cc}]{0,60}(\n[^\\p{Cc}]{0,60}){0,3}";
    let when = (0_i32..700, 0_i8..24, 0_i8..60, 1_i64..600, 0..ZONES.len());
    let marks = (any::<bool>(), any::<bool>(), any::<bool>(), 0_u8..4);
    (words(), words(), words(), when, marks).prop_map(
        |(title, text, place, (day, hour, minute, length, zone), (private, free, weekly, guests))| {
            let start = date(2026, 1, 1)
                .checked_add(jiff::Span::new().days(day))
                .unwrap()
                .at(hour, minute, 0, 0);
            let end = start.checked_add(jiff::Span::new().minutes(length)).unwrap();
            let zone = ZONES[zone];
            let stamp = |at: jiff::civil::DateTime| at.strftime("%Y%m%dT%H%M%S").to_string();
            let mut lines = vec![
                "UID:onbeat-1@x".to_owned(),
                format!("DTSTART;TZID={zone}:{}", stamp(start)),
                format!("DTEND;TZID={zone}:{}", stamp(end)),
                format!("SUMMARY:{}", escape(&title)),
                format!("DESCRIPTION:{}", escape(&text)),
                format!("LOCATION:{}", escape(&place)),
            ];
            lines.extend(private.then(|| "CLASS:PRIVATE".to_owned()));
            lines.extend(free.then(|| "TRANSP:TRANSPARENT".to_owned()));
            lines.extend(weekly.then(|| "RRULE:FREQ=WEEKLY;INTERVAL=2".to_owned()));
            if guests > 0 {
                lines.push("ORGANIZER:mailto:ann@example.org".to_owned());
            }
            for n in 0..guests {
                let answer = ["ACCEPTED", "DECLINED", "NEEDS-ACTION"][usize::from(n % 3)];
                lines.push(format!("ATTENDEE;PARTSTAT={answer}:mailto:g{n}@example.org"));
            }
            let inner: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
            let text = format!(
                "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n{inner}END:VEVENT\r\nEND:VCALENDAR\r\n"
            );
            (text, zone.to_owned())
        },
    )
}

/// As the API gives back what it was sent: with an offset, which is the calendar's and
/// not the event's.
fn answered(mut json: serde_json::Value) -> Event {
    for key in ["start", "end"] {
        let local: jiff::civil::DateTime = json[key]["dateTime"]
            .as_str()
            .map(|text| text.trim_end_matches('Z').parse().unwrap())
            .unwrap();
        let zone = json[key]["timeZone"].as_str().unwrap().to_owned();
        let at = local.in_tz(&zone).unwrap().timestamp();
        let shown = at.in_tz("America/St_Johns").unwrap();
        json[key]["dateTime"] = json!(shown.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string());
    }
    json["status"] = json!("confirmed");
    json["organizer"] = json!({ "email": "ann@example.org", "self": true });
    serde_json::from_value(json).unwrap()
}

fn said(body: &EventBody) -> impl PartialEq + std::fmt::Debug {
    let zone = jiff::tz::TimeZone::UTC;
    let people: Vec<_> =
        body.attendees.iter().map(|guest| (guest.address.clone(), guest.partstat)).collect();
    (
        (body.summary.clone(), body.description.clone(), body.location.clone()),
        (body.start.instant(&zone), body.end.instant(&zone)),
        (body.private, body.transparency, body.organizer.clone(), people),
    )
}

proptest! {
    #[test]
    fn there_and_back_says_the_same((text, zone) in events()) {
        let sent = parse(text.as_bytes());
        prop_assert!(sent.quarantined.is_empty(), "{:?}", sent.quarantined);
        let json = insert::body(text.as_bytes(), &id_for("onbeat-1@x")).unwrap();
        let event = answered(json);
        let back = object(&event, &[], VIEW).unwrap();
        let read = parse(&back);
        prop_assert!(read.quarantined.is_empty() && read.warnings.is_empty(), "{:?}", read);
        let (sent, read) = (&sent.events[0], &read.events[0]);
        prop_assert_eq!(&sent.uid, &read.uid);
        prop_assert_eq!(&sent.recurrence, &read.recurrence);
        let (was, is) = (sent.master.as_ref().unwrap(), read.master.as_ref().unwrap());
        prop_assert_eq!(format!("{:?}", said(was)), format!("{:?}", said(is)));
        // The wall clock is the event's, whatever offset the calendar shows it with.
        if zone != "UTC" {
            prop_assert_eq!(&was.start, &is.start);
        }
        prop_assert_eq!(patch::edits(&back, &back).unwrap(), []);
        prop_assert_eq!(patch::edits(text.as_bytes(), &back).unwrap(), [], "no-op writes");
    }

    #[test]
    fn rows_of_any_shape_are_read_or_said_to_be_unreadable(
        key in "(start|end|status|summary|attendees|recurrence|organizer|originalStartTime|sequence)",
        value in prop_oneof![
            Just(json!(null)), Just(json!([])), Just(json!({})), Just(json!(7)), Just(json!("?")),
            Just(json!([null])), Just(json!({ "date": "2026-13-40" })),
            Just(json!({ "dateTime": "yesterday", "timeZone": "Nowhere/City" })),
            Just(json!(["RRULE", ";", "RRULE:", "RRULE:FREQ=NEVER"])),
        ],
    ) {
        let mut row = json!({ "id": "a1", "iCalUID": "a1@google.com", "status": "confirmed",
            "start": { "date": "2026-03-02" }, "end": { "date": "2026-03-03" } });
        row[key.as_str()] = value;
        if let Ok(event) = serde_json::from_value::<Event>(row)
            && let Ok(text) = object(&event, &[], VIEW)
        {
            // What is given on is at least text the mirror can hold.
            prop_assert!(text.starts_with(b"BEGIN:VCALENDAR") && text.ends_with(b"END:VCALENDAR\r\n"));
            prop_assert!(parse(&text).events.len() <= 1);
        }
    }
}
