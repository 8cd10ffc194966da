//! Breaks a logical line into lines of at most [`WIDTH`] columns such that the
//! parser puts the same line together again. It knows nothing of blocks.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::agenda::marks::begins_like_a_mark;
use crate::agenda::parse::{heading, split_mark};
use crate::agenda::shape::Mark;

/// Widest line, in display columns.
pub(super) const WIDTH: usize = 72;

/// Stands (invisibly) before what continues a line although it does not look
/// like it: the word joiner, "no break belongs here".
pub(super) const JOINER: char = '\u{2060}';

/// Widest remark in parentheses that is kept on one line.
const REMARK: usize = 48;

/// How far a line that continues one of this mark is indented: so far that it
/// stands under the text.
pub(super) fn indent(mark: Mark) -> &'static str {
    match mark {
        Mark::Plain => "",
        Mark::Bullet => "  ",
        Mark::Open | Mark::Done => "    ",
    }
}

/// Whether a line was broken inside a word: it has no space to break at and is
/// full. The parser's half of [`wrap`].
pub(super) fn breaks_a_word(line: &str, mark: Mark) -> bool {
    is_full_word(line, indent(mark).len())
}

fn is_full_word(line: &str, indent: usize) -> bool {
    let word = split_mark(line).1;
    !word.contains(' ') && indent + word.width() >= FULL
}

/// Narrowest full line: a wide character may not fit into the last column.
const FULL: usize = WIDTH - 1;

/// Breaks a logical line, at spaces where it can. Each break leaves a rest that
/// reads as text: one that would read as a box, a bullet, a heading or a quote
/// is avoided, or hidden behind a [`JOINER`].
pub(super) fn wrap(text: &str) -> Vec<String> {
    let (mark, words) = split_mark(text);
    let indent = indent(mark);
    // A box or bullet alone on its line would read as an empty item.
    let mut least = text.len() - words.len();
    let mut lead = String::new();
    let mut rest = text;
    let mut out = Vec::new();
    while lead.width() + rest.width() > WIDTH {
        let room = WIDTH - lead.width();
        let cut = soft(rest, room, least, indent.len())
            .unwrap_or_else(|| hard(rest, room, least, indent.len()));
        out.push(format!("{lead}{}", cut.head));
        rest = cut.rest;
        lead = indent.to_owned();
        if cut.joined {
            lead.push(JOINER);
        }
        least = 0;
    }
    out.push(format!("{lead}{rest}"));
    out
}

struct Cut<'a> {
    head: &'a str,
    rest: &'a str,
    joined: bool,
}

/// The last space to break at.
fn soft(text: &str, room: usize, least: usize, indent: usize) -> Option<Cut<'_>> {
    let remark = remark(text);
    text.match_indices(' ').map(|(at, _)| at).rev().find_map(|at| {
        let (head, rest) = (text.get(..at)?, text.get(at + 1..)?);
        let fits = at > least && remark.is_none_or(|from| at <= from) && head.width() <= room;
        let sound = !is_full_word(head, indent) && heading(head).is_none() && reads_as_text(rest);
        (fits && sound).then_some(Cut { head, rest, joined: false })
    })
}

/// Where a short remark in parentheses at the end begins, its space included.
fn remark(text: &str) -> Option<usize> {
    text.rfind(" (").filter(|at| {
        let tail = text.get(at + 1..).unwrap_or_default();
        tail.ends_with(')') && tail.width() <= REMARK
    })
}

/// The last place where the text can be cut without any space to break at.
fn hard(text: &str, room: usize, least: usize, indent: usize) -> Cut<'_> {
    let fits = |at: usize| {
        let (head, rest) = (text.get(..at)?, text.get(at..)?);
        let shows = |c: char| c == ' ' || c.width().is_some_and(|width| width > 0);
        let clean = rest.chars().next().is_some_and(shows)
            && head.chars().next_back().is_some_and(|c| c != ' ' && c != '\u{200d}')
            && !ends_in_a_tag_name(head)
            && heading(head).is_none();
        (at > least && clean && head.width() <= room).then_some((head, rest))
    };
    let (head, rest) = text
        .char_indices()
        .rev()
        .find_map(|(at, _)| fits(at))
        .unwrap_or_else(|| text.split_at(first_char_after(text, least)));
    let plain = is_full_word(head, indent) && !rest.starts_with(' ') && reads_as_text(rest);
    Cut { head, rest, joined: !plain }
}

