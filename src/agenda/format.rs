//! An agenda as text: lines of at most 72 columns between the two marks.

use crate::agenda::shape::{Agenda, Line, Mark};
use crate::agenda::wrap::wrap;
use crate::model::agenda::{BLOCK_BEGIN, BLOCK_END};

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
