//! A reader of WebDAV bodies that takes bytes as they arrive and gives the children
//! of the root one at a time, so that memory does not grow with the calendar. DTDs
//! and foreign entities are refused, depth and sizes are bounded. Knows XML and the
//! four namespaces; knows nothing of what elements mean.

mod tree;

use crate::provider::caldav::xml::tree::Tree;

/// The most text one element may hold; longer text is dropped and marked.
pub const MAX_TEXT: usize = 4 << 20;
/// The largest single tag, comment or CDATA section.
const MAX_MARKUP: usize = MAX_TEXT + 64;

/// Namespaces that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ns {
    /// `DAV:`
    Dav,
    /// `urn:ietf:params:xml:ns:caldav`
    CalDav,
    /// `http://calendarserver.org/ns/`
    CalendarServer,
    /// `http://apple.com/ns/ical/`
    Apple,
    /// Anything else, or none.
    Other,
}

impl Ns {
    fn of(uri: &str) -> Self {
        match uri {
            "DAV:" => Self::Dav,
            "urn:ietf:params:xml:ns:caldav" => Self::CalDav,
            "http://calendarserver.org/ns/" => Self::CalendarServer,
            "http://apple.com/ns/ical/" => Self::Apple,
            _ => Self::Other,
        }
    }
}

/// An element with everything in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Its namespace.
    pub ns: Ns,
    /// Its local name.
    pub name: Box<str>,
    /// The value of its `name` attribute (RFC 4791 `comp`).
    pub name_attr: Option<Box<str>>,
    /// Its own text, entities resolved, line ends as they came.
    pub text: String,
    /// The text was longer than [`MAX_TEXT`] and is missing.
    pub overflow: bool,
    /// Its child elements.
    pub children: Vec<Element>,
}

impl Element {
    /// Whether it has this name.
    pub fn is(&self, ns: Ns, name: &str) -> bool {
        self.ns == ns && &*self.name == name
    }

    /// The first child of this name.
    pub fn child(&self, ns: Ns, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(ns, name))
    }

    /// All children of this name.
    pub fn all<'a>(&'a self, ns: Ns, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.is(ns, name))
    }

    /// Whether an element of this name stands anywhere below.
    pub fn contains(&self, ns: Ns, name: &str) -> bool {
        self.children.iter().any(|child| child.is(ns, name) || child.contains(ns, name))
    }

    /// Its text without surrounding white space.
    pub fn trimmed(&self) -> &str {
        self.text.trim()
    }
}

/// Why a body is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// A page for people.
    #[error("an HTML page instead of calendar data: a login page, or the wrong address")]
    Html,
    /// Nothing at all.
    #[error("an empty answer instead of XML")]
    Empty,
    /// Something else.
    #[error("no XML")]
    NotXml,
    /// It breaks off.
    #[error("the XML is cut off")]
    Truncated,
    /// A document type definition.
    #[error("the XML defines entities, which is not allowed")]
    Dtd,
    /// Not UTF-8.
    #[error("the XML is not in UTF-8")]
    Encoding,
    /// Too deep, too many elements, too long a tag.
    #[error("the XML is too deep or too large")]
    Limit,
    /// Not well-formed.
    #[error("the XML is broken: {0}")]
    Broken(String),
}

/// Where the splitter stands in the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    #[default]
    Text,
    Reference,
    Tag(Option<u8>),
    Comment,
    CData,
    Instruction,
}

/// The streaming reader: [`feed`](Self::feed) until the body ends, then
/// [`finish`](Self::finish).
#[derive(Debug, Default)]
pub struct XmlStream {
    /// Bytes that are not digested yet.
    buffer: Vec<u8>,
    /// How many of them the splitter has seen.
    scanned: usize,
    /// Where the markup or reference now being read began.
    markup: usize,
    place: Place,
    started: bool,
    tree: Tree,
}

impl XmlStream {
    /// The root element's name, once it has been seen.
    pub fn root(&self) -> Option<(Ns, &str)> {
        self.tree.root.as_ref().map(|(ns, name)| (*ns, &**name))
    }

