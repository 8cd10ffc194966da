//! The sync-collection report (RFC 6578): what changed since a token, page by page.
//! Never sends DAV:limit, because servers exist that cut the answer at it, hand out
//! the newest token and thus lose the rest.

use url::Url;

use crate::provider::caldav::multistatus::Refusal;
use crate::provider::http::request::{Read, ReadMethod};

/// Longer tokens are not kept.
pub const MAX_TOKEN: usize = 8 << 10;

/// The request; an empty token asks for everything.
pub fn request(collection: Url, token: &str) -> Read {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <sync-collection xmlns=\"DAV:\"><sync-token>{}</sync-token>\
         <sync-level>1</sync-level><prop><getetag/></prop></sync-collection>",
        quick_xml::escape::escape(token)
    );
    Read::xml(ReadMethod::Report, collection, "0", body)
}

/// Whether a refusal says that the token is not known any more (RFC 6578 §3.2): by
/// the element, whatever the status; servers send it with 403, 409, 412 and 500.
pub fn token_refused(refusal: &Refusal) -> bool {
    refusal.names("valid-sync-token")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::caldav::list::Listing;
    use crate::provider::caldav::multistatus::rows_of;

    fn cal() -> Url {
        Url::parse("https://dav.example.org/cal/").unwrap()
    }

    #[test]
    fn the_request_has_the_token_escaped_and_no_limit() {
        let request = request(cal(), "a<&>\"");
        let body = request.body.unwrap();
        assert!(body.contains("<sync-token>a&lt;&amp;&gt;&quot;</sync-token>"));
        assert!(!body.contains("limit"));
        assert!(request.headers.contains(&("depth", "0".to_owned())));
    }

    #[test]
    fn a_refused_token_is_known_by_its_element() {
        // Radicale 3.9 (403), Xandikos 0.4.10 (412), Cyrus 3.6 (403).
        for body in [
            "<?xml version='1.0' encoding='utf-8'?>\n<error xmlns=\"DAV:\"><valid-sync-token /></error>",
            "<ns0:error xmlns:ns0=\"DAV:\"><ns0:valid-sync-token /><ns0:responsedescription>Invalid token</ns0:responsedescription></ns0:error>",
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:error xmlns:D=\"DAV:\"><D:valid-sync-token/></D:error>",
        ] {
            assert!(token_refused(&Refusal::read(body.as_bytes())));
        }
        assert!(!token_refused(&Refusal::read(b"<error xmlns='DAV:'><supported-report/></error>")));
        assert!(!token_refused(&Refusal::read(b"valid-sync-token")));
    }

    #[test]
    fn a_page_with_507_is_followed_by_another() {
        // The shape of sabre/dav and Cyrus.
        let (rows, token) = rows_of(
            "<d:multistatus xmlns:d=\"DAV:\"><d:response><d:href>/cal/a.ics</d:href><d:propstat><d:prop>\
             <d:getetag>\"1\"</d:getetag></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>\
             <d:response><d:href>/cal/</d:href><d:status>HTTP/1.1 507 Insufficient Storage</d:status>\
             <d:error><d:number-of-matches-within-limits/></d:error></d:response>\
             <d:sync-token>http://sabre.io/ns/sync/3</d:sync-token></d:multistatus>",
        );
        let mut page = Listing::default();
        rows.iter().for_each(|row| page.take(&cal(), row, true));
        assert!(page.truncated && page.members.len() == 1);
        assert_eq!(token.as_deref(), Some("http://sabre.io/ns/sync/3"));
    }

    #[test]
    fn an_initial_report_may_hold_rows_of_long_gone_members() {
        // Radicale answers an empty token with 404 rows of what was once there.
        let (rows, _) = rows_of(
            "<multistatus xmlns=\"DAV:\"><sync-token>http://radicale.org/ns/sync/x</sync-token>\
             <response><href>/cal/old.ics</href><status>HTTP/1.1 404 Not Found</status></response></multistatus>",
        );
        let mut page = Listing::default();
        rows.iter().for_each(|row| page.take(&cal(), row, true));
        assert_eq!(page.settled_removals(&cal()).len(), 1);
    }
}
