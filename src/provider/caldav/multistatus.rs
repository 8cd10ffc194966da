//! Rows of a multistatus body (RFC 4918 §13) as they arrive, and the error element
//! of a refusal (§16). Knows the frame; what the properties mean is said by the file
//! of the request.

use crate::model::id::Etag;
use crate::provider::caldav::xml::{Element, Ns, XmlError, XmlStream};

/// What the server says of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its address as written.
    pub href: String,
    /// The status of the resource itself, where it has no properties.
    pub status: Option<u16>,
    /// Properties with their status.
    props: Vec<(u16, Element)>,
    /// Names of preconditions in its error element.
    conditions: Vec<(Ns, Box<str>)>,
}

impl Row {
    /// The rows of a response element; several hrefs may share one status.
    fn read(element: Element) -> Vec<Self> {
        let mut row =
            Self { href: String::new(), status: None, props: Vec::new(), conditions: Vec::new() };
        let mut hrefs = Vec::new();
        for child in element.children {
            match &*child.name {
                "href" if child.ns == Ns::Dav => hrefs.push(child.trimmed().to_owned()),
                "status" if child.ns == Ns::Dav => row.status = status_code(child.trimmed()),
                "error" if child.ns == Ns::Dav => {
                    row.conditions.extend(child.children.into_iter().map(|c| (c.ns, c.name)));
                }
                "propstat" if child.ns == Ns::Dav => {
                    let status = child.child(Ns::Dav, "status");
                    let status = status.and_then(|s| status_code(s.trimmed())).unwrap_or(200);
                    let props = child.children.into_iter().filter(|c| c.is(Ns::Dav, "prop"));
                    row.props.extend(props.flat_map(|p| p.children).map(|p| (status, p)));
                }
                _ => {}
            }
        }
        hrefs.into_iter().map(|href| Self { href, ..row.clone() }).collect()
    }

    /// A property the server has.
    pub fn prop(&self, ns: Ns, name: &str) -> Option<&Element> {
        let found = self.props.iter().find(|(s, p)| *s / 100 == 2 && p.is(ns, name));
        found.map(|(_, property)| property)
    }

    /// Takes a property out.
    pub fn take(&mut self, ns: Ns, name: &str) -> Option<Element> {
        let at = self.props.iter().position(|(s, p)| *s / 100 == 2 && p.is(ns, name))?;
        Some(self.props.swap_remove(at).1)
    }

    /// The resource's status; with properties only, the best one of theirs.
    pub fn overall(&self) -> u16 {
        let of_props = self.props.iter().map(|(status, _)| *status).min();
        self.status.or(of_props).unwrap_or(200)
    }

    /// `getetag`.
    pub fn etag(&self) -> Option<Etag> {
        self.prop(Ns::Dav, "getetag").and_then(|tag| Etag::new(tag.trimmed()))
    }

    /// Whether the row is of a collection.
    pub fn is_collection(&self) -> bool {
        self.prop(Ns::Dav, "resourcetype").is_some_and(|t| t.child(Ns::Dav, "collection").is_some())
    }

    /// The first href inside a property.
    pub fn href_in(&self, ns: Ns, name: &str) -> Option<&str> {
        self.prop(ns, name)?.child(Ns::Dav, "href").map(Element::trimmed)
    }
}

/// The code of `HTTP/1.1 200 OK`.
fn status_code(line: &str) -> Option<u16> {
    line.split_ascii_whitespace().find_map(|word| word.parse().ok())
}

/// A multistatus body being read.
#[derive(Debug, Default)]
pub struct Multistatus {
    xml: XmlStream,
    /// `DAV:sync-token` (RFC 6578 §6.4), once it has been seen.
    pub token: Option<String>,
}

impl Multistatus {
    /// Takes the next bytes and gives the rows that are complete.
    ///
    /// # Errors
    /// When the body is no multistatus.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Row>, XmlError> {
        let elements = self.xml.feed(bytes)?;
        if let Some((ns, name)) = self.xml.root()
            && (ns, name) != (Ns::Dav, "multistatus")
        {
            return Err(XmlError::Broken(format!("{name} instead of multistatus")));
        }
        let mut rows = Vec::with_capacity(elements.len());
        for element in elements {
            if element.is(Ns::Dav, "response") {
                rows.extend(Row::read(element));
            } else if element.is(Ns::Dav, "sync-token") {
                self.token = Some(element.trimmed().to_owned()).filter(|token| !token.is_empty());
            }
        }
        Ok(rows)
    }

    /// The body is at its end.
    ///
    /// # Errors
    /// When the document is not.
    pub fn finish(&mut self) -> Result<(), XmlError> {
        self.xml.finish()
    }
}

