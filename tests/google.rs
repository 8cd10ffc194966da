//! The Google provider against a fake of the API: the promises of the provider contract
//! in Google's terms (a series is one unit, text is a translation), and the faults of
//! its network. Knows the provider from outside only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test fails by panicking

#[path = "support/mod.rs"]
mod support;

use std::rc::Rc;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use onbeat::ical::edit::{self, Editor};
use onbeat::model::id::{
    AccountId, Address, CalendarId, Etag, EventUid, Href, StrongEtag, SyncToken,
};
use onbeat::model::pair::{Cadence, CadenceUnit};
use onbeat::model::plan::{Action, NewSeries, Precondition};
use onbeat::model::resource::Resource;
use onbeat::model::snapshot::OccurrenceKey;
use onbeat::model::time::{CalTime, Window};
use onbeat::provider::google::oauth::{ClientFile, Source, TokenFile};
use onbeat::provider::google::{Google, GoogleConfig};
use onbeat::provider::http::retry::RetryPolicy;
use onbeat::provider::http::secret::Secret;
use onbeat::provider::{
    CalendarProvider, Changes, ErrorKind, Extent, ProviderError, Write, Written,
};
use serde_json::{Value, json};
use support::google::{self as fake, ALICE, Fault};
use support::mirror::Mirror;

const UID: &str = "onbeat-1@example.test";

struct Site {
    fake: fake::Google,
    provider: Google,
    calendar: CalendarId,
}

fn site() -> Site {
    let fake = fake::Google::start();
    let base = format!("http://127.0.0.1:{}", fake.port);
    let client = json!({ "installed": { "client_id": "id", "client_secret": "s",
        "auth_uri": format!("{base}/auth"), "token_uri": format!("{base}/token") } });
    let client = ClientFile::read(client.to_string().as_bytes(), None, None).unwrap();
    let ClientFile::Installed(client) = client else { panic!("an installed client") };
    let way_out = "run `onbeat login work`".to_owned();
    let kept = Rc::new(|| {
        Ok(TokenFile { refresh: Secret::new("refresh"), scopes: Vec::new(), ends: None })
    });
    let source = Source::Refresh { client, kept, way_out };
    let api = format!("{base}/calendar/v3/").parse().unwrap();
    let mut config = GoogleConfig::new(AccountId::new("work"), api, source);
    config.retry =
        RetryPolicy { attempts: 3, base: Duration::from_millis(1), patience: Duration::ZERO };
    Site { fake, provider: Google::new(config).unwrap(), calendar: CalendarId::new("work", ALICE) }
}

impl Site {
    async fn read(&self, mirror: &mut Mirror) -> Result<Changes, ProviderError> {
        mirror.begin();
        let since = mirror.token.clone();
        let changes = self.provider.changes(&self.calendar, since.as_ref(), mirror).await?;
        mirror.conclude(&changes);
        Ok(changes)
    }

    async fn get(&self, href: &Href) -> Resource {
        self.provider.get(&self.calendar, href).await.unwrap().expect("it is there")
    }

    /// As the engine writes: the text is edited, then put if nothing has changed.
    async fn act(&self, on: &Resource, action: &Action) -> Result<Written, ProviderError> {
        let data = edit::apply(Some(&on.data), action, &editor()).unwrap();
        let write = Write { href: on.href.clone(), data, action: action.clone() };
        self.provider.put(&self.calendar, &write, &Precondition::Match(strong(on))).await
    }

    async fn create(&self) -> Result<Written, ProviderError> {
        let action = Action::CreateSeries(series());
        let data = edit::apply(None, &action, &editor()).unwrap();
        let href = self.provider.href_for(&self.calendar, &EventUid::new(UID));
        let write = Write { href, data, action };
        self.provider.put(&self.calendar, &write, &Precondition::Absent).await
    }
}

fn run(case: impl AsyncFnOnce(Site)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(case(site()));
}

fn editor() -> Editor<'static> {
    static OWNER: std::sync::LazyLock<[Address; 1]> =
        std::sync::LazyLock::new(|| [Address::new(ALICE)]);
    static ZONE: TimeZone = TimeZone::UTC;
    Editor { now: None, owner: &*OWNER, zone: &ZONE }
}

