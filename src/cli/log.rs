//! `onbeat log`: what onbeat wrote to calendars, from the journal.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::dates::{self, Toward};
use crate::cli::failure::Failure;
use crate::cli::out::{Out, Style, clean};
use crate::cli::pairs;
use crate::cli::wire::Setup;
use crate::model::journal::{JournalEntry, Outcome, WriteKind};
use crate::model::time::resolve;
use crate::store::EntryFilter;

/// Which writes.
#[derive(Debug, Args)]
pub struct LogArgs {
    /// Whose 1:1 [default: all]
    pub pair: Option<String>,
    /// Only those that mailed or may have mailed somebody
    #[arg(long)]
    pub mail: bool,
    /// Only from this date on (2026-01-01, mon, "2 weeks")
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// At most so many, the latest
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
}

/// Prints them, oldest first.
///
/// # Errors
/// An unknown pair, a date that is none, a state that cannot be read.
pub fn run(context: &Context, args: &LogArgs, out: &mut Out) -> Result<(), Failure> {
    let setup = Setup::open_read(context)?;
    let since = match &args.since {
        None => None,
        Some(text) => {
            let date = dates::day("--since", text, setup.today(), Toward::Back)?;
            Some(resolve(date.at(0, 0, 0, 0), &setup.me.zone))
        }
    };
    let filter = EntryFilter {
        pair: pairs::find_opt(&setup.pairs, args.pair.as_deref())?,
        mail_only: args.mail,
        since,
        limit: Some(args.limit),
        ..EntryFilter::default()
    };
    let entries = setup.store.journal_entries(&setup.owner, &filter)?;
    if out.json {
        return out.json(&json!({ "writes": entries.iter().map(as_json).collect::<Vec<_>>() }));
    }
    out.zone = setup.me.zone.clone();
    if entries.is_empty() {
        return out.line("onbeat wrote nothing");
    }
    for entry in &entries {
        let (word, style) = state(entry);
        let intent = &entry.intent;
        let mails = match intent.mails {
            Some(0) => String::new(),
            Some(1) => ", mailed 1 person".to_owned(),
            Some(n) => format!(", mailed {n} people"),
            None => ", may have mailed".to_owned(),
        };
        let name = setup
            .pairs
            .iter()
            .find(|pair| pair.id == intent.pair)
            .map_or(intent.pair.as_str(), |pair| pair.partner.name.as_str());
        out.line(format!(
            "{:>4}  {}  {}  {}: {}{mails}",
            entry.id.0,
            out.when(intent.at, setup.now),
            out.paint(style, word),
            clean(name),
            clean(&intent.summary),
        ))?;
        if let Some(Outcome::Refused { reason } | Outcome::Failed { reason }) = &entry.outcome {
            out.line(format!("      {}", clean(reason)))?;
        }
    }
    Ok(())
}

fn state(entry: &JournalEntry) -> (&'static str, Style) {
    match &entry.outcome {
        None => ("unsettled", Style::Warn),
        Some(Outcome::Done { .. }) => ("done", Style::Good),
        Some(Outcome::Stale) => ("overtaken", Style::Dim),
        Some(Outcome::Refused { .. }) => ("refused", Style::Bad),
        Some(Outcome::Failed { .. }) => ("failed", Style::Bad),
    }
}

fn as_json(entry: &JournalEntry) -> Value {
    let intent = &entry.intent;
    json!({
        "id": entry.id.0,
        "at": intent.at.to_string(),
        "pair": intent.pair.as_str(),
        "kind": match intent.kind {
            WriteKind::Create => "create",
            WriteKind::Move => "move",
            WriteKind::Agenda => "agenda",
            WriteKind::Link => "link",
            WriteKind::Undo => "undo",
        },
        "summary": intent.summary,
        "calendar": intent.calendar.to_string(),
        "href": intent.href.as_str(),
        "uid": intent.uid.as_str(),
        "recurrence_id": intent.recurrence_id.map(|at| at.to_string()),
        "mails": intent.mails,
        "undoes": intent.undoes.map(|id| id.0),
        "state": state(entry).0,
        "settled_at": entry.settled_at.map(|at| at.to_string()),
    })
}
