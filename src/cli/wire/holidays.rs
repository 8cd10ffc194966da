//! Public holidays from an ICS file or address: every all-day event is one. What lies
//! at an address is fetched once a week and kept in the state directory, so that
//! commands without a network know it as well.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use url::Url;
use uuid::Uuid;

use crate::cli::wire::block_on;
use crate::config::HolidaySource;
use crate::ical::parse::parse;
use crate::ical::recur;
use crate::model::time::{CalTime, Window};
use crate::provider::published;

/// Years around 2026 that recurring holidays are expanded for.
const YEARS: (i16, i16) = (2015, 2045);

/// A holiday longer than a month is a mistake in the file.
const LONGEST_HOURS: i64 = 24 * 31;

/// What was fetched before.
#[derive(Debug, Clone)]
pub struct Shelf {
    dir: PathBuf,
}

impl Shelf {
    /// The shelf in a state directory.
    pub fn of(state: &Path) -> Self {
        Self { dir: state.join("holidays") }
    }

    /// The days of a source with their names; none of an address not fetched yet.
    ///
    /// # Errors
    /// When there is no all-day event in the text.
    pub fn days(&self, source: HolidaySource<'_>) -> Result<Vec<(Date, String)>, String> {
        match source {
            HolidaySource::File(data) => days(data),
            HolidaySource::Address(url) => {
                Ok(self.kept(url).iter().rev().find_map(|path| readable(path)).unwrap_or_default())
            }
        }
    }

    /// Fetches what is older than this week; says whether anything is new. What
    /// cannot be fetched stays as it was, with a warning.
    pub fn refresh(&self, addresses: &BTreeSet<Url>, today: Date) -> bool {
        let mut new = false;
        for url in addresses {
            let name = file_name(url, today);
            let old = self.kept(url);
            if old.iter().any(|path| path.ends_with(&name) && readable(path).is_some()) {
                continue;
            }
            match self.fetch(url, &name) {
                Ok(()) => {
                    new = true;
                    // A copy that stays is only older, never wrong.
                    let older = old.iter().filter(|path| !path.ends_with(&name));
                    older.for_each(|path| drop(fs::remove_file(path)));
                }
                Err(reason) => tracing::warn!("holidays not fetched: {reason}"),
            }
        }
        new
    }

    fn fetch(&self, url: &Url, name: &str) -> Result<(), String> {
        let data = block_on(published::fetch(url)).map_err(|failure| failure.render())?;
        let data = data.map_err(|error| error.to_string())?;
        days(&data)?;
        fs::create_dir_all(&self.dir).map_err(|error| error.to_string())?;
        let part = self.dir.join("part");
        fs::write(&part, data).map_err(|error| error.to_string())?;
        fs::rename(part, self.dir.join(name)).map_err(|error| error.to_string())
    }

    /// The copies of an address, the newest last.
    fn kept(&self, url: &Url) -> Vec<PathBuf> {
        let mine = stem(url);
        let entries = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let mut kept: Vec<PathBuf> = entries
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(&mine))
            .map(|entry| entry.path())
            .collect();
        kept.sort();
        kept
    }
}

/// The days of a copy; `None` where it is damaged: then it is fetched again.
fn readable(path: &Path) -> Option<Vec<(Date, String)>> {
    days(&fs::read(path).ok()?).ok()
}

/// One name per address and week.
fn file_name(url: &Url, today: Date) -> String {
    let week = today.iso_week_date();
    format!("{}{:04}-W{:02}.ics", stem(url), week.year(), week.week())
}

fn stem(url: &Url) -> String {
    format!("{}-", Uuid::new_v5(&Uuid::NAMESPACE_URL, url.as_str().as_bytes()).simple())
}

/// Reads the days with their names.
///
/// # Errors
/// When there is no all-day event in the text.
pub fn days(data: &[u8]) -> Result<Vec<(Date, String)>, String> {
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
