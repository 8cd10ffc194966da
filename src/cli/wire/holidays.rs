//! Public holidays from an ICS file: every all-day event is one.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::ical::parse::parse;
use crate::ical::recur;
use crate::model::time::{CalTime, Window};

/// Years around 2026 that recurring holidays are expanded for.
const YEARS: (i16, i16) = (2015, 2045);

/// A holiday longer than a month is a mistake in the file.
const LONGEST_HOURS: i64 = 24 * 31;

/// Reads the days with their names.
///
/// # Errors
/// When there is no all-day event in the text.
pub(super) fn days(data: &[u8]) -> Result<Vec<(Date, String)>, String> {
    let utc = TimeZone::UTC;
    let edge = |year| {
        Date::new(year, 1, 1).map_or(jiff::Timestamp::UNIX_EPOCH, |date| {
            crate::model::time::resolve(date.at(0, 0, 0, 0), &utc)
        })
    };
    let window = Window::new(edge(YEARS.0), edge(YEARS.1));
    let mut days = BTreeMap::new();
    for event in parse(data).events {
        for instance in recur::expand(&event, window, &utc, recur::Limits::default()).occurrences {
            let CalTime::Date(first) = instance.start else { continue };
            let mut day = first;
            // DTEND of an all-day event is the day after the last.
            let end = utc.to_datetime(instance.end_at).date();
            while end > day && day.duration_since(first).as_hours() < LONGEST_HOURS {
                days.entry(day).or_insert_with(|| instance.body.summary.trim().to_owned());
                day = day.saturating_add(1.day());
            }
        }
    }
    if days.is_empty() {
        return Err("it holds no all-day event".to_owned());
    }
    Ok(days.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn single_and_yearly_days() {
        let text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n\
            BEGIN:VEVENT\r\nUID:a\r\nDTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227\r\nSUMMARY:Christmas\r\nEND:VEVENT\r\n\
            BEGIN:VEVENT\r\nUID:b\r\nDTSTART;VALUE=DATE:20200501\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:May Day\r\nEND:VEVENT\r\n\
            BEGIN:VEVENT\r\nUID:c\r\nDTSTART:20261224T150000Z\r\nDTEND:20261224T160000Z\r\nSUMMARY:Party\r\nEND:VEVENT\r\n\
            END:VCALENDAR\r\n";
        let days: BTreeMap<_, _> = days(text.as_bytes()).unwrap().into_iter().collect();
        assert_eq!(days.get(&date(2026, 12, 25)).map(String::as_str), Some("Christmas"));
        assert!(days.contains_key(&date(2026, 12, 26)) && !days.contains_key(&date(2026, 12, 27)));
        assert_eq!(days.get(&date(2027, 5, 1)).map(String::as_str), Some("May Day"));
        assert!(!days.contains_key(&date(2026, 12, 24)));
    }
}