/// Whether a text ends like the beginning of an HTML tag: a line break there
/// could make a tag of what is none.
fn ends_in_a_tag_name(text: &str) -> bool {
    let tail = text.rsplit_once('<').map(|(_, tail)| tail);
    tail.is_some_and(|tail| tail.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'/'))
}

fn first_char_after(text: &str, least: usize) -> usize {
    text.char_indices().map(|(at, _)| at).find(|at| *at > least).unwrap_or(text.len())
}

/// Whether a line that begins so is read as the text it is.
fn reads_as_text(rest: &str) -> bool {
    let (mark, words) = split_mark(rest);
    mark == Mark::Plain
        && words == rest
        && !rest.is_empty()
        && !rest.starts_with('>')
        && heading(rest).is_none()
        && !begins_like_a_mark(rest)
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use proptest::prelude::*;

    use super::*;
    use crate::agenda::clean::clean;
    use crate::agenda::format::TextForm;
    use crate::agenda::parse::{Names, entries};
    use crate::agenda::text::lines_of;

    const NAMES: Names<'static> =
        Names { owner: "Elena", partner: "Bob", date: Date::constant(2026, 3, 4) };

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_broken_line_is_put_together_as_it_was(
            mark in prop_oneof![Just("[ ] "), Just("[x] "), Just("- ")],
            words in proptest::collection::vec(prop_oneof![
                "\\PC{1,90}", "[a-z]{1,12}", "[a-z]{60,80}", "[✅☐<>*+]{1,80}", Just("-".to_owned()),
                Just("[x]".to_owned()), Just("1.".to_owned()), Just("(5 min)".to_owned()),
                Just("end of agenda".to_owned()), Just("1:1 agenda · onbeat".to_owned()),
            ], 1..20),
        ) {
            let text = format!("{mark}{}", clean(&words.join(" "), 240));
            let (kind, said) = split_mark(&text);
            prop_assume!(!said.is_empty() && kind == split_mark(mark).0 && text.ends_with(said));
            let lines = wrap(&text);
            prop_assert!(lines.iter().all(|line| line.width() <= WIDTH), "{lines:#?}");
            let read = entries(&lines_of(&lines.join("\n"), TextForm::Plain), &[], &NAMES);
            let read: Vec<&str> = read.iter().map(|entry| entry.logical.as_str()).collect();
            prop_assert_eq!(read, [text.as_str()], "{:#?}", lines);
        }
    }

    #[test]
    fn breaks_at_spaces_under_the_text() {
        let text = format!("[ ] {}", "word ".repeat(20).trim_end());
        let lines = wrap(&text);
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("[ ] word") && lines[1].starts_with("    word"), "{lines:?}");
        assert!(lines.iter().all(|line| line.width() <= WIDTH));
    }

    #[test]
    fn a_remark_stays_in_one_piece() {
        let text = format!("[ ] {} (due 6 Mar; carried 2x)", "word ".repeat(11).trim_end());
        assert_eq!(wrap(&text)[1], "    (due 6 Mar; carried 2x)");
    }

    #[test]
    fn a_word_wider_than_a_line_stays_behind_its_box() {
        let lines = wrap(&format!("[ ] {}", "x".repeat(90)));
        assert_eq!(lines, [format!("[ ] {}", "x".repeat(68)), format!("    {}", "x".repeat(22))]);
        assert!(breaks_a_word(&lines[0], Mark::Open));
        assert!(!breaks_a_word("[ ] see", Mark::Open));
    }

    #[test]
    fn what_would_read_as_a_mark_does_not_begin_a_line() {
        let words = "w".repeat(67);
        assert_eq!(wrap(&format!("{words} word - then")), [words.as_str(), "word - then"]);
        let lines = wrap(&"- ".repeat(80));
        assert!(lines[1..].iter().all(|line| line.trim().starts_with(JOINER)), "{lines:?}");
        let boxes = wrap(&"✅".repeat(80));
        assert!(boxes[1].trim().starts_with(JOINER), "{boxes:?}");
    }
}
