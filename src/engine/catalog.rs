//! Which collections an account's configured calendar names mean. Discovered
//! once, kept in the store, found again when it is old or a collection is gone.

use crate::engine::error::EngineError;
use crate::engine::world::{AccountLink, World};
use crate::model::server::CalendarInfo;
use crate::provider::ProviderError;
use crate::store::Catalog;

/// The collections of an account that onbeat reads.
#[derive(Debug, Clone)]
pub struct Collections {
    /// What the server can do and has.
    pub catalog: Catalog,
    /// Where 1:1s are written.
    pub write: Option<CalendarInfo>,
    /// All that are read: the one written to, and those that count as busy.
    pub read: Vec<CalendarInfo>,
}

/// The account's catalog: from the store, or freshly discovered.
///
/// # Errors
/// Outer: the store. Inner: the server.
pub async fn catalog(
    world: &World,
    account: &AccountLink,
) -> Result<Result<Catalog, ProviderError>, EngineError> {
    let now = world.now();
    if let Some(catalog) = world.store.catalog(&world.owner, &account.id)?
        && catalog.found_at.duration_until(now) < world.settings.rediscover
    {
        return Ok(Ok(catalog));
    }
    let found = async {
        let capabilities = account.provider.capabilities().await?;
        let calendars = account.provider.calendars().await?;
        Ok(Catalog { found_at: now, capabilities, calendars })
    };
    match found.await {
        Ok(catalog) => {
            world.store.put_catalog(&world.owner, &account.id, &catalog)?;
            Ok(Ok(catalog))
        }
        Err(error) => Ok(Err(error)),
    }
}

/// Resolves the configured names against a catalog.
///
/// # Errors
/// A name that does not exist.
pub fn collections(account: &AccountLink, catalog: Catalog) -> Result<Collections, EngineError> {
    let find = |name: &str| {
        let found = catalog.calendars.iter().find(|c| is_named(c, name));
        found.cloned().ok_or_else(|| EngineError::NoSuchCalendar {
            account: account.id.to_string(),
            name: name.to_owned(),
            available: catalog.calendars.iter().map(|c| c.name.clone()).collect(),
        })
    };
    let write = account.write.as_deref().map(find).transpose()?;
    let mut read: Vec<CalendarInfo> = write.iter().cloned().collect();
    for name in &account.busy {
        let calendar = find(name)?;
        if !read.iter().any(|c| c.id == calendar.id) {
            read.push(calendar);
        }
    }
    Ok(Collections { catalog, write, read })
}

/// Whether a configured name means a collection: its display name, its address,
/// or the last part of its address.
pub fn is_named(calendar: &CalendarInfo, name: &str) -> bool {
    let wanted = name.trim().trim_end_matches('/');
    let address = calendar.id.collection.trim_end_matches('/');
    calendar.name.eq_ignore_ascii_case(wanted)
        || address == wanted
        || address.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(wanted))
}
