//! Prices on contested starts and the lower bound they prove.
//!
//! Every start on a shared person's day has a price. Series pay it, days earn
//! it; a week has a price for every 1:1 in it. For any prices
//! `sum of series minima + sum of day minima - weeks' room` is at most the
//! cost of every plan, because a plan is one answer each of them could have
//! given. The better the prices, the tighter the bound.

// Hot loops over arrays sized by `Problem`; see `problem`.
#![allow(clippy::indexing_slicing)]

use rayon::iter::ParallelIterator;
use rayon::slice::ParallelSlice;

use super::day::DaySale;
use super::joint::{Joint, number};
use super::prices::Prices;
use super::problem::{Cell, Domain, Problem};
use super::respond::{Answer, Response};

/// One series' answer to the prices.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    pub(crate) answer: Answer,
    /// Cell indices (into the node's domain) or `NONE`.
    pub(crate) cells: Vec<u32>,
    keys: Vec<u32>,
}

/// One day's answer to the prices.
#[derive(Debug, Clone, Default)]
struct Sold {
    value: i64,
    keys: Vec<u32>,
}

/// Answers found side by side, each with where its part of the list ends.
type Chunk<T> = (Vec<(T, u32)>, Vec<u32>);

/// Prices with everybody's answers to them.
#[derive(Debug)]
pub(crate) struct Dual<'p> {
    pub(super) problem: &'p Problem,
    pub(crate) prices: Prices,
    /// Key price plus its week's price: what a series pays.
    pub(crate) values: Vec<i32>,
    /// `values` and what selling that very start costs its day: what a series
    /// pays at least in a plan that uses it.
    pub(crate) harder: Vec<i32>,
    /// Days on which two occurrences of one series can be: their regrets
    /// would be counted twice.
    mixed: Vec<bool>,
    /// Days that are sold one by one, and not with their week.
    pub(super) by_day: Vec<bool>,
    pub(crate) joint: Joint,
    /// Cells per key that are still possible.
    open: Vec<u16>,
    sold: Vec<Sold>,
    pub(crate) series: Vec<Answered>,
    /// Per key: starts wanted minus starts sold.
    pub(super) surplus: Vec<i16>,
    pub(super) week_count: Vec<i32>,
    /// Direction of the prices per slot, day after day.
    pub(super) slots: Vec<i32>,
    pub(super) slot_from: Vec<u32>,
    pub(super) week_speed: Vec<i32>,
    pub(super) moving: Vec<bool>,
    pub(super) day_dirty: Vec<bool>,
    pub(super) series_dirty: Vec<bool>,
    day_sum: i64,
    series_sum: i64,
    response: Response,
    sale: DaySale,
    parallel: bool,
    /// Work done: one unit is about one microsecond of a slow core.
    pub(crate) work: u64,
}

impl<'p> Dual<'p> {
    pub(crate) fn new(problem: &'p Problem, prices: Prices) -> Self {
        let mut slot_from = vec![0u32];
        for day in &problem.shared_days {
            let keys = &problem.keys[day.keys.start as usize..day.keys.end as usize];
            let base = keys.first().map_or(0, |k| u32::from(k.bit));
            let end =
                keys.iter().map(|k| u32::from(k.bit) + u32::from(k.len)).max().unwrap_or(base);
            slot_from.push(slot_from.last().copied().unwrap_or(0) + end + day.buffer - base);
        }
        let none = Answered {
            answer: Answer { value: 0, choice: 0 },
            cells: Vec::new(),
            keys: Vec::new(),
        };
        Self {
            problem,
            values: vec![0; problem.keys.len()],
            harder: Vec::new(),
            mixed: Vec::new(),
            by_day: vec![true; problem.shared_days.len()],
            joint: Joint::default(),
            open: vec![0; problem.keys.len()],
            sold: vec![Sold::default(); problem.shared_days.len()],
            series: vec![none; problem.series.len()],
            surplus: vec![0; problem.keys.len()],
            week_count: vec![0; problem.shared_weeks.len()],
            slots: vec![0; slot_from.last().copied().unwrap_or(0) as usize],
            slot_from,
            week_speed: vec![0; problem.shared_weeks.len()],
            moving: vec![false; problem.shared_days.len()],
            day_dirty: vec![true; problem.shared_days.len()],
            series_dirty: vec![true; problem.series.len()],
            day_sum: 0,
            series_sum: 0,
            response: Response::default(),
            sale: DaySale::default(),
            parallel: problem.series.len() >= 64,
            prices,
            work: 0,
        }
    }

    /// Takes over a set of domains (after fixing or branching).
    pub(crate) fn restrict<D: AsRef<Domain>>(&mut self, domains: &[D]) {
        self.open.fill(0);
        for domain in domains {
            for cell in &domain.as_ref().cells {
                for key in cell.key {
                    self.open[key as usize] = self.open[key as usize].saturating_add(1);
                }
            }
        }
        self.joint.restrict(domains);
        self.day_dirty.fill(true);
        self.series_dirty.fill(true);
    }

