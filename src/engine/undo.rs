//! Takes a write back: puts the journaled before-image in place of what onbeat
//! wrote, if nobody changed it since. It is a write like any other: journaled,
//! conditional, read back.

use jiff::tz::TimeZone;

use crate::engine::StepOutcome;
use crate::engine::apply::digest;
use crate::engine::error::EngineError;
use crate::engine::fetch::describe;
use crate::engine::world::{AccountLink, World};
use crate::ical::compare;
use crate::model::id::{Etag, StepId, StrongEtag};
use crate::model::journal::{Intent, JournalEntry, JournalId, Outcome, WriteKind};
use crate::model::plan::{Action, Precondition};
use crate::model::resource::Resource;
use crate::plan::upkeep::UID_PREFIX;
use crate::provider::{ErrorKind, ProviderError, Write};
use crate::store::EntryFilter;

/// Takes one journaled write back.
///
/// # Errors
/// The store failed, there is no such write, or it cannot be taken back safely.
pub async fn undo(world: &World, id: JournalId) -> Result<StepOutcome, EngineError> {
    let entry =
        world.store.journal_entry(&world.owner, id)?.ok_or(EngineError::NoSuchWrite(id.0))?;
    let refuse = |why: String| EngineError::CannotUndo { id: id.0, why };
    if !matches!(entry.outcome, Some(Outcome::Done { .. })) {
        return Err(refuse("it was never carried out".to_owned()));
    }
    let account = world
        .account(&entry.intent.calendar.account)
        .ok_or_else(|| refuse("its account is not configured any more".to_owned()))?;
    let held = account.provider.get(&entry.intent.calendar, &entry.intent.href).await;
    let held = held.map_err(|error| refuse(describe(&error)))?;
    let Some(held) = held else {
        return Err(refuse("the event is not there any more".to_owned()));
    };
    let restored = restored(world, &entry)?;
    if let Err(why) = untouched(&entry, &held, &restored, &world.me.zone) {
        return Err(refuse(later_write(world, &entry, &held)?.unwrap_or(why)));
    }
    let etag = held.etag.as_ref().and_then(Etag::strong);
    let etag = etag.ok_or_else(|| refuse("the server gives no strong entity tag".to_owned()))?;
    restore(world, account, &entry, &held, &etag).await
}

/// A text an earlier undo put back, and the tag the server gave it.
type Restored = (Option<Vec<u8>>, Option<Etag>);

/// What earlier undos put back: taking writes back one after the other, each
/// stands on what the one before restored.
fn restored(world: &World, entry: &JournalEntry) -> Result<Vec<Restored>, EngineError> {
    let filter = EntryFilter {
        uid: Some(entry.intent.uid.clone()),
        kind: Some(WriteKind::Undo),
        ..EntryFilter::default()
    };
    let entries = world.store.journal_entries(&world.owner, &filter)?;
    Ok(entries
        .into_iter()
        .filter(|undo| undo.intent.href == entry.intent.href)
        .filter_map(|undo| match undo.outcome {
            Some(Outcome::Done { etag: etag @ Some(_) }) => Some((undo.intent.sent, etag)),
            Some(
                Outcome::Done { etag: None }
                | Outcome::Stale
                | Outcome::Refused { .. }
                | Outcome::Failed { .. },
            )
            | None => None,
        })
        .collect())
}

/// When what stands in the way is onbeat's own: the write to take back first.
fn later_write(
    world: &World,
    entry: &JournalEntry,
    held: &Resource,
) -> Result<Option<String>, EngineError> {
    let filter = EntryFilter { uid: Some(entry.intent.uid.clone()), ..EntryFilter::default() };
    let entries = world.store.journal_entries(&world.owner, &filter)?;
    let later = entries.iter().filter(|later| {
        later.id > entry.id
            && later.intent.href == entry.intent.href
            && untouched(later, held, &[], &world.me.zone).is_ok()
    });
    Ok(later
        .map(|later| later.id)
        .max()
        .map(|id| format!("onbeat changed the same event later; take back write {id} first")))
}

