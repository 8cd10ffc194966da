//! Depth-first search over one cluster of occurrences, with forward checking:
//! every open occurrence keeps its cheapest seat that is still free.

// Hot search over arrays sized in `new`; see `problem`.
#![allow(clippy::indexing_slicing)]

use super::cluster::{Unit, Way};
use super::dual::Dual;
use super::mask::{Mask, focus, span, widened};
use super::problem::{Cell, Problem};

/// One way of an occurrence within a cluster: where it sits on both sides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seat {
    extra: i64,
    own: i64,
    cell: Option<Cell>,
    sides: [Option<Side>; 2],
}

#[derive(Debug, Clone, Copy)]
struct Side {
    /// Index into the cluster's days and weeks.
    day: usize,
    week: usize,
    mask: Mask,
    /// The mask with its buffers.
    wide: Mask,
}

/// Depth-first search over one cluster.
pub(super) struct Cluster<'a> {
    problem: &'a Problem,
    dual: &'a Dual<'a>,
    /// Members: index of the unit and its seats, cheapest first.
    pub(super) members: Vec<(usize, Vec<Seat>)>,
    least: i64,
    pub(super) days: Vec<u32>,
    weeks: Vec<u32>,
    caps: Vec<u32>,
    taken: Vec<Mask>,
    count: Vec<u32>,
    week: Vec<i32>,
    chosen: Vec<Option<Cell>>,
    placed: Vec<bool>,
    own: i64,
    pub(super) best: i64,
    pub(super) kept: Vec<Option<Cell>>,
    pub(super) steps: u64,
    pub(super) limit: u64,
}

impl<'a> Cluster<'a> {
    pub(super) fn new(
        problem: &'a Problem,
        dual: &'a Dual<'a>,
        units: &[Unit],
        group: &[usize],
    ) -> Self {
        let keys =
            group.iter().flat_map(|u| &units[*u].ways).filter_map(|w| w.cell).flat_map(|c| c.key);
        let mut days: Vec<u32> =
            keys.filter(|k| *k != 0).map(|k| problem.keys[k as usize].day).collect();
        days.sort_unstable();
        days.dedup();
        let mut weeks: Vec<u32> =
            days.iter().map(|d| problem.shared_days[*d as usize].week).collect();
        weeks.sort_unstable();
        weeks.dedup();
        let seat = |way: &Way| {
            let side = |key: u32| {
                let at = problem.keys.get(key as usize).filter(|_| key != 0)?;
                let day = &problem.shared_days[at.day as usize];
                let (bit, len) = (u32::from(at.bit), u32::from(at.len));
                let wide = widened(bit, len, day.buffer);
                let week = weeks.binary_search(&day.week).ok()?;
                Some(Side {
                    day: days.binary_search(&at.day).ok()?,
                    week,
                    mask: span(bit, len),
                    wide,
                })
            };
            let sides = way.cell.map_or([None; 2], |c| c.key.map(side));
            Seat { extra: way.extra, own: way.own, cell: way.cell, sides }
        };
        let members =
            group.iter().map(|u| (*u, units[*u].ways.iter().map(seat).collect())).collect();
        Self {
            taken: vec![0; days.len()],
            count: vec![0; days.len()],
            week: vec![0; weeks.len()],
            caps: days.iter().map(|d| problem.shared_days[*d as usize].cap).collect(),
            chosen: vec![None; group.len()],
            placed: vec![false; group.len()],
            least: group.iter().map(|u| units[*u].least).sum(),
            problem,
            dual,
            members,
            days,
            weeks,
            own: 0,
            best: 0,
            kept: Vec::new(),
            steps: 0,
            limit: 0,
        }
    }

    /// The cluster's share of the dual's value.
    pub(super) fn share(&self) -> i64 {
        let week = |w: &u32| {
            let room = self.problem.shared_weeks[*w as usize].room.max(0);
            i64::from(self.dual.prices.week[*w as usize]) * i64::from(room)
        };
        self.least + self.days_value() - self.weeks.iter().map(week).sum::<i64>()
    }

