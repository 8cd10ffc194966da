//! What changed between the ledger and a snapshot, as facts. Nothing is concluded
//! here; nothing that is missing from an incomplete reading is taken as gone.

mod beat;
mod gap;
mod pair;
mod stand_in;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::model::id::EventUid;
use crate::model::ledger::LedgerState;
use crate::model::observation::Observation;
use crate::model::snapshot::Snapshot;

/// A move that onbeat itself carried out, from its journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnMove {
    /// The event's UID.
    pub uid: EventUid,
    /// The occurrence's original start; `None`: an event that does not recur.
    pub recurrence_id: Option<Timestamp>,
    /// Where onbeat put it.
    pub start: Timestamp,
}

/// The facts that the snapshot adds to what the ledger knows. Observing the same
/// snapshot again after recording gives nothing.
pub fn observe(prior: &LedgerState, snapshot: &Snapshot) -> Vec<Observation> {
    observe_with(prior, snapshot, &[])
}

/// As [`observe`], with onbeat's own moves, so that they are not laid at anybody's door.
pub fn observe_with(prior: &LedgerState, snapshot: &Snapshot, own: &[OwnMove]) -> Vec<Observation> {
    snapshot
        .pairs
        .iter()
        .flat_map(|view| pair::observe(prior.pairs.get(&view.pair.id), view, snapshot, own))
        .collect()
}
