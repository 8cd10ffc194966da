//! The calendar-query report (RFC 4791 §7.8) for one UID: asked before a create on
//! servers that would store it twice or overwrite what lies there.

use url::Url;

use crate::provider::http::request::{Read, ReadMethod};

/// The request; its rows are the resources that hold the UID.
pub fn request(collection: Url, uid: &str) -> Read {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <C:calendar-query xmlns=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\">\
         <prop><getetag/></prop><C:filter><C:comp-filter name=\"VCALENDAR\">\
         <C:comp-filter name=\"VEVENT\"><C:prop-filter name=\"UID\">\
         <C:text-match collation=\"i;octet\">{}</C:text-match>\
         </C:prop-filter></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>",
        quick_xml::escape::escape(uid)
    );
    Read::xml(ReadMethod::Report, collection, "1", body)
}

/// The UID of a calendar object, unfolded; the first one in it.
pub fn uid_of(data: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(data).replace("\r\n", "\n");
    let text = text.replace("\n ", "").replace("\n\t", "");
    let mut lines = text.lines();
    let uid = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let name = name.split(';').next()?;
        name.eq_ignore_ascii_case("UID").then(|| value.trim().to_owned())
    });
    uid.filter(|uid| !uid.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uid_is_escaped_in_the_question() {
        let url = Url::parse("https://dav.example.org/c/").unwrap();
        assert!(request(url, "a<b>&c").body.unwrap().contains(">a&lt;b&gt;&amp;c</C:text-match>"));
    }

    #[test]
    fn the_uid_is_found_folded_and_with_parameters() {
        let ics = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nuid;X=1:abc-\r\n def@x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        assert_eq!(uid_of(ics).as_deref(), Some("abc-def@x"));
        assert_eq!(uid_of(b"BEGIN:VCALENDAR\nUID:\nEND:VCALENDAR"), None);
    }
}
