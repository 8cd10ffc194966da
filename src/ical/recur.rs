//! Recurrence (RFC 5545 §3.8.5): RRULE, RDATE, EXDATE and overrides to
//! occurrences, bounded in time and count. It knows nothing of text lines; it
//! sees typed events. Rules are computed on the wall clock of the series;
//! instants are resolved by jiff at the end. Decisions: `docs/recurrence.md`.

mod crated;
pub(crate) mod days;
pub(crate) mod length;
pub mod lookup;
mod plain;
pub mod rule;
mod starts;
mod subdaily;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::ical::recur::days::{civil_seconds, from_civil_seconds};
use crate::ical::recur::length::Length;
use crate::ical::recur::plain::Ask;
use crate::ical::recur::rule::Rule;
use crate::ical::recur::starts::{Start, clock_of, collect, in_form, one_rule};
use crate::model::event::{Event, EventBody, EventOverride};
use crate::model::time::{CalTime, Window};

/// How much work one expansion may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most occurrences given back.
    pub occurrences: usize,
    /// Most periods (days, weeks, months …) looked at.
    pub steps: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { occurrences: 20_000, steps: 2_000_000 }
    }
}

/// What is left of [`Limits`].
#[derive(Debug)]
pub(crate) struct Budget {
    steps: u64,
    occurrences: usize,
    exhausted: bool,
}

impl Budget {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { steps: limits.steps, occurrences: limits.occurrences, exhausted: false }
    }

    /// Pays for one period; false when there is nothing left.
    fn step(&mut self) -> bool {
        self.exhausted |= self.steps == 0;
        self.steps = self.steps.saturating_sub(1);
        !self.exhausted
    }

    /// Pays for one occurrence; false when there is nothing left.
    fn take(&mut self) -> bool {
        self.exhausted |= self.occurrences == 0;
        self.occurrences = self.occurrences.saturating_sub(1);
        !self.exhausted
    }
}

/// The starts of a bare rule on its own wall clock, in seconds since
/// 1970-01-01T00:00:00 there: from `start` to `until` (inclusive), below `to`.
pub(crate) fn rule_civil(rule: &Rule, start: i64, until: i64, to: i64, limits: Limits) -> Vec<i64> {
    let mut out = Vec::new();
    let ask = Ask { start, until, from: start, to };
    match one_rule(rule, ask, &mut Budget::new(limits), &mut out) {
        Ok(()) => out,
        Err(_) => Vec::new(),
    }
}

/// Occurrences of an event in a window.
#[must_use]
#[derive(Debug, Clone)]
pub struct Expansion<'e> {
    /// Those whose start lies in the window, by start. Cancelled ones are among
    /// them; read [`Instance::body`].
    pub occurrences: Vec<Instance<'e>>,
    /// The limits were reached: there are more.
    pub truncated: bool,
    /// Rules that could not be used, for people.
    pub warnings: Vec<String>,
}

/// One occurrence.
#[derive(Debug, Clone)]
pub struct Instance<'e> {
    /// RECURRENCE-ID in the form of the master's DTSTART; `None` when the event
    /// does not recur.
    pub recurrence_id: Option<CalTime>,
    /// The same as an instant.
    pub recurrence_at: Option<Timestamp>,
    /// Start, in the form it is written.
    pub start: CalTime,
    /// Start.
    pub start_at: Timestamp,
    /// End; never before the start.
    pub end_at: Timestamp,
    /// The component that speaks for it: its override's, else the master's.
    pub body: &'e EventBody,
    /// Whether an override of its own exists.
    pub overridden: bool,
}

