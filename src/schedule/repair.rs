//! Repair of single occurrences: the standing slots stay, what no longer fits
//! gets the best slot in its tolerance, if need be by bumping another 1:1 once.

// Indices are made by `Problem` and checked in `new`; see `problem`.
#![allow(clippy::indexing_slicing)]

use super::mask::widened;
use super::problem::{Cell, Problem, UNIT};
use super::solve::Base;
use super::state::{Placement, State};

/// A plan as it stands: bases and slots of the open occurrences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Standing slot of every series.
    pub base: Vec<Base>,
    /// Slot of every open occurrence; `None` is not held.
    pub slots: Vec<Vec<Option<u32>>>,
}

/// A standing plan that does not belong to the problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("series {0}: the standing plan has another shape than the problem")]
pub struct StandingError(pub usize);

/// One occurrence that changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Index of the series.
    pub series: usize,
    /// Number among its open occurrences.
    pub occurrence: usize,
    /// Where it was.
    pub from: Option<u32>,
    /// Where it goes; `None` cannot be held.
    pub to: Option<u32>,
}

/// What is in the way of a slot that the calendars leave free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Another 1:1 (series, occurrence) of one of the two.
    Taken(usize, usize),
    /// The person (index) has the most 1:1s of a day already.
    Cap(usize),
}

/// The decision on one occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// Best slot and its cost in points, compared to not holding it: the
    /// gain. `None`: no slot in tolerance, or none worth it.
    pub best: Option<(u32, i64)>,
    /// Slots the calendars would allow, and what is in the way of each.
    pub blocked: Vec<(u32, Obstacle)>,
}

/// May an occurrence make room for another one?
pub type MayBump<'a> = &'a dyn Fn(usize, usize) -> bool;

/// A standing plan under repair.
#[derive(Debug)]
pub struct Repairs<'p> {
    problem: &'p Problem,
    pub(super) state: State<'p>,
    /// Occurrences on every shared day.
    on_day: Vec<Vec<(u32, u32)>>,
    displaced: Vec<(usize, usize)>,
}

/// A bump that was tried: its total and the seats it ends with.
type Tried = (i64, Vec<(usize, usize, Option<Cell>)>);

impl<'p> Repairs<'p> {
    /// Loads a standing plan; what no longer fits is displaced.
    ///
    /// # Errors
    /// When bases or rows do not belong to the problem.
    pub fn new(problem: &'p Problem, standing: &Standing) -> Result<Self, StandingError> {
        let mut repairs = Self {
            problem,
            state: State::new(problem),
            on_day: vec![Vec::new(); problem.shared_days.len()],
            displaced: Vec::new(),
        };
        for (index, series) in problem.series.iter().enumerate() {
            let (base, slots) = standing
                .base
                .get(index)
                .zip(standing.slots.get(index))
                .ok_or(StandingError(index))?;
            let is_base = |c: &&super::problem::Choice| {
                usize::from(c.track) == base.track && usize::from(c.column) == base.column
            };
            let choice = *series.domain.choices.iter().find(is_base).ok_or(StandingError(index))?;
            let dates = &series.tracks[base.track].dates;
            if dates.len() != slots.len() {
                return Err(StandingError(index));
            }
            repairs.state.insert(index, Placement { choice, cells: vec![None; dates.len()] });
            for (k, slot) in slots.iter().enumerate() {
                let Some(slot) = *slot else { continue };
                let cell = repairs.cell_at(index, k, slot);
                match cell.filter(|c| !c.key.iter().any(|key| repairs.state.blocked(*key))) {
                    Some(cell) => repairs.seat(index, k, Some(cell)),
                    None => repairs.displaced.push((index, k)),
                }
            }
        }
        Ok(repairs)
    }

    /// Occurrences whose slot no longer fits, by series and number.
    pub fn displaced(&self) -> &[(usize, usize)] {
        &self.displaced
    }

    /// Points of the plan as it is now.
    pub fn cost(&self) -> i64 {
        super::problem::points_up(self.state.total() + self.problem.constant)
    }

    /// Slot of an occurrence now.
    pub fn slot(&self, series: usize, occurrence: usize) -> Option<u32> {
        self.cell(series, occurrence).map(|c| c.slot)
    }

