//! Finds the component an edit is about: by UID and original start, compared as
//! instants, because servers re-express recurrence ids in other zones.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::EditError;
use crate::ical::component::{self, Component};
use crate::ical::lines::{Line, Lines};
use crate::ical::parse::{self, Parsed};
use crate::ical::property::Property;
use crate::ical::recur::lookup;
use crate::ical::tz::Zones;
use crate::ical::value::unescape;
use crate::model::event::Event;
use crate::model::time::CalTime;

/// Where an edit goes.
#[derive(Debug)]
pub(super) enum Target {
    /// A component that is there: the single event, or an existing override.
    Existing(Component),
    /// An occurrence without override: the master it is copied from, the id in
    /// the form of its DTSTART, and the byte offset the override goes to.
    New {
        /// The series' master.
        master: Component,
        /// RECURRENCE-ID.
        id: CalTime,
        /// Where the override is put: after the last component of the UID.
        at: usize,
    },
}

/// All VEVENTs of a UID.
struct Family {
    masters: Vec<Component>,
    overrides: Vec<(Component, CalTime)>,
    /// Line index after the last of them.
    end: usize,
}

/// Finds the component for UID and original start (`None`: a single event).
pub(super) fn target(
    lines: &Lines<'_>,
    parsed: &Parsed,
    uid: &str,
    at: Option<Timestamp>,
    viewer: &TimeZone,
) -> Result<Target, EditError> {
    let family = family(lines, uid)?;
    let event = parsed.events.iter().find(|e| e.uid.as_str() == uid);
    let (Some(event), false) = (event, uid.is_empty()) else {
        return Err(unreadable(parsed, uid));
    };
    if family.masters.len() > 1 {
        return Err(EditError::Ambiguous(uid.to_owned()));
    }
    let Some(at) = at else {
        return match family.masters.as_slice() {
            [only] if !event.recurs() && event.overrides.is_empty() => {
                Ok(Target::Existing(only.clone()))
            }
            _ => Err(EditError::Recurs(uid.to_owned())),
        };
    };
    existing_override(&family, event, at, viewer)?.map_or_else(
        || new_override(lines, &family, event, at, viewer),
        |component| Ok(Target::Existing(component)),
    )
}

/// The component of a UID without RECURRENCE-ID.
pub(super) fn master(
    lines: &Lines<'_>,
    parsed: &Parsed,
    uid: &str,
) -> Result<Component, EditError> {
    if uid.is_empty() || !parsed.events.iter().any(|e| e.uid.as_str() == uid) {
        return Err(unreadable(parsed, uid));
    }
    match family(lines, uid)?.masters.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(EditError::NoSuchUid(uid.to_owned())),
        _ => Err(EditError::Ambiguous(uid.to_owned())),
    }
}

fn unreadable(parsed: &Parsed, uid: &str) -> EditError {
    let broken = parsed
        .quarantined
        .iter()
        .find(|q| q.line == 0 || q.uid.as_ref().is_some_and(|u| u.as_str() == uid));
    match broken {
        Some(broken) => EditError::Unreadable(broken.reason.clone()),
        None => EditError::NoSuchUid(uid.to_owned()),
    }
}

fn existing_override(
    family: &Family,
    event: &Event,
    at: Timestamp,
    viewer: &TimeZone,
) -> Result<Option<Component>, EditError> {
    let form = event.master.as_ref().map(|m| &m.start);
    let same = |id: &CalTime| lookup::as_in(id, form, viewer).instant(viewer) == at;
    let mut found = family.overrides.iter().filter(|(_, id)| same(id));
    match (found.next(), found.next()) {
        (Some(_), Some(_)) => Err(EditError::Ambiguous(event.uid.as_str().to_owned())),
        (Some((component, _)), None) => Ok(Some(component.clone())),
        (None, _) => Ok(None),
    }
}

fn new_override(
    lines: &Lines<'_>,
    family: &Family,
    event: &Event,
    at: Timestamp,
    viewer: &TimeZone,
) -> Result<Target, EditError> {
    let no_such = || EditError::NoSuchOccurrence { uid: event.uid.as_str().to_owned(), at };
    let master = family.masters.first().ok_or_else(no_such)?;
    if !event.recurs() {
        return Err(no_such());
    }
    let id = lookup::recurrence_id(event, at, viewer).ok_or_else(no_such)?;
    let in_range =
        event.overrides.iter().any(|o| o.this_and_future && o.recurrence_id.instant(viewer) <= at);
    if in_range {
        return Err(EditError::ThisAndFuture(event.uid.as_str().to_owned()));
    }
    let last = lines.get(family.end.saturating_sub(1));
    let at = last.map_or(lines.data().len(), |l| l.range().end);
    Ok(Target::New { master: master.clone(), id, at })
}

fn family(lines: &Lines<'_>, uid: &str) -> Result<Family, EditError> {
    let mut zones = Zones::new(lines);
    let mut out = Family { masters: Vec::new(), overrides: Vec::new(), end: 0 };
    for component in component::events(lines).closed {
        let own = component
            .properties(lines)
            .any(|(_, line)| lines.is(line, "UID") && text(lines, line) == uid);
        if !own {
            continue;
        }
        sound(lines, &component)?;
        out.end = component.lines.end;
        let id = component
            .property(lines, "RECURRENCE-ID")
            .and_then(|(_, line)| parse::time_of(&Property::read(lines, line), &mut zones));
        match id {
            Some(id) => out.overrides.push((component, id)),
            None => out.masters.push(component),
        }
    }
    Ok(out)
}

/// Edits touch only components whose lines have one meaning: balanced, and none
/// of the properties that give identity and time stands twice or holds control
/// characters (which a rewritten line would lose).
fn sound(lines: &Lines<'_>, component: &Component) -> Result<(), EditError> {
    let line = |at: usize| lines.get(at).map_or(0, |l| lines.number(l));
    if !component.balanced(lines) {
        let begin = line(component.lines.start);
        return Err(EditError::Unreadable(format!(
            "line {begin}: a component inside is not closed"
        )));
    }
    for name in ["UID", "RECURRENCE-ID", "DTSTART", "DTEND", "DURATION"] {
        for (n, (at, found)) in
            component.properties(lines).filter(|(_, l)| lines.is(l, name)).enumerate()
        {
            let control = lines.rest(found).iter().any(|b| *b < 0x20 && *b != b'\t' || *b == 0x7f);
            if n > 0 || control {
                let what = if n > 0 { "a second" } else { "a control character in" };
                let reason = format!("line {}: {what} {name}", line(at));
                return Err(EditError::Unreadable(reason));
            }
        }
    }
    Ok(())
}

fn text(lines: &Lines<'_>, line: &Line) -> String {
    unescape(Property::read(lines, line).value()).trim().to_owned()
}
