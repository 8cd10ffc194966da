//! What the mirror holds: one calendar object resource, RFC 5545 text whatever
//! its origin. Knows nothing of how it was fetched.

use crate::model::id::{CalendarId, Etag, Href};

/// One mirrored calendar object resource (RFC 4791 §4.1): a master with its
/// overrides, or overrides alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The collection it lies in.
    pub calendar: CalendarId,
    /// Its opaque address in the collection.
    pub href: Href,
    /// The entity tag of exactly these bytes, where the server gave one.
    pub etag: Option<Etag>,
    /// Google: the row of the series this exception belongs to.
    pub parent: Option<Href>,
    /// The text as the server has it, byte for byte.
    pub data: Vec<u8>,
}

/// Where an event came from, without its text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceRef {
    /// The collection.
    pub calendar: CalendarId,
    /// The address in it.
    pub href: Href,
    /// The tag of the bytes that were read.
    pub etag: Option<Etag>,
}
