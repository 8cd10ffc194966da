//! Thousands of people: prices for everybody at once, plans guided by them,
//! then exact re-optimisation around one person after another.

// Indices are made by `Problem`; see there.
#![allow(clippy::indexing_slicing)]

use std::cmp::Reverse;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::dual::Dual;
use super::local::{Local, Plan};
use super::prices::Prices;
use super::problem::{Domain, Problem, UNIT, points_up};
use super::slack::Slack;
use super::solve::Budget;
use super::star::{self, Star};

/// Share of the direction kept from one step to the next, 1/256.
const KEEP: i64 = 246;
/// Stars solved side by side; part of the result, so not the thread count.
const BATCH: usize = 32;
/// How much slower a step is on problems that fill the memory, and so that
/// prices leave half of the budget to the stars: times two.
const SLOWER: u64 = 4;
/// Most series in an exact star, and in a quick one.
const STAR: usize = 14;
const MOST: usize = 30;
/// Work of one exact star.
const EXACT: u64 = 20_000;
/// People looked at before it is asked again who has most to gain.
const ROUND: usize = 512;

/// How a star is chosen and solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// One person, quickly.
    Near,
    /// One person and a partner, quickly.
    Wide,
    /// One person and a partner, exactly.
    Exact,
}

/// What the prices know that helps the stars.
#[derive(Debug)]
struct Guide {
    slack: Slack,
    /// Prices above what each start costs alone.
    known: Prices,
}

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
    raise(&mut dual, &domains, &start, budget, &mut local, &mut found);
    found.work = (dual.work + local.work) * SLOWER / 2;
    if found.work > budget.work || (budget.stop)() {
        return found;
    }
    local.guided((dual.premium(&start), &[]), &domains, 3);
    take(&mut found, &local);
    local.load(&found.plan.clone());
    found.work = (dual.work + local.work) * SLOWER / 2;
    dual.set_prices(&found.root.1);
    dual.evaluate(&domains);
    let slack = Slack::of(problem, &dual);
    drop(dual);
    let guide = Guide { slack, known: above(&found.root.1, &start) };
    stars(problem, budget, &mut local, &mut found, &guide);
    take(&mut found, &local);
    found
}

/// Prices above what each start costs alone.
fn above(prices: &Prices, start: &Prices) -> Prices {
    let mut above = prices.clone();
    for (price, own) in above.key.iter_mut().zip(&start.key) {
        *price -= own;
    }
    above
}

/// Raises the bound by better prices, with plans guided by them on the way.
fn raise(
    dual: &mut Dual<'_>,
    domains: &[&Domain],
    start: &Prices,
    budget: Budget<'_>,
    local: &mut Local<'_>,
    found: &mut Found,
) {
    let mut step: i64 = 50 << 16;
    let (mut stall, mut last) = (0, i64::MIN);
    for k in 1..=2_000 {
        let value = dual.evaluate(domains);
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
            local.guided((dual.premium(start), &[]), domains, 2);
            take(found, local);
            if found.root.0.saturating_sub(last) < found.upper / 10_000 {
                break;
            }
            last = found.root.0;
        }
    }
}

fn take(found: &mut Found, local: &Local<'_>) {
    if local.state.total() < found.upper {
        found.upper = local.state.total();
        found.plan = local.plan();
    }
}

