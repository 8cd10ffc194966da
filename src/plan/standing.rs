//! The standing slots there are: what the one of a pair costs given everything
//! else, what others would cost, and once a week the one that is worth a change.
//! A slot that cannot be held on most of its dates protects nothing any more.

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::model::id::EventUid;
use crate::model::plan::Proposal;
use crate::model::snapshot::{OrganizedBy, PairView, Slot, Snapshot};
use crate::model::time::resolve;
use crate::plan::input::{Limits, PlanInput};
use crate::plan::terrain::{Known, Span, buffer, ideal, minute, miss, weekdays, weeks, window};
use crate::plan::upkeep::live_series;
use crate::plan::{at_rest, joint, tolerance_days};
use crate::schedule::spec::{SeriesSpec, Spec, Weights};
use crate::schedule::{
    Base, Budget, Compiled, Explanation, SLOT, Solution, compile, explain, solve,
};

/// Work spent on where the meetings of the present slots would be.
const WORK: u64 = 100_000;
/// Most pairs whose slots are compared with others in one week.
const COMPARED: usize = 8;

/// Why a pair's standing slot is where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Points given everything else.
    pub points: i64,
    /// The same by term, with the terms that are not 0.
    pub terms: Vec<(&'static str, i64)>,
    /// Meetings of the horizon.
    pub of: usize,
    /// ... that would be elsewhere.
    pub moved: usize,
    /// ... that could not be held.
    pub missed: usize,
    /// The best other standing slots, cheapest first.
    pub others: Vec<Other>,
}

/// Another standing slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// First meeting there.
    pub start: Timestamp,
    /// Points more than the present one; what the change costs included.
    pub difference: i64,
    /// Meetings that would be elsewhere.
    pub moved: usize,
    /// Meetings that could not be held.
    pub missed: usize,
}

/// Explains the standing slot of a pair (index); `None` when it has none that
/// goes on.
pub fn told(snapshot: &Snapshot, pair: usize, limits: &Limits) -> Option<Told> {
    let ground = Ground::new(snapshot, limits);
    let at = ground.rows.iter().position(|row| row.pair == pair)?;
    let (compiled, solution) = ground.present()?;
    ground.told(&compiled, &solution, at)
}

/// The change of one standing slot that gains most, if one is worth its cost.
pub(crate) fn proposal(input: &PlanInput<'_>) -> Option<Proposal> {
    let snapshot = input.snapshot;
    let ground = Ground::new(snapshot, input.limits);
    let (compiled, solution) = ground.present()?;
    let mut wanting: Vec<(i64, usize)> = Vec::new();
    for (at, row) in ground.rows.iter().enumerate() {
        let (moved, missed) = ground.off(&compiled, &solution, at);
        if moved + missed > 0 && open_to_change(input, row.view) {
            let weight = i64::try_from(moved + missed).unwrap_or(0) * miss(&row.view.pair);
            wanting.push((-weight, at));
        }
    }
    wanting.sort_unstable();
    let proposals = wanting.into_iter().take(COMPARED).filter_map(|(_, at)| {
        let row = ground.rows.get(at)?;
        let told = ground.told(&compiled, &solution, at)?;
        let best = told.others.first().filter(|other| other.difference < 0)?;
        Some(Proposal {
            pair: row.view.pair.id.clone(),
            uid: row.uid.clone(),
            from: row.next,
            to: best.start,
            gain: -best.difference,
            off: (told.moved + told.missed, best.moved + best.missed, told.of),
        })
    });
    proposals.max_by_key(|proposal| proposal.gain)
}

/// Whether a change may be proposed at all.
fn open_to_change(input: &PlanInput<'_>, view: &PairView) -> bool {
    let state = input.pairs.get(&view.pair.id);
    let live = live_series(view, input.snapshot.now);
    !view.pair.pinned
        && !view.pair.never_move
        && state.is_some_and(|state| at_rest(view, state).is_none())
        && live.is_some_and(|series| series.organized_by == OrganizedBy::Owner)
}

/// Whether a proposal still speaks of the slot there is.
pub(crate) fn holds(input: &PlanInput<'_>, proposal: &Proposal) -> bool {
    let zone = &input.snapshot.owner.zone;
    let local = |at: Timestamp| (zone.to_datetime(at).weekday(), zone.to_datetime(at).time());
    let views = &input.snapshot.pairs;
    views.iter().find(|view| view.pair.id == proposal.pair).is_some_and(|view| {
        let next = coming(view, input.snapshot).next();
        open_to_change(input, view)
            && next.is_some_and(|slot| {
                slot.key.uid == proposal.uid && local(slot.start) == local(proposal.from)
            })
    })
}

