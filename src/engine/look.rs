//! One look at the world: the mirror and what is known of everybody's time
//! become a snapshot.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use url::Url;

use crate::engine::error::EngineError;
use crate::engine::fetch::{AccountReading, describe};
use crate::engine::world::World;
use crate::model::id::{CalendarId, PairId};
use crate::model::pair::Pair;
use crate::model::server::MailEngine;
use crate::model::snapshot::{Coverage, MirroredEvent, PartnerTime, Quarantine, Snapshot};
use crate::model::time::{BusyPeriod, Window};
use crate::provider::{FreeBusyAnswer, published};
use crate::snapshot::{self, Input};

/// How far ahead partners' time is asked for.
const ASK_AHEAD: SignedDuration = SignedDuration::from_hours(24 * 7 * 5);

/// Partners' time as answered by the servers.
pub type PartnerTimes = BTreeMap<PairId, PartnerTime>;

/// Asks the servers when the partners are not free. What cannot be asked or is
/// not answered is unknown.
pub async fn ask_partner_times(world: &World, readings: &[AccountReading]) -> PartnerTimes {
    let now = world.now();
    let span = Window::new(now, now.saturating_add(ASK_AHEAD).unwrap_or(now));
    let mut times = PartnerTimes::new();
    for (account, reading) in world.accounts.iter().zip(readings) {
        let pairs: Vec<&Pair> = world.pairs.iter().filter(|p| p.account == account.id).collect();
        let able = reading
            .collections
            .as_ref()
            .is_some_and(|c| c.catalog.capabilities.free_busy_of_others);
        if pairs.is_empty() {
            continue;
        }
        if !able {
            let unknown = || "this calendar server cannot be asked".to_owned();
            times.extend(pairs.iter().map(|p| (p.id.clone(), unknown_time(unknown()))));
            continue;
        }
        let who: Vec<_> =
            pairs.iter().filter_map(|p| p.partner.addresses.first().cloned()).collect();
        match account.provider.free_busy(&who, span).await {
            Ok(answers) => {
                for pair in pairs {
                    times.insert(pair.id.clone(), answered(pair, &answers, span));
                }
            }
            Err(error) => {
                let reason = describe(&error);
                times.extend(pairs.iter().map(|p| (p.id.clone(), unknown_time(reason.clone()))));
            }
        }
    }
    ask_elsewhere(world, readings, span, &mut times).await;
    for pair in &world.pairs {
        let Some(address) = &pair.free_busy_url else { continue };
        let told = read_published(pair, address, span).await;
        let known = matches!(times.get(&pair.id), Some(PartnerTime::Known { .. }));
        if !known || matches!(told, PartnerTime::Known { .. }) {
            times.insert(pair.id.clone(), told);
        }
    }
    times
}

/// Asks the owner's other accounts for partners whose time is still unknown: a pair kept
/// on one server may be of people who share their time on another.
async fn ask_elsewhere(
    world: &World,
    readings: &[AccountReading],
    span: Window,
    times: &mut PartnerTimes,
) {
    for (account, reading) in world.accounts.iter().zip(readings) {
        let unknown =
            |pair: &&Pair| !matches!(times.get(&pair.id), Some(PartnerTime::Known { .. }));
        let pairs: Vec<&Pair> =
            world.pairs.iter().filter(|p| p.account != account.id).filter(unknown).collect();
        let able = reading
            .collections
            .as_ref()
            .is_some_and(|c| c.catalog.capabilities.free_busy_of_others);
        if pairs.is_empty() || !able {
            continue;
        }
        let who: Vec<_> =
            pairs.iter().filter_map(|p| p.partner.addresses.first().cloned()).collect();
        // What cannot be asked here stays as unknown as the pair's own account left it.
        let Ok(answers) = account.provider.free_busy(&who, span).await else { continue };
        for pair in pairs {
            let told = answered(pair, &answers, span);
            if matches!(told, PartnerTime::Known { .. }) {
                times.insert(pair.id.clone(), told);
            }
        }
    }
}

/// A partner's time as they publish it at the address the owner named.
async fn read_published(pair: &Pair, address: &Url, span: Window) -> PartnerTime {
    let data = match published::fetch(address).await {
        Ok(data) => data,
        Err(error) => return unknown_time(format!("`free_busy`: {}", describe(&error))),
    };
    match published::time(&data, &pair.partner.zone, span) {
        Ok(told) => PartnerTime::Known { span: told.span, busy: told.busy },
        Err(reason) => unknown_time(format!("`free_busy`: {reason}")),
    }
}

