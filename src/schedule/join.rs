//! Which weeks are sold as a whole, and what their cells are: numbers the
//! cells, finds those of which a series can use one at most, and turns the
//! prices of starts into the first lifts.

// Hot arrays sized by `Problem`; see there.
#![allow(clippy::indexing_slicing)]

use std::sync::Arc;

use super::dual::Dual;
use super::joint::{Joint, Week};
use super::prices::Prices;
use super::problem::{Domain, Problem, Series};
use super::week::{MANY, Shape};

/// A week with more cells is sold day by day.
const LARGEST: usize = 2_000;

impl Dual<'_> {
    /// Sells every contested week as a whole from now on, at the prices it
    /// has, and numbers the cells of `domains`.
    pub(crate) fn join_weeks(&mut self, domains: &mut [Arc<Domain>], start: &Prices) {
        let problem = self.problem;
        let mut joint = Joint::default();
        joint.lifts.push(0);
        joint.place.resize(problem.shared_weeks.len(), None);
        let mut cells: Vec<Vec<(u32, u32, u32)>> = vec![Vec::new(); problem.shared_weeks.len()];
        for (series, domain) in domains.iter_mut().enumerate() {
            let domain = Arc::make_mut(domain);
            domain.joint = vec![0; domain.cells.len()];
            for (at, cell) in domain.cells.iter().enumerate() {
                for key in cell.key.into_iter().filter(|k| *k != 0) {
                    let day = problem.keys[key as usize].day as usize;
                    cells[problem.shared_days[day].week as usize].push((
                        series as u32,
                        at as u32,
                        key,
                    ));
                }
            }
        }
        for (index, cells) in cells.iter().enumerate() {
            let keys = cells.iter().map(|c| c.2 as usize);
            let contested = { keys }.any(|k| self.prices.key[k] > start.key[k]);
            let days = problem.shared_weeks[index].days.clone();
            let plain = { days }.all(|d| problem.shared_days[d as usize].reach.is_none());
            if contested && plain && cells.len() <= LARGEST {
                joint.add(problem, domains, index as u32, cells, &mut self.prices);
            }
        }
        for spot in joint.weeks.iter().flat_map(|w| &w.shape.spots) {
            self.prices.key[spot.key as usize] = 0;
        }
        for (index, week) in problem.shared_weeks.iter().enumerate() {
            let by_day = !joint.has(index as u32);
            self.by_day[week.days.start as usize..week.days.end as usize].fill(by_day);
        }
        joint.open = vec![true; joint.lifts.len()];
        joint.surplus = vec![0; joint.lifts.len()];
        joint.set(&self.prices);
        self.joint = joint;
        self.restrict(domains);
    }
}

impl Joint {
    /// Adds a week; `cells` are (series, index in its domain, key).
    fn add(
        &mut self,
        problem: &Problem,
        domains: &mut [Arc<Domain>],
        index: u32,
        cells: &[(u32, u32, u32)],
        prices: &mut Prices,
    ) {
        let mut members = Vec::new();
        let mut free = 0;
        for cells in cells.chunk_by(|a, b| a.0 == b.0) {
            let series = cells.first().map_or(0, |c| c.0 as usize);
            let mut dates: Vec<u16> =
                cells.iter().map(|c| domains[series].cells[c.1 as usize].date).collect();
            dates.dedup();
            let mut tracks: Vec<u16> = domains[series].choices.iter().map(|c| c.track).collect();
            tracks.dedup();
            let groups = exclusive(&problem.series[series], &tracks, &dates);
            let once = groups.iter().all(|g| *g == 0);
            for (_, at, key) in cells {
                let cell = domains[series].cells[*at as usize];
                let number = &mut Arc::make_mut(&mut domains[series]).joint[*at as usize];
                if *number == 0 {
                    *number = self.lifts.len() as u32;
                    self.lifts.push(0);
                }
                let group = dates.iter().position(|d| *d == cell.date).map_or(0, |i| groups[i]);
                members.push((*key, *number, (free + group).min(MANY), once));
            }
            free = groups.iter().max().map_or(free, |g| (free + g + 1).min(MANY));
        }
        let shape = Shape::new(problem, &problem.shared_weeks[index as usize], members);
        let from = prices.lift.len();
        let keys = shape.items.iter().map(|i| shape.spots[i.spot as usize].key as usize);
        prices.lift.extend(keys.map(|k| prices.key[k]));
        self.place[index as usize] = Some(self.weeks.len() as u32);
        self.weeks.push(Week::new(shape, from));
    }
}

/// Groups of dates of which a series can use one at most, whatever track it
/// follows: the number of its group per date.
fn exclusive(one: &Series, tracks: &[u16], dates: &[u16]) -> Vec<u8> {
    let window = |track: u16, date: u16| {
        let targets = &one.tracks[usize::from(track)].dates;
        targets.iter().position(|t| usize::from(t.abs_diff(date)) <= one.tolerance())
    };
    let apart = |a: u16, b: u16| {
        let both = |t: &u16| window(*t, a).zip(window(*t, b)).is_none_or(|(a, b)| a == b);
        tracks.iter().all(both)
    };
    let mut groups: Vec<u8> = vec![u8::MAX; dates.len()];
    let mut number = 0;
    while let Some(first) = groups.iter().position(|g| *g == u8::MAX) {
        let fellows = |from: usize| {
            let mut group = vec![from];
            for at in (0..dates.len()).filter(|at| groups[*at] == u8::MAX && *at != from) {
                if group.iter().all(|g| apart(dates[*g], dates[at])) {
                    group.push(at);
                }
            }
            group
        };
        let open = (first..dates.len()).filter(|at| groups[*at] == u8::MAX);
        let group = open.map(fellows).max_by_key(Vec::len).unwrap_or_default();
        for at in group {
            groups[at] = number;
        }
        number += 1;
    }
    groups
}
