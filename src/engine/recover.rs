//! Intents without outcome: the process died, or nobody answered. What the
//! server holds decides; nothing is ever sent again blindly.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use crate::engine::error::EngineError;
use crate::engine::world::World;
use crate::ical::{compare, edit};
use crate::model::journal::{Intent, Outcome, WriteKind};

/// Settles every open intent whose resource can be read. Returns how many.
///
/// # Errors
/// The store failed.
pub async fn recover(world: &World) -> Result<usize, EngineError> {
    let mut settled = 0;
    for entry in world.store.open_intents(&world.owner)? {
        let Some(account) = world.account(&entry.intent.calendar.account) else {
            let reason = "the account is not configured any more".to_owned();
            world.store.append_outcome(entry.id, &Outcome::Failed { reason }, world.now())?;
            continue;
        };
        if world.resting.contains(&account.id) {
            continue;
        }
        let Ok(held) = account.provider.get(&entry.intent.calendar, &entry.intent.href).await
        else {
            // Not readable now; it stays open.
            continue;
        };
        let happened =
            happened(&entry.intent, held.as_ref().map(|r| r.data.as_slice()), &world.me.zone);
        let etag = held.as_ref().and_then(|r| r.etag.clone());
        if let Some(held) = held {
            world.store.mirror_put(&world.owner, &held)?;
        }
        let outcome = if happened {
            Outcome::Done { etag }
        } else {
            Outcome::Failed { reason: "interrupted before the write took effect".to_owned() }
        };
        world.store.append_outcome(entry.id, &outcome, world.now())?;
        settled += 1;
    }
    Ok(settled)
}

/// Whether what the server holds shows a write. People may have edited since:
/// the occurrence that was written decides, not the whole text.
pub fn happened(intent: &Intent, held: Option<&[u8]>, zone: &TimeZone) -> bool {
    let (Some(sent), Some(held)) = (intent.sent.as_deref(), held) else {
        // A deletion happened when nothing is there; anything else did not.
        return intent.sent.is_none() && held.is_none();
    };
    if intent.kind == WriteKind::Link {
        return link(held, intent) == link(sent, intent);
    }
    if compare::same_meaning(held, sent, zone) {
        return true;
    }
    let Some(before) = intent.before.as_deref() else {
        // Created under a UID of our own, and edited by somebody since.
        return true;
    };
    if compare::same_meaning(held, before, zone) {
        return false;
    }
    let at = |data| edit::body_at(data, &intent.uid, intent.recurrence_id, zone);
    let (Some(was), Some(wrote), Some(is)) = (at(before), at(sent), at(held)) else {
        return false;
    };
    let moved = wrote.start != was.start;
    if moved {
        return is.start.instant(zone) == wrote.start.instant(zone);
    }
    mostly_there(&was.description, &wrote.description, &is.description)
}

/// URL of the series in a text.
fn link(data: &[u8], intent: &Intent) -> Option<String> {
    let events = crate::ical::parse::parse(data).events;
    let event = events.into_iter().find(|event| event.uid == intent.uid)?;
    event.master.and_then(|master| master.url)
}

/// Whether most of the lines a write added stand in the text now.
fn mostly_there(was: &str, wrote: &str, is: &str) -> bool {
    let lines = |text: &str| -> BTreeSet<String> {
        text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    };
    let (was, is) = (lines(was), lines(is));
    let added: Vec<String> = lines(wrote).into_iter().filter(|line| !was.contains(line)).collect();
    let there = added.iter().filter(|line| is.contains(*line)).count();
    there * 2 > added.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_somebody_changed_since_does_not_hide_the_write() {
        assert!(mostly_there("", "a\nb\nc", "a\nb\nchanged"));
        assert!(!mostly_there("", "a\nb\nc", "a note of a person"));
        assert!(!mostly_there("a\nb", "a\nb\nc", "a\nb"));
    }
}
