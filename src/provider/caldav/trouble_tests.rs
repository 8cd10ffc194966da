//! Tests of reading a calendar from servers in trouble: nothing is concluded from
//! what is missing, and one bad member stops nobody else.

use crate::model::id::{CalendarId, Etag, Href, SyncToken};
use crate::provider::caldav::tests::{
    CAL, ICS, Mirror, all_of, caldav, calendar, gone, member, own, question, questions, read, row,
    token, with_data,
};
use crate::provider::error::ErrorKind;
use crate::provider::http::scripted::{Say, Scripted, multistatus, say};
use crate::provider::{CalendarProvider, Extent};

#[tokio::test]
async fn a_login_page_is_an_error_and_never_an_empty_calendar() {
    for (status, kind) in [(200, "text/html"), (207, "application/xml"), (200, "application/xml")] {
        let page = "<!DOCTYPE html><html><body>Log in</body></html>";
        let server =
            Scripted::start(move |_, _| say(status, &format!("Content-Type: {kind}"), page)).await;
        let mut mirror = Mirror::with(3);
        let error = read(&server, None, &mut mirror).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Protocol(_)), "{error:?}");
        assert!(mirror.removed.is_empty() && mirror.kept.is_empty());
        let error = caldav(&server).capabilities().await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Protocol(_)), "{error:?}");
    }
}

#[tokio::test]
async fn hostile_bodies_are_refused() {
    let bombs = [
        "<?xml version='1.0'?><!DOCTYPE m [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><m>&b;</m>",
        "<?xml version='1.0'?><!DOCTYPE m [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><m>&x;</m>",
        "",
        "<d:multistatus xmlns:d='DAV:'><d:response><d:href>/cal/0.ics</d:href>",
        "{}",
    ];
    for bomb in bombs {
        let server = Scripted::start(move |_, _| say(207, "", bomb)).await;
        let mut mirror = Mirror::with(1);
        assert!(read(&server, None, &mut mirror).await.is_err(), "{bomb}");
        assert!(mirror.removed.is_empty() && mirror.kept.is_empty());
        assert!(read(&server, Some("t"), &mut Mirror::with(1)).await.is_err(), "{bomb}");
    }
}

#[tokio::test]
async fn a_listing_that_breaks_off_is_asked_again() {
    let rows = own("now") + &row(&member(0), "\"0\"");
    let server = Scripted::start(move |seen, n| match question(seen) {
        "state" => multistatus(&own("now")),
        // A length that is not kept, then the whole.
        "list" if n < 3 => Say::Bytes(
            b"HTTP/1.1 207 X\r\nContent-Length: 5000\r\n\r\n<d:multistatus xmlns:d='DAV:'>"
                .to_vec(),
        ),
        "list" => multistatus(&rows),
        _ => say(500, "", ""),
    })
    .await;
    let changes = read(&server, None, &mut Mirror::with(1)).await.unwrap();
    assert_eq!((changes.extent, questions(&server).len()), (Extent::Full, 4));
}

#[tokio::test]
async fn members_left_out_by_multiget_are_read_one_by_one() {
    // DAViCal and sabre leave out what is gone; others leave out at random.
    let server = Scripted::start(|seen, _| match (question(seen), seen.target.as_str()) {
        ("sync", _) => multistatus(
            &((0..3).map(|n| row(&member(n), "\"n\"")).collect::<String>() + &token("now")),
        ),
        ("multiget", _) => multistatus(&with_data(&member(0), "\"m\"", ICS).repeat(2)),
        ("get", "/cal/1.ics") => say(200, "ETag: \"g\"", ICS),
        _ => say(404, "", ""),
    })
    .await;
    let mut mirror = Mirror::with(3);
    let changes = read(&server, Some("before"), &mut mirror).await.unwrap();
    assert_eq!((changes.extent, changes.next), (Extent::Delta, Some(SyncToken::new("now"))));
    assert_eq!(mirror.stored, [member(0), member(1)]);
    assert_eq!(mirror.held[&member(1)], Etag::new("\"g\""));
    assert_eq!(mirror.removed, [member(2)]);
    assert!(changes.skipped.is_empty());
}

#[tokio::test]
async fn a_multiget_that_fails_as_a_whole_is_replaced_by_gets() {
    // Old sabre: 404 for the whole request because of one member; Zoho: 500.
    for status in [404, 501, 403, 413] {
        let server = Scripted::start(move |seen, _| match question(seen) {
            "sync" => multistatus(
                &((0..2).map(|n| row(&member(n), "\"n\"")).collect::<String>() + &token("now")),
            ),
            "multiget" => say(status, "", ""),
            _ => say(200, "ETag: \"g\"", ICS),
        })
        .await;
        let mut mirror = Mirror::default();
        let changes = read(&server, Some("before"), &mut mirror).await.unwrap();
        assert_eq!((changes.extent, mirror.stored.len()), (Extent::Delta, 2), "{status}");
    }
}

