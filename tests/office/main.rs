//! Stories of people whose calendars are at Google, told to the real binary: on the
//! project's fake, on the lab server where `ONBEAT_GOOGLE_LAB` names it, and, to compare,
//! on a real CalDAV server.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test fails by panicking

#[path = "../support/mod.rs"]
mod support;

mod backend;
mod caldav;
mod delegation;
mod google;
mod login;
mod mixed;
mod quarter;
mod story;
mod world;
