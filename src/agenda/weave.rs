//! Puts a merged block together: people's lines verbatim and in their order,
//! ours in between, everything outside the marks byte for byte as it was.

use std::ops::Range;

use crate::agenda::format::{TextForm, encode, newline, row_out};
use crate::agenda::merge::Fate;
use crate::agenda::parse::{Entry, Kind};
use crate::agenda::text::{balanced, loose_tags};
use crate::model::agenda::{BLOCK_BEGIN, BLOCK_END};

/// The description that is woven into.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) description: &'a str,
    pub(super) form: TextForm,
    pub(super) limit: Option<usize>,
}

/// Where the block stands in it, in bytes.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) outer: Range<usize>,
    pub(super) begin: Range<usize>,
    pub(super) end: Range<usize>,
}

/// A woven text.
#[derive(Debug, Clone)]
pub(super) struct Woven {
    pub(super) text: String,
    /// Nothing but what people have stands in it.
    pub(super) unchanged: bool,
    /// The block's logical rows, with whether people typed them.
    pub(super) rows: Vec<(bool, String)>,
    pub(super) left_out: Vec<String>,
    pub(super) no_room: bool,
}

/// One line of the new block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Out {
    Gap,
    Theirs { line: usize, typed: bool, row: Option<usize> },
    Ours { row: usize },
}

impl Out {
    fn row(self) -> Option<usize> {
        match self {
            Self::Gap => None,
            Self::Theirs { row, .. } => row,
            Self::Ours { row } => Some(row),
        }
    }
}

/// Weaves. Without a place the drafted rows are put at the end of the text.
pub(super) fn weave(
    text: &Text<'_>,
    place: Option<&Place>,
    rows: &[(String, Entry)],
    theirs: &[Entry],
    plan: &[Fate],
) -> Woven {
    let weaver = Weaver { text, place, rows, theirs };
    let mut out = match place {
        Some(_) => weaver.lay_out(plan),
        None => rows
            .iter()
            .enumerate()
            .map(|(row, (_, entry))| if entry.is_blank() { Out::Gap } else { Out::Ours { row } })
            .collect(),
    };
    if place.is_some() && weaver.is_unchanged(&out) {
        return weaver.woven(&out, true, Vec::new(), false);
    }
    let left_out = weaver.fit(&mut out);
    let (left_out, fits) = (left_out.0, left_out.1);
    let unchanged = place.is_some() && weaver.is_unchanged(&out);
    weaver.woven(&out, unchanged, left_out, !fits && !unchanged)
}

struct Weaver<'a> {
    text: &'a Text<'a>,
    place: Option<&'a Place>,
    rows: &'a [(String, Entry)],
    theirs: &'a [Entry],
}

