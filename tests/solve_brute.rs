//! Random tiny problems against plain enumeration: the bound is never above
//! the optimum, the plan never below it, no constraint is broken, and every
//! "cannot be held" is verified. `ONBEAT_BRUTE_CASES` runs more of them.

// Small helpers over arrays this file sizes itself; a failed one fails the test.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::type_complexity)]

use jiff::{civil, tz::TimeZone};
use onbeat::schedule::spec::{PersonSpec, SeriesSpec, Spec, Weights};
use onbeat::schedule::{
    Budget, Claim, Compiled, Judge, Proof, Repairs, SLOT, Solution, Standing, blockers,
    certificate, compile, solve,
};

struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) % n
    }
    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

const ZONES: [&str; 5] =
    ["Europe/Paris", "Europe/London", "Asia/Kathmandu", "Africa/Lagos", "Europe/Berlin"];

fn person(dice: &mut Dice, weeks: i64) -> PersonSpec {
    let start = dice.one(&[540, 570, 600]);
    let mut work = [Some((start, start + dice.one(&[240, 300, 420]))); 7];
    work[5] = None;
    work[6] = None;
    let mut events = |count: u64, long: i64| -> Vec<(i64, i64)> {
        (0..dice.below(count))
            .map(|_| {
                let day = 1 + dice.below(7 * weeks as u64) as i64;
                let from = day * 1440 + 360 + 15 * dice.below(32) as i64 + dice.one(&[0, 0, 0, 5]);
                (from, from + long * (1 + dice.below(3) as i64))
            })
            .collect()
    };
    let (busy, tentative, off) = (events(9, 30), events(3, 60), events(2, 480));
    PersonSpec {
        zone: TimeZone::get(dice.one(&ZONES)).unwrap(),
        work,
        avoid: vec![(720, 780, dice.one(&[0, 10])), (540, 600, dice.one(&[0, 5]))],
        day_cost: [dice.one(&[0, 0, 4]), 0, 0, 0, dice.one(&[0, 8]), 0, 0],
        buffer: dice.one(&[0, 0, 15, 30]),
        max_day: dice.one(&[0, 1, 1, 2, 3]),
        focus_weight: dice.one(&[0, 1, 2]),
        busy,
        tentative,
        off,
    }
}

fn series(dice: &mut Dice, people: usize, weeks: usize, hub: usize) -> SeriesSpec {
    let other = (hub + 1 + dice.below(people as u64 - 1) as usize) % people;
    let every = if weeks == 2 && dice.below(2) == 0 { 2 } else { 1 };
    let first = dice.below(4) as usize;
    let days = if every == 2 || weeks == 2 { vec![first] } else { vec![first, first + 1] };
    let mut weekdays = [false; 7];
    let mut tracks = Vec::new();
    for phase in 0..every {
        for day in &days {
            weekdays[*day] = true;
            tracks.push(
                (0..weeks / every).map(|k| (1 + 7 * (phase + k * every) + day) as u16).collect(),
            );
        }
    }
    // Other days may be used for moves only.
    weekdays[first + 1] = true;
    let minutes = dice.one(&[15, 30, 25]);
    let from = dice.one(&[600, 630, 660, 690]);
    let window = (from, from + minutes + dice.one(&[15, 30]));
    let current = (dice.below(3) > 0)
        .then(|| (dice.below(tracks.len() as u64) as usize, (from + 14) / 15 * 15));
    SeriesSpec {
        who: [hub, other],
        anchor: dice.one(&[hub, other]),
        minutes,
        load: (1, every as i64),
        weekdays,
        window,
        tolerance: dice.one(&[0, 1, 1, 2]),
        lead: 1440,
        miss: dice.one(&[400, 600, 800]),
        ideal: (dice.below(2) == 0).then(|| (dice.below(5) as usize, 660)),
        pinned: current.is_some() && dice.below(6) == 0,
        settled: false,
        current,
        tracks,
    }
}

