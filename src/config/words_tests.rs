//! The words of the configuration, each with what is refused.

use proptest::prelude::*;

use super::*;

fn t(text: &str) -> Time {
    text.parse().unwrap()
}

#[test]
fn hours_per_weekday() {
    let hours = week_hours("Mon-Fri 09:00-17:30, Sat 10:00-12:00").unwrap();
    assert_eq!(hours.on(Weekday::Friday), [(t("09:00"), t("17:30"))]);
    assert_eq!(hours.on(Weekday::Saturday), [(t("10:00"), t("12:00"))]);
    assert!(hours.on(Weekday::Sunday).is_empty());
}

#[test]
fn lists_of_days_and_several_spans() {
    let hours = week_hours("Mon, Wed 09:00-12:00 13:00-17:00; Fri 9:00-12:00").unwrap();
    assert_eq!(hours.on(Weekday::Monday).len(), 2);
    assert_eq!(hours.on(Weekday::Wednesday).len(), 2);
    assert!(hours.on(Weekday::Tuesday).is_empty());
    assert_eq!(hours.on(Weekday::Friday), [(t("09:00"), t("12:00"))]);
    // A second span after a comma belongs to the days before it.
    let lunch = week_hours("Mon-Fri 09:00-12:00, 13:00-17:00").unwrap();
    assert_eq!(lunch.on(Weekday::Thursday).len(), 2);
}

#[test]
fn spans_are_joined_weeks_wrap_and_the_day_may_end_at_24() {
    let hours = week_hours("Sat-Mon 09:00-12:00 11:00-24:00").unwrap();
    assert_eq!(hours.on(Weekday::Sunday), [(t("09:00"), t("23:59"))]);
    assert!(hours.on(Weekday::Tuesday).is_empty());
}

#[test]
fn bad_hours_are_refused_with_a_remedy() {
    for bad in [
        "",
        "Mon-Fri",
        "09:00-17:00",
        "Mon 17:00-09:00",
        "Mon 9-17",
        "Mon 25:00-26:00",
        ",",
        "Mon 09:00",
    ] {
        assert!(week_hours(bad).is_err(), "{bad:?}");
    }
    assert_eq!(
        week_hours("Mno-Fri 09:00-17:00").unwrap_err(),
        "did you mean \"Mon\" instead of \"Mno\"?"
    );
}

#[test]
fn cadences() {
    let plain = |text: &str| cadence(text).unwrap().0;
    assert_eq!(plain("1 week"), Cadence { every: 1, unit: CadenceUnit::Weeks });
    assert_eq!(plain("every 10 days"), Cadence { every: 10, unit: CadenceUnit::Days });
    assert_eq!(plain("Weekly"), Cadence { every: 1, unit: CadenceUnit::Weeks });
    assert_eq!(plain("2 months"), Cadence { every: 2, unit: CadenceUnit::Months });
    let (first, day) = cadence("first Monday").unwrap();
    assert_eq!(first, Cadence { every: 1, unit: CadenceUnit::MonthsOnWeekday { nth: 1 } });
    assert_eq!(day, Some(Weekday::Monday));
    let (last, _) = cadence("last Friday every 2 months").unwrap();
    assert_eq!(last, Cadence { every: 2, unit: CadenceUnit::MonthsOnWeekday { nth: -1 } });
    for bad in [
        "",
        "0 weeks",
        "often",
        "1 fortnight",
        "-1 week",
        "1 week 2 days",
        "fifth Monday",
        "99999 days",
        "400 days",
    ] {
        assert!(cadence(bad).is_err(), "{bad:?}");
    }
    assert_eq!(cadence("biweekly").unwrap_err(), "write \"2 weeks\"");
}

#[test]
fn lengths_of_time() {
    assert_eq!(duration("30 min").unwrap(), SignedDuration::from_mins(30));
    assert_eq!(duration("1 h 15 min").unwrap(), SignedDuration::from_mins(75));
    assert_eq!(duration("1h15m").unwrap(), SignedDuration::from_mins(75));
    assert_eq!(days_count("1 week").unwrap(), 7);
    for bad in ["", "30", "min", "half an hour", "-5 min", "1.5 h"] {
        assert!(duration(bad).is_err(), "{bad:?}");
    }
    assert!(days_count("36 h").is_err());
    assert_eq!(spoken(SignedDuration::from_hours(24)), "1 day");
}

#[test]
fn addresses_zones_days() {
    assert_eq!(address("Bob@Example.ORG").unwrap().as_str(), "bob@example.org");
    for bad in ["bob", "@example.org", "bob@", "bob smith@example.org", "a@b@c", "a@.org"] {
        assert!(address(bad).is_err(), "{bad:?}");
    }
    assert!(zone("Europe/Berlin").is_ok());
    assert_eq!(zone("Europe/Berln").unwrap_err(), "did you mean \"Europe/Berlin\"?");
    assert_eq!(day_and_time("Tue 10:00").unwrap(), (Weekday::Tuesday, t("10:00")));
    assert!(day_and_time("10:00").is_err());
}

#[test]
fn typos_find_their_word() {
    assert_eq!(nearest("tittle", ["title", "template"].into_iter()), Some("title"));
    assert_eq!(nearest("wiht", ["with", "window"].into_iter()), Some("with"));
    assert_eq!(nearest("zebra", ["title", "window"].into_iter()), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// No text makes a parser panic, and what hours accept is in order.
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}|(Mon|Tue|Fri|-|,| |[0-9]{1,2}:[0-9]{2}){0,12}") {
        if let Ok(hours) = week_hours(&text) {
            for day in &hours.days {
                for pair in day.windows(2) {
                    prop_assert!(pair[0].1 < pair[1].0);
                }
                for (from, to) in day {
                    prop_assert!(from < to);
                }
            }
        }
        let _ = cadence(&text);
        let _ = duration(&text);
        let _ = day_and_time(&text);
        let _ = address(&text);
        let _ = span(&text);
    }
}
