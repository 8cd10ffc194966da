//! Templates: minijinja text to sections and lines, bounded in work and size.
//! It sees only the variables it is given; what may be given to the shared half
//! is decided in `context.rs`.

use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value};
use thiserror::Error;

use crate::agenda::clean::{LINE_CHARS, clean};
use crate::agenda::parse::split_mark;
use crate::agenda::shape::Mark;
use crate::model::pair::Role;

/// Signs around a tag in rendered text: they tell which item a line shows and
/// cannot be in any text that went through `clean`.
const TAG_OPEN: char = '\u{e000}';
const TAG_CLOSE: char = '\u{e001}';

/// The line that parts the shared from the private half of a template.
const PRIVATE_LINE: &str = "=== private ===";

/// Largest template, in bytes.
const SOURCE_BYTES: usize = 64 * 1024;

/// Work one rendering may do (see minijinja's `set_fuel`: also bounds memory).
const FUEL: u64 = 50_000;

/// Most sections, and most lines of a section.
const SECTIONS: usize = 12;
const LINES: usize = 40;

/// The built-in templates by name.
const BUILT_IN: [(&str, &str); 6] = [
    ("manager-up", include_str!("../../config/templates/manager-up.md.j2")),
    ("lead-down", include_str!("../../config/templates/lead-down.md.j2")),
    ("peer", include_str!("../../config/templates/peer.md.j2")),
    ("skip-level", include_str!("../../config/templates/skip-level.md.j2")),
    ("mentor", include_str!("../../config/templates/mentor.md.j2")),
    ("first", include_str!("../../config/templates/first.md.j2")),
];

/// The names of the built-in templates.
pub fn built_in_templates() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name)
}

/// The text of a built-in template.
pub fn built_in_template(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The template a role has by itself.
pub fn template_of(role: Role) -> &'static str {
    match role {
        Role::Report => "lead-down",
        Role::Manager => "manager-up",
        Role::Peer => "peer",
        Role::SkipLevel => "skip-level",
        Role::Mentor => "mentor",
    }
}

/// Why a template does not work.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}{}: {problem}", line.map(|line| format!(", line {line}")).unwrap_or_default())]
pub(super) struct TemplateError {
    pub(super) file: String,
    /// Counted from 1.
    pub(super) line: Option<usize>,
    pub(super) problem: String,
}

/// A rendered half.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rendered {
    pub(super) lead: Vec<RenderedLine>,
    pub(super) sections: Vec<RenderedSection>,
    pub(super) tail: Vec<RenderedLine>,
}

/// A section with the weight of its minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RenderedSection {
    pub(super) title: String,
    pub(super) weight: u16,
    pub(super) lines: Vec<RenderedLine>,
}

/// A line with the tag of what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RenderedLine {
    pub(super) mark: Mark,
    pub(super) text: String,
    pub(super) tag: Option<usize>,
}

/// A text that carries a tag through the template.
pub(super) fn tagged(tag: usize, text: &str) -> String {
    format!("{TAG_OPEN}{tag}{TAG_CLOSE}{text}")
}

/// The two halves of a template; the private one keeps its line numbers.
pub(super) fn halves(source: &str) -> (String, String) {
    let mut shared = String::new();
    let mut private: Option<String> = None;
    for line in source.lines() {
        match &mut private {
            Some(text) => {
                text.push_str(line);
                text.push('\n');
            }
            None if line.trim() == PRIVATE_LINE => {
                private = Some("\n".repeat(shared.lines().count() + 1));
            }
            None => {
                shared.push_str(line);
                shared.push('\n');
            }
        }
    }
    (shared, private.unwrap_or_default())
}

/// Renders one half.
pub(super) fn render(file: &str, source: &str, context: &Value) -> Result<Rendered, TemplateError> {
    if source.len() > SOURCE_BYTES {
        return Err(TemplateError {
            file: file.to_owned(),
            line: None,
            problem: format!("the template is larger than {} KiB", SOURCE_BYTES / 1024),
        });
    }
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.set_recursion_limit(40);
    env.set_fuel(Some(FUEL));
    env.set_debug(true);
    let text = env
        .template_from_named_str(file, source)
        .and_then(|template| template.render(context.clone()))
        .map_err(|error| explain(file, source, &error))?;
    Ok(split(&text))
}

fn explain(file: &str, source: &str, error: &minijinja::Error) -> TemplateError {
    let named = error.range().and_then(|range| source.get(range)).map(str::trim);
    let detail = error.detail().map(str::to_owned);
    let problem = match (error.kind(), named, detail) {
        (ErrorKind::UndefinedError, Some(name), _) if !name.is_empty() => {
            format!("the variable `{name}` is not known here")
        }
        (ErrorKind::OutOfFuel, _, _) => "the template does too much work".to_owned(),
        (kind, _, Some(detail)) => format!("{kind}: {detail}"),
        (kind, Some(at), None) if !at.is_empty() => format!("{kind} at `{at}`"),
        (kind, _, None) => kind.to_string(),
    };
    TemplateError { file: file.to_owned(), line: error.line(), problem: clean(&problem, 200) }
}

fn split(text: &str) -> Rendered {
    let mut out = Rendered::default();
    let mut in_tail = false;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line == "---" {
            in_tail = true;
            continue;
        }
        if let Some(title) = line.strip_prefix("## ") {
            if out.sections.len() < SECTIONS {
                out.sections.push(section(title));
            }
            in_tail = false;
            continue;
        }
        let Some(line) = rendered_line(line) else { continue };
        let place = match out.sections.last_mut() {
            _ if in_tail => &mut out.tail,
            Some(section) => &mut section.lines,
            None => &mut out.lead,
        };
        if place.len() < LINES {
            place.push(line);
        }
    }
    out
}

fn section(title: &str) -> RenderedSection {
    let (title, weight) = match title.rsplit_once('|') {
        Some((title, weight)) => (title, weight.trim().parse().unwrap_or(1)),
        None => (title, 1),
    };
    RenderedSection { title: clean(&untag(title).0, 60), weight, lines: Vec::new() }
}

fn rendered_line(line: &str) -> Option<RenderedLine> {
    let (text, tag) = untag(line);
    let (mark, rest) = split_mark(&text);
    let text = clean(rest, LINE_CHARS + 80);
    (!text.is_empty()).then_some(RenderedLine { mark, text, tag })
}

/// Takes the first tag off a text and removes any others.
fn untag(text: &str) -> (String, Option<usize>) {
    let mut out = String::with_capacity(text.len());
    let mut tag = None;
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once(TAG_OPEN) {
        out.push_str(head);
        match tail.split_once(TAG_CLOSE) {
            Some((number, tail)) => {
                tag = tag.or(number.parse().ok());
                rest = tail;
            }
            None => rest = tail,
        }
    }
    out.push_str(rest);
    (out, tag)
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