    /// Takes the next bytes and gives the children of the root that are complete.
    ///
    /// # Errors
    /// As soon as the bytes cannot become what was asked for.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Element>, XmlError> {
        self.buffer.extend_from_slice(bytes);
        self.check_start(false)?;
        if self.started {
            let complete = self.split()?;
            let text = self.buffer.get(..complete).unwrap_or_default();
            let whole = match std::str::from_utf8(text) {
                Ok(text) => text,
                // A character may be cut in two by the end of the piece.
                Err(error) if error.error_len().is_none() => {
                    let valid = text.get(..error.valid_up_to()).unwrap_or_default();
                    std::str::from_utf8(valid).map_err(|_| XmlError::Encoding)?
                }
                Err(_) => return Err(XmlError::Encoding),
            };
            let used = whole.len();
            self.tree.digest(whole)?;
            self.buffer.drain(..used);
            self.scanned -= used;
            self.markup = self.markup.saturating_sub(used);
        }
        Ok(std::mem::take(&mut self.tree.done))
    }

    /// The body is at its end.
    ///
    /// # Errors
    /// When the document is not.
    pub fn finish(&mut self) -> Result<(), XmlError> {
        self.check_start(true)?;
        let tail = self.buffer.iter().all(|b| b.is_ascii_whitespace() || *b == 0);
        if self.tree.closed && tail && self.place == Place::Text {
            Ok(())
        } else {
            Err(XmlError::Truncated)
        }
    }

    /// Looks at the first bytes, before anything is parsed.
    fn check_start(&mut self, at_end: bool) -> Result<(), XmlError> {
        if self.started {
            return Ok(());
        }
        let mark = [0xEF, 0xBB, 0xBF];
        if self.buffer.len() < 3 && mark.starts_with(&self.buffer) && !at_end {
            return Ok(());
        }
        if self.buffer.starts_with(&mark) {
            self.buffer.drain(..3);
        }
        if self.buffer.starts_with(&[0xFF, 0xFE]) || self.buffer.starts_with(&[0xFE, 0xFF]) {
            return Err(XmlError::Encoding);
        }
        let blank = self.buffer.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let first = self.buffer.get(blank..).unwrap_or_default();
        if first.is_empty() {
            return if at_end { Err(XmlError::Empty) } else { Ok(()) };
        }
        let head: Vec<u8> = first.iter().take(14).map(u8::to_ascii_lowercase).collect();
        if head.starts_with(b"<!doctype html") || head.starts_with(b"<html") {
            return Err(XmlError::Html);
        }
        if !head.starts_with(b"<") {
            return Err(XmlError::NotXml);
        }
        if head.len() == 14 {
            // White space before an XML declaration is an error in XML and a habit
            // of some PHP set-ups.
            self.buffer.drain(..blank);
            self.started = true;
        }
        Ok(())
    }

    /// How many bytes of the buffer are whole pieces: markup to its end, and text,
    /// which may be cut anywhere but inside a reference.
    fn split(&mut self) -> Result<usize, XmlError> {
        while let Some(rest) = self.buffer.get(self.scanned..).filter(|rest| !rest.is_empty()) {
            match self.place {
                Place::Text => {
                    let Some(at) = rest.iter().position(|b| matches!(b, b'<' | b'&')) else {
                        self.scanned = self.buffer.len();
                        break;
                    };
                    self.place = if rest.get(at) == Some(&b'<') {
                        Place::Tag(None)
                    } else {
                        Place::Reference
                    };
                    self.markup = self.scanned + at;
                    self.scanned = self.markup + 1;
                }
                Place::Reference | Place::Tag(_) => self.step()?,
                Place::Comment => self.until(b"-->"),
                Place::CData => self.until(b"]]>"),
                Place::Instruction => self.until(b"?>"),
            }
            let limit = if self.place == Place::Reference { 64 } else { MAX_MARKUP };
            if self.place != Place::Text && self.scanned - self.markup > limit {
                return Err(XmlError::Limit);
            }
        }
        Ok(if self.place == Place::Text { self.scanned } else { self.markup })
    }

    /// One byte inside a tag or reference.
    fn step(&mut self) -> Result<(), XmlError> {
        let byte = self.buffer.get(self.scanned).copied().unwrap_or_default();
        self.scanned += 1;
        let so_far = self.buffer.get(self.markup..self.scanned).unwrap_or_default();
        self.place = match (self.place, byte) {
            (Place::Reference, b';') | (Place::Tag(None), b'>') => Place::Text,
            (Place::Tag(Some(quote)), b) if b == quote => Place::Tag(None),
            (Place::Tag(None), b'"' | b'\'') => Place::Tag(Some(byte)),
            (Place::Tag(None), _) => match so_far {
                b"<!--" => Place::Comment,
                b"<![CDATA[" => Place::CData,
                b"<?" => Place::Instruction,
                b"<!D" | b"<!d" => return Err(XmlError::Dtd),
                _ => Place::Tag(None),
            },
            (place, _) => place,
        };
        Ok(())
    }

    /// Moves to the end mark of a comment, CDATA section or instruction, or to the
    /// end of the buffer.
    fn until(&mut self, mark: &[u8]) {
        let from = self.scanned.saturating_sub(mark.len() - 1).max(self.markup + 2);
        let rest = self.buffer.get(from..).unwrap_or_default();
        match rest.windows(mark.len()).position(|window| window == mark) {
            Some(at) => {
                self.scanned = from + at + mark.len();
                self.place = Place::Text;
            }
            None => self.scanned = self.buffer.len(),
        }
    }
}

#[cfg(test)]
mod tests;
