//! events.get: one event, with its exceptions where it is a series.

use url::Url;

use crate::model::id::{CalendarId, Etag, Href};
use crate::model::resource::Resource;
use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::google::connection::Connection;
use crate::provider::google::convert::{self, Viewpoint};
use crate::provider::google::event::Event;
use crate::provider::google::series::complete;
use crate::provider::google::{address, list};
use crate::provider::http::request::{Read, ReadMethod};

fn request(mut url: Url, fields: &str) -> Read {
    url.query_pairs_mut().append_pair("fields", fields);
    Read::new(ReadMethod::Get, url)
}

/// One event as it is, possibly cancelled; `None` where there is none.
///
/// # Errors
/// The kind the engine acts on.
pub async fn event(
    connection: &Connection,
    calendar: &CalendarId,
    id: &str,
) -> Result<Option<Event>, ProviderError> {
    let url = address::event(connection.base(), &calendar.collection, id)?;
    match connection.read(&request(url, list::FIELDS)).await {
        Ok(body) => read(&body)
            .map(Some)
            .map_err(|why| ProviderError::new(ErrorKind::Protocol(why), calendar.to_string())),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads an event.
///
/// # Errors
/// For people: the body is no event.
pub fn read(body: &[u8]) -> Result<Event, String> {
    let event: Event =
        serde_json::from_slice(body).map_err(|error| format!("no event: {error}"))?;
    if event.id.is_empty() { Err("an event without id".to_owned()) } else { Ok(event) }
}

/// One resource; `None` where nothing lies or a deleted event.
///
/// # Errors
/// The kind the engine acts on; `NotFound` where the calendar itself is not there.
pub async fn resource(
    connection: &Connection,
    calendar: &CalendarId,
    href: &Href,
    owner: Option<&str>,
) -> Result<Option<Resource>, ProviderError> {
    let view = Viewpoint { calendar: &calendar.collection, owner };
    let events = address::events(connection.base(), &calendar.collection)?;
    let Some(found) = event(connection, calendar, href.as_str()).await? else {
        // The same answer as for a calendar that is not there: ask for that too.
        let mut probe = events;
        probe.query_pairs_mut().append_pair("maxResults", "1");
        connection.read(&request(probe, "kind")).await?;
        return Ok(None);
    };
    if found.is_cancelled() {
        return Ok(None);
    }
    let unreadable =
        |why| ProviderError::new(ErrorKind::Protocol(why), format!("{calendar} {href}"));
    if found.recurring_event_id.is_some() {
        return alone(calendar, &found, view).map(Some).map_err(unreadable);
    }
    let (master, exceptions) = if found.recurs() {
        let series = complete(connection, &events, found, Vec::new()).await?;
        (series.master, series.exceptions)
    } else {
        (found, Vec::new())
    };
    let data = convert::object(&master, &exceptions, view).map_err(unreadable)?;
    let etag = master.etag.as_deref().and_then(Etag::new);
    Ok(Some(Resource { calendar: calendar.clone(), href: href.clone(), etag, parent: None, data }))
}

/// An occurrence whose series is not in the calendar, as a resource of its own.
///
/// # Errors
/// For people: why it cannot be read.
pub fn alone(
    calendar: &CalendarId,
    exception: &Event,
    view: Viewpoint<'_>,
) -> Result<Resource, String> {
    Ok(Resource {
        calendar: calendar.clone(),
        href: Href::new(&*exception.id),
        etag: exception.etag.as_deref().and_then(Etag::new),
        parent: exception.recurring_event_id.as_deref().map(Href::new),
        data: convert::lone_exception(exception, view)?,
    })
}
