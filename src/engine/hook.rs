//! The moments of a write at which a process may die. Crash tests arm one of
//! them (`ONBEAT_DIE_AT`, debug builds only) and the process ends there, as a
//! power cut would end it; in normal use nothing happens.

use std::sync::OnceLock;

/// A moment of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The intent is in the journal, nothing was sent.
    IntentWritten,
    /// The request was answered (or not), nothing was read back.
    Sent,
    /// What the server holds was read back.
    ReadBack,
    /// The outcome is in the journal.
    OutcomeWritten,
}

impl Moment {
    /// All moments, in order, with their names.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::IntentWritten, "intent-written"),
        (Self::Sent, "sent"),
        (Self::ReadBack, "read-back"),
        (Self::OutcomeWritten, "outcome-written"),
    ];
}

static DIE_AT: OnceLock<Moment> = OnceLock::new();

/// Arms a moment; the first one counts. For crash tests.
pub fn die_at(name: &str) -> bool {
    let found = Moment::ALL.iter().find(|(_, word)| *word == name);
    found.is_some_and(|(moment, _)| DIE_AT.set(*moment).is_ok())
}

/// Passes a moment.
pub fn reached(moment: Moment) {
    if DIE_AT.get() == Some(&moment) {
        // No destructor, no flush: what is on the disk is what counts.
        std::process::abort();
    }
}
