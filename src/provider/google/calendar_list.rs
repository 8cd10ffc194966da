//! calendarList: the calendars of the account and its own address. Bytes only.

use serde::Deserialize;
use url::Url;

use crate::model::id::{AccountId, CalendarId};
use crate::model::server::CalendarInfo;
use crate::provider::error::ProviderError;
use crate::provider::google::address;
use crate::provider::http::request::{Read, ReadMethod};

/// A calendar in the account's list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Entry {
    /// The calendar's id; of a primary calendar, the account's address.
    pub id: String,
    summary: Option<String>,
    summary_override: Option<String>,
    access_role: Option<String>,
    time_zone: Option<String>,
    deleted: bool,
}

impl Entry {
    /// As the engine knows calendars. Holidays and birthdays take no time.
    pub fn info(&self, account: &AccountId) -> CalendarInfo {
        let name = self.summary_override.as_ref().or(self.summary.as_ref()).unwrap_or(&self.id);
        let role = self.access_role.as_deref();
        CalendarInfo {
            id: CalendarId { account: account.clone(), collection: self.id.clone() },
            name: name.clone(),
            writable: matches!(role, Some("owner" | "writer")),
            opaque: !self.id.ends_with("@group.v.calendar.google.com"),
            zone: self.time_zone.clone(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    #[serde(default)]
    items: Vec<Entry>,
    next_page_token: Option<String>,
}

/// A page of the list.
///
/// # Errors
/// When the base is no address.
pub fn request(base: &Url, page: Option<&str>) -> Result<Read, ProviderError> {
    let mut url = address::below(base, &["users", "me", "calendarList"])?;
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("maxResults", "250");
        if let Some(token) = page {
            query.append_pair("pageToken", token);
        }
    }
    Ok(Read::new(ReadMethod::Get, url))
}

/// The account's own calendar; its id is the account's address.
///
/// # Errors
/// As [`request`].
pub fn primary_request(base: &Url) -> Result<Read, ProviderError> {
    let url = address::below(base, &["users", "me", "calendarList", "primary"])?;
    Ok(Read::new(ReadMethod::Get, url))
}

/// Reads a page: the calendars and the token of the next one.
///
/// # Errors
/// For people: the body is no list of calendars.
pub fn page(body: &[u8]) -> Result<(Vec<Entry>, Option<String>), String> {
    let body: Body =
        serde_json::from_slice(body).map_err(|error| format!("no list of calendars: {error}"))?;
    let live = body.items.into_iter().filter(|entry| !entry.deleted && !entry.id.is_empty());
    Ok((live.collect(), body.next_page_token.filter(|token| !token.is_empty())))
}

/// Reads one calendar.
///
/// # Errors
/// For people: the body is no calendar.
pub fn entry(body: &[u8]) -> Result<Entry, String> {
    let entry: Entry =
        serde_json::from_slice(body).map_err(|error| format!("no calendar: {error}"))?;
    if entry.id.is_empty() { Err("a calendar without id".to_owned()) } else { Ok(entry) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendars_with_role_and_name() {
        let body = br#"{"items":[
            {"id":"ann@example.org","summary":"ann@example.org","summaryOverride":"Mine","accessRole":"owner","primary":true,"timeZone":"Europe/Berlin"},
            {"id":"de.german#holiday@group.v.calendar.google.com","summary":"Holidays","accessRole":"reader"},
            {"id":"gone@example.org","deleted":true}],"nextPageToken":"n"}"#;
        let (entries, next) = page(body).unwrap();
        let infos: Vec<_> = entries.iter().map(|e| e.info(&AccountId::new("g"))).collect();
        assert_eq!((infos.len(), next.as_deref()), (2, Some("n")));
        assert_eq!(
            (infos[0].name.as_str(), infos[0].writable, infos[0].opaque),
            ("Mine", true, true)
        );
        assert_eq!(infos[0].zone.as_deref(), Some("Europe/Berlin"));
        assert!(!infos[1].writable && !infos[1].opaque);
        assert!(page(b"<html>").is_err() && entry(b"{}").is_err());
    }
}
