//! Conditions worth a person's attention. Each is raised once and stays silent
//! until it was clearly gone: between "on" and "gone" lies a stretch where it
//! keeps what it was.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::ledger::verdict::pair_verdicts;
use crate::model::id::PairId;
use crate::model::ledger::{Beat, Finding, FindingKind, LedgerEntry, LedgerState, Verdict};
use crate::model::observation::{Fact, FlagKind, Party};

/// A flag that is newly raised or newly gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagChange {
    /// Whose.
    pub pair: PairId,
    /// Which.
    pub flag: FlagKind,
    /// Raised, or cleared.
    pub raised: bool,
}

/// What has changed since the flags were last looked at. Recorded as entries
/// ([`flag_entries`]), the same call gives nothing again.
pub fn flag_changes(
    state: &LedgerState,
    findings: &[Finding],
    zone: &TimeZone,
    now: Timestamp,
) -> Vec<FlagChange> {
    let mut changes = Vec::new();
    for (pair, known) in &state.pairs {
        let beats = pair_verdicts(known, zone, now);
        let lapsed = has_lapsed(findings, pair);
        for (flag, level) in levels(&beats, lapsed, now) {
            let raised = known.flags.contains(&flag);
            let wanted = match level {
                Level::On => true,
                Level::Gone => false,
                Level::Between => raised,
            };
            if wanted != raised {
                changes.push(FlagChange { pair: pair.clone(), flag, raised: wanted });
            }
        }
    }
    changes
}

/// The changes as entries to append.
pub fn flag_entries(changes: &[FlagChange], now: Timestamp) -> Vec<LedgerEntry> {
    changes
        .iter()
        .map(|change| LedgerEntry {
            seq: 0,
            at: now,
            seen: now,
            pair: change.pair.clone(),
            planned: None,
            key: None,
            complete: true,
            fact: if change.raised {
                Fact::FlagRaised { flag: change.flag }
            } else {
                Fact::FlagCleared { flag: change.flag }
            },
        })
        .collect()
}

/// The flags whose condition holds, whatever was raised before (for look-backs).
pub fn flags_now(beats: &[Beat], lapsed: bool, now: Timestamp) -> BTreeSet<FlagKind> {
    levels(beats, lapsed, now)
        .into_iter()
        .filter(|(_, level)| *level == Level::On)
        .map(|(flag, _)| flag)
        .collect()
}

fn has_lapsed(findings: &[Finding], pair: &PairId) -> bool {
    findings.iter().any(|one| one.pair == *pair && one.kind == FindingKind::Lapsed)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    On,
    Between,
    Gone,
}

fn levels(beats: &[Beat], lapsed: bool, now: Timestamp) -> [(FlagKind, Level); 6] {
    [
        (FlagKind::PushedTwice, pushed_twice(beats)),
        (FlagKind::Overdue, if lapsed { Level::Gone } else { overdue(beats, now) }),
        (FlagKind::OneWay, one_way(beats)),
        (FlagKind::Falling, falling(beats)),
        (FlagKind::NeverConfirmed, never_confirmed(beats)),
        (FlagKind::Lapsed, if lapsed { Level::On } else { Level::Gone }),
    ]
}

/// The last two beats that say something were both pushed; a coming one counts
/// once it was pushed.
fn pushed_twice(beats: &[Beat]) -> Level {
    let telling: Vec<&Beat> = beats
        .iter()
        .rev()
        .filter(|beat| match beat.verdict {
            Verdict::Held | Verdict::Pushed | Verdict::Pulled | Verdict::Skipped => true,
            Verdict::Upcoming => beat.pushes > 0,
            Verdict::Excused | Verdict::Ended | Verdict::Unknown => false,
        })
        .take(2)
        .collect();
    match telling.as_slice() {
        [last, before] if last.pushes > 0 && before.pushes > 0 => Level::On,
        [last, ..] if last.pushes > 0 => Level::Between,
        [] | [_, ..] => Level::Gone,
    }
}

/// More than one and a half cadences without a meeting; a beat excused in between
/// gives a cadence of grace.
fn overdue(beats: &[Beat], now: Timestamp) -> Level {
    let Some(last) = beats.iter().rev().find(|beat| beat.verdict.is_held()) else {
        return Level::Gone;
    };
    let Some(met) = last.actual else { return Level::Gone };
    let mut cadence = last.cadence_days;
    let mut grace = 0_i64;
    let mut expected = false;
    for beat in beats.iter().filter(|beat| beat.planned > last.planned) {
        match beat.verdict {
            Verdict::Excused => grace += i64::from(beat.cadence_days),
            Verdict::Unknown => return Level::Between,
            Verdict::Upcoming | Verdict::Skipped => {
                expected = true;
                cadence = cadence.max(beat.cadence_days);
            }
            Verdict::Held | Verdict::Pushed | Verdict::Pulled | Verdict::Ended => {}
        }
    }
    let limit = SignedDuration::from_hours(i64::from(cadence) * 36 + grace * 24);
    if now.duration_since(met) > limit && expected {
        Level::On
    } else if now.duration_since(met) > SignedDuration::from_hours(24 * i64::from(cadence)) {
        Level::Between
    } else {
        Level::Gone
    }
}

/// Of the last eight beats that came due, at least four were pushed or taken off by
/// one side and at most one by the other. Only the organizer can move a meeting, so
/// who moved it says little; that one side does so half of the time says something.
fn one_way(beats: &[Beat]) -> Level {
    let authors: Vec<Option<Party>> = beats
        .iter()
        .rev()
        .filter(|beat| match beat.verdict {
            Verdict::Ended | Verdict::Unknown | Verdict::Excused => false,
            Verdict::Upcoming => beat.pushes > 0,
            Verdict::Held | Verdict::Pushed | Verdict::Pulled | Verdict::Skipped => true,
        })
        .take(8)
        .map(|beat| beat.by.filter(|_| beat.pushes > 0 || beat.verdict == Verdict::Skipped))
        .collect();
    let of = |side: Party| authors.iter().filter(|author| **author == Some(side)).count();
    let (owner, partner) = (of(Party::Owner), of(Party::Partner));
    match (owner.max(partner), owner.min(partner)) {
        (4.., 0..=1) => Level::On,
        (3.., 0..=1) => Level::Between,
        (_, _) => Level::Gone,
    }
}

/// Of the last six counted beats at least two fewer were held than of the six before.
fn falling(beats: &[Beat]) -> Level {
    let counted: Vec<bool> = beats
        .iter()
        .rev()
        .filter(|beat| beat.verdict.is_held() || beat.verdict == Verdict::Skipped)
        .take(12)
        .map(|beat| beat.verdict.is_held())
        .collect();
    let (Some(late), Some(early)) = (counted.get(..6), counted.get(6..12)) else {
        return Level::Gone;
    };
    let held = |part: &[bool]| part.iter().filter(|held| **held).count();
    match held(early).saturating_sub(held(late)) {
        2.. => Level::On,
        1 => Level::Between,
        0 => Level::Gone,
    }
}

/// Ten beats count as held and not one was ever confirmed by a person's doing.
fn never_confirmed(beats: &[Beat]) -> Level {
    let held = beats.iter().filter(|beat| beat.verdict.is_held());
    let (mut number, mut confirmed) = (0_usize, false);
    for beat in held {
        number += 1;
        confirmed |= beat.evidence >= 2;
    }
    if confirmed || number == 0 {
        Level::Gone
    } else if number >= 10 {
        Level::On
    } else {
        Level::Between
    }
}
