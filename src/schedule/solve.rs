//! From problem to plan: the order in which the methods are tried and the
//! budget they share.

// Indices are made by `Problem`; see there.
#![allow(clippy::indexing_slicing)]

use super::dual::{Dual, Prices};
use super::local::{Local, Plan};
use super::problem::{Domain, Problem, UNIT, points_up};

/// How long a search may go on.
#[derive(Clone, Copy)]
pub struct Budget<'a> {
    /// Work units; one is about a microsecond. The same limit gives the same
    /// answer on every machine.
    pub work: u64,
    /// Asked now and then; `true` ends the search early.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

impl std::fmt::Debug for Budget<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Budget").field("work", &self.work).finish_non_exhaustive()
    }
}

/// What is proved of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// No plan is cheaper.
    Optimal,
    /// No plan is cheaper than the bound.
    Bounded,
}

/// A series' standing slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base {
    /// Index into the series' tracks.
    pub track: usize,
    /// Wall-clock column.
    pub column: usize,
}

/// A plan with its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// Standing slot of every series.
    pub base: Vec<Base>,
    /// Slot of every open occurrence of every series; `None` is not held.
    pub occurrences: Vec<Vec<Option<u32>>>,
    /// Points.
    pub cost: i64,
    /// Points no plan can be below.
    pub bound: i64,
    /// Bound that `certificate` alone proves, points.
    pub certified: i64,
    /// Is the plan optimal?
    pub proof: Proof,
    /// Prices that prove `certified`.
    pub certificate: Prices,
    /// Work units used.
    pub work: u64,
}

/// Finds the cheapest plan the budget allows, and a bound.
pub fn solve(problem: &Problem, budget: Budget<'_>) -> Solution {
    let mut local = Local::new(problem);
    local.greedy();
    for _ in 0..20 {
        if !local.sweep() {
            break;
        }
    }
    let domains: Vec<&Domain> = problem.series.iter().map(|s| &s.domain).collect();
    let start = Prices::start(problem);
    let mut dual = Dual::new(problem, start.clone());
    dual.restrict(&domains);
    let mut best = (i64::MIN, dual.prices.clone());
    let mut upper = local.state.total();
    let mut kept = local.plan();
    let mut theta = 1.0f64;
    let mut stall = 0;
    for k in 0..400 {
        let value = dual.evaluate(&domains);
        if value > best.0 {
            best = (value, dual.prices.clone());
            stall = 0;
        } else {
            stall += 1;
        }
        if points_up(best.0) * i64::from(UNIT) >= upper || (budget.stop)() || dual.work + local.work > budget.work {
            break;
        }
        let norm = dual.slope();
        if norm == 0 {
            break;
        }
        if stall > 8 {
            theta *= 0.6;
            stall = 0;
        }
        let step = theta * (upper - value) as f64 * 65536.0 / norm as f64;
        dual.step(step as i64);
        if k % 20 == 19 {
            local.guided(dual.premium(&start), 4);
            let total = local.state.total();
            if total < upper {
                upper = total;
                kept = local.plan();
            }
        }
    }
    let work = dual.work + local.work;
    finish(problem, &kept, upper, best, work)
}

fn finish(problem: &Problem, plan: &Plan, upper: i64, best: (i64, Prices), work: u64) -> Solution {
    let cost = points_up(upper + problem.constant);
    let certified = points_up(best.0 + problem.constant);
    let base = plan.iter().flatten().map(|p| Base { track: p.choice.track.into(), column: p.choice.column.into() });
    let occurrences = plan.iter().flatten().map(|p| p.cells.iter().map(|c| c.map(|c| c.slot)).collect());
    let proof = if certified >= cost { Proof::Optimal } else { Proof::Bounded };
    Solution {
        base: base.collect(),
        occurrences: occurrences.collect(),
        cost,
        bound: certified.min(cost),
        certified,
        proof,
        certificate: best.1,
        work,
    }
}
