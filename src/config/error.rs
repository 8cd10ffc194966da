//! What is wrong with the configuration, where, and what to do about it. Several
//! findings are reported at once; none of them ever holds a secret.

use std::fmt;
use std::path::{Path, PathBuf};

/// The configuration cannot be used.
#[derive(Debug)]
pub enum ConfigError {
    /// There is no such file.
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file cannot be read or written.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file can be read but not used.
    Invalid {
        /// Which.
        path: PathBuf,
        /// Everything found, in order of place.
        problems: Vec<Problem>,
    },
    /// There is no home directory to look in.
    NoHome,
}

/// One finding in the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { path } => write!(f, "there is no configuration at {}", path.display()),
            Self::File { path, .. } => {
                write!(f, "the configuration {} cannot be used", path.display())
            }
            Self::Invalid { path, problems } => {
                for (index, problem) in problems.iter().enumerate() {
                    let newline = if index == 0 { "" } else { "\n" };
                    let Problem { line, column, message, .. } = problem;
                    write!(f, "{newline}{}:{line}:{column}: {message}", path.display())?;
                    if !problem.remedy.is_empty() {
                        write!(f, "\n    {}", problem.remedy)?;
                    }
                }
                Ok(())
            }
            Self::NoHome => write!(f, "there is no home directory to look for files in"),
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            Self::Missing { .. } | Self::Invalid { .. } | Self::NoHome => None,
        }
    }
}

impl ConfigError {
    /// What a person can do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Missing { .. } => {
                "run `onbeat init`, or name the file with --config FILE".to_owned()
            }
            Self::File { path, .. } => {
                format!("check that {} can be read and written", path.display())
            }
            Self::Invalid { path, .. } => {
                format!("correct {}; docs/configuration.md explains every key", path.display())
            }
            Self::NoHome => "name the files with --config FILE and --state DIR".to_owned(),
        }
    }

    /// Sorts an error of the file system.
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        if source.kind() == std::io::ErrorKind::NotFound {
            return Self::Missing { path: path.to_owned() };
        }
        Self::File { path: path.to_owned(), source }
    }
}
