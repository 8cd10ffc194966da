//! Dates between the end of one series and the start of the next: nobody planned
//! a meeting there, and one was due.

use jiff::{SignedDuration, Timestamp};

use crate::model::ledger::Presence;
use crate::model::observation::{Ending, Fact};
use crate::model::snapshot::{OccurrenceKey, SlotKind};
use crate::observe::beat;
use crate::observe::pair::Reading;
use crate::observe::stand_in::same_week;

/// A pause longer than this is no gap: the series lapsed, and another one began.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 7 * 13);

/// Finds the dates in question among what the ledger expected once and what the
/// snapshot's lineage says an ended series would have given.
pub(crate) fn find(reading: &mut Reading<'_>) {
    if !reading.complete {
        return;
    }
    let live = live_starts(reading);
    let mut candidates: Vec<(Timestamp, OccurrenceKey, u16)> = reading
        .state
        .beats
        .values()
        .filter(|beat| match beat.presence {
            Presence::Ended(Ending::Until | Ending::SeriesGone | Ending::RuleChanged) => true,
            Presence::Ended(Ending::Departed)
            | Presence::Standing
            | Presence::Cancelled
            | Presence::Removed
            | Presence::Gap => false,
        })
        .map(|beat| (beat.planned, beat.key.clone(), beat.cadence_days))
        .collect();
    for slot in reading.view.slots.iter().filter(|slot| slot.kind == SlotKind::Gap) {
        if !reading.state.beats.contains_key(&slot.start)
            && !reading.departed_by(slot.start)
            && (reading.first || slot.start >= reading.looked.unwrap_or(Timestamp::MIN))
        {
            candidates.push((slot.start, slot.key.clone(), slot.cadence_days));
        }
    }
    for (at, key, cadence) in candidates {
        if !is_gap(reading, &live, at, cadence) {
            continue;
        }
        if !reading.state.beats.contains_key(&at)
            && let Some(slot) = reading.view.slots.iter().find(|slot| slot.key == key)
        {
            let organized_by = beat::organizer(reading.view, &key);
            let fact = Fact::Appeared { end: slot.end, cadence_days: cadence, organized_by };
            reading.put(Some(at), Some(&key), None, fact);
        }
        reading.put(Some(at), Some(&key), None, Fact::Gap);
    }
}

/// Starts that some series gave or gives, ascending.
fn live_starts(reading: &Reading<'_>) -> Vec<Timestamp> {
    let known = reading
        .state
        .beats
        .values()
        .filter(|beat| !matches!(beat.presence, Presence::Ended(_) | Presence::Gap))
        .map(|beat| beat.planned);
    let given =
        reading.view.slots.iter().filter(|slot| slot.kind != SlotKind::Gap).map(|slot| slot.start);
    let mut live: Vec<Timestamp> = known.chain(given).collect();
    live.sort_unstable();
    live.dedup();
    live
}

fn is_gap(reading: &Reading<'_>, live: &[Timestamp], at: Timestamp, cadence: u16) -> bool {
    let after = live.partition_point(|start| *start <= at);
    let (Some(before), Some(next)) = (live.get(..after).and_then(<[_]>::last), live.get(after))
    else {
        return false;
    };
    let half = SignedDuration::from_hours(12 * i64::from(cadence));
    let near = |start: &Timestamp| {
        start.duration_since(at).abs() <= half || same_week(reading, *start, at)
    };
    !near(before)
        && !near(next)
        && next.duration_since(*before) <= LONGEST
        && !in_force(reading, at)
}

/// Whether some series runs over the date: then another rhythm is in force, and
/// nothing is missing.
fn in_force(reading: &Reading<'_>, at: Timestamp) -> bool {
    reading.view.series.iter().any(|series| {
        let starts = series
            .event
            .master
            .as_ref()
            .map(|body| body.start.instant(&reading.snapshot.owner.zone));
        starts.is_some_and(|from| from <= at) && series.until.is_none_or(|until| until >= at)
    })
}
