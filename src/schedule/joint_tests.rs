//! Joint weeks against the plain ways: a week's sale against every set of its
//! cells, and proofs by goals against the search without them.

use super::ascent::Ascent;
use super::dual::Dual;
use super::local::Local;
use super::mask::{Mask, focus, span, widened};
use super::problem::{Cell, Choice, Day, Domain, NEVER, Person, Problem, Track, UNIT};
use super::search::{Node, Search};
use super::sell::{Effort, regrets_of, sell};
use super::solve::{Budget, Proof, solve};
use super::week::{MANY, Shape};
use super::{Draft, SeriesDraft};

/// A small fixed generator.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

const POINT: i32 = UNIT;

/// One person with `count` series over two weeks, who has little room.
fn crowded(seed: u64, count: u32) -> Problem {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let buffer = dice.below(2) as u32;
    let day = |dice: &mut Dice, date: u32, is_hub: bool| {
        let mut free: Mask = if date % 7 < 5 { span(36, 16) } else { 0 };
        for _ in 0..if is_hub { 3 } else { 0 } {
            free &= !span(36 + dice.below(16) as u32, 1 + dice.below(2) as u32);
        }
        Day { first: date * 96, week: (date / 7) as u16, free, taken: 0, meetings: 0 }
    };
    let person = |dice: &mut Dice, is_hub: bool| Person {
        buffer: if is_hub { buffer } else { 0 },
        max_day: 1 + dice.below(3) as u32,
        focus: if is_hub { dice.below(2) as i32 * POINT } else { 0 },
        week_target: 2 + dice.below(3) as i32,
        week_fixed: vec![0; 2],
        days: (0..14).map(|date| day(dice, date, is_hub)).collect(),
    };
    let people: Vec<Person> = (0..=count).map(|i| person(&mut dice, i == 0)).collect();
    let series = (1..=count).map(|i| {
        let len = 2 + dice.below(2) as u32;
        let first = dice.below(3) as u16;
        let tolerance = 1 + dice.below(3) as usize;
        let tracks: Vec<Track> = (first..first + 3)
            .map(|d| Track { dates: vec![d, d + 7], free_moves: dice.below(2) as u32 })
            .collect();
        let mut cells = Vec::new();
        for date in (0..14u16).filter(|d| d % 7 < 5) {
            for column in 0..6u16 {
                let slot = u32::from(date) * 96 + 36 + 2 * u32::from(column);
                cells.push(Cell::new(slot, date, column, dice.below(12) as i32 * POINT));
            }
        }
        let choice = |(track, column)| Choice { track, column, cost: 0 };
        SeriesDraft {
            who: [0, i],
            len,
            miss: (100 + 50 * dice.below(4) as i32) * POINT,
            fair: dice.below(2) as i32 * 20 * POINT,
            shift: (0..=tolerance as i32).map(|d| (20 + 15 * d) * POINT).collect(),
            tracks,
            cells,
            choices: (0..3).flat_map(|t| (0..6).map(move |c| choice((t, c)))).collect(),
        }
    });
    let series = series.collect();
    Problem::new(Draft { people, series, run: 6, week_over: 10 * POINT, constant: 0 })
        .expect("a problem")
}

/// The joint week of the hub, with a seat per series.
fn shape(problem: &Problem) -> Option<Shape> {
    let mut cells = Vec::new();
    let mut number = 1;
    for (series, one) in problem.series.iter().enumerate() {
        for cell in &one.domain.cells {
            for key in cell.key.into_iter().filter(|k| *k != 0) {
                let day = &problem.shared_days[problem.keys[key as usize].day as usize];
                if day.week == 0 && day.person == 0 {
                    cells.push((key, number, series as u8, true));
                    number += 1;
                }
            }
        }
    }
    (!cells.is_empty()).then(|| Shape::new(problem, &problem.shared_weeks[0], cells))
}

/// The most any set of items earns, by trying all of them.
fn try_all(problem: &Problem, shape: &Shape, lifts: &[i32], must: Option<usize>) -> i64 {
    struct Try<'a> {
        problem: &'a Problem,
        shape: &'a Shape,
        lifts: &'a [i32],
        must: Option<usize>,
        taken: Vec<Mask>,
        count: Vec<u32>,
        used: u64,
        best: i64,
    }
    impl Try<'_> {
        fn go(&mut self, at: usize, earned: i64) {
            if at == self.shape.items.len() {
                let lost = |(day, taken): (u32, &Mask)| {
                    let day = &self.problem.shared_days[day as usize];
                    let run = self.problem.run;
                    i64::from(day.focus * (focus(day.free, run) - focus(day.free & !taken, run)))
                };
                let days = self.problem.shared_weeks[0].days.clone();
                let total = earned - days.zip(&self.taken).map(lost).sum::<i64>();
                self.best = self.best.max(total);
                return;
            }
            if self.must != Some(at) {
                self.go(at + 1, earned);
            }
            let item = self.shape.items[at];
            let spot = &self.shape.spots[item.spot as usize];
            let (day, bit, len) = (usize::from(spot.day), spot.bit.into(), spot.len.into());
            let wide = widened(bit, len, self.shape.buffer);
            let seat = 1u64 << item.seat;
            let is_full = self.count[day] == self.shape.caps[day];
            let meets = self.taken[day] & wide != 0 || self.used & seat != 0;
            if is_full || meets || self.lifts[at] == -NEVER {
                return;
            }
            self.taken[day] |= span(bit, len);
            self.count[day] += 1;
            self.used |= seat;
            self.go(at + 1, earned + i64::from(self.lifts[at]));
            self.used &= !seat;
            self.count[day] -= 1;
            self.taken[day] &= !span(bit, len);
        }
    }
    let days = problem.shared_weeks[0].days.len();
    let (taken, count) = (vec![0; days], vec![0; days]);
    let start = if must.is_some() { i64::MIN } else { 0 };
    let mut all = Try { problem, shape, lifts, must, taken, count, used: 0, best: start };
    all.go(0, 0);
    all.best
}

