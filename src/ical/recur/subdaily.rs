//! SECONDLY, MINUTELY and HOURLY rules on the wall clock: stepped one by one,
//! with jumps over days and hours that BY parts exclude. No meeting repeats so;
//! calendars that hold such rules still expand, within the budget.

use super::Budget;
use super::days::{DAY, day_number, month_length, weekday, ymd};
use super::plain::Ask;
use super::rule::{Freq, Rule};

/// Appends the rule's starts in `[from, to)`, ascending.
pub(super) fn starts(rule: &Rule, ask: Ask, budget: &mut Budget, out: &mut Vec<i64>) {
    let unit = match rule.freq {
        Freq::Hourly => 3600,
        Freq::Minutely => 60,
        Freq::Secondly | Freq::Daily | Freq::Weekly | Freq::Monthly | Freq::Yearly => 1,
    };
    let stride = unit * rule.interval;
    // BYMINUTE and BYSECOND finer than the step expand it; its own part is then free.
    let base = ask.start - ask.start.rem_euclid(unit);
    let offsets = offsets(rule, ask.start);
    let mut counted = 0_u64;
    let mut at = base;
    if rule.count.is_none() && ask.from > base {
        at += (ask.from - base) / stride * stride;
    }
    while at < ask.to && at <= ask.until {
        if !budget.step() {
            return;
        }
        if let Some(next) = excluded_until(rule, at) {
            let steps = (next - at + stride - 1) / stride;
            at += steps.max(1) * stride;
            continue;
        }
        for offset in &offsets {
            let time = at + offset;
            if time < ask.start {
                continue;
            }
            if time > ask.until || time >= ask.to {
                return;
            }
            if time >= ask.from {
                if !budget.take() {
                    return;
                }
                out.push(time);
            }
            counted += 1;
            if Some(counted) == rule.count {
                return;
            }
        }
        at += stride;
    }
}

/// Seconds inside one step.
fn offsets(rule: &Rule, start: i64) -> Vec<i64> {
    let or =
        |list: &[i64], default: i64| if list.is_empty() { vec![default] } else { list.to_vec() };
    match rule.freq {
        Freq::Hourly => {
            let seconds = or(&rule.seconds, start.rem_euclid(60));
            or(&rule.minutes, start.div_euclid(60).rem_euclid(60))
                .into_iter()
                .flat_map(|m| seconds.iter().map(move |s| m * 60 + s))
                .collect()
        }
        Freq::Minutely => or(&rule.seconds, start.rem_euclid(60)),
        Freq::Secondly | Freq::Daily | Freq::Weekly | Freq::Monthly | Freq::Yearly => vec![0],
    }
}

/// When a BY part excludes the step at `at`: the first second worth trying again.
fn excluded_until(rule: &Rule, at: i64) -> Option<i64> {
    let day = at.div_euclid(DAY);
    if !day_allowed(rule, day) {
        return Some((day + 1) * DAY);
    }
    let has = |list: &[i64], value: i64| list.is_empty() || list.contains(&value);
    if !has(&rule.hours, at.rem_euclid(DAY) / 3600) {
        return Some(at - at.rem_euclid(3600) + 3600);
    }
    if rule.freq != Freq::Hourly && !has(&rule.minutes, at.rem_euclid(3600) / 60) {
        return Some(at - at.rem_euclid(60) + 60);
    }
    (rule.freq == Freq::Secondly && !has(&rule.seconds, at.rem_euclid(60))).then_some(at + 1)
}

fn day_allowed(rule: &Rule, day: i64) -> bool {
    if rule.week_days != 0 && rule.week_days >> weekday(day) & 1 == 0 {
        return false;
    }
    if rule.months == 0 && rule.month_days.is_empty() && rule.year_days.is_empty() {
        return true;
    }
    let (year, month, of_month) = ymd(day);
    let from_end = |value: &i64, length: i64| if *value < 0 { length + 1 + value } else { *value };
    let length = month_length(year, month);
    let first = day_number(year, 1, 1);
    let year_length = day_number(year + 1, 1, 1) - first;
    (rule.months == 0 || rule.months >> month & 1 == 1)
        && (rule.month_days.is_empty()
            || rule.month_days.iter().any(|d| from_end(d, length) == of_month))
        && (rule.year_days.is_empty()
            || rule.year_days.iter().any(|d| from_end(d, year_length) == day - first + 1))
}
