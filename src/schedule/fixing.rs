//! What a bound rules out: options and cells that no plan cheaper than the
//! best known one can use.

// Hot loops over arrays sized by `Domain`; see `problem`.
#![allow(clippy::indexing_slicing)]

use std::sync::Arc;

use super::problem::{Domain, NEVER, Series};
use super::respond::Response;

/// Removes from `domain` every option and cell whose use costs more than
/// `limit` at `values` (the prices with the days' regrets). Returns whether
/// anything went, and what the cheapest answer costs.
pub(crate) fn fix(
    series: &Series,
    domain: &mut Arc<Domain>,
    values: (&[i32], &[i32]),
    limit: i64,
    response: &mut Response,
) -> (bool, i64) {
    let answer = response.run(series, domain, values, true);
    if answer.value == i64::MAX {
        return (false, answer.value);
    }
    let totals = std::mem::take(&mut response.totals);
    let choices = totals.iter().filter(|t| **t <= limit).count();
    let cells = useful_cells(series, domain, response, &totals, limit);
    let changed = choices < totals.len() || cells.iter().any(|c| !c);
    if changed {
        let domain = Arc::make_mut(domain);
        let mut total = totals.iter();
        domain.choices.retain(|_| total.next().is_some_and(|t| *t <= limit));
        domain.keep(|i, _| cells[i]);
    }
    response.totals = totals;
    (changed, answer.value)
}

/// Per cell: can it be part of an answer within `limit`?
fn useful_cells(
    series: &Series,
    domain: &Domain,
    response: &Response,
    totals: &[i64],
    limit: i64,
) -> Vec<bool> {
    let mut useful = vec![false; domain.cells.len()];
    let mut from = 0;
    while let Some(head) = domain.choices.get(from) {
        let track = head.track;
        let to = from + domain.choices[from..].iter().take_while(|c| c.track == track).count();
        let alive = (from..to).filter(|i| totals[*i] <= limit);
        mark_track(series, domain, response, alive, limit, &mut useful);
        from = to;
    }
    useful
}

fn mark_track(
    series: &Series,
    domain: &Domain,
    response: &Response,
    alive: impl Iterator<Item = usize>,
    limit: i64,
    useful: &mut [bool],
) {
    let mut rest: Vec<i64> = Vec::new();
    let mut stays: Vec<(usize, Option<usize>)> = Vec::new();
    let mut track = None;
    for index in alive {
        let choice = &domain.choices[index];
        let dates = &series.tracks[usize::from(choice.track)].dates;
        track = Some(choice.track);
        rest.resize(dates.len(), i64::MAX);
        stays.clear();
        let mut plain = i64::from(choice.cost);
        for &date in dates {
            let date = usize::from(date);
            let base = domain.on(date).find(|i| domain.cells[*i].column == choice.column);
            let stay = base.map_or(NEVER, |i| response.cell[i]);
            let now = stay.min(response.away[date]);
            plain += i64::from(now);
            stays.push((now as usize, base));
        }
        for (k, (now, base)) in stays.iter().enumerate() {
            let others = plain - *now as i64;
            rest[k] = rest[k].min(others);
            if let Some(cell) = base.filter(|c| others + i64::from(response.cell[*c]) <= limit) {
                useful[cell] = true;
            }
        }
    }
    let Some(track) = track else { return };
    for (k, date) in series.tracks[usize::from(track)].dates.iter().enumerate() {
        for cell in domain.near(*date, series.tolerance()) {
            let shift = series.shift[usize::from(domain.cells[cell].date.abs_diff(*date))];
            if rest[k] + i64::from(response.cell[cell]) + i64::from(shift) <= limit {
                useful[cell] = true;
            }
        }
    }
}
