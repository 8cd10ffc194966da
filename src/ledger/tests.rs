//! Tests of the ledger: folding, verdicts by hand-made entries, flags over a
//! scripted year.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::model::event::Partstat;
use crate::model::ledger::{Beat, Cause, Finding, FindingKind, Verdict};
use crate::model::observation::{Away, Ending, FlagKind, Party};
use crate::model::snapshot::{OccurrenceKey, OrganizedBy};

fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

fn day(n: i64) -> Timestamp {
    "2025-01-06T09:00:00Z".parse::<Timestamp>().unwrap() + hours(24 * n)
}

fn entry(planned: Timestamp, seen: Timestamp, fact: Fact) -> LedgerEntry {
    LedgerEntry {
        seq: 0,
        at: seen,
        seen,
        pair: "bob".into(),
        planned: Some(planned),
        key: Some(OccurrenceKey { uid: "one".into(), recurrence_id: Some(planned) }),
        complete: true,
        fact,
    }
}

fn appeared(planned: Timestamp) -> LedgerEntry {
    let end = planned + SignedDuration::from_mins(30);
    let fact = Fact::Appeared { end, cadence_days: 7, organized_by: OrganizedBy::Owner };
    entry(planned, day(-10), fact)
}

fn moved(planned: Timestamp, seen: Timestamp, from: Timestamp, to: Timestamp) -> LedgerEntry {
    let end = to + SignedDuration::from_mins(30);
    entry(planned, seen, Fact::Moved { from, to, end, by: Some(Party::Owner) })
}

fn passed(planned: Timestamp) -> LedgerEntry {
    entry(planned, day(90), Fact::Passed)
}

fn judged(entries: &[LedgerEntry], now: Timestamp) -> Vec<Beat> {
    let state = fold(entries);
    verdicts(&state, &TimeZone::UTC, now).into_iter().flat_map(|pair| pair.beats).collect()
}

fn one(mut facts: Vec<LedgerEntry>) -> Beat {
    facts.insert(0, appeared(day(0)));
    facts.push(passed(day(0)));
    judged(&facts, day(91))[0]
}

#[test]
fn a_beat_that_stands_is_held_with_the_evidence_there_is() {
    assert_eq!((one(vec![]).verdict, one(vec![]).evidence), (Verdict::Held, 0));
    let reply =
        |who| entry(day(0), day(-5), Fact::Replied { who, reply: Some(Partstat::Accepted) });
    assert_eq!(one(vec![reply(Party::Partner)]).evidence, 1, "the organizer need not accept");
    assert_eq!(one(vec![reply(Party::Owner)]).evidence, 0);
    assert_eq!(one(vec![entry(day(0), day(0), Fact::Touched)]).evidence, 2);
    assert_eq!(one(vec![entry(day(0), day(1), Fact::Said { word: Word::Held })]).evidence, 3);
}

#[test]
fn a_persons_word_wins() {
    let removed = entry(day(0), day(-1), Fact::Removed { by: Some(Party::Owner) });
    let said = |word| entry(day(0), day(1), Fact::Said { word });
    let held = one(vec![removed.clone(), said(Word::Held)]);
    assert_eq!((held.verdict, held.evidence), (Verdict::Held, 3));
    assert_eq!(one(vec![said(Word::Skip)]).verdict, Verdict::Skipped);
    assert_eq!(one(vec![removed, said(Word::Excuse)]).verdict, Verdict::Excused);
}

#[test]
fn nothing_is_concluded_before_a_complete_reading() {
    let open = judged(&[appeared(day(0))], day(1));
    assert_eq!(open[0].verdict, Verdict::Unknown);
    let unsure = LedgerEntry {
        complete: false,
        ..entry(day(0), day(-1), Fact::Removed { by: Some(Party::Owner) })
    };
    assert_eq!(one(vec![unsure.clone()]).verdict, Verdict::Unknown);
    let sure = LedgerEntry { complete: true, ..unsure.clone() };
    assert_eq!(one(vec![unsure, sure]).verdict, Verdict::Skipped);
}

#[test]
fn upcoming_until_its_end() {
    let facts = [appeared(day(0))];
    assert_eq!(
        judged(&facts, day(0) + SignedDuration::from_mins(29))[0].verdict,
        Verdict::Upcoming
    );
    let later = [appeared(day(0)), moved(day(0), day(-1), day(0), day(3))];
    let beat = judged(&later, day(2))[0];
    assert_eq!((beat.verdict, beat.actual), (Verdict::Upcoming, Some(day(3))));
}

#[test]
fn pushes_and_notice_are_counted_from_the_start_it_had() {
    let beat = one(vec![
        moved(day(0), day(-2), day(0), day(1)),
        moved(day(0), day(1) - hours(3), day(1), day(2)),
    ]);
    assert_eq!((beat.verdict, beat.pushes, beat.notice_minutes), (Verdict::Pushed, 2, Some(180)));
    assert!(beat.flags.late);
    let back =
        one(vec![moved(day(0), day(-2), day(0), day(1)), moved(day(0), day(-1), day(1), day(0))]);
    assert_eq!((back.verdict, back.pushes), (Verdict::Held, 1));
}

