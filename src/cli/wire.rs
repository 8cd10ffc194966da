//! The composition root: the one place that names concrete providers and
//! clocks and puts them together with configuration and state.

use jiff::Timestamp;

use crate::clock::{Clock, FixedClock, SystemClock};

/// The machine's clock, or one that stands still.
pub fn clock(fixed: Option<Timestamp>) -> Box<dyn Clock> {
    match fixed {
        Some(at) => Box::new(FixedClock(at)),
        None => Box::new(SystemClock),
    }
}
