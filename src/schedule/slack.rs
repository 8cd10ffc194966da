//! Where a plan and the prices disagree. The distance between a plan's cost
//! and the bound of the prices is a sum of parts, none below zero: what each
//! series pays above its cheapest answer, and what each day's meetings cost
//! above its best sale. People with much of it are where a plan can gain.

// Indices are made by `Problem`; see there.
#![allow(clippy::indexing_slicing)]

use super::dual::Dual;
use super::mask::focus;
use super::prices::Prices;
use super::problem::Problem;
use super::state::{State, own_cost};

/// The prices and everybody's cheapest answer to them.
#[derive(Debug)]
pub(crate) struct Slack {
    prices: Prices,
    series: Vec<i64>,
    days: Vec<i64>,
}

impl Slack {
    /// Of the prices `dual` evaluated last.
    pub(crate) fn of(problem: &Problem, dual: &Dual<'_>) -> Self {
        Self {
            prices: dual.prices.clone(),
            series: dual.series.iter().map(|s| s.answer.value).collect(),
            days: (0..problem.shared_days.len()).map(|d| dual.day_value(d)).collect(),
        }
    }

    /// Units per series, with those of the days it meets on shared among the
    /// person's series.
    pub(crate) fn per_person(&self, state: &State<'_>) -> Vec<i64> {
        let problem = state.problem;
        let mut paid = vec![0i64; problem.shared_days.len()];
        let mut slack = vec![0i64; problem.people.len()];
        for (index, series) in problem.series.iter().enumerate() {
            let Some(placement) = &state.placed[index] else { continue };
            let mut cost = own_cost(series, placement);
            for key in placement.cells.iter().flatten().flat_map(|c| c.key).filter(|k| *k != 0) {
                let day = problem.keys[key as usize].day as usize;
                let week = problem.shared_days[day].week as usize;
                let price = i64::from(self.prices.key[key as usize]);
                cost += price + i64::from(self.prices.week[week]);
                paid[day] += price;
            }
            for who in series.who {
                slack[who as usize] += cost - self.series[index];
            }
        }
        for (index, day) in problem.shared_days.iter().enumerate() {
            let free = day.free & !state.taken[index];
            let lost = if day.reach.is_some() || day.focus == 0 {
                0
            } else {
                day.focus * (focus(day.free, problem.run) - focus(free, problem.run))
            };
            slack[day.person as usize] += i64::from(lost) - paid[index] - self.days[index];
        }
        slack
    }
}