impl Weaver<'_> {
    fn lay_out(&self, plan: &[Fate]) -> Vec<Out> {
        let mut out: Vec<Out> = Vec::with_capacity(plan.len());
        let mut inserted = vec![false; self.rows.len()];
        for (line, fate) in plan.iter().enumerate() {
            match *fate {
                Fate::Gap => out.push(Out::Gap),
                Fate::Keep { row, typed } => out.push(Out::Theirs { line, typed, row }),
                Fate::Replace { row } => out.push(Out::Ours { row }),
                Fate::Drop | Fate::Barred { .. } => {}
                Fate::Insert { row } => {
                    if let Some(slot) = inserted.get_mut(row) {
                        *slot = true;
                    }
                }
            }
        }
        let mut anchor = 0;
        for row in 0..self.rows.len() {
            if let Some(at) = out.iter().position(|line| line.row() == Some(row)) {
                anchor = at + 1;
            } else if inserted.get(row) == Some(&true) {
                anchor = self.insert(&mut out, anchor, row);
            }
        }
        tidy_gaps(&mut out);
        out
    }

    /// Inserts a row at the anchor. One that begins a paragraph goes below what
    /// people typed at the end of the one before.
    fn insert(&self, out: &mut Vec<Out>, mut anchor: usize, row: usize) -> usize {
        let begins = row == 0 || self.rows.get(row - 1).is_some_and(|(_, entry)| entry.is_blank());
        if begins && row > 0 {
            while out.get(anchor).is_some_and(|line| !self.is_anchor(*line)) {
                anchor += 1;
            }
            if anchor > 0 && out.get(anchor - 1) != Some(&Out::Gap) {
                out.insert(anchor, Out::Gap);
                anchor += 1;
            }
        }
        out.insert(anchor, Out::Ours { row });
        anchor += 1;
        if begins && out.get(anchor).is_some_and(|line| self.is_heading(*line)) {
            out.insert(anchor, Out::Gap);
        }
        anchor
    }

    fn is_anchor(&self, line: Out) -> bool {
        line.row().is_some() || self.is_heading(line)
    }

    fn is_heading(&self, line: Out) -> bool {
        let entry = match line {
            Out::Gap => None,
            Out::Theirs { line, .. } => self.theirs.get(line),
            Out::Ours { row } => self.rows.get(row).map(|(_, entry)| entry),
        };
        entry.is_some_and(|entry| entry.kind == Kind::Heading)
    }

    fn is_unchanged(&self, out: &[Out]) -> bool {
        let mut lines = self.theirs.iter().enumerate().filter(|(_, entry)| !entry.is_blank());
        let mut ours = out.iter().filter(|line| **line != Out::Gap);
        loop {
            match (lines.next(), ours.next()) {
                (None, None) => return true,
                (Some((at, _)), Some(Out::Theirs { line, .. })) if at == *line => {}
                (Some(_) | None, Some(_) | None) => return false,
            }
        }
    }

    /// Drops generated lines until the description is within its limit: first
    /// prompts, then items but actions, then actions, from the end; people's
    /// lines and the headings stay. Returns what was dropped and whether it fits.
    fn fit(&self, out: &mut Vec<Out>) -> (Vec<String>, bool) {
        let mut left_out = Vec::new();
        let Some(limit) = self.text.limit else { return (left_out, true) };
        loop {
            let over = self.render(out).chars().count().saturating_sub(limit);
            if over == 0 {
                left_out.reverse();
                return (left_out, true);
            }
            let victim =
                (0..3).find_map(|rank| out.iter().rposition(|line| self.rank(*line) == Some(rank)));
            let Some(at) = victim else {
                left_out.reverse();
                return (left_out, false);
            };
            if let Some((text, _)) = out.remove(at).row().and_then(|row| self.rows.get(row)) {
                left_out.push(text.clone());
            }
            tidy_gaps(out);
        }
    }

    /// How soon a line may be dropped; `None`: never.
    fn rank(&self, line: Out) -> Option<u8> {
        let row = match line {
            Out::Gap | Out::Theirs { typed: true, .. } => return None,
            Out::Theirs { row, .. } => row?,
            Out::Ours { row } => row,
        };
        let (_, entry) = self.rows.get(row)?;
        match entry.kind {
            Kind::Blank | Kind::Heading => None,
            Kind::Line(crate::agenda::shape::Mark::Plain | crate::agenda::shape::Mark::Bullet) => {
                Some(0)
            }
            Kind::Line(crate::agenda::shape::Mark::Open | crate::agenda::shape::Mark::Done) => {
                Some(if entry.full == entry.key { 1 } else { 2 })
            }
        }
    }

    fn woven(&self, out: &[Out], unchanged: bool, left_out: Vec<String>, no_room: bool) -> Woven {
        let rows = out
            .iter()
            .filter_map(|line| match *line {
                Out::Gap => None,
                Out::Theirs { line, typed, .. } => {
                    self.theirs.get(line).map(|entry| (typed, entry.logical.clone()))
                }
                Out::Ours { row } => self.rows.get(row).map(|(text, _)| (false, text.clone())),
            })
            .collect();
        let text = if unchanged { self.text.description.to_owned() } else { self.render(out) };
        Woven { text, unchanged, rows, left_out, no_room }
    }

    fn render(&self, out: &[Out]) -> String {
        let form = self.text.form;
        let break_ = newline(form);
        let lines: Vec<String> = out.iter().map(|line| self.line(*line)).collect();
        let body = lines.join(break_);
        let whole = self.text.description;
        let Some(place) = self.place else {
            let gap = match form {
                TextForm::Plain if whole.is_empty() || whole.ends_with("\n\n") => "",
                TextForm::Plain if whole.trim().is_empty() || whole.ends_with('\n') => "\n",
                TextForm::Plain => "\n\n",
                TextForm::Html => "<br><br>",
            };
            let (begin, end) = (encode(BLOCK_BEGIN, form), encode(BLOCK_END, form));
            return format!("{whole}{gap}{begin}{break_}{body}{break_}{end}");
        };
        let cut = |range: Range<usize>| whole.get(range).unwrap_or_default();
        let (closing, opening) = match form {
            TextForm::Plain => (Vec::new(), Vec::new()),
            TextForm::Html => loose_tags(cut(place.begin.end..place.end.start)),
        };
        let body = if body.is_empty() { String::new() } else { format!("{body}{break_}") };
        format!(
            "{}{}{}{break_}{body}{}{}{}",
            cut(0..place.outer.start),
            cut(place.begin.clone()),
            closing.concat(),
            opening.concat(),
            cut(place.end.clone()),
            cut(place.outer.end..whole.len()),
        )
    }

    fn line(&self, line: Out) -> String {
        let form = self.text.form;
        match line {
            Out::Gap => String::new(),
            Out::Ours { row } => self.rows.get(row).map_or_else(String::new, |(text, entry)| {
                row_out(text, entry.kind == Kind::Heading, form)
            }),
            Out::Theirs { line, .. } => {
                let Some(entry) = self.theirs.get(line) else { return String::new() };
                let cut = |range: &Range<usize>| {
                    self.text.description.get(range.clone()).unwrap_or_default()
                };
                match form {
                    TextForm::Plain => {
                        entry.ranges.iter().map(cut).collect::<Vec<_>>().join(newline(form))
                    }
                    TextForm::Html => {
                        let parts: Vec<String> =
                            entry.ranges.iter().map(|range| balanced(cut(range))).collect();
                        let bullet = if entry.needs_bullet { "- " } else { "" };
                        format!("{bullet}{}", parts.join(newline(form)))
                    }
                }
            }
        }
    }
}

/// No empty line at either end, never two in a row.
fn tidy_gaps(out: &mut Vec<Out>) {
    out.dedup_by(|b, a| *a == Out::Gap && *b == Out::Gap);
    while out.last() == Some(&Out::Gap) {
        out.pop();
    }
    if out.first() == Some(&Out::Gap) {
        out.remove(0);
    }
}