/// Expands an event. `viewer` is the zone floating times and dates are read in.
pub fn expand<'e>(
    event: &'e Event,
    window: Window,
    viewer: &TimeZone,
    limits: Limits,
) -> Expansion<'e> {
    let mut out = Expansion { occurrences: Vec::new(), truncated: false, warnings: Vec::new() };
    let mut budget = Budget::new(limits);
    let ids: Vec<OverrideAt<'e>> = event
        .overrides
        .iter()
        .map(|over| OverrideAt::new(over, event.master.as_ref(), viewer))
        .collect();
    if let Some(master) = &event.master {
        let ranges = Ranges::new(&ids, viewer);
        let asked = ranges.widen(window);
        let starts =
            collect(master, &event.recurrence, asked, viewer, &mut budget, &mut out.warnings);
        let length = Length::of(master, viewer);
        let recurs = event.recurs();
        let mut taken: Vec<Timestamp> = ids.iter().map(|o| o.at).collect();
        taken.sort_unstable();
        for start in starts {
            if taken.binary_search(&start.at).is_ok() {
                continue;
            }
            let instance = match ranges.covering(start.at) {
                Some(range) => range.apply(start, viewer),
                None => from_master(master, start, &length, recurs, viewer),
            };
            if window.contains(instance.start_at) {
                out.occurrences.push(instance);
            }
        }
    }
    for over in &ids {
        let body = &over.over.body;
        let start_at = body.start.instant(viewer);
        if window.contains(start_at) {
            out.occurrences.push(Instance {
                recurrence_id: Some(over.id.clone()),
                recurrence_at: Some(over.at),
                start: body.start.clone(),
                start_at,
                end_at: Length::of(body, viewer).end(&body.start, start_at, viewer),
                body,
                overridden: true,
            });
        }
    }
    out.occurrences.sort_by_key(|o| (o.start_at, o.recurrence_at));
    out.truncated = budget.exhausted;
    out
}

fn from_master<'e>(
    master: &'e EventBody,
    start: Start,
    length: &Length,
    recurs: bool,
    viewer: &TimeZone,
) -> Instance<'e> {
    let end_at = match start.end {
        Some(end) => end.max(start.at),
        None => length.end(&start.time, start.at, viewer),
    };
    Instance {
        recurrence_id: recurs.then(|| start.time.clone()),
        recurrence_at: recurs.then_some(start.at),
        start: start.time,
        start_at: start.at,
        end_at,
        body: master,
        overridden: false,
    }
}

/// An override with its RECURRENCE-ID as instant and in the master's form.
struct OverrideAt<'e> {
    over: &'e EventOverride,
    id: CalTime,
    at: Timestamp,
}

impl<'e> OverrideAt<'e> {
    fn new(over: &'e EventOverride, master: Option<&EventBody>, viewer: &TimeZone) -> Self {
        let id = match master {
            Some(master) => in_form(&over.recurrence_id, &master.start, viewer),
            None => over.recurrence_id.clone(),
        };
        let at = id.instant(viewer);
        Self { over, id, at }
    }
}

/// The overrides with RANGE=THISANDFUTURE, latest first.
struct Ranges<'a, 'e> {
    list: Vec<Range<'a, 'e>>,
}

struct Range<'a, 'e> {
    from: &'a OverrideAt<'e>,
    /// Wall-clock seconds the override moves its occurrence by.
    shift: i64,
}

impl<'a, 'e> Ranges<'a, 'e> {
    fn new(ids: &'a [OverrideAt<'e>], viewer: &TimeZone) -> Self {
        let mut list: Vec<Range<'a, 'e>> = ids
            .iter()
            .filter(|o| o.over.this_and_future)
            .map(|from| {
                let clock = clock_of(&from.over.body.start, viewer);
                let id = civil_seconds(clock.to_datetime(from.at));
                Range { from, shift: civil_seconds(from.over.body.start.civil()) - id }
            })
            .collect();
        list.sort_by_key(|r| std::cmp::Reverse(r.from.at));
        Self { list }
    }

    fn covering(&self, at: Timestamp) -> Option<&Range<'a, 'e>> {
        self.list.iter().find(|r| r.from.at <= at)
    }

    /// The window wide enough that starts moved into it are seen.
    fn widen(&self, window: Window) -> Window {
        let most = self.list.iter().map(|r| r.shift.abs()).max().unwrap_or(0);
        if most == 0 {
            return window;
        }
        let margin = jiff::SignedDuration::from_secs(most.saturating_add(86_400));
        Window {
            from: window.from.checked_sub(margin).unwrap_or(Timestamp::MIN),
            to: window.to.checked_add(margin).unwrap_or(Timestamp::MAX),
        }
    }
}

impl<'e> Range<'_, 'e> {
    fn apply(&self, original: Start, viewer: &TimeZone) -> Instance<'e> {
        let body = &self.from.over.body;
        let clock = clock_of(&body.start, viewer);
        let moved = civil_seconds(clock.to_datetime(original.at)) + self.shift;
        let start = match from_civil_seconds(moved) {
            Some(local) => body.start.with_civil(local),
            None => original.time.clone(),
        };
        let start_at = start.instant(viewer);
        let end_at = Length::of(body, viewer).end(&start, start_at, viewer);
        Instance {
            recurrence_id: Some(original.time),
            recurrence_at: Some(original.at),
            start,
            start_at,
            end_at,
            body,
            overridden: false,
        }
    }
}

#[cfg(test)]
mod tests;
