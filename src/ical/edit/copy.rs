//! A new override: the master's lines, less its recurrence, moved to one
//! occurrence. Everything else is copied byte for byte, alarms included.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::moment::Written;
use super::text::render;
use crate::ical::component::Component;
use crate::ical::lines::{LineKind, Lines};
use crate::model::time::CalTime;

/// What differs from the plain copy: the time of the occurrence, and lines set
/// or dropped by the edit.
pub(super) struct Changes<'c> {
    /// New start; `None`: at its recurrence id.
    pub(super) start: Option<&'c CalTime>,
    /// New length in place of the master's.
    pub(super) duration: Option<jiff::SignedDuration>,
    /// Properties set: name and `;PARAM=…:value`.
    pub(super) set: Vec<(&'static str, Vec<u8>)>,
    /// Properties added beside others of their name.
    pub(super) add: Vec<(&'static str, Vec<u8>)>,
    /// Properties dropped.
    pub(super) drop: &'static [&'static str],
}

/// The lines of the override of one occurrence; `None` when the master has no
/// readable DTSTART.
pub(super) fn component(
    lines: &Lines<'_>,
    master: &Component,
    id: &CalTime,
    changes: &Changes<'_>,
    viewer: &TimeZone,
) -> Option<Vec<u8>> {
    let newline = lines.newline();
    // Lines that replace the master's, or stand behind its last property.
    let mut set = times(lines, master, id, changes, viewer)?;
    set.extend(changes.set.iter().map(|(name, rest)| Set::new(name, rest.clone())));
    let mut out = Vec::new();
    let mut in_properties = true;
    for at in master.lines.clone() {
        let Some(line) = lines.get(at) else { continue };
        if line.depth() != master.depth || line.kind() != LineKind::Property {
            let child = line.kind() == LineKind::Begin && line.depth() > master.depth;
            if in_properties && (child || at + 1 == master.lines.end) {
                in_properties = false;
                set.iter_mut().for_each(|s| s.write(&mut out, newline));
                for (name, rest) in &changes.add {
                    out.extend(render(name, rest, newline));
                }
            }
            out.extend_from_slice(lines.raw(line));
            continue;
        }
        let name = String::from_utf8_lossy(&lines.name(line)).to_ascii_uppercase();
        if is_recurrence(&name) || changes.drop.contains(&name.as_str()) {
            continue;
        }
        match set.iter_mut().find(|s| s.name == name) {
            Some(set) => set.write(&mut out, newline),
            None => out.extend_from_slice(lines.raw(line)),
        }
        if name == "DTSTART" {
            let id = set.iter_mut().filter(|s| s.name == "RECURRENCE-ID");
            id.for_each(|id| id.write(&mut out, newline));
        }
    }
    if !lines.ends_line(&out) {
        out.extend_from_slice(newline);
    }
    Some(out)
}

/// A line of the override that is not the master's.
struct Set {
    name: &'static str,
    rest: Vec<u8>,
    done: bool,
}

impl Set {
    fn new(name: &'static str, rest: Vec<u8>) -> Self {
        Self { name, rest, done: false }
    }

    /// Writes the line, once.
    fn write(&mut self, out: &mut Vec<u8>, newline: &[u8]) {
        if !std::mem::replace(&mut self.done, true) {
            out.extend(render(self.name, &self.rest, newline));
        }
    }
}

fn is_recurrence(name: &str) -> bool {
    matches!(name, "RRULE" | "RDATE" | "EXDATE" | "EXRULE" | "RECURRENCE-ID")
}

/// RECURRENCE-ID and the time lines of the override.
fn times(
    lines: &Lines<'_>,
    master: &Component,
    id: &CalTime,
    changes: &Changes<'_>,
    viewer: &TimeZone,
) -> Option<Vec<Set>> {
    let start = Written::read(lines, master, "DTSTART")?;
    let end = Written::read(lines, master, "DTEND");
    let mut recurrence_id = start.form();
    recurrence_id.push(b':');
    recurrence_id.extend_from_slice(super::moment::value(id).as_bytes());
    let new_start = changes.start.unwrap_or(id);
    let new_at = new_start.instant(viewer);
    let mut out =
        vec![Set::new("RECURRENCE-ID", recurrence_id), Set::new("DTSTART", start.with(new_start))];
    match (end, changes.duration) {
        (Some(end), Some(length)) => {
            out.push(Set::new("DTEND", end_after(&end, new_start, length, viewer)));
        }
        (Some(end), None) => {
            out.push(Set::new("DTEND", moved_end(&start, &end, new_start, new_at, viewer)));
        }
        (None, Some(length)) => {
            let rest = format!(":{}", crate::ical::value::format_duration(length));
            out.push(Set::new("DURATION", rest.into_bytes()));
        }
        (None, None) => {}
    }
    Some(out)
}

/// DTEND at the same distance: days for dates, else the exact length.
fn moved_end(
    start: &Written,
    end: &Written,
    new_start: &CalTime,
    new_at: Timestamp,
    viewer: &TimeZone,
) -> Vec<u8> {
    if let (CalTime::Date(from), CalTime::Date(to), CalTime::Date(new)) =
        (&start.time, &end.time, new_start)
    {
        let moved = new.checked_add(from.duration_until(*to)).unwrap_or(*new);
        return end.with(&CalTime::Date(moved));
    }
    let length = start.time.instant(viewer).duration_until(end.time.instant(viewer));
    end.at(plus(new_at, length), viewer)
}

/// DTEND a length after a start: days for dates.
pub(super) fn end_after(
    end: &Written,
    start: &CalTime,
    length: jiff::SignedDuration,
    viewer: &TimeZone,
) -> Vec<u8> {
    match (&end.time, start) {
        (CalTime::Date(_), CalTime::Date(date)) => {
            end.with(&CalTime::Date(date.checked_add(length).unwrap_or(*date)))
        }
        _ => end.at(plus(start.instant(viewer), length), viewer),
    }
}

fn plus(at: Timestamp, length: jiff::SignedDuration) -> Timestamp {
    at.checked_add(length).unwrap_or(at)
}
