//! Resources to events: a master and its overrides may lie in different resources
//! (Google keeps exceptions apart), and one UID may lie in two by mistake or
//! because two exports overlap.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::event::Event;
use crate::model::id::EventUid;
use crate::model::snapshot::MirroredEvent;

/// One UID of the mirror.
#[derive(Debug, Clone)]
pub(crate) struct Joined {
    /// Where its master lies, and what it says with all its overrides.
    pub(crate) mirrored: MirroredEvent,
    /// The UID has a master in more than one resource.
    pub(crate) duplicated: bool,
}

impl Joined {
    pub(crate) fn event(&self) -> &Event {
        &self.mirrored.event
    }
}

/// Joins by UID, in order of first appearance. Of two masters the one with the
/// higher SEQUENCE, then the later change, then the first speaks.
pub(crate) fn join(events: &[MirroredEvent]) -> Vec<Joined> {
    let mut order: Vec<Joined> = Vec::with_capacity(events.len());
    let mut place: HashMap<&EventUid, usize> = HashMap::with_capacity(events.len());
    for next in events {
        if next.event.uid.as_str().is_empty() {
            // Without a UID nothing says that two events are one.
            order.push(Joined { mirrored: next.clone(), duplicated: false });
            continue;
        }
        match place.get(&next.event.uid).and_then(|at| order.get_mut(*at)) {
            Some(known) => merge(known, next),
            None => {
                place.insert(&next.event.uid, order.len());
                order.push(Joined { mirrored: next.clone(), duplicated: false });
            }
        }
    }
    order
}

fn merge(known: &mut Joined, next: &MirroredEvent) {
    let both = known.event().master.is_some() && next.event.master.is_some();
    if both && known.mirrored.resource != next.resource {
        known.duplicated = true;
    }
    let (winner, other) = if rank(&next.event) > rank(known.event()) {
        (next.clone(), known.mirrored.clone())
    } else {
        (known.mirrored.clone(), next.clone())
    };
    known.mirrored = winner;
    if both || other.event.overrides.is_empty() {
        return;
    }
    let missing: Vec<_> = other
        .event
        .overrides
        .iter()
        .filter(|over| {
            !known.event().overrides.iter().any(|have| have.recurrence_id == over.recurrence_id)
        })
        .cloned()
        .collect();
    if !missing.is_empty() {
        Arc::make_mut(&mut known.mirrored.event).overrides.extend(missing);
    }
}

/// Which of two objects with one UID speaks.
fn rank(event: &Event) -> (bool, i64, Option<jiff::Timestamp>) {
    match &event.master {
        Some(master) => (true, master.sequence, master.last_modified),
        None => (false, 0, None),
    }
}
