//! What people did to a block, as values for the engine to store. What the
//! pair's items show already is not told again.

use jiff::civil::Date;

use crate::agenda::align::{REWORDED, SAME_MATTER, align};
use crate::agenda::base::{Record, outside_key};
use crate::agenda::marks::{Found, find};
use crate::agenda::merge::{outside_entries, read_base};
use crate::agenda::parse::{Entry, Kind, Names, entries, read, typed};
use crate::agenda::shape::{KnownItem, Mark};
use crate::agenda::similar::{Pairs, alike, canon};
use crate::agenda::text::{form_of, lines_of};
use crate::model::agenda::{HumanEdit, Item};
use crate::model::pair::{Pair, Person};

/// Longest line outside the block that is taken for a talking point, in bytes.
const OUTSIDE_BYTES: usize = 200;

/// More new lines than this outside are a pasted text, not talking points.
const OUTSIDE_LINES: usize = 12;

/// The texts that are compared.
pub(super) struct Sides<'a> {
    pub(super) base: &'a Record,
    pub(super) theirs: &'a [Entry],
    /// Per line of theirs: the base row.
    pub(super) matched: &'a [Option<usize>],
    pub(super) outside: Option<&'a [Entry]>,
}

/// What people did in a meeting's event, without making a new text: to be read
/// once more when the meeting is over. `date`: the meeting's, in the owner's
/// zone; `items`: the pair's; private ones are left aside.
pub fn edits(
    last_written: &str,
    current_description: &str,
    owner: &Person,
    pair: &Pair,
    date: Date,
    items: &[Item],
) -> Vec<HumanEdit> {
    let names = Names { owner: &owner.name, partner: &pair.partner.name, date };
    let base = read_base(last_written, &names);
    let lines = lines_of(current_description, form_of(current_description));
    let known = known_items(items);
    match find(&lines) {
        Found::Damaged => Vec::new(),
        Found::Absent => {
            let outside = outside_entries(&lines, &[], &names);
            let sides =
                Sides { base: &base, theirs: &[], matched: &[], outside: outside.as_deref() };
            collect(&sides, &known, &names, false)
        }
        Found::Block { lines: inner, .. } => {
            let mut texts: Vec<String> =
                base.rows.iter().map(|(entry, _)| entry.full.clone()).collect();
            texts.sort_unstable();
            let theirs = entries(lines.get(inner.clone()).unwrap_or_default(), &texts, &names);
            let before = lines.get(..inner.start.saturating_sub(1)).unwrap_or_default();
            let after = lines.get(inner.end + 1..).unwrap_or_default();
            let outside = outside_entries(before, after, &names);
            let outside = outside.as_deref();
            let rows: Vec<&Entry> = base.rows.iter().map(|(entry, _)| entry).collect();
            let matched = align(&theirs.iter().collect::<Vec<_>>(), &rows, REWORDED);
            let sides = Sides { base: &base, theirs: &theirs, matched: &matched, outside };
            collect(&sides, &known, &names, true)
        }
    }
}

/// The shared ones of a pair's items, ready to be compared with lines.
pub(super) fn known_items(items: &[Item]) -> Vec<KnownItem> {
    items
        .iter()
        .filter(|item| !item.private)
        .map(|item| KnownItem {
            id: item.id.clone(),
            text: item.text.clone(),
            key: canon(&item.text),
            done: item.done.is_some(),
            due: item.due,
        })
        .collect()
}

