//! Tests of the report: numbers by hand, forms by their promises.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::model::ledger::{BeatFlags, Cause, Verdict};
use crate::model::observation::{FlagKind, Party};

fn day(n: i64) -> Timestamp {
    // Monday, 2025-01-06, 09:00 in Berlin.
    let first: Timestamp = "2025-01-06T08:00:00Z".parse().unwrap();
    first + SignedDuration::from_hours(24 * n)
}

fn beat(n: i64, verdict: Verdict) -> Beat {
    let met = verdict.is_held() || verdict == Verdict::Upcoming;
    Beat {
        planned: day(n),
        actual: met.then(|| day(n)),
        planned_minutes: 30,
        minutes: if met { 30 } else { 0 },
        cadence_days: 7,
        pushes: 0,
        notice_minutes: None,
        verdict,
        cause: None,
        excused: verdict == Verdict::Excused,
        by: None,
        evidence: 0,
        flags: BeatFlags::default(),
    }
}

/// The ten weeks that `docs/consistency.md` uses as its example.
fn ten_weeks() -> Vec<Beat> {
    let mut beats: Vec<Beat> = (0..10).map(|week| beat(7 * week, Verdict::Held)).collect();
    beats[1] = Beat {
        pushes: 1,
        notice_minutes: Some(180),
        by: Some(Party::Owner),
        flags: BeatFlags { late: true, ..BeatFlags::default() },
        ..beat(7, Verdict::Pushed)
    };
    beats[1].actual = Some(day(9));
    beats[3] = Beat {
        cause: Some(Cause::DeclinedPartner),
        by: Some(Party::Partner),
        notice_minutes: Some(3000),
        ..beat(21, Verdict::Skipped)
    };
    beats[5] = Beat { cause: Some(Cause::Pto), ..beat(35, Verdict::Excused) };
    beats[8] = beat(56, Verdict::Unknown);
    beats
}

fn extras(people: &[&str]) -> Extras {
    Extras {
        owner: "Elena Rossi".to_owned(),
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        people: people.iter().map(|one| (PairId::new(*one), (*one).to_owned())).collect(),
        findings: Vec::new(),
        flags: BTreeMap::new(),
        agenda: BTreeMap::new(),
        notes: Vec::new(),
    }
}

fn report_of(beats: Vec<Beat>) -> Report {
    let pairs = vec![PairBeats { pair: PairId::new("Bob Stone"), beats }];
    consistency(pairs, Window::new(day(-1), day(70)), day(67), extras(&["Bob Stone"]))
}

/// Everything a report can hold, with names that every form must take care of.
fn rich() -> Report {
    let odd = "Żofia \"Zo\" <b>|_Ünal_, & 王小明 of the Very Long Department Name";
    let mut extras = extras(&["Bob Stone", odd, "=SUM(A1)"]);
    extras.findings =
        vec![Finding { pair: PairId::new(odd), kind: FindingKind::Lapsed, since: day(30) }];
    extras.flags = BTreeMap::from([(
        PairId::new("Bob Stone"),
        BTreeSet::from([FlagKind::PushedTwice, FlagKind::Overdue]),
    )]);
    extras.agenda = BTreeMap::from([(
        PairId::new("Bob Stone"),
        AgendaNumbers { prepared: Some((5, 7)), closed: Some((6, 9)), carried_days: Some(12) },
    )]);
    extras.notes = vec!["You are taken to be <Elena>.".to_owned()];
    let mut shorter = ten_weeks();
    shorter.truncate(4);
    let pairs = vec![
        PairBeats { pair: PairId::new("Bob Stone"), beats: ten_weeks() },
        PairBeats { pair: PairId::new(odd), beats: shorter },
    ];
    consistency(pairs, Window::new(day(-1), day(70)), day(67), extras)
}

#[test]
fn the_numbers_of_the_documented_example() {
    let report = report_of(ten_weeks());
    let n = &report.pairs[0].numbers;
    assert_eq!((n.expected, n.held, n.pushed, n.skipped), (10, 6, 1, 1));
    assert_eq!((n.excused, n.unknown, n.upcoming), (1, 1, 0));
    assert_eq!((n.held_rate, n.on_beat_rate), (Some(0.875), Some(0.75)));
    assert_eq!((n.streak, n.drift_days, n.pushes), (4, 2, 1));
    assert_eq!((n.late, n.notice_known), (1, 2));
    assert_eq!((n.by.owner, n.by.partner, n.by.unknown), (1, 1, 0));
    assert_eq!(n.worst_gap, Some(2.0));
    assert_eq!(n.causes, [(Cause::DeclinedPartner, 1), (Cause::Pto, 1)]);
    assert_eq!(n.evidence, [7, 0, 0, 0]);
    assert_eq!(report.overall, Numbers { streak: 0, ..n.clone() });
    assert_eq!(report.spread, None);
}

