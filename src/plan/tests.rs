//! The plan as films: a calendar, a moment, and what onbeat would do.

use std::collections::BTreeMap;

use jiff::civil::date;
use jiff::{Timestamp, ToSpan};

use crate::model::event::Partstat;
use crate::model::id::PairId;
use crate::model::plan::{Action, MailEffect, Plan, Precondition, Reason, WaitingCause};
use crate::model::snapshot::{Absence, Coverage, OrganizedBy};
use crate::plan::input::PairState;
use crate::plan::testkit::*;

fn moves(plan: &Plan) -> Vec<(Timestamp, Timestamp)> {
    plan.steps
        .iter()
        .filter_map(|s| match &s.action {
            Action::MoveOccurrence { occurrence, start, .. } => {
                Some((occurrence.recurrence_id.unwrap(), start.instant(&berlin())))
            }
            Action::CreateSeries(_)
            | Action::WriteAgenda { .. }
            | Action::CreateCompanion(_)
            | Action::SetLink { .. }
            | Action::Restore { .. } => None,
        })
        .collect()
}

fn causes(plan: &Plan) -> Vec<&WaitingCause> {
    plan.waiting.iter().map(|w| &w.cause).collect()
}

#[test]
fn a_missing_series_is_created_at_the_wished_for_time() {
    let mut world = snapshot();
    world.pairs = vec![without_series(pair("Bob"))];
    let plan = plan_of(&world, &states(&world));
    let [step] = plan.steps.as_slice() else { panic!("one step, not {plan:?}") };
    let Action::CreateSeries(series) = &step.action else { panic!("{step:?}") };
    assert_eq!(series.start.instant(&berlin()), at(10, 10, 0), "first Tuesday after the freeze");
    assert_eq!(step.precondition, Precondition::Absent);
    assert!(step.why.contains(&Reason::Ideal));
    assert_eq!(step.mail, MailEffect::Mails(vec![series.attendee.0.clone()]));
    assert!(!step.needs_person);
    assert_eq!(plan_of(&world, &states(&world)).steps[0].id, step.id, "the same plan again");
}

#[test]
fn a_standing_clash_pushes_the_new_series_off_the_wish() {
    let mut world = snapshot();
    for week in 0..13_i64 {
        let day = date(2026, 3, 3).checked_add(week.weeks()).unwrap();
        let from = crate::model::time::resolve(day.at(9, 30, 0, 0), &berlin());
        let to = crate::model::time::resolve(day.at(10, 15, 0, 0), &berlin());
        world.owner_busy.push(busy(from, to, "Staff meeting"));
    }
    world.pairs = vec![without_series(pair("Bob"))];
    let plan = plan_of(&world, &states(&world));
    let Action::CreateSeries(series) = &plan.steps[0].action else { panic!() };
    assert_eq!(series.start.civil().time(), date(2026, 3, 3).at(10, 15, 0, 0).time());
    assert!(plan.steps[0].why.contains(&Reason::NearIdeal(15)));
}

#[test]
fn a_series_a_person_ended_waits_for_a_person() {
    let mut world = snapshot();
    world.pairs = vec![without_series(pair("Bob"))];
    let mut states = states(&world);
    states.get_mut(&PairId::new("bob")).unwrap().last_known = Some(at(1, 10, 0));
    let plan = plan_of(&world, &states);
    assert!(plan.steps[0].needs_person);
}

#[test]
fn an_accepted_clash_moves_one_occurrence_and_leaves_the_others() {
    let mut world = snapshot();
    world.pairs = vec![with_series(pair("Bob"), &[3, 10, 17], 10)];
    world.owner_busy = vec![busy(at(10, 9, 0), at(10, 12, 0), "Board meeting")];
    let plan = plan_of(&world, &states(&world));
    assert_eq!(moves(&plan), [(at(10, 10, 0), at(10, 12, 0))]);
    assert!(
        matches!(&plan.steps[0].why[0], Reason::Clash { with, .. } if with.contains("Board meeting"))
    );
}

#[test]
fn inside_the_freeze_nothing_moves_but_it_is_said() {
    let mut world = snapshot();
    world.pairs = vec![with_series(pair("Bob"), &[3], 7)];
    world.now = at(2, 9, 0);
    world.owner_busy = vec![busy(at(3, 7, 0), at(3, 8, 0), "Dentist")];
    let plan = plan_of(&world, &states(&world));
    assert!(plan.steps.is_empty());
    assert!(
        matches!(causes(&plan)[0], WaitingCause::Frozen { blocker } if blocker.contains("Dentist"))
    );
}

