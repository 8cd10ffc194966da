//! What an href in a listing points to, seen from its collection. Compares decoded,
//! keeps the text; never guesses an address from a UID.

use url::Url;

use crate::provider::http::request::{MemberUrl, as_collection, segments};

/// What a row is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The collection itself.
    Itself,
    /// A collection below.
    Below,
    /// A member.
    Member(MemberUrl),
    /// Something else, and why.
    Foreign(String),
}

/// Where an href lies.
pub fn place(collection: &Url, href: &str) -> Place {
    let base = as_collection(collection);
    let why = match MemberUrl::below(&base, href) {
        Ok(member) => return Place::Member(member),
        Err(why) => why,
    };
    let Some(url) = base.join(href).ok().filter(|url| url.origin() == base.origin()) else {
        return Place::Foreign(why);
    };
    let (own, other) = (trimmed(&base), trimmed(&url));
    if own == other {
        Place::Itself
    } else if other.starts_with(&own) && url.path().ends_with('/') && !href.contains("..") {
        Place::Below
    } else {
        Place::Foreign(why)
    }
}

/// A member's name with its escapes decoded: equal for two spellings of one member.
pub fn name(member: &MemberUrl) -> String {
    segments(member.url()).pop().unwrap_or_default()
}

/// Whether two URLs are of the same resource, in any spelling.
pub fn same(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin() && trimmed(one) == trimmed(other)
}

fn trimmed(url: &Url) -> Vec<String> {
    let mut segments = segments(url);
    while segments.last().is_some_and(String::is_empty) {
        segments.pop();
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_told_apart() {
        let cal = Url::parse("https://dav.example.org/dav/a%40b/cal/").unwrap();
        for itself in ["/dav/a%40b/cal/", "/dav/a@b/cal", "https://dav.example.org/dav/a@b/cal/"] {
            assert_eq!(place(&cal, itself), Place::Itself, "{itself}");
        }
        for member in ["/dav/a%40b/cal/x%40y.ics", "/dav/a@b/cal/x@y.ics"] {
            let Place::Member(member) = place(&cal, member) else { panic!("{member}") };
            assert_eq!(name(&member), "x@y.ics");
        }
        assert_eq!(place(&cal, "/dav/a@b/cal/folder/"), Place::Below);
        for foreign in [
            "/dav/a@b/",
            "/dav/a@b/other/x.ics",
            "//evil/dav/a@b/cal/x.ics",
            "/dav/a@b/cal/../",
            "",
        ] {
            assert!(matches!(place(&cal, foreign), Place::Foreign(_) | Place::Itself), "{foreign}");
        }
        assert!(matches!(place(&cal, "https://evil.example/dav/a@b/cal/"), Place::Foreign(_)));
    }
}