/// Stars until nothing gains any more or the budget is spent. They are taken
/// in rounds, people with most to gain first: quick ones while these gain,
/// exact ones after that.
fn stars(
    problem: &Problem,
    budget: Budget<'_>,
    local: &mut Local<'_>,
    found: &mut Found,
    guide: &Guide,
) {
    let mut due: Vec<bool> = problem.of_person.iter().map(|ids| ids.len() > 1).collect();
    let people = due.clone();
    let (mut way, mut mark, mut last) = (Way::Near, local.state.total(), local.state.total());
    loop {
        let total = local.state.total();
        if way == Way::Near && (1..total / 1_000).contains(&(last - total)) {
            way = Way::Wide;
        }
        last = total;
        let slack = guide.slack.per_person(&local.state);
        found.work += problem.series.len() as u64;
        let mut queue: Vec<u32> =
            (0..due.len() as u32).filter(|p| due[*p as usize] && slack[*p as usize] > 0).collect();
        queue.sort_by_key(|p| (Reverse(slack[*p as usize]), *p));
        queue.truncate(ROUND);
        if queue.is_empty() {
            way = match way {
                Way::Wide if mark - total > total / 20_000 => Way::Wide,
                Way::Near => Way::Wide,
                Way::Wide => Way::Exact,
                Way::Exact if total == mark => return,
                Way::Exact => Way::Exact,
            };
            mark = total;
            due.clone_from(&people);
            continue;
        }
        for person in &queue {
            due[*person as usize] = false;
        }
        while !queue.is_empty() {
            if (budget.stop)() || found.work > budget.work {
                return;
            }
            let batch = disjoint(problem, &mut queue, local, way);
            found.work += side_by_side(problem, budget, local, &batch, guide, way, &mut due);
        }
    }
}

/// Solves stars that share nobody and puts what they gain into the plan; who
/// is near a gain is due again. Returns the work.
fn side_by_side(
    problem: &Problem,
    budget: Budget<'_>,
    local: &mut Local<'_>,
    batch: &[Vec<u32>],
    guide: &Guide,
    way: Way,
    due: &mut [bool],
) -> u64 {
    let seeded: Vec<(u64, &Vec<u32>)> = batch.iter().map(|i| (local.dice.next(), i)).collect();
    let state = &local.state;
    let limit = Budget { work: EXACT, stop: budget.stop };
    let solve = |(seed, ids): &(u64, &Vec<u32>)| match way {
        Way::Near | Way::Wide => star::quick(state, ids, &guide.known, *seed),
        Way::Exact => star::solve(state, ids, None, Some(&guide.known), limit),
    };
    let solved: Vec<Option<Star>> = seeded.par_iter().map(solve).collect();
    let mut work = 0;
    for (ids, star) in batch.iter().zip(solved) {
        let Some(star) = star else { continue };
        work += star.work;
        if star.gain <= 0 {
            continue;
        }
        for id in ids {
            local.state.remove(*id as usize);
        }
        for (id, placement) in ids.iter().zip(star.placements) {
            local.state.insert(*id as usize, placement);
        }
        let people = |id: &u32| problem.series[*id as usize].who;
        for near in ids.iter().flat_map(people).flat_map(|w| &problem.of_person[w as usize]) {
            for who in people(near) {
                due[who as usize] = problem.of_person[who as usize].len() > 1;
            }
        }
    }
    work
}

/// The next stars that share no person, taken from the front of the queue.
fn disjoint(
    problem: &Problem,
    queue: &mut Vec<u32>,
    local: &mut Local<'_>,
    way: Way,
) -> Vec<Vec<u32>> {
    let mut used: Vec<u32> = Vec::new();
    let mut batch = Vec::new();
    let mut rest = Vec::new();
    for (at, person) in queue.iter().enumerate() {
        if batch.len() == BATCH {
            rest.extend_from_slice(&queue[at..]);
            break;
        }
        let ids = members(problem, *person, local, way);
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

/// Series of one person and, unless `way` is near, of one of the partners.
fn members(problem: &Problem, person: u32, local: &mut Local<'_>, way: Way) -> Vec<u32> {
    let mut ids = problem.of_person[person as usize].clone();
    if way != Way::Near {
        let one = ids[local.dice.below(ids.len())] as usize;
        let other = problem.series[one].who.into_iter().find(|p| *p != person).unwrap_or(person);
        for id in &problem.of_person[other as usize] {
            if !ids.contains(id) {
                ids.push(*id);
            }
        }
    }
    let most = if way == Way::Exact { STAR } else { MOST };
    while ids.len() > most {
        let at = local.dice.below(ids.len());
        ids.swap_remove(at);
    }
    ids
}
