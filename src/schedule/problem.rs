//! The problem on plain integers: people with free slots day by day, series
//! with candidate cells and base options. No calendar type is known here; how
//! hours, zones and cadences become cells is `compile`'s business.
//!
//! Costs are in *units*, `UNIT` to the point, so that prices can be finer than
//! the points they bound and every sum stays an exact integer.

// Indices into the arrays below are made by `build` and never leave this
// folder; the hot loops over them would be unreadable with `get`.
#![allow(clippy::indexing_slicing)]

use std::ops::Range;

use super::mask::Mask;

/// Units in one point.
pub const UNIT: i32 = 256;
/// A cost no placement can have: "not possible".
pub(crate) const NEVER: i32 = 1 << 28;
/// Marks an occurrence that is not held.
pub(crate) const NONE: u32 = u32::MAX;

/// One local day of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Absolute slot of bit 0.
    pub first: u32,
    /// Week the day counts into.
    pub week: u16,
    /// Slots inside hours that nothing hard occupies.
    pub free: Mask,
    /// Slots of meetings that are already fixed.
    pub taken: Mask,
    /// Number of fixed meetings that start on this day.
    pub meetings: u16,
}

/// A person as the solver sees one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Free slots wanted around every 1:1.
    pub buffer: u32,
    /// Most 1:1s on one local day.
    pub max_day: u32,
    /// Units per slot of focus time lost.
    pub focus: i32,
    /// 1:1s a week that are not too many.
    pub week_target: i32,
    /// Fixed 1:1s per week, by `Day::week`.
    pub week_fixed: Vec<i32>,
    /// Local days of the horizon, by date index.
    pub days: Vec<Day>,
}

/// A slot one occurrence of a series may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Absolute slot of the start.
    pub slot: u32,
    /// Units this placement costs by itself.
    pub cost: i32,
    /// Per person: index of the price of this start, 0 when no other 1:1 of
    /// that person can meet it.
    pub(crate) key: [u32; 2],
    /// Date in the anchor's zone.
    pub date: u16,
    /// Wall-clock column; equal to an option's column the cell is its base.
    pub column: u16,
}

impl Cell {
    /// A cell not yet joined to its people.
    pub fn new(slot: u32, date: u16, column: u16, cost: i32) -> Self {
        Self { slot, cost, key: [0; 2], date, column }
    }
}

/// One rhythm a series can follow: its target dates, without the time of day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// Target date of every occurrence that is open, ascending.
    pub dates: Vec<u16>,
    /// Moved occurrences that cost no fairness points.
    pub free_moves: u32,
}

/// A base: rhythm and time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Choice {
    /// Index into `Series::tracks`.
    pub track: u16,
    /// Wall-clock column.
    pub column: u16,
    /// Units this base costs by itself (a changed standing slot).
    pub cost: i32,
}

/// A series as the solver sees one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// The two people.
    pub who: [u32; 2],
    /// Slots one meeting takes.
    pub len: u32,
    /// Units of one occurrence that is not held.
    pub miss: i32,
    /// Units of one moved occurrence beyond `Track::free_moves`.
    pub fair: i32,
    /// Units of a move by that many days; its length is the tolerance + 1.
    pub shift: Vec<i32>,
    /// Rhythms to choose from.
    pub tracks: Vec<Track>,
    /// What is still possible.
    pub(crate) domain: Domain,
}

impl Series {
    /// Days an occurrence may be away from its target.
    pub fn tolerance(&self) -> usize {
        self.shift.len().saturating_sub(1)
    }
    /// Units of cell `cell` as the meeting of an option with target `date`.
    #[inline]
    pub(crate) fn move_cost(&self, cell: &Cell, date: u16, column: u16) -> i32 {
        if cell.date == date && cell.column == column {
            return 0;
        }
        self.shift.get(usize::from(cell.date.abs_diff(date))).copied().unwrap_or(NEVER)
    }
}

/// Cells and options of a series that are still possible.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Domain {
    /// Ordered by date, then slot.
    pub(crate) cells: Vec<Cell>,
    /// `first[d]..first[d + 1]` are the cells of date `d`.
    pub(crate) first: Vec<u32>,
    /// Ordered by track, then column.
    pub(crate) choices: Vec<Choice>,
    pub(crate) columns: usize,
    /// Per cell its place in the joint weeks; empty without them.
    pub(crate) joint: Vec<u32>,
}

