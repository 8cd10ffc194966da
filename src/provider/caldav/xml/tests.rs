//! Tests of the streaming reader: the same elements however the bytes are cut, and
//! refusal of everything hostile.

use proptest::prelude::*;

use crate::provider::caldav::xml::{Element, MAX_TEXT, Ns, XmlError, XmlStream};

fn pieces(bytes: &[u8], size: usize) -> Result<Vec<Element>, XmlError> {
    let mut stream = XmlStream::default();
    let mut all = Vec::new();
    for piece in bytes.chunks(size.max(1)) {
        all.extend(stream.feed(piece)?);
    }
    stream.finish()?;
    Ok(all)
}

fn whole(text: &str) -> Result<Vec<Element>, XmlError> {
    pieces(text.as_bytes(), text.len())
}

const LISTING: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- > a comment < -->\n\
<D:multistatus xmlns:D=\"DAV:\" xmlns:C='urn:ietf:params:xml:ns:caldav'>\n\
<D:response><D:href>/cal/Z%C3%BCrich &amp; &#x4e2d;.ics</D:href><D:propstat><D:prop>\
<D:getetag>\"a>b\"</D:getetag><C:comp name=\"VEVENT>\"/>\
<C:calendar-data><![CDATA[BEGIN:VCALENDAR\r\nX:<&>]]]>\r\n</C:calendar-data></D:prop>\
<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>\n\
<response xmlns=\"DAV:\"><href>/ü/中</href><x xmlns=\"urn:other\"><href/></x></response>\
<D:sync-token>t&#13;&#10;</D:sync-token></D:multistatus>\n\0\n";

#[test]
fn the_children_of_the_root_come_one_at_a_time() {
    let mut stream = XmlStream::default();
    let cut = LISTING.find("<response").unwrap();
    let first = stream.feed(&LISTING.as_bytes()[..cut]).unwrap();
    assert_eq!(first.len(), 1);
    assert_eq!(stream.root(), Some((Ns::Dav, "multistatus")));
    let rest = stream.feed(&LISTING.as_bytes()[cut..]).unwrap();
    assert_eq!(rest.len(), 2);
    stream.finish().unwrap();
}

#[test]
fn names_text_and_references_are_read() {
    let all = whole(LISTING).unwrap();
    assert_eq!(all[0].child(Ns::Dav, "href").unwrap().text, "/cal/Z%C3%BCrich & 中.ics");
    let prop = all[0].child(Ns::Dav, "propstat").unwrap().child(Ns::Dav, "prop").unwrap();
    assert_eq!(prop.child(Ns::Dav, "getetag").unwrap().text, "\"a>b\"");
    assert_eq!(prop.child(Ns::CalDav, "comp").unwrap().name_attr.as_deref(), Some("VEVENT>"));
    let data = &prop.child(Ns::CalDav, "calendar-data").unwrap().text;
    assert_eq!(data, "BEGIN:VCALENDAR\r\nX:<&>]\r\n");
    assert!(all[1].is(Ns::Dav, "response") && !all[1].contains(Ns::CalDav, "href"));
    assert_eq!(all[1].child(Ns::Other, "x").unwrap().children[0].ns, Ns::Other);
    assert_eq!(all[2].text, "t\r\n");
}

#[test]
fn line_ends_of_calendar_data_stay_as_they_came() {
    let all = whole("<a><d>1\r\n2\n3\r4&#13;\n</d></a>").unwrap();
    assert_eq!(all[0].text, "1\r\n2\n3\r4\r\n");
}

