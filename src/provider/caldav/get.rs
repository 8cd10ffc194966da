//! GET of one member: its text and tag, and what makes a text unusable. Bytes only.

use url::Url;

use crate::model::id::Etag;
use crate::provider::http::request::{MemberUrl, Read, ReadMethod};

/// The largest object that is read.
pub const MAX_OBJECT: usize = crate::provider::caldav::xml::MAX_TEXT;

/// Why a body is no calendar object that could be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defect {
    /// It starts as one and has no end.
    Incomplete,
    /// It is something else.
    Foreign,
}

impl Defect {
    /// For people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Incomplete => "the text is cut off (no END:VCALENDAR)",
            Self::Foreign => "not a calendar object",
        }
    }
}

/// The request.
pub fn request(member: &MemberUrl) -> Read {
    let url: Url = member.url().clone();
    Read::new(ReadMethod::Get, url).header("accept", "text/calendar")
}

/// The tag of the answer.
pub fn etag(header: Option<&str>) -> Option<Etag> {
    header.and_then(Etag::new)
}

/// Looks at both ends of a body: RFC 5545 §3.4. What lies between is for the
/// calendar reader, which quarantines what it cannot understand.
pub fn defect(body: &[u8]) -> Option<Defect> {
    let body = body.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(body).trim_ascii();
    let head: Vec<u8> = body.iter().take(15).map(u8::to_ascii_uppercase).collect();
    if head != b"BEGIN:VCALENDAR" {
        return Some(Defect::Foreign);
    }
    let tail = body.len().saturating_sub(13);
    let end: Vec<u8> = body.iter().skip(tail).map(u8::to_ascii_uppercase).collect();
    (end != b"END:VCALENDAR").then_some(Defect::Incomplete)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_objects_pass_in_any_dress() {
        for whole in [
            "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
            "\u{FEFF}begin:vcalendar\nend:vcalendar",
            "\r\nBEGIN:VCALENDAR\n\0\u{1}\nEND:VCALENDAR\n\n",
        ] {
            assert_eq!(defect(whole.as_bytes()), None);
        }
        assert_eq!(defect(b"BEGIN:VCALENDAR\nSUMMARY:Z\xFCrich\nEND:VCALENDAR"), None);
    }

    #[test]
    fn cut_and_foreign_bodies_do_not() {
        assert_eq!(defect(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMM"), Some(Defect::Incomplete));
        assert_eq!(defect(b"BEGIN:VCALENDAR"), Some(Defect::Incomplete));
        for foreign in ["", "<!DOCTYPE html>", "{}", "BEGIN:VCARD\r\nEND:VCARD"] {
            assert_eq!(defect(foreign.as_bytes()), Some(Defect::Foreign), "{foreign}");
        }
    }
}
