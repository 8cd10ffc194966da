//! Tests of discovery: rows in the shapes servers give, and the order of asking
//! against a scripted server.

use std::sync::{Arc, Mutex};

use crate::model::id::Address;
use crate::model::server::MailEngine;
use crate::model::time::Window;
use crate::provider::CalendarProvider;
use crate::provider::caldav::discover::{Entry, Found, Principal};
use crate::provider::caldav::multistatus::{Row, rows_of};
use crate::provider::caldav::tests::caldav;
use crate::provider::error::ErrorKind;
use crate::provider::http::scripted::{Say, Scripted, Seen, multistatus, say};

fn one(href: &str, props: &str) -> Row {
    rows_of(&format!(
        "<d:multistatus xmlns:d='DAV:' xmlns:c='urn:ietf:params:xml:ns:caldav' xmlns:cs='http://calendarserver.org/ns/'>{}</d:multistatus>",
        response(href, props)
    ))
    .0
    .remove(0)
}

fn response(href: &str, props: &str) -> String {
    format!(
        "<d:response><d:href>{href}</d:href><d:propstat><d:prop>{props}</d:prop><d:status>HTTP/1.1 200 OK</d:status>\
         </d:propstat><d:propstat><d:prop><d:owner/></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>"
    )
}

const CALENDAR: &str = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>";

#[test]
fn an_anonymous_answer_is_no_principal() {
    let anonymous = Entry::read(&one(
        "/dav/",
        "<d:current-user-principal><d:unauthenticated/></d:current-user-principal>",
    ));
    assert!(anonymous.unauthenticated && anonymous.principal.is_none());
}

#[test]
fn addresses_are_mail_addresses_only() {
    // Radicale gives a path alone, sabre mail and path, Xandikos may give nothing.
    let set = |hrefs: &str| {
        let props = format!("<c:calendar-user-address-set>{hrefs}</c:calendar-user-address-set>");
        Principal::read(&one("/p/", &props)).addresses
    };
    assert_eq!(set("<d:href>/alice/</d:href>"), []);
    assert_eq!(set(""), []);
    assert_eq!(
        set(
            "<d:href>MAILTO:Alice@Example.org</d:href><d:href>/principals/alice@example.org/</d:href>\
             <d:href>mailto:alice@example.org</d:href><d:href>urn:uuid:1</d:href>"
        ),
        [Address::new("alice@example.org")]
    );
}

#[test]
fn inbox_outbox_and_several_homes_are_read() {
    let principal = Principal::read(&one(
        "/p/",
        "<c:calendar-home-set><d:href>/a/</d:href><d:href>/b/</d:href></c:calendar-home-set>\
         <c:schedule-inbox-URL><d:href>/alice/inbox</d:href></c:schedule-inbox-URL>\
         <c:schedule-outbox-URL><d:href></d:href></c:schedule-outbox-URL>",
    ));
    assert_eq!(principal.homes, ["/a/", "/b/"]);
    assert_eq!((principal.inbox.as_deref(), principal.outbox), (Some("/alice/inbox"), None));
}

#[test]
fn what_a_calendar_is_and_may() {
    let found = |props: &str| Found::read(&one("/home/work/", &format!("{CALENDAR}{props}")));
    let plain = found("").unwrap();
    assert_eq!(
        (plain.name.as_str(), plain.writable, plain.opaque, plain.zone),
        ("work", true, true, None)
    );
    let read_only = "<d:current-user-privilege-set><d:privilege><d:read/></d:privilege></d:current-user-privilege-set>";
    assert!(!found(read_only).unwrap().writable);
    let writable = "<d:current-user-privilege-set><d:privilege><d:read/></d:privilege><d:privilege><d:write-content/></d:privilege></d:current-user-privilege-set>";
    assert!(found(writable).unwrap().writable);
    let transparent = "<c:schedule-calendar-transp><c:transparent/></c:schedule-calendar-transp>";
    assert!(!found(transparent).unwrap().opaque);
    let zone = "<c:calendar-timezone>BEGIN:VCALENDAR&#13;\nBEGIN:VTIMEZONE&#13;\nTZID:Europe/Berlin&#13;\nEND:VTIMEZONE&#13;\nEND:VCALENDAR</c:calendar-timezone>";
    assert_eq!(found(zone).unwrap().zone.as_deref(), Some("Europe/Berlin"));
    assert_eq!(found("<d:displayname> Arbeit ☕ </d:displayname>").unwrap().name, "Arbeit ☕");
}