/// Collects the edits. Without a block only what was typed outside counts.
pub(super) fn collect(
    sides: &Sides<'_>,
    known: &[KnownItem],
    names: &Names<'_>,
    block: bool,
) -> Vec<HumanEdit> {
    let mut out = Vec::new();
    for (at, line) in sides.theirs.iter().enumerate() {
        let old = sides.matched.get(at).copied().flatten();
        match old.and_then(|at| sides.base.rows.get(at)) {
            Some((old, _)) => changed(old, line, known, names, &mut out),
            None => added(line, true, known, names, &mut out),
        }
    }
    if block {
        for (at, (old, _)) in sides.base.rows.iter().enumerate() {
            if !sides.matched.contains(&Some(at)) {
                deleted(old, known, names, &mut out);
            }
        }
    }
    if let (Some(before), Some(outside)) = (&sides.base.outside, sides.outside) {
        let new: Vec<&Entry> = outside
            .iter()
            .filter(|line| {
                let key = outside_key(&line.logical);
                !key.is_empty() && !before.contains(&key)
            })
            .collect();
        let speaks = |line: &&&Entry| {
            line.logical.len() <= OUTSIDE_BYTES
                && !line.logical.contains("://")
                && line.logical.chars().any(char::is_alphanumeric)
        };
        if new.len() <= OUTSIDE_LINES {
            for line in new.iter().filter(speaks) {
                added(line, false, known, names, &mut out);
            }
        }
    }
    out
}

fn changed(
    old: &Entry,
    line: &Entry,
    known: &[KnownItem],
    names: &Names<'_>,
    out: &mut Vec<HumanEdit>,
) {
    if line.kind == Kind::Heading {
        return;
    }
    let before = read(&old.text, names);
    let after = read(&line.text, names);
    let item = find_item(&before.text, known).or_else(|| find_item(&after.text, known));
    let id = item.map(|item| item.id.clone());
    if line.is_done() != old.is_done() {
        let told = item.is_some_and(|item| item.done == line.is_done());
        let text = after.text.clone();
        let edit = if line.is_done() {
            HumanEdit::Ticked { item: id.clone(), text }
        } else {
            HumanEdit::Unticked { item: id.clone(), text }
        };
        // A finished action is drafted without a box; that is no unticking.
        if !told && (line.is_done() || line.kind == Kind::Line(Mark::Open)) {
            out.push(edit);
        }
    }
    if old.full != line.full {
        let told = item.is_some_and(|item| {
            item.key == canon(&after.text) && (after.due.is_none() || after.due == item.due)
        });
        if !told && !after.text.is_empty() {
            let due = after.due.filter(|due| before.due != Some(*due));
            out.push(HumanEdit::Edited { item: id, from: before.text, to: after.text, due });
        }
    }
}

fn added(
    line: &Entry,
    inside: bool,
    known: &[KnownItem],
    names: &Names<'_>,
    out: &mut Vec<HumanEdit>,
) {
    let Some(typed) = typed(line, inside, names) else { return };
    match find_item(&typed.text, known) {
        Some(item) if typed.done && !item.done => {
            out.push(HumanEdit::Ticked { item: Some(item.id.clone()), text: typed.text });
        }
        Some(_) => {}
        None => out.push(HumanEdit::Added(typed)),
    }
}

fn deleted(old: &Entry, known: &[KnownItem], names: &Names<'_>, out: &mut Vec<HumanEdit>) {
    let Kind::Line(_) = old.kind else { return };
    let text = read(&old.text, names).text;
    let item = find_item(&text, known);
    if item.is_some_and(|item| item.done) {
        return;
    }
    out.push(HumanEdit::Deleted { item: item.map(|item| item.id.clone()), text });
}

/// The item a line's text is; the same words, else nearly the same.
fn find_item<'a>(text: &str, known: &'a [KnownItem]) -> Option<&'a KnownItem> {
    let key = canon(text);
    if key.is_empty() {
        return None;
    }
    if let Some(item) = known.iter().find(|item| item.key == key) {
        return Some(item);
    }
    let pairs = Pairs::of(&key);
    let mut best: Option<(f64, &KnownItem)> = None;
    for item in known {
        let score = alike(&pairs, &Pairs::of(&item.key));
        if score >= SAME_MATTER && best.is_none_or(|(other, _)| score > other) {
            best = Some((score, item));
        }
    }
    best.map(|(_, item)| item)
}
