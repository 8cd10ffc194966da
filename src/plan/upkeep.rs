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
use crate::plan::input::{Limits, PairState};
use crate::plan::{mail, step_id, targets, tolerance_days};

/// Prefix of every UID onbeat makes; with the journal it proves authorship.
pub const UID_PREFIX: &str = "onbeat-";
/// Points of an occurrence that cannot be held at all; see `docs/scheduling.md`.
const MISS: i64 = 400;
/// Points of an occurrence that must be moved on the same day.
const MOVE_SAME_DAY: i64 = 20;

/// The series that carries the pair on, if there is one.
pub fn live_series(view: &PairView, now: Timestamp) -> Option<&Series> {
    view.series.iter().rev().find(|series| series.until.is_none_or(|until| until > now))
}

/// A step that creates the missing series, or why there is none.
pub fn upkeep(
    snapshot: &Snapshot,
    view: &PairView,
    state: &PairState,
    limits: &Limits,
) -> Result<Option<Step>, Waiting> {
    if live_series(view, snapshot.now).is_some() {
        return Ok(None);
    }
    let pair = &view.pair;
    let waiting = |cause| Waiting { pair: pair.id.clone(), occurrence: None, cause };
    let Some(calendar) = state.target.clone() else {
        return Err(waiting(WaitingCause::ReadOnly));
    };
    let ground = Ground::new(snapshot, pair, limits.max_per_day);
    let Some(best) = best_base(snapshot, pair, &ground, limits) else {
        return Err(waiting(no_base(snapshot, pair, &ground)));
    };
    let series = new_series(snapshot, pair, &best, &state.standing);
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
        why: reasons(snapshot, pair, &best, ended),
        // A series that was there and is gone was ended by somebody.
        needs_person: ended.is_some(),
    }))
}

/// A base slot with what it costs over the horizon.
#[derive(Debug, Clone)]
struct Base {
    first: Date,
    start: Timestamp,
    cost: i64,
    free: usize,
    of: usize,
    tried: usize,
}

/// The cheapest base slot: every phase, weekday and time of the window, each
/// occurrence at its own price. Exact for one pair; ties go to the earlier start.
fn best_base(
    snapshot: &Snapshot,
    pair: &Pair,
    ground: &Ground<'_>,
    limits: &Limits,
) -> Option<Base> {
    let zone = &snapshot.owner.zone;
    let from = zone
        .to_datetime(snapshot.now.saturating_add(pair.freeze).unwrap_or(snapshot.now))
        .date()
        .tomorrow()
        .ok()?;
    let end = from.checked_add(limits.horizon_days.days()).ok()?;
    let weekdays: Vec<_> = jiff::civil::Weekday::Monday
        .cycle_forward()
        .take(7)
        .filter(|d| !pair.window.on(*d).is_empty())
        .collect();
    let mut best: Option<Base> = None;
    let mut tried = 0;
    for first in targets::first_dates(pair.cadence, &weekdays, from) {
        let dates = targets::dates(pair.cadence, first, end);
        for start in ground.starts_on(first) {
            tried += 1;
            let time = zone.to_datetime(start).time();
            let priced = price(snapshot, pair, ground, &dates, time);
            let Some((cost, free)) = priced else { continue };
            if free == 0 {
                continue;
            }
            let better = best.as_ref().is_none_or(|b| (cost, start) < (b.cost, b.start));
            if better {
                best = Some(Base { first, start, cost, free, of: dates.len(), tried: 0 });
            }
        }
    }
    best.map(|b| Base { tried, ..b })
}

/// Points and the number of occurrences that stand as planned.
fn price(
    snapshot: &Snapshot,
    pair: &Pair,
    ground: &Ground<'_>,
    dates: &[Date],
    time: jiff::civil::Time,
) -> Option<(i64, usize)> {
    if dates.is_empty() {
        return None;
    }
    let mut cost = 0;
    let mut free = 0;
    for date in dates {
        let start = crate::model::time::resolve(date.to_datetime(time), &snapshot.owner.zone);
        match ground.place(start) {
            Ok(place) => {
                free += 1;
                cost += place.points;
            }
            Err(_) => cost += moved_price(pair, ground, *date).unwrap_or(MISS),
        }
    }
    Some((cost, free))
}

/// The cheapest other place of one occurrence, within the pair's tolerance.
fn moved_price(pair: &Pair, ground: &Ground<'_>, date: Date) -> Option<i64> {
    let mut days: Vec<i64> = (-tolerance_days(pair)..=tolerance_days(pair)).collect();
    days.sort_by_key(|d| d.abs());
    for days in days {
        let Ok(day) = date.checked_add(days.days()) else { continue };
        let best = ground
            .starts_on(day)
            .into_iter()
            .filter_map(|s| ground.place(s).ok())
            .min_by_key(|p| p.points);
        if let Some(place) = best {
            return Some(place.points + move_points(days));
        }
    }
    None
}

/// Points of a move by so many days.
pub fn move_points(days: i64) -> i64 {
    match days.abs() {
        0 => MOVE_SAME_DAY,
        n => (40 + 10 * (n - 1)).min(80),
    }
}

fn new_series(snapshot: &Snapshot, pair: &Pair, base: &Base, standing: &str) -> NewSeries {
    let owner = &snapshot.owner;
    let zone = owner.zone.clone();
    let local = zone.to_datetime(base.start);
    let tzid = zone.iana_name().unwrap_or("UTC").to_owned();
    let organizer = owner.addresses.first().cloned();
    let partner = pair.partner.addresses.first().cloned();
    let empty = || crate::model::id::Address::new("");
    NewSeries {
        uid: derived_uid(owner, pair, base.first),
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

fn reasons(snapshot: &Snapshot, pair: &Pair, base: &Base, ended: Option<Timestamp>) -> Vec<Reason> {
    let mut why = vec![ended.map_or(Reason::NoSeries, Reason::SeriesEnded)];
    why.push(Reason::Stands { free: base.free, of: base.of });
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
    let mut counts: Vec<(String, usize)> = Vec::new();
    for days in 1..=28_i64 {
        let Ok(date) = today.checked_add(days.days()) else { continue };
        for start in ground.starts_on(date) {
            if let Err(blocker) = ground.place(start) {
                count(&mut counts, &blocker);
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
        blocked_by: counts,
        remedy: Some(remedy),
    }
}

/// Counts a blocker by its words.
pub fn count(counts: &mut Vec<(String, usize)>, blocker: &Blocker) {
    let words = blocker.words();
    match counts.iter_mut().find(|(name, _)| *name == words) {
        Some((_, n)) => *n += 1,
        None => counts.push((words, 1)),
    }
}

/// Length of a pair's meetings as a span end.
pub fn end_of(start: Timestamp, duration: SignedDuration) -> Timestamp {
    start.saturating_add(duration).unwrap_or(Timestamp::MAX)
}
