//! Cases of faults between provider and server. Whatever breaks, nothing is
//! concluded about what was not read, nothing is written twice, and credentials
//! go to nobody else.

use onbeat::model::id::EventUid;
use onbeat::model::plan::Precondition;
use onbeat::provider::{Changes, ErrorKind, Extent, ProviderError};

use crate::site::Site;
use crate::support::mirror::Mirror;
use crate::support::proxy::{Fault, Proxy};
use crate::text::{calendar, creation, single, weekly};

fn proxy(site: &Site) -> &Proxy {
    site.proxy.as_ref().expect("these cases are for servers")
}

/// Whether a reading claims to know what is gone.
fn concludes(read: &Result<Changes, ProviderError>) -> bool {
    read.as_ref().is_ok_and(|changes| !matches!(changes.extent, Extent::Partial { .. }))
}

/// Three events, read once; then one more and one less, not yet read.
async fn three_read_and_two_changes_waiting(site: &Site) -> Mirror {
    for n in 1..=3 {
        site.write(&format!("e{n}.ics"), &single(&site.uid(&format!("e{n}")), n, "One"));
    }
    let mirror = site.mirror().await;
    site.write("e4.ics", &single(&site.uid("e4"), 4, "Four"));
    site.hand.remove("e2.ics");
    mirror
}

/// Removes what a round left, for the next one.
fn clear(site: &Site) {
    for n in [1, 3, 4] {
        site.hand.remove(&format!("e{n}.ics"));
    }
}

/// A first and a later reading under a fault fail, lose nothing, and recover.
async fn readings_fail_and_recover(site: &Site, method: &str, fault: &Fault) -> Vec<ErrorKind> {
    let mut mirror = three_read_and_two_changes_waiting(site).await;
    let before = mirror.held.clone();
    let token = mirror.token.clone();
    proxy(site).on(method, fault.clone());
    let later = site.read(&mut mirror).await;
    assert!(!concludes(&later), "{fault:?}: {later:?}");
    for (href, resource) in &before {
        assert!(mirror.held.contains_key(href), "{fault:?} lost {}", resource.href);
    }
    assert_eq!(mirror.token, token, "the token moves only with what it stands for");
    let mut fresh = Mirror::default();
    let first = site.read(&mut fresh).await;
    assert!(!concludes(&first), "{fault:?}: {first:?}");
    proxy(site).heal();
    site.read(&mut mirror).await.unwrap();
    assert_eq!(mirror.uids(), [site.uid("e1"), site.uid("e3"), site.uid("e4")]);
    let errors = [later.err(), first.err()].into_iter().flatten();
    errors.map(|error| error.kind).collect()
}

pub async fn a_failing_server_is_not_an_empty_calendar(site: &Site) {
    for status in [500, 502, 503] {
        let fault = Fault::Answer { status, headers: Vec::new(), body: "sorry".to_owned() };
        let kinds = readings_fail_and_recover(site, "*", &fault).await;
        let fine = |kind: &ErrorKind| {
            matches!(kind, ErrorKind::Unavailable | ErrorKind::RateLimited { .. })
        };
        assert!(kinds.len() == 2 && kinds.iter().all(fine), "{status}: {kinds:?}");
        clear(site);
    }
}

pub async fn a_server_that_asks_to_wait_is_not_asked_again(site: &Site) {
    let mut mirror = three_read_and_two_changes_waiting(site).await;
    let before = mirror.held.clone();
    proxy(site).on("*", Fault::unavailable("120"));
    let first = site.read(&mut mirror).await.unwrap_err();
    let ErrorKind::RateLimited { retry_after: Some(wait) } = first.kind else {
        panic!("{first:?}")
    };
    assert!(wait.as_secs() > 60 && wait.as_secs() <= 120, "{wait:?}");
    proxy(site).take();
    assert!(site.read(&mut mirror).await.is_err());
    assert!(site.provider.calendars().await.is_err());
    assert_eq!(proxy(site).take().len(), 0, "nothing is asked before the time");
    assert_eq!(mirror.held, before);
}

