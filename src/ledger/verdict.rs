//! What became of each beat. The rules are those of `docs/consistency.md`, in the
//! order they are stated there.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::model::event::Partstat;
use crate::model::ledger::{
    Beat, BeatFlags, BeatState, Cause, LedgerState, PairBeats, PairState, Presence, Verdict,
};
use crate::model::observation::{Away, Word};
use crate::model::snapshot::OrganizedBy;

/// From here on a move within the same day is a push.
const PUSH: SignedDuration = SignedDuration::from_hours(2);
/// Less notice than this is late.
const LATE_MINUTES: i32 = 24 * 60;

/// The verdict on every beat of every pair at `now`. `zone` is the owner's: it
/// decides what "another date" is.
pub fn verdicts(state: &LedgerState, zone: &TimeZone, now: Timestamp) -> Vec<PairBeats> {
    let mut all: Vec<PairBeats> = state
        .pairs
        .iter()
        .map(|(pair, known)| PairBeats {
            pair: pair.clone(),
            beats: pair_verdicts(known, zone, now),
        })
        .collect();
    mark_swaps(&mut all);
    all
}

/// The verdicts of one pair; exchanges with other pairs are not seen here.
pub fn pair_verdicts(pair: &PairState, zone: &TimeZone, now: Timestamp) -> Vec<Beat> {
    pair.beats.values().map(|beat| judge(beat, pair, zone, now)).collect()
}

fn judge(beat: &BeatState, pair: &PairState, zone: &TimeZone, now: Timestamp) -> Beat {
    let outcome = outcome(beat, pair, now);
    let (verdict, cause, actual, end) = match outcome {
        Outcome::Upcoming => (Verdict::Upcoming, None, Some(beat.start), beat.end),
        Outcome::Ended => (Verdict::Ended, None, None, beat.planned_end),
        Outcome::Unknown => (Verdict::Unknown, None, None, beat.end),
        Outcome::Met { start, end, cause } => {
            (shift(beat.planned, start, zone), cause, Some(start), end)
        }
        Outcome::NotMet { cause, excused } => {
            let verdict = if excused { Verdict::Excused } else { Verdict::Skipped };
            (verdict, Some(cause), None, beat.end)
        }
    };
    let pushes =
        beat.moves.iter().filter(|step| shift(step.from, step.to, zone) == Verdict::Pushed).count();
    let notice = notice(beat, zone);
    let off = verdict == Verdict::Skipped || verdict == Verdict::Excused;
    Beat {
        planned: beat.planned,
        actual,
        planned_minutes: minutes(beat.planned, beat.planned_end),
        minutes: actual.map_or(0, |start| minutes(start, end)),
        cadence_days: beat.cadence_days,
        pushes: u16::try_from(pushes).unwrap_or(u16::MAX),
        notice_minutes: notice,
        verdict,
        cause,
        excused: verdict == Verdict::Excused,
        by: beat.off_by.or_else(|| beat.moves.last().and_then(|step| step.by)),
        evidence: if verdict.is_held() { evidence(beat) } else { 0 },
        flags: BeatFlags {
            shortened: verdict.is_held()
                && cause != Some(Cause::Replaced)
                && minutes(beat.start, beat.end) < minutes(beat.planned, beat.planned_end),
            swapped: false,
            retroactive: off
                && beat.off_at.is_some_and(|at| at >= beat.end && at > beat.first_seen),
            late: notice.is_some_and(|notice| notice < LATE_MINUTES) && (pushes > 0 || off),
        },
    }
}

enum Outcome {
    Upcoming,
    Ended,
    Unknown,
    Met { start: Timestamp, end: Timestamp, cause: Option<Cause> },
    NotMet { cause: Cause, excused: bool },
}

fn outcome(beat: &BeatState, pair: &PairState, now: Timestamp) -> Outcome {
    let stand_in = beat.replacement.as_ref();
    match beat.said {
        Some(Word::Held) => {
            return match stand_in {
                Some(other) if off_cause(beat).is_some() => Outcome::Met {
                    start: other.start,
                    end: other.end,
                    cause: Some(Cause::Replaced),
                },
                Some(_) | None => Outcome::Met { start: beat.start, end: beat.end, cause: None },
            };
        }
        Some(Word::Skip) => return Outcome::NotMet { cause: Cause::Said, excused: false },
        Some(Word::Excuse) => return Outcome::NotMet { cause: Cause::Said, excused: true },
        None => {}
    }
    if let Presence::Ended(_) = beat.presence {
        return Outcome::Ended;
    }
    let last_end = beat.end.max(stand_in.map_or(beat.planned_end, |other| other.end));
    if beat.planned_end > now || (last_end > now && (stand_in.is_some() || stands(beat))) {
        return Outcome::Upcoming;
    }
    // Promise 6: without a complete reading after the end nothing is concluded.
    if !beat.passed {
        return Outcome::Unknown;
    }
    let Some((cause, excused)) = not_met(beat, pair) else {
        return Outcome::Met { start: beat.start, end: beat.end, cause: None };
    };
    match stand_in {
        Some(other) => {
            Outcome::Met { start: other.start, end: other.end, cause: Some(Cause::Replaced) }
        }
        None if !beat.sure => Outcome::Unknown,
        None => Outcome::NotMet { cause, excused },
    }
}

