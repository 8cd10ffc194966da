//! The joint choice of standing slots: all pairs without a series are placed
//! together, around what stands already, to the proven optimum of the objective
//! in `docs/scheduling.md`. Turns a snapshot into `schedule`'s words and the
//! answer back into dates; decides nothing itself.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::model::pair::Pair;
use crate::model::plan::Score;
use crate::model::snapshot::Snapshot;
use crate::model::time::{Window, resolve};
use crate::plan::ground::Blocker;
use crate::plan::input::Limits;
use crate::plan::terrain::{Known, Span, buffer, ideal, miss, weekdays, weeks, window};
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
    /// What it gains and what is proved of it; `None` when nothing was placed.
    pub score: Option<Score>,
}

/// Most pairs that may turn out unplaceable late, one after the other.
const SECOND_TRIES: usize = 8;

/// Places the given pairs (indices into the snapshot) together. A pair with no
/// possible slot at all is left out; the others are placed without it.
pub fn arrange(snapshot: &Snapshot, pairs: &[usize], limits: &Limits) -> Arrangement {
    let roomy = |at: &usize| snapshot.pairs.get(*at).is_some_and(|view| has_room(&view.pair));
    let mut pairs: Vec<usize> = pairs.iter().copied().filter(roomy).collect();
    for _ in 0..=SECOND_TRIES {
        if pairs.is_empty() {
            break;
        }
        let Some(ground) = Ground::new(snapshot, &pairs, limits) else { break };
        match compile(&ground.spec) {
            Ok(compiled) => return ground.answer(&compiled),
            Err(error) => {
                let Some(series) = error.series().filter(|at| *at < pairs.len()) else { break };
                pairs.remove(series);
            }
        }
    }
    Arrangement::default()
}

/// Whether a meeting of the pair fits its window at all, on a quarter hour.
fn has_room(pair: &Pair) -> bool {
    let Some((from, to)) = window(pair) else { return false };
    let length = pair.duration.as_mins().max(1);
    length <= 480 && (from + 14) / 15 * 15 + length <= to
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
            let frame = window(&view.pair).unwrap_or((0, 0));
            people.push(Known::partner(snapshot, &view.pair, &span, frame).spec);
            let dates = rhythms(snapshot, &view.pair, &span);
            series.push(one(&view.pair, at + 1, &dates, &span));
            tracks.push(dates);
        }
        let spec = Spec {
            origin,
            last_day: usize::try_from(limits.horizon_days).ok()?,
            now: span.minutes(snapshot.now),
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
        let chosen: Vec<Arranged> = (0..self.pairs.len())
            .filter_map(|series| self.chosen(compiled, &solution, series))
            .collect();
        let bound = match solution.proof {
            Proof::Optimal => solution.cost,
            Proof::Bounded => solution.bound,
        };
        let without = (0..self.pairs.len()).map(|series| self.without(&solution, series)).sum();
        let score = Score { without, cost: solution.cost, bound };
        let score = Some(score).filter(|_| !chosen.is_empty());
        Arrangement { chosen, score }
    }

    /// Points of a pair that is not placed: none of its meetings is held.
    fn without(&self, solution: &Solution, series: usize) -> i64 {
        let track = solution.base.get(series).map_or(0, |base| base.track);
        let dates = self.tracks.get(series).and_then(|t| t.get(track)).map_or(0, Vec::len);
        let view = self.pairs.get(series).and_then(|at| self.snapshot.pairs.get(*at));
        let miss = view.map_or(0, |view| miss(&view.pair));
        miss.saturating_mul(i64::try_from(dates).unwrap_or(0))
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

/// The owner around what stands already of pairs that are not to be placed.
fn owner(snapshot: &Snapshot, pairs: &[usize], span: &Span, limits: &Limits) -> PersonSpec {
    let mut owner = Known::owner(snapshot, span);
    let placed = pairs.iter().filter_map(|at| snapshot.pairs.get(*at));
    owner.spec.buffer = buffer(placed.map(|view| &view.pair));
    owner.spec.max_day = u32::try_from(limits.max_per_day).unwrap_or(u32::MAX);
    let wanted: BTreeSet<usize> = pairs.iter().copied().collect();
    for (_, view) in snapshot.pairs.iter().enumerate().filter(|(at, _)| !wanted.contains(at)) {
        for o in view.occurrences.iter().filter(|o| o.stands() && o.end > snapshot.now) {
            let minutes = span.outwards(&Window::new(o.start, o.end));
            owner.occupied(minutes, Blocker::Taken(view.pair.partner.name.clone()));
        }
    }
    owner.spec
}

/// The first date a standing slot may have now.
pub(crate) fn first_date(snapshot: &Snapshot, pair: &Pair) -> Date {
    let soon = snapshot.now.saturating_add(pair.freeze).unwrap_or(snapshot.now);
    let from = snapshot.owner.zone.to_datetime(soon).date();
    from.tomorrow().unwrap_or(from)
}

/// The rhythms a pair's series may have: every phase on every weekday.
pub(crate) fn rhythms(snapshot: &Snapshot, pair: &Pair, span: &Span) -> Vec<Vec<Date>> {
    let from = first_date(snapshot, pair);
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
    SeriesSpec {
        who: [0, partner],
        anchor: 0,
        minutes: pair.duration.as_mins().max(1),
        load: (1, weeks(pair)),
        weekdays: weekdays(pair),
        window: window(pair).unwrap_or((0, 0)),
        tolerance: usize::try_from(tolerance_days(pair)).unwrap_or(0),
        lead: pair.freeze.as_mins().max(0),
        miss: miss(pair),
        ideal: ideal(pair),
        tracks: rhythms
            .iter()
            .map(|dates| dates.iter().map(|date| span.day(*date)).collect())
            .collect(),
        current: None,
        pinned: false,
        settled: false,
    }
}
