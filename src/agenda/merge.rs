//! Three-way merge of a description: what was last written, what people made
//! of it, what the new draft says. People win.

use crate::agenda::align::{REWORDED, SAME_MATTER, align};
use crate::agenda::base::{Gutter, OUTSIDE_ROWS, Record, Writer};
use crate::agenda::edits::{Sides, collect};
use crate::agenda::format::{row_text, rows};
use crate::agenda::marks::{Found, find};
use crate::agenda::parse::{Entry, Names, entries};
use crate::agenda::shape::Agenda;
use crate::agenda::standing;
use crate::agenda::text::{RawLine, form_of, lines_of};
use crate::agenda::weave::{Place, Text, Woven, weave};
use crate::model::agenda::HumanEdit;

/// What a merge says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// The whole description to write; equal to the current one unless `state`
    /// is [`MergeState::Write`].
    pub description: String,
    /// The record of the block as it will stand: hand it back as `last_written`
    /// of the next merge of the same occurrence. Opaque; it also remembers which
    /// lines people typed or deleted. Store it when the description was written.
    pub block: String,
    /// What people did since the last write, as far as the draft's items do not
    /// show it already. Store these before writing.
    pub edits: Vec<HumanEdit>,
    /// Whether something is to be written.
    pub state: MergeState,
    /// Generated lines left out to keep within the size limit; for the private view.
    pub left_out: Vec<String>,
}

/// Whether something is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MergeState {
    /// The event says already what it should; no request.
    Unchanged,
    /// The description is to be written.
    Write,
    /// The marks are damaged, doubled or out of order: nothing is written, a
    /// person must look.
    MarksDamaged,
    /// onbeat wrote a block here and somebody removed it whole: it stays removed
    /// for this meeting.
    BlockRemoved,
    /// What people wrote leaves no room for a block within the size limit.
    NoRoom,
}

/// Merges the draft into an event's description. `last_written`: the
/// [`Merge::block`] of the last write to this occurrence; `None` when onbeat has
/// not written to it (a block found then is taken for the series' standing one).
/// A bare block is understood as well.
pub fn merge(last_written: Option<&str>, current_description: &str, draft: &Agenda) -> Merge {
    let form = form_of(current_description);
    let lines = lines_of(current_description, form);
    let names = names_of(draft);
    let rows: Vec<(String, Entry)> = rows(draft)
        .iter()
        .map(|row| {
            let text = row_text(row);
            let entry = Entry::of(&text, &names);
            (text, entry)
        })
        .collect();
    let keep = |state, edits| Merge {
        description: current_description.to_owned(),
        block: last_written.unwrap_or_default().to_owned(),
        edits,
        state,
        left_out: Vec::new(),
    };
    let base = base_of(last_written, draft, &names);
    let text = Text { description: current_description, form, limit: draft.max_chars };
    match find(&lines) {
        Found::Damaged => keep(MergeState::MarksDamaged, Vec::new()),
        Found::Absent if last_written.is_some_and(|text| !text.is_empty()) => {
            let outside = outside_entries(&lines, &[], &names);
            let sides =
                Sides { base: &base, theirs: &[], matched: &[], outside: outside.as_deref() };
            keep(MergeState::BlockRemoved, collect(&sides, &draft.known, &names, false))
        }
        Found::Absent => {
            let outside = outside_entries(&lines, &[], &names);
            finish(&text, weave(&text, None, &rows, &[], &[]), outside.as_deref(), &[])
        }
        Found::Block { outer, lines: inner, begin, end } => {
            let known = known_texts(&base, &rows);
            let theirs = entries(lines.get(inner.clone()).unwrap_or_default(), &known, &names);
            let before = lines.get(..inner.start.saturating_sub(1)).unwrap_or_default();
            let after = lines.get(inner.end + 1..).unwrap_or_default();
            let outside = outside_entries(before, after, &names);
            let outside = outside.as_deref();
            let matched = Matched::of(&base, &theirs, &rows, outside.unwrap_or_default());
            let sides = Sides { base: &base, theirs: &theirs, matched: &matched.base, outside };
            let edits = collect(&sides, &draft.known, &names, true);
            let place = Place { outer, begin, end };
            let plan = matched.plan(&base, &theirs, &rows);
            let woven = weave(&text, Some(&place), &rows, &theirs, &plan);
            let gone = matched.deleted(&base);
            Merge { edits, ..finish(&text, woven, outside, &gone) }
        }
    }
}

