//! The command line on a Google account, against the fake of the API: set-up and login,
//! what `check` and `status` say, and pairs whose meetings the partner organizes.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test fails by panicking

mod support;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use support::google::{ALICE, Google};
use support::household::Ran;

const MONDAY: &str = "2026-03-02T07:00:00Z";
/// The evening before the meeting: its agenda is due.
const EVENING: &str = "2026-03-09T17:30:00Z";
const EVERYTHING: [&str; 3] =
    ["calendar.events.owned", "calendar.events.freebusy", "calendar.calendarlist.readonly"];

/// A folder, the binary and a Google account.
struct Home {
    dir: tempfile::TempDir,
    fake: Google,
}

impl Home {
    fn new() -> Self {
        let home = Self { dir: tempfile::tempdir().unwrap(), fake: Google::start() };
        let client = json!({ "installed": { "client_id": "id", "client_secret": "s3cret",
            "auth_uri": home.at("auth"), "token_uri": home.at("token") } });
        fs::write(home.path("client.json"), client.to_string()).unwrap();
        home
    }

    /// Configured for a pair, and logged in.
    fn configured(pair: &str) -> Self {
        let home = Self::new();
        home.configure("", pair);
        home.keep_token(0o600);
        home
    }

    fn configure(&self, account: &str, pair: &str) {
        let config = format!(
            "[me]\nname = \"Alice\"\nemail = [\"{ALICE}\"]\ntimezone = \"Europe/Berlin\"\n\n\
             [[account]]\nname = \"work\"\nkind = \"google\"\nclient = \"client.json\"\n\
             token = {{ file = \"token\" }}\napi = \"{}\"\ncalendar = \"{ALICE}\"\n{account}\n\
             [[pair]]\nwith = \"bob@example.test\"\nname = \"Bob\"\nrole = \"manager\"\n\
             every = \"1 week\"\nduration = \"30 min\"\nideal = \"Tue 10:00\"\nmode = \"act\"\n{pair}\n",
            self.at("calendar/v3/"),
        );
        fs::write(self.path("onbeat.toml"), config).unwrap();
    }

