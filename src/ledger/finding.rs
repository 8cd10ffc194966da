//! What is to be said of a pair as a whole: a series that ended with nothing
//! after it, a UID that lies in two places.

use jiff::{SignedDuration, Timestamp};

use crate::model::ledger::{BeatState, Finding, FindingKind, LedgerState, PairState, Presence};
use crate::model::observation::Ending;
use crate::model::snapshot::{PairView, Snapshot};

/// The findings at `now`, pairs in the snapshot's order.
pub fn findings(state: &LedgerState, snapshot: &Snapshot, now: Timestamp) -> Vec<Finding> {
    let mut found = Vec::new();
    for view in &snapshot.pairs {
        let complete = snapshot.coverage.values().all(|coverage| coverage.is_complete());
        let known = state.pairs.get(&view.pair.id);
        if complete && let Some(since) = lapsed_since(view, known, now) {
            found.push(Finding { pair: view.pair.id.clone(), kind: FindingKind::Lapsed, since });
        }
        if !view.duplicated.is_empty() {
            found.push(Finding {
                pair: view.pair.id.clone(),
                kind: FindingKind::Duplicated,
                since: now,
            });
        }
    }
    found
}

/// The first date that was missed since the last series ended, when it is past,
/// no series goes on or is to come, and nobody is known to have left.
fn lapsed_since(view: &PairView, known: Option<&PairState>, now: Timestamp) -> Option<Timestamp> {
    if view.departed.is_some() {
        return None;
    }
    let goes_on = view.series.iter().any(|series| series.until.is_none_or(|until| until >= now));
    if goes_on || view.occurrences.iter().any(|one| one.start >= now && one.stands()) {
        return None;
    }
    let beats: Vec<&BeatState> = known.iter().flat_map(|pair| pair.beats.values()).collect();
    let last = beats.iter().rev().find(|beat| !is_ended(beat))?;
    let cadence = SignedDuration::from_hours(24 * i64::from(last.cadence_days.max(1)));
    let missed = beats
        .iter()
        .find(|beat| beat.planned > last.planned && is_ended(beat))
        .map_or_else(|| last.planned.checked_add(cadence).unwrap_or(now), |beat| beat.planned);
    (missed <= now).then_some(missed)
}

fn is_ended(beat: &BeatState) -> bool {
    match beat.presence {
        Presence::Ended(Ending::Until | Ending::SeriesGone | Ending::RuleChanged) => true,
        Presence::Ended(Ending::Departed)
        | Presence::Standing
        | Presence::Cancelled
        | Presence::Removed
        | Presence::Gap => false,
    }
}