#[test]
fn what_is_not_xml_is_named() {
    let cases: [(&str, XmlError); 12] = [
        ("", XmlError::Empty),
        (" \r\n ", XmlError::Empty),
        ("<!DOCTYPE html><html><body>Log in</body></html>", XmlError::Html),
        ("  <HTML><head></head></HTML>", XmlError::Html),
        ("<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"/>", XmlError::Html),
        ("Service unavailable", XmlError::NotXml),
        ("{\"error\": true}", XmlError::NotXml),
        ("<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><a/>", XmlError::Encoding),
        ("<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", XmlError::Dtd),
        ("<multistatus><response>&lol9;</response></multistatus>", XmlError::Dtd),
        ("<multistatus><response/>", XmlError::Truncated),
        ("<multistatus><response></multistatus", XmlError::Truncated),
    ];
    for (text, error) in cases {
        assert_eq!(whole(text), Err(error), "{text}");
    }
    assert!(matches!(whole("<multistatus><a></b></multistatus>"), Err(XmlError::Broken(_))));
    assert!(matches!(whole("<multistatus/><multistatus/>"), Err(XmlError::Broken(_))));
    assert!(matches!(whole("<multistatus><a x=1/></multistatus>"), Err(XmlError::Broken(_))));
}

#[test]
fn other_encodings_are_refused_not_guessed() {
    let utf16: Vec<u8> = "\u{FEFF}<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(pieces(&utf16, 64), Err(XmlError::Encoding));
    assert_eq!(
        pieces(b"<multistatus><href>Z\xFCrich</href></multistatus>", 64),
        Err(XmlError::Encoding)
    );
    assert!(pieces("\u{FEFF}<multistatus><href>ü</href></multistatus>".as_bytes(), 1).is_ok());
}

#[test]
fn control_characters_pass_through() {
    let all = whole("<a-very-long-root><d>a\u{1}b\u{0}c\u{7f}</d></a-very-long-root>").unwrap();
    assert_eq!(all[0].text, "a\u{1}b\u{0}c\u{7f}");
}

#[test]
fn depth_elements_and_tags_are_bounded() {
    let deep = format!("<m>{}", "<a>".repeat(200_000));
    assert_eq!(whole(&deep), Err(XmlError::Limit));
    let wide = format!("<m><r>{}</r></m>", "<a/>".repeat(30_000));
    assert_eq!(whole(&wide), Err(XmlError::Limit));
    let many = format!("<m>{}</m>", "<r><a/></r>".repeat(30_000));
    assert_eq!(whole(&many).unwrap().len(), 30_000);
    let tag = format!("<multistatus a='{}'/>", "x".repeat(MAX_TEXT + 100));
    assert_eq!(pieces(tag.as_bytes(), 8192), Err(XmlError::Limit));
    let reference = format!("<multistatus><r>&{};</r></multistatus>", "x".repeat(1000));
    assert_eq!(whole(&reference), Err(XmlError::Limit));
}

#[test]
fn too_long_text_is_dropped_and_the_rest_goes_on() {
    let huge = "x".repeat(MAX_TEXT + 1);
    let text = format!("<m><r><d>{huge}</d></r><r><d>small</d></r></m>");
    let all = pieces(text.as_bytes(), 8192).unwrap();
    assert!(all[0].children[0].overflow && all[0].children[0].text.is_empty());
    assert_eq!(all[1].children[0].text, "small");
}

#[test]
fn a_cut_anywhere_is_noticed() {
    let document = LISTING.trim_end_matches(['\0', '\n']);
    for cut in 0..document.len() {
        assert!(pieces(&document.as_bytes()[..cut], 7).is_err(), "cut at {cut}");
    }
}

proptest! {
    #[test]
    fn cutting_changes_nothing(size in 1_usize..200) {
        prop_assert_eq!(pieces(LISTING.as_bytes(), size), whole(LISTING));
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), size in 1_usize..50) {
        let _ = pieces(&bytes, size);
    }

    #[test]
    fn no_broken_listing_panics(at in 0_usize..600, byte in any::<u8>(), size in 1_usize..50) {
        let mut bytes = LISTING.as_bytes().to_vec();
        if let Some(slot) = bytes.get_mut(at) { *slot = byte; }
        let _ = pieces(&bytes, size);
    }
}
