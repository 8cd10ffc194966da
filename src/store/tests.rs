//! What the store promises, over a store in memory.

use jiff::Timestamp;

use super::*;
use crate::model::agenda::{AskedQuestion, Item, ItemKind, Origin, Reflection, Side};
use crate::model::id::{
    Address, CalendarId, Etag, EventUid, Href, ItemId, OwnerId, PairId, QuestionId, StepId,
    SyncToken,
};
use crate::model::journal::{Intent, JournalId, Outcome, WriteKind};
use crate::model::resource::Resource;
use crate::model::snapshot::{Coverage, OccurrenceKey};

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

fn done() -> Outcome {
    Outcome::Done { etag: Etag::new("\"2\"") }
}

/// Journals a write with its outcome.
fn written(store: &Store, intent: &Intent, outcome: &Outcome) -> JournalId {
    let id = store.append_intent(&me(), intent).unwrap();
    store.append_outcome(id, outcome, intent.at).unwrap();
    id
}

fn last_block(store: &Store) -> Option<String> {
    let last = store.last_written(&me(), &EventUid::new("uid-1"), Some(at(0))).unwrap();
    last.map(|last| last.block)
}

#[test]
fn the_base_of_the_next_merge_is_the_latest_write_not_taken_back() {
    let store = Store::memory().unwrap();
    written(&store, &intent(1, WriteKind::Agenda, Some("one")), &done());
    let two = written(&store, &intent(2, WriteKind::Agenda, Some("two")), &done());
    written(&store, &intent(3, WriteKind::Agenda, Some("three")), &Outcome::Stale);
    let failed = Outcome::Failed { reason: "timeout".to_owned() };
    written(&store, &intent(4, WriteKind::Agenda, Some("four")), &failed);
    // A move in between changes no text.
    written(&store, &intent(5, WriteKind::Move, None), &done());
    assert_eq!(last_block(&store).as_deref(), Some("two"));
    let undo = Intent { undoes: Some(two), ..intent(6, WriteKind::Undo, None) };
    written(&store, &undo, &Outcome::Refused { reason: "changed since".to_owned() });
    assert_eq!(last_block(&store).as_deref(), Some("two"), "a refused undo undoes nothing");
    written(&store, &undo, &done());
    assert_eq!(last_block(&store).as_deref(), Some("one"));
    let elsewhere = store.last_written(&me(), &EventUid::new("uid-1"), Some(at(9))).unwrap();
    assert_eq!(elsewhere, None);
}

#[test]
fn a_later_outcome_overrules_an_earlier_one() {
    let store = Store::memory().unwrap();
    let failed = Outcome::Failed { reason: "no answer".to_owned() };
    let id = written(&store, &intent(1, WriteKind::Agenda, Some("one")), &failed);
    store.append_outcome(id, &done(), at(9)).unwrap();
    let entry = store.journal_entry(&me(), id).unwrap().unwrap();
    assert_eq!((entry.outcome, entry.settled_at), (Some(done()), Some(at(9))));
    assert!(store.append_outcome(JournalId(999), &done(), at(1)).is_err());
}

#[test]
fn mails_are_counted_across_restarts_and_unknown_counts_as_one() {
    let store = Store::memory().unwrap();
    let mailing = |second, mails| Intent { mails, ..intent(second, WriteKind::Move, None) };
    written(&store, &mailing(10, Some(2)), &done());
    written(&store, &mailing(20, None), &done());
    written(&store, &mailing(30, Some(0)), &done());
    written(&store, &mailing(40, Some(5)), &Outcome::Stale);
    written(&store, &mailing(50, Some(5)), &Outcome::Refused { reason: String::new() });
    store.append_intent(&me(), &mailing(60, Some(1))).unwrap();
    let all = store.write_counts(&me(), at(0), None).unwrap();
    assert_eq!(all, WriteCounts { writes: 4, mailing: 3, people: 4 });
    let uid = EventUid::new("uid-1");
    let today = store.write_counts(&me(), at(15), Some((&uid, Some(at(0))))).unwrap();
    assert_eq!(today, WriteCounts { writes: 3, mailing: 2, people: 2 });
    let other = store.write_counts(&me(), at(0), Some((&uid, None))).unwrap();
    assert_eq!(other, WriteCounts::default());
    let mail_only = EntryFilter { mail_only: true, limit: Some(2), ..EntryFilter::default() };
    let entries = store.journal_entries(&me(), &mail_only).unwrap();
    assert_eq!(entries.iter().map(|e| e.intent.at).collect::<Vec<_>>(), [at(50), at(60)]);
}