/// Dates the pair's live series plans from now on.
fn coming<'a>(view: &'a PairView, snapshot: &Snapshot) -> impl Iterator<Item = &'a Slot> {
    let now = snapshot.now;
    let uid = live_series(view, now).map(|series| &series.uid);
    view.slots.iter().filter(move |slot| slot.start > now && Some(&slot.key.uid) == uid)
}

/// One series as it stands.
struct Row<'a> {
    pair: usize,
    view: &'a PairView,
    uid: EventUid,
    next: Timestamp,
    /// Rhythms; the last one is the present one.
    tracks: Vec<Vec<Date>>,
    /// Minute of the day of the present slot.
    base: i64,
}

/// All series that go on, with everybody's time.
struct Ground<'a> {
    snapshot: &'a Snapshot,
    span: Span,
    rows: Vec<Row<'a>>,
    limits: &'a Limits,
}

impl<'a> Ground<'a> {
    fn new(snapshot: &'a Snapshot, limits: &'a Limits) -> Self {
        let origin = snapshot.owner.zone.to_datetime(snapshot.now).date();
        let span = Span { origin, days: limits.horizon_days };
        let row = |(pair, view): (usize, &'a PairView)| row(snapshot, &span, pair, view);
        let rows = snapshot.pairs.iter().enumerate().filter_map(row).collect();
        Self { snapshot, span, rows, limits }
    }

    /// Where the meetings are with every slot as it is.
    fn present(&self) -> Option<(Compiled, Solution)> {
        let compiled = compile(&self.spec(None)).ok()?;
        let budget = Budget { work: WORK, stop: &|| false };
        let solution = solve(&compiled.problem, budget);
        Some((compiled, solution))
    }

    /// The problem with every slot as it is, but for one that is free to change;
    /// `dead`: its change costs nothing.
    fn spec(&self, free: Option<(usize, bool)>) -> Spec {
        let mut owner = Known::owner(self.snapshot, &self.span).spec;
        owner.buffer = buffer(self.rows.iter().map(|row| &row.view.pair));
        owner.max_day = u32::try_from(self.limits.max_per_day).unwrap_or(u32::MAX);
        let (mut people, mut series) = (vec![owner], Vec::new());
        for (at, row) in self.rows.iter().enumerate() {
            let (spec, frame) = self.series(row, people.len(), free.filter(|(f, _)| *f == at));
            people.push(Known::partner(self.snapshot, &row.view.pair, &self.span, frame).spec);
            series.push(spec);
        }
        Spec {
            origin: self.span.origin,
            last_day: usize::try_from(self.span.days).unwrap_or(1),
            now: self.span.minutes(self.snapshot.now),
            weights: Weights { ideal_grain: 15, ..Weights::default() },
            people,
            series,
            published: None,
        }
    }

    fn series(
        &self,
        row: &Row<'_>,
        partner: usize,
        free: Option<(usize, bool)>,
    ) -> (SeriesSpec, (i64, i64)) {
        let pair = &row.view.pair;
        let minutes = pair.duration.as_mins().clamp(1, 480);
        let base = row.base.min((1440 - minutes) / SLOT * SLOT);
        let open = window(pair).unwrap_or((base, base + minutes));
        let frame = (open.0.min(base), open.1.max(base + minutes));
        let present = row.tracks.len().saturating_sub(1);
        let apart = row.tracks.iter().flat_map(|t| t.windows(2)).filter_map(|pair| match pair {
            [a, b] => Some((i64::from((*b - *a).get_days()) - 1) / 2),
            _ => None,
        });
        let tolerance = apart.fold(tolerance_days(pair), i64::min).max(0);
        let series = SeriesSpec {
            who: [0, partner],
            anchor: 0,
            minutes,
            load: (1, weeks(pair)),
            weekdays: weekdays(pair),
            window: frame,
            tolerance: usize::try_from(tolerance).unwrap_or(0),
            lead: pair.freeze.as_mins().max(0),
            miss: miss(pair),
            ideal: ideal(pair),
            tracks: row
                .tracks
                .iter()
                .map(|dates| dates.iter().map(|date| self.span.day(*date)).collect())
                .collect(),
            current: Some((present, base)).filter(|_| free.is_none_or(|(_, dead)| !dead)),
            pinned: free.is_none(),
            settled: false,
        };
        (series, frame)
    }

    /// Meetings of a series moved and not held.
    fn off(&self, compiled: &Compiled, solution: &Solution, at: usize) -> (usize, usize) {
        let (Some(row), Some(slots), Some(base)) =
            (self.rows.get(at), solution.occurrences.get(at), solution.base.get(at))
        else {
            return (0, 0);
        };
        let dates = row.tracks.get(base.track).map(Vec::as_slice).unwrap_or_default();
        let mut off = (0, 0);
        for (slot, date) in slots.iter().zip(dates) {
            match slot {
                None => off.1 += 1,
                Some(slot)
                    if Some(self.span.instant(*slot)) != self.at(compiled, at, base, *date) =>
                {
                    off.0 += 1;
                }
                Some(_) => {}
            }
        }
        off
    }

    fn told(&self, compiled: &Compiled, solution: &Solution, at: usize) -> Option<Told> {
        let row = self.rows.get(at)?;
        let (moved, missed) = self.off(compiled, solution, at);
        let of = row.tracks.last().map_or(0, Vec::len);
        let alive = |other: &Other| 2 * (other.moved + other.missed) <= of;
        let mut found = self.compared(solution, at, false)?;
        if 2 * (moved + missed) > of {
            // A dead slot protects nothing, where another one would be alive.
            let dead = self.compared(solution, at, true)?;
            if dead.1.iter().any(alive) {
                found = dead;
            }
        }
        let (found, others) = found;
        Some(Told {
            points: found.total,
            terms: found.terms.named().into_iter().filter(|(_, points)| *points != 0).collect(),
            of,
            moved,
            missed,
            others,
        })
    }

    /// The series at its slot, and its other slots; `dead`: a change is free.
    fn compared(
        &self,
        solution: &Solution,
        at: usize,
        dead: bool,
    ) -> Option<(Explanation, Vec<Other>)> {
        let row = self.rows.get(at)?;
        let spec = self.spec(Some((at, dead)));
        let free = compile(&spec).ok()?;
        let found = explain(&spec, &free, solution, at).ok().flatten()?;
        let others = found.alternatives.iter().filter_map(|other| {
            let first = row.tracks.get(other.base.track)?.first()?;
            let start = self.at(&free, at, &other.base, *first)?;
            let (moved, missed) = (other.moved, other.missed);
            Some(Other { start, difference: other.difference, moved, missed })
        });
        let others = others.collect();
        Some((found, others))
    }

    /// The instant of a standing slot on a date.
    fn at(&self, compiled: &Compiled, series: usize, base: &Base, date: Date) -> Option<Timestamp> {
        let first = compiled.first_minute.get(series)?;
        let minute = first.checked_add(i64::try_from(base.column).ok()?.checked_mul(SLOT)?)?;
        let time = Time::midnight().checked_add(SignedDuration::from_mins(minute)).ok()?;
        Some(resolve(date.to_datetime(time), &self.snapshot.owner.zone))
    }
}

/// A pair's series, from the first date on which anything may still change.
fn row<'a>(
    snapshot: &'a Snapshot,
    span: &Span,
    pair: usize,
    view: &'a PairView,
) -> Option<Row<'a>> {
    let zone = &snapshot.owner.zone;
    let series = live_series(view, snapshot.now)?;
    let next = coming(view, snapshot).next()?.start;
    let from = joint::first_date(snapshot, &view.pair);
    let end = span.origin.checked_add(span.days.days()).ok()?;
    let dates = coming(view, snapshot).map(|slot| zone.to_datetime(slot.start).date());
    let mut dates: Vec<Date> = dates.filter(|date| *date >= from && *date < end).collect();
    dates.dedup();
    if dates.is_empty() {
        return None;
    }
    let mut tracks = joint::rhythms(snapshot, &view.pair, span);
    tracks.retain(|track| *track != dates);
    tracks.push(dates);
    let base = minute(zone.to_datetime(next).time()) / SLOT * SLOT;
    Some(Row { pair, view, uid: series.uid.clone(), next, tracks, base })
}
