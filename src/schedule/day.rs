//! One person's day at given prices: which starts would that day sell? The
//! cheapest set of meetings (buffers, the day's cap and focus time exact,
//! what they are worth given by the prices), found in one left-to-right pass.

// Hot loop over arrays of fixed size; see `problem`.
#![allow(clippy::indexing_slicing)]

use super::mask::Mask;
use super::problem::{Key, Problem, SharedDay};

const SIZE: usize = 176;
const FAR: i32 = i32::MAX / 4;
const START: u16 = u16::MAX;

/// A stretch of free slots.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    from: i32,
    to: i32,
    /// Units per slot lost in it; 0 when it is too short to be focus time.
    worth: i32,
}

/// Working space; `value` and `chosen` hold the last result.
#[derive(Debug, Clone, Default)]
pub(crate) struct DaySale {
    /// Units: focus lost minus prices earned, never above 0.
    pub(crate) value: i64,
    /// Keys sold, ascending.
    pub(crate) chosen: Vec<u32>,
    /// Per layer and position: best value with the last meeting ending there.
    ended: Vec<[i32; SIZE]>,
    /// Same, with the focus lost behind that meeting.
    closed: Vec<[i32; SIZE]>,
    /// Per layer and position: key that ends there and the end before it.
    from: Vec<[(u32, u16); SIZE]>,
}

/// What a day's pass needs to know.
struct Pass<'a> {
    day: &'a SharedDay,
    keys: &'a [Key],
    prices: &'a [i32],
    runs: &'a [Run],
    len: i32,
}

impl DaySale {
    /// Finds the cheapest set. `open` says which keys are still possible.
    pub(crate) fn run(&mut self, problem: &Problem, day: &SharedDay, prices: &[i32], open: &[u16]) {
        self.value = 0;
        self.chosen.clear();
        if day.cap == 0 {
            return;
        }
        let range = day.keys.start as usize..day.keys.end as usize;
        let keys = &problem.keys[range.clone()];
        let worthwhile = keys.iter().zip(range.clone()).any(|(_, k)| open[k] > 0 && prices[k] > 0);
        if !worthwhile {
            return;
        }
        let focus = if day.reach.is_some() { 0 } else { day.focus };
        let mut runs = [Run::default(); 64];
        let count = split(day.free, focus, problem.run, &mut runs);
        let pass = Pass { day, keys, prices, runs: &runs[..count], len: problem.run as i32 };
        self.pass(&pass, open, 0, 0);
        self.collect(0);
        if self.chosen.len() as u32 > day.cap {
            self.capped(&pass, open);
        }
    }

    /// Again, counting meetings: layer `n` has `n` of them.
    fn capped(&mut self, pass: &Pass<'_>, open: &[u16]) {
        for layer in 1..=pass.day.cap as usize {
            self.pass(pass, open, layer - 1, layer);
        }
        self.value = 0;
        self.chosen.clear();
        let best =
            (1..=pass.day.cap as usize).map(|l| (self.best_end(l).0, l)).min().unwrap_or((0, 0));
        if best.0 < 0 {
            self.collect_layers(best.1);
        }
    }

