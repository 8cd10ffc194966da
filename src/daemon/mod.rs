//! Long-running onbeat.
pub mod backoff;
pub mod queue;
pub mod systemd;
pub mod watch;
