//! What a series planned and what is on the calendar, by expanding its event with
//! and without its exceptions.

use std::collections::HashSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::ical::recur::{self, Limits};
use crate::model::event::{Event, EventStatus};
use crate::model::pair::Person;
use crate::model::snapshot::{
    MirroredEvent, Occurrence, OccurrenceKey, OrganizedBy, Series, Slot, SlotKind,
};
use crate::model::time::Window;

/// How far from its planned date a moved meeting is still looked for.
const REACH: SignedDuration = SignedDuration::from_hours(24 * 124);
/// Where nothing tells the rhythm.
const WEEK: u16 = 7;

fn widened(window: Window) -> Window {
    Window::new(
        window.from.checked_sub(REACH).unwrap_or(Timestamp::MIN),
        window.to.checked_add(REACH).unwrap_or(Timestamp::MAX),
    )
}

/// The meetings of an event that were planned for, or take place in, the window.
pub(crate) fn meetings(
    mirrored: &MirroredEvent,
    owner: &Person,
    partner: &Person,
    window: Window,
) -> Vec<Occurrence> {
    let event = &mirrored.event;
    let called_off = called_off(event);
    recur::expand(event, widened(window), &owner.zone, Limits::default())
        .occurrences
        .into_iter()
        .filter(|one| {
            window.contains(one.start_at) || one.recurrence_at.is_some_and(|at| window.contains(at))
        })
        .filter(|one| called_off.is_none_or(|at| one.start_at < at))
        .map(|one| {
            let reply = |person: &Person| {
                one.body.attendees.iter().find(|listed| person.is(&listed.address))
            };
            let partner_line = reply(partner);
            Occurrence {
                key: OccurrenceKey { uid: event.uid.clone(), recurrence_id: one.recurrence_at },
                resource: mirrored.resource.clone(),
                recurrence_id: one.recurrence_id,
                start_local: one.start,
                start: one.start_at,
                end: one.end_at,
                status: if called_off.is_some() && !one.overridden {
                    EventStatus::Confirmed
                } else {
                    one.body.status
                },
                overridden: one.overridden,
                owner_reply: reply(owner).map(|listed| listed.partstat),
                partner_reply: partner_line.map(|listed| listed.partstat),
                partner_comment: partner_line.and_then(|listed| listed.comment.clone()),
                description: one.body.description.clone(),
                last_modified: one.body.last_modified,
                sequence: one.body.sequence,
                guests_may_write: one.body.guests_may_write,
                organized_by: match &one.body.organizer {
                    Some(who) if owner.is(who) => OrganizedBy::Owner,
                    Some(who) if partner.is(who) => OrganizedBy::Partner,
                    Some(_) => OrganizedBy::Other,
                    None => OrganizedBy::Owner,
                },
            }
        })
        .collect()
}

/// The event as its rule alone has it: no exception, no single override, no date
/// added by hand (RDATE beside a rule is a meeting, not a plan). A change of "this
/// and all following" by RANGE is a change of the rule and stays.
fn bare(event: &Event) -> Event {
    let mut bare = event.clone();
    bare.recurrence.exceptions.clear();
    if !bare.recurrence.rules.is_empty() {
        bare.recurrence.dates.clear();
    }
    bare.overrides.retain(|over| over.this_and_future);
    bare
}

/// When a series was called off as a whole (STATUS:CANCELLED on its master): it
/// ended then. `None`: it was not. Without a date of the change it never was.
pub(crate) fn called_off(event: &Event) -> Option<Timestamp> {
    let master = event.master.as_ref()?;
    (event.recurs() && master.status == EventStatus::Cancelled)
        .then(|| master.last_modified.unwrap_or(Timestamp::MIN))
}

/// Every date a series plans in the window.
pub(crate) fn slots(series: &Series, zone: &TimeZone, window: Window) -> Vec<Slot> {
    let event = &series.event;
    let cadence_days = cadence_days(series, zone).unwrap_or(WEEK);
    let mut out: Vec<Slot> = Vec::new();
    if event.master.is_some() {
        let bare = bare(event);
        let called_off = called_off(event).unwrap_or(Timestamp::MAX);
        let given = recur::expand(&bare, window, zone, Limits::default()).occurrences;
        for one in given.into_iter().filter(|one| one.start_at < called_off) {
            out.push(Slot {
                key: OccurrenceKey { uid: series.uid.clone(), recurrence_id: one.recurrence_at },
                start: one.start_at,
                end: one.end_at,
                cadence_days,
                kind: SlotKind::Rule,
            });
        }
    }
    out.extend(orphans(series, zone, window, cadence_days, &out));
    out
}

