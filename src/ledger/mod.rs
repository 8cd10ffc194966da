//! The ledger: facts become entries, entries fold into a state, the state gives
//! each beat its verdict. Knows no calendar text and no clock.

mod finding;
mod flag;
mod fold;
#[cfg(test)]
mod tests;
mod verdict;

use jiff::Timestamp;

use crate::model::id::PairId;
use crate::model::ledger::{LedgerEntry, LedgerState};
use crate::model::observation::{Fact, Observation, Word};
use crate::model::snapshot::Snapshot;

pub use finding::findings;
pub use flag::{FlagChange, flag_changes, flag_entries, flags_now};
pub use fold::{apply_to_pair, fold, fold_into};
pub use verdict::{pair_verdicts, verdicts};

/// Turns observations into entries to append. The entries' `seq` is 0 until the
/// store gives them a number.
pub fn record(
    prior: &LedgerState,
    observations: &[Observation],
    snapshot: &Snapshot,
    now: Timestamp,
) -> Vec<LedgerEntry> {
    let seen = now.max(snapshot.now);
    let entries = observations.iter().map(|seen_fact| LedgerEntry {
        seq: 0,
        at: seen_fact.changed.map_or(seen, |changed| changed.min(seen)),
        seen,
        pair: seen_fact.pair.clone(),
        planned: seen_fact.planned,
        key: seen_fact.key.clone(),
        complete: seen_fact.complete,
        fact: seen_fact.fact.clone(),
    });
    entries.filter(|entry| !already_known(prior, entry)).collect()
}

/// The daily mark of a complete reading is not worth repeating within a cycle.
fn already_known(prior: &LedgerState, entry: &LedgerEntry) -> bool {
    entry.fact == Fact::Looked
        && prior.pairs.get(&entry.pair).and_then(|pair| pair.looked) == Some(entry.seen)
}

/// A person's word on a beat, as an entry; evidence 3. The beat is the one planned
/// on, or nearest to, the given instant among those not in the future; `None` when
/// the pair has none.
pub fn say(
    state: &LedgerState,
    pair: &PairId,
    near: Timestamp,
    word: Word,
    now: Timestamp,
) -> Option<LedgerEntry> {
    let beat = state
        .pairs
        .get(pair)?
        .beats
        .values()
        .filter(|beat| beat.start <= now || beat.planned <= now)
        .min_by_key(|beat| {
            beat.planned.duration_since(near).abs().min(beat.start.duration_since(near).abs())
        })?;
    Some(LedgerEntry {
        seq: 0,
        at: now,
        seen: now,
        pair: pair.clone(),
        planned: Some(beat.planned),
        key: Some(beat.key.clone()),
        complete: true,
        fact: Fact::Said { word },
    })
}

/// Marks a beat as touched by a person (agenda edited, action closed, reflection
/// given); evidence 2. `None` when it already is, or is not known.
pub fn touch(
    state: &LedgerState,
    pair: &PairId,
    planned: Timestamp,
    now: Timestamp,
) -> Option<LedgerEntry> {
    let beat = state.pairs.get(pair)?.beats.get(&planned)?;
    (!beat.touched).then(|| LedgerEntry {
        seq: 0,
        at: now,
        seen: now,
        pair: pair.clone(),
        planned: Some(planned),
        key: Some(beat.key.clone()),
        complete: true,
        fact: Fact::Touched,
    })
}
