//! What can go wrong between onbeat and a calendar, as kinds the engine acts on.
//! `Display` never repeats the source; the chain is printed once, at the edge.

use std::time::Duration;

/// A failed request or local file operation.
#[derive(Debug, thiserror::Error)]
#[error("{kind}{}", context_suffix(.context))]
pub struct ProviderError {
    /// What kind of failure.
    pub kind: ErrorKind,
    /// What was being done, for people (method and path; never a secret).
    pub context: String,
    /// What a person can do about it, where the provider knows better than the kind.
    pub remedy: Option<String>,
    /// The cause below, if there is one.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

fn context_suffix(context: &str) -> String {
    if context.is_empty() { String::new() } else { format!(" ({context})") }
}

/// Kinds of failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// The resource or collection is not there.
    #[error("not found")]
    NotFound,
    /// The server holds something else than the precondition says.
    #[error("changed on the server since it was read")]
    PreconditionFailed,
    /// The UID is already used by another resource (RFC 4791 `no-uid-conflict`,
    /// RFC 6638 `unique-scheduling-object-resource`).
    #[error("the UID exists already{}", .href.as_ref().map(|h| format!(" at {h}")).unwrap_or_default())]
    UidExists {
        /// Where, if the server says so.
        href: Option<String>,
    },
    /// The sync token is no longer valid: a full listing is needed.
    #[error("the sync token is no longer valid")]
    SyncTokenInvalid,
    /// Wrong or missing credentials.
    #[error("the server does not accept the credentials")]
    Unauthorized,
    /// There are no credentials to send: the secret could not be had on this side.
    #[error("there are no credentials")]
    NoCredentials,
    /// Not allowed.
    #[error("the server does not allow this")]
    Forbidden,
    /// Too many requests.
    #[error("the server asks for fewer requests")]
    RateLimited {
        /// How long it asks to wait; already capped.
        retry_after: Option<Duration>,
    },
    /// Not reachable, timed out, or 5xx.
    #[error("the server cannot be reached or fails")]
    Unavailable,
    /// A write was sent and no answer came: it may or may not have happened.
    #[error("no answer came; the write may have happened")]
    OutcomeUnknown,
    /// The answer is not what the protocol says.
    #[error("unexpected answer: {0}")]
    Protocol(String),
    /// The server or its disk has no room (507, 413).
    #[error("no room on the server")]
    TooLarge,
    /// The provider cannot do this.
    #[error("not supported here: {0}")]
    Unsupported(String),
    /// Certificate or TLS trouble.
    #[error("no trusted connection: {0}")]
    Tls(String),
    /// A local sink (the mirror) failed; the cycle ends.
    #[error("the state could not be written")]
    Sink,
}

/// What the engine does about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Try again in the next cycle.
    NextCycle,
    /// List everything again.
    FullSync,
    /// Stop asking until a person acts (credentials).
    PauseAccount,
    /// Give up this step; re-plan from a fresh reading.
    DropStep,
}

impl ProviderError {
    /// An error of a kind, with what was being done.
    pub fn new(kind: ErrorKind, context: impl Into<String>) -> Self {
        Self { kind, context: context.into(), remedy: None, source: None }
    }

    /// The same with what a person can do about it.
    #[must_use]
    pub fn mended_by(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// The same with its cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// What the engine does about it.
    pub fn disposition(&self) -> Disposition {
        match self.kind {
            ErrorKind::SyncTokenInvalid => Disposition::FullSync,
            ErrorKind::Unauthorized => Disposition::PauseAccount,
            ErrorKind::PreconditionFailed
            | ErrorKind::UidExists { .. }
            | ErrorKind::NotFound
            | ErrorKind::Forbidden
            | ErrorKind::TooLarge
            | ErrorKind::Unsupported(_) => Disposition::DropStep,
            ErrorKind::RateLimited { .. }
            | ErrorKind::Unavailable
            | ErrorKind::NoCredentials
            | ErrorKind::OutcomeUnknown
            | ErrorKind::Protocol(_)
            | ErrorKind::Tls(_)
            | ErrorKind::Sink => Disposition::NextCycle,
        }
    }
}