#[test]
fn only_collections_for_events_are_calendars() {
    let comp = |names: &str| {
        format!(
            "{CALENDAR}<c:supported-calendar-component-set>{names}</c:supported-calendar-component-set>"
        )
    };
    assert!(Found::read(&one("/h/t/", &comp("<c:comp name='VTODO'/>"))).is_none());
    assert!(
        Found::read(&one("/h/e/", &comp("<c:comp name='VTODO'/><c:comp name='VEVENT'/>")))
            .is_some()
    );
    assert!(Found::read(&one("/h/e/", &comp(""))).is_some());
    for kind in [
        "<d:collection/>",
        "<d:collection/><c:schedule-inbox/>",
        "<d:collection/><c:schedule-outbox/>",
        "<d:collection/><cs:subscribed/>",
        "<d:collection/><c:calendar/><c:schedule-inbox/>",
        "",
    ] {
        let props = format!("<d:resourcetype>{kind}</d:resourcetype>");
        assert!(Found::read(&one("/h/x/", &props)).is_none(), "{kind}");
    }
}

/// A server whose principal is found at one path only.
fn server_at(
    path: &'static str,
    options: &'static str,
) -> impl FnMut(&Seen, usize) -> Say + Send + 'static {
    move |seen, _| match (seen.method.as_str(), seen.target.as_str()) {
        ("PROPFIND", "/p/") => multistatus(&response(
            "/p/",
            "<c:calendar-home-set><d:href>/home/</d:href></c:calendar-home-set>\
             <c:calendar-user-address-set><d:href>mailto:alice@example.org</d:href></c:calendar-user-address-set>\
             <c:schedule-outbox-URL><d:href>/outbox/</d:href></c:schedule-outbox-URL>",
        )),
        ("PROPFIND", "/home/") => multistatus(
            &(response("/home/", "<d:resourcetype><d:collection/></d:resourcetype>")
                + &response(
                    "/home/work/",
                    &format!(
                        "{CALENDAR}<d:supported-report-set><d:supported-report><d:report><d:sync-collection/></d:report></d:supported-report></d:supported-report-set>"
                    ),
                )
                + &response(
                    "/home/todo/",
                    &format!(
                        "{CALENDAR}<c:supported-calendar-component-set><c:comp name='VTODO'/></c:supported-calendar-component-set>"
                    ),
                )),
        ),
        ("OPTIONS", _) => say(200, options, ""),
        ("PROPFIND", target) if target == path => multistatus(&response(
            path,
            "<d:current-user-principal><d:href>/p/</d:href></d:current-user-principal>",
        )),
        ("GET" | "PROPFIND", "/.well-known/caldav") if path == "/moved/" => {
            say(301, "Location: /moved/", "")
        }
        // SOGo's own HTTP answers the well-known address with a page.
        ("PROPFIND", "/.well-known/caldav") => say(200, "Content-Type: text/html", "<html></html>"),
        // Zoho answers 501, Fastmail 404, Cyrus an anonymous 207.
        ("PROPFIND", "/") if path == "/dav/" => multistatus(&response(
            "/",
            "<d:current-user-principal><d:unauthenticated/></d:current-user-principal>",
        )),
        ("PROPFIND", "/") => say(501, "", ""),
        _ => say(404, "", ""),
    }
}

const SABRE: &str = "DAV: 1, 3, extended-mkcol, calendar-access\nDAV: calendar-auto-schedule\nX-Sabre-Version: 4.7.1";

#[tokio::test]
async fn the_principal_is_found_wherever_it_hides() {
    for path in
        ["/", "/moved/", "/dav/", "/remote.php/dav/", "/dav.php/", "/SOGo/dav/alice/", "/caldav/"]
    {
        let server = Scripted::start(server_at(path, SABRE)).await;
        let provider = caldav(&server);
        let can = provider.capabilities().await.unwrap();
        assert_eq!(can.engine, MailEngine::Sabre, "{path}");
        assert_eq!(can.product, "sabre/dav (4.7.1)");
        assert!(can.auto_schedule && can.sync_collection && can.free_busy_of_others);
        assert_eq!(can.addresses, [Address::new("alice@example.org")]);
        let calendars = provider.calendars().await.unwrap();
        let ids: Vec<&str> = calendars.iter().map(|c| c.id.collection.as_str()).collect();
        assert_eq!(ids, ["/home/work/"]);
    }
}

#[tokio::test]
async fn discovery_is_asked_once_per_connection() {
    let server = Scripted::start(server_at("/", SABRE)).await;
    let provider = caldav(&server);
    provider.capabilities().await.unwrap();
    let asked = server.seen().len();
    provider.capabilities().await.unwrap();
    assert_eq!(server.seen().len(), asked);
}

#[tokio::test]
async fn credentials_are_sent_with_the_first_request() {
    let server = Scripted::start(server_at("/dav/", SABRE)).await;
    caldav(&server).capabilities().await.unwrap();
    assert!(server.seen().iter().all(|seen| seen.header("authorization").is_some()));
}

#[tokio::test]
async fn wrong_credentials_end_discovery_at_once() {
    let server = Scripted::start(|_, _| say(401, "WWW-Authenticate: Basic realm=\"x\"", "")).await;
    let error = caldav(&server).capabilities().await.unwrap_err();
    assert_eq!((error.kind, server.seen().len()), (ErrorKind::Unauthorized, 1));
}

