//! Films: scripts of days in which people edit calendars and onbeat runs. Each
//! script drives the real binary on folders of `.ics` files and holds what it
//! printed, so that reading one tells what onbeat does. `ONBEAT_BLESS=1` writes
//! what was printed into the scripts; read the difference before you keep it.
//!
//! ```text
//! # a remark
//! now 2026-03-02T08:00:00Z          the clock stands here from now on
//! file work/staff.ics               writes a file; its lines follow, indented by |
//! | BEGIN:VCALENDAR
//! replace work/a.ics OLD => NEW     somebody edits a file, folds aside
//! remove work/a.ics                 somebody deletes a file
//! $ onbeat plan                     runs the binary; what follows, indented, is
//!   what it printed                 standard output, standard error, exit code
//! show work/a.ics DESCRIPTION       prints the unfolded lines that start so
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test fails by panicking
#![allow(clippy::disallowed_methods)] // the tests' own switches, not the program's

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn the_films_run_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut scripts: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .collect();
    scripts.sort();
    assert!(!scripts.is_empty(), "no film found");
    let bless = std::env::var_os("ONBEAT_BLESS").is_some();
    let only = std::env::var("ONBEAT_FILM").ok();
    let mut wrong = Vec::new();
    for script in &scripts {
        let name = script.file_stem().unwrap().to_string_lossy().into_owned();
        if only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        let text = fs::read_to_string(script).unwrap();
        let played = Film::new().play(&text);
        if played != text {
            if bless {
                fs::write(script, &played).unwrap();
            }
            wrong.push(format!("{name}:\n{}", difference(&text, &played)));
        }
    }
    assert!(bless || wrong.is_empty(), "{} films differ\n{}", wrong.len(), wrong.join("\n"));
}

struct Film {
    home: tempfile::TempDir,
    now: String,
}

impl Film {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        for folder in ["work", "state", "config"] {
            fs::create_dir(home.path().join(folder)).unwrap();
        }
        Self { home, now: "2026-03-02T08:00:00Z".to_owned() }
    }

    /// Plays a script and gives it back with what was really printed.
    fn play(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            out.push_str(line);
            out.push('\n');
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "" | "#" => {}
                "now" => self.now = rest.trim().to_owned(),
                "file" => {
                    let mut body = String::new();
                    while let Some(next) = lines.next_if(|l| l.starts_with('|')) {
                        out.push_str(next);
                        out.push('\n');
                        body.push_str(next.strip_prefix("| ").unwrap_or(""));
                        body.push_str(if rest.ends_with(".ics") { "\r\n" } else { "\n" });
                    }
                    let path = self.path(rest);
                    fs::create_dir_all(path.parent().unwrap()).unwrap();
                    fs::write(path, body).unwrap();
                }
                "replace" => self.replace(rest, &out),
                "remove" => fs::remove_file(self.path(rest)).unwrap(),
                "$" | "show" => {
                    while lines.next_if(|l| l.starts_with("  ")).is_some() {}
                    let printed = if word == "$" { self.run(rest) } else { self.show(rest) };
                    for line in printed.lines() {
                        out.push_str(format!("  {line}").trim_end());
                        if line.is_empty() {
                            out.push_str("  ");
                        }
                        out.push('\n');
                    }
                }
                other => panic!("a film has no verb {other:?}"),
            }
        }
        out
    }

    fn path(&self, name: &str) -> PathBuf {
        let name = name.trim();
        if let Some((folder, pattern)) = name.split_once('*') {
            let folder = self.home.path().join(folder);
            let mut found: Vec<PathBuf> = fs::read_dir(&folder)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.to_string_lossy().ends_with(pattern))
                .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("onbeat-"))
                .collect();
            found.sort();
            return found.first().cloned().unwrap_or_else(|| folder.join("nothing"));
        }
        self.home.path().join(name)
    }

    fn replace(&self, rest: &str, so_far: &str) {
        let (name, change) = rest.split_once(' ').unwrap();
        let (old, new) = change.split_once(" => ").unwrap();
        let path = self.path(name);
        // Another program writes its lines unfolded, or folds them elsewhere.
        let before = fs::read_to_string(&path).unwrap_or_default().replace("\r\n ", "");
        assert!(before.contains(old), "{name} does not hold {old:?}:\n{before}\nso far:\n{so_far}");
        fs::write(path, before.replacen(old, new, 1)).unwrap();
    }

    fn show(&self, rest: &str) -> String {
        let (name, prefix) = rest.split_once(' ').unwrap();
        let Ok(text) = fs::read_to_string(self.path(name)) else { return "no such file\n".into() };
        let unfolded = text.replace("\r\n ", "").replace("\r\n", "\n");
        let shown: Vec<&str> = unfolded.lines().filter(|l| l.starts_with(prefix)).collect();
        if shown.is_empty() { "nothing\n".to_owned() } else { shown.join("\n") + "\n" }
    }

    fn run(&self, command: &str) -> String {
        let mut words = split(command);
        assert_eq!(words.remove(0), "onbeat", "a film runs onbeat only");
        let output = Command::new(env!("CARGO_BIN_EXE_onbeat"))
            .args(["--config", "config/onbeat.toml", "--state", "state"])
            .args(&words)
            .current_dir(self.home.path())
            .env_clear()
            .env("HOME", self.home.path())
            .env("TZ", "UTC")
            .env("ONBEAT_NOW", &self.now)
            .env("XDG_CONFIG_HOME", self.home.path().join("config"))
            .env("XDG_DATA_HOME", self.home.path().join("state"))
            .env("COLUMNS", "100")
            .output()
            .unwrap();
        let home = self.home.path().to_string_lossy().into_owned();
        let mut out = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        for line in errors.lines() {
            out.push_str(&format!("! {line}\n"));
        }
        if !output.status.success() {
            out.push_str(&format!("[{}]\n", output.status.code().map_or(-1, |c| c)));
        }
        out.replace(&home, "~")
    }
}

/// Splits a command line at spaces, double quotes honoured.
fn split(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn difference(expected: &str, got: &str) -> String {
    let (expected, got): (Vec<_>, Vec<_>) = (expected.lines().collect(), got.lines().collect());
    let same = expected.iter().zip(&got).take_while(|(a, b)| a == b).count();
    let mut text = format!("  from line {}:\n", same + 1);
    for line in expected.iter().skip(same).take(12) {
        text.push_str(&format!("  - {line}\n"));
    }
    for line in got.iter().skip(same).take(12) {
        text.push_str(&format!("  + {line}\n"));
    }
    text
}
