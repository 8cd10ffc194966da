//! A Google token in the desktop's keyring: the real binary, a session bus and GNOME's
//! keyring of the test's own. Built with the feature only; left out, with a word, where
//! the two programs are not installed.
#![cfg(all(unix, feature = "keyring"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test fails by panicking

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::json;
use support::google::{ALICE, Google};

/// Runs a shell text with a bus and an unlocked keyring; both end with it.
fn in_a_session(home: &Path, script: &str) -> Option<Output> {
    let there = |name: &str| Path::new("/usr/bin").join(name).exists();
    if !there("dbus-run-session") || !there("gnome-keyring-daemon") {
        support::tell("LEFT OUT: keyring (dbus-run-session and gnome-keyring-daemon are needed)");
        return None;
    }
    let runtime = home.join("runtime");
    fs::create_dir_all(&runtime).unwrap();
    // The daemon leaves its parent; the bus's end ends it.
    let text = format!(
        "printf secret | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1\n{script}"
    );
    let output = Command::new("dbus-run-session")
        .args(["--", "sh", "-c", &text])
        .current_dir(home)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", &runtime)
        .env("ONBEAT", env!("CARGO_BIN_EXE_onbeat"))
        .output()
        .unwrap();
    Some(output)
}

#[test]
fn a_login_is_kept_in_the_keyring_and_used_from_there() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Google::start();
    let at = |path: &str| format!("http://127.0.0.1:{}/{path}", fake.port);
    let client = json!({ "installed": { "client_id": "id", "client_secret": "s",
        "auth_uri": at("auth"), "token_uri": at("token") } });
    fs::write(dir.path().join("client.json"), client.to_string()).unwrap();
    let config = format!(
        "[me]\nname = \"Alice\"\nemail = [\"{ALICE}\"]\ntimezone = \"Europe/Berlin\"\n\n\
         [[account]]\nname = \"work\"\nkind = \"google\"\nclient = \"client.json\"\n\
         token = {{ keyring = true }}\napi = \"{}\"\ncalendar = \"{ALICE}\"\n\n\
         [[pair]]\nwith = \"bob@example.test\"\nname = \"Bob\"\nrole = \"report\"\n",
        at("calendar/v3/"),
    );
    fs::write(dir.path().join("onbeat.toml"), config).unwrap();
    // The login's browser is a shell: it takes the address from what is said and sends
    // the code back to the port named in it.
    let script = r#"
        run() { "$ONBEAT" --config onbeat.toml --state state "$@"; }
        run check > before.txt 2>&1
        mkfifo back
        run login work --paste < back > login.txt 2> said.txt & pid=$!
        exec 3> back
        while ! grep -q '^http' said.txt; do kill -0 $pid || exit 9; done
        state=$(grep '^http' said.txt | tr '&?' '\n\n' | sed -n 's/^state=//p')
        echo "http://127.0.0.1/?state=$state&code=4" >&3
        exec 3>&-
        wait $pid || exit 8
        run check > after.txt 2>&1
    "#;
    let Some(output) = in_a_session(dir.path(), script) else { return };
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap_or_default();
    assert!(output.status.success(), "{output:?} {} {}", read("login.txt"), read("said.txt"));
    assert!(read("before.txt").contains("onbeat login work"), "{}", read("before.txt"));
    assert!(read("login.txt").contains("kept in the keyring"), "{}", read("login.txt"));
    assert!(read("after.txt").contains("ok   account work"), "{}", read("after.txt"));
    assert!(!dir.path().join("state/google-work.token").exists());
}
