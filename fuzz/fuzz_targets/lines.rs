//! The line index: every byte belongs to exactly one line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onbeat::ical::lines::Lines;
use onbeat::ical::property::Property;

fuzz_target!(|data: &[u8]| {
    if let Ok(lines) = Lines::new(data) {
        let mut joined = Vec::with_capacity(data.len());
        for line in lines.iter() {
            joined.extend_from_slice(lines.raw(line));
            let property = Property::read(&lines, line);
            let _ = (property.value_str(), property.params().count(), lines.number(line));
        }
        assert_eq!(joined, data);
    }
});
