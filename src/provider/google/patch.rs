//! events.patch: the difference of two texts as sparse JSON with only the fields onbeat
//! owns, and whom it mails: a new time everybody, words nobody. Never attendees. Knows
//! no network.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::ical::edit::body_at;
use crate::ical::parse::parse;
use crate::model::event::{Event, EventBody, EventStatus};
use crate::model::time::CalTime;
use crate::provider::google::insert::{source, when};

/// `sendUpdates`: always said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Send {
    /// Nobody hears of it.
    None,
    /// All guests do.
    All,
}

impl Send {
    /// The parameter's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::All => "all",
        }
    }
}

/// The original start of an occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Original {
    /// Of a series with times.
    At(Timestamp),
    /// Of a series of whole days.
    On(jiff::civil::Date),
}

impl Original {
    /// From the RECURRENCE-ID.
    fn of(id: &CalTime) -> Self {
        match id {
            CalTime::Date(date) => Self::On(*date),
            CalTime::Floating(_) | CalTime::Utc(_) | CalTime::Zoned { .. } => {
                Self::At(id.instant(&TimeZone::UTC))
            }
        }
    }

    /// The id of this occurrence of a series.
    pub fn instance_id(&self, series: &str) -> String {
        match self {
            Self::At(at) => format!("{series}_{}", at.strftime("%Y%m%dT%H%M%SZ")),
            Self::On(date) => format!("{series}_{}", date.strftime("%Y%m%d")),
        }
    }

    /// As the parameter `originalStart` of events.instances.
    pub fn parameter(&self) -> String {
        match self {
            Self::At(at) => format!("{at:.0}"),
            Self::On(date) => date.to_string(),
        }
    }
}

/// One PATCH.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// Which occurrence; `None`: the single event or the series as a whole.
    pub occurrence: Option<Original>,
    /// The fields that change.
    pub fields: Value,
    /// Whom it mails.
    pub send: Send,
}

/// The patches after which the server's text says what the wanted one says: in the
/// series or single event, and in each occurrence that either text changes. Fields
/// that onbeat does not own are not compared.
///
/// # Errors
/// For people: why the API cannot do it.
pub fn edits(wanted: &[u8], current: &[u8]) -> Result<Vec<Edit>, String> {
    let (want, have) = (one(wanted)?, one(current)?);
    if want.uid != have.uid {
        return Err("the text is of another event".to_owned());
    }
    let mut out = Vec::new();
    if let (Some(want), Some(have)) = (&want.master, &have.master) {
        out.extend(difference(None, want, have)?);
    }
    let mut ids: Vec<&CalTime> = Vec::new();
    for over in have.overrides.iter().chain(&want.overrides) {
        let at = over.recurrence_id.instant(&TimeZone::UTC);
        if !ids.iter().any(|id| id.instant(&TimeZone::UTC) == at) {
            ids.push(&over.recurrence_id);
        }
    }
    for id in ids {
        let at = Some(id.instant(&TimeZone::UTC));
        let want = body_at(wanted, &want.uid, at, &TimeZone::UTC);
        let have = body_at(current, &have.uid, at, &TimeZone::UTC);
        if let (Some(want), Some(have)) = (want, have) {
            out.extend(difference(Some(Original::of(id)), &want, &have)?);
        }
    }
    Ok(out)
}

fn one(data: &[u8]) -> Result<Event, String> {
    let mut events = parse(data).events;
    match (events.pop(), events.is_empty()) {
        (Some(event), true) => Ok(event),
        (_, _) => Err("the text is not that of one event".to_owned()),
    }
}

/// Whether two times are one to Google, which knows UTC by one name only and shows a
/// wall-clock time that the clocks skip as the one they go on with: a write that changes
/// nothing would mail everybody.
fn same(one: &CalTime, other: &CalTime) -> bool {
    let utc = |time: &CalTime| match time {
        CalTime::Utc(_) => true,
        CalTime::Zoned { tzid, .. } => matches!(&**tzid, "UTC" | "Etc/UTC" | "GMT"),
        CalTime::Date(_) | CalTime::Floating(_) => false,
    };
    let zone = |time: &CalTime| match time {
        CalTime::Zoned { tzid, .. } => Some(tzid.clone()),
        CalTime::Utc(_) | CalTime::Date(_) | CalTime::Floating(_) => None,
    };
    let one_zone = utc(one) && utc(other) || zone(one).is_some() && zone(one) == zone(other);
    one == other || one_zone && one.instant(&TimeZone::UTC) == other.instant(&TimeZone::UTC)
}

