//! Runs the pure line over recorded years with known truth and scores the
//! verdicts: once from the last state alone, once day by day. The recordings are
//! no part of the repository: `ONBEAT_HISTORY` names folders of them, separated by
//! `:`; without it this suite has nothing to do and says so.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use onbeat::engine::lookback;
use onbeat::ical::parse;
use onbeat::ledger;
use onbeat::model::id::{Address, CalendarId, Href, PairId};
use onbeat::model::ledger::{FindingKind, LedgerState};
use onbeat::model::pair::{Cadence, CadenceUnit, Pair, Person};
use onbeat::model::report::Report;
use onbeat::model::resource::ResourceRef;
use onbeat::model::snapshot::{Coverage, MirroredEvent, Snapshot};
use onbeat::model::time::{WeekHours, Window};
use onbeat::observe;
use onbeat::snapshot::{self, Input};
use serde_json::{Value, json};

struct World {
    owner: Person,
    pairs: Vec<Pair>,
    departed: BTreeMap<PairId, Date>,
    window: Window,
}

type Mirror = BTreeMap<String, Vec<MirroredEvent>>;

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn read_event(key: &str, data: &[u8]) -> Vec<MirroredEvent> {
    let (calendar, file) = key.split_once('/').unwrap();
    let parsed = parse::parse(data);
    assert!(parsed.quarantined.is_empty(), "{key}: {:?}", parsed.quarantined);
    let resource = ResourceRef {
        calendar: CalendarId::new("lab", calendar),
        href: Href::new(file),
        etag: None,
    };
    parsed
        .events
        .into_iter()
        .map(|event| MirroredEvent { resource: resource.clone(), event: event.into() })
        .collect()
}

fn load(root: &Path) -> Mirror {
    let mut mirror = Mirror::new();
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    for folder in folders.into_iter().filter(|path| path.is_dir()) {
        for file in fs::read_dir(&folder).unwrap() {
            let path = file.unwrap().path();
            let key = format!("{}/{}", name(&folder), name(&path));
            mirror.insert(key.clone(), read_event(&key, &fs::read(&path).unwrap()));
        }
    }
    mirror
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn holidays(mirror: &Mirror, calendar: &str) -> BTreeMap<Date, String> {
    mirror
        .iter()
        .filter(|(key, _)| key.starts_with(&format!("{calendar}/")))
        .flat_map(|(_, events)| events)
        .filter_map(|one| one.event.master.as_ref())
        .map(|body| (body.start.civil().date(), body.summary.clone()))
        .collect()
}

fn person(name: &str, email: &str, zone: &str, holidays: BTreeMap<Date, String>) -> Person {
    Person {
        name: name.to_owned(),
        addresses: vec![Address::new(email)],
        zone: TimeZone::get(zone).unwrap(),
        hours: WeekHours::default(),
        holidays,
    }
}

fn world(dir: &Path, mirror: &Mirror) -> World {
    let config = read_json(&dir.join("config.json"));
    let me = &config["me"];
    let zone = text(&me["timezone"]);
    let owner = person(
        text(&me["name"]),
        text(&me["email"]),
        zone,
        holidays(mirror, text(&me["holiday_calendar"])),
    );
    let mut departed = BTreeMap::new();
    let mut pairs = Vec::new();
    for one in config["relationships"].as_array().unwrap() {
        let id = text(&one["id"]);
        let days = holidays(mirror, text(&one["holiday_calendar"]));
        let partner = person(text(&one["name"]), text(&one["email"]), zone, days);
        let weekly = Cadence { every: 1, unit: CadenceUnit::Weeks };
        pairs.push(Pair::observed(PairId::new(id), partner, weekly));
        if let Some(day) = one["ended"].as_str() {
            departed.insert(PairId::new(id), day.parse().unwrap());
        }
    }
    let at = |key: &str| text(&config["period"][key]).parse::<Timestamp>().unwrap();
    World { owner, pairs, departed, window: Window::new(at("from"), at("to")) }
}

fn work(mirror: &Mirror) -> Vec<MirroredEvent> {
    mirror
        .iter()
        .filter(|(key, _)| key.starts_with("work/"))
        .flat_map(|(_, events)| events.clone())
        .collect()
}

fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}

fn final_state(dir: &Path) -> Report {
    let mirror = load(&dir.join("final"));
    let world = world(dir, &mirror);
    lookback::of_owner(
        &work(&mirror),
        &world.owner,
        &world.pairs,
        &world.departed,
        world.window,
        world.window.to + days(1),
    )
}

