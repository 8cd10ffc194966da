//! `onbeat note`: a talking point for the next 1:1. Written to the state alone;
//! the next agenda picks it up.

use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::dates::{self, Toward};
use crate::cli::failure::Failure;
use crate::cli::items;
use crate::cli::out::{Out, clean};
use crate::cli::pairs;
use crate::cli::wire::Setup;
use crate::model::agenda::{Item, ItemKind, Origin, Side};

/// What to note.
#[derive(Debug, Args)]
pub struct NoteArgs {
    /// Whose 1:1: the pair's name, address or the beginning of it
    pub pair: String,
    /// The text, one line
    #[arg(required = true)]
    pub text: Vec<String>,
    /// For your eyes only: never enters a calendar, a log or a report for others
    #[arg(long)]
    pub private: bool,
    /// Hide it until this date (2026-12-01, fri, "2 weeks")
    #[arg(long, value_name = "DATE")]
    pub later: Option<String>,
    /// Something that went well
    #[arg(long, conflicts_with = "blocker")]
    pub win: bool,
    /// Something in the way; add your proposed solution
    #[arg(long)]
    pub blocker: bool,
    /// The partner's point, not yours
    #[arg(long)]
    pub theirs: bool,
}

/// Notes it.
///
/// # Errors
/// An unknown pair, an empty text, a date that is none, a state that cannot be written.
pub fn run(context: &Context, args: &NoteArgs, out: &mut Out) -> Result<(), Failure> {
    let setup = Setup::open(context)?;
    let pair = pairs::find(&setup.pairs, &args.pair)?;
    let text = items::one_line(&args.text.join(" "))?;
    let later = match &args.later {
        Some(text) => Some(dates::day("--later", text, setup.today(), Toward::Ahead)?),
        None => None,
    };
    let kind = match (args.win, args.blocker) {
        (true, _) => ItemKind::Win,
        (_, true) => ItemKind::Blocker,
        (false, false) => ItemKind::Topic,
    };
    let item = Item {
        id: setup.store.next_item_id(&setup.owner)?,
        pair: pair.id.clone(),
        kind,
        text,
        side: if args.theirs { Side::Partner } else { Side::Owner },
        private: args.private,
        created: setup.now,
        due: None,
        later,
        done: None,
        carried: 0,
        origin: Origin::CommandLine,
    };
    setup.store.put_item(&setup.owner, &item)?;
    if out.json {
        return out.json(&json!({ "item": items::as_json(&item) }));
    }
    let when = match later {
        Some(date) => format!(" from {date} on"),
        None => String::new(),
    };
    let whose = if args.private { "your private agenda" } else { "the next agenda" };
    out.line(format!("{} on {whose} with {}{when}", item.id, clean(&pair.partner.name)))
}
