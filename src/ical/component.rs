//! Where the VEVENTs of a text begin and end. Knows the structure and names of
//! components, not what their properties mean.

use std::ops::Range;

use crate::ical::lines::{Line, LineKind, Lines};

/// A VEVENT's lines, BEGIN and END included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Line indexes in the index.
    pub lines: Range<usize>,
    /// Nesting depth of its own properties.
    pub depth: u16,
}

impl Component {
    /// The lines between BEGIN and END.
    pub fn inner(&self) -> Range<usize> {
        self.lines.start + 1..self.lines.end.saturating_sub(1)
    }

    /// Whether everything that begins inside of it ends inside of it.
    pub fn balanced(&self, lines: &Lines<'_>) -> bool {
        let fits = |l: &Line| match l.kind() {
            LineKind::Begin | LineKind::End => l.depth() > self.depth,
            LineKind::Property | LineKind::Junk => l.depth() >= self.depth,
        };
        lines.get(self.lines.end.saturating_sub(1)).is_some_and(|l| l.depth() == self.depth)
            && lines.slice(self.inner()).iter().all(fits)
    }

    /// Its own property lines with their indexes, without those of alarms and
    /// other components inside.
    pub fn properties<'s, 'a: 's>(
        &'s self,
        lines: &'s Lines<'a>,
    ) -> impl Iterator<Item = (usize, &'s Line)> + 's {
        let from = self.lines.start + 1;
        lines
            .slice(self.inner())
            .iter()
            .enumerate()
            .map(move |(at, line)| (from + at, line))
            .filter(|(_, line)| line.depth() == self.depth && line.kind() == LineKind::Property)
    }

    /// The first own property of a name.
    pub fn property<'s, 'a: 's>(
        &'s self,
        lines: &'s Lines<'a>,
        name: &str,
    ) -> Option<(usize, &'s Line)> {
        self.properties(lines).find(|(_, line)| lines.is(line, name))
    }
}

/// All VEVENTs in order, and the lines where one begins that never ends.
#[derive(Debug, Default)]
pub struct Events {
    /// Closed components.
    pub closed: Vec<Component>,
    /// Index of the BEGIN line of each unclosed one.
    pub unclosed: Vec<usize>,
}

/// Finds the VEVENTs. One that begins inside another ends the outer as unclosed.
pub fn events(lines: &Lines<'_>) -> Events {
    let mut out = Events::default();
    let mut open: Option<(usize, u16)> = None;
    for (at, line) in lines.iter().enumerate() {
        match line.kind() {
            LineKind::Begin if names(lines, line, b"VEVENT") => {
                out.unclosed.extend(open.replace((at, line.depth())).map(|(from, _)| from));
            }
            LineKind::End if names(lines, line, b"VEVENT") => {
                if let Some((from, depth)) = open.take() {
                    out.closed.push(Component { lines: from..at + 1, depth });
                }
            }
            LineKind::Begin | LineKind::End if names(lines, line, b"VCALENDAR") => {
                out.unclosed.extend(open.take().map(|(from, _)| from));
            }
            LineKind::Begin | LineKind::End | LineKind::Property | LineKind::Junk => {}
        }
    }
    out.unclosed.extend(open.map(|(from, _)| from));
    out
}

/// Whether a BEGIN or END line is about this component.
pub fn names(lines: &Lines<'_>, line: &Line, component: &[u8]) -> bool {
    lines.rest(line).get(1..).is_some_and(|v| v.trim_ascii().eq_ignore_ascii_case(component))
}
