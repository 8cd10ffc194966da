//! Plans found by moving one series or a few at a time: greedy insertion,
//! best-response sweeps, insertion guided by prices, destroy and reinsert.

// Hot loops over arrays sized by `Problem`; see `problem`.
#![allow(clippy::indexing_slicing)]

use super::problem::{Domain, Problem, UNIT};
use super::respond::Response;
use super::state::{Placement, State, realise};

/// A small fixed generator: the same numbers on every machine.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() >> 33) as usize % n.max(1)
    }
}

/// A whole plan.
pub(crate) type Plan = Vec<Option<Placement>>;

/// Local search over a state that holds every series.
#[derive(Debug)]
pub(crate) struct Local<'p> {
    pub(crate) state: State<'p>,
    pub(crate) response: Response,
    pub(crate) dice: Dice,
    /// Responses computed.
    pub(crate) work: u64,
    /// Order of insertion: fewest candidates first.
    order: Vec<u32>,
}

impl<'p> Local<'p> {
    pub(crate) fn new(problem: &'p Problem) -> Self {
        let mut order: Vec<u32> = (0..problem.series.len() as u32).collect();
        order.sort_by_key(|i| (problem.series[*i as usize].domain.cells.len(), *i));
        Self {
            state: State::new(problem),
            response: Response::default(),
            dice: Dice::new(1),
            work: 0,
            order,
        }
    }

    pub(crate) fn plan(&self) -> Plan {
        self.state.placed.clone()
    }

    /// Replaces the whole plan.
    pub(crate) fn load(&mut self, plan: &Plan) {
        for i in 0..plan.len() {
            self.state.remove(i);
        }
        for (i, placement) in plan.iter().enumerate() {
            if let Some(placement) = placement {
                self.state.insert(i, placement.clone());
            }
        }
    }

    fn best(&mut self, series: usize) -> Placement {
        self.work += 5;
        let domain = &self.state.problem.series[series].domain;
        self.state.best(series, domain, &[], &mut self.response)
    }

    /// Puts in every series that is out, hardest first.
    pub(crate) fn greedy(&mut self) {
        for at in 0..self.order.len() {
            let series = self.order[at] as usize;
            if self.state.placed[series].is_none() {
                let placement = self.best(series);
                self.state.insert(series, placement);
            }
        }
    }

    /// One best response per series; returns whether anything got cheaper.
    pub(crate) fn sweep(&mut self) -> bool {
        let before = self.state.total();
        for series in 0..self.state.placed.len() {
            self.improve(series);
        }
        self.state.total() < before
    }

    pub(crate) fn improve(&mut self, series: usize) {
        let before = self.state.total();
        let Some(old) = self.state.remove(series) else { return };
        let new = self.best(series);
        if new == old {
            self.state.insert(series, old);
            return;
        }
        self.state.insert(series, new);
        if self.state.total() >= before {
            self.state.remove(series);
            self.state.insert(series, old);
        }
    }

    /// Empties the plan and fills it again paying `premium` for contested
    /// starts, then sweeps without it.
    pub(crate) fn guided<D: AsRef<Domain>>(
        &mut self,
        (premium, lifts): (Vec<i32>, &[i32]),
        domains: &[D],
        sweeps: usize,
    ) {
        for series in 0..self.state.placed.len() {
            self.state.remove(series);
        }
        self.state.set_premium(premium);
        let mut order = self.order.clone();
        for _ in 0..order.len() / 4 {
            let (a, b) = (self.dice.below(order.len()), self.dice.below(order.len()));
            order.swap(a, b);
        }
        for series in order {
            self.work += 5;
            let domain = domains[series as usize].as_ref();
            if domain.choices.is_empty() {
                continue;
            }
            let response = &mut self.response;
            let placement = self.state.best(series as usize, domain, lifts, response);
            self.state.insert(series as usize, placement);
        }
        self.state.set_premium(Vec::new());
        self.greedy();
        for _ in 0..sweeps {
            if !self.sweep() {
                break;
            }
        }
    }

    /// A response that may be up to `slack` units worse than the best.
    fn noisy(&mut self, series: usize, slack: i64) -> Placement {
        self.work += 6;
        let one = &self.state.problem.series[series];
        let values = self.state.values();
        let answer = self.response.run(one, &one.domain, (values, &[]), true);
        let (mut seen, mut pick) = (0, answer.choice);
        for (index, total) in self.response.totals.iter().enumerate() {
            if *total <= answer.value + slack {
                seen += 1;
                if self.dice.below(seen) == 0 {
                    pick = index;
                }
            }
        }
        realise(one, &one.domain, &self.response, pick)
    }

    /// Destroy and reinsert `rounds` times among `pool`, accepting what stays
    /// within a shrinking margin of the best; ends at the best plan, or as
    /// soon as the total reaches `target`.
    pub(crate) fn shake(&mut self, pool: &[u32], rounds: usize, target: i64) {
        if pool.len() < 2 {
            return;
        }
        let mut best = self.state.total();
        let mut kept = self.plan();
        let mut current = best;
        for round in 0..rounds {
            let margin = 12 * i64::from(UNIT) * (rounds - round) as i64 / rounds as i64;
            let size = 2 + self.dice.below(pool.len().min(6) - 1);
            let mut chosen: Vec<usize> = Vec::new();
            while chosen.len() < size {
                let series = pool[self.dice.below(pool.len())] as usize;
                if !chosen.contains(&series) {
                    chosen.push(series);
                }
            }
            let old: Vec<Option<Placement>> =
                chosen.iter().map(|i| self.state.remove(*i)).collect();
            for (at, &series) in chosen.iter().enumerate() {
                let slack = [20, 60, 200, 400][self.dice.below(4)] * i64::from(UNIT);
                let placement = if at + 1 < size && self.dice.below(3) > 0 {
                    self.noisy(series, slack)
                } else {
                    self.best(series)
                };
                self.state.insert(series, placement);
            }
            let total = self.state.total();
            if total <= current || total <= best + margin {
                current = total;
                if total < best {
                    best = total;
                    kept = self.plan();
                    if best <= target {
                        break;
                    }
                }
            } else {
                for &series in &chosen {
                    self.state.remove(series);
                }
                for (&series, placement) in chosen.iter().zip(old) {
                    if let Some(placement) = placement {
                        self.state.insert(series, placement);
                    }
                }
            }
        }
        if current > best {
            self.load(&kept);
        }
    }
}
