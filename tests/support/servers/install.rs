//! What the servers need on a machine: Python environments under `target/`, and
//! for Cyrus the system's packages. Says why when it cannot be had.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::servers_required;

/// Debian's packages for Cyrus with CalDAV and password files.
const CYRUS_PACKAGES: [&str; 5] =
    ["cyrus-caldav", "cyrus-imapd", "sasl2-bin", "libsasl2-modules", "libsasl2-modules-db"];

/// Where environments are kept between runs.
fn cache() -> PathBuf {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    tmp.parent().unwrap_or(tmp).join("test-servers")
}

/// The `bin` folder of a Python environment holding exactly this package,
/// made at the first use; one process makes it, others wait.
pub fn python(package: &str, version: &str) -> Result<PathBuf, String> {
    let home = cache().join(format!("{package}-{version}"));
    let said = |e: std::io::Error| format!("{}: {e}", home.display());
    fs::create_dir_all(cache()).map_err(said)?;
    let lock = File::create(cache().join(format!("{package}.lock"))).map_err(said)?;
    lock.lock().map_err(said)?;
    let done = home.join("complete");
    if !done.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
        let wanted = format!("{package}=={version}");
        let pip = ["-m", "pip", "--disable-pip-version-check", "--quiet", "install", &wanted];
        run(Command::new(home.join("bin/python")).args(pip))?;
        File::create(&done).map_err(said)?;
    }
    Ok(home.join("bin"))
}

/// The Cyrus master, from the system's packages. They are installed only where
/// servers are required: a test must not change a person's machine unasked.
pub fn cyrus() -> Result<PathBuf, String> {
    let master = PathBuf::from("/usr/sbin/cyrmaster");
    let tools = [&master, &PathBuf::from("/usr/sbin/saslpasswd2")];
    if tools.iter().all(|tool| tool.exists()) {
        return Ok(master);
    }
    if !servers_required() {
        return Err("cyrus-caldav is not installed (tests/support/apt-need installs it)".to_owned());
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/apt-need");
    run(Command::new(script).args(CYRUS_PACKAGES))?;
    if master.exists() { Ok(master) } else { Err("the Cyrus package has no cyrmaster".to_owned()) }
}

/// Runs a command; its last lines are the error.
pub fn run(command: &mut Command) -> Result<(), String> {
    let name = format!("{command:?}");
    let done = command.output().map_err(|e| format!("{name}: {e}"))?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let tail: Vec<&str> = said.trim().lines().rev().take(3).collect();
    Err(format!(
        "{name}: {}: {}",
        done.status,
        tail.into_iter().rev().collect::<Vec<_>>().join(" / ")
    ))
}