#[tokio::test]
async fn a_server_without_calendars_is_named_with_the_remedy() {
    let server = Scripted::start(|_, _| multistatus(&response("/", "<d:resourcetype/>"))).await;
    let error = caldav(&server).capabilities().await.unwrap_err();
    assert!(error.to_string().contains("give that of the calendar itself"), "{error}");
    let server = Scripted::start(|_, _| say(404, "", "")).await;
    assert_eq!(caldav(&server).capabilities().await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_lone_calendar_is_enough() {
    let server = Scripted::start(|seen, _| match (seen.method.as_str(), seen.target.as_str()) {
        ("PROPFIND", "/") => multistatus(&response("/", CALENDAR)),
        ("OPTIONS", _) => say(200, "DAV: 1, calendar-access", ""),
        _ => say(404, "", ""),
    })
    .await;
    let calendars = caldav(&server).calendars().await.unwrap();
    assert_eq!((calendars.len(), calendars[0].id.collection.as_str()), (1, "/"));
    assert!(!caldav(&server).capabilities().await.unwrap().sync_collection);
}

#[tokio::test]
async fn a_principal_on_another_host_gets_no_credentials() {
    let evil = Scripted::start(|_, _| say(500, "", "")).await;
    let target = evil.url.clone();
    let server = Scripted::start(move |_, _| {
        multistatus(&response(
            "/",
            &format!(
                "<d:current-user-principal><d:href>{target}p/</d:href></d:current-user-principal>"
            ),
        ))
    })
    .await;
    let error = caldav(&server).capabilities().await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Protocol(_)), "{error}");
    assert!(evil.seen().is_empty());
}

fn monday() -> Window {
    Window::new("2027-01-04T09:00:00Z".parse().unwrap(), "2027-01-04T17:00:00Z".parse().unwrap())
}

#[tokio::test]
async fn free_busy_is_asked_for_whole_days_and_answered_in_order() {
    let asked: Arc<Mutex<String>> = Arc::default();
    let (log, mut script) = (asked.clone(), server_at("/", SABRE));
    let server = Scripted::start(move |seen, n| match seen.method.as_str() {
        "POST" => {
            *log.lock().unwrap() = seen.body.clone();
            say(200, "Content-Type: application/xml", "<c:schedule-response xmlns:d='DAV:' xmlns:c='urn:ietf:params:xml:ns:caldav'>\
                <c:response><c:recipient><d:href>mailto:carol@example.org</d:href></c:recipient><c:request-status>3.7;Invalid</c:request-status></c:response>\
                <c:response><c:recipient><d:href>mailto:bob@example.org</d:href></c:recipient><c:request-status>2.0;Success</c:request-status>\
                <c:calendar-data>BEGIN:VFREEBUSY\nFREEBUSY:20270104T080000Z/20270104T100000Z\nEND:VFREEBUSY</c:calendar-data></c:response>\
                </c:schedule-response>")
        }
        _ => script(seen, n),
    })
    .await;
    let who = ["bob@example.org", "carol@example.org", "dave@example.org"].map(Address::new);
    let answers = caldav(&server).free_busy(&who, monday()).await.unwrap();
    assert_eq!(answers.iter().map(|a| a.who.clone()).collect::<Vec<_>>(), who);
    let bob = answers[0].busy.as_ref().unwrap();
    assert_eq!(bob.len(), 1);
    assert_eq!(bob[0].span.from, monday().from, "cut to what was asked");
    assert!(answers[1].busy.as_ref().unwrap_err().contains("does not know"));
    assert!(answers[2].busy.is_err());
    let asked = asked.lock().unwrap();
    assert!(asked.contains("DTSTART:20270104T000000Z") && asked.contains("DTEND:20270105T000000Z"));
}

#[tokio::test]
async fn without_an_outbox_others_are_unknown_and_the_owner_is_asked_by_report() {
    let mut script = server_at("/", "DAV: 1, calendar-access");
    let server = Scripted::start(move |seen, n| match seen.method.as_str() {
        "PROPFIND" if seen.target == "/p/" => multistatus(&response(
            "/p/",
            "<c:calendar-home-set><d:href>/home/</d:href></c:calendar-home-set>\
             <c:calendar-user-address-set><d:href>mailto:alice@example.org</d:href></c:calendar-user-address-set>",
        )),
        "REPORT" => say(200, "Content-Type: text/calendar", "BEGIN:VCALENDAR\r\nBEGIN:VFREEBUSY\r\nFREEBUSY:20270104T090000Z/PT1H\r\nEND:VFREEBUSY\r\nEND:VCALENDAR"),
        _ => script(seen, n),
    })
    .await;
    let who = ["alice@example.org", "bob@example.org"].map(Address::new);
    let answers = caldav(&server).free_busy(&who, monday()).await.unwrap();
    assert_eq!(answers[0].busy.as_ref().unwrap().len(), 1);
    assert!(answers[1].busy.as_ref().unwrap_err().contains("offers no free/busy"));
}
