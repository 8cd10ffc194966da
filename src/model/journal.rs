//! The journal: append-only record of what onbeat itself wrote. An intent is
//! journaled before the write, with the before-image; the outcome after it.

use jiff::Timestamp;

use crate::model::id::{CalendarId, Etag, EventUid, Href, PairId, StepId};

/// The number of a journaled write; what `undo ID` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JournalId(pub i64);

impl std::fmt::Display for JournalId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One write, from intent to outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalEntry {
    /// Its number; rising.
    pub id: JournalId,
    /// What was about to be written.
    pub intent: Intent,
    /// What became of it; `None`: not known yet, or the process died.
    pub outcome: Option<Outcome>,
    /// When that was written down.
    pub settled_at: Option<Timestamp>,
}

/// A write about to be made. It is journaled before the request is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Intent {
    /// The plan step.
    pub step: StepId,
    /// For whom.
    pub pair: PairId,
    /// Where.
    pub calendar: CalendarId,
    /// Which resource.
    pub href: Href,
    /// UID of the event written.
    pub uid: EventUid,
    /// The occurrence's original start, for writes to one occurrence.
    pub recurrence_id: Option<Timestamp>,
    /// What kind of write.
    pub kind: WriteKind,
    /// One line for people; no agenda text.
    pub summary: String,
    /// When the intent was written.
    pub at: Timestamp,
    /// The resource before, byte for byte; `None`: it did not exist.
    pub before: Option<Vec<u8>>,
    /// Entity tag of the before-image.
    pub before_etag: Option<Etag>,
    /// SHA-256 (hex) of the bytes sent.
    pub sent_digest: String,
    /// The bytes sent: what a recovery compares with; `None`: a deletion.
    pub sent: Option<Vec<u8>>,
    /// The start onbeat gave, for creations and moves.
    pub new_start: Option<Timestamp>,
    /// How many people it was predicted to mail; `None`: could not be told.
    pub mails: Option<u32>,
    /// The managed block that was written (base of the next merge).
    pub block: Option<String>,
    /// For [`WriteKind::Undo`]: the write it takes back.
    pub undoes: Option<JournalId>,
}

/// What kind of write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WriteKind {
    /// A new series.
    Create,
    /// One occurrence moved.
    Move,
    /// Agenda text.
    Agenda,
    /// The stable link of a series.
    Link,
    /// A before-image put back.
    Undo,
}

/// What became of an intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done and read back.
    Done {
        /// Entity tag of what the server holds now.
        etag: Option<Etag>,
    },
    /// The server held something else; nothing was written. Re-read and re-planned.
    Stale,
    /// The server refused for good.
    Refused {
        /// What it said, for people; never a secret.
        reason: String,
    },
    /// It did not work; may work next time.
    Failed {
        /// What went wrong, for people; never a secret.
        reason: String,
    },
}

/// What onbeat wrote last into an occurrence: the base of the next merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastWritten {
    /// The write.
    pub id: JournalId,
    /// When it was begun.
    pub at: Timestamp,
    /// The managed block as written.
    pub block: String,
    /// The tag the server gave for it.
    pub etag: Option<Etag>,
    /// SHA-256 (hex) of the bytes sent.
    pub sent_digest: String,
}
