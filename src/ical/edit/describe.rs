//! DESCRIPTION and its rich-text twins. They must never disagree: when the text
//! changes, ALTREP goes, and X-ALT-DESC and STYLED-DESCRIPTION with it.

use super::EditError;
use crate::ical::component::Component;
use crate::ical::lines::Lines;
use crate::ical::marks;
use crate::ical::property::{Property, split_params};
use crate::ical::value::escape;

/// Properties that repeat the description in another form.
pub(super) const TWINS: &[&str] = &["X-ALT-DESC", "STYLED-DESCRIPTION"];

/// The DESCRIPTION line of a component as it stands.
#[derive(Debug, Default)]
pub(super) struct Described {
    /// Parameters that survive a change of the text.
    params: Vec<u8>,
    /// The value as written, escaped.
    raw: Vec<u8>,
}

impl Described {
    pub(super) fn read(lines: &Lines<'_>, component: &Component) -> Result<Self, EditError> {
        let Some((_, line)) = component.property(lines, "DESCRIPTION") else {
            return Ok(Self::default());
        };
        let property = Property::read(lines, line);
        let mut params = Vec::new();
        for (name, value) in split_params(property.raw_params()) {
            if name.eq_ignore_ascii_case(b"ENCODING") {
                return Err(EditError::Encoded(lines.number(line)));
            }
            if name.eq_ignore_ascii_case(b"ALTREP") || name.eq_ignore_ascii_case(b"FMTTYPE") {
                continue;
            }
            params.push(b';');
            params.extend_from_slice(name);
            if !value.is_empty() {
                params.push(b'=');
                params.extend_from_slice(value);
            }
        }
        Ok(Self { params, raw: property.value().to_vec() })
    }

    /// The line with another text.
    pub(super) fn with_text(&self, text: &str) -> Vec<u8> {
        self.with_raw(escape(text).as_bytes())
    }

    fn with_raw(&self, raw: &[u8]) -> Vec<u8> {
        let mut out = self.params.clone();
        out.push(b':');
        out.extend_from_slice(raw);
        out
    }

    /// The line with the managed block replaced, or appended when there is none.
    /// What stands outside of the block keeps its bytes.
    pub(super) fn with_block(&self, text: &str) -> Result<Vec<u8>, EditError> {
        let text = text.trim_end_matches(['\r', '\n']);
        let block = escape(&format!("{}\n{text}\n{}", marks::BEGIN, marks::END));
        let raw = match find_block(&self.raw)? {
            Some(range) => {
                let mut raw = self.raw.get(..range.start).unwrap_or(&[]).to_vec();
                raw.extend_from_slice(block.as_bytes());
                raw.extend_from_slice(self.raw.get(range.end..).unwrap_or(&[]));
                raw
            }
            None if self.raw.trim_ascii().is_empty() => block.into_bytes(),
            None => [self.raw.as_slice(), b"\\n\\n", block.as_bytes()].concat(),
        };
        Ok(self.with_raw(&raw))
    }
}

/// The byte range from the begin mark to the end mark.
fn find_block(raw: &[u8]) -> Result<Option<std::ops::Range<usize>>, EditError> {
    let (begin, end) = (escape(marks::BEGIN), escape(marks::END));
    let find = |needle: &str| memchr::memmem::find_iter(raw, needle.as_bytes()).collect::<Vec<_>>();
    match (find(&begin).as_slice(), find(&end).as_slice()) {
        ([], []) => Ok(None),
        ([from], [to]) if from < to => Ok(Some(*from..to + end.len())),
        _ => Err(EditError::MarksDamaged),
    }
}
