//! Intents without outcome: the process died, or nobody answered. What the
//! server holds decides; nothing is ever sent again blindly.

use crate::engine::error::EngineError;
use crate::engine::world::World;
use crate::ical::compare;
use crate::model::journal::{JournalEntry, Outcome};

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
        let Ok(held) = account.provider.get(&entry.intent.calendar, &entry.intent.href).await
        else {
            // Not readable now; it stays open.
            continue;
        };
        let outcome = judge(&entry, held.as_ref().map(|r| r.data.as_slice()));
        match held {
            Some(held) => {
                let etag = held.etag.clone();
                world.store.mirror_put(&world.owner, &held)?;
                let outcome = match outcome {
                    Verdict::Happened => Outcome::Done { etag },
                    Verdict::DidNot => Outcome::Failed { reason: INTERRUPTED.to_owned() },
                };
                world.store.append_outcome(entry.id, &outcome, world.now())?;
            }
            None => {
                let outcome = match outcome {
                    Verdict::Happened => Outcome::Done { etag: None },
                    Verdict::DidNot => Outcome::Failed { reason: INTERRUPTED.to_owned() },
                };
                world.store.append_outcome(entry.id, &outcome, world.now())?;
            }
        }
        settled += 1;
    }
    Ok(settled)
}

const INTERRUPTED: &str = "interrupted before the write took effect";

enum Verdict {
    Happened,
    DidNot,
}

/// Whether what the server holds shows the write. People may have edited since:
/// the occurrence written decides, not the whole text.
fn judge(entry: &JournalEntry, held: Option<&[u8]>) -> Verdict {
    let intent = &entry.intent;
    match (&intent.sent, held) {
        (None, None) => Verdict::Happened,
        (None, Some(_)) | (Some(_), None) => Verdict::DidNot,
        (Some(sent), Some(held)) => {
            if compare::same_meaning(held, sent) {
                return Verdict::Happened;
            }
            match &intent.before {
                // Created, and edited by somebody since.
                None => Verdict::Happened,
                Some(before) if compare::same_meaning(held, before) => Verdict::DidNot,
                Some(before) => {
                    let shows =
                        compare::shows_edit(before, sent, held, &intent.uid, intent.recurrence_id);
                    if shows { Verdict::Happened } else { Verdict::DidNot }
                }
            }
        }
    }
}
