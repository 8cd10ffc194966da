//! `onbeat solve` as a program: results, strict input, the checker, the same
//! bytes for any number of threads.

// Small helpers; a failed one fails the test.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::process::{Command, Output};

use serde_json::{Value, json};

fn weights() -> Value {
    json!({"miss": 400, "rebase_day": 450, "rebase_time": 200, "move_time": 20, "move_day": 40, "move_more": 10,
           "move_cap": 80, "fair": 20, "tent": 15, "focus": 2, "week_over": 10, "churn": 25, "churn_soon": 25,
           "ideal_day": 8, "ideal_step": 1, "ideal_cap": 12, "focus_run": 120})
}

fn person(id: usize, tz: &str, busy: &[(i64, i64)]) -> Value {
    let work = json!([[540, 1020], [540, 1020], [540, 1020], [540, 1020], [540, 1020], null, null]);
    json!({"id": id, "tz": tz, "work": work, "avoid": [[720, 780, 10]], "days": [0, 0, 0, 0, 4, 0, 0],
           "buffer": 0, "max_day": 4, "focus_w": 1, "busy": busy, "tent": [], "off": []})
}

fn series(id: usize, who: [usize; 2], every: usize) -> Value {
    json!({"id": id, "who": who, "anchor": who[0], "dur": 30, "every": every, "days": [1, 2, 3],
           "window": [540, 690], "tol_days": 1, "lead": 1440, "prio": 2,
           "ideal": {"day": id % 5, "tod": 600}, "current": null, "pinned": false})
}

