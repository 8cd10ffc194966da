//! The command line against servers: set-up, a cycle, and what goes wrong.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // helpers outside #[test] functions

#[path = "cli/bench.rs"]
mod bench;
mod support;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use bench::Bench;
use support::servers::{self, Kind, Server};

/// A server that gives every request the same answer.
fn answering(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let Ok(mut connection) = connection else { return };
            let mut buffer = [0; 8192];
            let _ = connection.read(&mut buffer);
            let _ = connection.write_all(answer.as_bytes());
        }
    });
    url
}

fn http(status: &str, kind: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// A configuration with this account beside the demo's folder.
fn with_server(url: &str) -> Bench {
    let bench = Bench::demo();
    fs::write(bench.path("pw"), "correct horse\n").unwrap();
    fs::set_permissions(bench.path("pw"), fs::Permissions::from_mode(0o600)).unwrap();
    let config = fs::read_to_string(bench.path("onbeat.toml")).unwrap();
    let account = format!(
        "[[account]]\nname = \"away\"\nkind = \"caldav\"\nurl = \"{url}\"\nusername = \"e\"\n\
         password = {{ file = \"pw\" }}\ncalendar = \"work\"\n\n"
    );
    let config = config.replacen("[[pair]]", &format!("{account}[[pair]]"), 1);
    fs::write(bench.path("onbeat.toml"), config).unwrap();
    bench
}

/// The other account is read all the same; the exit code says that it is partial.
fn partial(url: &str, expected: &str) {
    let bench = with_server(url);
    let out = bench.run(&["sync"]);
    assert!(out.contains("work/work  12 events, read completely"), "{out}");
    assert!(out.contains(expected), "{out}");
    assert!(out.ends_with("exit 3\n"), "{out}");
    assert!(!out.contains("correct horse"), "{out}");
    let out = bench.run(&["check"]);
    assert!(out.contains("BAD  account away"), "{out}");
    assert!(out.ends_with("exit 3\n"), "{out}");
    // Taken time could look free, so nothing is planned while a calendar is missing.
    let out = bench.run(&["status"]);
    assert!(out.contains("Bob"), "{out}");
}

#[test]
fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    partial(&url, "the server cannot be reached");
}

#[test]
fn a_wrong_password() {
    partial(
        &answering(http("401 Unauthorized", "text/plain", "no")),
        "does not accept the credentials",
    );
}

#[test]
fn a_web_page_instead_of_a_calendar() {
    let page = "<!doctype html><html><body>Please log in</body></html>";
    partial(&answering(http("200 OK", "text/html", page)), "unexpected answer");
}

#[test]
fn a_secret_that_others_can_read() {
    let bench = with_server("http://127.0.0.1:9/");
    fs::set_permissions(bench.path("pw"), fs::Permissions::from_mode(0o644)).unwrap();
    let out = bench.run(&["check"]);
    assert!(out.contains("read"), "{out}");
    assert!(out.contains("chmod 600"), "{out}");
    assert!(!out.contains("correct horse"), "{out}");
}

/// `init`, a plan and an agenda on a real server, from nothing.
fn from_nothing(kind: Kind) {
    let Some(server) = Server::start(kind) else { return };
    let calendar = server.new_calendar("alice", "one-on-ones");
    let series = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:VEVENT\r\nUID:weekly\r\n\
        DTSTAMP:20260901T000000Z\r\nDTSTART:20260902T090000Z\r\nDTEND:20260902T093000Z\r\nRRULE:FREQ=WEEKLY\r\n\
        SUMMARY:1:1 Dora\r\nORGANIZER:mailto:alice@example.test\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:alice@example.test\r\n\
        ATTENDEE;CN=Dora;PARTSTAT=ACCEPTED:mailto:dora@elsewhere.test\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let url = format!("{calendar}weekly.ics");
    let put = server.dav("alice", "PUT", &url, &[], series.as_bytes());
    assert!(put.status == 201 || put.status == 204, "{put:?}");
    let bench = Bench::empty();
    fs::write(bench.path("pw"), format!("{}\n", servers::password("alice"))).unwrap();
    fs::set_permissions(bench.path("pw"), fs::Permissions::from_mode(0o600)).unwrap();
    let base = server.url();
    let out = bench.run(&[
        "init",
        "--kind",
        "caldav",
        "--url",
        &base,
        "--username",
        "alice",
        "--password-file",
        "pw",
        "--email",
        "alice@example.test",
        "--name",
        "Alice",
        "--timezone",
        "Europe/Berlin",
        "--calendar",
        "one-on-ones",
        "--yes",
    ]);
    assert!(out.contains("Dora: every week"), "{out}");
    let out = bench.run(&["check"]);
    assert!(out.ends_with("exit 0\n"), "{out}");
    bench.run(&["note", "dora", "the plan for spring"]);
    // The morning of the meeting: its agenda is due.
    let bench = bench.at("2026-12-02T07:00:00Z");
    let out = bench.run(&["apply", "--yes"]);
    assert!(out.contains("done"), "{out}");
    let got = server.dav("alice", "GET", &url, &[], b"");
    assert!(got.text().contains("spring"), "{got:?}");
    let out = bench.run(&["plan"]);
    assert!(out.contains("Nothing to do"), "{out}");
    let out = bench.run(&["undo", "1"]);
    assert!(out.contains("taken back"), "{out}");
    let got = server.dav("alice", "GET", &url, &[], b"");
    assert!(!got.text().contains("spring"), "{got:?}");
}

