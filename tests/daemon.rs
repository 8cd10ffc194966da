//! `onbeat run` as the service manager sees it: the real binary, a vdir, a
//! NOTIFY_SOCKET of the test's own.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // helpers outside #[test] functions

use std::fs;
use std::io::Read as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with a calendar, a configuration and a service manager's socket.
struct Site {
    dir: tempfile::TempDir,
    socket: UnixDatagram,
}

impl Site {
    fn new(account: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("calendars/work")).unwrap();
        let config = format!(
            "[me]\nname = \"Elena\"\nemail = [\"elena@example.org\"]\ntimezone = \"Europe/Berlin\"\n\n\
             [daemon]\npoll = \"1 h\"\n\n[[account]]\nname = \"local\"\n{account}\n\n\
             [[pair]]\nwith = \"bob@example.org\"\nname = \"Bob\"\nrole = \"report\"\n"
        );
        fs::write(dir.path().join("onbeat.toml"), config).unwrap();
        let socket = UnixDatagram::bind(dir.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { dir, socket }
    }

    fn vdir() -> Self {
        Self::new("kind = \"vdir\"\npath = \"calendars\"\ncalendar = \"work\"")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn start(&self) -> Daemon {
        self.start_with(&[])
    }

    fn start_with(&self, variables: &[(&str, &str)]) -> Daemon {
        let child = Command::new(env!("CARGO_BIN_EXE_onbeat"))
            .args(["--config", "onbeat.toml", "--state", "state", "-v", "run"])
            .current_dir(self.dir.path())
            .env_clear()
            .env("HOME", self.dir.path())
            .env("NOTIFY_SOCKET", self.path("notify"))
            .env("WATCHDOG_USEC", "200000")
            .env("JOURNAL_STREAM", "8:1")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Daemon { child }
    }

    /// Reads messages until one contains the text; gives back all that came.
    fn wait_for(&self, text: &str) -> Vec<String> {
        let mut seen: Vec<String> = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let n =
                self.socket.recv(&mut buffer).unwrap_or_else(|e| panic!("{text}: {e}; {seen:?}"));
            seen.push(String::from_utf8_lossy(&buffer[..n]).into_owned());
            if seen.last().unwrap().contains(text) {
                return seen;
            }
        }
    }
}

/// The process; killed when the test fails.
struct Daemon {
    child: Child,
}

impl Daemon {
    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// Waits for the end; gives back whether it was clean, and stderr.
    fn end(mut self) -> (bool, String) {
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap().success(), log)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn series(dir: &Path, title: &str) {
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:VEVENT\r\nUID:s1\r\n\
         DTSTAMP:20260101T000000Z\r\nDTSTART:20260106T090000Z\r\nDTEND:20260106T093000Z\r\n\
         RRULE:FREQ=WEEKLY\r\nSUMMARY:{title}\r\nORGANIZER:mailto:elena@example.org\r\n\
         ATTENDEE:mailto:elena@example.org\r\nATTENDEE:mailto:bob@example.org\r\n\
         END:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    fs::write(dir.join("s1.tmp"), text).unwrap();
    fs::rename(dir.join("s1.tmp"), dir.join("s1.ics")).unwrap();
}

#[test]
fn ready_alive_status_and_a_clean_end() {
    let site = Site::vdir();
    let daemon = site.start();
    let before = site.wait_for("READY=1");
    assert!(!before.concat().contains("STOPPING"), "{before:?}");
    let seen = site.wait_for("calendars read");
    assert!(seen.last().unwrap().starts_with("STATUS="), "{seen:?}");
    site.wait_for("WATCHDOG=1");
    site.wait_for("WATCHDOG=1");
    daemon.signal("-TERM");
    site.wait_for("STOPPING=1");
    let (clean, log) = daemon.end();
    assert!(clean, "{log}");
    assert!(log.contains("onbeat runs") && log.contains("onbeat stops"), "{log}");
    let stamped = log.lines().any(|line| line.trim_start().starts_with("20"));
    assert!(!stamped, "journald stamps lines itself:\n{log}");
}

#[test]
fn a_changed_file_is_seen_without_the_timer() {
    let site = Site::vdir();
    let daemon = site.start();
    site.wait_for("0 changed");
    series(&site.path("calendars/work"), "1:1 Bob");
    let seen = site.wait_for("1 changed");
    assert!(!seen.is_empty());
    daemon.signal("-INT");
    assert!(daemon.end().0);
}

#[test]
fn a_broken_configuration_changes_nothing_and_a_good_one_is_taken() {
    let site = Site::vdir();
    let daemon = site.start();
    site.wait_for("calendars read");
    let good = fs::read_to_string(site.path("onbeat.toml")).unwrap();
    fs::write(site.path("onbeat.toml"), good.replace("timezone", "timezon")).unwrap();
    daemon.signal("-HUP");
    site.wait_for("the old one goes on");
    site.wait_for("READY=1");
    let more = format!("{good}\n[[pair]]\nwith = \"mei@example.org\"\nrole = \"peer\"\n");
    fs::write(site.path("onbeat.toml"), more).unwrap();
    daemon.signal("-HUP");
    site.wait_for("calendars read");
    daemon.signal("-TERM");
    let (clean, log) = daemon.end();
    assert!(clean, "{log}");
    assert!(log.contains("did you mean `timezone`") || log.contains("timezon"), "{log}");
    assert!(log.contains("pairs=2"), "{log}");
}

#[test]
fn a_second_daemon_says_who_is_there() {
    let site = Site::vdir();
    let first = site.start();
    site.wait_for("READY=1");
    let (clean, log) = site.start().end();
    assert!(!clean);
    assert!(log.contains("another onbeat (onbeat run, process"), "{log}");
    first.signal("-TERM");
    assert!(first.end().0);
}

#[test]
fn a_hanging_server_does_not_hold_up_the_stop() {
    // A server that accepts and never answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let account = format!(
        "kind = \"caldav\"\nurl = \"{url}\"\nusername = \"e\"\npassword = {{ file = \"pw\" }}\ncalendar = \"work\""
    );
    let site = Site::new(&account);
    fs::write(site.path("pw"), "secret\n").unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(site.path("pw"), private).unwrap();
    let daemon = site.start();
    site.wait_for("READY=1");
    let (connection, _) = listener.accept().unwrap();
    site.wait_for("WATCHDOG=1"); // the loop lives while the request hangs
    daemon.signal("-TERM");
    site.wait_for("STOPPING=1");
    let (clean, log) = daemon.end();
    drop(connection);
    assert!(clean, "{log}");
    assert!(!log.contains("secret"), "{log}");
}

#[test]
fn the_meeting_with_the_manager_is_to_be_prepared_and_said_once() {
    let site = Site::vdir();
    let config = site.path("onbeat.toml");
    let text = fs::read_to_string(&config).unwrap().replace("\"report\"", "\"manager\"");
    fs::write(&config, text).unwrap();
    series(&site.path("calendars/work"), "1:1 Bob");
    // Monday evening; the meeting is on Tuesday at ten.
    for expected in [1, 0] {
        let daemon = site.start_with(&[("ONBEAT_NOW", "2026-03-02T17:30:00Z")]);
        site.wait_for("calendars read");
        daemon.signal("-TERM");
        let (clean, log) = daemon.end();
        assert!(clean, "{log}");
        assert_eq!(log.matches("Prepare the 1:1 with Bob").count(), expected, "{log}");
    }
}
