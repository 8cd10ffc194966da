//! Calendar texts for the cases, and what of a text a server may change. Written
//! by hand: the suite does not trust the code it tests.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, civil};
use onbeat::model::id::{Address, EventUid, Href};
use onbeat::model::pair::{Cadence, CadenceUnit};
use onbeat::model::plan::{Action, NewSeries};
use onbeat::model::snapshot::OccurrenceKey;
use onbeat::model::time::CalTime;
use onbeat::provider::Write;

use crate::support::mirror::unfold;

/// A calendar object around components.
pub fn calendar(components: &[String]) -> String {
    let inner = components.concat();
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//onbeat//tests//EN\r\n{inner}END:VCALENDAR\r\n"
    )
}

/// A component of these content lines.
pub fn event(uid: &str, lines: &[&str]) -> String {
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    format!("BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260105T080000Z\r\n{lines}END:VEVENT\r\n")
}

/// A single meeting on a day of January 2030.
pub fn single(uid: &str, day: u8, title: &str) -> String {
    let start = format!("DTSTART:203001{day:02}T090000Z");
    let end = format!("DTEND:203001{day:02}T093000Z");
    calendar(&[event(uid, &[&start, &end, &format!("SUMMARY:{title}")])])
}

/// A weekly meeting at nine (UTC) from Monday, 7 January 2030.
pub fn weekly(uid: &str, more: &[&str]) -> String {
    let mut lines = vec![
        "DTSTART:20300107T090000Z",
        "DTEND:20300107T093000Z",
        "RRULE:FREQ=WEEKLY;COUNT=20",
        "SUMMARY:Alice and Bob",
    ];
    lines.extend(more);
    event(uid, &lines)
}

/// One occurrence of [`weekly`] as an override, on a day of January 2030.
pub fn changed(uid: &str, day: u8, more: &[&str]) -> String {
    let id = format!("RECURRENCE-ID:203001{day:02}T090000Z");
    let start = format!("DTSTART:203001{day:02}T090000Z");
    let end = format!("DTEND:203001{day:02}T093000Z");
    let mut lines = vec![id.as_str(), &start, &end, "SUMMARY:Alice and Bob"];
    lines.extend(more);
    event(uid, &lines)
}

/// The write that creates a series of this text.
pub fn creation(href: &Href, uid: &str, text: &str) -> Write {
    let start = civil::date(2030, 1, 7).at(9, 0, 0, 0);
    let at = TimeZone::UTC.to_ambiguous_timestamp(start).compatible().unwrap();
    let series = NewSeries {
        uid: EventUid::new(uid),
        title: "Alice and Bob".to_owned(),
        start: CalTime::Utc(at),
        duration: SignedDuration::from_mins(30),
        cadence: Cadence { every: 1, unit: CadenceUnit::Weeks },
        organizer: (Address::new("alice@example.test"), "Alice".to_owned()),
        attendee: (Address::new("bob@example.test"), "Bob".to_owned()),
        description: String::new(),
        stamp: at,
    };
    let data = text.as_bytes().to_vec();
    Write { href: href.clone(), data, action: Action::CreateSeries(series) }
}

/// The write that puts a new description on a meeting; `text` holds it already.
pub fn agenda(href: &Href, uid: &str, description: &str, text: &str) -> Write {
    let occurrence = OccurrenceKey { uid: EventUid::new(uid), recurrence_id: None };
    let action = Action::WriteAgenda {
        occurrence,
        recurrence_id: None,
        description: description.to_owned(),
        block: description.to_owned(),
        attachment: None,
    };
    Write { href: href.clone(), data: text.as_bytes().to_vec(), action }
}

/// Properties a server may add or renew in anybody's event.
const SERVERS_OWN: [&str; 5] =
    ["DTSTAMP", "LAST-MODIFIED", "CREATED", "SEQUENCE", "X-RADICALE-NAME"];

/// The events of a text by RECURRENCE-ID (empty: the master), each as the set of
/// its content lines, without what is the server's to change.
pub fn meaning(data: &[u8]) -> BTreeMap<String, BTreeSet<String>> {
    let mut events = BTreeMap::new();
    let mut inside: Option<(String, BTreeSet<String>)> = None;
    for line in unfold(data).lines() {
        let name = line.split([':', ';']).next().unwrap_or("").to_owned();
        match (line, &mut inside) {
            ("BEGIN:VEVENT", _) => inside = Some((String::new(), BTreeSet::new())),
            ("END:VEVENT", Some(_)) => {
                let (id, lines) = inside.take().unwrap();
                assert!(events.insert(id, lines).is_none(), "one override twice");
            }
            (_, Some((id, lines))) => {
                if name == "RECURRENCE-ID" {
                    *id = line.to_owned();
                }
                if !SERVERS_OWN.contains(&name.as_str()) {
                    lines.insert(line.to_owned());
                }
            }
            (_, None) => {}
        }
    }
    events
}
