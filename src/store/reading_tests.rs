//! What readings promise: nothing vanishes that was not seen to be gone, the
//! token never runs ahead, unchanged means unwritten.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::model::id::{CalendarId, Etag, Href, OwnerId, SyncToken};
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

fn resource(href: &str, text: &str) -> Resource {
    Resource {
        calendar: work(),
        href: Href::new(href),
        etag: Etag::new(&format!("\"{text}\"")),
        parent: None,
        data: text.as_bytes().to_vec(),
    }
}

fn end(extent: ReadExtent, token: TokenChange, second: i64) -> ReadingEnd {
    ReadingEnd { extent, token, skipped: Vec::new(), at: at(second) }
}

fn token(text: &str) -> TokenChange {
    TokenChange::Store(Some(SyncToken::new(text)))
}

fn list(store: &Store, members: &[Resource], second: i64) -> Finished {
    let reading = store.begin_reading(&me(), &work()).unwrap();
    store.put_resources(&reading, members).unwrap();
    store.finish_reading(reading, &end(ReadExtent::Full, token("t"), second)).unwrap()
}

fn hrefs(store: &Store) -> Vec<String> {
    let tags = store.resource_tags(&me(), &work()).unwrap();
    tags.into_iter().map(|(href, _)| href.as_str().to_owned()).collect()
}

fn state(store: &Store) -> CalendarState {
    store.calendar_state(&me(), &work()).unwrap().unwrap()
}

#[test]
fn a_partial_or_failed_reading_removes_nothing_unseen_and_keeps_the_token() {
    let store = Store::memory().unwrap();
    list(&store, &[resource("a", "1"), resource("b", "1"), resource("c", "1")], 1);
    let reasons = [
        ReadExtent::Partial { reason: "507".to_owned() },
        ReadExtent::Failed { reason: "timeout".to_owned() },
    ];
    for (second, extent) in (2..).zip(reasons) {
        let reading = store.begin_reading(&me(), &work()).unwrap();
        store.mark_seen(&reading, &Href::new("a")).unwrap();
        let done = store.finish_reading(reading, &end(extent, token("new"), second)).unwrap();
        assert!(done.removed.is_empty());
        assert_eq!(state(&store).token, Some(SyncToken::new("t")));
        assert!(!state(&store).coverage.is_complete());
    }
    assert!(
        matches!(state(&store).coverage, Coverage::Failed { synced_at: Some(s), .. } if s == at(1))
    );
    // What the server itself called removed is gone even if the rest failed.
    let reading = store.begin_reading(&me(), &work()).unwrap();
    store.mark_removed(&reading, &Href::new("b")).unwrap();
    let extent = ReadExtent::Partial { reason: "reset".to_owned() };
    let done = store.finish_reading(reading, &end(extent, TokenChange::Keep, 5)).unwrap();
    assert_eq!(done.removed, [Href::new("b")]);
    assert_eq!(hrefs(&store), ["a", "c"]);
}

#[test]
fn the_guard_can_ask_before_the_end() {
    let store = Store::memory().unwrap();
    list(&store, &[resource("a", "1"), resource("b", "1"), resource("c", "1")], 1);
    let reading = store.begin_reading(&me(), &work()).unwrap();
    store.mark_seen(&reading, &Href::new("a")).unwrap();
    store.mark_removed(&reading, &Href::new("b")).unwrap();
    store.mark_removed(&reading, &Href::new("stranger")).unwrap();
    let pending = store.pending_removals(&reading).unwrap();
    assert_eq!(pending, PendingRemovals { members: 3, reported: 1, unseen: 1 });
    assert_eq!(store.unseen(&reading, 10).unwrap(), [Href::new("c")]);
    store.abandon_reading(reading).unwrap();
    assert_eq!(hrefs(&store), ["a", "b", "c"]);
    // The next reading starts with a clean sheet.
    let reading = store.begin_reading(&me(), &work()).unwrap();
    assert_eq!(store.pending_removals(&reading).unwrap().unseen, 3);
}

#[test]
fn a_member_removed_and_put_again_stays() {
    let store = Store::memory().unwrap();
    list(&store, &[resource("a", "1")], 1);
    let reading = store.begin_reading(&me(), &work()).unwrap();
    store.mark_removed(&reading, &Href::new("a")).unwrap();
    store.put_resources(&reading, &[resource("a", "1")]).unwrap();
    let done = store.finish_reading(reading, &end(ReadExtent::Delta, token("u"), 2)).unwrap();
    assert!(done.removed.is_empty());
}

