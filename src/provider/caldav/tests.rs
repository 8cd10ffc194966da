//! Tests of the whole provider against a scripted server on loopback: the order of
//! requests, and what becomes of a calendar when they go wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::id::{AccountId, CalendarId, Etag, Href, SyncToken};
use crate::model::resource::Resource;
use crate::provider::caldav::{CalDav, CalDavConfig};
use crate::provider::error::ProviderError;
use crate::provider::http::auth::Auth;
use crate::provider::http::retry::RetryPolicy;
use crate::provider::http::scripted::{Say, Scripted, Seen, multistatus, say};
use crate::provider::http::secret::Secret;
use crate::provider::{CalendarProvider, Changes, Extent, MirrorSink};

pub const CAL: &str = "/cal/";
pub const ICS: &str = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n";

/// A mirror in memory.
#[derive(Debug, Default)]
pub struct Mirror {
    pub held: BTreeMap<String, Option<Etag>>,
    pub data: BTreeMap<String, Vec<u8>>,
    pub kept: Vec<String>,
    pub removed: Vec<String>,
    pub stored: Vec<String>,
}

impl MirrorSink for Mirror {
    fn known(&mut self, href: &Href) -> Result<Option<Etag>, ProviderError> {
        Ok(self.held.get(href.as_str()).cloned().flatten())
    }
    fn changed(&mut self, batch: Vec<Resource>) -> Result<(), ProviderError> {
        for resource in batch {
            self.stored.push(resource.href.to_string());
            self.held.insert(resource.href.to_string(), resource.etag);
            self.data.insert(resource.href.to_string(), resource.data);
        }
        Ok(())
    }
    fn unchanged(&mut self, href: &Href) -> Result<(), ProviderError> {
        self.kept.push(href.to_string());
        Ok(())
    }
    fn removed(&mut self, href: &Href) -> Result<(), ProviderError> {
        self.removed.push(href.to_string());
        self.held.remove(href.as_str());
        Ok(())
    }
}

impl Mirror {
    pub fn with(count: usize) -> Self {
        let held = (0..count).map(|n| (member(n), Etag::new(&format!("\"{n}\"")))).collect();
        Self { held, ..Self::default() }
    }
}

pub fn member(n: usize) -> String {
    format!("{CAL}{n}.ics")
}

pub fn caldav(server: &Scripted) -> CalDav {
    let auth = Auth::Basic { user: "alice".into(), password: Secret::new("pw") };
    let mut config = CalDavConfig::new(AccountId::new("test"), server.url.clone(), auth);
    config.retry = RetryPolicy { base: Duration::from_millis(1), ..RetryPolicy::default() };
    CalDav::new(config).unwrap()
}

pub fn calendar() -> CalendarId {
    CalendarId::new("test", CAL)
}

pub async fn read(
    server: &Scripted,
    since: Option<&str>,
    mirror: &mut Mirror,
) -> Result<Changes, ProviderError> {
    let since = since.map(SyncToken::new);
    caldav(server).changes(&calendar(), since.as_ref(), mirror).await
}

pub fn row(href: &str, etag: &str) -> String {
    format!(
        "<d:response><d:href>{href}</d:href><d:propstat><d:prop><d:getetag>{etag}</d:getetag><d:resourcetype/>\
         </d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
    )
}

pub fn gone(href: &str, status: u16) -> String {
    format!(
        "<d:response><d:href>{href}</d:href><d:status>HTTP/1.1 {status} X</d:status></d:response>"
    )
}

pub fn token(text: &str) -> String {
    format!("<d:sync-token>{text}</d:sync-token>")
}

/// A calendar's own row.
pub fn own(token: &str) -> String {
    format!(
        "<d:response><d:href>{CAL}</d:href><d:propstat><d:prop><d:resourcetype><d:collection/><c:calendar/></d:resourcetype>\
         <d:sync-token>{token}</d:sync-token><cs:getctag>ctag-{token}</cs:getctag><d:supported-report-set><d:supported-report><d:report>\
         <d:sync-collection/></d:report></d:supported-report></d:supported-report-set></d:prop>\
         <d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
    )
}

pub fn with_data(href: &str, etag: &str, data: &str) -> String {
    format!(
        "<d:response><d:href>{href}</d:href><d:propstat><d:prop><d:getetag>{etag}</d:getetag>\
         <c:calendar-data>{data}</c:calendar-data></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
    )
}

