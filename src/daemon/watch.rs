//! Changes on this machine: files in vdir folders and the configuration file.
//! Says only *that* something changed; the cycle finds out what. Where the
//! system cannot watch, the timer alone has to do.

use std::path::{Path, PathBuf};

use notify::event::{EventKind, ModifyKind};
use notify::{RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Something in a calendar folder.
    Calendar,
    /// The configuration file.
    Config,
}

/// A running watch; it ends when dropped.
pub struct Watch {
    // Held for its threads; never asked anything.
    _watcher: Option<notify::RecommendedWatcher>,
    /// Changes, undebounced.
    pub changes: mpsc::UnboundedReceiver<Change>,
}

impl Watch {
    /// A watch over somebody else's changes.
    #[cfg(test)]
    pub(super) fn from_channel(changes: mpsc::UnboundedReceiver<Change>) -> Self {
        Self { _watcher: None, changes }
    }

    /// Watches folders (with all below) and one file. What cannot be watched is
    /// logged and left to the timer.
    pub fn start(folders: &[PathBuf], config: Option<&Path>) -> Self {
        let (send, changes) = mpsc::unbounded_channel();
        let config = config.map(Path::to_path_buf);
        let target = config.clone();
        let made = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            if !alters(event.kind) {
                return;
            }
            let is_config = |path: &PathBuf| target.as_deref().is_some_and(|t| same_file(path, t));
            let is_calendar = |path: &PathBuf| path.extension().is_some_and(|e| e == "ics");
            if event.paths.iter().any(is_config) {
                let _ = send.send(Change::Config);
            }
            if event.paths.iter().any(is_calendar) {
                let _ = send.send(Change::Calendar);
            }
        });
        let mut watcher = match made {
            Ok(watcher) => Some(watcher),
            Err(error) => {
                tracing::warn!(%error, "local changes cannot be watched; the timer has to do");
                None
            }
        };
        if let Some(watcher) = &mut watcher {
            for folder in folders {
                watch(watcher, folder, RecursiveMode::Recursive);
            }
            // Editors replace files, so the folder is watched and the name compared.
            if let Some(parent) = config.as_deref().and_then(Path::parent) {
                watch(watcher, parent, RecursiveMode::NonRecursive);
            }
        }
        Self { _watcher: watcher, changes }
    }
}

fn watch(watcher: &mut notify::RecommendedWatcher, path: &Path, mode: RecursiveMode) {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    if let Err(error) = watcher.watch(path, mode) {
        tracing::warn!(%error, path = %path.display(), "cannot be watched; the timer has to do");
    }
}

/// Whether the bytes a reader sees can differ: reading, permissions and times do not count.
fn alters(kind: EventKind) -> bool {
    match kind {
        EventKind::Create(_) | EventKind::Remove(_) => true,
        EventKind::Modify(ModifyKind::Metadata(_)) => false,
        EventKind::Modify(_) => true,
        EventKind::Any | EventKind::Access(_) | EventKind::Other => false,
    }
}

fn same_file(a: &Path, b: &Path) -> bool {
    a == b
        || (a.file_name() == b.file_name() && a.parent().map(resolved) == b.parent().map(resolved))
}

fn resolved(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn next(watch: &mut Watch) -> Option<Change> {
        tokio::time::timeout(Duration::from_secs(20), watch.changes.recv()).await.ok().flatten()
    }

    #[tokio::test]
    async fn sees_calendars_and_the_configuration_only() {
        let dir = tempfile::tempdir().unwrap();
        let calendars = dir.path().join("cal");
        std::fs::create_dir(&calendars).unwrap();
        let config = dir.path().join("onbeat.toml");
        let mut watch = Watch::start(std::slice::from_ref(&calendars), Some(&config));
        // A stranger beside the configuration, then the configuration itself.
        std::fs::write(dir.path().join("other.txt"), "x").unwrap();
        std::fs::write(&config, "x").unwrap();
        assert_eq!(next(&mut watch).await, Some(Change::Config));
        while let Ok(change) = watch.changes.try_recv() {
            assert_eq!(change, Change::Config);
        }
        std::fs::write(calendars.join("a.tmp"), "x").unwrap();
        std::fs::rename(calendars.join("a.tmp"), calendars.join("a.ics")).unwrap();
        loop {
            match next(&mut watch).await {
                Some(Change::Config) => {}
                other => {
                    assert_eq!(other, Some(Change::Calendar));
                    break;
                }
            }
        }
    }

    #[test]
    fn reading_is_no_change() {
        assert!(!alters(EventKind::Access(notify::event::AccessKind::Any)));
        assert!(alters(EventKind::Create(notify::event::CreateKind::File)));
    }
}
