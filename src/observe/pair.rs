//! One pair: the order in which a snapshot is read against the ledger.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::ledger::apply_to_pair;
use crate::model::ledger::{LedgerEntry, PairState, Presence};
use crate::model::observation::{Fact, Observation};
use crate::model::snapshot::{
    Coverage, Occurrence, OccurrenceKey, PairView, Slot, SlotKind, Snapshot,
};
use crate::observe::{OwnMove, beat, gap, stand_in};

/// A complete reading leaves its mark no more often than this.
const LOOK_EVERY: SignedDuration = SignedDuration::from_hours(20);
/// After this long only a person's word changes what became of a beat.
pub(crate) const CLOSED_AFTER: SignedDuration = SignedDuration::from_hours(24 * 31);

/// The reading of one pair, with what was found so far.
pub(crate) struct Reading<'a> {
    pub(crate) view: &'a PairView,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) own: &'a [OwnMove],
    /// Every calendar was read to its end.
    pub(crate) complete: bool,
    /// The instant a complete reading vouches for.
    pub(crate) as_of: Timestamp,
    /// Nothing was known of the pair before.
    pub(crate) first: bool,
    /// The last look before this one.
    pub(crate) looked: Option<Timestamp>,
    /// The dates some series gives.
    pub(crate) slots: HashMap<&'a OccurrenceKey, &'a Slot>,
    pub(crate) meetings: HashMap<&'a OccurrenceKey, &'a Occurrence>,
    /// The ledger's state with the facts found so far folded in.
    pub(crate) state: PairState,
    pub(crate) out: Vec<Observation>,
}

impl Reading<'_> {
    /// Notes a fact and folds it in, so that later steps see it.
    pub(crate) fn put(
        &mut self,
        planned: Option<Timestamp>,
        key: Option<&OccurrenceKey>,
        changed: Option<Timestamp>,
        fact: Fact,
    ) {
        let seen = self.snapshot.now;
        let changed = changed.filter(|at| *at <= seen);
        let entry = LedgerEntry {
            seq: 0,
            at: changed.unwrap_or(seen),
            seen,
            pair: self.view.pair.id.clone(),
            planned,
            key: key.cloned(),
            complete: self.complete,
            fact,
        };
        apply_to_pair(&mut self.state, &entry);
        self.out.push(Observation {
            pair: entry.pair,
            planned,
            key: entry.key,
            changed,
            complete: self.complete,
            fact: entry.fact,
        });
    }

    /// Whether the day is at or past the one on which the relationship ended.
    pub(crate) fn departed_by(&self, at: Timestamp) -> bool {
        let date = self.snapshot.owner.zone.to_datetime(at).date();
        self.view.departed.is_some_and(|day| date >= day)
    }
}

/// Reads one pair of the snapshot against what is known.
pub(crate) fn observe(
    prior: Option<&PairState>,
    view: &PairView,
    snapshot: &Snapshot,
    own: &[OwnMove],
) -> Vec<Observation> {
    let mut reading = begin(prior, view, snapshot, own);
    appear(&mut reading);
    beat::compare_all(&mut reading);
    beat::end_missing(&mut reading);
    gap::find(&mut reading);
    beat::absences(&mut reading);
    stand_in::assign(&mut reading);
    close(&mut reading);
    reading.out
}

fn begin<'a>(
    prior: Option<&PairState>,
    view: &'a PairView,
    snapshot: &'a Snapshot,
    own: &'a [OwnMove],
) -> Reading<'a> {
    let (complete, as_of) = completeness(snapshot);
    let reach = snapshot.window.from.checked_sub(CLOSED_AFTER).unwrap_or(Timestamp::MIN);
    let state = prior.map_or_else(PairState::default, |known| PairState {
        beats: known.beats.range(reach..).map(|(at, beat)| (*at, beat.clone())).collect(),
        looked: known.looked,
        flags: known.flags.clone(),
    });
    Reading {
        view,
        snapshot,
        own,
        complete,
        as_of,
        first: prior.is_none_or(|known| known.beats.is_empty()),
        looked: state.looked,
        slots: view
            .slots
            .iter()
            .filter(|slot| slot.kind != SlotKind::Gap)
            .map(|slot| (&slot.key, slot))
            .collect(),
        meetings: view.occurrences.iter().map(|one| (&one.key, one)).collect(),
        state,
        out: Vec::new(),
    }
}

