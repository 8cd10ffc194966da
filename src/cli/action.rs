//! `onbeat action`: who does what until when. Actions belong to the pair and
//! stand on every agenda until they are done.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::dates::{self, Toward};
use crate::cli::failure::Failure;
use crate::cli::items;
use crate::cli::out::{Out, clean};
use crate::cli::pairs;
use crate::cli::wire::Setup;
use crate::model::agenda::{Item, ItemKind, Origin, Side};
use crate::model::id::ItemId;
use crate::model::pair::Pair;
use crate::store::ItemScope;

/// What to do with actions.
#[derive(Debug, Args)]
pub struct ActionArgs {
    /// Add, done or list.
    #[command(subcommand)]
    pub verb: ActionVerb,
}

/// The verbs below `action`.
#[derive(Debug, Subcommand)]
pub enum ActionVerb {
    /// Add an action item
    Add {
        /// Whose 1:1
        pair: String,
        /// What is to be done, one line
        #[arg(required = true)]
        text: Vec<String>,
        /// The partner does it, not you
        #[arg(long)]
        theirs: bool,
        /// Until when (2026-12-01, fri, "2 weeks")
        #[arg(long, value_name = "DATE")]
        due: Option<String>,
        /// For your eyes only
        #[arg(long)]
        private: bool,
    },
    /// Mark action items as done
    Done {
        /// Whose 1:1
        pair: String,
        /// The item's number, or the beginning of its text
        #[arg(required = true, value_name = "ITEM")]
        items: Vec<String>,
    },
    /// List action items
    List {
        /// Whose 1:1 [default: all]
        pair: Option<String>,
        /// Those that are done as well
        #[arg(long)]
        all: bool,
    },
}

/// Does it.
///
/// # Errors
/// An unknown pair or item, a date that is none, a state that cannot be written.
pub fn run(context: &Context, args: &ActionArgs, out: &mut Out) -> Result<(), Failure> {
    let setup = Setup::open(context)?;
    match &args.verb {
        ActionVerb::Add { pair, text, theirs, due, private } => {
            let pair = pairs::find(&setup.pairs, pair)?;
            let due = match due {
                Some(text) => Some(dates::day("--due", text, setup.today(), Toward::Ahead)?),
                None => None,
            };
            let side = if *theirs { Side::Partner } else { Side::Owner };
            add(&setup, pair, &text.join(" "), side, due, *private, out)
        }
        ActionVerb::Done { pair, items } => {
            let pair = pairs::find(&setup.pairs, pair)?;
            done(&setup, pair, items, out)
        }
        ActionVerb::List { pair, all } => {
            let only = pair.as_deref().map(|text| pairs::find(&setup.pairs, text)).transpose()?;
            list(&setup, only, *all, out)
        }
    }
}

fn add(
    setup: &Setup,
    pair: &Pair,
    text: &str,
    side: Side,
    due: Option<jiff::civil::Date>,
    private: bool,
    out: &mut Out,
) -> Result<(), Failure> {
    let item = Item {
        id: setup.store.next_item_id(&setup.owner)?,
        pair: pair.id.clone(),
        kind: ItemKind::Action,
        text: items::one_line(text)?,
        side,
        private,
        created: setup.now,
        due,
        later: None,
        done: None,
        carried: 0,
        origin: Origin::CommandLine,
    };
    setup.store.put_item(&setup.owner, &item)?;
    if out.json {
        return out.json(&json!({ "item": items::as_json(&item) }));
    }
    out.line(items::line(&item, &setup.me.name, &pair.partner.name, setup.today()))
}

fn done(setup: &Setup, pair: &Pair, wanted: &[String], out: &mut Out) -> Result<(), Failure> {
    let open = setup.store.items(&setup.owner, &pair.id, ItemScope::Open)?;
    // All of them are found before the first is changed.
    let mut closed = Vec::new();
    for text in wanted {
        let mut item = pick(&open, pair, text)?.clone();
        item.done = Some(setup.now);
        closed.push(item);
    }
    setup.store.put_items(&setup.owner, &closed)?;
    if out.json {
        return out
            .json(&json!({ "items": closed.iter().map(items::as_json).collect::<Vec<_>>() }));
    }
    for item in &closed {
        out.line(items::line(item, &setup.me.name, &pair.partner.name, setup.today()))?;
    }
    Ok(())
}

fn pick<'a>(open: &'a [Item], pair: &Pair, wanted: &str) -> Result<&'a Item, Failure> {
    let lower = wanted.trim().to_lowercase();
    if let Some(item) = open.iter().find(|item| item.id == ItemId::new(lower.clone())) {
        return Ok(item);
    }
    let mut fits = open
        .iter()
        .filter(|item| !lower.is_empty() && item.text.to_lowercase().starts_with(&lower));
    let who = clean(&pair.partner.name).into_owned();
    let list = format!("`onbeat action list {}` shows them", pair.id);
    match (fits.next(), fits.next()) {
        (Some(item), None) => Ok(item),
        (Some(_), Some(_)) => {
            Err(Failure::user(format!("{wanted:?} fits several open items with {who}")).hint(list))
        }
        (None, _) => {
            Err(Failure::user(format!("there is no open item {wanted:?} with {who}")).hint(list))
        }
    }
}

fn list(setup: &Setup, only: Option<&Pair>, all: bool, out: &mut Out) -> Result<(), Failure> {
    let scope = if all { ItemScope::All } else { ItemScope::Open };
    let mut rows = Vec::new();
    for pair in setup.pairs.iter().filter(|pair| only.is_none_or(|only| only.id == pair.id)) {
        let mut items = setup.store.items(&setup.owner, &pair.id, scope)?;
        items.retain(|item| item.kind == ItemKind::Action);
        rows.push((pair, items));
    }
    if out.json {
        let items: Vec<_> = rows.iter().flat_map(|(_, items)| items).map(items::as_json).collect();
        return out.json(&json!({ "items": items }));
    }
    if rows.iter().all(|(_, items)| items.is_empty()) {
        return out.line("no open action items");
    }
    for (pair, items) in rows.iter().filter(|(_, items)| !items.is_empty()) {
        out.line(out.paint(crate::cli::out::Style::Bold, &clean(&pair.partner.name)))?;
        for item in items {
            out.line(items::line(item, &setup.me.name, &pair.partner.name, setup.today()))?;
        }
    }
    Ok(())
}
