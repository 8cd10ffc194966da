//! When an agenda is written: a fixed moment before the meeting.

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::model::pair::Person;
use crate::model::time::resolve;

/// How far back a working day is looked for before the plain day before is taken.
const LOOK_BACK_DAYS: i64 = 14;

/// The moment the agenda of a meeting is written: `lead` before its start, or by
/// default 18:00 (the owner's wall clock) on the last working day before the
/// meeting's date. A working day has working hours and is no holiday of the owner.
pub fn when_due(start: Timestamp, lead: Option<SignedDuration>, owner: &Person) -> Timestamp {
    if let Some(lead) = lead {
        return start.checked_sub(lead.abs()).unwrap_or(Timestamp::MIN);
    }
    let date = owner.zone.to_datetime(start).date();
    let working = (1..=LOOK_BACK_DAYS)
        .filter_map(|days| date.checked_sub(days.days()).ok())
        .find(|day| !owner.hours.on(day.weekday()).is_empty() && !owner.holidays.contains_key(day));
    let day = working.or_else(|| date.checked_sub(1.day()).ok()).unwrap_or(date);
    resolve(day.to_datetime(Time::constant(18, 0, 0, 0)), &owner.zone).min(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agenda::testkit;

    fn due(start: &str) -> String {
        let owner = testkit::owner();
        when_due(start.parse().unwrap(), None, &owner).to_string()
    }

    #[test]
    fn evening_of_the_day_before() {
        // Wednesday 10:00 in Berlin.
        assert_eq!(due("2026-03-04T09:00:00Z"), "2026-03-03T17:00:00Z");
    }

    #[test]
    fn monday_takes_friday_and_skips_a_holiday() {
        assert_eq!(due("2026-03-09T09:00:00Z"), "2026-03-06T17:00:00Z");
        let mut owner = testkit::owner();
        owner.holidays.insert("2026-03-06".parse().unwrap(), "Town fair".to_owned());
        let at = when_due("2026-03-09T09:00:00Z".parse().unwrap(), None, &owner);
        assert_eq!(at.to_string(), "2026-03-05T17:00:00Z");
    }

    #[test]
    fn summer_time_moves_the_instant_not_the_clock() {
        // Monday after the change of 29 March 2026: Friday is still winter time.
        assert_eq!(due("2026-03-30T08:00:00Z"), "2026-03-27T17:00:00Z");
        assert_eq!(due("2026-03-31T08:00:00Z"), "2026-03-30T16:00:00Z");
    }

    #[test]
    fn a_stated_lead_is_taken_as_it_is() {
        let start = "2026-03-04T09:00:00Z".parse().unwrap();
        let at = when_due(start, Some(SignedDuration::from_hours(2)), &testkit::owner());
        assert_eq!(at.to_string(), "2026-03-04T07:00:00Z");
    }

    #[test]
    fn nobody_ever_works() {
        let mut owner = testkit::owner();
        owner.hours = crate::model::time::WeekHours::default();
        let at = when_due("2026-03-04T09:00:00Z".parse().unwrap(), None, &owner);
        assert_eq!(at.to_string(), "2026-03-03T17:00:00Z");
    }
}
