//! `onbeat held`, `skip` and `excuse`: a person's word on a meeting; evidence 3.

use clap::Args;
use jiff::civil::Date;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::dates::{self, Toward};
use crate::cli::failure::Failure;
use crate::cli::lookout::Lookout;
use crate::cli::out::{Out, clean};
use crate::cli::pairs;
use crate::ledger;
use crate::model::observation::Word;
use crate::model::time::resolve;

/// Which meeting.
#[derive(Debug, Args)]
pub struct SaidArgs {
    /// Whose 1:1
    pub pair: String,
    /// The day it was planned for or took place (2026-03-03, mon, "1 week") [default: the last one]
    pub date: Option<String>,
}

/// Writes the word into the ledger.
///
/// # Errors
/// An unknown pair; no such meeting; a state that cannot be written.
pub fn run(context: &Context, args: &SaidArgs, word: Word, out: &mut Out) -> Result<(), Failure> {
    let look = Lookout::open(context)?;
    let pair = pairs::find(&look.world.pairs, &args.pair)?;
    let (now, zone) = (look.now(), look.world.me.zone.clone());
    let local = |at| zone.to_datetime(at).date();
    let date = match &args.date {
        None => None,
        Some(text) => Some(dates::day("the date", text, local(now), Toward::Back)?),
    };
    let near = date.map_or(now, |date: Date| resolve(date.at(12, 0, 0, 0), &zone));
    let name = clean(&pair.partner.name).into_owned();
    let none = |what: String| {
        Failure::user(format!("no meeting with {name} {what} is known")).hint(format!(
            "`onbeat report {} --format json` lists them; run `onbeat sync` first",
            pair.id
        ))
    };
    let entry = ledger::say(&look.world.ledger, &pair.id, near, word, now)
        .ok_or_else(|| none("in the past".to_owned()))?;
    let planned = entry.planned.unwrap_or(near);
    let beats = look.beats(&pair.id);
    let beat = beats.iter().find(|beat| beat.planned == planned);
    if let Some(date) = date {
        let days = [Some(planned), beat.and_then(|beat| beat.actual)];
        if !days.into_iter().flatten().any(|at| local(at) == date) {
            return Err(none(format!("on {date}")));
        }
    }
    look.world.store.append_entries(&look.world.owner, &[entry])?;
    let verb = match word {
        Word::Held => "held",
        Word::Skip => "skipped",
        Word::Excuse => "excused",
    };
    if out.json {
        return out.json(&json!({
            "pair": pair.id.as_str(), "planned": planned.to_string(), "said": verb,
        }));
    }
    out.zone = zone;
    out.line(format!("{name}, {}: {verb}, as you say", out.when(planned, now)))
}
