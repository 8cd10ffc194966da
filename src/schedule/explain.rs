//! Why a series is where it is: its cost term by term, what other standing
//! slots would cost given everything else, and what is in the way of every
//! slot of an occurrence. Names nobody: people, events and series are indices.

use super::candidates::{View, Work};
use super::compile::{Calendars, CompileError, Compiled};
use super::problem::UNIT;
use super::repair::{Repairs, Standing};
use super::respond::Response;
use super::solve::{Base, Solution};
use super::spec::Spec;
use super::state::{Placement, own_cost};
use super::zone::SLOT;

/// Points by term.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    /// The standing slot changes.
    pub rebase: i64,
    /// Occurrences not held.
    pub miss: i64,
    /// Occurrences away from the standing slot.
    pub moves: i64,
    /// Moves beyond the free ones.
    pub fair: i64,
    /// Lunch, early, late, unloved weekdays.
    pub pain: i64,
    /// Away from the ideal day and time.
    pub ideal: i64,
    /// Tentative events overlapped.
    pub tentative: i64,
    /// Published occurrences changed.
    pub churn: i64,
    /// Focus time lost and weeks overfull, of both people.
    pub focus: i64,
}

impl Terms {
    /// Every term with its name, in the order they are told.
    pub fn named(&self) -> [(&'static str, i64); 9] {
        [
            ("rebase", self.rebase),
            ("miss", self.miss),
            ("move", self.moves),
            ("fair", self.fair),
            ("pain", self.pain),
            ("ideal", self.ideal),
            ("tent", self.tentative),
            ("churn", self.churn),
            ("focus", self.focus),
        ]
    }
}

/// Another standing slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alternative {
    /// The slot.
    pub base: Base,
    /// Points more than the chosen one, everything else as it is.
    pub difference: i64,
    /// Occurrences that would not be held.
    pub missed: usize,
    /// Occurrences that would be away from it.
    pub moved: usize,
}

/// Why one series is where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The chosen standing slot.
    pub base: Base,
    /// Points of the series given everything else.
    pub total: i64,
    /// The same by term.
    pub terms: Terms,
    /// Best alternatives, cheapest first, at most one per weekday and hour.
    pub alternatives: Vec<Alternative>,
    /// Open occurrences that are not held.
    pub missed: Vec<usize>,
}

/// Why a slot cannot be taken. People and events are indices into the
/// specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Outside the person's working hours.
    Hours(usize),
    /// The person is absent: event of `off`.
    Off(usize, usize),
    /// A hard event: of `busy`.
    Busy(usize, usize),
    /// Too close to a hard event: of `busy`.
    Buffer(usize, usize),
    /// Inside the time in which nothing moves any more.
    Lead,
    /// The person has the most 1:1s of a day already.
    Cap(usize),
    /// Another 1:1: series and occurrence.
    Taken(usize, usize),
    /// A 1:1 of that series which is history.
    History(usize),
}

/// One slot of an occurrence's tolerance and what is in its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocked {
    /// The slot.
    pub slot: u32,
    /// The first thing in the way; `None` when the slot is possible.
    pub cause: Option<Cause>,
}

/// Explains one series of a solution; `None` when it does not exist.
///
/// # Errors
/// When the specification does not compile.
pub fn explain(
    spec: &Spec,
    compiled: &Compiled,
    solution: &Solution,
    series: usize,
) -> Result<Option<Explanation>, CompileError> {
    let problem = &compiled.problem;
    let standing = Standing { base: solution.base.clone(), slots: solution.occurrences.clone() };
    let (Some(one), Ok(mut repairs)) =
        (problem.series.get(series), Repairs::new(problem, &standing))
    else {
        return Ok(None);
    };
    let state = repairs.state_mut();
    let before = state.total();
    let Some(placement) = state.remove(series) else { return Ok(None) };
    let total = before - state.total();
    let mut response = Response::default();
    response.run(one, &one.domain, (state.values(), &[]), true);
    let mut ranked: Vec<(i64, usize)> =
        response.totals.iter().enumerate().map(|(i, t)| (t - total, i)).collect();
    ranked.sort_unstable();
    let mut alternatives: Vec<Alternative> = Vec::new();
    for (difference, index) in ranked {
        let Some(choice) = one.domain.choices.get(index).filter(|c| **c != placement.choice) else {
            continue;
        };
        let base = Base { track: choice.track.into(), column: choice.column.into() };
        let near =
            |a: &Alternative| a.base.track == base.track && a.base.column / 4 == base.column / 4;
        if alternatives.len() == 5 || alternatives.iter().any(near) {
            continue;
        }
        let mut cells = Vec::new();
        response.placements(one, &one.domain, choice, &mut cells);
        let at = |c: &u32| one.domain.cells.get(*c as usize);
        let dates = one.tracks.get(base.track).map(|t| t.dates.as_slice()).unwrap_or_default();
        let away =
            |(c, d): (&u32, &u16)| at(c).is_some_and(|c| c.date != *d || c.column != choice.column);
        alternatives.push(Alternative {
            base,
            difference: difference.div_euclid(i64::from(UNIT)),
            missed: cells.iter().filter(|c| at(c).is_none()).count(),
            moved: cells.iter().zip(dates).filter(|p| away(*p)).count(),
        });
    }
    let missed =
        placement.cells.iter().enumerate().filter(|(_, c)| c.is_none()).map(|(k, _)| k).collect();
    let terms = terms(spec, compiled, series, &placement, total)?;
    let base =
        Base { track: placement.choice.track.into(), column: placement.choice.column.into() };
    Ok(Some(Explanation { base, total: total / i64::from(UNIT), terms, alternatives, missed }))
}

