//! Repairs in which 1:1s meet each other: who makes room, who must not, and what
//! is said when nothing helps.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::time;

use crate::model::id::PairId;
use crate::model::plan::{Action, MailEffect, Plan, Reason, WaitingCause};
use crate::model::snapshot::{PartnerTime, Snapshot};
use crate::model::time::Window;
use crate::plan::input::{Limits, PlanInput, Weekly};
use crate::plan::testkit::*;

/// Bob at ten and Zoe at eleven on Tuesday the 10th. The board takes Bob's time;
/// Elena has room at eleven and at half past three, Bob only at eleven.
fn contested() -> Snapshot {
    let mut world = snapshot();
    world.pairs = vec![with_series(pair("Bob"), &[10], 10), with_series(pair("Zoe"), &[10], 11)];
    world.owner_busy = vec![
        busy(at(8, 0, 0), at(10, 0, 0), "Trade fair"),
        busy(at(10, 8, 0), at(10, 11, 0), "Board meeting"),
        busy(at(10, 11, 30), at(10, 15, 30), "Audit"),
        busy(at(11, 0, 0), at(14, 0, 0), "Trade fair"),
    ];
    let span = Window::new(at(1, 0, 0), at(31, 0, 0));
    let taken = vec![busy(at(10, 15, 0), at(10, 17, 0), "Secret project")];
    world.partner_busy =
        BTreeMap::from([(PairId::new("bob"), PartnerTime::Known { span, busy: taken })]);
    world
}

fn moves(plan: &Plan) -> Vec<(String, Timestamp)> {
    let moved = plan.steps.iter().filter_map(|s| match &s.action {
        Action::MoveOccurrence { start, .. } => {
            Some((s.pair.to_string(), start.instant(&berlin())))
        }
        Action::CreateSeries(_)
        | Action::WriteAgenda { .. }
        | Action::CreateCompanion(_)
        | Action::SetLink { .. }
        | Action::Restore { .. } => None,
    });
    moved.collect()
}

fn finding(plan: &Plan) -> (&[(String, usize)], &str) {
    let cause = plan.waiting.iter().find_map(|w| {
        let WaitingCause::NoSlot { blocked_by, remedy, .. } = &w.cause else { return None };
        Some((blocked_by.as_slice(), remedy.as_deref().unwrap_or("")))
    });
    cause.unwrap_or_else(|| panic!("a finding, not {plan:?}"))
}

#[test]
fn another_one_makes_room_where_nothing_else_helps() {
    let world = contested();
    let plan = plan_of(&world, &states(&world));
    let expected = [("zoe".to_owned(), at(10, 15, 30)), ("bob".to_owned(), at(10, 11, 0))];
    assert_eq!(moves(&plan), expected, "Zoe first: {plan:?}");
    let [zoe, bob] = plan.steps.as_slice() else { panic!() };
    assert!(zoe.why.contains(&Reason::MakesRoom { who: "Bob".to_owned() }));
    assert!(bob.why.contains(&Reason::TakesPlaceOf { who: "Zoe".to_owned() }));
    assert_eq!(bob.after.as_slice(), std::slice::from_ref(&zoe.id));
    assert!(matches!(&zoe.mail, MailEffect::Mails(who) if who[0].as_str().contains("zoe")));
    assert!(matches!(&bob.mail, MailEffect::Mails(who) if who[0].as_str().contains("bob")));
    let score = plan.score.unwrap();
    assert!(score.gain() > 0 && score.gap() == 0, "{score:?}");
}

#[test]
fn asked_for_one_pair_the_step_that_makes_room_comes_along() {
    let world = contested();
    let (limits, bob) = (Limits::default(), PairId::new("bob"));
    let states = states(&world);
    let input = PlanInput {
        snapshot: &world,
        pairs: &states,
        limits: &limits,
        only: Some(&bob),
        weekly: &Weekly::Due,
    };
    assert_eq!(moves(&crate::plan::plan(&input)).len(), 2);
}

