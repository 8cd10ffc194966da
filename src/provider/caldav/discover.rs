//! From an address to a principal and its homes (RFC 6764 §6, RFC 5397, RFC 4791
//! §6.2.1, RFC 6638 §2): the questions and what their rows say. Rows only; the order
//! of asking is in `account`.

use url::Url;

use crate::model::id::Address;
use crate::provider::caldav::multistatus::Row;
use crate::provider::caldav::xml::{Element, Ns};
use crate::provider::http::request::{Read, ReadMethod, as_collection};

/// What an address turned out to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// `current-user-principal`.
    pub principal: Option<String>,
    /// `calendar-home-set`: the address is a principal itself.
    pub homes: Vec<String>,
    /// It is a calendar.
    pub is_calendar: bool,
    /// The server took the question for an anonymous one.
    pub unauthenticated: bool,
}

/// Asks an address what it is.
pub fn entry_request(url: Url) -> Read {
    let body = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
        <propfind xmlns=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><prop><resourcetype/>\
        <current-user-principal/><C:calendar-home-set/></prop></propfind>";
    Read::xml(ReadMethod::Propfind, url, "0", body.to_owned())
}

impl Entry {
    /// From the address' own row.
    pub fn read(row: &Row) -> Self {
        let principal = row.prop(Ns::Dav, "current-user-principal");
        Self {
            principal: row.href_in(Ns::Dav, "current-user-principal").map(str::to_owned),
            homes: hrefs(row, Ns::CalDav, "calendar-home-set"),
            is_calendar: is_calendar(row),
            unauthenticated: principal
                .is_some_and(|p| p.child(Ns::Dav, "unauthenticated").is_some()),
        }
    }
}

/// What a principal says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Principal {
    /// Collections that hold calendars; there may be several.
    pub homes: Vec<String>,
    /// `calendar-user-address-set`: mail addresses only.
    pub addresses: Vec<Address>,
    /// RFC 6638 §2.1.
    pub outbox: Option<String>,
    /// RFC 6638 §2.2.
    pub inbox: Option<String>,
}

/// Asks a principal for its homes, addresses, inbox and outbox.
pub fn principal_request(url: Url) -> Read {
    let body = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
        <propfind xmlns=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><prop>\
        <C:calendar-home-set/><C:calendar-user-address-set/><C:schedule-inbox-URL/>\
        <C:schedule-outbox-URL/></prop></propfind>";
    Read::xml(ReadMethod::Propfind, url, "0", body.to_owned())
}

impl Principal {
    /// From the principal's row. Addresses that are paths are left out: they say
    /// nothing to other people.
    pub fn read(row: &Row) -> Self {
        let addresses = hrefs(row, Ns::CalDav, "calendar-user-address-set");
        let mail = addresses.iter().map(|text| Address::new(text));
        let mut addresses: Vec<Address> = Vec::new();
        for address in mail.filter(|a| a.as_str().contains('@') && !a.as_str().contains('/')) {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        Self {
            homes: hrefs(row, Ns::CalDav, "calendar-home-set"),
            addresses,
            outbox: row.href_in(Ns::CalDav, "schedule-outbox-URL").and_then(given),
            inbox: row.href_in(Ns::CalDav, "schedule-inbox-URL").and_then(given),
        }
    }
}

/// Asks a home for its calendars, or a calendar for itself.
pub fn calendars_request(url: Url, depth: &'static str) -> Read {
    let body = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
        <propfind xmlns=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><prop><resourcetype/>\
        <displayname/><current-user-privilege-set/><C:supported-calendar-component-set/>\
        <C:schedule-calendar-transp/><C:calendar-timezone/><supported-report-set/></prop></propfind>";
    Read::xml(ReadMethod::Propfind, url, depth, body.to_owned())
}

/// A collection that may hold events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// As the server writes it.
    pub href: String,
    /// What people call it; the last part of its address where it has no name.
    pub name: String,
    /// Whether events may be written.
    pub writable: bool,
    /// Whether its events take time.
    pub opaque: bool,
    /// Its default zone.
    pub zone: Option<String>,
    /// It answers the sync report (RFC 6578).
    pub reports_changes: bool,
}

impl Found {
    /// From a row of a home; `None` when it is no calendar for events.
    pub fn read(row: &Row) -> Option<Self> {
        if !is_calendar(row) || !holds_events(row) {
            return None;
        }
        let named = row.prop(Ns::Dav, "displayname").map(|n| n.trimmed().to_owned());
        let name = named.filter(|name| !name.is_empty()).unwrap_or_else(|| {
            row.href.trim_end_matches('/').rsplit('/').next().unwrap_or("").to_owned()
        });
        let transparency = row.prop(Ns::CalDav, "schedule-calendar-transp");
        Some(Self {
            href: row.href.clone(),
            name,
            writable: is_writable(row),
            opaque: transparency.is_none_or(|t| t.child(Ns::CalDav, "transparent").is_none()),
            zone: row.prop(Ns::CalDav, "calendar-timezone").and_then(|z| tzid(&z.text)),
            reports_changes: row
                .prop(Ns::Dav, "supported-report-set")
                .is_some_and(|set| set.contains(Ns::Dav, "sync-collection")),
        })
    }
}

fn is_calendar(row: &Row) -> bool {
    row.prop(Ns::Dav, "resourcetype").is_some_and(|t| {
        t.child(Ns::CalDav, "calendar").is_some()
            && t.child(Ns::CalDav, "schedule-inbox").is_none()
            && t.child(Ns::CalDav, "schedule-outbox").is_none()
    })
}

/// Without `supported-calendar-component-set` everything may lie there (RFC 4791
/// §5.2.3).
fn holds_events(row: &Row) -> bool {
    row.prop(Ns::CalDav, "supported-calendar-component-set").is_none_or(|set: &Element| {
        set.children.is_empty()
            || set.all(Ns::CalDav, "comp").any(|comp| {
                comp.name_attr.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("VEVENT"))
            })
    })
}

/// Without a privilege set (RFC 3744 §5.5) the first write will tell.
fn is_writable(row: &Row) -> bool {
    let Some(set) = row.prop(Ns::Dav, "current-user-privilege-set") else { return true };
    set.all(Ns::Dav, "privilege").any(|privilege| {
        ["all", "write", "write-content"]
            .iter()
            .any(|name| privilege.child(Ns::Dav, name).is_some())
    })
}

fn hrefs(row: &Row, ns: Ns, name: &str) -> Vec<String> {
    let property = row.prop(ns, name);
    let inside = property.into_iter().flat_map(|p| p.all(Ns::Dav, "href"));
    inside.filter_map(|href| given(href.trimmed())).collect()
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The TZID of the VTIMEZONE in a calendar-timezone value.
fn tzid(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let name = name.split(';').next().unwrap_or(name);
        name.eq_ignore_ascii_case("TZID").then(|| value.trim().to_owned())
    });
    line.filter(|zone| !zone.is_empty())
}

/// The address of something a server named, seen from where it was said.
pub fn resolve(said_at: &Url, href: &str) -> Option<Url> {
    as_collection(said_at).join(href).ok()
}

#[cfg(test)]
#[path = "discover_tests.rs"]
mod tests;
