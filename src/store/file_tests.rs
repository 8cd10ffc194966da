//! The state as a file: modes, locks, damage, upgrades, crashes, full disks.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::schema;
use super::*;
use crate::model::agenda::{Item, ItemKind, Origin, Side};
use crate::model::id::{
    CalendarId, Etag, EventUid, Href, ItemId, OwnerId, PairId, StepId, SyncToken,
};
use crate::model::journal::{Intent, WriteKind};
use crate::model::resource::Resource;
use crate::model::snapshot::Coverage;

/// Set in the child that [`killed_at_any_moment_everything_acknowledged_is_there`] kills.
const CHILD: &str = "ONBEAT_TEST_STORE_CHILD";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + second).unwrap()
}

fn me() -> OwnerId {
    OwnerId::new("elena@example.org")
}

fn work() -> CalendarId {
    CalendarId::new("work", "/dav/work/")
}

fn resource(number: usize, text: &str) -> Resource {
    Resource {
        calendar: work(),
        href: Href::new(format!("/dav/work/{number:05}.ics")),
        etag: Etag::new("\"1\""),
        parent: None,
        data: text.as_bytes().to_vec(),
    }
}

fn fact(second: i64) -> NewLedgerRow {
    NewLedgerRow {
        at: at(second),
        pair: PairId::new("bob"),
        kind: "appeared".to_owned(),
        planned: Some(at(second + 3600)),
        uid: Some(EventUid::new("uid-1")),
        recurrence_id: None,
        payload: "{\"n\":1}".repeat(8),
    }
}

fn intent(second: i64) -> Intent {
    Intent {
        step: StepId::new("step"),
        pair: PairId::new("bob"),
        calendar: work(),
        href: Href::new("a"),
        uid: EventUid::new("uid-1"),
        recurrence_id: None,
        kind: WriteKind::Agenda,
        summary: "agenda".to_owned(),
        at: at(second),
        before: Some(vec![b'x'; 500]),
        before_etag: None,
        sent_digest: "00".to_owned(),
        mails: Some(0),
        block: Some("block".to_owned()),
        undoes: None,
        sent: None,
        new_start: None,
    }
}

fn item(id: &str) -> Item {
    Item {
        id: ItemId::new(id),
        pair: PairId::new("bob"),
        kind: ItemKind::Topic,
        text: "roadmap".to_owned(),
        side: Side::Owner,
        private: true,
        created: at(0),
        due: Some("2026-03-01".parse().unwrap()),
        later: None,
        done: None,
        carried: 2,
        origin: Origin::CommandLine,
    }
}

/// A closed state with something in every part.
fn filled(dir: &Path) {
    let store = Store::open(dir).unwrap();
    let reading = store.begin_reading(&me(), &work()).unwrap();
    let page: Vec<_> = (0..200).map(|n| resource(n, &"BEGIN:VCALENDAR ".repeat(20))).collect();
    store.put_resources(&reading, &page).unwrap();
    let end = ReadingEnd {
        extent: ReadExtent::Full,
        token: TokenChange::Store(Some(SyncToken::new("t1"))),
        skipped: Vec::new(),
        at: at(1),
    };
    store.finish_reading(reading, &end).unwrap();
    let facts: Vec<_> = (0..2_000).map(fact).collect();
    store.append_ledger(&me(), &facts).unwrap();
    for second in 0..20 {
        store.append_intent(&me(), &intent(second)).unwrap();
    }
    store.put_item(&me(), &item("1")).unwrap();
}

#[test]
fn directory_and_file_are_for_the_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("deep/state");
    let store = Store::open(&state).unwrap();
    store.append_ledger(&me(), &[fact(1)]).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    for file in fs::read_dir(&state).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn everything_is_there_after_closing() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let store = Store::open_read(dir.path()).unwrap();
    assert_eq!(store.resource_count(&me(), &work()).unwrap(), 200);
    assert_eq!(store.ledger_since(&me(), 1_990).unwrap().len(), 10);
    assert_eq!(store.open_intents(&me()).unwrap().len(), 20);
    assert_eq!(store.items(&me(), &PairId::new("bob"), ItemScope::Open).unwrap(), [item("1")]);
    assert_eq!(store.owners().unwrap(), [me()]);
}

