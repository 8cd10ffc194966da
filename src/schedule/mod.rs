//! The scheduler: the best slots for all 1:1s together, proved, explained.
//!
//! `spec` says the problem in the words of calendars, `compile` turns it into
//! integers (`problem`), `solve` finds the plan and the bound that proves how
//! good it is. Pure: no clock, no I/O; a budget is counted in work or asked of
//! the caller. The reasoning is in `docs/scheduling.md`.

mod ascent;
mod branch;
mod build;
pub mod cadence;
mod candidates;
mod certificate;
mod check;
mod check_bound;
mod cluster;
mod cluster_search;
mod company;
mod compile;
mod day;
mod draft;
mod dual;
mod explain;
mod fixing;
mod goal;
mod join;
mod joint;
#[cfg(test)]
mod joint_tests;
mod line;
mod local;
mod mask;
mod packing;
mod prices;
mod problem;
mod published;
mod repair;
mod replan;
mod respond;
mod search;
mod sell;
mod slack;
mod slope;
mod solve;
pub mod spec;
mod star;
mod state;
mod week;
mod zone;

pub use certificate::certificate;
pub use check::{Certificate, Claim, Judge, Verdict};
pub use compile::{CompileError, Compiled, compile};
pub use draft::{Draft, DraftError, SeriesDraft};
pub use explain::{
    Alternative, Blocked, Cause, Explanation, Terms, blockers, blockers_of, explain,
};
pub use prices::Prices;
pub use problem::{Cell, Choice, Day, Person, Problem, Series, Track, UNIT};
pub use repair::{Change, MayBump, Obstacle, Repair, Repairs, Standing, StandingError};
pub use replan::{NewEvent, Replanned};
pub use solve::{Base, Budget, Proof, Solution, solve};
pub use zone::SLOT;
