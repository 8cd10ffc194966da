//! Agenda items as the command line reads and shows them.

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::out::clean;
use crate::model::agenda::{Item, ItemKind, Origin, Side};

/// Longest text of an item, in characters; an agenda is read on a phone.
const MOST: usize = 500;

/// A text as one clean line.
///
/// # Errors
/// When nothing is left of it, or it is too long.
pub fn one_line(text: &str) -> Result<String, Failure> {
    let text = clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return Err(Failure::user("there is no text").hint("write it after the pair's name"));
    }
    if text.chars().count() > MOST {
        return Err(Failure::user(format!("the text is longer than {MOST} characters"))
            .hint("an agenda line is read on a phone; put details into a document and link it"));
    }
    Ok(text)
}

/// The documented shape of an item.
pub fn as_json(item: &Item) -> Value {
    json!({
        "id": item.id.as_str(),
        "pair": item.pair.as_str(),
        "kind": kind(item.kind),
        "text": item.text,
        "side": side(item.side),
        "private": item.private,
        "created": item.created.to_string(),
        "due": item.due.map(|d| d.to_string()),
        "later": item.later.map(|d| d.to_string()),
        "done": item.done.map(|d| d.to_string()),
        "carried": item.carried,
        "origin": match item.origin {
            Origin::CommandLine => "command line",
            Origin::Event => "event",
            Origin::Reply => "reply",
        },
    })
}

fn kind(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Topic => "topic",
        ItemKind::Action => "action",
        ItemKind::Win => "win",
        ItemKind::Blocker => "blocker",
    }
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Owner => "owner",
        Side::Partner => "partner",
        Side::Both => "both",
    }
}

/// An action on one line: `3 [ ] Bob: send the draft (due 2026-12-01, overdue)`.
pub fn line(item: &Item, owner: &str, partner: &str, today: Date) -> String {
    let mark = if item.done.is_some() { "[x]" } else { "[ ]" };
    let who = match item.side {
        Side::Owner => format!("{}: ", clean(owner)),
        Side::Partner => format!("{}: ", clean(partner)),
        Side::Both => String::new(),
    };
    let mut notes = Vec::new();
    if let Some(due) = item.due {
        let late = item.done.is_none() && due < today;
        notes.push(if late { format!("due {due}, overdue") } else { format!("due {due}") });
    }
    if item.carried > 1 {
        notes.push(format!("carried {} times", item.carried));
    }
    if item.private {
        notes.push("private".to_owned());
    }
    if let Some(later) = item.later.filter(|later| *later > today) {
        notes.push(format!("from {later} on"));
    }
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
    format!("{:>3} {mark} {who}{}{notes}", item.id.as_str(), clean(&item.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_clean_line() {
        assert_eq!(one_line(" a\n b\u{1b}[1m ").unwrap(), "a b[1m");
        assert!(one_line(" \n ").is_err());
        assert!(one_line(&"x".repeat(501)).is_err());
    }
}
