//! Carries out steps: intent into the journal, one conditional write, read back,
//! outcome into the journal. It makes no choice; a step that no longer fits is
//! stale, and the cycle plans again from a fresh reading.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use crate::engine::StepOutcome;
use crate::engine::error::EngineError;
use crate::engine::fetch::describe;
use crate::engine::hook::{self, Moment};
use crate::engine::recover;
use crate::engine::world::{AccountLink, World};
use crate::ical::compare;
use crate::ical::edit::{self, Editor};
use crate::model::id::{EventUid, Href};
use crate::model::journal::{Intent, JournalId, Outcome, WriteKind};
use crate::model::plan::{Action, Companion, MailEffect, NewSeries, Precondition, Step};
use crate::model::resource::Resource;
use crate::plan::words;
use crate::provider::{ErrorKind, ProviderError, Write};
use crate::store::EntryFilter;

/// How long a refusal is remembered, and a mail counts.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Carries out one step.
///
/// # Errors
/// The store failed; whatever the calendar did is an outcome.
pub async fn apply(world: &World, step: &Step) -> Result<StepOutcome, EngineError> {
    let Some(account) = world.account(&step.calendar.account) else {
        return Ok(StepOutcome::Refused("the account is not configured any more".to_owned()));
    };
    let href = match &step.action {
        Action::CreateSeries(NewSeries { uid, .. })
        | Action::CreateCompanion(Companion { uid, .. }) => {
            match account.provider.place_for(&step.calendar, uid).await {
                Ok(href) => href,
                Err(error) => return Ok(StepOutcome::Failed(describe(&error))),
            }
        }
        Action::MoveOccurrence { .. }
        | Action::WriteAgenda { .. }
        | Action::SetLink { .. }
        | Action::Restore { .. } => step.href.clone(),
    };
    let before = world.store.resource(&world.owner, &step.calendar, &href)?;
    if !still_fits(&step.precondition, before.as_ref()) {
        return Ok(StepOutcome::Stale);
    }
    let data = before.as_ref().map(|resource| resource.data.as_slice());
    let editor =
        Editor { now: Some(world.now()), owner: &world.me.addresses, zone: &world.me.zone };
    let sent = match edit::apply(data, &step.action, &editor) {
        Ok(sent) => sent,
        Err(error) => return Ok(StepOutcome::Refused(error.to_string())),
    };
    let intent = intent(world, step, &href, &before, &sent);
    if let Some(reason) = refused_before(world, &intent)? {
        return Ok(StepOutcome::Refused(reason));
    }
    if mailed_enough(world, &intent)? {
        let reason = "this event mailed somebody today already (`mails_per_event_per_day`)";
        return Ok(StepOutcome::Refused(reason.to_owned()));
    }
    let id = world.store.append_intent(&world.owner, &intent)?;
    hook::reached(Moment::IntentWritten);
    let write = Write { href, data: sent, action: step.action.clone() };
    let outcome = send(account, step, &write).await;
    hook::reached(Moment::Sent);
    settle(world, account, step, id, &intent, outcome).await
}

/// Whether a write that mails must wait: the occurrence had its mails of the day.
fn mailed_enough(world: &World, intent: &Intent) -> Result<bool, EngineError> {
    if intent.mails == Some(0) {
        return Ok(false);
    }
    let now = world.now();
    let since = now.checked_sub(A_DAY).unwrap_or(now);
    let event = Some((&intent.uid, intent.recurrence_id));
    let counts = world.store.write_counts(&world.owner, since, event)?;
    Ok(counts.mailing >= world.settings.mails_per_event)
}

