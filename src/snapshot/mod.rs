//! The mirror's events become a snapshot: each pair's series, what they planned
//! and what is on the calendar, and the time people are not free. Knows no
//! server, no file, no history and no clock.

mod absence;
mod busy;
mod infer;
mod join;
mod lineage;
mod occurrences;
pub mod one_on_one;
#[cfg(test)]
mod tests;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::id::{CalendarId, PairId};
use crate::model::pair::{Pair, Person};
use crate::model::server::MailEngine;
use crate::model::snapshot::{
    Coverage, MirroredEvent, PairView, PartnerTime, Quarantine, Snapshot,
};
use crate::model::time::Window;

pub use infer::{Inferred, infer};

/// Everything a snapshot is made of. Events are already parsed, so that a caller
/// may keep them between cycles.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    /// Whom onbeat works for.
    pub owner: &'a Person,
    /// The configured pairs, in configuration order.
    pub pairs: &'a [Pair],
    /// All events of all calendars that were read.
    pub events: &'a [MirroredEvent],
    /// How complete each calendar's reading was.
    pub coverage: BTreeMap<CalendarId, Coverage>,
    /// The calendars whose events take the owner's time; `None`: all of them.
    pub busy_calendars: Option<BTreeSet<CalendarId>>,
    /// What is known of the partners' time.
    pub partner_busy: BTreeMap<PairId, PartnerTime>,
    /// Relationships that ended, with the first day on which nothing is expected.
    pub departed: BTreeMap<PairId, Date>,
    /// Text that could not be read.
    pub quarantined: Vec<Quarantine>,
    /// The mail rules of each calendar.
    pub engines: BTreeMap<CalendarId, MailEngine>,
    /// The span to look at.
    pub window: Window,
    /// The moment it speaks of.
    pub now: Timestamp,
}

/// Builds the snapshot. Total: what cannot be understood is left out and, where
/// it was quarantined, listed.
pub fn build(input: Input<'_>) -> Snapshot {
    let joined = join::join(input.events);
    let found = one_on_one::sort_out(&joined, input.owner, input.pairs);
    let pairs: Vec<PairView> = input
        .pairs
        .iter()
        .zip(found)
        .map(|(pair, events)| {
            let departed = input.departed.get(&pair.id).copied();
            lineage::view(pair, &events, input.owner, input.window, departed)
        })
        .collect();
    let absences = absence::all(&joined, &input);
    let owner_busy = busy::owner(&joined, &pairs, &absences, &input);
    Snapshot {
        now: input.now,
        window: input.window,
        owner: input.owner.clone(),
        coverage: input.coverage,
        pairs,
        owner_busy,
        partner_busy: input.partner_busy,
        absences,
        quarantined: input.quarantined,
        engines: input.engines,
    }
}
