//! Writing: one POST for a new event, one PATCH per occurrence that changes, DELETE.
//! Each is guarded, and each says whom it mails.

use crate::ical::parse::parse;
use crate::model::id::{CalendarId, Etag, Href, StrongEtag};
use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::google::event::Event;
use crate::provider::google::patch::{Original, Send, edits};
use crate::provider::google::{Google, address, convert, get, insert, list, strange};
use crate::provider::http::request::{Change, MemberUrl, Read, ReadMethod};
use crate::provider::{CalendarProvider as _, Write, Written};

impl Google {
    /// A new event under the id that belongs to its UID.
    pub(super) async fn create(
        &self,
        calendar: &CalendarId,
        write: &Write,
    ) -> Result<Written, ProviderError> {
        let refuse =
            |why: String| ProviderError::new(ErrorKind::Unsupported(why), calendar.to_string());
        let base = self.connection.base();
        address::member(base, &calendar.collection, write.href.as_str())?;
        let parsed = parse(&write.data);
        let uid = parsed.events.first().map(|event| event.uid.as_str()).unwrap_or_default();
        if !convert::ids_for(uid).any(|id| id == write.href.as_str()) {
            return Err(refuse("an event's id at Google follows from its UID".to_owned()));
        }
        let mut json = insert::body(&write.data, write.href.as_str()).map_err(refuse)?;
        let send = if json.get("attendees").is_some() { Send::All } else { Send::None };
        let root = address::below(base, &["calendars", &calendar.collection])?;
        let target = MemberUrl::below(&root, "events").map_err(refuse)?;
        let mut target = target.asking(&[("sendUpdates", send.as_str()), ("fields", "id,etag")]);
        if self.meet && send == Send::All {
            // Without the version Google takes the wish and forgets it.
            target = target.asking(&[("conferenceDataVersion", "1")]);
            if let Some(fields) = json.as_object_mut() {
                fields.insert("conferenceData".to_owned(), insert::meet(write.href.as_str()));
            }
        }
        let change = Change::create(target, json.to_string().into_bytes());
        match self.connection.change(change).await {
            Ok(body) => self.written(&write.href, &body),
            Err(error) => Err(self.taken(calendar, &write.href, error).await),
        }
    }

    /// Tells an id that a living event has from one that is used up: a deleted event
    /// keeps its id, even when Google does not show it any more.
    async fn taken(
        &self,
        calendar: &CalendarId,
        href: &Href,
        error: ProviderError,
    ) -> ProviderError {
        if !matches!(error.kind, ErrorKind::UidExists { .. }) {
            return error;
        }
        match get::event(&self.connection, calendar, href.as_str()).await {
            Ok(event) if event.as_ref().is_none_or(Event::is_cancelled) => {
                self.spent.borrow_mut().insert(href.clone());
                // Planned again, it gets the next id.
                ProviderError { kind: ErrorKind::PreconditionFailed, ..error }
            }
            // The event that has the id is the one asked for.
            Ok(_) | Err(_) => {
                let kind = ErrorKind::UidExists { href: Some(href.to_string()) };
                ProviderError { kind, ..error }
            }
        }
    }

    /// The first id of a UID that no deleted event has used up.
    pub(super) async fn free_id(
        &self,
        calendar: &CalendarId,
        uid: &str,
    ) -> Result<Href, ProviderError> {
        for id in convert::ids_for(uid) {
            let href = Href::new(id);
            if self.spent.borrow().contains(&href) {
                continue;
            }
            let held = get::event(&self.connection, calendar, href.as_str()).await?;
            if !held.is_some_and(|event| event.is_cancelled()) {
                return Ok(href);
            }
        }
        let why = "this event was made and deleted too often".to_owned();
        Err(ProviderError::new(ErrorKind::Unsupported(why), calendar.to_string()))
    }

    /// What differs between the text that is there and the new one, if what is there
    /// is what the write was made on.
    pub(super) async fn patch(
        &self,
        calendar: &CalendarId,
        write: &Write,
        etag: &StrongEtag,
    ) -> Result<Written, ProviderError> {
        let error = |kind| ProviderError::new(kind, format!("{calendar} {}", write.href));
        let held = self.get(calendar, &write.href).await?;
        let held = held.ok_or_else(|| error(ErrorKind::NotFound))?;
        if held.etag.as_ref().and_then(Etag::strong).as_ref() != Some(etag) {
            return Err(error(ErrorKind::PreconditionFailed));
        }
        let edits =
            edits(&write.data, &held.data).map_err(|why| error(ErrorKind::Unsupported(why)))?;
        let alone = held.parent.is_some();
        let mut etag = etag.clone();
        for edit in edits {
            let id = match &edit.occurrence {
                Some(original) if !alone => {
                    self.occurrence(calendar, write.href.as_str(), original).await?
                }
                Some(_) | None => write.href.as_str().to_owned(),
            };
            let target = address::member(self.connection.base(), &calendar.collection, &id)?;
            let target =
                target.asking(&[("sendUpdates", edit.send.as_str()), ("fields", "id,etag")]);
            let json = edit.fields.to_string().into_bytes();
            let body = self.connection.change(Change::patch(target, &etag, json)).await?;
            // The next change of the same series stands on this one.
            if let Some(next) = self.written(&write.href, &body)?.etag.and_then(|tag| tag.strong())
            {
                etag = next;
            }
        }
        Ok(Written { href: write.href.clone(), etag: Some(etag.to_etag()) })
    }

    /// The id of an occurrence. It follows from the id of the series, except for what
    /// the web page split off (`…_R20260326T123000`): there Google is asked.
    async fn occurrence(
        &self,
        calendar: &CalendarId,
        series: &str,
        original: &Original,
    ) -> Result<String, ProviderError> {
        if !series.contains('_') {
            return Ok(original.instance_id(series));
        }
        let mut url = address::event(self.connection.base(), &calendar.collection, series)?;
        if let Ok(mut path) = url.path_segments_mut() {
            path.push("instances");
        }
        url.query_pairs_mut()
            .append_pair("originalStart", &original.parameter())
            .append_pair("fields", "items(id)");
        let body = self.connection.read(&Read::new(ReadMethod::Get, url.clone())).await?;
        let page = list::page(&body).map_err(|why| strange(why, &url))?;
        let first = page.rows.into_iter().flatten().next();
        first
            .map(|event| event.id)
            .ok_or_else(|| ProviderError::new(ErrorKind::NotFound, format!("{calendar} {series}")))
    }

    pub(super) async fn remove(
        &self,
        calendar: &CalendarId,
        href: &Href,
        unchanged_since: &StrongEtag,
    ) -> Result<(), ProviderError> {
        let target = address::member(self.connection.base(), &calendar.collection, href.as_str())?;
        let target = target.asking(&[("sendUpdates", Send::All.as_str())]);
        self.connection.change(Change::delete(target, unchanged_since)).await.map(|_| ())
    }

    /// The answer to a write. One that cannot be read (a proxy's page) leaves open
    /// whether it was done.
    fn written(&self, href: &Href, body: &[u8]) -> Result<Written, ProviderError> {
        let event: Event = get::read(body)
            .map_err(|_| ProviderError::new(ErrorKind::OutcomeUnknown, href.to_string()))?;
        Ok(Written { href: href.clone(), etag: event.etag.as_deref().and_then(Etag::new) })
    }
}
