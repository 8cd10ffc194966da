//! Entries into state. Where the batches are cut makes no difference.

use std::collections::btree_map::Entry;

use jiff::Timestamp;

use crate::model::event::Partstat;
use crate::model::ledger::{
    BeatMove, BeatState, LedgerEntry, LedgerState, PairState, Presence, Replacement,
};
use crate::model::observation::{Fact, Party};

/// Folds entries, in order, into a state from nothing.
pub fn fold<'a>(entries: impl IntoIterator<Item = &'a LedgerEntry>) -> LedgerState {
    let mut state = LedgerState::default();
    fold_into(&mut state, entries);
    state
}

/// Folds further entries, in order, into a state.
pub fn fold_into<'a>(state: &mut LedgerState, entries: impl IntoIterator<Item = &'a LedgerEntry>) {
    for entry in entries {
        state.seq = state.seq.max(entry.seq);
        if !state.pairs.contains_key(&entry.pair) {
            state.pairs.insert(entry.pair.clone(), PairState::default());
        }
        if let Some(pair) = state.pairs.get_mut(&entry.pair) {
            apply_to_pair(pair, entry);
        }
    }
}

/// Folds one entry into the state of the pair it speaks of.
pub fn apply_to_pair(pair: &mut PairState, entry: &LedgerEntry) {
    match entry.planned {
        Some(planned) => fold_beat(pair, planned, entry),
        None => fold_pair(pair, entry),
    }
}

fn fold_pair(pair: &mut PairState, entry: &LedgerEntry) {
    match &entry.fact {
        Fact::Looked => pair.looked = pair.looked.max(Some(entry.seen)),
        Fact::FlagRaised { flag } => {
            pair.flags.insert(*flag);
        }
        Fact::FlagCleared { flag } => {
            pair.flags.remove(flag);
        }
        Fact::Appeared { .. }
        | Fact::Rekeyed
        | Fact::Moved { .. }
        | Fact::Resized { .. }
        | Fact::Cancelled { .. }
        | Fact::Removed { .. }
        | Fact::Restored
        | Fact::Replied { .. }
        | Fact::Ended { .. }
        | Fact::Gap
        | Fact::Away { .. }
        | Fact::Back { .. }
        | Fact::Replaced { .. }
        | Fact::ReplacementGone
        | Fact::Passed
        | Fact::Said { .. }
        | Fact::Touched => {}
    }
}

fn fold_beat(pair: &mut PairState, planned: Timestamp, entry: &LedgerEntry) {
    match pair.beats.entry(planned) {
        Entry::Occupied(mut beat) => apply(beat.get_mut(), entry),
        Entry::Vacant(place) => {
            if let Some(beat) = first(planned, entry) {
                place.insert(beat);
            }
        }
    }
}

/// A beat begins with the fact that it appeared; anything else about an unknown
/// beat has nothing to change.
fn first(planned: Timestamp, entry: &LedgerEntry) -> Option<BeatState> {
    let Fact::Appeared { end, cadence_days, organized_by } = entry.fact else {
        return None;
    };
    Some(BeatState {
        planned,
        planned_end: end,
        key: entry.key.clone()?,
        cadence_days,
        organized_by,
        first_seen: entry.seen,
        start: planned,
        end,
        presence: Presence::Standing,
        owner_reply: None,
        partner_reply: None,
        moves: Vec::new(),
        away_planned: None,
        away_moved: None,
        replacement: None,
        off_at: None,
        off_by: None,
        sure: entry.complete,
        passed: false,
        said: None,
        touched: false,
    })
}

fn apply(beat: &mut BeatState, entry: &LedgerEntry) {
    match &entry.fact {
        Fact::Moved { from, to, end, by } => {
            beat.moves.push(BeatMove {
                at: entry.at,
                dated: entry.at < entry.seen || beat.first_seen < entry.seen,
                from: *from,
                to: *to,
                by: *by,
            });
            beat.start = *to;
            beat.end = *end;
            // The meeting now lies elsewhere: what was settled there is open again.
            beat.passed = false;
            if *to == beat.planned {
                beat.away_moved = None;
            }
        }
        Fact::Resized { end } => beat.end = *end,
        Fact::Cancelled { by } => off(beat, entry, Presence::Cancelled, *by),
        Fact::Removed { by } => off(beat, entry, Presence::Removed, *by),
        Fact::Ended { how } => {
            beat.presence = Presence::Ended(*how);
            beat.sure = entry.complete;
        }
        Fact::Gap => {
            beat.presence = Presence::Gap;
            beat.sure = entry.complete;
        }
        Fact::Restored => {
            beat.presence = Presence::Standing;
            beat.sure = entry.complete;
            beat.off_at = None;
            beat.off_by = None;
        }
        Fact::Replied { who, reply } => replied(beat, entry, *who, *reply),
        Fact::Away { away, at_planned: true } => beat.away_planned = Some(*away),
        Fact::Away { away, at_planned: false } => beat.away_moved = Some(*away),
        Fact::Back { at_planned: true } => beat.away_planned = None,
        Fact::Back { at_planned: false } => beat.away_moved = None,
        Fact::Replaced { uid, start, end } => {
            beat.replacement = Some(Replacement { uid: uid.clone(), start: *start, end: *end });
        }
        Fact::ReplacementGone => beat.replacement = None,
        Fact::Passed => beat.passed = true,
        Fact::Said { word } => beat.said = Some(*word),
        Fact::Touched => beat.touched = true,
        Fact::Rekeyed => {
            if let Some(key) = &entry.key {
                beat.key = key.clone();
            }
        }
        Fact::Appeared { .. }
        | Fact::Looked
        | Fact::FlagRaised { .. }
        | Fact::FlagCleared { .. } => {}
    }
}

fn off(beat: &mut BeatState, entry: &LedgerEntry, presence: Presence, by: Option<Party>) {
    beat.presence = presence;
    beat.sure = entry.complete;
    beat.off_at = Some(entry.at);
    beat.off_by = by;
}

fn replied(beat: &mut BeatState, entry: &LedgerEntry, who: Party, reply: Option<Partstat>) {
    let declined = reply == Some(Partstat::Declined);
    match who {
        Party::Owner => beat.owner_reply = reply,
        Party::Partner => beat.partner_reply = reply,
        Party::Onbeat | Party::Other => return,
    }
    if declined {
        beat.off_at = Some(entry.at);
        beat.off_by = Some(who);
        beat.sure = entry.complete;
    } else if beat.presence == Presence::Standing && !declined_by_either(beat) {
        beat.off_at = None;
        beat.off_by = None;
        beat.sure = entry.complete;
    }
}

fn declined_by_either(beat: &BeatState) -> bool {
    beat.owner_reply == Some(Partstat::Declined) || beat.partner_reply == Some(Partstat::Declined)
}
