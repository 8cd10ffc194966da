//! Requests as data. Reads and writes are different types: a read may be sent
//! again, a write never; and a write has no form without a precondition or with a
//! collection as its target.

use url::Url;

use crate::model::id::StrongEtag;
use crate::model::plan::Precondition;

/// Methods that change nothing and may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadMethod {
    /// RFC 9110.
    Get,
    /// RFC 9110.
    Options,
    /// RFC 4918 §9.1.
    Propfind,
    /// RFC 3253 §3.6.
    Report,
    /// POST of a question (RFC 6638 §5 free/busy): it stores nothing.
    Ask,
}

impl ReadMethod {
    /// The method on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Options => "OPTIONS",
            Self::Propfind => "PROPFIND",
            Self::Report => "REPORT",
            Self::Ask => "POST",
        }
    }
}

/// A request that changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// How.
    pub method: ReadMethod,
    /// Where.
    pub url: Url,
    /// Header fields besides authorization.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Option<String>,
}

impl Read {
    /// A request without header fields or body.
    pub fn new(method: ReadMethod, url: Url) -> Self {
        Self { method, url, headers: Vec::new(), body: None }
    }

    /// A WebDAV question: Depth (RFC 4918 §10.2) and an XML body.
    pub fn xml(method: ReadMethod, url: Url, depth: &'static str, body: String) -> Self {
        let headers = vec![
            ("depth", depth.to_owned()),
            ("content-type", "application/xml; charset=utf-8".to_owned()),
            ("accept", "application/xml, text/xml".to_owned()),
        ];
        Self { method, url, headers, body: Some(body) }
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// The address of one member of a collection: strictly below it, one segment with
/// a name. The only target a write accepts, because a PUT on the collection itself
/// replaces the whole calendar on some servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberUrl(Url);

impl MemberUrl {
    /// Resolves an href against its collection (RFC 4918 §8.3). The text of the
    /// href is kept as it is, escapes included.
    ///
    /// # Errors
    /// For people: why the href is no member of the collection.
    pub fn below(collection: &Url, href: &str) -> Result<Self, String> {
        let base = as_collection(collection);
        let refuse = |why: &str| Err(format!("{} {why}", printable(href)));
        if href.is_empty() || href.bytes().any(|b| b < 0x20 || b == b'\\' || b == 0x7f) {
            return refuse("is not an address");
        }
        let Ok(url) = base.join(href) else {
            return refuse("is not an address");
        };
        if url.origin() != base.origin() || !url.username().is_empty() || url.password().is_some() {
            return refuse("is on another host");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("is not the address of a resource");
        }
        let inside = segments(&url);
        let outside = segments(&base);
        let Some((name, folder)) = inside.split_last() else {
            return refuse("is not in the collection");
        };
        let Some((_, parents)) = outside.split_last() else {
            return refuse("is not in the collection");
        };
        if folder != parents {
            return refuse("is not in the collection");
        }
        if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\\', '\0']) {
            return refuse("does not name a member of the collection");
        }
        if has_dots(href) {
            return refuse("steps out of the collection");
        }
        Ok(Self(url))
    }

    /// The URL.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The same member with parameters that say how it is to be written.
    #[must_use]
    pub fn asking(mut self, parameters: &[(&str, &str)]) -> Self {
        self.0.query_pairs_mut().extend_pairs(parameters);
        self
    }
}

/// The URL with a final slash, so that members resolve below it.
pub fn as_collection(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    url
}

/// Path segments with escapes decoded, for comparison: servers write `@` and `%40`
/// for the same collection.
pub fn segments(url: &Url) -> Vec<String> {
    url.path().split('/').skip(1).map(decode).collect()
}

fn has_dots(href: &str) -> bool {
    let path = href.split_once("://").map_or(href, |(_, rest)| rest);
    path.split('/').any(|segment| matches!(decode(segment).as_str(), "." | ".."))
}

/// Percent-decodes; bytes that are not UTF-8 become replacement characters.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = (*first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An href as it may be shown: bounded, without control characters.
pub fn printable(href: &str) -> String {
    href.chars().take(200).map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

/// A request that changes one resource, if its precondition holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// PUT or DELETE; PATCH or POST of JSON.
    pub method: &'static str,
    /// The member.
    pub target: MemberUrl,
    /// The precondition and, for PUT, the content type.
    pub headers: Vec<(&'static str, String)>,
    /// The new text.
    pub body: Option<Vec<u8>>,
}

impl Change {
    /// PUT of a calendar object (RFC 4791 §5.3.2).
    pub fn put(target: MemberUrl, precondition: &Precondition, body: Vec<u8>) -> Self {
        let guard = match precondition {
            Precondition::Absent => ("if-none-match", "*".to_owned()),
            Precondition::Match(etag) => ("if-match", etag.as_str().to_owned()),
        };
        let content_type = ("content-type", "text/calendar; charset=utf-8".to_owned());
        Self { method: "PUT", target, headers: vec![guard, content_type], body: Some(body) }
    }

    /// DELETE of a member that is still what it was.
    pub fn delete(target: MemberUrl, unchanged_since: &StrongEtag) -> Self {
        let headers = vec![("if-match", unchanged_since.as_str().to_owned())];
        Self { method: "DELETE", target, headers, body: None }
    }

    /// PATCH of some fields of a member that is still what it was.
    pub fn patch(target: MemberUrl, unchanged_since: &StrongEtag, json: Vec<u8>) -> Self {
        let guard = ("if-match", unchanged_since.as_str().to_owned());
        Self { method: "PATCH", target, headers: vec![guard, json_type()], body: Some(json) }
    }

    /// POST of a new member whose id is in its own text: where the id is taken, the
    /// server refuses it, which is the precondition.
    pub fn create(target: MemberUrl, json: Vec<u8>) -> Self {
        Self { method: "POST", target, headers: vec![json_type()], body: Some(json) }
    }
}

fn json_type() -> (&'static str, String) {
    ("content-type", "application/json; charset=utf-8".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::id::Etag;

    fn cal() -> Url {
        Url::parse("https://dav.example.org/alice/cal/").unwrap()
    }

    #[test]
    fn members_are_accepted_as_they_are_written() {
        for (href, path) in [
            ("/alice/cal/a.ics", "/alice/cal/a.ics"),
            ("/alice/cal/a%40b.ics", "/alice/cal/a%40b.ics"),
            ("/alice/cal/a@b.ics", "/alice/cal/a@b.ics"),
            ("/alice/cal/a%20b.ics", "/alice/cal/a%20b.ics"),
            ("/alice/cal/a b.ics", "/alice/cal/a%20b.ics"),
            ("/alice/cal/Z%C3%BC.ics", "/alice/cal/Z%C3%BC.ics"),
            ("/alice/cal/no-extension", "/alice/cal/no-extension"),
            ("a.ics", "/alice/cal/a.ics"),
            ("https://dav.example.org/alice/cal/a.ics", "/alice/cal/a.ics"),
            ("/%61lice/cal/a.ics", "/%61lice/cal/a.ics"),
            ("/alice/cal/a..b.ics", "/alice/cal/a..b.ics"),
        ] {
            assert_eq!(MemberUrl::below(&cal(), href).unwrap().url().path(), path);
        }
    }

    #[test]
    fn nothing_but_a_member_can_be_a_target() {
        for href in [
            "",
            "/",
            "/alice/cal/",
            "/alice/cal",
            "/alice/",
            "/alice/cal/sub/",
            "/alice/cal/sub/a.ics",
            "/alice/other/a.ics",
            "/alice/cal/../other/a.ics",
            "/alice/cal/x/../a.ics",
            "/alice/cal/..",
            "/alice/cal/.",
            "/alice/cal/%2e%2e/a.ics",
            "/alice/cal/%2E%2E",
            "..",
            ".",
            "./",
            "/alice/cal/..%2fa.ics",
            "/alice/cal/a%2fb.ics",
            "/alice/cal/a%5cb.ics",
            "/alice/cal/a\\b.ics",
            "/alice/cal/a.ics/",
            "/alice/cal//",
            "/alice/cal//a.ics",
            "//evil.example/alice/cal/a.ics",
            "https://evil.example/alice/cal/a.ics",
            "http://dav.example.org/alice/cal/a.ics",
            "https://u:p@dav.example.org/alice/cal/a.ics",
            "https://dav.example.org:8443/alice/cal/a.ics",
            "file:///alice/cal/a.ics",
            "javascript:alert(1)",
            "/alice/cal/a.ics?x",
            "/alice/cal/a.ics#x",
            "/alice/cal/?a.ics",
            "/alice/cal/\na.ics",
            "/alice/cal/%00",
        ] {
            assert!(MemberUrl::below(&cal(), href).is_err(), "{href}");
        }
    }

    #[test]
    fn a_collection_without_final_slash_is_still_no_target() {
        let bare = Url::parse("https://dav.example.org/alice/cal").unwrap();
        assert!(MemberUrl::below(&bare, "/alice/cal").is_err());
        assert!(MemberUrl::below(&bare, "/alice/cal/").is_err());
        assert!(MemberUrl::below(&bare, "/alice/x.ics").is_err());
        assert!(MemberUrl::below(&bare, "/alice/cal/x.ics").is_ok());
    }

    #[test]
    fn every_write_is_conditional() {
        let member = || MemberUrl::below(&cal(), "a.ics").unwrap();
        let etag = Etag::new("\"1\"").unwrap().strong().unwrap();
        let create = Change::put(member(), &Precondition::Absent, Vec::new());
        assert!(create.headers.contains(&("if-none-match", "*".to_owned())));
        let update = Change::put(member(), &Precondition::Match(etag.clone()), Vec::new());
        assert!(update.headers.contains(&("if-match", "\"1\"".to_owned())));
        assert_eq!(Change::delete(member(), &etag).headers, [("if-match", "\"1\"".to_owned())]);
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_lies_strictly_below(href in "(/alice/cal/|/|\\.\\./|https://dav.example.org/)?[a-z%2eEfF./@\\\\?#: ]{0,24}") {
            if let Ok(member) = MemberUrl::below(&cal(), &href) {
                let name = member.url().path().strip_prefix("/alice/cal/").map(str::to_owned);
                let name = name.unwrap_or_default();
                prop_assert!(!name.is_empty() && !name.contains('/') && name != "." && name != "..");
                prop_assert_eq!(member.url().host_str(), Some("dav.example.org"));
            }
        }
    }
}