#[test]
fn a_decline_moves_and_a_second_one_does_not() {
    let mut world = snapshot();
    world.pairs = vec![with_series(pair("Bob"), &[10], 10)];
    world.pairs[0].occurrences[0].partner_reply = Some(Partstat::Declined);
    world.pairs[0].occurrences[0].overridden = true;
    let plan = plan_of(&world, &states(&world));
    let (from, to) = moves(&plan)[0];
    assert_eq!(from, at(10, 10, 0));
    assert_ne!(to, from, "moved to where it was declined");
    // Now it stands where onbeat put it, and he declines again.
    world.pairs[0].occurrences[0].start = to;
    world.pairs[0].occurrences[0].end = to + jiff::SignedDuration::from_mins(30);
    let mut states = states(&world);
    let key = world.pairs[0].occurrences[0].key.clone();
    states.get_mut(&PairId::new("bob")).unwrap().own_moves = BTreeMap::from([(key, vec![to])]);
    let plan = plan_of(&world, &states);
    assert!(plan.steps.is_empty());
    assert!(matches!(causes(&plan)[0], WaitingCause::MoveCap { .. }));
}

#[test]
fn what_a_person_dragged_stays() {
    let mut world = snapshot();
    world.pairs = vec![with_series(pair("Bob"), &[10], 10)];
    world.pairs[0].occurrences[0].start = at(11, 14, 0);
    world.pairs[0].occurrences[0].end = at(11, 14, 30);
    world.owner_busy = vec![busy(at(11, 14, 0), at(11, 15, 0), "Review")];
    let plan = plan_of(&world, &states(&world));
    assert!(plan.steps.is_empty());
    assert!(matches!(causes(&plan)[0], WaitingCause::PlacedByHand { .. }));
}

#[test]
fn the_partners_leave_moves_to_its_near_side() {
    let mut world = snapshot();
    world.pairs = vec![with_series(pair("Bob"), &[10], 10)];
    let bob = world.pairs[0].pair.partner.addresses[0].clone();
    world.absences = vec![Absence {
        who: bob,
        span: crate::model::time::Window::new(at(10, 0, 0), at(14, 0, 0)),
        label: "Vacation".to_owned(),
        holiday: false,
    }];
    let plan = plan_of(&world, &states(&world));
    assert_eq!(moves(&plan), [(at(10, 10, 0), at(9, 10, 0))]);
}

#[test]
fn an_event_of_the_boss_is_never_moved_only_proposed_about() {
    let mut world = snapshot();
    world.pairs = vec![with_series(pair("Bob"), &[10], 10)];
    world.pairs[0].series[0].organized_by = OrganizedBy::Partner;
    world.owner_busy = vec![busy(at(10, 9, 0), at(10, 12, 0), "Board meeting")];
    let plan = plan_of(&world, &states(&world));
    assert!(plan.steps.is_empty());
    let WaitingCause::NotOrganizer { proposals, .. } = causes(&plan)[0] else { panic!() };
    assert_eq!(proposals[0], at(10, 12, 0));
}

#[test]
fn no_slot_says_what_took_the_places_away() {
    let mut world = snapshot();
    world.pairs = vec![with_series(pair("Bob"), &[10], 10)];
    world.owner_busy = vec![busy(at(7, 0, 0), at(14, 0, 0), "Trade fair")];
    let plan = plan_of(&world, &states(&world));
    assert!(plan.steps.is_empty());
    let WaitingCause::NoSlot { blocked_by, remedy, .. } = causes(&plan)[0] else { panic!() };
    assert!(blocked_by[0].0.contains("Trade fair"));
    assert!(remedy.is_some());
}

#[test]
fn an_incomplete_reading_plans_nothing() {
    let mut world = snapshot();
    world.pairs = vec![without_series(pair("Bob"))];
    world.coverage.insert(
        calendar(),
        Coverage::Partial { synced_at: None, reason: "the connection broke".to_owned() },
    );
    let plan = plan_of(&world, &states(&world));
    assert!(plan.steps.is_empty());
    assert!(matches!(causes(&plan)[0], WaitingCause::IncompleteReading { .. }));
}

