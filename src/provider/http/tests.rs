//! Tests of the one client against a small server on loopback.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use url::Url;

use crate::model::plan::Precondition;
use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::http::auth::Auth;
use crate::provider::http::request::{Change, MemberUrl, Read, ReadMethod};
use crate::provider::http::retry::RetryPolicy;
use crate::provider::http::scripted::{Say, Scripted, say};
use crate::provider::http::secret::Secret;
use crate::provider::http::{Http, HttpConfig};

const PASSWORD: &str = "open sesame";

fn basic() -> Auth {
    Auth::Basic { user: "alice".into(), password: Secret::new(PASSWORD) }
}

fn http(base: &Url, auth: Auth) -> Http {
    let mut config = HttpConfig::new(base.clone(), auth);
    config.retry = RetryPolicy { base: Duration::from_millis(1), ..RetryPolicy::default() };
    config.timeouts.answer = Duration::from_millis(300);
    config.timeouts.idle = Duration::from_millis(300);
    config.timeouts.total = Duration::from_millis(600);
    Http::new(config).unwrap()
}

fn propfind(url: &Url) -> Read {
    Read::xml(ReadMethod::Propfind, url.clone(), "1", "<propfind/>".to_owned())
}

fn put(base: &Url) -> Change {
    let member = MemberUrl::below(&base.join("/cal/").unwrap(), "a.ics").unwrap();
    Change::put(member, &Precondition::Absent, b"BEGIN".to_vec())
}

async fn read(http: &Http, url: &Url) -> Result<(u16, Vec<u8>), ProviderError> {
    let mut answer = http.read(&propfind(url)).await?;
    Ok((answer.status, answer.body(1 << 20).await?))
}

#[tokio::test]
async fn basic_is_sent_without_being_asked() {
    let server = Scripted::start(|_, _| say(207, "", "ok")).await;
    let answer = read(&http(&server.url, basic()), &server.url).await.unwrap();
    assert_eq!(answer, (207, b"ok".to_vec()));
    let seen = server.seen();
    assert_eq!(seen[0].header("authorization"), Some("Basic YWxpY2U6b3BlbiBzZXNhbWU="));
    assert_eq!((seen[0].header("depth"), seen[0].body.as_str()), (Some("1"), "<propfind/>"));
}

#[tokio::test]
async fn refused_credentials_are_not_tried_again() {
    let server = Scripted::start(|_, _| say(401, "WWW-Authenticate: Basic realm=\"x\"", "")).await;
    let http = http(&server.url, basic());
    for _ in 0..3 {
        let error = read(&http, &server.url).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unauthorized);
        assert!(!format!("{error} {error:?}").contains(PASSWORD));
    }
    let error = http.change(&put(&server.url)).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Unauthorized);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_redirect_to_another_origin_gets_nothing() {
    let evil = Scripted::start(|_, _| say(207, "", "")).await;
    for code in [301, 302, 303, 307, 308] {
        let target = evil.url.clone();
        let server =
            Scripted::start(move |_, _| say(code, &format!("Location: {target}x"), "")).await;
        let error = read(&http(&server.url, basic()), &server.url).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Protocol(_)), "{code}: {error}");
        let http = http(&server.url, basic());
        let error = http.adopt(&evil.url).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Protocol(_)));
        let error = read(&http, &evil.url).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Protocol(_)));
    }
    assert!(evil.seen().is_empty());
}

#[tokio::test]
async fn a_redirect_inside_keeps_method_depth_body_and_credentials() {
    let server = Scripted::start(|seen, _| match seen.target.as_str() {
        "/" => say(301, "Location: /dav/", ""),
        _ => say(207, "", "there"),
    })
    .await;
    assert_eq!(read(&http(&server.url, basic()), &server.url).await.unwrap().1, b"there");
    let seen = server.seen();
    assert_eq!(seen[1].method, "PROPFIND");
    assert_eq!((seen[1].header("depth"), seen[1].body.as_str()), (Some("1"), "<propfind/>"));
    assert!(seen[1].header("authorization").is_some());
}

#[tokio::test]
async fn redirects_in_circles_end() {
    let server =
        Scripted::start(|seen, _| say(302, &format!("Location: {}x", seen.target), "")).await;
    let error = read(&http(&server.url, basic()), &server.url).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Protocol(why) if why.contains("redirects")));
    assert!(server.seen().len() <= 6);
}

