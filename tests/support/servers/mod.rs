//! Real CalDAV servers on free loopback ports, each in a temporary folder with
//! the users of [`USERS`]. One that cannot be had fails the test where servers
//! are required, and is named as left out elsewhere.

mod install;
mod kinds;
pub mod process;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use self::process::Guarded;
use crate::support::http::{self, Answer, Request};
use crate::support::smtp::MailSink;
use crate::support::{servers_required, tell};

/// Everybody on a server. NAME's password is `NAME-pw`, the address `NAME@example.test`.
pub const USERS: [&str; 3] = ["alice", "bob", "carol"];
/// The users' mail domain.
pub const DOMAIN: &str = "example.test";

/// A user's password.
pub fn password(user: &str) -> String {
    format!("{user}-pw")
}

/// A user's address.
pub fn address(user: &str) -> String {
    format!("{user}@{DOMAIN}")
}

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Radicale,
    Xandikos,
    Cyrus,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Radicale, Self::Xandikos, Self::Cyrus];
}

/// A running server. Its data lives as long as this does, restarts included.
#[derive(Debug)]
pub struct Server {
    pub kind: Kind,
    /// Where it answers on 127.0.0.1.
    pub port: u16,
    /// What Cyrus mails to strangers; the others mail nobody.
    pub mail: MailSink,
    folder: tempfile::TempDir,
    imap: u16,
    process: Option<Guarded>,
    /// Keeps the pipe of the process that removes a shared server's folder.
    sweeper: Option<Child>,
}

/// How often a server is asked whether it is there, and the pause between.
const TRIES: usize = 600;
const PAUSE: Duration = Duration::from_millis(50);

impl Server {
    /// Starts a server of one's own, or says that it is left out.
    ///
    /// # Panics
    /// Where servers are required and this one cannot be had.
    pub fn start(kind: Kind) -> Option<Self> {
        match Self::try_start(kind) {
            Ok(server) => Some(server),
            Err(reason) if servers_required() => panic!("{kind:?} is required: {reason}"),
            Err(reason) => {
                left_out(kind, &reason);
                None
            }
        }
    }

    fn try_start(kind: Kind) -> Result<Self, String> {
        let folder = tempfile::Builder::new()
            .prefix("onbeat-server-")
            .tempdir()
            .map_err(|e| e.to_string())?;
        open_to_all(folder.path())?; // Cyrus runs as a user of its own
        let mail = MailSink::start();
        let mut server =
            Self { kind, port: 0, mail, folder, imap: 0, process: None, sweeper: None };
        // Somebody else may take a free port before the server does.
        for _ in 0..3 {
            server.port = free_port()?;
            server.imap = free_port()?;
            server.launch()?;
            if server.wait() {
                server.prepare()?;
                return Ok(server);
            }
            server.stop();
        }
        Err(format!("does not answer; its log ends: {}", server.log_tail()))
    }

    fn launch(&mut self) -> Result<(), String> {
        let folder = self.folder.path();
        self.process = Some(match self.kind {
            Kind::Radicale => kinds::radicale(folder, self.port)?,
            Kind::Xandikos => kinds::xandikos(folder, self.port)?,
            Kind::Cyrus => kinds::cyrus(folder, self.port, self.imap, self.mail.port)?,
        });
        Ok(())
    }

    /// Whether our process answers; false when it ended or stays silent.
    fn wait(&mut self) -> bool {
        for _ in 0..TRIES {
            if self.process.as_mut().is_none_or(Guarded::has_ended) {
                return false;
            }
            if http::request("OPTIONS", "/").send(self.port).is_ok() {
                return self.process.as_mut().is_some_and(|process| !process.has_ended());
            }
            std::thread::sleep(PAUSE);
        }
        false
    }