/// Whether every calendar was read to its end, and the oldest of those readings.
fn completeness(snapshot: &Snapshot) -> (bool, Timestamp) {
    let mut as_of = snapshot.now;
    for coverage in snapshot.coverage.values() {
        match coverage {
            Coverage::Complete { synced_at } => as_of = as_of.min(*synced_at),
            Coverage::Partial { .. } | Coverage::Failed { .. } | Coverage::Frozen { .. } => {
                return (false, Timestamp::MIN);
            }
        }
    }
    (true, as_of)
}

/// Beats that were not known: all of the window at first sight, later only those
/// still to come or newly in force since the last look. A rule changed today says
/// nothing of what was planned yesterday.
fn appear(reading: &mut Reading<'_>) {
    let mut fresh: BTreeMap<Timestamp, &Slot> = BTreeMap::new();
    let mut rekeyed: Vec<(Timestamp, &OccurrenceKey)> = Vec::new();
    for slot in &reading.view.slots {
        if slot.kind == SlotKind::Gap || reading.departed_by(slot.start) {
            continue;
        }
        match reading.state.beats.get(&slot.start) {
            Some(known) if known.key == slot.key || reading.slots.contains_key(&known.key) => {}
            Some(_) => rekeyed.push((slot.start, &slot.key)),
            None if was_planned(reading, slot) => {
                fresh.entry(slot.start).or_insert(slot);
            }
            None => {}
        }
    }
    for (planned, key) in rekeyed {
        reading.put(Some(planned), Some(key), None, Fact::Rekeyed);
        if let Some(Presence::Ended(_) | Presence::Gap) =
            reading.state.beats.get(&planned).map(|beat| beat.presence)
        {
            reading.put(Some(planned), Some(key), None, Fact::Restored);
        }
    }
    for slot in fresh.into_values() {
        let organized_by = beat::organizer(reading.view, &slot.key);
        let fact = Fact::Appeared { end: slot.end, cadence_days: slot.cadence_days, organized_by };
        reading.put(Some(slot.start), Some(&slot.key), None, fact);
    }
}

fn was_planned(reading: &Reading<'_>, slot: &Slot) -> bool {
    let now = reading.snapshot.now;
    if reading.first || slot.start >= now {
        return true;
    }
    let newly_past = reading.looked.is_some_and(|looked| slot.start > looked);
    newly_past && beat::series_changed(reading.view, &slot.key).is_none_or(|at| at <= slot.start)
}

/// What a complete reading after a meeting's end settles.
fn close(reading: &mut Reading<'_>) {
    if !reading.complete {
        return;
    }
    let over: Vec<(Timestamp, OccurrenceKey)> = reading
        .state
        .beats
        .values()
        .filter(|beat| {
            let end = beat.replacement.as_ref().map_or(beat.end, |other| other.end);
            !beat.passed
                && !matches!(beat.presence, Presence::Ended(_))
                && beat.planned >= reading.snapshot.window.from
                && beat.planned_end.max(end) <= reading.as_of
        })
        .map(|beat| (beat.planned, beat.key.clone()))
        .collect();
    for (planned, key) in over {
        reading.put(Some(planned), Some(&key), None, Fact::Passed);
    }
    let due =
        reading.looked.is_none_or(|looked| reading.as_of.duration_since(looked) >= LOOK_EVERY);
    if due {
        reading.put(None, None, None, Fact::Looked);
    }
}