fn tiny(seed: u64) -> Spec {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    for _ in 0..8 {
        dice.below(2);
    }
    let weeks = dice.one(&[1, 1, 1, 2]);
    let count = 2 + dice.below(2) as usize;
    let people: Vec<PersonSpec> = (0..count).map(|_| person(&mut dice, weeks)).collect();
    let many = if weeks == 2 { 2 } else { 2 + dice.below(2) as usize };
    // The spring change of the clocks lies inside some of them.
    let origin = dice.one(&[civil::date(2026, 3, 1), civil::date(2026, 3, 22)]);
    Spec {
        origin,
        last_day: 7 * weeks as usize,
        now: 0,
        weights: Weights {
            week_over: dice.one(&[0, 10, 30]),
            fair: dice.one(&[0, 20]),
            ..Weights::default()
        },
        series: (0..many).map(|_| series(&mut dice, count, weeks as usize, 0)).collect(),
        people,
        published: None,
    }
}

/// Every answer a series could give: base and slots.
fn answers(spec: &Spec, index: usize) -> Vec<((usize, i64), Vec<Option<i64>>)> {
    let one = &spec.series[index];
    let judge = Judge::new(spec).unwrap();
    let mut found = Vec::new();
    for (track, dates) in one.tracks.iter().enumerate() {
        let mut rows: Vec<Vec<Option<i64>>> = vec![Vec::new()];
        for date in dates {
            let reach = one.tolerance as i64 + 1;
            let near = (i64::from(*date) - reach).max(0) * 96..(i64::from(*date) + reach + 1) * 96;
            let mut slots: Vec<Option<i64>> = vec![None];
            for slot in near {
                let claim = alone(spec, index, (track, one.window.0), dates, *date, slot);
                let mut bad = Vec::new();
                judge.cost(&claim, &mut bad);
                if bad.iter().all(|b| !b.starts_with(&format!("series {index}#"))) {
                    slots.push(Some(slot));
                }
            }
            rows = rows
                .iter()
                .flat_map(|r| slots.iter().map(|s| [r.as_slice(), &[*s]].concat()))
                .collect();
        }
        let mut minute = (one.window.0 + 14) / 15 * 15;
        while minute + one.minutes <= one.window.1 {
            if !one.pinned || one.current == Some((track, minute)) {
                found.extend(rows.iter().map(|row| ((track, minute), row.clone())));
            }
            minute += 15;
        }
    }
    found
}

/// One occurrence of one series, everything else not held.
fn alone(
    spec: &Spec,
    index: usize,
    base: (usize, i64),
    dates: &[u16],
    date: u16,
    slot: i64,
) -> Claim {
    let mut claim = Claim { base: Vec::new(), slots: Vec::new() };
    for (i, one) in spec.series.iter().enumerate() {
        claim.base.push(if i == index { base } else { one.current.unwrap_or((0, one.window.0)) });
        let track = claim.base[i].0;
        let count = one.tracks[track].len();
        let at = |k: usize| (i == index && dates[k] == date).then_some(slot);
        claim.slots.push((0..count).map(at).collect());
    }
    claim
}

fn enumerate(spec: &Spec, judge: &Judge<'_>) -> Option<i64> {
    let all: Vec<_> = (0..spec.series.len()).map(|i| answers(spec, i)).collect();
    if all.iter().any(Vec::is_empty) || all.iter().map(Vec::len).product::<usize>() > 30_000 {
        return None;
    }
    let mut at = vec![0; all.len()];
    let mut best = i64::MAX;
    loop {
        let pick = |i: usize| &all[i][at[i]];
        let claim = Claim {
            base: (0..all.len()).map(|i| pick(i).0).collect(),
            slots: (0..all.len()).map(|i| pick(i).1.clone()).collect(),
        };
        let mut bad = Vec::new();
        let cost = judge.cost(&claim, &mut bad);
        if bad.is_empty() {
            best = best.min(cost);
        }
        let Some(next) = (0..at.len()).find(|i| at[*i] + 1 < all[*i].len()) else { break };
        at[next] += 1;
        at[..next].fill(0);
    }
    Some(best)
}

