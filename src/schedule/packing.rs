//! Depth-first search for the meetings of one week that earn the most, in
//! order of time, with the bound of a week in which a series may meet twice.

// Hot search over arrays sized by `Shape`; see `problem`.
#![allow(clippy::indexing_slicing)]

use super::problem::NEVER;
use super::sell::{Packed, Seats};
use super::week::Shape;

/// Search steps one week may take; beyond them only a bound is known.
const STEPS: u32 = 30_000;
/// Places of the search that are remembered, a power of two.
const PLACES: u32 = 1 << 15;

/// Working space of one week's search.
pub(super) struct Packing<'w> {
    shape: &'w Shape,
    /// Per item what it earns; far below 0 when it is not possible any more.
    lifts: &'w [i32],
    /// What `lifts` are charged; paid back where a seat is taken.
    seats: Seats,
    /// Per spot: the item that earns most, and how much.
    top: Vec<(i32, u32)>,
    /// Per spot: best of what can follow it.
    rest: Vec<i64>,
    /// Per spot: what it brings at most with everything behind it.
    gain: Vec<i64>,
    /// Per day: best of this day and those after it.
    from_day: Vec<i64>,
    /// Per spot: series in it and after it.
    later: Vec<u64>,
    best: i64,
    kept: Vec<u32>,
    chosen: Vec<u32>,
    /// Kept from one search to the next.
    pub(super) table: Table,
    spare: Vec<Vec<(i64, u32, i64)>>,
    /// Search steps taken.
    pub(super) steps: u32,
}

impl<'w> Packing<'w> {
    /// `lifts` are what the items earn when `seats` are charged.
    pub(super) fn new(shape: &'w Shape, lifts: &'w [i32], seats: Seats, table: Table) -> Self {
        let n = shape.spots.len();
        let mut packing = Self {
            shape,
            lifts,
            seats,
            top: Vec::with_capacity(n),
            rest: vec![0; n],
            gain: vec![0; n],
            from_day: vec![0; shape.days.len() + 1],
            later: vec![0; n + 1],
            best: 0,
            kept: Vec::new(),
            chosen: Vec::new(),
            table,
            spare: Vec::new(),
            steps: 0,
        };
        for spot in &shape.spots {
            let items = spot.items.clone();
            let best = items.map(|i| (lifts[i as usize], i)).max_by_key(|b| b.0);
            packing.top.push(best.unwrap_or((-NEVER, 0)));
        }
        for (day, spots) in shape.days.iter().enumerate().rev() {
            packing.from_day[day] = packing.from_day[day + 1];
            for at in spots.clone().rev() {
                packing.link(at as usize, day);
            }
        }
        packing
    }

    fn link(&mut self, at: usize, day: usize) {
        let spot = &self.shape.spots[at];
        let mut rest = self.from_day[day + 1] - i64::from(spot.tail);
        for (next, cost) in &spot.after {
            rest = rest.max(self.gain[*next as usize] - i64::from(*cost));
        }
        self.rest[at] = rest;
        self.gain[at] = i64::from(self.top[at].0) - i64::from(spot.inner) + rest;
        self.from_day[day] = self.from_day[day].max(self.gain[at] - i64::from(spot.head));
        let seats = spot.items.clone().map(|i| bit(self.shape.items[i as usize].seat));
        self.later[at] = seats.fold(self.later[at + 1], |a, b| a | b);
    }

    /// No week of different series earns more.
    pub(super) fn most(&self) -> i64 {
        self.from_day[0] + self.owed()
    }

    fn owed(&self) -> i64 {
        self.seats.iter().map(|s| i64::from(*s)).sum()
    }

    /// Looks for more than `known` earns; `most` is the least bound. Where
    /// that takes too long, it looks only far above `known`, so that at least
    /// the bound comes down.
    pub(super) fn run(&mut self, known: Packed, mut most: i64) -> Packed {
        let mut steps = 0;
        self.kept = known.sold;
        for part in [0, 2, 3] {
            let line = known.earned + (most - known.earned) * part / 4;
            self.best = line;
            self.steps = 0;
            self.table.forget();
            let owed = self.owed();
            self.go(Stand { day: 0, last: None, count: 0, used: 0, earned: 0, owed });
            steps += self.steps;
            if self.steps <= STEPS {
                most = self.best;
                break;
            }
        }
        self.steps = steps;
        self.kept.sort_unstable();
        Packed { earned: most, sold: std::mem::take(&mut self.kept) }
    }

    /// The best week when a series may meet any number of times.
    pub(super) fn apart(&self) -> Vec<u32> {
        let mut sold = Vec::new();
        for (day, spots) in self.shape.days.iter().enumerate() {
            let mut want = self.from_day[day];
            if want == self.from_day[day + 1] {
                continue;
            }
            let head =
                |at: &u32| self.gain[*at as usize] - i64::from(self.shape.spots[*at as usize].head);
            let mut at = spots.clone().find(|at| head(at) == want);
            while let Some(spot) = at {
                sold.push(self.top[spot as usize].1);
                want = self.rest[spot as usize];
                let one = &self.shape.spots[spot as usize];
                if want == self.from_day[day + 1] - i64::from(one.tail) {
                    break;
                }
                let next = |a: &&(u32, i32)| self.gain[a.0 as usize] - i64::from(a.1) == want;
                at = one.after.iter().find(next).map(|a| a.0);
            }
        }
        sold
    }

