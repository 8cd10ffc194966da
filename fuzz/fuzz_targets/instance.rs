//! Arbitrary text as a scheduling instance: an error or a compiled problem,
//! never a panic.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = onbeat::cli::solve::accept(text);
});
