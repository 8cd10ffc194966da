//! A pair's chain of series: splits with a new UID, re-creations after a gap,
//! changed organizers, rhythms and zones are all one lineage, because they are
//! all 1:1s of the same two people.

use jiff::SignedDuration;
use jiff::civil::Date;

use crate::ical::recur::lookup;
use crate::model::event::Event;
use crate::model::id::{Address, EventUid};
use crate::model::pair::{Pair, Person};
use crate::model::snapshot::{OrganizedBy, PairView, Series, Slot, SlotKind};
use crate::model::time::Window;
use crate::snapshot::join::Joined;
use crate::snapshot::occurrences;

/// A pause longer than this is not filled with expected dates.
const LONGEST_GAP: SignedDuration = SignedDuration::from_hours(24 * 7 * 13);

/// Builds a pair's view from its 1:1 events.
pub(crate) fn view(
    pair: &Pair,
    events: &[&Joined],
    owner: &Person,
    window: Window,
    departed: Option<Date>,
) -> PairView {
    let mut series: Vec<Series> = events
        .iter()
        .filter(|one| is_series(one.event(), owner))
        .map(|one| series(one, owner, &pair.partner))
        .collect();
    let first = |one: &Series| lookup::first_start(&one.event, &owner.zone);
    series.sort_by_cached_key(|one| (first(one), one.uid.clone()));
    let mut slots: Vec<Slot> =
        series.iter().flat_map(|one| occurrences::slots(one, &owner.zone, window)).collect();
    slots.extend(gap_slots(&series, owner, window));
    slots.sort_by_key(|slot| (slot.start, slot.kind));
    let mut meetings: Vec<_> = events
        .iter()
        .flat_map(|one| occurrences::meetings(&one.mirrored, owner, &pair.partner, window))
        .collect();
    meetings.sort_by(|a, b| (a.start, &a.key).cmp(&(b.start, &b.key)));
    let duplicated: Vec<EventUid> =
        events.iter().filter(|one| one.duplicated).map(|one| one.event().uid.clone()).collect();
    PairView { pair: pair.clone(), series, occurrences: meetings, duplicated, slots, departed }
}

/// Whether an event plans: it recurs, more than once, or its master is not ours to see.
fn is_series(event: &Event, owner: &Person) -> bool {
    let Some(first) = lookup::first_start(event, &owner.zone) else {
        return event.master.is_none();
    };
    event.recurs() && lookup::last_start(event, &owner.zone) != Some(first)
}

fn series(one: &Joined, owner: &Person, partner: &Person) -> Series {
    let event = &one.mirrored.event;
    let organizer =
        crate::snapshot::one_on_one::speaking(event).and_then(|body| body.organizer.as_ref());
    let called_off = occurrences::called_off(event);
    let until = if called_off.is_some() {
        called_off
    } else if event.master.is_some() {
        lookup::last_start(event, &owner.zone)
    } else {
        event.overrides.iter().map(|over| over.recurrence_id.instant(&owner.zone)).max()
    };
    Series {
        resource: one.mirrored.resource.clone(),
        uid: event.uid.clone(),
        event: event.clone(),
        organized_by: organized_by(organizer, owner, partner),
        cadence: lookup::cadence(event),
        until,
    }
}

fn organized_by(organizer: Option<&Address>, owner: &Person, partner: &Person) -> OrganizedBy {
    match organizer {
        None => OrganizedBy::Owner,
        Some(address) if owner.is(address) => OrganizedBy::Owner,
        Some(address) if partner.is(address) => OrganizedBy::Partner,
        Some(_) => OrganizedBy::Other,
    }
}

/// The dates an ended series would have given until the next one starts. Whether
/// something was missed there is judged where the ledger is known.
fn gap_slots(series: &[Series], owner: &Person, window: Window) -> Vec<Slot> {
    let zone = &owner.zone;
    let mut out = Vec::new();
    for ended in series {
        let (Some(until), Some(cadence_days)) =
            (ended.until, occurrences::cadence_days(ended, zone))
        else {
            continue;
        };
        let next = series
            .iter()
            .filter(|other| other.uid != ended.uid)
            .filter_map(|other| lookup::first_start(&other.event, zone))
            .filter(|first| *first > until)
            .min();
        let Some(next) = next else { continue };
        if next.duration_since(until) > LONGEST_GAP {
            continue;
        }
        let after = until.checked_add(SignedDuration::from_secs(1)).unwrap_or(until);
        let span = Window::new(after.max(window.from), next.min(window.to));
        out.extend(
            occurrences::continued(ended, zone, span).into_iter().map(|(key, start, end)| Slot {
                key,
                start,
                end,
                cadence_days,
                kind: SlotKind::Gap,
            }),
        );
    }
    out
}
