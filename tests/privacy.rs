//! Private strings are planted wherever a person can type them; then everything
//! that leaves for others is searched: what the server holds, what was sent, what
//! is logged, printed and reported.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test fails by panicking

mod support;

use onbeat::model::id::OwnerId;
use onbeat::store::{EntryFilter, Store};
use support::household::Household;
use support::servers::{Kind, Server, address, shared};

const MONDAY: &str = "2026-03-02T07:00:00Z";
const EVENING: &str = "2026-03-09T17:30:00Z";
const AFTER: &str = "2026-03-10T12:00:00Z";
const APPLY: [&str; 2] = ["apply", "--yes"];
/// Never a word of any template.
const SECRET: &str = "zanzibarquartz";

#[test]
fn nothing_private_leaves_radicale() {
    leak(Kind::Radicale, "");
}

#[test]
fn nothing_private_leaves_xandikos() {
    leak(Kind::Xandikos, "");
}

#[test]
fn nothing_private_leaves_cyrus_in_a_companion_event() {
    leak(Kind::Cyrus, "agenda_mail = \"own\"\n");
}

fn leak(kind: Kind, more: &str) {
    let Some(server) = shared(kind) else { return };
    let pair = format!(
        "[[pair]]\nwith = \"wim@outside.example\"\nname = \"Wim\"\nrole = \"manager\"\n\
         every = \"1 week\"\nduration = \"30 min\"\nwindow = \"Mon-Fri 09:00-16:00\"\n\
         ideal = \"Tue 10:00\"\nmode = \"act\"\n{more}"
    );
    let home = Household::new(server, "alice", "private", &pair);
    home.must(MONDAY, &APPLY);
    home.must(EVENING, &["note", "wim", &format!("{SECRET} one"), "--private"]);
    home.must(EVENING, &["note", "wim", "The public point"]);
    home.must(EVENING, &["action", "add", "wim", &format!("{SECRET} two"), "--private"]);
    let mut heard = String::new();
    for (now, verb) in [
        (EVENING, &["-vv", "apply", "--yes"][..]),
        (EVENING, &["-vv", "plan"]),
        (EVENING, &["plan", "--json"]),
        (AFTER, &["-vv", "sync"]),
        (AFTER, &["-vv", "apply", "--yes"]),
        (AFTER, &["log"]),
        (AFTER, &["log", "--json"]),
        (AFTER, &["agenda", "wim"]),
        (AFTER, &["report"]),
        (AFTER, &["report", "--format", "md"]),
        (AFTER, &["report", "--format", "html"]),
        (AFTER, &["report", "--format", "json"]),
        (AFTER, &["report", "--format", "csv"]),
    ] {
        let ran = home.run(now, verb);
        assert_eq!(ran.code, Some(0), "{verb:?}: {ran:?}");
        heard.push_str(&ran.stdout);
        heard.push_str(&ran.stderr);
    }
    assert!(!heard.contains(SECRET), "{kind:?}: printed or logged:\n{}", around(&heard));
    let shown = home.must(EVENING, &["agenda", "wim", "--private"]);
    assert!(shown.contains(SECRET), "the owner must see it: {shown}");
    assert!(!held(server, &home).contains(SECRET), "{kind:?}: it is on the server");
    assert!(held(server, &home).contains("The public point"), "nothing was written at all");
    journal(&home);
}

/// Everything the calendar's members hold.
fn held(_server: &Server, home: &Household<'_>) -> String {
    home.members().into_iter().map(|(_, text)| text).collect()
}

/// What was sent, and what the journal says of it.
fn journal(home: &Household<'_>) {
    let store = Store::open_read(&home.path("state")).unwrap();
    let owner = OwnerId::new(address("alice"));
    let entries = store.journal_entries(&owner, &EntryFilter::default()).unwrap();
    assert!(!entries.is_empty());
    for entry in entries {
        let text = format!("{entry:?}");
        let sent = entry.intent.sent.unwrap_or_default();
        assert!(!text.contains(SECRET) && !String::from_utf8_lossy(&sent).contains(SECRET));
    }
}

fn around(text: &str) -> String {
    let at = text.find(SECRET).unwrap_or(0);
    text.chars().skip(at.saturating_sub(200)).take(400).collect()
}
