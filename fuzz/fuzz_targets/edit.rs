//! Edits: either refused, or the intended change and nothing else.
#![no_main]

use jiff::Timestamp;
use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use onbeat::ical::edit::{EditError, set_block};
use onbeat::ical::parse::parse;
use onbeat::ical::recur::{Limits, expand};
use onbeat::model::time::Window;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { occurrences: 20, steps: 5_000 };
    for event in parse(data).events.iter().take(3) {
        let all = Window::new(Timestamp::MIN, Timestamp::MAX);
        for occurrence in expand(event, all, &TimeZone::UTC, limits).occurrences.iter().take(2) {
            let result = set_block(data, event.uid.as_str(), occurrence.recurrence_at, "agenda\n- one");
            if let Err(EditError::SelfCheck(why)) = result {
                // What the second reader makes of a torn text is its own matter.
                assert!(why.starts_with("another reader"), "{why}");
            }
        }
    }
});
