//! One file: read it whole and stable, replace it atomically, create it, remove
//! it. Knows paths and bytes, nothing of calendars.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::name::hex;
use crate::model::id::Etag;
use crate::provider::{ErrorKind, ProviderError};

/// Largest resource that is read or written.
pub(super) const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Names of files not yet in place; hidden, so that no program takes them for events.
const TEMP_PREFIX: &str = ".onbeat-";
const TEMP_SUFFIX: &str = ".tmp";

/// How often a file that keeps changing under the reader is read again.
const READ_TRIES: usize = 3;

/// How long another instance may hold the folder, in steps of [`LOCK_PAUSE`].
const LOCK_TRIES: usize = 250;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// What the file system says of a file without its bytes being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stat {
    /// Length in bytes.
    pub(super) len: u64,
    /// Last change, nanoseconds since 1970: of inode or bytes where the system
    /// tells, so that a copied old modification time does not hide an edit.
    pub(super) changed: i128,
    /// Inode number; 0 where there is none.
    inode: u64,
    /// Modification time, nanoseconds since 1970.
    modified: i128,
}

impl Stat {
    /// Reads what a listing compares.
    #[cfg(unix)]
    pub(super) fn of(meta: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        let nanos = |secs: i64, nsec: i64| i128::from(secs) * 1_000_000_000 + i128::from(nsec);
        Self {
            len: meta.len(),
            changed: nanos(meta.ctime(), meta.ctime_nsec()),
            inode: meta.ino(),
            modified: nanos(meta.mtime(), meta.mtime_nsec()),
        }
    }

    /// Reads what a listing compares.
    #[cfg(not(unix))]
    pub(super) fn of(meta: &Metadata) -> Self {
        let modified = meta
            .modified()
            .ok()
            .and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok())
            .map_or(0, |since| i128::try_from(since.as_nanos()).unwrap_or(0));
        Self { len: meta.len(), changed: modified, inode: 0, modified }
    }

    /// The whole as text for a digest.
    pub(super) fn text(&self) -> String {
        format!("{}.{}.{}.{}", self.len, self.changed, self.inode, self.modified)
    }
}

/// Why a file cannot be taken into the mirror.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// It is not there (any more).
    Gone,
    /// Too large, empty or changing all the time; for people.
    Because(String),
    /// The system refuses.
    Failed(io::Error),
}

impl Unreadable {
    /// Why, for people; `None` when there is nothing to read.
    pub(super) fn reason(&self) -> Option<String> {
        match self {
            Self::Gone => None,
            Self::Because(why) => Some(why.clone()),
            Self::Failed(error) => Some(error.to_string()),
        }
    }
}

/// The strong entity tag of these bytes.
pub(super) fn etag(data: &[u8]) -> Option<Etag> {
    Etag::new(&format!("\"{}\"", hex(&Sha256::digest(data))))
}

/// Reads a file and what the file system said of exactly these bytes.
pub(super) fn read(path: &Path) -> Result<(Vec<u8>, Stat), Unreadable> {
    for _ in 0..READ_TRIES {
        let mut file = File::open(path).map_err(unreadable)?;
        let before = Stat::of(&file.metadata().map_err(unreadable)?);
        let mut data = Vec::new();
        let mut limited = (&mut file).take(MAX_BYTES + 1);
        limited.read_to_end(&mut data).map_err(unreadable)?;
        if data.len() as u64 > MAX_BYTES {
            return Err(too_large());
        }
        let after = Stat::of(&file.metadata().map_err(unreadable)?);
        if before == after && after.len == data.len() as u64 {
            // An editor truncates before it writes; nobody means an empty event.
            let empty = || Unreadable::Because("the file is empty".to_owned());
            return if data.is_empty() { Err(empty()) } else { Ok((data, after)) };
        }
    }
    Err(Unreadable::Because("the file keeps changing while it is read".to_owned()))
}

/// The reason for a file above [`MAX_BYTES`].
pub(super) fn too_large() -> Unreadable {
    Unreadable::Because(format!("larger than {} MiB", MAX_BYTES / (1024 * 1024)))
}

/// The reason for a failed system call.
pub(super) fn unreadable(error: io::Error) -> Unreadable {
    if error.kind() == io::ErrorKind::NotFound {
        Unreadable::Gone
    } else {
        Unreadable::Failed(error)
    }
}

