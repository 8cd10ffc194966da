//! A folder with a home, the demo's calendar where wanted, and the binary.
#![allow(dead_code)] // each test binary uses its own part

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The moment the demo's calendar speaks of.
const NOW: &str = "2026-11-25T07:30:00Z";

pub struct Bench {
    dir: tempfile::TempDir,
    now: String,
    extra: Vec<(String, String)>,
}

impl Bench {
    pub fn empty() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), now: NOW.to_owned(), extra: Vec::new() }
    }

    /// With the demo's calendar and configuration, untouched yet.
    pub fn demo() -> Self {
        let bench = Self::empty();
        onbeat::cli::demo::calendar::write(bench.dir.path()).unwrap();
        bench
    }

    pub fn at(mut self, now: &str) -> Self {
        self.now = now.to_owned();
        self
    }

    /// The same bench with one more variable.
    pub fn with(&self, name: &str, value: &str) -> BenchWith<'_> {
        BenchWith { bench: self, extra: (name.to_owned(), value.to_owned()) }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn root(&self) -> String {
        fs::canonicalize(self.dir.path()).unwrap().display().to_string()
    }

    /// Every file below, sorted.
    pub fn files(&self) -> Vec<String> {
        fn walk(dir: &Path, root: &Path, found: &mut Vec<String>) {
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, root, found);
                } else {
                    found.push(path.strip_prefix(root).unwrap().display().to_string());
                }
            }
        }
        let mut found = Vec::new();
        walk(self.dir.path(), self.dir.path(), &mut found);
        found.sort();
        found
    }

    /// An executable shell script; gives back its path.
    pub fn script(&self, name: &str, body: &str) -> String {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path.display().to_string()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.dir.path())
            .env_clear()
            .env("HOME", self.dir.path())
            .env("PATH", "/usr/bin:/bin")
            .env("TZ", "UTC")
            .env("COLUMNS", "80")
            .env("ONBEAT_NOW", &self.now)
            .env("TMPDIR", std::env::temp_dir())
            .envs(self.extra.iter().map(|(k, v)| (k, v)))
            .stdin(Stdio::null());
        command
    }

    fn output(&self, words: &[&str], extra: Option<&(String, String)>) -> Output {
        let mut command = self.command(env!("CARGO_BIN_EXE_onbeat"));
        if self.path("onbeat.toml").exists() || words.first() == Some(&"init") {
            command.args(["--config", "onbeat.toml"]);
            if !words.contains(&"--state") {
                command.args(["--state", "state"]);
            }
        }
        if let Some((name, value)) = extra {
            command.env(name, value);
        }
        command.args(words).output().unwrap()
    }

    /// stdout, stderr and the exit code, with this machine's paths replaced.
    pub fn run(&self, words: &[&str]) -> String {
        self.shown(&self.output(words, None))
    }

    fn shown(&self, output: &Output) -> String {
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        if !errors.is_empty() {
            text.push_str("--- stderr\n");
            text.push_str(&errors);
        }
        text.push_str(&format!("exit {}\n", output.status.code().unwrap_or(-1)));
        let text =
            text.replace(&self.root(), "[DIR]").replace(env!("CARGO_PKG_VERSION"), "[VERSION]");
        let lines = text.lines().map(|line| match line.starts_with("ok   time zones:") {
            true => "ok   time zones: [ZONES]",
            false => line,
        });
        lines.map(|line| format!("{line}\n")).collect()
    }

    pub fn stdout(&self, words: &[&str]) -> String {
        String::from_utf8(self.output(words, None).stdout).unwrap()
    }

    /// A shell line with the binary in $ONBEAT.
    pub fn shell(&self, line: &str) -> String {
        let mut command = self.command("/bin/sh");
        let output = command
            .env("ONBEAT", env!("CARGO_BIN_EXE_onbeat"))
            .args(["-c", line])
            .output()
            .unwrap();
        self.shown(&output)
    }
}

/// A bench with one more variable.
pub struct BenchWith<'a> {
    bench: &'a Bench,
    extra: (String, String),
}

impl BenchWith<'_> {
    pub fn run(&self, words: &[&str]) -> String {
        self.bench.shown(&self.bench.output(words, Some(&self.extra)))
    }
}
