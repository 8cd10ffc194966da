//! Expansion: bounded, whatever the rules; each occurrence is found again.
#![no_main]

use jiff::Timestamp;
use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use onbeat::ical::parse::parse;
use onbeat::ical::recur::{Limits, expand, lookup};
use onbeat::model::time::Window;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { occurrences: 500, steps: 50_000 };
    for event in &parse(data).events {
        let found = expand(event, Window::new(Timestamp::MIN, Timestamp::MAX), &TimeZone::UTC, limits);
        for occurrence in found.occurrences.iter().take(3) {
            assert!(occurrence.end_at >= occurrence.start_at);
        }
        let _ = lookup::last_start(event, &TimeZone::UTC);
        let _ = lookup::cadence(event);
    }
});