#[tokio::test]
async fn reads_are_repeated_and_writes_are_not() {
    for status in [500, 502, 503, 504] {
        let server =
            Scripted::start(move |_, n| say(if n < 2 { status } else { 207 }, "", "x")).await;
        assert_eq!(read(&http(&server.url, basic()), &server.url).await.unwrap().0, 207);
        assert_eq!(server.seen().len(), 3);
        let server = Scripted::start(move |_, _| say(status, "", "")).await;
        let answer = http(&server.url, basic()).change(&put(&server.url)).await;
        assert_eq!(answer.unwrap().status, status);
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_write_is_unknown_and_to_a_read_is_asked_again() {
    let server = Scripted::start(|_, _| Say::Drop).await;
    let http = http(&server.url, basic());
    let error = http.change(&put(&server.url)).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
    assert_eq!(server.seen().len(), 1);
    let error = read(&http, &server.url).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_for_reads_and_writes() {
    let url = {
        let gone = Scripted::start(|_, _| Say::Drop).await;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut url = gone.url.clone();
        url.set_port(Some(port)).unwrap();
        url
    };
    let http = http(&url, basic());
    assert_eq!(read(&http, &url).await.unwrap_err().kind, ErrorKind::Unavailable);
    assert_eq!(http.change(&put(&url)).await.err().unwrap().kind, ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_silent_server_is_given_up_and_a_write_then_unknown() {
    let server = Scripted::start(|_, _| Say::Hang).await;
    let http = http(&server.url, basic());
    assert_eq!(read(&http, &server.url).await.unwrap_err().kind, ErrorKind::Unavailable);
    assert_eq!(server.seen().len(), 1, "a silent server is not asked again in the same run");
    let error = http.change(&put(&server.url)).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
}

#[tokio::test]
async fn a_trickle_ends_at_the_total_time() {
    let server = Scripted::start(|_, _| Say::Trickle(b"HTTP/1.1 207 X\r\n\r\n".to_vec())).await;
    let error = read(&http(&server.url, basic()), &server.url).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
}

#[tokio::test]
async fn bodies_and_heads_are_bounded() {
    let server =
        Scripted::start(|_, _| Say::Flood(b"HTTP/1.1 207 X\r\n\r\n".to_vec(), 8 << 20)).await;
    let error = read(&http(&server.url, basic()), &server.url).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::TooLarge);
    let head: String = (0..5000).map(|n| format!("X-{n}: {}\r\n", "y".repeat(200))).collect();
    let server = Scripted::start(move |_, _| say(207, &head, "")).await;
    assert!(read(&http(&server.url, basic()), &server.url).await.is_err());
}

#[tokio::test]
async fn a_long_retry_after_ends_the_run_and_holds_everybody() {
    for (value, capped) in [("120", 120), ("1000000000", 3600)] {
        let header = format!("Retry-After: {value}");
        for status in [429, 503] {
            let header = header.clone();
            let server = Scripted::start(move |_, _| say(status, &header, "")).await;
            let http = http(&server.url, basic());
            let error = read(&http, &server.url).await.unwrap_err();
            let wait = Some(Duration::from_secs(capped));
            assert_eq!(error.kind, ErrorKind::RateLimited { retry_after: wait });
            let error = http.change(&put(&server.url)).await.err().unwrap();
            assert!(matches!(error.kind, ErrorKind::RateLimited { .. }));
            assert_eq!(server.seen().len(), 1);
        }
    }
}

#[tokio::test]
async fn a_negative_or_absent_retry_after_is_an_ordinary_repeat() {
    for header in ["Retry-After: -5", "Retry-After: soon", ""] {
        let server = Scripted::start(
            move |_, n| if n == 0 { say(503, header, "") } else { say(207, "", "") },
        )
        .await;
        assert_eq!(read(&http(&server.url, basic()), &server.url).await.unwrap().0, 207);
    }
}

const CHALLENGE: &str =
    "WWW-Authenticate: Digest realm=\"r\", qop=\"auth\", algorithm=SHA-256, nonce=\"n1\"";

#[tokio::test]
async fn a_digest_challenge_is_answered_and_its_nonce_counted() {
    for auth in [basic(), Auth::Digest { user: "alice".into(), password: Secret::new(PASSWORD) }] {
        let server = Scripted::start(|seen, _| {
            let digest = seen.header("authorization").is_some_and(|a| a.starts_with("Digest "));
            if digest { say(207, "", "") } else { say(401, CHALLENGE, "") }
        })
        .await;
        let never_basic = matches!(auth, Auth::Digest { .. });
        let http = http(&server.url, auth);
        assert_eq!(read(&http, &server.url).await.unwrap().0, 207);
        assert_eq!(http.change(&put(&server.url)).await.unwrap().status, 207);
        let sent: Vec<String> = server
            .seen()
            .iter()
            .map(|seen| seen.header("authorization").unwrap_or("").to_owned())
            .collect();
        assert_eq!(sent.len(), 3);
        assert!(sent[1].contains("nc=00000001") && sent[2].contains("nc=00000002"));
        assert!(sent[2].contains("uri=\"/cal/a.ics\""));
        assert_eq!(sent[0].is_empty(), never_basic);
    }
}

#[tokio::test]
async fn an_old_nonce_is_renewed_and_a_wrong_password_is_not_repeated() {
    let server = Scripted::start(|seen, _| {
        let sent = seen.header("authorization").unwrap_or("");
        if sent.contains("n2") {
            say(207, "", "")
        } else if sent.starts_with("Digest") {
            say(401, &CHALLENGE.replace("n1", "n2").replace("realm", "stale=true, realm"), "")
        } else {
            say(401, CHALLENGE, "")
        }
    })
    .await;
    assert_eq!(read(&http(&server.url, basic()), &server.url).await.unwrap().0, 207);
    let server = Scripted::start(|_, _| say(401, CHALLENGE, "")).await;
    let error = read(&http(&server.url, basic()), &server.url).await.unwrap_err();
    assert_eq!((error.kind, server.seen().len()), (ErrorKind::Unauthorized, 2));
}

#[tokio::test]
async fn a_server_without_tls_is_named_as_that() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url = format!("https://{}/", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 This is no TLS\r\n\r\n").await;
        }
    });
    let error = read(&http(&url, basic()), &url).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Tls(_)), "{error:?}");
}
