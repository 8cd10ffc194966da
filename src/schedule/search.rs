//! Branch and bound: prices first, then fixing, then branching on a series'
//! rhythm and time, and clusters once every base is decided.

// Indices are made by `Problem`; see there.
#![allow(clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ascent::{Ascent, FEW, MANY};
use super::branch::trim;
use super::dual::Dual;
use super::local::{Local, Plan};
use super::prices::Prices;
use super::problem::{Domain, Problem, UNIT, points_up};
use super::respond::Response;
use super::solve::Budget;

/// One subproblem.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) domains: Vec<Arc<Domain>>,
    pub(super) prices: Prices,
}

/// The state of a search.
#[derive(Debug)]
pub(crate) struct Search<'p, 'b> {
    pub(super) problem: &'p Problem,
    budget: Budget<'b>,
    pub(crate) local: Local<'p>,
    pub(super) dual: Dual<'p>,
    pub(super) start: Prices,
    pub(super) response: Response,
    /// Cost of the best plan, units.
    pub(crate) upper: i64,
    /// Plans of this cost and more are not looked for now, units.
    pub(super) goal: i64,
    pub(crate) best: Plan,
    /// Bound at the root and the prices that prove it.
    pub(crate) root: (i64, Prices),
    /// Smallest bound of a node given up for lack of budget.
    pub(super) open: Option<i64>,
    pub(crate) nodes: u64,
    pub(super) extra: u64,
    /// Steps a cluster search may take.
    pub(super) patience: u64,
}

impl<'p, 'b> Search<'p, 'b> {
    pub(crate) fn new(problem: &'p Problem, budget: Budget<'b>, local: Local<'p>) -> Self {
        let start = Prices::start(problem);
        Self {
            upper: local.state.total(),
            goal: i64::MAX,
            best: local.plan(),
            dual: Dual::new(problem, start.clone()),
            root: (i64::MIN, start.clone()),
            problem,
            budget,
            local,
            start,
            response: Response::default(),
            open: None,
            nodes: 0,
            extra: 0,
            patience: 20_000,
        }
    }

    pub(crate) fn work(&self) -> u64 {
        self.dual.work + self.dual.joint.work() + self.local.work + self.extra
    }

    pub(super) fn pace(&self) -> [Ascent; 2] {
        if self.problem.series.len() > 10 { MANY } else { FEW }
    }

    pub(super) fn spent(&self) -> bool {
        self.work() > self.budget.work || (self.budget.stop)()
    }

    /// Largest bound proved for the whole problem, units.
    pub(crate) fn bound(&self) -> i64 {
        self.open.map_or(self.upper, |open| open.min(self.upper)).max(self.root.0)
    }

    /// Is a subproblem with this bound of no use?
    pub(super) fn beaten(&self, bound: i64) -> bool {
        round_up(bound) >= self.limit()
    }

    /// The cost to beat, units.
    pub(super) fn limit(&self) -> i64 {
        self.upper.min(self.goal)
    }

    /// Runs the whole search.
    pub(crate) fn run(&mut self) {
        let domains = self.problem.series.iter().map(|s| Arc::new(s.domain.clone())).collect();
        let mut node = Node { domains, prices: self.start.clone() };
        let value = self.ascend(&mut node, self.pace()[0], true);
        self.certify(&node.prices);

        let Some(mut value) = self.settle(&mut node, value) else { return };
        // A small gap is closed at once; a wide one wants a better plan first.
        let many = self.problem.series.len() > 10;
        let stages: &[_] =
            if many { &[(0, 40), (20, 40)] } else { &[(0, 40), (20, 150), (160, 500)] };
        for &(rounds, nodes) in stages {
            if rounds > 0 {
                self.shake(value, rounds);
                let Some(settled) = self.settle(&mut node, value) else { return };
                value = settled;
            }
            if self.upper - value < self.upper / 66 {
                let open = self.explore(node.clone(), value, nodes);
                if open.is_none() && self.open.is_none() {
                    return;
                }
                self.open = None;
            }
        }
        if self.upper - value > self.upper / 150 {
            self.shake(value, 160);
            let Some(settled) = self.settle(&mut node, value) else { return };
            self.neighbourhoods(&mut node, settled, 1_500_000);
            self.open = None;
            let Some(settled) = self.settle(&mut node, settled) else { return };
            value = settled;
        }
        let Some(value) = self.sharpen(&mut node, value) else { return };
        self.neighbourhoods(&mut node, value, u64::MAX);
        self.open = None;
        let Some(value) = self.settle(&mut node, value) else { return };
        self.patience = 200_000;
        let open = self.explore(node, value, u64::MAX);
        self.open = [open, self.open].into_iter().flatten().min();
    }

    /// Keeps prices whose bound holds for the whole problem, if it is the best.
    fn certify(&mut self, prices: &Prices) {
        let whole: Vec<&Domain> = self.problem.series.iter().map(|s| &s.domain).collect();
        self.dual.restrict(&whole);
        self.dual.set_prices(prices);
        let value = self.dual.evaluate(&whole);
        if value > self.root.0 {
            self.root = (value, prices.clone());
        }
    }