fn strong(resource: &Resource) -> StrongEtag {
    resource.etag.as_ref().and_then(Etag::strong).unwrap()
}

fn berlin(month: i8, day: i8, hour: i8) -> CalTime {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let local = jiff::civil::date(2030, month, day).at(hour, 0, 0, 0);
    CalTime::Zoned { local, tzid: "Europe/Berlin".into(), zone }
}

fn series() -> NewSeries {
    NewSeries {
        uid: EventUid::new(UID),
        title: "Alice / Bob".to_owned(),
        start: berlin(1, 7, 10),
        duration: SignedDuration::from_mins(30),
        cadence: Cadence { every: 1, unit: CadenceUnit::Weeks },
        organizer: (Address::new(ALICE), "Alice".to_owned()),
        attendee: (Address::new("bob@example.test"), "Bob".to_owned()),
        description: "standing".to_owned(),
        stamp: Timestamp::UNIX_EPOCH,
    }
}

fn key(day: i8) -> OccurrenceKey {
    let at = berlin(1, day, 10).instant(&TimeZone::UTC);
    OccurrenceKey { uid: EventUid::new(UID), recurrence_id: Some(at) }
}

fn agenda(day: i8, text: &str) -> Action {
    let description = text.to_owned();
    Action::WriteAgenda {
        occurrence: key(day),
        recurrence_id: None,
        block: description.clone(),
        description,
        attachment: None,
    }
}

fn single(id: &str, day: u8, title: &str) -> Value {
    json!({ "id": id, "iCalUID": format!("{id}@google.com"), "status": "confirmed", "summary": title,
        "start": { "dateTime": format!("2030-01-{day:02}T09:00:00Z"), "timeZone": "UTC" },
        "end": { "dateTime": format!("2030-01-{day:02}T09:30:00Z"), "timeZone": "UTC" } })
}

fn text(mirror: &Mirror, id: &str) -> String {
    String::from_utf8(mirror.held[&Href::new(id)].data.clone()).unwrap()
}

#[test]
fn the_account_says_what_it_is() {
    run(async |site| {
        let said = site.provider.capabilities().await.unwrap();
        assert_eq!(said.addresses, [Address::new(ALICE)]);
        let found = site.provider.calendars().await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((&found[0].id, found[0].writable), (&site.calendar, true));
    });
}

#[test]
fn readings_are_complete_over_pages_and_cheap_when_nothing_changed() {
    run(async |site| {
        site.fake.page_size(2);
        for n in 1..=5 {
            site.fake.write(single(&format!("e{n}"), n, "One"));
        }
        let mut mirror = Mirror::default();
        assert_eq!(site.read(&mut mirror).await.unwrap().extent, Extent::Full);
        assert_eq!(mirror.held.len(), 5);
        site.fake.take();
        assert_eq!(site.read(&mut mirror).await.unwrap().extent, Extent::Unchanged);
        assert_eq!((mirror.calls, site.fake.take().len()), (0, 1), "one request");
        site.fake.write(single("e2", 2, "Two"));
        site.fake.remove("e3");
        assert_eq!(site.read(&mut mirror).await.unwrap().extent, Extent::Delta);
        assert_eq!((mirror.stored, mirror.gone, mirror.held.len()), (1, 1, 4));
        assert!(text(&mirror, "e2").contains("SUMMARY:Two"));
    });
}

#[test]
fn a_forgotten_token_leads_to_a_full_listing_with_right_deletions() {
    run(async |site| {
        for n in 1..=3 {
            site.fake.write(single(&format!("e{n}"), n, "One"));
        }
        let mut mirror = Mirror::default();
        site.read(&mut mirror).await.unwrap();
        site.fake.remove("e2");
        site.fake.forget_tokens();
        assert_eq!(site.read(&mut mirror).await.unwrap().extent, Extent::Full);
        assert_eq!((mirror.stored, mirror.gone, mirror.held.len()), (0, 1, 2));
        mirror.token = Some(SyncToken::new("never issued"));
        assert_eq!(site.read(&mut mirror).await.unwrap().extent, Extent::Full);
        assert_eq!(mirror.held.len(), 2);
    });
}

