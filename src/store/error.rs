//! What can go wrong with the state file, as kinds with a remedy. Knows nothing
//! of what the rows mean. `Display` never repeats the source.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// The state could not be read or written. It always ends the cycle.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no state file yet.
    #[error("there is no state in {}", .dir.display())]
    Missing {
        /// The state directory.
        dir: PathBuf,
    },
    /// The directory or file may not be written (or read).
    #[error("the state in {} cannot be written", .path.display())]
    NotWritable {
        /// What was tried.
        path: PathBuf,
        /// The cause below.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No room left on the device.
    #[error("the disk is full: {} could not grow", .path.display())]
    DiskFull {
        /// The state file.
        path: PathBuf,
        /// The cause below.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file is damaged or no state file at all.
    #[error("the state file {} is damaged", .path.display())]
    Corrupt {
        /// The state file.
        path: PathBuf,
        /// What the check found, for people.
        detail: String,
    },
    /// The file was written by a newer onbeat.
    #[error(
        "the state file {} was written by a newer onbeat (schema {found}, this one knows {known})",
        .path.display()
    )]
    NewerSchema {
        /// The state file.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest schema of this binary.
        known: u32,
    },
    /// Another onbeat works on this state.
    #[error("another onbeat{} is working on {}", holder_suffix(.holder), .dir.display())]
    Locked {
        /// The state directory.
        dir: PathBuf,
        /// What the other one wrote into the lock file: verb and process id.
        holder: Option<String>,
    },
    /// Another process kept the file busy for longer than the time limit.
    #[error("the state file {} is busy", .path.display())]
    Busy {
        /// The state file.
        path: PathBuf,
        /// The cause below.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A stored value is not what this version writes.
    #[error("the state holds a {what} this version cannot read: {value}")]
    Unreadable {
        /// What kind of value.
        what: &'static str,
        /// The value, shortened.
        value: String,
    },
    /// The calendar is not in the store (a reading goes on after it was forgotten).
    #[error("the state does not know the calendar any more")]
    UnknownCalendar,
    /// Anything else SQLite or the file system says.
    #[error("the state file {} failed", .path.display())]
    Failed {
        /// The state file.
        path: PathBuf,
        /// The cause below.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

fn holder_suffix(holder: &Option<String>) -> String {
    holder.as_ref().map(|who| format!(" ({who})")).unwrap_or_default()
}

impl StoreError {
    /// What a person can do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Missing { .. } => {
                "run `onbeat sync` once, or name the right directory with --state".to_owned()
            }
            Self::NotWritable { path, .. } => format!(
                "make {} writable for the user onbeat runs as, or choose another directory with --state",
                path.display()
            ),
            Self::DiskFull { .. } => {
                "free some space and run the command again; nothing was lost".to_owned()
            }
            Self::Corrupt { .. } => {
                "restore the file from a backup, or run `onbeat check --repair`: it moves the damaged \
                 file aside, saves what can be read of ledger, journal and notes, and the next \
                 `onbeat sync` reads the calendars again"
                    .to_owned()
            }
            Self::NewerSchema { .. } => {
                "install the newer onbeat again, or name another directory with --state".to_owned()
            }
            Self::Locked { .. } => {
                "wait for it to finish, or stop it; the running daemon does the same work by itself"
                    .to_owned()
            }
            Self::Busy { .. } => "run the command again in a moment".to_owned(),
            Self::Unreadable { .. } => {
                "install the onbeat that wrote it, or restore the state file from a backup".to_owned()
            }
            Self::UnknownCalendar => "run `onbeat sync` again".to_owned(),
            Self::Failed { .. } => "run `onbeat check`; it examines the state file".to_owned(),
        }
    }

    /// Sorts an error of SQLite into the kinds above.
    pub(crate) fn sqlite(path: &Path, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        let detail = error.to_string();
        let code = error.sqlite_error_code();
        let is = |codes: &[ErrorCode]| code.is_some_and(|code| codes.contains(&code));
        if is(&[ErrorCode::DatabaseCorrupt, ErrorCode::NotADatabase]) {
            return Self::Corrupt { path, detail };
        }
        if is(&[ErrorCode::DiskFull]) {
            return Self::DiskFull { path, source: Box::new(error) };
        }
        if is(&[ErrorCode::ReadOnly, ErrorCode::PermissionDenied, ErrorCode::CannotOpen]) {
            return Self::NotWritable { path, source: Box::new(error) };
        }
        if is(&[ErrorCode::DatabaseBusy, ErrorCode::DatabaseLocked]) {
            return Self::Busy { path, source: Box::new(error) };
        }
        if let rusqlite::Error::FromSqlConversionFailure(_, _, inner) = &error
            && let Some(UnreadableValue { what, value }) = inner.downcast_ref()
        {
            return Self::Unreadable { what, value: value.chars().take(80).collect() };
        }
        Self::Failed { path, source: Box::new(error) }
    }

    /// Sorts an error of the file system into the kinds above.
    pub(crate) fn io(path: &Path, error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let path = path.to_owned();
        let kind = error.kind();
        let refused = [
            ErrorKind::PermissionDenied,
            ErrorKind::ReadOnlyFilesystem,
            ErrorKind::NotADirectory,
            ErrorKind::AlreadyExists,
        ];
        if refused.contains(&kind) {
            return Self::NotWritable { path, source: Box::new(error) };
        }
        if [ErrorKind::StorageFull, ErrorKind::QuotaExceeded].contains(&kind) {
            return Self::DiskFull { path, source: Box::new(error) };
        }
        Self::Failed { path, source: Box::new(error) }
    }
}

/// A stored value this version does not know; travels inside SQLite's error.
#[derive(Debug, thiserror::Error)]
#[error("unreadable {what}: {value}")]
pub(crate) struct UnreadableValue {
    pub(crate) what: &'static str,
    pub(crate) value: String,
}