#[test]
fn looking_makes_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let error = Store::open_read(dir.path()).unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }));
    assert!(fs::read_dir(dir.path()).unwrap().next().is_none());
}

#[test]
fn one_cycle_at_a_time_but_notes_any_time() {
    let dir = tempfile::tempdir().unwrap();
    let daemon = Store::open(dir.path()).unwrap();
    let guard = daemon.lock("run").unwrap();
    let note = Store::open(dir.path()).unwrap();
    let error = note.lock("apply").unwrap_err();
    assert!(error.to_string().contains("onbeat run, process "), "{error}");
    note.put_item(&me(), &item("1")).unwrap();
    assert_eq!(daemon.items(&me(), &PairId::new("bob"), ItemScope::Open).unwrap().len(), 1);
    drop(guard);
    assert!(note.lock("apply").is_ok());
}

#[test]
fn two_writers_at_once_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    Store::open(dir.path()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let store = Store::open(dir.path()).unwrap();
                for second in 0..40 {
                    store.append_ledger(&me(), &[fact(second), fact(second)]).unwrap();
                }
            });
        }
    });
    let rows = Store::open_read(dir.path()).unwrap().ledger_since(&me(), 0).unwrap();
    assert_eq!(rows.len(), 160);
    assert!(rows.windows(2).all(|pair| pair[0].seq < pair[1].seq));
}

/// Damages a file and says what opening it gives.
fn damaged(harm: impl FnOnce(&mut Vec<u8>)) -> (tempfile::TempDir, StoreError) {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let path = dir.path().join(STATE_FILE);
    let mut bytes = fs::read(&path).unwrap();
    harm(&mut bytes);
    fs::write(&path, &bytes).unwrap();
    let error = Store::open(dir.path()).expect_err("a damaged file opens");
    assert_eq!(fs::read(&path).unwrap(), bytes, "the damaged file is as it was");
    (dir, error)
}

#[test]
fn damaged_files_are_named_and_left_alone() {
    let truncate = damaged(|bytes| bytes.truncate(bytes.len() / 2));
    let header = damaged(|bytes| bytes[..100].fill(0));
    let flipped = damaged(|bytes| {
        let page = bytes.len() / 4096 / 2 * 4096;
        bytes[page..page + 64].iter_mut().for_each(|byte| *byte ^= 0xff);
    });
    let stranger = damaged(|bytes| *bytes = b"this is a shopping list, not a state file".repeat(9));
    for (dir, error) in [truncate, header, flipped, stranger] {
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
        assert!(error.to_string().contains(&dir.path().join(STATE_FILE).display().to_string()));
        assert!(error.remedy().contains("backup"));
    }
}

#[test]
fn a_damaged_file_is_moved_aside_and_its_readable_rows_are_carried_over() {
    let (dir, _) = damaged(|bytes| {
        // One page in the middle: pages before and behind it stay readable.
        let page = bytes.len() / 4096 / 2 * 4096;
        bytes[page..page + 4096].fill(0xee);
    });
    let before = fs::read(dir.path().join(STATE_FILE)).unwrap();
    let done = Store::quarantine_corrupt(dir.path(), at(9)).unwrap();
    assert!(done.saved > 500, "{done:?}");
    assert_eq!(fs::read(&done.moved_to).unwrap(), before);
    let store = Store::open(dir.path()).unwrap();
    let facts = store.ledger_since(&me(), 0).unwrap();
    assert!(facts.len() <= 2_000 && facts.len() + 300 > 2_000, "{}", facts.len());
    assert!(facts.iter().all(|row| row.fact.uid == Some(EventUid::new("uid-1"))));
    // The mirror is read again: nothing in it is taken for known.
    assert_eq!(store.calendar_state(&me(), &work()).unwrap(), None);
    // The next fact does not reuse a number.
    let last = facts.last().unwrap().seq;
    assert!(store.append_ledger(&me(), &[fact(5)]).unwrap().unwrap() > last);
}

