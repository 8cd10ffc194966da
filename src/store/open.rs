//! Opening the state file: directory, pragmas, migrations, checks; and moving a
//! damaged file aside. It never overwrites a file it cannot read.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::model::id::OwnerId;
use crate::store::error::StoreError;
use crate::store::lock::StateLock;
use crate::store::schema;

/// The state file's name inside the state directory.
pub const STATE_FILE: &str = "state.sqlite3";

/// How long a statement waits for another process.
const BUSY_LIMIT: Duration = Duration::from_secs(5);

/// Files up to this size are checked page by page at every opening (about 10 ms);
/// larger ones by [`Store::examine`], which `onbeat check` and the daemon's start call.
const CHECKED_AT_OPENING: u64 = 8 * 1024 * 1024;

/// The log is cut to this size when it has been written back.
const LOG_LIMIT: i64 = 4 * 1024 * 1024;

/// Tables of one connection: what the readings under way have seen.
const READING_TABLES: &str = "
    CREATE TEMP TABLE seen (
        reading INTEGER NOT NULL, resource INTEGER NOT NULL,
        PRIMARY KEY (reading, resource)
    ) WITHOUT ROWID;
    CREATE TEMP TABLE gone (
        reading INTEGER NOT NULL, resource INTEGER NOT NULL,
        PRIMARY KEY (reading, resource)
    ) WITHOUT ROWID;";

/// The state of onbeat. See the module's documentation.
#[derive(Debug)]
pub struct Store {
    pub(crate) connection: Connection,
    /// The state file; `:memory:` for a store in memory.
    path: PathBuf,
    /// The state directory; `None` for a store in memory.
    dir: Option<PathBuf>,
    readings: Cell<i64>,
}

/// How hard a transaction is pressed onto the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Survives a crash of the process; a power cut may take the last ones back
    /// (the mirror: it is read again).
    Process,
    /// Survives a power cut (ledger, journal, what people typed).
    Power,
}

