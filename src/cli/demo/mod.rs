//! Demo.
pub mod calendar;
pub mod story;
