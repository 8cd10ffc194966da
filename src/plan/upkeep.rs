//! Keeps every pair on the calendar: a series that goes on, adopted where there
//! is one, created at the best place where there is none.

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::model::id::{EventUid, Href};
use crate::model::pair::{Pair, Person};
use crate::model::plan::{Action, NewSeries, Precondition, Reason, Step, Waiting, WaitingCause};
use crate::model::snapshot::{PairView, PartnerTime, Series, Snapshot};
use crate::model::time::CalTime;
use crate::plan::ground::{Blocker, Ground};
use crate::plan::input::PairState;
use crate::plan::joint::Arranged;
use crate::plan::{mail, step_id};

/// Prefix of every UID onbeat makes; with the journal it proves authorship.
pub const UID_PREFIX: &str = "onbeat-";

/// The series that carries the pair on, if there is one.
pub fn live_series(view: &PairView, now: Timestamp) -> Option<&Series> {
    view.series.iter().rev().find(|series| series.until.is_none_or(|until| until > now))
}

/// A step that creates the missing series, or why there is none.
pub fn upkeep(
    snapshot: &Snapshot,
    view: &PairView,
    state: &PairState,
    ground: &Ground<'_>,
    arranged: Option<&Arranged>,
) -> Result<Option<Step>, Waiting> {
    if live_series(view, snapshot.now).is_some() {
        return Ok(None);
    }
    let pair = &view.pair;
    let waiting = |cause| Waiting { pair: pair.id.clone(), occurrence: None, cause };
    let Some(calendar) = state.target.clone() else {
        return Err(waiting(WaitingCause::ReadOnly));
    };
    let Some(base) = arranged else {
        return Err(waiting(no_base(snapshot, pair, ground)));
    };
    let series = new_series(snapshot, pair, base, &state.standing);
    let engine = snapshot
        .engines
        .get(&calendar)
        .copied()
        .unwrap_or(crate::model::server::MailEngine::Unknown);
    let mail =
        mail::predict(engine, mail::Change::Invite, std::slice::from_ref(&series.attendee.0));
    let ended = view.series.iter().filter_map(|s| s.until).max().or(state.last_known);
    let href = Href::new(format!("{}.ics", series.uid));
    let action = Action::CreateSeries(series);
    Ok(Some(Step {
        id: step_id(pair, &href, &action),
        pair: pair.id.clone(),
        calendar,
        href,
        action,
        precondition: Precondition::Absent,
        mail,
        why: reasons(snapshot, pair, ground, base, ended),
        // A series that was there and is gone was ended by somebody; one that could
        // not be read may be this very one.
        needs_person: ended.is_some() || !snapshot.quarantined.is_empty(),
        after: Vec::new(),
    }))
}

fn new_series(snapshot: &Snapshot, pair: &Pair, base: &Arranged, standing: &str) -> NewSeries {
    let owner = &snapshot.owner;
    let zone = owner.zone.clone();
    let local = zone.to_datetime(base.start);
    let tzid = zone.iana_name().unwrap_or("UTC").to_owned();
    let organizer = owner.addresses.first().cloned();
    let partner = pair.partner.addresses.first().cloned();
    let empty = || crate::model::id::Address::new("");
    NewSeries {
        uid: derived_uid(owner, pair, local.date()),
        title: pair.title.clone(),
        start: CalTime::Zoned { local, tzid: tzid.into(), zone },
        duration: pair.duration,
        cadence: pair.cadence,
        organizer: (organizer.unwrap_or_else(empty), owner.name.clone()),
        attendee: (partner.unwrap_or_else(empty), pair.partner.name.clone()),
        description: standing.to_owned(),
        stamp: snapshot.now,
    }
}

/// The UID of a series: the same two people and first date give the same UID, so
/// that a repeated creation meets its own first try. Another owner's series with
/// the same partner must not: both lie in the partner's calendar.
fn derived_uid(owner: &Person, pair: &Pair, first: Date) -> EventUid {
    let me = owner.addresses.first().map_or("", crate::model::id::Address::as_str);
    let name = format!("{me}\n{}\n{first}", pair.id);
    EventUid::new(format!("{UID_PREFIX}{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())))
}

fn reasons(
    snapshot: &Snapshot,
    pair: &Pair,
    ground: &Ground<'_>,
    base: &Arranged,
    ended: Option<Timestamp>,
) -> Vec<Reason> {
    let mut why = vec![match ended {
        None => Reason::NoSeries,
        Some(at) if at > snapshot.now => Reason::SeriesGone,
        Some(at) => Reason::SeriesEnded(at),
    }];
    let zone = &snapshot.owner.zone;
    let time = zone.to_datetime(base.start).time();
    let free = base.dates.iter().filter(|date| {
        ground.place(crate::model::time::resolve(date.to_datetime(time), zone)).is_ok()
    });
    why.push(Reason::Stands { free: free.count(), of: base.dates.len() });
    if let Some((day, time)) = pair.ideal {
        let local = snapshot.owner.zone.to_datetime(base.start);
        let off = local.time().duration_until(time).as_mins().abs();
        why.push(match (local.weekday() == day, off) {
            (true, 0) => Reason::Ideal,
            (true, minutes) => Reason::NearIdeal(minutes),
            (false, _) => Reason::OtherDay(local.weekday()),
        });
    }
    why.push(Reason::BestOf(base.tried));
    why.extend(base.alternatives.iter().take(1).map(|(start, points, moved)| Reason::RunnerUp {
        start: *start,
        points: *points,
        moved: *moved,
    }));
    if partner_time_unknown(snapshot, pair) {
        why.push(Reason::PartnerTimeUnknown);
    }
    why
}

/// Whether nobody could say when the partner is free.
pub fn partner_time_unknown(snapshot: &Snapshot, pair: &Pair) -> bool {
    !matches!(snapshot.partner_busy.get(&pair.id), Some(PartnerTime::Known { .. }))
}

/// Why no base slot is possible: what took the places of the coming weeks away.
fn no_base(snapshot: &Snapshot, pair: &Pair, ground: &Ground<'_>) -> WaitingCause {
    let zone = &snapshot.owner.zone;
    let today = zone.to_datetime(snapshot.now).date();
    let mut counts: Vec<(Blocker, usize)> = Vec::new();
    for days in 1..=28_i64 {
        let Ok(date) = today.checked_add(days.days()) else { continue };
        for start in ground.starts_on(date) {
            if let Err(blocker) = ground.place(start) {
                count(&mut counts, blocker);
            }
        }
    }
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let length = pair.duration.as_mins();
    let too_short = counts.is_empty();
    let remedy = if too_short {
        format!("the window has no room for {length} minutes: widen `window`")
    } else {
        "widen `window` or the working hours, or free one slot a week".to_owned()
    };
    WaitingCause::NoSlot {
        blocker: "no series is on the calendar".to_owned(),
        blocked_by: counts.into_iter().map(|(blocker, n)| (blocker.words(), n)).collect(),
        remedy: Some(remedy),
    }
}

/// Counts a blocker.
pub(crate) fn count(counts: &mut Vec<(Blocker, usize)>, blocker: Blocker) {
    match counts.iter_mut().find(|(known, _)| *known == blocker) {
        Some((_, n)) => *n += 1,
        None => counts.push((blocker, 1)),
    }
}

/// Length of a pair's meetings as a span end.
pub fn end_of(start: Timestamp, duration: SignedDuration) -> Timestamp {
    start.saturating_add(duration).unwrap_or(Timestamp::MAX)
}
