//! The rules about one Rust file. Each takes a file and returns what is wrong with it.

use crate::source::{File, has_word};

/// Folders whose code is a function of its arguments.
pub const PURE: [&str; 9] =
    ["model", "ical", "snapshot", "observe", "ledger", "schedule", "agenda", "plan", "report"];

/// Longest file above its test module, in lines.
const LONGEST: usize = 400;

/// R2: pure code has no I/O, no clock, no log and does not wait.
pub fn pure(file: &File) -> Vec<String> {
    if !PURE.contains(&file.room()) {
        return Vec::new();
    }
    let words = [
        "async", "await", "tokio", "println", "eprintln", "print", "eprint", "tracing", "log",
        "reqwest", "rusqlite", "tempfile", "rayon",
    ];
    let doors = ["fs", "env", "net", "process", "thread", "io"];
    let mut found = Vec::new();
    for (line, code) in file.lines() {
        let macro_or_path = |word: &str| {
            let called = code.contains(&format!("{word}!")) || code.contains(&format!("{word}::"));
            matches!(word, "async" | "await") || called
        };
        // Search runs on several threads; they share nothing but the answer.
        let solver = file.room() == "schedule";
        for word in words.iter().filter(|word| has_word(code, word) && macro_or_path(word)) {
            if !(solver && *word == "rayon") {
                found.push(file.at(line, format!("`{word}` in pure code")));
            }
        }
        for door in doors {
            let named = code.contains(&format!("std::{door}"));
            let grouped = code.split_once("std::{").is_some_and(|(_, rest)| has_word(rest, door));
            if named || grouped {
                found.push(file.at(line, format!("`std::{door}` in pure code")));
            }
        }
    }
    found
}

/// R3: the clock and the environment have one door each.
pub fn doors(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    let clock = file.path == "src/clock.rs";
    let environment = file.room() == "config" || file.path == "src/daemon/systemd.rs";
    let waits = file.code.contains("tokio::time"); // its Instant measures waiting, not time
    for (line, code) in file.lines() {
        let now = ["Timestamp::now", "ZonedDateTime::now", "Zoned::now", "SystemTime::now"];
        let mut said: Vec<&str> = now.into_iter().filter(|name| code.contains(name)).collect();
        if code.contains("Instant::now") && !waits {
            said.push("Instant::now");
        }
        if !clock {
            found.extend(
                said.iter().map(|name| file.at(line, format!("`{name}` outside clock.rs"))),
            );
        }
        let reads = ["env::var", "env::var_os", "env::vars"].iter().any(|name| code.contains(name));
        if reads && !environment {
            found.push(file.at(line, "the environment is read outside config"));
        }
    }
    found
}

/// R4: each technology has one room.
pub fn technologies(file: &File) -> Vec<String> {
    let path = file.path.as_str();
    let below = |folder: &str| path.starts_with(folder);
    let allowed = |krate: &str| match krate {
        "rusqlite" => below("src/store/"),
        "quick_xml" => below("src/provider/caldav"),
        "chrono" | "rrule" => below("src/ical/"),
        "icalendar" => below("src/ical/"),
        "reqwest" => below("src/provider/") || below("src/notify/") || below("src/cli/"),
        // What a person writes is read in agenda, what is written for machines in report.
        "serde" | "serde_json" => {
            !PURE.contains(&file.room()) || below("src/report/") || below("src/agenda/")
        }
        "clap" | "inquire" | "indicatif" => below("src/cli/"),
        "lettre" => below("src/notify/"),
        _ => true,
    };
    let crates = [
        "rusqlite",
        "quick_xml",
        "chrono",
        "rrule",
        "icalendar",
        "reqwest",
        "serde",
        "serde_json",
        "clap",
        "inquire",
        "indicatif",
        "lettre",
    ];
    let mut found = Vec::new();
    for (line, code) in file.lines() {
        for krate in crates.iter().filter(|krate| !allowed(krate)) {
            let used =
                code.contains(&format!("{krate}::")) || code.contains(&format!("use {krate}"));
            if used && has_word(code, krate) {
                found.push(file.at(line, format!("`{krate}` does not belong here")));
            }
        }
    }
    if !below("src/store/") {
        let sql =
            ["SELECT ", "INSERT INTO ", "DELETE FROM ", "CREATE TABLE ", "UPDATE ", "PRAGMA "];
        for (line, literal) in &file.literals {
            let text = literal.trim_start_matches(['"', 'r', '#']).trim_start();
            let is_update = text.starts_with("UPDATE ") && !text.contains(" SET ");
            if sql.iter().any(|verb| text.starts_with(verb)) && !is_update {
                found.push(file.at(*line, "SQL outside of store"));
            }
        }
    }
    found
}