/// Why the meeting itself did not take place, if it did not.
fn not_met(beat: &BeatState, pair: &PairState) -> Option<(Cause, bool)> {
    let planned_away = beat.away_planned.is_some();
    if let Some(cause) = off_cause(beat) {
        return Some((cause, planned_away));
    }
    if collides(beat, pair) {
        return Some((Cause::Collision, planned_away));
    }
    let away = if beat.start == beat.planned { beat.away_planned } else { beat.away_moved };
    away.map(|away| (away_cause(away), true))
}

fn away_cause(away: Away) -> Cause {
    if away.holiday { Cause::Holiday } else { Cause::Pto }
}

/// The calendar's own word that the meeting is off.
fn off_cause(beat: &BeatState) -> Option<Cause> {
    match beat.presence {
        Presence::Cancelled => Some(Cause::Cancelled),
        Presence::Removed => Some(Cause::Removed),
        Presence::Gap => Some(Cause::Gap),
        Presence::Ended(_) => None,
        Presence::Standing if beat.partner_reply == Some(Partstat::Declined) => {
            Some(Cause::DeclinedPartner)
        }
        Presence::Standing if beat.owner_reply == Some(Partstat::Declined) => {
            Some(Cause::DeclinedOwner)
        }
        Presence::Standing => None,
    }
}

fn stands(beat: &BeatState) -> bool {
    beat.presence == Presence::Standing && off_cause(beat).is_none()
}

/// Moved onto another standing meeting of the same pair: two beats, one
/// conversation. Of two moved ones the earlier planned gives way.
fn collides(beat: &BeatState, pair: &PairState) -> bool {
    let moved = beat.start != beat.planned;
    if !moved {
        return false;
    }
    // A moved meeting meets those planned around its new time; a moved one among
    // them may have been planned further away, so look as far as any move reached.
    let reach = SignedDuration::from_hours(24 * 62);
    let from = beat.start.checked_sub(reach).unwrap_or(Timestamp::MIN);
    let to = beat.start.checked_add(reach).unwrap_or(Timestamp::MAX);
    pair.beats.range(from..=to).any(|(_, other)| {
        other.planned != beat.planned
            && stands(other)
            && other.start < beat.end
            && beat.start < other.end
            && (other.start == other.planned || other.planned > beat.planned)
    })
}

/// How a start relates to the planned one: held, pushed or pulled.
fn shift(planned: Timestamp, actual: Timestamp, zone: &TimeZone) -> Verdict {
    let by = actual.duration_since(planned);
    let same_date = zone.to_datetime(planned).date() == zone.to_datetime(actual).date();
    if same_date && by.abs() < PUSH {
        Verdict::Held
    } else if by.is_positive() {
        Verdict::Pushed
    } else {
        Verdict::Pulled
    }
}

fn evidence(beat: &BeatState) -> u8 {
    let accepted = |reply: Option<Partstat>, organizes: bool| {
        reply == Some(Partstat::Accepted) || (reply.is_none() && organizes)
    };
    if beat.said == Some(Word::Held) {
        3
    } else if beat.touched {
        2
    } else if accepted(beat.owner_reply, beat.organized_by == OrganizedBy::Owner)
        && accepted(beat.partner_reply, beat.organized_by == OrganizedBy::Partner)
    {
        1
    } else {
        0
    }
}

/// Minutes between the latest push or removal and the start the meeting had then.
fn notice(beat: &BeatState, zone: &TimeZone) -> Option<i32> {
    let known = |at: Timestamp, start: Timestamp| {
        // Seen for the first time after the fact, only a date before the meeting
        // can be the date of the change itself.
        at > beat.first_seen || (at < beat.first_seen && at <= start)
    };
    if let Some(at) = beat.off_at {
        return known(at, beat.start).then(|| signed_minutes(at, beat.start));
    }
    let push =
        beat.moves.iter().rev().find(|step| shift(step.from, step.to, zone) == Verdict::Pushed)?;
    (push.dated && known(push.at, push.from)).then(|| signed_minutes(push.at, push.from))
}

fn signed_minutes(from: Timestamp, to: Timestamp) -> i32 {
    let minutes = to.duration_since(from).as_secs().div_euclid(60);
    i32::try_from(minutes).unwrap_or(if minutes < 0 { i32::MIN } else { i32::MAX })
}

fn minutes(from: Timestamp, to: Timestamp) -> u16 {
    u16::try_from(to.duration_since(from).as_secs().max(0) / 60).unwrap_or(u16::MAX)
}

/// Two pairs that exchanged their times for once.
fn mark_swaps(all: &mut [PairBeats]) {
    let mut moved: HashMap<(Timestamp, Timestamp), Vec<(usize, usize)>> = HashMap::new();
    for (p, pair) in all.iter().enumerate() {
        for (b, beat) in pair.beats.iter().enumerate() {
            if let Some(actual) = beat.actual
                && actual != beat.planned
                && beat.cause.is_none()
            {
                moved.entry((beat.planned, actual)).or_default().push((p, b));
            }
        }
    }
    let mut swapped = Vec::new();
    for ((planned, actual), places) in &moved {
        if let Some(others) = moved.get(&(*actual, *planned)) {
            swapped
                .extend(places.iter().filter(|(p, _)| others.iter().any(|(other, _)| other != p)));
        }
    }
    for (p, b) in swapped {
        if let Some(beat) = all.get_mut(p).and_then(|pair| pair.beats.get_mut(b)) {
            beat.flags.swapped = true;
        }
    }
}
