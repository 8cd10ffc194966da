//! The histories. A weekly 1:1 on Tuesdays at ten, eight beats from 4 March to
//! 22 April 2025 in Berlin (summer time begins between the fourth and the fifth);
//! what is not stated was held as planned.

use jiff::Timestamp;

use crate::calendar::{BOB, Calendar, Entry, ME, date, dt};
use crate::run::{Case, Edit};

const DAYS: [&str; 8] = ["03-04", "03-11", "03-18", "03-25", "04-01", "04-08", "04-15", "04-22"];
/// The beat most edits are about, and the one after it.
const THIRD: &str = "2025-03-18T10:00";
const FOURTH: &str = "2025-03-25T10:00";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A case around the usual series. `changes` replace lines of the eight.
fn case(
    name: &'static str,
    edits: Vec<(&'static str, Edit)>,
    changes: &[(usize, &'static str)],
) -> Case {
    let mut all: Vec<(Timestamp, Edit)> = vec![(
        at("2025-02-20T08:00:00Z"),
        Box::new(|c| {
            c.add("one", "2025-03-04T10:00", Some("FREQ=WEEKLY;BYDAY=TU"), "20250220T080000Z");
        }),
    )];
    all.extend(edits.into_iter().map(|(when, edit)| (at(when), edit)));
    Case { name, edits: all, expected: lines(changes), at_last: None, holidays: Vec::new() }
}

fn lines(changes: &[(usize, &'static str)]) -> Vec<&'static str> {
    const HELD: [&str; 8] = [
        "03-04 10:00 held",
        "03-11 10:00 held",
        "03-18 10:00 held",
        "03-25 10:00 held",
        "04-01 10:00 held",
        "04-08 10:00 held",
        "04-15 10:00 held",
        "04-22 10:00 held",
    ];
    assert!(HELD.iter().zip(DAYS).all(|(line, day)| line.starts_with(day)));
    let mut lines = HELD.to_vec();
    for (place, line) in changes {
        lines[*place] = line;
    }
    lines.retain(|line| !line.is_empty());
    lines
}

fn edit(change: impl Fn(&mut Calendar) + 'static) -> Edit {
    Box::new(change)
}

/// An edit of the series.
fn series(change: impl Fn(&mut Entry) + 'static) -> Edit {
    Box::new(move |c| change(c.entry("one")))
}

fn moves(to: &'static str, stamp: &'static str) -> Edit {
    series(move |one| one.on(dt(THIRD), stamp).start = dt(to))
}

fn drops() -> Edit {
    series(|one| {
        one.exceptions.remove(&dt(THIRD));
        one.exdates.push(dt(THIRD));
    })
}

pub fn untouched() -> Case {
    case("untouched", vec![], &[])
}

pub fn noise() -> Case {
    let touch = series(|one| {
        let third = one.on(dt(THIRD), "20250317T090000Z");
        third.summary = "Elena / Bob (bring laptop)".to_owned();
        third.theirs = "TENTATIVE";
    });
    case("noise", vec![("2025-03-17T09:00:00Z", touch)], &[])
}

pub fn moved_later() -> Case {
    let edits = vec![("2025-03-17T09:00:00Z", moves("2025-03-20T14:00", "20250317T090000Z"))];
    case("moved later", edits, &[(2, "03-18 10:00 pushed 03-20 14:00")])
}

pub fn moved_earlier() -> Case {
    let edits = vec![("2025-03-14T09:00:00Z", moves("2025-03-17T14:00", "20250314T090000Z"))];
    case("moved earlier", edits, &[(2, "03-18 10:00 pulled 03-17 14:00")])
}

pub fn moved_within_two_hours() -> Case {
    let edits = vec![("2025-03-17T09:00:00Z", moves("2025-03-18T11:30", "20250317T090000Z"))];
    case("a little later", edits, &[(2, "03-18 10:00 held 03-18 11:30")])
}

pub fn pushed_twice() -> Case {
    let edits = vec![
        ("2025-03-14T09:00:00Z", moves("2025-03-19T10:00", "20250314T090000Z")),
        ("2025-03-18T11:00:00Z", moves("2025-03-21T10:00", "20250318T110000Z")),
    ];
    case("pushed twice", edits, &[(2, "03-18 10:00 pushed 03-21 10:00")])
}

pub fn moved_back() -> Case {
    let edits = vec![
        ("2025-03-13T09:00:00Z", moves("2025-03-20T10:00", "20250313T090000Z")),
        ("2025-03-15T09:00:00Z", moves(THIRD, "20250315T090000Z")),
    ];
    case("moved back", edits, &[])
}

pub fn pushed_then_dropped() -> Case {
    let edits = vec![
        ("2025-03-14T09:00:00Z", moves("2025-03-20T10:00", "20250314T090000Z")),
        ("2025-03-19T09:00:00Z", drops()),
    ];
    case("pushed, then dropped", edits, &[(2, "03-18 10:00 skipped exdate")])
}

pub fn across_the_week() -> Case {
    let edits = vec![("2025-03-17T09:00:00Z", moves("2025-03-24T09:00", "20250317T090000Z"))];
    case("into the next week", edits, &[(2, "03-18 10:00 pushed 03-24 09:00")])
}

pub fn dropped() -> Case {
    case("dropped", vec![("2025-03-17T09:00:00Z", drops())], &[(2, "03-18 10:00 skipped exdate")])
}

pub fn dropped_after_the_day() -> Case {
    let mut case = case(
        "dropped after the day",
        vec![("2025-03-21T09:00:00Z", drops())],
        &[(2, "03-18 10:00 skipped exdate afterwards")],
    );
    case.at_last = Some(lines(&[(2, "03-18 10:00 skipped exdate")]));
    case
}

pub fn cancelled() -> Case {
    let cancel = series(|one| one.on(dt(THIRD), "20250317T090000Z").cancelled = true);
    case(
        "cancelled",
        vec![("2025-03-17T09:00:00Z", cancel)],
        &[(2, "03-18 10:00 skipped cancelled")],
    )
}

pub fn cancelled_then_confirmed() -> Case {
    let cancel = series(|one| one.on(dt(THIRD), "20250314T090000Z").cancelled = true);
    let confirm = series(|one| one.on(dt(THIRD), "20250316T090000Z").cancelled = false);
    let edits = vec![("2025-03-14T09:00:00Z", cancel), ("2025-03-16T09:00:00Z", confirm)];
    case("cancelled, then confirmed", edits, &[])
}

pub fn declined_by_partner() -> Case {
    let decline = series(|one| one.on(dt(THIRD), "20250317T090000Z").theirs = "DECLINED");
    case(
        "declined by the partner",
        vec![("2025-03-17T09:00:00Z", decline)],
        &[(2, "03-18 10:00 skipped declined_partner")],
    )
}

pub fn declined_by_owner() -> Case {
    let decline = series(|one| one.on(dt(THIRD), "20250317T090000Z").mine = "DECLINED");
    case(
        "declined by the owner",
        vec![("2025-03-17T09:00:00Z", decline)],
        &[(2, "03-18 10:00 skipped declined_self")],
    )
}

pub fn declined_then_accepted() -> Case {
    let decline = series(|one| one.on(dt(THIRD), "20250314T090000Z").theirs = "DECLINED");
    let accept = series(|one| one.on(dt(THIRD), "20250316T090000Z").theirs = "ACCEPTED");
    let edits = vec![("2025-03-14T09:00:00Z", decline), ("2025-03-16T09:00:00Z", accept)];
    case("declined, then accepted", edits, &[])
}

pub fn replaced() -> Case {
    let replace = edit(|c| {
        c.entry("one").exdates.push(dt(THIRD));
        c.add("other", "2025-03-21T15:00", None, "20250317T090000Z");
    });
    case(
        "replaced",
        vec![("2025-03-17T09:00:00Z", replace)],
        &[(2, "03-18 10:00 pushed replaced 03-21 15:00")],
    )
}

pub fn replaced_after_a_decline() -> Case {
    let replace = edit(|c| {
        c.entry("one").on(dt(THIRD), "20250314T090000Z").mine = "DECLINED";
        c.add("other", "2025-03-17T15:00", None, "20250314T090000Z");
    });
    case(
        "declined and replaced",
        vec![("2025-03-14T09:00:00Z", replace)],
        &[(2, "03-18 10:00 pulled replaced 03-17 15:00")],
    )
}

pub fn moved_onto_the_next() -> Case {
    let edits = vec![("2025-03-18T07:00:00Z", moves(FOURTH, "20250318T070000Z"))];
    case("moved onto the next", edits, &[(2, "03-18 10:00 skipped collision")])
}

pub fn shortened() -> Case {
    let shorten = series(|one| one.on(dt(THIRD), "20250317T090000Z").minutes = 15);
    case("shortened", vec![("2025-03-17T09:00:00Z", shorten)], &[(2, "03-18 10:00 held shortened")])
}

pub fn second_conversation() -> Case {
    let more = edit(|c| {
        c.add("other", "2025-03-20T15:00", None, "20250317T090000Z");
    });
    case("a second conversation", vec![("2025-03-17T09:00:00Z", more)], &[])
}

pub fn group_meeting_is_no_replacement() -> Case {
    let group = edit(|c| {
        c.entry("one").exdates.push(dt(THIRD));
        let guests = vec![ME, BOB, ("Zoe Quist", "zoe@example.org")];
        c.add("group", "2025-03-19T15:00", None, "20250317T090000Z").guests = guests;
    });
    case(
        "dropped, and a group meeting",
        vec![("2025-03-17T09:00:00Z", group)],
        &[(2, "03-18 10:00 skipped exdate")],
    )
}

fn all_day(title: &'static str, transp: &'static str) -> (&'static str, Edit) {
    let away = edit(move |c| {
        c.all_day.push((title.to_owned(), date("2025-03-17"), date("2025-03-20"), transp));
    });
    ("2025-03-10T09:00:00Z", away)
}

pub fn vacation_untouched() -> Case {
    let edits = vec![all_day("Sommerurlaub", "OPAQUE")];
    case("vacation, meeting untouched", edits, &[(2, "03-18 10:00 excused pto")])
}

pub fn vacation_dropped() -> Case {
    let edits = vec![all_day("Annual leave", "OPAQUE"), ("2025-03-12T09:00:00Z", drops())];
    case("vacation, meeting dropped", edits, &[(2, "03-18 10:00 excused exdate")])
}

pub fn vacation_moved() -> Case {
    let edits = vec![
        all_day("Congés", "OPAQUE"),
        ("2025-03-12T09:00:00Z", moves("2025-03-21T10:00", "20250312T090000Z")),
    ];
    case("vacation, meeting moved", edits, &[(2, "03-18 10:00 pushed 03-21 10:00")])
}

pub fn somebody_elses_vacation() -> Case {
    case("somebody else's vacation", vec![all_day("Zoe on vacation", "OPAQUE")], &[])
}

pub fn shown_as_free() -> Case {
    case("shown as free", vec![all_day("Release week", "TRANSPARENT")], &[])
}

pub fn partner_on_leave() -> Case {
    let edits = vec![all_day("Bob im Urlaub", "OPAQUE")];
    case("the partner's leave", edits, &[(2, "03-18 10:00 excused pto")])
}

pub fn public_holiday() -> Case {
    let mut case = case("public holiday", vec![], &[(2, "03-18 10:00 excused holiday")]);
    case.holidays = vec![(date("2025-03-18"), "Day of the March")];
    case
}

pub fn moved_onto_a_holiday() -> Case {
    let edits = vec![("2025-03-17T09:00:00Z", moves("2025-03-20T14:00", "20250317T090000Z"))];
    let mut case = case("moved onto a holiday", edits, &[(2, "03-18 10:00 pushed 03-20 14:00")]);
    case.holidays = vec![(date("2025-03-20"), "Spring Day")];
    case
}

fn until(end: &'static str, stamp: &'static str) -> impl Fn(&mut Entry) {
    move |one| {
        one.rule = Some(format!("FREQ=WEEKLY;BYDAY=TU;UNTIL={end}"));
        one.stamp = stamp.to_owned();
    }
}

pub fn gap_between_series() -> Case {
    let cut = series(until("20250317T225959Z", "20250314T090000Z"));
    let again = edit(|c| {
        let rule = Some("FREQ=WEEKLY;BYDAY=TU");
        c.add("two", "2025-04-08T10:00", rule, "20250404T090000Z");
    });
    case(
        "a gap between two series",
        vec![("2025-03-14T09:00:00Z", cut), ("2025-04-04T09:00:00Z", again)],
        &[
            (2, "03-18 10:00 skipped gap"),
            (3, "03-25 10:00 skipped gap"),
            (4, "04-01 10:00 skipped gap"),
        ],
    )
}

pub fn split_to_another_day() -> Case {
    let split = edit(|c| {
        until("20250324T225959Z", "20250320T090000Z")(c.entry("one"));
        let rule = Some("FREQ=WEEKLY;BYDAY=TH");
        let two = c.add("one_R20250327T140000", "2025-03-27T15:00", rule, "20250320T090000Z");
        two.extra.push("RELATED-TO:one".to_owned());
    });
    case(
        "this and following, to Thursday",
        vec![("2025-03-20T09:00:00Z", split)],
        &[
            (3, "03-27 15:00 held"),
            (4, "04-03 15:00 held"),
            (5, "04-10 15:00 held"),
            (6, "04-17 15:00 held"),
            (7, ""),
        ],
    )
}

pub fn split_to_fortnightly() -> Case {
    let split = edit(|c| {
        until("20250324T225959Z", "20250320T090000Z")(c.entry("one"));
        let rule = Some("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU");
        c.add("two", "2025-03-25T10:00", rule, "20250320T090000Z");
    });
    case(
        "this and following, to every second week",
        vec![("2025-03-20T09:00:00Z", split)],
        &[(4, ""), (6, "")],
    )
}

pub fn fortnightly_in_place() -> Case {
    let change = series(|one| {
        one.rule = Some("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU".to_owned());
        one.start = dt("2025-03-25T10:00");
        one.stamp = "20250320T090000Z".to_owned();
    });
    let mut case = case(
        "every second week, all events edited",
        vec![("2025-03-20T09:00:00Z", change)],
        &[(4, ""), (6, "")],
    );
    // The past is gone from the last state.
    case.at_last = Some(vec!["03-25 10:00 held", "04-08 10:00 held", "04-22 10:00 held"]);
    case
}

pub fn organizer_changes_continent() -> Case {
    let split = edit(|c| {
        until("20250317T225959Z", "20250314T090000Z")(c.entry("one"));
        let rule = Some("FREQ=WEEKLY;BYDAY=TU");
        c.add("two", "2025-03-18T09:00", rule, "20250314T090000Z").zone = "America/New_York";
    });
    // New York springs forward three weeks before Berlin.
    case(
        "the organizer moves to New York",
        vec![("2025-03-14T09:00:00Z", split)],
        &[
            (2, "03-18 14:00 held"),
            (3, "03-25 14:00 held"),
            (4, "04-01 15:00 held"),
            (5, "04-08 15:00 held"),
            (6, "04-15 15:00 held"),
            (7, "04-22 15:00 held"),
        ],
    )
}

pub fn deleted_and_recreated() -> Case {
    let again = edit(|c| {
        c.entries.remove("one");
        let rule = Some("FREQ=WEEKLY;BYDAY=TU");
        c.add("two", "2025-04-01T10:00", rule, "20250327T090000Z");
    });
    let mut case = case("deleted and made again", vec![("2025-03-27T09:00:00Z", again)], &[]);
    case.at_last = Some(lines(&[(0, ""), (1, ""), (2, ""), (3, "")]));
    case
}

pub fn lapsed() -> Case {
    let cut = series(until("20250331T215959Z", "20250326T090000Z"));
    case("lapsed", vec![("2025-03-26T09:00:00Z", cut)], &[(4, ""), (5, ""), (6, ""), (7, "")])
}

pub fn series_cancelled() -> Case {
    let cancel = series(|one| {
        one.extra.push("STATUS:CANCELLED".to_owned());
        one.stamp = "20250326T090000Z".to_owned();
    });
    case(
        "the series called off as a whole",
        vec![("2025-03-26T09:00:00Z", cancel)],
        &[(4, ""), (5, ""), (6, ""), (7, "")],
    )
}

pub fn added_by_hand() -> Case {
    let add = series(|one| {
        one.exdates.push(dt(THIRD));
        one.extra.push("RDATE;TZID=Europe/Berlin:20250320T100000".to_owned());
    });
    case(
        "taken out and another date added",
        vec![("2025-03-17T09:00:00Z", add)],
        &[(2, "03-18 10:00 pushed replaced 03-20 10:00")],
    )
}

pub fn organizer_changes() -> Case {
    let hand_over = edit(|c| {
        until("20250324T225959Z", "20250320T090000Z")(c.entry("one"));
        let rule = Some("FREQ=WEEKLY;BYDAY=TU");
        c.add("two", "2025-03-25T10:00", rule, "20250320T090000Z").organizer = BOB;
    });
    case("the partner organizes from now on", vec![("2025-03-20T09:00:00Z", hand_over)], &[])
}

/// Every history, for properties that hold for all of them.
pub fn all() -> Vec<Case> {
    vec![
        untouched(),
        moved_later(),
        pushed_twice(),
        moved_back(),
        dropped(),
        cancelled(),
        declined_by_partner(),
        replaced(),
        moved_onto_the_next(),
        vacation_untouched(),
        public_holiday(),
        gap_between_series(),
        split_to_another_day(),
        fortnightly_in_place(),
        deleted_and_recreated(),
        lapsed(),
    ]
}
