//! Lines of a block read as entries: heading or line, box, owner, due date.
//! Forgiving about how people and clients write them.

use std::ops::Range;

use jiff::civil::Date;

use crate::agenda::dates::date_of;
use crate::agenda::shape::Mark;
use crate::agenda::similar::canon;
use crate::agenda::text::{RawLine, Start};
use crate::agenda::wrap::breaks_a_word;
use crate::model::agenda::{ItemKind, Side, TypedLine};

/// Who is named in lines, and the date that "6 Mar" is near to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) owner: &'a str,
    pub(super) partner: &'a str,
    pub(super) date: Date,
}

/// What a line of a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Blank,
    Heading,
    Line(Mark),
}

/// One logical line of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    /// The whole line as it reads, mark included, unwrapped.
    pub(super) logical: String,
    /// Without mark; owner and due date included. A heading: its title.
    pub(super) text: String,
    /// What it says, for finding it again: without owner, label and dates.
    pub(super) key: String,
    /// All it says, for seeing whether it changed.
    pub(super) full: String,
    /// The bytes of its lines in the source.
    pub(super) ranges: Vec<Range<usize>>,
    /// A list item of HTML that has no mark of its own in the text.
    pub(super) needs_bullet: bool,
}

impl Entry {
    /// Reads one logical line.
    pub(super) fn of(text: &str, names: &Names<'_>) -> Self {
        if let Some(title) = heading(text) {
            return Self {
                kind: Kind::Heading,
                logical: text.to_owned(),
                text: title.to_owned(),
                key: canon(title),
                full: canon(title),
                ranges: Vec::new(),
                needs_bullet: false,
            };
        }
        let (mark, rest) = split_mark(text);
        let kind =
            if rest.is_empty() && mark == Mark::Plain { Kind::Blank } else { Kind::Line(mark) };
        Self { kind, logical: text.to_owned(), ..Self::plain(rest, names) }
    }

    /// A line that is its text and nothing else.
    fn plain(text: &str, names: &Names<'_>) -> Self {
        Self {
            kind: Kind::Line(Mark::Plain),
            logical: text.to_owned(),
            text: text.to_owned(),
            key: canon(&read(text, names).text),
            full: canon(text),
            ranges: Vec::new(),
            needs_bullet: false,
        }
    }

    fn of_raw(line: &RawLine, names: &Names<'_>) -> Self {
        let mut entry = match line.start {
            Start::Line => Self::of(&line.text, names),
            // Whatever it looks like, it is the rest of the line above.
            Start::SameLine | Start::SameWord => Self::plain(&line.text, names),
        };
        if line.listed && entry.kind == Kind::Line(Mark::Plain) {
            entry.kind = Kind::Line(Mark::Bullet);
            entry.needs_bullet = true;
            entry.logical = format!("- {}", entry.text);
        }
        entry.ranges.push(line.range.clone());
        entry
    }

    pub(super) fn is_done(&self) -> bool {
        self.kind == Kind::Line(Mark::Done)
    }

    pub(super) fn is_blank(&self) -> bool {
        self.kind == Kind::Blank
    }
}

/// Reads the lines of a block. `known`: the canonical texts (sorted) of lines
/// that were or would be written, by which wrapped lines are put together again
/// when a client dropped their indentation.
pub(super) fn entries(lines: &[RawLine], known: &[String], names: &Names<'_>) -> Vec<Entry> {
    let mut out: Vec<Entry> = Vec::new();
    let above = std::iter::once(None).chain(lines.iter().map(Some));
    for (line, above) in lines.iter().zip(above) {
        let entry = Entry::of_raw(line, names);
        let seam = Seam { above: above.map_or("", |above| &above.text), line };
        let joined = out.last().and_then(|last| join(last, &entry, &seam, known, names));
        match joined {
            Some(joined) => {
                out.pop();
                out.push(joined);
            }
            None => out.push(entry),
        }
    }
    out
}

/// Longest line that is still joined with its continuation, in bytes.
const JOIN_BYTES: usize = 4000;

/// Two neighbouring lines as they stand.
struct Seam<'a> {
    above: &'a str,
    line: &'a RawLine,
}

impl Seam<'_> {
    /// What stood between the two before the line was broken.
    fn glue(&self, mark: Mark) -> &'static str {
        match self.line.start {
            Start::SameWord => "",
            Start::Line if breaks_a_word(self.above, mark) => "",
            Start::SameLine | Start::Line => " ",
        }
    }
}

