//! The last step: every base is decided, so only occurrences whose windows can
//! still meet matter to each other. They fall into small clusters, and each is
//! solved exactly by depth-first search on reduced costs.

// Hot search over arrays sized here; see `problem`.
#![allow(clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cluster_search::Cluster;
use super::dual::Dual;
use super::joint::number;
use super::problem::{Cell, Choice, Domain, NEVER, Problem, Series, UNIT};
use super::respond::Response;
use super::state::{Placement, own_cost};

/// One way to hold (or not hold) an occurrence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    /// Units above the occurrence's cheapest way at the prices.
    pub(super) extra: i64,
    /// The same with what its days lose by selling it.
    pub(super) harder: i64,
    /// Units without prices.
    pub(super) own: i64,
    pub(super) cell: Option<Cell>,
}

/// One occurrence.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) ways: Vec<Way>,
    /// Value of the cheapest way at the prices.
    pub(super) least: i64,
}

/// What the clusters of a node prove and find.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// No plan with these bases is cheaper, units.
    pub(crate) bound: i64,
    /// A plan that reaches what each cluster found, when all were found.
    pub(crate) plan: Option<Vec<Placement>>,
    /// Search steps taken.
    pub(crate) steps: u64,
}

/// What a move of one series costs in the split, and the range it may have.
#[derive(Debug, Clone, Copy)]
struct Fairness {
    now: i32,
    low: i32,
    high: i32,
}

/// A node to be solved: every series has one choice left.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leaf<'a> {
    pub(crate) problem: &'a Problem,
    pub(crate) dual: &'a Dual<'a>,
    pub(crate) domains: &'a [Arc<Domain>],
    /// The dual's bound here, units.
    pub(crate) value: i64,
    /// Cost to beat, units.
    pub(crate) upper: i64,
}

/// Solves a node, spending at most about `limit` search steps. The price of a
/// move is corrected until it agrees with the moves the answer makes.
pub(crate) fn solve(leaf: Leaf<'_>, limit: u64) -> Outcome {
    let mut outcome = Outcome { bound: leaf.value, plan: None, steps: 0 };
    let mut fairness: Vec<Option<Fairness>> = vec![None; leaf.domains.len()];
    let mut least = i64::MAX;
    for _ in 0..8 {
        let tried = attempt(leaf, &mut fairness, limit.saturating_sub(outcome.steps));
        outcome.steps += tried.steps;
        outcome.bound = outcome.bound.max(tried.bound);
        let Some(plan) = tried.plan else { break };
        let agreed = correct(leaf.problem, &plan, &mut fairness);
        let own = plan.iter().zip(&leaf.problem.series).map(|(p, s)| own_cost(s, p)).sum();
        if own < least {
            least = own;
            outcome.plan = Some(plan);
        }
        if agreed || outcome.bound >= leaf.upper || outcome.steps >= limit {
            break;
        }
    }
    outcome
}

/// Moves each series' price of a move towards the moves it made; true when
/// none disagrees.
fn correct(problem: &Problem, plan: &[Placement], fairness: &mut [Option<Fairness>]) -> bool {
    let mut agreed = true;
    for ((placement, series), fair) in plan.iter().zip(&problem.series).zip(fairness) {
        let Some(fair) = fair else { continue };
        let track = &series.tracks[usize::from(placement.choice.track)];
        let away = |(cell, date): (&Option<Cell>, &u16)| {
            cell.is_some_and(|c| c.date != *date || c.column != placement.choice.column)
        };
        let moved = placement.cells.iter().zip(&track.dates).filter(|p| away(*p)).count();
        let free = track.free_moves as usize;
        if moved < free && fair.now > fair.low {
            fair.high = fair.now;
            fair.now = (fair.low + fair.now) / 2;
            agreed = false;
        } else if moved > free && fair.now < fair.high {
            fair.low = fair.now;
            fair.now = (fair.now + fair.high + 1) / 2;
            agreed = false;
        }
    }
    agreed
}