/// The server's word when it refused this very step on this very version before:
/// asking again would only hammer it.
fn refused_before(world: &World, intent: &Intent) -> Result<Option<String>, EngineError> {
    let filter = EntryFilter {
        uid: Some(intent.uid.clone()),
        since: world.now().checked_sub(A_DAY).ok(),
        ..EntryFilter::default()
    };
    let entries = world.store.journal_entries(&world.owner, &filter)?;
    let same = entries.into_iter().filter(|entry| {
        entry.intent.step == intent.step && entry.intent.before_etag == intent.before_etag
    });
    Ok(same
        .filter_map(|entry| match entry.outcome {
            Some(Outcome::Refused { reason }) => Some(reason),
            Some(Outcome::Done { .. } | Outcome::Stale | Outcome::Failed { .. }) | None => None,
        })
        .next_back())
}

/// Whether the mirror still is what the step was planned on.
fn still_fits(precondition: &Precondition, now: Option<&Resource>) -> bool {
    match precondition {
        Precondition::Absent => now.is_none(),
        Precondition::Match(etag) => {
            now.and_then(|r| r.etag.as_ref()).is_some_and(|held| *held == etag.to_etag())
        }
    }
}

fn intent(
    world: &World,
    step: &Step,
    href: &Href,
    before: &Option<Resource>,
    sent: &[u8],
) -> Intent {
    let (uid, recurrence_id, kind, block, new_start) = match &step.action {
        Action::CreateSeries(series) => {
            let start = series.start.instant(&world.me.zone);
            (series.uid.clone(), None, WriteKind::Create, None, Some(start))
        }
        Action::MoveOccurrence { occurrence, start, .. } => (
            occurrence.uid.clone(),
            occurrence.recurrence_id,
            WriteKind::Move,
            None,
            Some(start.instant(&world.me.zone)),
        ),
        Action::WriteAgenda { occurrence, block, .. } => (
            occurrence.uid.clone(),
            occurrence.recurrence_id,
            WriteKind::Agenda,
            Some(block.clone()),
            None,
        ),
        Action::CreateCompanion(new) => {
            (new.uid.clone(), None, WriteKind::Agenda, Some(new.block.clone()), None)
        }
        Action::SetLink { uid, .. } => (uid.clone(), None, WriteKind::Link, None, None),
        Action::Restore { .. } => (EventUid::new(""), None, WriteKind::Undo, None, None),
    };
    Intent {
        step: step.id.clone(),
        pair: step.pair.clone(),
        calendar: step.calendar.clone(),
        href: href.clone(),
        uid,
        recurrence_id,
        kind,
        summary: words::step(step, &world.me.zone),
        at: world.now(),
        before: before.as_ref().map(|r| r.data.clone()),
        before_etag: before.as_ref().and_then(|r| r.etag.clone()),
        sent_digest: digest(sent),
        sent: Some(sent.to_vec()),
        new_start,
        mails: people(&step.mail),
        block,
        undoes: None,
    }
}

/// How many people a write is expected to mail; `None`: cannot be told.
pub fn people(effect: &MailEffect) -> Option<u32> {
    match effect {
        MailEffect::None => Some(0),
        MailEffect::Mails(people) => Some(u32::try_from(people.len()).unwrap_or(u32::MAX)),
        MailEffect::Unknown => None,
    }
}