#[test]
fn two_hours_make_a_push() {
    let shift = |minutes| {
        let to = day(0) + SignedDuration::from_mins(minutes);
        one(vec![moved(day(0), day(-2), day(0), to)]).verdict
    };
    assert_eq!(shift(119), Verdict::Held);
    assert_eq!(shift(120), Verdict::Pushed);
    assert_eq!(shift(-119), Verdict::Held);
    assert_eq!(shift(-120), Verdict::Pulled);
    assert_eq!(shift(-10 * 60), Verdict::Pulled, "the evening before");
}

#[test]
fn moved_onto_the_next_one_is_one_conversation() {
    let facts = [
        appeared(day(0)),
        appeared(day(7)),
        moved(day(0), day(-1), day(0), day(7)),
        passed(day(0)),
        passed(day(7)),
    ];
    let beats = judged(&facts, day(91));
    assert_eq!((beats[0].verdict, beats[0].cause), (Verdict::Skipped, Some(Cause::Collision)));
    assert_eq!(beats[1].verdict, Verdict::Held);
    // When the next one is off, the moved one took its place.
    let mut off = facts.to_vec();
    off.insert(3, entry(day(7), day(5), Fact::Removed { by: None }));
    let beats = judged(&off, day(91));
    assert_eq!((beats[0].verdict, beats[1].verdict), (Verdict::Pushed, Verdict::Skipped));
}

#[test]
fn absences_excuse_and_moves_leave_them_behind() {
    let away = |at_planned| {
        let away = Away { who: Party::Partner, holiday: false };
        entry(day(0), day(-3), Fact::Away { away, at_planned })
    };
    let beat = one(vec![away(true)]);
    assert_eq!((beat.verdict, beat.cause), (Verdict::Excused, Some(Cause::Pto)));
    let moved_away = one(vec![away(true), moved(day(0), day(-2), day(0), day(2))]);
    assert_eq!(moved_away.verdict, Verdict::Pushed);
    let into = one(vec![moved(day(0), day(-2), day(0), day(2)), away(false)]);
    assert_eq!(into.verdict, Verdict::Excused);
    let back = entry(day(0), day(-1), Fact::Back { at_planned: true });
    assert_eq!(one(vec![away(true), back]).verdict, Verdict::Held);
}

#[test]
fn ended_and_gap() {
    let ended = entry(day(0), day(-3), Fact::Ended { how: Ending::Until });
    assert_eq!(one(vec![ended.clone()]).verdict, Verdict::Ended);
    let gap = one(vec![ended, entry(day(0), day(20), Fact::Gap)]);
    assert_eq!((gap.verdict, gap.cause), (Verdict::Skipped, Some(Cause::Gap)));
}

#[test]
fn a_removal_after_the_day_is_said_to_be_one() {
    let late = entry(day(0), day(3), Fact::Removed { by: Some(Party::Owner) });
    let beat = one(vec![late]);
    assert_eq!(beat.verdict, Verdict::Skipped);
    assert!(beat.flags.retroactive && beat.flags.late);
    assert_eq!(beat.notice_minutes, Some(-3 * 24 * 60));
}

#[test]
fn pairs_that_exchange_their_times_are_marked() {
    let swap = |pair: &str, from: Timestamp, to: Timestamp| {
        let facts = [appeared(from), moved(from, day(-1), from, to), passed(from)];
        facts.map(|fact| LedgerEntry { pair: pair.into(), ..fact })
    };
    let mut facts = swap("bob", day(0), day(2)).to_vec();
    facts.extend(swap("zoe", day(2), day(0)));
    facts.extend(swap("max", day(4), day(5)));
    let beats = judged(&facts, day(91));
    let marks: Vec<bool> = beats.iter().map(|beat| beat.flags.swapped).collect();
    assert_eq!(marks, [true, false, true]);
}

#[test]
fn a_word_lands_on_the_nearest_past_beat() {
    let state = fold(&[appeared(day(0)), appeared(day(7)), appeared(day(14))]);
    let said = say(&state, &"bob".into(), day(8), Word::Held, day(10)).unwrap();
    assert_eq!(said.planned, Some(day(7)));
    let last = say(&state, &"bob".into(), day(14), Word::Held, day(10)).unwrap();
    assert_eq!(last.planned, Some(day(7)), "not one still to come");
    assert_eq!(say(&state, &"zoe".into(), day(8), Word::Held, day(10)), None);
}

