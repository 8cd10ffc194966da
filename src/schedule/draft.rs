//! A problem as the caller states it, and the checks it must pass.

// The one indexed pair comes from `windows(2)`.
#![allow(clippy::indexing_slicing)]

use super::problem::{Cell, Choice, NEVER, Person, Track};

/// A problem as the caller states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Everybody; all with the same number of days.
    pub people: Vec<Person>,
    /// Every series.
    pub series: Vec<SeriesDraft>,
    /// Slots in a row that count as focus time.
    pub run: u32,
    /// Units of one 1:1 beyond a week's even load.
    pub week_over: i32,
    /// Units that no decision changes.
    pub constant: i64,
}

/// One series of a `Draft`; fields as in `Series`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesDraft {
    /// The two people.
    pub who: [u32; 2],
    /// Slots one meeting takes.
    pub len: u32,
    /// Units of one occurrence that is not held.
    pub miss: i32,
    /// Units of one moved occurrence too many.
    pub fair: i32,
    /// Units of a move by that many days; length = tolerance + 1.
    pub shift: Vec<i32>,
    /// Rhythms to choose from.
    pub tracks: Vec<Track>,
    /// Slots an occurrence may take. A slot whose base column differs from its
    /// wall clock (a skipped hour) stands here once per column.
    pub cells: Vec<Cell>,
    /// Bases to choose from; never empty.
    pub choices: Vec<Choice>,
}

/// Why a draft is no problem that can be solved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// A person index is out of range, or a series has one person twice.
    #[error("series {0}: needs two different people")]
    People(usize),
    /// The meeting is empty or longer than eight hours.
    #[error("series {0}: a meeting takes 1 to 32 slots")]
    Length(usize),
    /// There is nothing to choose from.
    #[error("series {0}: no standing slot fits the window")]
    NoChoice(usize),
    /// A choice, cell or date points outside the horizon.
    #[error("series {0}: a date or option lies outside the horizon")]
    Horizon(usize),
    /// Two occurrences of one series could meet.
    #[error("series {0}: tolerance windows of consecutive occurrences overlap")]
    Tolerance(usize),
    /// Costs beyond what the integers carry.
    #[error("series {0}: weights are too large")]
    Weights(usize),
    /// A person's days are not in order, or not as many as the others'.
    #[error("person {0}: days are not in order")]
    Days(usize),
    /// Costs beyond what the integers carry.
    #[error("person {0}: weights are too large")]
    PersonWeights(usize),
}

/// Largest cost of a single term, in units.
const LARGEST: i32 = 1 << 24;

pub(super) fn check_people(people: &[Person], dates: usize) -> Result<(), DraftError> {
    for (index, person) in people.iter().enumerate() {
        let ordered = person.days.windows(2).all(|w| w[0].first < w[1].first);
        if !ordered || person.days.len() != dates || dates > usize::from(u16::MAX) / 2 {
            return Err(DraftError::Days(index));
        }
        if !(0..LARGEST).contains(&person.focus) || person.buffer > 64 {
            return Err(DraftError::PersonWeights(index));
        }
    }
    Ok(())
}

pub(super) fn check_series(
    index: usize,
    s: &SeriesDraft,
    people: usize,
    dates: usize,
) -> Result<(), DraftError> {
    if s.who[0] == s.who[1] || s.who.iter().any(|w| *w as usize >= people) {
        return Err(DraftError::People(index));
    }
    if !(1..=32).contains(&s.len) {
        return Err(DraftError::Length(index));
    }
    if s.choices.is_empty() {
        return Err(DraftError::NoChoice(index));
    }
    let inside = |date: u16| usize::from(date) < dates;
    if !s.cells.iter().all(|c| inside(c.date))
        || !s.tracks.iter().all(|t| t.dates.iter().all(|d| inside(*d)))
        || s.choices.iter().any(|c| usize::from(c.track) >= s.tracks.len() || c.column > 4096)
    {
        return Err(DraftError::Horizon(index));
    }
    let reach = 2 * s.shift.len().saturating_sub(1);
    let apart =
        |t: &Track| t.dates.windows(2).all(|w| usize::from(w[1].saturating_sub(w[0])) > reach);
    if !s.tracks.iter().all(apart) {
        return Err(DraftError::Tolerance(index));
    }
    let most = s.tracks.iter().map(|t| t.dates.len() as i64 + 1).max().unwrap_or(1);
    let small = |cost: i32| (0..LARGEST).contains(&cost);
    let fits = small(s.miss)
        && small(s.fair)
        && s.shift.iter().all(|c| small(*c))
        && s.cells.iter().all(|c| small(c.cost))
        && s.choices.iter().all(|c| small(c.cost))
        && most * i64::from(s.miss) < i64::from(NEVER) * 2;
    if fits { Ok(()) } else { Err(DraftError::Weights(index)) }
}
