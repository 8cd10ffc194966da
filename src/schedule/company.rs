//! Thousands of people: prices for everybody at once, plans guided by them,
//! then exact re-optimisation around one person after another.

// Indices are made by `Problem`; see there.
#![allow(clippy::indexing_slicing)]

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::dual::{Dual, Prices};
use super::local::{Local, Plan};
use super::problem::{Domain, Problem, UNIT, points_up};
use super::solve::Budget;
use super::star::{self, Star};

/// Share of the direction kept from one step to the next, 1/256.
const KEEP: i64 = 240;
/// Stars solved side by side; part of the result, so not the thread count.
const BATCH: usize = 32;
/// How much slower a step is on problems that fill the memory, and so that
/// prices leave half of the budget to the stars: times two.
const SLOWER: u64 = 4;
/// Most series in one star.
const STAR: usize = 14;

/// What a company search found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) plan: Plan,
    pub(crate) upper: i64,
    pub(crate) root: (i64, Prices),
    pub(crate) work: u64,
}

/// Runs the whole search.
pub(crate) fn solve<'p>(problem: &'p Problem, budget: Budget<'_>, mut local: Local<'p>) -> Found {
    let start = Prices::start(problem);
    let mut dual = Dual::new(problem, start.clone());
    let domains: Vec<&Domain> = problem.series.iter().map(|s| &s.domain).collect();
    dual.restrict(&domains);
    let mut found = Found {
        plan: local.plan(),
        upper: local.state.total(),
        root: (i64::MIN, start.clone()),
        work: 0,
    };
    let mut step: i64 = 5 << 20;
    let (mut stall, mut last) = (0, i64::MIN);
    for k in 1..=2_000 {
        let value = dual.evaluate(&domains);
        if value > found.root.0 {
            found.root.0 = value;
            found.root.1.clone_from(&dual.prices);
            stall = 0;
        } else {
            stall += 1;
        }
        let spent = (dual.work + local.work) * SLOWER > budget.work || (budget.stop)();
        if spent || points_up(value) * i64::from(UNIT) >= found.upper {
            break;
        }
        if dual.turn(KEEP) == 0 || step < 1 << 15 {
            break;
        }
        dual.step(step);
        step = step * if stall > 6 { 248 } else { 253 } / 256;
        if k % 60 == 0 {
            local.guided(dual.premium(&start), &domains, 2);
            take(&mut found, &local);
            if found.root.0.saturating_sub(last) < found.upper / 10_000 {
                break;
            }
            last = found.root.0;
        }
    }
    local.guided(dual.premium(&start), &domains, 3);
    take(&mut found, &local);
    local.load(&found.plan.clone());
    found.work = (dual.work + local.work) * SLOWER / 2;
    drop(dual);
    stars(problem, budget, &mut local, &mut found);
    take(&mut found, &local);
    found
}

fn take(found: &mut Found, local: &Local<'_>) {
    if local.state.total() < found.upper {
        found.upper = local.state.total();
        found.plan = local.plan();
    }
}

/// Rounds of exact stars until one round gains nothing.
fn stars(problem: &Problem, budget: Budget<'_>, local: &mut Local<'_>, found: &mut Found) {
    for round in 0..8 {
        let before = local.state.total();
        let mut queue: Vec<u32> = (0..problem.people.len() as u32)
            .filter(|p| problem.of_person[*p as usize].len() > 1)
            .collect();
        for at in (1..queue.len()).rev() {
            queue.swap(at, local.dice.below(at + 1));
        }
        while !queue.is_empty() {
            if (budget.stop)() || found.work > budget.work {
                return;
            }
            let batch = disjoint(problem, &mut queue, local, round > 0);
            let state = &local.state;
            let solved: Vec<Option<Star>> = batch
                .par_iter()
                .map(|ids| star::solve(state, ids, None, 20_000, budget.stop))
                .collect();
            for (ids, star) in batch.iter().zip(solved) {
                let Some(star) = star else { continue };
                found.work += star.work;
                if star.gain > 0 {
                    for id in ids {
                        local.state.remove(*id as usize);
                    }
                    for (id, placement) in ids.iter().zip(star.placements) {
                        local.state.insert(*id as usize, placement);
                    }
                }
            }
        }

        if local.state.total() == before && round > 1 {
            return;
        }
    }
}

/// The next stars that share no person, taken from the front of the queue.
fn disjoint(
    problem: &Problem,
    queue: &mut Vec<u32>,
    local: &mut Local<'_>,
    wide: bool,
) -> Vec<Vec<u32>> {
    let mut used: Vec<u32> = Vec::new();
    let mut batch = Vec::new();
    let mut rest = Vec::new();
    for (at, person) in queue.iter().enumerate() {
        if batch.len() == BATCH {
            rest.extend_from_slice(&queue[at..]);
            break;
        }
        let ids = members(problem, *person, local, wide);
        let people: Vec<u32> = ids.iter().flat_map(|i| problem.series[*i as usize].who).collect();
        if people.iter().any(|p| used.contains(p)) {
            rest.push(*person);
            continue;
        }
        used.extend(people);
        batch.push(ids);
    }
    *queue = rest;
    batch
}

/// Series of one person; `wide` adds those of one of the partners.
fn members(problem: &Problem, person: u32, local: &mut Local<'_>, wide: bool) -> Vec<u32> {
    let mut ids = problem.of_person[person as usize].clone();
    if wide {
        let one = ids[local.dice.below(ids.len())] as usize;
        let other = problem.series[one].who.into_iter().find(|p| *p != person).unwrap_or(person);
        for id in &problem.of_person[other as usize] {
            if !ids.contains(id) {
                ids.push(*id);
            }
        }
    }
    while ids.len() > STAR {
        let at = local.dice.below(ids.len());
        ids.swap_remove(at);
    }
    ids
}
