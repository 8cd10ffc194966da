//! Which line of one text is which line of another. Items carry no ids in the
//! text: a line is the same when it says the same, then when it says the same
//! but for owner and dates, then when it is alike.

use std::collections::HashMap;

use crate::agenda::parse::{Entry, Kind};
use crate::agenda::similar::{Pairs, alike};

/// How alike a reworded line must be to count as the same.
pub(super) const REWORDED: f64 = 0.55;

/// How alike two lines of different hands must be to count as the same.
pub(super) const SAME_MATTER: f64 = 0.85;

/// Most lines compared letter by letter; beyond, only equal lines are matched.
const ALIKE_LINES: usize = 300;

/// For each line of `from` the line of `to` that it is; each used once. Blank
/// lines are never matched.
pub(super) fn align(from: &[&Entry], to: &[&Entry], at_least: f64) -> Vec<Option<usize>> {
    let mut found: Vec<Option<usize>> = vec![None; from.len()];
    let mut free = vec![true; to.len()];
    by_text(from, to, &mut found, &mut free, |entry| &entry.full);
    by_text(from, to, &mut found, &mut free, |entry| &entry.key);
    by_likeness(from, to, &mut found, &mut free, at_least);
    found
}

fn class(entry: &Entry) -> u8 {
    match entry.kind {
        Kind::Blank => 0,
        Kind::Heading => 1,
        Kind::Line(_) => 2,
    }
}

fn by_text<'a>(
    from: &[&'a Entry],
    to: &[&'a Entry],
    found: &mut [Option<usize>],
    free: &mut [bool],
    text: fn(&Entry) -> &String,
) {
    let mut places: HashMap<(u8, &str), Vec<usize>> = HashMap::new();
    for (at, entry) in to.iter().enumerate().rev() {
        if free.get(at) == Some(&true) && !entry.is_blank() {
            places.entry((class(entry), text(entry))).or_default().push(at);
        }
    }
    for (entry, slot) in from.iter().zip(found.iter_mut()) {
        if slot.is_some() || entry.is_blank() {
            continue;
        }
        if let Some(at) = places.get_mut(&(class(entry), text(entry).as_str())).and_then(Vec::pop) {
            *slot = Some(at);
            if let Some(free) = free.get_mut(at) {
                *free = false;
            }
        }
    }
}

fn by_likeness(
    from: &[&Entry],
    to: &[&Entry],
    found: &mut [Option<usize>],
    free: &mut [bool],
    at_least: f64,
) {
    let pick = |entries: &[&Entry], open: &dyn Fn(usize) -> bool| -> Vec<(usize, u8, Pairs)> {
        entries
            .iter()
            .enumerate()
            .filter(|(at, entry)| open(*at) && !entry.is_blank())
            .take(ALIKE_LINES)
            .map(|(at, entry)| (at, class(entry), Pairs::of(&entry.key)))
            .collect()
    };
    let left = pick(from, &|at| found.get(at).is_some_and(Option::is_none));
    let right = pick(to, &|at| free.get(at) == Some(&true));
    let mut scores: Vec<(f64, usize, usize)> = Vec::new();
    for (i, kind, pairs) in &left {
        for (j, other_kind, other) in &right {
            if kind == other_kind {
                let score = alike(pairs, other);
                if score >= at_least {
                    scores.push((score, *i, *j));
                }
            }
        }
    }
    // Best first; of equals the earliest, so the result does not depend on luck.
    scores.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    for (_, i, j) in scores {
        if let (Some(slot @ None), Some(free @ true)) = (found.get_mut(i), free.get_mut(j)) {
            *slot = Some(j);
            *free = false;
        }
    }
}