#[test]
fn from_nothing_on_radicale() {
    from_nothing(Kind::Radicale);
}

#[test]
fn from_nothing_on_xandikos() {
    from_nothing(Kind::Xandikos);
}

/// The plan for Sofia when this lies at the address of her free/busy time.
fn sofias_plan(kind: &str, body: &str) -> String {
    let url = answering(http("200 OK", kind, body));
    let bench = Bench::demo();
    let config = fs::read_to_string(bench.path("onbeat.toml")).unwrap();
    let named = format!("name = \"Sofia\"\nfree_busy = \"{url}sofia.ics\"");
    assert!(config.contains("name = \"Sofia\""), "{config}");
    fs::write(bench.path("onbeat.toml"), config.replacen("name = \"Sofia\"", &named, 1)).unwrap();
    bench.run(&["sync"]);
    let plan = bench.run(&["plan"]);
    plan[plan.find("Sofia\n").unwrap()..].to_owned()
}

#[test]
fn a_published_calendar_is_the_partners_time() {
    let busy = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:b\r\n\
                DTSTART:20261001T080000Z\r\nDTEND:20261001T120000Z\r\nRRULE:FREQ=WEEKLY\r\n\
                SUMMARY:Board, confidential\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let plan = sofias_plan("text/calendar", busy);
    assert!(!plan.contains("first on Thu 3 Dec 10:00"), "{plan}");
    assert!(!plan.contains("cannot be seen") && !plan.contains("confidential"), "{plan}");
    let portal = sofias_plan("text/html", "<p>Log in to this network</p>");
    assert!(portal.contains("first on Thu 3 Dec 10:00"), "{portal}");
    assert!(portal.contains("cannot be seen"), "{portal}");
}

#[test]
fn holidays_at_an_address_are_fetched_once_a_week_and_kept() {
    let days = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:h\r\n\
                DTSTART;VALUE=DATE:20261203\r\nDTEND;VALUE=DATE:20261204\r\n\
                SUMMARY:Saint Nobody\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let url = answering(http("200 OK", "text/calendar", days));
    let bench = Bench::demo();
    let config = fs::read_to_string(bench.path("onbeat.toml")).unwrap();
    let named = format!("name = \"Sofia\"\nholidays = \"{url}days.ics\"");
    let config = config.replacen("name = \"Sofia\"", &named, 1);
    fs::write(bench.path("onbeat.toml"), &config).unwrap();
    let check = bench.run(&["check"]);
    assert!(check.contains("days listed: 1"), "{check}");
    bench.run(&["sync"]);
    let plan = bench.run(&["plan"]);
    // Of eleven Thursdays one is a holiday now.
    let sofia = &plan[plan.find("Sofia\n").unwrap()..];
    assert!(sofia.contains("10 of the next 11"), "{sofia}");
    let kept: Vec<String> =
        bench.files().into_iter().filter(|file| file.contains("holidays/")).collect();
    assert!(kept.len() == 1 && kept[0].ends_with("-2026-W48.ics"), "{kept:?}");
    // A damaged copy is fetched again, and no command fails for it.
    fs::write(bench.path(&kept[0]), "BEGIN:VCAL").unwrap();
    assert!(bench.run(&["plan"]).contains("10 of the next 11"));
    // Without the server what was fetched stands, with a word about it when it is old.
    let gone = config.replacen(&format!("{url}days.ics"), "http://127.0.0.1:9/gone.ics", 1);
    fs::write(bench.path("onbeat.toml"), gone).unwrap();
    let lost = bench.run(&["plan"]);
    assert!(lost.contains("holidays not fetched") && !lost.contains("gone.ics"), "{lost}");
    fs::write(bench.path("onbeat.toml"), config).unwrap();
    assert!(bench.run(&["plan"]).contains("10 of the next 11"));
}