#[test]
fn journal_filters() {
    let store = Store::memory().unwrap();
    written(&store, &intent(1, WriteKind::Create, None), &done());
    written(&store, &intent(2, WriteKind::Move, None), &done());
    let count = |filter: EntryFilter| store.journal_entries(&me(), &filter).unwrap().len();
    assert_eq!(count(EntryFilter::default()), 2);
    assert_eq!(count(EntryFilter { kind: Some(WriteKind::Move), ..EntryFilter::default() }), 1);
    assert_eq!(count(EntryFilter { since: Some(at(2)), ..EntryFilter::default() }), 1);
    assert_eq!(count(EntryFilter { pair: Some(PairId::new("mei")), ..EntryFilter::default() }), 0);
    assert_eq!(count(EntryFilter { recurrence_id: Some(at(0)), ..EntryFilter::default() }), 2);
    let stranger = OwnerId::new("mei@example.org");
    assert!(store.journal_entries(&stranger, &EntryFilter::default()).unwrap().is_empty());
}

#[test]
fn ledger_and_journal_cannot_be_changed() {
    let store = Store::memory().unwrap();
    written(&store, &intent(1, WriteKind::Create, None), &done());
    store.append_ledger(&me(), &[fact("appeared", 1)]).unwrap();
    for sql in [
        "UPDATE ledger SET kind = 'x'",
        "DELETE FROM ledger",
        "UPDATE intent SET summary = 'x'",
        "DELETE FROM intent",
        "UPDATE outcome SET state = 'stale'",
        "DELETE FROM outcome",
        "INSERT OR REPLACE INTO ledger SELECT * FROM ledger",
        "INSERT OR REPLACE INTO outcome SELECT * FROM outcome",
    ] {
        let error = store.connection.execute(sql, []).unwrap_err().to_string();
        assert!(error.contains("append-only"), "{sql}: {error}");
    }
}

fn fact(kind: &str, second: i64) -> NewLedgerRow {
    NewLedgerRow {
        at: at(second),
        pair: PairId::new(if second % 2 == 0 { "bob" } else { "mei" }),
        kind: kind.to_owned(),
        planned: Some(at(second)),
        uid: None,
        recurrence_id: None,
        payload: "{}".to_owned(),
    }
}

#[test]
fn the_ledger_is_read_in_order_from_any_point() {
    let store = Store::memory().unwrap();
    let facts: Vec<_> = (0..10).map(|second| fact("moved", second)).collect();
    assert_eq!(store.append_ledger(&me(), &[]).unwrap(), None);
    let last = store.append_ledger(&me(), &facts).unwrap().unwrap();
    let stranger = OwnerId::new("someone@example.org");
    store.append_ledger(&stranger, &facts).unwrap();
    assert_eq!(store.ledger_end(&me()).unwrap(), last);
    let rows = store.ledger_since(&me(), 0).unwrap();
    assert_eq!(rows.iter().map(|row| row.fact.clone()).collect::<Vec<_>>(), facts);
    assert_eq!(store.ledger_since(&me(), rows[6].seq).unwrap().len(), 3);
    let mut of_bob = Vec::new();
    store.each_ledger_row_of(&me(), &PairId::new("bob"), 0, |row| of_bob.push(row.seq)).unwrap();
    assert_eq!(of_bob.len(), 5);
    assert!(of_bob.is_sorted());
}

fn item(id: &str, second: i64) -> Item {
    Item {
        id: ItemId::new(id),
        pair: PairId::new("bob"),
        kind: ItemKind::Action,
        text: "hire — „two\" people\u{1f600}".to_owned(),
        side: Side::Partner,
        private: false,
        created: at(second),
        due: Some("2026-02-28".parse().unwrap()),
        later: Some("2026-01-01".parse().unwrap()),
        done: None,
        carried: 3,
        origin: Origin::Reply,
    }
}

