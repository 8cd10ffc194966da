//! Date and time properties with their zones: DTSTART, RDATE and kin to
//! [`CalTime`].

use crate::ical::property::Property;
use crate::ical::tz::Zones;
use crate::ical::value::{RawTime, parse_duration, parse_time};
use crate::model::event::{NominalLength, RecurrenceDate};
use crate::model::time::{CalTime, resolve};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A single time. The shape of the value decides its type, whatever VALUE says;
/// a `Z` wins over a TZID.
pub(super) fn time(property: &Property<'_>, zones: &mut Zones<'_, '_>) -> Option<CalTime> {
    let tzid = property.param("TZID");
    one(property.value(), tzid.as_deref(), zones)
}

fn one(value: &[u8], tzid: Option<&str>, zones: &mut Zones<'_, '_>) -> Option<CalTime> {
    Some(match parse_time(value)? {
        RawTime::Date(date) => CalTime::Date(date),
        RawTime::Utc(at) => CalTime::Utc(resolve(at, &TimeZone::UTC)),
        RawTime::Local(local) => match tzid {
            None => CalTime::Floating(local),
            Some(tzid) => {
                let found = zones.resolve(tzid);
                match found.zone {
                    Some(zone) => CalTime::Zoned { local, tzid: found.tzid, zone },
                    None => CalTime::Floating(local),
                }
            }
        },
    })
}

/// A comma-separated list of times; unreadable ones are counted.
pub(super) fn list(
    property: &Property<'_>,
    zones: &mut Zones<'_, '_>,
    out: &mut Vec<CalTime>,
) -> usize {
    let tzid = property.param("TZID");
    let mut bad = 0;
    for item in items(property.value()) {
        match one(item, tzid.as_deref(), zones) {
            Some(time) => out.push(time),
            None => bad += 1,
        }
    }
    bad
}

/// RDATE: times and periods (`start/end` or `start/duration`); unreadable ones
/// are counted.
pub(super) fn dates(
    property: &Property<'_>,
    zones: &mut Zones<'_, '_>,
    out: &mut Vec<RecurrenceDate>,
) -> usize {
    let tzid = property.param("TZID");
    let mut bad = 0;
    for item in items(property.value()) {
        let slash = item.iter().position(|b| *b == b'/');
        let (start, end) = item.split_at(slash.unwrap_or(item.len()));
        let Some(start) = one(start, tzid.as_deref(), zones) else {
            bad += 1;
            continue;
        };
        let end =
            end.get(1..).filter(|e| !e.is_empty()).and_then(|end| match parse_duration(end) {
                Some(length) => Some(after(&start, length)),
                None => one(end, tzid.as_deref(), zones),
            });
        out.push(RecurrenceDate { start, end });
    }
    bad
}

fn items(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|b| *b == b',').filter(|item| !item.trim_ascii().is_empty())
}

/// A time plus a nominal length, in the same form.
pub(super) fn after(start: &CalTime, length: NominalLength) -> CalTime {
    let days = jiff::Span::new().try_days(length.days).unwrap_or_default();
    let seconds = jiff::SignedDuration::from_secs(length.seconds);
    let civil = start.civil();
    let day = civil.checked_add(days).unwrap_or(civil);
    match start {
        CalTime::Date(_) | CalTime::Floating(_) => {
            start.with_civil(day.checked_add(seconds).unwrap_or(day))
        }
        // The exact part counts on the instant (RFC 5545 §3.3.6).
        CalTime::Utc(_) => {
            let at = resolve(day, &TimeZone::UTC);
            CalTime::Utc(at.checked_add(seconds).unwrap_or(at))
        }
        CalTime::Zoned { zone, .. } => {
            let at = resolve(day, zone);
            start.with_civil(zone.to_datetime(at.checked_add(seconds).unwrap_or(at)))
        }
    }
}

/// A UTC date-time (DTSTAMP, CREATED, LAST-MODIFIED); local ones count as UTC.
pub(super) fn stamp(property: &Property<'_>) -> Option<Timestamp> {
    match parse_time(property.value())? {
        RawTime::Utc(at) | RawTime::Local(at) => Some(resolve(at, &TimeZone::UTC)),
        RawTime::Date(_) => None,
    }
}