/// R5 and R6: concrete providers and clocks are named in their own folder and
/// where the program is put together; providers do not know each other.
pub fn concrete(file: &File) -> Vec<String> {
    let path = file.path.as_str();
    let wired = path.starts_with("src/cli/wire");
    let own = |name: &str| match name {
        "CalDav" => path.starts_with("src/provider/caldav"),
        "VDir" => path.starts_with("src/provider/vdir"),
        "google::Google" | "Google::new" => path.starts_with("src/provider/google"),
        _ => path == "src/clock.rs",
    };
    let names = ["CalDav", "VDir", "google::Google", "Google::new", "SystemClock", "FixedClock"];
    let mut found = Vec::new();
    for (line, code) in file.lines() {
        for name in names.iter().filter(|name| !wired && !own(name) && has_word(code, name)) {
            found
                .push(file.at(line, format!("`{name}` is named outside its file and cli/wire.rs")));
        }
        for (mine, others) in [
            ("caldav", ["google", "vdir"]),
            ("google", ["caldav", "vdir"]),
            ("vdir", ["caldav", "google"]),
        ] {
            if path.starts_with(&format!("src/provider/{mine}")) {
                let known =
                    others.iter().filter(|other| code.contains(&format!("provider::{other}")));
                found.extend(
                    known.map(|other| file.at(line, format!("provider {mine} knows {other}"))),
                );
            }
        }
    }
    found
}

/// R7: a file says what it is for and stays short.
pub fn shape(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    let opens = file.text.lines().next().unwrap_or("");
    if !opens.starts_with("//! ") {
        found.push(file.at(1, "does not open with `//!`"));
    }
    let length = file.tests_from - 1;
    if length > LONGEST {
        found.push(
            file.at(LONGEST, format!("{length} lines above the tests; {LONGEST} are allowed")),
        );
    }
    found
}

/// R8: what clippy is told to overlook carries its reason, and a panic never is.
/// Only the search in schedule may index: it runs over arrays it has sized itself.
pub fn silenced(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    let original: Vec<&str> = file.text.lines().collect();
    let mut grave = vec!["unwrap_used", "expect_used", "panic", "wildcard_enum_match_arm"];
    if file.room() != "schedule" {
        grave.push("indexing_slicing");
    }
    for (line, code) in file.lines() {
        if !code.contains("allow(") || !code.trim_start().starts_with('#') {
            continue;
        }
        if grave.iter().any(|lint| has_word(code, lint)) {
            found.push(file.at(line, "a panic or forgotten case is not overlooked"));
        }
        let has_reason = |text: &&str| text.contains("// ") || text.contains("reason");
        let before = line.checked_sub(2).and_then(|n| original.get(n));
        if ![original.get(line - 1), before].into_iter().flatten().any(has_reason) {
            found.push(file.at(line, "a lint is overlooked without a reason"));
        }
    }
    found
}

/// R12: no notes to self, no glob imports.
pub fn leftovers(file: &File) -> Vec<String> {
    let notes = [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["X", "XX"].concat()];
    let mut found = Vec::new();
    for (n, text) in file.text.lines().enumerate() {
        for note in notes.iter().filter(|note| has_word(text, note)) {
            found.push(file.at(n + 1, format!("`{note}`: do it or say it in an issue")));
        }
    }
    for (line, code) in file.lines() {
        let code = code.trim();
        if code.contains("use ") && code.ends_with("::*;") {
            found.push(file.at(line, "a glob import"));
        }
    }
    found
}
