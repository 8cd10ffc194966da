//! A plan under construction: who sits where, what it costs, and what one
//! more meeting would cost at every start. All changes are incremental and
//! every sum is an exact integer.

// Hot bookkeeping over arrays sized by `Problem`; see `problem`.
#![allow(clippy::indexing_slicing)]

use std::ops::Range;

use super::build::tail_loss;
use super::mask::{Mask, focus, span, widened};
use super::problem::{Cell, Choice, Domain, NEVER, Problem, Series, SharedDay};
use super::respond::Response;

/// Base and placements of one series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placement {
    pub(crate) choice: Choice,
    /// One entry per open occurrence; `None` is not held.
    pub(crate) cells: Vec<Option<Cell>>,
}

/// Who sits where.
#[derive(Debug, Clone)]
pub(crate) struct State<'p> {
    pub(crate) problem: &'p Problem,
    pub(crate) placed: Vec<Option<Placement>>,
    pub(crate) taken: Vec<Mask>,
    pub(crate) count: Vec<u32>,
    pub(crate) week: Vec<i32>,
    /// Per key: what one more meeting there costs its person, or `NEVER`.
    values: Vec<i32>,
    /// Per key: a premium added to `values`; empty for none.
    premium: Vec<i32>,
    stale: Vec<u32>,
    is_stale: Vec<bool>,
    own: Vec<i64>,
    joint: i64,
    own_sum: i64,
}

impl<'p> State<'p> {
    pub(crate) fn new(problem: &'p Problem) -> Self {
        let days = problem.shared_days.len();
        Self {
            problem,
            placed: vec![None; problem.series.len()],
            taken: vec![0; days],
            count: vec![0; days],
            week: vec![0; problem.shared_weeks.len()],
            values: vec![0; problem.keys.len()],
            premium: Vec::new(),
            stale: (0..days as u32).collect(),
            is_stale: vec![true; days],
            own: vec![0; problem.series.len()],
            joint: 0,
            own_sum: 0,
        }
    }

    /// Units of everything placed, without `Problem::constant`.
    pub(crate) fn total(&self) -> i64 {
        self.own_sum + self.joint
    }

    /// Per key: marginal units given what is placed now.
    pub(crate) fn values(&mut self) -> &[i32] {
        while let Some(day) = self.stale.pop() {
            self.is_stale[day as usize] = false;
            self.refresh(day as usize);
        }
        &self.values
    }

    /// Adds a premium per key to `values` (empty: none).
    pub(crate) fn set_premium(&mut self, premium: Vec<i32>) {
        self.premium = premium;
        for day in 0..self.is_stale.len() {
            self.mark(day);
        }
    }

    fn mark(&mut self, day: usize) {
        if !self.is_stale[day] {
            self.is_stale[day] = true;
            self.stale.push(day as u32);
        }
    }

    fn refresh(&mut self, index: usize) {
        let problem = self.problem;
        let day = &problem.shared_days[index];
        let keys = day.keys.start as usize..day.keys.end as usize;
        if self.count[index] >= day.cap {
            self.values[keys].fill(NEVER);
            return;
        }
        let room = problem.shared_weeks[day.week as usize].room;
        let week = if self.week[day.week as usize] >= room { problem.week_over } else { 0 };
        let taken = self.taken[index];
        let free = day.free & !taken;
        let kept = if day.focus > 0 && day.reach.is_some() { focus(free, problem.run) } else { 0 };
        let mut stretch = 0..0;
        for k in keys {
            let key = &problem.keys[k];
            let (bit, len) = (u32::from(key.bit), u32::from(key.len));
            let blocked = (taken != 0 && taken & widened(bit, len, day.buffer) != 0)
                || day.reach.is_some_and(|r| self.clash_across(index, bit, len, r));
            self.values[k] = if blocked {
                NEVER
            } else {
                let mut cost = week;
                if day.focus > 0 && day.reach.is_some() {
                    cost += day.focus * (kept - focus(free & !span(bit, len), problem.run));
                } else if day.focus > 0 {
                    if bit >= stretch.end {
                        stretch = around(free, bit);
                    }
                    cost += day.focus * cut(&stretch, bit, len, problem.run);
                }
                if day.reach.is_some_and(|r| bit + len > r) {
                    cost += self.tail_cost(index, bit, len);
                }
                cost + self.premium.get(k).copied().unwrap_or(0)
            };
        }
    }

    /// The shared day right before or after `index`, if it is one.
    fn neighbour(&self, index: usize, ahead: bool) -> Option<usize> {
        let other = if ahead { index + 1 } else { index.checked_sub(1)? };
        let (a, b) = (self.problem.shared_days.get(index)?, self.problem.shared_days.get(other)?);
        (a.person == b.person && a.day.abs_diff(b.day) == 1).then_some(other)
    }

