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
    let times = times(lines, master, id, changes, viewer)?;
    let mut out = Vec::new();
    let mut set: Vec<bool> = vec![false; changes.set.len()];
    let mut props_done = false;
    for at in master.lines.clone() {
        let Some(line) = lines.get(at) else { continue };
        let own = line.depth() == master.depth && line.kind() == LineKind::Property;
        if !own {
            let first_child = line.kind() == LineKind::Begin && line.depth() > master.depth;
            let end = at + 1 == master.lines.end;
            if !props_done && (first_child || end) {
                props_done = true;
                append_missing(&mut out, changes, &set, &times, newline);
            }
            out.extend_from_slice(lines.raw(line));
            continue;
        }
        let name = lines.name(line).to_ascii_uppercase();
        let name = String::from_utf8_lossy(&name);
        if is_recurrence(&name) || changes.drop.contains(&&*name) {
            continue;
        }
        if let Some(n) = changes.set.iter().position(|(key, _)| *key == name) {
            if let (Some(done), Some((_, rest))) = (set.get_mut(n), changes.set.get(n)) {
                if !std::mem::replace(done, true) {
                    out.extend(render(&name, rest, newline));
                }
            }
            continue;
        }
        match times.iter().find(|(key, _)| *key == name) {
            Some((_, Some(rest))) => out.extend(render(&name, rest, newline)),
            Some((_, None)) | None => out.extend_from_slice(lines.raw(line)),
        }
        if name == "DTSTART" {
            if let Some((_, Some(rest))) = times.iter().find(|(key, _)| *key == "RECURRENCE-ID") {
                out.extend(render("RECURRENCE-ID", rest, newline));
            }
        }
    }
    if !out.ends_with(newline) {
        out.extend_from_slice(newline);
    }
    Some(out)
}

fn append_missing(
    out: &mut Vec<u8>,
    changes: &Changes<'_>,
    set: &[bool],
    times: &[(&'static str, Option<Vec<u8>>)],
    newline: &[u8],
) {
    for ((name, rest), _) in changes.set.iter().zip(set).filter(|(_, done)| !**done) {
        out.extend(render(name, rest, newline));
    }
    // A length given where the master says none.
    for (name, rest) in times.iter().filter(|(name, _)| *name == "+DURATION") {
        if let Some(rest) = rest {
            out.extend(render(name.trim_start_matches('+'), rest, newline));
        }
    }
}

fn is_recurrence(name: &str) -> bool {
    matches!(name, "RRULE" | "RDATE" | "EXDATE" | "EXRULE" | "RECURRENCE-ID")
}

/// RECURRENCE-ID and the time lines of the override: `None` keeps the line as it
/// is.
fn times(
    lines: &Lines<'_>,
    master: &Component,
    id: &CalTime,
    changes: &Changes<'_>,
    viewer: &TimeZone,
) -> Option<Vec<(&'static str, Option<Vec<u8>>)>> {
    let start = Written::read(lines, master, "DTSTART")?;
    let end = Written::read(lines, master, "DTEND");
    let mut recurrence_id = start.form();
    recurrence_id.push(b':');
    recurrence_id.extend_from_slice(super::moment::value(id).as_bytes());
    let new_start = changes.start.unwrap_or(id);
    let mut out =
        vec![("RECURRENCE-ID", Some(recurrence_id)), ("DTSTART", Some(start.with(new_start)))];
    let new_at = new_start.instant(viewer);
    match (end, changes.duration) {
        (Some(end), Some(length)) => {
            out.push(("DTEND", Some(end.at(plus(new_at, length), viewer))))
        }
        (Some(end), None) => {
            out.push(("DTEND", Some(moved_end(&start, &end, new_start, new_at, viewer))))
        }
        (None, Some(length)) => {
            let rest = format!(":{}", crate::ical::value::format_duration(length)).into_bytes();
            let has = master.property(lines, "DURATION").is_some();
            out.push((if has { "DURATION" } else { "+DURATION" }, Some(rest)));
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

pub(super) fn plus(at: Timestamp, length: jiff::SignedDuration) -> Timestamp {
    at.checked_add(length).unwrap_or(at)
}
