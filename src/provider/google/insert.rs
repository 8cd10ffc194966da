//! events.insert: a new event from its RFC 5545 text, under an id made from its UID,
//! so that a second try after a lost answer finds the first. Knows no network.

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::ical::edit::time_value;
use crate::ical::parse::parse;
use crate::ical::property::encode_param;
use crate::model::event::{Event, EventBody, EventStatus, Partstat, Recurrence, Transparency};
use crate::model::time::CalTime;
use crate::provider::google::event::UID_KEY;

/// The event of a text as the API takes it, under an id.
///
/// # Errors
/// For people: why the text is nothing the API can take in one piece.
pub fn body(data: &[u8], id: &str) -> Result<Value, String> {
    let parsed = parse(data);
    if let Some(broken) = parsed.quarantined.first() {
        return Err(broken.reason.clone());
    }
    let [event] = parsed.events.as_slice() else {
        return Err(format!("{} events in one text", parsed.events.len()));
    };
    if !event.overrides.is_empty() {
        return Err("a series with changed occurrences cannot be created at once".to_owned());
    }
    let master = event.master.as_ref().ok_or("a text without event")?;
    if event.uid.as_str().is_empty() {
        return Err("an event without UID".to_owned());
    }
    Ok(Value::Object(fields(event, master, id)?))
}

fn fields(event: &Event, body: &EventBody, id: &str) -> Result<Map<String, Value>, String> {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| out.insert(key.to_owned(), value);
    put("id", json!(id));
    put("summary", json!(body.summary));
    if !body.description.is_empty() {
        put("description", json!(body.description));
    }
    if !body.location.is_empty() {
        put("location", json!(body.location));
    }
    put("start", when(&body.start)?);
    put("end", when(&body.end)?);
    let lines = recurrence(&event.recurrence);
    if !lines.is_empty() {
        put("recurrence", json!(lines));
    }
    if body.status == EventStatus::Tentative {
        put("status", json!("tentative"));
    }
    if body.transparency == Transparency::Transparent {
        put("transparency", json!("transparent"));
    }
    if body.private {
        put("visibility", json!("private"));
    }
    let guests: Vec<Value> = body.attendees.iter().map(guest).collect();
    if !guests.is_empty() {
        put("attendees", json!(guests));
    }
    if let Some(url) = &body.url {
        put("source", source(url));
    }
    put("extendedProperties", json!({ "private": { UID_KEY: event.uid.as_str() } }));
    Ok(out)
}

/// The wish for a Meet link. A repeated request of the same name makes no second one.
pub fn meet(id: &str) -> Value {
    let kind = json!({ "type": "hangoutsMeet" });
    json!({ "createRequest": { "requestId": id, "conferenceSolutionKey": kind } })
}

/// The link of an event.
pub fn source(url: &str) -> Value {
    json!({ "title": "Agenda", "url": url })
}

fn guest(attendee: &crate::model::event::Attendee) -> Value {
    let answer = match attendee.partstat {
        Partstat::Accepted => "accepted",
        Partstat::Declined => "declined",
        Partstat::Tentative => "tentative",
        Partstat::NeedsAction | Partstat::Delegated => "needsAction",
    };
    let mut out = json!({ "email": attendee.address.as_str(), "responseStatus": answer });
    if let (Some(name), Some(fields)) = (&attendee.name, out.as_object_mut()) {
        fields.insert("displayName".to_owned(), json!(name));
    }
    out
}

/// A time as the API takes it: a date, or a wall clock with its IANA zone.
///
/// # Errors
/// For people: a floating time, or a zone Google does not know.
pub fn when(time: &CalTime) -> Result<Value, String> {
    match time {
        CalTime::Date(date) => Ok(json!({ "date": date.to_string() })),
        CalTime::Utc(at) => Ok(json!({ "dateTime": format!("{:.0}", at), "timeZone": "UTC" })),
        CalTime::Floating(_) => Err("a time without zone has no form at Google".to_owned()),
        CalTime::Zoned { local, tzid, zone } => {
            let named = TimeZone::get(tzid).is_ok().then_some(tzid.as_ref());
            let name = zone.iana_name().or(named);
            let name = name.ok_or_else(|| format!("the zone {tzid:?} has no name at Google"))?;
            let local = local.strftime("%Y-%m-%dT%H:%M:%S").to_string();
            Ok(json!({ "dateTime": local, "timeZone": name }))
        }
    }
}