#[test]
fn skipped_members_count_as_there_until_they_are_read() {
    let store = Store::memory().unwrap();
    list(&store, &[resource("a", "1"), resource("b", "1")], 1);
    let reading = store.begin_reading(&me(), &work()).unwrap();
    store.mark_seen(&reading, &Href::new("a")).unwrap();
    let mut finish = end(ReadExtent::Full, token("u"), 2);
    finish.skipped =
        vec![(Href::new("b"), "too large".to_owned()), (Href::new("x"), "no".to_owned())];
    assert!(store.finish_reading(reading, &finish).unwrap().removed.is_empty());
    let skipped = store.skipped(&me(), &work()).unwrap();
    assert_eq!(skipped.len(), 2);
    assert_eq!((skipped[0].href.as_str(), skipped[0].at), ("b", at(2)));
    assert!(store.mirror_put(&me(), &resource("b", "2")).unwrap());
    assert_eq!(store.skipped(&me(), &work()).unwrap().len(), 1);
    list(&store, &[resource("a", "1"), resource("b", "2")], 3);
    assert!(store.skipped(&me(), &work()).unwrap().is_empty());
}

#[test]
fn nothing_changed_means_the_revision_stands_still() {
    let store = Store::memory().unwrap();
    let members = [resource("a", "1"), resource("b", "1")];
    let first = list(&store, &members, 1).revision;
    assert_eq!(list(&store, &members, 2).revision, first);
    let reading = store.begin_reading(&me(), &work()).unwrap();
    let idle = store.finish_reading(reading, &end(ReadExtent::Unchanged, token("t"), 3)).unwrap();
    assert_eq!(idle.revision, first);
    assert_eq!(state(&store).coverage, Coverage::Complete { synced_at: at(3) });
    assert_eq!(state(&store).listed_at, Some(at(2)));
    // A new tag for the same text matters: it guards the next write.
    let mut retagged = resource("a", "1");
    retagged.etag = Etag::new("\"other\"");
    assert!(store.mirror_put(&me(), &retagged).unwrap());
    assert!(!store.mirror_put(&me(), &retagged).unwrap());
    let after = state(&store).revision;
    assert!(after > first);
    let mut changed = Vec::new();
    store.each_changed_resource(&me(), &work(), Some(first), |r| changed.push(r.href)).unwrap();
    assert_eq!(changed, [Href::new("a")]);
}

#[test]
fn a_frozen_calendar_loses_nothing_until_it_is_thawed() {
    let store = Store::memory().unwrap();
    list(&store, &[resource("a", "1"), resource("b", "1")], 1);
    store.freeze_calendar(&me(), &work(), "it became empty").unwrap();
    let done = list(&store, &[], 2);
    assert!(done.removed.is_empty());
    let frozen = Coverage::Frozen { reason: "it became empty".to_owned() };
    assert_eq!(state(&store).coverage, frozen);
    assert_eq!(hrefs(&store), ["a", "b"]);
    assert!(store.thaw_calendar(&me(), &work()).unwrap());
    assert!(!store.thaw_calendar(&me(), &work()).unwrap());
    // A thawed calendar is listed from scratch, and may shrink once.
    assert!(state(&store).accept_shrink && state(&store).token.is_none());
    assert!(!state(&store).coverage.is_complete());
    assert_eq!(list(&store, &[], 3).removed.len(), 2);
    assert!(!state(&store).accept_shrink && state(&store).coverage.is_complete());
}

#[test]
fn tombstones_keep_the_text_until_they_are_pruned() {
    let store = Store::memory().unwrap();
    list(&store, &[resource("a", "1"), resource("b", "1")], 1);
    list(&store, &[resource("b", "1")], 10);
    assert!(store.mirror_remove(&me(), &work(), &Href::new("b"), at(20)).unwrap());
    assert!(!store.mirror_remove(&me(), &work(), &Href::new("b"), at(21)).unwrap());
    let graves = store.tombstones_after(&me(), &work(), 0).unwrap();
    assert_eq!(graves.iter().map(|g| g.removed_at).collect::<Vec<_>>(), [at(10), at(20)]);
    assert_eq!(graves[0].resource, resource("a", "1"));
    assert_eq!(store.tombstones_after(&me(), &work(), graves[0].id).unwrap().len(), 1);
    assert_eq!(store.prune_tombstones(at(15)).unwrap(), 1);
    assert_eq!(store.tombstones_after(&me(), &work(), 0).unwrap().len(), 1);
}

#[test]
fn owners_and_calendars_do_not_see_each_other() {
    let store = Store::memory().unwrap();
    list(&store, &[resource("a", "1")], 1);
    let other = OwnerId::new("mei@example.org");
    assert_eq!(store.calendar_state(&other, &work()).unwrap(), None);
    let private =
        Resource { calendar: CalendarId::new("work", "/dav/private/"), ..resource("a", "9") };
    store.mirror_put(&me(), &private).unwrap();
    store.mirror_put(&other, &resource("z", "1")).unwrap();
    assert_eq!(hrefs(&store), ["a"]);
    assert_eq!(store.resource(&me(), &work(), &Href::new("a")).unwrap(), Some(resource("a", "1")));
    assert_eq!(store.calendars(&me()).unwrap().len(), 2);
    assert!(store.forget_calendar(&me(), &work()).unwrap());
    assert_eq!(store.calendars(&me()).unwrap().len(), 1);
    assert_eq!(store.resource_count(&other, &work()).unwrap(), 1);
}