    /// Fills layer `to` from layer `from`. Layer 0 as `from` of another means
    /// "no meeting yet"; a layer from itself counts nothing.
    fn pass(&mut self, pass: &Pass<'_>, open: &[u16], from: usize, to: usize) {
        while self.ended.len() <= to {
            self.ended.push([FAR; SIZE]);
            self.closed.push([FAR; SIZE]);
            self.from.push([(0, START); SIZE]);
        }
        self.ended[to] = [FAR; SIZE];
        self.closed[to] = [FAR; SIZE];
        let (same, empty) = (from == to, from == 0);
        if from == 0 && !same {
            self.ended[0] = [FAR; SIZE];
            self.closed[0] = [FAR; SIZE];
        }
        let buffer = pass.day.buffer as i32;
        // Best close at or before a position, kept as it moves right.
        let (mut closed_at, mut closed_best, mut closed_from) =
            (0, if empty { 0 } else { FAR }, START);
        let (mut run_index, mut run_at, mut run_best, mut run_from) = (0, -1, FAR, START);
        let mut start = -1;
        let mut gate = (FAR, START);
        for (offset, key) in pass.keys.iter().enumerate() {
            let index = pass.day.keys.start as usize + offset;
            if open[index] == 0 || pass.prices[index] <= 0 {
                continue;
            }
            let bit = i32::from(key.bit);
            while pass.runs.get(run_index).is_some_and(|r| r.to <= bit) {
                run_index += 1;
                run_at = -1;
                run_best = FAR;
            }
            let run = pass.runs.get(run_index).copied().unwrap_or(Run {
                from: bit,
                to: bit + 64,
                worth: 0,
            });
            if bit != start {
                start = bit;
                while closed_at <= run.from.min(bit - buffer) {
                    let value = self.closed[from][closed_at as usize];
                    if value < closed_best {
                        (closed_best, closed_from) = (value, closed_at as u16);
                    }
                    closed_at += 1;
                }
                gate = (closed_best, closed_from);
                if bit - run.from < pass.len && closed_best < FAR {
                    gate.0 += run.worth * (bit - run.from);
                }
                // Ends in this run far enough back that the gap is focus time.
                let clear = if run.worth > 0 { pass.len.max(buffer) } else { buffer };
                run_at = run_at.max(run.from + 1);
                while run_at <= bit - clear {
                    let value = self.ended[from][run_at as usize];
                    if value < run_best {
                        (run_best, run_from) = (value, run_at as u16);
                    }
                    run_at += 1;
                }
                if run_best < gate.0 {
                    gate = (run_best, run_from);
                }
                for end in run_at..=bit - buffer {
                    let value = self.ended[from][end as usize] + run.worth * (bit - end);
                    if value < gate.0 {
                        gate = (value, end as u16);
                    }
                }
            }
            if gate.0 >= FAR {
                continue;
            }
            let end = bit + i32::from(key.len);
            let value = gate.0 + run.worth * i32::from(key.len) - pass.prices[index];
            if value < self.ended[to][end as usize] {
                self.ended[to][end as usize] = value;
                let left = run.to - end;
                let tail = if left < pass.len && left > 0 { run.worth * left } else { 0 };
                self.closed[to][end as usize] = value + tail;
                self.from[to][end as usize] = (index as u32, gate.1);
            }
        }
    }

    fn best_end(&self, layer: usize) -> (i32, usize) {
        let mut best = (0, 0);
        for (end, value) in self.closed[layer].iter().enumerate() {
            if *value < best.0 {
                best = (*value, end);
            }
        }
        best
    }

    fn collect(&mut self, layer: usize) {
        let (value, mut end) = self.best_end(layer);
        self.value = i64::from(value);
        if value >= 0 {
            return;
        }
        while end < SIZE {
            let (key, before) = self.from[layer][end];
            self.chosen.push(key);
            end = usize::from(before);
        }
        self.chosen.reverse();
    }

    fn collect_layers(&mut self, top: usize) {
        let (value, mut end) = self.best_end(top);
        self.value = i64::from(value);
        for layer in (1..=top).rev() {
            let (key, before) = self.from[layer][end];
            self.chosen.push(key);
            end = usize::from(before);
        }
        self.chosen.reverse();
    }
}

/// Cuts a free mask into its runs; returns how many there are.
fn split(mut free: Mask, focus: i32, len: u32, runs: &mut [Run; 64]) -> usize {
    let mut count = 0;
    let mut base = 0;
    while free != 0 && count < 64 {
        let skip = free.trailing_zeros();
        free >>= skip;
        let length = (!free).trailing_zeros();
        let from = base + skip as i32;
        let worth = if length >= len { focus } else { 0 };
        runs[count] = Run { from, to: from + length as i32, worth };
        count += 1;
        base = from + length as i32;
        free = free.checked_shr(length).unwrap_or(0);
    }
    count
}
