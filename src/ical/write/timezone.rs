//! VTIMEZONE of a zone (RFC 5545 §3.6.5): the rules in force, as RRULEs from
//! 1970, which every client reads, Outlook included. Zones whose changes follow
//! no such rule get one part for each change of the coming years.

use jiff::civil::{Date, DateTime};
use jiff::tz::{Dst, TimeZone};

use super::weekday;
use crate::ical::edit::render_line;
use crate::ical::property::encode_param;
use crate::ical::recur::days::{civil_seconds, from_civil_seconds};
use crate::ical::recur::rule::Rule;
use crate::ical::recur::{Limits, rule_civil};

/// One change of offset.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    /// Wall clock before the change.
    local: DateTime,
    from: i32,
    to: i32,
    daylight: bool,
    name: String,
}

/// Years the changes of a rule are compared over: all weekdays and leap years.
const YEARS: i16 = 28;
/// Years changes without rule are listed for.
const LISTED: i16 = 15;

/// The component, CRLF, folded.
pub(super) fn component(tzid: &str, zone: &TimeZone, around: Date) -> Vec<u8> {
    let mut out = Vec::new();
    let mut put = |name: &str, value: &str| {
        out.extend(render_line(name, format!(":{value}").as_bytes(), b"\r\n"));
    };
    put("BEGIN", "VTIMEZONE");
    put("TZID", &crate::ical::value::escape(encode_param(tzid).trim_matches('"')));
    for (kind, lines) in parts(zone, around) {
        put("BEGIN", kind);
        for (name, value) in lines {
            put(name, &value);
        }
        put("END", kind);
    }
    put("END", "VTIMEZONE");
    out
}

type Part = (&'static str, Vec<(&'static str, String)>);

fn parts(zone: &TimeZone, around: Date) -> Vec<Part> {
    let all = changes(zone, around.year(), YEARS);
    if all.is_empty() {
        let local = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
        let at = crate::model::time::resolve(around.at(12, 0, 0, 0), zone);
        let info = zone.to_offset_info(at);
        let offset = info.offset().seconds();
        let name = info.abbreviation().to_owned();
        return vec![part(
            &Change { local, from: offset, to: offset, daylight: false, name },
            local,
            None,
        )];
    }
    let year = |n: i16| all.iter().filter(move |c| c.local.year() == around.year() + n).cloned();
    let first: Vec<Change> = year(0).collect();
    let ruled: Option<Vec<Part>> = (first.len() == 2)
        .then(|| first.iter().map(|change| ruled(change, &all)).collect::<Option<Vec<Part>>>())
        .flatten();
    ruled.unwrap_or_else(|| listed(zone, around))
}

/// A change as a yearly rule, when all years agree on it.
fn ruled(change: &Change, all: &[Change]) -> Option<Part> {
    let same: Vec<&Change> = all.iter().filter(|c| c.daylight == change.daylight).collect();
    let month = change.local.month();
    let agrees = |c: &&Change| {
        c.local.month() == month
            && c.local.weekday() == change.local.weekday()
            && c.local.time() == change.local.time()
            && (c.from, c.to) == (change.from, change.to)
    };
    if same.len() != usize::try_from(YEARS).ok()? || !same.iter().all(agrees) {
        return None;
    }
    let days: Vec<i8> = same.iter().map(|c| c.local.day()).collect();
    let day = weekday(change.local.weekday());
    let nth = (days.first()? - 1) / 7;
    let by_day = if days.iter().all(|d| (d - 1) / 7 == nth) {
        format!("BYDAY={}{day}", nth + 1)
    } else if same.iter().all(|c| c.local.day() + 7 > c.local.date().days_in_month()) {
        format!("BYDAY=-1{day}")
    } else {
        let (min, max) = (*days.iter().min()?, *days.iter().max()?);
        if max - min != 6 {
            return None;
        }
        let list: Vec<String> = (min..=max).map(|d| d.to_string()).collect();
        format!("BYDAY={day};BYMONTHDAY={}", list.join(","))
    };
    let rule = format!("FREQ=YEARLY;BYMONTH={month};{by_day}");
    let start = DateTime::from_parts(Date::constant(1970, 1, 1), change.local.time());
    let start = civil_seconds(start);
    let limits = Limits { occurrences: 1, steps: 100 };
    let parsed = Rule::parse(&rule).ok()?;
    let onset = rule_civil(&parsed, start, i64::MAX, start + 400 * 86_400, limits);
    Some(part(change, from_civil_seconds(*onset.first()?)?, Some(rule)))
}

/// Each change by itself, from the one in force.
fn listed(zone: &TimeZone, around: Date) -> Vec<Part> {
    let from = around.year().saturating_sub(2);
    changes(zone, from, LISTED).iter().map(|change| part(change, change.local, None)).collect()
}

fn part(change: &Change, start: DateTime, rule: Option<String>) -> Part {
    let mut lines = vec![
        ("DTSTART", start.strftime("%Y%m%dT%H%M%S").to_string()),
        ("TZOFFSETFROM", offset(change.from)),
        ("TZOFFSETTO", offset(change.to)),
    ];
    // Names such as `-03` say no more than the offset.
    if change.name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        lines.push(("TZNAME", change.name.clone()));
    }
    lines.extend(rule.map(|rule| ("RRULE", rule)));
    (if change.daylight { "DAYLIGHT" } else { "STANDARD" }, lines)
}

fn offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let n = seconds.abs();
    let short = format!("{sign}{:02}{:02}", n / 3600, n / 60 % 60);
    if n % 60 == 0 { short } else { format!("{short}{:02}", n % 60) }
}

/// The changes of offset in some years from one on.
fn changes(zone: &TimeZone, year: i16, years: i16) -> Vec<Change> {
    let day =
        |year: i16| Date::new(year.clamp(1900, 9900), 1, 1).unwrap_or(Date::constant(1970, 1, 1));
    let at = |year: i16| crate::model::time::resolve(day(year).at(0, 0, 0, 0), &TimeZone::UTC);
    let (from, to) = (at(year), at(year.saturating_add(years)));
    let mut before = zone.to_offset(from).seconds();
    let mut out = Vec::new();
    for change in zone.following(from).take_while(|c| c.timestamp() < to).take(400) {
        let after = change.offset().seconds();
        if after != before {
            let Ok(offset) = jiff::tz::Offset::from_seconds(before) else { continue };
            out.push(Change {
                local: offset.to_datetime(change.timestamp()),
                from: before,
                to: after,
                daylight: change.dst() == Dst::Yes,
                name: change.abbreviation().to_owned(),
            });
            before = after;
        }
    }
    out
}
