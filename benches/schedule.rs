//! Times of the scheduler's parts on a generated team: one manager, eight
//! reports, twelve weeks. Run with `cargo bench --bench schedule`.

// A bench that cannot be set up has nothing to time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use divan::{Bencher, black_box};
use jiff::{civil, tz::TimeZone};
use onbeat::schedule::spec::{PersonSpec, SeriesSpec, Spec, Weights};
use onbeat::schedule::{Budget, Compiled, NewEvent, Repairs, Standing, compile, solve};

fn main() {
    divan::main();
}

fn person(index: i64, zone: &str) -> PersonSpec {
    let meeting = |k: i64| {
        let day = 1 + (k * 5 + index * 3) % 84;
        let from = day * 1440 + 480 + (k * 45 + index * 75) % 480;
        (from, from + 30 + 30 * (k % 3))
    };
    let mut work = [Some((540, 1080)); 7];
    work[5] = None;
    work[6] = None;
    PersonSpec {
        zone: TimeZone::get(zone).unwrap(),
        work,
        avoid: vec![(720, 780, 10)],
        day_cost: [0, 0, 0, 0, 4, 0, 0],
        buffer: if index % 4 == 1 { 15 } else { 0 },
        max_day: 4,
        focus_weight: 1,
        busy: (0..if index == 0 { 150 } else { 90 }).map(meeting).collect(),
        tentative: Vec::new(),
        off: vec![((1 + 7 * (index % 12)) * 1440, (4 + 7 * (index % 12)) * 1440)],
    }
}

fn team() -> Spec {
    let mut people = vec![person(0, "Europe/Paris")];
    let mut series = Vec::new();
    for i in 1..9_usize {
        people.push(person(i as i64, if i < 7 { "Europe/Paris" } else { "Europe/London" }));
        let every = [1, 1, 2, 2, 4][i % 5];
        let dates = |phase: usize, day: usize| {
            (0..12 / every).map(|k| (1 + 7 * (phase + k * every) + day) as u16).collect()
        };
        series.push(SeriesSpec {
            who: [0, i],
            anchor: 0,
            minutes: [30, 45][i % 2],
            load: (1, every as i64),
            weekdays: [true, true, true, true, true, false, false],
            window: (540, 1080),
            tolerance: 2 * every,
            lead: 1440,
            miss: 400 * (every as i64 + 1) / 2,
            ideal: (i % 2 == 0).then_some((i % 5, 600)),
            tracks: (0..every)
                .flat_map(|p| (0..5).map(move |d| (p, d)))
                .map(|(p, d)| dates(p, d))
                .collect(),
            current: None,
            pinned: false,
            settled: false,
        });
    }
    let origin = civil::date(2026, 3, 1);
    Spec {
        origin,
        last_day: 84,
        now: 0,
        weights: Weights::default(),
        people,
        series,
        published: None,
    }
}

fn standing(compiled: &Compiled) -> Standing {
    let solution = solve(&compiled.problem, Budget { work: 200_000, stop: &|| false });
    Standing { base: solution.base, slots: solution.occurrences }
}

#[divan::bench]
fn compile_team(bencher: Bencher<'_, '_>) {
    let spec = team();
    bencher.bench_local(|| compile(black_box(&spec)).unwrap());
}

#[divan::bench(sample_count = 20)]
fn solve_team(bencher: Bencher<'_, '_>) {
    let compiled = compile(&team()).unwrap();
    bencher.bench_local(|| {
        solve(black_box(&compiled.problem), Budget { work: 200_000, stop: &|| false })
    });
}

#[divan::bench]
fn repair_decision_with_reasons(bencher: Bencher<'_, '_>) {
    let compiled = compile(&team()).unwrap();
    let standing = standing(&compiled);
    let mut repairs = Repairs::new(&compiled.problem, &standing).unwrap();
    bencher.bench_local(|| repairs.look(black_box(0), black_box(3)));
}

#[divan::bench]
fn repair_decision(bencher: Bencher<'_, '_>) {
    let compiled = compile(&team()).unwrap();
    let mut standing = standing(&compiled);
    standing.slots[0][3] = None;
    let mut repairs = Repairs::new(&compiled.problem, &standing).unwrap();
    bencher.bench_local(|| repairs.best(black_box(0), black_box(3)));
}

#[divan::bench]
fn repair_of_a_day(bencher: Bencher<'_, '_>) {
    let spec = team();
    let compiled = compile(&spec).unwrap();
    let standing = standing(&compiled);
    // The manager is away for two days.
    let mut away = spec;
    away.people[0].off.push((31 * 1440, 33 * 1440));
    let compiled = compile(&away).unwrap();
    bencher.with_inputs(|| Repairs::new(&compiled.problem, &standing).unwrap()).bench_local_values(
        |mut repairs| {
            repairs.run(&|_, _| true);
            repairs.cost()
        },
    );
}

#[divan::bench]
fn replan_one_change(bencher: Bencher<'_, '_>) {
    let compiled = compile(&team()).unwrap();
    let standing = standing(&compiled);
    let repairs = Repairs::new(&compiled.problem, &standing).unwrap();
    let slot = standing.slots[0].iter().flatten().next().copied().unwrap();
    let event = NewEvent { person: 0, slots: slot..slot + 2 };
    bencher.bench_local(|| repairs.replan(black_box(&event), None));
}
