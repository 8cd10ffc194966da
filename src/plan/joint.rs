//! The joint choice of standing slots: all pairs without a series are placed
//! together, around what stands already, to the proven optimum of the objective
//! in `docs/scheduling.md`. Turns a snapshot into `schedule`'s words and the
//! answer back into dates; decides nothing itself.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::model::pair::{CadenceUnit, Pair, Person};
use crate::model::snapshot::{PairView, PartnerTime, Snapshot};
use crate::model::time::{BusyPeriod, Fbtype, Window, resolve};
use crate::plan::input::Limits;
use crate::plan::{targets, tolerance_days};
use crate::schedule::spec::{PersonSpec, SeriesSpec, Spec, Weights};
use crate::schedule::{Budget, Compiled, Explanation, Proof, Solution, compile, explain, solve};

/// Work the search may do; one unit is about a microsecond. Counted in work, so
/// that the same calendar gives the same plan everywhere.
const WORK: u64 = 300_000;

/// A standing slot chosen for a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arranged {
    /// Index of the pair in the snapshot.
    pub pair: usize,
    /// First meeting.
    pub start: Timestamp,
    /// Dates of the horizon on this rhythm.
    pub dates: Vec<Date>,
    /// How many standing slots were compared.
    pub tried: usize,
    /// Points of this pair, given the others.
    pub points: i64,
    /// The best other slots, cheapest first: start of the first meeting, points
    /// more, meetings that would have to move or fall out.
    pub alternatives: Vec<(Timestamp, i64, usize)>,
}

/// The joint choice and what is proved of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arrangement {
    /// One for each pair that could be placed.
    pub chosen: Vec<Arranged>,
    /// Points of the whole choice.
    pub cost: i64,
    /// Points no choice can be below.
    pub bound: i64,
}

/// Places the given pairs (indices into the snapshot) together. A pair with no
/// possible slot at all is left out; the others are placed without it.
pub fn arrange(snapshot: &Snapshot, pairs: &[usize], limits: &Limits) -> Arrangement {
    let mut pairs: Vec<usize> = pairs.to_vec();
    while !pairs.is_empty() {
        let Some(ground) = Ground::new(snapshot, &pairs, limits) else { break };
        match compile(&ground.spec) {
            Ok(compiled) => return ground.answer(&compiled),
            Err(error) => {
                let Some(series) = unplaceable(&error) else { break };
                if series >= pairs.len() {
                    break;
                }
                pairs.remove(series);
            }
        }
    }
    Arrangement::default()
}

/// The series an error is about.
fn unplaceable(error: &crate::schedule::CompileError) -> Option<usize> {
    use crate::schedule::{CompileError, DraftError};
    match error {
        CompileError::Series { series, .. } => Some(*series),
        CompileError::Draft(
            DraftError::People(series)
            | DraftError::Length(series)
            | DraftError::NoChoice(series)
            | DraftError::Horizon(series)
            | DraftError::Tolerance(series)
            | DraftError::Weights(series),
        ) => Some(*series),
        CompileError::Draft(DraftError::Days(_) | DraftError::PersonWeights(_))
        | CompileError::Horizon
        | CompileError::Zone { .. }
        | CompileError::Person { .. } => None,
    }
}

/// A problem in `schedule`'s words, and what is needed to read its answer.
struct Ground<'a> {
    snapshot: &'a Snapshot,
    pairs: Vec<usize>,
    tracks: Vec<Vec<Vec<Date>>>,
    spec: Spec,
}

impl<'a> Ground<'a> {
    fn new(snapshot: &'a Snapshot, pairs: &[usize], limits: &Limits) -> Option<Self> {
        let zone = &snapshot.owner.zone;
        let origin = zone.to_datetime(snapshot.now).date();
        let span = Span { origin, days: limits.horizon_days };
        let mut people = vec![owner(snapshot, pairs, &span, limits)];
        let mut series = Vec::new();
        let mut tracks = Vec::new();
        for (at, index) in pairs.iter().enumerate() {
            let view = snapshot.pairs.get(*index)?;
            people.push(partner(snapshot, view, &span));
            let dates = rhythms(snapshot, &view.pair, &span);
            series.push(one(&view.pair, at + 1, &dates, &span));
            tracks.push(dates);
        }
        let spec = Spec {
            origin,
            last_day: usize::try_from(limits.horizon_days).ok()?,
            now: minutes(origin, snapshot.now),
            // The wish counts to the quarter hour: a tie would look like a whim.
            weights: Weights { ideal_grain: 15, ..Weights::default() },
            people,
            series,
            published: None,
        };
        Some(Self { snapshot, pairs: pairs.to_vec(), tracks, spec })
    }

    fn answer(&self, compiled: &Compiled) -> Arrangement {
        let budget = Budget { work: WORK, stop: &|| false };
        let solution = solve(&compiled.problem, budget);
        let chosen = (0..self.pairs.len())
            .filter_map(|series| self.chosen(compiled, &solution, series))
            .collect();
        let bound = match solution.proof {
            Proof::Optimal => solution.cost,
            Proof::Bounded => solution.bound,
        };
        Arrangement { chosen, cost: solution.cost, bound }
    }

