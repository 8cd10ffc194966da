//! A zone from the rules of a VTIMEZONE (RFC 5545 §3.6.5). When the newest
//! STANDARD and DAYLIGHT rules say all there is, a POSIX zone; otherwise all
//! transitions up to [`LAST_YEAR`], as a TZif zone.

use std::ops::Range;

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use crate::ical::lines::{LineKind, Lines};
use crate::ical::property::Property;
use crate::ical::recur::days::{civil_seconds, from_civil_seconds};
use crate::ical::recur::rule::{Freq, Rule, Until};
use crate::ical::recur::{Limits, rule_civil};
use crate::ical::value::{RawTime, parse_offset, parse_time, split_list};

/// Last year transitions are computed for; later times keep the last offset
/// unless the rules have a POSIX form.
const LAST_YEAR: i16 = 2100;
/// Most transitions of one zone.
const MAX_TRANSITIONS: usize = 4000;

/// Names of the clock's states, as the POSIX footer has them; nobody sees them.
const DESIGNATIONS: &[u8] = b"STD\0DST\0";

/// A STANDARD or DAYLIGHT part.
#[derive(Debug, Clone)]
struct Observance {
    start: DateTime,
    from: i32,
    to: i32,
    daylight: bool,
    rules: Vec<Rule>,
    dates: Vec<DateTime>,
}

/// Builds the zone of the VTIMEZONE in these lines; `None` when there is no
/// readable part in it.
pub(super) fn zone(lines: &Lines<'_>, range: Range<usize>) -> Option<TimeZone> {
    let parts = observances(lines, range);
    match parts.as_slice() {
        [] => return None,
        [only] if only.from == only.to || only.rules.is_empty() && only.dates.is_empty() => {
            // One part without return: a constant offset.
            return Some(TimeZone::fixed(Offset::from_seconds(only.to).ok()?));
        }
        _ => {}
    }
    let timeless = parts.len() <= 2 && parts.iter().all(|p| p.start.year() <= 1970);
    let text = if timeless { posix(&parts) } else { None };
    if let Some(zone) = text.and_then(|text| TimeZone::posix(&text).ok()) {
        return Some(zone);
    }
    // The footer is checked against the last transition; odd files get none.
    let footer = posix(&newest(&parts));
    [footer.as_deref(), None]
        .into_iter()
        .find_map(|footer| TimeZone::tzif("VTIMEZONE", &tzif(&parts, footer)?).ok())
}

fn observances(lines: &Lines<'_>, range: Range<usize>) -> Vec<Observance> {
    let mut out = Vec::new();
    let mut current: Option<Partial> = None;
    for line in lines.slice(range) {
        match line.kind() {
            LineKind::Begin => {
                let rest = lines.rest(line);
                let name = rest.get(1..).unwrap_or(&[]).trim_ascii().to_ascii_uppercase();
                current = match name.as_slice() {
                    b"STANDARD" => Some(Partial::default()),
                    b"DAYLIGHT" => Some(Partial { daylight: true, ..Partial::default() }),
                    _ => None,
                };
            }
            LineKind::End => out.extend(current.take().and_then(Partial::finish)),
            LineKind::Property => {
                if let Some(part) = &mut current {
                    let property = Property::read(lines, line);
                    part.read(&lines.name(line).to_ascii_uppercase(), property.value());
                }
            }
            LineKind::Junk => {}
        }
    }
    out
}

#[derive(Debug, Default)]
struct Partial {
    daylight: bool,
    start: Option<DateTime>,
    from: Option<i32>,
    to: Option<i32>,
    rules: Vec<String>,
    dates: Vec<DateTime>,
}

impl Partial {
    fn read(&mut self, name: &[u8], value: &[u8]) {
        match name {
            b"DTSTART" => self.start = parse_time(value).map(local),
            b"TZOFFSETFROM" => self.from = parse_offset(value),
            b"TZOFFSETTO" => self.to = parse_offset(value),
            b"RRULE" => self.rules.push(String::from_utf8_lossy(value).into_owned()),
            b"RDATE" => {
                let times = split_list(value);
                self.dates.extend(times.iter().filter_map(|t| parse_time(t.as_bytes())).map(local));
            }
            _ => {}
        }
    }

    fn finish(self) -> Option<Observance> {
        let to = self.to?;
        Some(Observance {
            start: self.start.unwrap_or(DateTime::constant(1970, 1, 1, 0, 0, 0, 0)),
            from: self.from.unwrap_or(to),
            to,
            daylight: self.daylight,
            rules: self.rules.iter().filter_map(|text| Rule::parse(text).ok()).collect(),
            dates: self.dates,
        })
    }
}

fn local(time: RawTime) -> DateTime {
    match time {
        RawTime::Date(date) => date.at(0, 0, 0, 0),
        RawTime::Local(at) | RawTime::Utc(at) => at,
    }
}

/// `STD-1DST-2,M3.5.0/2,M10.5.0/3`, when both parts are "nth weekday of a month,
/// every year, without end".
fn posix(parts: &[Observance]) -> Option<String> {
    let standard = parts.iter().find(|p| !p.daylight)?;
    let daylight = parts.iter().find(|p| p.daylight)?;
    if standard.from != daylight.to || daylight.from != standard.to {
        return None;
    }
    let into_daylight = posix_date(daylight)?;
    let into_standard = posix_date(standard)?;
    Some(format!(
        "STD{}DST{},{into_daylight},{into_standard}",
        posix_offset(-standard.to),
        posix_offset(-daylight.to)
    ))
}

