//! One beat against its occurrence: presence, time, replies, absence; and beats
//! whose date the series no longer gives.

use jiff::{SignedDuration, Timestamp};

use crate::model::event::{EventStatus, Partstat};
use crate::model::ledger::{BeatState, Presence};
use crate::model::observation::{Away, Ending, Fact, Party};
use crate::model::snapshot::{
    Absence, Occurrence, OccurrenceKey, OrganizedBy, PairView, Series, Slot, SlotKind,
};
use crate::model::time::Window;
use crate::observe::pair::{CLOSED_AFTER, Reading};

/// The series an occurrence belongs to.
fn series_of<'a>(view: &'a PairView, key: &OccurrenceKey) -> Option<&'a Series> {
    view.series.iter().find(|series| series.uid == key.uid)
}

/// Who organizes the series of an occurrence.
pub(crate) fn organizer(view: &PairView, key: &OccurrenceKey) -> OrganizedBy {
    series_of(view, key).map_or(OrganizedBy::Owner, |series| series.organized_by)
}

/// When the series of an occurrence was last changed.
pub(crate) fn series_changed(view: &PairView, key: &OccurrenceKey) -> Option<Timestamp> {
    series_of(view, key)?.event.master.as_ref()?.last_modified
}

fn author(by: OrganizedBy) -> Party {
    match by {
        OrganizedBy::Owner => Party::Owner,
        OrganizedBy::Partner => Party::Partner,
        OrganizedBy::Other => Party::Other,
    }
}

/// Compares every beat that a slot of the snapshot stands behind.
pub(crate) fn compare_all(reading: &mut Reading<'_>) {
    let limit = reading.snapshot.now.checked_sub(CLOSED_AFTER).unwrap_or(Timestamp::MIN);
    let known: Vec<(Timestamp, OccurrenceKey)> = reading
        .state
        .beats
        .values()
        .filter(|beat| reading.first || beat.end.max(beat.planned_end) > limit)
        .filter(|beat| beat.planned >= reading.snapshot.window.from)
        .map(|beat| (beat.planned, beat.key.clone()))
        .collect();
    for (planned, key) in known {
        let Some(slot) = slot_of(reading, planned, &key) else { continue };
        if reading.departed_by(planned) {
            continue;
        }
        let meeting = reading.meetings.get(&key).copied();
        compare(reading, planned, slot, meeting);
    }
}

/// The slot behind a beat, as long as it still plans the beat's start ("this and
/// all following" may shift it under the same recurrence id).
fn slot_of<'a>(reading: &Reading<'a>, planned: Timestamp, key: &OccurrenceKey) -> Option<&'a Slot> {
    reading.slots.get(key).copied().filter(|slot| slot.start == planned)
}

fn compare(
    reading: &mut Reading<'_>,
    planned: Timestamp,
    slot: &Slot,
    meeting: Option<&Occurrence>,
) {
    presence(reading, planned, slot, meeting);
    if let Some(meeting) = meeting.filter(|one| one.status != EventStatus::Cancelled) {
        time(reading, planned, slot, meeting);
        reply(reading, planned, meeting, Party::Owner, meeting.owner_reply);
        reply(reading, planned, meeting, Party::Partner, meeting.partner_reply);
    }
}

/// A date from the calendar is a date of this change only when the last look did
/// not see it yet.
fn fresh(reading: &Reading<'_>, at: Option<Timestamp>) -> Option<Timestamp> {
    at.filter(|at| reading.looked.is_none_or(|looked| *at > looked))
}

