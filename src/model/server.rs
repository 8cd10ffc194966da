//! What a server can do and what it does behind one's back, as far as a
//! fingerprint tells. The quirks are listed in `docs/providers.md`.

use crate::model::id::{Address, CalendarId};

/// The scheduling engine behind a calendar; it decides whom a write mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MailEngine {
    /// No scheduling at all: a folder, Radicale, a server without
    /// `calendar-auto-schedule`.
    None,
    /// Cyrus IMAP, Fastmail.
    Cyrus,
    /// Stock sabre/dav (Baïkal, Davis and hosted kin).
    Sabre,
    /// Nextcloud's own broker.
    Nextcloud,
    /// Stalwart.
    Stalwart,
    /// Xandikos: delivers inside the server, mails nobody.
    Xandikos,
    /// Google's API with `sendUpdates`.
    Google,
    /// Schedules, but its rules are not known.
    Unknown,
}

/// What a provider found out about a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// Product and version as announced, for people.
    pub product: String,
    /// Whose mail rules apply.
    pub engine: MailEngine,
    /// RFC 6638 `calendar-auto-schedule` announced.
    pub auto_schedule: bool,
    /// RFC 6578 sync-collection.
    pub sync_collection: bool,
    /// Free/busy of other people can be asked for.
    pub free_busy_of_others: bool,
    /// The server's addresses for the authenticated user.
    pub addresses: Vec<Address>,
}

/// A collection that may hold events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarInfo {
    /// How to address it.
    pub id: CalendarId,
    /// What people call it.
    pub name: String,
    /// Whether events may be written.
    pub writable: bool,
    /// Whether its events take time (RFC 6638 `schedule-calendar-transp`).
    pub opaque: bool,
    /// Its default zone (TZID), when announced.
    pub zone: Option<String>,
}
