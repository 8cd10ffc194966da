//! Newtypes for everything that is identified by text. They keep an href from
//! being passed where a UID is meant; they know nothing of their sources.

use std::fmt;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

text_id!(
    /// Whom onbeat works for; one store may hold several.
    OwnerId
);
text_id!(
    /// The `name` of an `[[account]]` in the configuration.
    AccountId
);
text_id!(
    /// A pair: stable over renames of calendar objects; derived from the
    /// partner's address unless the configuration names one.
    PairId
);
text_id!(
    /// An iCalendar UID (RFC 5545 §3.8.4.7), compared byte for byte.
    EventUid
);
text_id!(
    /// The address of a resource inside its calendar, opaque, exactly as the
    /// server wrote it (RFC 4918 `href`; a file name in a vdir; a Google event id).
    Href
);
text_id!(
    /// A WebDAV sync token (RFC 6578) or Google `nextSyncToken`, opaque.
    SyncToken
);
text_id!(
    /// One plan step. Derived from what the step does, so planning twice gives
    /// the same id.
    StepId
);
text_id!(
    /// One agenda item (note, talking point or action). Short, stable, typable.
    ItemId
);
text_id!(
    /// One question of the question bank, as the bank names it.
    QuestionId
);

/// One collection of an account: the account's name and the collection's
/// opaque address (CalDAV collection href, vdir folder name, Google calendarId).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CalendarId {
    /// The account the collection is read through.
    pub account: AccountId,
    /// The collection's address, opaque.
    pub collection: String,
}

impl CalendarId {
    /// Names a collection of an account.
    pub fn new(account: impl Into<String>, collection: impl Into<String>) -> Self {
        Self { account: AccountId::new(account), collection: collection.into() }
    }
}

impl fmt::Display for CalendarId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.account, self.collection)
    }
}

/// A calendar user address (RFC 5545 §3.3.3): an e-mail address without
/// `mailto:`, trimmed and lower-cased; other URIs are kept, lower-cased.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(String);

impl Address {
    /// Normalises an address or `mailto:` URI.
    pub fn new(text: &str) -> Self {
        let text = text.trim();
        let bare = match text.get(..7) {
            Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => text.get(7..).unwrap_or(""),
            _ => text,
        };
        Self(bare.trim().to_lowercase())
    }

    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An entity tag as a server sent it (RFC 9110 §8.8.3), quotes included.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Etag(String);

impl Etag {
    /// Wraps the header's or property's text, trimmed; empty text is no tag.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The text with its quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag as a precondition may use it; `None` for a weak tag (`W/"…"`),
    /// which RFC 9110 forbids in If-Match.
    pub fn strong(&self) -> Option<StrongEtag> {
        let weak = self.0.starts_with("W/") || self.0.starts_with("w/");
        (!weak).then(|| StrongEtag(self.0.clone()))
    }
}

impl fmt::Display for Etag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An entity tag that may guard a write. Only [`Etag::strong`] makes one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StrongEtag(String);

impl StrongEtag {
    /// The text with its quotes, as sent in If-Match.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same tag as a plain one.
    pub fn to_etag(&self) -> Etag {
        Etag(self.0.clone())
    }
}
