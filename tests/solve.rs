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
