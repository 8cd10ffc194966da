//! An agenda as text: lines of at most 72 columns between the two marks.

use unicode_width::UnicodeWidthStr;

use crate::agenda::shape::{Agenda, Line, Mark};
use crate::model::agenda::{BLOCK_BEGIN, BLOCK_END};

/// Widest line, in display columns.
pub(super) const WIDTH: usize = 72;

/// How a description is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TextForm {
    /// Plain text with newlines.
    Plain,
    /// The small HTML subset Google Calendar keeps.
    Html,
}

/// One logical line of a block: a heading or a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Row<'a> {
    /// Number, title, minutes.
    Heading(usize, &'a str, u16),
    /// Anything else.
    Line(&'a Line),
    /// Nothing.
    Gap,
}

/// The rows of a block, marks left out.
pub(super) fn rows(agenda: &Agenda) -> Vec<Row<'_>> {
    let mut out: Vec<Row<'_>> = agenda.lead.iter().map(Row::Line).collect();
    for (at, section) in agenda.sections.iter().enumerate() {
        if !out.is_empty() {
            out.push(Row::Gap);
        }
        out.push(Row::Heading(at + 1, &section.title, section.minutes));
        out.extend(section.lines.iter().map(Row::Line));
    }
    if !agenda.tail.is_empty() {
        out.push(Row::Gap);
        out.extend(agenda.tail.iter().map(Row::Line));
    }
    out
}

/// One row as logical text, unwrapped.
pub(super) fn row_text(row: &Row<'_>) -> String {
    match row {
        Row::Heading(number, title, minutes) => format!("{number}. {title} ({minutes} min)"),
        Row::Line(line) => format!("{}{}", prefix(line.mark), line.text),
        Row::Gap => String::new(),
    }
}

/// What stands before the text of a line.
pub(super) fn prefix(mark: Mark) -> &'static str {
    match mark {
        Mark::Plain => "",
        Mark::Bullet => "- ",
        Mark::Open => "[ ] ",
        Mark::Done => "[x] ",
    }
}

/// The whole block, marks included, without a final newline.
pub fn block_text(agenda: &Agenda, form: TextForm) -> String {
    let mut lines = vec![encode(BLOCK_BEGIN, form)];
    for row in rows(agenda) {
        lines.push(row_out(&row_text(&row), matches!(row, Row::Heading(..)), form));
    }
    lines.push(encode(BLOCK_END, form));
    lines.join(newline(form))
}

/// What ends a line.
pub(super) fn newline(form: TextForm) -> &'static str {
    match form {
        TextForm::Plain => "\n",
        TextForm::Html => "<br>",
    }
}

/// One logical line as it goes into a description: wrapped in plain text,
/// escaped in HTML.
pub(super) fn row_out(text: &str, heading: bool, form: TextForm) -> String {
    match form {
        TextForm::Plain => wrap(text).join("\n"),
        TextForm::Html if heading => format!("<b>{}</b>", encode(text, form)),
        TextForm::Html => encode(text, form),
    }
}

/// Escapes for HTML; plain text stays.
pub(super) fn encode(text: &str, form: TextForm) -> String {
    match form {
        TextForm::Plain => text.to_owned(),
        TextForm::Html => text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
    }
}

/// Widest remark in parentheses that is kept on one line.
const REMARK: usize = 48;

/// The words of a line; a short remark in parentheses at its end is one word.
fn words(text: &str) -> Vec<&str> {
    let remark = text.rfind(" (").filter(|at| {
        let tail = text.get(at + 1..).unwrap_or_default();
        tail.ends_with(')') && tail.width() <= REMARK
    });
    match remark.and_then(|at| text.split_at_checked(at)) {
        Some((head, tail)) => head.split(' ').chain([tail.trim_start()]).collect(),
        None => text.split(' ').collect(),
    }
}

/// Breaks a logical line at [`WIDTH`] columns; what follows is indented so far
/// that it stands under the text. A word wider than a line is broken.
pub(super) fn wrap(text: &str) -> Vec<String> {
    let indent = if text.starts_with('[') {
        "    "
    } else if text.starts_with("- ") {
        "  "
    } else {
        ""
    };
    let mut out = Vec::new();
    let mut line = String::new();
    for word in words(text) {
        let mut word = word.to_owned();
        loop {
            let space = usize::from(!line.is_empty() && !line.trim_end().is_empty());
            if line.width() + space + word.width() <= WIDTH {
                if space == 1 {
                    line.push(' ');
                }
                line.push_str(&word);
                break;
            }
            // A box or bullet alone on its line would read as an empty item: a word
            // that fits on no line begins behind it.
            let first = out.is_empty() && line.width() < indent.len().max(1);
            let endless = word.width() > WIDTH - indent.len();
            if first && endless && !line.trim().is_empty() {
                let (head, rest) = split_at_width(&word, WIDTH - line.width() - 1);
                line.push(' ');
                line.push_str(&head);
                out.push(std::mem::replace(&mut line, indent.to_owned()));
                word = rest;
                continue;
            }
            if !line.trim().is_empty() {
                out.push(std::mem::replace(&mut line, indent.to_owned()));
                continue;
            }
            let (head, rest) = split_at_width(&word, WIDTH - indent.len());
            line.push_str(&head);
            out.push(std::mem::replace(&mut line, indent.to_owned()));
            word = rest;
        }
    }
    if !line.trim().is_empty() {
        out.push(line);
    }
    if out.is_empty() {
        out.push(String::new());
    }
    out
}

fn split_at_width(word: &str, width: usize) -> (String, String) {
    let mut used = 0;
    for (at, c) in word.char_indices() {
        let wide = unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        if used + wide > width && at > 0 {
            let (head, rest) = word.split_at(at);
            return (head.to_owned(), rest.to_owned());
        }
        used += wide;
    }
    (word.to_owned(), String::new())
}