#[test]
fn a_calendar_forgotten_in_mid_reading_is_an_error_not_a_surprise() {
    let store = Store::memory().unwrap();
    let reading = store.begin_reading(&me(), &work()).unwrap();
    store.forget_calendar(&me(), &work()).unwrap();
    assert!(store.put_resources(&reading, &[resource("a", "1")]).is_err());
    let done = store.finish_reading(reading, &end(ReadExtent::Full, token("t"), 1));
    assert!(matches!(done, Err(StoreError::UnknownCalendar)));
}

#[test]
fn pages_of_resources_in_order_of_address() {
    let store = Store::memory().unwrap();
    let members: Vec<_> = (0..25).map(|n| resource(&format!("{n:02}"), "x")).collect();
    list(&store, &members, 1);
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.resources_after(&me(), &work(), after.as_ref(), 10).unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.href.clone());
        seen.extend(page);
    }
    assert_eq!(seen, members);
}

/// One thing a server or a crash may do to a reading.
#[derive(Debug, Clone)]
enum Act {
    Put(u8, u8),
    Seen(u8),
    Removed(u8),
    Finish(u8),
    Die,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => (0..6u8, 0..3u8).prop_map(|(href, text)| Act::Put(href, text)),
        3 => (0..6u8).prop_map(Act::Seen),
        2 => (0..6u8).prop_map(Act::Removed),
        3 => (0..4u8).prop_map(Act::Finish),
        1 => Just(Act::Die),
    ];
    prop::collection::vec(act, 0..60)
}

fn extent(kind: u8) -> ReadExtent {
    match kind {
        0 => ReadExtent::Full,
        1 => ReadExtent::Delta,
        2 => ReadExtent::Partial { reason: "p".to_owned() },
        _ => ReadExtent::Failed { reason: "f".to_owned() },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Any history of readings leaves the mirror a plain model says it should.
    #[test]
    fn readings_agree_with_a_plain_model(acts in acts()) {
        let store = Store::memory().unwrap();
        let mut members: BTreeMap<String, String> = BTreeMap::new();
        let (mut seen, mut gone) = (BTreeSet::new(), BTreeSet::new());
        let mut reading = store.begin_reading(&me(), &work()).unwrap();
        let mut buried = 0;
        let mut last_token: Option<String> = None;
        for (n, act) in acts.iter().enumerate() {
            match act {
                Act::Put(href, text) => {
                    store.put_resources(&reading, &[resource(&href.to_string(), &text.to_string())]).unwrap();
                    members.insert(href.to_string(), text.to_string());
                    seen.insert(href.to_string());
                    gone.remove(&href.to_string());
                }
                Act::Seen(href) => {
                    store.mark_seen(&reading, &Href::new(href.to_string())).unwrap();
                    if members.contains_key(&href.to_string()) {
                        seen.insert(href.to_string());
                    }
                }
                Act::Removed(href) => {
                    store.mark_removed(&reading, &Href::new(href.to_string())).unwrap();
                    if members.contains_key(&href.to_string()) {
                        gone.insert(href.to_string());
                        seen.remove(&href.to_string());
                    }
                }
                Act::Finish(kind) => {
                    let name = n.to_string();
                    let second = i64::try_from(n).unwrap();
                    let done = store.finish_reading(reading, &end(extent(*kind), token(&name), second)).unwrap();
                    let lost: Vec<String> = members.keys()
                        .filter(|href| if *kind == 0 { !seen.contains(*href) } else { gone.contains(*href) })
                        .cloned().collect();
                    let removed: Vec<String> = done.removed.iter().map(|h| h.as_str().to_owned()).collect();
                    prop_assert_eq!(&removed, &lost);
                    buried += lost.len();
                    members.retain(|href, _| !lost.contains(href));
                    if *kind < 2 {
                        last_token = Some(name);
                    }
                    prop_assert_eq!(state(&store).coverage.is_complete(), *kind < 2);
                    seen.clear();
                    gone.clear();
                    reading = store.begin_reading(&me(), &work()).unwrap();
                }
                Act::Die => {
                    reading = store.begin_reading(&me(), &work()).unwrap();
                    seen.clear();
                    gone.clear();
                }
            }
            let held: BTreeMap<String, String> = store
                .resources_after(&me(), &work(), None, 100).unwrap().into_iter()
                .map(|r| (r.href.as_str().to_owned(), String::from_utf8(r.data).unwrap())).collect();
            prop_assert_eq!(&held, &members);
            let stored = state(&store).token.map(|t| t.as_str().to_owned());
            prop_assert_eq!(stored, last_token.clone());
        }
        prop_assert_eq!(store.tombstones_after(&me(), &work(), 0).unwrap().len(), buried);
    }
}
