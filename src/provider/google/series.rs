//! A series as it is now: its master and all its exceptions, which Google keeps apart
//! and onbeat keeps in one text, so that they come, change and go together.

use std::collections::BTreeMap;

use url::Url;

use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::google::connection::Connection;
use crate::provider::google::event::Event;
use crate::provider::google::{list, strange};

/// Pages of one series; more is a token in circles.
const MAX_PAGES: usize = 50;

/// A master and its exceptions by id.
#[derive(Debug, Default)]
pub struct Series {
    /// The master.
    pub master: Event,
    /// Its changed and cancelled occurrences.
    pub exceptions: Vec<Event>,
}

/// Completes a series: what is known of it, and what the calendar holds under its UID.
///
/// # Errors
/// The kind the engine acts on.
pub async fn complete(
    connection: &Connection,
    events: &Url,
    master: Event,
    known: Vec<Event>,
) -> Result<Series, ProviderError> {
    let mut exceptions: BTreeMap<String, Event> =
        known.into_iter().map(|event| (event.id.clone(), event)).collect();
    let mut master = master;
    let Some(uid) = master.ical_uid.clone().filter(|uid| !uid.is_empty()) else {
        return Ok(Series { master, exceptions: exceptions.into_values().collect() });
    };
    let mut token: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let body = connection.read(&list::series_request(events, &uid, token.as_deref())).await?;
        let page = list::page(&body).map_err(|why| strange(why, events))?;
        for event in page.rows.into_iter().flatten() {
            if event.id == master.id {
                master = event;
            } else if event.recurring_event_id.as_deref() == Some(&master.id) {
                exceptions.insert(event.id.clone(), event);
            }
        }
        token = page.next_page;
        if token.is_none() {
            return Ok(Series { master, exceptions: exceptions.into_values().collect() });
        }
    }
    let why = "a series of endless pages".to_owned();
    Err(ProviderError::new(ErrorKind::Protocol(why), events.path()))
}