fn presence(
    reading: &mut Reading<'_>,
    planned: Timestamp,
    slot: &Slot,
    meeting: Option<&Occurrence>,
) {
    let Some(beat) = reading.state.beats.get(&planned) else { return };
    let by = Some(author(beat.organized_by));
    let again = !beat.sure && reading.complete;
    let was = beat.presence;
    let undone_late = beat.off_at.is_none_or(|at| at >= beat.end);
    let may_return = reading.complete && (!beat.passed || undone_late);
    let changed = meeting.and_then(|one| fresh(reading, one.last_modified));
    match meeting {
        Some(one) if one.status == EventStatus::Cancelled => {
            if was != Presence::Cancelled || again {
                reading.put(Some(planned), Some(&slot.key), changed, Fact::Cancelled { by });
            }
        }
        Some(_) => {
            if was != Presence::Standing && may_return {
                reading.put(Some(planned), Some(&slot.key), changed, Fact::Restored);
            }
        }
        None => {
            if was != Presence::Removed || again {
                let changed = reading
                    .looked
                    .and_then(|_| fresh(reading, series_changed(reading.view, &slot.key)));
                reading.put(Some(planned), Some(&slot.key), changed, Fact::Removed { by });
            }
        }
    }
}

fn time(reading: &mut Reading<'_>, planned: Timestamp, slot: &Slot, meeting: &Occurrence) {
    let Some(beat) = reading.state.beats.get(&planned) else { return };
    if (beat.start, beat.end) == (meeting.start, meeting.end) {
        return;
    }
    // An override that was pruned after the fact, or is missing from half a
    // reading, did not move the meeting back.
    if meeting.start == planned && (beat.passed || !reading.complete) {
        return;
    }
    let changed = fresh(reading, meeting.last_modified);
    let fact = if beat.start == meeting.start {
        Fact::Resized { end: meeting.end }
    } else {
        let own = reading.own.iter().any(|step| {
            step.uid == slot.key.uid
                && step.recurrence_id == slot.key.recurrence_id
                && step.start == meeting.start
        });
        let by = if own { Party::Onbeat } else { author(beat.organized_by) };
        Fact::Moved { from: beat.start, to: meeting.start, end: meeting.end, by: Some(by) }
    };
    reading.put(Some(planned), Some(&slot.key), changed, fact);
}

fn reply(
    reading: &mut Reading<'_>,
    planned: Timestamp,
    meeting: &Occurrence,
    who: Party,
    reply: Option<Partstat>,
) {
    let Some(beat) = reading.state.beats.get(&planned) else { return };
    let known = if who == Party::Owner { beat.owner_reply } else { beat.partner_reply };
    let declined = reply == Some(Partstat::Declined);
    let again = declined && !beat.sure && reading.complete;
    // Afterwards only a word on this very meeting counts, not one on the series.
    let late = beat.passed && !(declined && meeting.overridden);
    if (known == reply && !again) || late {
        return;
    }
    let changed = fresh(reading, meeting.last_modified);
    reading.put(Some(planned), Some(&meeting.key), changed, Fact::Replied { who, reply });
}

/// Beats whose date no series gives any more. What has happened stays; what was
/// still to come is not expected any longer.
pub(crate) fn end_missing(reading: &mut Reading<'_>) {
    if !reading.complete {
        return;
    }
    let missing: Vec<(Timestamp, OccurrenceKey, Ending)> = reading
        .state
        .beats
        .values()
        .filter(|beat| beat.planned >= reading.snapshot.window.from)
        .filter(|beat| beat.planned < reading.snapshot.window.to)
        .filter(|beat| !matches!(beat.presence, Presence::Ended(_) | Presence::Gap))
        .filter_map(|beat| {
            let how = ending(reading, beat)?;
            Some((beat.planned, beat.key.clone(), how))
        })
        .collect();
    for (planned, key, how) in missing {
        let changed = fresh(reading, series_changed(reading.view, &key));
        reading.put(Some(planned), Some(&key), changed, Fact::Ended { how });
    }
}