    /// Goes on from a day, behind the meeting at `last` on it.
    fn go(&mut self, stand: Stand) {
        let Stand { day, last, count, used, earned, owed } = stand;
        let tail = last.map_or(0, |l| i64::from(self.shape.spots[l as usize].tail));
        if day >= self.shape.days.len() {
            if earned > self.best {
                self.best = earned;
                self.kept.clone_from(&self.chosen);
            }
            return;
        }
        if self.steps > STEPS {
            return;
        }
        let begin = last.map_or(self.shape.days[day].start, |l| l + 1) as usize;
        let place = (day as u32) << 24 | count << 16 | last.map_or(0xFFFF, |l| l & 0xFFFF);
        if !self.table.better(place, used & self.later[begin], earned) {
            return;
        }
        let mut children = self.spare.pop().unwrap_or_default();
        children.clear();
        if count < self.shape.caps[day] {
            match last {
                None => {
                    for at in self.shape.days[day].clone() {
                        let head = self.shape.spots[at as usize].head;
                        self.offer(at, earned - i64::from(head), stand, &mut children);
                    }
                }
                Some(l) => {
                    let shape = self.shape;
                    for (at, cost) in &shape.spots[l as usize].after {
                        self.offer(*at, earned - i64::from(*cost), stand, &mut children);
                    }
                }
            }
        }
        let close = earned - tail + owed + self.from_day[day + 1];
        if close > self.best {
            children.push((close, u32::MAX, earned - tail));
        }
        self.steps += children.len() as u32 + 1;
        children.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(b.1.cmp(&a.1)));
        for &(bound, item, earned) in &children {
            if bound <= self.best {
                break;
            }
            if item == u32::MAX {
                self.go(Stand { day: day + 1, last: None, count: 0, earned, ..stand });
                continue;
            }
            let one = self.shape.items[item as usize];
            self.chosen.push(item);
            let owed = owed - self.charge_of(one.seat);
            let (last, used) = (Some(one.spot), used | bit(one.seat));
            self.go(Stand { day, last, count: count + 1, used, earned, owed });
            self.chosen.pop();
        }
        self.spare.push(children);
    }

    fn charge_of(&self, seat: u8) -> i64 {
        self.seats.get(usize::from(seat)).map_or(0, |s| i64::from(*s))
    }

    /// Adds the items of a spot that can still help.
    fn offer(&self, at: u32, earned: i64, stand: Stand, children: &mut Vec<(i64, u32, i64)>) {
        if earned + stand.owed + self.gain[at as usize] <= self.best {
            return;
        }
        let spot = &self.shape.spots[at as usize];
        let rest = self.rest[at as usize];
        for item in spot.items.clone() {
            let seat = self.shape.items[item as usize].seat;
            let now = earned + i64::from(self.lifts[item as usize]) - i64::from(spot.inner);
            let bound = now + stand.owed + rest;
            if stand.used & bit(seat) == 0 && bound > self.best {
                children.push((bound, item, now + self.charge_of(seat)));
            }
        }
    }

    /// Per item: what selling it costs the week, at least.
    pub(super) fn regrets(&self, earned: i64, out: &mut Vec<i32>) {
        let mut through = vec![i64::MIN / 2; self.shape.spots.len()];
        let mut before = 0;
        for spots in &self.shape.days {
            let mut today = before;
            for at in spots.clone().map(|a| a as usize) {
                let spot = &self.shape.spots[at];
                through[at] = through[at].max(before - i64::from(spot.head));
                let now = through[at] + i64::from(self.top[at].0) - i64::from(spot.inner);
                today = today.max(now - i64::from(spot.tail));
                for (next, cost) in &spot.after {
                    let next = &mut through[*next as usize];
                    *next = (*next).max(now - i64::from(*cost));
                }
            }
            before = today;
        }
        for (item, lift) in self.shape.items.iter().zip(self.lifts) {
            let at = item.spot as usize;
            let with = through[at] + i64::from(*lift) - i64::from(self.shape.spots[at].inner)
                + self.rest[at]
                + self.owed();
            let regret = if !item.once { 0 } else { earned - with };
            out.push(regret.clamp(0, i64::from(NEVER)) as i32);
        }
    }
}

/// A place of the search and the way to it.
#[derive(Debug, Clone, Copy)]
struct Stand {
    day: usize,
    /// The meeting before on this day.
    last: Option<u32>,
    /// Meetings on this day.
    count: u32,
    /// Seats taken.
    used: u64,
    earned: i64,
    /// Charges of the seats not taken.
    owed: i64,
}

/// What was earned on the way to places of the search, as far as it fits.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    entries: Vec<(u32, u32, u64, i64)>,
    round: u32,
}

impl Table {
    fn forget(&mut self) {
        if self.entries.is_empty() {
            self.entries = vec![(0, 0, 0, 0); PLACES as usize];
        }
        self.round = self.round.wrapping_add(1).max(1);
    }

    /// Notes `earned` for a place; false when as much was earned before.
    fn better(&mut self, place: u32, used: u64, earned: i64) -> bool {
        let mix = (used ^ u64::from(place).wrapping_mul(0x9E37_79B9_7F4A_7C15))
            .wrapping_mul(0xD6E8_FEB8_6659_FD93);
        let entry = &mut self.entries[(mix >> (64 - PLACES.trailing_zeros())) as usize];
        if entry.0 == self.round && entry.1 == place && entry.2 == used && entry.3 >= earned {
            return false;
        }
        *entry = (self.round, place, used, earned);
        true
    }
}

fn bit(seat: u8) -> u64 {
    1u64.checked_shl(seat.into()).unwrap_or(0)
}
