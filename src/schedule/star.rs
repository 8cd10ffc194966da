//! A few series taken out of a plan and placed again, quickly or exactly, while
//! everything else stays where it is: the unit of work for whole companies and
//! for one change.

// Indices are made by `Problem`; see there.
#![allow(clippy::indexing_slicing)]

use std::ops::Range;

use super::build::{alone, locate};
use super::draft::{Draft, DraftError, SeriesDraft};
use super::dual::Dual;
use super::local::{Dice, Local, Plan};
use super::mask::{Mask, span};
use super::prices::Prices;
use super::problem::{Cell, Domain, Key, Person, Problem, Series, UNIT, points_up};
use super::search::Search;
use super::solve::Budget;
use super::state::{Placement, State};

/// Price steps of a quick star; every fifth is followed by a plan.
const QUICK: usize = 30;

/// The outcome of one re-optimisation.
#[derive(Debug)]
pub(crate) struct Star {
    /// Placements of the series asked for, in that order.
    pub(crate) placements: Vec<Placement>,
    /// Units below what they cost before; 0 when nothing better was found.
    pub(crate) gain: i64,
    pub(crate) work: u64,
}

/// Slots of a person that the problem calls free and that are not any more.
#[derive(Debug, Clone)]
pub(crate) struct Hold {
    pub(crate) person: usize,
    pub(crate) slots: Range<u32>,
}

/// Solves `ids` with the rest of the plan fixed, within the budget, from prices
/// near those `known` of the whole problem (see [`nearby`]). `None` when
/// the subproblem cannot be stated or one of them is not placed.
pub(crate) fn solve(
    state: &State<'_>,
    ids: &[u32],
    hold: Option<&Hold>,
    known: Option<&Prices>,
    budget: Budget<'_>,
) -> Option<Star> {
    let old: Vec<&Placement> =
        ids.iter().map(|i| state.placed[*i as usize].as_ref()).collect::<Option<_>>()?;
    let sub = restricted(state, ids, &old, hold).ok()?;
    best_of(&sub, ids, state, &old, known, budget)
}

/// Improves `ids` with the rest of the plan fixed: plans guided by prices
/// that start from what is `known` of the whole problem. Not exact, but most
/// of what an exact search gains is found here in a fraction of its work.
pub(crate) fn quick(state: &State<'_>, ids: &[u32], known: &Prices, seed: u64) -> Option<Star> {
    let old: Vec<&Placement> =
        ids.iter().map(|i| state.placed[*i as usize].as_ref()).collect::<Option<_>>()?;
    let sub = restricted(state, ids, &old, None).ok()?;
    let mut local = seated(&sub, &old)?;
    local.dice = Dice::new(seed);
    let before = local.state.total();
    let prices = nearby(&sub, ids, state.problem, known);
    let (plan, upper, work) = descend(&sub, &mut local, prices);
    let placements = back(state, ids, &plan)?;
    // Measured: what is built and placed weighs as much as what is counted.
    Some(Star { placements, gain: before - upper, work: 2 * work + 40 * ids.len() as u64 })
}

/// The cheapest plan met on a short way from `prices` to better ones, its
/// cost and the work done.
fn descend<'p>(sub: &'p Problem, local: &mut Local<'p>, prices: Prices) -> (Plan, i64, u64) {
    let start = Prices::start(sub);
    let domains: Vec<&Domain> = sub.series.iter().map(|s| &s.domain).collect();
    let mut dual = Dual::new(sub, prices);
    dual.restrict(&domains);
    let (mut plan, mut upper) = (local.plan(), local.state.total());
    let (mut best, mut stall, mut theta) = (i64::MIN, 0, 1024);
    for round in 0..=QUICK {
        let value = dual.evaluate(&domains);
        stall = if value > best { 0 } else { stall + 1 };
        best = best.max(value);
        if stall == 6 {
            stall = 0;
            theta = theta * 5 / 8;
        }
        if points_up(best) * i64::from(UNIT) >= upper {
            break;
        }
        if round % 5 == 0 {
            local.guided((dual.premium(&start), &[]), &domains, 2);
            if local.state.total() < upper {
                (plan, upper) = (local.plan(), local.state.total());
            }
        }
        let norm = dual.turn(224);
        if norm == 0 {
            break;
        }
        let gap = i128::from((upper - value).max(i64::from(UNIT)));
        dual.step((((gap * i128::from(theta)) << 14) / i128::from(norm)).min(1 << 40) as i64);
    }
    (plan, upper, dual.work + local.work)
}

