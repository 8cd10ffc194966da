//! One person's week as it can be sold: its starts with the focus time around
//! them, and the cells that stand on them. Knows no prices.

// Hot arrays sized here; see `problem`.
#![allow(clippy::indexing_slicing)]

use std::ops::Range;

use super::day::{Run, split};
use super::problem::{Key, Problem, SharedWeek};

/// A seat any number of meetings may take: nothing is known of it.
pub(super) const MANY: u8 = 64;

/// A start in a week, with the focus time around it.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub(super) key: u32,
    pub(super) day: u16,
    pub(super) bit: u8,
    pub(super) len: u8,
    /// Units of focus lost before, in and behind it when it stands alone.
    pub(super) head: i32,
    pub(super) inner: i32,
    pub(super) tail: i32,
    /// Spots that can be next on the day, and the focus lost between.
    pub(super) after: Vec<(u32, i32)>,
    /// Its items.
    pub(super) items: Range<u32>,
}

/// A cell in a week.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    /// The cell's number among all cells of joint weeks.
    pub(super) id: u32,
    /// Which meeting of the week it would be, or `MANY`.
    pub(super) seat: u8,
    /// Can its series meet at most once in the week?
    pub(super) once: bool,
    pub(super) spot: u32,
}

/// What never changes about a week.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// Ordered by day, bit, length.
    pub(super) spots: Vec<Spot>,
    /// Ordered by spot.
    pub(super) items: Vec<Item>,
    /// Spots of each day.
    pub(super) days: Vec<Range<u32>>,
    /// Meetings each day holds.
    pub(super) caps: Vec<u32>,
    pub(super) buffer: u32,
}

impl Shape {
    /// `cells` are (key, id, seat, once).
    pub(super) fn new(
        problem: &Problem,
        week: &SharedWeek,
        mut cells: Vec<(u32, u32, u8, bool)>,
    ) -> Self {
        cells.sort_unstable();
        cells.dedup();
        let mut spots: Vec<Spot> = Vec::new();
        let mut items = Vec::new();
        for (key, id, seat, once) in cells {
            if spots.last().is_none_or(|s| s.key != key) {
                let at = &problem.keys[key as usize];
                let begin = items.len() as u32;
                spots.push(spot(problem, at, key, (at.day - week.days.start) as u16, begin));
            }
            items.push(Item { id, seat, once, spot: spots.len() as u32 - 1 });
            if let Some(spot) = spots.last_mut() {
                spot.items.end = items.len() as u32;
            }
        }
        let mut days = Vec::new();
        let mut from = 0;
        for (at, day) in week.days.clone().enumerate() {
            let to = from + spots[from..].iter().take_while(|s| usize::from(s.day) == at).count();
            follow(problem, day, &mut spots[from..to], from as u32);
            days.push(from as u32..to as u32);
            from = to;
        }
        let shared = week.days.clone().map(|d| &problem.shared_days[d as usize]);
        let buffer = problem.shared_days[week.days.start as usize].buffer;
        Self { spots, items, days, caps: shared.map(|d| d.cap).collect(), buffer }
    }
    /// Does no day hold more of these items than it may?
    pub(super) fn keeps_caps(&self, sold: &[u32]) -> bool {
        let day = |item: &u32| self.spots[self.items[*item as usize].spot as usize].day;
        let on = |at: usize| sold.iter().filter(|i| usize::from(day(i)) == at).count();
        self.caps.iter().enumerate().all(|(at, cap)| on(at) <= *cap as usize)
    }
}

/// A spot that knows nothing of its day yet.
fn spot(problem: &Problem, at: &Key, key: u32, day: u16, begin: u32) -> Spot {
    let shared = &problem.shared_days[at.day as usize];
    let mut runs = [Run::default(); 64];
    let count = split(shared.free, shared.focus, problem.run, &mut runs);
    let (bit, len) = (i32::from(at.bit), i32::from(at.len));
    let run = runs[..count].iter().find(|r| r.from <= bit && bit < r.to).copied();
    let run = run.unwrap_or(Run { from: bit, to: bit + len, worth: 0 });
    let lost = |gap: i32| if gap < problem.run as i32 { run.worth * gap.max(0) } else { 0 };
    Spot {
        key,
        day,
        bit: at.bit,
        len: at.len,
        head: lost(bit - run.from),
        inner: run.worth * len,
        tail: lost(run.to - bit - len),
        after: Vec::new(),
        items: begin..begin,
    }
}

/// Fills `after` for the spots of one day.
fn follow(problem: &Problem, day: u32, spots: &mut [Spot], first: u32) {
    let shared = &problem.shared_days[day as usize];
    let mut runs = [Run::default(); 64];
    let count = split(shared.free, shared.focus, problem.run, &mut runs);
    let run_of = |bit: u8| runs[..count].iter().position(|r| i32::from(bit) < r.to);
    for at in 0..spots.len() {
        let end = u32::from(spots[at].bit) + u32::from(spots[at].len);
        let run = run_of(spots[at].bit);
        let mut after = Vec::new();
        for (next, spot) in spots.iter().enumerate().skip(at + 1) {
            if u32::from(spot.bit) < end + shared.buffer {
                continue;
            }
            let gap = i32::from(spot.bit) - end as i32;
            let cost = match run {
                Some(run) if run_of(spot.bit) == Some(run) => {
                    if gap < problem.run as i32 {
                        runs[run].worth * gap
                    } else {
                        0
                    }
                }
                _ => spots[at].tail + spot.head,
            };
            after.push((first + next as u32, cost));
        }
        spots[at].after = after;
    }
}
