//! What can be said where nothing can be done: what took every place away, the
//! smallest change that would help, and times to propose to somebody else.

use jiff::Timestamp;

use crate::model::snapshot::Snapshot;
use crate::plan::ground::Blocker;
use crate::plan::input::PlanInput;
use crate::plan::table::{Part, Piece, Table};
use crate::plan::upkeep::count;
use crate::plan::{tolerance_days, words};
use crate::schedule::{Repairs, blockers_of};

/// Most findings with their causes in one plan.
const TOLD: usize = 64;
/// Most findings for which changes are tried out.
const TRIED: usize = 10;
/// Most events that are thought away for one finding.
const EVENTS: usize = 3;

/// How many places each cause took away, most first.
pub(crate) type Counts = Vec<(Blocker, usize)>;

/// Why a meeting found no place.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    /// How many places each cause took away, most first.
    pub(crate) blocked_by: Vec<(String, usize)>,
    /// The smallest change that would help.
    pub(crate) remedy: String,
}

/// Why each of these meetings found no place.
pub(crate) fn findings(
    input: &PlanInput<'_>,
    table: &Table<'_>,
    repairs: &mut Repairs<'_>,
    failed: &[usize],
) -> Vec<(usize, Finding)> {
    let told: Vec<usize> = failed.iter().copied().take(TOLD).collect();
    let causes = causes(table, repairs, &told);
    let mut found = Vec::new();
    for (n, (at, counts)) in told.into_iter().zip(causes).enumerate() {
        let Some(piece) = table.pieces.get(at) else { continue };
        let tried = if n < TRIED { smallest(input, table, at, &counts) } else { None };
        let remedy = tried.unwrap_or_else(|| general(piece, &counts));
        let blocked_by = counts.iter().map(|(b, n)| (b.words(), *n)).collect();
        found.push((at, Finding { blocked_by, remedy }));
    }
    found
}

/// What is in the way of every place of these meetings, counted.
pub(crate) fn causes(
    table: &Table<'_>,
    repairs: &mut Repairs<'_>,
    wanted: &[usize],
) -> Vec<Counts> {
    let wanted: Vec<(usize, usize)> = wanted.iter().map(|at| (*at, 0)).collect();
    let all = blockers_of(&table.spec, &table.compiled, repairs, &wanted).unwrap_or_default();
    let counted = |blocked: Vec<crate::schedule::Blocked>| {
        let mut counts: Counts = Vec::new();
        for cause in blocked.into_iter().filter_map(|b| b.cause) {
            count(&mut counts, table.blocker(cause));
        }
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        counts
    };
    all.into_iter().map(counted).collect()
}

/// The smallest change that gives the meeting a place, tried out on the table.
fn smallest(
    input: &PlanInput<'_>,
    table: &Table<'_>,
    at: usize,
    counts: &Counts,
) -> Option<String> {
    let zone = &input.snapshot.owner.zone;
    let piece = table.pieces.get(at)?;
    let asks = |extra: i64| {
        let mut pieces = table.pieces.clone();
        if let Some(piece) = pieces.get_mut(at) {
            piece.extra = extra;
        }
        pieces
    };
    if let Some((start, days)) = wider(input, &asks(piece.spare()), at) {
        let at = words::moment(start, zone);
        return Some(format!("`flexibility = \"{days} days\"` would allow {at}"));
    }
    let events = counts.iter().map(|(blocker, _)| blocker).filter(|b| b.is_event());
    events.take(EVENTS).find_map(|event| {
        let table = Table::lay_without(input.snapshot, &asks(0), input.limits, Some(event))?;
        let (slot, _) = *table.repairs()?.places(at, 0).first()?;
        let start = words::moment(table.span.instant(slot), zone);
        Some(format!("{start} would be possible if this were not: {}", event.words()))
    })
}

/// The nearest place with more flexibility, and how many days that takes.
fn wider(input: &PlanInput<'_>, pieces: &[Piece<'_>], at: usize) -> Option<(Timestamp, i64)> {
    let piece = pieces.get(at).filter(|piece| piece.extra > 0)?;
    let table = Table::lay(input.snapshot, pieces, input.limits)?;
    let zone = &input.snapshot.owner.zone;
    let planned = zone.to_datetime(piece.planned()).date();
    let places = table.repairs()?.places(at, 0);
    let (days, _, start) = places
        .into_iter()
        .map(|(slot, points)| {
            let start = table.span.instant(slot);
            let days = i64::from((zone.to_datetime(start).date() - planned).get_days()).abs();
            (days, points, start)
        })
        .min()?;
    (days > tolerance_days(piece.pair())).then_some((start, days))
}

fn general(piece: &Piece<'_>, counts: &Counts) -> String {
    let tolerance = piece.reach();
    match counts.first() {
        None => format!(
            "within {tolerance} days the window has no room: widen `window` or `flexibility`"
        ),
        Some((most, n)) => format!(
            "{n} places are lost because {}; more than one of these would have to change",
            most.words()
        ),
    }
}

/// Times one could propose for meetings whose time somebody else decides, by index.
pub(crate) fn proposals(
    input: &PlanInput<'_>,
    pieces: &[Piece<'_>],
) -> Vec<(usize, Vec<Timestamp>)> {
    let asked = |(at, piece): (usize, &Piece<'_>)| (piece.part == Part::Asks).then_some(at);
    let asking: Vec<usize> = pieces.iter().enumerate().filter_map(asked).take(TOLD).collect();
    if asking.is_empty() {
        return Vec::new();
    }
    let Some(table) = asked_about(input.snapshot, pieces, input.limits) else { return Vec::new() };
    let Some(mut repairs) = table.repairs() else { return Vec::new() };
    let mut best = |at: usize| {
        let places = repairs.places(at, 0).into_iter().take(3);
        (at, places.map(|(slot, _)| table.span.instant(slot)).collect())
    };
    asking.into_iter().map(&mut best).collect()
}

/// The table with everything settled but what is only asked about.
pub(crate) fn asked_about<'a>(
    snapshot: &'a Snapshot,
    pieces: &[Piece<'a>],
    limits: &crate::plan::input::Limits,
) -> Option<Table<'a>> {
    let mut pieces = pieces.to_vec();
    for piece in pieces.iter_mut().filter(|piece| piece.part != Part::Asks) {
        piece.part = Part::Settled;
    }
    Table::lay(snapshot, &pieces, limits)
}
