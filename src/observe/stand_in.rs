//! Single meetings of the same two people that stand in for a beat that was taken
//! off: another conversation in the same stretch of the cadence.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::model::event::Partstat;
use crate::model::id::EventUid;
use crate::model::ledger::{BeatState, Presence};
use crate::model::observation::Fact;
use crate::model::snapshot::{Occurrence, OccurrenceKey};
use crate::observe::pair::{CLOSED_AFTER, Reading};

/// Gives each beat that was taken off the nearest free single meeting in its
/// stretch, each meeting to one beat.
pub(crate) fn assign(reading: &mut Reading<'_>) {
    drop_stale(reading);
    let taken: BTreeSet<EventUid> = reading
        .state
        .beats
        .values()
        .filter_map(|beat| beat.replacement.as_ref())
        .map(|other| other.uid.clone())
        .collect();
    let limit = reading.snapshot.now.checked_sub(CLOSED_AFTER).unwrap_or(Timestamp::MIN);
    let mut choices: Vec<Choice<'_>> = Vec::new();
    for beat in reading.state.beats.values() {
        let open = reading.first || beat.planned_end > limit;
        if !open || beat.replacement.is_some() || !is_off(beat) {
            continue;
        }
        for single in singles(reading).filter(|one| !taken.contains(&one.key.uid)) {
            if in_stretch(reading, beat, single) {
                choices.push(Choice {
                    other_week: !same_week(reading, beat.planned, single.start),
                    distance: single.start.duration_since(beat.planned).abs(),
                    planned: beat.planned,
                    key: beat.key.clone(),
                    single,
                });
            }
        }
    }
    choices.sort_by_key(|one| (one.other_week, one.distance, one.planned, one.single.start));
    let mut used = taken;
    let mut served: BTreeSet<Timestamp> = BTreeSet::new();
    for Choice { planned, key, single, .. } in choices {
        if served.contains(&planned) || used.contains(&single.key.uid) {
            continue;
        }
        served.insert(planned);
        used.insert(single.key.uid.clone());
        let fact = replaced(single);
        reading.put(Some(planned), Some(&key), single.last_modified, fact);
    }
}

/// A beat and a meeting that may stand in for it; the same week comes before the
/// nearer date.
struct Choice<'a> {
    other_week: bool,
    distance: SignedDuration,
    planned: Timestamp,
    key: OccurrenceKey,
    single: &'a Occurrence,
}

fn replaced(single: &Occurrence) -> Fact {
    Fact::Replaced { uid: single.key.uid.clone(), start: single.start, end: single.end }
}

/// Standing meetings that no rule gave: events of their own, and dates added to a
/// series by hand.
fn singles<'a, 'r>(reading: &'r Reading<'a>) -> impl Iterator<Item = &'a Occurrence> + use<'a, 'r> {
    reading.view.occurrences.iter().filter(|one| {
        let added = one.key.recurrence_id.is_none_or(|at| {
            reading.snapshot.window.contains(at) && !reading.slots.contains_key(&one.key)
        });
        added && one.stands()
    })
}

/// Stand-ins that moved, are off, or are no longer needed.
fn drop_stale(reading: &mut Reading<'_>) {
    let held: Vec<BeatState> =
        reading.state.beats.values().filter(|beat| beat.replacement.is_some()).cloned().collect();
    for beat in held {
        let Some(other) = &beat.replacement else { continue };
        if beat.passed {
            continue;
        }
        let now = singles(reading).find(|one| one.key.uid == other.uid);
        let fact = match now {
            Some(_) if !is_off(&beat) => Fact::ReplacementGone,
            Some(single) if !in_stretch(reading, &beat, single) => Fact::ReplacementGone,
            Some(single) if (single.start, single.end) != (other.start, other.end) => {
                replaced(single)
            }
            Some(_) => continue,
            None if reading.complete => Fact::ReplacementGone,
            None => continue,
        };
        reading.put(Some(beat.planned), Some(&beat.key), None, fact);
    }
}

/// Whether the beat's own meeting is off: taken off, declined, or somebody away.
fn is_off(beat: &BeatState) -> bool {
    match beat.presence {
        Presence::Cancelled | Presence::Removed | Presence::Gap => true,
        Presence::Ended(_) => false,
        Presence::Standing => {
            let away = if beat.start == beat.planned { beat.away_planned } else { beat.away_moved };
            beat.owner_reply == Some(Partstat::Declined)
                || beat.partner_reply == Some(Partstat::Declined)
                || away.is_some()
        }
    }
}

/// The stretch of a beat: its calendar week, or within half a cadence of it.
fn in_stretch(reading: &Reading<'_>, beat: &BeatState, single: &Occurrence) -> bool {
    let half = SignedDuration::from_hours(12 * i64::from(beat.cadence_days));
    single.start.duration_since(beat.planned).abs() <= half
        || same_week(reading, single.start, beat.planned)
}

/// Weeks begin on Monday, on the owner's wall clock.
pub(crate) fn same_week(reading: &Reading<'_>, a: Timestamp, b: Timestamp) -> bool {
    let week = |at: Timestamp| monday(reading.snapshot.owner.zone.to_datetime(at).date());
    week(a) == week(b)
}

fn monday(date: Date) -> Date {
    let back = i64::from(date.weekday().to_monday_zero_offset());
    date.checked_sub(jiff::Span::new().days(back)).unwrap_or(date)
}
