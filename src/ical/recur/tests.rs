use super::*;
use crate::ical::parse::parse;
use crate::model::pair::{Cadence, CadenceUnit};
use proptest::prelude::*;

fn event(lines: &str) -> Event {
    let text = format!("BEGIN:VEVENT\nUID:e\n{lines}\nEND:VEVENT\n");
    parse(text.as_bytes()).events.remove(0)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn starts(event: &Event, from: &str, to: &str) -> Vec<String> {
    let window = Window::new(at(from), at(to));
    let found = expand(event, window, &TimeZone::UTC, Limits::default());
    found.occurrences.iter().map(|o| o.start_at.strftime("%Y-%m-%dT%H:%M").to_string()).collect()
}

#[test]
fn exdate_forms() {
    let timed =
        event("DTSTART:20260105T090000Z\nRRULE:FREQ=DAILY;COUNT=4\nEXDATE;VALUE=DATE:20260106");
    assert_eq!(
        starts(&timed, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ["2026-01-05T09:00", "2026-01-07T09:00", "2026-01-08T09:00"]
    );
    let dated =
        event("DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20260106T000000Z");
    assert_eq!(
        starts(&dated, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ["2026-01-05T00:00", "2026-01-07T00:00"]
    );
}

#[test]
fn exrule_rdate_and_duplicates() {
    let e = event(
        "DTSTART:20260105T090000Z\nRRULE:FREQ=DAILY;COUNT=5\nEXRULE:FREQ=WEEKLY;BYDAY=WE\n\
         RDATE:20260106T090000Z,20260110T120000Z",
    );
    assert_eq!(
        starts(&e, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        [
            "2026-01-05T09:00",
            "2026-01-06T09:00",
            "2026-01-08T09:00",
            "2026-01-09T09:00",
            "2026-01-10T12:00"
        ]
    );
}

#[test]
fn a_broken_rule_leaves_the_first_occurrence_and_says_so() {
    let e = event("DTSTART:20260105T090000Z\nRRULE:FREQ=FORTNIGHTLY");
    let window = Window::new(at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
    let found = expand(&e, window, &TimeZone::UTC, Limits::default());
    assert_eq!(found.occurrences.len(), 1);
    assert_eq!(found.warnings, ["RRULE: FREQ=FORTNIGHTLY cannot be read"]);
}

#[test]
fn exact_and_nominal_lengths_over_a_change_of_offset() {
    // 28 to 29 March 2026 has 23 hours in Berlin.
    let window = Window::new(at("2026-03-28T00:00:00Z"), at("2026-03-29T00:00:00Z"));
    let end = |lines: &str| {
        let e = event(lines);
        expand(&e, window, &TimeZone::UTC, Limits::default()).occurrences[0].end_at.to_string()
    };
    let start = "DTSTART;TZID=Europe/Berlin:20260321T220000\nRRULE:FREQ=WEEKLY";
    assert_eq!(
        end(&format!("{start}\nDTEND;TZID=Europe/Berlin:20260322T220000")),
        "2026-03-29T21:00:00Z"
    );
    assert_eq!(end(&format!("{start}\nDURATION:P1D")), "2026-03-29T20:00:00Z");
    assert_eq!(end(&format!("{start}\nDURATION:PT24H")), "2026-03-29T21:00:00Z");
}

#[test]
fn an_end_before_the_start_is_an_empty_meeting() {
    let e = event("DTSTART:20260105T090000Z\nDTEND:20260105T080000Z");
    let window = Window::new(at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
    let found = expand(&e, window, &TimeZone::UTC, Limits::default());
    assert_eq!(found.occurrences[0].end_at, found.occurrences[0].start_at);
}

#[test]
fn lookups() {
    let e = event(
        "DTSTART;TZID=Europe/Berlin:20260105T100000\nRRULE:FREQ=WEEKLY;COUNT=10\nEXDATE;TZID=Europe/Berlin:20260112T100000",
    );
    let zone = TimeZone::UTC;
    let id = lookup::recurrence_id(&e, at("2026-01-19T09:00:00Z"), &zone).unwrap();
    assert_eq!(id.civil(), jiff::civil::datetime(2026, 1, 19, 10, 0, 0, 0));
    assert!(!lookup::contains(&e, at("2026-01-12T09:00:00Z"), &zone));
    assert!(!lookup::contains(&e, at("2026-01-19T10:00:00Z"), &zone));
    assert_eq!(lookup::first_start(&e, &zone), Some(at("2026-01-05T09:00:00Z")));
    assert_eq!(lookup::last_start(&e, &zone), Some(at("2026-03-09T09:00:00Z")));
    let until =
        event("DTSTART:20160105T100000Z\nRRULE:FREQ=MONTHLY;BYMONTHDAY=31;UNTIL=20260715T000000Z");
    assert_eq!(lookup::last_start(&until, &zone), Some(at("2026-05-31T10:00:00Z")));
    let endless = event("DTSTART:20260105T100000Z\nRRULE:FREQ=WEEKLY");
    assert_eq!(lookup::last_start(&endless, &zone), None);
}

#[test]
fn rhythms() {
    let cadence =
        |rule: &str| lookup::cadence(&event(&format!("DTSTART:20260106T100000Z\nRRULE:{rule}")));
    let is = |every, unit| Some(Cadence { every, unit });
    assert_eq!(cadence("FREQ=WEEKLY;BYDAY=TU"), is(1, CadenceUnit::Weeks));
    assert_eq!(cadence("FREQ=DAILY;INTERVAL=14"), is(2, CadenceUnit::Weeks));
    assert_eq!(cadence("FREQ=DAILY;INTERVAL=10"), is(10, CadenceUnit::Days));
    assert_eq!(
        cadence("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=1"),
        is(1, CadenceUnit::MonthsOnWeekday { nth: 1 })
    );
    assert_eq!(cadence("FREQ=MONTHLY;INTERVAL=3"), is(3, CadenceUnit::Months));
    assert_eq!(cadence("FREQ=YEARLY"), is(12, CadenceUnit::Months));
    for irregular in [
        "FREQ=WEEKLY;BYDAY=TU,TH",
        "FREQ=MONTHLY;BYDAY=5TU",
        "FREQ=DAILY;BYDAY=MO,TU",
        "FREQ=HOURLY",
    ] {
        assert_eq!(cadence(irregular), None, "{irregular}");
    }
}

#[test]
fn hostile_rules_end_within_their_budget() {
    let all = |n: u32| (0..n).map(|i| i.to_string()).collect::<Vec<_>>().join(",");
    let times = format!("BYHOUR={};BYMINUTE={};BYSECOND={}", all(24), all(60), all(60));
    let far = "DTSTART:00010101T000000Z";
    let small = Limits { occurrences: 1000, steps: 100_000 };
    for (start, rule) in [
        (far, "FREQ=SECONDLY".to_owned()),
        (far, "FREQ=SECONDLY;COUNT=4000000000".to_owned()),
        (far, "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30".to_owned()),
        (far, "FREQ=MINUTELY;BYHOUR=7;BYMONTHDAY=31;BYMONTH=2".to_owned()),
        (far, "FREQ=DAILY;COUNT=999999999".to_owned()),
        (far, "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30".to_owned()),
        (far, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYSETPOS=1".to_owned()),
        (far, "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;BYSETPOS=1;BYHOUR=1,2".to_owned()),
        (far, "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6".to_owned()),
        ("DTSTART:99991231T235959Z", "FREQ=DAILY".to_owned()),
        (
            "DTSTART:99991231T235959Z",
            "FREQ=MONTHLY;INTERVAL=99999;BYDAY=-1SU;BYSETPOS=-1".to_owned(),
        ),
        ("DTSTART:20260101T000000Z", format!("FREQ=YEARLY;{times}")),
        ("DTSTART:20260101T000000Z", format!("FREQ=DAILY;{times};BYSETPOS=-1")),
        (
            "DTSTART:20260101T000000Z",
            format!(
                "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR={};BYMINUTE={}",
                all(24),
                all(5)
            ),
        ),
    ] {
        let e = event(&format!("{start}\nRRULE:{rule}"));
        let window = Window::new(Timestamp::MIN, Timestamp::MAX);
        let found = expand(&e, window, &TimeZone::UTC, small);
        assert!(found.occurrences.len() <= 1001, "{rule}");
        let _ = lookup::contains(&e, at("2026-01-19T10:00:00Z"), &TimeZone::UTC);
        let _ = lookup::last_start(&e, &TimeZone::UTC);
    }
}

/// A rule both engines know, as text.
fn shared_rule() -> impl Strategy<Value = String> {
    let day = prop::sample::select(vec!["MO", "TU", "WE", "TH", "FR", "SA", "SU"]);
    let nth = prop::sample::select(vec!["", "", "1", "2", "4", "-1", "-2"]);
    let days = prop::collection::vec((nth, day), 0..4);
    (
        prop::sample::select(vec!["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
        1..5_u32,
        days,
        prop::collection::vec(prop_oneof![1..=31_i32, -5..=-1_i32], 0..4),
        prop::collection::vec(1..=12_u32, 0..4),
        prop::option::of(1..40_u32),
        prop::sample::select(vec!["MO", "SU", "WE"]),
        prop::collection::vec(0..24_u32, 0..3),
        prop::sample::select(vec!["", "", ";BYSETPOS=1", ";BYSETPOS=-1", ";BYSETPOS=2,-1"]),
    )
        .prop_map(
            |(freq, interval, days, month_days, months, count, wkst, hours, positions)| {
                let join = |list: Vec<String>| list.join(",");
                let mut out = format!("FREQ={freq};INTERVAL={interval};WKST={wkst}");
                if !days.is_empty() {
                    // Ordinals count in the month or year only.
                    let plain = freq == "DAILY" || freq == "WEEKLY";
                    let text = days
                        .iter()
                        .map(|(n, d)| if plain { (*d).to_owned() } else { format!("{n}{d}") });
                    out.push_str(&format!(";BYDAY={}", join(text.collect())));
                }
                if !month_days.is_empty() && freq != "WEEKLY" {
                    out.push_str(&format!(
                        ";BYMONTHDAY={}",
                        join(month_days.iter().map(i32::to_string).collect())
                    ));
                }
                if !months.is_empty() {
                    out.push_str(&format!(
                        ";BYMONTH={}",
                        join(months.iter().map(u32::to_string).collect())
                    ));
                }
                if !hours.is_empty() {
                    out.push_str(&format!(
                        ";BYHOUR={}",
                        join(hours.iter().map(u32::to_string).collect())
                    ));
                }
                if let Some(count) = count {
                    out.push_str(&format!(";COUNT={count}"));
                }
                // The crate counts the first week of a weekly rule from DTSTART.
                if freq != "WEEKLY" {
                    out.push_str(positions);
                }
                out
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn own_engine_and_crate_agree(
        text in shared_rule(),
        day in 0..9000_i64,
        hour in 0..24_i64,
        offset in 0..1200_i64,
        span in 1..500_i64,
    ) {
        let rule = rule::Rule::parse(&text).unwrap();
        prop_assume!(plain::knows(&rule));
        let start = (day + 7000) * 86_400 + hour * 3600;
        let from = start + offset * 86_400;
        let ask = plain::Ask { start, until: i64::MAX, from, to: from + span * 86_400 };
        let (mut own, mut theirs) = (Vec::new(), Vec::new());
        plain::starts(&rule, ask, &mut Budget::new(Limits::default()), &mut own);
        let answered = crated::starts(&rule, ask, &mut Budget::new(Limits::default()), &mut theirs);
        prop_assume!(answered.is_ok());
        prop_assert_eq!(own, theirs, "{} from {}", text, from_civil_seconds(start).unwrap());
    }

    #[test]
    fn a_window_is_the_sum_of_its_parts(
        text in shared_rule(),
        day in 0..4000_i64,
        cut in 0..800_i64,
    ) {
        let date = from_civil_seconds((day + 14_000) * 86_400).unwrap();
        let e = event(&format!(
            "DTSTART;TZID=Europe/Berlin:{}\nRRULE:{text}",
            date.strftime("%Y%m%dT023000")
        ));
        let zone = TimeZone::UTC;
        let begin = crate::model::time::resolve(date, &zone);
        let middle = begin + jiff::SignedDuration::from_hours(24 * cut);
        let end = begin + jiff::SignedDuration::from_hours(24 * 800);
        let get = |from, to| -> Vec<Timestamp> {
            let found = expand(&e, Window::new(from, to), &zone, Limits::default());
            found.occurrences.iter().map(|o| o.start_at).collect()
        };
        let mut parts = get(begin, middle);
        parts.extend(get(middle, end));
        let whole = get(begin, end);
        prop_assert_eq!(&parts, &whole);
        for at in whole.iter().take(5) {
            prop_assert!(lookup::contains(&e, *at, &zone));
        }
    }
}