#[test]
fn nobody_makes_room_for_nothing() {
    let world = contested();
    let (states, zoe) = (states(&world), PairId::new("zoe"));
    for mails_left in [0, 1] {
        let limits = Limits { mails_left, ..Limits::default() };
        let (only, weekly) = (None, &Weekly::Due);
        let input = PlanInput { snapshot: &world, pairs: &states, limits: &limits, only, weekly };
        let plan = crate::plan::plan(&input);
        assert_eq!(moves(&plan), [], "a mail for both or none");
        assert!(plan.waiting.iter().any(|w| w.cause == WaitingCause::MailCap));
        assert!(plan.waiting.iter().any(|w| matches!(w.cause, WaitingCause::Refused { .. })));
    }
    let (limits, only, weekly) = (Limits::default(), Some(&zoe), &Weekly::Due);
    let input = PlanInput { snapshot: &world, pairs: &states, limits: &limits, only, weekly };
    assert_eq!(moves(&crate::plan::plan(&input)).len(), 2, "asked for Zoe, Bob comes along");
}

#[test]
fn making_room_for_one_that_waits_for_a_person_waits_for_that_person() {
    let mut world = contested();
    assert!(plan_of(&world, &states(&world)).steps.iter().all(|step| !step.needs_person));
    world.pairs[0].pair.mode = crate::model::pair::Mode::Suggest;
    let plan = plan_of(&world, &states(&world));
    assert_eq!(plan.steps[0].pair.as_str(), "zoe");
    assert!(plan.steps[0].needs_person, "{plan:?}");
}

#[test]
fn what_is_pinned_never_to_be_moved_or_moved_already_makes_no_room() {
    let mut pinned = contested();
    pinned.pairs[1].pair.pinned = true;
    let mut never = contested();
    never.pairs[1].pair.never_move = true;
    let mut moved = contested();
    moved.pairs[1].occurrences[0].key.recurrence_id = Some(at(10, 14, 0));
    let mut theirs = contested();
    theirs.pairs[1].series[0].organized_by = crate::model::snapshot::OrganizedBy::Partner;
    for world in [pinned, never, moved, theirs] {
        let plan = plan_of(&world, &states(&world));
        assert_eq!(moves(&plan), [], "{plan:?}");
        let (causes, remedy) = finding(&plan);
        assert!(
            causes.iter().any(|(words, n)| words == "the 1:1 with Zoe" && *n > 0),
            "{causes:?}"
        );
        assert!(causes.iter().any(|(words, _)| words.contains("Trade fair")));
        assert!(!remedy.contains("Secret") && !remedy.is_empty(), "{remedy}");
    }
}

#[test]
fn of_the_partners_calendar_nothing_but_busy_is_told() {
    let mut world = contested();
    world.pairs[1].pair.pinned = true;
    let plan = plan_of(&world, &states(&world));
    let told = format!("{:?}", plan.waiting);
    assert!(told.contains("Bob is busy") && !told.contains("Secret"), "{told}");
}

#[test]
fn the_smallest_change_is_named() {
    let mut world = snapshot();
    world.pairs = vec![with_series(pair("Bob"), &[10], 10)];
    // Everything within two days is taken; the Friday after is free.
    world.owner_busy = vec![busy(at(8, 0, 0), at(13, 0, 0), "Trade fair")];
    world.pairs[0].pair.flexibility_days = 1;
    world.pairs[0].pair.cadence.every = 2;
    let plan = plan_of(&world, &states(&world));
    let (_, remedy) = finding(&plan);
    assert_eq!(remedy, "`flexibility = \"3 days\"` would allow Fri 13 Mar 10:00");
    // No flexibility helps: one event less does.
    world.owner_busy = vec![
        busy(at(1, 0, 0), at(10, 10, 0), "Trade fair"),
        busy(at(10, 10, 0), at(10, 11, 0), "Dentist"),
        busy(at(10, 11, 0), at(31, 0, 0), "Trade fair"),
    ];
    let plan = plan_of(&world, &states(&world));
    let (_, remedy) = finding(&plan);
    assert!(remedy.ends_with("Elena is busy (Trade fair)"), "{remedy}");
}

