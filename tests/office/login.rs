//! Signing in with the real binary: by the browser, which here follows the redirects by
//! HTTP or is a real one (`ONBEAT_BROWSER` names a Chromium), by a pasted address, and
//! refused. The server checks state, scopes and PKCE.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use url::Url;

use crate::backend::{ALICE, Backend, Judgement, fake, lab};
use crate::google::{ME, account};
use crate::support::household::Home;
use crate::support::{env, http, tell};

const PAIR: &str = "[[pair]]\nwith = \"bob@example.test\"\nrole = \"report\"\n";

#[test]
fn every_way_in_on_the_fake() {
    every_way_in(&fake(&[]));
}

#[test]
fn every_way_in_on_the_lab_server() {
    if let Some(lab) = lab(&["bob@example.test"]) {
        every_way_in(&lab);
    }
}

#[test]
fn a_real_browser_on_the_fake() {
    real_browser(&fake(&[]));
}

#[test]
fn a_real_browser_on_the_lab_server() {
    if let Some(lab) = lab(&["bob@example.test"]) {
        real_browser(&lab);
    }
}

/// `onbeat login` under way, and the address it asks people to open.
struct Login {
    child: Child,
    said: BufReader<std::process::ChildStderr>,
    page: Url,
}

fn home(backend: &impl Backend) -> Home {
    let config = format!("{ME}{}{PAIR}", account("work", &backend.base(), ALICE));
    Home::new(&config, &[("client.json", &backend.client_file().to_string())])
}

impl Login {
    fn begin(home: &Home, more: &[&str]) -> Self {
        let args = [&["login", "work"], more].concat();
        let mut child = home
            .command("2026-03-02T07:00:00Z", &args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("http") {
            line.clear();
            assert_ne!(said.read_line(&mut line).unwrap(), 0, "no address was said");
        }
        let page = Url::parse(line.trim()).unwrap();
        Self { child, said, page }
    }

    /// Where the page of consent sends the browser.
    fn consented(&self) -> String {
        let target = format!("{}?{}", self.page.path(), self.page.query().unwrap());
        let answer = http::request("GET", &target).send(self.page.port().unwrap()).unwrap();
        assert_eq!(answer.status, 302, "{}", answer.text());
        answer.header("location").unwrap().to_owned()
    }

    /// The exit code and all that was said since.
    fn end(mut self) -> (Option<i32>, String) {
        drop(self.child.stdin.take());
        let mut text = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        self.said.read_to_string(&mut text).unwrap();
        (self.child.wait().unwrap().code(), text)
    }
}

/// A browser goes to an address of this machine.
fn visit(address: &str) -> u16 {
    let url = Url::parse(address).unwrap();
    let target = format!("{}?{}", url.path(), url.query().unwrap());
    http::request("GET", &target).send(url.port().unwrap()).unwrap().status
}

fn works(backend: &impl Backend, home: &Home) {
    let token = home.path("work.token");
    let mode = std::fs::metadata(&token).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    home.must("2026-03-02T07:00:00Z", &["sync"]);
    assert_eq!(backend.judgement(), Judgement::default());
    std::fs::remove_file(token).unwrap();
}

fn every_way_in(backend: &impl Backend) {
    backend.consent(ALICE, false, None);
    let home = home(backend);
    // The browser comes back; a stranger's answer in between is none.
    let login = Login::begin(&home, &["--no-browser"]);
    let back = login.consented();
    let mut forged = Url::parse(&back).unwrap();
    forged.set_query(Some("state=0123456789abcdef&code=4"));
    assert_eq!(visit(forged.as_str()), 400);
    assert_eq!(visit(&back), 200);
    let (code, said) = login.end();
    assert_eq!(code, Some(0), "{said}");
    works(backend, &home);
    // The address is pasted.
    let mut login = Login::begin(&home, &["--paste"]);
    let back = login.consented();
    let mut terminal = login.child.stdin.take().unwrap();
    writeln!(terminal, "{back}").unwrap();
    let (code, said) = login.end();
    assert_eq!(code, Some(0), "{said}");
    works(backend, &home);
    // The address of another login is pasted.
    let other = Login::begin(&home, &["--paste"]).consented();
    let mut login = Login::begin(&home, &["--paste"]);
    writeln!(login.child.stdin.take().unwrap(), "{other}").unwrap();
    let (code, said) = login.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("not from this login"), "{said}");
    assert!(!home.path("work.token").exists());
    // One box is not ticked.
    backend.consent(ALICE, false, Some(&onbeat::provider::google::oauth::SCOPES[..2]));
    let login = Login::begin(&home, &["--no-browser", "--no-check"]);
    assert_eq!(visit(&login.consented()), 200);
    let (code, said) = login.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("calendarlist.readonly"), "{said}");
    std::fs::remove_file(home.path("work.token")).unwrap();
    // Consent is refused.
    backend.consent(ALICE, true, None);
    let login = Login::begin(&home, &["--no-browser"]);
    assert_eq!(visit(&login.consented()), 200);
    let (code, said) = login.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("not granted"), "{said}");
    assert!(!home.path("work.token").exists());
}

fn real_browser(backend: &impl Backend) {
    let Some(browser) = env("ONBEAT_BROWSER") else {
        tell("LEFT OUT: a real browser (ONBEAT_BROWSER names none)");
        return;
    };
    backend.consent(ALICE, false, None);
    let home = home(backend);
    let login = Login::begin(&home, &["--no-browser"]);
    let profile = format!("--user-data-dir={}", home.path("browser").display());
    let shown = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", &profile])
        .arg(login.page.as_str())
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("onbeat has access now"), "{shown}");
    let (code, said) = login.end();
    assert_eq!(code, Some(0), "{said}");
    works(backend, &home);
}