/// An undo must not lose what somebody did after the write.
fn untouched(
    entry: &JournalEntry,
    held: &Resource,
    restored: &[Restored],
    zone: &TimeZone,
) -> Result<(), String> {
    let intent = &entry.intent;
    let Some(Outcome::Done { etag }) = &entry.outcome else {
        return Err("it was never carried out".to_owned());
    };
    // A tag that moved on means that somebody wrote since, be it only an alarm or
    // a reply; the meaning alone would not show it.
    let untouched = match etag {
        Some(_) => {
            *etag == held.etag || restored.contains(&(intent.sent.clone(), held.etag.clone()))
        }
        None => {
            intent.sent.as_ref().is_some_and(|sent| compare::same_meaning(&held.data, sent, zone))
        }
    };
    if !untouched {
        return Err("the event was changed since; undoing would lose that change".to_owned());
    }
    if intent.before.is_none() && !intent.uid.as_str().starts_with(UID_PREFIX) {
        return Err("only events onbeat created can be deleted".to_owned());
    }
    Ok(())
}

async fn restore(
    world: &World,
    account: &AccountLink,
    entry: &JournalEntry,
    held: &Resource,
    etag: &StrongEtag,
) -> Result<StepOutcome, EngineError> {
    let intent = &entry.intent;
    let journaled = Intent {
        step: StepId::new(format!("undo-{}", entry.id)),
        kind: WriteKind::Undo,
        summary: format!("take back write {}: {}", entry.id, intent.summary),
        at: world.now(),
        before: Some(held.data.clone()),
        before_etag: held.etag.clone(),
        sent_digest: digest(intent.before.as_deref().unwrap_or_default()),
        sent: intent.before.clone(),
        new_start: None,
        block: None,
        undoes: Some(entry.id),
        ..intent.clone()
    };
    let id = world.store.append_intent(&world.owner, &journaled)?;
    let sent = match &intent.before {
        Some(before) => {
            let action = Action::Restore { data: Some(before.clone()) };
            let write = Write { href: intent.href.clone(), data: before.clone(), action };
            let precondition = Precondition::Match(etag.clone());
            account.provider.put(&intent.calendar, &write, &precondition).await.map(|_| ())
        }
        None => account.provider.delete(&intent.calendar, &intent.href, etag).await,
    };
    let outcome = read_back(world, account, intent, sent).await?;
    world.store.append_outcome(id, &outcome, world.now())?;
    Ok(match outcome {
        Outcome::Done { .. } => StepOutcome::Done,
        Outcome::Stale => StepOutcome::Stale,
        Outcome::Refused { reason } => StepOutcome::Refused(reason),
        Outcome::Failed { reason } => StepOutcome::Failed(reason),
    })
}

async fn read_back(
    world: &World,
    account: &AccountLink,
    intent: &Intent,
    sent: Result<(), ProviderError>,
) -> Result<Outcome, EngineError> {
    if sent.as_ref().is_err_and(|error| error.kind == ErrorKind::PreconditionFailed) {
        return Ok(Outcome::Stale);
    }
    let failed = |error: &ProviderError| Outcome::Failed { reason: describe(error) };
    let held = match account.provider.get(&intent.calendar, &intent.href).await {
        Ok(held) => held,
        Err(error) => return Ok(failed(&error)),
    };
    let done = match (&intent.before, &held) {
        (None, None) => true,
        (Some(before), Some(held)) => compare::same_meaning(&held.data, before, &world.me.zone),
        (None, Some(_)) | (Some(_), None) => false,
    };
    let etag = held.as_ref().and_then(|r| r.etag.clone());
    match held {
        Some(held) => {
            world.store.mirror_put(&world.owner, &held)?;
        }
        None => {
            let now = world.now();
            world.store.mirror_remove(&world.owner, &intent.calendar, &intent.href, now)?;
        }
    }
    Ok(match (done, sent) {
        (true, _) => Outcome::Done { etag },
        (false, Err(error)) => failed(&error),
        (false, Ok(())) => Outcome::Failed { reason: "the server holds something else".to_owned() },
    })
}