/// Day by day. Every `broken`-th reading is incomplete: a third of the events is
/// missing from it.
fn replayed(dir: &Path, broken: Option<usize>) -> Report {
    let mut mirror = load(&dir.join("final"));
    let world = world(dir, &mirror);
    mirror.clear();
    let mut state = LedgerState::default();
    let mut steps: Vec<PathBuf> =
        fs::read_dir(dir.join("timeline")).unwrap().map(|entry| entry.unwrap().path()).collect();
    steps.sort();
    for (n, step) in steps.iter().enumerate() {
        advance(&mut mirror, step);
        let now = step_time(step);
        if broken.is_some_and(|k| n % k == k / 2) {
            let all = work(&mirror).into_iter().enumerate();
            let part = all.filter(|(i, _)| i % 3 != n % 3).map(|(_, event)| event).collect();
            let reason = "the server stopped answering".to_owned();
            look(&mut state, &world, part, now, Coverage::Partial { synced_at: None, reason });
        } else {
            let complete = Coverage::Complete { synced_at: now };
            look(&mut state, &world, work(&mirror), now, complete);
        }
    }
    let end = world.window.to + days(1);
    let snapshot =
        look(&mut state, &world, work(&mirror), end, Coverage::Complete { synced_at: end });
    lookback::report(&state, &snapshot, std::collections::BTreeMap::new(), world.window, end)
}

fn step_time(step: &Path) -> Timestamp {
    let stamp = name(step).split_once('_').unwrap().1.to_owned();
    let local = jiff::fmt::strtime::parse("%Y%m%dT%H%M%SZ", stamp).unwrap().to_datetime().unwrap();
    TimeZone::UTC.to_timestamp(local).unwrap()
}

fn advance(mirror: &mut Mirror, step: &Path) {
    let gone = step.join("deleted.json");
    if gone.exists() {
        for key in read_json(&gone).as_array().unwrap() {
            mirror.remove(text(key));
        }
    }
    mirror.extend(load(step));
}

fn look(
    state: &mut LedgerState,
    world: &World,
    events: Vec<MirroredEvent>,
    now: Timestamp,
    coverage: Coverage,
) -> Snapshot {
    let window = Window::new((now - days(60)).max(world.window.from), now + days(84));
    let today = world.owner.zone.to_datetime(now).date();
    let departed = world.departed.iter().filter(|(_, day)| **day <= today);
    let snapshot = snapshot::build(Input {
        owner: &world.owner,
        pairs: &world.pairs,
        events: &events,
        coverage: BTreeMap::from([(CalendarId::new("lab", "work"), coverage)]),
        busy_calendars: None,
        partner_busy: BTreeMap::new(),
        departed: departed.map(|(pair, day)| (pair.clone(), *day)).collect(),
        quarantined: Vec::new(),
        engines: BTreeMap::new(),
        window,
        now,
    });
    let seen = observe::observe(state, &snapshot);
    let entries = ledger::record(state, &seen, &snapshot, now);
    ledger::fold_into(state, &entries);
    let again = observe::observe(state, &snapshot);
    assert!(again.is_empty(), "observing twice must find nothing new: {again:#?}");
    snapshot
}

/// The answer in the form the scorer reads.
fn answer(report: &Report) -> Value {
    let mut occurrences = Vec::new();
    for pair in &report.pairs {
        for beat in &pair.beats {
            let label = match beat.verdict.word() {
                "held" | "pushed" | "skipped" => beat.verdict.word(),
                "pulled" => "moved_earlier",
                "excused" => "skipped",
                _ => continue,
            };
            let flags: &[&str] = if beat.flags.shortened { &["shortened"] } else { &[] };
            occurrences.push(json!({
                "relationship": pair.pair.as_str(),
                "planned_start": beat.planned.to_string(),
                "label": label,
                "actual_start": beat.actual.map(|at| at.to_string()),
                "reason": if label == "skipped" { beat.cause.map(|c| c.word()) } else { None },
                "excused": beat.excused,
                "pushes": beat.pushes,
                "flags": flags,
            }));
        }
    }
    let lapsed = report.findings.iter().filter(|one| one.kind == FindingKind::Lapsed);
    let findings: Vec<Value> = lapsed
        .map(|one| {
            json!({"relationship": one.pair.as_str(), "kind": "lapsed",
                   "since": one.since.to_string()})
        })
        .collect();
    json!({"occurrences": occurrences, "findings": findings})
}

const LABELS: [&str; 4] = ["held", "moved_earlier", "pushed", "skipped"];

