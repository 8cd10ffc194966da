//! Questions about a series that need no whole expansion: is a recurrence id in
//! it, when does it end, what is its rhythm.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::days::{DAY, from_civil_seconds};
use super::plain::Ask;
use super::rule::{Freq, Rule};
use super::starts::{clock_of, collect, in_form, one_rule, until};
use super::{Budget, Limits, days};
use crate::model::event::{Event, EventBody};
use crate::model::pair::{Cadence, CadenceUnit};
use crate::model::time::{CalTime, Window, resolve};

/// A recurrence id in the form of the master's DTSTART, where there is a master.
pub(crate) fn as_in(id: &CalTime, form: Option<&CalTime>, viewer: &TimeZone) -> CalTime {
    form.map_or_else(|| id.clone(), |form| in_form(id, form, viewer))
}

/// The RECURRENCE-ID of the occurrence whose original start is this instant, in
/// the form of the master's DTSTART; `None` when it is not in the recurrence set
/// (RFC 5545 §3.8.4.4). An existing override's id is in the set.
pub fn recurrence_id(event: &Event, at: Timestamp, viewer: &TimeZone) -> Option<CalTime> {
    let form = event.master.as_ref();
    for over in &event.overrides {
        let id = as_in(&over.recurrence_id, form.map(|m| &m.start), viewer);
        if id.instant(viewer) == at {
            return Some(id);
        }
    }
    let master = form?;
    let to = at.checked_add(SignedDuration::from_secs(1)).ok()?;
    let mut budget = Budget::new(Limits::default());
    let window = Window::new(at, to);
    collect(master, &event.recurrence, window, viewer, &mut budget, &mut Vec::new())
        .into_iter()
        .find(|s| s.at == at)
        .map(|s| s.time)
}

/// Whether an instant is the original start of an occurrence.
pub fn contains(event: &Event, at: Timestamp, viewer: &TimeZone) -> bool {
    recurrence_id(event, at, viewer).is_some()
}

/// The first start of the series: DTSTART, or an earlier RDATE.
pub fn first_start(event: &Event, viewer: &TimeZone) -> Option<Timestamp> {
    let start = event.master.as_ref()?.start.instant(viewer);
    event.recurrence.dates.iter().map(|d| d.start.instant(viewer)).chain([start]).min()
}

/// The last original start the series can have; `None` when it does not end, or
/// when a rule cannot be read.
pub fn last_start(event: &Event, viewer: &TimeZone) -> Option<Timestamp> {
    let master = event.master.as_ref()?;
    let mut last = master.start.instant(viewer);
    for text in &event.recurrence.rules {
        let rule = Rule::parse(text).ok()?;
        last = last.max(last_of_rule(&rule, master, viewer)?);
    }
    event.recurrence.dates.iter().map(|d| d.start.instant(viewer)).chain([last]).max()
}

fn last_of_rule(rule: &Rule, master: &EventBody, viewer: &TimeZone) -> Option<Timestamp> {
    if rule.until.is_none() && rule.count.is_none() {
        return None;
    }
    let clock = &clock_of(&master.start, viewer);
    let start = days::civil_seconds(master.start.civil());
    let until = until(rule, &master.start, clock);
    // Look back from UNTIL in growing spans; COUNT is counted through.
    let mut span = 62 * DAY * rule.interval.min(1000);
    loop {
        let from = if rule.count.is_some() { start } else { until.saturating_sub(span).max(start) };
        let mut found = Vec::new();
        let ask = Ask { start, until, from, to: i64::MAX };
        one_rule(rule, ask, &mut Budget::new(Limits::default()), &mut found).ok()?;
        if let Some(last) = found.last() {
            return from_civil_seconds(*last).map(|local| resolve(local, clock));
        }
        if from <= start {
            return Some(resolve(master.start.civil(), clock));
        }
        span = span.saturating_mul(8);
    }
}

/// The rhythm of a series with one regular rule; `None` for anything else.
pub fn cadence(event: &Event) -> Option<Cadence> {
    let [text] = event.recurrence.rules.as_slice() else { return None };
    let rule = Rule::parse(text).ok()?;
    let every = u16::try_from(rule.interval).ok()?;
    let plain = rule.months == 0
        && rule.year_days.is_empty()
        && rule.week_numbers.is_empty()
        && rule.hours.len() <= 1
        && rule.minutes.len() <= 1
        && rule.seconds.len() <= 1;
    let one_day = rule.week_days.count_ones() <= 1 && rule.nth_days.is_empty();
    let no_days = !rule.has_days() && rule.positions.is_empty();
    match rule.freq {
        Freq::Daily if plain && no_days && rule.month_days.is_empty() => Some(days_cadence(every)),
        Freq::Weekly if plain && one_day && rule.positions.is_empty() => {
            Some(Cadence { every, unit: CadenceUnit::Weeks })
        }
        Freq::Monthly if plain => monthly(&rule, every),
        Freq::Yearly if no_days && rule.year_days.is_empty() && rule.week_numbers.is_empty() => {
            let once = rule.months.count_ones() <= 1 && rule.month_days.len() <= 1;
            let every = every.checked_mul(12)?;
            once.then_some(Cadence { every, unit: CadenceUnit::Months })
        }
        Freq::Daily
        | Freq::Weekly
        | Freq::Monthly
        | Freq::Yearly
        | Freq::Hourly
        | Freq::Minutely
        | Freq::Secondly => None,
    }
}

/// Every 7 or 14 days is every one or two weeks.
fn days_cadence(every: u16) -> Cadence {
    if every.is_multiple_of(7) {
        Cadence { every: every / 7, unit: CadenceUnit::Weeks }
    } else {
        Cadence { every, unit: CadenceUnit::Days }
    }
}

fn monthly(rule: &Rule, every: u16) -> Option<Cadence> {
    if !rule.has_days() {
        // `BYMONTHDAY=28,29,30;BYSETPOS=-1`: the 30th, or the last day.
        let last_of = rule.positions == [-1] && rule.month_days.first() == Some(&28);
        let once = last_of || rule.month_days.len() <= 1 && rule.positions.is_empty();
        return once.then_some(Cadence { every, unit: CadenceUnit::Months });
    }
    if !rule.month_days.is_empty() {
        return None;
    }
    // `BYDAY=2TU` and `BYDAY=TU;BYSETPOS=2` say the same.
    let nth = match (rule.nth_days.as_slice(), rule.positions.as_slice()) {
        ([(nth, _)], []) if rule.week_days == 0 => *nth,
        ([], [nth]) if rule.week_days.count_ones() == 1 => *nth,
        _ => return None,
    };
    let nth = i8::try_from(nth).ok().filter(|n| (1..=4).contains(n) || *n == -1)?;
    Some(Cadence { every, unit: CadenceUnit::MonthsOnWeekday { nth } })
}
