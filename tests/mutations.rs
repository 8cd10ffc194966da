//! A bounded mutation fuzz with fixed seeds: the text layer never panics, an
//! index never loses a byte, an edit is the intended one or refused. The open
//! ended form of the same checks is in `fuzz/`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use onbeat::ical::compare::differences;
use onbeat::ical::edit::{EditError, set_block};
use onbeat::ical::lines::Lines;
use onbeat::ical::parse::parse;
use onbeat::ical::recur::{Limits, expand, lookup};
use onbeat::model::time::Window;

/// xorshift64*: enough for choosing mutations, the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n.max(1) as u64).unwrap()
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ics");
    let mut paths: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let ics = paths.iter().filter(|p| p.extension().is_some_and(|e| e == "ics"));
    ics.map(|p| std::fs::read(p).unwrap()).collect()
}

const PIECES: &[&[u8]] = &[
    b"\r\n ",
    b"\n",
    b"\r",
    b"BEGIN:VEVENT\r\n",
    b"END:VEVENT\r\n",
    b"END:VCALENDAR\r\n",
    b";TZID=",
    b"\"",
    b":",
    b";VALUE=DATE",
    b"99999999",
    b"-1",
    b"RRULE:FREQ=SECONDLY\r\n",
    b"RRULE:FREQ=YEARLY;BYWEEKNO=-53,53\r\n",
    b"RDATE;VALUE=PERIOD:20260101T000000Z/P99999D\r\n",
    b"EXDATE:00010101\r\n",
    b"DTSTART:99991231T235959Z\r\n",
    b"DTSTART;VALUE=DATE:-99990101\r\n",
    b"DURATION:-P9999999D\r\n",
    b"RECURRENCE-ID;RANGE=THISANDFUTURE:20260119T090000Z\r\n",
    b"\xff\xfe",
    b"\xe2\x80",
    b"\\",
    b"DESCRIPTION:\xe2\x80\x94 end of agenda \xe2\x80\x94\r\n",
    b"BEGIN:VTIMEZONE\r\n",
    b"UID:weekly\r\n",
];

fn mutate(data: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = random.below(data.len() + 1);
    match random.below(6) {
        0 => {
            let to = (at + random.below(30)).min(data.len());
            data.drain(at..to);
        }
        1 => {
            let piece = PIECES[random.below(PIECES.len())];
            data.splice(at..at, piece.iter().copied());
        }
        2 => {
            if let Some(byte) = data.get_mut(at) {
                *byte = random.next().to_le_bytes()[0];
            }
        }
        3 => data.truncate(at),
        4 => {
            let from = random.below(other.len());
            let to = (from + random.below(200)).min(other.len());
            data.splice(at..at, other[from..to].iter().copied());
        }
        _ => {
            if let Some(byte) = data.get_mut(at).filter(|b| b.is_ascii_digit()) {
                *byte = b'0' + random.next().to_le_bytes()[0] % 10;
            }
        }
    }
}

fn check(data: &[u8]) {
    let Ok(lines) = Lines::new(data) else { return };
    let joined: Vec<u8> = lines.iter().flat_map(|l| lines.raw(l).to_vec()).collect();
    assert_eq!(joined, data);
    let limits = Limits { occurrences: 30, steps: 3_000 };
    let all = Window::new(Timestamp::MIN, Timestamp::MAX);
    for event in parse(data).events.iter().take(4) {
        let found = expand(event, all, &TimeZone::UTC, limits);
        assert!(found.occurrences.iter().all(|o| o.end_at >= o.start_at));
        let _ = lookup::cadence(event);
        if let Some(o) = found.occurrences.first() {
            match set_block(data, event.uid.as_str(), o.recurrence_at, "one\ntwo") {
                Ok(edited) => {
                    let changed = differences(data, &edited, &TimeZone::UTC);
                    assert!(changed.iter().all(|d| d.uid == event.uid.as_str()), "{changed:?}");
                }
                // What the second reader makes of a torn text is its own matter; our own
                // checks must never be needed.
                Err(EditError::SelfCheck(why)) if !why.starts_with("another reader") => {
                    panic!("{why}: {} {:?}", event.uid, String::from_utf8_lossy(data));
                }
                Err(_) => {}
            }
        }
    }
}

#[test]
fn mutated_calendars() {
    let seeds = seeds();
    let mut random = Random(0x6f6e_6265_6174_2131);
    for round in 0..3000 {
        let mut data = seeds[round % seeds.len()].clone();
        let other = &seeds[random.below(seeds.len())];
        for _ in 0..=random.below(6) {
            mutate(&mut data, other, &mut random);
        }
        check(&data);
    }
}