    /// Takes over a whole set of prices.
    pub(crate) fn set_prices(&mut self, prices: &Prices) {
        self.prices.clone_from(prices);
        self.joint.set(prices);
        self.day_dirty.fill(true);
        self.series_dirty.fill(true);
    }

    /// The bound of the current prices, in units.
    pub(crate) fn evaluate<D: AsRef<Domain> + Sync>(&mut self, domains: &[D]) -> i64 {
        self.refresh_days();
        self.refresh_series(domains);
        if !self.joint.is_empty() {
            self.joint.refresh(&self.prices);
            let chosen = self.series.iter().zip(domains).flat_map(|(answered, domain)| {
                answered.cells.iter().map(|c| number(domain.as_ref(), *c as usize))
            });
            self.joint.compare(chosen);
        }
        let weeks: i64 = self
            .problem
            .shared_weeks
            .iter()
            .zip(&self.prices.week)
            .map(|(w, price)| i64::from(*price) * i64::from(w.room.max(0)))
            .sum();
        self.day_sum + self.series_sum - weeks - self.joint.earned()
    }

    /// Fills `harder` for the prices last evaluated.
    pub(crate) fn regrets(&mut self) {
        let problem = self.problem;
        if self.harder.is_empty() {
            self.harder = vec![0; problem.keys.len()];
            self.mixed = problem.mixed_days();
        }
        self.work += 2 * problem.shared_days.len() as u64;
        self.joint.regrets();
        let (prices, open, out) = (&self.prices.key, &self.open, &mut self.harder);
        for (index, day) in problem.shared_days.iter().enumerate() {
            let keys = day.keys.start as usize..day.keys.end as usize;
            if self.mixed[index] || !self.by_day[index] {
                out[keys.clone()].fill(0);
            } else {
                self.sale.regrets(problem, day, prices, open, self.sold[index].value, out);
            }
            for (out, value) in out[keys.clone()].iter_mut().zip(&self.values[keys]) {
                *out += value;
            }
        }
    }

    /// What selling that cell costs its days and weeks above their best sale.
    pub(crate) fn regret_of(&self, cell: &Cell, number: u32) -> i64 {
        let of =
            |k: &u32| i64::from(self.harder[*k as usize]) - i64::from(self.values[*k as usize]);
        cell.key.iter().map(of).sum::<i64>() + self.joint.regret_of(number)
    }

    fn refresh_days(&mut self) {
        let problem = self.problem;
        for (_, day) in problem.shared_days.iter().enumerate().filter(|(i, _)| self.day_dirty[*i]) {
            let week = self.prices.week[day.week as usize];
            for k in day.keys.start as usize..day.keys.end as usize {
                self.values[k] = self.prices.key[k] + week;
            }
            for series in &problem.of_person[day.person as usize] {
                self.series_dirty[*series as usize] = true;
            }
        }
        self.sell_days();
    }

    fn sell_days(&mut self) {
        let problem = self.problem;
        let dirty: Vec<u32> =
            (0..self.day_dirty.len() as u32).filter(|i| self.day_dirty[*i as usize]).collect();
        self.work += dirty.len() as u64;
        let (prices, open) = (&self.prices.key, &self.open);
        let sell = |sale: &mut DaySale, index: u32| {
            sale.run(problem, &problem.shared_days[index as usize], prices, open);
        };
        let keep =
            |sold: &mut Sold, surplus: &mut [i16], sum: &mut i64, value: i64, chosen: &[u32]| {
                *sum += value - sold.value;
                sold.value = value;
                if sold.keys == chosen {
                    return;
                }
                for k in sold.keys.drain(..) {
                    surplus[k as usize] += 1;
                }
                for k in chosen {
                    surplus[*k as usize] -= 1;
                }
                sold.keys.extend_from_slice(chosen);
            };
        if self.parallel && dirty.len() > 256 {
            let found: Vec<Chunk<i64>> = dirty
                .par_chunks(256)
                .map_init(DaySale::default, |sale, chunk| {
                    let (mut values, mut keys) = (Vec::with_capacity(chunk.len()), Vec::new());
                    for index in chunk {
                        sell(sale, *index);
                        keys.extend_from_slice(&sale.chosen);
                        values.push((sale.value, keys.len() as u32));
                    }
                    (values, keys)
                })
                .collect();
            for (chunk, (values, keys)) in dirty.chunks(256).zip(&found) {
                let mut from = 0;
                for (index, (value, to)) in chunk.iter().zip(values) {
                    let chosen = &keys[from..*to as usize];
                    from = *to as usize;
                    let sold = &mut self.sold[*index as usize];
                    keep(sold, &mut self.surplus, &mut self.day_sum, *value, chosen);
                }
            }
        } else {
            for index in dirty {
                sell(&mut self.sale, index);
                let sold = &mut self.sold[index as usize];
                keep(
                    sold,
                    &mut self.surplus,
                    &mut self.day_sum,
                    self.sale.value,
                    &self.sale.chosen,
                );
            }
        }
        self.day_dirty.fill(false);
    }