/// Why a server refused (RFC 4918 §16): the conditions of its DAV:error body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusal {
    /// Names of the conditions, in any namespace.
    pub conditions: Vec<Box<str>>,
    /// An href inside one of them.
    pub href: Option<String>,
    /// What the server says in prose.
    pub prose: String,
}

impl Refusal {
    /// Reads a refusal's body; one that is no error element says nothing.
    pub fn read(body: &[u8]) -> Self {
        let mut xml = XmlStream::default();
        let mut refusal = Self::default();
        // What stands before a cut still says why.
        let elements = xml.feed(body).unwrap_or_default();
        if !matches!(xml.root(), Some((_, "error"))) {
            return refusal;
        }
        for element in elements {
            let inside = element.child(Ns::Dav, "href").map(|h| h.trimmed().to_owned());
            refusal.href = refusal.href.or(inside);
            if element.is(Ns::Dav, "responsedescription") {
                refusal.prose = element.text;
            } else {
                refusal.conditions.push(element.name);
            }
        }
        refusal
    }

    /// Whether a condition is among them.
    pub fn names(&self, condition: &str) -> bool {
        self.conditions.iter().any(|name| &**name == condition)
    }

    /// The conditions and the prose, for people; printable and bounded.
    pub fn text(&self) -> String {
        let names = self.conditions.iter().take(3).map(|name| name.chars().take(60).collect());
        let names = names.collect::<Vec<String>>().join(", ");
        let prose: String =
            self.prose.trim().chars().filter(|c| !c.is_control()).take(160).collect();
        if prose.is_empty() { names } else { format!("{names}: {prose}") }
    }
}

/// All rows of a body at hand and its token, for tests of the request files.
#[cfg(test)]
pub fn rows_of(body: &str) -> (Vec<Row>, Option<String>) {
    let mut reader = Multistatus::default();
    let rows = reader.feed(body.as_bytes()).unwrap();
    reader.finish().unwrap();
    (rows, reader.token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_of_resources_and_properties_are_kept_apart() {
        let (rows, token) = rows_of(
            "<D:multistatus xmlns:D='DAV:'><D:response><D:href> /a </D:href>\
             <D:propstat><D:prop><D:getetag>\"1\"</D:getetag></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>\
             <D:propstat><D:prop><D:displayname/></D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>\
             </D:response><D:response><D:href>/b</D:href><D:href>/c</D:href><D:status>HTTP/1.1 404 Not Found</D:status>\
             </D:response><D:sync-token>t</D:sync-token></D:multistatus>",
        );
        assert_eq!(rows.iter().map(|r| r.href.as_str()).collect::<Vec<_>>(), ["/a", "/b", "/c"]);
        assert_eq!(rows[0].etag(), Etag::new("\"1\""));
        assert_eq!(rows[0].overall(), 200);
        assert!(rows[0].prop(Ns::Dav, "displayname").is_none());
        assert_eq!((rows[1].overall(), rows[2].overall()), (404, 404));
        assert_eq!(token.as_deref(), Some("t"));
    }

    #[test]
    fn another_document_is_no_multistatus() {
        let mut reader = Multistatus::default();
        let error = reader.feed(b"<D:error xmlns:D='DAV:'><D:x/></D:error>").unwrap_err();
        assert!(error.to_string().contains("error instead of multistatus"));
        assert!(Multistatus::default().feed(b"<multistatus><response/>").is_err());
    }

    #[test]
    fn refusals_name_their_conditions_whatever_the_namespace() {
        let refusal = Refusal::read(
            b"<?xml version='1.0'?><error xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'>\
              <C:unique-scheduling-object-resource><href>/x/y.ics</href></C:unique-scheduling-object-resource></error>",
        );
        assert!(refusal.names("unique-scheduling-object-resource"));
        assert_eq!(refusal.href.as_deref(), Some("/x/y.ics"));
        // As Xandikos words it.
        let prose = Refusal::read(
            b"<ns0:error xmlns:ns0=\"DAV:\" xmlns:ns1=\"urn:ietf:params:xml:ns:caldav\"><ns1:valid-calendar-data />\
              <ns0:responsedescription>Not a valid\ncalendar file</ns0:responsedescription></ns0:error>",
        );
        assert_eq!(prose.text(), "valid-calendar-data: Not a validcalendar file");
        assert_eq!(Refusal::read(b"<html>no</html>"), Refusal::default());
        assert_eq!(Refusal::read(b""), Refusal::default());
    }
}
