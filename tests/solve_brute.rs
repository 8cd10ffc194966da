//! Random tiny problems against all their plans: the bound is never above the
//! optimum, the plan never below it, no constraint is broken, and every
//! "cannot be held" is verified.
//!
//! `ONBEAT_BRUTE_CASES` problems are looked at, those of the seeds from
//! `ONBEAT_BRUTE_FROM` on; both are read when the test runs. A problem with
//! more plans than `MOST_PLANS` is skipped and counted. The work is spread over
//! the cores (`RAYON_NUM_THREADS`).

// Small helpers over arrays this file sizes itself; a failed one fails the test.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "solve_brute/enumerate.rs"]
mod enumerate;
#[path = "solve_brute/instances.rs"]
mod instances;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use enumerate::Answers;
use instances::{crowded, tiny};
use onbeat::schedule::spec::Spec;
use onbeat::schedule::{
    Budget, Claim, Compiled, Judge, Proof, Repairs, SLOT, Solution, Standing, blockers,
    certificate, compile, solve,
};
use rayon::prelude::*;

/// Most plans a problem may have to be looked at.
const MOST_PLANS: u64 = 1_000_000_000_000;

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

/// A slot is called blocked exactly when the judge refuses it, and no slot that
/// the series' own rules allow is passed over in silence.
fn check_blockers(
    spec: &Spec,
    compiled: &Compiled,
    solution: &Solution,
    judge: &Judge<'_>,
    answers: &Answers<'_>,
) {
    let standing = Standing { base: solution.base.clone(), slots: solution.occurrences.clone() };
    let mut repairs = Repairs::new(&compiled.problem, &standing).unwrap();
    for (series, row) in solution.occurrences.iter().enumerate() {
        for occurrence in (0..row.len()).filter(|k| row[*k].is_none()) {
            let all = blockers(spec, compiled, &mut repairs, series, occurrence).unwrap();
            let listed: BTreeSet<i64> = all.iter().map(|b| i64::from(b.slot)).collect();
            let date = spec.series[series].tracks[solution.base[series].track][occurrence];
            for slot in answers.open(series, date) {
                assert!(
                    listed.contains(slot),
                    "nothing is said of {series}#{occurrence} at {slot}"
                );
            }
            for blocked in all {
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

/// Returns false when the problem has too many plans to look at.
fn check_one(spec: &Spec) -> bool {
    let answers = Answers::new(spec);
    assert!(answers.plans() > 0, "a problem without a plan");
    if answers.plans() > MOST_PLANS {
        return false;
    }
    let judge = Judge::new(spec).unwrap();
    let compiled = compile(spec).unwrap();
    let solution = solve(&compiled.problem, Budget { work: 3_000_000, stop: &|| false });
    let prices = certificate(&compiled.problem, &solution.certificate);
    let verdict = judge.judge(&claim(&compiled, &solution), &prices);
    assert!(verdict.violations.is_empty(), "{:?}", verdict.violations);
    assert_eq!(verdict.cost, solution.cost, "cost");
    let (proved, certified) = (verdict.bound, solution.certified);
    assert!(proved >= certified, "the prices prove {proved}, not the claimed {certified}");
    // The judge has just priced one plan, so the cheapest is at most that.
    let Some(optimum) = answers.cheapest(&judge, verdict.cost) else {
        panic!("no plan costs {} or less: the plan is none of the answers", verdict.cost)
    };
    assert!(proved <= optimum, "the prices prove {proved} above the optimum {optimum}");
    assert!(solution.bound <= optimum, "bound {} above {optimum}", solution.bound);
    assert!(solution.cost >= optimum, "cost {} below {optimum}", solution.cost);
    if solution.proof == Proof::Optimal {
        assert_eq!(solution.cost, optimum, "proved, but not optimal");
        check_blockers(spec, &compiled, &solution, &judge, &answers);
    }
    true
}

/// A number from the environment; one that cannot be read is an error.
fn number(name: &str, default: u64) -> u64 {
    #[allow(clippy::disallowed_methods)] // a switch of this suite, not of the program
    let found = std::env::var(name);
    found.map_or(default, |text| match text.parse() {
        Ok(number) => number,
        Err(error) => panic!("{name}={text:?}: {error}"),
    })
}

/// What `check` says of every seed, the seeds that fail named in the message.
fn of_every(seeds: std::ops::Range<u64>, check: impl Fn(u64) -> bool + Sync) -> (usize, usize) {
    let one = |seed| (seed, catch_unwind(AssertUnwindSafe(|| check(seed))));
    let all: Vec<_> = seeds.into_par_iter().map(one).collect();
    let text = |cause: &Box<dyn std::any::Any + Send>| {
        let said = cause.downcast_ref::<String>().cloned();
        said.or_else(|| cause.downcast_ref::<&str>().map(|s| (*s).to_owned())).unwrap_or_default()
    };
    let failed = all.iter().filter_map(|(seed, found)| Some((seed, found.as_ref().err()?)));
    let failed: Vec<_> = failed.map(|(seed, why)| format!("seed {seed}: {}", text(why))).collect();
    assert!(failed.is_empty(), "{} seeds fail:\n{}", failed.len(), failed.join("\n"));
    let done = all.iter().filter(|(_, found)| matches!(found, Ok(true))).count();
    (done, all.len() - done)
}

/// Compares as many problems of `kind` as asked for, `cases` if nothing is.
fn compare(kind: impl Fn(u64) -> Spec + Sync, cases: u64) {
    let from = number("ONBEAT_BRUTE_FROM", 1);
    let until = from + number("ONBEAT_BRUTE_CASES", cases);
    let (compared, skipped) = of_every(from..until, |seed| check_one(&kind(seed)));
    println!("seeds {from}..{until}: {compared} compared, {skipped} skipped as too large");
    assert!(compared > 20 * skipped, "the generator makes too many large problems");
}

#[test]
fn tiny_instances_equal_their_enumeration() {
    compare(tiny, 200);
}

/// Of these a third needs branching, of the tiny ones every twentieth.
#[test]
fn crowded_instances_equal_their_enumeration() {
    compare(crowded, 60);
}

/// The search that leaves plans out finds what looking at all of them finds,
/// whether it is told what to beat or not.
#[test]
fn the_short_enumeration_is_as_good_as_the_plain_one() {
    let from = number("ONBEAT_BRUTE_FROM", 1);
    let plain = number("ONBEAT_BRUTE_PLAIN", 40);
    let check = |seed| {
        let spec = tiny(seed);
        let answers = Answers::new(&spec);
        let judge = Judge::new(&spec).unwrap();
        if answers.plans() > 2_000 {
            return false;
        }
        assert!(answers.open_is_right(&judge));
        let optimum = answers.plain(&judge);
        let cost = optimum.unwrap();
        assert_eq!(answers.cheapest(&judge, i64::MAX / 4), optimum);
        assert_eq!(answers.cheapest(&judge, cost), optimum);
        assert_eq!(answers.cheapest(&judge, cost + 50), optimum);
        assert_eq!(answers.cheapest(&judge, cost - 1), None);
        true
    };
    let (compared, skipped) = of_every(from..from + plain, check);
    println!("{compared} compared with the plain enumeration, {skipped} skipped as too large");
    assert!(compared > 0);
}

#[test]
fn a_seed_that_fails_is_named() {
    let found = catch_unwind(|| of_every(7..10, |seed| seed != 8 || panic!("too dear")));
    let said = *found.unwrap_err().downcast::<String>().unwrap();
    assert_eq!(said, "1 seeds fail:\nseed 8: too dear");
    assert_eq!(of_every(7..10, |seed| seed != 8), (2, 1));
}
