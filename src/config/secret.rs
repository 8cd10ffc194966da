//! Where a secret lies, and fetching it. The secret itself is never in the
//! configuration, never printed, never part of an error.

use std::fmt;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::config::env::Env;
use crate::config::raw::Section;

/// How long a password command may take.
const COMMAND_LIMIT: Duration = Duration::from_secs(30);

/// How much of a file's or command's output is looked at, in bytes.
const SIZE_LIMIT: u64 = 64 * 1024;

/// Where a secret lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// The desktop's keyring, under the account's name.
    Keyring,
    /// A file only its owner may read; the first line counts.
    File(PathBuf),
    /// A program's output, run without a shell; the first line counts.
    Command(Vec<String>),
    /// A credential of the service manager (`LoadCredential=`).
    Credential(String),
    /// A variable of the environment.
    Env(String),
}

/// A secret. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret's text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A secret could not be fetched. Never holds any of it, nor a command's output.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// This onbeat was built without the keyring.
    #[error("this onbeat was built without keyring support")]
    NoKeyring,
    /// The keyring cannot be used or holds nothing for the account.
    #[error("the keyring gives no password for {account}")]
    Keyring {
        /// Which account.
        account: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file cannot be read.
    #[error("the password file {} cannot be read", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Others may read the file.
    #[error("the password file {} may be read by others (mode {mode:04o})", .path.display())]
    OpenFile {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The command cannot be started.
    #[error("the password command {program} cannot be run")]
    Run {
        /// Which.
        program: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The command failed.
    #[error("the password command {program} failed ({status})")]
    Exit {
        /// Which.
        program: String,
        /// How it ended.
        status: String,
    },
    /// The command took too long.
    #[error("the password command {program} gave nothing within {} s", COMMAND_LIMIT.as_secs())]
    Timeout {
        /// Which.
        program: String,
    },
    /// The service manager gave no such credential.
    #[error("there is no credential {name}")]
    NoCredential {
        /// Which.
        name: String,
    },
    /// The variable is not set.
    #[error("the variable {name} is not set")]
    NoVariable {
        /// Which.
        name: String,
    },
    /// What was found is empty or no text.
    #[error("{place} holds no password in its first line")]
    Empty {
        /// Where.
        place: String,
    },
}

impl SecretError {
    /// What a person can do about it.
    pub fn remedy(&self) -> String {
        let ways = "{ file = \"…\" } (mode 0600), { command = [\"pass\", \"…\"] } or \
                    { credential = \"…\" } (systemd)";
        match self {
            Self::NoKeyring => format!("use {ways} instead"),
            Self::Keyring { account, .. } => {
                format!("run `onbeat login {account}`, or use {ways} where there is no desktop")
            }
            Self::File { path, .. } => {
                format!("create {} with the password in its first line, mode 0600", path.display())
            }
            Self::OpenFile { path, .. } => format!("run: chmod 600 {}", path.display()),
            Self::Run { program, .. } => {
                format!("check that {program} is installed; it is run without a shell")
            }
            Self::Exit { program, .. } | Self::Timeout { program } => {
                format!("run {program} by hand; it must print the password without asking")
            }
            Self::NoCredential { name } => {
                format!("add LoadCredential={name}:/path/to/file to the unit and restart it")
            }
            Self::NoVariable { name } => format!("set {name} in onbeat's environment"),
            Self::Empty { .. } => "put the password into the first line".to_owned(),
        }
    }
}

/// The four ways, for whoever wrote a password into the file.
const WAYS: &str = "never write the password itself here; write { keyring = true } and run \
    `onbeat login`, or { file = \"…\" } (mode 0600), { command = [\"pass\", \"…\"] } or \
    { credential = \"…\" } (systemd)";

/// Reads a key that says where a secret lies.
pub(crate) fn source(
    section: &Section<'_, '_>,
    key: &'static str,
    base: &Path,
) -> Option<SecretSource> {
    if !section.has(key) {
        return None;
    }
    if section.is_text(key) {
        section.problem(key, format!("`{key}` is plain text"), WAYS);
        return None;
    }
    let place = section.section(key)?;
    let ways = ["keyring", "file", "command", "credential", "env"];
    let given = ways.iter().filter(|way| place.has(way)).count();
    let keyring = place.flag("keyring");
    let file = place.text("file").map(|path| SecretSource::File(base.join(path)));
    let command = place.words("command", |word| Ok::<_, String>(word.to_owned()));
    let credential = place.word("credential", file_name).map(SecretSource::Credential);
    let env = place.text("env").map(SecretSource::Env);
    if given != 1 {
        section.problem(key, format!("`{key}` names {given} places"), WAYS);
        place.done();
        return None;
    }
    if keyring == Some(false) {
        section.problem(key, "`keyring = false` names no place", WAYS);
    }
    if command.as_ref().is_some_and(Vec::is_empty) {
        section.problem(key, "the command is empty", "write the program and its arguments");
    }
    let keyring = (keyring == Some(true)).then_some(SecretSource::Keyring);
    let command = command.filter(|argv| !argv.is_empty()).map(SecretSource::Command);
    place.done();
    keyring.or(file).or(command).or(credential).or(env)
}

/// A plain file name: a credential must not lead out of its directory.
fn file_name(text: &str) -> Result<String, String> {
    let plain = !text.is_empty() && text != "." && text != ".." && !text.contains('/');
    if plain { Ok(text.to_owned()) } else { Err("write the credential's plain name".to_owned()) }
}

impl SecretSource {
    /// Fetches the secret. May run a program (up to 30 s) or ask the keyring.
    ///
    /// # Errors
    /// When it is not there, or others may read it.
    pub fn fetch(&self, account: &str, env: &Env) -> Result<Secret, SecretError> {
        match self {
            Self::Keyring => from_keyring(account),
            Self::File(path) => from_file(path, true),
            Self::Command(argv) => from_command(argv, COMMAND_LIMIT),
            Self::Credential(name) => {
                let missing = || SecretError::NoCredential { name: name.clone() };
                let dir = env.credentials_directory.as_ref().ok_or_else(missing)?;
                let path = dir.join(name);
                if !path.exists() {
                    return Err(missing());
                }
                // The service manager's own directory: its modes are its business.
                from_file(&path, false)
            }
            Self::Env(name) => match env.variable(name) {
                Some(text) => first_line(text.as_bytes(), name),
                None => Err(SecretError::NoVariable { name: name.clone() }),
            },
        }
    }
}

fn first_line(bytes: &[u8], place: &str) -> Result<Secret, SecretError> {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or(bytes);
    let text = std::str::from_utf8(line).unwrap_or("").trim_end_matches('\r');
    if text.is_empty() {
        return Err(SecretError::Empty { place: place.to_owned() });
    }
    Ok(Secret::new(text))
}

fn from_file(path: &Path, private: bool) -> Result<Secret, SecretError> {
    let fail = |source| SecretError::File { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(fail)?;
    // Asked of the open file, so that it cannot be exchanged in between.
    let mode = file.metadata().map_err(fail)?.permissions().mode() & 0o7777;
    if private && mode & 0o077 != 0 {
        return Err(SecretError::OpenFile { path: path.to_owned(), mode });
    }
    let mut bytes = Vec::new();
    file.take(SIZE_LIMIT).read_to_end(&mut bytes).map_err(fail)?;
    first_line(&bytes, &path.display().to_string())
}

fn from_command(argv: &[String], limit: Duration) -> Result<Secret, SecretError> {
    let (program, arguments) = argv
        .split_first()
        .ok_or_else(|| SecretError::Empty { place: "the password command".to_owned() })?;
    let fail = |source| SecretError::Run { program: program.clone(), source };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(fail)?;
    let (sender, receiver) = mpsc::channel();
    if let Some(mut stdout) = child.stdout.take() {
        // A thread, because a pipe has no read timeout. It ends when the program
        // or whoever inherited its output does, or at the size limit.
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = (&mut stdout).take(SIZE_LIMIT).read_to_end(&mut bytes).map(|_| bytes);
            // The receiver may have given up.
            let _late = sender.send(read);
        });
    }
    let Ok(read) = receiver.recv_timeout(limit) else {
        stop(&mut child);
        return Err(SecretError::Timeout { program: program.clone() });
    };
    let bytes = match read {
        Ok(bytes) => bytes,
        Err(source) => {
            stop(&mut child);
            return Err(fail(source));
        }
    };
    if bytes.len() as u64 >= SIZE_LIMIT {
        stop(&mut child);
        return Err(SecretError::Exit {
            program: program.clone(),
            status: "it prints far more than a password".to_owned(),
        });
    }
    let status = child.wait().map_err(fail)?;
    if !status.success() {
        return Err(SecretError::Exit { program: program.clone(), status: status.to_string() });
    }
    first_line(&bytes, program)
}

fn stop(child: &mut Child) {
    // It may have ended by itself; either way it must be waited for.
    let _ended = child.kill();
    let _status = child.wait();
}

#[cfg(feature = "keyring")]
fn entry(account: &str) -> Result<keyring::v1::Entry, SecretError> {
    keyring::v1::Entry::new("onbeat", account)
        .map_err(|e| SecretError::Keyring { account: account.to_owned(), source: Box::new(e) })
}

/// An account's secret from the keyring.
///
/// # Errors
/// When there is no keyring, or nothing in it.
#[cfg(feature = "keyring")]
pub fn from_keyring(account: &str) -> Result<Secret, SecretError> {
    entry(account)?
        .get_password()
        .map(Secret::new)
        .map_err(|e| SecretError::Keyring { account: account.to_owned(), source: Box::new(e) })
}

/// An account's secret from the keyring.
///
/// # Errors
/// Always: there is no keyring.
#[cfg(not(feature = "keyring"))]
pub fn from_keyring(_account: &str) -> Result<Secret, SecretError> {
    Err(SecretError::NoKeyring)
}

/// Puts an account's secret into the keyring.
///
/// # Errors
/// When there is no keyring, or it refuses.
#[cfg(feature = "keyring")]
pub fn keep_in_keyring(account: &str, secret: &Secret) -> Result<(), SecretError> {
    entry(account)?
        .set_password(secret.reveal())
        .map_err(|e| SecretError::Keyring { account: account.to_owned(), source: Box::new(e) })
}

/// Puts an account's secret into the keyring.
///
/// # Errors
/// Always: this onbeat was built without it.
#[cfg(not(feature = "keyring"))]
pub fn keep_in_keyring(_account: &str, _secret: &Secret) -> Result<(), SecretError> {
    Err(SecretError::NoKeyring)
}

#[cfg(test)]
#[path = "secret_tests.rs"]
mod tests;