#[test]
fn an_event_that_cannot_be_read_leaves_the_others_alone() {
    run(async |site| {
        site.fake.write(single("good", 1, "One"));
        site.fake.write(json!({ "id": "bare", "iCalUID": "x", "status": "confirmed", "eventType": "unheardOf" }));
        site.fake.write(json!({ "id": "odd", "summary": 7 }));
        let mut mirror = Mirror::default();
        let changes = site.read(&mut mirror).await.unwrap();
        assert_eq!(mirror.held.len(), 1);
        let skipped: Vec<&str> = changes.skipped.iter().map(|(href, _)| href.as_str()).collect();
        assert_eq!(skipped.len(), 2, "{skipped:?}");
    });
}

#[test]
fn a_series_is_created_once_written_by_occurrence_and_taken_back() {
    run(async |site| {
        let written = site.create().await.unwrap();
        assert!(
            site.fake
                .take()
                .iter()
                .any(|line| line.starts_with("POST") && line.contains("sendUpdates=all"))
        );
        let again = site.create().await.unwrap_err();
        assert!(matches!(again.kind, ErrorKind::UidExists { .. }), "{again:?}");
        let created = site.get(&written.href).await;
        assert!(edit::holds(Some(&created.data), &Action::CreateSeries(series()), &TimeZone::UTC));
        site.fake.take();
        let write = agenda(14, "one\n<b>two</b>");
        site.act(&created, &write).await.unwrap();
        let patches = site.fake.take();
        let patches: Vec<&String> =
            patches.iter().filter(|line| line.starts_with("PATCH")).collect();
        assert_eq!(patches.len(), 1);
        let id = format!("{}_20300114T090000Z", written.href);
        assert!(
            patches[0].contains(&id) && patches[0].contains("sendUpdates=none"),
            "{}",
            patches[0]
        );
        let held = site.fake.held(&id).unwrap();
        assert_eq!(held["description"], json!("one\n<b>two</b>"));
        assert_eq!(
            site.fake.held(written.href.as_str()).unwrap()["description"],
            json!("standing")
        );
        let now = site.get(&written.href).await;
        assert!(edit::holds(Some(&now.data), &write, &TimeZone::UTC));
        let duration = SignedDuration::from_mins(30);
        let moved = Action::MoveOccurrence {
            occurrence: key(21),
            recurrence_id: None,
            start: berlin(1, 22, 15),
            duration,
        };
        site.act(&now, &moved).await.unwrap();
        assert!(
            site.fake
                .take()
                .iter()
                .any(|line| line.starts_with("PATCH") && line.contains("sendUpdates=all"))
        );
        let after = site.get(&written.href).await;
        assert!(edit::holds(Some(&after.data), &moved, &TimeZone::UTC));
        let back = Action::Restore { data: Some(now.data.clone()) };
        site.act(&after, &back).await.unwrap();
        let id = format!("{}_20300121T090000Z", written.href);
        assert_eq!(site.fake.held(&id).unwrap()["start"]["dateTime"], json!("2030-01-21T10:00:00"));
        let restored = site.get(&written.href).await;
        assert!(edit::holds(Some(&restored.data), &back, &TimeZone::UTC));
    });
}

#[test]
fn an_edit_that_came_first_wins() {
    run(async |site| {
        let written = site.create().await.unwrap();
        let held = site.get(&written.href).await;
        // Somebody touches another occurrence: a series is one unit.
        site.fake
            .edit(&format!("{}_20300121T090000Z", written.href), json!({ "summary": "by hand" }));
        let refused = site.act(&held, &agenda(14, "text")).await.unwrap_err();
        assert_eq!(refused.kind, ErrorKind::PreconditionFailed);
        let delete = site.provider.delete(&site.calendar, &written.href, &strong(&held)).await;
        assert_eq!(delete.unwrap_err().kind, ErrorKind::PreconditionFailed);
        let now = site.get(&written.href).await;
        site.act(&now, &agenda(14, "text")).await.unwrap();
        let text = String::from_utf8(site.get(&written.href).await.data).unwrap();
        assert!(text.contains("SUMMARY:by hand") && text.contains("DESCRIPTION:text"), "{text}");
        let now = site.get(&written.href).await;
        site.provider.delete(&site.calendar, &written.href, &strong(&now)).await.unwrap();
        assert_eq!(site.provider.get(&site.calendar, &written.href).await.unwrap(), None);
        let gone = site.act(&now, &agenda(14, "more")).await.unwrap_err();
        assert_eq!(gone.kind, ErrorKind::NotFound);
    });
}

