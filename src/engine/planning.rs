//! Gathers what the planner needs beside the snapshot and calls it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use crate::agenda::standing;
use crate::engine::agenda;
use crate::engine::error::EngineError;
use crate::engine::fetch::AccountReading;
use crate::engine::record::own_moves;
use crate::engine::weekly;
use crate::engine::world::World;
use crate::model::id::{CalendarId, PairId};
use crate::model::plan::Plan;
use crate::model::snapshot::{OccurrenceKey, PairView, Snapshot};
use crate::plan::input::{Limits, PairState, PlanInput};

/// Plans on a snapshot.
///
/// # Errors
/// The store failed.
pub fn plan(
    world: &World,
    readings: &[AccountReading],
    snapshot: &Snapshot,
    only: Option<&PairId>,
) -> Result<Plan, EngineError> {
    let mut states = BTreeMap::new();
    for view in &snapshot.pairs {
        states.insert(view.pair.id.clone(), pair_state(world, readings, snapshot, view)?);
    }
    let limits = limits(world, readings, snapshot)?;
    let weekly = &weekly::known(world)?;
    Ok(crate::plan::plan(&PlanInput { snapshot, pairs: &states, limits: &limits, only, weekly }))
}

fn pair_state(
    world: &World,
    readings: &[AccountReading],
    snapshot: &Snapshot,
    view: &PairView,
) -> Result<PairState, EngineError> {
    let (store, owner, pair) = (&world.store, &world.owner, &view.pair);
    let everywhere = store.paused(owner, None, snapshot.now)?;
    let paused = everywhere.or(store.paused(owner, Some(&pair.id), snapshot.now)?).is_some();
    let known = world.ledger.pairs.get(&pair.id);
    let last_known = known.and_then(|known| known.beats.keys().next_back().copied());
    let mut moves: BTreeMap<OccurrenceKey, Vec<jiff::Timestamp>> = BTreeMap::new();
    for own in own_moves(world)? {
        let key = OccurrenceKey { uid: own.uid, recurrence_id: own.recurrence_id };
        moves.entry(key).or_default().push(own.start);
    }
    Ok(PairState {
        paused,
        target: target(world, readings, pair),
        last_known,
        own_moves: moves,
        draft: if paused { None } else { agenda::due_draft(world, snapshot, &world.ledger, view)? },
        standing: standing(pair, &world.me, agenda::template(&world.templates, pair)),
    })
}

/// Where a new series of the pair goes.
fn target(
    world: &World,
    readings: &[AccountReading],
    pair: &crate::model::pair::Pair,
) -> Option<CalendarId> {
    let (_, reading) =
        world.accounts.iter().zip(readings).find(|(account, _)| account.id == pair.account)?;
    let write = reading.collections.as_ref()?.write.as_ref()?;
    write.writable.then(|| write.id.clone())
}

/// The limits in force now: the caps count what was written before, restarts
/// included.
fn limits(
    world: &World,
    readings: &[AccountReading],
    snapshot: &Snapshot,
) -> Result<Limits, EngineError> {
    let day = SignedDuration::from_hours(24);
    let since = snapshot.now.saturating_sub(day).unwrap_or(snapshot.now);
    let counts = world.store.write_counts(&world.owner, since, None)?;
    let mailed = u32::try_from(counts.mailing).unwrap_or(u32::MAX);
    let read_only: BTreeSet<CalendarId> = readings
        .iter()
        .filter_map(|reading| reading.collections.as_ref())
        .flat_map(|collections| &collections.read)
        .filter(|calendar| !calendar.writable)
        .map(|calendar| calendar.id.clone())
        .collect();
    Ok(Limits {
        mails_left: world.settings.mails_per_day.saturating_sub(mailed),
        read_only,
        ..world.settings.limits.clone()
    })
}
