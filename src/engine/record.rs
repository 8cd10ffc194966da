//! Snapshot → ledger: what was observed is appended, and the folded state kept
//! up to date. What it means is decided in `observe` and `ledger`.

use crate::engine::error::EngineError;
use crate::engine::world::World;
use crate::ledger;
use crate::model::journal::{Outcome, WriteKind};
use crate::model::ledger::LedgerEntry;
use crate::model::snapshot::Snapshot;
use crate::observe::{OwnMove, observe_with};
use crate::store::{EntryFilter, StoreError};

/// Folds what others appended since the last cycle.
///
/// # Errors
/// The store failed.
pub fn catch_up(world: &mut World) -> Result<(), StoreError> {
    let mut entries = Vec::new();
    world.store.each_entry(&world.owner, world.ledger.seq, |entry| entries.push(entry))?;
    ledger::fold_into(&mut world.ledger, &entries);
    Ok(())
}

/// Records what the snapshot adds to the ledger, and the flags it raises or
/// clears. Returns how many entries were appended.
///
/// # Errors
/// The store failed.
pub fn record(world: &mut World, snapshot: &Snapshot) -> Result<usize, EngineError> {
    catch_up(world)?;
    let own = own_moves(world)?;
    let observations = observe_with(&world.ledger, snapshot, &own);
    let entries = ledger::record(&world.ledger, &observations, snapshot, snapshot.now);
    append(world, &entries)?;
    let findings = ledger::findings(&world.ledger, snapshot, snapshot.now);
    let changes =
        ledger::flag_changes(&world.ledger, &findings, &snapshot.owner.zone, snapshot.now);
    let flags = ledger::flag_entries(&changes, snapshot.now);
    append(world, &flags)?;
    Ok(entries.len() + flags.len())
}

fn append(world: &mut World, entries: &[LedgerEntry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    world.store.append_entries(&world.owner, entries)?;
    // Read back rather than fold as sent: the numbers are the store's.
    catch_up(world)
}

/// Moves onbeat made itself, so that they are laid at nobody's door.
pub fn own_moves(world: &World) -> Result<Vec<OwnMove>, StoreError> {
    let filter = EntryFilter { kind: Some(WriteKind::Move), ..EntryFilter::default() };
    let entries = world.store.journal_entries(&world.owner, &filter)?;
    let done = entries.into_iter().filter(|e| matches!(e.outcome, Some(Outcome::Done { .. })));
    Ok(done
        .filter_map(|entry| {
            let start = entry.intent.new_start?;
            let uid = entry.intent.uid;
            Some(OwnMove { uid, recurrence_id: entry.intent.recurrence_id, start })
        })
        .collect())
}