#[test]
fn a_series_comes_and_goes_with_its_occurrences() {
    run(async |site| {
        let href = site.create().await.unwrap().href;
        let mut mirror = Mirror::default();
        site.read(&mut mirror).await.unwrap();
        site.fake.edit(
            &format!("{href}_20300114T090000Z"),
            json!({ "attendees": [
            { "email": "bob@example.test", "responseStatus": "declined", "comment": "ill" }] }),
        );
        site.fake.remove(&format!("{href}_20300121T090000Z"));
        assert_eq!(site.read(&mut mirror).await.unwrap().extent, Extent::Delta);
        assert_eq!(mirror.held.len(), 1, "one resource per series");
        let held = text(&mirror, href.as_str());
        assert!(held.contains("PARTSTAT=DECLINED") && held.contains("ill"), "{held}");
        assert_eq!(held.matches("RECURRENCE-ID").count(), 2);
        assert_eq!(held.matches("STATUS:CANCELLED").count(), 1);
        let mut fresh = Mirror::default();
        site.read(&mut fresh).await.unwrap();
        let parsed = |mirror: &Mirror| onbeat::ical::parse::parse(&mirror.held[&href].data).events;
        assert_eq!(parsed(&fresh)[0].overrides.len(), 2);
        assert_eq!(parsed(&fresh)[0].uid, parsed(&mirror)[0].uid);
        site.fake.remove(href.as_str());
        site.read(&mut mirror).await.unwrap();
        assert!(mirror.held.is_empty());
    });
}

#[test]
fn an_occurrence_without_its_series_stands_alone() {
    run(async |site| {
        let mut lone = single("abc_20300107T090000Z", 8, "Only this one");
        lone["recurringEventId"] = json!("abc");
        lone["originalStartTime"] =
            json!({ "dateTime": "2030-01-07T09:00:00Z", "timeZone": "UTC" });
        site.fake.write(lone);
        let mut mirror = Mirror::default();
        site.read(&mut mirror).await.unwrap();
        let href = Href::new("abc_20300107T090000Z");
        assert_eq!(mirror.held[&href].parent, Some(Href::new("abc")));
        assert!(text(&mirror, href.as_str()).contains("RECURRENCE-ID:20300107T090000Z"));
        site.fake.remove(href.as_str());
        site.read(&mut mirror).await.unwrap();
        assert!(mirror.held.is_empty());
    });
}

#[test]
fn nothing_is_written_onto_a_calendar_or_outside_of_it() {
    run(async |site| {
        site.fake.write(single("e1", 1, "One"));
        let held = site.get(&Href::new("e1")).await;
        for target in [
            "",
            "/",
            ".",
            "..",
            "../x",
            "e1/../../x",
            "http://127.0.0.1:9/x",
            "e1?x",
            "e1%2fx",
            ALICE,
        ] {
            let href = Href::new(target);
            let write = Write {
                href: href.clone(),
                data: held.data.clone(),
                action: Action::Restore { data: None },
            };
            for precondition in [Precondition::Absent, Precondition::Match(strong(&held))] {
                let put = site.provider.put(&site.calendar, &write, &precondition).await;
                assert!(put.is_err(), "{target:?}: {put:?}");
            }
            assert!(
                site.provider.delete(&site.calendar, &href, &strong(&held)).await.is_err(),
                "{target:?}"
            );
        }
        let writes = site.fake.take();
        let writes: Vec<&String> = writes
            .iter()
            .filter(|line| !line.starts_with("GET") && !line.contains("/token"))
            .collect();
        assert!(writes.is_empty(), "{writes:?}");
    });
}

