//! What people did to a block, as values for the engine to store. What the
//! pair's items show already is not told again.

use std::collections::HashSet;

use jiff::civil::Date;

use crate::agenda::align::{REWORDED, SAME_MATTER, align};
use crate::agenda::base::{Record, outside_key};
use crate::agenda::clean::{LINE_CHARS, clean};
use crate::agenda::marks::{Found, find};
use crate::agenda::merge::{outside_entries, read_base};
use crate::agenda::parse::{Entry, Kind, Names, entries, read, typed};
use crate::agenda::shape::{KnownItem, Mark};
use crate::agenda::similar::{Pairs, alike, canon};
use crate::agenda::text::{form_of, lines_of};
use crate::model::agenda::{HumanEdit, Item, Origin};
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
pub(super) fn known_items<'a>(items: impl IntoIterator<Item = &'a Item>) -> Vec<KnownItem> {
    items
        .into_iter()
        .filter(|item| !item.private)
        .map(|item| KnownItem {
            id: item.id.clone(),
            // As a line shows it, so a long text is found again.
            key: canon(&clean(&item.text, LINE_CHARS)),
            text: item.text.clone(),
            done: item.done.is_some(),
            due: item.due,
            typed: item.origin == Origin::Event,
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
    let mut collector = Collector { known: Known::of(known, sides), names, out: Vec::new() };
    for (at, line) in sides.theirs.iter().enumerate() {
        let old = sides.matched.get(at).copied().flatten();
        match old.and_then(|at| sides.base.rows.get(at)) {
            Some((old, _)) => collector.changed(old, line),
            None => collector.added(line, true),
        }
    }
    if block {
        for (at, (old, _)) in sides.base.rows.iter().enumerate() {
            if !sides.matched.contains(&Some(at)) {
                collector.deleted(old);
            }
        }
    }
    for line in new_outside(sides) {
        collector.added(line, false);
    }
    collector.out
}

/// Lines outside the block that were not there at the last write and may be
/// talking points.
fn new_outside<'a>(sides: &Sides<'a>) -> Vec<&'a Entry> {
    let (Some(before), Some(outside)) = (&sides.base.outside, sides.outside) else {
        return Vec::new();
    };
    let mut new: Vec<&Entry> = outside
        .iter()
        .filter(|line| {
            let key = outside_key(&line.logical);
            !key.is_empty() && !before.contains(&key)
        })
        .collect();
    if new.len() > OUTSIDE_LINES {
        return Vec::new();
    }
    new.retain(|line| {
        line.logical.len() <= OUTSIDE_BYTES
            && !line.logical.contains("://")
            && line.logical.chars().any(char::is_alphanumeric)
    });
    new
}

/// The items, and which of them stand in the text word for word.
struct Known<'a> {
    items: &'a [KnownItem],
    claimed: Vec<bool>,
}

impl<'a> Known<'a> {
    fn of(items: &'a [KnownItem], sides: &Sides<'_>) -> Self {
        let rows = sides.base.rows.iter().map(|(entry, _)| entry);
        let keys: HashSet<&str> =
            rows.chain(sides.theirs).map(|entry| entry.key.as_str()).collect();
        let claimed = items.iter().map(|item| keys.contains(item.key.as_str())).collect();
        Self { items, claimed }
    }

    /// The item that says exactly this. Nothing less may tick or delete an item.
    fn exact(&self, text: &str) -> Option<&'a KnownItem> {
        let key = canon(text);
        self.items.iter().find(|item| !key.is_empty() && item.key == key)
    }

    /// The item that is most alike, of those that stand nowhere word for word.
    fn alike(
        &self,
        text: &str,
        at_least: f64,
        fits: impl Fn(&KnownItem) -> bool,
    ) -> Option<&'a KnownItem> {
        let pairs = Pairs::of(&canon(text));
        let mut best: Option<(f64, &KnownItem)> = None;
        for (item, claimed) in self.items.iter().zip(&self.claimed) {
            if *claimed || !fits(item) {
                continue;
            }
            let score = alike(&pairs, &Pairs::of(&item.key));
            if score >= at_least && best.is_none_or(|(other, _)| score > other) {
                best = Some((score, item));
            }
        }
        best.map(|(_, item)| item)
    }
}

struct Collector<'a> {
    known: Known<'a>,
    names: &'a Names<'a>,
    out: Vec<HumanEdit>,
}

impl Collector<'_> {
    fn changed(&mut self, old: &Entry, line: &Entry) {
        if line.kind == Kind::Heading {
            return;
        }
        let before = read(&old.text, self.names);
        let after = read(&line.text, self.names);
        let reworded = old.full != line.full;
        // Reworded twice since the last write: the item has the wording between.
        let item =
            self.known.exact(&before.text).or_else(|| self.known.exact(&after.text)).or_else(
                || {
                    let open = |item: &KnownItem| !item.done;
                    reworded.then(|| self.known.alike(&after.text, REWORDED, open)).flatten()
                },
            );
        let id = item.map(|item| item.id.clone());
        // A box that is gone is no unticking.
        let toggled = line.is_done() != old.is_done()
            && (line.is_done() || line.kind == Kind::Line(Mark::Open));
        if toggled && item.is_none_or(|item| item.done != line.is_done()) {
            let (item, text) = (id.clone(), after.text.clone());
            self.out.push(if line.is_done() {
                HumanEdit::Ticked { item, text }
            } else {
                HumanEdit::Unticked { item, text }
            });
        }
        if reworded && !after.text.is_empty() {
            let told = item.is_some_and(|item| {
                item.key == canon(&after.text) && (after.due.is_none() || after.due == item.due)
            });
            if !told {
                let due = after.due.filter(|due| before.due != Some(*due));
                let from = item.map_or(before.text, |item| item.text.clone());
                self.out.push(HumanEdit::Edited { item: id, from, to: after.text, due });
            }
        }
    }

    fn added(&mut self, line: &Entry, inside: bool) {
        let Some(typed) = typed(line, inside, self.names) else { return };
        if let Some(item) = self.known.exact(&typed.text) {
            if typed.done && !item.done {
                let (item, text) = (Some(item.id.clone()), typed.text);
                self.out.push(HumanEdit::Ticked { item, text });
            }
            return;
        }
        // Typed on since it was read the last time.
        let earlier = self.known.alike(&typed.text, SAME_MATTER, |item| item.typed && !item.done);
        self.out.push(match earlier {
            Some(item) => HumanEdit::Edited {
                item: Some(item.id.clone()),
                from: item.text.clone(),
                to: typed.text,
                due: typed.due,
            },
            None => HumanEdit::Added(typed),
        });
    }

    fn deleted(&mut self, old: &Entry) {
        let Kind::Line(_) = old.kind else { return };
        let text = read(&old.text, self.names).text;
        let item = self.known.exact(&text);
        if item.is_none_or(|item| !item.done) {
            self.out.push(HumanEdit::Deleted { item: item.map(|item| item.id.clone()), text });
        }
    }
}