#[test]
fn new_hours_move_single_meetings_but_not_a_series_that_lies_outside() {
    let mut world = snapshot();
    world.pairs = vec![with_series(pair("Bob"), &[3, 10, 17, 24], 10)];
    let slots = world.pairs[0].occurrences.iter().map(|o| crate::model::snapshot::Slot {
        key: o.key.clone(),
        start: o.start,
        end: o.end,
        cadence_days: 7,
        kind: crate::model::snapshot::SlotKind::Rule,
    });
    world.pairs[0].slots = slots.collect();
    let nine_to = |hour: i8| hours(time(9, 0, 0, 0), time(hour, 0, 0, 0));
    world.pairs[0].pair.partner.hours = nine_to(10);
    let plan = plan_of(&world, &states(&world));
    assert_eq!(moves(&plan), [], "the standing slot is wrong, not each meeting: {plan:?}");
    // Bob is in New York: ten in Berlin is four there, but for one week.
    world.pairs[0].pair.partner.hours = nine_to(12);
    world.pairs[0].pair.partner.hours.days[1] = vec![(time(9, 0, 0, 0), time(16, 0, 0, 0))];
    world.pairs[0].occurrences[1].start = at(10, 10, 0);
    let plan = plan_of(&world, &states(&world));
    assert_eq!(moves(&plan), []);
}

#[test]
fn a_meeting_dragged_near_keeps_the_next_one_at_a_distance() {
    let mut world = snapshot();
    world.pairs = vec![with_series(pair("Bob"), &[10, 17], 10)];
    let dragged = &mut world.pairs[0].occurrences[0];
    (dragged.start, dragged.end) = (at(14, 10, 0), at(14, 10, 30));
    world.owner_busy = vec![busy(at(17, 8, 0), at(17, 18, 0), "Board meeting")];
    let plan = plan_of(&world, &states(&world));
    assert_eq!(moves(&plan), [("bob".to_owned(), at(18, 10, 0))], "Monday is too close");
}

#[test]
fn of_two_that_collide_the_second_moves_where_the_first_cannot() {
    let mut world = snapshot();
    world.pairs = vec![with_series(pair("Bob"), &[10], 10), with_series(pair("Zoe"), &[10], 10)];
    let span = Window::new(at(1, 0, 0), at(31, 0, 0));
    let taken =
        vec![busy(at(1, 0, 0), at(10, 10, 0), "x"), busy(at(10, 10, 30), at(31, 0, 0), "x")];
    world.partner_busy =
        BTreeMap::from([(PairId::new("bob"), PartnerTime::Known { span, busy: taken })]);
    let plan = plan_of(&world, &states(&world));
    let moved = moves(&plan);
    assert_eq!((moved.len(), moved[0].0.as_str()), (1, "zoe"), "{plan:?}");
    let agenda = |c: &WaitingCause| matches!(c, WaitingCause::AgendaNotDue { .. });
    assert!(plan.waiting.iter().all(|w| agenda(&w.cause)), "{:?}", plan.waiting);
}

/// A thousand pairs of one person, most of them impossible: an answer or a finding
/// for each, in bounded work.
#[test]
fn a_thousand_pairs_of_one_person_are_an_answer() {
    let mut world = snapshot();
    for n in 0..1000_usize {
        let day = 9 + i8::try_from(n % 5).unwrap();
        let hour = 9 + i8::try_from(n / 5 % 7).unwrap();
        let mut pair = pair(&format!("P{n}"));
        pair.partner.addresses[0] = crate::model::id::Address::new(&format!("p{n}@example.org"));
        world.pairs.push(match n % 4 {
            // Without a series, and without a free moment for most of them.
            0 => without_series(pair),
            _ => with_series(pair, &[day, day + 7], hour),
        });
    }
    let states = states(&world);
    let limits =
        Limits { max_per_day: 8, mails_left: 5000, blast_radius: 5000, ..Limits::default() };
    let input = PlanInput {
        snapshot: &world,
        pairs: &states,
        limits: &limits,
        only: None,
        weekly: &Weekly::Due,
    };
    let plan = crate::plan::plan(&input);
    let told = |pair: &PairId| {
        plan.steps.iter().any(|s| s.pair == *pair) || plan.waiting.iter().any(|w| w.pair == *pair)
    };
    let without = world.pairs.iter().filter(|view| view.series.is_empty());
    let silent: Vec<_> = without.filter(|view| !told(&view.pair.id)).collect();
    assert!(silent.is_empty(), "every pair without a series is answered: {silent:?}");
    let created = |s: &&crate::model::plan::Step| matches!(s.action, Action::CreateSeries(_));
    assert!(plan.steps.iter().filter(created).count() < 250);
    assert!(plan.waiting.iter().any(|w| matches!(w.cause, WaitingCause::NoSlot { .. })));
}