    /// Does a start near the edge of its day meet something on the next one?
    fn clash_across(&self, index: usize, bit: u32, len: u32, reach: u32) -> bool {
        let buffer = self.problem.shared_days[index].buffer;
        let after = (bit + len + buffer).saturating_sub(reach);
        let ahead = after > 0
            && self.neighbour(index, true).is_some_and(|n| self.taken[n] & span(0, after) != 0);
        let before = self.neighbour(index, false).is_some_and(|n| {
            let reach = self.problem.shared_days[n].reach.unwrap_or(128);
            let from = (reach + bit).saturating_sub(buffer);
            from < 128 && self.taken[n] & span(from, 128 - from) != 0
        });
        ahead || before
    }

    /// Units of focus lost on the next day by a meeting that runs into it.
    fn tail_cost(&self, index: usize, bit: u32, len: u32) -> i32 {
        let day = &self.problem.shared_days[index];
        let person = &self.problem.people[day.person as usize];
        if let (Some(next), Some(reach)) = (self.neighbour(index, true), day.reach) {
            let free = self.problem.shared_days[next].free & !self.taken[next];
            let tail = span(0, (bit + len).saturating_sub(reach));
            return day.focus
                * (focus(free, self.problem.run) - focus(free & !tail, self.problem.run));
        }
        day.focus * tail_loss(person, usize::from(day.day), bit, len, self.problem.run)
    }

    /// Puts one meeting on a person's day, or takes it off.
    fn toggle(&mut self, key: u32, add: bool) {
        if key == 0 {
            return;
        }
        let problem = self.problem;
        let Key2 { index, bit, len } = Key2::of(problem, key);
        let day = &problem.shared_days[index];
        let week = day.week as usize;
        let over = |n: i32| if n > problem.shared_weeks[week].room { problem.week_over } else { 0 };
        let sign: i32 = if add { 1 } else { -1 };
        let before = self.focus_around(day, index);
        self.mask_day(index, bit, len, add);
        self.joint += i64::from(before - self.focus_around(day, index));
        self.joint += i64::from(sign * over(self.week[week] + i32::from(add)));
        if day.reach.is_some_and(|r| bit + len > r) && self.neighbour(index, true).is_none() {
            self.joint += i64::from(sign * self.tail_cost(index, bit, len));
        }
        self.count[index] = self.count[index].saturating_add_signed(sign);
        let was = self.week[week] >= problem.shared_weeks[week].room;
        self.week[week] += sign;
        self.mark(index);
        if day.reach.is_some() {
            for near in
                [self.neighbour(index, true), self.neighbour(index, false)].into_iter().flatten()
            {
                self.mark(near);
            }
        }
        if was != (self.week[week] >= problem.shared_weeks[week].room) {
            for other in problem.shared_weeks[week].days.clone() {
                self.mark(other as usize);
            }
        }
    }

    /// Days and slots a start occupies; `true` marks the day it begins on.
    pub(crate) fn footprint(&self, key: u32) -> impl Iterator<Item = (usize, Mask, bool)> + use<> {
        let mut parts = [None, None];
        if key != 0 {
            let Key2 { index, bit, len } = Key2::of(self.problem, key);
            parts[0] = Some((index, span(bit, len), true));
            let reach = self.problem.shared_days[index].reach.filter(|r| bit + len > *r);
            parts[1] = reach
                .zip(self.neighbour(index, true))
                .map(|(r, n)| (n, span(0, bit + len - r), false));
        }
        parts.into_iter().flatten()
    }

    fn mask_day(&mut self, index: usize, bit: u32, len: u32, add: bool) {
        let set = |mask: &mut Mask, bits: Mask| if add { *mask |= bits } else { *mask &= !bits };
        set(&mut self.taken[index], span(bit, len));
        let reach = self.problem.shared_days[index].reach.filter(|r| bit + len > *r);
        if let Some((reach, next)) = reach.zip(self.neighbour(index, true)) {
            set(&mut self.taken[next], span(0, bit + len - reach));
        }
    }

    /// Focus units left on the day (and on the next one, where 1:1s reach it).
    fn focus_around(&self, day: &SharedDay, index: usize) -> i32 {
        if day.focus == 0 {
            return 0;
        }
        let run = self.problem.run;
        let mut left = focus(day.free & !self.taken[index], run);
        if let Some(n) = day.reach.and(self.neighbour(index, true)) {
            left += focus(self.problem.shared_days[n].free & !self.taken[n], run);
        }
        left * day.focus
    }

