//! Goals, metrics and question banks from any bytes: read or refused.

#![no_main]

use libfuzzer_sys::fuzz_target;
use onbeat::agenda::questions::QuestionBank;
use onbeat::agenda::sources;

fuzz_target!(|bytes: &[u8]| {
    for file in ["a.toml", "a.csv", "a.json", "a.md", "command"] {
        for measure in sources::parse(file, bytes).unwrap_or_default() {
            assert!(measure.value.is_none_or(f64::is_finite));
            assert!(!measure.name.chars().any(char::is_control));
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = QuestionBank::parse("questions.toml", text);
    }
});
