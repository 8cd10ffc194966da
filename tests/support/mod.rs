//! What the integration tests share: real servers, a mail sink, a proxy that
//! makes faults, a mirror in memory. Knows nothing of what is tested with it.
#![allow(dead_code)] // each test binary uses its own part
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test fails by panicking

pub mod google;
pub mod household;
pub mod http;
pub mod mirror;
pub mod proxy;
pub mod servers;
pub mod smtp;

/// A variable of the environment the tests run in; empty counts as unset.
#[allow(clippy::disallowed_methods)] // the tests' own switches, not the program's
pub fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether a missing server fails the run: in continuous integration, or by wish.
pub fn servers_required() -> bool {
    env("CI").is_some_and(|value| value != "false")
        || env("ONBEAT_REQUIRE_SERVERS").is_some_and(|value| value != "0")
}

/// Says something past the capture of passing tests' output.
pub fn tell(line: &str) {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "{line}").ok();
}
