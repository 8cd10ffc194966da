//! The world as it was read last: mirror and ledger, without asking a server.
//! For verbs that show or note something.

use crate::engine::catalog;
use crate::engine::error::EngineError;
use crate::engine::fetch::{AccountReading, CalendarReading};
use crate::engine::look::look;
use crate::engine::record;
use crate::engine::times;
use crate::engine::world::World;
use crate::model::snapshot::{Coverage, Snapshot};

/// How complete the last reading of every account was. An account that was
/// never read has no collections and a note.
///
/// # Errors
/// The store failed, or the configuration names a calendar that does not exist.
pub fn readings(world: &World) -> Result<Vec<AccountReading>, EngineError> {
    let mut all = Vec::new();
    for account in &world.accounts {
        let mut reading =
            AccountReading { collections: None, calendars: Vec::new(), notes: Vec::new() };
        match world.store.catalog(&world.owner, &account.id)? {
            None => reading.notes.push(format!("account {}: never read", account.id)),
            Some(found) => {
                let collections = catalog::collections(account, found)?;
                for calendar in &collections.read {
                    let state = world.store.calendar_state(&world.owner, &calendar.id)?;
                    let coverage = state.map_or_else(never_read, |state| state.coverage);
                    let calendar = calendar.id.clone();
                    reading.calendars.push(CalendarReading {
                        calendar,
                        coverage,
                        changed: 0,
                        vanished: 0,
                    });
                }
                reading.collections = Some(collections);
            }
        }
        all.push(reading);
    }
    Ok(all)
}

fn never_read() -> Coverage {
    Coverage::Failed { synced_at: None, reason: "never read".to_owned() }
}

/// The snapshot of the last reading at the present moment; the ledger in the
/// world is brought up to date. Nothing is recorded.
///
/// # Errors
/// As [`readings`].
pub fn look_back(world: &mut World, readings: &[AccountReading]) -> Result<Snapshot, EngineError> {
    record::catch_up(world)?;
    let times = times::known(world)?;
    look(world, readings, times)
}