/// The subproblem with everybody where the whole plan has them.
fn seated<'p>(sub: &'p Problem, old: &[&Placement]) -> Option<Local<'p>> {
    let mut local = Local::new(sub);
    for (at, placement) in old.iter().enumerate() {
        let own = sub.series[at].domain.choices.iter().find(|c| **c == placement.choice)?;
        let cells =
            placement.cells.iter().map(|c| c.and_then(|c| find(&sub.series[at].domain.cells, &c)));
        local.state.insert(at, Placement { choice: *own, cells: cells.collect() });
    }
    Some(local)
}

/// The subproblem's plan in terms of the whole problem.
fn back(state: &State<'_>, ids: &[u32], plan: &[Option<Placement>]) -> Option<Vec<Placement>> {
    let placements = plan.iter().zip(ids).map(|(placement, id)| {
        let placement = placement.as_ref()?;
        let domain = &state.problem.series[*id as usize].domain;
        let cells = placement.cells.iter().map(|c| c.and_then(|c| find(&domain.cells, &c)));
        Some(Placement { choice: placement.choice, cells: cells.collect() })
    });
    placements.collect()
}

fn best_of(
    sub: &Problem,
    ids: &[u32],
    state: &State<'_>,
    old: &[&Placement],
    known: Option<&Prices>,
    budget: Budget<'_>,
) -> Option<Star> {
    let local = seated(sub, old)?;
    // Constants of the subproblem cancel out: only the difference counts.
    let start = local.state.total();
    let mut search = Search::new(sub, budget, local);
    search.run_small(known.map(|known| nearby(sub, ids, state.problem, known)));
    let gain = start - search.upper;
    Some(Star { placements: back(state, ids, &search.best)?, gain, work: search.work() })
}

/// Prices to start from: what every start costs alone here, and what `known`
/// says it costs above that in the whole problem.
fn nearby(sub: &Problem, ids: &[u32], full: &Problem, known: &Prices) -> Prices {
    let people = people_of(full, ids);
    let mut prices = Prices::start(sub);
    for day in &sub.shared_days {
        let all = full.days_of[people[day.person as usize] as usize].clone();
        let all = &full.shared_days[all.start as usize..all.end as usize];
        let Ok(at) = all.binary_search_by_key(&day.day, |d| d.day) else { continue };
        let mut from = all[at].keys.start as usize;
        let to = all[at].keys.end as usize;
        for k in day.keys.start as usize..day.keys.end as usize {
            let key = &sub.keys[k];
            let place = |k: &Key| (k.bit, k.len);
            while from < to && place(&full.keys[from]) < place(key) {
                from += 1;
            }
            if from < to && place(&full.keys[from]) == place(key) {
                prices.key[k] = (prices.key[k] + known.key[from]).max(0);
            }
        }
        let (own, other) = (day.week as usize, all[at].week as usize);
        if sub.shared_weeks[own].room >= 0 {
            prices.week[own] = known.week[other].clamp(0, sub.week_over);
        }
    }
    prices
}

/// Who takes part in the series `ids`, ascending.
fn people_of(full: &Problem, ids: &[u32]) -> Vec<u32> {
    let mut people: Vec<u32> = ids.iter().flat_map(|i| full.series[*i as usize].who).collect();
    people.sort_unstable();
    people.dedup();
    people
}

/// The same cell in another problem's domain.
fn find(cells: &[Cell], cell: &Cell) -> Option<Cell> {
    let at = |c: &Cell| (c.date, c.slot, c.column);
    cells.binary_search_by_key(&at(cell), at).ok().and_then(|i| cells.get(i).copied())
}