#[test]
fn a_missing_calendar_is_an_error() {
    run(async |site| {
        let gone = CalendarId::new("work", "nobody@example.test");
        let mut mirror = Mirror::default();
        let read = site.provider.changes(&gone, None, &mut mirror).await;
        assert_eq!(read.unwrap_err().kind, ErrorKind::NotFound);
        let got = site.provider.get(&gone, &Href::new("e1")).await;
        assert_eq!(got.unwrap_err().kind, ErrorKind::NotFound);
        assert_eq!(site.provider.get(&site.calendar, &Href::new("e1")).await.unwrap(), None);
    });
}

#[test]
fn free_busy_is_known_or_said_to_be_unknown() {
    run(async |site| {
        let who = [Address::new("bob@example.test"), Address::new("eve@example.test")];
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let window = Window::new(at("2031-01-01T00:00:00Z"), at("2031-02-01T00:00:00Z"));
        let answers = site.provider.free_busy(&who, window).await.unwrap();
        assert_eq!(answers[0].busy.as_ref().unwrap().len(), 1);
        assert!(answers[1].busy.is_err());
        site.fake.on("POST /calendar/v3/freeBusy", Fault::Refuse(400, "timeRangeTooLong"));
        let answers = site.provider.free_busy(&who, window).await.unwrap();
        assert!(answers.iter().all(|answer| answer.busy.is_err()));
    });
}

#[test]
fn tokens_are_renewed_and_an_ended_grant_says_the_way_out() {
    run(async |site| {
        site.fake.write(single("e1", 1, "One"));
        let mut mirror = Mirror::default();
        site.read(&mut mirror).await.unwrap();
        site.fake.expire();
        site.fake.take();
        assert_eq!(site.read(&mut mirror).await.unwrap().extent, Extent::Unchanged);
        let tokens = site.fake.take().iter().filter(|line| line.contains("/token")).count();
        assert_eq!(tokens, 1);
        site.fake.expire();
        site.create().await.unwrap();
        site.fake.revoke();
        let error = site.read(&mut mirror).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unauthorized);
        assert!(error.context.contains("onbeat login work"), "{}", error.context);
    });
}

#[test]
fn faults_of_reading_are_borne_or_conclude_nothing() {
    run(async |site| {
        for n in 1..=3 {
            site.fake.write(single(&format!("e{n}"), n, "One"));
        }
        let mut mirror = Mirror::default();
        site.read(&mut mirror).await.unwrap();
        let list = "GET /calendar/v3/calendars";
        for fault in [
            Fault::Refuse(403, "rateLimitExceeded"),
            Fault::Refuse(503, "backendError"),
            Fault::CutOff(9),
        ] {
            site.fake.on(list, fault.clone());
            site.fake.on(list, fault.clone());
            assert_eq!(
                site.read(&mut mirror).await.unwrap().extent,
                Extent::Unchanged,
                "{fault:?}"
            );
        }
        for fault in
            [Fault::LoginPage, Fault::Refuse(403, "forbidden"), Fault::Refuse(400, "invalid")]
        {
            site.fake.on(list, fault.clone());
            let before = mirror.token.clone();
            assert!(site.read(&mut mirror).await.is_err(), "{fault:?}");
            assert_eq!((mirror.held.len(), &mirror.token), (3, &before));
        }
        for _ in 0..3 {
            site.fake.on(list, Fault::Refuse(403, "userRateLimitExceeded"));
        }
        let kind = site.read(&mut mirror).await.unwrap_err().kind;
        assert!(matches!(kind, ErrorKind::RateLimited { .. }), "{kind:?}");
        site.fake.on(list, Fault::Refuse(403, "quotaExceeded"));
        let kind = site.read(&mut mirror).await.unwrap_err().kind;
        assert_eq!(kind, ErrorKind::RateLimited { retry_after: Some(Duration::from_secs(3600)) });
        site.fake.take();
        assert!(site.read(&mut mirror).await.is_err());
        assert!(site.fake.take().is_empty(), "nothing is asked before the time");
    });
}

