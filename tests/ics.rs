//! The plumbing verbs `onbeat ics …`, through the real binary: results on
//! stdout, reasons on stderr, exit codes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::PathBuf;
use std::process::{Command, Output};

fn onbeat(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_onbeat")).args(args).env_clear().output().unwrap()
}

fn fixture(name: &str) -> String {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ics");
    dir.join(name).to_string_lossy().into_owned()
}

fn text_file(text: &str) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("text");
    std::fs::write(&path, text).unwrap();
    let path = path.to_string_lossy().into_owned();
    (dir, path)
}

#[test]
fn expand_prints_json() {
    let out = onbeat(&[
        "ics",
        "expand",
        "--from",
        "2026-01-01",
        "--to",
        "2026-01-07T00:00:00Z",
        &fixture("weekly-overrides.ics"),
    ]);
    assert!(out.status.success(), "{out:?}");
    let rows: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(
        rows,
        serde_json::json!([{
            "uid": "weekly", "recurrence_id": "2026-01-06T09:00:00Z", "start": "2026-01-06T09:00:00Z",
            "end": "2026-01-06T09:30:00Z", "status": null, "kind": "zoned"
        }])
    );
}

#[test]
fn expand_of_what_is_no_calendar_and_of_no_file() {
    let (_dir, path) = text_file(&"BEGIN:A\n".repeat(40));
    let out = onbeat(&["ics", "expand", "--from", "2026-01-01", "--to", "2026-02-01", &path]);
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&out.stderr).contains("nested deeper than 32"));
    let out = onbeat(&[
        "ics",
        "expand",
        "--from",
        "2026-01-01",
        "--to",
        "2026-02-01",
        "/nowhere/at-all.ics",
    ]);
    assert_eq!(out.status.code(), Some(1));
    assert!(
        out.stdout.is_empty()
            && String::from_utf8_lossy(&out.stderr).contains("/nowhere/at-all.ics")
    );
    let out = onbeat(&["ics", "expand", "--from", "soon", "--to", "2026-02-01", &path]);
    assert_eq!(out.status.code(), Some(2));
}

#[test]
fn set_description_prints_the_calendar_and_changes_nothing_else() {
    let (_dir, text) = text_file("Agenda\n- one\n");
    let file = fixture("weekly-overrides.ics");
    let rid = "2026-01-13T09:00:00Z";
    let out = onbeat(&[
        "ics",
        "set-description",
        "--uid",
        "weekly",
        "--rid",
        rid,
        "--text-file",
        &text,
        &file,
    ]);
    assert!(out.status.success(), "{out:?}");
    let before = std::fs::read_to_string(&file).unwrap();
    let after = String::from_utf8(out.stdout).unwrap();
    let added: String = after.lines().filter(|l| !before.lines().any(|b| b == *l)).collect();
    assert_eq!(added, "DESCRIPTION:— 1:1 agenda · onbeat —\\nAgenda\\n- one\\n— end of agenda  —");
}

#[test]
fn set_description_refuses_with_a_reason() {
    let (_dir, text) = text_file("x");
    let file = fixture("weekly-overrides.ics");
    for (uid, rid, reason) in [
        ("nobody", "2026-01-13T09:00:00Z", "no event with the UID \"nobody\""),
        (
            "weekly",
            "2026-02-03T09:00:00Z",
            "no occurrence whose original start is 2026-02-03T09:00:00Z",
        ),
        ("weekly", "-", "name the occurrence"),
        ("weekly", "tomorrow", "neither an RFC 3339 time nor a date"),
    ] {
        let out = onbeat(&[
            "ics",
            "set-description",
            "--uid",
            uid,
            "--rid",
            rid,
            "--text-file",
            &text,
            &file,
        ]);
        assert_eq!(out.status.code(), Some(1), "{uid} {rid}");
        assert!(out.stdout.is_empty());
        let told = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(told.contains(reason), "{told}");
    }
}
