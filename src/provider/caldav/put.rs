//! PUT of a calendar object (RFC 4791 §5.3.2): what the answer means. Bytes only.

use crate::model::id::{Etag, Href};
use crate::model::plan::Precondition;
use crate::provider::Written;
use crate::provider::caldav::multistatus::Refusal;
use crate::provider::error::ErrorKind;

/// Status, header fields and refusal of an answer.
#[derive(Debug, Clone, Default)]
pub struct Answered<'a> {
    /// The status.
    pub status: u16,
    /// ETag.
    pub etag: Option<&'a str>,
    /// The error element.
    pub refusal: Refusal,
    /// A server that says a UID is taken by status alone.
    pub conflict_is_uid: bool,
}

/// The outcome of a PUT.
///
/// # Errors
/// The kind the engine acts on. A 5xx leaves the outcome unknown: servers and
/// proxies were seen to answer so after the write had happened.
pub fn outcome(
    href: &Href,
    precondition: &Precondition,
    answer: &Answered<'_>,
) -> Result<Written, ErrorKind> {
    if matches!(answer.status, 200 | 201 | 204) {
        return Ok(Written { href: href.clone(), etag: answer.etag.and_then(Etag::new) });
    }
    let refusal = &answer.refusal;
    let creating = *precondition == Precondition::Absent;
    if refusal.names("no-uid-conflict") || refusal.names("unique-scheduling-object-resource") {
        return Err(ErrorKind::UidExists { href: refusal.href.clone() });
    }
    Err(match answer.status {
        _ if not_accepted(refusal) => {
            ErrorKind::Unsupported(format!("the server refuses the event: {}", refusal.text()))
        }
        409 if creating && answer.conflict_is_uid => ErrorKind::UidExists { href: None },
        409 | 412 if !refusal.names("attendee-allowed") => ErrorKind::PreconditionFailed,
        403 | 405 | 409 | 412 => ErrorKind::Forbidden,
        status => failed(status, refusal),
    })
}

/// What a failed write means by its status alone.
pub fn failed(status: u16, refusal: &Refusal) -> ErrorKind {
    match status {
        401 => ErrorKind::Unauthorized,
        403 | 405 => ErrorKind::Forbidden,
        404 | 410 => ErrorKind::NotFound,
        409 | 412 => ErrorKind::PreconditionFailed,
        413 | 507 => ErrorKind::TooLarge,
        423 | 425 | 429 => ErrorKind::Unavailable,
        500..=599 | 408 => ErrorKind::OutcomeUnknown,
        300..=399 => {
            ErrorKind::Protocol(format!("a redirect ({status}) of a write is not followed"))
        }
        400 | 415 | 422 => {
            let why = if refusal.conditions.is_empty() {
                format!("status {status}")
            } else {
                refusal.text()
            };
            ErrorKind::Unsupported(format!("the server refuses the event: {why}"))
        }
        status => ErrorKind::Protocol(format!("status {status}")),
    }
}