/// SHA-256 in hex.
pub fn digest(data: &[u8]) -> String {
    Sha256::digest(data).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn send(account: &AccountLink, step: &Step, write: &Write) -> Result<Href, ProviderError> {
    let written = account.provider.put(&step.calendar, write, &step.precondition).await?;
    Ok(written.href)
}

/// Finds out what became of the write by reading it back, and journals it.
async fn settle(
    world: &World,
    account: &AccountLink,
    step: &Step,
    id: JournalId,
    intent: &Intent,
    sent: Result<Href, ProviderError>,
) -> Result<StepOutcome, EngineError> {
    let (href, trouble) = match sent {
        Ok(href) => (href, None),
        Err(error) => (intent.href.clone(), Some(error)),
    };
    if let Some(outcome) = trouble.as_ref().and_then(certain) {
        return close(world, id, outcome, step, account, &href).await;
    }
    let outcome = match account.provider.get(&step.calendar, &href).await {
        Ok(Some(held)) => {
            let etag = held.etag.clone();
            let happened = recover::happened(intent, Some(&held.data), &world.me.zone);
            world.store.mirror_put(&world.owner, &held)?;
            match trouble {
                None if !happened && unchanged(intent, &held.data, &world.me.zone) => {
                    let reason = "the server took the write and kept the old text".to_owned();
                    Outcome::Failed { reason }
                }
                // What a server or a person made of it since is theirs; the next
                // plan starts from it.
                None => Outcome::Done { etag },
                Some(_) if happened => Outcome::Done { etag },
                Some(error) => Outcome::Failed { reason: describe(&error) },
            }
        }
        Ok(None) => Outcome::Failed {
            reason: trouble.as_ref().map_or_else(
                || "the server took the write but does not hold it".to_owned(),
                describe,
            ),
        },
        // Not even readable: the intent stays open and is settled in a later cycle.
        Err(error) => return Ok(StepOutcome::Failed(describe(&error))),
    };
    hook::reached(Moment::ReadBack);
    world.store.append_outcome(id, &outcome, world.now())?;
    hook::reached(Moment::OutcomeWritten);
    Ok(told(outcome))
}

/// Whether the text is still the one before the write.
fn unchanged(intent: &Intent, held: &[u8], zone: &TimeZone) -> bool {
    intent.before.as_deref().is_some_and(|before| compare::same_meaning(held, before, zone))
}

/// Outcomes that need no reading back: the server said that it wrote nothing.
fn certain(error: &ProviderError) -> Option<Outcome> {
    match &error.kind {
        ErrorKind::PreconditionFailed | ErrorKind::NotFound => Some(Outcome::Stale),
        // It lies in a calendar that is not read: a person must say which is right.
        ErrorKind::UidExists { .. }
        | ErrorKind::Unauthorized
        | ErrorKind::Forbidden
        | ErrorKind::TooLarge
        | ErrorKind::Unsupported(_) => Some(Outcome::Refused { reason: describe(error) }),
        ErrorKind::RateLimited { .. } | ErrorKind::Tls(_) | ErrorKind::NoCredentials => {
            Some(Outcome::Failed { reason: describe(error) })
        }
        // A 5xx may come before or after the write took effect.
        ErrorKind::Unavailable
        | ErrorKind::OutcomeUnknown
        | ErrorKind::Protocol(_)
        | ErrorKind::SyncTokenInvalid
        | ErrorKind::Sink => None,
    }
}

async fn close(
    world: &World,
    id: JournalId,
    outcome: Outcome,
    step: &Step,
    account: &AccountLink,
    href: &Href,
) -> Result<StepOutcome, EngineError> {
    if outcome == Outcome::Stale {
        refresh(world, account, step, href).await?;
    }
    world.store.append_outcome(id, &outcome, world.now())?;
    Ok(told(outcome))
}

/// Puts the resource as the server has it into the mirror, so that the next plan
/// stands on it.
async fn refresh(
    world: &World,
    account: &AccountLink,
    step: &Step,
    href: &Href,
) -> Result<(), EngineError> {
    match account.provider.get(&step.calendar, href).await {
        Ok(Some(held)) => {
            world.store.mirror_put(&world.owner, &held)?;
        }
        Ok(None) => {
            world.store.mirror_remove(&world.owner, &step.calendar, href, world.now())?;
        }
        // The next fetch will tell.
        Err(_) => {}
    }
    Ok(())
}

fn told(outcome: Outcome) -> StepOutcome {
    match outcome {
        Outcome::Done { .. } => StepOutcome::Done,
        Outcome::Stale => StepOutcome::Stale,
        Outcome::Refused { reason } => StepOutcome::Refused(reason),
        Outcome::Failed { reason } => StepOutcome::Failed(reason),
    }
}
