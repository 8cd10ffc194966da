//! Secrets: where they are said to be, and getting them. The text is never
//! shown, logged or kept in the configuration.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::config::error::ConfigError;

/// Longest secret that is read, in bytes.
const MOST: u64 = 64 * 1024;

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// In the system's keyring, under onbeat's name and this entry.
    Keyring {
        /// The account's name.
        entry: String,
    },
    /// In a file only its owner can read.
    File(PathBuf),
    /// What a program prints (its first line); run without a shell.
    Command(Vec<String>),
    /// A systemd credential of this name.
    Credential(String),
}

/// A secret's text. `Debug` hides it and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// Takes the text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the moment it is used.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyring { entry } => write!(f, "the secret of {entry} in the keyring"),
            Self::File(path) => write!(f, "the secret in {}", path.display()),
            Self::Command(argv) => {
                write!(f, "the secret from `{}`", argv.first().map_or("", String::as_str))
            }
            Self::Credential(name) => write!(f, "the systemd credential {name}"),
        }
    }
}

impl SecretSource {
    /// Gets the secret.
    ///
    /// # Errors
    /// When it is not there, or lies open for others to read.
    pub fn read(&self) -> Result<SecretText, ConfigError> {
        let text = match self {
            Self::Keyring { entry } => self.from_keyring(entry)?,
            Self::File(path) => self.from_file(path, true)?,
            Self::Command(argv) => self.from_command(argv)?,
            Self::Credential(name) => self.from_credential(name)?,
        };
        let line = text.lines().next().unwrap_or_default();
        if line.is_empty() {
            return Err(self.failed("it is empty", "put the password on the first line", None));
        }
        Ok(SecretText::new(line))
    }

    fn failed(&self, reason: &str, remedy: &str, source: Option<std::io::Error>) -> ConfigError {
        ConfigError::Secret {
            what: self.to_string(),
            reason: reason.to_owned(),
            remedy: remedy.to_owned(),
            source,
        }
    }

    fn from_file(&self, path: &Path, strict: bool) -> Result<String, ConfigError> {
        use std::os::unix::fs::PermissionsExt as _;
        let remedy = format!("write it there with `install -m 0600 /dev/stdin {}`", path.display());
        let unreadable = |e| self.failed("the file cannot be read", &remedy, Some(e));
        let file = std::fs::File::open(path).map_err(unreadable)?;
        let mode = file.metadata().map_err(unreadable)?.permissions().mode();
        if strict && mode & 0o077 != 0 {
            let remedy = format!("run `chmod 600 {}`", path.display());
            return Err(self.failed("other people on this machine can read the file", &remedy, None));
        }
        let mut text = String::new();
        file.take(MOST).read_to_string(&mut text).map_err(unreadable)?;
        Ok(text)
    }

    fn from_command(&self, argv: &[String]) -> Result<String, ConfigError> {
        let remedy = "run the command by hand and see what it says";
        let (program, args) = argv
            .split_first()
            .ok_or_else(|| self.failed("the command is empty", "name a program", None))?;
        let output = Command::new(program)
            .args(args)
            .stdin(Stdio::inherit())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|e| self.failed("the command cannot be run", remedy, Some(e)))?;
        if !output.status.success() {
            return Err(self.failed(&format!("the command ended with {}", output.status), remedy, None));
        }
        String::from_utf8(output.stdout)
            .map_err(|_| self.failed("the command printed something that is no text", remedy, None))
    }

    #[allow(clippy::disallowed_methods)] // the environment's door is this folder
    fn from_credential(&self, name: &str) -> Result<String, ConfigError> {
        let remedy = "add `LoadCredential=NAME:/path` to the systemd unit";
        let Some(dir) = std::env::var_os("CREDENTIALS_DIRECTORY") else {
            return Err(self.failed("onbeat does not run under systemd with credentials", remedy, None));
        };
        // systemd decides who may read its own directory.
        self.from_file(&Path::new(&dir).join(name), false)
    }

    #[cfg(feature = "keyring")]
    fn from_keyring(&self, entry: &str) -> Result<String, ConfigError> {
        let remedy = format!("run `onbeat login {entry}`");
        keyring::Entry::new("onbeat", entry)
            .and_then(|entry| entry.get_password())
            .map_err(|error| self.failed(&error.to_string(), &remedy, None))
    }

    #[cfg(not(feature = "keyring"))]
    fn from_keyring(&self, _entry: &str) -> Result<String, ConfigError> {
        Err(self.failed(
            "this onbeat was built without the keyring",
            "use password = { file = \"…\" }, or build it with `--features keyring`",
            None,
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn remedy(error: &ConfigError) -> String {
        error.remedy().unwrap_or_default()
    }

    #[test]
    fn files_must_be_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pw");
        std::fs::write(&path, "hunter2\nmore\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let source = SecretSource::File(path.clone());
        let error = source.read().unwrap_err();
        assert!(error.to_string().contains("other people"), "{error}");
        assert!(remedy(&error).contains("chmod 600"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let text = source.read().unwrap();
        assert_eq!(text.expose(), "hunter2");
        assert!(!format!("{text:?}").contains("hunter2"));
    }

    #[test]
    fn commands() {
        let source = |argv: &[&str]| SecretSource::Command(argv.iter().map(|s| (*s).to_owned()).collect());
        assert_eq!(source(&["printf", "pw"]).read().unwrap().expose(), "pw");
        assert!(source(&["true"]).read().unwrap_err().to_string().contains("empty"));
        assert!(source(&["false"]).read().unwrap_err().to_string().contains("ended with"));
        assert!(source(&["/no/such"]).read().unwrap_err().to_string().contains("cannot be run"));
    }
}
