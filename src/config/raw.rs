//! The file as tables. A [`Section`] hands out typed values, collects what is
//! wrong with its place, and at its end reports every key nobody asked for. It
//! knows no key by itself, so it can never disagree with the code that reads.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::error::Problem;
use crate::config::words::{nearest, quoted_list};

/// What was found while reading one file.
pub(crate) struct Findings<'i> {
    source: &'i str,
    problems: RefCell<Vec<Problem>>,
    asked: RefCell<BTreeSet<String>>,
}

impl<'i> Findings<'i> {
    pub(crate) fn new(source: &'i str) -> Self {
        Self { source, problems: RefCell::default(), asked: RefCell::default() }
    }

    /// Notes a problem at a byte offset.
    pub(crate) fn at(&self, offset: usize, message: impl Into<String>, remedy: impl Into<String>) {
        let before = self.source.get(..offset).unwrap_or(self.source);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        self.problems.borrow_mut().push(Problem {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or("").chars().count() + 1,
            message: message.into(),
            remedy: remedy.into(),
        });
    }

    /// Everything found, in order of place.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort();
        problems.dedup();
        problems
    }

    /// Every key that was asked for, as `section.key`.
    #[cfg(test)]
    pub(crate) fn asked(&self) -> BTreeSet<String> {
        self.asked.borrow().clone()
    }
}

/// A value as messages may repeat it: shortened, and without what stands before
/// the `@` of a web address, which may be a password.
fn shown(text: &str) -> String {
    let text = match text.split_once("://") {
        Some((scheme, rest)) if rest.contains('@') => {
            let host = rest.rsplit('@').next().unwrap_or("");
            format!("{scheme}://…@{host}")
        }
        Some(_) | None => text.to_owned(),
    };
    if text.chars().count() <= 80 { text } else { text.chars().take(79).chain(['…']).collect() }
}

/// One table of the file.
pub(crate) struct Section<'d, 'i> {
    findings: &'d Findings<'i>,
    table: &'d DeTable<'i>,
    span: Range<usize>,
    /// As it is called in the file: `pair`, `notify.email`.
    path: String,
    /// What a key is unknown *for*, when that depends on another key.
    kind: String,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'d, 'i> Section<'d, 'i> {
    pub(crate) fn root(findings: &'d Findings<'i>, table: &'d DeTable<'i>) -> Self {
        Self {
            findings,
            table,
            span: 0..0,
            path: String::new(),
            kind: String::new(),
            asked: RefCell::default(),
        }
    }

    fn value(&self, key: &'static str) -> Option<&'d Spanned<DeValue<'i>>> {
        self.asked.borrow_mut().insert(key);
        let name =
            if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        self.findings.asked.borrow_mut().insert(name);
        self.table.iter().find(|(name, _)| name.get_ref().as_ref() == key).map(|(_, value)| value)
    }

    /// Whether the key is there at all.
    pub(crate) fn has(&self, key: &'static str) -> bool {
        self.value(key).is_some()
    }

    /// Whether the key's value is text.
    pub(crate) fn is_text(&self, key: &'static str) -> bool {
        self.value(key).is_some_and(|value| value.get_ref().is_str())
    }

    /// Says of what kind this section turned out to be, for messages.
    pub(crate) fn of_kind(&mut self, kind: &str) {
        kind.clone_into(&mut self.kind);
    }

    /// Notes a problem at a key's value, or at the section when it is absent.
    pub(crate) fn problem(
        &self,
        key: &'static str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let offset = self.value(key).map_or(self.span.start, |value| value.span().start);
        self.findings.at(offset, message, remedy);
    }

    /// Notes that a key is needed.
    pub(crate) fn missing(&self, key: &'static str, remedy: impl Into<String>) {
        if !self.has(key) {
            self.findings.at(self.span.start, format!("{} needs `{key}`", self.title()), remedy);
        }
    }

    fn title(&self) -> String {
        match (self.path.as_str(), self.kind.as_str()) {
            ("", _) => "the file".to_owned(),
            (path @ ("account" | "pair"), "") => format!("this [[{path}]]"),
            (path @ ("account" | "pair"), kind) => format!("this [[{path}]] of kind {kind}"),
            (path, _) => format!("[{path}]"),
        }
    }

    fn wrong_type(&self, key: &'static str, value: &DeValue<'_>, wanted: &str) {
        let found = value.type_str();
        self.problem(key, format!("`{key}` is {found}"), format!("write it as {wanted}"));
    }

    /// A text.
    pub(crate) fn text(&self, key: &'static str) -> Option<String> {
        let value = self.value(key)?.get_ref();
        let DeValue::String(text) = value else {
            self.wrong_type(key, value, "text in quotes");
            return None;
        };
        Some(text.to_string())
    }

    /// A text that means something; the parser's error says what would be right.
    pub(crate) fn word<T>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(key)?;
        match parse(text.trim()) {
            Ok(value) => Some(value),
            Err(remedy) => {
                self.problem(key, format!("{:?} cannot be read as `{key}`", shown(&text)), remedy);
                None
            }
        }
    }

