//! Better prices for one subproblem, step by step, and what the bound they
//! prove rules out in it. Knows nothing of the order subproblems come in.

// Indices are made by `Problem`; see there.
#![allow(clippy::indexing_slicing)]

use std::sync::Arc;

use super::fixing::fix;
use super::problem::{Domain, UNIT};
use super::search::{Node, Search};

/// How the prices are improved.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ascent {
    pub(super) iterations: usize,
    /// Step length at the start, 1/1024 of Polyak's.
    pub(super) theta: i64,
    /// Iterations without progress before the step shrinks.
    pub(super) patience: usize,
    /// Ends when so many iterations closed under 2 % of the gap.
    pub(super) check: usize,
}

/// At the root and below it: with many series better prices pay off.
pub(super) const MANY: [Ascent; 2] = [
    Ascent { iterations: 800, theta: 1024, patience: 16, check: 100 },
    Ascent { iterations: 80, theta: 512, patience: 8, check: 25 },
];
pub(super) const FEW: [Ascent; 2] = [
    Ascent { iterations: 400, theta: 1024, patience: 8, check: 50 },
    Ascent { iterations: 40, theta: 512, patience: 5, check: 12 },
];
/// Share of the direction kept from one step to the next, 1/256.
const KEEP: i64 = 224;
/// The same with joint weeks.
const KEEP_JOINT: i64 = 192;

impl Search<'_, '_> {
    /// Improves the prices of a node; returns its best bound and leaves the
    /// node with the prices that prove it.
    pub(super) fn ascend(&mut self, node: &mut Node, ascent: Ascent, is_root: bool) -> i64 {
        self.dual.restrict(&node.domains);
        self.dual.set_prices(&node.prices);
        self.dual.halt();
        let mut best = i64::MIN;
        let (mut theta, mut stall, mut fixed) = (ascent.theta, 0, i64::MIN);
        let mut mark = i64::MIN;
        for k in 1..=ascent.iterations {
            let mut value = self.dual.evaluate(&node.domains);
            if value > best {
                best = value;
                node.prices.clone_from(&self.dual.prices);
                stall = 0;
                if !self.dual.joint.is_empty() {
                    theta = (theta + theta / 8).min(2048);
                }
                if is_root && fixed == i64::MIN && self.goal == i64::MAX {
                    self.root = (best, node.prices.clone());
                }
            } else {
                stall += 1;
            }
            // A joint week is dear; without one the clock is asked less often.
            let ask = k % 16 == 0 || !self.dual.joint.is_empty();
            if self.beaten(best) || (ask && self.spent()) {
                break;
            }
            if stall >= ascent.patience {
                theta = theta * 5 / 8;
                stall = 0;
                if theta < 8 {
                    break;
                }
                self.dual.set_prices(&node.prices);
                self.dual.halt();
                value = self.dual.evaluate(&node.domains);
            }
            let keep = if self.dual.joint.is_empty() { KEEP } else { KEEP_JOINT };
            let norm = self.dual.turn(keep);
            if norm == 0 {
                break;
            }
            let gap = i128::from((self.limit() - value).max(i64::from(UNIT)));
            let step = ((gap * i128::from(theta)) << 14) / i128::from(norm);
            self.dual.step(step.min(1 << 40) as i64);
            if k % ascent.check == 0 {
                if mark > i64::MIN && best - mark < (self.limit() - best) / 50 {
                    break;
                }
                mark = best;
            }
            if is_root && k % 25 == 0 {
                self.try_guided(&node.domains, 3);
                if best > fixed {
                    fixed = best;
                    let Some((value, _)) = self.tighten(node) else { return self.limit() };
                    best = best.max(value);
                }
            }
        }
        best
    }

    /// A plan from the present prices.
    pub(super) fn try_guided(&mut self, domains: &[Arc<Domain>], sweeps: usize) {
        let premium = self.dual.premium(&self.start);
        let lifts = self.dual.joint.premium_of(&self.start);
        self.local.guided((premium, &lifts), domains, sweeps);
        self.record();
    }

    /// Reduced-cost fixing until nothing goes; `None` when nothing is left.
    /// Returns the bound of the prices, and that bound lifted by what the
    /// days ask of the series whose answer suits them least.
    pub(super) fn tighten(&mut self, node: &mut Node) -> Option<(i64, i64)> {
        if node.domains.iter().any(|d| d.choices.is_empty()) {
            return None;
        }
        // The days may still sell what another node could want.
        self.dual.restrict(&node.domains);
        self.dual.set_prices(&node.prices);
        self.dual.halt();
        let mut value = self.dual.evaluate(&node.domains);
        let mut lift = 0;
        for _ in 0..4 {
            self.dual.regrets();
            let slack = self.limit() - i64::from(UNIT) - value;
            let (mut changed, mut least) = (false, 0);
            for (index, domain) in node.domains.iter_mut().enumerate() {
                let answer = self.dual.series[index].answer.value;
                let series = &self.problem.series[index];
                let harder = (&self.dual.harder[..], &self.dual.joint.harder[..]);
                let (went, value) = fix(series, domain, harder, answer + slack, &mut self.response);
                changed |= went;
                least = least.max(value.saturating_sub(answer));
                if domain.choices.is_empty() {
                    return None;
                }
            }
            lift = least;
            self.extra += 6 * node.domains.len() as u64;
            if !changed {
                return Some((value, value + lift));
            }
            let before = value + lift;
            self.dual.restrict(&node.domains);
            value = self.dual.evaluate(&node.domains);
            lift = (before - value).max(0);
        }
        self.dual.regrets();
        Some((value, value + lift))
    }
}