    fn keep_token(&self, mode: u32) {
        fs::write(self.path("token"), "{\"refresh_token\":\"refresh\"}\n").unwrap();
        fs::set_permissions(self.path("token"), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn at(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.fake.port)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, now: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onbeat"));
        command
            .args(["--config", "onbeat.toml", "--state", "state"])
            .args(args)
            .current_dir(self.dir.path())
            .env_clear()
            .env("HOME", self.dir.path())
            .env("TZ", "UTC")
            .env("ONBEAT_NOW", now);
        command
    }

    fn run(&self, now: &str, args: &[&str]) -> Ran {
        let output = self.command(now, args).stdin(Stdio::null()).output().unwrap();
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    fn must(&self, now: &str, args: &[&str]) -> String {
        let ran = self.run(now, args);
        assert_eq!(ran.code, Some(0), "{args:?}: {ran:?}");
        ran.stdout
    }

    /// Runs a verb that sends a person to the browser, and is the browser: what it
    /// comes back with is made of the state.
    fn with_browser(&self, args: &[&str], back: impl Fn(&url::Url) -> String) -> Ran {
        let mut child = self
            .command(MONDAY, args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let page = loop {
            let mut line = String::new();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "no address: {said}");
            said.push_str(&line);
            if line.starts_with("http") {
                break url::Url::parse(line.trim()).unwrap();
            }
        };
        let value = |name: &str| {
            page.query_pairs().find(|(key, _)| key == name).map(|(_, v)| v.into_owned()).unwrap()
        };
        assert_eq!(value("code_challenge_method"), "S256");
        let redirect = url::Url::parse(&value("redirect_uri")).unwrap();
        let mut stream =
            TcpStream::connect((redirect.host_str().unwrap(), redirect.port().unwrap())).unwrap();
        let request = format!("GET /?{} HTTP/1.1\r\nHost: x\r\n\r\n", back(&page));
        stream.write_all(request.as_bytes()).unwrap();
        stream.read_to_string(&mut String::new()).ok();
        stderr.read_to_string(&mut said).unwrap();
        let output = child.wait_with_output().unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        Ran { code: output.status.code(), stdout, stderr: said }
    }

    /// Bob's weekly meeting with Alice, on Tuesdays at ten.
    fn invite(&self, more: Value) {
        let mut event = json!({
            "id": "bobsmeeting", "iCalUID": "bobsmeeting@google.com", "status": "confirmed",
            "summary": "Bob / Alice", "recurrence": ["RRULE:FREQ=WEEKLY"],
            "start": { "dateTime": "2026-03-03T10:00:00+01:00", "timeZone": "Europe/Berlin" },
            "end": { "dateTime": "2026-03-03T10:30:00+01:00", "timeZone": "Europe/Berlin" },
            "organizer": { "email": "bob@example.test" },
            "attendees": [
                { "email": "bob@example.test", "organizer": true, "responseStatus": "accepted" },
                { "email": ALICE, "self": true, "responseStatus": "accepted" }],
        });
        for (key, value) in more.as_object().unwrap() {
            event[key] = value.clone();
        }
        self.fake.write(event);
    }

    fn writes(&self) -> Vec<String> {
        let mut seen = self.fake.take();
        seen.retain(|line| {
            !line.starts_with("GET") && !line.contains("/token") && !line.contains("/freeBusy")
        });
        seen
    }
}

#[test]
fn a_partners_meeting_is_read_and_never_written() {
    let home = Home::configured("");
    home.invite(json!({}));
    home.must(MONDAY, &["apply", "--yes"]);
    home.must(EVENING, &["note", "bob", "Budget"]);
    home.must(EVENING, &["apply", "--yes"]);
    assert_eq!(home.writes(), [] as [&str; 0]);
    let plan = home.must(EVENING, &["plan"]);
    assert!(plan.contains("the other person organizes it"), "{plan}");
    let agenda = home.must(EVENING, &["agenda", "bob"]);
    assert!(agenda.contains("Budget"), "it is prepared: {agenda}");
}

#[test]
fn a_partners_meeting_has_a_companion_of_ones_own() {
    let home = Home::configured("agenda_mail = \"own\"");
    home.invite(json!({}));
    home.must(EVENING, &["note", "bob", "Budget"]);
    home.must(EVENING, &["apply", "--yes"]);
    let writes = home.writes();
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert!(writes[0].starts_with("POST") && writes[0].contains("sendUpdates=none"), "{writes:?}");
    let companion = home.fake.all().into_iter().find(|e| e["summary"] == "Agenda: Alice / Bob 1:1");
    let companion = companion.unwrap_or_else(|| panic!("{:?}", home.fake.all()));
    assert!(companion["description"].as_str().unwrap().contains("Budget"));
    assert!(companion.get("attendees").is_none(), "{companion}");
    assert_eq!(companion["visibility"], "private");
    assert_eq!(companion["transparency"], "transparent");
    assert_eq!(companion["start"]["dateTime"], "2026-03-10T10:00:00");
    assert_eq!(home.fake.held("bobsmeeting").unwrap().get("description"), None);
    home.must(EVENING, &["apply", "--yes"]);
    assert_eq!(home.writes(), [] as [&str; 0], "written once");
}

#[test]
fn guests_who_may_write_get_the_agenda_into_the_meeting_itself() {
    let home = Home::configured("");
    home.invite(json!({ "guestsCanModify": true }));
    home.must(EVENING, &["note", "bob", "Budget"]);
    home.must(EVENING, &["apply", "--yes"]);
    let writes = home.writes();
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert!(writes[0].starts_with("PATCH") && writes[0].contains("sendUpdates=none"), "{writes:?}");
    let held = home.fake.held("bobsmeeting_20260310T090000Z").unwrap();
    assert!(held["description"].as_str().unwrap().contains("Budget"), "{held}");
    // A copy whose main fields are locked is not writable all the same.
    let home = Home::configured("");
    home.invite(json!({ "guestsCanModify": true, "locked": true }));
    home.must(EVENING, &["note", "bob", "Budget"]);
    home.must(EVENING, &["apply", "--yes"]);
    assert_eq!(home.writes(), [] as [&str; 0]);
}

#[test]
fn an_agenda_never_grows_a_description_beyond_googles_limit() {
    let home = Home::configured("");
    let config = fs::read_to_string(home.path("onbeat.toml")).unwrap();
    fs::write(home.path("onbeat.toml"), format!("{config}\n[agenda]\nmax_chars = 8000\n")).unwrap();
    home.must(MONDAY, &["apply", "--yes"]);
    let series = home.fake.all()[0]["id"].as_str().unwrap().to_owned();
    home.fake.edit(&series, json!({ "description": "x".repeat(4_000) }));
    for n in 0..10 {
        home.must(MONDAY, &["note", "bob", &format!("{n} {}", "a long matter ".repeat(34))]);
    }
    home.must(EVENING, &["apply", "--yes"]);
    let exception = |home: &Home| {
        let mut all = home.fake.all();
        all.retain(|event| event.get("recurringEventId").is_some());
        all.pop()
    };
    let written = exception(&home).expect("the agenda is written");
    let length = written["description"].as_str().unwrap().chars().count();
    assert!((5_000..=6_000).contains(&length), "{length}");
    // A description that leaves no room is left as it is.
    let home = Home::configured("");
    home.must(MONDAY, &["apply", "--yes"]);
    let series = home.fake.all()[0]["id"].as_str().unwrap().to_owned();
    home.fake.edit(&series, json!({ "description": "x".repeat(8_192) }));
    home.must(EVENING, &["note", "bob", "Budget"]);
    home.fake.take();
    home.must(EVENING, &["apply", "--yes"]);
    assert_eq!(home.writes(), [] as [&str; 0]);
    assert_eq!(home.fake.held(&series).unwrap()["description"], "x".repeat(8_192));
}

#[test]
fn a_deleted_series_is_made_again_under_a_fresh_id_and_only_once() {
    let home = Home::configured("");
    // One mail about an event a day: it is made anew on the next day.
    const TUESDAY: &str = "2026-03-03T08:00:00Z";
    const WEDNESDAY: &str = "2026-03-04T09:00:00Z";
    let living = || {
        let mut all = home.fake.all();
        all.retain(|event| event["status"] != "cancelled" && event.get("recurrence").is_some());
        all.into_iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for n in 1..=3 {
        let at = |hour: u8| json!({ "dateTime": format!("2026-02-0{n}T{hour:02}:00:00Z") });
        home.fake.write(json!({ "id": format!("other{n}"), "iCalUID": format!("other{n}@x"),
            "status": "confirmed", "summary": "Other", "start": at(9), "end": at(10) }));
    }
    home.must(MONDAY, &["apply", "--yes"]);
    let first = living();
    assert_eq!(first.len(), 1);
    home.fake.remove(&first[0]);
    home.must(TUESDAY, &["sync"]);
    // The process dies after the request and before its answer is noted.
    let died = home.command(TUESDAY, &["apply", "--yes"]).env("ONBEAT_DIE_AT", "sent").output();
    assert_ne!(died.unwrap().status.code(), Some(0));
    let second = living();
    assert_eq!(second.len(), 1, "{second:?}");
    assert_ne!(second, first, "the id stays used");
    home.must(TUESDAY, &["apply", "--yes"]);
    assert_eq!(living(), second, "no second one");
    let log = home.must(TUESDAY, &["log"]);
    assert_eq!(log.matches("create").count(), 2, "{log}");
    assert!(!log.contains("failed") && !log.contains("interrupted"), "{log}");
    // The same when Google does not show the deleted ones any more.
    home.fake.remove(&second[0]);
    home.must(WEDNESDAY, &["sync"]);
    home.fake.forget(&first[0]);
    home.fake.forget(&second[0]);
    home.must(WEDNESDAY, &["apply", "--yes"]);
    let third = living();
    assert_eq!(third.len(), 1, "{third:?}");
    assert!(third != first && third != second);
    home.must(WEDNESDAY, &["apply", "--yes"]);
    assert_eq!(living(), third);
    assert!(home.must(WEDNESDAY, &["plan"]).contains("Nothing to do"));
}

#[test]
fn a_login_keeps_what_was_granted_and_says_what_was_not() {
    let home = Home::new();
    home.configure("", "");
    let ran = home.run(MONDAY, &["sync"]);
    assert!(
        ran.stdout.contains("onbeat login work") || ran.stderr.contains("onbeat login work"),
        "{ran:?}"
    );
    home.fake.grant(&["calendar.events.owned", "calendar.calendarlist.readonly"]);
    home.fake.testing_mode(7 * 86_400);
    let login = ["login", "work", "--no-browser"];
    let ran = home.with_browser(&login, |page| home.fake.agree(page));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("not granted: ") && ran.stdout.contains("freebusy"), "{ran:?}");
    assert!(ran.stdout.contains("ends in 7 days"), "{ran:?}");
    let mode = fs::metadata(home.path("token")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let check = home.must(MONDAY, &["check"]);
    assert!(check.contains("cannot be asked when others are busy"), "{check}");
    assert!(check.contains("`calendar.events.freebusy` was not granted"), "{check}");
    assert!(check.contains("tick every box") && check.contains("testing mode"), "{check}");
    home.must(MONDAY, &["sync"]);
    home.must(MONDAY, &["plan"]);
    assert!(home.fake.take().iter().all(|line| !line.contains("/freeBusy")));
    let status = home.must("2026-03-04T07:00:00Z", &["status"]);
    assert!(status.contains("the login ends Mon 9 Mar"), "{status}");
    let status = home.must(MONDAY, &["status"]);
    assert!(status.contains("requests today"), "{status}");
    // Another login with all boxes ticked mends it at once.
    home.fake.grant(&EVERYTHING);
    let ran = home.with_browser(&login, |page| home.fake.agree(page));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    home.must(MONDAY, &["plan"]);
    assert!(home.fake.take().iter().any(|line| line.contains("/freeBusy")));
}

#[test]
fn a_login_that_was_denied_or_is_somebody_elses_keeps_nothing() {
    let home = Home::new();
    home.configure("", "");
    let login = ["login", "work", "--no-browser"];
    home.fake.consent(true, None);
    let ran = home.with_browser(&login, |page| home.fake.agree(page));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("access was not granted"), "{ran:?}");
    assert!(!home.path("token").exists());
    // An address that was not this login's is not taken from standard input either.
    let mut child = home
        .command(MONDAY, &["login", "work", "--paste"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"http://127.0.0.1:1/?state=forged&code=4\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(!home.path("token").exists());
    assert!(home.fake.take().is_empty(), "no code was given for a token");
}

#[test]
fn an_account_that_cannot_be_used_says_why_and_the_way_out() {
    let bad = |home: &Home, why: &str| {
        let ran = home.run(MONDAY, &["check"]);
        assert_eq!(ran.code, Some(3), "{ran:?}");
        assert!(ran.stdout.contains(why), "{why}: {ran:?}");
        assert!(!ran.stdout.contains("app password"), "{ran:?}");
    };
    let home = Home::configured("");
    home.keep_token(0o644);
    bad(&home, "can be read by others");
    assert!(home.fake.take().is_empty(), "it is not used");
    home.keep_token(0o600);
    home.fake.revoke();
    bad(&home, "onbeat login work");
    let home = Home::configured("");
    home.fake.delete_client();
    bad(&home, "OAuth client was not found");
    let home = Home::configured("");
    home.fake.grant(&["calendar.events.owned", "calendar.events.freebusy"]);
    bad(&home, "tick every box");
    let home = Home::configured("");
    home.fake.on("POST /token", support::google::Fault::LoginPage);
    bad(&home, "is no token");
    fs::write(home.path("client.json"), "{\"web\":{}}").unwrap();
    bad(&home, "Desktop app");
}

#[test]
fn a_service_key_others_can_read_is_not_used() {
    let home = Home::new();
    home.configure(&format!("subject = \"{ALICE}\""), "");
    let key = include_str!("fixtures/google/service-key.pem");
    let file = json!({ "type": "service_account", "client_email": "bot@p.example",
        "private_key": key, "token_uri": home.at("token") });
    fs::write(home.path("client.json"), file.to_string()).unwrap();
    fs::set_permissions(home.path("client.json"), fs::Permissions::from_mode(0o644)).unwrap();
    let ran = home.run(MONDAY, &["check"]);
    assert!(ran.stdout.contains("chmod 600"), "{ran:?}");
    assert!(home.fake.take().is_empty());
    fs::set_permissions(home.path("client.json"), fs::Permissions::from_mode(0o600)).unwrap();
    home.must(MONDAY, &["check"]);
    // An assertion is refused for a wrong clock, too; there is nobody to log in again.
    home.fake.revoke();
    let ran = home.run(MONDAY, &["check"]);
    assert!(ran.stdout.contains("this machine's clock"), "{ran:?}");
    assert!(!ran.stdout.contains("onbeat login"), "{ran:?}");
}

#[test]
fn a_delegated_account_spends_its_own_users_quota() {
    let home = Home::configured("");
    let file = json!({ "type": "service_account", "client_email": "bot@p.example",
        "private_key": include_str!("fixtures/google/service-key.pem"), "token_uri": home.at("token") });
    fs::write(home.path("client.json"), file.to_string()).unwrap();
    fs::set_permissions(home.path("client.json"), fs::Permissions::from_mode(0o600)).unwrap();
    home.configure(&format!("subject = \"{ALICE}\""), "");
    home.must(MONDAY, &["apply", "--yes"]);
    let mut seen = home.fake.take();
    seen.retain(|line| !line.contains("/token"));
    assert!(seen.iter().any(|line| line.starts_with("POST")), "{seen:?}");
    for line in &seen {
        let user = line.split("quotaUser=").nth(1).unwrap_or_else(|| panic!("{line}"));
        assert!((1..=40).contains(&user.len()) && !user.contains("alice"), "{line}");
    }
}

#[test]
fn a_new_series_gets_a_meet_link_where_that_is_wanted() {
    let home = Home::configured("");
    home.configure("meet = true", "");
    home.must(MONDAY, &["apply", "--yes"]);
    let created = home.fake.take().into_iter().find(|line| line.contains("sendUpdates=all"));
    assert!(created.unwrap().contains("conferenceDataVersion=1"));
    let held = &home.fake.all()[0];
    assert_eq!(held["conferenceData"]["createRequest"]["requestId"], held["id"]);
    let home = Home::configured("");
    home.must(MONDAY, &["apply", "--yes"]);
    assert_eq!(home.fake.all()[0].get("conferenceData"), None);
}

#[test]
fn set_up_for_google_by_options_alone() {
    let home = Home::new();
    home.invite(json!({}));
    let api = home.at("calendar/v3/");
    let common = [
        "init",
        "--client",
        "client.json",
        "--api",
        &api,
        "--email",
        ALICE,
        "--name",
        "Alice",
        "--yes",
    ];
    // Nobody is there to log in, and no other way was named.
    let ran = home.run(MONDAY, &common);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("--token-file"), "{ran:?}");
    assert!(!home.path("onbeat.toml").exists());
    home.keep_token(0o600);
    let given = [&common[..], &["--token-file", "token", "--timezone", "Europe/Berlin"]].concat();
    home.must(MONDAY, &given);
    let config = fs::read_to_string(home.path("onbeat.toml")).unwrap();
    assert!(
        config.contains("kind = \"google\"") && config.contains("with = \"bob@example.test\""),
        "{config}"
    );
    home.must(MONDAY, &["check"]);
    // With a browser.
    fs::remove_file(home.path("onbeat.toml")).unwrap();
    let ran = home.with_browser(
        &[&common[..], &["--no-browser", "--timezone", "Europe/Berlin"]].concat(),
        |page| home.fake.agree(page),
    );
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(home.path("state/google-main.token").exists());
    home.must(MONDAY, &["check"]);
}