    /// What its days and joint weeks sell.
    pub(super) fn days_value(&self) -> i64 {
        let days: i64 = self.days.iter().map(|d| self.dual.day_value(*d as usize)).sum();
        days - self.weeks.iter().map(|w| self.dual.joint.earned_in(*w)).sum::<i64>()
    }

    fn is_free(&self, seat: &Seat) -> bool {
        let free =
            |s: &Side| self.taken[s.day] & s.wide == 0 && self.count[s.day] < self.caps[s.day];
        seat.sides.iter().flatten().all(free)
    }

    /// The open member with the fewest seats left, and the bound when every
    /// open member takes its cheapest seat; `None` when that is too much.
    fn choose(&self, bound: i64) -> Option<(usize, i64)> {
        let mut total = bound;
        for at in (0..self.members.len()).filter(|at| !self.placed[*at]) {
            total += self.members[at].1.iter().find(|s| self.is_free(s))?.extra;
            if total >= self.best {
                return None;
            }
        }
        let slack = self.best - total;
        let mut pick = (usize::MAX, 0);
        for at in (0..self.members.len()).filter(|at| !self.placed[*at]) {
            let mut free = self.members[at].1.iter().filter(|s| self.is_free(s)).map(|s| s.extra);
            let least = free.next()?;
            let rivals = free.take_while(|extra| extra - least < slack).count();
            if rivals < pick.0 {
                pick = (rivals, at);
            }
            if rivals == 0 {
                break;
            }
        }
        Some((pick.1, total))
    }

    pub(super) fn go(&mut self, depth: usize, bound: i64) {
        self.steps += (self.members.len() - depth) as u64 + 1;
        if self.steps > self.limit {
            return;
        }
        if depth == self.members.len() {
            let total = self.own + self.joint();
            if total < self.best {
                self.best = total;
                self.kept.clone_from(&self.chosen);
            }
            return;
        }
        let Some((at, total)) = self.choose(bound) else { return };
        let seats = std::mem::take(&mut self.members[at].1);
        self.placed[at] = true;
        let least = seats.iter().find(|s| self.is_free(s)).map_or(0, |s| s.extra);
        for seat in &seats {
            if total - least + seat.extra >= self.best {
                break;
            }
            if !self.is_free(seat) {
                continue;
            }
            self.sit(seat, true);
            self.chosen[at] = seat.cell;
            self.go(depth + 1, bound + seat.extra);
            self.sit(seat, false);
        }
        self.placed[at] = false;
        self.members[at].1 = seats;
    }

    fn sit(&mut self, seat: &Seat, down: bool) {
        let sign = if down { 1 } else { -1 };
        self.own += i64::from(sign) * seat.own;
        for side in seat.sides.iter().flatten() {
            if down {
                self.taken[side.day] |= side.mask;
            } else {
                self.taken[side.day] &= !side.mask;
            }
            self.count[side.day] = self.count[side.day].saturating_add_signed(sign);
            self.week[side.week] += sign;
        }
    }

    /// Units of focus and full weeks of what is placed.
    fn joint(&self) -> i64 {
        let mut cost = 0;
        let run = self.problem.run;
        for (at, day) in self.days.iter().enumerate() {
            let day = &self.problem.shared_days[*day as usize];
            if day.focus > 0 && self.taken[at] != 0 && day.reach.is_none() {
                let lost = focus(day.free, run) - focus(day.free & !self.taken[at], run);
                cost += i64::from(day.focus) * i64::from(lost);
            }
        }
        for (at, week) in self.weeks.iter().enumerate() {
            let room = self.problem.shared_weeks[*week as usize].room;
            let over = (self.week[at] - room).max(0) - (-room).max(0);
            cost += i64::from(self.problem.week_over) * i64::from(over);
        }
        cost
    }
}
