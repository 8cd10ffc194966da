//! What can be wrong with a configuration, with the line and the remedy.

use std::io;
use std::path::{Path, PathBuf};

use crate::config::nearest::nearest;

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is none.
    #[error("there is no configuration at {}", .path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("the configuration {} cannot be read", .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It says something impossible.
    #[error("{}{}: {message}", .path.display(), line_suffix(*.line))]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// Which line, counted from 1.
        line: Option<usize>,
        /// What is wrong.
        message: String,
        /// What would be right.
        remedy: Option<String>,
    },
    /// A secret cannot be had.
    #[error("{what} cannot be had: {reason}")]
    Secret {
        /// Which secret, by where it is meant to come from; never the text.
        what: String,
        /// Why not.
        reason: String,
        /// What to do.
        remedy: String,
        /// The cause below.
        source: Option<io::Error>,
    },
}

fn line_suffix(line: Option<usize>) -> String {
    line.map(|n| format!(":{n}")).unwrap_or_default()
}

impl ConfigError {
    /// What a person can do about it.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Missing { .. } => Some(
                "run `onbeat init` to make one, name another with --config FILE, or try `onbeat demo`"
                    .to_owned(),
            ),
            Self::Unreadable { .. } => {
                Some("make it readable for the user onbeat runs as".to_owned())
            }
            Self::Invalid { remedy, .. } => remedy.clone(),
            Self::Secret { remedy, .. } => Some(remedy.clone()),
        }
    }

    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::NotFound {
            return Self::Missing { path: path.to_owned() };
        }
        Self::Unreadable { path: path.to_owned(), source }
    }

    /// From the TOML reader: syntax, types, unknown keys.
    pub(super) fn toml(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        let message = error.message().trim().to_owned();
        let (message, remedy) = match parts(&message) {
            Some((what, found, known)) => {
                let near = nearest(found, &known);
                let remedy = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known are: {}", known.join(", ")),
                };
                (format!("unknown {what} `{found}`"), Some(remedy))
            }
            None => (message, None),
        };
        let line = error.span().map(|span| line_of(text, span.start));
        Self::Invalid { path: path.to_owned(), line, message, remedy }
    }
}

/// The line of a byte offset, counted from 1.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}

/// Takes serde's sentence apart: "unknown field `x`, expected one of `a`, `b`".
fn parts(message: &str) -> Option<(&'static str, &str, Vec<&str>)> {
    let (what, rest) = if let Some(rest) = message.strip_prefix("unknown field ") {
        ("key", rest)
    } else {
        ("value", message.strip_prefix("unknown variant ")?)
    };
    let mut quoted = rest.split('`').skip(1).step_by(2);
    let found = quoted.next()?;
    let known: Vec<&str> = quoted.collect();
    (!known.is_empty()).then_some((what, found, known))
}
