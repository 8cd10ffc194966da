//! The test servers themselves: each starts, answers its users, keeps data over a
//! restart, and Cyrus mails strangers through the sink only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test fails by panicking

mod support;

use support::http;
use support::proxy::{Fault, Proxy};
use support::servers::{Kind, Server, address, password};

const EVENT: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//onbeat//tests//EN\r\nBEGIN:VEVENT\r\n\
    UID:start@tests\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20300107T090000Z\r\nDTEND:20300107T093000Z\r\n\
    SUMMARY:Start\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

fn keeps_data_over_a_restart(kind: Kind) {
    let Some(mut server) = Server::start(kind) else { return };
    let path = format!("{}start.ics", server.new_calendar("alice", "restart"));
    let put = server.dav("alice", "PUT", &path, &[("If-None-Match", "*")], EVENT.as_bytes());
    assert_eq!(put.status, 201, "{}", put.text());
    server.kill();
    server.restart();
    let got = server.dav("alice", "GET", &path, &[], b"");
    assert_eq!(got.status, 200);
    assert!(got.text().contains("UID:start@tests"), "{}", got.text());
    let stranger = server.dav("bob", "PUT", &path, &[], EVENT.as_bytes());
    assert!(stranger.status >= 300, "bob may not write there: {}", stranger.status);
    assert_eq!(server.mail.mails().len(), 0);
}

#[test]
fn radicale_keeps_data_over_a_restart() {
    keeps_data_over_a_restart(Kind::Radicale);
}

#[test]
fn xandikos_keeps_data_over_a_restart() {
    keeps_data_over_a_restart(Kind::Xandikos);
}

#[test]
fn cyrus_keeps_data_over_a_restart() {
    keeps_data_over_a_restart(Kind::Cyrus);
}

#[test]
fn cyrus_mails_an_invitation_to_a_stranger_and_the_sink_has_it() {
    let Some(server) = Server::start(Kind::Cyrus) else { return };
    let people = format!(
        "ORGANIZER:mailto:{}\r\nATTENDEE:mailto:{0}\r\nATTENDEE:mailto:pat@elsewhere.test\r\nSUMMARY",
        address("alice")
    );
    let event = EVENT.replacen("SUMMARY", &people, 1);
    let path = format!("{}start.ics", server.default_calendar("alice"));
    let put = server.dav("alice", "PUT", &path, &[], event.as_bytes());
    assert_eq!(put.status, 201, "{}", put.text());
    let mails = server.mail.to("pat@elsewhere.test");
    assert_eq!(mails.len(), 1, "{:?}", server.mail.mails());
    assert_eq!(mails[0].method().as_deref(), Some("REQUEST"));
}

#[test]
fn the_proxy_passes_what_it_should_and_breaks_what_it_is_told_to() {
    let Some(server) = Server::start(Kind::Radicale) else { return };
    let proxy = Proxy::start(Some(server.port));
    let path = format!("{}start.ics", server.default_calendar("alice"));
    let by_proxy = |method: &str, body: &str| {
        let request = http::request(method, &path).basic("alice", &password("alice"));
        request.body("text/calendar", body.as_bytes()).send(proxy.port)
    };
    proxy.on("PUT", Fault::DropAnswer);
    assert!(by_proxy("PUT", EVENT).is_err(), "no answer comes");
    proxy.heal();
    let direct = server.dav("alice", "GET", &path, &[], b"");
    assert_eq!(direct.status, 200, "but the write was done");
    let passed = by_proxy("GET", "").unwrap();
    assert_eq!((passed.status, &passed.body), (200, &direct.body));
    proxy.on("GET", Fault::CutOff(10));
    assert_eq!(by_proxy("GET", "").unwrap().body, &direct.body[..direct.body.len() - 10]);
    proxy.heal();
    proxy.on("*", Fault::Reset);
    assert!(by_proxy("DELETE", "").is_err());
    proxy.heal();
    assert_eq!(server.dav("alice", "GET", &path, &[], b"").status, 200, "nothing was deleted");
    proxy.on("GET", Fault::unavailable("7"));
    let busy = by_proxy("GET", "").unwrap();
    assert_eq!((busy.status, busy.header("retry-after")), (503, Some("7")));
    let methods: Vec<String> = proxy.take().into_iter().map(|seen| seen.method).collect();
    assert_eq!(methods, ["PUT", "GET", "GET", "DELETE", "GET"]);
}
