//! Runs the pure line over a calendar people edit.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use onbeat::engine::lookback;
use onbeat::ical::parse;
use onbeat::ledger;
use onbeat::model::id::{Address, CalendarId, Href};
use onbeat::model::ledger::{Beat, LedgerState};
use onbeat::model::pair::{Pair, Person};
use onbeat::model::report::Report;
use onbeat::model::resource::ResourceRef;
use onbeat::model::snapshot::{Coverage, MirroredEvent, Snapshot};
use onbeat::model::time::Window;
use onbeat::observe;
use onbeat::snapshot::{self, Input};

use crate::calendar::{BOB, Calendar, ME, Style, ZONE};

/// An edit somebody makes.
pub type Edit = Box<dyn Fn(&mut Calendar)>;

/// A history with what became of its beats.
pub struct Case {
    pub name: &'static str,
    pub edits: Vec<(Timestamp, Edit)>,
    /// Lines by planned start, day by day.
    pub expected: Vec<&'static str>,
    /// Where the last state alone cannot tell: its lines.
    pub at_last: Option<Vec<&'static str>>,
    pub holidays: Vec<(Date, &'static str)>,
}

impl Case {
    pub fn wanted(&self, day_by_day: bool) -> Vec<String> {
        let at_last = self.at_last.as_ref().filter(|_| !day_by_day);
        at_last.unwrap_or(&self.expected).iter().map(|line| (*line).to_owned()).collect()
    }
}

/// What the report says of a case.
pub struct Outcome {
    pub lines: Vec<String>,
    pub beats: Vec<Beat>,
    pub lapsed: Option<String>,
}

fn from() -> Timestamp {
    "2025-02-24T06:00:00Z".parse().unwrap()
}

fn until() -> Timestamp {
    "2025-04-24T06:00:00Z".parse().unwrap()
}

fn day() -> SignedDuration {
    SignedDuration::from_hours(24)
}

fn mirrored(calendar: &Calendar, style: Style) -> Vec<MirroredEvent> {
    calendar
        .files(style)
        .into_iter()
        .flat_map(|(name, text)| {
            let parsed = parse::parse(text.as_bytes());
            assert!(parsed.quarantined.is_empty(), "{:?}\n{text}", parsed.quarantined);
            let resource = ResourceRef {
                calendar: CalendarId::new("test", "work"),
                href: Href::new(name),
                etag: None,
            };
            parsed
                .events
                .into_iter()
                .map(move |event| MirroredEvent { resource: resource.clone(), event: event.into() })
        })
        .collect()
}

/// Owner and pair as the inference finds them, with the case's holidays.
fn people(case: &Case) -> (Person, Vec<Pair>) {
    let mut calendar = Calendar::default();
    calendar.add("x", "2025-03-04T10:00", Some("FREQ=WEEKLY"), "20250201T000000Z");
    let inferred = snapshot::infer(&mirrored(&calendar, Style::Google), Some(&Address::new(ME.1)));
    let mut owner = inferred.me.unwrap();
    assert_eq!((owner.name.as_str(), owner.zone.iana_name()), (ME.0, Some(ZONE)));
    owner.holidays = case.holidays.iter().map(|(date, name)| (*date, (*name).to_owned())).collect();
    assert_eq!(inferred.pairs.len(), 1);
    assert_eq!(inferred.pairs[0].partner.name, BOB.0);
    (owner, inferred.pairs)
}

fn window() -> Window {
    Window::new(from(), until())
}

/// The state after all edits.
pub fn final_state(case: &Case, style: Style) -> Outcome {
    let mut calendar = Calendar::default();
    for (_, edit) in &case.edits {
        edit(&mut calendar);
    }
    let (owner, pairs) = people(case);
    let events = mirrored(&calendar, style);
    let report = lookback::of_owner(&events, &owner, &pairs, &BTreeMap::new(), window(), until());
    outcome(&report)
}

/// Day by day, every reading complete.
pub fn replayed(case: &Case, style: Style) -> Outcome {
    replay(case, style, |_| 0, true)
}

/// Every second reading misses a part, another part each time.
pub fn with_holes(case: &Case, style: Style) -> Outcome {
    replay(case, style, |n| n % 4, true)
}

/// No complete reading after an instant.
pub fn blind_after(case: &Case, at: &str) -> Outcome {
    let at: Timestamp = at.parse().unwrap();
    let days = at.duration_since(from()).as_hours() / 24;
    replay(case, Style::Google, move |n| if n > days { 2 } else { 0 }, false)
}

/// `holes` says for each day which part is missing: 0 none, 1 every second event,
/// 2 and 3 everything.
fn replay(case: &Case, style: Style, holes: impl Fn(i64) -> i64, heal: bool) -> Outcome {
    let (owner, pairs) = people(case);
    let mut calendar = Calendar::default();
    let mut edits = case.edits.iter().peekable();
    let mut state = LedgerState::default();
    let mut now = from();
    let mut n = 0;
    loop {
        while let Some((_, edit)) = edits.next_if(|(at, _)| *at <= now) {
            edit(&mut calendar);
        }
        let last = now >= until();
        let hole = if last && heal { 0 } else { holes(n) };
        let events = mirrored(&calendar, style).into_iter().enumerate();
        let events: Vec<MirroredEvent> = events
            .filter(|(i, _)| match hole {
                0 => true,
                1 => i % 2 == 0,
                _ => false,
            })
            .map(|(_, event)| event)
            .collect();
        let coverage = if hole == 0 {
            Coverage::Complete { synced_at: now }
        } else {
            Coverage::Failed { synced_at: None, reason: "down".to_owned() }
        };
        let snapshot = look(&mut state, &owner, &pairs, &events, coverage, now);
        if last {
            return outcome(&lookback::report(
                &state,
                &snapshot,
                std::collections::BTreeMap::new(),
                window(),
                now,
            ));
        }
        now += day();
        n += 1;
    }
}

fn look(
    state: &mut LedgerState,
    owner: &Person,
    pairs: &[Pair],
    events: &[MirroredEvent],
    coverage: Coverage,
    now: Timestamp,
) -> Snapshot {
    let snapshot = snapshot::build(Input {
        owner,
        pairs,
        events,
        coverage: BTreeMap::from([(CalendarId::new("test", "work"), coverage)]),
        busy_calendars: None,
        partner_busy: BTreeMap::new(),
        departed: BTreeMap::new(),
        quarantined: Vec::new(),
        engines: BTreeMap::new(),
        window: Window::new((now - day() * 40).max(from()), now + day() * 60),
        now,
    });
    let seen = observe::observe(state, &snapshot);
    let entries = ledger::record(state, &seen, &snapshot, now);
    ledger::fold_into(state, &entries);
    assert_eq!(observe::observe(state, &snapshot), [], "a second look finds nothing new");
    snapshot
}

fn outcome(report: &Report) -> Outcome {
    let zone = TimeZone::get(ZONE).unwrap();
    let local = |at: Timestamp| zone.to_datetime(at).strftime("%m-%d %H:%M").to_string();
    let beats: Vec<Beat> = report.pairs[0]
        .beats
        .iter()
        .filter(|beat| beat.verdict.word() != "ended")
        .copied()
        .collect();
    let lines = beats.iter().map(|beat| {
        let mut line = format!("{} {}", local(beat.planned), beat.verdict.word());
        if let Some(cause) = beat.cause {
            line += &format!(" {}", cause.word());
        }
        if let Some(at) = beat.actual.filter(|at| *at != beat.planned) {
            line += &format!(" {}", local(at));
        }
        for (set, word) in
            [(beat.flags.shortened, "shortened"), (beat.flags.retroactive, "afterwards")]
        {
            if set {
                line += &format!(" {word}");
            }
        }
        line
    });
    Outcome {
        lines: lines.collect(),
        lapsed: report.findings.first().map(|one| zone.to_datetime(one.since).date().to_string()),
        beats,
    }
}
