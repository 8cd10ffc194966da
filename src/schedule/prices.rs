//! The prices of contested starts, weeks and cells: all that a bound rests on.
//! What they prove is `dual`'s business.

// Hot arrays sized by `Problem`; see there.
#![allow(clippy::indexing_slicing)]

use super::mask::{keep_runs, span};
use super::problem::Problem;

/// Prices: the certificate of a bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prices {
    /// Units per key.
    pub(crate) key: Vec<i32>,
    /// Units per shared week.
    pub(crate) week: Vec<i32>,
    /// Units per item of the joint weeks; empty without them.
    pub(crate) lift: Vec<i32>,
}

impl Prices {
    /// What every start costs its person in focus time when it is the only one.
    pub(crate) fn start(problem: &Problem) -> Self {
        let mut key = vec![0; problem.keys.len()];
        for day in problem.shared_days.iter().filter(|d| d.focus > 0 && d.reach.is_none()) {
            let long = keep_runs(day.free, problem.run);
            let keys = day.keys.start as usize..day.keys.end as usize;
            for (price, at) in key[keys.clone()].iter_mut().zip(&problem.keys[keys]) {
                let held = (long & span(at.bit.into(), at.len.into())).count_ones();
                *price = day.focus * held as i32;
            }
        }
        let over = |room: i32| if room < 0 { problem.week_over } else { 0 };
        Self {
            key,
            week: problem.shared_weeks.iter().map(|w| over(w.room)).collect(),
            lift: Vec::new(),
        }
    }
}