fn join(
    last: &Entry,
    next: &Entry,
    seam: &Seam<'_>,
    known: &[String],
    names: &Names<'_>,
) -> Option<Entry> {
    let Kind::Line(mark) = last.kind else { return None };
    if next.kind != Kind::Line(Mark::Plain) || last.text.len() > JOIN_BYTES {
        return None;
    }
    let complete = known.binary_search(&last.full).is_ok();
    let glue = seam.glue(mark);
    let text = format!("{}{glue}{}", last.text, next.text);
    let full = canon(&text);
    let at = known.partition_point(|text| *text < full);
    let begins_known = known.get(at).is_some_and(|text| text.starts_with(&full));
    // Under a line that is complete as it is, indented text is somebody's own.
    let continues = begins_known
        || seam.line.start != Start::Line
        || (seam.line.indented && !complete && mark != Mark::Plain);
    if !continues {
        return None;
    }
    let mut joined = Entry::plain(&text, names);
    joined.kind = Kind::Line(mark);
    joined.logical = format!("{}{glue}{}", last.logical, next.logical);
    joined.text = text;
    joined.full = full;
    joined.needs_bullet = last.needs_bullet;
    joined.ranges = last.ranges.iter().chain(&next.ranges).cloned().collect();
    Some(joined)
}

/// The title of `3. Title (5 min)`.
pub(super) fn heading(text: &str) -> Option<&str> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.get(digits..).filter(|_| (1..=2).contains(&digits))?;
    let rest = rest.strip_prefix(['.', ')'])?.trim_start();
    let rest = rest.strip_suffix("min)")?.trim_end();
    let (title, minutes) = rest.rsplit_once('(')?;
    (!minutes.is_empty() && minutes.trim().bytes().all(|b| b.is_ascii_digit()))
        .then(|| title.trim_end())
}

/// Boxes and bullets people and editors write.
const MARKS: [(&str, Mark); 26] = [
    ("[ ]", Mark::Open),
    ("[]", Mark::Open),
    ("[_]", Mark::Open),
    ("☐", Mark::Open),
    ("⬜", Mark::Open),
    ("[x]", Mark::Done),
    ("[X]", Mark::Done),
    ("[*]", Mark::Done),
    ("[✓]", Mark::Done),
    ("[✔]", Mark::Done),
    ("[v]", Mark::Done),
    ("[done]", Mark::Done),
    ("☑", Mark::Done),
    ("☒", Mark::Done),
    ("✅", Mark::Done),
    ("✔", Mark::Done),
    ("✓", Mark::Done),
    ("- ", Mark::Bullet),
    ("* ", Mark::Bullet),
    ("• ", Mark::Bullet),
    ("– ", Mark::Bullet),
    ("+ ", Mark::Bullet),
    ("◦ ", Mark::Bullet),
    ("▪ ", Mark::Bullet),
    ("‣ ", Mark::Bullet),
    ("— ", Mark::Bullet),
];

/// Takes a box or bullet (or a bullet and then a box) off a line.
pub(super) fn split_mark(text: &str) -> (Mark, &str) {
    let mut mark = Mark::Plain;
    let mut rest = text.trim();
    for _ in 0..2 {
        let Some((sign, found)) = MARKS.iter().find(|(sign, _)| rest.starts_with(sign)) else {
            // A bullet with nothing behind it.
            if mark == Mark::Plain && ["-", "*", "•"].contains(&rest) {
                return (Mark::Bullet, "");
            }
            break;
        };
        let boxed = matches!(mark, Mark::Open | Mark::Done);
        if boxed {
            break;
        }
        mark = *found;
        rest = rest.strip_prefix(sign).unwrap_or(rest).trim_start_matches(['\u{fe0f}', ' ']);
    }
    (mark, rest)
}

/// A line's text taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) text: String,
    pub(super) side: Option<Side>,
    pub(super) kind: Option<ItemKind>,
    pub(super) due: Option<Date>,
}

/// Labels that say what a line is.
const LABELS: [(&str, ItemKind); 10] = [
    ("done", ItemKind::Win),
    ("win", ItemKind::Win),
    ("wins", ItemKind::Win),
    ("blocker", ItemKind::Blocker),
    ("blocked", ItemKind::Blocker),
    ("action", ItemKind::Action),
    ("todo", ItemKind::Action),
    ("to do", ItemKind::Action),
    ("ai", ItemKind::Action),
    ("topic", ItemKind::Topic),
];

/// Takes owner, label, due date and the remarks onbeat adds off a line's text.
pub(super) fn read(text: &str, names: &Names<'_>) -> Read {
    let mut out = Read { text: String::new(), side: None, kind: None, due: None };
    let mut rest = text.trim();
    for _ in 0..2 {
        let Some((head, tail)) = rest.split_once(':').filter(|(head, _)| head.len() <= 60) else {
            break;
        };
        let head = head.trim().trim_start_matches('@');
        if let Some((_, kind)) = LABELS.iter().find(|(label, _)| head.eq_ignore_ascii_case(label)) {
            out.kind = Some(*kind);
        } else if let Some(side) = side_of(head, names) {
            out.side = Some(side);
        } else {
            break;
        }
        rest = tail.trim_start();
    }
    if out.side.is_none()
        && let Some((head, tail)) = rest.strip_prefix('@').and_then(|rest| rest.split_once(' '))
        && let Some(side) = side_of(head, names)
    {
        out.side = Some(side);
        rest = tail.trim_start();
    }
    let (rest, due) = take_due(rest, names.date);
    out.due = due;
    out.text = rest.to_owned();
    out
}

