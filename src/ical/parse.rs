//! Text to events. Never fails a whole file because of one event: what cannot
//! be read is quarantined with its reason and line, everything else goes on.

mod body;
mod times;

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::ical::component::{self, Component};
use crate::ical::lines::Lines;
use crate::ical::property::Property;
use crate::ical::tz::{Resolved, ZoneSource, Zones};
use crate::model::event::{Event, EventBody, EventOverride, Recurrence};
use crate::model::id::EventUid;
use crate::model::time::CalTime;

/// What a text holds.
#[must_use]
#[derive(Debug, Clone, Default)]
pub struct Parsed {
    /// One per UID, in order of first appearance. Events without UID stand alone
    /// under the empty UID.
    pub events: Vec<Event>,
    /// Components that could not be read.
    pub quarantined: Vec<Rejected>,
    /// What was read with a doubt.
    pub warnings: Vec<Warning>,
    /// Each TZID used, with what it was taken for.
    pub zones: Vec<Resolved>,
}

/// A component that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Its UID, when that much could be read.
    pub uid: Option<EventUid>,
    /// Physical line it begins on, from 1; 0: the text as a whole.
    pub line: usize,
    /// What is wrong, for people; names the line.
    pub reason: String,
}

/// Something read with a doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Physical line of the component or property, from 1.
    pub line: usize,
    /// What was doubtful and what was assumed, for people.
    pub text: String,
}

/// The time a DTSTART, RECURRENCE-ID or like property says.
pub(crate) fn time_of(property: &Property<'_>, zones: &mut Zones<'_, '_>) -> Option<CalTime> {
    times::time(property, zones)
}

/// One VEVENT read.
struct Piece {
    uid: EventUid,
    id: Option<(CalTime, bool)>,
    body: EventBody,
    recurrence: Recurrence,
    /// Index of its BEGIN line.
    begin: usize,
}

/// Events under construction, with what finds them again in constant time.
#[derive(Default)]
struct Grouping {
    events: Vec<Event>,
    by_uid: HashMap<EventUid, usize>,
    /// Index of the BEGIN line of each event's master.
    masters: HashMap<usize, usize>,
    /// Place of each override, by event and recurrence id.
    overrides: HashMap<(usize, Timestamp), usize>,
}

/// Reads a text: one or several VCALENDARs, or bare VEVENTs.
pub fn parse(data: &[u8]) -> Parsed {
    let mut out = Parsed::default();
    match Lines::new(data) {
        Ok(lines) => parse_lines(&lines, &mut out),
        Err(error) => {
            out.quarantined.push(Rejected { uid: None, line: 0, reason: error.to_string() });
        }
    }
    out
}

fn parse_lines(lines: &Lines<'_>, out: &mut Parsed) {
    let found = component::events(lines);
    let mut zones = Zones::new(lines);
    for at in &found.unclosed {
        if let Some(line) = lines.get(*at) {
            let number = lines.number(line);
            out.quarantined.push(Rejected {
                uid: None,
                line: number,
                reason: format!("line {number}: BEGIN:VEVENT without END:VEVENT"),
            });
        }
    }
    let mut grouping = Grouping::default();
    for component in &found.closed {
        match body::read(lines, component, &mut zones, &mut out.warnings) {
            Ok(piece) => grouping.add(piece, lines, &mut out.warnings),
            Err((uid, reason)) => out.quarantined.push(reject(lines, component, uid, &reason)),
        }
    }
    out.events = grouping.events;
    out.zones = zones.used().to_vec();
    for zone in out.zones.iter().filter(|z| z.source == ZoneSource::Unknown) {
        out.warnings.push(Warning {
            line: 0,
            text: format!(
                "the time zone {:?} is not known; its times are read as local",
                zone.tzid
            ),
        });
    }
}

fn reject(
    lines: &Lines<'_>,
    component: &Component,
    uid: Option<EventUid>,
    reason: &str,
) -> Rejected {
    let line = lines.get(component.lines.start).map_or(0, |l| lines.number(l));
    Rejected { uid, line, reason: format!("line {line}: {reason}") }
}

impl Grouping {
    /// Puts a component to its UID's event.
    fn add(&mut self, piece: Piece, lines: &Lines<'_>, warnings: &mut Vec<Warning>) {
        let at = self.event_of(&piece.uid);
        match piece.id {
            Some((recurrence_id, this_and_future)) => {
                let over = EventOverride { recurrence_id, this_and_future, body: piece.body };
                self.add_override(at, over);
            }
            None => {
                let first = self.masters.entry(at).or_insert(piece.begin);
                let number = |begin: usize| lines.get(begin).map_or(0, |l| lines.number(l));
                let Some(event) = self.events.get_mut(at) else { return };
                if *first != piece.begin {
                    let (old, new) = (number(*first), number(piece.begin));
                    let text = format!(
                        "two events have the UID {:?} (lines {old} and {new}); the newer one is read",
                        event.uid.as_str(),
                    );
                    warnings.push(Warning { line: new, text });
                }
                if event.master.as_ref().is_none_or(|old| rank(old) <= rank(&piece.body)) {
                    event.master = Some(piece.body);
                    event.recurrence = piece.recurrence;
                }
            }
        }
    }

    fn event_of(&mut self, uid: &EventUid) -> usize {
        let known = if uid.as_str().is_empty() { None } else { self.by_uid.get(uid).copied() };
        known.unwrap_or_else(|| {
            let at = self.events.len();
            self.by_uid.insert(uid.clone(), at);
            self.events.push(Event {
                uid: uid.clone(),
                master: None,
                recurrence: Recurrence::default(),
                overrides: Vec::new(),
            });
            at
        })
    }

    fn add_override(&mut self, at: usize, over: EventOverride) {
        let Some(event) = self.events.get_mut(at) else { return };
        let key = (at, over.recurrence_id.instant(&TimeZone::UTC));
        let place = *self.overrides.entry(key).or_insert(event.overrides.len());
        match event.overrides.get_mut(place) {
            Some(old) if old.body.sequence <= over.body.sequence => *old = over,
            Some(_) => {}
            None => event.overrides.push(over),
        }
    }
}

/// Which of two components with one identity is newer.
fn rank(body: &EventBody) -> (i64, Option<Timestamp>) {
    (body.sequence, body.last_modified)
}

#[cfg(test)]
mod tests;