#[test]
fn a_lost_answer_to_a_write_is_unknown_and_reading_back_decides() {
    run(async |site| {
        site.fake.on("POST /calendar/v3/calendars", Fault::LoseAnswer);
        assert_eq!(site.create().await.unwrap_err().kind, ErrorKind::OutcomeUnknown);
        let href = site.provider.href_for(&site.calendar, &EventUid::new(UID));
        let held = site.get(&href).await;
        site.fake.take();
        site.fake.on("PATCH", Fault::Refuse(503, "backendError"));
        let error = site.act(&held, &agenda(14, "text")).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
        let patches = site.fake.take().iter().filter(|line| line.starts_with("PATCH")).count();
        assert_eq!(patches, 1, "a write is not sent again without looking");
        site.fake.on("PATCH", Fault::Refuse(403, "rateLimitExceeded"));
        let error = site.act(&held, &agenda(14, "text")).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::RateLimited { retry_after: None });
        site.fake.on("PATCH", Fault::LoginPage);
        let error = site.act(&held, &agenda(14, "text")).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
    });
}

#[test]
fn a_token_that_ends_between_two_pages_is_renewed_and_the_reading_is_whole() {
    run(async |site| {
        site.fake.page_size(1);
        for n in 1..=3 {
            site.fake.write(single(&format!("e{n}"), n, "One"));
        }
        let mut mirror = Mirror::default();
        // After the first page.
        site.fake.on_page("1", Fault::Refuse(401, "authError"));
        let read = site.read(&mut mirror).await.unwrap();
        assert_eq!((read.extent, mirror.held.len()), (Extent::Full, 3));
        let tokens = site.fake.take().iter().filter(|line| line.contains("/token")).count();
        assert_eq!(tokens, 2, "the first one and one more");
        // Refused again and again: the reading fails and concludes nothing.
        site.fake.write(single("e4", 4, "One"));
        for _ in 0..2 {
            site.fake.on("GET /calendar/v3/calendars", Fault::Refuse(401, "authError"));
        }
        let error = site.read(&mut mirror).await.unwrap_err();
        assert_eq!((error.kind, mirror.held.len()), (ErrorKind::Unauthorized, 3));
    });
}

#[test]
fn pages_that_go_in_circles_end() {
    run(async |site| {
        site.fake.write(single("e1", 1, "One"));
        let mut mirror = Mirror::default();
        site.read(&mut mirror).await.unwrap();
        for _ in 0..3 {
            site.fake.on("GET /calendar/v3/calendars", Fault::Circle);
        }
        site.fake.take();
        let error = site.read(&mut mirror).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Protocol(_)), "{error:?}");
        assert!(site.fake.take().len() <= 2, "it is not followed");
        assert_eq!(mirror.held.len(), 1);
    });
}

#[test]
fn each_refusal_has_its_meaning() {
    run(async |site| {
        site.fake.write(single("e1", 1, "One"));
        let mut mirror = Mirror::default();
        site.read(&mut mirror).await.unwrap();
        let events = "GET /calendar/v3/calendars";
        let cases = [
            (403, "insufficientPermissions", ErrorKind::Forbidden),
            (403, "forbiddenForNonOrganizer", ErrorKind::Forbidden),
            (404, "notFound", ErrorKind::NotFound),
            (410, "updatedMinTooLongAgo", ErrorKind::NotFound),
        ];
        for (status, reason, kind) in cases {
            site.fake.on(events, Fault::Refuse(status, reason));
            let error = site.read(&mut mirror).await.unwrap_err();
            assert_eq!(error.kind, kind, "{status} {reason}");
            assert_eq!(mirror.held.len(), 1);
        }
        site.fake.on(events, Fault::Refuse(403, "insufficientPermissions"));
        let error = site.read(&mut mirror).await.unwrap_err();
        assert!(error.remedy.unwrap().contains("tick every box"));
        let held = site.get(&Href::new("e1")).await;
        let text = String::from_utf8(held.data.clone()).unwrap();
        let data = text.replace("END:VEVENT", "DESCRIPTION:Agenda\r\nEND:VEVENT").into_bytes();
        let write = Write { href: held.href.clone(), data, action: agenda(1, "Agenda") };
        let matching = Precondition::Match(strong(&held));
        let cases = [
            (400, "invalid", true),
            (403, "forbiddenForNonOrganizer", true),
            (404, "notFound", true),
            (410, "deleted", true),
            (412, "conditionNotMet", true),
            (500, "backendError", false),
            (503, "backendError", false),
        ];
        for (status, reason, certain) in cases {
            site.fake.take();
            site.fake.on("PATCH", Fault::Refuse(status, reason));
            let put = site.provider.put(&site.calendar, &write, &matching).await;
            let kind = put.unwrap_err().kind;
            assert_eq!(kind != ErrorKind::OutcomeUnknown, certain, "{status} {reason}: {kind:?}");
            let sent = site.fake.take().iter().filter(|line| line.starts_with("PATCH")).count();
            assert_eq!(sent, 1, "{status} {reason}");
        }
        // Done, and then a 500: reading back shows it, a second try meets a new tag.
        site.fake.on("PATCH", Fault::DoneBut(500));
        let put = site.provider.put(&site.calendar, &write, &matching).await;
        assert_eq!(put.unwrap_err().kind, ErrorKind::OutcomeUnknown);
        assert_eq!(site.fake.held("e1").unwrap()["description"], json!("Agenda"));
        let put = site.provider.put(&site.calendar, &write, &matching).await;
        assert_eq!(put.unwrap_err().kind, ErrorKind::PreconditionFailed);
        // A deletion of what is deleted already is done.
        let now = strong(&site.get(&Href::new("e1")).await);
        site.provider.delete(&site.calendar, &held.href, &now).await.unwrap();
        let again = site.provider.delete(&site.calendar, &held.href, &now).await;
        assert_eq!(again.unwrap_err().kind, ErrorKind::NotFound);
    });
}

