//! Joint weeks: where one person's days are contested, the bound sells the
//! whole week at once. Day by day, half a meeting may stand on two days; a
//! joint week holds whole meetings of different series. Its prices, the
//! lifts, are per cell and not per start.

// Hot loops over arrays sized here; see `problem`.
#![allow(clippy::indexing_slicing)]

use super::prices::Prices;
use super::problem::{Domain, NEVER};
use super::sell::{Effort, Packed, Seats, regrets_of, sell};
use super::slope::nudge;
use super::week::{Item, MANY, Shape};

/// Slots of a day a direction is kept for.
const LANES: usize = 224;

/// One person's joint week.
#[derive(Debug, Clone)]
pub(super) struct Week {
    pub(super) shape: Shape,
    /// Where its lifts begin in `Prices::lift`.
    from: usize,
    /// Lifts of the items, `-NEVER` for those that are gone.
    earns: Vec<i32>,
    packed: Packed,
    /// What every series was last charged for its meeting.
    seats: Seats,
    /// Direction of the lifts: per item, per series, per slot of each day.
    speed: Vec<i32>,
    series_speed: [i32; MANY as usize],
    lanes: Vec<[i32; LANES]>,
    is_dirty: bool,
}

/// All joint weeks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Joint {
    pub(super) weeks: Vec<Week>,
    /// Per cell number: what the cell costs more; number 0 is no cell.
    pub(crate) lifts: Vec<i32>,
    /// The same with what selling that very cell costs its weeks.
    pub(crate) harder: Vec<i32>,
    pub(super) open: Vec<bool>,
    /// Per cell number: times wanted minus times sold.
    pub(super) surplus: Vec<i16>,
    /// Per shared week: its place here.
    pub(super) place: Vec<Option<u32>>,
    /// Units all joint weeks earn.
    earned: i64,
    pub(super) effort: Effort,
}

impl Joint {
    /// Is there none?
    pub(crate) fn is_empty(&self) -> bool {
        self.weeks.is_empty()
    }

    pub(crate) fn work(&self) -> u64 {
        self.effort.work
    }

    /// Units all joint weeks take away from the bound.
    pub(crate) fn earned(&self) -> i64 {
        self.earned
    }

    /// What one shared week takes away from the bound; 0 where it is sold by
    /// the day.
    pub(crate) fn earned_in(&self, week: u32) -> i64 {
        self.of(week).map_or(0, |w| w.packed.earned)
    }

    /// Is that shared week sold as a whole?
    pub(crate) fn has(&self, week: u32) -> bool {
        self.of(week).is_some()
    }

    fn of(&self, week: u32) -> Option<&Week> {
        let at = self.place.get(week as usize).copied().flatten()?;
        self.weeks.get(at as usize)
    }

    /// Mismatch on one cell.
    pub(crate) fn surplus_of(&self, number: u32) -> i64 {
        self.surplus.get(number as usize).map_or(0, |s| i64::from(s.unsigned_abs()))
    }

    /// What selling that cell costs its weeks.
    pub(crate) fn regret_of(&self, number: u32) -> i64 {
        match (self.harder.get(number as usize), self.lifts.get(number as usize)) {
            (Some(harder), Some(lift)) => i64::from(*harder) - i64::from(*lift),
            _ => 0,
        }
    }

    /// Takes over which cells are left.
    pub(crate) fn restrict<D: AsRef<Domain>>(&mut self, domains: &[D]) {
        if self.is_empty() {
            return;
        }
        let mut open = vec![false; self.open.len()];
        for number in domains.iter().flat_map(|d| &d.as_ref().joint) {
            open[*number as usize] = true;
        }
        for week in &mut self.weeks {
            let changed = |i: &Item| open[i.id as usize] != self.open[i.id as usize];
            week.is_dirty |= week.shape.items.iter().any(changed);
        }
        self.open = open;
    }

    /// Takes over a whole set of lifts.
    pub(crate) fn set(&mut self, prices: &Prices) {
        self.lifts.fill(0);
        for week in &mut self.weeks {
            week.is_dirty = true;
            for (item, lift) in week.shape.items.iter().zip(&prices.lift[week.from..]) {
                self.lifts[item.id as usize] += lift;
            }
        }
    }

    /// Sells the weeks whose lifts have changed.
    pub(crate) fn refresh(&mut self, prices: &Prices) {
        for week in self.weeks.iter_mut().filter(|w| w.is_dirty) {
            week.earns.clear();
            let lifts = week.shape.items.iter().zip(&prices.lift[week.from..]);
            let open = &self.open;
            week.earns.extend(lifts.map(|(i, l)| if open[i.id as usize] { *l } else { -NEVER }));
            self.earned -= week.packed.earned;
            let sold = std::mem::take(&mut week.packed.sold);
            week.packed = sell(&week.shape, &week.earns, &mut week.seats, &sold, &mut self.effort);
            self.earned += week.packed.earned;
            week.is_dirty = false;
        }
    }

    /// Compares what is wanted with what is sold.
    pub(crate) fn compare(&mut self, wanted: impl Iterator<Item = u32>) {
        self.surplus.fill(0);
        for number in wanted {
            self.surplus[number as usize] += 1;
        }
        for week in &self.weeks {
            for item in &week.packed.sold {
                self.surplus[week.shape.items[*item as usize].id as usize] -= 1;
            }
        }
    }

