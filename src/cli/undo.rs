//! `onbeat undo`: puts back what was there before one of onbeat's writes.

use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::out::{Out, clean};
use crate::cli::wire;
use crate::engine::StepOutcome;
use crate::engine::undo::undo;
use crate::model::journal::JournalId;

/// Which write.
#[derive(Debug, Args)]
pub struct UndoArgs {
    /// Its number, as `onbeat log` shows it
    pub id: i64,
}

/// Takes the write back, if nobody changed the event since.
///
/// # Errors
/// No such write; the event was changed since; the server refuses.
pub fn run(context: &Context, args: &UndoArgs, out: &mut Out) -> Result<(), Failure> {
    let (world, _lock) = wire::world(context, "undo")?;
    let id = JournalId(args.id);
    let outcome = wire::block_on(undo(&world, id))??;
    let summary = world
        .store
        .journal_entry(&world.owner, id)?
        .map(|entry| entry.intent.summary)
        .unwrap_or_default();
    match outcome {
        StepOutcome::Done if out.json => out.json(&json!({ "undone": args.id })),
        StepOutcome::Done => out.line(format!("taken back: {}", clean(&summary))),
        StepOutcome::Stale => {
            Err(Failure::partial("somebody changed the event at the same moment")
                .hint("look at the event; `onbeat undo` can be tried again"))
        }
        StepOutcome::Refused(reason) | StepOutcome::Failed(reason) => {
            Err(Failure::partial(format!("write {id} was not taken back")).because(reason))
        }
    }
}