#[test]
fn a_healthy_file_is_carried_over_whole() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let done = Store::quarantine_corrupt(dir.path(), at(9)).unwrap();
    assert_eq!((done.saved, done.incomplete.len()), (2_000 + 20 + 1 + 1, 0));
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.open_intents(&me()).unwrap().len(), 20);
    // Twice in a second does not overwrite the first one's file.
    let again = Store::quarantine_corrupt(dir.path(), at(9)).unwrap();
    assert_ne!(again.moved_to, done.moved_to);
}

#[test]
fn a_newer_file_is_refused_and_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.connection.pragma_update(None, "user_version", 99).unwrap();
    drop(store);
    let error = Store::open(dir.path()).unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 99, .. }));
    assert!(error.remedy().contains("newer onbeat"));
    assert!(Store::open_read(dir.path()).is_err());
}

#[test]
fn an_upgrade_keeps_the_data_and_a_failing_one_changes_nothing() {
    let path = Path::new(":memory:");
    let first = "CREATE TABLE t (a INTEGER) STRICT; INSERT INTO t VALUES (1);";
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    schema::migrate_with(&connection, path, &[first]).unwrap();
    let broken = "ALTER TABLE t ADD COLUMN b INTEGER; CREATE TABLE t (a INTEGER);";
    assert!(schema::migrate_with(&connection, path, &[first, broken]).is_err());
    assert_eq!(schema::found(&connection).unwrap(), 1);
    assert!(connection.prepare("SELECT b FROM t").is_err());
    let good = "ALTER TABLE t ADD COLUMN b INTEGER;";
    schema::migrate_with(&connection, path, &[first, good]).unwrap();
    schema::migrate_with(&connection, path, &[first, good]).unwrap();
    let kept: i64 = connection.query_row("SELECT a FROM t", [], |row| row.get(0)).unwrap();
    assert_eq!((kept, schema::found(&connection).unwrap()), (1, 2));
}

#[test]
fn an_upgrade_waits_for_whoever_works_on_the_old_schema() {
    let dir = tempfile::tempdir().unwrap();
    let old = Store::open(dir.path()).unwrap();
    let _working = old.lock("run").unwrap();
    // As if this file were one schema behind.
    old.connection.pragma_update(None, "user_version", schema::known() - 1).unwrap();
    let opened = Store::open(dir.path());
    if schema::known() > 1 {
        assert!(matches!(opened, Err(StoreError::Locked { .. })));
    } else {
        // Schema 0 is an empty file; making it anew over existing tables fails whole.
        assert!(opened.is_err());
    }
}

/// SHA-256 of each migration. A released one never changes: add the next file.
const CHECKSUMS: &[&str] = &["e8904e80a782c1008ff1bca6881e9245e55a37437ec60c8df58cd4f9fea0f4a3"];

#[test]
fn old_migrations_never_change() {
    let sums: Vec<String> = schema::MIGRATIONS
        .iter()
        .map(|sql| Sha256::digest(sql).iter().map(|byte| format!("{byte:02x}")).collect())
        .collect();
    assert_eq!(sums, CHECKSUMS, "add a migration; do not edit one");
}

#[test]
fn a_directory_that_cannot_be_written_is_said_so() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "x").unwrap();
    // A file where the directory should be; the kernel's own read-only tree.
    for place in [file.join("state"), PathBuf::from("/sys/onbeat-state"), file] {
        let error = Store::open(&place).unwrap_err();
        assert!(matches!(error, StoreError::NotWritable { .. }), "{error:?}");
        assert!(error.remedy().contains("--state"));
    }
}

