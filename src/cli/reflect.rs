//! `onbeat reflect`: three questions after a meeting, one line each.

use std::io::IsTerminal as _;

use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::items::one_line;
use crate::cli::lookout::Lookout;
use crate::cli::out::{Out, clean};
use crate::cli::pairs;
use crate::ledger;
use crate::model::agenda::Reflection;

/// Whose, and answers given beforehand.
#[derive(Debug, Args)]
pub struct ReflectArgs {
    /// Whose 1:1
    pub pair: String,
    /// What went well
    #[arg(long, value_name = "TEXT")]
    pub well: Option<String>,
    /// What you could have done better
    #[arg(long, value_name = "TEXT")]
    pub better: Option<String>,
    /// Whether you achieved what you needed
    #[arg(long, value_name = "TEXT")]
    pub achieved: Option<String>,
}

/// Stores the answers; they stay with you.
///
/// # Errors
/// An unknown pair, no meeting yet, no answers and no terminal, a state that
/// cannot be written.
pub fn run(context: &Context, args: &ReflectArgs, out: &mut Out) -> Result<(), Failure> {
    let look = Lookout::open(context)?;
    let pair = pairs::find(&look.world.pairs, &args.pair)?;
    let now = look.now();
    let name = clean(&pair.partner.name).into_owned();
    let beats = look.beats(&pair.id);
    let last = beats
        .iter()
        .filter(|beat| beat.verdict.is_held() && beat.actual.is_some_and(|at| at <= now))
        .max_by_key(|beat| beat.actual);
    let Some(last) = last else {
        return Err(Failure::user(format!("no meeting with {name} has taken place yet"))
            .hint("run `onbeat sync`; `onbeat held` says that one took place"));
    };
    let reflection = Reflection {
        pair: pair.id.clone(),
        beat: last.planned,
        at: now,
        went_well: answer(args.well.as_deref(), "What went well?")?,
        better: answer(args.better.as_deref(), "What could you have done better?")?,
        achieved: answer(args.achieved.as_deref(), "Did you achieve what you needed?")?,
    };
    look.world.store.put_reflection(&look.world.owner, &reflection)?;
    if let Some(entry) = ledger::touch(&look.world.ledger, &pair.id, last.planned, now) {
        look.world.store.append_entries(&look.world.owner, &[entry])?;
    }
    if out.json {
        return out.json(&json!({ "pair": pair.id.as_str(), "planned": last.planned.to_string() }));
    }
    out.zone = look.world.me.zone.clone();
    out.line(format!("noted for {name}, {}; it stays with you", out.when(last.planned, now)))
}

fn answer(given: Option<&str>, question: &str) -> Result<String, Failure> {
    if let Some(text) = given {
        return one_line(text);
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("there is no terminal to ask on")
            .hint("give --well, --better and --achieved"));
    }
    let text = inquire::Text::new(question).prompt().map_err(crate::cli::failure::asked)?;
    one_line(&text)
}
