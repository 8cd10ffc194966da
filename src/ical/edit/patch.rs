//! Splices over an index: lines replaced, removed, inserted; every byte outside
//! of them stays. Knows lines, not calendars.

use std::ops::Range;

use super::text::render;
use crate::ical::component::Component;
use crate::ical::lines::{LineKind, Lines};

/// Changes to a text, collected and applied at once.
pub(super) struct Patch<'l, 'a> {
    lines: &'l Lines<'a>,
    newline: &'static [u8],
    splices: Vec<(Range<usize>, Vec<u8>)>,
}

impl<'l, 'a> Patch<'l, 'a> {
    pub(super) fn new(lines: &'l Lines<'a>) -> Self {
        Self { lines, newline: lines.newline(), splices: Vec::new() }
    }

    /// Sets a property of a component: its first line is replaced, further ones
    /// of the name removed; where there is none, one is put after the last own
    /// property. `rest` is `;PARAM=…:value`.
    pub(super) fn set(&mut self, component: &Component, name: &str, rest: &[u8]) {
        let found = self.find(component, name);
        match found.split_first() {
            Some((first, others)) => {
                // The name stays as it was written.
                let written = self.lines.get(*first).map(|l| self.lines.name(l).into_owned());
                let written = written.unwrap_or_default();
                let written = String::from_utf8_lossy(&written);
                let line = render(&written, rest, self.newline);
                self.replace(*first, line);
                for other in others {
                    self.replace(*other, Vec::new());
                }
            }
            None => self.add(component, name, rest),
        }
    }

    /// Adds a property behind the last own one, whatever others of its name there are.
    pub(super) fn add(&mut self, component: &Component, name: &str, rest: &[u8]) {
        let at = self.end_of_properties(component);
        let line = render(name, rest, self.newline);
        self.insert(at, line);
    }

    /// Removes one line, by its place in the index.
    pub(super) fn remove_line(&mut self, at: usize) {
        self.replace(at, Vec::new());
    }

    /// Removes all own properties of a name.
    pub(super) fn remove(&mut self, component: &Component, name: &str) {
        for at in self.find(component, name) {
            self.replace(at, Vec::new());
        }
    }

    fn find(&self, component: &Component, name: &str) -> Vec<usize> {
        let own = component.properties(self.lines);
        own.filter(|(_, line)| self.lines.is(line, name)).map(|(at, _)| at).collect()
    }

    /// Byte offset before the first component inside, or before END.
    fn end_of_properties(&self, component: &Component) -> usize {
        let inner = component.inner();
        let first = inner
            .clone()
            .find(|at| self.lines.get(*at).is_some_and(|l| l.kind() == LineKind::Begin));
        self.lines.get(first.unwrap_or(inner.end)).map_or(0, |l| l.range().start)
    }

    fn replace(&mut self, line: usize, mut with: Vec<u8>) {
        let Some(line) = self.lines.get(line) else { return };
        let raw = self.lines.raw(line);
        if !self.lines.ends_line(raw) {
            // The last line of a text without final line break keeps having none.
            with.truncate(with.len().saturating_sub(self.newline.len()));
        }
        self.splices.push((line.range(), with));
    }

    /// Inserts bytes before an offset.
    pub(super) fn insert(&mut self, at: usize, bytes: Vec<u8>) {
        self.splices.push((at..at, bytes));
    }

    /// The text with all changes.
    pub(super) fn apply(mut self) -> Vec<u8> {
        self.splices.sort_by_key(|(range, _)| (range.start, range.end));
        let data = self.lines.data();
        let mut out = Vec::with_capacity(data.len() + 512);
        let mut done = 0;
        for (range, with) in &self.splices {
            out.extend_from_slice(data.get(done..range.start).unwrap_or(&[]));
            out.extend_from_slice(with);
            done = range.end.max(done);
        }
        out.extend_from_slice(data.get(done..).unwrap_or(&[]));
        out
    }
}