    fn chosen(&self, compiled: &Compiled, solution: &Solution, series: usize) -> Option<Arranged> {
        let base = solution.base.get(series)?;
        let held = solution.occurrences.get(series)?.iter().flatten().count();
        if held == 0 {
            return None;
        }
        let told = explain(&self.spec, compiled, solution, series).ok().flatten();
        let start = |track: usize, column: usize| self.start(compiled, series, track, column);
        let others = told.as_ref().map_or(&[][..], |told: &Explanation| &told.alternatives);
        let alternatives = others.iter().take(2).filter_map(|other| {
            let at = start(other.base.track, other.base.column)?;
            Some((at, other.difference, other.missed + other.moved))
        });
        Some(Arranged {
            pair: *self.pairs.get(series)?,
            start: start(base.track, base.column)?,
            dates: self.tracks.get(series)?.get(base.track)?.clone(),
            tried: self.compared(series),
            points: told.as_ref().map_or(0, |told| told.total),
            alternatives: alternatives.collect(),
        })
    }

    /// First meeting of a base.
    fn start(
        &self,
        compiled: &Compiled,
        series: usize,
        track: usize,
        column: usize,
    ) -> Option<Timestamp> {
        let first = compiled.first_minute.get(series)?;
        let minute = first.checked_add(i64::try_from(column).ok()?.checked_mul(15)?)?;
        let date = self.tracks.get(series)?.get(track)?.first()?;
        let time = Time::midnight().checked_add(SignedDuration::from_mins(minute)).ok()?;
        Some(resolve(date.to_datetime(time), &self.snapshot.owner.zone))
    }

    /// Standing slots the window offers over all rhythms.
    fn compared(&self, series: usize) -> usize {
        let Some(spec) = self.spec.series.get(series) else { return 0 };
        let room = (spec.window.1 - spec.window.0 - spec.minutes).max(0) / 15 + 1;
        spec.tracks.len() * usize::try_from(room).unwrap_or(0)
    }
}

/// The days looked at.
struct Span {
    origin: Date,
    days: i64,
}

/// Minutes from the origin's midnight UTC.
fn minutes(origin: Date, at: Timestamp) -> i64 {
    let from = resolve(origin.to_datetime(Time::midnight()), &TimeZone::UTC);
    from.duration_until(at).as_mins()
}

/// Minutes outside, rounded outwards.
fn outwards(origin: Date, span: &Window) -> (i64, i64) {
    let end = minutes(origin, span.to);
    let whole = span.to.as_second().rem_euclid(60) == 0;
    (minutes(origin, span.from), if whole { end } else { end + 1 })
}

fn owner(snapshot: &Snapshot, pairs: &[usize], span: &Span, limits: &Limits) -> PersonSpec {
    let buffer = pairs
        .iter()
        .filter_map(|at| snapshot.pairs.get(*at))
        .map(|view| i64::from(view.pair.buffer_minutes))
        .max()
        .unwrap_or(0);
    let mut spec = person(&snapshot.owner, snapshot, span);
    spec.buffer = (buffer + 14) / 15 * 15;
    spec.max_day = u32::try_from(limits.max_per_day).unwrap_or(u32::MAX);
    fill(&mut spec, &snapshot.owner_busy, span);
    for (_, view) in snapshot.pairs.iter().enumerate().filter(|(at, _)| !pairs.contains(at)) {
        let standing = view.occurrences.iter().filter(|o| o.stands());
        spec.busy.extend(standing.map(|o| outwards(span.origin, &Window::new(o.start, o.end))));
    }
    spec
}

fn partner(snapshot: &Snapshot, view: &PairView, span: &Span) -> PersonSpec {
    let mut spec = person(&view.pair.partner, snapshot, span);
    if let Some(PartnerTime::Known { busy, .. }) = snapshot.partner_busy.get(&view.pair.id) {
        fill(&mut spec, busy, span);
    }
    // The pair's own window, where it is finer than one span a day.
    spec.off.extend(outside_window(snapshot, &view.pair, span));
    spec
}

fn fill(spec: &mut PersonSpec, busy: &[BusyPeriod], span: &Span) {
    for period in busy {
        let minutes = outwards(span.origin, &period.span);
        match period.kind {
            Fbtype::Busy => spec.busy.push(minutes),
            Fbtype::Tentative => spec.tentative.push(minutes),
            Fbtype::Unavailable => spec.off.push(minutes),
        }
    }
}

