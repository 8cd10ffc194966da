//! The consistency report as data.
