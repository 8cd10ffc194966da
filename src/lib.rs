//! onbeat keeps recurring 1:1 meetings alive on real calendars.
//!
//! ```text
//! fetch → mirror → snapshot → observe → ledger → plan → check → apply → report
//! shell            └────────────── pure: no I/O, no clock, no logging ─────┘ shell
//! ```
//!
//! The network fills a mirror; pure functions turn the mirror into a plan; a
//! small shell carries the plan out and writes down what it did. The folders
//! below are the stages of that line; which may import which is written in
//! `ARCHITECTURE.md` and checked by `tests/tidy.rs`.

pub mod agenda;
pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod engine;
pub mod ical;
pub mod ledger;
pub mod model;
pub mod notify;
pub mod observe;
pub mod plan;
pub mod provider;
pub mod report;
pub mod schedule;
pub mod snapshot;
pub mod store;