/// The problem of the series `ids` alone, everything placed in `state` fixed.
fn restricted(
    state: &State<'_>,
    ids: &[u32],
    old: &[&Placement],
    hold: Option<&Hold>,
) -> Result<Problem, DraftError> {
    let full = state.problem;
    let people = people_of(full, ids);
    let place = |who: u32| people.binary_search(&who).unwrap_or(0) as u32;
    let series = ids.iter().map(|id| {
        let one = &full.series[*id as usize];
        SeriesDraft {
            who: one.who.map(place),
            len: one.len,
            miss: one.miss,
            fair: one.fair,
            shift: one.shift.clone(),
            tracks: one.tracks.clone(),
            cells: cells_of(full, one, hold),
            choices: one.domain.choices.clone(),
        }
    });
    let series = series.collect();
    let cells = old.iter().flat_map(|p| p.cells.iter().flatten());
    let own: Vec<(usize, Mask, bool)> =
        cells.flat_map(|c| c.key).flat_map(|k| state.footprint(k)).collect();
    let people = people.iter().map(|p| person(state, *p as usize, &own, hold)).collect();
    Problem::new(Draft { people, series, run: full.run, week_over: full.week_over, constant: 0 })
}

/// The cells of a series that a hold leaves, not yet joined to anybody. Where
/// nobody else can meet the held person, the cells carry the costs of that
/// person's day: they are taken out, for the day has changed.
fn cells_of(full: &Problem, one: &Series, hold: Option<&Hold>) -> Vec<Cell> {
    let cells = one.domain.cells.iter().map(|c| Cell { key: [0; 2], ..*c });
    let Some(hold) = hold.filter(|h| one.who.contains(&(h.person as u32))) else {
        return cells.collect();
    };
    let person = &full.people[hold.person];
    let buffer = person.buffer;
    let clear = |c: &Cell| {
        c.slot + one.len + buffer <= hold.slots.start
            || c.slot >= hold.slots.end.saturating_add(buffer)
    };
    let shared = !full.days_of[hold.person].is_empty();
    let own = |c: Cell| if shared { 0 } else { alone(full, person, &c, one.len) };
    cells.filter(clear).map(|c| Cell { cost: c.cost - own(c), ..c }).collect()
}

/// A person with everything placed now, but for what is `own`, as fixed
/// meetings.
fn person(
    state: &State<'_>,
    index: usize,
    own: &[(usize, Mask, bool)],
    hold: Option<&Hold>,
) -> Person {
    let full = state.problem;
    let mut person = full.people[index].clone();
    let hold = hold.filter(|h| h.person == index);
    if let Some(hold) = hold {
        let last = person.days.last().map_or(0, |d| d.first + 128);
        for slot in hold.slots.start..hold.slots.end.min(last) {
            let (day, bit) = locate(&full.people[index], slot, 0);
            if let Some(day) = person.days.get_mut(day) {
                day.free &= !span(bit, 1);
            }
        }
    }
    let range = full.days_of[index].clone();
    if range.is_empty() && hold.is_some() {
        return person;
    }
    if range.is_empty() {
        // No two series meet here: the cells carry this person's costs already.
        person.focus = 0;
        person.week_target = i32::MAX / 4;
        return person;
    }
    for at in range.start as usize..range.end as usize {
        let shared = &full.shared_days[at];
        let day = &mut person.days[usize::from(shared.day)];
        let mine = own.iter().filter(|o| o.0 == at);
        let (mask, count) = mine.fold((0, 0), |(m, n), o| (m | o.1, n + u16::from(o.2)));
        day.taken |= state.taken[at] & !mask;
        day.meetings += (state.count[at] as u16).saturating_sub(count);
    }
    let mut seen = u32::MAX;
    for at in range.start as usize..range.end as usize {
        let week = full.shared_days[at].week;
        if week != seen {
            seen = week;
            let number = usize::from(full.shared_weeks[week as usize].week);
            if let Some(fixed) = person.week_fixed.get_mut(number) {
                let mine = own.iter().filter(|o| o.2 && full.shared_days[o.0].week == week).count();
                *fixed += state.week[week as usize] - mine as i32;
            }
        }
    }
    person
}
