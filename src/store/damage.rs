//! A damaged state file: moved aside, and what cannot be read again from the
//! calendars (ledger, journal, what people typed) carried over as far as it goes.
//! The mirror is left behind: the next reading fills it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, params_from_iter};

use crate::store::error::StoreError;
use crate::store::lock::StateLock;
use crate::store::open::{Durability, STATE_FILE, Store};
use crate::store::schema;

/// What cannot be read again, in an order that respects references.
const KEPT: &[&str] = &[
    "owner",
    "ledger",
    "intent",
    "outcome",
    "item",
    "reflection",
    "agenda",
    "asked",
    "measured",
    "flag",
    "once",
    "pause",
    "pin",
    "consent",
    "partner_address",
    "note",
];

/// What became of a damaged state file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Where the damaged file lies now.
    pub moved_to: PathBuf,
    /// Rows of ledger, journal and the pairs' belongings that were carried over.
    pub saved: u64,
    /// Tables of which rows may be missing.
    pub incomplete: Vec<&'static str>,
}

impl Store {
    /// Moves a damaged state file aside (it is kept), starts a new one and carries
    /// over what can still be read, except the mirror. `now` names the file.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another onbeat works on it; [`StoreError::Missing`]
    /// when there is none; else when the new file cannot be written.
    pub fn quarantine_corrupt(dir: &Path, now: Timestamp) -> Result<Quarantined, StoreError> {
        let path = dir.join(STATE_FILE);
        if !path.exists() {
            return Err(StoreError::Missing { dir: dir.to_owned() });
        }
        let _lock = StateLock::take(dir, "repair")?;
        let moved_to = free_name(dir, now);
        // The log goes along under the matching name: it holds the last commits.
        for suffix in ["-wal", ""] {
            let (from, to) = (with_suffix(&path, suffix), with_suffix(&moved_to, suffix));
            match fs::rename(&from, &to) {
                Ok(()) => {}
                Err(error) if suffix == "-wal" && error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(StoreError::io(&from, error)),
            }
        }
        // The index of the log is rebuilt from it.
        let _absent = fs::remove_file(with_suffix(&path, "-shm"));
        let store = Self::open_locked(dir)?;
        let (saved, incomplete) = store.salvage(&moved_to)?;
        Ok(Quarantined { moved_to, saved, incomplete })
    }

    /// Copies rows until the damage stops it, from both ends of each table.
    fn salvage(&self, damaged: &Path) -> Result<(u64, Vec<&'static str>), StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let old = Connection::open_with_flags(damaged, flags);
        let readable =
            old.ok().filter(|old| schema::found(old).is_ok_and(|v| v == schema::known()));
        let Some(old) = readable else { return Ok((0, KEPT.to_vec())) };
        let mut saved = 0;
        let mut incomplete = Vec::new();
        for table in KEPT {
            let (rows, whole) = self.write(Durability::Power, |tx| copy(&old, tx, table))?;
            saved += rows;
            if !whole {
                incomplete.push(*table);
            }
        }
        Ok((saved, incomplete))
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

fn free_name(dir: &Path, now: Timestamp) -> PathBuf {
    let stamp = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let name = |n: u32| match n {
        0 => dir.join(format!("{STATE_FILE}.damaged-{stamp}")),
        n => dir.join(format!("{STATE_FILE}.damaged-{stamp}-{n}")),
    };
    (0..u32::MAX).map(name).find(|path| !path.exists()).unwrap_or_else(|| name(0))
}

/// Copies a table's readable rows; whether all could be read and written.
fn copy(old: &Connection, tx: &Transaction<'_>, table: &str) -> rusqlite::Result<(u64, bool)> {
    let (forward, whole) = copy_in_order(old, tx, table, "ASC")?;
    if whole {
        return Ok((forward, true));
    }
    // Rows behind the damaged page are reached from the other end.
    let (backward, _) = copy_in_order(old, tx, table, "DESC")?;
    Ok((forward + backward, false))
}

fn copy_in_order(
    old: &Connection,
    tx: &Transaction<'_>,
    table: &str,
    order: &str,
) -> rusqlite::Result<(u64, bool)> {
    let mut count = 0;
    // The first column leads each table's key (its number, or its owner), so this
    // is the order the rows lie in.
    let select = format!("SELECT * FROM {table} NOT INDEXED ORDER BY 1 {order}");
    let Ok(mut statement) = old.prepare(&select) else { return Ok((0, false)) };
    let width = statement.column_count();
    let marks = vec!["?"; width].join(", ");
    let mut insert = tx.prepare(&format!("INSERT OR IGNORE INTO {table} VALUES ({marks})"))?;
    let Ok(mut rows) = statement.query([]) else { return Ok((0, false)) };
    let mut whole = true;
    loop {
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => return Ok((count, whole)),
            Err(_) => return Ok((count, false)),
        };
        let values: rusqlite::Result<Vec<Value>> = (0..width).map(|at| row.get(at)).collect();
        let Ok(values) = values else {
            whole = false;
            continue;
        };
        match insert.execute(params_from_iter(values)) {
            Ok(made) => count += u64::try_from(made).unwrap_or(0),
            // A row that breaks a rule of the schema (an outcome whose intent is
            // lost) is part of the damage; anything else is trouble with the new file.
            Err(error) if is_constraint(&error) => whole = false,
            Err(error) => return Err(error),
        }
    }
}

fn is_constraint(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch)
    )
}
