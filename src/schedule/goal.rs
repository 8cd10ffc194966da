//! Proofs by goals: with the contested weeks sold as a whole the bound is
//! sharp, so plans are looked for only a little above it, where most options
//! are ruled out. No plan below a goal lifts the bound to the goal; then the
//! next one is set. Knows nothing of how a subproblem is bounded or split.

use super::ascent::Ascent;
use super::problem::UNIT;
use super::search::{Node, Search, round_up};

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
            // Whole points, as plans cost: between them fixing would go too far.
            self.goal = round_up(value + reach);
            let open = self.pursue(node);
            let bound = open.unwrap_or(self.limit());
            self.goal = i64::MAX;
            value = value.max(bound);
            if open.is_some() {
                failures += 1;
                reach /= 2;
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

    /// Works on the present goal; leaves the prices it found in `node`. Returns
    /// the bound of what is left below the goal, `None` when nothing is.
    fn pursue(&mut self, node: &mut Node) -> Option<i64> {
        let mut child = node.clone();
        let joint = self.ascend(&mut child, JOINT, true);
        node.prices.clone_from(&child.prices);
        let bound = self.settle(&mut child, joint)?;
        let nodes = if self.goal >= self.upper { LAST_NODES } else { NODES };
        let left = self.explore(child, bound, nodes);
        [left, self.open.take()].into_iter().flatten().min()
    }
}
