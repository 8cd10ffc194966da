//! What ends a cycle. Everything an account or a step does wrong is an outcome
//! inside the cycle's report instead.

use crate::store::StoreError;

/// A failure that ends the cycle.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The state could not be read or written.
    #[error("the state failed")]
    Store(#[from] StoreError),
    /// A configured calendar does not exist.
    #[error(
        "account {account} has no calendar named “{name}”; it has {}",
        list(.available)
    )]
    NoSuchCalendar {
        /// The account.
        account: String,
        /// The name in the configuration.
        name: String,
        /// What there is.
        available: Vec<String>,
    },
    /// The journal has no such entry.
    #[error("the journal has no write number {0}")]
    NoSuchWrite(i64),
    /// The write cannot be taken back.
    #[error("write {id} cannot be taken back: {why}")]
    CannotUndo {
        /// Its number.
        id: i64,
        /// Why.
        why: String,
    },
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names.iter().map(|name| format!("“{name}”")).collect::<Vec<_>>().join(", ")
}
