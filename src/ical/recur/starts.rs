//! The starts of a series before overrides: RRULE, RDATE and DTSTART, less
//! EXRULE and EXDATE (RFC 5545 §3.8.5). Times here are the series' wall clock.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::days::{DAY, civil_seconds, from_civil_seconds};
use super::plain::Ask;
use super::rule::{Rule, RuleError, Until};
use super::{Budget, crated, plain, subdaily};
use crate::model::event::{EventBody, Recurrence};
use crate::model::time::{CalTime, Window, resolve};

/// Most rules of one event that are computed; RFC 5545 §3.8.5.3 advises one.
const MAX_RULES: usize = 16;

/// One start of a series.
#[derive(Debug, Clone)]
pub(super) struct Start {
    pub(super) at: Timestamp,
    pub(super) time: CalTime,
    /// The end of an RDATE period.
    pub(super) end: Option<Timestamp>,
}

/// The clock a series lives on.
pub(super) fn clock_of(start: &CalTime, viewer: &TimeZone) -> TimeZone {
    match start {
        CalTime::Date(_) | CalTime::Floating(_) => viewer.clone(),
        CalTime::Utc(_) => TimeZone::UTC,
        CalTime::Zoned { zone, .. } => zone.clone(),
    }
}

/// Computes the starts of `master` whose instant lies in the window.
pub(super) fn collect(
    master: &EventBody,
    recurrence: &Recurrence,
    window: Window,
    viewer: &TimeZone,
    budget: &mut Budget,
    warnings: &mut Vec<String>,
) -> Vec<Start> {
    let clock = &clock_of(&master.start, viewer);
    let start = civil_seconds(master.start.civil());
    // A day of margin: instants and wall clock differ by less.
    let from = civil_seconds(clock.to_datetime(window.from)).saturating_sub(DAY);
    let to = civil_seconds(clock.to_datetime(window.to)).saturating_add(DAY);
    let ask = Ask { start, until: i64::MAX, from: from.max(start), to };

    let mut civil = Vec::new();
    let used = rule_starts(&recurrence.rules, ask, master, clock, budget, warnings, &mut civil);
    // A DTSTART the rule does not give is left to the rule (RFC 5545 §3.8.5.3
    // calls that set undefined); without a usable rule it is the first occurrence.
    if used == 0 && from <= start && start < to {
        civil.push(start);
    }
    civil.sort_unstable();
    civil.dedup();
    if !recurrence.exclusion_rules.is_empty() {
        let mut own = Budget::new(super::Limits::default());
        let mut out = Vec::new();
        rule_starts(&recurrence.exclusion_rules, ask, master, clock, &mut own, warnings, &mut out);
        out.sort_unstable();
        civil.retain(|at| out.binary_search(at).is_err());
    }
    let mut starts: Vec<Start> = civil
        .into_iter()
        .filter_map(from_civil_seconds)
        .map(|local| Start {
            at: resolve(local, clock),
            time: master.start.with_civil(local),
            end: None,
        })
        .collect();
    add_dates(&mut starts, master, recurrence, viewer);
    starts.retain(|s| window.contains(s.at));
    exclude(&mut starts, master, &recurrence.exceptions, viewer);
    starts
}

/// Appends what the rules give; returns how many rules could be used.
fn rule_starts(
    rules: &[String],
    ask: Ask,
    master: &EventBody,
    clock: &TimeZone,
    budget: &mut Budget,
    warnings: &mut Vec<String>,
    out: &mut Vec<i64>,
) -> usize {
    let mut used = 0;
    if rules.len() > MAX_RULES {
        let extra = rules.len() - MAX_RULES;
        warnings.push(format!("{extra} rules above the {MAX_RULES} that are read are left out"));
    }
    for text in rules.iter().take(MAX_RULES) {
        let result = Rule::parse(text).and_then(|rule| {
            let until = until(&rule, &master.start, clock);
            one_rule(&rule, Ask { until, ..ask }, budget, out)
        });
        match result {
            Ok(()) => used += 1,
            Err(error) => warnings.push(error.to_string()),
        }
    }
    used
}

