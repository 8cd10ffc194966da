//! The lossless index of content lines (RFC 5545 §3.1): where each logical
//! line begins and ends in the bytes, folds and line break included. It knows
//! nothing of what a line means; every byte of the input belongs to exactly one
//! line, so that concatenating all lines gives the input again.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use memchr::memchr;

/// Largest file that is read at all: an export of a decade's calendar has tens of
/// megabytes. Single resources from servers are bounded where they are fetched.
pub const MAX_FILE: usize = 256 << 20;
/// Longest logical line, folds included; longer ones are flagged, not refused.
pub const MAX_LINE: usize = 1 << 20;
/// Deepest nesting of components.
pub const MAX_DEPTH: u16 = 32;

/// Why a text is not indexed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinesError {
    /// More than [`MAX_FILE`] bytes.
    #[error("the calendar has {0} bytes, more than the {MAX_FILE} that are read")]
    FileTooLarge(usize),
    /// Components nested deeper than [`MAX_DEPTH`].
    #[error("line {line}: components are nested deeper than {MAX_DEPTH}")]
    TooDeep {
        /// Physical line number, from 1.
        line: usize,
    },
}

/// What a line does to the component structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// `BEGIN:…`
    Begin,
    /// `END:…`
    End,
    /// A property, or anything else with a `:` or `;` in it.
    Property,
    /// No name and no value: empty or without a colon.
    Junk,
}

/// One logical line: a byte range of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    start: u32,
    end: u32,
    name_len: u32,
    depth: u16,
    kind: LineKind,
    folded: bool,
}

impl Line {
    /// The line's bytes in the input, folds and line break included.
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// How many components are open at this line; a BEGIN counts as inside of
    /// what it opens, an END as inside of what it closes.
    pub fn depth(&self) -> u16 {
        self.depth
    }

    /// What the line does to the structure.
    pub fn kind(&self) -> LineKind {
        self.kind
    }

    /// Whether the line is longer than [`MAX_LINE`].
    pub fn too_long(&self) -> bool {
        self.range().len() > MAX_LINE
    }
}

/// The bytes with the index over them.
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    data: &'a [u8],
    lines: Vec<Line>,
    /// Physical line number of each logical line; made on first use.
    numbers: OnceLock<Vec<u32>>,
}

impl<'a> Lines<'a> {
    /// Indexes a text. CRLF and LF both end a line, also mixed; in a text
    /// without any LF a lone CR does. A byte-order mark belongs to the first line.
    ///
    /// # Errors
    /// When the text exceeds [`MAX_FILE`] or [`MAX_DEPTH`].
    pub fn new(data: &'a [u8]) -> Result<Self, LinesError> {
        if data.len() > MAX_FILE {
            return Err(LinesError::FileTooLarge(data.len()));
        }
        let newline = if memchr(b'\n', data).is_none() { b'\r' } else { b'\n' };
        let mut lines = Vec::with_capacity(data.len() / 32 + 1);
        let mut depth = 0_u16;
        let mut at = 0_usize;
        while at < data.len() {
            let (end, folded) = logical_end(data, at, newline);
            let line = describe(data, at, end, folded, &mut depth);
            if depth > MAX_DEPTH {
                let number =
                    1 + memchr::memchr_iter(newline, data.get(..at).unwrap_or(data)).count();
                return Err(LinesError::TooDeep { line: number });
            }
            lines.push(line);
            at = end;
        }
        Ok(Self { data, lines, numbers: OnceLock::new() })
    }

