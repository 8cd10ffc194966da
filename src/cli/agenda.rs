//! `onbeat agenda`: what the next 1:1 is about, as the event shows it; the
//! owner's private part; editing; agendas of past meetings.

use std::process::Command;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::agenda::{self, Drafted, MergeState, TextForm, block_text, merge, private_text};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::items;
use crate::cli::lookout::Lookout;
use crate::cli::out::{Out, Style, clean, clean_keep_layout, count};
use crate::cli::pairs;
use crate::engine;
use crate::model::agenda::{BLOCK_BEGIN, BLOCK_END, Item};
use crate::model::pair::Pair;
use crate::model::snapshot::Occurrence;
use crate::plan::agenda::next_meeting;
use crate::store::ItemScope;

/// Whose, and which side of it.
#[derive(Debug, Args)]
pub struct AgendaArgs {
    /// Whose 1:1
    pub pair: String,
    /// With what only you see: preparation, private notes, flags
    #[arg(long)]
    pub private: bool,
    /// Edit it in $VISUAL or $EDITOR; ticks, new and changed lines are taken over
    #[arg(long, conflicts_with_all = ["private", "history"])]
    pub edit: bool,
    /// The agendas of past meetings instead, latest last
    #[arg(long)]
    pub history: bool,
    /// With --history: at most so many
    #[arg(short = 'n', long, value_name = "N", default_value_t = 5, requires = "history")]
    pub limit: usize,
}

/// Prints or edits it.
///
/// # Errors
/// An unknown pair; no meeting to make an agenda for; a state that cannot be used.
pub fn run(context: &Context, args: &AgendaArgs, out: &mut Out) -> Result<(), Failure> {
    let look = Lookout::open(context)?;
    let pair = pairs::find(&look.world.pairs, &args.pair)?;
    out.zone = look.world.me.zone.clone();
    if args.history {
        return history(&look, pair, args, out);
    }
    let view = look.view(&pair.id)?;
    let Some(meeting) = next_meeting(view, look.now()) else {
        let name = clean(&pair.partner.name).into_owned();
        return Err(Failure::user(format!("no meeting with {name} is on the calendar"))
            .hint("`onbeat plan` shows what can be done; `onbeat sync` reads the calendar again"));
    };
    let beats = look.beats(&pair.id);
    let drafted = engine::agenda::draft(&look.world, &look.snapshot, view, meeting, &beats)?;
    if args.edit {
        return edit(context, &look, pair, meeting, &drafted, out);
    }
    let text = match args.private {
        true => private_text(&drafted) + &left_out(&look, meeting, &drafted)?,
        false => shared_text(&look, meeting, &drafted)?,
    };
    if out.json {
        return out.json(&as_json(&look, pair, meeting, &text)?);
    }
    let name = clean(&pair.partner.name).into_owned();
    let when = format!(
        "{} ({})",
        out.when(meeting.start, look.now()),
        out.distance(meeting.start, look.now())
    );
    out.line(format!("{}, {when}", out.paint(Style::Bold, &name)))?;
    out.line("")?;
    out.line(clean_keep_layout(&text).trim_end())
}

/// Lines the event has no room for, for the owner's eyes.
fn left_out(look: &Lookout, meeting: &Occurrence, drafted: &Drafted) -> Result<String, Failure> {
    let key = &meeting.key;
    let last = look.world.store.last_written(&look.world.owner, &key.uid, key.recurrence_id)?;
    let record = last.as_ref().map(|written| written.block.as_str());
    let merged = merge(record, &meeting.description, &drafted.agenda);
    if merged.left_out.is_empty() {
        return Ok(String::new());
    }
    let lines: Vec<String> = merged.left_out.iter().map(|line| format!("- {line}")).collect();
    Ok(format!("\n\nNo room for these in the event (only you see this)\n{}", lines.join("\n")))
}

/// The block as it will stand in the event: the draft merged with what people
/// did to the block that stands there now; without the marks.
pub fn shared_text(
    look: &Lookout,
    meeting: &Occurrence,
    drafted: &Drafted,
) -> Result<String, Failure> {
    let key = &meeting.key;
    let last = look.world.store.last_written(&look.world.owner, &key.uid, key.recurrence_id)?;
    let record = last.as_ref().map(|written| written.block.as_str());
    let merged = merge(record, &meeting.description, &drafted.agenda);
    let stands = matches!(merged.state, MergeState::Write | MergeState::Unchanged);
    let inside = stands.then(|| between_marks(&merged.description)).flatten();
    let text = inside.unwrap_or_else(|| block_text(&drafted.agenda, TextForm::Plain));
    Ok(between_marks(&text).unwrap_or(text))
}