/// A solved and checked instance: what was printed, and the explanation of one series.
fn solved(instance: &Value, explain: usize) -> Value {
    let budget = ["--budget", "200000steps", "--check", "--explain"];
    let output = run(instance, &[budget.as_slice(), &[&explain.to_string()]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("0 violations"), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The team's rules with other people and series, from another Sunday on.
fn instance(origin: &str, people: Vec<Value>, series: Vec<Value>) -> Value {
    let mut instance = team();
    instance["origin"] = json!(origin);
    instance["people"] = json!(people);
    instance["series"] = json!(series);
    instance
}

/// `series` with some of its keys replaced.
fn with(mut series: Value, keys: Value) -> Value {
    for (key, value) in keys.as_object().unwrap() {
        series[key] = value.clone();
    }
    series
}

/// How many slots each cause takes away, over all occurrences not held.
fn causes(result: &Value) -> std::collections::BTreeMap<String, i64> {
    let mut found = std::collections::BTreeMap::new();
    for occurrence in result["explain"]["missed"].as_array().unwrap() {
        let causes = occurrence["causes"].as_array().unwrap();
        assert!(!causes.is_empty(), "not held, and no word why: {occurrence}");
        for cause in causes {
            let name = cause["cause"].as_str().unwrap().to_owned();
            *found.entry(name).or_default() += cause["slots"].as_i64().unwrap();
        }
    }
    found
}

/// A manager with four reports in two zones, four weeks over the DST change.
fn team() -> Value {
    let mut people = vec![person(0, "Europe/Paris", &[(2 * 1440 + 540, 2 * 1440 + 600)])];
    let mut list = Vec::new();
    for i in 1..5 {
        people.push(person(i, if i < 3 { "Europe/Paris" } else { "Europe/London" }, &[]));
        list.push(series(i - 1, [0, i], if i % 2 == 0 { 2 } else { 1 }));
    }
    json!({"format": "onbeat-plan/1", "name": "team", "origin": "2026-03-15", "slot_min": 15, "weeks": 4, "now": 0,
           "weights": weights(), "people": people, "series": list, "published": null})
}

fn run(instance: &Value, args: &[&str]) -> Output {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, instance.to_string().as_bytes()).unwrap();
    Command::new(env!("CARGO_BIN_EXE_onbeat"))
        .arg("solve")
        .arg(file.path())
        .args(args)
        .output()
        .unwrap()
}

fn refused(instance: &Value) -> String {
    let output = run(instance, &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_team_is_solved_proved_and_checked() {
    let output = run(&team(), &["--check", "--explain", "1", "--certificate"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("proved optimal") && said.contains("0 violations"), "{said}");
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["instance"], "team");
    assert_eq!(result["cost"], result["bound"]);
    assert_eq!(result["proof"], "optimal");
    assert_eq!(result["occ"][0].as_array().unwrap().len(), 4);
    assert_eq!(result["occ"][1].as_array().unwrap().len(), 2);
    let why = &result["explain"];
    let terms: i64 = why["terms"].as_object().unwrap().values().map(|v| v.as_i64().unwrap()).sum();
    assert_eq!(terms, why["total"].as_i64().unwrap());
    let alternatives = why["alternatives"].as_array().unwrap();
    assert!(!alternatives.is_empty());
    assert!(alternatives.iter().all(|a| a["difference"].as_i64().unwrap() >= 0));
    assert!(!result["certificate"]["starts"].as_array().unwrap().is_empty());
}

#[test]
fn the_same_bytes_for_one_and_two_threads() {
    // Enough series for the company search, coupled in a ring.
    let mut instance = team();
    let count = 70;
    instance["people"] = (0..count).map(|i| person(i, "Europe/Paris", &[])).collect();
    instance["series"] = (0..count).map(|i| series(i, [i, (i + 1) % count], 1 + i % 2)).collect();
    for instance in [team(), instance] {
        let one = run(&instance, &["--threads", "1", "--budget", "60000steps"]);
        let two = run(&instance, &["--threads", "2", "--budget", "60000steps"]);
        assert!(one.status.success(), "{}", String::from_utf8_lossy(&one.stderr));
        assert!(one.stdout == two.stdout, "the results differ");
        assert!(run(&instance, &["--check", "--budget", "30000steps"]).status.success());
    }
}

#[test]
fn unknown_keys_are_errors_with_their_path() {
    let mut instance = team();
    instance["people"][2]["bufer"] = json!(15);
    let said = refused(&instance);
    assert!(said.contains("people[2].bufer") && said.contains("unknown field"), "{said}");
    let mut instance = team();
    instance["series"][1]["ideal"]["time"] = json!(1);
    assert!(refused(&instance).contains("series[1].ideal.time"));
}

#[test]
fn impossible_values_are_named() {
    let cases: [(&[&str], Value, &str); 12] = [
        (&["weeks"], json!(0), "weeks"),
        (&["format"], json!("onbeat-plan/2"), "format"),
        (&["origin"], json!("2026-02-31"), "origin"),
        (&["people", "1", "tz"], json!("Mars/Olympus"), "people[1].tz: unknown time zone"),
        (&["people", "1", "buffer"], json!(7), "multiple of 15"),
        (
            &["people", "1", "work"],
            json!([[600, 540], null, null, null, null, null, null]),
            "working hours",
        ),
        (&["series", "0", "window"], json!([600, 610]), "series[0].window"),
        (&["series", "0", "tol_days"], json!(4), "series[0].tol_days"),
        (&["series", "0", "who"], json!([0, 9]), "series[0].who"),
        (&["series", "0", "pinned"], json!(true), "series[0].pinned"),
        (&["series", "0", "every"], json!(9), "series[0].every"),
        (&["weights", "miss"], json!(1_i64 << 60), "weights.miss"),
    ];
    for (path, value, said) in cases {
        let mut instance = team();
        let mut at = &mut instance;
        for key in path {
            at = match key.parse::<usize>() {
                Ok(index) => &mut at[index],
                Err(_) => &mut at[*key],
            };
        }
        *at = value;
        let error = refused(&instance);
        assert!(error.contains(said), "{path:?}: {error}");
    }
}

#[test]
fn a_pair_without_shared_hours_is_a_finding() {
    let mut instance = team();
    instance["people"][1] = person(1, "Pacific/Auckland", &[]);
    let output = run(&instance, &["--check", "--explain", "0"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    let missed = result["explain"]["missed"].as_array().unwrap();
    assert_eq!(missed.len(), 4, "{result}");
    for occurrence in missed {
        let causes = occurrence["causes"].as_array().unwrap();
        let blocked: i64 = causes.iter().map(|c| c["slots"].as_i64().unwrap()).sum();
        assert_eq!(blocked, occurrence["slots"].as_i64().unwrap());
        assert!(causes.iter().any(|c| c["cause"] == "HOURS"));
    }
}

#[test]
fn round_the_clock_people_and_nobody_at_all() {
    let mut instance = team();
    for i in 0..5 {
        instance["people"][i]["work"] =
            json!([[0, 1440], [0, 1440], [0, 1440], [0, 1440], [0, 1440], [0, 1440], [0, 1440]]);
        instance["people"][i]["buffer"] = json!(30);
    }
    let output = run(&instance, &["--check", "--budget", "60000steps"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    instance["people"] = json!([]);
    instance["series"] = json!([]);
    let output = run(&instance, &["--check"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn zones_with_quarter_and_half_hours_meet_at_real_instants() {
    let zones = ["Asia/Kathmandu", "Pacific/Chatham", "Asia/Kolkata", "Australia/Lord_Howe"];
    let people = zones.iter().enumerate().map(|(i, zone)| person(i, zone, &[])).collect();
    let whole_day = json!({"window": [540, 1020], "days": [0, 1, 2, 3, 4], "ideal": null});
    let pairs = [[0, 1], [0, 2], [1, 3], [3, 2]];
    let list = pairs.iter().enumerate().map(|(i, who)| with(series(i, *who, 1), whole_day.clone()));
    let result = solved(&instance("2026-03-15", people, list.collect()), 0);
    assert_eq!(result["proof"], "optimal");
    // Kathmandu (+5:45) and Chatham share no half hour of work until Chatham
    // leaves summer time (+13:45, then +12:45) on the fourth Sunday: one hour
    // from 09:00 to 10:00, which is 16:00 to 17:00 there.
    let held = result["occ"][0].as_array().unwrap();
    assert_eq!(held[..3], [Value::Null, Value::Null, Value::Null]);
    let minute = held[3].as_i64().unwrap() * 15 % 1440;
    assert!((540..=570).contains(&(minute + 345)), "{result}");
    assert!((960..=990).contains(&(minute + 765)), "{result}");
    assert_eq!(causes(&result).into_keys().collect::<Vec<_>>(), ["HOURS"]);
    for row in &result["occ"].as_array().unwrap()[1..] {
        assert!(row.as_array().unwrap().iter().all(Value::is_number), "{result}");
    }
}

#[test]
fn a_time_the_clocks_skip_or_repeat() {
    // Two night owls; Sundays at 02:15 only, and Paris is the anchor.
    let pair = |origin, zone, window| {
        let mut people = vec![person(0, "Europe/Paris", &[]), person(1, zone, &[])];
        for one in &mut people {
            one["work"] = json!(vec![[0, 1440]; 7]);
        }
        let current = json!({"phase": 0, "day": 6, "tod": 135});
        let keys = json!({"window": window, "days": [6], "tol_days": 0, "ideal": null,
                          "current": current, "pinned": true});
        solved(&instance(origin, people, vec![with(series(0, [0, 1], 1), keys)]), 0)
    };
    let day = |n: i64| n * 96;
    // 29 March 2026 has no 02:15. The meeting shifts by the gap to 03:15, 01:15 UTC, unless
    // the window ends at 03:00: then that day has no place, and the reason is the clock.
    for zone in ["Europe/Paris", "Europe/London"] {
        let result = pair("2026-03-08", zone, [120, 240]);
        let utc = [day(7) + 5, day(14) + 5, day(21) + 5, day(28) + 1];
        assert_eq!(result["occ"], json!([utc]), "{zone}");
        assert_eq!(result["explain"]["terms"]["move"], 0);
        let result = pair("2026-03-08", zone, [120, 180]);
        assert_eq!(result["occ"], json!([[utc[0], utc[1], null, utc[3]]]), "{zone}");
        assert_eq!(causes(&result).into_keys().collect::<Vec<_>>(), ["CLOCK"]);
    }
    // 25 October 2026 has 02:15 twice; the first is meant, 00:15 UTC.
    for zone in ["Europe/Paris", "Europe/London"] {
        let result = pair("2026-10-04", zone, [120, 180]);
        let utc = [day(7) + 1, day(14) + 1, day(21) + 1, day(28) + 5];
        assert_eq!(result["occ"], json!([utc]), "{zone}");
        assert_eq!(result["explain"]["terms"]["move"], 0);
    }
}

#[test]
fn windows_and_hours_without_room_are_named() {
    let mut narrow = team();
    // Half an hour, but no quarter hour to begin at.
    narrow["series"][2]["window"] = json!([605, 635]);
    let said = refused(&narrow);
    assert!(said.contains("series 2: no quarter hour fits the window"), "{said}");
    let mut short = team();
    short["people"][0]["busy"] = json!([]);
    short["people"][1]["work"] = json!(vec![[540, 555]; 7]);
    let result = solved(&short, 0);
    assert_eq!(result["occ"][0], json!([null, null, null, null]));
    assert_eq!(causes(&result).into_keys().collect::<Vec<_>>(), ["HOURS"]);
    let mut none = team();
    none["people"][0]["busy"] = json!([]);
    none["people"][0]["max_day"] = json!(0);
    let result = solved(&none, 0);
    assert_eq!(causes(&result).into_keys().collect::<Vec<_>>(), ["CAP"]);
}

#[test]
fn everybody_busy_all_the_time_holds_nothing_and_says_why() {
    let mut instance = team();
    for one in 0..5 {
        instance["people"][one]["busy"] = json!([[-10_000_000, 10_000_000]]);
    }
    let result = solved(&instance, 3);
    let rows = result["occ"].as_array().unwrap();
    assert!(rows.iter().flat_map(|r| r.as_array().unwrap()).all(Value::is_null), "{result}");
    assert_eq!(result["proof"], "optimal");
    assert_eq!(causes(&result).into_keys().collect::<Vec<_>>(), ["BUSY"]);
}

#[test]
fn of_two_pins_on_one_slot_one_is_not_held() {
    let people = (0..3).map(|i| person(i, "Europe/Paris", &[])).collect();
    let pin = json!({"current": {"phase": 0, "day": 2, "tod": 600}, "pinned": true,
                     "window": [600, 630], "days": [2], "tol_days": 0, "ideal": null});
    let pins = vec![with(series(0, [0, 1], 1), pin.clone()), with(series(1, [0, 2], 1), pin)];
    let instance = instance("2026-03-15", people, pins);
    let result = solved(&instance, 0);
    assert_eq!(result["base"], json!([[0, 2, 600], [0, 2, 600]]));
    assert_eq!(result["proof"], "optimal");
    for week in 0..4 {
        let held = (0..2).filter(|i| !result["occ"][i][week].is_null()).count();
        assert_eq!(held, 1, "{result}");
    }
    // What is missing in either series is taken by the other.
    let missing = (0..2).map(|i| causes(&solved(&instance, i)));
    let missing: Vec<_> = missing.flatten().collect();
    assert!(missing.iter().all(|(cause, _)| cause == "TAKEN"), "{missing:?}");
    assert_eq!(missing.iter().map(|(_, slots)| slots).sum::<i64>(), 4);
}

#[test]
fn a_thousand_pairs_of_one_person_come_to_an_end() {
    let people = (0..1_001).map(|i| person(i, "Europe/Paris", &[])).collect();
    let keys = json!({"window": [540, 660], "days": [0, 1, 2, 3, 4], "ideal": null});
    let list = (0..1_000).map(|i| with(series(i, [0, i + 1], 1 + i % 2), keys.clone())).collect();
    let mut instance = instance("2026-03-15", people, list);
    instance["weeks"] = json!(2);
    let result = solved(&instance, 999);
    // Ten days with room for four: no room is left, and nothing else is promised.
    let rows = result["occ"].as_array().unwrap();
    let held = rows.iter().flat_map(|r| r.as_array().unwrap()).filter(|s| !s.is_null()).count();
    assert_eq!(held, 40);
    assert!(result["bound"].as_i64().unwrap() <= result["cost"].as_i64().unwrap());
}
