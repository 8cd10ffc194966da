//! One person's day at given prices: which starts would that day sell? The
//! cheapest set of meetings (buffers, the day's cap and focus time exact,
//! what they are worth given by the prices), found in one left-to-right pass.

// Hot loop over arrays of fixed size; see `problem`.
#![allow(clippy::indexing_slicing)]

use super::mask::Mask;
use super::problem::{Key, NEVER, Problem, SharedDay};

const SIZE: usize = 176;
const FAR: i32 = i32::MAX / 4;
const START: u16 = u16::MAX;

/// A stretch of free slots.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Run {
    pub(super) from: i32,
    pub(super) to: i32,
    /// Units per slot lost in it; 0 when it is too short to be focus time.
    pub(super) worth: i32,
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
    /// Per key of the last `gates`: value to begin it, worth of a slot there.
    gates: Vec<(i32, i32)>,
}

/// What a day's pass needs to know; the slices run along the day's keys.
#[derive(Clone, Copy)]
struct Pass<'a> {
    keys: &'a [Key],
    prices: &'a [i32],
    open: &'a [u16],
    runs: &'a [Run],
    /// Index of the first key.
    first: u32,
    len: i32,
    buffer: i32,
}

/// The place a pass has reached, with the best ways to get there.
struct Cursor {
    bit: i32,
    run: Run,
    run_index: usize,
    /// Best value to start a meeting at `bit`, and the end before it.
    gate: (i32, u16),
    /// Ends before this run are looked at up to here; the best of them.
    closed_at: i32,
    closed: (i32, u16),
    /// Ends in this run a focus stretch away: looked at up to here, the best.
    far_at: i32,
    far: (i32, u16),
}

impl Cursor {
    fn new(may_be_first: bool) -> Self {
        let closed = (if may_be_first { 0 } else { FAR }, START);
        let (run, gate, far) = (Run::default(), (FAR, START), (FAR, START));
        Self { bit: -1, run, run_index: 0, gate, closed_at: 0, closed, far_at: -1, far }
    }

