//! Cadences as lists of target dates: what the scheduler chooses between. Days
//! are counted from the origin; the first planned day is day 1.

use jiff::{ToSpan, civil};

/// How often a pair meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// Every so many weeks, on one weekday.
    Weeks(u16),
    /// Every so many days, whatever the weekday.
    Days(u16),
    /// Every so many months, on one day of the month.
    MonthDate(u16),
    /// Every so many months, on the n-th weekday.
    MonthWeekday(u16),
}

/// One rhythm a cadence allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rhythm {
    /// Week of the period (from 0) and weekday (Monday = 0).
    Weekly(u16, u8),
    /// Day of the period, from 0.
    Daily(u16),
    /// Month of the period (from 0) and day of the month (1 to 28).
    Date(u16, u8),
    /// Month of the period, which one (1 to 4, 5 is the last), weekday.
    Nth(u16, u8, u8),
}

impl Cadence {
    /// Meetings per week as a fraction; a month counts 52/12 weeks.
    pub fn load(self) -> (i64, i64) {
        match self {
            Self::Weeks(n) => (1, i64::from(n)),
            Self::Days(n) => (7, i64::from(n)),
            Self::MonthDate(n) | Self::MonthWeekday(n) => (3, 13 * i64::from(n)),
        }
    }

    /// Shortest distance of two consecutive targets in days.
    pub fn least_gap(self) -> usize {
        let (n, days) = match self {
            Self::Weeks(n) => (n, 7),
            Self::Days(n) => (n, 1),
            Self::MonthDate(n) | Self::MonthWeekday(n) => (n, 28),
        };
        usize::from(n) * days
    }

    /// Largest tolerance at which consecutive occurrences stay `apart` days
    /// from each other.
    pub fn most_tolerance(self, apart: usize) -> usize {
        self.least_gap().saturating_sub(apart.max(1)) / 2
    }

    /// Every rhythm and its dates on days `1..=last_day`; `weekdays` limits
    /// the weekdays of those that have one. A period of 0 has none.
    pub fn tracks(
        self,
        origin: civil::Date,
        last_day: u16,
        weekdays: [bool; 7],
    ) -> Vec<(Rhythm, Vec<u16>)> {
        let allowed = || (0..7u8).filter(|d| weekdays.get(usize::from(*d)) == Some(&true));
        let mut found = Vec::new();
        match self {
            Self::Weeks(n) => {
                let first = origin.weekday().to_monday_zero_offset() as u16;
                for (phase, weekday) in (0..n).flat_map(|p| allowed().map(move |d| (p, d))) {
                    let day = 1 + (u16::from(weekday) + 13 - first) % 7 + 7 * phase;
                    found.push((Rhythm::Weekly(phase, weekday), every(day, 7 * n, last_day)));
                }
            }
            Self::Days(n) => {
                for phase in 0..n {
                    found.push((Rhythm::Daily(phase), every(1 + phase, n, last_day)));
                }
            }
            Self::MonthDate(n) => {
                for (phase, day) in (0..n).flat_map(|p| (1..=28u8).map(move |d| (p, d))) {
                    let pick = |month: civil::Date| month.with().day(day as i8).build().ok();
                    found.push((
                        Rhythm::Date(phase, day),
                        monthly(origin, last_day, (phase, n), pick),
                    ));
                }
            }
            Self::MonthWeekday(n) => {
                for (phase, nth) in (0..n).flat_map(|p| (1..=5u8).map(move |d| (p, d))) {
                    for weekday in allowed() {
                        let wanted = civil::Weekday::from_monday_zero_offset(weekday as i8).ok();
                        let nth_day = if nth == 5 { -1 } else { nth as i8 };
                        let pick =
                            |month: civil::Date| month.nth_weekday_of_month(nth_day, wanted?).ok();
                        let dates = monthly(origin, last_day, (phase, n), pick);
                        found.push((Rhythm::Nth(phase, nth, weekday), dates));
                    }
                }
            }
        }
        found.retain(|(_, dates)| !dates.is_empty());
        found
    }
}