/// Which question a request is.
pub fn question(seen: &Seen) -> &'static str {
    let asks = |text: &str| seen.body.contains(text);
    match (seen.method.as_str(), seen.header("depth")) {
        ("REPORT", _) if asks("sync-collection") => "sync",
        ("REPORT", _) if asks("calendar-multiget") => "multiget",
        ("REPORT", _) if asks("calendar-query") => "query",
        ("PROPFIND", Some("0")) if asks("getctag") => "state",
        ("PROPFIND", Some("1")) if asks("calendar-data") || asks("getetag") => "list",
        ("GET", _) => "get",
        ("PUT", _) => "put",
        ("DELETE", _) => "delete",
        _ => "other",
    }
}

/// Answers multigets with every member asked for.
pub fn all_of(seen: &Seen) -> Say {
    let hrefs = seen.body.split("<href>").skip(1).filter_map(|rest| rest.split("</href>").next());
    multistatus(&hrefs.map(|href| with_data(href, "\"got\"", ICS)).collect::<String>())
}

pub fn questions(server: &Scripted) -> Vec<&'static str> {
    server.seen().iter().map(question).collect()
}

/// A healthy server with these members, which knows no token but the current one.
fn healthy(
    members: Vec<(String, String)>,
    refusal: fn() -> Say,
) -> impl FnMut(&Seen, usize) -> Say {
    move |seen, _| match question(seen) {
        "sync" if seen.body.contains("<sync-token>now</sync-token>") => multistatus(&token("now")),
        "sync" => refusal(),
        "state" => multistatus(&own("now")),
        "list" => {
            let rows: String = members.iter().map(|(href, etag)| row(href, etag)).collect();
            multistatus(&(own("now") + &rows))
        }
        "multiget" => all_of(seen),
        _ => say(404, "", ""),
    }
}

#[tokio::test]
async fn a_first_reading_lists_everything_and_the_next_asks_once() {
    let members = (0..120).map(|n| (member(n), format!("\"{n}\""))).collect();
    let server = Scripted::start(healthy(members, || say(500, "", ""))).await;
    let mut mirror = Mirror::default();
    let first = read(&server, None, &mut mirror).await.unwrap();
    assert_eq!((first.extent, first.next), (Extent::Full, Some(SyncToken::new("now"))));
    assert_eq!(mirror.stored.len(), 120);
    assert_eq!(mirror.held[&member(7)], Etag::new("\"got\""));
    assert_eq!(questions(&server), ["state", "list", "multiget", "multiget", "multiget"]);
    let second = read(&server, Some("now"), &mut mirror).await.unwrap();
    assert_eq!((second.extent, second.next), (Extent::Unchanged, Some(SyncToken::new("now"))));
    assert_eq!(server.seen().len(), 6, "an unchanged calendar costs one request");
}

#[tokio::test]
async fn an_unchanged_tag_costs_one_request_too() {
    let server = Scripted::start(|seen, _| match question(seen) {
        "state" => multistatus(&own("now").replace("sync-collection", "other-report")),
        "list" => multistatus(&own("now")),
        _ => say(500, "", ""),
    })
    .await;
    let mut mirror = Mirror::default();
    let first = read(&server, None, &mut mirror).await.unwrap();
    let next = first.next.unwrap();
    let second = read(&server, Some(next.as_str()), &mut mirror).await.unwrap();
    assert_eq!((second.extent, second.next), (Extent::Unchanged, Some(next)));
    assert_eq!(questions(&server), ["state", "list", "state"]);
}

#[tokio::test]
async fn a_refused_token_leads_to_a_full_listing_in_the_same_call() {
    fn error(status: u16) -> Say {
        say(status, "", "<d:error xmlns:d='DAV:'><d:valid-sync-token/></d:error>")
    }
    let refusals: [fn() -> Say; 8] = [
        || error(403),
        || error(409),
        || error(412),
        || error(500),
        || say(400, "", "what?"),
        || say(403, "", ""),
        || say(410, "", ""),
        || say(501, "", "<html></html>"),
    ];
    for refusal in refusals {
        let members = vec![(member(0), "\"0\"".to_owned()), (member(1), "\"new\"".to_owned())];
        let server = Scripted::start(healthy(members, refusal)).await;
        let mut mirror = Mirror::with(3);
        let changes = read(&server, Some("long-gone"), &mut mirror).await.unwrap();
        assert_eq!((changes.extent, changes.next), (Extent::Full, Some(SyncToken::new("now"))));
        assert_eq!((mirror.kept, mirror.stored), (vec![member(0)], vec![member(1)]));
    }
}

#[tokio::test]
async fn a_full_list_for_a_strange_token_is_recognised_and_listed_again() {
    let all =
        |count: usize| (0..count).map(|n| row(&member(n), &format!("\"{n}\""))).collect::<String>();
    let server = Scripted::start(move |seen, _| match question(seen) {
        "sync" => multistatus(&(all(30) + &token("now"))),
        "state" => multistatus(&own("now")),
        _ => multistatus(&(own("now") + &all(30))),
    })
    .await;
    let mut mirror = Mirror::with(31);
    let changes = read(&server, Some("strange"), &mut mirror).await.unwrap();
    assert_eq!(changes.extent, Extent::Full);
    assert_eq!(mirror.kept.len(), 30, "the 31st was not seen: it is gone");
}

