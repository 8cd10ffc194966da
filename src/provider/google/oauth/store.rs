//! The file a refresh token is kept in: for its owner only. One that others can read
//! is not used.

use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::provider::http::secret::Secret;

/// What is kept of a login.
#[derive(Debug, Clone)]
pub struct TokenFile {
    /// The refresh token.
    pub refresh: Secret,
    /// The scopes that were granted.
    pub scopes: Vec<String>,
    /// When the login ends, where Google announced an end (testing mode).
    pub ends: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct Raw {
    refresh_token: String,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ends: Option<Timestamp>,
}

impl TokenFile {
    /// Reads a file.
    ///
    /// # Errors
    /// For people: there is none, others can read it, or it holds something else.
    pub fn read(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let mode = match std::fs::metadata(path) {
            Ok(found) => found.permissions().mode(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(format!("there is no token yet ({shown})"));
            }
            Err(error) => return Err(format!("{shown} cannot be read: {error}")),
        };
        if mode & 0o077 != 0 {
            return Err(format!(
                "{shown} can be read by others (mode {:o}); say `chmod 600 {shown}`, and log in again if others may have read it",
                mode & 0o777
            ));
        }
        let text =
            std::fs::read(path).map_err(|error| format!("{shown} cannot be read: {error}"))?;
        Self::parse(&text).map_err(|why| format!("{shown} {why}"))
    }

    /// Reads the text of a file or of a keyring's entry.
    ///
    /// # Errors
    /// For people: it holds something else.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let raw: Raw = serde_json::from_slice(text).map_err(|_| "holds no token".to_owned())?;
        if raw.refresh_token.is_empty() {
            return Err("holds no token".to_owned());
        }
        Ok(Self { refresh: Secret::new(raw.refresh_token), scopes: raw.scopes, ends: raw.ends })
    }

    /// As text.
    pub fn text(&self) -> String {
        let raw = Raw {
            refresh_token: self.refresh.expose().to_owned(),
            scopes: self.scopes.clone(),
            ends: self.ends,
        };
        serde_json::to_string(&raw).unwrap_or_default()
    }

    /// Writes a new file with mode 0600, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir)?;
        }
        let mut name = path.as_os_str().to_owned();
        name.push(".new");
        let new = std::path::PathBuf::from(name);
        match std::fs::remove_file(&new) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file =
            std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        writeln!(file, "{}", self.text())?;
        file.sync_all()?;
        std::fs::rename(&new, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_kept_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/work.json");
        assert!(TokenFile::read(&path).unwrap_err().contains("no token yet"));
        let ends = Some("2026-03-09T08:00:00Z".parse().unwrap());
        let kept = TokenFile { refresh: Secret::new("1//r"), scopes: vec!["a".to_owned()], ends };
        kept.write(&path).unwrap();
        kept.write(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let read = TokenFile::read(&path).unwrap();
        assert_eq!((read.refresh.expose(), read.scopes.len(), read.ends), ("1//r", 1, ends));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(TokenFile::read(&path).unwrap_err().contains("chmod 600"));
    }

    #[test]
    fn other_files_hold_no_token() {
        for text in ["", "{}", "{\"refresh_token\":\"\"}", "token"] {
            assert!(TokenFile::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