fn claim(compiled: &Compiled, solution: &Solution) -> Claim {
    let minute = |(i, b): (usize, &onbeat::schedule::Base)| {
        (b.track, compiled.first_minute[i] + SLOT * b.column as i64)
    };
    Claim {
        base: solution.base.iter().enumerate().map(minute).collect(),
        slots: solution
            .occurrences
            .iter()
            .map(|r| r.iter().map(|s| s.map(i64::from)).collect())
            .collect(),
    }
}

/// A slot is called blocked exactly when the judge refuses it.
fn check_blockers(spec: &Spec, compiled: &Compiled, solution: &Solution, judge: &Judge<'_>) {
    let standing = Standing { base: solution.base.clone(), slots: solution.occurrences.clone() };
    let mut repairs = Repairs::new(&compiled.problem, &standing).unwrap();
    for (series, row) in solution.occurrences.iter().enumerate() {
        for occurrence in (0..row.len()).filter(|k| row[*k].is_none()) {
            for blocked in blockers(spec, compiled, &mut repairs, series, occurrence).unwrap() {
                let mut moved = claim(compiled, solution);
                moved.slots[series][occurrence] = Some(i64::from(blocked.slot));
                let mut bad = Vec::new();
                judge.cost(&moved, &mut bad);
                assert_eq!(
                    blocked.cause.is_some(),
                    !bad.is_empty(),
                    "{series}#{occurrence} {blocked:?} {bad:?}"
                );
                assert!(
                    blocked.cause.is_some(),
                    "a possible slot was left unused: {series}#{occurrence} {blocked:?}"
                );
            }
        }
    }
}

/// Returns false when the instance was too large to enumerate.
fn check_one(seed: u64) -> bool {
    let spec = tiny(seed);
    let judge = Judge::new(&spec).unwrap();
    let compiled = match compile(&spec) {
        Ok(compiled) => compiled,
        Err(error) => panic!("seed {seed}: {error}"),
    };
    let Some(optimum) = enumerate(&spec, &judge) else { return false };
    let solution = solve(&compiled.problem, Budget { work: 3_000_000, stop: &|| false });
    let prices = certificate(&compiled.problem, &solution.certificate);
    let verdict = judge.judge(&claim(&compiled, &solution), &prices);
    assert!(verdict.violations.is_empty(), "seed {seed}: {:?}", verdict.violations);
    assert_eq!(verdict.cost, solution.cost, "seed {seed}: cost");
    assert!(
        verdict.bound >= solution.certified,
        "seed {seed}: the certificate proves {}",
        verdict.bound
    );
    assert!(
        verdict.bound <= optimum,
        "seed {seed}: prices prove {} above the optimum {optimum}",
        verdict.bound
    );
    assert!(solution.bound <= optimum, "seed {seed}: bound {} above {optimum}", solution.bound);
    assert!(solution.cost >= optimum, "seed {seed}: cost {} below {optimum}", solution.cost);
    if solution.proof == Proof::Optimal {
        assert_eq!(solution.cost, optimum, "seed {seed}: proved, but not optimal");
        check_blockers(&spec, &compiled, &solution, &judge);
    }
    true
}

#[test]
fn tiny_instances_equal_plain_enumeration() {
    let wanted = option_env!("ONBEAT_BRUTE_CASES").and_then(|n| n.parse().ok()).unwrap_or(60);
    let (mut done, mut seed) = (0, 1);
    while done < wanted {
        done += u64::from(check_one(seed));
        seed += 1;
        assert!(seed < 20 * wanted, "the generator makes too many large instances");
    }
}