    /// Tightens a node; `None` when it is of no use any more.
    pub(super) fn settle(&mut self, node: &mut Node, value: i64) -> Option<i64> {
        if self.beaten(value) {
            return None;
        }
        let value = self.tighten(node)?.1.max(value);
        (!self.beaten(value)).then_some(value)
    }

    /// A quick search for small problems: prices and a few nodes.
    pub(crate) fn run_small(&mut self, known: Option<Prices>) {
        let domains = self.problem.series.iter().map(|s| Arc::new(s.domain.clone())).collect();
        let mut node = Node { domains, prices: known.unwrap_or_else(|| self.start.clone()) };
        let ascent = Ascent { iterations: 120, theta: 1024, patience: 6, check: 30 };
        let value = self.ascend(&mut node, ascent, true);
        if let Some(value) = self.settle(&mut node, value) {
            self.patience = 5_000;
            self.explore(node, value, 25);
        }
    }

    /// Destroy and reinsert around the best plan.
    pub(super) fn shake(&mut self, value: i64, rounds: usize) {
        self.local.load(&self.best.clone());
        let pool: Vec<u32> = (0..self.problem.series.len() as u32).collect();
        self.local.shake(&pool, rounds * pool.len(), round_up(value));
        self.record();
    }

    /// Exact search of neighbourhoods of the best plan: two to four series
    /// free, the others keep their bases but not their placements.
    pub(super) fn neighbourhoods(&mut self, node: &mut Node, value: i64, work: u64) {
        let n = node.domains.len();
        let (mut idle, mut size, mut bound) = (0, 2, value);
        let until = self.work().saturating_add(work);
        while !self.beaten(bound) && idle < 2 * n && !self.spent() && self.work() < until {
            let mut free = vec![self.local.dice.below(n)];
            while free.len() < size.min(n) {
                let other = self.local.dice.below(n);
                if !free.contains(&other) {
                    free.push(other);
                }
            }
            let before = self.upper;
            let mut child = node.clone();
            if self.hold_bases(&mut child, &free) {
                self.explore(child, i64::MIN, 40);
            }
            if self.upper < before {
                idle = 0;
                size = 2;
                match self.settle(node, bound) {
                    Some(value) => bound = value,
                    None => return,
                }
            } else {
                idle += 1;
                size = 2 + idle / n;
            }
        }
    }

    /// Restricts all but the `free` series to the base they have in the best
    /// plan; false when a series has none.
    fn hold_bases(&self, node: &mut Node, free: &[usize]) -> bool {
        for (index, domain) in node.domains.iter_mut().enumerate() {
            if free.contains(&index) || domain.choices.len() < 2 {
                continue;
            }
            let Some(placement) = &self.best[index] else { return false };
            let now = placement.choice;
            let Some(choice) = domain.choices.iter().find(|c| **c == now).copied() else {
                continue;
            };
            let narrowed = Arc::make_mut(domain);
            narrowed.choices = vec![choice];
            trim(&self.problem.series[index], narrowed);
        }
        true
    }

    /// Best-first search with dives from `node`. Returns the smallest bound
    /// left open when the node limit or the budget ends it.
    pub(super) fn explore(&mut self, node: Node, value: i64, limit: u64) -> Option<i64> {
        let mut queue: BTreeMap<(i64, u64), (Node, usize)> = BTreeMap::new();
        queue.insert((value, 0), (node, 0));
        let (mut made, mut seen) = (1, 0);
        while let Some(((bound, _), (node, depth))) = queue.pop_first() {
            if self.beaten(bound) {
                return None;
            }
            let mut next = Some((node, bound, depth));
            while let Some((node, bound, depth)) = next.take() {
                seen += 1;
                if seen > limit || self.spent() {
                    let least = queue.keys().next().map_or(bound, |k| k.0.min(bound));
                    return (!self.beaten(least)).then_some(least);
                }
                let mut children = self.process(node, bound, depth).into_iter();
                next = children.next().map(|(bound, node)| (node, bound, depth + 1));
                for (bound, node) in children {
                    queue.insert((bound, made), (node, depth + 1));
                    made += 1;
                }
            }
        }
        None
    }

    /// Bounds one node; returns its children, most promising first.
    fn process(&mut self, mut node: Node, inherited: i64, depth: usize) -> Vec<(i64, Node)> {
        self.nodes += 1;
        let value = self.ascend(&mut node, self.pace()[1], false).max(inherited);
        if self.beaten(value) {
            return Vec::new();
        }
        let Some((actual, lifted)) = self.tighten(&mut node) else { return Vec::new() };
        let value = value.max(lifted);
        if self.beaten(value) {
            return Vec::new();
        }
        if depth % 3 == 1 {
            self.try_guided(&node.domains, 1);
        }
        match self.pick(&node) {
            Some(series) => self.branch(&node, series, value, actual),
            None => self.close(node, value, actual),
        }
    }

    pub(super) fn record(&mut self) {
        let total = self.local.state.total();
        if total < self.upper {
            self.upper = total;
            self.best = self.local.plan();
        }
    }
}

/// Units, rounded up to whole points.
pub(super) fn round_up(units: i64) -> i64 {
    if units == i64::MIN { units } else { points_up(units) * i64::from(UNIT) }
}