#[test]
fn a_full_disk_loses_nothing_that_was_there() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.append_ledger(&me(), &[fact(1)]).unwrap();
    let pages: i64 = store.connection.pragma_query_value(None, "page_count", |r| r.get(0)).unwrap();
    let cap = |pages: i64| {
        store
            .connection
            .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
            .unwrap();
    };
    cap(pages + 2);
    let reading = store.begin_reading(&me(), &work()).unwrap();
    let page: Vec<_> = (0..50).map(|n| resource(n, &"x".repeat(2_000))).collect();
    let error = store.put_resources(&reading, &page).unwrap_err();
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error:?}");
    assert_eq!(store.resource_count(&me(), &work()).unwrap(), 0);
    assert_eq!(store.ledger_since(&me(), 0).unwrap().len(), 1);
    cap(100_000);
    assert_eq!(store.put_resources(&reading, &page).unwrap(), 50);
}

#[test]
fn a_copy_taken_in_mid_reading_is_a_state_the_next_reading_repairs() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let store = Store::open(dir.path()).unwrap();
    let reading = store.begin_reading(&me(), &work()).unwrap();
    store.put_resources(&reading, &[resource(900, "new")]).unwrap();
    store.mark_removed(&reading, &resource(0, "").href).unwrap();
    // Exactly what lies on the disk if the process dies now.
    let copy = tempfile::tempdir().unwrap();
    for name in [STATE_FILE.to_owned(), format!("{STATE_FILE}-wal")] {
        fs::copy(dir.path().join(&name), copy.path().join(&name)).unwrap();
    }
    let crashed = Store::open(copy.path()).unwrap();
    let state = crashed.calendar_state(&me(), &work()).unwrap().unwrap();
    assert_eq!(state.token, Some(SyncToken::new("t1")));
    assert!(matches!(state.coverage, Coverage::Partial { synced_at: Some(_), .. }));
    assert_eq!(crashed.resource_count(&me(), &work()).unwrap(), 201);
    assert!(crashed.tombstones_after(&me(), &work(), 0).unwrap().is_empty());
}

/// The child: writes and acknowledges each write on stdout until it is killed.
#[test]
#[allow(clippy::disallowed_methods)] // the test's own switch
fn child_that_writes_until_killed() {
    let Ok(dir) = std::env::var(CHILD) else { return };
    let store = Store::open(Path::new(&dir)).unwrap();
    let _lock = store.lock("child").unwrap();
    for n in 0..100_000_usize {
        let second = i64::try_from(n).unwrap();
        let id = store.append_intent(&me(), &intent(second)).unwrap();
        let done = crate::model::journal::Outcome::Done { etag: None };
        store.append_outcome(id, &done, at(second)).unwrap();
        let reading = store.begin_reading(&me(), &work()).unwrap();
        store.put_resources(&reading, &[resource(n, "text")]).unwrap();
        let end = ReadingEnd {
            extent: ReadExtent::Delta,
            token: TokenChange::Store(Some(SyncToken::new(n.to_string()))),
            skipped: Vec::new(),
            at: at(second),
        };
        store.finish_reading(reading, &end).unwrap();
        println!("\nwrote {n}");
    }
}

#[test]
fn killed_at_any_moment_everything_acknowledged_is_there() {
    for after in [1_usize, 7, 20] {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::file_tests::child_that_writes_until_killed", "--nocapture"])
            .env(CHILD, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let acknowledged = lines.filter(|line| line.starts_with("wrote ")).take(after).count();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(acknowledged, after);
        let store = Store::open(dir.path()).unwrap();
        let _lock = store.lock("test").expect("the lock died with its process");
        store.examine().unwrap();
        let entries = store.journal_entries(&me(), &EntryFilter::default()).unwrap();
        let done = entries.iter().filter(|entry| entry.outcome.is_some()).count();
        assert!(done >= after && entries.len() - done <= 1);
        let open = store.open_intents(&me()).unwrap();
        assert_eq!(open.len(), entries.len() - done);
        // The token never runs ahead of the members it stands for.
        let state = store.calendar_state(&me(), &work()).unwrap().unwrap();
        let token: u64 = state.token.unwrap().as_str().parse().unwrap();
        let members = store.resource_count(&me(), &work()).unwrap();
        assert!(members > token && members - token <= 2);
    }
}