/// Names and date of an agenda.
fn names_of(draft: &Agenda) -> Names<'_> {
    Names { owner: &draft.owner, partner: &draft.partner, date: draft.date }
}

/// The base: the record; a bare block; or the series' standing agenda.
fn base_of(last_written: Option<&str>, draft: &Agenda, names: &Names<'_>) -> Record {
    match last_written.filter(|text| !text.is_empty()) {
        Some(text) => read_base(text, names),
        None => Record {
            rows: draft
                .standing
                .iter()
                .map(|recipe| standing::agenda(recipe, &draft.owner, &draft.partner))
                .flat_map(|agenda| rows(&agenda).iter().map(row_text).collect::<Vec<_>>())
                .map(|text| (Entry::of(&text, names), false))
                .filter(|(entry, _)| !entry.is_blank())
                .collect(),
            ..Record::default()
        },
    }
}

/// A record, or a bare block in any form.
pub(super) fn read_base(text: &str, names: &Names<'_>) -> Record {
    Record::read(text, names).unwrap_or_else(|| {
        let lines = lines_of(text, form_of(text));
        let inner = match find(&lines) {
            Found::Block { lines: inner, .. } => lines.get(inner).unwrap_or_default(),
            Found::Absent | Found::Damaged => lines.as_slice(),
        };
        let rows = entries(inner, &[], names).into_iter();
        let rows = rows.filter(|entry| !entry.is_blank()).map(|entry| (entry, false)).collect();
        Record { rows, ..Record::default() }
    })
}

fn known_texts(base: &Record, rows: &[(String, Entry)]) -> Vec<String> {
    let mut known: Vec<String> = base
        .rows
        .iter()
        .map(|(entry, _)| entry.full.clone())
        .chain(base.deleted.iter().map(|entry| entry.full.clone()))
        .chain(rows.iter().map(|(_, entry)| entry.full.clone()))
        .filter(|text| !text.is_empty())
        .collect();
    known.sort_unstable();
    known.dedup();
    known
}

/// Lines outside the block, blank ones left out; `None` when there are more than
/// can be followed.
pub(super) fn outside_entries(
    before: &[RawLine],
    after: &[RawLine],
    names: &Names<'_>,
) -> Option<Vec<Entry>> {
    let lines = || before.iter().chain(after).filter(|line| !line.text.is_empty());
    if lines().nth(OUTSIDE_ROWS).is_some() {
        return None;
    }
    let read = |lines| entries(lines, &[], names).into_iter().filter(|entry| !entry.is_blank());
    Some(read(before).chain(read(after)).collect())
}

/// Who is who.
struct Matched {
    /// Per line of theirs: the base row.
    base: Vec<Option<usize>>,
    /// Per line of theirs: the drafted row.
    ours: Vec<Option<usize>>,
    /// Drafted rows that are not to be put in: deleted by people, or standing
    /// outside the block.
    barred: Vec<bool>,
    /// Base rows people deleted.
    missing: Vec<usize>,
}

impl Matched {
    fn of(base: &Record, theirs: &[Entry], rows: &[(String, Entry)], outside: &[Entry]) -> Self {
        let base_entries: Vec<&Entry> = base.rows.iter().map(|(entry, _)| entry).collect();
        let their_entries: Vec<&Entry> = theirs.iter().collect();
        let ours: Vec<&Entry> = rows.iter().map(|(_, entry)| entry).collect();
        let to_base = align(&their_entries, &base_entries, REWORDED);
        let used: Vec<usize> = to_base.iter().flatten().copied().collect();
        let missing: Vec<usize> = (0..base_entries.len()).filter(|at| !used.contains(at)).collect();

        // A drafted row is the line it equals now; else the line that was made
        // from the row it equals in the base; else one that is alike.
        let mut row_of: Vec<Option<usize>> = align(&their_entries, &ours, SAME_MATTER);
        let row_base = align(&ours, &base_entries, REWORDED);
        let mut barred = vec![false; rows.len()];
        for (row, at) in row_base.iter().enumerate() {
            let Some(at) = at else { continue };
            if row_of.contains(&Some(row)) {
                continue;
            }
            match to_base.iter().position(|found| found == &Some(*at)) {
                Some(line) => {
                    if let Some(slot @ None) = row_of.get_mut(line) {
                        *slot = Some(row);
                    }
                }
                None => set(&mut barred, row),
            }
        }
        let gone: Vec<&Entry> = base.deleted.iter().chain(outside).collect();
        // What stands already is not held back; of what does not, all rows that say it.
        let open: Vec<usize> =
            (0..ours.len()).filter(|row| !row_of.contains(&Some(*row))).collect();
        let new: Vec<&Entry> = open.iter().filter_map(|row| ours.get(*row).copied()).collect();
        let found = align(&new, &gone, SAME_MATTER);
        let unwanted: Vec<&str> = new
            .iter()
            .zip(&found)
            .filter(|(_, found)| found.is_some())
            .map(|(entry, _)| entry.full.as_str())
            .collect();
        for (row, entry) in open.iter().zip(&new) {
            if unwanted.contains(&entry.full.as_str()) {
                set(&mut barred, *row);
            }
        }
        Self { base: to_base, ours: row_of, barred, missing }
    }