fn posix_date(part: &Observance) -> Option<String> {
    let [rule] = part.rules.as_slice() else { return None };
    let [(nth, day)] = rule.nth_days.as_slice() else { return None };
    let plain = rule.freq == Freq::Yearly
        && rule.interval == 1
        && rule.until.is_none()
        && rule.count.is_none()
        && rule.week_days == 0
        && rule.months.count_ones() == 1
        && rule.month_days.is_empty()
        && rule.positions.is_empty()
        && rule.hours.is_empty()
        && rule.minutes.is_empty()
        && part.dates.is_empty();
    let week = match nth {
        1..=4 => *nth,
        -1 => 5,
        _ => return None,
    };
    if !plain {
        return None;
    }
    let time = part.start.time();
    let at =
        i32::from(time.hour()) * 3600 + i32::from(time.minute()) * 60 + i32::from(time.second());
    // POSIX counts Sunday as 0.
    Some(format!("M{}.{week}.{}/{}", rule.months.trailing_zeros(), (day + 1) % 7, posix_offset(at)))
}

fn posix_offset(seconds: i32) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    let n = seconds.abs();
    format!("{sign}{}:{:02}:{:02}", n / 3600, n / 60 % 60, n % 60)
}

/// All transitions as a version-2 TZif file (RFC 9636), ordered.
fn tzif(parts: &[Observance], footer: Option<&str>) -> Option<Vec<u8>> {
    let mut transitions: Vec<(i64, usize)> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        for at in onsets(part) {
            // An onset is written on the clock that ends there (TZOFFSETFROM).
            transitions.push((at - i64::from(part.from), index));
        }
    }
    transitions.sort_unstable();
    transitions.dedup_by_key(|t| t.0);
    transitions.truncate(MAX_TRANSITIONS);
    let (_, first) = *transitions.first()?;
    // Type 0 is what holds before the first onset; type n+1 is part n.
    let first = parts.get(first)?;
    let types: Vec<(i32, u8)> = std::iter::once((first.from, 0))
        .chain(parts.iter().map(|p| (p.to, u8::from(p.daylight))))
        .collect();
    if types.len() > 250 {
        return None;
    }
    let mut out = header(0, 1);
    out.extend_from_slice(&type_record(0, 0));
    out.extend_from_slice(DESIGNATIONS);
    out.extend(header(transitions.len(), types.len()));
    for (at, _) in &transitions {
        out.extend_from_slice(&at.to_be_bytes());
    }
    out.extend(transitions.iter().filter_map(|(_, index)| u8::try_from(index + 1).ok()));
    for (offset, daylight) in &types {
        out.extend_from_slice(&type_record(*offset, *daylight));
    }
    out.extend_from_slice(DESIGNATIONS);
    out.push(b'\n');
    out.extend_from_slice(footer.unwrap_or_default().as_bytes());
    out.push(b'\n');
    Some(out)
}

/// The parts whose rules go on for ever.
fn newest(parts: &[Observance]) -> Vec<Observance> {
    let endless = |p: &&Observance| p.rules.iter().any(|r| r.until.is_none() && r.count.is_none());
    let newest = |daylight: bool| {
        parts
            .iter()
            .filter(endless)
            .filter(|p| p.daylight == daylight)
            .max_by_key(|p| p.start)
            .cloned()
    };
    newest(false).into_iter().chain(newest(true)).collect()
}

fn header(transitions: usize, types: usize) -> Vec<u8> {
    let mut out = b"TZif2".to_vec();
    out.extend_from_slice(&[0; 15]);
    // isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt
    for count in [0, 0, 0, transitions, types, DESIGNATIONS.len()] {
        out.extend_from_slice(&u32::try_from(count).unwrap_or(0).to_be_bytes());
    }
    out
}

fn type_record(offset: i32, daylight: u8) -> [u8; 6] {
    let [a, b, c, d] = offset.to_be_bytes();
    [a, b, c, d, daylight, daylight * 4]
}

/// The wall-clock seconds at which a part sets in.
fn onsets(part: &Observance) -> Vec<i64> {
    let start = civil_seconds(part.start);
    let to = civil_seconds(DateTime::constant(LAST_YEAR, 12, 31, 0, 0, 0, 0));
    let mut out = vec![start];
    out.extend(part.dates.iter().map(|d| civil_seconds(*d)));
    for rule in &part.rules {
        let until = match rule.until {
            None => i64::MAX,
            Some(Until::Date(at) | Until::Local(at)) => civil_seconds(at),
            // UNTIL is UTC here (§3.6.5); the clock that ends has TZOFFSETFROM.
            Some(Until::Utc(at)) => civil_seconds(at) + i64::from(part.from),
        };
        let limits = Limits { occurrences: MAX_TRANSITIONS, steps: 20_000 };
        out.extend(rule_civil(rule, start, until, to, limits));
    }
    out.retain(|at| from_civil_seconds(*at).is_some());
    out
}
