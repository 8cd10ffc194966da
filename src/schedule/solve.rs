//! From problem to plan: the order in which the methods are tried and the
//! budget they share.

// Indices are made by `Problem`; see there.
#![allow(clippy::indexing_slicing)]

use super::company;
use super::local::{Local, Plan};
use super::prices::Prices;
use super::problem::{Problem, points_up};
use super::search::Search;

/// How long a search may go on.
#[derive(Clone, Copy)]
pub struct Budget<'a> {
    /// Work units; one is about half a microsecond. The same limit gives the same
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
    /// Subproblems looked at.
    pub nodes: u64,
}

/// Finds the cheapest plan the budget allows, and a bound.
pub fn solve(problem: &Problem, budget: Budget<'_>) -> Solution {
    let mut local = Local::new(problem);
    local.greedy();
    for _ in 0..20 {
        if local.work > budget.work || (budget.stop)() || !local.sweep() {
            break;
        }
    }
    let decided = problem.series.iter().all(|s| s.domain.choices.len() < 2);
    if problem.series.len() > 60 && !decided {
        let found = company::solve(problem, budget, local);
        let bound = found.root.0;
        return finish(problem, &found.plan, (found.upper, bound), found.root, (found.work, 0));
    }
    let mut search = Search::new(problem, budget, local);
    search.run();
    let bounds = (search.upper, search.bound());
    finish(problem, &search.best, bounds, search.root.clone(), (search.work(), search.nodes))
}

fn finish(
    problem: &Problem,
    plan: &Plan,
    (upper, bound): (i64, i64),
    root: (i64, Prices),
    (work, nodes): (u64, u64),
) -> Solution {
    let cost = points_up(upper + problem.constant);
    let certified = points_up(root.0 + problem.constant).min(cost);
    let bound = points_up(bound + problem.constant).min(cost);
    let base = plan
        .iter()
        .flatten()
        .map(|p| Base { track: p.choice.track.into(), column: p.choice.column.into() });
    let occurrences =
        plan.iter().flatten().map(|p| p.cells.iter().map(|c| c.map(|c| c.slot)).collect());
    Solution {
        base: base.collect(),
        occurrences: occurrences.collect(),
        cost,
        bound,
        certified,
        proof: if bound >= cost { Proof::Optimal } else { Proof::Bounded },
        certificate: root.1,
        work,
        nodes,
    }
}
