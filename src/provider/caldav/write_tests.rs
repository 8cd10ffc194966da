//! Tests of writing through a scripted server: preconditions, targets, and servers
//! that do not keep theirs.

use std::collections::BTreeMap;

use crate::model::id::{CalendarId, Etag, Href};
use crate::model::plan::{Action, Precondition};
use crate::provider::caldav::tests::{CAL, ICS, caldav, calendar, question, questions, row};
use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::http::scripted::{Say, Scripted, Seen, multistatus, say};
use crate::provider::{CalendarProvider, Write, Written};

const EVENT: &str =
    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:onbeat-1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

/// Discovery of a server with these header fields; everything else by the script.
fn product(
    headers: &'static str,
    mut script: impl FnMut(&Seen) -> Say + Send + 'static,
) -> impl FnMut(&Seen, usize) -> Say + Send + 'static {
    move |seen, _| match (question(seen), seen.method.as_str()) {
        ("other", "OPTIONS") => say(200, headers, ""),
        ("other", "PROPFIND") => multistatus(
            "<d:response><d:href>/</d:href><d:propstat><d:prop><d:current-user-principal><d:href>/</d:href>\
             </d:current-user-principal><c:calendar-home-set><d:href>/</d:href></c:calendar-home-set></d:prop>\
             <d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>",
        ),
        _ => script(seen),
    }
}

async fn put(
    server: &Scripted,
    href: &str,
    precondition: Precondition,
) -> Result<Written, ProviderError> {
    let write =
        Write { href: Href::new(href), data: EVENT.into(), action: Action::Restore { data: None } };
    caldav(server).put(&calendar(), &write, &precondition).await
}

fn held(tag: &str) -> Precondition {
    Precondition::Match(Etag::new(tag).unwrap().strong().unwrap())
}

const PLAIN: &str = "DAV: 1, calendar-access\nServer: Cyrus-HTTP/3.6";
const SOGO: &str = "DAV: 1, calendar-access, calendar-auto-schedule\nServer: SOGo/5.8";
const SABRE: &str = "DAV: 1, calendar-access, calendar-auto-schedule\nX-Sabre-Version: 4.7.1";

#[tokio::test]
async fn every_put_carries_its_precondition() {
    let server = Scripted::start(product(PLAIN, |_| say(204, "ETag: \"2\"", ""))).await;
    let written = put(&server, "/cal/a.ics", held("\"1\"")).await.unwrap();
    assert_eq!(written, Written { href: "/cal/a.ics".into(), etag: Etag::new("\"2\"") });
    put(&server, "/cal/a.ics", Precondition::Absent).await.unwrap();
    let puts: Vec<Seen> = server.seen().into_iter().filter(|s| s.method == "PUT").collect();
    assert_eq!(puts[0].header("if-match"), Some("\"1\""));
    assert_eq!(puts[1].header("if-none-match"), Some("*"));
    assert_eq!(puts[0].body, EVENT);
    assert!(puts[0].header("content-type").unwrap().starts_with("text/calendar"));
}

#[tokio::test]
async fn a_collection_is_never_written_or_deleted() {
    let server = Scripted::start(product(PLAIN, |_| say(204, "", ""))).await;
    let provider = caldav(&server);
    let etag = Etag::new("\"1\"").unwrap().strong().unwrap();
    for href in
        ["", "/", CAL, "/cal", "/cal/sub/", "/cal/../x.ics", "/other/x.ics", "..", ".", "a/b.ics"]
    {
        for precondition in [Precondition::Absent, held("\"1\"")] {
            let error = put(&server, href, precondition).await.unwrap_err();
            assert!(matches!(error.kind, ErrorKind::Protocol(_)), "{href}");
        }
        let error = provider.delete(&calendar(), &Href::new(href), &etag).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Protocol(_)), "{href}");
        let id = CalendarId::new("test", "/");
        let write =
            Write { href: CAL.into(), data: EVENT.into(), action: Action::Restore { data: None } };
        assert!(provider.put(&id, &write, &held("\"1\"")).await.is_err());
    }
    assert!(server.seen().iter().all(|seen| seen.method != "PUT" && seen.method != "DELETE"));
}

