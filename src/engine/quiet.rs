//! Lets a cycle that only observes end early: when no calendar changed and no
//! moment has come at which anything could have become due.

use jiff::{SignedDuration, Timestamp};

use crate::engine::CycleReport;
use crate::engine::apply::digest;
use crate::engine::world::World;
use crate::model::snapshot::Snapshot;
use crate::store::StoreError;

const UNTIL: &str = "quiet until";
const CONFIGURED: &str = "quiet configuration";

/// Whether looking again could show nothing new.
///
/// # Errors
/// The store failed.
pub fn nothing_due(world: &World, report: &CycleReport) -> Result<bool, StoreError> {
    let troubled = report.coverage.iter().any(|(_, coverage)| !coverage.is_complete());
    if report.changed > 0 || report.vanished > 0 || troubled {
        return Ok(false);
    }
    let configured = world.store.value(&world.owner, None, CONFIGURED)?;
    if configured.is_none_or(|(known, _)| known != configuration(world)) {
        return Ok(false);
    }
    let until = world.store.value(&world.owner, None, UNTIL)?;
    let until = until.and_then(|(text, _)| text.parse::<Timestamp>().ok());
    Ok(until.is_some_and(|until| world.now() < until))
}

/// Notes the next moment at which something happens by itself: a meeting ends,
/// or the day does.
///
/// # Errors
/// The store failed.
pub fn remember(world: &World, snapshot: &Snapshot) -> Result<(), StoreError> {
    let now = snapshot.now;
    let day = SignedDuration::from_hours(24);
    let mut until = now.saturating_add(day).unwrap_or(now);
    let ends = snapshot.pairs.iter().flat_map(|v| &v.occurrences).map(|o| o.end);
    until = ends.filter(|end| *end > now).fold(until, Timestamp::min);
    let text = configuration(world);
    // Writing only what differs: an unchanged cycle writes nothing.
    for (key, value) in [(UNTIL, until.to_string()), (CONFIGURED, text)] {
        let known = world.store.value(&world.owner, None, key)?;
        if known.is_none_or(|(known, _)| known != value) {
            world.store.set_value(&world.owner, None, key, Some(&value), now)?;
        }
    }
    Ok(())
}

/// What of the configuration bears on the ledger.
fn configuration(world: &World) -> String {
    let text = format!("{:?}{:?}{:?}", world.me, world.pairs, world.settings.history);
    digest(text.as_bytes())
}
