//! What an edit does to the lines of its component: description, time,
//! SEQUENCE, stamps.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::describe::{self, Described};
use super::moment::{Written, utc_value, value};
use super::patch::Patch;
use super::{EditError, Editor, attach, check, copy};
use crate::ical::component::Component;
use crate::ical::lines::Lines;
use crate::ical::parse::Parsed;
use crate::ical::property::encode_param;
use crate::ical::value::format_duration;
use crate::model::time::CalTime;

/// What an edit does to its component.
pub(super) enum Change<'c> {
    Text { text: &'c str, attachment: Option<&'c str> },
    Block(&'c str),
    Move { start: &'c CalTime, duration: SignedDuration },
}

/// SEQUENCE of the master and of the component that is edited.
pub(super) struct Sequences {
    master: i64,
    own: Option<i64>,
}

impl Sequences {
    pub(super) fn of(parsed: &Parsed, uid: &str, at: Option<Timestamp>, zone: &TimeZone) -> Self {
        let event = parsed.events.iter().find(|e| e.uid.as_str() == uid);
        let master = event.and_then(|e| e.master.as_ref()).map_or(0, |m| m.sequence);
        let own = event.and_then(|e| check::edited_body(e, at, zone)).map(|b| b.sequence);
        Self { master, own }
    }

    /// What is written: never below the master's; one more for a new time (RFC
    /// 5546 §2.1.4). `None`: stays.
    fn next(&self, change: &Change<'_>) -> Option<i64> {
        let base = self.own.unwrap_or(self.master).max(self.master);
        match change {
            Change::Move { .. } => Some(base.saturating_add(1)),
            Change::Text { .. } | Change::Block(_) => {
                self.own.is_some_and(|own| own < self.master).then_some(base)
            }
        }
    }
}

/// The new DESCRIPTION line of a change of text.
fn description(described: &Described, change: &Change<'_>) -> Result<Option<Vec<u8>>, EditError> {
    match change {
        Change::Text { text, .. } => Ok(Some(described.with_text(text))),
        Change::Block(text) => described.with_block(text).map(Some),
        Change::Move { .. } => Ok(None),
    }
}

/// The text with the change made in a component that is there.
pub(super) fn existing(
    lines: &Lines<'_>,
    component: &Component,
    change: &Change<'_>,
    sequences: &Sequences,
    editor: &Editor<'_>,
) -> Result<Vec<u8>, EditError> {
    let mut patch = Patch::new(lines);
    let described = Described::read(lines, component)?;
    if let Some(rest) = description(&described, change)? {
        patch.set(component, "DESCRIPTION", &rest);
        for twin in describe::TWINS {
            patch.remove(component, twin);
        }
    }
    if let Change::Text { attachment, .. } = change {
        attach::put(lines, component, &mut patch, *attachment);
    }
    if let Change::Move { start, duration } = change {
        move_lines(lines, component, &mut patch, start, *duration, editor.zone)?;
    }
    if let Some(next) = sequences.next(change) {
        patch.set(component, "SEQUENCE", format!(":{next}").as_bytes());
    }
    for (name, rest) in stamps(lines, component, editor.now) {
        patch.set(component, name, &rest);
    }
    Ok(patch.apply())
}

fn move_lines(
    lines: &Lines<'_>,
    component: &Component,
    patch: &mut Patch<'_, '_>,
    start: &CalTime,
    duration: SignedDuration,
    zone: &TimeZone,
) -> Result<(), EditError> {
    let unreadable = || EditError::Unreadable("DTSTART is missing".to_owned());
    let written = Written::read(lines, component, "DTSTART").ok_or_else(unreadable)?;
    patch.set(component, "DTSTART", &in_its_form(&written, start, zone));
    match Written::read(lines, component, "DTEND") {
        Some(end) => patch.set(component, "DTEND", &copy::end_after(&end, start, duration, zone)),
        None => {
            patch.set(component, "DURATION", format!(":{}", format_duration(duration)).as_bytes());
        }
    }
    Ok(())
}

/// A time in the form of a line that is there; where the value type differs, the
/// line gets the time's own form.
fn in_its_form(written: &Written, time: &CalTime, zone: &TimeZone) -> Vec<u8> {
    match (&written.time, time) {
        (CalTime::Date(_), CalTime::Date(_)) | (CalTime::Floating(_), CalTime::Floating(_)) => {
            written.with(time)
        }
        (CalTime::Utc(_) | CalTime::Zoned { .. }, CalTime::Utc(_) | CalTime::Zoned { .. }) => {
            written.at(time.instant(zone), zone)
        }
        (_, CalTime::Date(_)) => format!(";VALUE=DATE:{}", value(time)).into_bytes(),
        (_, CalTime::Floating(_) | CalTime::Utc(_)) => format!(":{}", value(time)).into_bytes(),
        (_, CalTime::Zoned { tzid, .. }) => {
            let tzid = encode_param(tzid);
            format!(";TZID={tzid}:{}", value(time)).into_bytes()
        }
    }
}

/// DTSTAMP, and LAST-MODIFIED where the component has one.
pub(super) fn stamps(
    lines: &Lines<'_>,
    component: &Component,
    now: Option<Timestamp>,
) -> Vec<(&'static str, Vec<u8>)> {
    let Some(now) = now else { return Vec::new() };
    let rest = format!(":{}", utc_value(now)).into_bytes();
    let mut out = vec![("DTSTAMP", rest.clone())];
    if component.property(lines, "LAST-MODIFIED").is_some() {
        out.push(("LAST-MODIFIED", rest));
    }
    out
}

/// The text with a new override that carries the change.
pub(super) fn insert(
    lines: &Lines<'_>,
    (master, id, at): (&Component, &CalTime, usize),
    change: &Change<'_>,
    sequences: &Sequences,
    editor: &Editor<'_>,
) -> Result<Vec<u8>, EditError> {
    let described = Described::read(lines, master)?;
    let mut set = stamps(lines, master, editor.now);
    let mut drop: &'static [&'static str] = &[];
    if let Some(rest) = description(&described, change)? {
        set.push(("DESCRIPTION", rest));
        drop = describe::TWINS;
    }
    if let Some(next) = sequences.next(change) {
        set.push(("SEQUENCE", format!(":{next}").into_bytes()));
    }
    let (start, duration) = match change {
        Change::Move { start, duration } => (Some(*start), Some(*duration)),
        Change::Text { .. } | Change::Block(_) => (None, None),
    };
    let add = match change {
        Change::Text { attachment: Some(text), .. } => vec![("ATTACH", attach::inline(text))],
        Change::Text { attachment: None, .. } | Change::Block(_) | Change::Move { .. } => {
            Vec::new()
        }
    };
    let changes = copy::Changes { start, duration, set, add, drop };
    let unreadable = || EditError::Unreadable("DTSTART is missing".to_owned());
    let mut bytes =
        copy::component(lines, master, id, &changes, editor.zone).ok_or_else(unreadable)?;
    let before = lines.data().get(..at).unwrap_or(&[]);
    if !lines.ends_line(before) {
        // A text that ends right after END:VEVENT, without line break.
        bytes.splice(0..0, lines.newline().iter().copied());
    }
    let mut patch = Patch::new(lines);
    patch.insert(at, bytes);
    Ok(patch.apply())
}