#[test]
fn gaps_are_measured_between_meetings_and_run_on() {
    let beats = ten_weeks();
    let days: Vec<f64> = gaps(&beats, day(67), false).iter().map(|gap| gap.days).collect();
    // 9 Jan is two days late; the third week comes five days later.
    assert_eq!(days, [9.0, 5.0, 14.0, 14.0, 7.0, 14.0]);
    let mut waiting = beats;
    waiting.push(beat(70, Verdict::Upcoming));
    let last = *gaps(&waiting, day(67), false).last().unwrap();
    assert!(last.running);
    assert_eq!(last.days, 4.0);
    assert!(!gaps(&waiting, day(67), true).last().unwrap().running, "the relationship is over");
}

#[test]
fn months_are_those_of_the_owner() {
    let mut beats = vec![beat(0, Verdict::Held)];
    // 31 January, 23:30 in UTC is February in Berlin.
    beats.push(Beat {
        planned: "2025-01-31T23:30:00Z".parse().unwrap(),
        ..beat(25, Verdict::Skipped)
    });
    let report = report_of(beats);
    let months: Vec<_> =
        report.pairs[0].months.iter().map(|one| (one.month, one.held, one.counted)).collect();
    assert_eq!(months, [(1, 1, 1), (2, 0, 1)]);
}

#[test]
fn beats_outside_of_the_window_and_unnamed_pairs_are_left_out() {
    let pairs = vec![
        PairBeats { pair: PairId::new("a"), beats: ten_weeks() },
        PairBeats { pair: PairId::new("stranger"), beats: ten_weeks() },
    ];
    let report = consistency(pairs, Window::new(day(0), day(14)), day(67), extras(&["a"]));
    assert_eq!(report.pairs.len(), 1);
    assert_eq!(report.overall.expected, 2);
}

#[test]
fn one_pair_alone_has_its_own_overall_numbers() {
    let all = rich();
    let bob = only(rich(), |pair| pair.name == "Bob Stone");
    assert_eq!(bob.pairs.len(), 1);
    assert_eq!(bob.pairs[0].numbers, all.pairs[0].numbers);
    assert_eq!(bob.overall, Numbers { streak: 0, ..all.pairs[0].numbers.clone() });
    assert_eq!((bob.findings.len(), bob.notes.len()), (0, 1));
    assert_eq!(bob.pairs[0].flags, all.pairs[0].flags);
}

#[test]
fn the_terminal_form_fits_eighty_columns() {
    let report = rich();
    let text = text::terminal(&report, false);
    for line in text.lines() {
        assert!(line.width() <= 80, "{} columns: {line}", line.width());
    }
    assert!(!text.contains('\u{1b}'));
    assert!(text.contains("Held 83 % of 12"), "{text}");
    assert!(text.contains("Bob Stone: pushed twice in a row; more than 1.5 cadences"));
    let flowing = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flowing.contains("the series ended, nothing since 2025-02-05"));
    assert!(text.contains("on the calendar, not confirmed"));
    assert!(text.contains("█▅█·█o██?█"));
    let coloured = text::terminal(&report, true);
    assert!(coloured.contains("\u{1b}[31m·\u{1b}[0m"));
    let plain: String = strip_colours(&coloured);
    assert_eq!(plain, text, "colour adds nothing but colour");
}

fn strip_colours(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        out.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    out + rest
}

#[test]
fn markdown_keeps_its_table_whole() {
    let text = markdown::page(&rich());
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 5);
    for row in rows {
        let bars = row.replace("\\|", "").matches('|').count();
        assert_eq!(bars, 12, "{row}");
    }
    assert!(text.contains("\\<b\\>"));
}

#[test]
fn csv_is_one_line_a_beat_and_runs_no_formula() {
    let report = rich();
    let text = csv::to_string(&report);
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>().join(","), csv::HEADER);
    let rows: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 14);
    assert_eq!(&rows[1][3], "pushed");
    assert_eq!(&rows[1][4], "2025-01-15T08:00:00Z");
    assert_eq!(&rows[1][13], "late");
    assert_eq!(&rows[10][1], report.pairs[1].name.as_str());
    let mut formula = report;
    formula.pairs[0].name = "=cmd()".to_owned();
    assert!(csv::to_string(&formula).contains(",'=cmd(),"));
}

#[test]
fn html_is_one_file_without_script_or_request() {
    let page = html::page(&rich());
    for forbidden in ["<script", "http://", "https://", "javascript:", "@import", "url("] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.contains("&lt;b&gt;") && !page.contains("<b>|"));
    assert!(page.contains("<html lang=\"en\">") && page.contains("prefers-color-scheme:dark"));
    assert!(page.contains("@media print"));
    assert!(page.contains(".scroll{overflow:visible}"), "a table cut off on paper");
    assert_eq!(page.matches("<h1>").count(), 1);
    // Every drawing that says something says it in words too.
    let drawings = page.matches("<svg viewBox=\"0 0").count();
    assert_eq!(page.matches("role=\"img\" aria-label=").count(), drawings);
    balanced(&page);
}

