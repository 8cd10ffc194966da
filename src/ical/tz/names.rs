//! Names of zones that are not IANA names: prefixed, Windows, shown by
//! Exchange, or an offset. The tables are data files beside this one.

use std::collections::HashMap;
use std::sync::OnceLock;

use jiff::tz::{Offset, TimeZone};

use super::iana;
use crate::ical::value::parse_offset;

static WINDOWS: OnceLock<HashMap<String, &'static str>> = OnceLock::new();
static DISPLAY: OnceLock<HashMap<String, &'static str>> = OnceLock::new();

/// Parses a table: `name<TAB>zone`, `#` comments; names in lower case.
pub(super) fn table(text: &'static str) -> HashMap<String, &'static str> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, zone)| (name.to_lowercase(), zone))
        .collect()
}

pub(super) const WINDOWS_TABLE: &str = include_str!("windows.tsv");
pub(super) const DISPLAY_TABLE: &str = include_str!("display.tsv");

/// `/example.org/20240101_1/America/Argentina/Buenos_Aires`, `posix/Europe/Vaduz`:
/// the longest tail that is an IANA name.
pub(super) fn without_prefix(name: &str) -> Option<TimeZone> {
    let mut rest = name;
    while let Some((_, tail)) = rest.split_once('/') {
        // A tail without a slash (`EST`, `GMT`) only directly after a leading slash.
        let plausible = tail.contains('/') || rest.starts_with('/');
        if let Some(zone) = iana(tail).filter(|_| plausible) {
            return Some(zone);
        }
        rest = tail;
    }
    None
}

/// A Windows name, also as `tzone://Microsoft/…` (where only UTC has a meaning).
pub(super) fn windows(name: &str) -> Option<TimeZone> {
    let name = name.to_lowercase();
    let name = name.strip_prefix("tzone://microsoft/").unwrap_or(&name);
    let zone = WINDOWS.get_or_init(|| table(WINDOWS_TABLE)).get(name)?;
    iana(zone)
}

/// `(UTC+01:00) Amsterdam, Berlin, …` by table, else by the first city that is
/// one of the IANA list.
pub(super) fn display(name: &str) -> Option<TimeZone> {
    let shown = match name.strip_prefix('(') {
        Some(rest) => rest.split_once(')')?.1.trim(),
        None => name,
    };
    let known = DISPLAY.get_or_init(|| table(DISPLAY_TABLE)).get(&shown.to_lowercase());
    if let Some(zone) = known {
        return iana(zone);
    }
    // Without an offset in front, a bare word is too little to go by.
    if shown.len() == name.len() {
        return None;
    }
    let areas =
        ["Europe", "America", "Asia", "Africa", "Australia", "Pacific", "Atlantic", "Indian"];
    shown
        .split(',')
        .map(|city| city.trim().replace(' ', "_"))
        .find_map(|city| areas.iter().find_map(|area| iana(&format!("{area}/{city}"))))
}

/// `UTC+02:00`, `GMT-0500`, `+0100`, `(UTC-03:00)`.
pub(super) fn offset(name: &str) -> Option<TimeZone> {
    let text = name.trim_start_matches('(').trim_end_matches(')').trim();
    let upper = text.to_ascii_uppercase();
    let digits = upper.strip_prefix("UTC").or_else(|| upper.strip_prefix("GMT")).unwrap_or(&upper);
    let digits = digits.trim();
    if !digits.starts_with(['+', '-']) {
        return None;
    }
    let seconds = parse_offset(digits.as_bytes())?;
    Some(TimeZone::fixed(Offset::from_seconds(seconds).ok()?))
}
