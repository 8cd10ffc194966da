//! Provider → mirror. Pages are stored as they come; what is missing counts as
//! gone only at the end of a complete reading, and only when it is believable.

use jiff::Timestamp;

use crate::engine::catalog::{self, Collections};
use crate::engine::error::EngineError;
use crate::engine::world::{AccountLink, World};
use crate::model::id::{AccountId, CalendarId, Etag, Href, OwnerId};
use crate::model::resource::Resource;
use crate::model::snapshot::Coverage;
use crate::provider::{Changes, Disposition, ErrorKind, Extent, MirrorSink, ProviderError};
use crate::store::{ReadExtent, Reading, ReadingEnd, Store, StoreError, TokenChange};

/// Missing members that are asked for one by one before they count as gone.
const PROVE_AT_MOST: usize = 50;
/// From this many members on, an emptied calendar is not believed even when every
/// removal was reported.
const EMPTIED_FROM: u64 = 3;
/// How long an account with refused credentials is left alone.
const CREDENTIALS_PAUSE_HOURS: i64 = 6;

/// One account after fetching.
#[derive(Debug)]
pub struct AccountReading {
    /// The account's collections; `None` when they could not be found out.
    pub collections: Option<Collections>,
    /// How each calendar's reading went.
    pub calendars: Vec<CalendarReading>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// One calendar after fetching.
#[derive(Debug)]
pub struct CalendarReading {
    /// Which.
    pub calendar: CalendarId,
    /// How complete the mirror is now.
    pub coverage: Coverage,
    /// New or changed resources.
    pub changed: u64,
    /// Vanished resources.
    pub vanished: u64,
}

/// Reads everything that changed in an account.
///
/// # Errors
/// The store failed.
pub async fn fetch(world: &World, account: &AccountLink) -> Result<AccountReading, EngineError> {
    let mut reading =
        AccountReading { collections: None, calendars: Vec::new(), notes: Vec::new() };
    if world.resting.contains(&account.id) {
        let reason = "it failed before and is tried again later".to_owned();
        return unread(world, account, reading, &reason);
    }
    if let Some(reason) = paused(world, account)? {
        reading.notes.push(format!("account {}: {reason}", account.id));
        return unread(world, account, reading, &reason);
    }
    let catalog = match catalog::catalog(world, account).await? {
        Ok(catalog) => catalog,
        Err(error) => {
            let reason = describe(&error);
            note_refusal(world, account, &error)?;
            reading.notes.push(format!("account {}: {reason}", account.id));
            return unread(world, account, reading, &reason);
        }
    };
    let collections = match catalog::collections(account, catalog) {
        Ok(collections) => collections,
        Err(error) => {
            // Somebody renamed it, or the configuration has a typo: look anew next
            // time, and let the other accounts go on.
            world.store.drop_catalog(&world.owner, &account.id, world.now())?;
            let reason = error.to_string();
            reading.notes.push(reason.clone());
            return unread(world, account, reading, &reason);
        }
    };
    for calendar in &collections.read {
        let one = read_calendar(world, account, &calendar.id).await?;
        if let Some(note) = trouble(&calendar.name, &one.coverage) {
            reading.notes.push(format!("account {}: {note}", account.id));
        }
        reading.calendars.push(one);
    }
    reading.collections = Some(collections);
    Ok(reading)
}

fn trouble(name: &str, coverage: &Coverage) -> Option<String> {
    match coverage {
        Coverage::Complete { .. } => None,
        Coverage::Partial { reason, .. } | Coverage::Failed { reason, .. } => {
            Some(format!("calendar “{name}” could not be read completely: {reason}"))
        }
        Coverage::Frozen { reason } => Some(format!("calendar “{name}” is frozen: {reason}")),
    }
}

/// An error, its causes and its remedy in one line.
pub fn describe(error: &ProviderError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    if let Some(remedy) = error.remedy.as_ref().filter(|remedy| !text.contains(remedy.as_str())) {
        text.push_str("; ");
        text.push_str(remedy);
    }
    text
}

/// Nothing was read: every calendar known of the account keeps its rows and says so.
fn unread(
    world: &World,
    account: &AccountLink,
    mut reading: AccountReading,
    reason: &str,
) -> Result<AccountReading, EngineError> {
    let known = world.store.catalog(&world.owner, &account.id)?;
    let collections = known.map(|catalog| catalog::collections(account, catalog)).transpose();
    if let Ok(Some(collections)) = collections {
        for calendar in &collections.read {
            let state = world.store.calendar_state(&world.owner, &calendar.id)?;
            reading.calendars.push(CalendarReading {
                calendar: calendar.id.clone(),
                coverage: failed(state.map(|s| s.coverage), reason),
                changed: 0,
                vanished: 0,
            });
        }
        reading.collections = Some(collections);
    }
    if reading.calendars.is_empty() {
        // Never discovered: the account as a whole is not readable.
        reading.calendars.push(CalendarReading {
            calendar: CalendarId::new(account.id.as_str(), ""),
            coverage: Coverage::Failed { synced_at: None, reason: reason.to_owned() },
            changed: 0,
            vanished: 0,
        });
    }
    Ok(reading)
}

fn failed(before: Option<Coverage>, reason: &str) -> Coverage {
    let synced_at = match before {
        Some(Coverage::Complete { synced_at }) => Some(synced_at),
        Some(Coverage::Partial { synced_at, .. } | Coverage::Failed { synced_at, .. }) => synced_at,
        Some(Coverage::Frozen { .. }) | None => None,
    };
    Coverage::Failed { synced_at, reason: reason.to_owned() }
}

async fn read_calendar(
    world: &World,
    account: &AccountLink,
    calendar: &CalendarId,
) -> Result<CalendarReading, EngineError> {
    let (store, owner, now) = (&world.store, &world.owner, world.now());
    let state = store.calendar_state(owner, calendar)?;
    let since = state.as_ref().and_then(|state| {
        let listed = state.listed_at?;
        let fresh = listed.duration_until(now) < world.settings.full_listing;
        if fresh { state.token.clone() } else { None }
    });
    let reading = store.begin_reading(owner, calendar)?;
    let mut sink = StoreSink { store, reading: &reading, changed: 0, failure: None };
    let result = account.provider.changes(calendar, since.as_ref(), &mut sink).await;
    let StoreSink { changed, failure, .. } = sink;
    if let Some(failure) = failure {
        store.abandon_reading(reading)?;
        return Err(failure.into());
    }
    let changes = match result {
        Ok(changes) => changes,
        Err(error) => {
            note_refusal(world, account, &error)?;
            if matches!(error.kind, ErrorKind::NotFound) {
                // The collection moved or went: look for it anew next time.
                store.drop_catalog(owner, &account.id, now)?;
            }
            let reason = describe(&error);
            let extent = if changed > 0 {
                ReadExtent::Partial { reason }
            } else {
                ReadExtent::Failed { reason }
            };
            return finish(world, calendar, reading, end(extent, TokenChange::Keep, now), changed);
        }
    };
    let accept = state.is_some_and(|state| state.accept_shrink);
    let end = conclude(world, account, calendar, &reading, changes, accept).await?;
    finish(world, calendar, reading, end, changed)
}

fn end(extent: ReadExtent, token: TokenChange, at: Timestamp) -> ReadingEnd {
    ReadingEnd { extent, token, skipped: Vec::new(), at }
}

fn finish(
    world: &World,
    calendar: &CalendarId,
    reading: Reading,
    end: ReadingEnd,
    changed: u64,
) -> Result<CalendarReading, EngineError> {
    let finished = world.store.finish_reading(reading, &end)?;
    let state = world.store.calendar_state(&world.owner, calendar)?;
    let coverage = state.map_or_else(
        || Coverage::Partial { synced_at: None, reason: "never read".to_owned() },
        |state| state.coverage,
    );
    Ok(CalendarReading {
        calendar: calendar.clone(),
        coverage,
        changed,
        vanished: u64::try_from(finished.removed.len()).unwrap_or(u64::MAX),
    })
}

/// What a reading that came to its end amounts to, after the guards.
async fn conclude(
    world: &World,
    account: &AccountLink,
    calendar: &CalendarId,
    reading: &Reading,
    changes: Changes,
    accept_shrink: bool,
) -> Result<ReadingEnd, EngineError> {
    let now = world.now();
    let token = token_after(&changes);
    let extent = match changes.extent {
        Extent::Unchanged => ReadExtent::Unchanged,
        Extent::Partial { reason } => ReadExtent::Partial { reason },
        Extent::Delta => ReadExtent::Delta,
        Extent::Full => ReadExtent::Full,
    };
    let mut end = ReadingEnd { extent, token, skipped: changes.skipped, at: now };
    for (href, _) in &end.skipped {
        world.store.mark_seen(reading, href)?;
    }
    if !matches!(end.extent, ReadExtent::Full | ReadExtent::Delta) {
        return Ok(end);
    }
    let pending = world.store.pending_removals(reading)?;
    let unseen = if end.extent == ReadExtent::Full { pending.unseen } else { 0 };
    let lost = pending.reported + unseen;
    if lost == 0 || accept_shrink {
        return Ok(end);
    }
    // Removals a server reports one by one are its word; a listing that shows
    // nothing is also what an unmounted disk or an expired login looks like.
    let least = if unseen > 0 { 1 } else { EMPTIED_FROM };
    let emptied = lost == pending.members && pending.members >= least;
    let settings = &world.settings;
    let shrunk = pending.members > settings.shrink_floor
        && lost.saturating_mul(100) > pending.members.saturating_mul(settings.shrink_percent);
    if emptied || shrunk {
        let reason = format!(
            "{lost} of {} events vanished at once; if that is right, run `onbeat sync --accept-shrink`",
            pending.members
        );
        world.store.freeze_calendar(&world.owner, calendar, &reason)?;
        return Ok(end);
    }
    if unseen > 0
        && let Some(reason) = disproved(world, account, calendar, reading).await?
    {
        end.extent = ReadExtent::Partial { reason };
        end.token = TokenChange::Keep;
    }
    Ok(end)
}

/// The token may be stored only when nothing of the delta has to come again.
fn token_after(changes: &Changes) -> TokenChange {
    let incomplete_delta = changes.extent == Extent::Delta && !changes.skipped.is_empty();
    if incomplete_delta { TokenChange::Keep } else { TokenChange::Store(changes.next.clone()) }
}

/// Asks for members a listing did not show. One that answers proves that the
/// listing is not complete.
async fn disproved(
    world: &World,
    account: &AccountLink,
    calendar: &CalendarId,
    reading: &Reading,
) -> Result<Option<String>, EngineError> {
    for href in world.store.unseen(reading, PROVE_AT_MOST)? {
        match account.provider.get(calendar, &href).await {
            Ok(None) => {}
            Ok(Some(_)) => {
                return Ok(Some("the listing left out events that still exist".to_owned()));
            }
            Err(error) => return Ok(Some(describe(&error))),
        }
    }
    Ok(None)
}

fn pause_key(account: &AccountLink) -> String {
    format!("refused {}", account.id)
}

/// Remembers that a server refused the credentials, so that it is not asked
/// again at once: repeated failures lock accounts.
fn note_refusal(
    world: &World,
    account: &AccountLink,
    error: &ProviderError,
) -> Result<(), StoreError> {
    if error.disposition() != Disposition::PauseAccount {
        return Ok(());
    }
    let now = world.now();
    world.store.set_value(&world.owner, None, &pause_key(account), Some("refused"), now)
}

fn paused(world: &World, account: &AccountLink) -> Result<Option<String>, StoreError> {
    let Some((_, since)) = world.store.value(&world.owner, None, &pause_key(account))? else {
        return Ok(None);
    };
    if since.duration_until(world.now()).as_hours() >= CREDENTIALS_PAUSE_HOURS {
        return Ok(None);
    }
    Ok(Some(format!(
        "the server refused the credentials; correct them and run `onbeat login {}`",
        account.id
    )))
}

/// Lets an account be asked again at once: its credentials were changed.
///
/// # Errors
/// When the state cannot be written.
pub fn lift_refusal(
    store: &Store,
    owner: &OwnerId,
    account: &AccountId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let key = format!("refused {account}");
    if store.value(owner, None, &key)?.is_none() {
        return Ok(());
    }
    store.set_value(owner, None, &key, None, now)
}

/// The mirror's side of a reading.
struct StoreSink<'a> {
    store: &'a Store,
    reading: &'a Reading,
    changed: u64,
    failure: Option<StoreError>,
}

impl StoreSink<'_> {
    /// A store failure ends the cycle; the provider only learns that it must stop.
    fn keep<T>(&mut self, result: Result<T, StoreError>) -> Result<T, ProviderError> {
        result.map_err(|error| {
            self.failure = Some(error);
            ProviderError::new(ErrorKind::Sink, "")
        })
    }
}

impl MirrorSink for StoreSink<'_> {
    fn known(&mut self, href: &Href) -> Result<Option<Etag>, ProviderError> {
        let known = self.store.known_tag(self.reading, href);
        self.keep(known)
    }

    fn changed(&mut self, batch: Vec<Resource>) -> Result<(), ProviderError> {
        let stored = self.store.put_resources(self.reading, &batch);
        self.changed += self.keep(stored)?;
        Ok(())
    }

    fn unchanged(&mut self, href: &Href) -> Result<(), ProviderError> {
        let seen = self.store.mark_seen(self.reading, href);
        self.keep(seen)
    }

    fn removed(&mut self, href: &Href) -> Result<(), ProviderError> {
        let removed = self.store.mark_removed(self.reading, href);
        self.keep(removed)
    }
}