#[tokio::test]
async fn answers_that_cannot_be_read_are_replaced_by_simpler_questions() {
    for body in [
        "<d:multistatus xmlns:d='DAV:'><d:response>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        "<x/>",
    ] {
        let server = Scripted::start(move |seen, _| match question(seen) {
            "sync" | "multiget" => say(207, "", body),
            "state" => multistatus(&own("now")),
            "list" => {
                multistatus(&(own("now") + &row(&member(0), "\"n\"") + &row(&member(1), "\"n\"")))
            }
            _ => say(200, "ETag: \"g\"", ICS),
        })
        .await;
        let mut mirror = Mirror::with(3);
        let changes = read(&server, Some("before"), &mut mirror).await.unwrap();
        assert_eq!((changes.extent, mirror.stored.len()), (Extent::Full, 2), "{body}");
    }
}

#[tokio::test]
async fn one_unreadable_member_stops_nobody_and_is_not_forgotten() {
    let mut broken = true;
    let server = Scripted::start(move |seen, _| match (question(seen), seen.target.as_str()) {
        ("sync", _) if seen.body.contains(">before<") => {
            multistatus(&(row(&member(0), "\"n\"") + &row(&member(1), "\"n\"") + &token("now")))
        }
        ("sync", _) => multistatus(&token("now")),
        ("multiget", _) if broken => multistatus(&with_data(&member(1), "\"m\"", ICS)),
        ("multiget", _) => all_of(seen),
        ("get", _) => {
            broken = false;
            say(200, "ETag: \"g\"", "BEGIN:VCALENDAR\r\nBEGIN:VEV")
        }
        _ => say(404, "", ""),
    })
    .await;
    let mut mirror = Mirror::with(1);
    let first = read(&server, Some("before"), &mut mirror).await.unwrap();
    assert_eq!(mirror.stored, [member(1)]);
    assert_eq!(mirror.kept, [member(0)], "listed, so not gone");
    assert_eq!(first.skipped.len(), 1);
    let next = first.next.unwrap();
    assert_ne!(next.as_str(), "now", "the token does not pass what was not read");
    let second = read(&server, Some(next.as_str()), &mut mirror).await.unwrap();
    assert_eq!(mirror.stored, [member(1), member(0)]);
    assert_eq!((second.extent, second.next), (Extent::Delta, Some(SyncToken::new("now"))));
}

