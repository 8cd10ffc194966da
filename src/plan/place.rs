//! The best places for all meetings that seek one, found together: each in its own
//! best free place first; where there is none, by letting others make room, once.
//! Who may take part was decided before.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::model::plan::{Reason, Score};
use crate::plan::input::PlanInput;
use crate::plan::remedy::{self, Finding};
use crate::plan::table::{Part, Piece, Table};
use crate::schedule::{Budget, Proof, Repairs, Standing, solve};

/// Work spent on the proof of how good the repairs are.
const WORK: u64 = 50_000;
/// How often bumping starts anew because a meeting would have lost its place.
const TRIES: usize = 8;

/// What became of one meeting.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Its new start; `None`: it stays, or found no place.
    pub(crate) start: Option<Timestamp>,
    /// Reasons for that start.
    pub(crate) why: Vec<Reason>,
    /// Why it found no place.
    pub(crate) finding: Option<Finding>,
}

/// What became of all of them, in the order of the pieces.
#[derive(Debug, Default)]
pub(crate) struct Placed {
    pub(crate) seats: Vec<Found>,
    pub(crate) score: Option<Score>,
}

/// Finds places.
pub(crate) fn place(input: &PlanInput<'_>, pieces: &[Piece<'_>]) -> Placed {
    let Some(table) = Table::lay(input.snapshot, pieces, input.limits) else {
        return Placed::default();
    };
    let Some(mut repairs) = table.repairs() else { return Placed::default() };
    let without = repairs.cost();
    let mut seats: Vec<Found> = Vec::new();
    for (at, piece) in table.pieces.iter().enumerate() {
        let why = if seeks(piece) { compared(&table, &repairs.places(at, 0)) } else { Vec::new() };
        seats.push(Found { why, ..Found::default() });
    }
    repairs.run(&|_, _| false);
    let alone = slots(&table, &repairs);
    let lost = |slots: &[Option<u32>]| {
        table.pieces.iter().zip(slots).filter(|(p, slot)| seeks(p) && slot.is_none()).count()
    };
    let better = if lost(&alone) > 0 { make_room(&table, &alone) } else { None };
    let last = better.filter(|slots| lost(slots) < lost(&alone)).unwrap_or(alone);
    let Some(mut repairs) = load(&table, &last) else { return Placed::default() };
    let score = proved(&table, without, repairs.cost());
    for (at, (piece, slot)) in table.pieces.iter().zip(&last).enumerate() {
        let Some(found) = seats.get_mut(at) else { continue };
        let start = slot.map(|slot| table.span.instant(slot));
        let moves = match piece.part {
            Part::Seeks { .. } => true,
            Part::Stands => start != Some(piece.occurrence.start),
            Part::Asks | Part::Settled => false,
        };
        found.start = start.filter(|_| moves);
        if found.why.first().is_some_and(|why| !fits(why, found.start)) {
            found.why.clear();
        }
    }
    let failed: Vec<usize> = (0..table.pieces.len())
        .filter(|at| table.pieces.get(*at).is_some_and(seeks))
        .filter(|at| seats.get(*at).is_some_and(|found| found.start.is_none()))
        .collect();
    for (at, finding) in remedy::findings(input, &table, &mut repairs, &failed) {
        if let Some(found) = seats.get_mut(at) {
            found.finding = Some(finding);
        }
    }
    Placed { seats, score }
}

fn seeks(piece: &Piece<'_>) -> bool {
    matches!(piece.part, Part::Seeks { .. })
}

/// Where everything is now.
fn slots(table: &Table<'_>, repairs: &Repairs<'_>) -> Vec<Option<u32>> {
    (0..table.pieces.len()).map(|at| repairs.slot(at, 0)).collect()
}

/// The table with meetings elsewhere; what seeks and has no place is displaced.
fn load<'t>(table: &'t Table<'_>, slots: &[Option<u32>]) -> Option<Repairs<'t>> {
    let mut standing: Standing = table.standing.clone();
    for ((row, slot), piece) in standing.slots.iter_mut().zip(slots).zip(&table.pieces) {
        if let Some(first) = row.first_mut().filter(|_| piece.part != Part::Settled) {
            *first = slot.or(if seeks(piece) { Some(u32::MAX) } else { None });
        }
    }
    Repairs::new(&table.compiled.problem, &standing).ok()
}

/// Lets meetings make room for those without a place. None of them may end up
/// without one itself.
fn make_room(table: &Table<'_>, alone: &[Option<u32>]) -> Option<Vec<Option<u32>>> {
    let mut fixed: BTreeSet<usize> = BTreeSet::new();
    for _ in 0..TRIES {
        let mut repairs = load(table, alone)?;
        let part = |at: usize| table.pieces.get(at).map(|piece| piece.part);
        repairs.run(&|at, _| {
            matches!(part(at), Some(Part::Stands | Part::Seeks { .. })) && !fixed.contains(&at)
        });
        let now = slots(table, &repairs);
        let dropped: Vec<usize> = (0..now.len())
            .filter(|at| alone.get(*at).is_some_and(Option::is_some))
            .filter(|at| now.get(*at).is_some_and(Option::is_none))
            .collect();
        if dropped.is_empty() {
            return Some(now);
        }
        fixed.extend(dropped);
    }
    None
}

/// How many places there were, and the second best.
fn compared(table: &Table<'_>, places: &[(u32, i64)]) -> Vec<Reason> {
    let mut why = Vec::new();
    if let Some((slot, points)) = places.first() {
        why.push(Reason::BestPlace { start: table.span.instant(*slot), of: places.len() });
        why.extend(places.get(1).map(|(other, more)| Reason::RunnerUp {
            start: table.span.instant(*other),
            points: more - points,
            moved: 0,
        }));
    }
    why
}

/// Whether the reason speaks of the start that was taken in the end.
fn fits(why: &Reason, start: Option<Timestamp>) -> bool {
    !matches!(why, Reason::BestPlace { start: best, .. } if Some(*best) != start)
}

/// Points saved, and how much any plan could save with every 1:1 free to move.
fn proved(table: &Table<'_>, without: i64, cost: i64) -> Option<Score> {
    let budget = Budget { work: WORK, stop: &|| false };
    let best = solve(&table.compiled.problem, budget);
    let bound = match best.proof {
        Proof::Optimal => best.cost,
        Proof::Bounded => best.bound,
    };
    Some(Score { without, cost, bound: bound.min(cost) })
}