fn ending(reading: &Reading<'_>, beat: &BeatState) -> Option<Ending> {
    if reading.departed_by(beat.planned) {
        return (!beat.passed).then_some(Ending::Departed);
    }
    if slot_of(reading, beat.planned, &beat.key).is_some() || beat.passed {
        return None;
    }
    let unreadable = reading
        .snapshot
        .quarantined
        .iter()
        .any(|item| item.uid.as_ref().is_none_or(|uid| *uid == beat.key.uid));
    if unreadable {
        return None;
    }
    let now = reading.snapshot.now;
    let to_come = beat.end > now;
    match series_of(reading.view, &beat.key) {
        Some(series) => {
            let changed = series.event.master.as_ref().and_then(|body| body.last_modified);
            // Cut after the meeting's time: it was planned, and took place.
            if !to_come && changed.is_none_or(|at| at > beat.planned) {
                return None;
            }
            let cut = series.until.is_some_and(|until| until < beat.planned);
            Some(if cut { Ending::Until } else { Ending::RuleChanged })
        }
        None if to_come => Some(Ending::SeriesGone),
        None => successor_before(reading, beat).then_some(Ending::SeriesGone),
    }
}

/// Whether another series of the pair was made before the beat's time and gives a
/// date in its place.
fn successor_before(reading: &Reading<'_>, beat: &BeatState) -> bool {
    let half = SignedDuration::from_hours(12 * i64::from(beat.cadence_days));
    reading.view.series.iter().any(|series| {
        let made = series.event.master.as_ref().and_then(|body| body.created);
        made.is_some_and(|at| at <= beat.planned)
            && reading.view.slots.iter().any(|slot| {
                slot.key.uid == series.uid
                    && slot.kind == SlotKind::Rule
                    && slot.start.duration_since(beat.planned).abs() <= half
            })
    })
}

/// Who is away at the planned time, and where the meeting was moved to.
pub(crate) fn absences(reading: &mut Reading<'_>) {
    let limit = reading.snapshot.now.checked_sub(CLOSED_AFTER).unwrap_or(Timestamp::MIN);
    let beats: Vec<BeatState> = reading
        .state
        .beats
        .values()
        .filter(|beat| reading.first || beat.end.max(beat.planned_end) > limit)
        .filter(|beat| beat.planned >= reading.snapshot.window.from)
        .filter(|beat| !matches!(beat.presence, Presence::Ended(_)))
        .cloned()
        .collect();
    for beat in beats {
        let planned = away(reading, Window::new(beat.planned, beat.planned_end));
        note_away(reading, &beat, true, beat.away_planned, planned);
        let moved = if beat.start == beat.planned {
            None
        } else {
            // Whoever moved it onto a public holiday meant that day.
            away(reading, Window::new(beat.start, beat.end)).filter(|away| !away.holiday)
        };
        note_away(reading, &beat, false, beat.away_moved, moved);
    }
}

fn note_away(
    reading: &mut Reading<'_>,
    beat: &BeatState,
    at_planned: bool,
    known: Option<Away>,
    found: Option<Away>,
) {
    let fact = match (known, found) {
        (Some(known), Some(away)) if known == away => return,
        (_, Some(away)) => Fact::Away { away, at_planned },
        // A leave that is deleted after the day was still a leave.
        (Some(_), None) if !beat.passed && reading.complete => Fact::Back { at_planned },
        (_, None) => return,
    };
    reading.put(Some(beat.planned), Some(&beat.key), None, fact);
}

/// Who is away for all of a meeting: the owner before the partner, leave before a
/// public holiday.
fn away(reading: &Reading<'_>, span: Window) -> Option<Away> {
    let covers = |absence: &&Absence| absence.span.from <= span.from && span.to <= absence.span.to;
    let owner = &reading.snapshot.owner;
    let partner = &reading.view.pair.partner;
    let found: Vec<Away> = reading
        .snapshot
        .absences
        .iter()
        .filter(covers)
        .filter_map(|absence| {
            let who = if owner.is(&absence.who) {
                Party::Owner
            } else if partner.is(&absence.who) {
                Party::Partner
            } else {
                return None;
            };
            Some(Away { who, holiday: absence.holiday })
        })
        .collect();
    found.into_iter().min_by_key(|away| (away.holiday, away.who))
}
