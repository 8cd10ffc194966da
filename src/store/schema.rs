//! The schema's history: numbered SQL files, applied in order, each in one
//! transaction. Knows nothing of what the tables are used for.

use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::store::error::StoreError;

/// All migrations, oldest first. Append only: `tests` holds their checksums.
pub(crate) const MIGRATIONS: &[&str] = &[include_str!("../../migrations/0001_init.sql")];

/// The schema this binary writes.
pub(crate) fn known() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// The schema a file has; 0 for an empty one.
pub(crate) fn found(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Whether the file is older than this binary.
///
/// # Errors
/// [`StoreError::NewerSchema`] when it is newer.
pub(crate) fn behind(connection: &Connection, path: &Path) -> Result<bool, StoreError> {
    let found = found(connection).map_err(|e| StoreError::sqlite(path, e))?;
    let known = known();
    if found > known {
        return Err(StoreError::NewerSchema { path: path.to_owned(), found, known });
    }
    Ok(found < known)
}

/// Brings the file to the newest schema. Safe against a second process doing the
/// same: the version is read again inside the write transaction.
pub(crate) fn migrate(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    migrate_with(connection, path, MIGRATIONS)
}

/// [`migrate`] with a given history, for tests of upgrades.
pub(crate) fn migrate_with(
    connection: &Connection,
    path: &Path,
    migrations: &[&str],
) -> Result<(), StoreError> {
    let fail = |e| StoreError::sqlite(path, e);
    let tx =
        Transaction::new_unchecked(connection, TransactionBehavior::Immediate).map_err(fail)?;
    let from = usize::try_from(found(&tx).map_err(fail)?).unwrap_or(usize::MAX);
    for (index, sql) in migrations.iter().enumerate().skip(from) {
        tx.execute_batch(sql).map_err(fail)?;
        tx.pragma_update(None, "user_version", u32::try_from(index + 1).unwrap_or(u32::MAX))
            .map_err(fail)?;
    }
    tx.commit().map_err(fail)
}