#[test]
fn a_wish_for_patience_is_granted() {
    run(async |site| {
        let mut mirror = Mirror::default();
        site.read(&mut mirror).await.unwrap();
        site.fake.on("GET /calendar/v3/calendars", Fault::Later(429, 90));
        let ErrorKind::RateLimited { retry_after: Some(wait) } =
            site.read(&mut mirror).await.unwrap_err().kind
        else {
            panic!("a wish for patience");
        };
        assert!((60..=90).contains(&wait.as_secs()), "{wait:?}");
        site.fake.take();
        assert!(site.read(&mut mirror).await.is_err());
        assert!(site.create().await.is_err());
        assert!(site.fake.take().is_empty(), "nothing is asked before the time");
    });
}

#[test]
fn a_deleted_client_and_a_token_endpoint_that_fails_are_told_apart() {
    run(async |site| {
        let mut mirror = Mirror::default();
        for (fault, kind) in [
            (Fault::Refuse(503, "backendError"), ErrorKind::Unavailable),
            (Fault::Later(429, 30), ErrorKind::Unavailable),
            (Fault::CutOff(5), ErrorKind::Unavailable),
            (Fault::LoginPage, ErrorKind::Protocol("the answer is no token".to_owned())),
        ] {
            site.fake.on("POST /token", fault.clone());
            let error = site.read(&mut mirror).await.unwrap_err();
            assert_eq!(error.kind, kind, "{fault:?}: {error:?}");
        }
        site.read(&mut mirror).await.unwrap();
        site.fake.delete_client();
        let error = site.read(&mut mirror).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unauthorized, "{error:?}");
        assert!(error.context.contains("client was not found"), "{error:?}");
    });
}

#[test]
fn what_google_may_add_or_leave_out_stops_nothing() {
    run(async |site| {
        let mut odd = single("kind", 1, "Kind");
        odd["eventType"] = json!("fromTheFuture");
        odd["somethingNew"] = json!({ "deep": [1, 2, 3] });
        site.fake.write(odd);
        site.fake.write(json!({ "id": "bare", "iCalUID": "bare@x", "status": "confirmed" }));
        let mut long = single("long", 2, "Long");
        long["description"] = json!("<b>ä</b>🎉 ".repeat(8_192 / 10));
        site.fake.write(long.clone());
        let mut mirror = Mirror::default();
        let read = site.read(&mut mirror).await.unwrap();
        assert_eq!(mirror.held.len(), 2);
        assert_eq!(read.skipped.len(), 1);
        assert!(read.skipped[0].1.contains("no start"), "{:?}", read.skipped);
        let events = onbeat::ical::parse::parse(&mirror.held[&Href::new("long")].data).events;
        let body = events[0].master.as_ref().unwrap();
        assert_eq!(json!(body.description), long["description"]);
    });
}