    /// The input.
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// How many logical lines there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is no line at all.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// All lines in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Line> {
        self.lines.iter()
    }

    /// The line at an index.
    pub fn get(&self, index: usize) -> Option<&Line> {
        self.lines.get(index)
    }

    /// The lines of an index range (empty when out of bounds).
    pub fn slice(&self, range: Range<usize>) -> &[Line] {
        self.lines.get(range).unwrap_or(&[])
    }

    /// A line's bytes, folds and line break included.
    pub fn raw(&self, line: &Line) -> &'a [u8] {
        self.data.get(line.range()).unwrap_or(&[])
    }

    /// The physical line number a logical line starts on, from 1. The first call
    /// scans the text once; for messages only.
    pub fn number(&self, line: &Line) -> usize {
        let numbers = self.numbers.get_or_init(|| {
            let mut next = 1_u32;
            let count = |l: &Line| {
                let here = next;
                let breaks = memchr::memchr_iter(b'\n', self.raw(l)).count();
                next = next.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
                here
            };
            self.lines.iter().map(count).collect()
        });
        let index = self.lines.binary_search_by_key(&line.start, |l| l.start).unwrap_or(0);
        numbers.get(index).copied().unwrap_or(1) as usize
    }

    /// The property or component keyword as written (not yet upper-cased); empty
    /// for junk.
    pub fn name(&self, line: &Line) -> Cow<'a, [u8]> {
        let start = line.start as usize + bom(self.data, line.start as usize);
        let raw = self.data.get(start..start + line.name_len as usize).unwrap_or(&[]);
        if line.folded { unfold(raw) } else { Cow::Borrowed(raw) }
    }

    /// Whether the line's name is this one, in any case.
    pub fn is(&self, line: &Line, name: &str) -> bool {
        self.name(line).eq_ignore_ascii_case(name.as_bytes())
    }

    /// Everything after the name, unfolded, without line break: starts with `:`
    /// or `;` for a property.
    pub fn rest(&self, line: &Line) -> Cow<'a, [u8]> {
        let start =
            line.start as usize + bom(self.data, line.start as usize) + line.name_len as usize;
        let raw = trim_newline(self.data.get(start..line.end as usize).unwrap_or(&[]));
        if line.folded { unfold(raw) } else { Cow::Borrowed(raw) }
    }

    /// Whether these bytes (a line, or several) end with a line break of the text.
    pub fn ends_line(&self, bytes: &[u8]) -> bool {
        bytes.ends_with(self.newline().get(self.newline().len() - 1..).unwrap_or(b"\n"))
    }

    /// The line break the text uses (that of its first broken line; CRLF when
    /// there is none).
    pub fn newline(&self) -> &'static [u8] {
        match memchr(b'\n', self.data) {
            Some(0) => b"\n",
            Some(at) if self.data.get(at - 1) == Some(&b'\r') => b"\r\n",
            Some(_) => b"\n",
            None if memchr(b'\r', self.data).is_some() => b"\r",
            None => b"\r\n",
        }
    }
}

/// Where the logical line that starts at `at` ends, and whether it has folds. A
/// line that begins with a space or tab continues the one before (§3.1).
fn logical_end(data: &[u8], at: usize, newline: u8) -> (usize, bool) {
    let mut from = at;
    loop {
        let rest = data.get(from..).unwrap_or(&[]);
        let Some(offset) = memchr(newline, rest) else {
            return (data.len(), from != at);
        };
        let end = from + offset + 1;
        match data.get(end) {
            Some(b' ' | b'\t') => from = end,
            Some(_) | None => return (end, from != at),
        }
    }
}

fn describe(data: &[u8], start: usize, end: usize, folded: bool, depth: &mut u16) -> Line {
    let skip = bom(data, start);
    let body = trim_newline(data.get(start + skip..end).unwrap_or(&[]));
    let name_len = body.iter().position(|b| matches!(b, b':' | b';')).unwrap_or(0);
    let mut kind = if name_len == 0 { LineKind::Junk } else { LineKind::Property };
    let mut here = *depth;
    if let Some(b'B' | b'b' | b'E' | b'e') = body.first() {
        let raw = body.get(..name_len).unwrap_or(&[]);
        let name = if folded { unfold(raw) } else { Cow::Borrowed(raw) };
        if name.eq_ignore_ascii_case(b"BEGIN") {
            kind = LineKind::Begin;
            *depth += 1;
            here = *depth;
        } else if name.eq_ignore_ascii_case(b"END") {
            kind = LineKind::End;
            *depth = depth.saturating_sub(1);
        }
    }
    // MAX_FILE keeps all offsets below 2^32.
    let offset = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Line {
        start: offset(start),
        end: offset(end),
        name_len: offset(name_len),
        depth: here,
        kind,
        folded,
    }
}

/// Length of a UTF-8 byte-order mark at the start of the text.
fn bom(data: &[u8], start: usize) -> usize {
    if start == 0 && data.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
}

