//! Measures the state file: a ledger of a million facts, a calendar of 20,000
//! members put, listed again unchanged and read, opening and checking the file.
//! `cargo bench --bench store -- [DIR]`; prints one line per measurement and the
//! peak memory. DIR should lie on a real disk.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods, missing_docs)]

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;
use onbeat::model::id::{CalendarId, Etag, EventUid, Href, OwnerId, PairId, StepId, SyncToken};
use onbeat::model::journal::{Intent, Outcome, WriteKind};
use onbeat::model::resource::Resource;
use onbeat::store::{NewLedgerRow, ReadExtent, ReadingEnd, Store, TokenChange};

const FACTS: usize = 1_000_000;
const PAIRS: usize = 500;
const MEMBERS: usize = 20_000;

fn measured<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let value = work();
    println!("{what:<52} {:>9.1} ms   peak {} MiB", start.elapsed().as_secs_f64() * 1e3, peak());
    value
}

/// Peak resident memory of this process so far, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn at(second: usize) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + i64::try_from(second).unwrap()).unwrap()
}

fn fact(n: usize) -> NewLedgerRow {
    NewLedgerRow {
        at: at(n),
        pair: PairId::new(format!("person-{}@example.org", n % PAIRS)),
        kind: "moved".to_owned(),
        planned: Some(at(n)),
        uid: Some(EventUid::new(format!("3fa4c0de-{:08}@example.org", n % 5_000))),
        recurrence_id: Some(at(n)),
        payload: r#"{"from":"2026-03-03T09:00:00Z","to":"2026-03-04T09:00:00Z","by":"owner"}"#
            .to_owned(),
    }
}

fn member(n: usize) -> Resource {
    Resource {
        calendar: CalendarId::new("work", "/dav/work/"),
        href: Href::new(format!("/dav/work/{n:06}-3fa4c0de.ics")),
        etag: Etag::new(&format!("\"{n}\"")),
        parent: None,
        data: format!(
            "BEGIN:VCALENDAR\r\n{}{n}\r\nEND:VCALENDAR\r\n",
            "X-LINE:0123456789\r\n".repeat(60)
        )
        .into_bytes(),
    }
}

fn full(store: &Store, owner: &OwnerId, unchanged: bool) {
    let calendar = CalendarId::new("work", "/dav/work/");
    let reading = store.begin_reading(owner, &calendar).unwrap();
    for page in 0..MEMBERS / 100 {
        let numbers = page * 100..(page + 1) * 100;
        if unchanged {
            for n in numbers {
                let href = Href::new(format!("/dav/work/{n:06}-3fa4c0de.ics"));
                black_box(store.known_tag(&reading, &href).unwrap());
                store.mark_seen(&reading, &href).unwrap();
            }
        } else {
            let members: Vec<Resource> = numbers.map(member).collect();
            store.put_resources(&reading, &members).unwrap();
        }
    }
    let end = ReadingEnd {
        extent: ReadExtent::Full,
        token: TokenChange::Store(Some(SyncToken::new("token"))),
        skipped: Vec::new(),
        at: at(1),
    };
    assert!(store.finish_reading(reading, &end).unwrap().removed.is_empty());
}

fn idle(store: &Store, owner: &OwnerId) {
    let calendar = CalendarId::new("work", "/dav/work/");
    let reading = store.begin_reading(owner, &calendar).unwrap();
    let end = ReadingEnd {
        extent: ReadExtent::Unchanged,
        token: TokenChange::Store(Some(SyncToken::new("token"))),
        skipped: Vec::new(),
        at: at(2),
    };
    store.finish_reading(reading, &end).unwrap();
}

fn write(store: &Store, owner: &OwnerId, n: usize) {
    let intent = Intent {
        step: StepId::new("step"),
        pair: PairId::new("bob@example.org"),
        calendar: CalendarId::new("work", "/dav/work/"),
        href: Href::new("a.ics"),
        uid: EventUid::new(format!("uid-{n}")),
        recurrence_id: Some(at(n)),
        kind: WriteKind::Agenda,
        summary: "agenda for Bob".to_owned(),
        at: at(n),
        before: Some(vec![b'x'; 2_000]),
        before_etag: None,
        sent_digest: "00".repeat(32),
        mails: Some(0),
        block: Some("block".repeat(100)),
        undoes: None,
        sent: Some(vec![b'x'; 2_000]),
        new_start: None,
    };
    let id = store.append_intent(owner, &intent).unwrap();
    store.append_outcome(id, &Outcome::Done { etag: None }, at(n)).unwrap();
}

fn mirror(dir: &Path, owner: &OwnerId) {
    let store = measured("open a new state", || Store::open(dir).unwrap());
    measured("first listing of 20,000 members (1.1 kB each)", || full(&store, owner, false));
    measured("listing of 20,000 unchanged members", || full(&store, owner, true));
    measured("1,000 idle readings", || (0..1_000).for_each(|_| idle(&store, owner)));
    let calendar = CalendarId::new("work", "/dav/work/");
    measured("visit 20,000 members", || {
        let mut bytes = 0;
        store.each_resource(owner, &calendar, |resource| bytes += resource.data.len()).unwrap();
        black_box(bytes)
    });
    measured("200 writes journaled (intent and outcome)", || {
        (0..200).for_each(|n| write(&store, owner, n));
    });
    measured("examine the file", || store.examine().unwrap());
}

fn ledger(dir: &Path, owner: &OwnerId) {
    let store = Store::open(dir).unwrap();
    measured("append 1,000,000 facts in batches of 10,000", || {
        for batch in 0..FACTS / 10_000 {
            let facts: Vec<_> = (batch * 10_000..(batch + 1) * 10_000).map(fact).collect();
            store.append_ledger(owner, &facts).unwrap();
        }
    });
    drop(store);
    let store = measured("open a state of a million facts", || Store::open_read(dir).unwrap());
    measured("visit 1,000,000 facts", || {
        let mut count = 0_usize;
        store.each_ledger_row(owner, 0, |row| count += row.fact.payload.len()).unwrap();
        black_box(count)
    });
    let pair = PairId::new("person-7@example.org");
    measured("visit one pair's 2,000 facts", || {
        let mut count = 0_usize;
        store.each_ledger_row_of(owner, &pair, 0, |_| count += 1).unwrap();
        assert_eq!(count, FACTS / PAIRS);
    });
    measured("the last fact's number", || store.ledger_end(owner).unwrap());
    measured("examine the file", || store.examine().unwrap());
    let size = std::fs::metadata(store.path()).unwrap().len();
    println!("file {} MiB", size / 1024 / 1024);
}

fn main() {
    let base = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let base = base.unwrap_or_else(|| std::env::temp_dir().display().to_string());
    let dir = Path::new(&base).join(format!("onbeat-bench-{}", std::process::id()));
    let owner = OwnerId::new("elena@example.org");
    mirror(&dir.join("mirror"), &owner);
    ledger(&dir.join("ledger"), &owner);
    std::fs::remove_dir_all(&dir).unwrap();
}
