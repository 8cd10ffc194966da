//! TZID to zone. In this order: IANA name, `X-LIC-LOCATION` or the rules of the
//! embedded VTIMEZONE, Windows name, a name Exchange shows, an offset in the
//! name. An unknown TZID is reported, never guessed silently, and fails nothing.

mod names;
mod rules;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::ical::lines::{LineKind, Lines};
use crate::ical::property::Property;
use crate::ical::value::unescape;

static DATABASE: OnceLock<TimeZoneDatabase> = OnceLock::new();

/// An IANA zone by its name, in any case.
pub fn iana(name: &str) -> Option<TimeZone> {
    // The database logs unknown names; obvious non-names never reach it.
    let plausible = !name.is_empty()
        && name.len() < 64
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b));
    let database = DATABASE.get_or_init(TimeZoneDatabase::bundled);
    plausible.then(|| database.get(name).ok()).flatten()
}

/// How a TZID was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneSource {
    /// It is an IANA name.
    Iana,
    /// An IANA name behind a path prefix (`/example.org/2024_1/Europe/Berlin`).
    Prefixed,
    /// A Windows name, by the CLDR table.
    Windows,
    /// X-LIC-LOCATION of the embedded VTIMEZONE names an IANA zone.
    Location,
    /// The rules of the embedded VTIMEZONE.
    Rules,
    /// A name Exchange shows, by table or by its city.
    Display,
    /// The name says an offset.
    Offset,
    /// Not understood: times are read as floating.
    Unknown,
}

/// A TZID with what it was resolved to.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// As written in the file.
    pub tzid: Arc<str>,
    /// The zone; `None` for [`ZoneSource::Unknown`].
    pub zone: Option<TimeZone>,
    /// How it was found.
    pub source: ZoneSource,
}

/// The zones of one text: its VTIMEZONEs, and what was resolved so far.
#[derive(Debug)]
pub struct Zones<'l, 'a> {
    lines: &'l Lines<'a>,
    /// Line ranges of the VTIMEZONEs, by TZID without quotes, in lower case.
    embedded: HashMap<String, Range<usize>>,
    resolved: Vec<Resolved>,
    index: HashMap<String, usize>,
}

impl<'l, 'a> Zones<'l, 'a> {
    /// Finds the VTIMEZONEs of an index; reads none of their rules yet.
    pub fn new(lines: &'l Lines<'a>) -> Self {
        Self { lines, embedded: embedded(lines), resolved: Vec::new(), index: HashMap::new() }
    }

    /// Everything resolved so far, in order of first use.
    pub fn used(&self) -> &[Resolved] {
        &self.resolved
    }

    /// Resolves a TZID.
    pub fn resolve(&mut self, tzid: &str) -> Resolved {
        // The one or two zones of a usual file are found without hashing.
        let near = self.resolved.iter().take(4).find(|r| &*r.tzid == tzid);
        let found = near.or_else(|| self.resolved.get(*self.index.get(tzid)?));
        if let Some(found) = found {
            return found.clone();
        }
        let (zone, source) = self.find(tzid);
        let found = Resolved { tzid: Arc::from(tzid), zone, source };
        self.index.insert(tzid.to_owned(), self.resolved.len());
        self.resolved.push(found.clone());
        found
    }

    fn find(&self, tzid: &str) -> (Option<TimeZone>, ZoneSource) {
        let name = tzid.trim().trim_matches('"').trim();
        if let Some(zone) = iana(name) {
            return (Some(zone), ZoneSource::Iana);
        }
        if let Some(zone) = names::without_prefix(name) {
            return (Some(zone), ZoneSource::Prefixed);
        }
        if let Some((zone, source)) = self.in_file(name) {
            return (Some(zone), source);
        }
        if let Some(zone) = names::windows(name) {
            return (Some(zone), ZoneSource::Windows);
        }
        if let Some(zone) = names::display(name) {
            return (Some(zone), ZoneSource::Display);
        }
        match names::offset(name) {
            Some(zone) => (Some(zone), ZoneSource::Offset),
            None => (None, ZoneSource::Unknown),
        }
    }

    fn in_file(&self, name: &str) -> Option<(TimeZone, ZoneSource)> {
        let range = self.embedded.get(&name.to_lowercase())?;
        let location = self.lines.slice(range.clone()).iter().find_map(|line| {
            let is = self.lines.is(line, "X-LIC-LOCATION");
            is.then(|| Property::read(self.lines, line).value_str().trim().to_owned())
        });
        if let Some(zone) = location.as_deref().and_then(iana) {
            return Some((zone, ZoneSource::Location));
        }
        rules::zone(self.lines, range.clone()).map(|zone| (zone, ZoneSource::Rules))
    }
}

fn embedded(lines: &Lines<'_>) -> HashMap<String, Range<usize>> {
    let mut out = HashMap::new();
    let mut open: Option<(usize, u16)> = None;
    for (at, line) in lines.iter().enumerate() {
        match (line.kind(), open) {
            (LineKind::Begin, None) if is_timezone(lines, line) => open = Some((at, line.depth())),
            (LineKind::End, Some((from, depth))) if line.depth() == depth => {
                open = None;
                let id = lines.slice(from..at).iter().find(|l| {
                    l.depth() == depth && l.kind() == LineKind::Property && lines.is(l, "TZID")
                });
                if let Some(id) = id {
                    let id = unescape(Property::read(lines, id).value());
                    let id = id.trim().trim_matches('"').trim().to_lowercase();
                    out.entry(id).or_insert(from..at + 1);
                }
            }
            _ => {}
        }
    }
    out
}

fn is_timezone(lines: &Lines<'_>, line: &crate::ical::lines::Line) -> bool {
    let rest = lines.rest(line);
    rest.get(1..).is_some_and(|v| v.trim_ascii().eq_ignore_ascii_case(b"VTIMEZONE"))
}

#[cfg(test)]
mod tests;