fn every(first: u16, step: u16, last: u16) -> Vec<u16> {
    (first..=last).step_by(usize::from(step.max(1))).collect()
}

/// One date of every `n`-th month, `phase` months after the origin's.
fn monthly(
    origin: civil::Date,
    last_day: u16,
    (phase, n): (u16, u16),
    pick: impl Fn(civil::Date) -> Option<civil::Date>,
) -> Vec<u16> {
    let mut dates = Vec::new();
    let start = origin.first_of_month();
    for month in (phase..).step_by(usize::from(n.max(1))) {
        let Ok(first) = start.checked_add(i64::from(month).months()) else { break };
        let day = |date: civil::Date| origin.until(date).ok().map(|span| span.get_days());
        if day(first).is_none_or(|d| d > i32::from(last_day)) {
            break;
        }
        let at = pick(first).and_then(day).and_then(|d| u16::try_from(d).ok());
        dates.extend(at.filter(|d| (1..=last_day).contains(d)));
    }
    dates
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORK: [bool; 7] = [true, true, true, true, true, false, false];

    fn on(dates: &[u16], origin: civil::Date) -> Vec<String> {
        dates.iter().map(|d| (origin + i64::from(*d).days()).to_string()).collect()
    }

    fn find(cadence: Cadence, origin: civil::Date, rhythm: Rhythm) -> Vec<String> {
        let tracks = cadence.tracks(origin, 84, WORK);
        on(&tracks.iter().find(|t| t.0 == rhythm).unwrap().1, origin)
    }

    #[test]
    fn weeks_have_phases_and_weekdays() {
        let sunday = civil::date(2026, 3, 1);
        assert_eq!(Cadence::Weeks(2).tracks(sunday, 84, WORK).len(), 10);
        let dates = find(Cadence::Weeks(2), sunday, Rhythm::Weekly(1, 1));
        assert_eq!(dates.first().map(String::as_str), Some("2026-03-10"));
        assert_eq!(dates.len(), 6);
        // The origin need not be a Sunday.
        let dates = find(Cadence::Weeks(1), civil::date(2026, 3, 4), Rhythm::Weekly(0, 0));
        assert_eq!(dates.first().map(String::as_str), Some("2026-03-09"));
    }

    #[test]
    fn days_run_through_weekends() {
        let dates = find(Cadence::Days(10), civil::date(2026, 3, 1), Rhythm::Daily(4));
        assert_eq!(&dates[..3], ["2026-03-06", "2026-03-16", "2026-03-26"]);
        assert_eq!(Cadence::Days(10).load(), (7, 10));
        assert_eq!(Cadence::Days(10).most_tolerance(4), 3);
    }

    #[test]
    fn months_by_date_and_by_weekday() {
        let origin = civil::date(2026, 1, 31);
        let dates = find(Cadence::MonthDate(1), origin, Rhythm::Date(0, 15));
        assert_eq!(dates, ["2026-02-15", "2026-03-15", "2026-04-15"]);
        let dates = find(Cadence::MonthDate(2), origin, Rhythm::Date(1, 28));
        assert_eq!(dates, ["2026-02-28"]);
        let dates = find(Cadence::MonthWeekday(1), origin, Rhythm::Nth(0, 2, 1));
        assert_eq!(dates, ["2026-02-10", "2026-03-10", "2026-04-14"]);
        let dates = find(Cadence::MonthWeekday(1), origin, Rhythm::Nth(0, 5, 4));
        assert_eq!(dates, ["2026-02-27", "2026-03-27", "2026-04-24"]);
    }

    #[test]
    fn consecutive_dates_keep_the_least_gap() {
        for cadence in
            [Cadence::Weeks(1), Cadence::Days(5), Cadence::MonthDate(1), Cadence::MonthWeekday(2)]
        {
            for (rhythm, dates) in cadence.tracks(civil::date(2026, 1, 1), 300, WORK) {
                let near =
                    dates.windows(2).find(|w| usize::from(w[1] - w[0]) < cadence.least_gap());
                assert!(near.is_none(), "{cadence:?} {rhythm:?} {near:?}");
            }
        }
    }
}
