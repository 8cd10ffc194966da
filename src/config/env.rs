//! The environment, read once and named. Nothing else in onbeat reads it (the
//! service manager's variables are in `daemon/systemd.rs`).

use std::path::PathBuf;

/// What the environment says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Env {
    /// ONBEAT_NOW as written: the clock stands at this RFC 3339 instant.
    pub now: Option<String>,
    /// ONBEAT_LOG: a filter for diagnostics (`debug`, `onbeat::engine=trace`).
    pub log: Option<String>,
    /// NO_COLOR is set and not empty (no-color.org).
    pub no_color: bool,
    /// COLUMNS.
    pub columns: Option<usize>,
    /// JOURNAL_STREAM is set: stderr goes to journald, which stamps lines itself.
    pub journal: bool,
    /// VISUAL, else EDITOR.
    pub editor: Option<String>,
    /// STATE_DIRECTORY, the first one, as systemd sets it for a service.
    pub state_directory: Option<PathBuf>,
    /// CONFIGURATION_DIRECTORY, the first one, as systemd sets it for a service.
    pub configuration_directory: Option<PathBuf>,
    /// ONBEAT_DIE_AT: the moment of a write at which a crash test ends the process;
    /// never read in a release build.
    pub die_at: Option<String>,
    /// CREDENTIALS_DIRECTORY, as systemd sets it for a service.
    pub credentials_directory: Option<PathBuf>,
}

impl Env {
    /// Reads the process's environment.
    #[allow(clippy::disallowed_methods)] // the one place
    pub fn read() -> Self {
        let get = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let first_dir =
            |name: &str| get(name).and_then(|list| list.split(':').next().map(PathBuf::from));
        Self {
            now: get("ONBEAT_NOW"),
            log: get("ONBEAT_LOG"),
            no_color: get("NO_COLOR").is_some(),
            columns: get("COLUMNS").and_then(|text| text.parse().ok()),
            journal: get("JOURNAL_STREAM").is_some(),
            editor: get("VISUAL").or_else(|| get("EDITOR")),
            state_directory: first_dir("STATE_DIRECTORY"),
            configuration_directory: first_dir("CONFIGURATION_DIRECTORY"),
            die_at: if cfg!(debug_assertions) { get("ONBEAT_DIE_AT") } else { None },
            credentials_directory: get("CREDENTIALS_DIRECTORY").map(PathBuf::from),
        }
    }

    /// A variable the configuration names as the place of a secret.
    #[allow(clippy::disallowed_methods)] // the one place
    pub fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }
}