    /// Fills `harder` for the lifts last sold.
    pub(crate) fn regrets(&mut self) {
        self.harder.clone_from(&self.lifts);
        let mut regrets = Vec::new();
        for week in &self.weeks {
            regrets.clear();
            self.effort.work += 1 + week.shape.spots.len() as u64 / 8;
            regrets_of(&week.shape, &week.earns, &week.seats, week.packed.earned, &mut regrets);
            for (item, regret) in week.shape.items.iter().zip(&regrets) {
                let harder = &mut self.harder[item.id as usize];
                *harder = harder.saturating_add(*regret).min(NEVER);
            }
        }
    }

    /// Updates the directions; returns their squared length, in 1/65536.
    pub(crate) fn turn(&mut self, keep: i64) -> i64 {
        let surplus = &self.surplus;
        self.weeks.iter_mut().map(|w| w.turn(surplus, keep)).sum()
    }

    /// Moves the lifts along their directions; `step` is in 1/65536 units.
    /// Returns whether anything moved.
    pub(crate) fn step(&mut self, prices: &mut Prices, step: i64) -> bool {
        let mut any = false;
        for week in &mut self.weeks {
            let lifts = &mut prices.lift[week.from..];
            week.is_dirty |= week.step(lifts, &mut self.lifts, step);
            any |= week.is_dirty;
        }
        any
    }

    /// Forgets the directions.
    pub(crate) fn halt(&mut self) {
        for week in &mut self.weeks {
            week.speed.fill(0);
            week.series_speed.fill(0);
            week.lanes.fill([0; LANES]);
        }
    }

    /// Per cell number: its lift above what `start` asks.
    pub(crate) fn premium_of(&self, start: &Prices) -> Vec<i32> {
        let mut premium = self.lifts.clone();
        for week in &self.weeks {
            for item in &week.shape.items {
                premium[item.id as usize] -=
                    start.key[week.shape.spots[item.spot as usize].key as usize];
            }
        }
        premium.iter_mut().for_each(|p| *p = (*p).max(0));
        premium
    }
}

impl Week {
    /// A week that has sold nothing yet.
    pub(super) fn new(shape: Shape, from: usize) -> Self {
        Self {
            earns: Vec::new(),
            packed: Packed::default(),
            seats: [0; MANY as usize],
            speed: vec![0; shape.items.len()],
            series_speed: [0; MANY as usize],
            lanes: vec![[0; LANES]; shape.days.len()],
            is_dirty: true,
            shape,
            from,
        }
    }

    fn turn(&mut self, surplus: &[i16], keep: i64) -> i64 {
        let fade = |v: &mut i32| *v = ((i64::from(*v) * keep) >> 8) as i32;
        self.series_speed.iter_mut().for_each(fade);
        self.lanes.iter_mut().flatten().for_each(fade);
        let buffer = self.shape.buffer as usize;
        for (item, speed) in self.shape.items.iter().zip(&mut self.speed) {
            fade(speed);
            let extra = i32::from(surplus[item.id as usize]) * 256;
            if extra != 0 {
                *speed += extra;
                if let Some(series) = self.series_speed.get_mut(usize::from(item.seat)) {
                    *series += extra;
                }
                let spot = &self.shape.spots[item.spot as usize];
                let (from, len) = (usize::from(spot.bit), usize::from(spot.len));
                let lanes = &mut self.lanes[usize::from(spot.day)];
                lanes[from..from + len + buffer].iter_mut().for_each(|l| *l += extra);
            }
        }
        let square = |v: &i32| i64::from(*v) * i64::from(*v);
        self.series_speed.iter().map(square).sum::<i64>()
            + self.lanes.iter().flatten().map(square).sum::<i64>() / 4
            + 4 * self.speed.iter().map(square).sum::<i64>()
    }

    fn step(&mut self, lifts: &mut [i32], sums: &mut [i32], step: i64) -> bool {
        let buffer = self.shape.buffer as usize;
        let mut any = false;
        for spot in &self.shape.spots {
            let (from, len) = (usize::from(spot.bit), usize::from(spot.len));
            let lanes = &self.lanes[usize::from(spot.day)][from..from + len + buffer];
            let common: i64 = lanes.iter().map(|l| i64::from(*l)).sum();
            for at in spot.items.clone().map(|i| i as usize) {
                let item = &self.shape.items[at];
                let series = self.series_speed.get(usize::from(item.seat)).copied();
                let own = 4 * i64::from(self.speed[at]) + i64::from(series.unwrap_or(0));
                let slope = own + common / 4;
                if slope == 0 {
                    continue;
                }
                let before = lifts[at];
                any |= nudge(&mut lifts[at], slope, step, NEVER / 4);
                sums[item.id as usize] += lifts[at] - before;
            }
        }
        any
    }
}

/// The number of a cell of `domain` among the cells of joint weeks.
pub(crate) fn number(domain: &Domain, at: usize) -> u32 {
    domain.joint.get(at).copied().unwrap_or(0)
}