fn attempt(leaf: Leaf<'_>, fairness: &mut [Option<Fairness>], limit: u64) -> Outcome {
    let Leaf { problem, dual, domains, value, upper } = leaf;
    let mut outcome = Outcome { bound: value, plan: None, steps: 0 };
    let mut response = Response::default();
    let (mut units, mut choices) = (Vec::new(), Vec::new());
    // The part of the series' minima that the split by occurrence loses.
    let mut lost = 0;
    for (series, domain) in domains.iter().enumerate() {
        let Some(choice) = domain.choices.first() else { return outcome };
        let one = &problem.series[series];
        let answer = response.run(one, domain, (&dual.values, &dual.joint.lifts), false);
        let from = units.len();
        let split = Split { series: one, domain, choice, response: &response, dual };
        let most = one.fair;
        let start = || Fairness { now: split.price(), low: 0, high: most };
        let fair = fairness[series].get_or_insert_with(start).now;
        let constant = split.units(fair, &mut units);
        lost += answer.value - constant - units[from..].iter().map(|u: &Unit| u.least).sum::<i64>();
        choices.push(*choice);
    }
    let slack = upper - i64::from(UNIT) - value + lost;
    // A plan within `depth` of the bound uses only ways within `depth` each:
    // small depths give small clusters.
    let mut depth = (4 * i64::from(UNIT)).max(slack / 16).min(slack);
    while depth >= 0 && outcome.steps < limit {
        let round = solve_within(problem, dual, &units, depth, limit - outcome.steps);
        outcome.steps += round.steps;
        if !round.complete {
            outcome.plan =
                round.found.map(|found| assemble(problem, &choices, &found)).or(outcome.plan);
            break;
        }
        outcome.bound = outcome.bound.max(value - lost + round.extra.min(depth + 1));
        if let Some(found) = round.found {
            outcome.plan = Some(assemble(problem, &choices, &found));
            if round.extra <= depth {
                break;
            }
        }
        if depth == slack {
            if round.extra > depth {
                outcome.bound = upper;
            }
            break;
        }
        depth = (2 * depth).min(slack);
    }
    outcome
}

/// What one depth gives.
struct Round {
    /// Units above the bound of the best plan within the depth, summed over
    /// the clusters; more than the depth when there is none.
    extra: i64,
    found: Option<Vec<Option<Option<Cell>>>>,
    steps: u64,
    /// Was every cluster searched to its end?
    complete: bool,
}

fn solve_within(
    problem: &Problem,
    dual: &Dual<'_>,
    units: &[Unit],
    depth: i64,
    limit: u64,
) -> Round {
    let near = |u: &Unit| Unit {
        ways: u.ways.iter().filter(|w| w.harder <= depth).copied().collect(),
        ..*u
    };
    let units: Vec<Unit> = units.iter().map(near).collect();
    let mut round = Round { extra: 0, found: None, steps: 0, complete: true };
    let mut found: Vec<Option<Option<Cell>>> = vec![None; units.len()];
    let mut idle: i64 = (0..problem.shared_days.len()).map(|d| dual.day_value(d)).sum();
    idle -= dual.joint.earned();
    let mut all_found = true;
    for group in groups(problem, dual, &units) {
        let mut cluster = Cluster::new(problem, dual, &units, &group);
        let share = cluster.share();
        idle -= cluster.days_value();
        cluster.best = share + depth + 1;
        cluster.limit = limit / 4 + limit.saturating_sub(round.steps) / 2;
        cluster.go(0, share);
        round.steps += cluster.steps;
        round.complete &= cluster.steps <= cluster.limit;
        round.extra += cluster.best - share;
        all_found &= !cluster.kept.is_empty();
        if !all_found && !round.complete {
            break;
        }
        for ((unit, _), cell) in cluster.members.iter().zip(&cluster.kept) {
            found[*unit] = Some(*cell);
        }
    }
    // Days nobody can use any more sell nothing.
    round.extra -= idle;
    round.found = all_found.then_some(found);
    round
}

fn assemble(
    problem: &Problem,
    choices: &[Choice],
    found: &[Option<Option<Cell>>],
) -> Vec<Placement> {
    let mut at = 0;
    let one = |(series, choice): (usize, &Choice)| {
        let count = problem.series[series].tracks[usize::from(choice.track)].dates.len();
        let cells = found[at..at + count].iter().map(|c| c.flatten()).collect();
        at += count;
        Placement { choice: *choice, cells }
    };
    choices.iter().enumerate().map(one).collect()
}

/// A series about to be split into its occurrences.
struct Split<'a> {
    series: &'a Series,
    domain: &'a Domain,
    choice: &'a Choice,
    response: &'a Response,
    dual: &'a Dual<'a>,
}