#[test]
fn a_week_sells_what_the_best_of_all_its_sets_earns() {
    let (mut searched, mut regretted) = (0, 0);
    for seed in 1..16 {
        let problem = crowded(seed, 3);
        let Some(shape) = shape(&problem) else { continue };
        let mut dice = Dice(seed);
        let lift = |_| match dice.below(8) {
            0 => -NEVER,
            _ => dice.below(60) as i32 * POINT / 4,
        };
        let lifts: Vec<i32> = (0..shape.items.len()).map(lift).collect();
        let best = try_all(&problem, &shape, &lifts, None);
        let (mut seats, mut effort) = ([0; MANY as usize], Effort::default());
        let packed = sell(&shape, &lifts, &mut seats, &[], &mut effort);
        assert_eq!(packed.earned, best, "seed {seed}");
        let sum = |sold: &[u32]| sold.iter().map(|i| i64::from(lifts[*i as usize])).sum::<i64>();
        assert!(sum(&packed.sold) >= best, "seed {seed}: the items sold earn less");
        // Once more from the last answer and its charges: the same.
        let again = sell(&shape, &lifts, &mut seats, &packed.sold, &mut effort);
        assert_eq!(again.earned, best, "seed {seed}");
        searched += usize::from(effort.work > 100);
        let mut regrets = Vec::new();
        regrets_of(&shape, &lifts, &seats, best, &mut regrets);
        for at in (0..shape.items.len()).step_by(29).filter(|at| lifts[*at] > -NEVER) {
            let with = try_all(&problem, &shape, &lifts, Some(at));
            let regret = i64::from(regrets[at]);
            assert!(with == i64::MIN || best - with >= regret, "seed {seed}, item {at}");
            regretted += usize::from(regret > 0);
        }
    }
    assert!(searched > 1 && regretted > 5, "{searched} {regretted}: nothing was compared");
}

#[test]
fn goals_prove_what_the_search_without_them_proves() {
    let (mut joined, mut proved) = (0, 0);
    for seed in 1..25 {
        let problem = crowded(seed, 5);
        let budget = Budget { work: 2_000_000, stop: &|| false };
        let plain = solve(&problem, budget);
        let mut local = Local::new(&problem);
        local.greedy();
        let mut search = Search::new(&problem, budget, local);
        let closed = search.run_joint();
        joined += usize::from(closed.is_some());
        // What is claimed of the whole problem holds for the whole problem.
        let (claimed, prices) = search.root.clone();
        let whole: Vec<&Domain> = problem.series.iter().map(|s| &s.domain).collect();
        let mut dual = Dual::new(&problem, prices.clone());
        dual.restrict(&whole);
        dual.set_prices(&prices);
        assert!(dual.evaluate(&whole) >= claimed, "seed {seed}: the prices do not prove {claimed}");
        if plain.proof == Proof::Optimal {
            let optimum = plain.cost * i64::from(POINT);
            assert!(search.upper >= optimum, "seed {seed}: a plan below the optimum");
            if closed == Some(true) {
                proved += 1;
                assert_eq!(search.upper, optimum, "seed {seed}: a plan proved that is not best");
            }
        }
    }
    assert!(joined > 8 && proved > 6, "{joined} joined, {proved} proved: nothing was compared");
}

#[test]
fn a_goal_just_above_the_best_plan_does_not_rule_it_out() {
    let mut pursued = 0;
    for seed in 20..36 {
        let problem = crowded(seed, 3 + (seed % 3) as u32);
        let budget = Budget { work: 1_000_000, stop: &|| false };
        let plain = solve(&problem, budget);
        if plain.proof != Proof::Optimal {
            continue;
        }
        let optimum = plain.cost * i64::from(POINT);
        for over in [1, 100, 200] {
            let mut local = Local::new(&problem);
            local.greedy();
            let mut search = Search::new(&problem, budget, local);
            let domains =
                problem.series.iter().map(|s| std::sync::Arc::new(s.domain.clone())).collect();
            let mut node = Node { domains, prices: search.start.clone() };
            let few = Ascent { iterations: 12, theta: 1024, patience: 6, check: 30 };
            search.ascend(&mut node, few, false);
            // As if no good plan were known: the first goal lies where it hurts.
            search.upper = search.upper.max(optimum + 40 * i64::from(POINT));
            let reach = (search.upper / 400).max(16 * i64::from(POINT));
            let reached = search.sharpen(&mut node, optimum - reach + over);
            pursued += usize::from(!search.dual.joint.is_empty());
            match reached {
                None => assert_eq!(search.upper, optimum, "seed {seed}: not the best plan"),
                Some(bound) => assert!(bound <= optimum, "seed {seed}: bound {bound}"),
            }
        }
    }
    assert!(pursued > 10, "{pursued}: no goal was pursued");
}