fn terms(
    spec: &Spec,
    compiled: &Compiled,
    series: usize,
    placement: &Placement,
    total: i64,
) -> Result<Terms, CompileError> {
    let calendars = Calendars::new(spec)?;
    let work = calendars.work(spec);
    let (Some(view), Some(one)) = (work.view(series), compiled.problem.series.get(series)) else {
        return Ok(Terms::default());
    };
    let unit = i64::from(UNIT);
    let mut terms = Terms { rebase: i64::from(placement.choice.cost) / unit, ..Terms::default() };
    let track = one.tracks.get(usize::from(placement.choice.track));
    let dates = track.map(|t| t.dates.as_slice()).unwrap_or_default();
    let mut moved = 0;
    for (cell, date) in placement.cells.iter().zip(dates) {
        let Some(cell) = cell else {
            terms.miss += i64::from(one.miss) / unit;
            continue;
        };
        let away = i64::from(one.move_cost(cell, *date, placement.choice.column)) / unit;
        moved += u32::from(cell.date != *date || cell.column != placement.choice.column);
        terms.moves += away;
        let minute = view.anchor.local(i64::from(cell.slot)).1;
        let [pain, ideal, tentative] =
            work.parts(&view, usize::from(cell.date), minute, i64::from(cell.slot));
        terms.pain += pain;
        terms.ideal += ideal;
        terms.tentative += tentative;
    }
    let extra = i64::from(moved.saturating_sub(track.map_or(0, |t| t.free_moves)));
    terms.fair = extra * i64::from(one.fair) / unit;
    terms.churn = churn(spec, compiled, series, placement);
    let rest = total / unit - terms.named().iter().map(|t| t.1).sum::<i64>();
    terms.focus = rest;
    debug_assert!(own_cost(one, placement) <= total);
    Ok(terms)
}

fn churn(spec: &Spec, compiled: &Compiled, series: usize, placement: &Placement) -> i64 {
    let rows = spec.published.as_ref().and_then(|p| p.get(series));
    let (Some(row), Some(open)) = (rows, compiled.open.get(series)) else { return 0 };
    let weights = &spec.weights;
    let mut points = 0;
    for (k, cell) in open.iter().zip(&placement.cells) {
        let (Some(Some(was)), Some(cell)) = (row.get(*k), cell) else { continue };
        if *was != i64::from(cell.slot) {
            let soon = was * SLOT < spec.now + 2 * 1440;
            points += weights.churn + if soon { weights.churn_soon } else { 0 };
        }
    }
    points
}

/// What is in the way of every slot of an occurrence's tolerance window, in
/// order of time. The count of each cause is the reason an occurrence cannot
/// be held.
///
/// # Errors
/// When the specification does not compile.
pub fn blockers(
    spec: &Spec,
    compiled: &Compiled,
    repairs: &mut Repairs<'_>,
    series: usize,
    occurrence: usize,
) -> Result<Vec<Blocked>, CompileError> {
    let mut all = blockers_of(spec, compiled, repairs, &[(series, occurrence)])?;
    Ok(all.pop().unwrap_or_default())
}

/// As [`blockers`], for several occurrences (series and number).
///
/// # Errors
/// When the specification does not compile.
pub fn blockers_of(
    spec: &Spec,
    compiled: &Compiled,
    repairs: &mut Repairs<'_>,
    wanted: &[(usize, usize)],
) -> Result<Vec<Vec<Blocked>>, CompileError> {
    let calendars = Calendars::new(spec)?;
    let work = calendars.work(spec);
    let one = |(series, occurrence): &(usize, usize)| {
        work.blockers(compiled, repairs, *series, *occurrence)
    };
    Ok(wanted.iter().map(one).collect())
}