fn unknown_time(reason: String) -> PartnerTime {
    PartnerTime::Unknown { reason }
}

fn answered(pair: &Pair, answers: &[FreeBusyAnswer], span: Window) -> PartnerTime {
    let answer = answers.iter().find(|a| pair.partner.is(&a.who));
    match answer.map(|a| &a.busy) {
        Some(Ok(busy)) => PartnerTime::Known { span, busy: busy.clone() },
        Some(Err(reason)) => unknown_time(reason.clone()),
        None => unknown_time("the server did not answer for them".to_owned()),
    }
}

/// Builds the snapshot from the mirror.
///
/// # Errors
/// The store failed.
pub fn look(
    world: &mut World,
    readings: &[AccountReading],
    partner_busy: PartnerTimes,
) -> Result<Snapshot, EngineError> {
    let now = world.now();
    let coverage = coverage(readings);
    let calendars: BTreeSet<CalendarId> = coverage.keys().cloned().collect();
    for calendar in &calendars {
        world.parsed.refresh(&world.store, &world.owner, calendar)?;
    }
    let events: Vec<MirroredEvent> = world.parsed.events(&calendars).collect();
    let mut quarantined = world.parsed.quarantined(&calendars);
    for calendar in &calendars {
        let skipped = world.store.skipped(&world.owner, calendar)?;
        quarantined.extend(skipped.into_iter().map(|member| Quarantine {
            calendar: calendar.clone(),
            href: member.href,
            uid: None,
            reason: member.reason,
        }));
    }
    let mut snapshot = snapshot::build(Input {
        owner: &world.me,
        pairs: &world.pairs,
        events: &events,
        coverage,
        busy_calendars: Some(opaque(readings)),
        partner_busy,
        departed: world.departed.clone(),
        quarantined,
        engines: engines(readings),
        window: Window::new(
            now.saturating_sub(world.settings.history).unwrap_or(now),
            now.saturating_add(world.settings.horizon).unwrap_or(now),
        ),
        now,
    });
    without_own_meetings(&mut snapshot);
    Ok(snapshot)
}

/// A partner's free/busy answer shows the 1:1 itself as busy: taken out, or every
/// meeting would collide with itself. Servers merge what touches, so the span is
/// cut, not looked up.
fn without_own_meetings(snapshot: &mut Snapshot) {
    for view in &snapshot.pairs {
        let Some(PartnerTime::Known { busy, .. }) = snapshot.partner_busy.get_mut(&view.pair.id)
        else {
            continue;
        };
        for meeting in view.occurrences.iter().filter(|o| o.stands()) {
            let own = Window::new(meeting.start, meeting.end);
            *busy = std::mem::take(busy).into_iter().flat_map(|b| cut(b, own)).collect();
        }
    }
}

fn cut(period: BusyPeriod, own: Window) -> Vec<BusyPeriod> {
    if !period.span.overlaps(&own) {
        return vec![period];
    }
    let rest = [Window::new(period.span.from, own.from), Window::new(own.to, period.span.to)];
    rest.into_iter()
        .filter(|span| span.from < span.to)
        .map(|span| BusyPeriod { span, ..period.clone() })
        .collect()
}

fn coverage(readings: &[AccountReading]) -> BTreeMap<CalendarId, Coverage> {
    readings
        .iter()
        .flat_map(|reading| &reading.calendars)
        .map(|one| (one.calendar.clone(), one.coverage.clone()))
        .collect()
}

/// Calendars whose events take time (RFC 6638 `schedule-calendar-transp`).
fn opaque(readings: &[AccountReading]) -> BTreeSet<CalendarId> {
    readings
        .iter()
        .filter_map(|reading| reading.collections.as_ref())
        .flat_map(|collections| &collections.read)
        .filter(|calendar| calendar.opaque)
        .map(|calendar| calendar.id.clone())
        .collect()
}

fn engines(readings: &[AccountReading]) -> BTreeMap<CalendarId, MailEngine> {
    readings
        .iter()
        .filter_map(|reading| reading.collections.as_ref())
        .flat_map(|c| c.read.iter().map(|info| (info.id.clone(), c.catalog.capabilities.engine)))
        .collect()
}
