//! Proofs by goals: with the contested weeks sold as a whole the bound is
//! sharp, so plans are looked for only a little above it, where most options
//! are ruled out. No plan below a goal lifts the bound to the goal; then the
//! next one is set. Knows nothing of how a subproblem is bounded or split.

use super::ascent::Ascent;
use super::problem::UNIT;
use super::search::{Node, Search};

/// Steps of the prices for one goal: more than without joint weeks, for there
/// is a price per cell.
const JOINT: Ascent = Ascent { iterations: 250, theta: 1024, patience: 20, check: 1_000 };
/// Subproblems looked at for one goal.
const NODES: u64 = 150;
/// The same for a goal at the best plan.
const LAST_NODES: u64 = 400;
/// Goals given up before the caller goes on by other means.
const FAILURES: usize = 6;

impl Search<'_, '_> {
    /// Joins the contested weeks of `node` and works on one goal after another.
    /// Returns the bound reached; `None` when no better plan is left.
    pub(super) fn sharpen(&mut self, node: &mut Node, mut value: i64) -> Option<i64> {
        self.dual.restrict(&node.domains);
        self.dual.set_prices(&node.prices);
        self.dual.evaluate(&node.domains);
        self.dual.join_weeks(&mut node.domains, &self.start);
        if self.dual.joint.is_empty() {
            return Some(value);
        }
        node.prices.clone_from(&self.dual.prices);
        let mut reach = (self.upper / 400).max(16 * i64::from(UNIT));
        let mut failures = 0;
        while failures < FAILURES && !self.spent() {
            self.goal = value + reach;
            let reached = self.pursue(node);
            self.goal = i64::MAX;
            if reached.is_closed {
                value = reached.bound;
            } else {
                // Only of plans below the goal is more than `value` known.
                failures += 1;
                reach /= 2;
                if reached.is_last {
                    value = value.max(reached.bound);
                }
            }
            if self.beaten(value) {
                return None;
            }
            value = self.settle(node, value)?;
        }
        Some(value)
    }

    /// The goals alone, for tests: did they prove the plan found best? `None`
    /// when the prices did so before.
    #[cfg(test)]
    pub(super) fn run_joint(&mut self) -> Option<bool> {
        let domains =
            self.problem.series.iter().map(|s| std::sync::Arc::new(s.domain.clone())).collect();
        let mut node = Node { domains, prices: self.start.clone() };
        let few = Ascent { iterations: 30, theta: 1024, patience: 6, check: 30 };
        let value = self.ascend(&mut node, few, true);
        let value = self.settle(&mut node, value)?;
        Some(self.sharpen(&mut node, value).is_none())
    }

    /// Works on the present goal; leaves the prices it found in `node`.
    fn pursue(&mut self, node: &mut Node) -> Reached {
        let mut child = node.clone();
        let joint = self.ascend(&mut child, JOINT, true);
        node.prices.clone_from(&child.prices);
        let mut open = None;
        if let Some(bound) = self.settle(&mut child, joint) {
            let nodes = if self.goal >= self.upper { LAST_NODES } else { NODES };
            let left = self.explore(child, bound, nodes);
            open = [left, self.open.take()].into_iter().flatten().min();
        }
        let is_last = self.goal >= self.upper;
        Reached { bound: open.unwrap_or(self.limit()), is_closed: open.is_none(), is_last }
    }
}

/// How far a goal was pursued.
struct Reached {
    /// No plan is cheaper, of those below the goal when it is not closed.
    bound: i64,
    /// Is nothing left below the goal?
    is_closed: bool,
    /// Did the goal lie at the best plan?
    is_last: bool,
}