impl Work<'_> {
    fn blockers(
        &self,
        compiled: &Compiled,
        repairs: &mut Repairs<'_>,
        series: usize,
        occurrence: usize,
    ) -> Vec<Blocked> {
        let (Some(view), Some((date, _))) = (self.view(series), repairs.target(series, occurrence))
        else {
            return Vec::new();
        };
        let look = repairs.look(series, occurrence);
        let tolerance = view.series.tolerance;
        let mut found = Vec::new();
        let last = (usize::from(date) + tolerance).min(self.spec.last_day);
        for day in usize::from(date).saturating_sub(tolerance).max(1)..=last {
            if view.series.weekdays.get(self.spec.weekday(day as i64)) != Some(&true) {
                continue;
            }
            for slot in view.anchor.day(day) {
                let minute = view.anchor.local(slot).1;
                let end = minute + view.series.minutes;
                if minute < view.series.window.0 || end > view.series.window.1 {
                    continue;
                }
                let Ok(at) = u32::try_from(slot) else { continue };
                let taken = look.blocked.iter().find(|b| b.0 == at).map(|b| b.1.into());
                let hard = self
                    .cause(&view, slot)
                    .or_else(|| self.lead(compiled, series, occurrence, slot));
                let cause = hard
                    .or(taken)
                    .or_else(|| repairs.fixed_cause(compiled, series, occurrence, at));
                found.push(Blocked { slot: at, cause });
            }
        }
        found
    }
}

impl Repairs<'_> {
    /// Why a slot that calendars allow is no candidate: what is fixed already.
    fn fixed_cause(
        &self,
        compiled: &Compiled,
        series: usize,
        occurrence: usize,
        slot: u32,
    ) -> Option<Cause> {
        if self.candidates(series, occurrence).iter().any(|c| c.slot == slot) {
            return None;
        }
        let problem = &compiled.problem;
        let who = problem.series.get(series)?.who;
        for index in who {
            let person = problem.people.get(index as usize)?;
            let at = person.days.partition_point(|d| d.first <= slot).saturating_sub(1);
            if person.days.get(at).is_some_and(|d| u32::from(d.meetings) >= person.max_day) {
                return Some(Cause::Cap(index as usize));
            }
        }
        let one = problem.series.get(series)?;
        let buffer = |index: &u32| problem.people.get(*index as usize).map_or(0, |p| p.buffer);
        let buffer = who.iter().map(buffer).max().unwrap_or(0);
        let past = |other: &usize| {
            let len = problem.series.get(*other).map_or(0, |s| s.len);
            let meets = |at: u32| at < slot + one.len + buffer && slot < at + len + buffer;
            compiled.fixed.get(*other).is_some_and(|f| f.iter().any(|p| meets(p.1)))
        };
        let shares = |other: &usize| {
            problem.series.get(*other).is_some_and(|s| s.who.iter().any(|w| who.contains(w)))
        };
        (0..problem.series.len()).filter(shares).find(past).map(Cause::History)
    }
}

impl From<super::repair::Obstacle> for Cause {
    fn from(obstacle: super::repair::Obstacle) -> Self {
        match obstacle {
            super::repair::Obstacle::Taken(series, occurrence) => Self::Taken(series, occurrence),
            super::repair::Obstacle::Cap(person) => Self::Cap(person),
        }
    }
}

impl Work<'_> {
    /// The first hard thing in the way of a slot.
    fn cause(&self, view: &View<'_>, slot: i64) -> Option<Cause> {
        let (from, to) = (slot * SLOT, (slot + view.len) * SLOT);
        let meets = |events: &[(i64, i64)], pad: i64| {
            let touches = |e: &(i64, i64)| {
                let (start, end) = (e.0.div_euclid(SLOT) * SLOT, -(-e.1).div_euclid(SLOT) * SLOT);
                e.0 < e.1 && start - pad < to && from < end + pad
            };
            events.iter().position(touches)
        };
        for (who, (person, calendar, clock)) in view.series.who.iter().zip(view.who) {
            if calendar.open.all(slot, view.len) {
                continue;
            }
            if let Some(event) = meets(&person.off, 0) {
                return Some(Cause::Off(*who, event));
            }
            let inside = (slot..slot + view.len).all(|s| {
                let (day, minute) = clock.local(s);
                let hours = person.work.get(self.spec.weekday(day)).copied().flatten();
                hours.is_some_and(|(a, b)| (a..b).contains(&minute))
            });
            if !inside {
                return Some(Cause::Hours(*who));
            }
            if let Some(event) = meets(&person.busy, 0) {
                return Some(Cause::Busy(*who, event));
            }
            if let Some(event) = meets(&person.busy, person.buffer) {
                return Some(Cause::Buffer(*who, event));
            }
        }
        None
    }

    /// Is the slot inside the time in which nothing moves any more?
    fn lead(
        &self,
        compiled: &Compiled,
        series: usize,
        occurrence: usize,
        slot: i64,
    ) -> Option<Cause> {
        let row = self.spec.published.as_ref()?.get(series)?;
        let number = *compiled.open.get(series)?.get(occurrence)?;
        let was = row.get(number).copied().flatten();
        let until = self.spec.now + self.spec.series.get(series)?.lead;
        let frozen = was.is_some_and(|w| w * SLOT < until);
        (was != Some(slot) && (frozen || slot * SLOT < until)).then_some(Cause::Lead)
    }
}