/// Overrides whose date the rule does not give (any more): proof that it once did.
/// Leftovers beyond the end of a series and cancelled ones prove nothing.
fn orphans(
    series: &Series,
    zone: &TimeZone,
    window: Window,
    cadence_days: u16,
    given: &[Slot],
) -> Vec<Slot> {
    let known: HashSet<Option<Timestamp>> =
        given.iter().map(|slot| slot.key.recurrence_id).collect();
    let half = SignedDuration::from_hours(12 * i64::from(cadence_days));
    let event = &series.event;
    let mut out = Vec::new();
    for over in event.overrides.iter().filter(|over| !over.this_and_future) {
        let at = over.recurrence_id.instant(zone);
        if !window.contains(at) || known.contains(&Some(at)) {
            continue;
        }
        if event.master.is_some() {
            let beyond = series.until.is_some_and(|until| at > until);
            let near = given.iter().any(|slot| slot.start.duration_since(at).abs() <= half);
            if beyond || near || over.body.status == EventStatus::Cancelled {
                continue;
            }
        }
        let speaking = event.master.as_ref().unwrap_or(&over.body);
        let length = speaking.end.instant(zone).duration_since(speaking.start.instant(zone));
        out.push(Slot {
            key: OccurrenceKey { uid: series.uid.clone(), recurrence_id: Some(at) },
            start: at,
            end: at.checked_add(length).unwrap_or(at),
            cadence_days,
            kind: SlotKind::Orphan,
        });
    }
    out
}

/// The dates a series would give in the span if it had not ended.
pub(crate) fn continued(
    series: &Series,
    zone: &TimeZone,
    span: Window,
) -> Vec<(OccurrenceKey, Timestamp, Timestamp)> {
    let mut event = bare(&series.event);
    event.recurrence.rules = event.recurrence.rules.iter().map(|rule| endless(rule)).collect();
    recur::expand(&event, span, zone, Limits::default())
        .occurrences
        .into_iter()
        .map(|one| {
            let key = OccurrenceKey { uid: series.uid.clone(), recurrence_id: one.recurrence_at };
            (key, one.start_at, one.end_at)
        })
        .collect()
}

/// A rule without UNTIL and COUNT.
fn endless(rule: &str) -> String {
    let ends = |part: &&str| {
        let name = part.split('=').next().unwrap_or("").trim();
        !name.eq_ignore_ascii_case("UNTIL") && !name.eq_ignore_ascii_case("COUNT")
    };
    rule.split(';').filter(ends).collect::<Vec<_>>().join(";")
}

/// The length of a series' cadence in whole days: from its rule, else the usual
/// distance of its dates. `None` when it has fewer than two.
pub(crate) fn cadence_days(series: &Series, zone: &TimeZone) -> Option<u16> {
    if let Some(cadence) = series.cadence {
        return Some(whole_days(cadence.mean_days()));
    }
    let bare = bare(&series.event);
    let from = bare.master.as_ref()?.start.instant(zone);
    let year = SignedDuration::from_hours(24 * 366);
    let span = Window::new(from, from.checked_add(year).unwrap_or(Timestamp::MAX));
    let starts: Vec<Timestamp> = recur::expand(&bare, span, zone, Limits::default())
        .occurrences
        .iter()
        .map(|one| one.start_at)
        .collect();
    let mut gaps: Vec<i64> = starts
        .windows(2)
        .filter_map(|two| match two {
            [a, b] => Some(b.duration_since(*a).as_secs()),
            [] | [_] | [_, _, _, ..] => None,
        })
        .collect();
    gaps.sort_unstable();
    let median = gaps.get(gaps.len() / 2)?;
    u16::try_from((median + 43_200) / 86_400).ok().map(|days| days.max(1))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped to u16 before
fn whole_days(days: f64) -> u16 {
    days.round().clamp(1.0, f64::from(u16::MAX)) as u16
}
