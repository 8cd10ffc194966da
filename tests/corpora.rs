//! Calendars and rules with known occurrences: the fixtures of this repository,
//! and a larger directory of real calendars where `ONBEAT_CORPUS` names one (or
//! one lies beside the checkout).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use onbeat::ical::parse::parse;
use onbeat::ical::recur::{Limits, expand};
use onbeat::model::time::Window;
use serde_json::{Value, json};

fn instant(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The occurrences of a file in the form the expectations have.
fn occurrences(data: &[u8], window: Window) -> Vec<Value> {
    let parsed = parse(data);
    let mut rows = Vec::new();
    for event in &parsed.events {
        for o in expand(event, window, &TimeZone::UTC, Limits::default()).occurrences {
            rows.push(json!({
                "uid": event.uid.as_str(),
                "recurrence_id": o.recurrence_at.map(|at| at.to_string()),
                "start": o.start_at.to_string(),
                "end": o.end_at.to_string(),
                "status": o.body.status_written,
            }));
        }
    }
    rows
}

/// Order does not matter; a missing recurrence id stands for the start.
fn canonical(rows: &[Value], with_ends: bool) -> BTreeMap<String, usize> {
    let mut out = BTreeMap::new();
    for row in rows {
        let id = if row["recurrence_id"].is_null() { &row["start"] } else { &row["recurrence_id"] };
        let end = if !with_ends {
            &Value::Null
        } else if row["end"].is_null() {
            &row["start"]
        } else {
            &row["end"]
        };
        let status = row["status"].as_str().unwrap_or("").to_uppercase();
        *out.entry(format!("{} {id} {} {end} {status}", row["uid"], row["start"])).or_insert(0) +=
            1;
    }
    out
}

#[test]
fn five_hundred_realistic_rules() {
    let text = std::fs::read(fixtures().join("recurrence/rules.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_slice(&text).unwrap();
    assert_eq!(cases.len(), 500);
    let mut wrong = Vec::new();
    for case in &cases {
        let event = format!(
            "BEGIN:VEVENT\nUID:r\nDTSTART;TZID={}:{}\nDURATION:PT30M\nRRULE:{}\nEND:VEVENT\n",
            case["zone"].as_str().unwrap(),
            case["start"].as_str().unwrap(),
            case["rule"].as_str().unwrap()
        );
        let window = Window::new(instant(&case["from"]), instant(&case["to"]));
        let got: Vec<Value> =
            occurrences(event.as_bytes(), window).iter().map(|o| o["start"].clone()).collect();
        if &got != case["starts"].as_array().unwrap() {
            wrong.push((case.clone(), got));
        }
    }
    assert!(wrong.is_empty(), "{} wrong, first: {:#?}", wrong.len(), wrong.first());
}

#[test]
fn fixture_calendars() {
    let mut seen = 0;
    for entry in std::fs::read_dir(fixtures().join("ics")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "ics") {
            continue;
        }
        let expected = std::fs::read(path.with_extension("expected.json")).unwrap();
        let expected: Value = serde_json::from_slice(&expected).unwrap();
        let window = Window::new(instant(&expected["from"]), instant(&expected["to"]));
        let got = occurrences(&std::fs::read(&path).unwrap(), window);
        let want = expected["occurrences"].as_array().unwrap();
        assert_eq!(canonical(&got, true), canonical(want, true), "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 12);
}

/// The larger directory, if there is one.
#[expect(
    clippy::disallowed_methods,
    reason = "where the corpus lies is the test run's own setting"
)]
fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("ONBEAT_CORPUS").map(PathBuf::from);
    let beside =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(|p| p.join("shared/corpora/open"));
    named.or(beside).filter(|dir| dir.is_dir())
}

#[test]
fn real_calendars_where_present() {
    let Some(dir) = corpus() else {
        eprintln!("left out: no corpus (ONBEAT_CORPUS names its directory)");
        return;
    };
    let (mut gold, mut silver) = ((0, 0), (0, 0));
    let mut files = 0;
    for entry in std::fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "ics") {
            continue;
        }
        files += 1;
        let data = std::fs::read(&path).unwrap();
        let Ok(expected) = std::fs::read(path.with_extension("expected.json")) else {
            let _ = occurrences(&data, Window::new(Timestamp::UNIX_EPOCH, Timestamp::MAX));
            continue;
        };
        let expected: Value = serde_json::from_slice(&expected).unwrap();
        for window in expected["windows"].as_array().unwrap() {
            let span = Window::new(instant(&window["from"]), instant(&window["to"]));
            let ends = window["agreement"] == "full";
            let want = canonical(window["occurrences"].as_array().unwrap(), ends);
            let same = canonical(&occurrences(&data, span), ends) == want;
            let tier = if window["tier"] == "gold" { &mut gold } else { &mut silver };
            *tier = (tier.0 + usize::from(same), tier.1 + 1);
            if !same {
                eprintln!("{} ({}): not as expected", path.display(), window["tier"]);
            }
        }
    }
    eprintln!("{files} files; gold {gold:?}, silver {silver:?}");
    assert!(files > 0 && gold.0 * 1000 >= gold.1 * 995 && silver.0 * 100 >= silver.1 * 85);
}