/// A failed system call as a provider error, with the remedy where there is one.
pub(super) fn failed(error: io::Error, what: &str, path: &Path) -> ProviderError {
    let at = path.display();
    let is = |kinds: &[io::ErrorKind]| kinds.contains(&error.kind());
    let (kind, remedy) = if is(&[io::ErrorKind::NotFound]) {
        (ErrorKind::NotFound, ": is the folder mounted, and the account's path right?")
    } else if is(&[io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem]) {
        let remedy =
            ": give onbeat's user the permission, or set this calendar's pairs to `observe`";
        (ErrorKind::Forbidden, remedy)
    } else if is(&[io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded]) {
        (ErrorKind::TooLarge, ": free some space")
    } else {
        (ErrorKind::Unavailable, "")
    };
    ProviderError::new(kind, format!("{what} {at}{remedy}")).caused_by(error)
}

/// Keeps other instances of onbeat from writing into a folder while it lives.
/// Programs that know nothing of it are caught by the re-reading before a rename.
pub(super) struct FolderLock {
    /// `None` where the file system has no locks.
    handle: Option<File>,
}

impl FolderLock {
    /// Removes what an instance left behind that was killed before its rename.
    /// Only under the lock: else it may be another's work in progress.
    pub(super) fn sweep(&self, folder: &Path) {
        if self.handle.is_none() {
            return;
        }
        for item in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = item.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(TEMP_PREFIX) && name.ends_with(TEMP_SUFFIX) {
                // A failure here leaves a hidden file more; the write goes on.
                let _ = fs::remove_file(item.path());
            }
        }
    }
}

/// Waits for the folder's lock (at most five seconds). The folder itself is
/// locked, so no file is left behind in somebody's calendar; a file system
/// without such locks goes without.
pub(super) async fn lock(folder: &Path) -> Result<FolderLock, ProviderError> {
    let handle = File::open(folder).map_err(|e| failed(e, "opening", folder))?;
    for _ in 0..LOCK_TRIES {
        match handle.try_lock() {
            Ok(()) => return Ok(FolderLock { handle: Some(handle) }),
            Err(fs::TryLockError::WouldBlock) => tokio::time::sleep(LOCK_PAUSE).await,
            Err(fs::TryLockError::Error(_)) => return Ok(FolderLock { handle: None }),
        }
    }
    Err(ProviderError::new(
        ErrorKind::Unavailable,
        format!("another instance of onbeat keeps writing into {}", folder.display()),
    ))
}

/// A change that is written but not yet visible.
pub(super) struct Prepared {
    temp: tempfile::NamedTempFile,
    target: PathBuf,
}

/// Writes the bytes beside the target under a hidden name and makes them durable.
pub(super) fn prepare(target: &Path, data: &[u8]) -> Result<Prepared, ProviderError> {
    let folder = target.parent().unwrap_or(Path::new("."));
    let said = |e| failed(e, "writing into", folder);
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMP_PREFIX).suffix(TEMP_SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666)); // less the umask, as any program's file
    }
    let mut temp = builder.tempfile_in(folder).map_err(said)?;
    temp.write_all(data).map_err(said)?;
    if let Ok(meta) = fs::metadata(target) {
        temp.as_file().set_permissions(meta.permissions()).map_err(said)?;
    }
    temp.as_file().sync_all().map_err(said)?;
    Ok(Prepared { temp, target: target.to_owned() })
}

impl Prepared {
    /// Puts the bytes in place of whatever lies there.
    pub(super) fn replace(self) -> Result<(), ProviderError> {
        let target = self.target;
        self.temp.persist(&target).map_err(|e| failed(e.error, "replacing", &target))?;
        settle(&target)
    }

    /// Puts the bytes there if nothing lies there; decided by the file system.
    pub(super) fn create(self) -> Result<(), ProviderError> {
        let target = self.target;
        self.temp.persist_noclobber(&target).map_err(|e| {
            if e.error.kind() == io::ErrorKind::AlreadyExists {
                let what = format!("creating {}: the file exists", target.display());
                ProviderError::new(ErrorKind::PreconditionFailed, what)
            } else {
                failed(e.error, "creating", &target)
            }
        })?;
        settle(&target)
    }
}

/// Removes a file.
pub(super) fn remove(target: &Path) -> Result<(), ProviderError> {
    fs::remove_file(target).map_err(|e| failed(e, "deleting", target))?;
    settle(target)
}

/// Makes the folder's entry durable. The change is visible already, so a failure
/// here is not a failed write.
fn settle(target: &Path) -> Result<(), ProviderError> {
    let folder = target.parent().unwrap_or(Path::new("."));
    File::open(folder).and_then(|dir| dir.sync_all()).map_err(|e| {
        ProviderError::new(
            ErrorKind::OutcomeUnknown,
            format!("making {} durable", folder.display()),
        )
        .caused_by(e)
    })
}
