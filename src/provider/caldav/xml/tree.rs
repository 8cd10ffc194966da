//! The elements of a WebDAV body while it is read: namespaces, nesting, limits.
//! Takes whole pieces of markup; knows nothing of where they were cut.

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use crate::provider::caldav::xml::{Element, MAX_TEXT, Ns, XmlError};

/// The deepest nesting.
const MAX_DEPTH: usize = 48;
/// The most elements below one child of the root.
const MAX_ELEMENTS: usize = 20_000;

/// The elements that are open, and the finished children of the root.
#[derive(Debug, Default)]
pub struct Tree {
    pub root: Option<(Ns, Box<str>)>,
    pub closed: bool,
    /// Elements below the root, outermost first.
    open: Vec<Element>,
    /// Names as written, the root's included.
    names: Vec<Box<str>>,
    /// Namespace declarations: depth, prefix, namespace.
    bindings: Vec<(usize, Box<str>, Ns)>,
    /// Elements since the last child of the root was complete.
    elements: usize,
    pub done: Vec<Element>,
}

impl Tree {
    /// Takes whole pieces of markup and text.
    pub fn digest(&mut self, text: &str) -> Result<(), XmlError> {
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_end_names = false;
        reader.config_mut().allow_unmatched_ends = true;
        loop {
            match reader.read_event().map_err(|error| XmlError::Broken(error.to_string()))? {
                Event::Start(tag) => self.start(&tag)?,
                Event::Empty(tag) => {
                    self.start(&tag)?;
                    self.end(tag.name().as_ref())?;
                }
                Event::End(tag) => self.end(tag.name().as_ref())?,
                Event::Text(text) => self.text(&text)?,
                Event::CData(text) => self.text(&text)?,
                Event::GeneralRef(reference) => {
                    let character = match &*reference {
                        "lt" => '<',
                        "gt" => '>',
                        "amp" => '&',
                        "apos" => '\'',
                        "quot" => '"',
                        _ => match reference.resolve_char_ref() {
                            Ok(Some(character)) => character,
                            Ok(None) | Err(_) => return Err(XmlError::Dtd),
                        },
                    };
                    self.text(character.encode_utf8(&mut [0; 4]))?;
                }
                Event::Decl(declaration) => {
                    if let Some(Ok(name)) = declaration.encoding()
                        && !["utf-8", "utf8", "us-ascii"].contains(&&*name.to_ascii_lowercase())
                    {
                        return Err(XmlError::Encoding);
                    }
                }
                Event::DocType(_) => return Err(XmlError::Dtd),
                Event::Comment(_) | Event::PI(_) => {}
                Event::Eof => return Ok(()),
            }
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), XmlError> {
        if self.closed {
            return Err(XmlError::Broken("more than one root".to_owned()));
        }
        self.elements += 1;
        if self.names.len() >= MAX_DEPTH || self.elements > MAX_ELEMENTS {
            return Err(XmlError::Limit);
        }
        let depth = self.names.len();
        let mut name_attr = None;
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| XmlError::Broken(error.to_string()))?;
            let key: &str = attribute.key.as_ref();
            let value = attribute.value.as_ref();
            if key == "xmlns" {
                self.bindings.push((depth, "".into(), Ns::of(value)));
            } else if let Some(prefix) = key.strip_prefix("xmlns:") {
                self.bindings.push((depth, prefix.into(), Ns::of(value)));
            } else if key == "name" {
                name_attr = Some(value.into());
            }
        }
        let qualified = tag.name();
        let written: &str = qualified.as_ref();
        let (prefix, local) = written.split_once(':').unwrap_or(("", written));
        let ns = self
            .bindings
            .iter()
            .rev()
            .find(|(_, bound, _)| &**bound == prefix)
            .map_or(Ns::Other, |(_, _, ns)| *ns);
        self.names.push(written.into());
        if depth == 0 {
            if local.eq_ignore_ascii_case("html") {
                return Err(XmlError::Html);
            }
            self.root = Some((ns, local.into()));
        } else {
            self.open.push(Element {
                ns,
                name: local.into(),
                name_attr,
                text: String::new(),
                overflow: false,
                children: Vec::new(),
            });
        }
        Ok(())
    }

    fn end(&mut self, written: &str) -> Result<(), XmlError> {
        let opened = self.names.pop();
        if opened.as_deref() != Some(written.trim_end()) {
            return Err(XmlError::Broken("end tags do not match".to_owned()));
        }
        let depth = self.names.len();
        while self.bindings.last().is_some_and(|(bound, _, _)| *bound >= depth) {
            self.bindings.pop();
        }
        match (self.open.pop(), self.open.last_mut()) {
            (Some(element), Some(parent)) => parent.children.push(element),
            (Some(element), None) => {
                self.elements = 0;
                self.done.push(element);
            }
            (None, _) => self.closed = true,
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), XmlError> {
        let Some(element) = self.open.last_mut() else {
            let blank = text.chars().all(|c| c.is_whitespace() || matches!(c, '\0' | '\u{FEFF}'));
            // Text directly in the root is ignored; outside of it, it is an error.
            return if blank || !self.names.is_empty() {
                Ok(())
            } else {
                Err(XmlError::Broken("text outside of the document".to_owned()))
            };
        };
        if element.text.len() + text.len() > MAX_TEXT {
            element.overflow = true;
            element.text = String::new();
        }
        if !element.overflow {
            element.text.push_str(text);
        }
        Ok(())
    }
}