    /// Makes every user's default calendar.
    fn prepare(&self) -> Result<(), String> {
        if self.kind == Kind::Cyrus {
            kinds::cyrus_mailboxes(self.imap).map_err(|e| format!("creating mailboxes: {e}"))?;
        }
        for user in USERS {
            let home = self.home(user);
            self.dav(user, "PROPFIND", &home, &[("Depth", "1")], b""); // Cyrus makes it now
            let default = self.default_calendar(user);
            let there = self.dav(user, "PROPFIND", &default, &[("Depth", "0")], b"").status;
            if there != 207 {
                let made = self.dav(user, "MKCALENDAR", &default, &[], b"").status;
                if made != 201 {
                    return Err(format!(
                        "MKCALENDAR {default} answers {made}: {}",
                        self.log_tail()
                    ));
                }
            }
        }
        Ok(())
    }

    /// The address a person would type.
    pub fn url(&self) -> String {
        let path = if self.kind == Kind::Cyrus { "dav/" } else { "" };
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    /// The path of a user's collection of calendars.
    pub fn home(&self, user: &str) -> String {
        match self.kind {
            Kind::Radicale => format!("/{user}/"),
            Kind::Xandikos => format!("/{user}/calendars/"),
            Kind::Cyrus => format!("/dav/calendars/user/{user}/"),
        }
    }

    /// The path of the calendar every user has.
    pub fn default_calendar(&self, user: &str) -> String {
        let name = if self.kind == Kind::Cyrus { "Default" } else { "calendar" };
        format!("{}{name}/", self.home(user))
    }

    /// Makes one more calendar and returns its path. The name needs no escaping.
    pub fn new_calendar(&self, user: &str, name: &str) -> String {
        let path = format!("{}{name}/", self.home(user));
        let made = self.dav(user, "MKCALENDAR", &path, &[], b"");
        assert_eq!(made.status, 201, "MKCALENDAR {path} on {:?}: {}", self.kind, made.text());
        path
    }

    /// A request by another program in a user's name.
    pub fn dav(
        &self,
        user: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut request: Request<'_> = http::request(method, path).basic(user, &password(user));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if !body.is_empty() {
            let kind = if method == "PUT" { "text/calendar" } else { "application/xml" };
            request = request.body(&format!("{kind}; charset=utf-8"), body);
        }
        let sent = request.send(self.port);
        sent.unwrap_or_else(|e| {
            panic!("{method} {path} on {:?}: {e}; {}", self.kind, self.log_tail())
        })
    }

    /// Ends it, keeping its data.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Ends it as a power cut does, keeping what is on disk.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    /// Starts it again on the same port with the same data.
    ///
    /// # Panics
    /// When it does not come back.
    pub fn restart(&mut self) {
        self.stop();
        self.launch().expect("it started before");
        assert!(self.wait(), "{:?} does not come back: {}", self.kind, self.log_tail());
    }

    /// Where the server keeps its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn log_tail(&self) -> String {
        let log: PathBuf = self.folder.path().join("log");
        let text = std::fs::read(log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines: Vec<&str> = text.lines().rev().take(5).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join(" / ")
    }
}

/// The server all tests of this process share; started at the first call.
pub fn shared(kind: Kind) -> Option<&'static Server> {
    static SERVERS: [OnceLock<Option<Server>>; 3] = [const { OnceLock::new() }; 3];
    let at = Kind::ALL.iter().position(|one| *one == kind).expect("all kinds are listed");
    let start = || {
        let mut server = Server::start(kind)?;
        // A static is never dropped: somebody else must clean up.
        server.sweeper = server.process.as_ref()?.sweep_after(server.folder()).ok();
        Some(server)
    };
    SERVERS[at].get_or_init(start).as_ref()
}

/// Names a server that is left out, once per process.
fn left_out(kind: Kind, reason: &str) {
    static TOLD: Mutex<Vec<Kind>> = Mutex::new(Vec::new());
    let mut told = TOLD.lock().expect("no panic while telling");
    if !told.contains(&kind) {
        told.push(kind);
        tell(&format!("LEFT OUT: every test on {kind:?}: {reason}"));
    }
}

pub fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|e| e.to_string())?;
    Ok(listener.local_addr().map_err(|e| e.to_string())?.port())
}

fn open_to_all(folder: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder, mode).map_err(|e| e.to_string())
}
