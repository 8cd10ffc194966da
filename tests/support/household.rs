//! One person's onbeat: a configuration, a state directory and the real binary,
//! set up on a calendar of a real server or on a folder. What other programs do
//! to the calendar goes past onbeat, by raw requests.

use std::fs;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use super::servers::{Server, address, password};

/// What a run of the binary gave.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A folder with a configuration and a state, and the real binary.
pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    /// A home with this configuration, and files only the owner can read.
    pub fn new(config: &str, secrets: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in secrets {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        fs::write(folder.path().join("onbeat.toml"), config).unwrap();
        Self { folder }
    }

    /// The binary at a moment, ready to be started.
    pub fn command(&self, now: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onbeat"));
        command
            .args(["--config", "onbeat.toml", "--state", "state"])
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("ONBEAT_NOW", now);
        command
    }

    /// Runs the binary at a moment.
    pub fn run(&self, now: &str, args: &[&str]) -> Ran {
        self.run_with(now, args, &[])
    }

    /// Runs it with further variables.
    pub fn run_with(&self, now: &str, args: &[&str], variables: &[(&str, &str)]) -> Ran {
        let output = self.command(now, args).envs(variables.iter().copied()).output().unwrap();
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs it and expects success.
    pub fn must(&self, now: &str, args: &[&str]) -> String {
        let ran = self.run(now, args);
        assert_eq!(ran.code, Some(0), "{args:?}: {ran:?}");
        ran.stdout
    }

    /// A file of this home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// An owner with a calendar on a server and pairs as TOML.
pub struct Household<'a> {
    home: Home,
    server: &'a Server,
    user: &'static str,
    /// The calendar's path.
    pub calendar: String,
}

impl<'a> Household<'a> {
    /// Sets up a calendar of the user's own with this name, and the pairs.
    pub fn new(server: &'a Server, user: &'static str, name: &str, rest: &str) -> Self {
        let calendar = server.new_calendar(user, name);
        Self::on(server, user, calendar, name, rest)
    }

    /// The same on a calendar that exists.
    pub fn on(
        server: &'a Server,
        user: &'static str,
        calendar: String,
        name: &str,
        rest: &str,
    ) -> Self {
        let config = format!(
            "[me]\nname = \"Alice\"\nemail = [\"{me}\"]\ntimezone = \"Europe/Berlin\"\n\n\
             [[account]]\nname = \"work\"\nkind = \"caldav\"\nurl = \"{url}\"\n\
             username = \"{user}\"\npassword = {{ file = \"password\" }}\ncalendar = \"{name}\"\n\n{rest}\n",
            me = address(user),
            url = server.url(),
        );
        let home = Home::new(&config, &[("password", &password(user))]);
        Self { home, server, user, calendar }
    }

    /// The members of the calendar: path and text, unfolded.
    pub fn members(&self) -> Vec<(String, String)> {
        let body = b"<propfind xmlns='DAV:'><prop><getetag/></prop></propfind>";
        let answer =
            self.server.dav(self.user, "PROPFIND", &self.calendar, &[("Depth", "1")], body);
        assert_eq!(answer.status, 207, "{}", answer.text());
        let mut members = Vec::new();
        for href in hrefs(&answer.text()) {
            if !href.ends_with(".ics") {
                continue;
            }
            let member = self.server.dav(self.user, "GET", &href, &[], b"");
            if member.status == 200 {
                members.push((href, unfold(&member.text())));
            }
        }
        members.sort();
        members
    }

    /// The only member that holds a text.
    pub fn member_with(&self, text: &str) -> (String, String) {
        let mut found: Vec<_> =
            self.members().into_iter().filter(|(_, data)| data.contains(text)).collect();
        assert_eq!(found.len(), 1, "members with {text:?}");
        found.remove(0)
    }

    /// Another program edits a member's text, unconditionally.
    pub fn edit(&self, href: &str, change: impl FnOnce(String) -> String) {
        let member = self.server.dav(self.user, "GET", href, &[], b"");
        let text = change(unfold(&member.text())).replace('\n', "\r\n");
        let put = self.server.dav(self.user, "PUT", href, &[], text.as_bytes());
        assert!(put.status < 300, "PUT {href}: {} {}", put.status, put.text());
    }

    /// Another program makes a member.
    pub fn add(&self, name: &str, text: &str) -> String {
        let href = format!("{}{name}", self.calendar);
        let text = text.replace('\n', "\r\n");
        let put = self.server.dav(self.user, "PUT", &href, &[], text.as_bytes());
        assert!(put.status < 300, "PUT {href}: {} {}", put.status, put.text());
        href
    }

    /// Another program deletes a member.
    pub fn delete(&self, href: &str) {
        let gone = self.server.dav(self.user, "DELETE", href, &[], b"");
        assert!(gone.status < 300, "DELETE {href}: {}", gone.status);
    }
}

impl Deref for Household<'_> {
    type Target = Home;

    fn deref(&self) -> &Home {
        &self.home
    }
}

/// The copy of an event in somebody's default calendar: where it lies and its text.
pub fn copy_of(server: &Server, user: &str, text: &str) -> (String, String) {
    let home = server.default_calendar(user);
    let listing = server.dav(user, "PROPFIND", &home, &[("Depth", "1")], b"").text();
    let members = hrefs(&listing).into_iter().filter(|href| href.ends_with(".ics"));
    let mut texts = members.map(|href| {
        let member = server.dav(user, "GET", &href, &[], b"");
        (href, unfold(&member.text()))
    });
    let found = texts.find(|(_, member)| member.contains(text));
    found.unwrap_or_else(|| panic!("{user} has no copy of {text}"))
}

/// One line for each property, newlines only.
pub fn unfold(text: &str) -> String {
    text.replace("\r\n ", "").replace("\n ", "").replace("\r\n", "\n")
}

/// The `href` values of a multistatus, whatever prefix the server uses.
fn hrefs(xml: &str) -> Vec<String> {
    let mut out = Vec::new();
    for part in xml.split('<') {
        let Some((tag, value)) = part.split_once('>') else { continue };
        let name = tag.split([' ', '/']).next().unwrap_or("");
        if name.rsplit(':').next() == Some("href") && !tag.ends_with('/') && !value.is_empty() {
            out.push(value.trim().to_owned());
        }
    }
    out
}