#[test]
fn items_come_back_as_they_were_and_dropped_ones_do_not() {
    let store = Store::memory().unwrap();
    let bob = PairId::new("bob");
    assert_eq!(store.next_item_id(&me()).unwrap(), ItemId::new("1"));
    for (id, second) in [("1", 1), ("2", 2), ("10", 2)] {
        store.put_item(&me(), &item(id, second)).unwrap();
    }
    assert_eq!(store.next_item_id(&me()).unwrap(), ItemId::new("11"));
    let open = store.items(&me(), &bob, ItemScope::Open).unwrap();
    assert_eq!(open, [item("1", 1), item("2", 2), item("10", 2)]);
    let ticked = Item { done: Some(at(5)), carried: 4, ..item("1", 1) };
    store.put_item(&me(), &ticked).unwrap();
    assert_eq!(store.items(&me(), &bob, ItemScope::Open).unwrap().len(), 2);
    assert_eq!(store.item(&me(), &ticked.id).unwrap(), Some(ticked.clone()));
    assert!(store.drop_item(&me(), &ItemId::new("10"), at(6)).unwrap());
    assert!(!store.drop_item(&me(), &ItemId::new("10"), at(6)).unwrap());
    assert_eq!(store.items(&me(), &bob, ItemScope::All).unwrap(), [ticked, item("2", 2)]);
    // Its number is not given to another.
    assert_eq!(store.next_item_id(&me()).unwrap(), ItemId::new("11"));
}

#[test]
fn flags_and_marks_are_new_once() {
    let store = Store::memory().unwrap();
    let bob = PairId::new("bob");
    assert!(store.raise_flag(&me(), &bob, "overdue", at(1)).unwrap());
    assert!(!store.raise_flag(&me(), &bob, "overdue", at(2)).unwrap());
    assert!(store.clear_flag(&me(), &bob, "overdue", at(3)).unwrap());
    assert!(!store.clear_flag(&me(), &bob, "overdue", at(4)).unwrap());
    assert!(store.raise_flag(&me(), &bob, "overdue", at(5)).unwrap());
    let flags = store.flags(&me(), &bob).unwrap();
    let times: Vec<_> = flags.iter().map(|flag| (flag.raised_at, flag.cleared_at)).collect();
    assert_eq!(times, [(at(1), Some(at(3))), (at(5), None)]);
    assert!(store.mark_once(&me(), "notice", "overdue bob", at(1)).unwrap());
    assert!(!store.mark_once(&me(), "notice", "overdue bob", at(2)).unwrap());
    assert_eq!(store.marked_at(&me(), "notice", "overdue bob").unwrap(), Some(at(1)));
    assert!(store.mark_once(&OwnerId::new("mei"), "notice", "overdue bob", at(2)).unwrap());
}

#[test]
fn pauses_of_a_pair_and_of_everything() {
    let store = Store::memory().unwrap();
    let (bob, mei) = (PairId::new("bob"), PairId::new("mei"));
    let until = Pause { since: at(1), until: Some(at(10)) };
    store.pause(&me(), Some(&bob), until).unwrap();
    assert_eq!(store.paused(&me(), Some(&bob), at(9)).unwrap(), Some(until));
    assert_eq!(store.paused(&me(), Some(&bob), at(10)).unwrap(), None);
    assert_eq!(store.paused(&me(), Some(&mei), at(5)).unwrap(), None);
    let all = Pause { since: at(2), until: None };
    store.pause(&me(), None, all).unwrap();
    assert_eq!(store.paused(&me(), Some(&mei), at(99)).unwrap(), Some(all));
    assert_eq!(store.paused(&me(), Some(&bob), at(5)).unwrap(), Some(until), "its own comes first");
    assert!(store.resume(&me(), None).unwrap());
    assert!(!store.resume(&me(), None).unwrap());
    assert_eq!(store.paused(&me(), None, at(5)).unwrap(), None);
}

