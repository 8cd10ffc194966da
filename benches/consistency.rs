//! The report over an organisation's decade (1,000,000 beats) in every form, and a
//! look-back over an export of 50,000 events beside a naive pass over the same
//! events. Run with `cargo bench --bench consistency`; prints seconds and the
//! process' peak memory.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)] // a measurement needs the clock

use std::fmt::{self, Write};
use std::hint::black_box;
use std::time::Instant;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use onbeat::engine::lookback;
use onbeat::ical::{parse, recur};
use onbeat::model::id::{Address, CalendarId, Href, PairId};
use onbeat::model::ledger::{Beat, BeatFlags, Cause, PairBeats, Verdict};
use onbeat::model::observation::Party;
use onbeat::model::report::{Extras, Report};
use onbeat::model::resource::ResourceRef;
use onbeat::model::snapshot::MirroredEvent;
use onbeat::model::time::Window;
use onbeat::report;

const PAIRS: i64 = 2_000;
const WEEKS: i64 = 500;

fn weeks(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * 7 * n)
}

fn start() -> Timestamp {
    "2016-01-04T09:00:00Z".parse().unwrap()
}

/// A beat by its number: mostly held, some of everything else.
fn beat(pair: i64, week: i64) -> Beat {
    let planned = start() + weeks(week) + SignedDuration::from_mins(pair % 400);
    let dice = (pair * 31 + week * 17) % 100;
    let (verdict, cause) = match dice {
        0..=69 => (Verdict::Held, None),
        70..=81 => (Verdict::Pushed, None),
        82..=84 => (Verdict::Pulled, None),
        85..=89 => (Verdict::Skipped, Some(Cause::Removed)),
        90..=93 => (Verdict::Skipped, Some(Cause::DeclinedPartner)),
        94..=98 => (Verdict::Excused, Some(Cause::Pto)),
        _ => (Verdict::Unknown, None),
    };
    let shift =
        26 * i64::from(verdict == Verdict::Pushed) - 22 * i64::from(verdict == Verdict::Pulled);
    Beat {
        planned,
        actual: verdict.is_held().then(|| planned + SignedDuration::from_hours(shift)),
        planned_minutes: 30,
        minutes: if verdict.is_held() { 30 } else { 0 },
        cadence_days: 7,
        pushes: u16::from(verdict == Verdict::Pushed),
        notice_minutes: (verdict == Verdict::Pushed).then_some(600),
        verdict,
        cause,
        excused: verdict == Verdict::Excused,
        by: (shift != 0).then_some(Party::Owner),
        evidence: u8::from(dice % 2 == 0),
        flags: BeatFlags::default(),
    }
}

fn decade() -> (Vec<PairBeats>, Extras) {
    let pair = |p: i64| PairId::new(format!("person{p}@example.org"));
    let beats = (0..PAIRS)
        .map(|p| PairBeats { pair: pair(p), beats: (0..WEEKS).map(|week| beat(p, week)).collect() })
        .collect();
    let extras = Extras {
        owner: "An organisation".to_owned(),
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        people: (0..PAIRS).map(|p| (pair(p), format!("Person {p}"))).collect(),
        findings: Vec::new(),
        flags: Default::default(),
        agenda: Default::default(),
        notes: Vec::new(),
    };
    (beats, extras)
}

/// Counts what is written, as a pipe would take it.
struct Sink(usize);

impl Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

fn timed<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let before = Instant::now();
    let out = work();
    println!("{name:<44} {:>8.3} s", before.elapsed().as_secs_f64());
    out
}

fn forms(report: &Report) {
    timed("  terminal", || black_box(report::text::terminal(report, false).len()));
    timed("  markdown", || black_box(report::markdown::page(report).len()));
    let html = timed("  html", || report::html::page(report).len());
    let json = timed("  json", || {
        let mut sink = Sink(0);
        report::json::write(report, &mut sink).unwrap();
        sink.0
    });
    let csv = timed("  csv", || {
        let mut sink = Sink(0);
        report::csv::write(report, &mut sink).unwrap();
        sink.0
    });
    println!("  bytes: html {html}, json {json}, csv {csv}");
}

/// An export: a tenth are 1:1s of a hundred partners with their exceptions, the
/// rest is everybody else's meetings.
fn export(events: i64) -> Vec<u8> {
    let mut out = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n");
    for n in 0..events {
        let (day, hour, partner) = (1 + n % 28, 8 + n % 9, n % 100);
        let rule = match n % 500 {
            0..100 if n < 100 => {
                "RRULE:FREQ=WEEKLY\r\nEXDATE;TZID=Europe/Berlin:20250304T090000\r\n"
            }
            _ => "",
        };
        let third = if n % 10 == 0 { "" } else { "ATTENDEE:mailto:third@example.org\r\n" };
        let _ = write!(
            out,
            "BEGIN:VEVENT\r\nUID:{n}@bench\r\nDTSTAMP:20250101T000000Z\r\nDTSTART;TZID=Europe/Berlin:2025{:02}{day:02}T{hour:02}0000\r\nDTEND;TZID=Europe/Berlin:2025{:02}{day:02}T{hour:02}3000\r\n{rule}SUMMARY:Meeting {n}\r\nORGANIZER;CN=Elena Rossi:mailto:elena@example.org\r\nATTENDEE;PARTSTAT=ACCEPTED;CN=Elena Rossi:mailto:elena@example.org\r\nATTENDEE;PARTSTAT=ACCEPTED;CN=Person {partner}:mailto:person{partner}@example.org\r\n{third}END:VEVENT\r\n",
            1 + n % 12,
            1 + n % 12
        );
    }
    out.push_str("END:VCALENDAR\r\n");
    out.into_bytes()
}

fn look_back() {
    let data = export(50_000);
    println!("look-back over 50,000 events ({} MB)", data.len() / 1_000_000);
    let events: Vec<MirroredEvent> = timed("  parsing", || {
        let resource = ResourceRef {
            calendar: CalendarId::new("file", "export.ics"),
            href: Href::new("export.ics"),
            etag: None,
        };
        parse::parse(&data)
            .events
            .into_iter()
            .map(|event| MirroredEvent { resource: resource.clone(), event: event.into() })
            .collect()
    });
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let window = Window::new(at("2025-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z"));
    let report = timed("  inferring and judging", || {
        lookback::from_calendars(&events, None, window, window.to)
    });
    println!("  {} pairs, {} beats", report.pairs.len(), report.overall.expected);
    let me = Address::new("elena@example.org");
    timed("  naive: expanding every event of mine", || {
        let mine = events.iter().filter(|one| {
            one.event.master.iter().any(|body| body.attendees.iter().any(|a| a.address == me))
        });
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let all: usize = mine
            .map(|one| {
                recur::expand(&one.event, window, &zone, recur::Limits::default()).occurrences.len()
            })
            .sum();
        black_box(all)
    });
}

fn peak_memory() {
    // Linux only; elsewhere there is nothing to print.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(line) = status.lines().find(|line| line.starts_with("VmHWM")) {
        println!("{line}");
    }
}

fn main() {
    let (beats, extras) = decade();
    println!("1,000,000 beats of 2,000 pairs, {} bytes each", size_of::<Beat>());
    let window = Window::new(start(), start() + weeks(WEEKS));
    let report = timed("  numbers", || report::consistency(beats, window, window.to, extras));
    forms(&report);
    peak_memory();
    drop(report);
    look_back();
    peak_memory();
}
