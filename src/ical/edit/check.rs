//! The self-check of an edit: the result is read again, and the difference to
//! the original must be the intended one and nothing else.

use std::borrow::Cow;

use crate::ical::component;
use crate::ical::lines::Lines;
use crate::ical::parse::parse;
use crate::ical::property::Property;
use crate::ical::value::unescape;
use crate::model::event::{Event, EventBody, EventOverride};

/// Which component of the result is the edited one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edited {
    /// One that was there before.
    Existing,
    /// A new override.
    New,
}

/// Compares original and result. The error names what differs beyond the intent.
pub(super) fn only_intended(
    before: &[u8],
    after: &[u8],
    uid: &str,
    edited: Edited,
) -> Result<(), &'static str> {
    outside_is_equal(&ended(before), &ended(after), edited)?;
    models_agree(before, after, uid, edited)?;
    independent_reader_agrees(before, after, edited)
}

/// The text with a line break at its end: one that lacks it gets one when an
/// override is put behind its last line.
fn ended(data: &[u8]) -> Cow<'_, [u8]> {
    let Ok(lines) = Lines::new(data) else { return Cow::Borrowed(data) };
    if lines.ends_line(data) {
        return Cow::Borrowed(data);
    }
    let newline = lines.newline();
    Cow::Owned([data, newline].concat())
}

/// Every line outside of the edited component keeps its bytes and order.
fn outside_is_equal(before: &[u8], after: &[u8], edited: Edited) -> Result<(), &'static str> {
    let (Ok(old), Ok(new)) = (Lines::new(before), Lines::new(after)) else {
        return Err("the result cannot be indexed");
    };
    let (old_events, new_events) = (component::events(&old).closed, component::events(&new).closed);
    let extra = usize::from(edited == Edited::New);
    if new_events.len() != old_events.len() + extra {
        return Err("the number of events is not what it should be");
    }
    // The first component that differs is the edited one; all others, and the
    // lines between them, must be the same.
    let bytes = |lines: &Lines<'_>, range: std::ops::Range<usize>| -> Vec<u8> {
        lines.slice(range).iter().flat_map(|l| lines.raw(l).to_vec()).collect()
    };
    let mut old_at = 0;
    let mut new_at = 0;
    let mut changed = 0;
    let mut olds = old_events.iter().peekable();
    for event in &new_events {
        let now = bytes(&new, event.lines.clone());
        let same = olds.peek().is_some_and(|o| bytes(&old, o.lines.clone()) == now);
        if !same {
            changed += 1;
            if edited == Edited::New {
                if bytes(&new, new_at..event.lines.start)
                    != bytes(&old, old_at..old_at + event.lines.start - new_at)
                {
                    return Err("lines between the events changed");
                }
                old_at += event.lines.start - new_at;
                new_at = event.lines.end;
                continue;
            }
        }
        let Some(was) = olds.next() else { return Err("an event appeared") };
        if bytes(&new, new_at..event.lines.start) != bytes(&old, old_at..was.lines.start) {
            return Err("lines between the events changed");
        }
        (old_at, new_at) = (was.lines.end, event.lines.end);
    }
    if bytes(&new, new_at..new.len()) != bytes(&old, old_at..old.len()) {
        return Err("lines after the events changed");
    }
    if changed > 1 { Err("another event changed") } else { Ok(()) }
}

/// All events but the edited component read the same.
fn models_agree(
    before: &[u8],
    after: &[u8],
    uid: &str,
    edited: Edited,
) -> Result<(), &'static str> {
    let (old, new) = (parse(before), parse(after));
    if old.quarantined.len() != new.quarantined.len() {
        return Err("an event can no longer be read");
    }
    if old.events.len() != new.events.len() {
        return Err("an event appeared or vanished");
    }
    for (was, now) in old.events.iter().zip(&new.events) {
        if was.uid.as_str() == uid {
            one_component_differs(was, now, edited)?;
        } else if was != now {
            return Err("another event changed");
        }
    }
    Ok(())
}

fn one_component_differs(was: &Event, now: &Event, edited: Edited) -> Result<(), &'static str> {
    if was.recurrence != now.recurrence {
        return Err("the recurrence changed");
    }
    let changed = now.overrides.iter().filter(|o| !was.overrides.contains(o)).count();
    let lost = was.overrides.iter().filter(|o| !now.overrides.contains(o)).count();
    let master = was.master != now.master;
    match edited {
        Edited::New if master || lost > 0 || changed != 1 => Err("more than one override appeared"),
        Edited::Existing if usize::from(master) + changed > 1 || lost > 1 => {
            Err("more than one component changed")
        }
        Edited::New | Edited::Existing => Ok(()),
    }
}

/// Another implementation reads the result, and finds the same components.
fn independent_reader_agrees(
    before: &[u8],
    after: &[u8],
    edited: Edited,
) -> Result<(), &'static str> {
    let Some(old) = independent_count(before) else {
        // It refuses much that servers send; then it can say nothing.
        return Ok(());
    };
    match independent_count(after) {
        Some(new) if new == old + usize::from(edited == Edited::New) => Ok(()),
        Some(_) => Err("another reader finds other events"),
        None => Err("another reader refuses the result"),
    }
}

fn independent_count(data: &[u8]) -> Option<usize> {
    let text = icalendar::parser::unfold(std::str::from_utf8(data).ok()?);
    let components = icalendar::parser::read_calendar_simple(&text).ok()?;
    Some(components.iter().flat_map(|c| &c.components).filter(|c| c.name == "VEVENT").count())
}

/// The component an edit was about, as the result has it.
pub(super) fn edited_body<'e>(
    event: &'e Event,
    at: Option<jiff::Timestamp>,
    viewer: &jiff::tz::TimeZone,
) -> Option<&'e EventBody> {
    let form = event.master.as_ref().map(|m| &m.start);
    let is = |o: &&EventOverride| {
        let id = crate::ical::recur::lookup::as_in(&o.recurrence_id, form, viewer);
        Some(id.instant(viewer)) == at
    };
    match at {
        None => event.master.as_ref(),
        Some(_) => event.overrides.iter().find(is).map(|o| &o.body),
    }
}

/// The value a written DESCRIPTION line will be read as.
pub(super) fn text_of(rest: &[u8]) -> String {
    unescape(Property::from_rest(Cow::Borrowed(rest)).value())
}
