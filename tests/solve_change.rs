//! One calendar change in a standing plan: only the series of that person
//! change, and what comes out is a plan of the changed calendars.

// A failed helper fails the test.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use jiff::{civil, tz::TimeZone};
use onbeat::schedule::spec::{PersonSpec, SeriesSpec, Spec, Weights};
use onbeat::schedule::{
    Budget, Claim, Compiled, Judge, NewEvent, Repairs, SLOT, Standing, compile, solve,
};

fn person(index: i64) -> PersonSpec {
    let meeting = |k: i64| {
        let from = (1 + (k * 5 + index * 3) % 28) * 1440 + 540 + (k * 45 + index * 75) % 420;
        (from, from + 30 + 30 * (k % 2))
    };
    let mut work = [Some((540, 1020)); 7];
    work[5] = None;
    work[6] = None;
    PersonSpec {
        zone: TimeZone::get(if index % 3 == 2 { "Europe/London" } else { "Europe/Paris" }).unwrap(),
        work,
        avoid: vec![(720, 780, 10)],
        day_cost: [0; 7],
        buffer: if index % 2 == 1 { 15 } else { 0 },
        max_day: 3,
        focus_weight: 1,
        busy: (0..20).map(meeting).collect(),
        tentative: Vec::new(),
        off: Vec::new(),
    }
}

/// Two managers with three reports each; the managers meet as well.
fn company() -> Spec {
    let dates = |day: usize| (0..4).map(|k| (1 + 7 * k + day) as u16).collect();
    let pair = |who: [usize; 2]| SeriesSpec {
        who,
        anchor: who[0],
        minutes: 30,
        load: (1, 1),
        weekdays: [true, true, true, true, true, false, false],
        window: (540, 1020),
        tolerance: 2,
        lead: 1440,
        miss: 400,
        ideal: None,
        tracks: (0..5).map(dates).collect(),
        current: None,
        pinned: false,
        settled: false,
    };
    let pairs = [[0, 1], [0, 2], [0, 3], [4, 5], [4, 6], [4, 7], [0, 4]];
    Spec {
        origin: civil::date(2026, 3, 15),
        last_day: 28,
        now: 0,
        weights: Weights::default(),
        people: (0..8).map(person).collect(),
        series: pairs.map(pair).to_vec(),
        published: None,
    }
}

fn claim(compiled: &Compiled, standing: &Standing) -> Claim {
    let base = standing.base.iter().enumerate();
    let minute = |(i, b): (usize, &onbeat::schedule::Base)| {
        compiled.first_minute[i] + SLOT * b.column as i64
    };
    let row = |r: &Vec<Option<u32>>| r.iter().map(|s| s.map(i64::from)).collect();
    Claim {
        base: base.map(|(i, b)| (b.track, minute((i, b)))).collect(),
        slots: standing.slots.iter().map(row).collect(),
    }
}

#[test]
fn a_new_event_changes_the_series_of_that_person_only() {
    let spec = company();
    let compiled = compile(&spec).unwrap();
    let solution = solve(&compiled.problem, Budget { work: 200_000, stop: &|| false });
    let before = Standing { base: solution.base, slots: solution.occurrences };
    let repairs = Repairs::new(&compiled.problem, &before).unwrap();
    // An organiser of several series, a partner of one, the one both managers share.
    for (person, series) in [(0, 1), (5, 3), (4, 6)] {
        let slot = before.slots[series].iter().flatten().next().copied().unwrap();
        let event = NewEvent { person, slots: slot..slot + 4 };
        let changed = repairs.replan(&event, None).unwrap();
        assert_eq!(repairs.replan(&event, None).unwrap(), changed, "the same answer twice");
        let mut after = before.clone();
        for one in changed {
            assert!(spec.series[one.series].who.contains(&person), "series {}", one.series);
            after.base[one.series] = one.base;
            after.slots[one.series] = one.slots;
        }
        assert_ne!(after, before);

        let mut later = spec.clone();
        let at = i64::from(slot) * SLOT;
        later.people[person].busy.push((at, at + 4 * SLOT));
        let again = compile(&later).unwrap();
        let judge = Judge::new(&later).unwrap();
        let mut bad = Vec::new();
        let cost = judge.cost(&claim(&again, &after), &mut bad);
        assert!(bad.is_empty(), "{bad:?}");
        let mut by_occurrence = Repairs::new(&again.problem, &before).unwrap();
        assert!(!by_occurrence.displaced().is_empty());
        by_occurrence.run(&|_, _| true);
        assert!(cost <= by_occurrence.cost(), "{cost} above a repair of {}", by_occurrence.cost());
    }
}

#[test]
fn somebody_without_series_has_nothing_to_plan() {
    let mut spec = company();
    spec.people.push(person(8));
    let compiled = compile(&spec).unwrap();
    let solution = solve(&compiled.problem, Budget { work: 20_000, stop: &|| false });
    let standing = Standing { base: solution.base, slots: solution.occurrences };
    let repairs = Repairs::new(&compiled.problem, &standing).unwrap();
    assert_eq!(repairs.replan(&NewEvent { person: 8, slots: 500..502 }, None), None);
    assert_eq!(repairs.replan(&NewEvent { person: 99, slots: 500..502 }, None), None);
}
