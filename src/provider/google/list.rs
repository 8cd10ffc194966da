//! events.list: the questions and the pages. Series come as series
//! (`singleEvents` off); deletions and cancelled occurrences come as cancelled rows.

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::provider::google::event::Event;
use crate::provider::http::request::{Read, ReadMethod};

/// Rows of a page; the most the API gives.
const PAGE: &str = "2500";

/// The fields that are read; also what a single event is asked for.
pub const FIELDS: &str = "id,etag,status,iCalUID,summary,description,location,created,updated,start,end,\
endTimeUnspecified,recurrence,recurringEventId,originalStartTime,transparency,visibility,sequence,organizer,\
attendees(email,displayName,responseStatus,comment,resource,optional),guestsCanModify,locked,\
eventType,source,extendedProperties/private";

/// A page of events.
#[derive(Debug, Default)]
pub struct Page {
    /// The rows, each read or with the id and the reason why not.
    pub rows: Vec<Result<Event, (String, String)>>,
    /// More follows under this token.
    pub next_page: Option<String>,
    /// The last page's token for the next reading.
    pub next_sync: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    #[serde(default)]
    items: Vec<Value>,
    next_page_token: Option<String>,
    next_sync_token: Option<String>,
}

/// One page of a reading. Everything but the tokens must stay the same over all
/// readings of a token's life.
pub fn request(events: &Url, since: Option<&str>, page: Option<&str>) -> Read {
    let mut url = events.clone();
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("maxResults", PAGE).append_pair("singleEvents", "false");
        query.append_pair("fields", &format!("nextPageToken,nextSyncToken,items({FIELDS})"));
        if let Some(token) = since {
            query.append_pair("syncToken", token);
        }
        if let Some(token) = page {
            query.append_pair("pageToken", token);
        }
    }
    Read::new(ReadMethod::Get, url)
}

/// A page of all events with one iCalUID, cancelled exceptions included: a series as
/// it is now.
pub fn series_request(events: &Url, ical_uid: &str, page: Option<&str>) -> Read {
    let mut url = events.clone();
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("maxResults", PAGE).append_pair("singleEvents", "false");
        query.append_pair("showDeleted", "true").append_pair("iCalUID", ical_uid);
        query.append_pair("fields", &format!("nextPageToken,items({FIELDS})"));
        if let Some(token) = page {
            query.append_pair("pageToken", token);
        }
    }
    Read::new(ReadMethod::Get, url)
}

/// Reads a page. A row of a strange shape does not spoil the others.
///
/// # Errors
/// For people: the body is no list of events.
pub fn page(body: &[u8]) -> Result<Page, String> {
    let body: Body =
        serde_json::from_slice(body).map_err(|error| format!("no list of events: {error}"))?;
    if body.next_page_token.is_none() && body.next_sync_token.is_none() && body.items.is_empty() {
        // `{}` also comes from things that are no calendar.
        tracing::debug!("an empty page without tokens");
    }
    let rows = body.items.into_iter().map(row).collect();
    let some = |token: Option<String>| token.filter(|token| !token.is_empty());
    Ok(Page { rows, next_page: some(body.next_page_token), next_sync: some(body.next_sync_token) })
}

fn row(value: Value) -> Result<Event, (String, String)> {
    let id = value.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    match serde_json::from_value::<Event>(value) {
        Ok(event) if !event.id.is_empty() => Ok(event),
        Ok(_) => Err((id, "a row without id".to_owned())),
        Err(error) => Err((id, error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delta_asks_as_the_first_reading_did() {
        let events = Url::parse("https://api.example/calendars/primary/events").unwrap();
        let plain = |read: &Read| {
            let pairs: Vec<_> = read.url.query_pairs().into_owned().collect();
            pairs.into_iter().filter(|(k, _)| !k.ends_with("Token")).collect::<Vec<_>>()
        };
        let first = request(&events, None, None);
        let later = request(&events, Some("s="), Some("p&"));
        assert_eq!(plain(&first), plain(&later));
        let tokens: Vec<_> =
            later.url.query_pairs().filter(|(k, _)| k.ends_with("Token")).collect();
        assert_eq!(tokens.len(), 2);
        // Refused beside a sync token.
        for key in ["timeMin", "orderBy", "q", "showDeleted", "iCalUID"] {
            assert!(first.url.query_pairs().all(|(k, _)| k != key));
        }
    }

    #[test]
    fn a_row_of_a_strange_shape_leaves_the_others() {
        let body = br#"{"items":[{"id":"a1","summary":7},{"id":"b2","status":"cancelled"},{}],"nextSyncToken":"t"}"#;
        let page = page(body).unwrap();
        assert_eq!(page.rows.len(), 3);
        assert_eq!(page.rows[0].as_ref().unwrap_err().0, "a1");
        assert!(page.rows[1].as_ref().unwrap().is_cancelled());
        assert!(page.rows[2].is_err());
        assert_eq!((page.next_page, page.next_sync.as_deref()), (None, Some("t")));
    }

    #[test]
    fn other_bodies_are_no_page() {
        for body in ["", "<html>login</html>", "{\"items\":[{\"id\":", "[]", "null"] {
            assert!(page(body.as_bytes()).is_err(), "{body}");
        }
        assert!(page(b"{\"items\":[],\"nextPageToken\":\"x\"}").unwrap().next_page.is_some());
    }
}
