//! One working onbeat per state directory. The lock guards cycles (verbs that
//! fetch or write calendars), not small writes such as a note: those rely on
//! SQLite's own locking and may happen while the daemon runs.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::store::error::StoreError;

/// The lock file's name inside the state directory.
const LOCK_FILE: &str = "onbeat.lock";

/// Held while a cycle works; released when dropped, or by the system when the
/// process dies.
#[must_use = "the lock is released when this is dropped"]
#[derive(Debug)]
pub struct StateLock {
    /// `None` for a store in memory.
    _file: Option<File>,
}

impl StateLock {
    /// A lock of nothing, for a store in memory.
    pub(crate) fn free() -> Self {
        Self { _file: None }
    }

    /// Takes the lock of a state directory, or says who has it.
    pub(crate) fn take(dir: &Path, verb: &str) -> Result<Self, StoreError> {
        let path = dir.join(LOCK_FILE);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|e| StoreError::io(&path, e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let known = (&mut file).take(200).read_to_string(&mut holder).is_ok();
                let holder = holder.trim().to_owned();
                return Err(StoreError::Locked {
                    dir: dir.to_owned(),
                    holder: (known && !holder.is_empty()).then_some(holder),
                });
            }
            Err(TryLockError::Error(error)) => return Err(StoreError::io(&path, error)),
        }
        // Who holds it is a courtesy to the next one who asks: on a full disk the
        // lock still holds, so a failed write is no failure.
        let who = format!("onbeat {verb}, process {}\n", std::process::id());
        let _courtesy = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(who.as_bytes()));
        Ok(Self { _file: Some(file) })
    }
}
