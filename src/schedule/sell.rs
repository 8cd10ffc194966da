//! One person's week sold as a whole: which whole meetings of different series
//! earn the most? Series are first charged for meeting twice until the answer
//! meets each of them once; what that leaves open, a search decides. Knows
//! nothing of series' own costs or of plans.

// Hot loops over arrays sized by `Shape`; see `problem`.
#![allow(clippy::indexing_slicing)]

use super::packing::{Packing, Table};
use super::problem::NEVER;
use super::week::{Item, MANY, Shape};

/// Rounds of charging series for meeting twice.
const ROUNDS: usize = 20;

/// What every seat of a week is charged, units.
pub(super) type Seats = [i32; MANY as usize];

/// The best week.
#[derive(Debug, Clone, Default)]
pub(super) struct Packed {
    /// Units earned; an upper bound of it when the search was cut short.
    pub(super) earned: i64,
    /// Items sold, ascending.
    pub(super) sold: Vec<u32>,
}

/// What sales have cost, and the memory they share.
#[derive(Debug, Clone, Default)]
pub(super) struct Effort {
    /// Work units.
    pub(super) work: u64,
    table: Table,
}

/// The most that whole meetings of different series can earn in a week.
/// `lifts` says what each item earns (`-NEVER`: gone), `seats` is what series
/// were last charged for their meeting, and is improved; `before` is a former
/// answer.
pub(super) fn sell(
    shape: &Shape,
    lifts: &[i32],
    seats: &mut Seats,
    before: &[u32],
    effort: &mut Effort,
) -> Packed {
    let mut sale = Sale { shape, lifts, known: Packed::default(), least: (i64::MAX, *seats) };
    if before.iter().all(|i| lifts[*i as usize] > -NEVER) {
        sale.offer(before.to_vec());
    }
    let mut charged = Vec::new();
    for _ in 0..ROUNDS {
        effort.work += 1 + shape.spots.len() as u64 / 8;
        if !sale.round(seats, &mut charged) {
            break;
        }
    }
    let Sale { known, least: (most, cheapest), .. } = sale;
    if most <= known.earned {
        return known;
    }
    *seats = cheapest;
    charge(shape, lifts, seats, &mut charged);
    let mut packing = Packing::new(shape, &charged, *seats, std::mem::take(&mut effort.table));
    let packed = packing.run(known, most);
    effort.work += u64::from(packing.steps) / 16;
    effort.table = packing.table;
    packed
}

/// Per item: what selling it costs a week that earns `earned`, at least.
pub(super) fn regrets_of(
    shape: &Shape,
    lifts: &[i32],
    seats: &Seats,
    earned: i64,
    out: &mut Vec<i32>,
) {
    let mut charged = Vec::new();
    charge(shape, lifts, seats, &mut charged);
    Packing::new(shape, &charged, *seats, Table::default()).regrets(earned, out);
}

/// A sale in progress.
struct Sale<'a> {
    shape: &'a Shape,
    lifts: &'a [i32],
    /// The best week found.
    known: Packed,
    /// The least bound, and the charges that prove it.
    least: (i64, Seats),
}

impl Sale<'_> {
    /// Keeps a week that breaks no rule if it is the best.
    fn offer(&mut self, sold: Vec<u32>) {
        let earned = earning(self.shape, self.lifts, &sold);
        if earned > self.known.earned {
            self.known = Packed { earned, sold };
        }
    }

    /// Sells at the present charges and corrects them; false when that can
    /// bring no more.
    fn round(&mut self, seats: &mut Seats, charged: &mut Vec<i32>) -> bool {
        charge(self.shape, self.lifts, seats, charged);
        let packing = Packing::new(self.shape, charged, *seats, Table::default());
        let most = packing.most();
        if most < self.least.0 {
            self.least = (most, *seats);
        }
        let (mut count, mut single) = ([0i32; MANY as usize], Vec::new());
        for item in packing.apart() {
            let seat = count.get_mut(usize::from(self.shape.items[item as usize].seat));
            if seat.as_deref().is_none_or(|n| *n == 0) {
                single.push(item);
            }
            if let Some(n) = seat {
                *n += 1;
            }
        }
        if self.shape.keeps_caps(&single) {
            self.offer(single);
        }
        let slope = |n: i32, paid: i32| if n == 0 && paid == 0 { 0 } else { n - 1 };
        let slopes = count.iter().zip(seats.iter()).map(|(n, paid)| i64::from(slope(*n, *paid)));
        let norm: i64 = slopes.map(|s| s * s).sum();
        if self.least.0 <= self.known.earned || norm == 0 {
            return false;
        }
        let step = ((most - self.known.earned) / norm).max(1);
        for (n, paid) in count.iter().zip(seats.iter_mut()) {
            let moved = i64::from(*paid) + step * i64::from(slope(*n, *paid));
            *paid = moved.clamp(0, i64::from(NEVER / 4)) as i32;
        }
        true
    }
}

/// What the items earn when their series are charged for their seats.
fn charge(shape: &Shape, lifts: &[i32], seats: &Seats, out: &mut Vec<i32>) {
    let paid = |i: &Item| seats.get(usize::from(i.seat)).copied().unwrap_or(0);
    out.clear();
    out.extend(shape.items.iter().zip(lifts).map(|(i, l)| l - paid(i)));
}

/// What a set of items, in order of time, earns.
fn earning(shape: &Shape, lifts: &[i32], sold: &[u32]) -> i64 {
    let (mut sum, mut last) = (0, None::<usize>);
    for item in sold {
        let at = shape.items[*item as usize].spot as usize;
        let spot = &shape.spots[at];
        sum += i64::from(lifts[*item as usize]) - i64::from(spot.inner);
        let tail = last.map_or(0, |l| i64::from(shape.spots[l].tail));
        let before = last.filter(|l| shape.spots[*l].day == spot.day);
        sum -= match before.map(|l| shape.spots[l].after.iter().find(|a| a.0 as usize == at)) {
            Some(after) => i64::from(after.map_or(NEVER, |a| a.1)),
            None => i64::from(spot.head) + tail,
        };
        last = Some(at);
    }
    sum - last.map_or(0, |l| i64::from(shape.spots[l].tail))
}