#[tokio::test]
async fn own_writes_coming_back_are_not_fetched_again() {
    let server = Scripted::start(|_, _| {
        multistatus(&(row(&member(0), "\"0\"") + &row(&member(1), "\"1\"") + &token("now")))
    })
    .await;
    let mut mirror = Mirror::with(2);
    let changes = read(&server, Some("before"), &mut mirror).await.unwrap();
    assert_eq!((changes.extent, server.seen().len()), (Extent::Unchanged, 1));
    assert_eq!(mirror.kept.len(), 2);
}

#[tokio::test]
async fn reported_members_that_share_one_tag_are_fetched_all_the_same() {
    let server = Scripted::start(|seen, _| match question(seen) {
        "sync" => {
            multistatus(&(row(&member(0), "\"0\"") + &row(&member(1), "\"0\"") + &token("now")))
        }
        _ => all_of(seen),
    })
    .await;
    let mut mirror = Mirror::with(2);
    read(&server, Some("before"), &mut mirror).await.unwrap();
    assert_eq!(mirror.stored.len(), 2);
}

#[tokio::test]
async fn all_pages_are_followed_before_a_token_is_given() {
    let server = Scripted::start(|seen, _| match question(seen) {
        "sync" if seen.body.contains(">before<") => {
            multistatus(&(row(&member(1), "\"n\"") + &gone(CAL, 507) + &token("page-2")))
        }
        "sync" if seen.body.contains(">page-2<") => {
            multistatus(&(row(&member(2), "\"n\"") + &gone(&member(0), 404) + &token("now")))
        }
        _ => all_of(seen),
    })
    .await;
    let mut mirror = Mirror::with(1);
    let changes = read(&server, Some("before"), &mut mirror).await.unwrap();
    assert_eq!((changes.extent, changes.next), (Extent::Delta, Some(SyncToken::new("now"))));
    assert_eq!((mirror.removed, mirror.stored.len()), (vec![member(0)], 2));
    assert!(server.seen().iter().all(|seen| !seen.body.contains("limit")));
}

#[tokio::test]
async fn pages_that_lead_nowhere_end_in_a_listing() {
    let server = Scripted::start(|seen, _| match question(seen) {
        "sync" => multistatus(&(row(&member(1), "\"1\"") + &gone(CAL, 507) + &token("same"))),
        "state" => multistatus(&own("now")),
        "list" => multistatus(&(own("now") + &row(&member(1), "\"1\""))),
        _ => say(500, "", ""),
    })
    .await;
    let changes = read(&server, Some("same"), &mut Mirror::with(2)).await.unwrap();
    assert_eq!(changes.extent, Extent::Full);
    assert_eq!(questions(&server), ["sync", "state", "list"]);
}

#[tokio::test]
async fn a_listing_that_is_cut_is_completed_by_pages_or_partial() {
    let cut = own("now") + &row(&member(1), "\"1\"") + &gone(CAL, 507);
    let paged = cut.clone();
    let server = Scripted::start(move |seen, _| match question(seen) {
        "state" => multistatus(&own("now")),
        "list" => multistatus(&paged),
        "sync" => {
            multistatus(&(row(&member(1), "\"1\"") + &row(&member(2), "\"2\"") + &token("later")))
        }
        _ => all_of(seen),
    })
    .await;
    let changes = read(&server, None, &mut Mirror::with(3)).await.unwrap();
    assert_eq!((changes.extent, changes.next), (Extent::Full, Some(SyncToken::new("later"))));
    let server = Scripted::start(move |seen, _| match question(seen) {
        "state" => multistatus(&own("now").replace("sync-collection", "no")),
        _ => multistatus(&cut),
    })
    .await;
    let changes = read(&server, Some("onbeat-ctag:old"), &mut Mirror::with(3)).await.unwrap();
    assert!(matches!(changes.extent, Extent::Partial { .. }));
    assert_eq!(changes.next, Some(SyncToken::new("onbeat-ctag:old")));
}

#[tokio::test]
async fn an_empty_multistatus_is_no_empty_calendar() {
    let server = Scripted::start(|seen, _| match question(seen) {
        "state" => multistatus(&own("now")),
        _ => multistatus(""),
    })
    .await;
    let changes = read(&server, None, &mut Mirror::with(3)).await.unwrap();
    assert!(matches!(changes.extent, Extent::Partial { .. }), "{changes:?}");
    assert_eq!(changes.next, None);
}
