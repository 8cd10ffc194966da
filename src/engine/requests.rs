//! How many requests each account has seen today, where its provider counts them: a
//! quota is spent by all runs together, so the count is kept in the store.

use jiff::civil::Date;

use crate::engine::error::EngineError;
use crate::engine::world::World;
use crate::model::id::AccountId;

/// Adds what was sent since the last call.
///
/// # Errors
/// The store failed.
pub fn note(world: &World) -> Result<(), EngineError> {
    for account in &world.accounts {
        let sent = account.provider.take_requests();
        if sent > 0 {
            let value =
                format!("{} {}", date(world), today(world, &account.id)?.unwrap_or(0) + sent);
            let key = key(&account.id);
            world.store.set_value(&world.owner, None, &key, Some(&value), world.now())?;
        }
    }
    Ok(())
}

/// Requests of this day of the owner's; `None`: none were counted.
///
/// # Errors
/// The store failed.
pub fn today(world: &World, account: &AccountId) -> Result<Option<u64>, EngineError> {
    let kept = world.store.value(&world.owner, None, &key(account))?;
    let read = |text: &str| {
        let (on, count) = text.split_once(' ')?;
        (on.parse::<Date>().ok() == Some(date(world))).then(|| count.parse().ok()).flatten()
    };
    Ok(kept.and_then(|(text, _)| read(&text)))
}

fn date(world: &World) -> Date {
    world.me.zone.to_datetime(world.now()).date()
}

fn key(account: &AccountId) -> String {
    format!("requests {account}")
}