/// Conditions of RFC 4791 §5.3.2.1 and RFC 6638 §3.2.4 that no repetition helps.
fn not_accepted(refusal: &Refusal) -> bool {
    [
        "valid-calendar-data",
        "valid-calendar-object-resource",
        "supported-calendar-data",
        "supported-calendar-component",
        "max-resource-size",
        "min-date-time",
        "max-date-time",
        "max-instances",
        "max-attendees-per-instance",
        "same-organizer-in-all-components",
        "allowed-organizer-scheduling-object-change",
    ]
    .iter()
    .any(|condition| refusal.names(condition))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(create: bool, status: u16, body: &str) -> Result<Written, ErrorKind> {
        let precondition = if create {
            Precondition::Absent
        } else {
            Precondition::Match(Etag::new("\"1\"").unwrap().strong().unwrap())
        };
        let answer =
            Answered { status, refusal: Refusal::read(body.as_bytes()), ..Answered::default() };
        outcome(&Href::new("/c/a.ics"), &precondition, &answer)
    }

    fn error(ns: &str, condition: &str) -> String {
        format!("<D:error xmlns:D='DAV:' xmlns:C='{ns}'><C:{condition}/></D:error>")
    }

    const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";

    #[test]
    fn success_may_come_without_a_tag() {
        for status in [200, 201, 204] {
            assert_eq!(put(true, status, ""), Ok(Written { href: "/c/a.ics".into(), etag: None }));
        }
        let weak = Answered { status: 201, etag: Some("W/\"7\""), ..Answered::default() };
        let written = outcome(&Href::new("/c/a.ics"), &Precondition::Absent, &weak).unwrap();
        assert_eq!(written.etag.unwrap().strong(), None);
    }

    #[test]
    fn a_taken_uid_is_known_by_its_element() {
        // Radicale 409, Xandikos 412, Cyrus and Fastmail 403 with the place.
        for status in [409, 412, 403] {
            assert_eq!(
                put(true, status, &error(CALDAV, "no-uid-conflict")),
                Err(ErrorKind::UidExists { href: None })
            );
        }
        let cyrus = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:error xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\">\
            <C:no-uid-conflict><D:href>/dav/calendars/user/alice/Default/x.ics</D:href></C:no-uid-conflict></D:error>";
        assert_eq!(
            put(true, 403, cyrus),
            Err(ErrorKind::UidExists {
                href: Some("/dav/calendars/user/alice/Default/x.ics".into())
            })
        );
        let sogo = Answered { status: 409, conflict_is_uid: true, ..Answered::default() };
        let outcome = outcome(&Href::new("/c/a.ics"), &Precondition::Absent, &sogo);
        assert_eq!(outcome, Err(ErrorKind::UidExists { href: None }));
    }

    #[test]
    fn a_changed_resource_is_a_failed_precondition() {
        for status in [412, 409] {
            assert_eq!(put(false, status, ""), Err(ErrorKind::PreconditionFailed));
            assert_eq!(put(true, status, ""), Err(ErrorKind::PreconditionFailed));
        }
    }

    #[test]
    fn refused_text_is_no_conflict() {
        // Radicale 400, Xandikos 412, Cyrus 403, sabre 415, SOGo 404 for broken text.
        assert!(matches!(put(true, 400, ""), Err(ErrorKind::Unsupported(_))));
        for status in [412, 403, 415] {
            let outcome = put(true, status, &error(CALDAV, "valid-calendar-data"));
            assert!(
                matches!(outcome, Err(ErrorKind::Unsupported(why)) if why.contains("valid-calendar-data"))
            );
        }
        assert_eq!(put(true, 404, ""), Err(ErrorKind::NotFound));
    }

    #[test]
    fn what_is_not_allowed_is_said() {
        assert_eq!(put(false, 403, &error("DAV:", "need-privileges")), Err(ErrorKind::Forbidden));
        // Xandikos: an attendee may not decline an occurrence that has no override.
        assert_eq!(put(false, 412, &error(CALDAV, "attendee-allowed")), Err(ErrorKind::Forbidden));
        assert_eq!(put(true, 405, ""), Err(ErrorKind::Forbidden));
    }

    #[test]
    fn a_server_error_leaves_the_outcome_open() {
        // DAViCal answers 500 and rolls back, a proxy 502 after the write was done.
        for status in [500, 502, 503, 504] {
            assert_eq!(
                put(false, status, "<h1>DAViCal Fatal Error</h1>"),
                Err(ErrorKind::OutcomeUnknown)
            );
        }
        assert_eq!(put(false, 507, ""), Err(ErrorKind::TooLarge));
        assert_eq!(put(false, 413, ""), Err(ErrorKind::TooLarge));
        assert_eq!(put(false, 423, ""), Err(ErrorKind::Unavailable));
        assert!(matches!(put(false, 301, ""), Err(ErrorKind::Protocol(_))));
    }
}