    /// One of a closed set of words.
    pub(crate) fn choice<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        self.word(key, |text| {
            let found = words.iter().find(|(word, _)| *word == text);
            found.map(|(_, value)| *value).ok_or_else(|| {
                let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                match nearest(text, names.iter().copied()) {
                    Some(close) => {
                        format!("did you mean {close:?}? It is one of {}", quoted_list(&names))
                    }
                    None => format!("it is one of {}", quoted_list(&names)),
                }
            })
        })
    }

    /// One text or a list of texts, each of which means something; `None` when one
    /// of them does not.
    pub(crate) fn words<T>(
        &self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let value = self.value(key)?;
        let items: Vec<&Spanned<DeValue<'i>>> = if value.get_ref().is_str() {
            vec![value]
        } else if let DeValue::Array(items) = value.get_ref() {
            items.iter().collect()
        } else {
            self.wrong_type(key, value.get_ref(), "text in quotes, or a list of them");
            return None;
        };
        let mut values = Vec::new();
        let wanted = items.len();
        for item in items {
            let DeValue::String(text) = item.get_ref() else {
                self.findings.at(
                    item.span().start,
                    format!("`{key}` holds {}", item.get_ref().type_str()),
                    "write each entry as text in quotes",
                );
                continue;
            };
            match parse(text.trim()) {
                Ok(value) => values.push(value),
                Err(remedy) => self.findings.at(
                    item.span().start,
                    format!("{:?} cannot be read as `{key}`", shown(text)),
                    remedy,
                ),
            }
        }
        (values.len() == wanted).then_some(values)
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?.get_ref();
        let DeValue::Boolean(flag) = value else {
            self.wrong_type(key, value, "true or false, without quotes");
            return None;
        };
        Some(*flag)
    }

    /// A whole number within bounds.
    pub(crate) fn count(&self, key: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        let value = self.value(key)?.get_ref();
        let DeValue::Integer(number) = value else {
            self.wrong_type(key, value, &wanted);
            return None;
        };
        let count = number.to_string().parse::<u32>().ok().filter(|n| range.contains(n));
        if count.is_none() {
            self.problem(key, format!("`{key}` is {number}"), format!("write {wanted}"));
        }
        count
    }

    /// A table below this one.
    pub(crate) fn section(&self, key: &'static str) -> Option<Section<'d, 'i>> {
        let value = self.value(key)?;
        self.table_of(key, value, "a table: [name] with keys below, or { key = … }")
    }

    /// A list of tables (`[[key]]`).
    pub(crate) fn sections(&self, key: &'static str) -> Vec<Section<'d, 'i>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        if let DeValue::Array(items) = value.get_ref() {
            let tables = items.iter();
            return tables
                .filter_map(|item| self.table_of(key, item, "a list of tables"))
                .collect();
        }
        if value.get_ref().is_table() {
            let remedy = format!("write [[{key}]] with two brackets: there can be several");
            self.problem(key, format!("`{key}` is a single table"), remedy);
        } else {
            self.wrong_type(key, value.get_ref(), "a list of tables");
        }
        Vec::new()
    }

    fn table_of(
        &self,
        key: &'static str,
        value: &'d Spanned<DeValue<'i>>,
        wanted: &str,
    ) -> Option<Section<'d, 'i>> {
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong_type(key, value.get_ref(), wanted);
            return None;
        };
        let path =
            if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Some(Section {
            findings: self.findings,
            table,
            span: value.span(),
            path,
            kind: String::new(),
            asked: RefCell::default(),
        })
    }

    /// Reports every key nobody asked for.
    pub(crate) fn done(self) {
        let asked = self.asked.borrow();
        for (key, _) in self.table {
            let name = key.get_ref().as_ref();
            if asked.contains(name) {
                continue;
            }
            let remedy = match nearest(name, asked.iter().copied()) {
                Some(close) => format!("did you mean `{close}`?"),
                None => {
                    let known: Vec<&str> = asked.iter().copied().collect();
                    format!("known here: {}", known.join(", "))
                }
            };
            let message = format!("{} has no key `{name}`", self.title());
            self.findings.at(key.span().start, message, remedy);
        }
    }
}