/// A person's hours, holidays and absences.
fn person(person: &Person, snapshot: &Snapshot, span: &Span) -> PersonSpec {
    let mut work = [None; 7];
    for (day, spans) in work.iter_mut().zip(&person.hours.days) {
        *day = envelope(spans);
    }
    let mut off: Vec<(i64, i64)> = snapshot
        .absences
        .iter()
        .filter(|absence| person.is(&absence.who))
        .map(|absence| outwards(span.origin, &absence.span))
        .collect();
    for date in dates(span) {
        let midnight = |date: Date| resolve(date.to_datetime(Time::midnight()), &person.zone);
        if person.holidays.contains_key(&date) {
            let next = date.tomorrow().unwrap_or(date);
            off.push(outwards(span.origin, &Window::new(midnight(date), midnight(next))));
        }
        for (from, to) in gaps(person.hours.on(date.weekday())) {
            let at = |time: Time| resolve(date.to_datetime(time), &person.zone);
            off.push(outwards(span.origin, &Window::new(at(from), at(to))));
        }
    }
    PersonSpec {
        zone: person.zone.clone(),
        work,
        avoid: Vec::new(),
        day_cost: [0; 7],
        buffer: 0,
        max_day: 96,
        // A stated wish outweighs unbroken time nobody asked for.
        focus_weight: 0,
        busy: Vec::new(),
        tentative: Vec::new(),
        off,
    }
}

fn dates(span: &Span) -> impl Iterator<Item = Date> + '_ {
    (0..=span.days + 1).filter_map(|days| span.origin.checked_add(days.days()).ok())
}

fn minute(time: Time) -> i64 {
    i64::from(time.hour()) * 60 + i64::from(time.minute())
}

fn envelope(spans: &[(Time, Time)]) -> Option<(i64, i64)> {
    let from = spans.iter().map(|s| s.0).min()?;
    let to = spans.iter().map(|s| s.1).max()?;
    Some((minute(from), minute(to)))
}

/// What lies between the spans of one day.
fn gaps(spans: &[(Time, Time)]) -> Vec<(Time, Time)> {
    spans.iter().zip(spans.iter().skip(1)).map(|(a, b)| (a.1, b.0)).collect()
}

fn outside_window(snapshot: &Snapshot, pair: &Pair, span: &Span) -> Vec<(i64, i64)> {
    let Some((from, to)) = window(pair) else { return Vec::new() };
    let mut out = Vec::new();
    for date in dates(span) {
        let spans = pair.window.on(date.weekday());
        let at = |minute: i64| {
            let midnight = date.to_datetime(Time::midnight());
            let local = midnight.saturating_add(SignedDuration::from_mins(minute));
            resolve(local, &snapshot.owner.zone)
        };
        let mut open = from;
        for (start, end) in spans {
            if minute(*start) > open {
                out.push(outwards(span.origin, &Window::new(at(open), at(minute(*start)))));
            }
            open = minute(*end);
        }
        if !spans.is_empty() && open < to {
            out.push(outwards(span.origin, &Window::new(at(open), at(to))));
        }
    }
    out
}

/// The span all of the pair's windows lie in.
fn window(pair: &Pair) -> Option<(i64, i64)> {
    let all: Vec<(Time, Time)> = pair.window.days.iter().flatten().copied().collect();
    envelope(&all)
}

/// The rhythms a pair's series may have: every phase on every weekday.
fn rhythms(snapshot: &Snapshot, pair: &Pair, span: &Span) -> Vec<Vec<Date>> {
    let soon = snapshot.now.saturating_add(pair.freeze).unwrap_or(snapshot.now);
    let from = snapshot.owner.zone.to_datetime(soon).date();
    let from = from.tomorrow().unwrap_or(from);
    let end = span.origin.checked_add(span.days.days()).unwrap_or(from);
    let weekdays: Vec<Weekday> = Weekday::Monday
        .cycle_forward()
        .take(7)
        .filter(|day| !pair.window.on(*day).is_empty())
        .collect();
    targets::first_dates(pair.cadence, &weekdays, from)
        .into_iter()
        .map(|first| targets::dates(pair.cadence, first, end))
        .filter(|dates| !dates.is_empty())
        .collect()
}

fn one(pair: &Pair, partner: usize, rhythms: &[Vec<Date>], span: &Span) -> SeriesSpec {
    let weeks = match pair.cadence.unit {
        CadenceUnit::Weeks => i64::from(pair.cadence.every),
        CadenceUnit::Days => (i64::from(pair.cadence.every) / 7).max(1),
        CadenceUnit::Months | CadenceUnit::MonthsOnWeekday { .. } => {
            i64::from(pair.cadence.every) * 13 / 3
        }
    };
    let day = |date: &Date| u16::try_from((*date - span.origin).get_days()).unwrap_or(0);
    let mut weekdays = [false; 7];
    for (open, spans) in weekdays.iter_mut().zip(&pair.window.days) {
        *open = !spans.is_empty();
    }
    SeriesSpec {
        who: [0, partner],
        anchor: 0,
        minutes: pair.duration.as_mins().max(1),
        load: (1, weeks.max(1)),
        weekdays,
        window: window(pair).unwrap_or((0, 0)),
        tolerance: usize::try_from(tolerance_days(pair)).unwrap_or(0),
        lead: pair.freeze.as_mins().max(0),
        miss: 400 * (1 + i64::from(pair.priority)) / 2 * (weeks + 1) / 2,
        ideal: pair.ideal.map(|(weekday, time)| {
            let weekday = usize::try_from(weekday.to_monday_zero_offset()).unwrap_or(0);
            (weekday, minute(time))
        }),
        tracks: rhythms.iter().map(|dates| dates.iter().map(day).collect()).collect(),
        current: None,
        pinned: false,
    }
}