/// Raises and clears over a year, as a person would read them day by day.
fn flag_days(
    facts: &[LedgerEntry],
    days: i64,
    lapsed_from: Option<i64>,
) -> Vec<(i64, FlagKind, bool)> {
    let mut state = LedgerState::default();
    let mut out = Vec::new();
    let mut rest = facts.iter().peekable();
    for n in 0..days {
        let now = day(n) + hours(10);
        while let Some(fact) = rest.next_if(|fact| fact.seen <= now) {
            fold_into(&mut state, [fact]);
        }
        let finding = Finding { pair: "bob".into(), kind: FindingKind::Lapsed, since: day(n) };
        let findings: Vec<Finding> =
            lapsed_from.filter(|from| n >= *from).map(|_| finding).into_iter().collect();
        let changes = flag_changes(&state, &findings, &TimeZone::UTC, now);
        out.extend(changes.iter().map(|change| (n, change.flag, change.raised)));
        fold_into(&mut state, &flag_entries(&changes, now));
        assert_eq!(flag_changes(&state, &findings, &TimeZone::UTC, now), [], "never twice");
    }
    out
}

/// Thirty weeks: two pushes in a row (weeks 2, 3), a series of skips (10 to 15),
/// a confirmation in week 20.
fn scripted_year() -> Vec<LedgerEntry> {
    let mut facts: Vec<LedgerEntry> = (0..30).map(|week| appeared(day(7 * week))).collect();
    for week in 0..30 {
        let planned = day(7 * week);
        let before = planned - hours(5);
        let mut end = planned + hours(1);
        if week == 2 || week == 3 {
            facts.push(moved(planned, before, planned, planned + hours(24)));
            end = planned + hours(25);
        }
        if (10..16).contains(&week) {
            facts.push(entry(planned, before, Fact::Removed { by: Some(Party::Owner) }));
        }
        facts.push(entry(planned, end, Fact::Passed));
        if week == 20 {
            facts.push(entry(planned, end, Fact::Said { word: Word::Held }));
        }
    }
    facts.sort_by_key(|fact| fact.seen);
    facts
}

#[test]
fn each_flag_of_a_scripted_year_is_raised_once_and_cleared() {
    let days = flag_days(&scripted_year(), 210, None);
    assert_eq!(
        days,
        [
            (21, FlagKind::PushedTwice, true),
            (28, FlagKind::PushedTwice, false),
            // Ten weeks held, nobody confirmed one.
            (63, FlagKind::NeverConfirmed, true),
            // Last met on day 63: 1.5 weeks later, and the second skip.
            (74, FlagKind::Overdue, true),
            (77, FlagKind::Falling, true),
            (91, FlagKind::OneWay, true),
            // Met again in week 16.
            (112, FlagKind::Overdue, false),
            // Three of the last six held, as of the six before.
            (126, FlagKind::Falling, false),
            (140, FlagKind::NeverConfirmed, false),
            // Two of the last eight taken off.
            (147, FlagKind::OneWay, false),
        ]
    );
}

#[test]
fn a_lapsed_series_is_flagged_instead_of_overdue() {
    let mut facts: Vec<LedgerEntry> = vec![appeared(day(0)), entry(day(0), day(1), Fact::Passed)];
    facts.push(entry(day(7), day(1), Fact::Looked));
    let days = flag_days(&facts, 40, Some(8));
    assert_eq!(days, [(8, FlagKind::Lapsed, true)]);
}

fn any_fact(planned: Timestamp) -> impl Strategy<Value = Fact> {
    prop_oneof![
        Just(Fact::Removed { by: None }),
        Just(Fact::Restored),
        Just(Fact::Passed),
        Just(Fact::Touched),
        Just(Fact::Gap),
        Just(Fact::Cancelled { by: Some(Party::Partner) }),
        Just(Fact::Ended { how: Ending::SeriesGone }),
        (1_i64..200).prop_map(move |n| Fact::Moved {
            from: planned,
            to: planned + hours(n),
            end: planned + hours(n + 1),
            by: None,
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Where the batches are cut makes no difference to the state.
    #[test]
    fn folding_ignores_batch_borders(
        facts in prop::collection::vec((0_i64..4).prop_flat_map(|week| {
            let planned = day(7 * week);
            (Just(planned), any_fact(planned))
        }), 0..40),
        cut in 0_usize..44,
    ) {
        let mut entries: Vec<LedgerEntry> = (0..4).map(|week| appeared(day(7 * week))).collect();
        entries.extend(facts.into_iter().map(|(planned, fact)| entry(planned, day(30), fact)));
        let whole = fold(&entries);
        let (first, second) = entries.split_at(cut.min(entries.len()));
        let mut parts = fold(first);
        fold_into(&mut parts, second);
        prop_assert_eq!(&whole, &parts);
        for beat in judged(&entries, day(60)) {
            prop_assert_eq!(beat.excused, beat.verdict == Verdict::Excused);
            prop_assert_eq!(beat.verdict.is_held(), beat.actual.is_some() && beat.verdict != Verdict::Upcoming);
        }
    }
}