impl Split<'_> {
    fn dates(&self) -> &[u16] {
        &self.series.tracks[usize::from(self.choice.track)].dates
    }

    fn free_moves(&self) -> u32 {
        self.series.tracks[usize::from(self.choice.track)].free_moves
    }

    /// The price of a move at which the series' own answer moves no more
    /// often than is free.
    fn price(&self) -> i32 {
        let stay = |date: u16| {
            let on = self.domain.on(date.into());
            let base = { on }.find(|i| self.domain.cells[*i].column == self.choice.column);
            base.map_or(NEVER, |i| self.response.cell[i]).min(self.series.miss)
        };
        let gain = |date: &u16| stay(*date) - self.response.away[usize::from(*date)];
        let mut gains: Vec<i32> = self.dates().iter().map(gain).filter(|g| *g > 0).collect();
        gains.sort_unstable_by(|a, b| b.cmp(a));
        gains.get(self.free_moves() as usize).copied().unwrap_or(0).clamp(0, self.series.fair)
    }

    /// Appends the occurrences; returns the constant part of the cost. A move
    /// costs `fair`, and the free moves are paid back.
    fn units(&self, fair: i32, units: &mut Vec<Unit>) -> i64 {
        let miss = i64::from(self.series.miss);
        for &date in self.dates() {
            let mut ways = vec![Way { extra: miss, harder: miss, own: miss, cell: None }];
            for i in self.domain.near(date, self.series.tolerance()) {
                let cell = self.domain.cells[i];
                let moved = self.series.move_cost(&cell, date, self.choice.column);
                let is_base = cell.date == date && cell.column == self.choice.column;
                let own = i64::from(moved) + if is_base { 0 } else { i64::from(fair) };
                let extra = i64::from(self.response.cell[i]) + own;
                let harder = extra + self.dual.regret_of(&cell, number(self.domain, i));
                let own = i64::from(cell.cost) + own;
                ways.push(Way { extra, harder, own, cell: Some(cell) });
            }
            let least = ways.iter().map(|w| w.extra).min().unwrap_or(0);
            for way in &mut ways {
                way.extra -= least;
                way.harder -= least;
            }
            ways.sort_by_key(|w| (w.extra, w.cell.map(|c| c.slot)));
            units.push(Unit { ways, least });
        }
        i64::from(self.choice.cost) - i64::from(fair) * i64::from(self.free_moves())
    }
}

/// Sets of occurrences that can meet on a day, or in a week that can overflow.
fn groups(problem: &Problem, dual: &Dual<'_>, units: &[Unit]) -> Vec<Vec<usize>> {
    let mut parent: Vec<usize> = (0..units.len()).collect();
    let mut days: BTreeMap<u32, usize> = BTreeMap::new();
    let mut weeks: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (index, unit) in units.iter().enumerate() {
        for key in unit.ways.iter().filter_map(|w| w.cell).flat_map(|c| c.key).filter(|k| *k != 0) {
            let day = problem.keys[key as usize].day;
            let other = *days.entry(day).or_insert(index);
            join(&mut parent, index, other);
            let shared = &problem.shared_days[day as usize];
            let before = day.checked_sub(1).filter(|_| shared.reach.is_some());
            if let Some(other) = before.and_then(|b| days.get(&b).copied()) {
                join(&mut parent, index, other);
            }
            let week = weeks.entry(shared.week).or_default();
            if week.last() != Some(&index) {
                week.push(index);
            }
        }
    }
    for (week, members) in &weeks {
        let room = problem.shared_weeks[*week as usize].room.max(0) as usize;
        if dual.prices.week[*week as usize] > 0 || members.len() > room || dual.joint.has(*week) {
            for pair in members.windows(2) {
                join(&mut parent, pair[0], pair[1]);
            }
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for index in 0..units.len() {
        let root = root(&mut parent, index);
        groups.entry(root).or_default().push(index);
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    groups.sort_by_key(|g| (g.len(), g.first().copied()));
    groups
}

fn root(parent: &mut [usize], mut at: usize) -> usize {
    while parent[at] != at {
        parent[at] = parent[parent[at]];
        at = parent[at];
    }
    at
}

fn join(parent: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(parent, a), root(parent, b));
    parent[a.max(b)] = a.min(b);
}
