//! When the owner is not free: own calendars, without the pairs' own series.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::ical::recur::{self, Instance, Limits};
use crate::model::event::{BusyStatus, EventBody, EventStatus, Partstat, Transparency};
use crate::model::id::EventUid;
use crate::model::pair::Person;
use crate::model::snapshot::{Absence, PairView};
use crate::model::time::{BusyPeriod, Fbtype, Window};
use crate::snapshot::Input;
use crate::snapshot::join::Joined;
use crate::snapshot::words;

/// An event longer than this that started before the window is still seen.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 31);

/// Collects the owner's busy time in the window, by start.
pub(crate) fn owner(
    joined: &[Joined],
    pairs: &[PairView],
    absences: &[Absence],
    input: &Input<'_>,
) -> Vec<BusyPeriod> {
    let own: BTreeSet<&EventUid> =
        pairs.iter().flat_map(|view| view.series.iter().map(|series| &series.uid)).collect();
    let from = input.window.from.checked_sub(LONGEST).unwrap_or(input.window.from);
    let wide = Window::new(from, input.window.to);
    let mut out: Vec<BusyPeriod> = absences
        .iter()
        .filter(|away| input.owner.is(&away.who) && away.span.overlaps(&input.window))
        .map(|away| BusyPeriod {
            span: away.span,
            kind: Fbtype::Unavailable,
            label: Some(away.label.clone()),
            uid: None,
        })
        .collect();
    for one in joined {
        let event = one.event();
        let calendar = &one.mirrored.resource.calendar;
        let counts = input.busy_calendars.as_ref().is_none_or(|busy| busy.contains(calendar));
        if !counts || own.contains(&event.uid) {
            continue;
        }
        for instance in recur::expand(event, wide, &input.owner.zone, Limits::default()).occurrences
        {
            let span = Window::new(instance.start_at, instance.end_at);
            if let Some(kind) = kind(&instance, input.owner)
                && span.overlaps(&input.window)
                && !covered(absences, input.owner, &instance, span)
            {
                let label = label(instance.body);
                let uid = Some(event.uid.clone());
                out.push(BusyPeriod { span, kind, label: Some(label), uid });
            }
        }
    }
    out.sort_by_key(|busy| busy.span);
    out
}

fn label(body: &EventBody) -> String {
    if body.private { "private appointment".to_owned() } else { body.summary.clone() }
}

/// An all-day absence is already there as such.
fn covered(absences: &[Absence], owner: &Person, one: &Instance<'_>, span: Window) -> bool {
    one.start.is_date()
        && absences.iter().any(|away| owner.is(&away.who) && away.span == span && !away.holiday)
}

/// Whether, and how firmly, an event takes the owner's time.
fn kind(instance: &Instance<'_>, owner: &Person) -> Option<Fbtype> {
    let body = instance.body;
    if body.status == EventStatus::Cancelled {
        return None;
    }
    let reply = body.attendees.iter().find(|one| owner.is(&one.address)).map(|one| one.partstat);
    if reply == Some(Partstat::Declined) {
        return None;
    }
    match body.busy_status {
        Some(BusyStatus::OutOfOffice) => return Some(Fbtype::Unavailable),
        Some(BusyStatus::Free | BusyStatus::WorkingElsewhere) => return None,
        Some(BusyStatus::Tentative | BusyStatus::Busy | BusyStatus::FocusTime) | None => {}
    }
    if body.transparency == Transparency::Transparent
        || (instance.start.is_date() && words::is_reminder(&body.summary))
    {
        return None;
    }
    let organizes = body.organizer.as_ref().is_none_or(|organizer| owner.is(organizer));
    let soft = body.status == EventStatus::Tentative
        || matches!(body.busy_status, Some(BusyStatus::Tentative | BusyStatus::FocusTime))
        || match reply {
            Some(Partstat::Tentative) => true,
            // An invitation nobody answered holds the time only loosely.
            Some(Partstat::NeedsAction) => !organizes,
            Some(Partstat::Accepted | Partstat::Declined | Partstat::Delegated) | None => false,
        };
    Some(if soft { Fbtype::Tentative } else { Fbtype::Busy })
}
