//! The rules real calendars hold (DAILY to YEARLY with BYMONTH, BYMONTHDAY,
//! BYDAY, BYSETPOS and times of the day), computed in day numbers with a jump to the
//! window's start. What it does not know goes through the `rrule` crate.

use super::Budget;
use super::days::{DAY, day_number, month_length, weekday, ymd};
use super::rule::{Freq, Rule};

/// Whether this file computes the rule.
pub(super) fn knows(rule: &Rule) -> bool {
    !rule.sub_daily() && rule.week_numbers.is_empty() && rule.year_days.is_empty()
}

/// What a rule is asked for. All times are wall-clock seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask {
    /// DTSTART.
    pub(super) start: i64,
    /// Last start the rule may have (UNTIL), inclusive.
    pub(super) until: i64,
    /// First second asked for.
    pub(super) from: i64,
    /// First second no longer asked for.
    pub(super) to: i64,
}

/// Appends the rule's starts in `[from, to)`, ascending.
pub(super) fn starts(rule: &Rule, ask: Ask, budget: &mut Budget, out: &mut Vec<i64>) {
    let walk = Walk::new(rule, ask);
    let mut counted = 0_u64;
    let mut days = Vec::with_capacity(8);
    let mut step = walk.first_step();
    loop {
        days.clear();
        let Some(first_day) = walk.period(step, &mut days) else { return };
        if !budget.step() || first_day * DAY > ask.until || first_day * DAY >= ask.to {
            return;
        }
        let mut index = 0_i64;
        let size = i64::try_from(days.len() * walk.times.len()).unwrap_or(i64::MAX);
        for day in &days {
            for time in &walk.times {
                index += 1;
                let at = day * DAY + time;
                if at < ask.start || !selected(&rule.positions, index, size) {
                    continue;
                }
                if at > ask.until || at >= ask.to {
                    return;
                }
                if at >= ask.from {
                    if !budget.take() {
                        return;
                    }
                    out.push(at);
                }
                counted += 1;
                if Some(counted) == rule.count {
                    return;
                }
            }
        }
        step += 1;
    }
}

/// BYSETPOS: whether the `index`-th (from 1) of `size` is chosen.
fn selected(positions: &[i64], index: i64, size: i64) -> bool {
    positions.is_empty() || positions.contains(&index) || positions.contains(&(index - size - 1))
}

/// The rule with what DTSTART adds to it.
struct Walk<'r> {
    rule: &'r Rule,
    ask: Ask,
    start_day: i64,
    year: i64,
    month: i64,
    day: i64,
    times: Vec<i64>,
}

impl<'r> Walk<'r> {
    fn new(rule: &'r Rule, ask: Ask) -> Self {
        let start_day = ask.start.div_euclid(DAY);
        let (year, month, day) = ymd(start_day);
        let times = times(rule, ask.start.rem_euclid(DAY));
        Self { rule, ask, start_day, year, month, day, times }
    }

    /// The first period that can reach into the window. Without COUNT nothing
    /// before it matters.
    fn first_step(&self) -> i64 {
        if self.rule.count.is_some() || self.ask.from <= self.ask.start {
            return 0;
        }
        let from_day = self.ask.from.div_euclid(DAY);
        let (year, month, _) = ymd(from_day);
        let units = match self.rule.freq {
            Freq::Weekly => (from_day - self.start_day) / 7,
            Freq::Monthly => (year - self.year) * 12 + month - self.month,
            Freq::Yearly => year - self.year,
            Freq::Daily | Freq::Hourly | Freq::Minutely | Freq::Secondly => {
                from_day - self.start_day
            }
        };
        (units / self.rule.interval - 1).max(0)
    }

    /// Fills the days of a period and returns its first possible day; `None`
    /// past the end of the calendar.
    fn period(&self, step: i64, days: &mut Vec<i64>) -> Option<i64> {
        let units = step * self.rule.interval;
        match self.rule.freq {
            Freq::Weekly => Some(self.week(units, days)),
            Freq::Monthly => {
                let index = self.year * 12 + self.month - 1 + units;
                let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
                (year <= 9999).then(|| {
                    self.month_days(year, month, days);
                    day_number(year, month, 1)
                })
            }
            Freq::Yearly => {
                let year = self.year + units;
                (year <= 9999).then(|| {
                    self.year_days(year, days);
                    day_number(year, 1, 1)
                })
            }
            Freq::Daily | Freq::Hourly | Freq::Minutely | Freq::Secondly => {
                let day = self.start_day + units;
                if self.allows(day) {
                    days.push(day);
                }
                Some(day)
            }
        }
        .filter(|day| *day < 2_932_897)
    }

    /// DAILY: the BY parts limit.
    fn allows(&self, day: i64) -> bool {
        let rule = self.rule;
        if rule.week_days != 0 && rule.week_days >> weekday(day) & 1 == 0 {
            return false;
        }
        if rule.months == 0 && rule.month_days.is_empty() {
            return true;
        }
        let (year, month, of_month) = ymd(day);
        let length = month_length(year, month);
        (rule.months == 0 || rule.months >> month & 1 == 1)
            && (rule.month_days.is_empty()
                || rule
                    .month_days
                    .iter()
                    .any(|d| of_month == if *d < 0 { length + 1 + d } else { *d }))
    }

