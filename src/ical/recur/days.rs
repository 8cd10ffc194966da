//! The proleptic Gregorian calendar in whole days since 1970-01-01, for rule
//! arithmetic that would be slow on dates. Knows no zones.

use jiff::civil::{Date, DateTime, Time};

/// Seconds of a nominal day.
pub(super) const DAY: i64 = 86_400;

/// A wall-clock reading as seconds since 1970-01-01T00:00:00 on that clock.
pub(crate) fn civil_seconds(at: DateTime) -> i64 {
    let time = at.time();
    days_of(at.date()) * DAY
        + i64::from(time.hour()) * 3600
        + i64::from(time.minute()) * 60
        + i64::from(time.second())
}

/// The reverse of [`civil_seconds`]; `None` outside of years -9999..=9999.
pub(crate) fn from_civil_seconds(seconds: i64) -> Option<DateTime> {
    let (year, month, day) = ymd(seconds.div_euclid(DAY));
    let rest = seconds.rem_euclid(DAY);
    let date = Date::new(i16::try_from(year).ok()?, narrow(month), narrow(day)).ok()?;
    let time = Time::new(narrow(rest / 3600), narrow(rest / 60 % 60), narrow(rest % 60), 0).ok()?;
    Some(date.to_datetime(time))
}

fn narrow(value: i64) -> i8 {
    i8::try_from(value).unwrap_or(i8::MAX)
}

/// A date's day number.
pub(super) fn days_of(date: Date) -> i64 {
    day_number(i64::from(date.year()), i64::from(date.month()), i64::from(date.day()))
}

/// Day number of year, month (1..=12), day. Years are counted from March, so
/// that the leap day comes last: each 400 years have 146,097 days.
pub(super) fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month, day of a day number.
pub(super) fn ymd(number: i64) -> (i64, i64, i64) {
    let shifted = number + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let slot = (5 * of_year + 2) / 153;
    let day = of_year - (153 * slot + 2) / 5 + 1;
    let month = if slot < 10 { slot + 3 } else { slot - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// Weekday of a day number, Monday = 0.
pub(super) fn weekday(number: i64) -> i64 {
    (number + 3).rem_euclid(7)
}

/// Whether a year has a 29 February.
pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days of a month.
pub(super) fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn agrees_with_jiff_over_four_centuries_and_the_ends() {
        let mut day = date(1899, 1, 1);
        for _ in 0..150_000 {
            let number = days_of(day);
            assert_eq!(weekday(number), i64::from(day.weekday().to_monday_zero_offset()));
            assert_eq!(from_civil_seconds(number * DAY).unwrap().date(), day);
            day = day.tomorrow().unwrap();
        }
        for end in [Date::MIN, Date::MAX] {
            assert_eq!(from_civil_seconds(days_of(end) * DAY).unwrap().date(), end);
        }
        assert_eq!(from_civil_seconds((days_of(Date::MAX) + 1) * DAY), None);
    }
}