    /// What becomes of each line of theirs and each drafted row.
    fn plan(&self, base: &Record, theirs: &[Entry], rows: &[(String, Entry)]) -> Vec<Fate> {
        let mut out = Vec::with_capacity(theirs.len());
        for (at, line) in theirs.iter().enumerate() {
            let row = self.ours.get(at).copied().flatten();
            let from = self.base.get(at).copied().flatten().and_then(|at| base.rows.get(at));
            let fate = match from {
                None if line.is_blank() => Fate::Gap,
                Some((old, false)) if same(old, line) => match row.and_then(|row| rows.get(row)) {
                    Some((_, new)) if same(new, line) => Fate::Keep { row, typed: false },
                    Some(_) => Fate::Replace { row: row.unwrap_or_default() },
                    None => Fate::Drop,
                },
                Some(_) | None => Fate::Keep { row, typed: true },
            };
            out.push(fate);
        }
        let placed: Vec<usize> = self.ours.iter().flatten().copied().collect();
        for (row, (_, entry)) in rows.iter().enumerate() {
            let barred = self.barred.get(row).copied().unwrap_or(false);
            if !placed.contains(&row) && !entry.is_blank() {
                out.push(if barred { Fate::Barred { row } } else { Fate::Insert { row } });
            }
        }
        out
    }

    fn deleted<'a>(&self, base: &'a Record) -> Vec<&'a Entry> {
        let now = self.missing.iter().filter_map(|at| base.rows.get(*at)).map(|(entry, _)| entry);
        base.deleted.iter().chain(now).collect()
    }
}

/// What becomes of a line; the lines of theirs come first, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// An empty line.
    Gap,
    /// It stays as people have it.
    Keep {
        /// The drafted row it stands for.
        row: Option<usize>,
        /// Whether people typed or changed it.
        typed: bool,
    },
    /// It is ours, untouched, and says something else now.
    Replace {
        /// The drafted row.
        row: usize,
    },
    /// It is ours, untouched, and no longer wanted.
    Drop,
    /// A drafted row that is new.
    Insert {
        /// Which.
        row: usize,
    },
    /// A drafted row people do not want here.
    Barred {
        /// Which.
        row: usize,
    },
}

/// Whether two lines are the same to the letter (space aside).
fn same(old: &Entry, now: &Entry) -> bool {
    old.logical == now.logical
}

fn set(flags: &mut [bool], at: usize) {
    if let Some(flag) = flags.get_mut(at) {
        *flag = true;
    }
}

/// Puts record and state around a woven text.
fn finish(text: &Text<'_>, woven: Woven, outside: Option<&[Entry]>, deleted: &[&Entry]) -> Merge {
    let mut record = Writer::new();
    for (typed, row) in &woven.rows {
        record.row(if *typed { Gutter::Typed } else { Gutter::Generated }, row);
    }
    for entry in deleted {
        record.row(Gutter::Deleted, &entry.logical);
    }
    record.outside(outside);
    let current = text.description.to_owned();
    let state = if woven.no_room {
        MergeState::NoRoom
    } else if woven.unchanged {
        MergeState::Unchanged
    } else if !matches!(find(&lines_of(&woven.text, form_of(&woven.text))), Found::Block { .. }) {
        // A text we could not find again is never written.
        MergeState::MarksDamaged
    } else {
        MergeState::Write
    };
    let description = if state == MergeState::Write { woven.text } else { current };
    Merge {
        description,
        block: record.finish(),
        edits: Vec::new(),
        state,
        left_out: woven.left_out,
    }
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
