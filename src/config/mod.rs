//! Reading the configuration.

pub mod env;