fn side_of(name: &str, names: &Names<'_>) -> Option<Side> {
    let is = |person: &str| {
        let name = name.to_lowercase();
        let person = person.to_lowercase();
        !name.is_empty() && (person == name || person.split(' ').next() == Some(name.as_str()))
    };
    match (is(names.owner), is(names.partner)) {
        (true, false) => Some(Side::Owner),
        (false, true) => Some(Side::Partner),
        (true, true) | (false, false) => {
            ["both", "us", "we"].contains(&name.to_lowercase().as_str()).then_some(Side::Both)
        }
    }
}

/// Takes a due date off the end: `(due 6 Mar; carried 2x)`, `due 2026-03-06`,
/// `by Friday`.
fn take_due(text: &str, near: Date) -> (&str, Option<Date>) {
    let mut due = None;
    let mut rest = text.trim_end();
    while let Some((head, group)) = rest.strip_suffix(')').and_then(|open| open.rsplit_once('(')) {
        let parts: Vec<&str> = group.split([';', ',']).map(str::trim).collect();
        if !parts.iter().all(|part| is_remark(part, near)) {
            break;
        }
        due = parts.iter().find_map(|part| date_after(part, &["due", "by"], near)).or(due);
        rest = head.trim_end();
    }
    if due.is_none() {
        for word in [" due ", " by "] {
            let Some(at) = rest.to_ascii_lowercase().rfind(word) else { continue };
            let tail = rest.get(at + word.len()..).unwrap_or_default();
            if let Some(date) = date_of(tail.trim_end_matches(['.', '!']), near) {
                return (
                    rest.get(..at).unwrap_or_default().trim_end_matches([' ', ',']),
                    Some(date),
                );
            }
        }
    }
    (rest, due)
}

fn is_remark(part: &str, near: Date) -> bool {
    let carried = part.strip_prefix("carried ").and_then(|times| times.strip_suffix('x'));
    carried.is_some_and(|times| times.trim().parse::<u32>().is_ok())
        || part == "overdue"
        || date_after(part, &["due", "by"], near).is_some()
}

fn date_after(part: &str, words: &[&str], near: Date) -> Option<Date> {
    let (word, rest) = part.split_once(' ')?;
    words.iter().any(|known| word.eq_ignore_ascii_case(known)).then(|| date_of(rest, near))?
}

/// A typed line as an item; `None` when it says nothing.
pub(super) fn typed(entry: &Entry, inside: bool, names: &Names<'_>) -> Option<TypedLine> {
    let Kind::Line(mark) = entry.kind else { return None };
    let read = read(&entry.text, names);
    if read.text.trim().is_empty() {
        return None;
    }
    let boxed = matches!(mark, Mark::Open | Mark::Done);
    let guess = if boxed && (read.side.is_some() || read.due.is_some()) || read.due.is_some() {
        ItemKind::Action
    } else {
        ItemKind::Topic
    };
    Some(TypedLine {
        kind: read.kind.unwrap_or(guess),
        text: read.text,
        side: read.side,
        due: read.due,
        done: mark == Mark::Done,
        inside,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: Names<'static> =
        Names { owner: "Elena Rossi", partner: "Bob", date: Date::constant(2026, 3, 4) };

    fn d(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn marks_of_all_kinds() {
        assert_eq!(split_mark("[ ] a"), (Mark::Open, "a"));
        assert_eq!(split_mark("- [X] a"), (Mark::Done, "a"));
        assert_eq!(split_mark("• ☑️ a"), (Mark::Done, "a"));
        assert_eq!(split_mark("✅ a"), (Mark::Done, "a"));
        assert_eq!(split_mark("- - a"), (Mark::Bullet, "a"));
        assert_eq!(split_mark("[ ] [x] a"), (Mark::Open, "[x] a"));
        assert_eq!(split_mark("-5 % churn"), (Mark::Plain, "-5 % churn"));
        assert_eq!(split_mark("-"), (Mark::Bullet, ""));
    }

    #[test]
    fn headings() {
        assert_eq!(heading("3. Goals (5 min)"), Some("Goals"));
        assert_eq!(heading("10) A (b) (12 min)"), Some("A (b)"));
        assert_eq!(heading("3. Call Ana"), None);
        assert_eq!(heading("2026. x (5 min)"), None);
    }

    #[test]
    fn owner_label_and_due_come_off() {
        let read = read("Bob: send the draft (due 6 Mar; carried 2x)", &NAMES);
        assert_eq!((read.text.as_str(), read.side), ("send the draft", Some(Side::Partner)));
        assert_eq!(read.due, Some(d("2026-03-06")));
        let other = super::read("@elena call Ana by Friday", &NAMES);
        assert_eq!((other.text.as_str(), other.side), ("call Ana", Some(Side::Owner)));
        assert_eq!(other.due, Some(d("2026-03-06")));
        let plain = super::read("Budget: the plan (two parts)", &NAMES);
        assert_eq!((plain.text.as_str(), plain.due), ("Budget: the plan (two parts)", None));
        assert_eq!(super::read("stand by me", &NAMES).text, "stand by me");
    }
}
