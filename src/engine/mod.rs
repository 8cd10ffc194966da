//! To be written.

pub mod lookback;
