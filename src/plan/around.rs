//! One meeting and the places around it: where else it could be, how much worse
//! that is, and what took the other places away. For explanations only.

use jiff::{Timestamp, ToSpan};

use crate::model::snapshot::{OccurrenceKey, Snapshot};
use crate::plan::ground::committed;
use crate::plan::input::Limits;
use crate::plan::remedy::{asked_about, causes};
use crate::plan::table::{LONGEST, Part, Piece};

/// Days around the meeting in which other 1:1s matter.
const AROUND: i64 = 10;

/// The places of one meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Around {
    /// Points where it stands; `None`: it could not be put there now.
    pub here: Option<i64>,
    /// Other possible starts with their points, cheapest first.
    pub others: Vec<(Timestamp, i64)>,
    /// How many places each cause took away, most first, in words.
    pub blocked: Vec<(String, usize)>,
    /// Days it may be from its planned date.
    pub days: i64,
}

/// Looks around a coming meeting; `None` when nothing can be said of it.
pub fn around(snapshot: &Snapshot, key: &OccurrenceKey, limits: &Limits) -> Option<Around> {
    let coming = snapshot.now.saturating_add((limits.repair_days * 24).hours()).ok()?;
    let all =
        || snapshot.pairs.iter().flat_map(|view| view.occurrences.iter().map(move |o| (view, o)));
    let (view, own) = all().find(|(_, o)| o.key == *key)?;
    let piece = Piece { part: Part::Asks, ..Piece::settled(view, own) };
    if own.start <= snapshot.now || own.start > coming || piece.minutes() > LONGEST {
        return None;
    }
    let near = |start: Timestamp| own.start.duration_until(start).as_hours().abs() <= 24 * AROUND;
    let mut pieces = vec![piece];
    for (view, o) in all().filter(|(_, o)| o.key != *key && committed(o) && near(o.start)) {
        if o.start > snapshot.now {
            pieces.push(Piece::settled(view, o));
        }
    }
    let table = asked_about(snapshot, &pieces, limits)?;
    let mut repairs = table.repairs()?;
    let places = repairs.places(0, 0).into_iter();
    let places = places.map(|(slot, points)| (table.span.instant(slot), points));
    let (here, others): (Vec<_>, Vec<_>) = places.partition(|(start, _)| *start == own.start);
    let blocked = causes(&table, &mut repairs, &[0]).pop().unwrap_or_default();
    Some(Around {
        here: here.first().map(|(_, points)| *points),
        others,
        blocked: blocked.into_iter().map(|(blocker, n)| (blocker.words(), n)).collect(),
        days: piece.reach(),
    })
}