#[tokio::test]
async fn a_member_that_is_too_large_is_left_out_for_good() {
    let server = Scripted::start(|seen, _| match question(seen) {
        "sync" => {
            multistatus(&(row(&member(0), "\"n\"") + &row(&member(1), "\"n\"") + &token("now")))
        }
        _ => {
            let huge = format!("BEGIN:VCALENDAR\r\n{}END:VCALENDAR", "X:y\r\n".repeat(900_000));
            multistatus(
                &(with_data(&member(0), "\"m\"", &huge) + &with_data(&member(1), "\"m\"", ICS)),
            )
        }
    })
    .await;
    let mut mirror = Mirror::default();
    let changes = read(&server, Some("before"), &mut mirror).await.unwrap();
    assert_eq!((mirror.stored, changes.skipped.len()), (vec![member(1)], 1));
    assert_eq!(changes.next, Some(SyncToken::new("now")));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn foreign_hrefs_are_never_asked_for() {
    let evil = Scripted::start(|_, _| say(200, "", ICS)).await;
    let hrefs = [
        format!("{}cal/1.ics", evil.url),
        "//evil.example/cal/1.ics".to_owned(),
        "/cal/../secret/1.ics".to_owned(),
        "/other/1.ics".to_owned(),
        "file:///etc/passwd".to_owned(),
        "/cal/%2e%2e/1.ics".to_owned(),
    ];
    let rows: String = hrefs.iter().map(|href| row(href, "\"n\"")).collect();
    let server = Scripted::start(move |seen, _| match question(seen) {
        "sync" => multistatus(&(rows.clone() + &token("now"))),
        _ => say(200, "", ICS),
    })
    .await;
    let mut mirror = Mirror::default();
    let changes = read(&server, Some("before"), &mut mirror).await.unwrap();
    assert_eq!((changes.skipped.len(), server.seen().len()), (6, 1));
    assert!(mirror.stored.is_empty() && evil.seen().is_empty());
    assert_eq!(changes.next, Some(SyncToken::new("now")));
}

#[tokio::test]
async fn listed_members_that_all_answer_404_are_not_gone_by_that() {
    let server = Scripted::start(|seen, _| match question(seen) {
        "state" => multistatus(&own("now")),
        "list" => multistatus(&(own("now") + &gone(&member(0), 404) + &gone(&member(1), 404))),
        _ => say(500, "", ""),
    })
    .await;
    let mut mirror = Mirror::with(2);
    let changes = read(&server, None, &mut mirror).await.unwrap();
    assert!(mirror.removed.is_empty());
    assert_eq!((mirror.kept.len(), changes.skipped.len()), (2, 2));
    assert_ne!(changes.next, Some(SyncToken::new("now")), "they are asked for again");
}

#[tokio::test]
async fn members_without_any_tag_are_fetched_every_time() {
    let untagged = format!("<d:response><d:href>{}</d:href></d:response>", member(0));
    let server = Scripted::start(move |seen, _| match question(seen) {
        "state" => multistatus(&own("now")),
        "list" => multistatus(&(own("now") + &untagged)),
        "multiget" => multistatus(&with_data(&member(0), "", ICS)),
        _ => say(200, "", ICS),
    })
    .await;
    let mut mirror = Mirror::default();
    for round in 1..=2 {
        read(&server, None, &mut mirror).await.unwrap();
        assert_eq!(mirror.stored.len(), round);
    }
    assert_eq!(mirror.held[&member(0)], None);
}

#[tokio::test]
async fn unauthorized_in_mid_run_ends_it_at_once() {
    let server = Scripted::start(|seen, _| match question(seen) {
        "sync" => multistatus(
            &((0..200).map(|n| row(&member(n), "\"n\"")).collect::<String>() + &token("now")),
        ),
        _ => say(401, "", ""),
    })
    .await;
    let error = read(&server, Some("before"), &mut Mirror::default()).await.unwrap_err();
    assert_eq!((error.kind, server.seen().len()), (ErrorKind::Unauthorized, 2));
}

#[tokio::test]
async fn a_calendar_that_is_gone_is_not_found_and_nothing_is_concluded() {
    let server = Scripted::start(|_, _| say(404, "", "")).await;
    let mut mirror = Mirror::with(2);
    let error = read(&server, Some("t"), &mut mirror).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(mirror.removed.is_empty());
}

#[tokio::test]
async fn a_calendar_elsewhere_is_not_asked() {
    let server = Scripted::start(|_, _| say(500, "", "")).await;
    for collection in
        ["https://evil.example/cal/", "//evil.example/", "http://[", "ftp://127.0.0.1/"]
    {
        let id = CalendarId::new("test", collection);
        let read = caldav(&server).changes(&id, None, &mut Mirror::default()).await;
        assert!(matches!(read.unwrap_err().kind, ErrorKind::Protocol(_)), "{collection}");
    }
    let got = caldav(&server).get(&calendar(), &Href::new(CAL)).await;
    assert!(matches!(got.unwrap_err().kind, ErrorKind::Protocol(_)));
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_calendar_that_has_moved_is_named_with_its_new_place() {
    let server = Scripted::start(|seen, _| match seen.target.as_str() {
        CAL => say(301, "Location: /new/", ""),
        _ => multistatus(&own("now")),
    })
    .await;
    let error = read(&server, None, &mut Mirror::with(1)).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Protocol(why) if why.contains("/new/")));
}

#[tokio::test]
async fn get_tells_absence_from_trouble() {
    let answers: [(Say, Result<bool, ErrorKind>); 4] = [
        (say(200, "ETag: W/\"1\"", ICS), Ok(true)),
        (say(404, "", ""), Ok(false)),
        (say(403, "", ""), Err(ErrorKind::Forbidden)),
        (say(500, "", ""), Err(ErrorKind::Unavailable)),
    ];
    for (answer, expected) in answers {
        let Say::Bytes(bytes) = answer else { unreachable!() };
        let server = Scripted::start(move |_, _| Say::Bytes(bytes.clone())).await;
        let got = caldav(&server).get(&calendar(), &Href::new(member(0))).await;
        assert_eq!(got.as_ref().map(Option::is_some).map_err(|e| e.kind.clone()), expected);
        if let Ok(Some(resource)) = got {
            assert_eq!(resource.etag.unwrap().strong(), None, "a weak tag guards nothing");
        }
    }
    for body in ["BEGIN:VCALENDAR\r\nBEGIN", "<html></html>", ""] {
        let server = Scripted::start(move |_, _| say(200, "", body)).await;
        let got = caldav(&server).get(&calendar(), &Href::new(member(0))).await;
        assert!(matches!(got.unwrap_err().kind, ErrorKind::Protocol(_)));
    }
}