    /// Takes a series out; returns where it was.
    pub(crate) fn remove(&mut self, series: usize) -> Option<Placement> {
        let placement = self.placed[series].take()?;
        for cell in placement.cells.iter().flatten() {
            self.toggle(cell.key[0], false);
            self.toggle(cell.key[1], false);
        }
        self.own_sum -= std::mem::take(&mut self.own[series]);
        Some(placement)
    }

    /// Puts a series in. An occurrence that meets another one, be it of the
    /// same series, is not held.
    pub(crate) fn insert(&mut self, series: usize, mut placement: Placement) {
        for cell in &mut placement.cells {
            let Some(keys) = cell.map(|c| c.key) else { continue };
            if keys.iter().any(|k| self.blocked(*k)) {
                *cell = None;
                continue;
            }
            self.toggle(keys[0], true);
            self.toggle(keys[1], true);
        }
        self.own[series] = own_cost(&self.problem.series[series], &placement);
        self.own_sum += self.own[series];
        self.placed[series] = Some(placement);
    }

    /// Seats one occurrence of a placed series, or takes it off.
    pub(crate) fn seat(&mut self, series: usize, occurrence: usize, cell: Option<Cell>) {
        let Some(mut placement) = self.placed[series].take() else { return };
        if let Some(place) = placement.cells.get_mut(occurrence) {
            let old = std::mem::replace(place, cell);
            for key in old.iter().flat_map(|c| c.key) {
                self.toggle(key, false);
            }
            for key in cell.iter().flat_map(|c| c.key) {
                self.toggle(key, true);
            }
        }
        self.own_sum -= self.own[series];
        self.own[series] = own_cost(&self.problem.series[series], &placement);
        self.own_sum += self.own[series];
        self.placed[series] = Some(placement);
    }

    pub(crate) fn blocked(&self, key: u32) -> bool {
        if key == 0 {
            return false;
        }
        let Key2 { index, bit, len } = Key2::of(self.problem, key);
        let day = &self.problem.shared_days[index];
        self.count[index] >= day.cap
            || self.taken[index] & widened(bit, len, day.buffer) != 0
            || day.reach.is_some_and(|r| self.clash_across(index, bit, len, r))
    }

    /// Cheapest base and placements of a series that is out, given the rest.
    pub(crate) fn best(
        &mut self,
        series: usize,
        domain: &Domain,
        lifts: &[i32],
        response: &mut Response,
    ) -> Placement {
        let one = &self.problem.series[series];
        let answer = response.run(one, domain, (self.values(), lifts), false);
        realise(one, domain, response, answer.choice)
    }
}

/// The free slots in a row around `bit`.
fn around(free: Mask, bit: u32) -> Range<u32> {
    let before = !free & span(0, bit);
    (Mask::BITS - before.leading_zeros())..bit + (!(free >> bit)).trailing_zeros()
}

/// Slots of focus time lost when a meeting cuts a stretch of free slots.
fn cut(stretch: &Range<u32>, bit: u32, len: u32, run: u32) -> i32 {
    let kept = |slots: u32| if slots >= run { slots as i32 } else { 0 };
    let (before, after) = (bit - stretch.start, stretch.end - (bit + len).min(stretch.end));
    kept(stretch.end - stretch.start) - kept(before) - kept(after)
}

/// The placement behind choice number `choice` of the last response.
pub(crate) fn realise(
    series: &Series,
    domain: &Domain,
    response: &Response,
    choice: usize,
) -> Placement {
    let mut cells = Vec::new();
    let choice = domain.choices[choice];
    response.placements(series, domain, &choice, &mut cells);
    let cells = cells.iter().map(|i| domain.cells.get(*i as usize).copied()).collect();
    Placement { choice, cells }
}

/// Units a placement costs by itself: misses, moves, fairness, its cells.
pub(crate) fn own_cost(series: &Series, placement: &Placement) -> i64 {
    let track = &series.tracks[usize::from(placement.choice.track)];
    let mut cost = i64::from(placement.choice.cost);
    let mut moved = 0;
    for (cell, date) in placement.cells.iter().zip(&track.dates) {
        let Some(cell) = cell else {
            cost += i64::from(series.miss);
            continue;
        };
        let away = series.move_cost(cell, *date, placement.choice.column);
        moved += u32::from(!(cell.date == *date && cell.column == placement.choice.column));
        cost += i64::from(cell.cost) + i64::from(away);
    }
    cost + i64::from(series.fair) * i64::from(moved.saturating_sub(track.free_moves))
}

/// A key, unpacked.
struct Key2 {
    index: usize,
    bit: u32,
    len: u32,
}

impl Key2 {
    fn of(problem: &Problem, key: u32) -> Self {
        let key = &problem.keys[key as usize];
        Self { index: key.day as usize, bit: key.bit.into(), len: key.len.into() }
    }
}