    fn week(&self, units: i64, days: &mut Vec<i64>) -> i64 {
        let rule = self.rule;
        let lead = (weekday(self.start_day) - rule.week_start).rem_euclid(7);
        let monday = self.start_day - lead + units * 7;
        let mask = match rule.week_days {
            0 => 1 << weekday(self.start_day),
            mask => mask,
        };
        for offset in 0..7 {
            let day = monday + offset;
            if mask >> weekday(day) & 1 == 1
                && (rule.months == 0 || rule.months >> ymd(day).1 & 1 == 1)
            {
                days.push(day);
            }
        }
        monday
    }

    fn month_days(&self, year: i64, month: i64, days: &mut Vec<i64>) {
        if self.rule.months == 0 || self.rule.months >> month & 1 == 1 {
            let first = day_number(year, month, 1);
            push_bits(
                first,
                self.month_bits(year, month, first, self.month_nth(year, month, first)),
                days,
            );
        }
    }

    /// The days of a month as bits 1..=31. `nth` holds the days BYDAY ordinals name.
    fn month_bits(&self, year: i64, month: i64, first: i64, nth: u32) -> u32 {
        let rule = self.rule;
        let length = month_length(year, month);
        let mut by_date = 0_u32;
        for d in &rule.month_days {
            let d = if *d < 0 { length + 1 + d } else { *d };
            if (1..=length).contains(&d) {
                by_date |= 1 << d;
            }
        }
        if !rule.has_days() {
            if rule.month_days.is_empty() && self.day <= length {
                by_date = 1 << self.day;
            }
            return by_date;
        }
        let mut by_day = nth;
        if rule.week_days != 0 {
            let lead = weekday(first);
            for d in 1..=length {
                if rule.week_days >> ((lead + d - 1) % 7) & 1 == 1 {
                    by_day |= 1 << d;
                }
            }
        }
        if rule.month_days.is_empty() { by_day } else { by_date & by_day }
    }

    fn month_nth(&self, year: i64, month: i64, first: i64) -> u32 {
        let length = month_length(year, month);
        let mut bits = 0;
        for (n, day) in &self.rule.nth_days {
            if let Some(offset) = nth_offset(first, length, *n, *day) {
                bits |= 1 << (offset + 1);
            }
        }
        bits
    }

    fn year_days(&self, year: i64, days: &mut Vec<i64>) {
        let rule = self.rule;
        // With BYMONTH, ordinals count in the month; without, in the year.
        let yearly: Vec<i64> = if rule.months == 0 {
            let first = day_number(year, 1, 1);
            let length = day_number(year + 1, 1, 1) - first;
            let nth = rule.nth_days.iter();
            nth.filter_map(|(n, day)| nth_offset(first, length, *n, *day))
                .map(|o| first + o)
                .collect()
        } else {
            Vec::new()
        };
        for month in 1..=12 {
            let chosen = match rule.months {
                0 => rule.has_days() || !rule.month_days.is_empty() || month == self.month,
                months => months >> month & 1 == 1,
            };
            if !chosen {
                continue;
            }
            let first = day_number(year, month, 1);
            let nth = if rule.months == 0 {
                let inside = yearly.iter().map(|d| d - first + 1).filter(|d| (1..=31).contains(d));
                inside.filter(|d| *d <= month_length(year, month)).fold(0, |bits, d| bits | 1 << d)
            } else {
                self.month_nth(year, month, first)
            };
            push_bits(first, self.month_bits(year, month, first, nth), days);
        }
    }
}

/// Offset of the n-th weekday from the first day of a span of so many days.
fn nth_offset(first: i64, length: i64, n: i64, day: i64) -> Option<i64> {
    let offset = if n > 0 {
        (day - weekday(first)).rem_euclid(7) + (n - 1) * 7
    } else {
        let last = length - 1;
        last - (weekday(first + last) - day).rem_euclid(7) + (n + 1) * 7
    };
    (0..length).contains(&offset).then_some(offset)
}

fn push_bits(first: i64, mut bits: u32, days: &mut Vec<i64>) {
    while bits != 0 {
        days.push(first + i64::from(bits.trailing_zeros()) - 1);
        bits &= bits - 1;
    }
}

/// Seconds of the day, ascending.
pub(super) fn times(rule: &Rule, start: i64) -> Vec<i64> {
    let or =
        |list: &[i64], default: i64| if list.is_empty() { vec![default] } else { list.to_vec() };
    let mut out = Vec::with_capacity(1);
    for hour in or(&rule.hours, start / 3600) {
        for minute in or(&rule.minutes, start / 60 % 60) {
            for second in or(&rule.seconds, start % 60) {
                out.push(hour * 3600 + minute * 60 + second);
            }
        }
    }
    out
}