fn recurrence(recurrence: &Recurrence) -> Vec<String> {
    let mut lines: Vec<String> =
        recurrence.rules.iter().map(|rule| format!("RRULE:{rule}")).collect();
    lines.extend(recurrence.exclusion_rules.iter().map(|rule| format!("EXRULE:{rule}")));
    lines.extend(recurrence.dates.iter().map(|date| dated("RDATE", &date.start)));
    lines.extend(recurrence.exceptions.iter().map(|date| dated("EXDATE", date)));
    lines
}

fn dated(name: &str, time: &CalTime) -> String {
    let params = match time {
        CalTime::Date(_) => ";VALUE=DATE".to_owned(),
        CalTime::Zoned { tzid, .. } => format!(";TZID={}", encode_param(tzid)),
        CalTime::Utc(_) | CalTime::Floating(_) => String::new(),
    };
    format!("{name}{params}:{}", time_value(time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::google::convert::id_for;

    fn body(data: &[u8]) -> Result<Value, String> {
        super::body(data, &id_for("u-1@x"))
    }

    fn text(lines: &str) -> Vec<u8> {
        format!(
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u-1@x\r\n{lines}END:VEVENT\r\nEND:VCALENDAR\r\n"
        )
        .into_bytes()
    }

    #[test]
    fn a_series_with_its_guest() {
        let body = super::tests::body(&text(
            "DTSTART;TZID=Europe/Berlin:20260302T100000\r\nDTEND;TZID=Europe/Berlin:20260302T103000\r\n\
             RRULE:FREQ=WEEKLY;BYDAY=MO\r\nEXDATE;TZID=Europe/Berlin:20260309T100000\r\nSUMMARY:A\\, B\r\n\
             DESCRIPTION:one\\ntwo\r\nORGANIZER:mailto:ann@example.org\r\n\
             ATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@example.org\r\nATTENDEE;CN=Bob:mailto:bob@example.org\r\n",
        ))
        .unwrap();
        assert_eq!(body["id"], json!(id_for("u-1@x")));
        assert_eq!(
            body["start"],
            json!({ "dateTime": "2026-03-02T10:00:00", "timeZone": "Europe/Berlin" })
        );
        assert_eq!(body["end"]["dateTime"], json!("2026-03-02T10:30:00"));
        assert_eq!(
            body["recurrence"],
            json!(["RRULE:FREQ=WEEKLY;BYDAY=MO", "EXDATE;TZID=Europe/Berlin:20260309T100000"])
        );
        assert_eq!((&body["summary"], &body["description"]), (&json!("A, B"), &json!("one\ntwo")));
        assert_eq!(body["attendees"][0]["responseStatus"], json!("accepted"));
        assert_eq!(body["attendees"][1]["displayName"], json!("Bob"));
        assert_eq!(body["extendedProperties"]["private"][UID_KEY], json!("u-1@x"));
        // Google gives the iCalUID where the id is the client's.
        assert!(body.get("iCalUID").is_none() && body.get("organizer").is_none());
    }

    #[test]
    fn a_private_all_day_companion() {
        let body = super::tests::body(&text(
            "DTSTART;VALUE=DATE:20260302\r\nDTEND;VALUE=DATE:20260303\r\nCLASS:PRIVATE\r\nTRANSP:TRANSPARENT\r\n",
        ))
        .unwrap();
        assert_eq!(
            (&body["start"], &body["end"]),
            (&json!({ "date": "2026-03-02" }), &json!({ "date": "2026-03-03" }))
        );
        assert_eq!(
            (&body["visibility"], &body["transparency"]),
            (&json!("private"), &json!("transparent"))
        );
        assert!(body.get("attendees").is_none() && body.get("recurrence").is_none());
    }

    #[test]
    fn what_has_no_form_there_is_refused() {
        assert!(body(&text("DTSTART:20260302T100000\r\n")).is_err());
        assert!(body(&text("SUMMARY:no start\r\n")).is_err());
        assert!(body(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n").is_err());
        let utc = body(&text("DTSTART:20260302T100000Z\r\nDTEND:20260302T103000Z\r\n")).unwrap();
        assert_eq!(utc["start"], json!({ "dateTime": "2026-03-02T10:00:00Z", "timeZone": "UTC" }));
    }
}
