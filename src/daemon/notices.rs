//! What a cycle found that the owner should hear of, told once. What was told
//! is remembered in the state, so a restart repeats nothing.

use jiff::Timestamp;

use crate::engine::world::World;
use crate::engine::{CycleReport, lookback};
use crate::model::agenda::ItemKind;
use crate::model::id::PairId;
use crate::model::observation::FlagKind;
use crate::model::pair::Role;
use crate::model::plan::Proposal;
use crate::model::snapshot::Coverage;
use crate::model::time::Window;
use crate::notify::{Notice, Notifiers, Topic};
use crate::plan::agenda::{due_at, next_meeting};
use crate::plan::words;
use crate::report::words::{flag_key, flag_text};
use crate::store::{ItemScope, StoreError};

/// The scope of "told once" in the state.
const SCOPE: &str = "notice";

/// Days a digest looks back.
const DIGEST_LOOKS_BACK: i64 = 92;

/// Tells the owner what is new. What no way accepted is offered again next time.
///
/// # Errors
/// The store failed; a way that fails is only logged.
pub async fn tell(
    world: &mut World,
    report: &CycleReport,
    notifiers: &Notifiers,
    digest_days: Option<u16>,
) -> Result<(), StoreError> {
    let now = world.now();
    let mut fresh = new_flags(world, now)?;
    for notice in frozen(report, now) {
        if world.store.marked_at(&world.owner, SCOPE, &notice.key)?.is_none() {
            fresh.push(notice);
        }
    }
    let proposed = report.plan.as_ref().and_then(|plan| plan.proposal.as_ref());
    let proposed = proposed.and_then(|one| proposal(world, one, now));
    for notice in prep(world, report, now)?.into_iter().chain(proposed) {
        if world.store.marked_at(&world.owner, SCOPE, &notice.key)?.is_none() {
            fresh.push(notice);
        }
    }
    if let Some(days) = digest_days {
        fresh.extend(digest(world, report, days, now)?);
    }
    if fresh.is_empty() {
        return Ok(());
    }
    let dispatched = notifiers.send(&fresh, now, &world.me.zone).await;
    for failed in &dispatched.failed {
        let error = super::chain(&failed.error);
        tracing::warn!(way = %failed.notifier, %error, "a notice did not go out");
    }
    for notice in fresh.iter().filter(|notice| dispatched.sent.contains(&notice.key)) {
        match (notice.topic, &notice.pair) {
            (Topic::Flag, Some(pair)) => {
                world.store.raise_flag(&world.owner, pair, &notice.key, now)?;
            }
            (Topic::Flag | Topic::Account | Topic::Prep | Topic::Proposal | Topic::Digest, _) => {
                world.store.mark_once(&world.owner, SCOPE, &notice.key, now)?;
            }
        }
    }
    Ok(())
}

/// Flags that stand and were not told yet. One that is gone is forgotten, so
/// that it is told again when it comes back.
fn new_flags(world: &World, now: Timestamp) -> Result<Vec<Notice>, StoreError> {
    let (store, owner) = (&world.store, &world.owner);
    let mut notices = Vec::new();
    for pair in &world.pairs {
        let standing: Vec<FlagKind> = world
            .ledger
            .pairs
            .get(&pair.id)
            .map_or_else(Vec::new, |p| p.flags.iter().copied().collect());
        let told: Vec<String> = store
            .flags(owner, &pair.id)?
            .into_iter()
            .filter(|flag| flag.cleared_at.is_none())
            .map(|flag| flag.key)
            .collect();
        let key_of = |flag: &FlagKind| format!("{}/{}", flag_key(*flag), pair.id);
        for key in told.iter().filter(|key| !standing.iter().any(|flag| key_of(flag) == **key)) {
            store.clear_flag(owner, &pair.id, key, now)?;
        }
        for flag in standing.iter().filter(|flag| !told.contains(&key_of(flag))) {
            notices.push(flag_notice(&pair.id, &pair.partner.name, *flag, now));
        }
    }
    Ok(notices)
}