pub async fn a_body_that_breaks_off_is_not_the_whole(site: &Site) {
    for missing in [1, 20, 200, usize::MAX] {
        let mut mirror = three_read_and_two_changes_waiting(site).await;
        proxy(site).on("*", Fault::CutOff(missing));
        let before = mirror.held.clone();
        let read = site.read(&mut mirror).await;
        assert!(!concludes(&read), "without the last {missing} bytes: {read:?}");
        assert!(
            before.keys().all(|href| mirror.held.contains_key(href)),
            "nothing is taken for gone"
        );
        let mut fresh = Mirror::default();
        let first = site.read(&mut fresh).await;
        assert!(!concludes(&first), "without the last {missing} bytes: {first:?}");
        proxy(site).heal();
        site.read(&mut mirror).await.unwrap();
        assert_eq!(mirror.uids(), [site.uid("e1"), site.uid("e3"), site.uid("e4")]);
        clear(site);
    }
}

pub async fn a_login_page_is_an_error(site: &Site) {
    let kinds = readings_fail_and_recover(site, "*", &Fault::login_page()).await;
    assert_eq!(kinds.len(), 2, "an error, and not a partial reading");
    proxy(site).on("*", Fault::login_page());
    assert!(site.provider.calendars().await.is_err());
    proxy(site).heal();
}

pub async fn an_empty_answer_is_an_error(site: &Site) {
    for status in [200, 207] {
        let headers = vec![("Content-Type".to_owned(), "application/xml".to_owned())];
        let fault = Fault::Answer { status, headers, body: String::new() };
        readings_fail_and_recover(site, "*", &fault).await;
        clear(site);
    }
}

pub async fn a_cut_connection_is_no_conclusion(site: &Site) {
    let kinds = readings_fail_and_recover(site, "*", &Fault::Reset).await;
    assert_eq!(kinds, [ErrorKind::Unavailable, ErrorKind::Unavailable]);
}

pub async fn a_lost_answer_to_a_write_is_unknown_and_reading_back_decides(site: &Site) {
    let uid = site.uid("series");
    let text = calendar(&[weekly(&uid, &[])]);
    let href = site.provider.href_for(&site.calendar, &EventUid::new(&*uid));
    let write = creation(&href, &uid, &text);
    let creates = site.traits.verbs.1;
    proxy(site).on(creates, Fault::DropAnswer);
    proxy(site).take();
    let put = site.provider.put(&site.calendar, &write, &Precondition::Absent).await;
    assert_eq!(put.unwrap_err().kind, ErrorKind::OutcomeUnknown);
    let sent = proxy(site).take().iter().filter(|seen| seen.method == creates).count();
    assert_eq!(sent, 1, "a write is not sent again without looking");
    proxy(site).heal();
    assert!(site.provider.get(&site.calendar, &href).await.unwrap().is_some(), "it was done");
    let again = site.provider.put(&site.calendar, &write, &Precondition::Absent).await.unwrap_err();
    assert!(
        matches!(again.kind, ErrorKind::PreconditionFailed | ErrorKind::UidExists { .. }),
        "{again:?}"
    );
    assert_eq!(site.mirror().await.held.len(), 1);
}

pub async fn a_redirect_elsewhere_gets_no_credentials(site: &Site) {
    site.write("a.ics", &single(&site.uid("a"), 1, "One"));
    let mut mirror = site.mirror().await;
    let stranger = Proxy::start(None);
    proxy(site).on("*", Fault::redirect(&format!("http://127.0.0.1:{}/calendars/", stranger.port)));
    let read = site.read(&mut mirror).await;
    assert!(!concludes(&read), "{read:?}");
    let href = mirror.with_uid(&site.uid("a")).unwrap().href.clone();
    assert!(site.provider.get(&site.calendar, &href).await.is_err());
    assert!(site.provider.calendars().await.is_err());
    for seen in stranger.take() {
        assert_eq!(seen.header("Authorization"), None, "{} {}", seen.method, seen.path);
    }
    proxy(site).heal();
    assert_eq!(site.read(&mut mirror).await.unwrap().extent, Extent::Unchanged);
}

pub async fn a_wrong_password_is_said_to_be_one(site: &Site) {
    let stranger = site.stranger.as_ref().expect("these cases are for servers");
    assert_eq!(stranger.calendars().await.unwrap_err().kind, ErrorKind::Unauthorized);
    let mut mirror = Mirror::default();
    let read = stranger.changes(&site.calendar, None, &mut mirror).await;
    assert_eq!(read.unwrap_err().kind, ErrorKind::Unauthorized);
}
