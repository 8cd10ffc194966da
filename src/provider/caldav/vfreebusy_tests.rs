//! Tests of free/busy text in the shapes servers give.

use jiff::Timestamp;

use crate::model::id::Address;
use crate::model::time::{Fbtype, Window};
use crate::provider::caldav::vfreebusy::{periods, question, responses, usable, whole_days};

fn window(from: &str, to: &str) -> Window {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    Window::new(at(from), at(to))
}

fn monday() -> Window {
    window("2027-01-04T00:00:00Z", "2027-01-05T00:00:00Z")
}

fn spans(text: &str, window: Window) -> Vec<(String, String, Fbtype)> {
    let found = periods(text, window).unwrap();
    found.into_iter().map(|p| (p.span.from.to_string(), p.span.to.to_string(), p.kind)).collect()
}

#[test]
fn the_question_names_everybody_and_is_folded() {
    let long =
        Address::new("a-very-long-name-that-fills-the-line.and-more@subdomain.of.some.example.org");
    let text = question(
        &Address::new("me@example.org"),
        &[&Address::new("mailto:Bob@Example.org"), &long],
        monday(),
        "u",
    );
    assert!(text.contains("ORGANIZER:mailto:me@example.org\r\n"));
    assert!(text.contains("ATTENDEE:mailto:bob@example.org\r\n"));
    assert!(text.contains("DTSTART:20270104T000000Z\r\nDTEND:20270105T000000Z\r\n"));
    assert!(text.split("\r\n").all(|line| line.len() <= 75));
    assert!(text.replace("\r\n ", "").contains(long.as_str()));
}

#[test]
fn an_address_that_would_break_the_line_is_not_usable() {
    assert!(usable(&Address::new("bob@example.org")));
    assert!(!usable(&Address::new("bob@example.org\r\nX-EVIL:1")));
    assert!(!usable(&Address::new("")));
}

#[test]
fn the_window_is_widened_to_whole_days() {
    let wide = whole_days(window("2027-01-04T09:30:00Z", "2027-01-04T10:00:00Z"));
    assert_eq!(wide, monday());
    assert_eq!(whole_days(monday()), monday());
}

#[test]
fn periods_are_read_in_both_forms_and_cut() {
    let text = "BEGIN:VFREEBUSY\r\nFREEBUSY;FBTYPE=BUSY:20270104T090000Z/20270104T100000Z,20270104T\r\n \
        110000Z/PT30M\r\nFREEBUSY;FBTYPE=BUSY-TENTATIVE:20270103T230000Z/20270104T010000Z\r\n\
        FREEBUSY;fbtype=busy-unavailable:20270104T200000Z/P1D\r\nFREEBUSY;FBTYPE=FREE:20270104T120000Z/PT1H\r\n\
        FREEBUSY:20270109T090000Z/PT1H\r\nFREEBUSY;FBTYPE=X-ODD:20270104T150000Z/PT1H\r\nFREEBUSY:\r\nEND:VFREEBUSY\r\n";
    let at = |h: &str| format!("2027-01-04T{h}:00Z");
    assert_eq!(
        spans(text, monday()),
        [
            (at("00:00"), at("01:00"), Fbtype::Tentative),
            (at("09:00"), at("10:00"), Fbtype::Busy),
            (at("11:00"), at("11:30"), Fbtype::Busy),
            (at("15:00"), at("16:00"), Fbtype::Busy),
            (at("20:00"), "2027-01-05T00:00:00Z".to_owned(), Fbtype::Unavailable),
        ]
    );
}

#[test]
fn what_cannot_be_read_is_not_free() {
    for bad in
        ["20270104T090000/20270104T100000", "20270104T090000Z", "x/y", "20270104T090000Z/P1Y"]
    {
        assert!(periods(&format!("FREEBUSY:{bad}\n"), monday()).is_err(), "{bad}");
    }
}

fn schedule_response(status: &str, data: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><C:schedule-response xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\">\
         <C:response><C:recipient><D:href>mailto:BOB@example.test</D:href></C:recipient>\
         <C:request-status>{status}</C:request-status>{data}</C:response></C:schedule-response>"
    )
}

#[test]
fn a_response_is_read_per_recipient() {
    let data = "<C:calendar-data>BEGIN:VCALENDAR&#13;\nBEGIN:VFREEBUSY&#13;\nFREEBUSY:20270104T090000Z/PT1H&#13;\n\
        END:VFREEBUSY&#13;\nEND:VCALENDAR&#13;\n</C:calendar-data>";
    let parts = responses(schedule_response("2.0;Success", data).as_bytes()).unwrap();
    assert_eq!(parts[0].recipient, Address::new("bob@example.test"));
    assert_eq!(parts[0].busy(monday()).unwrap().len(), 1);
}

#[test]
fn unknown_is_said_and_never_free() {
    // sabre 3.7, Xandikos 3.8 "No authority", Cyrus 5.3 for a foreign server.
    for status in [
        "3.7;Invalid Calendar User",
        "3.8;No authority",
        "5.3;No scheduling support",
        "",
        "\"3.7;x\"",
    ] {
        let parts = responses(schedule_response(status, "").as_bytes()).unwrap();
        assert!(parts[0].busy(monday()).is_err(), "{status}");
    }
    // Success without data is no answer.
    let parts = responses(schedule_response("2.0;Success", "").as_bytes()).unwrap();
    assert!(parts[0].busy(monday()).is_err());
    // Quoted status as Xandikos writes them.
    let data = "<C:calendar-data>BEGIN:VFREEBUSY\nEND:VFREEBUSY</C:calendar-data>";
    let parts = responses(schedule_response("\"2.0;Success\"", data).as_bytes()).unwrap();
    assert_eq!(parts[0].busy(monday()), Ok(Vec::new()));
}

#[test]
fn another_document_is_no_schedule_response() {
    for body in [
        "",
        "<html></html>",
        "<multistatus xmlns='DAV:'/>",
        "<C:schedule-response xmlns:C='urn:ietf:params:xml:ns:caldav'>",
    ] {
        assert_eq!(responses(body.as_bytes()), None);
    }
}
