//! Failures as the command line shows them: what went wrong, where, and what
//! to do next, once, with the exit code. The only place that prints an error
//! chain; it knows nothing of how a verb works.

use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;

use crate::cli::ics::IcsError;
use crate::cli::out;
use crate::config::{ConfigError, SecretError};
use crate::engine::error::EngineError;
use crate::provider::{ErrorKind, ProviderError};
use crate::store::StoreError;

/// Which exit code a failure leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The person or the configuration has to change something: 1.
    User,
    /// The command line itself is wrong: 2.
    Usage,
    /// Some account or step failed, the rest was done: 3.
    Partial,
    /// A fault of onbeat: 70.
    Internal,
    /// Nobody reads our output any more: 0, and nothing is printed.
    BrokenPipe,
}

/// What went wrong, with the causes below it and what to do next.
#[derive(Debug)]
pub struct Failure {
    /// Decides the exit code.
    pub kind: Kind,
    /// One sentence, without the causes.
    pub message: String,
    /// The chain below.
    pub source: Option<Box<dyn Error>>,
    /// What to do next, one sentence each.
    pub hints: Vec<String>,
}

impl Failure {
    /// A failure the person can mend.
    pub fn user(message: impl Into<String>) -> Self {
        Self::new(Kind::User, message)
    }

    /// A command line that says something impossible.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Some of it was done.
    pub fn partial(message: impl Into<String>) -> Self {
        Self::new(Kind::Partial, message)
    }

    /// A fault of onbeat itself.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, message)
    }

    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None, hints: Vec::new() }
    }

    /// The same with its cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same with what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The exit code of DESIGN's table.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.kind {
            Kind::BrokenPipe => 0,
            Kind::User => 1,
            Kind::Usage => 2,
            Kind::Partial => 3,
            Kind::Internal => 70,
        })
    }

    /// The whole text for stderr; control characters of foreign text removed.
    pub fn render(&self) -> String {
        let mut text = format!("error: {}\n", out::clean(&self.message));
        let mut shown = self.message.clone();
        let mut cause: Option<&dyn Error> = self.source.as_deref();
        while let Some(error) = cause {
            let line = error.to_string();
            // A wrapper that only repeats what stands above would be noise.
            if !shown.ends_with(&line) {
                for (n, part) in line.lines().enumerate() {
                    let mark = if n == 0 { "  because: " } else { "           " };
                    let _ = writeln!(text, "{mark}{}", out::clean_keep_layout(part));
                }
            }
            shown = line;
            cause = error.source();
        }
        for hint in &self.hints {
            let _ = writeln!(text, "  next: {}", out::clean(hint));
        }
        if self.kind == Kind::Internal {
            text.push_str("  next: this is a fault of onbeat; run it again with -vv and report what it says\n");
        }
        text
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let remedy = error.remedy();
        if let ConfigError::Invalid { .. } = &error {
            return Self::user("the configuration cannot be used").because(error).hint(remedy);
        }
        Self::user(error.to_string()).hint(remedy).because(error)
    }
}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Self {
        let remedy = error.remedy();
        Self::user(error.to_string()).hint(remedy).because(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let remedy = error.remedy();
        Self::user(error.to_string()).hint(remedy).because(error)
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let next = match error {
            EngineError::Store(error) => return error.into(),
            EngineError::NoSuchCalendar { .. } => {
                "correct `calendar` or `busy` in the configuration"
            }
            EngineError::NoSuchWrite(_) => "`onbeat log` lists what was written",
            EngineError::CannotUndo { .. } => "change the event by hand; onbeat will follow",
        };
        Self::user(error.to_string()).hint(next)
    }
}

impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        let secret = error.source().and_then(|source| source.downcast_ref::<SecretError>());
        if let Some(remedy) = secret.map(SecretError::remedy) {
            return Self::user(error.to_string()).hint(remedy).because(error);
        }
        let next = match &error.kind {
            ErrorKind::NoCredentials => "`onbeat login ACCOUNT` keeps a password",
            ErrorKind::Unauthorized => {
                "check user name and password; many providers want an app password"
            }
            ErrorKind::NotFound => "check the address",
            ErrorKind::Unavailable | ErrorKind::RateLimited { .. } | ErrorKind::OutcomeUnknown => {
                "check the address and the network, and try again"
            }
            ErrorKind::Tls(_) => {
                "check the address; for a certificate authority of your own set `ca_file`"
            }
            ErrorKind::Protocol(_) => {
                "check that the address is the CalDAV one, not the web page's"
            }
            ErrorKind::Sink => "`onbeat check` examines the state",
            ErrorKind::PreconditionFailed
            | ErrorKind::UidExists { .. }
            | ErrorKind::SyncTokenInvalid
            | ErrorKind::Forbidden
            | ErrorKind::TooLarge
            | ErrorKind::Unsupported(_) => "`onbeat check` shows what the server can do",
        };
        let next = error.remedy.clone().unwrap_or_else(|| next.to_owned());
        Self::user(error.to_string()).hint(next).because(error)
    }
}

impl From<IcsError> for Failure {
    fn from(error: IcsError) -> Self {
        match error {
            IcsError::Output(error) => error.into(),
            error @ (IcsError::Read { .. }
            | IcsError::NotText(_)
            | IcsError::Unreadable { .. }
            | IcsError::BadRid(_)
            | IcsError::Refused { .. }) => Self::user(error.to_string()).because(error),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(Kind::BrokenPipe, "nobody reads the output");
        }
        Self::user("the output cannot be written").because(error)
    }
}

/// A question that was not answered.
pub fn asked(error: inquire::InquireError) -> Failure {
    use inquire::InquireError::{OperationCanceled, OperationInterrupted};
    if matches!(error, OperationCanceled | OperationInterrupted) {
        return Failure::user("stopped; nothing was changed");
    }
    Failure::user("the terminal cannot be asked")
        .because(error)
        .hint("give the answers as options; `--help` lists them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("line 3: unknown key")]
    struct Inner;

    #[test]
    fn chain_hints_and_code() {
        let failure = Failure::user("the configuration cannot be used")
            .because(Inner)
            .hint("did you mean \"timezone\"?");
        assert_eq!(
            failure.render(),
            "error: the configuration cannot be used\n  because: line 3: unknown key\n  next: did you mean \"timezone\"?\n"
        );
        assert_eq!(format!("{:?}", failure.exit_code()), format!("{:?}", ExitCode::from(1)));
    }

    #[test]
    fn foreign_text_cannot_drive_the_terminal() {
        let failure = Failure::user("no pair \"\u{1b}[2Jbob\"");
        assert_eq!(failure.render(), "error: no pair \"[2Jbob\"\n");
    }

    #[test]
    fn a_broken_pipe_is_no_error() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(failure.kind, Kind::BrokenPipe);
    }
}