    pub(crate) fn state_mut(&mut self) -> &mut State<'p> {
        &mut self.state
    }

    fn cell(&self, series: usize, occurrence: usize) -> Option<Cell> {
        self.state.placed.get(series)?.as_ref()?.cells.get(occurrence).copied().flatten()
    }

    /// Target date and column of an occurrence.
    pub(crate) fn target(&self, series: usize, occurrence: usize) -> Option<(u16, u16)> {
        let choice = self.state.placed.get(series)?.as_ref()?.choice;
        let date =
            *self.problem.series[series].tracks[usize::from(choice.track)].dates.get(occurrence)?;
        Some((date, choice.column))
    }

    /// Candidate cells of an occurrence.
    pub(crate) fn candidates(&self, series: usize, occurrence: usize) -> &'p [Cell] {
        self.near(series, occurrence)
    }

    fn near(&self, series: usize, occurrence: usize) -> &'p [Cell] {
        let one = &self.problem.series[series];
        let Some((date, _)) = self.target(series, occurrence) else { return &[] };
        &one.domain.cells[one.domain.near(date, one.tolerance())]
    }

    /// The cell of a slot; the base where a slot is both base and move.
    fn cell_at(&self, series: usize, occurrence: usize, slot: u32) -> Option<Cell> {
        let (date, column) = self.target(series, occurrence)?;
        let mut found = self.near(series, occurrence).iter().filter(|c| c.slot == slot);
        let first = found.clone().next().copied();
        found.find(|c| c.date == date && c.column == column).copied().or(first)
    }

    fn seat(&mut self, series: usize, occurrence: usize, cell: Option<Cell>) {
        let day = |key: u32| self.problem.keys[key as usize].day as usize;
        let name = (series as u32, occurrence as u32);
        for key in self.cell(series, occurrence).iter().flat_map(|c| c.key).filter(|k| *k != 0) {
            self.on_day[day(key)].retain(|n| *n != name);
        }
        for key in cell.iter().flat_map(|c| c.key).filter(|k| *k != 0) {
            self.on_day[day(key)].push(name);
        }
        self.state.seat(series, occurrence, cell);
    }

    /// Units of a move beyond the series' free ones, for one more move.
    fn fairness(&self, series: usize) -> i32 {
        let Some(Some(placement)) = self.state.placed.get(series) else { return 0 };
        let one = &self.problem.series[series];
        let track = &one.tracks[usize::from(placement.choice.track)];
        let away = |(cell, date): (&Option<Cell>, &u16)| {
            cell.is_some_and(|c| !(c.date == *date && c.column == placement.choice.column))
        };
        let moved = placement.cells.iter().zip(&track.dates).filter(|p| away((p.0, p.1))).count();
        if moved >= track.free_moves as usize { one.fair } else { 0 }
    }

    /// Cheapest seat of an occurrence that has none: units and cell.
    fn decide(&mut self, series: usize, occurrence: usize) -> Option<(i32, Cell)> {
        let one = &self.problem.series[series];
        let (date, column) = self.target(series, occurrence)?;
        let fair = self.fairness(series);
        let near = self.near(series, occurrence);
        let values = self.state.values();
        let mut best = (one.miss, None);
        for cell in near {
            let moved = one.move_cost(cell, date, column);
            let cost =
                cell.cost + values[cell.key[0] as usize] + values[cell.key[1] as usize] + moved;
            let cost = if moved > 0 { cost + fair } else { cost };
            if cost < best.0 {
                best = (cost, Some(*cell));
            }
        }
        best.1.map(|cell| (best.0, cell))
    }

    /// The best slot for an occurrence that is not held, and the points it
    /// gains over not holding it.
    pub fn best(&mut self, series: usize, occurrence: usize) -> Option<(u32, i64)> {
        if self.cell(series, occurrence).is_some() {
            return None;
        }
        let (cost, cell) = self.decide(series, occurrence)?;
        Some((cell.slot, i64::from((self.problem.series[series].miss - cost) / UNIT)))
    }

    /// The decision on one occurrence, with what blocks the other slots. The
    /// plan is not changed.
    pub fn look(&mut self, series: usize, occurrence: usize) -> Repair {
        let Some(held) = self.state.placed.get(series).map(|_| self.cell(series, occurrence))
        else {
            return Repair { best: None, blocked: Vec::new() };
        };
        self.seat(series, occurrence, None);
        let best = self.decide(series, occurrence);
        let miss = self.problem.series[series].miss;
        let mut blocked = Vec::new();
        for cell in self.near(series, occurrence) {
            blocked.extend(self.obstacle(cell).map(|o| (cell.slot, o)));
        }
        self.seat(series, occurrence, held);
        let gain = |(cost, cell): (i32, Cell)| (cell.slot, i64::from((miss - cost) / UNIT));
        Repair { best: best.map(gain), blocked }
    }

    /// Every slot an occurrence could take, its own included, cheapest first.
    pub fn places(&mut self, series: usize, occurrence: usize) -> Vec<(u32, i64)> {
        let Some((date, column)) = self.target(series, occurrence) else { return Vec::new() };
        let held = self.cell(series, occurrence);
        self.seat(series, occurrence, None);
        let one = &self.problem.series[series];
        let (near, values) = (self.near(series, occurrence), self.state.values());
        let mut found: Vec<(u32, i64)> = Vec::new();
        for cell in near {
            let shared: i32 = cell.key.iter().map(|key| values[*key as usize]).sum();
            let cost = cell.cost + shared + one.move_cost(cell, date, column);
            if cost < one.miss {
                found.push((cell.slot, super::problem::points_up(cost.into())));
            }
        }
        self.seat(series, occurrence, held);
        // A slot stands there once per wall-clock time it is the base of.
        found.sort_unstable();
        found.dedup_by_key(|found| found.0);
        found.sort_by_key(|found| (found.1, found.0));
        found
    }

    fn obstacle(&self, cell: &Cell) -> Option<Obstacle> {
        for key in cell.key.into_iter().filter(|k| *k != 0) {
            if let Some((series, occurrence)) = self.met(key).next() {
                return Some(Obstacle::Taken(series, occurrence));
            }
            let day = &self.problem.shared_days[self.problem.keys[key as usize].day as usize];
            if self.state.blocked(key) {
                return Some(Obstacle::Cap(day.person as usize));
            }
        }
        None
    }

    /// Occurrences that sit within the buffer of a start.
    fn met(&self, key: u32) -> impl Iterator<Item = (usize, usize)> + '_ {
        let at = self.problem.keys[key as usize];
        let day = &self.problem.shared_days[at.day as usize];
        let wide = widened(at.bit.into(), at.len.into(), day.buffer);
        self.on_day[at.day as usize].iter().map(|n| (n.0 as usize, n.1 as usize)).filter(
            move |(series, k)| {
                let keys = self.cell(*series, *k).map_or([0; 2], |c| c.key);
                let same =
                    keys.into_iter().filter(|k| *k != 0).map(|k| self.problem.keys[k as usize]);
                same.filter(|k| k.day == at.day)
                    .any(|k| widened(k.bit.into(), k.len.into(), 0) & wide != 0)
            },
        )
    }

    /// Repairs everything displaced: first each in its best slot, fewest
    /// candidates first, then by bumping 1:1s that `may_bump`. Returns what
    /// changed.
    pub fn run(&mut self, may_bump: MayBump<'_>) -> Vec<Change> {
        let mut order = std::mem::take(&mut self.displaced);
        order.sort_by_key(|(series, k)| (self.near(*series, *k).len(), *series, *k));
        let mut before: Vec<(usize, usize, Option<u32>)> = Vec::new();
        for &(series, k) in &order {
            before.push((series, k, None));
            if let Some((_, cell)) = self.decide(series, k) {
                self.seat(series, k, Some(cell));
            }
        }
        for _ in 0..8 {
            let mut any = false;
            for &(series, k) in &order {
                any |= self.bump(series, k, may_bump, &mut before);
            }
            if !any {
                break;
            }
        }
        let changed = |(series, occurrence, from): (usize, usize, Option<u32>)| {
            let to = self.slot(series, occurrence);
            Change { series, occurrence, from, to }
        };
        let displaced = order.len();
        let changes = before.into_iter().map(changed).enumerate();
        changes.filter(|(i, c)| *i < displaced || c.from != c.to).map(|(_, c)| c).collect()
    }

    /// Tries every seat of an occurrence, moving at most two others out of
    /// the way once; keeps the cheapest outcome.
    fn bump(
        &mut self,
        series: usize,
        k: usize,
        may: MayBump<'_>,
        log: &mut Vec<(usize, usize, Option<u32>)>,
    ) -> bool {
        let before = self.state.total();
        let held = self.cell(series, k);
        self.seat(series, k, None);
        let without = self.state.total();
        let mut best: Option<Tried> = None;
        for cell in self.near(series, k) {
            let least = i64::from(cell.cost) - i64::from(self.problem.series[series].miss);
            if without + least >= best.as_ref().map_or(before, |b| b.0) {
                continue;
            }
            let tried = self.try_bump(series, k, cell, may);
            let limit = best.as_ref().map_or(before, |b| b.0);
            best = tried.filter(|t| t.0 < limit).or(best);
        }
        let Some((_, seats)) = best else {
            self.seat(series, k, held);
            return false;
        };
        for (series, k, _) in &seats {
            if !log.iter().any(|l| (l.0, l.1) == (*series, *k)) {
                log.push((*series, *k, self.slot(*series, *k)));
            }
        }
        for (series, k, _) in &seats {
            self.seat(*series, *k, None);
        }
        for (series, k, cell) in seats {
            self.seat(series, k, cell);
        }
        true
    }

    fn try_bump(
        &mut self,
        series: usize,
        k: usize,
        cell: &Cell,
        may: MayBump<'_>,
    ) -> Option<Tried> {
        let mut others: Vec<(usize, usize)> = Vec::new();
        for other in cell.key.into_iter().filter(|k| *k != 0).flat_map(|key| self.met(key)) {
            if !others.contains(&other) {
                others.push(other);
            }
        }
        if others.len() > 2 || others.iter().any(|(s, k)| !may(*s, *k)) {
            return None;
        }
        let old: Vec<Option<Cell>> = others.iter().map(|(s, k)| self.cell(*s, *k)).collect();
        for (s, k) in &others {
            self.seat(*s, *k, None);
        }
        let mut tried = None;
        if !cell.key.iter().any(|key| self.state.blocked(*key)) {
            self.seat(series, k, Some(*cell));
            let mut seats = vec![(series, k, Some(*cell))];
            for (s, k) in &others {
                let found = self.decide(*s, *k).map(|d| d.1);
                self.seat(*s, *k, found);
                seats.push((*s, *k, found));
            }
            tried = Some((self.state.total(), seats));
            for (s, k) in &others {
                self.seat(*s, *k, None);
            }
            self.seat(series, k, None);
        }
        for ((s, k), cell) in others.iter().zip(old) {
            self.seat(*s, *k, cell);
        }
        tried
    }
}