fn flag_notice(pair: &PairId, name: &str, flag: FlagKind, now: Timestamp) -> Notice {
    Notice {
        key: format!("{}/{pair}", flag_key(flag)),
        topic: Topic::Flag,
        pair: Some(pair.clone()),
        title: format!("1:1 with {name}: {}", flag_text(flag)),
        body: format!(
            "`onbeat report {pair}` has the history, `onbeat plan {pair}` what can be done."
        ),
        at: now,
    }
}

/// Meetings with one's manager whose agenda is due: numbers only, what they are
/// about stands in the owner's private view.
fn prep(world: &World, report: &CycleReport, now: Timestamp) -> Result<Vec<Notice>, StoreError> {
    let Some(snapshot) = &report.snapshot else { return Ok(Vec::new()) };
    let mut notices = Vec::new();
    for view in snapshot.pairs.iter().filter(|view| view.pair.role == Role::Manager) {
        let pair = &view.pair;
        let Some(meeting) = next_meeting(view, now) else { continue };
        if now < due_at(snapshot, pair, meeting) {
            continue;
        }
        let items = world.store.items(&world.owner, &pair.id, ItemScope::Open)?;
        let count = |kind: ItemKind| items.iter().filter(|item| item.kind == kind).count();
        let start = meeting.start.to_zoned_datetime(world.me.zone.clone());
        notices.push(Notice {
            key: format!("prep/{}/{}", pair.id, meeting.start),
            topic: Topic::Prep,
            pair: Some(pair.id.clone()),
            title: format!("Prepare the 1:1 with {}", pair.partner.name),
            body: format!(
                "{}: {} topics, {} blockers, {} open actions. `onbeat agenda {} --private` has the checklist.",
                start.strftime("%a %-d %b %H:%M"),
                count(ItemKind::Topic),
                count(ItemKind::Blocker),
                count(ItemKind::Action),
                pair.id,
            ),
            at: now,
        });
    }
    Ok(notices)
}

/// This week's better standing slot.
fn proposal(world: &World, proposal: &Proposal, now: Timestamp) -> Option<Notice> {
    let pair = world.pairs.iter().find(|pair| pair.id == proposal.pair)?;
    Some(Notice {
        key: format!("slot/{}/{}", pair.id, proposal.to),
        topic: Topic::Proposal,
        pair: Some(pair.id.clone()),
        title: format!("1:1 with {}: another time would suit better", pair.partner.name),
        body: words::better_slot(proposal, &world.me.zone),
        at: now,
    })
}

/// Calendars that wait for a person's word.
fn frozen(report: &CycleReport, now: Timestamp) -> Vec<Notice> {
    let mut notices = Vec::new();
    for (calendar, coverage) in &report.coverage {
        if let Coverage::Frozen { reason } = coverage {
            notices.push(Notice {
                key: format!("frozen/{calendar}"),
                topic: Topic::Account,
                pair: None,
                title: format!("onbeat does not trust calendar {}", calendar.collection),
                body: format!("{reason}. If that is right: `onbeat sync --accept-shrink`."),
                at: now,
            });
        }
    }
    notices
}

/// The digest, when it is due: the report of the last quarter.
fn digest(
    world: &World,
    report: &CycleReport,
    days: u16,
    now: Timestamp,
) -> Result<Option<Notice>, StoreError> {
    let Some(snapshot) = &report.snapshot else { return Ok(None) };
    let today = world.me.zone.to_datetime(now).date();
    // Periods are counted from a Monday, so a weekly digest comes on Mondays.
    let days_since = today.duration_since(jiff::civil::Date::constant(2024, 1, 1)).as_hours() / 24;
    let number = days_since / i64::from(days.max(1));
    let key = format!("digest/{days}/{number}");
    if world.store.marked_at(&world.owner, SCOPE, &key)?.is_some() {
        return Ok(None);
    }
    let from = now
        .checked_sub(jiff::SignedDuration::from_hours(24 * DIGEST_LOOKS_BACK))
        .unwrap_or(Timestamp::MIN);
    let agenda = crate::engine::agenda::numbers(world, snapshot, &world.ledger)?;
    let data = lookback::report(&world.ledger, snapshot, agenda, Window::new(from, now), now);
    Ok(Some(Notice {
        key,
        topic: Topic::Digest,
        pair: None,
        title: format!("Your 1:1s, {}", today.strftime("%-d %B %Y")),
        body: crate::report::text::terminal(&data, false),
        at: now,
    }))
}
