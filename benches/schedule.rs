//! Times of the scheduler's parts on a generated team: one manager, eight
//! reports, twelve weeks. Run with `cargo bench --bench schedule`.
//!
//! With `ONBEAT_BENCH_INSTANCE` naming an instance file (`onbeat-plan/1`) it
//! times one thing only: what a new event costs in the plan of that instance.

// A bench that cannot be set up has nothing to time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // a measurement needs the clock

use std::time::{Duration, Instant};

use divan::{Bencher, black_box};
use jiff::{civil, tz::TimeZone};
use onbeat::schedule::spec::{PersonSpec, SeriesSpec, Spec, Weights};
use onbeat::schedule::{Budget, Compiled, NewEvent, Repairs, Standing, compile, solve};

fn main() {
    match std::env::var_os("ONBEAT_BENCH_INSTANCE") {
        Some(path) => changes(&std::fs::read_to_string(path).unwrap()),
        None => divan::main(),
    }
}

/// Changes that are timed.
const CHANGES: usize = 50;

/// A new event of one hour over one of somebody's 1:1s, for people from those
/// with the most series to those with the fewest; at the limit of work that
/// `Repairs::replan` has by itself and at lower ones.
fn changes(text: &str) {
    let spec = onbeat::cli::solve::stated(text).unwrap();
    let compiled = compile(&spec).unwrap();
    let solution = solve(&compiled.problem, Budget { work: 2_500_000, stop: &|| false });
    let (cost, bound) = (solution.cost, solution.bound);
    println!("{} people, cost {cost}, bound {bound}, {CHANGES} changes", spec.people.len());
    let standing = Standing { base: solution.base, slots: solution.occurrences };
    let mut of = vec![Vec::new(); spec.people.len()];
    for (index, series) in spec.series.iter().enumerate() {
        series.who.iter().for_each(|who| of[*who].push(index));
    }
    let held = |person: usize| -> Vec<u32> {
        of[person].iter().flat_map(|s| &standing.slots[*s]).flatten().copied().collect()
    };
    let mut people: Vec<usize> = (0..of.len()).filter(|p| !held(*p).is_empty()).collect();
    people.sort_by_key(|p| (std::cmp::Reverse(of[*p].len()), *p));
    let event = |at: usize| {
        let person = people[at * (people.len() - 1) / (CHANGES - 1)];
        let slots = held(person);
        let slot = slots[at * 7 % slots.len()];
        NewEvent { person, slots: slot..slot + 4 }
    };
    let events: Vec<NewEvent> = (0..CHANGES).map(event).collect();
    let repairs = Repairs::new(&compiled.problem, &standing).unwrap();
    for work in [None, Some(5_000), Some(2_000)] {
        time_changes(&repairs, &standing, &events, &of, work);
    }
}

/// Times each change three times; the fastest counts, as others may use the
/// machine. `of`: the series of every person.
fn time_changes(
    repairs: &Repairs<'_>,
    standing: &Standing,
    events: &[NewEvent],
    of: &[Vec<usize>],
    work: Option<u64>,
) {
    let mut times = Vec::new();
    let (mut own, mut planned, mut held) = (0, 0, 0);
    for event in events {
        let mut best = Duration::MAX;
        let mut changed = Vec::new();
        for _ in 0..3 {
            let since = Instant::now();
            changed = black_box(repairs.replan(black_box(event), work).unwrap());
            best = best.min(since.elapsed());
        }
        times.push((best, of[event.person].len()));
        // What comes back is this person's, so nothing else can have changed.
        assert!(changed.iter().map(|c| c.series).eq(of[event.person].iter().copied()));
        own += changed.len();
        for one in &changed {
            let before = &standing.slots[one.series];
            planned += usize::from(one.base != standing.base[one.series] || one.slots != *before);
            let count = |row: &[Option<u32>]| row.iter().flatten().count() as i64;
            held += count(&one.slots) - count(before);
        }
    }
    times.sort_unstable();
    let at = |part: usize| times[events.len() * part / 10].0;
    let (longest, most) = times[times.len() - 1];
    let limit = work.map_or("its own limit".to_owned(), |work| format!("{work} steps"));
    println!("{limit}: median {:.2?}, nine of ten within {:.2?},", at(5), at(9));
    println!("  maximum {longest:.2?} (a person with {most} series);");
    println!("  {planned} of these people's {own} series have a new plan, {held:+} held,");
    println!("  no series of anybody else is touched");
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
