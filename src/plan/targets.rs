//! The dates a cadence names, from a first date on. Pure calendar arithmetic;
//! it knows nothing of times of day or of people.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use crate::model::pair::{Cadence, CadenceUnit};

/// The most dates one call gives; a daily cadence over three years.
const MOST: usize = 1100;

/// Dates of the cadence from `first` (inclusive) to `end` (exclusive). `first` is
/// the first of them, except for the nth weekday of a month, where it is the
/// first such day not before `first`.
pub fn dates(cadence: Cadence, first: Date, end: Date) -> Vec<Date> {
    let mut out = Vec::new();
    for step in 0..MOST {
        let count =
            i64::try_from(step).unwrap_or(i64::MAX).saturating_mul(i64::from(cadence.every));
        let Some(date) = nth_date(cadence.unit, first, count) else { break };
        if date >= end {
            break;
        }
        if date >= first {
            out.push(date);
        }
    }
    out
}

fn nth_date(unit: CadenceUnit, first: Date, count: i64) -> Option<Date> {
    match unit {
        CadenceUnit::Days => first.checked_add(count.days()).ok(),
        CadenceUnit::Weeks => first.checked_add(count.weeks()).ok(),
        CadenceUnit::Months => first.checked_add(count.months()).ok(),
        CadenceUnit::MonthsOnWeekday { nth } => {
            let month = first.first_of_month().checked_add(count.months()).ok()?;
            month.nth_weekday_of_month(nth, first.weekday()).ok()
        }
    }
}

/// The first dates a new series may start on: every phase of the cadence on
/// each weekday, not before `from`.
pub fn first_dates(cadence: Cadence, weekdays: &[Weekday], from: Date) -> Vec<Date> {
    let span = match cadence.unit {
        CadenceUnit::Days => i64::from(cadence.every).clamp(7, 31),
        CadenceUnit::Weeks => i64::from(cadence.every).saturating_mul(7).min(182),
        CadenceUnit::Months => 31,
        CadenceUnit::MonthsOnWeekday { .. } => 62,
    };
    let all = (0..span).filter_map(|d| from.checked_add(d.days()).ok());
    all.filter(|date| weekdays.contains(&date.weekday()))
        .filter(|date| match cadence.unit {
            CadenceUnit::MonthsOnWeekday { nth } => {
                date.first_of_month().nth_weekday_of_month(nth, date.weekday()).ok() == Some(*date)
            }
            // Later days do not exist in every month.
            CadenceUnit::Months => date.day() <= 28,
            CadenceUnit::Days | CadenceUnit::Weeks => true,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn fortnight_counts_fourteen_days() {
        let cadence = Cadence { every: 2, unit: CadenceUnit::Weeks };
        let got = dates(cadence, date(2026, 3, 3), date(2026, 4, 1));
        assert_eq!(got, [date(2026, 3, 3), date(2026, 3, 17), date(2026, 3, 31)]);
    }

    #[test]
    fn last_friday_of_each_month() {
        let cadence = Cadence { every: 1, unit: CadenceUnit::MonthsOnWeekday { nth: -1 } };
        let first = first_dates(cadence, &[Weekday::Friday], date(2026, 1, 20));
        assert_eq!(first, [date(2026, 1, 30), date(2026, 2, 27)]);
        let got = dates(cadence, date(2026, 1, 30), date(2026, 4, 1));
        assert_eq!(got, [date(2026, 1, 30), date(2026, 2, 27), date(2026, 3, 27)]);
    }

    #[test]
    fn every_phase_is_offered_once() {
        let cadence = Cadence { every: 2, unit: CadenceUnit::Weeks };
        let got = first_dates(cadence, &[Weekday::Tuesday], date(2026, 3, 2));
        assert_eq!(got, [date(2026, 3, 3), date(2026, 3, 10)]);
    }
}