/// Macro-F1 over the labels and recall by cause (of causes with ten or more cases).
fn score(truth: &Value, answer: &Value, final_only: bool) -> (f64, Vec<(String, f64)>) {
    let key = |one: &Value| {
        let at: Timestamp = text(&one["planned_start"]).parse().unwrap();
        (text(&one["relationship"]).to_owned(), at)
    };
    let mut given: HashMap<_, &Value> =
        answer["occurrences"].as_array().unwrap().iter().map(|one| (key(one), one)).collect();
    let mut causes: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let mut table: HashMap<(&str, &str), u32> = HashMap::new();
    for one in truth["occurrences"].as_array().unwrap() {
        let got = given.remove(&key(one)).map_or("missing", |answer| text(&answer["label"]));
        if final_only && one["final_decidable"] == false {
            continue;
        }
        let label = text(&one["label"]);
        *table.entry((label, got)).or_default() += 1;
        let cause = causes.entry(text(&one["cause"]).to_owned()).or_default();
        cause.0 += u32::from(got == label);
        cause.1 += 1;
    }
    for extra in given.values() {
        *table.entry(("not planned", text(&extra["label"]))).or_default() += 1;
    }
    let f1 = |label: &str| {
        let sum = |want: &dyn Fn(&(&str, &str)) -> bool| -> f64 {
            table.iter().filter(|(k, _)| want(k)).map(|(_, n)| f64::from(*n)).sum()
        };
        let hit = sum(&|k| *k == (label, label));
        2.0 * hit / (sum(&|k| k.0 == label) + sum(&|k| k.1 == label))
    };
    let macro_f1 = LABELS.iter().map(|label| f1(label)).sum::<f64>() / 4.0;
    let recall = causes
        .into_iter()
        .filter(|(_, (_, of))| *of >= 10)
        .map(|(cause, (hit, of))| (cause, f64::from(hit) / f64::from(of)))
        .collect();
    (macro_f1, recall)
}

fn folders() -> Vec<PathBuf> {
    #[allow(clippy::disallowed_methods)] // a switch of this suite, not of the program
    let named = std::env::var("ONBEAT_HISTORY").unwrap_or_default();
    let found: Vec<PathBuf> =
        named.split(':').filter(|path| !path.is_empty()).map(PathBuf::from).collect();
    if found.is_empty() {
        eprintln!("left out: ONBEAT_HISTORY names no recorded years");
    }
    found
}

fn judge(dir: &Path, report: &Report, mode: &str, at_least: f64) {
    let answer = answer(report);
    let stem = format!("onbeat-history-{}-{mode}", name(dir));
    let write = |end: &str, text: String| {
        fs::write(std::env::temp_dir().join(format!("{stem}{end}")), text).unwrap();
    };
    write(".json", answer.to_string());
    write("-report.json", onbeat::report::json::to_string(report));
    write("-report.html", onbeat::report::html::page(report));
    write("-report.txt", onbeat::report::text::terminal(report, false));
    write("-report.md", onbeat::report::markdown::page(report));
    write("-report.csv", onbeat::report::csv::to_string(report));
    let (f1, causes) = score(&read_json(&dir.join("truth.json")), &answer, mode == "final");
    eprintln!("{} {mode}: macro-F1 {f1:.4}", dir.display());
    assert!(f1 >= at_least, "{} {mode}: macro-F1 {f1}", dir.display());
    for (cause, recall) in causes {
        assert!(recall >= 0.9, "{} {mode}: recall of {cause} is {recall}", dir.display());
    }
}

#[test]
fn the_last_state_alone_gives_the_right_verdicts() {
    for dir in folders() {
        judge(&dir, &final_state(&dir), "final", 0.95);
    }
}

/// With nothing configured the same people are found, and nearly the same is said
/// of them (who left, and the partners' own holidays, are not in the calendar).
#[test]
fn an_export_with_nothing_configured_says_the_same() {
    for dir in folders() {
        let configured = final_state(&dir);
        let mirror = load(&dir.join("final"));
        let world = world(&dir, &mirror);
        let all: Vec<MirroredEvent> = mirror.values().flatten().cloned().collect();
        let own = all.into_iter().filter(|one| one.resource.calendar.collection != "holidays-us");
        let events: Vec<MirroredEvent> = own.collect();
        let report = lookback::from_calendars(&events, None, world.window, configured.as_of);
        assert_eq!(report.owner, world.owner.name, "{:?}", report.notes);
        for pair in &configured.pairs {
            let found = report.pairs.iter().find(|one| one.name == pair.name).unwrap();
            let rate = |one: &onbeat::model::report::PairReport| one.numbers.held_rate.unwrap();
            let (a, b) = (rate(pair), rate(found));
            assert!((a - b).abs() < 0.08, "{}: {a} and {b}", pair.name);
        }
        assert_eq!(report.pairs.len(), configured.pairs.len());
    }
}

#[test]
fn a_year_day_by_day_gives_the_right_verdicts() {
    for dir in folders() {
        judge(&dir, &replayed(&dir, None), "timeline", 0.98);
    }
}

#[test]
fn broken_readings_change_no_verdict_to_skipped() {
    for dir in folders() {
        let whole = replayed(&dir, None);
        for every in [2, 3, 7] {
            let broken = replayed(&dir, Some(every));
            for (a, b) in whole.pairs.iter().zip(&broken.pairs) {
                for beat in b.beats.iter().filter(|beat| beat.verdict.word() == "skipped") {
                    let truly = a.beats.iter().find(|one| one.planned == beat.planned).unwrap();
                    assert_eq!(truly.verdict.word(), "skipped", "{} {}", b.pair, beat.planned);
                }
            }
        }
    }
}
