//! The children of a node: by rhythm and time while a base is open, then by
//! clusters and single cells.

// Indices are made by `Problem`; see there.
#![allow(clippy::indexing_slicing)]

use std::sync::Arc;

use super::cluster;
use super::joint::number;
use super::problem::{Cell, Choice, Domain, Series};
use super::search::{Node, Search};

impl Search<'_, '_> {
    /// The series to branch on: the most contested one with a choice left.
    pub(super) fn pick(&self, node: &Node) -> Option<usize> {
        let tension = |i: &usize| {
            let occurrences =
                self.problem.series[*i].tracks.first().map_or(1, |t| t.dates.len().max(1));
            (
                self.dual.tension(*i, &node.domains[*i]) * 1000 / occurrences as i64,
                std::cmp::Reverse(*i),
            )
        };
        (0..node.domains.len()).filter(|i| node.domains[*i].choices.len() > 1).max_by_key(tension)
    }

    pub(super) fn branch(
        &mut self,
        node: &Node,
        series: usize,
        value: i64,
        actual: i64,
    ) -> Vec<(i64, Node)> {
        let one = &self.problem.series[series];
        let domain = &node.domains[series];
        let answer = self.dual.series[series].answer.value;
        self.response.run(one, domain, (&self.dual.harder, &self.dual.joint.harder), true);
        let regret: Vec<i64> = self.response.totals.iter().map(|t| t - answer).collect();
        let mut children = Vec::new();
        for (least, members) in split(domain, &regret) {
            if self.beaten(actual + least) {
                break;
            }
            let mut child = node.clone();
            let keep = |i: &usize| !self.beaten(actual + regret[*i]);
            let choices: Vec<Choice> =
                members.iter().filter(|i| keep(i)).map(|i| domain.choices[*i]).collect();
            let narrowed = Arc::make_mut(&mut child.domains[series]);
            narrowed.choices = choices;
            trim(one, narrowed);
            children.push((value.max(actual + least), child));
        }
        children
    }

    /// All bases decided.
    pub(super) fn close(&mut self, mut node: Node, value: i64, actual: i64) -> Vec<(i64, Node)> {
        let leaf = cluster::Leaf {
            problem: self.problem,
            dual: &self.dual,
            domains: &node.domains,
            value: actual,
            upper: self.limit(),
        };
        let outcome = cluster::solve(leaf, self.patience);
        self.extra += outcome.steps / 8;
        if let Some(plan) = outcome.plan {
            self.local.load(&plan.into_iter().map(Some).collect());
            self.record();
        }
        let value = value.max(outcome.bound);
        if self.beaten(value) {
            return Vec::new();
        }
        let Some((series, slot)) = self.contested(&node) else {
            self.open = Some(self.open.map_or(value, |open| open.min(value)));
            return Vec::new();
        };
        let mut without = node.clone();
        let keep = |domain: &mut Arc<Domain>, f: &dyn Fn(&Cell) -> bool| {
            let domain = Arc::make_mut(domain);
            domain.keep(|_, c| f(c));
        };
        keep(&mut without.domains[series], &|c| c.slot != slot);
        let one = &self.problem.series[series];
        let dates = one
            .tracks
            .get(usize::from(node.domains[series].choices[0].track))
            .map(|t| t.dates.clone());
        let at = node.domains[series].cells.iter().find(|c| c.slot == slot).map_or(0, |c| c.date);
        let near = |d: u16, target: u16| usize::from(d.abs_diff(target)) <= one.tolerance();
        let target = dates.into_iter().flatten().find(|d| near(at, *d)).unwrap_or(at);
        keep(&mut node.domains[series], &|c| c.slot == slot || !near(c.date, target));
        vec![(value, node), (value, without)]
    }

    /// The cell to branch on when bases are decided but the bound is not met.
    fn contested(&self, node: &Node) -> Option<(usize, u32)> {
        let mut best: Option<(i64, usize, u32)> = None;
        for (series, domain) in node.domains.iter().enumerate() {
            let one = &self.problem.series[series];
            let chosen = self.dual.series[series].cells.iter();
            let known =
                |c: &u32| Some((domain.cells.get(*c as usize)?, number(domain, *c as usize)));
            for (cell, number) in chosen.filter_map(known) {
                let near = |c: &&Cell| usize::from(c.date.abs_diff(cell.date)) <= one.tolerance();
                if domain.cells.iter().filter(near).count() < 2 {
                    continue;
                }
                let score = self.dual.surplus_of(cell, number);
                if best.is_none_or(|b| score > b.0) {
                    best = Some((score, series, cell.slot));
                }
            }
        }
        best.map(|b| (b.1, b.2))
    }
}

/// Options in groups, cheapest group first: by track while there are several,
/// else by time of day (blocks of four while there are many).
fn split(domain: &Domain, regret: &[i64]) -> Vec<(i64, Vec<usize>)> {
    let several = domain.choices.windows(2).any(|w| w[0].track != w[1].track);
    let block = if domain.choices.len() > 12 { 4 } else { 1 };
    let group = |c: &Choice| if several { c.track } else { c.column / block };
    let mut groups: Vec<(i64, Vec<usize>)> = Vec::new();
    let mut last = None;
    for (index, choice) in domain.choices.iter().enumerate() {
        if last != Some(group(choice)) {
            groups.push((i64::MAX, Vec::new()));
            last = Some(group(choice));
        }
        if let Some((least, members)) = groups.last_mut() {
            *least = (*least).min(regret[index]);
            members.push(index);
        }
    }
    groups.sort();
    groups
}

/// Drops cells no remaining track can reach.
pub(super) fn trim(series: &Series, domain: &mut Domain) {
    let tolerance = series.tolerance();
    let mut tracks: Vec<u16> = domain.choices.iter().map(|c| c.track).collect();
    tracks.dedup();
    let mut reach = vec![false; domain.first.len()];
    for date in tracks.iter().flat_map(|t| &series.tracks[usize::from(*t)].dates) {
        let date = usize::from(*date);
        let to = (date + tolerance + 1).min(reach.len());
        reach[date.saturating_sub(tolerance)..to].fill(true);
    }
    domain.keep(|_, c| reach[usize::from(c.date)]);
}