/// Without the line break at the end.
pub(crate) fn trim_newline(mut raw: &[u8]) -> &[u8] {
    while let [head @ .., b'\n' | b'\r'] = raw {
        raw = head;
    }
    raw
}

/// Removes the folds: each line break with the one white-space byte after it.
/// Works on bytes, because a fold may fall inside a UTF-8 character.
pub(crate) fn unfold(raw: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'\n', b'\r', raw).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr2(b'\n', b'\r', rest) {
        let (head, tail) = rest.split_at(at);
        let folded = match tail {
            [b'\r', b'\n', b' ' | b'\t', after @ ..]
            | [b'\n' | b'\r', b' ' | b'\t', after @ ..] => Some(after),
            _ => None,
        };
        out.extend_from_slice(head);
        match folded {
            Some(after) => rest = after,
            None => {
                // Not a fold (a lone CR in a value): kept.
                out.extend_from_slice(tail.get(..1).unwrap_or(&[]));
                rest = tail.get(1..).unwrap_or(&[]);
            }
        }
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(data: &[u8]) -> Vec<(String, u16)> {
        let lines = Lines::new(data).unwrap();
        lines
            .iter()
            .map(|l| (String::from_utf8_lossy(&lines.name(l)).into_owned(), l.depth()))
            .collect()
    }

    #[test]
    fn folds_mixed_newlines_and_depth() {
        let data =
            b"BEGIN:VCALENDAR\r\nbegin:vevent\nSUM\r\n MARY:a\n\tb\r\nend:VEVENT\nEND:VCALENDAR";
        assert_eq!(
            names(data),
            [
                ("BEGIN".into(), 1),
                ("begin".into(), 2),
                ("SUMMARY".into(), 2),
                ("end".into(), 2),
                ("END".into(), 1)
            ]
        );
        let lines = Lines::new(data).unwrap();
        assert_eq!(&*lines.rest(lines.get(2).unwrap()), b":ab");
        assert_eq!(lines.newline(), b"\r\n");
        assert_eq!(lines.number(lines.get(3).unwrap()), 6);
    }

    #[test]
    fn byte_order_mark_belongs_to_the_first_line() {
        let data = b"\xef\xbb\xbfBEGIN:VCALENDAR\nEND:VCALENDAR\n";
        assert_eq!(names(data), [("BEGIN".into(), 1), ("END".into(), 1)]);
    }

    #[test]
    fn fold_inside_a_character() {
        let data = "SUMMARY:caf\u{e9}".as_bytes();
        let mut folded = data[..12].to_vec();
        folded.extend_from_slice(b"\r\n ");
        folded.extend_from_slice(&data[12..]);
        let lines = Lines::new(&folded).unwrap();
        assert_eq!(&*lines.rest(lines.get(0).unwrap()), ":caf\u{e9}".as_bytes());
    }

    #[test]
    fn old_mac_line_breaks() {
        assert_eq!(names(b"BEGIN:A\rX:1\rEND:A\r").len(), 3);
    }

    #[test]
    fn depth_is_capped() {
        let data = b"BEGIN:A\n".repeat(usize::from(MAX_DEPTH) + 1);
        assert_eq!(Lines::new(&data).unwrap_err(), LinesError::TooDeep { line: 33 });
    }

    #[test]
    fn long_lines_are_flagged() {
        let mut data = b"X:".to_vec();
        data.resize(MAX_LINE + 10, b'a');
        data.extend_from_slice(b"\nY:1\n");
        let lines = Lines::new(&data).unwrap();
        assert!(lines.get(0).unwrap().too_long());
        assert!(!lines.get(1).unwrap().too_long());
    }

    proptest! {
        #[test]
        fn every_byte_is_in_exactly_one_line(data in proptest::collection::vec(
            prop_oneof![Just(b'\r'), Just(b'\n'), Just(b' '), Just(b':'), any::<u8>()], 0..200)) {
            let lines = Lines::new(&data).unwrap();
            let joined: Vec<u8> = lines.iter().flat_map(|l| lines.raw(l).to_vec()).collect();
            prop_assert_eq!(joined, data);
        }
    }
}
