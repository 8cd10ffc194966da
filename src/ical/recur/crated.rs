//! The door to the `rrule` crate, for rules with BYWEEKNO or BYYEARDAY. The
//! crate sees a wall clock labelled UTC and never a zone, gets all defaults
//! spelled out, and starts near the window where the rule allows it. The only
//! file that names chrono.

use chrono::{DateTime as ChronoTime, Month, TimeZone as _, Weekday};
use rrule::{Frequency, NWeekday, RRule, RRuleSet, Tz, Unvalidated};

use super::Budget;
use super::days::{DAY, day_number, ymd};
use super::plain::Ask;
use super::rule::{Freq, Rule, RuleError};

/// Appends the rule's starts in `[from, to)`, ascending.
pub(super) fn starts(
    rule: &Rule,
    ask: Ask,
    budget: &mut Budget,
    out: &mut Vec<i64>,
) -> Result<(), RuleError> {
    let anchor = anchor(rule, ask);
    let Some(anchor_time) = chrono_time(anchor) else {
        return Err(RuleError::Unsupported("a start so far away".to_owned()));
    };
    let built = build(rule, ask.start)?
        .validate(anchor_time)
        .map_err(|error| RuleError::Unsupported(error.to_string()))?;
    let mut counted = 0_u64;
    for found in &RRuleSet::new(anchor_time).limit().rrule(built) {
        let at = found.timestamp();
        if !budget.step() || at > ask.until || at >= ask.to {
            return Ok(());
        }
        if at < ask.start {
            continue;
        }
        if at >= ask.from {
            if !budget.take() {
                return Ok(());
            }
            out.push(at);
        }
        counted += 1;
        if Some(counted) == rule.count {
            return Ok(());
        }
    }
    Ok(())
}

/// Where the crate starts. With COUNT it must be DTSTART; else the first second
/// of a period of the rule shortly before the window.
fn anchor(rule: &Rule, ask: Ask) -> i64 {
    if rule.count.is_some() || ask.from <= ask.start {
        return ask.start;
    }
    let start_day = ask.start.div_euclid(DAY);
    let from_day = ask.from.div_euclid(DAY);
    let ((year, month, _), (from_year, from_month, _)) = (ymd(start_day), ymd(from_day));
    let aligned = |units: i64| (units / rule.interval - 1).max(0) * rule.interval;
    let day = match rule.freq {
        Freq::Yearly => match aligned(from_year - year) {
            0 => return ask.start,
            years => day_number(year + years, 1, 1),
        },
        Freq::Monthly => match aligned((from_year - year) * 12 + from_month - month) {
            0 => return ask.start,
            months => {
                let index = year * 12 + month - 1 + months;
                day_number(index.div_euclid(12), index.rem_euclid(12) + 1, 1)
            }
        },
        Freq::Daily => start_day + aligned(from_day - start_day),
        Freq::Weekly | Freq::Hourly | Freq::Minutely | Freq::Secondly => return ask.start,
    };
    (day * DAY).max(ask.start)
}

fn chrono_time(seconds: i64) -> Option<ChronoTime<Tz>> {
    Tz::UTC.timestamp_opt(seconds, 0).single()
}

/// The rule in the crate's words, with what DTSTART adds spelled out.
fn build(rule: &Rule, start: i64) -> Result<RRule<Unvalidated>, RuleError> {
    let unsupported = |part: &str| RuleError::Unsupported(part.to_owned());
    let (_, month, day) = ymd(start.div_euclid(DAY));
    let freq = match rule.freq {
        Freq::Yearly => Frequency::Yearly,
        Freq::Monthly => Frequency::Monthly,
        Freq::Weekly => Frequency::Weekly,
        Freq::Daily => Frequency::Daily,
        Freq::Hourly | Freq::Minutely | Freq::Secondly => {
            return Err(unsupported("BYSETPOS below a day"));
        }
    };
    let interval =
        u16::try_from(rule.interval).map_err(|_| unsupported("an INTERVAL above 65535"))?;
    let mut months = rule.months;
    let mut month_days = rule.month_days.clone();
    let no_days = rule.week_numbers.is_empty()
        && rule.year_days.is_empty()
        && rule.month_days.is_empty()
        && !rule.has_days();
    if no_days && matches!(rule.freq, Freq::Yearly | Freq::Monthly) {
        month_days.push(day);
        if rule.freq == Freq::Yearly && months == 0 {
            months = 1 << month;
        }
    }
    let or =
        |list: &[i64], default: i64| if list.is_empty() { vec![default] } else { list.to_vec() };
    let second_of_day = start.rem_euclid(DAY);
    let months: Vec<Month> = (1..=12_u8)
        .filter(|m| months >> m & 1 == 1)
        .filter_map(|m| Month::try_from(m).ok())
        .collect();
    Ok(RRule::new(freq)
        .interval(interval)
        .week_start(weekday(rule.week_start))
        .by_month(&months)
        .by_month_day(narrow(&month_days))
        .by_year_day(narrow(&rule.year_days))
        .by_week_no(narrow(&rule.week_numbers))
        .by_weekday(week_days(rule))
        .by_hour(narrow(&or(&rule.hours, second_of_day / 3600)))
        .by_minute(narrow(&or(&rule.minutes, second_of_day / 60 % 60)))
        .by_second(narrow(&or(&rule.seconds, second_of_day % 60)))
        .by_set_pos(narrow(&rule.positions)))
}

/// BYDAY. Plain and numbered days together give nothing in the crate: a plain
/// day is then written out as each of its numbers.
fn week_days(rule: &Rule) -> Vec<NWeekday> {
    let most = if rule.freq == Freq::Yearly && rule.months == 0 { 53 } else { 5 };
    let mut out = Vec::new();
    for day in (0..7).filter(|d| rule.week_days >> d & 1 == 1) {
        if rule.nth_days.is_empty() {
            out.push(NWeekday::Every(weekday(day)));
        } else {
            out.extend((1..=most).map(|n| NWeekday::Nth(n, weekday(day))));
        }
    }
    for (n, day) in &rule.nth_days {
        out.push(NWeekday::Nth(i16::try_from(*n).unwrap_or(i16::MAX), weekday(*day)));
    }
    out
}

/// All values were range-checked when the rule was read.
fn narrow<T: TryFrom<i64>>(list: &[i64]) -> Vec<T> {
    list.iter().filter_map(|n| T::try_from(*n).ok()).collect()
}

fn weekday(day: i64) -> Weekday {
    match day {
        0 => Weekday::Mon,
        1 => Weekday::Tue,
        2 => Weekday::Wed,
        3 => Weekday::Thu,
        4 => Weekday::Fri,
        5 => Weekday::Sat,
        _ => Weekday::Sun,
    }
}
