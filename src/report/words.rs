//! The words all forms share. They name what a calendar can know and no more:
//! a meeting that nobody confirmed was "on the calendar".

use crate::model::ledger::{Beat, Cause, Verdict};
use crate::model::observation::{FlagKind, Party};

/// A flag in machine output.
pub fn flag_key(flag: FlagKind) -> &'static str {
    match flag {
        FlagKind::PushedTwice => "pushed_twice",
        FlagKind::Overdue => "overdue",
        FlagKind::OneWay => "one_way",
        FlagKind::Falling => "falling",
        FlagKind::NeverConfirmed => "never_confirmed",
        FlagKind::Lapsed => "lapsed",
    }
}

/// A flag for people.
pub fn flag_text(flag: FlagKind) -> &'static str {
    match flag {
        FlagKind::PushedTwice => "pushed twice in a row",
        FlagKind::Overdue => "more than 1.5 cadences since the last meeting",
        FlagKind::OneWay => "often moved or taken off, and mostly by one side",
        FlagKind::Falling => "kept less often than before",
        FlagKind::NeverConfirmed => "on the calendar, but no meeting was ever confirmed",
        FlagKind::Lapsed => "the series ended and nothing followed",
    }
}

/// A side in machine output.
pub(crate) fn party_key(party: Party) -> &'static str {
    match party {
        Party::Owner => "owner",
        Party::Partner => "partner",
        Party::Onbeat => "onbeat",
        Party::Other => "other",
    }
}

/// A cause for people.
pub(crate) fn cause_text(cause: Cause) -> &'static str {
    match cause {
        Cause::Removed => "taken out of the series",
        Cause::Cancelled => "cancelled",
        Cause::DeclinedPartner => "declined by the partner",
        Cause::DeclinedOwner => "declined by you",
        Cause::Pto => "somebody away",
        Cause::Holiday => "public holiday",
        Cause::Collision => "moved onto the next one",
        Cause::Gap => "between two series",
        Cause::Said => "said by a person",
        Cause::Replaced => "held by another meeting",
    }
}

/// A verdict as one character, for sparklines that need no colour.
pub(crate) fn verdict_mark(verdict: Verdict) -> char {
    match verdict {
        Verdict::Held => '█',
        Verdict::Pushed => '▅',
        Verdict::Pulled => '▆',
        Verdict::Skipped => '·',
        Verdict::Excused => 'o',
        Verdict::Unknown => '?',
        Verdict::Upcoming => '-',
        Verdict::Ended => ' ',
    }
}

/// The marks of a beat in machine output.
pub(crate) fn beat_flags(beat: &Beat) -> impl Iterator<Item = &'static str> {
    let flags = beat.flags;
    [
        (flags.shortened, "shortened"),
        (flags.swapped, "swapped"),
        (flags.retroactive, "retroactive"),
        (flags.late, "late"),
    ]
    .into_iter()
    .filter_map(|(set, name)| set.then_some(name))
}