fn difference(
    occurrence: Option<Original>,
    want: &EventBody,
    have: &EventBody,
) -> Result<Option<Edit>, String> {
    let mut fields = Map::new();
    let mut send = Send::None;
    if want.summary != have.summary {
        fields.insert("summary".to_owned(), json!(want.summary));
    }
    if want.description != have.description {
        fields.insert("description".to_owned(), json!(want.description));
    }
    if want.location != have.location {
        fields.insert("location".to_owned(), json!(want.location));
    }
    if want.url != have.url {
        fields.insert("source".to_owned(), want.url.as_deref().map_or(Value::Null, source));
    }
    if !same(&want.start, &have.start) || !same(&want.end, &have.end) {
        fields.insert("start".to_owned(), when(&want.start)?);
        fields.insert("end".to_owned(), when(&want.end)?);
        send = Send::All;
    }
    if want.status != have.status {
        let status = match want.status {
            EventStatus::Confirmed => "confirmed",
            EventStatus::Tentative => "tentative",
            EventStatus::Cancelled => "cancelled",
        };
        fields.insert("status".to_owned(), json!(status));
        send = Send::All;
    }
    let edit = Edit { occurrence, fields: Value::Object(fields), send };
    Ok((edit.fields != json!({})).then_some(edit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn whole_days_have_ids_without_a_clock() {
        let original = Original::of(&CalTime::Date(date(2026, 3, 30)));
        assert_eq!(original.instance_id("abc"), "abc_20260330");
        assert_eq!(original.parameter(), "2026-03-30");
    }

    fn text(overrides: &str, description: &str) -> Vec<u8> {
        format!(
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u@x\r\nDTSTART;TZID=Europe/Berlin:20260302T100000\r\n\
             DTEND;TZID=Europe/Berlin:20260302T103000\r\nRRULE:FREQ=WEEKLY\r\nSUMMARY:S\r\nDESCRIPTION:{description}\r\n\
             END:VEVENT\r\n{overrides}END:VCALENDAR\r\n"
        )
        .into_bytes()
    }

    const MOVED: &str = "BEGIN:VEVENT\r\nUID:u@x\r\nRECURRENCE-ID;TZID=Europe/Berlin:20260309T100000\r\n\
        DTSTART;TZID=Europe/Berlin:20260310T150000\r\nDTEND;TZID=Europe/Berlin:20260310T153000\r\n\
        SUMMARY:S\r\nDESCRIPTION:a\r\nEND:VEVENT\r\n";

    #[test]
    fn a_move_mails_and_goes_to_its_occurrence() {
        let edits = super::edits(&text(MOVED, "a"), &text("", "a")).unwrap();
        assert_eq!(edits.len(), 1);
        assert_eq!(edits[0].send, Send::All);
        let original = edits[0].occurrence.unwrap();
        assert_eq!(original.instance_id("abc"), "abc_20260309T090000Z");
        assert_eq!(original.parameter(), "2026-03-09T09:00:00Z");
        assert_eq!(
            edits[0].fields,
            json!({ "start": { "dateTime": "2026-03-10T15:00:00", "timeZone": "Europe/Berlin" },
                    "end": { "dateTime": "2026-03-10T15:30:00", "timeZone": "Europe/Berlin" } })
        );
    }

    #[test]
    fn an_agenda_mails_nobody_and_is_all_that_is_sent() {
        let agenda = MOVED.replace("DESCRIPTION:a", "DESCRIPTION:agenda");
        let edits = super::edits(&text(&agenda, "a"), &text(MOVED, "a")).unwrap();
        assert_eq!(edits.len(), 1);
        assert_eq!(
            (edits[0].send, &edits[0].fields),
            (Send::None, &json!({ "description": "agenda" }))
        );
        let edits = super::edits(&text(MOVED, "a"), &text(MOVED, "b")).unwrap();
        assert_eq!(
            edits,
            [Edit { occurrence: None, fields: json!({ "description": "a" }), send: Send::None }]
        );
        assert!(super::edits(&text(MOVED, "a"), &text(MOVED, "a")).unwrap().is_empty());
    }

    #[test]
    fn a_before_image_is_put_back_field_by_field() {
        let edits = super::edits(&text("", "a"), &text(MOVED, "a")).unwrap();
        assert_eq!(edits.len(), 1);
        assert_eq!(
            (edits[0].send, edits[0].occurrence.unwrap().instance_id("s")),
            (Send::All, "s_20260309T090000Z".to_owned())
        );
        assert_eq!(edits[0].fields["start"]["dateTime"], json!("2026-03-09T10:00:00"));
        assert_eq!(edits[0].fields["end"]["dateTime"], json!("2026-03-09T10:30:00"));
        assert!(edits[0].fields.get("description").is_none());
        let off = MOVED.replace("SUMMARY:S", "STATUS:CANCELLED\r\nSUMMARY:S");
        let edits = super::edits(&text(MOVED, "a"), &text(&off, "a")).unwrap();
        assert_eq!(
            (edits[0].send, &edits[0].fields),
            (Send::All, &json!({ "status": "confirmed" }))
        );
    }

    #[test]
    fn other_texts_are_refused() {
        assert!(super::edits(b"", &text("", "a")).is_err());
        let other = String::from_utf8(text("", "a")).unwrap().replace("u@x", "v@x");
        assert!(super::edits(other.as_bytes(), &text("", "a")).is_err());
    }
}