/// Every element that is opened is closed, in order.
fn balanced(page: &str) {
    const VOID: [&str; 3] = ["meta", "!doctype", "br"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, next) = after.split_once('>').unwrap();
        rest = next;
        let name = tag.split([' ', '\n', '/']).find(|part| !part.is_empty()).unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "closing {name}");
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn json_follows_its_schema() {
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/report-schema.json")).unwrap();
    let mut strange = ten_weeks();
    strange.push(Beat { planned: day(69), notice_minutes: Some(-30), ..beat(69, Verdict::Ended) });
    let empty = consistency(Vec::new(), Window::new(day(0), day(1)), day(1), extras(&[]));
    for report in [rich(), report_of(strange), empty] {
        let value: Value = serde_json::from_str(&json::to_string(&report)).unwrap();
        valid(&value, &schema, &schema, "report");
        assert_eq!(value["schema"], json::SCHEMA);
    }
    let broken = serde_json::json!({"schema": "onbeat-report-1"});
    assert!(std::panic::catch_unwind(|| valid(&broken, &schema, &schema, "report")).is_err());
}

/// As much of JSON Schema as the schema uses.
fn valid(value: &Value, schema: &Value, root: &Value, at: &str) {
    for (key, wanted) in schema.as_object().unwrap() {
        match key.as_str() {
            "$ref" => {
                let path = wanted.as_str().unwrap().trim_start_matches('#');
                valid(value, root.pointer(path).unwrap(), root, at);
            }
            "type" => {
                let types: Vec<&str> = match wanted.as_array() {
                    Some(all) => all.iter().map(|one| one.as_str().unwrap()).collect(),
                    None => vec![wanted.as_str().unwrap()],
                };
                assert!(
                    types.contains(&kind(value))
                        || (types.contains(&"number") && value.is_number()),
                    "{at}: {value} is no {types:?}"
                );
            }
            "const" => assert_eq!(value, wanted, "{at}"),
            "enum" => assert!(wanted.as_array().unwrap().contains(value), "{at}: {value}"),
            "oneOf" => {
                let fits = |one: &&Value| {
                    kind(value) == one.get("type").map_or("string", |t| t.as_str().unwrap())
                        || one.get("$ref").is_some_and(|r| fits_ref(value, r))
                };
                let branch = wanted.as_array().unwrap().iter().find(fits);
                valid(value, branch.unwrap_or_else(|| panic!("{at}: {value}")), root, at);
            }
            "required" => {
                for name in wanted.as_array().unwrap() {
                    assert!(value.get(name.as_str().unwrap()).is_some(), "{at} lacks {name}");
                }
            }
            "additionalProperties" => members(value, schema, wanted, root, at),
            "properties" => {
                for (name, part) in wanted.as_object().unwrap() {
                    if let Some(member) = value.get(name) {
                        valid(member, part, root, &format!("{at}.{name}"));
                    }
                }
            }
            "items" => {
                for (n, one) in value.as_array().unwrap().iter().enumerate() {
                    valid(one, wanted, root, &format!("{at}[{n}]"));
                }
            }
            "minimum" => {
                assert!(value.is_null() || value.as_f64().unwrap() >= wanted.as_f64().unwrap());
            }
            "pattern" if wanted.as_str().unwrap().contains('T') => {
                value.as_str().unwrap().parse::<Timestamp>().unwrap();
            }
            _ => {}
        }
    }
}

fn fits_ref(value: &Value, reference: &Value) -> bool {
    match reference.as_str().unwrap() {
        "#/$defs/count" => value.is_u64(),
        _ => value.is_string(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn members(value: &Value, schema: &Value, rest: &Value, root: &Value, at: &str) {
    for (name, member) in value.as_object().unwrap() {
        let known = schema.get("properties").is_some_and(|all| all.get(name).is_some());
        if rest.is_object() {
            valid(member, rest, root, at);
        } else {
            assert!(known, "{at}.{name} is not in the schema");
        }
    }
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop::sample::select(vec![
        Verdict::Upcoming,
        Verdict::Held,
        Verdict::Pushed,
        Verdict::Pulled,
        Verdict::Excused,
        Verdict::Skipped,
        Verdict::Ended,
        Verdict::Unknown,
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn counts_add_up_and_rates_are_fractions(verdicts in prop::collection::vec(verdict(), 0..60)) {
        let beats: Vec<Beat> =
            (0..).zip(&verdicts).map(|(n, verdict)| beat(n, *verdict)).collect();
        let report = report_of(beats);
        let n = &report.overall;
        prop_assert_eq!(
            n.expected,
            n.held + n.pushed + n.pulled + n.skipped + n.excused + n.unknown
        );
        let ended = verdicts.iter().filter(|one| **one == Verdict::Ended).count();
        prop_assert_eq!(verdicts.len(), usize::try_from(n.expected + n.upcoming).unwrap() + ended);
        prop_assert!(n.held_rate.is_none_or(|rate| (0.0..=1.0).contains(&rate)));
        prop_assert!(n.on_beat_rate <= n.held_rate);
        prop_assert_eq!(n.evidence.iter().sum::<u32>(), n.held + n.pushed + n.pulled);
    }
}
