//! The house rules as tests. `ARCHITECTURE.md` holds the map of imports; the rest
//! is in `tests/tidy/`. Every rule is first shown a planted violation, so that a
//! silent rule is a rule that is kept.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test fails by panicking

#[path = "tidy/imports.rs"]
mod imports;
#[path = "tidy/rules.rs"]
mod rules;
#[path = "tidy/source.rs"]
mod source;
#[path = "tidy/words.rs"]
mod words;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use source::File;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_default()
}

/// The program's own files, read once.
fn house() -> Vec<File> {
    static HOUSE: OnceLock<Vec<File>> = OnceLock::new();
    let read = || {
        let files = source::files(root(), "src", ".rs");
        files.iter().map(|(path, text)| File::new(path, text)).collect()
    };
    let files = HOUSE.get_or_init(read).clone();
    assert!(files.len() > 20, "the house is not where it was");
    files
}

/// Fails with everything that was found, one a line.
fn none(found: &[String]) {
    assert!(found.is_empty(), "{} found:\n{}", found.len(), found.join("\n"));
}

/// Applies a rule to the whole house.
fn kept(rule: impl Fn(&File) -> Vec<String>) {
    none(&house().iter().flat_map(rule).collect::<Vec<_>>());
}

/// Shows a rule a file it must object to, so many times.
fn objects(rule: impl Fn(&File) -> Vec<String>, path: &str, text: &str, times: usize) {
    let found = rule(&File::new(path, text));
    assert_eq!(found.len(), times, "{path}: {text:?} gives {found:?}");
}

#[test]
fn r1_the_map_is_whole_and_has_no_circle() {
    let sound = |text: &str, rooms: &[&str]| {
        let rooms = rooms.iter().map(|room| (*room).to_owned()).collect();
        imports::is_sound(&imports::map(&format!("```deps\n{text}```")), &rooms)
    };
    assert!(sound("a -> b\nb ->\n", &["a", "b"]).is_empty());
    assert_eq!(sound("a -> b\nb -> a\n", &["a", "b"]).len(), 1);
    assert_eq!(sound("a ->\n", &["a", "b"]).len(), 1);
    assert_eq!(sound("a -> c\n", &["a"]).len(), 1);
    let rooms: BTreeSet<String> = house().iter().map(|file| file.room().to_owned()).collect();
    let rooms = rooms.into_iter().filter(|room| room != "lib" && room != "main").collect();
    none(&imports::is_sound(&imports::map(&read("ARCHITECTURE.md")), &rooms));
}

#[test]
fn r1_imports_follow_the_map() {
    let map = imports::map("```deps\nmodel ->\nplan -> model\nstore -> model\n```");
    let rule = |file: &File| imports::follow(file, &map);
    objects(rule, "src/plan/mod.rs", "use crate::model::x;\nuse crate::plan::y;", 0);
    objects(rule, "src/plan/mod.rs", "use crate::store::x;", 1);
    objects(rule, "src/plan/mod.rs", "fn f() -> crate::store::X {}", 1);
    objects(rule, "src/plan/mod.rs", "use crate::{\n    model::{a, b},\n    store::c,\n};", 1);
    objects(rule, "src/plan/mod.rs", "// use crate::store::x;\nlet a = \"crate::store\";", 0);
    objects(rule, "src/plan/mod.rs", "#[cfg(test)]\nmod tests {\n use crate::store::x;\n}", 0);
    objects(rule, "src/plan/mod.rs", "pub use crate::model::X;", 1);
    objects(rule, "src/plan/a/b.rs", "use super::super::x;", 1);
    let map = imports::map(&read("ARCHITECTURE.md"));
    kept(|file| imports::follow(file, &map));
}

#[test]
fn r2_pure_folders_are_pure() {
    for bad in [
        "async fn f() {}",
        "use std::fs;",
        "use std::{fmt, env};",
        "println!(\"x\");",
        "tracing::info!(1);",
        "let x = std::thread::spawn(f);",
        "use tokio::time;",
        "f().await",
    ] {
        let found = rules::pure(&File::new("src/plan/x.rs", bad));
        assert!(!found.is_empty(), "{bad}");
        objects(rules::pure, "src/engine/x.rs", bad, 0);
    }
    objects(
        rules::pure,
        "src/plan/x.rs",
        "let log = 1; let blog = log; // async\nuse std::fmt;",
        0,
    );
    kept(rules::pure);
}

#[test]
fn r3_clock_and_environment_have_one_door() {
    objects(rules::doors, "src/engine/x.rs", "let a = Timestamp::now();\nstd::env::var(\"A\");", 2);
    objects(rules::doors, "src/cli/x.rs", "use std::time::Instant;\nInstant::now();", 1);
    objects(rules::doors, "src/clock.rs", "Timestamp::now()", 0);
    objects(rules::doors, "src/config/env.rs", "std::env::var(\"A\")", 0);
    kept(rules::doors);
}

#[test]
fn r4_each_technology_has_its_room() {
    objects(rules::technologies, "src/plan/x.rs", "let q = \"SELECT 1\";\nuse rusqlite::Row;", 2);
    objects(rules::technologies, "src/store/x.rs", "let q = \"SELECT 1\";\nuse rusqlite::Row;", 0);
    objects(rules::technologies, "src/provider/google/x.rs", "use quick_xml::Reader;", 1);
    objects(rules::technologies, "src/model/x.rs", "#[derive(serde::Serialize)]", 1);
    objects(rules::technologies, "src/snapshot/x.rs", "use chrono::Utc;", 1);
    objects(rules::technologies, "src/notify/x.rs", "let a = \"UPDATE available\";", 0);
    kept(rules::technologies);
}

