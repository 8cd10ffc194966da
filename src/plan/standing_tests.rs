//! When another standing slot is proposed, and when not.

use jiff::ToSpan;
use jiff::civil::date;

use crate::model::plan::Proposal;
use crate::model::snapshot::{OccurrenceKey, OrganizedBy, Slot, SlotKind, Snapshot};
use crate::model::time::resolve;
use crate::plan::input::{Limits, PlanInput, Weekly};
use crate::plan::standing::told;
use crate::plan::testkit::*;

/// Bob on Tuesdays at ten for twelve weeks; Elena is busy then in so many of them.
fn clashing(weeks: i64) -> Snapshot {
    let mut world = snapshot();
    world.pairs = vec![with_series(pair("Bob"), &[10, 17, 24, 31], 10)];
    let uid = world.pairs[0].series[0].uid.clone();
    for week in 0..12 {
        let day = date(2026, 3, 10).checked_add(week.weeks()).unwrap();
        let at = |minutes: i64| {
            let midnight = day.at(0, 0, 0, 0);
            resolve(midnight.checked_add(minutes.minutes()).unwrap(), &berlin())
        };
        world.pairs[0].slots.push(Slot {
            key: OccurrenceKey { uid: uid.clone(), recurrence_id: Some(at(600)) },
            start: at(600),
            end: at(630),
            cadence_days: 7,
            kind: SlotKind::Rule,
        });
        if week < weeks {
            world.owner_busy.push(busy(at(600), at(660), "Review"));
        }
    }
    world
}

fn proposed(world: &Snapshot, weekly: &Weekly) -> Option<Proposal> {
    let (states, limits) = (states(world), Limits::default());
    let input = PlanInput { snapshot: world, pairs: &states, limits: &limits, only: None, weekly };
    crate::plan::plan(&input).proposal
}

#[test]
fn a_change_is_proposed_only_when_it_gains_more_than_it_costs() {
    // Three moves a quarter are cheaper than another time for everybody.
    assert_eq!(proposed(&clashing(3), &Weekly::Due), None);
    let made = proposed(&clashing(10), &Weekly::Due).unwrap();
    assert_eq!(made.from, at(10, 10, 0));
    assert_eq!(made.off, (10, 0, 11));
    assert!(made.gain > 0);
    let local = berlin().to_datetime(made.to);
    assert_eq!(
        (local.weekday(), local.hour()),
        (jiff::civil::Weekday::Tuesday, 9),
        "half past nine"
    );
}

#[test]
fn what_a_person_fixed_or_somebody_else_organizes_gets_no_proposal() {
    let mut pinned = clashing(10);
    pinned.pairs[0].pair.pinned = true;
    let mut never = clashing(10);
    never.pairs[0].pair.never_move = true;
    let mut theirs = clashing(10);
    theirs.pairs[0].series[0].organized_by = OrganizedBy::Partner;
    for world in [pinned, never, theirs] {
        assert_eq!(proposed(&world, &Weekly::Due), None);
    }
}

#[test]
fn within_the_week_the_same_is_said_until_it_is_taken() {
    let made = proposed(&clashing(10), &Weekly::Due);
    let again = Weekly::Made(made.clone());
    assert_eq!(proposed(&clashing(10), &again), made);
    // A week in which nothing was found stays quiet, whatever happens in it.
    assert_eq!(proposed(&clashing(10), &Weekly::Made(None)), None);
    // Elena moved the series: done.
    let mut moved = clashing(10);
    for slot in &mut moved.pairs[0].slots {
        slot.start = slot.start.checked_sub(30.minutes()).unwrap();
    }
    assert_eq!(proposed(&moved, &again), None);
}

#[test]
fn away_most_of_the_time_no_slot_is_better() {
    let mut world = clashing(0);
    world.owner_busy = vec![busy(at(3, 0, 0), at(31, 0, 0), "Leave")];
    world.owner_busy[0].span.to = resolve(date(2026, 5, 20).at(0, 0, 0, 0), &berlin());
    assert_eq!(proposed(&world, &Weekly::Due), None);
    let told = told(&world, 0, &Limits::default()).unwrap();
    assert!(told.missed > 8, "{told:?}");
    let lost = i64::try_from(told.missed).unwrap() * 400;
    assert!(told.terms.contains(&("miss", lost)), "{told:?}");
}