/// Appends one rule's starts, by whichever engine knows it.
pub(super) fn one_rule(
    rule: &Rule,
    ask: Ask,
    budget: &mut Budget,
    out: &mut Vec<i64>,
) -> Result<(), RuleError> {
    if rule.sub_daily() && rule.positions.is_empty() {
        subdaily::starts(rule, ask, budget, out);
    } else if plain::knows(rule) {
        plain::starts(rule, ask, budget, out);
    } else {
        crated::starts(rule, ask, budget, out)?;
    }
    Ok(())
}

/// UNTIL on the series' wall clock, inclusive. A date means the whole day; a
/// UTC value is converted, except for all-day series, where its date counts.
pub(super) fn until(rule: &Rule, start: &CalTime, clock: &TimeZone) -> i64 {
    match rule.until {
        None => i64::MAX,
        Some(Until::Date(local) | Until::Local(local)) => civil_seconds(local),
        Some(Until::Utc(utc)) if start.is_date() => civil_seconds(utc),
        Some(Until::Utc(utc)) => civil_seconds(clock.to_datetime(resolve(utc, &TimeZone::UTC))),
    }
}

fn add_dates(
    starts: &mut Vec<Start>,
    master: &EventBody,
    recurrence: &Recurrence,
    viewer: &TimeZone,
) {
    if recurrence.dates.is_empty() {
        return;
    }
    for date in &recurrence.dates {
        let time = in_form(&date.start, &master.start, viewer);
        let at = time.instant(viewer);
        let end = date.end.as_ref().map(|end| end.instant(viewer));
        starts.push(Start { at, time, end });
    }
    // Stable: a rule's start stands before an RDATE of the same instant, and the
    // first is kept.
    starts.sort_by_key(|s| s.at);
    starts.dedup_by_key(|s| s.at);
}

/// A time in the form of DTSTART: RDATE and RECURRENCE-ID may be written in
/// another zone, or as a date in a series with times (then at DTSTART's time).
pub(super) fn in_form(time: &CalTime, form: &CalTime, viewer: &TimeZone) -> CalTime {
    match (time, form) {
        (CalTime::Date(date), CalTime::Floating(_) | CalTime::Utc(_) | CalTime::Zoned { .. }) => {
            form.with_civil(date.to_datetime(form.civil().time()))
        }
        (CalTime::Date(_), CalTime::Date(_)) => time.clone(),
        (_, CalTime::Date(_)) => CalTime::Date(time.civil().date()),
        (CalTime::Floating(local), _) => form.with_civil(*local),
        (CalTime::Utc(_) | CalTime::Zoned { .. }, CalTime::Floating(_)) => time.clone(),
        (CalTime::Utc(_) | CalTime::Zoned { .. }, CalTime::Utc(_) | CalTime::Zoned { .. }) => {
            form.with_civil(clock_of(form, viewer).to_datetime(time.instant(viewer)))
        }
    }
}

/// EXDATE. A date excludes the whole day of a series with times; a date-time
/// excludes its date in an all-day series.
fn exclude(starts: &mut Vec<Start>, master: &EventBody, exceptions: &[CalTime], viewer: &TimeZone) {
    if exceptions.is_empty() || starts.is_empty() {
        return;
    }
    let all_day = master.start.is_date();
    let mut instants = Vec::new();
    let mut days = Vec::new();
    for exception in exceptions {
        if all_day || exception.is_date() {
            days.push(exception.civil().date());
        } else {
            instants.push(exception.instant(viewer));
        }
    }
    instants.sort_unstable();
    days.sort_unstable();
    starts.retain(|s| {
        instants.binary_search(&s.at).is_err()
            && days.binary_search(&s.time.civil().date()).is_err()
    });
}
