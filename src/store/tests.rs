//! What the store promises, over a store in memory.

use jiff::Timestamp;

use super::*;
use crate::model::id::{CalendarId, Etag, EventUid, Href, OwnerId, PairId, StepId, SyncToken};
use crate::model::journal::{Intent, Outcome, WriteKind};
use crate::model::resource::Resource;
use crate::model::snapshot::Coverage;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + second).unwrap()
}

fn me() -> OwnerId {
    OwnerId::new("elena@example.org")
}

fn work() -> CalendarId {
    CalendarId::new("work", "/dav/work/")
}

fn resource(href: &str, etag: &str, data: &str) -> Resource {
    Resource {
        calendar: work(),
        href: Href::new(href),
        etag: Etag::new(etag),
        parent: None,
        data: data.as_bytes().to_vec(),
    }
}

fn end(extent: ReadExtent, token: &str, second: i64) -> ReadingEnd {
    ReadingEnd {
        extent,
        token: TokenChange::Store(Some(SyncToken::new(token))),
        skipped: Vec::new(),
        at: at(second),
    }
}

/// A complete listing of these members.
fn list(store: &Store, members: &[Resource], token: &str, second: i64) -> Finished {
    let reading = store.begin_reading(&me(), &work()).unwrap();
    store.put_resources(&reading, members).unwrap();
    store.finish_reading(reading, &end(ReadExtent::Full, token, second)).unwrap()
}

fn hrefs(store: &Store) -> Vec<String> {
    let tags = store.resource_tags(&me(), &work()).unwrap();
    tags.into_iter().map(|(href, _)| href.as_str().to_owned()).collect()
}

fn state(store: &Store) -> CalendarState {
    store.calendar_state(&me(), &work()).unwrap().unwrap()
}

#[test]
fn a_full_listing_removes_what_it_did_not_see_and_keeps_it_as_tombstone() {
    let store = Store::memory().unwrap();
    list(&store, &[resource("a", "\"1\"", "A"), resource("b", "\"1\"", "B")], "t1", 1);
    let done = list(&store, &[resource("b", "\"2\"", "B2")], "t2", 2);
    assert_eq!(done.removed, [Href::new("a")]);
    assert_eq!(hrefs(&store), ["b"]);
    let graves = store.tombstones_after(&me(), &work(), 0).unwrap();
    assert_eq!(graves.len(), 1);
    assert_eq!(graves[0].resource, resource("a", "\"1\"", "A"));
    assert_eq!(state(&store).token, Some(SyncToken::new("t2")));
    assert_eq!(state(&store).coverage, Coverage::Complete { synced_at: at(2) });
    assert_eq!(state(&store).listed_at, Some(at(2)));
}

#[test]
fn an_interrupted_reading_keeps_the_token_and_is_not_complete() {
    let store = Store::memory().unwrap();
    list(&store, &[resource("a", "\"1\"", "A"), resource("b", "\"1\"", "B")], "t1", 1);
    let reading = store.begin_reading(&me(), &work()).unwrap();
    store.put_resources(&reading, &[resource("c", "\"1\"", "C")]).unwrap();
    store.mark_removed(&reading, &Href::new("a")).unwrap();
    // The process dies here: the reading is never finished.
    let _dead = reading;
    assert_eq!(hrefs(&store), ["a", "b", "c"]);
    assert_eq!(state(&store).token, Some(SyncToken::new("t1")));
    assert!(matches!(state(&store).coverage, Coverage::Partial { synced_at: Some(_), .. }));
    // The next one, from the same token, comes to the right end.
    let reading = store.begin_reading(&me(), &work()).unwrap();
    assert_eq!(store.known_tag(&reading, &Href::new("c")).unwrap(), Etag::new("\"1\""));
    store.mark_seen(&reading, &Href::new("c")).unwrap();
    store.mark_removed(&reading, &Href::new("a")).unwrap();
    store.finish_reading(reading, &end(ReadExtent::Delta, "t2", 3)).unwrap();
    assert_eq!(hrefs(&store), ["b", "c"]);
    assert_eq!(state(&store).coverage, Coverage::Complete { synced_at: at(3) });
}

fn intent(second: i64, kind: WriteKind, block: Option<&str>) -> Intent {
    Intent {
        step: StepId::new("step"),
        pair: PairId::new("bob"),
        calendar: work(),
        href: Href::new("a"),
        uid: EventUid::new("uid-1"),
        recurrence_id: Some(at(0)),
        kind,
        summary: "agenda for Bob".to_owned(),
        at: at(second),
        before: Some(b"before".to_vec()),
        before_etag: Etag::new("\"1\""),
        sent_digest: "00".to_owned(),
        sent: Some(b"after".to_vec()),
        new_start: Some(at(7)),
        mails: Some(0),
        block: block.map(str::to_owned),
        undoes: None,
    }
}

#[test]
fn an_intent_is_open_until_its_outcome_and_only_done_writes_count_as_written() {
    let store = Store::memory().unwrap();
    let first = store.append_intent(&me(), &intent(1, WriteKind::Agenda, Some("one"))).unwrap();
    assert_eq!(store.open_intents(&me()).unwrap().len(), 1);
    assert_eq!(store.last_written(&me(), &EventUid::new("uid-1"), Some(at(0))).unwrap(), None);
    let done = Outcome::Done { etag: Etag::new("\"2\"") };
    store.append_outcome(first, &done, at(2)).unwrap();
    assert!(store.open_intents(&me()).unwrap().is_empty());
    let entry = store.journal_entry(&me(), first).unwrap().unwrap();
    assert_eq!(entry.intent, intent(1, WriteKind::Agenda, Some("one")));
    assert_eq!(entry.outcome, Some(done));
    let written = store.last_written(&me(), &EventUid::new("uid-1"), Some(at(0))).unwrap();
    assert_eq!(written.unwrap().block, "one");
}