#[tokio::test]
async fn a_write_is_sent_once_whatever_comes_back() {
    for status in [301, 307, 412, 500, 502, 503] {
        let server =
            Scripted::start(product(PLAIN, move |_| say(status, "Location: /cal/b.ics", ""))).await;
        put(&server, "/cal/a.ics", held("\"1\"")).await.unwrap_err();
        assert_eq!(questions(&server).iter().filter(|q| **q == "put").count(), 1, "{status}");
    }
    let server = Scripted::start(product(PLAIN, |_| Say::Drop)).await;
    let error = put(&server, "/cal/a.ics", held("\"1\"")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
    assert_eq!(questions(&server).iter().filter(|q| **q == "put").count(), 1);
}

#[tokio::test]
async fn where_create_overwrites_the_address_is_asked_first() {
    let server = Scripted::start(product(SOGO, |seen| match question(seen) {
        "get" => say(200, "ETag: \"gcs00000001\"", ICS),
        _ => say(204, "", ""),
    }))
    .await;
    let error = put(&server, "/cal/a.ics", Precondition::Absent).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::PreconditionFailed);
    assert!(!questions(&server).contains(&"put"));
}

#[tokio::test]
async fn where_uids_are_stored_twice_the_uid_is_asked_first() {
    let taken = |seen: &Seen| match (question(seen), seen.target.as_str()) {
        ("query", _) => {
            multistatus(&(row("/cal/other.ics", "\"1\"") + &row("/cal/has-it.ics", "\"2\"")))
        }
        ("get", "/cal/has-it.ics") => say(200, "ETag: \"2\"", EVENT),
        ("get", "/cal/other.ics") => say(200, "ETag: \"1\"", ICS),
        ("get", _) => say(404, "", ""),
        _ => say(201, "", ""),
    };
    let server = Scripted::start(product(SABRE, taken)).await;
    let error = put(&server, "/cal/a.ics", Precondition::Absent).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::UidExists { href: Some("/cal/has-it.ics".into()) });
    assert!(!questions(&server).contains(&"put"));
    put(&server, "/cal/a.ics", held("\"1\"")).await.unwrap();
    // A server that cannot search, or finds nothing, gets the PUT.
    for answer in [|| say(501, "", ""), || multistatus("")] {
        let free = move |seen: &Seen| match question(seen) {
            "query" => answer(),
            "get" => say(404, "", ""),
            _ => say(201, "", ""),
        };
        let server = Scripted::start(product(SABRE, free)).await;
        put(&server, "/cal/a.ics", Precondition::Absent).await.unwrap();
    }
}

#[tokio::test]
async fn where_delete_ignores_the_tag_it_is_compared_first() {
    let etag = Etag::new("\"gcs00000001\"").unwrap().strong().unwrap();
    let answers: BTreeMap<&str, (Result<(), ErrorKind>, bool)> = BTreeMap::from([
        ("\"gcs00000001\"", (Ok(()), true)),
        ("\"gcs00000002\"", (Err(ErrorKind::PreconditionFailed), false)),
    ]);
    for (now, (expected, sent)) in answers {
        let server = Scripted::start(product(SOGO, move |seen| match question(seen) {
            "get" => say(200, &format!("ETag: {now}"), ICS),
            _ => say(204, "", ""),
        }))
        .await;
        let outcome = caldav(&server).delete(&calendar(), &Href::new("/cal/a.ics"), &etag).await;
        assert_eq!(outcome.map_err(|error| error.kind), expected);
        assert_eq!(questions(&server).contains(&"delete"), sent);
    }
}

#[tokio::test]
async fn deletes_say_what_happened() {
    let etag = Etag::new("\"1\"").unwrap().strong().unwrap();
    for (status, expected) in [
        (204, Ok(())),
        (404, Err(ErrorKind::NotFound)),
        (412, Err(ErrorKind::PreconditionFailed)),
        (500, Err(ErrorKind::OutcomeUnknown)),
    ] {
        let server = Scripted::start(product(PLAIN, move |_| say(status, "", ""))).await;
        let outcome = caldav(&server).delete(&calendar(), &Href::new("/cal/a.ics"), &etag).await;
        assert_eq!(outcome.map_err(|error| error.kind), expected);
        let seen = server.seen();
        assert_eq!(seen.last().unwrap().header("if-match"), Some("\"1\""));
    }
}

#[tokio::test]
async fn new_members_get_names_that_need_no_escapes() {
    let server = Scripted::start(|_, _| say(500, "", "")).await;
    let provider = caldav(&server);
    let name = |uid: &str| provider.href_for(&calendar(), &uid.into()).to_string();
    assert_eq!(name("onbeat-6d0f6a5e"), "/cal/onbeat-6d0f6a5e.ics");
    for uid in ["a@b", "../x", ".hidden", "", "ü", "a/b", "a b", &"x".repeat(200)] {
        let href = name(uid);
        let file = href.strip_prefix("/cal/").unwrap();
        assert!(file.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b)), "{href}");
        assert_eq!(href, name(uid), "the same UID has the same name");
    }
    let bare = CalendarId::new("test", "/cal");
    assert_eq!(provider.href_for(&bare, &"u".into()).as_str(), "/cal/u.ics");
}
