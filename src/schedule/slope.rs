//! The direction in which prices move: per slot of a day, how many meetings
//! want it more than the day sells, with a share of the directions before.

// Hot loops over arrays sized by `Problem`; see `problem`.
#![allow(clippy::indexing_slicing)]

use super::dual::Dual;
use super::problem::NEVER;

impl Dual<'_> {
    /// Updates the direction from the present slope: `slope + keep/256 of the
    /// direction before`. Returns the direction's squared length, in 1/256.
    pub(crate) fn turn(&mut self, keep: i64) -> i64 {
        let mut norm = 0;
        for (index, day) in self.problem.shared_days.iter().enumerate() {
            let range = day.keys.start as usize..day.keys.end as usize;
            if !self.by_day[index] {
                continue;
            }
            let idle = self.surplus[range.clone()].iter().all(|s| *s == 0);
            if idle && !self.moving[index] {
                continue;
            }
            let (from, to) = (self.slot_from[index] as usize, self.slot_from[index + 1] as usize);
            let lanes = &mut self.slots[from..to];
            let mut any = false;
            for lane in lanes.iter_mut() {
                *lane = ((i64::from(*lane) * keep) >> 8) as i32;
            }
            let base = usize::from(self.problem.keys[range.start].bit);
            for k in range {
                let surplus = i32::from(self.surplus[k]) * 256;
                if surplus != 0 {
                    let key = &self.problem.keys[k];
                    let at = usize::from(key.bit) - base;
                    for lane in &mut lanes[at..at + usize::from(key.len) + day.buffer as usize] {
                        *lane += surplus;
                    }
                }
            }
            for lane in lanes.iter() {
                any |= *lane != 0;
                norm += i64::from(*lane) * i64::from(*lane);
            }
            self.moving[index] = any;
        }
        for (index, week) in self.problem.shared_weeks.iter().enumerate() {
            let extra = self.week_count[index] - week.room;
            let speed = &mut self.week_speed[index];
            if week.room >= 0 {
                *speed = ((i64::from(*speed) * keep) >> 8) as i32 + extra * 256;
                if extra > 0 || self.prices.week[index] > 0 {
                    norm += i64::from(*speed) * i64::from(*speed);
                }
            }
        }
        (norm + self.joint.turn(keep)) >> 8
    }

    /// Moves the prices along the direction; `step` is in 1/65536 units.
    pub(crate) fn step(&mut self, step: i64) {
        if self.joint.step(&mut self.prices, step) {
            self.series_dirty.fill(true);
        }
        let problem = self.problem;
        let mut sum = [0i32; 257];
        for (index, day) in problem.shared_days.iter().enumerate().filter(|(i, _)| self.moving[*i])
        {
            let (from, to) = (self.slot_from[index] as usize, self.slot_from[index + 1] as usize);
            for (at, value) in self.slots[from..to].iter().enumerate() {
                sum[at + 1] = sum[at] + *value;
            }
            let base = usize::from(problem.keys[day.keys.start as usize].bit);
            let mut changed = false;
            for k in day.keys.start as usize..day.keys.end as usize {
                let key = &problem.keys[k];
                let from = usize::from(key.bit) - base;
                let slope =
                    i64::from(sum[from + usize::from(key.len) + day.buffer as usize] - sum[from]);
                if slope != 0 {
                    changed |= nudge(&mut self.prices.key[k], slope, step, NEVER / 4);
                }
            }
            self.day_dirty[index] |= changed;
        }
        for (index, week) in problem.shared_weeks.iter().enumerate() {
            let slope = i64::from(self.week_speed[index]);
            if week.room >= 0
                && slope != 0
                && nudge(&mut self.prices.week[index], slope, step, problem.week_over)
            {
                for day in week.days.clone() {
                    self.day_dirty[day as usize] = true;
                }
            }
        }
    }

    /// Forgets the direction.
    pub(crate) fn halt(&mut self) {
        self.slots.fill(0);
        self.week_speed.fill(0);
        self.moving.fill(false);
        self.joint.halt();
    }
}

/// Moves one price along its slope, within 0 and `most`; did it change?
pub(super) fn nudge(price: &mut i32, slope: i64, step: i64, most: i32) -> bool {
    let moved = i64::from(*price) + ((slope * step + (1 << 23)) >> 24);
    let moved = moved.clamp(0, i64::from(most)) as i32;
    std::mem::replace(price, moved) != moved
}