    /// Moves on to the start `bit`.
    fn advance(&mut self, pass: &Pass<'_>, bit: i32, ended: &[i32; SIZE], closed: &[i32; SIZE]) {
        let buffer = pass.buffer;
        self.bit = bit;
        while pass.runs.get(self.run_index).is_some_and(|r| r.to <= bit) {
            self.run_index += 1;
            self.far_at = -1;
            self.far.0 = FAR;
        }
        let none = Run { from: bit, to: bit + 64, worth: 0 };
        self.run = pass.runs.get(self.run_index).copied().unwrap_or(none);
        let run = self.run;
        while self.closed_at <= run.from.min(bit - buffer) {
            let value = closed[self.closed_at as usize];
            if value < self.closed.0 {
                self.closed = (value, self.closed_at as u16);
            }
            self.closed_at += 1;
        }
        self.gate = self.closed;
        if bit - run.from < pass.len && self.closed.0 < FAR {
            self.gate.0 += run.worth * (bit - run.from);
        }
        // Ends in this run far enough back that the gap is focus time.
        let clear = if run.worth > 0 { pass.len.max(buffer) } else { buffer };
        self.far_at = self.far_at.max(run.from + 1);
        while self.far_at <= bit - clear {
            let value = ended[self.far_at as usize];
            if value < self.far.0 {
                self.far = (value, self.far_at as u16);
            }
            self.far_at += 1;
        }
        if self.far.0 < self.gate.0 {
            self.gate = self.far;
        }
        for end in self.far_at..=bit - buffer {
            let value = ended[end as usize] + run.worth * (bit - end);
            if value < self.gate.0 {
                self.gate = (value, end as u16);
            }
        }
    }
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
        let pass = Pass {
            keys,
            prices: &prices[range.clone()],
            open: &open[range],
            runs: &runs[..count],
            first: day.keys.start,
            len: problem.run as i32,
            buffer: day.buffer as i32,
        };
        self.pass(&pass, 0, 0);
        self.collect(0);
        if self.chosen.len() as u32 > day.cap {
            self.capped(&pass, day.cap as usize);
        }
    }

    /// Writes for every open key of the day how much more the cheapest sale
    /// with that start costs than `best`, the cheapest sale of all; 0 where
    /// nothing is known.
    pub(crate) fn regrets(
        &mut self,
        problem: &Problem,
        day: &SharedDay,
        prices: &[i32],
        open: &[u16],
        best: i64,
        out: &mut [i32],
    ) {
        let range = day.keys.start as usize..day.keys.end as usize;
        let (keys, prices) = (&problem.keys[range.clone()], &prices[range.clone()]);
        let (open, out) = (&open[range.clone()], &mut out[range]);
        out.fill(0);
        if day.reach.is_some() {
            return;
        }
        let mut runs = [Run::default(); 64];
        let (first, len, buffer) = (0, problem.run as i32, day.buffer as i32);
        let count = split(day.free, day.focus, problem.run, &mut runs);
        let pass = Pass { keys, prices, open, runs: &runs[..count], first, len, buffer };
        self.gates(&pass);
        for ((out, gate), (key, price)) in
            out.iter_mut().zip(&self.gates).zip(keys.iter().zip(prices))
        {
            *out = gate.0 + gate.1 * i32::from(key.len) - price;
        }
        // The same from the evening to the morning.
        let mut turned: Vec<(usize, Key)> = keys.iter().copied().enumerate().collect();
        for (_, key) in &mut turned {
            key.bit = (128 - u32::from(key.bit) - u32::from(key.len)) as u8;
        }
        turned.sort_unstable_by_key(|(index, key)| (key.bit, *index));
        let back: Vec<Key> = turned.iter().map(|t| t.1).collect();
        let back_prices: Vec<i32> = turned.iter().map(|t| prices[t.0]).collect();
        let back_open: Vec<u16> = turned.iter().map(|t| open[t.0]).collect();
        let count = split(day.free.reverse_bits(), day.focus, problem.run, &mut runs);
        let (keys, prices, open) = (&back[..], &back_prices[..], &back_open[..]);
        self.gates(&Pass { keys, prices, open, runs: &runs[..count], first, len, buffer });
        for (((index, _), gate), open) in turned.iter().zip(&self.gates).zip(open) {
            if *open == 0 {
                out[*index] = 0;
                continue;
            }
            let above = i64::from(out[*index]) + i64::from(gate.0) - best;
            out[*index] = above.clamp(0, i64::from(NEVER)) as i32;
        }
    }

    /// One pass over all open keys, however little they pay: the cheapest way
    /// to begin each, and what a slot of its run is worth.
    fn gates(&mut self, pass: &Pass<'_>) {
        self.clear(0, 0);
        self.gates.clear();
        let mut cursor = Cursor::new(true);
        for at in 0..pass.keys.len() {
            if pass.open[at] == 0 {
                self.gates.push((0, 0));
                continue;
            }
            self.step(pass, &mut cursor, at, 0, 0);
            self.gates.push((cursor.gate.0, cursor.run.worth));
        }
    }

    /// Again, counting meetings: layer `n` has `n` of them.
    fn capped(&mut self, pass: &Pass<'_>, cap: usize) {
        for layer in 1..=cap {
            self.pass(pass, layer - 1, layer);
        }
        self.value = 0;
        self.chosen.clear();
        let best = (1..=cap).map(|l| (self.best_end(l).0, l)).min().unwrap_or((0, 0));
        if best.0 < 0 {
            self.collect_layers(best.1);
        }
    }

    fn clear(&mut self, from: usize, to: usize) {
        while self.ended.len() <= to {
            self.ended.push([FAR; SIZE]);
            self.closed.push([FAR; SIZE]);
            self.from.push([(0, START); SIZE]);
        }
        for layer in if from == 0 { 0..=to } else { to..=to } {
            self.ended[layer] = [FAR; SIZE];
            self.closed[layer] = [FAR; SIZE];
        }
    }

    /// Fills layer `to` from layer `from`. Layer 0 as `from` of another means
    /// "no meeting yet"; a layer from itself counts nothing.
    fn pass(&mut self, pass: &Pass<'_>, from: usize, to: usize) {
        self.clear(from, to);
        let mut cursor = Cursor::new(from == 0);
        for at in 0..pass.keys.len() {
            if pass.open[at] > 0 && pass.prices[at] > 0 {
                self.step(pass, &mut cursor, at, from, to);
            }
        }
    }

    /// One key of a pass.
    #[inline]
    fn step(&mut self, pass: &Pass<'_>, cursor: &mut Cursor, at: usize, from: usize, to: usize) {
        let (key, price) = (&pass.keys[at], pass.prices[at]);
        let bit = i32::from(key.bit);
        if bit != cursor.bit {
            cursor.advance(pass, bit, &self.ended[from], &self.closed[from]);
        }
        let (gate, run) = (cursor.gate, cursor.run);
        if gate.0 >= FAR {
            return;
        }
        let end = bit + i32::from(key.len);
        let value = gate.0 + run.worth * i32::from(key.len) - price;
        if value < self.ended[to][end as usize] {
            self.ended[to][end as usize] = value;
            let left = run.to - end;
            let tail = if left < pass.len && left > 0 { run.worth * left } else { 0 };
            self.closed[to][end as usize] = value + tail;
            self.from[to][end as usize] = (pass.first + at as u32, gate.1);
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
pub(super) fn split(mut free: Mask, focus: i32, len: u32, runs: &mut [Run; 64]) -> usize {
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
