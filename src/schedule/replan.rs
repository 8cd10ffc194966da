//! One calendar change in a standing plan: the series of the person it
//! concerns are solved again exactly, everything else stays where it is. Needs
//! no new compilation; knows slots and integers only.

// Indices are checked on entry; see `problem`.
#![allow(clippy::indexing_slicing)]

use std::ops::Range;

use super::repair::Repairs;
use super::solve::{Base, Budget};
use super::star::{self, Hold};

/// Work one change may cost where the caller has no opinion.
const WORK: u64 = 3_000;

/// A new event in somebody's calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Index of the person.
    pub person: usize,
    /// Absolute slots it takes.
    pub slots: Range<u32>,
}

/// What a series becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replanned {
    /// Index of the series.
    pub series: usize,
    /// Its standing slot.
    pub base: Base,
    /// Slot of every open occurrence; `None` is not held.
    pub slots: Vec<Option<u32>>,
}

impl Repairs<'_> {
    /// The series of the person re-planned around a new event; all others keep
    /// their plan and are not listed. `None` when the person has no series.
    pub fn replan(&self, event: &NewEvent, work: Option<u64>) -> Option<Vec<Replanned>> {
        let state = &self.state;
        let ids = state.problem.of_person.get(event.person).filter(|ids| !ids.is_empty())?;
        let hold = Hold { person: event.person, slots: event.slots.clone() };
        let budget = Budget { work: work.unwrap_or(WORK), stop: &|| false };
        let star = star::solve(state, ids, Some(&hold), None, budget)?;
        let one = |(id, placement): (&u32, super::state::Placement)| Replanned {
            series: *id as usize,
            base: Base {
                track: placement.choice.track.into(),
                column: placement.choice.column.into(),
            },
            slots: placement.cells.iter().map(|c| c.map(|c| c.slot)).collect(),
        };
        Some(ids.iter().zip(star.placements).map(one).collect())
    }
}