    fn refresh_series<D: AsRef<Domain> + Sync>(&mut self, domains: &[D]) {
        let problem = self.problem;
        let dirty: Vec<u32> = (0..self.series_dirty.len() as u32)
            .filter(|i| self.series_dirty[*i as usize])
            .collect();
        self.work += 4 * dirty.len() as u64;
        let taken = std::mem::take(&mut self.values);
        let values = &taken;
        let joint = std::mem::take(&mut self.joint);
        let lifts = &joint.lifts[..];
        let ask = |response: &mut Response, index: u32, cells: &mut Vec<u32>| {
            let (series, domain) =
                (&problem.series[index as usize], domains[index as usize].as_ref());
            let answer = response.run(series, domain, (values, lifts), false);
            match domain.choices.get(answer.choice) {
                Some(choice) => response.placements(series, domain, choice, cells),
                None => cells.clear(),
            }
            answer
        };
        if self.parallel && dirty.len() > 64 {
            let found: Vec<Chunk<Answer>> = dirty
                .par_chunks(32)
                .map_init(Default::default, |(response, one): &mut (Response, Vec<u32>), chunk| {
                    let (mut answers, mut cells) = (Vec::with_capacity(chunk.len()), Vec::new());
                    for index in chunk {
                        let answer = ask(response, *index, one);
                        cells.extend_from_slice(one);
                        answers.push((answer, cells.len() as u32));
                    }
                    (answers, cells)
                })
                .collect();
            for (chunk, (answers, cells)) in dirty.chunks(32).zip(&found) {
                let mut from = 0;
                for (index, (answer, to)) in chunk.iter().zip(answers) {
                    let cells = &cells[from..*to as usize];
                    from = *to as usize;
                    self.keep(*index as usize, domains[*index as usize].as_ref(), *answer, cells);
                }
            }
        } else {
            let mut response = std::mem::take(&mut self.response);
            let mut cells = Vec::new();
            for index in dirty {
                let answer = ask(&mut response, index, &mut cells);
                self.keep(index as usize, domains[index as usize].as_ref(), answer, &cells);
            }
            self.response = response;
        }
        self.values = taken;
        self.joint = joint;
        self.series_dirty.fill(false);
    }

    fn keep(&mut self, index: usize, domain: &Domain, answer: Answer, cells: &[u32]) {
        let old = &mut self.series[index];
        self.series_sum += answer.value.saturating_sub(old.answer.value);
        old.answer = answer;
        old.cells.clear();
        old.cells.extend_from_slice(cells);
        let keys = cells
            .iter()
            .filter_map(|i| domain.cells.get(*i as usize))
            .flat_map(|c| c.key)
            .filter(|k| *k != 0);
        if keys.clone().eq(old.keys.iter().copied()) {
            return;
        }
        let week = |k: u32| {
            self.problem.shared_days[self.problem.keys[k as usize].day as usize].week as usize
        };
        for k in old.keys.drain(..) {
            self.surplus[k as usize] -= 1;
            self.week_count[week(k)] -= 1;
        }
        old.keys.extend(keys);
        for k in &old.keys {
            self.surplus[*k as usize] += 1;
            self.week_count[week(*k)] += 1;
        }
    }

    /// Per key what it costs above its own focus time: what makes it contested.
    pub(crate) fn premium(&self, start: &Prices) -> Vec<i32> {
        let above = |(now, own): (&i32, &i32)| (now - own).max(0);
        self.prices.key.iter().zip(&start.key).map(above).collect()
    }

    /// How contested the series' answer is: mismatches on its own keys.
    pub(crate) fn tension(&self, series: usize, domain: &Domain) -> i64 {
        let answered = &self.series[series];
        let of = |at: &u32| {
            let cell = domain.cells.get(*at as usize)?;
            Some(self.surplus_of(cell, number(domain, *at as usize)))
        };
        let keys: i64 = answered.cells.iter().filter_map(of).sum();
        let misses = answered.cells.iter().filter(|c| **c == super::problem::NONE).count();
        keys + misses as i64
    }

    /// Mismatch on one cell.
    pub(crate) fn surplus_of(&self, cell: &Cell, number: u32) -> i64 {
        let by_day =
            |k: &&u32| **k != 0 && self.by_day[self.problem.keys[**k as usize].day as usize];
        let of = |k: &u32| i64::from(self.surplus[*k as usize].unsigned_abs());
        cell.key.iter().filter(by_day).map(of).sum::<i64>() + self.joint.surplus_of(number)
    }

    /// Value of the day's own part at these prices.
    pub(crate) fn day_value(&self, day: usize) -> i64 {
        self.sold[day].value
    }
}