#[test]
fn two_moves_never_land_on_each_other() {
    let mut world = snapshot();
    world.pairs = vec![with_series(pair("Bob"), &[10], 10), with_series(pair("Zoe"), &[10], 11)];
    world.owner_busy = vec![
        busy(at(10, 8, 0), at(10, 15, 30), "Board meeting"),
        busy(at(8, 0, 0), at(10, 0, 0), "Trade fair"),
        busy(at(11, 0, 0), at(14, 0, 0), "Trade fair"),
    ];
    let plan = plan_of(&world, &states(&world));
    assert_eq!(moves(&plan).len(), 1, "only one place is left: {plan:?}");
    assert!(causes(&plan).iter().any(|c| matches!(c, WaitingCause::NoSlot { .. })));
}

#[test]
fn paused_means_untouched() {
    let mut world = snapshot();
    world.pairs = vec![without_series(pair("Bob"))];
    let states = BTreeMap::from([(
        PairId::new("bob"),
        PairState { paused: true, target: Some(calendar()), ..PairState::default() },
    )]);
    assert!(plan_of(&world, &states).steps.is_empty());
}

#[test]
fn two_new_pairs_with_the_same_wish_do_not_meet_in_one_slot() {
    let mut world = snapshot();
    world.pairs = vec![without_series(pair("Bob")), without_series(pair("Zoe"))];
    let plan = plan_of(&world, &states(&world));
    let starts: Vec<Timestamp> = plan
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::CreateSeries(series) => Some(series.start.instant(&berlin())),
            Action::MoveOccurrence { .. }
            | Action::WriteAgenda { .. }
            | Action::CreateCompanion(_)
            | Action::SetLink { .. }
            | Action::Restore { .. } => None,
        })
        .collect();
    assert_eq!(starts.len(), 2, "{plan:?}");
    let apart = starts[0].duration_until(starts[1]).as_mins().abs();
    assert!(apart >= 30, "{starts:?}");
    assert!(starts.contains(&at(10, 10, 0)), "one of them has its wish");
}

#[test]
fn two_meetings_on_top_of_each_other_are_parted_by_one_move() {
    let mut world = snapshot();
    world.pairs = vec![with_series(pair("Bob"), &[10], 10), with_series(pair("Zoe"), &[10], 10)];
    let plan = plan_of(&world, &states(&world));
    assert_eq!(moves(&plan).len(), 1, "one mail, not two: {plan:?}");
}

#[test]
fn an_invitation_nobody_answered_moves_nothing() {
    let mut world = snapshot();
    world.pairs = vec![with_series(pair("Bob"), &[10], 10), with_series(pair("Zoe"), &[10], 10)];
    world.pairs[1].series[0].organized_by = OrganizedBy::Partner;
    world.pairs[1].occurrences[0].organized_by = OrganizedBy::Partner;
    world.pairs[1].occurrences[0].owner_reply = Some(Partstat::NeedsAction);
    assert!(moves(&plan_of(&world, &states(&world))).is_empty());
}

#[test]
fn a_long_meeting_is_not_squeezed_into_a_short_gap() {
    let mut world = snapshot();
    world.pairs = vec![with_series(pair("Bob"), &[10], 10)];
    world.pairs[0].occurrences[0].end = at(10, 11, 0);
    world.owner_busy = vec![
        busy(at(10, 9, 30), at(10, 11, 30), "Board meeting"),
        busy(at(10, 12, 0), at(10, 13, 0), "Lunch"),
    ];
    let (_, to) = moves(&plan_of(&world, &states(&world)))[0];
    let end = to + jiff::SignedDuration::from_mins(60);
    assert!(!(to < at(10, 13, 0) && end > at(10, 9, 30)), "{to}");
}

#[test]
fn a_decline_of_the_whole_series_is_for_the_two_to_talk_about() {
    let mut world = snapshot();
    world.pairs = vec![with_series(pair("Bob"), &[10, 17], 10)];
    for meeting in &mut world.pairs[0].occurrences {
        meeting.partner_reply = Some(Partstat::Declined);
    }
    let plan = plan_of(&world, &states(&world));
    assert!(plan.steps.is_empty());
    assert!(matches!(causes(&plan)[0], WaitingCause::DeclinedSeries { .. }));
}

#[test]
fn an_event_that_cannot_be_read_may_be_the_missing_series() {
    let mut world = snapshot();
    world.pairs = vec![without_series(pair("Bob"))];
    world.quarantined = vec![crate::model::snapshot::Quarantine {
        calendar: calendar(),
        href: crate::model::id::Href::new("broken.ics"),
        uid: None,
        reason: "line 3".to_owned(),
    }];
    assert!(plan_of(&world, &states(&world)).steps[0].needs_person);
}