/// The lines between the marks of a plain text; `None` when there are none.
fn between_marks(text: &str) -> Option<String> {
    let (_, rest) = text.split_once(BLOCK_BEGIN)?;
    let (inside, _) = rest.split_once(BLOCK_END)?;
    Some(inside.trim_matches('\n').to_owned())
}

fn edit(
    context: &Context,
    look: &Lookout,
    pair: &Pair,
    meeting: &Occurrence,
    drafted: &Drafted,
    out: &mut Out,
) -> Result<(), Failure> {
    let (store, owner, now) = (&look.world.store, &look.world.owner, look.now());
    let before = shared_text(look, meeting, drafted)?;
    let after = in_editor(context, &before)?;
    if after.trim() == before.trim() {
        return out.line("nothing was changed");
    }
    // What was shown is the base, so that only this edit counts.
    let wrap = |text: &str| format!("{BLOCK_BEGIN}\n{}\n{BLOCK_END}", text.trim_matches('\n'));
    let mut items = store.items(owner, &pair.id, ItemScope::All)?;
    let date = drafted.agenda.date();
    let edits = agenda::edits(&wrap(&before), &wrap(&after), &look.world.me, pair, date, &items);
    let updates = agenda::apply_edits(&pair.id, &items, &edits, now);
    engine::items::update(store, owner, &mut items, &updates, now)?;
    if out.json {
        let items: Vec<Value> = items.iter().map(items::as_json).collect();
        return out.json(&json!({ "changed": updates.len(), "items": items }));
    }
    if updates.is_empty() {
        return out.line("no item was changed; fixed lines of the template stay as they are");
    }
    let changes = count(updates.len(), "change", "changes");
    out.line(format!("{changes} taken over; the event follows with the next cycle"))
}

/// Lets the person edit a text in their editor.
fn in_editor(context: &Context, text: &str) -> Result<String, Failure> {
    let unwritable =
        |e: std::io::Error| Failure::user("the text to edit cannot be written").because(e);
    let dir = tempfile::tempdir().map_err(unwritable)?;
    let path = dir.path().join("agenda.md");
    std::fs::write(&path, format!("{text}\n")).map_err(unwritable)?;
    let editor = context.env.editor.as_deref().unwrap_or("vi");
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let status = Command::new(program).args(words).arg(&path).status().map_err(|error| {
        Failure::user(format!("the editor {editor:?} cannot be run"))
            .because(error)
            .hint("set VISUAL or EDITOR")
    })?;
    if !status.success() {
        return Err(Failure::user(format!("the editor ended with {status}; nothing was changed")));
    }
    std::fs::read_to_string(&path)
        .map_err(|e| Failure::user("the edited text cannot be read").because(e))
}

fn history(look: &Lookout, pair: &Pair, args: &AgendaArgs, out: &mut Out) -> Result<(), Failure> {
    let agendas = look.world.store.frozen_agendas(&look.world.owner, &pair.id, args.limit)?;
    if out.json {
        let agendas: Vec<Value> = agendas
            .iter()
            .map(|one| {
                json!({
                    "planned": one.beat.to_string(),
                    "text": if args.private { &one.private } else { &one.shared },
                })
            })
            .collect();
        return out.json(&json!({ "pair": pair.id.as_str(), "agendas": agendas }));
    }
    if agendas.is_empty() {
        return out.line("no agenda of a past meeting is kept yet");
    }
    for one in &agendas {
        out.line(out.paint(Style::Bold, &out.when(one.beat, look.now())))?;
        let text = if args.private { &one.private } else { &one.shared };
        let text = between_marks(text).unwrap_or_else(|| text.clone());
        out.line(clean_keep_layout(&text).trim_end())?;
        out.line("")?;
    }
    Ok(())
}

fn as_json(
    look: &Lookout,
    pair: &Pair,
    meeting: &Occurrence,
    text: &str,
) -> Result<Value, Failure> {
    let open: Vec<Item> = look.world.store.items(&look.world.owner, &pair.id, ItemScope::Open)?;
    let at = |at: Timestamp| at.to_string();
    Ok(json!({
        "pair": pair.id.as_str(),
        "start": at(meeting.start),
        "planned": at(engine::agenda::planned(meeting)),
        "text": text,
        "items": open.iter().map(items::as_json).collect::<Vec<_>>(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marks_are_left_out() {
        let text = format!("Room 1\n\n{BLOCK_BEGIN}\n1. Hello\n- x\n{BLOCK_END}\nafter");
        assert_eq!(between_marks(&text).as_deref(), Some("1. Hello\n- x"));
        assert_eq!(between_marks("nothing"), None);
    }
}