#[test]
fn r5_r6_concrete_parts_are_named_where_the_program_is_put_together() {
    objects(rules::concrete, "src/engine/x.rs", "let p = CalDav::new(c); let c = SystemClock;", 2);
    objects(rules::concrete, "src/cli/wire.rs", "let p = CalDav::new(c);", 0);
    objects(rules::concrete, "src/provider/vdir/x.rs", "use crate::provider::caldav::xml;", 1);
    objects(rules::concrete, "src/engine/x.rs", "MailEngine::Google => CalDavConfig", 0);
    kept(rules::concrete);
}

#[test]
fn r7_a_file_says_what_it_is_for_and_stays_short() {
    let long = format!("//! Long.\n{}", "x\n".repeat(400));
    let with_tests = format!("//! Short.\n#[cfg(test)]\nmod tests {{\n{}}}\n", "x\n".repeat(400));
    objects(rules::shape, "src/plan/x.rs", "use a;\n", 1);
    objects(rules::shape, "src/plan/x.rs", &long, 1);
    objects(rules::shape, "src/plan/x.rs", &with_tests, 0);
    objects(rules::shape, "src/plan/tests.rs", &long, 0);
    kept(rules::shape);
    let others = ["tests", "benches", "fuzz"].map(|folder| source::files(root(), folder, ".rs"));
    let opens = |(path, text): &(String, String)| rules::shape(&File::new(path, text));
    let found: Vec<String> = others.iter().flatten().flat_map(opens).collect();
    none(&found.into_iter().filter(|found| found.contains("//!")).collect::<Vec<_>>());
}

#[test]
fn r8_nothing_is_silenced_without_a_reason() {
    objects(rules::silenced, "src/plan/x.rs", "#[allow(clippy::unwrap_used)] // fine", 1);
    objects(rules::silenced, "src/plan/x.rs", "// sized\n#![allow(clippy::indexing_slicing)]", 1);
    objects(
        rules::silenced,
        "src/schedule/x.rs",
        "// sized\n#![allow(clippy::indexing_slicing)]",
        0,
    );
    objects(rules::silenced, "src/plan/x.rs", "#[allow(dead_code)]", 1);
    objects(rules::silenced, "src/plan/x.rs", "#[allow(dead_code)] // for later readers", 0);
    kept(rules::silenced);
}

#[test]
fn r11_the_example_shows_every_key() {
    let code =
        "let name = section.text(\"name\");\nlet with = section\n    .word(\"with\", address);\n";
    assert_eq!(words::keys(code), ["name", "with"]);
    let keys = words::keys(code);
    assert_eq!(words::shown(&keys, "# name = 1\n").len(), 1);
    assert!(words::shown(&keys, "name = 1\nwith = \"b\"\n").is_empty());
    let all = source::files(root(), "src/config", ".rs");
    let code = all.iter().filter(|(path, _)| !path.ends_with("_tests.rs"));
    let keys: Vec<String> = code.flat_map(|(_, text)| words::keys(text)).collect();
    assert!(keys.len() > 60, "the configuration asks for its keys in src/config");
    none(&words::shown(&keys, &read("config/onbeat.toml")));
}

#[test]
fn r12_no_notes_to_self_and_no_globs() {
    let note = ["TO", "DO"].concat();
    objects(rules::leftovers, "src/plan/x.rs", &format!("// {note}: later\nuse a::*;\n"), 2);
    objects(rules::leftovers, "src/plan/x.rs", "#[cfg(test)]\nmod tests {\n use super::*;\n}", 0);
    kept(rules::leftovers);
}

#[test]
fn the_repository_speaks_of_itself_alone() {
    let host = ["crates", ".io"].concat();
    assert_eq!(words::foreign("README.md", &format!("see {host}\nfine")).len(), 1);
    assert_eq!(words::foreign("Cargo.lock", &host).len(), 0);
    let all = source::files(root(), "", "");
    assert!(all.iter().any(|(path, _)| path == "Cargo.toml"));
    none(&all.iter().flat_map(|(path, text)| words::foreign(path, text)).collect::<Vec<_>>());
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = "[dependencies]\na = \"1\"\nb = { version = \"1\" }\n[lints]\nc = 1\n[dev-dependencies]\nd = \"1\"\n";
    assert_eq!(words::dependencies(manifest), ["a", "b", "d"]);
    assert_eq!(words::reasons(manifest, "- `a`: x\n- `b`: y\n- `e`: z\n").len(), 2);
    none(&words::reasons(&read("Cargo.toml"), &read("docs/dependencies.md")));
}

#[test]
fn the_reader_tells_code_from_comments_and_literals() {
    let text = "let a = \"X // Y\"; // C\nlet b = r#\"Q \"Z\" \"#; /* D /* E */ F */ let c = 'G'; let d: &'static str;\n";
    let file = File::new("src/plan/x.rs", text);
    for word in ["X", "Y", "C", "Q", "Z", "D", "E", "F", "G"] {
        assert!(!file.code.contains(word), "{word:?} in {:?}", file.code);
    }
    for word in ["let a = \"", "let b = r", "let c = '", "&'static str;"] {
        assert!(file.code.contains(word), "{word:?} in {:?}", file.code);
    }
    assert_eq!(file.code.len(), text.len());
    assert_eq!(file.literals.len(), 3);
}
