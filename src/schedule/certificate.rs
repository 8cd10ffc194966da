//! Prices in calendar terms: what a judge needs to recompute the bound without
//! knowing keys or days as the solver numbers them.

// Indices are made by `Problem`; see there.
#![allow(clippy::indexing_slicing)]

use super::check::Certificate;
use super::prices::Prices;
use super::problem::{Problem, SharedWeek, UNIT};

/// Prices in calendar terms, for the judge.
pub fn certificate(problem: &Problem, prices: &Prices) -> Certificate {
    let mut starts = Vec::with_capacity(prices.key.len());
    for day in &problem.shared_days {
        let first = problem.people[day.person as usize].days[usize::from(day.day)].first;
        for k in day.keys.start as usize..day.keys.end as usize {
            let key = &problem.keys[k];
            let slot = i64::from(first) + i64::from(key.bit);
            starts.push((day.person as usize, slot, i64::from(key.len), i64::from(prices.key[k])));
        }
    }
    let week = |(week, price): (&SharedWeek, &i32)| {
        (week.person as usize, i64::from(week.week), i64::from(*price))
    };
    Certificate {
        scale: i64::from(UNIT),
        starts,
        weeks: problem.shared_weeks.iter().zip(&prices.week).map(week).collect(),
    }
}