impl Store {
    /// Opens the state in a directory, creating both (modes 0700 and 0600) and
    /// bringing the schema up to date. Takes no lock: see [`Store::lock`].
    ///
    /// # Errors
    /// Every kind of [`StoreError`] but `Missing`; a file that cannot be read is
    /// left exactly as it is.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        make_dir(dir)?;
        let path = dir.join(STATE_FILE);
        make_file(dir, &path)?;
        Self::open_file(dir, path, false)
    }

    /// [`Store::open`] by whoever holds the lock already.
    pub(crate) fn open_locked(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(STATE_FILE);
        make_file(dir, &path)?;
        Self::open_file(dir, path, true)
    }

    /// Opens an existing state for looking at it (`status`, `report`, `plan`).
    /// Writes nothing but a due schema upgrade.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is none; else as [`Store::open`].
    pub fn open_read(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(STATE_FILE);
        match fs::metadata(&path) {
            Ok(_) => Self::open_file(dir, path, false),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(StoreError::Missing { dir: dir.to_owned() })
            }
            Err(error) => Err(StoreError::io(&path, error)),
        }
    }

    /// A store that lives as long as the value.
    ///
    /// # Errors
    /// When SQLite cannot be set up at all.
    pub fn memory() -> Result<Self, StoreError> {
        let path = PathBuf::from(":memory:");
        let connection = Connection::open_in_memory().map_err(|e| StoreError::sqlite(&path, e))?;
        let store = Self { connection, path, dir: None, readings: Cell::new(0) };
        store.prepare()?;
        schema::migrate(&store.connection, &store.path)?;
        Ok(store)
    }

    fn open_file(dir: &Path, path: PathBuf, locked: bool) -> Result<Self, StoreError> {
        let size = fs::metadata(&path).map_err(|e| StoreError::io(&path, e))?.len();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        // SQLite refuses links anywhere in the path: resolve those of the directory.
        let real = fs::canonicalize(dir).map_err(|e| StoreError::io(dir, e))?.join(STATE_FILE);
        let connection =
            Connection::open_with_flags(&real, flags).map_err(|e| StoreError::sqlite(&path, e))?;
        let store = Self { connection, path, dir: Some(dir.to_owned()), readings: Cell::new(0) };
        store.prepare()?;
        if size > 0 && size <= CHECKED_AT_OPENING {
            store.quick_check()?;
        }
        if schema::behind(&store.connection, &store.path)? {
            // An older onbeat at work must not have the schema changed under it. A
            // file that is just being made has nobody at work.
            let upgrade = !locked && schema::found(&store.connection).is_ok_and(|v| v > 0);
            let _lock = upgrade.then(|| StateLock::take(dir, "upgrade")).transpose()?;
            schema::migrate(&store.connection, &store.path)?;
        }
        Ok(store)
    }

    fn prepare(&self) -> Result<(), StoreError> {
        let connection = &self.connection;
        let set = || {
            connection.busy_timeout(BUSY_LIMIT)?;
            connection.set_prepared_statement_cache_capacity(64);
            connection.pragma_update(None, "foreign_keys", true)?;
            // So that replacing a row counts as deleting it for the append-only rules.
            connection.pragma_update(None, "recursive_triggers", true)?;
            // Reads the file's header: a file that is no database ends here.
            let _mode: String =
                connection.pragma_update_and_check(None, "journal_mode", "WAL", |r| r.get(0))?;
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            connection.pragma_update_and_check(
                None,
                "journal_size_limit",
                LOG_LIMIT,
                |_| Ok(()),
            )?;
            // Else every member seen makes and drops a journal file.
            let _mode: String =
                connection.query_row("PRAGMA temp.journal_mode = MEMORY", [], |row| row.get(0))?;
            connection.execute_batch(READING_TABLES)
        };
        set().map_err(|e| self.fail(e))
    }

    /// Takes the lock of the state directory for a verb that runs cycles.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process has it.
    pub fn lock(&self, verb: &str) -> Result<StateLock, StoreError> {
        match &self.dir {
            Some(dir) => StateLock::take(dir, verb),
            None => Ok(StateLock::free()),
        }
    }

    /// The state file, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Examines the whole file, however large (about a second per 500 MB).
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] with what was found.
    pub fn examine(&self) -> Result<(), StoreError> {
        self.quick_check()
    }

    fn quick_check(&self) -> Result<(), StoreError> {
        let verdict: String = self
            .connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .map_err(|e| self.fail(e))?;
        if verdict == "ok" {
            return Ok(());
        }
        Err(StoreError::Corrupt { path: self.path.clone(), detail: verdict })
    }

    /// Sorts an error of a statement.
    pub(crate) fn fail(&self, error: rusqlite::Error) -> StoreError {
        StoreError::sqlite(&self.path, error)
    }

    /// The number of the next reading; unique in this connection.
    pub(crate) fn next_reading(&self) -> i64 {
        self.readings.set(self.readings.get() + 1);
        self.readings.get()
    }

    /// Runs `work` in one immediate transaction.
    pub(crate) fn write<T>(
        &self,
        durability: Durability,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let level = match durability {
            Durability::Process => "NORMAL",
            Durability::Power => "FULL",
        };
        let run = || {
            self.connection.pragma_update(None, "synchronous", level)?;
            let tx = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            let value = work(&tx)?;
            tx.commit()?;
            Ok(value)
        };
        run().map_err(|e| self.fail(e))
    }

    /// Runs `work` as a reader.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        work(&self.connection).map_err(|e| self.fail(e))
    }

    /// The owners the state knows, by name.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn owners(&self) -> Result<Vec<OwnerId>, StoreError> {
        self.read(|c| {
            let mut statement = c.prepare_cached("SELECT name FROM owner ORDER BY name")?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            rows.map(|name| name.map(OwnerId::new)).collect()
        })
    }
}

/// Makes sure the owner has a row, inside a write transaction.
pub(crate) fn know_owner(tx: &Transaction<'_>, owner: &OwnerId) -> rusqlite::Result<i64> {
    tx.prepare_cached("INSERT INTO owner (name) VALUES (?1) ON CONFLICT (name) DO NOTHING")?
        .execute([owner.as_str()])?;
    tx.prepare_cached("SELECT id FROM owner WHERE name = ?1")?
        .query_row([owner.as_str()], |row| row.get(0))
}

fn make_dir(dir: &Path) -> Result<(), StoreError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|e| StoreError::io(dir, e))
}

fn make_file(dir: &Path, path: &Path) -> Result<(), StoreError> {
    // SQLite gives its side files the mode of the main file.
    let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        // The file's name must survive a power cut as well as its content.
        Ok(_) => fs::File::open(dir).and_then(|d| d.sync_all()).map_err(|e| StoreError::io(dir, e)),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::io(path, error)),
    }
}