impl Domain {
    pub(crate) fn new(mut cells: Vec<Cell>, mut choices: Vec<Choice>, dates: usize) -> Self {
        cells.sort_unstable_by_key(|c| (c.date, c.slot, c.column));
        choices.sort_unstable();
        let columns = choices.iter().map(|c| usize::from(c.column) + 1).max().unwrap_or(0);
        let mut domain =
            Self { cells, first: vec![0; dates + 1], choices, columns, joint: Vec::new() };
        domain.index();
        domain
    }
    /// Rebuilds `first` after cells were removed.
    pub(crate) fn index(&mut self) {
        let mut at = 0;
        for (date, first) in self.first.iter_mut().enumerate() {
            while self.cells.get(at).is_some_and(|c| usize::from(c.date) < date) {
                at += 1;
            }
            *first = at as u32;
        }
    }
    /// Keeps the cells that pass, given their index and themselves.
    pub(crate) fn keep(&mut self, mut pass: impl FnMut(usize, &Cell) -> bool) {
        let stays: Vec<bool> = self.cells.iter().enumerate().map(|(i, c)| pass(i, c)).collect();
        let mut stay = stays.iter();
        self.cells.retain(|_| stay.next().is_some_and(|s| *s));
        let mut stay = stays.iter();
        self.joint.retain(|_| stay.next().is_some_and(|s| *s));
        self.index();
    }
    /// Indices of the cells of one date.
    #[inline]
    pub(crate) fn on(&self, date: usize) -> Range<usize> {
        self.first[date] as usize..self.first[date + 1] as usize
    }
    /// Indices of the cells within `tolerance` days of `date`.
    pub(crate) fn near(&self, date: u16, tolerance: usize) -> Range<usize> {
        let date = usize::from(date);
        let last = (date + tolerance + 1).min(self.first.len() - 1);
        self.first[date.saturating_sub(tolerance)] as usize..self.first[last] as usize
    }
}

/// A start of a given length on a day of a shared person: what prices hang on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) bit: u8,
    pub(crate) len: u8,
    /// Index into `Problem::shared_days`; unused for key 0.
    pub(crate) day: u32,
}

/// A day on which several 1:1s of one person can meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SharedDay {
    pub(crate) person: u32,
    pub(crate) day: u16,
    /// Index into `Problem::shared_weeks`.
    pub(crate) week: u32,
    /// Keys of this day, ordered by bit, then length.
    pub(crate) keys: Range<u32>,
    pub(crate) free: Mask,
    /// Meetings that still fit under the person's cap.
    pub(crate) cap: u32,
    pub(crate) buffer: u32,
    pub(crate) focus: i32,
    /// Slots from bit 0 to bit 0 of the next day, where 1:1s reach across.
    pub(crate) reach: Option<u32>,
}

/// A week of a shared person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SharedWeek {
    pub(crate) person: u32,
    pub(crate) week: u16,
    /// 1:1s that still fit under the even load; negative when it is passed.
    pub(crate) room: i32,
    /// The shared days of this week.
    pub(crate) days: Range<u32>,
}

/// The whole problem, compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Everybody.
    pub people: Vec<Person>,
    /// Every series.
    pub series: Vec<Series>,
    /// Slots in a row that count as focus time.
    pub run: u32,
    /// Units of one 1:1 beyond a week's even load.
    pub week_over: i32,
    /// Units that no decision changes.
    pub constant: i64,
    pub(crate) dates: usize,
    pub(crate) keys: Vec<Key>,
    pub(crate) shared_days: Vec<SharedDay>,
    pub(crate) shared_weeks: Vec<SharedWeek>,
    /// Shared days of each person.
    pub(crate) days_of: Vec<Range<u32>>,
    /// Series of each person.
    pub(crate) of_person: Vec<Vec<u32>>,
}

/// Units as points, rounded up: what a bound in units proves in points.
pub(crate) fn points_up(units: i64) -> i64 {
    -(-units).div_euclid(i64::from(UNIT))
}

impl AsRef<Domain> for Domain {
    fn as_ref(&self) -> &Domain {
        self
    }
}
