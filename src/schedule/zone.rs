//! Wall clocks over the horizon: which local day and minute each quarter hour
//! of UTC is in a zone, and where a wall-clock time lies. The last place that
//! knows a time zone; everything after it counts slots.

use jiff::{Timestamp, civil, tz::TimeZone};

/// Minutes in a slot.
pub const SLOT: i64 = 15;

/// One zone over the horizon.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    /// Minute (since the origin, UTC) from which an offset holds, and the
    /// offset in minutes; ascending.
    offsets: Vec<(i64, i64)>,
    /// First slot of every local day, one more than there are days.
    starts: Vec<i64>,
}

impl Clock {
    /// Tabulates `zone` for local days `0..days` from `origin`.
    pub(crate) fn new(
        zone: &TimeZone,
        origin: civil::Date,
        days: usize,
    ) -> Result<Self, jiff::Error> {
        let epoch = origin.to_zoned_datetime(TimeZone::UTC)?.timestamp();
        let minutes = |t: Timestamp| t.as_second().saturating_sub(epoch.as_second()).div_euclid(60);
        let offset = |t: Timestamp| i64::from(zone.to_offset(t).seconds()).div_euclid(60);
        let begin = Timestamp::from_second(epoch.as_second().saturating_sub(2 * 86_400))?;
        let mut offsets = vec![(i64::MIN / 2, offset(begin))];
        let end = (days as i64 + 3) * 1440;
        for change in zone.following(begin) {
            if minutes(change.timestamp()) > end {
                break;
            }
            offsets.push((minutes(change.timestamp()), offset(change.timestamp())));
        }
        let mut clock = Self { offsets, starts: Vec::new() };
        clock.starts = (0..=days as i64).map(|d| clock.at(d, 0).div_euclid(SLOT)).collect();
        Ok(clock)
    }

    /// Minute of UTC at which the wall clock shows `minute` of local `day`: a
    /// skipped time is shifted forward by the gap, of a repeated one the first
    /// instance is taken (RFC 5545 3.3.5).
    pub(crate) fn at(&self, day: i64, minute: i64) -> i64 {
        let wall = day * 1440 + minute;
        let mut before = 0;
        for (index, &(from, offset)) in self.offsets.iter().enumerate() {
            let instant = wall - offset;
            if index > 0 && instant < from {
                return wall - before;
            }
            if self.offsets.get(index + 1).is_none_or(|next| instant < next.0) {
                return instant;
            }
            before = offset;
        }
        wall - before
    }

    /// Slot at which the wall clock shows that time; see `at`.
    pub(crate) fn slot_at(&self, day: i64, minute: i64) -> i64 {
        self.at(day, minute).div_euclid(SLOT)
    }

    /// Local day and minute of a slot.
    pub(crate) fn local(&self, slot: i64) -> (i64, i64) {
        let minute = slot * SLOT;
        let known = self.offsets.iter().rev().find(|(from, _)| *from <= minute);
        let wall = minute + known.map_or(0, |(_, offset)| *offset);
        (wall.div_euclid(1440), wall.rem_euclid(1440))
    }

    /// The slots of a local day.
    pub(crate) fn day(&self, day: usize) -> std::ops::Range<i64> {
        let start = self.starts.get(day).copied().unwrap_or(0);
        start..self.starts.get(day + 1).copied().unwrap_or(start)
    }

    /// Does the wall clock jump on that day?
    pub(crate) fn is_irregular(&self, day: usize) -> bool {
        let range = self.day(day);
        range.end - range.start != 1440 / SLOT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(name: &str) -> Clock {
        Clock::new(&TimeZone::get(name).unwrap(), civil::date(2026, 3, 1), 60).unwrap()
    }

    #[test]
    fn spring_gap_shifts_forward_and_days_shrink() {
        let paris = clock("Europe/Paris");
        // 29 March 2026 is day 28; 02:30 does not exist and becomes 03:30.
        assert_eq!(paris.at(28, 150), 28 * 1440 + 90);
        assert_eq!(paris.local(paris.slot_at(28, 150)), (28, 210));
        assert!(paris.is_irregular(28));
        assert_eq!(paris.day(28).count(), 92);
        assert_eq!(paris.at(29, 540), 29 * 1440 + 420);
    }

    #[test]
    fn folds_take_the_first_instance() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let clock = Clock::new(&zone, civil::date(2026, 11, 1), 9).unwrap();
        assert_eq!(clock.at(0, 90), 330); // 01:30 EDT = 05:30 UTC
        assert_eq!(clock.at(0, 120), 420); // 02:00 EST = 07:00 UTC
        assert_eq!(clock.day(0).count(), 100);
    }

    #[test]
    fn half_and_quarter_hour_zones() {
        assert_eq!(clock("Asia/Kolkata").at(1, 540), 1440 + 540 - 330);
        assert_eq!(clock("Asia/Kathmandu").local(96), (1, 345));
        assert_eq!(clock("Pacific/Kiritimati").day(0).start, -56);
    }
}
