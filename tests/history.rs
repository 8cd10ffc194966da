//! Small histories, one for each thing that happens to a meeting: people edit a
//! calendar, onbeat reads it day by day or sees only the last state, in five
//! vendors' styles. What became of each beat is stated beside the edit.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test

#[path = "history/calendar.rs"]
mod calendar;
#[path = "history/cases.rs"]
mod cases;
#[path = "history/run.rs"]
mod run;

use calendar::STYLES;
use run::{Case, final_state, replayed};

fn check(case: &Case) {
    for style in STYLES {
        let wanted = case.wanted(true);
        assert_eq!(replayed(case, style).lines, wanted, "{} day by day, {style:?}", case.name);
        let wanted = case.wanted(false);
        assert_eq!(final_state(case, style).lines, wanted, "{} last state, {style:?}", case.name);
    }
}

macro_rules! histories {
    ($($name:ident),+ $(,)?) => {
        $(#[test] fn $name() { check(&cases::$name()); })+
    };
}

histories!(
    untouched,
    noise,
    moved_later,
    moved_earlier,
    moved_within_two_hours,
    pushed_twice,
    moved_back,
    pushed_then_dropped,
    across_the_week,
    dropped,
    dropped_after_the_day,
    cancelled,
    cancelled_then_confirmed,
    declined_by_partner,
    declined_by_owner,
    declined_then_accepted,
    replaced,
    replaced_after_a_decline,
    moved_onto_the_next,
    shortened,
    second_conversation,
    group_meeting_is_no_replacement,
    vacation_untouched,
    vacation_dropped,
    vacation_moved,
    somebody_elses_vacation,
    shown_as_free,
    partner_on_leave,
    public_holiday,
    moved_onto_a_holiday,
    gap_between_series,
    split_to_another_day,
    split_to_fortnightly,
    fortnightly_in_place,
    organizer_changes_continent,
    deleted_and_recreated,
    lapsed,
    series_cancelled,
    added_by_hand,
    organizer_changes,
);

#[test]
fn a_lapsed_series_is_found() {
    let case = cases::lapsed();
    for style in STYLES {
        assert_eq!(replayed(&case, style).lapsed.as_deref(), Some("2025-04-01"));
        assert_eq!(final_state(&case, style).lapsed.as_deref(), Some("2025-04-01"));
        assert_eq!(final_state(&cases::untouched(), style).lapsed, None);
    }
}

#[test]
fn pushes_are_counted_when_seen() {
    let case = cases::pushed_twice();
    for style in STYLES {
        let beat = replayed(&case, style).beats[2];
        assert_eq!(
            (beat.pushes, beat.notice_minutes, beat.flags.late),
            (2, Some(1440 - 120), true)
        );
        let beat = final_state(&case, style).beats[2];
        assert_eq!(beat.pushes, 1, "the last state shows one move");
    }
}

#[test]
fn what_is_missing_from_half_a_reading_is_not_gone() {
    for case in cases::all() {
        for style in STYLES {
            let whole = replayed(&case, style);
            let holes = run::with_holes(&case, style);
            for (a, b) in whole.beats.iter().zip(&holes.beats) {
                assert_eq!(a.planned, b.planned, "{} {style:?}", case.name);
                let (truly, got) = (a.verdict.word(), b.verdict.word());
                let invented = got == "skipped" && truly != "skipped";
                assert!(!invented, "{} {style:?} {}: {truly} became {got}", case.name, b.planned);
            }
        }
    }
}

#[test]
fn without_a_complete_reading_after_it_a_meeting_is_unknown() {
    let case = cases::untouched();
    let blind = run::blind_after(&case, "2025-03-20T06:00:00Z");
    let words: Vec<&str> = blind.beats.iter().map(|beat| beat.verdict.word()).collect();
    assert_eq!(words[..3], ["held", "held", "held"]);
    assert!(words[3..].iter().all(|word| *word == "unknown"), "{words:?}");
}
