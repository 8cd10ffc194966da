//! Larger random teams: whatever the budget, no bound passes a plan that any
//! other budget found, more budget is never worse, and the judge agrees.

// Small helpers; a failed one fails the test.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use jiff::{civil, tz::TimeZone};
use onbeat::schedule::spec::{PersonSpec, SeriesSpec, Spec, Weights};
use onbeat::schedule::{Budget, Claim, Judge, SLOT, certificate, compile, solve};

struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> i64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as i64 % n as i64
    }
}

fn person(dice: &mut Dice, zone: &str, events: i64) -> PersonSpec {
    let mut work = [Some((540, 1020)); 7];
    work[5] = None;
    work[6] = None;
    let mut busy = Vec::new();
    for _ in 0..events {
        let from = (1 + dice.below(28)) * 1440 + 420 + 15 * dice.below(40);
        busy.push((from, from + 30 * (1 + dice.below(3))));
    }
    PersonSpec {
        zone: TimeZone::get(zone).unwrap(),
        work,
        avoid: vec![(720, 780, 10)],
        day_cost: [0; 7],
        buffer: 15 * dice.below(2),
        max_day: 3,
        focus_weight: 1,
        busy,
        tentative: Vec::new(),
        off: Vec::new(),
    }
}

/// One crowded manager, seven reports, four weeks.
fn team(seed: u64) -> Spec {
    let mut dice = Dice(seed);
    let mut people = vec![person(&mut dice, "Europe/Paris", 80)];
    let mut series = Vec::new();
    for i in 1..8 {
        people.push(person(&mut dice, ["Europe/Paris", "America/New_York"][i % 2], 40));
        let every = 1 + dice.below(2) as usize;
        let track = |phase: usize, day: usize| {
            (0..4 / every).map(|k| (1 + 7 * (phase + k * every) + day) as u16).collect()
        };
        series.push(SeriesSpec {
            who: [0, i],
            anchor: 0,
            minutes: 30 + 15 * dice.below(2),
            load: (1, every as i64),
            weekdays: [true, true, true, true, true, false, false],
            window: (540, 1080),
            tolerance: 2,
            lead: 0,
            miss: 400,
            ideal: Some((dice.below(5) as usize, 600)),
            tracks: (0..every)
                .flat_map(|p| (0..5).map(move |d| (p, d)))
                .map(|(p, d)| track(p, d))
                .collect(),
            current: None,
            pinned: false,
            settled: false,
        });
    }
    let origin = civil::date(2026, 3, 8);
    Spec {
        origin,
        last_day: 28,
        now: 0,
        weights: Weights::default(),
        people,
        series,
        published: None,
    }
}

#[test]
fn bounds_never_pass_a_known_plan() {
    for seed in 1..=3 {
        let spec = team(seed);
        let compiled = compile(&spec).unwrap();
        let judge = Judge::new(&spec).unwrap();
        let (mut least, mut highest) = (i64::MAX, i64::MIN);
        for work in [2_000, 20_000, 60_000] {
            let solution = solve(&compiled.problem, Budget { work, stop: &|| false });
            let minute = |(i, b): (usize, &onbeat::schedule::Base)| {
                (b.track, compiled.first_minute[i] + SLOT * b.column as i64)
            };
            let claim = Claim {
                base: solution.base.iter().enumerate().map(minute).collect(),
                slots: solution
                    .occurrences
                    .iter()
                    .map(|r| r.iter().map(|s| s.map(i64::from)).collect())
                    .collect(),
            };
            let verdict =
                judge.judge(&claim, &certificate(&compiled.problem, &solution.certificate));
            assert!(verdict.violations.is_empty(), "seed {seed}: {:?}", verdict.violations);
            assert_eq!(verdict.cost, solution.cost, "seed {seed}");
            assert!(verdict.bound >= solution.certified, "seed {seed}");
            least = least.min(solution.cost);
            highest = highest.max(solution.bound).max(verdict.bound.min(verdict.cost));
        }
        assert!(highest <= least, "seed {seed}: bound {highest} above a plan of {least}");
    }
}