#[test]
fn pins_consents_addresses_and_values() {
    let store = Store::memory().unwrap();
    let key = |recurrence_id| OccurrenceKey { uid: EventUid::new("uid-1"), recurrence_id };
    let pin = |second, recurrence_id| Pin {
        occurrence: key(recurrence_id),
        at: at(second),
        reason: "dragged".to_owned(),
    };
    store.pin(&me(), &pin(1, None)).unwrap();
    store.pin(&me(), &pin(1, Some(at(7)))).unwrap();
    store.pin(&me(), &pin(2, None)).unwrap();
    assert_eq!(store.pins(&me()).unwrap(), [pin(1, None), pin(1, Some(at(7)))]);
    assert!(store.unpin(&me(), &key(None)).unwrap());
    assert_eq!(store.pins(&me()).unwrap().len(), 1);

    assert!(!store.use_mail_consent(&me(), &key(None), at(1)).unwrap());
    store.give_mail_consent(&me(), &key(None), at(1)).unwrap();
    assert!(store.mail_consent(&me(), &key(None)).unwrap());
    assert!(store.use_mail_consent(&me(), &key(None), at(2)).unwrap());
    store.give_mail_consent(&me(), &key(None), at(3)).unwrap();
    assert!(!store.use_mail_consent(&me(), &key(None), at(4)).unwrap(), "once per meeting");

    let bob = PairId::new("bob");
    store.confirm_address(&me(), &bob, &Address::new("Bob@Private.example"), at(1)).unwrap();
    let known = store.confirmed_addresses(&me(), &bob).unwrap();
    assert_eq!(known, [Address::new("bob@private.example")]);
    store.set_value(&me(), Some(&bob), "k", Some("v"), at(1)).unwrap();
    store.set_value(&me(), None, "k", Some("w"), at(2)).unwrap();
    assert_eq!(store.value(&me(), Some(&bob), "k").unwrap(), Some(("v".to_owned(), at(1))));
    store.set_value(&me(), Some(&bob), "k", None, at(3)).unwrap();
    assert_eq!(store.value(&me(), Some(&bob), "k").unwrap(), None);
    assert_eq!(store.value(&me(), None, "k").unwrap(), Some(("w".to_owned(), at(2))));
}

#[test]
fn the_first_frozen_agenda_stands_and_questions_are_kept_once() {
    let store = Store::memory().unwrap();
    let bob = PairId::new("bob");
    let agenda = |beat, shared: &str| FrozenAgenda {
        pair: bob.clone(),
        beat: at(beat),
        frozen_at: at(beat + 1),
        shared: shared.to_owned(),
        private: "mine".to_owned(),
    };
    assert!(store.freeze_agenda(&me(), &agenda(1, "one")).unwrap());
    assert!(!store.freeze_agenda(&me(), &agenda(1, "changed")).unwrap());
    store.freeze_agenda(&me(), &agenda(2, "two")).unwrap();
    assert_eq!(store.frozen_agendas(&me(), &bob, 1).unwrap(), [agenda(2, "two")]);
    assert_eq!(store.frozen_agenda(&me(), &bob, at(1)).unwrap(), Some(agenda(1, "one")));
    let asked =
        AskedQuestion { pair: bob.clone(), beat: at(1), question: QuestionId::new("growth-3") };
    store.ask_question(&me(), &asked, at(1)).unwrap();
    store.ask_question(&me(), &asked, at(2)).unwrap();
    assert_eq!(store.questions_asked(&me(), &bob).unwrap(), [asked]);
    let reflection = Reflection {
        pair: bob.clone(),
        beat: at(1),
        at: at(2),
        went_well: "listened".to_owned(),
        better: "less status".to_owned(),
        achieved: "yes".to_owned(),
    };
    store.put_reflection(&me(), &reflection).unwrap();
    assert_eq!(store.reflections(&me(), &bob).unwrap(), [reflection]);
}

#[test]
fn a_value_of_a_later_version_is_named_not_guessed() {
    let store = Store::memory().unwrap();
    store.put_item(&me(), &item("1", 1)).unwrap();
    store.connection.execute("UPDATE item SET kind = 'hologram'", []).unwrap();
    let error = store.items(&me(), &PairId::new("bob"), ItemScope::All).unwrap_err();
    assert!(matches!(error, StoreError::Unreadable { what: "kind of item", .. }), "{error:?}");
    assert!(error.to_string().contains("hologram"));
}
