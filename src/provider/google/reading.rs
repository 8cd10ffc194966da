//! One reading of a calendar: pages of a delta or of everything, sorted into single
//! events, series and occurrences, and put into the sink. A token Google has forgotten
//! leads to a full listing in the same call.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use crate::model::id::{CalendarId, Etag, Href, SyncToken};
use crate::model::resource::Resource;
use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::google::connection::Connection;
use crate::provider::google::convert::{self, Viewpoint};
use crate::provider::google::event::Event;
use crate::provider::google::series::{Series, complete};
use crate::provider::google::{address, get, list, strange};
use crate::provider::{Changes, Extent, MirrorSink};

/// Resources given to the sink at once.
const BATCH: usize = 200;

/// A reading under way.
pub struct Reading<'a> {
    connection: &'a Connection,
    calendar: &'a CalendarId,
    view: Viewpoint<'a>,
    events: Url,
    sink: &'a mut dyn MirrorSink,
    skipped: Vec<(Href, String)>,
    batch: Vec<Resource>,
    held: Held,
}

/// What waits for the end of the pages: a series is whole only then.
#[derive(Default)]
struct Held {
    masters: BTreeMap<String, Event>,
    /// Exceptions by the id of their series.
    exceptions: BTreeMap<String, Vec<Event>>,
    gone: BTreeSet<String>,
}

impl<'a> Reading<'a> {
    /// Prepares a reading; asks nothing yet.
    ///
    /// # Errors
    /// `Protocol` for a calendar id that is none.
    pub fn new(
        connection: &'a Connection,
        calendar: &'a CalendarId,
        owner: Option<&'a str>,
        sink: &'a mut dyn MirrorSink,
    ) -> Result<Self, ProviderError> {
        Ok(Self {
            connection,
            calendar,
            view: Viewpoint { calendar: &calendar.collection, owner },
            events: address::events(connection.base(), &calendar.collection)?,
            sink,
            skipped: Vec::new(),
            batch: Vec::new(),
            held: Held::default(),
        })
    }

    /// Reads.
    ///
    /// # Errors
    /// The kind the engine acts on; what was given to the sink stays true.
    pub async fn run(mut self, since: Option<&SyncToken>) -> Result<Changes, ProviderError> {
        if let Some(token) = since {
            match self.pages(Some(token.as_str())).await {
                Ok((next, rows)) => return self.delta(next, rows).await,
                Err(error) if error.kind == ErrorKind::SyncTokenInvalid => {
                    tracing::info!(calendar = %self.calendar, "listing everything: the token is old");
                    self.held = Held::default();
                    self.skipped.clear();
                }
                Err(error) => return Err(error),
            }
        }
        let (next, _) = self.pages(None).await?;
        self.full(next)
    }

    /// Reads all pages. Single events go on at once, the rest is held. The token and
    /// the number of rows.
    async fn pages(
        &mut self,
        since: Option<&str>,
    ) -> Result<(Option<SyncToken>, usize), ProviderError> {
        let (mut token, mut seen, mut rows) = (None::<String>, BTreeSet::new(), 0);
        loop {
            let request = list::request(&self.events, since, token.as_deref());
            let body = self.connection.read(&request).await?;
            let page = list::page(&body).map_err(|why| self.strange(why))?;
            rows += page.rows.len();
            for row in page.rows {
                match row {
                    Ok(event) => self.sort(event, since.is_some())?,
                    Err((id, why)) => self.skip(&id, why)?,
                }
            }
            let Some(next) = page.next_page else {
                self.flush()?;
                let next = page.next_sync.ok_or_else(|| {
                    self.strange("the last page has no token for the next reading".to_owned())
                })?;
                return Ok((Some(SyncToken::new(next)), rows));
            };
            if !seen.insert(next.clone()) {
                return Err(self.strange("pages go in circles".to_owned()));
            }
            token = Some(next);
        }
    }

    fn strange(&self, why: String) -> ProviderError {
        strange(why, &self.events)
    }

    fn sort(&mut self, event: Event, delta: bool) -> Result<(), ProviderError> {
        if let Some(series) = event.recurring_event_id.clone().filter(|id| !id.is_empty()) {
            self.held.exceptions.entry(series).or_default().push(event);
            return Ok(());
        }
        if event.is_cancelled() {
            if delta {
                self.sink.removed(&Href::new(&*event.id))?;
                self.held.gone.insert(event.id);
            }
            return Ok(());
        }
        if event.recurs() {
            self.held.masters.insert(event.id.clone(), event);
            return Ok(());
        }
        self.deliver(&Series { master: event, exceptions: Vec::new() })
    }

    /// A member that is there and cannot be read: what the mirror has of it stays.
    fn skip(&mut self, id: &str, why: String) -> Result<(), ProviderError> {
        let href = Href::new(id);
        if self.sink.known(&href)?.is_some() {
            self.sink.unchanged(&href)?;
        }
        self.skipped.push((href, why));
        Ok(())
    }

    /// Gives a resource on, or that it has not changed. A series is always given on:
    /// that its tag speaks for its exceptions too is nowhere promised.
    fn deliver(&mut self, series: &Series) -> Result<(), ProviderError> {
        let Series { master, exceptions } = series;
        let href = Href::new(&*master.id);
        let etag = master.etag.as_deref().and_then(Etag::new);
        if !master.recurs() && etag.is_some() && self.sink.known(&href)? == etag {
            return self.sink.unchanged(&href);
        }
        match convert::object(master, exceptions, self.view) {
            Ok(data) => self.push(Resource {
                calendar: self.calendar.clone(),
                href,
                etag,
                parent: None,
                data,
            }),
            Err(why) => self.skip(&master.id, why),
        }
    }

    /// An occurrence whose series is not in this calendar.
    fn deliver_alone(&mut self, exception: &Event, delta: bool) -> Result<(), ProviderError> {
        let href = Href::new(&*exception.id);
        if exception.is_cancelled() {
            if delta && self.sink.known(&href)?.is_some() {
                self.sink.removed(&href)?;
            }
            return Ok(());
        }
        match get::alone(self.calendar, exception, self.view) {
            Ok(resource) => self.push(resource),
            Err(why) => self.skip(&exception.id, why),
        }
    }

    fn push(&mut self, resource: Resource) -> Result<(), ProviderError> {
        self.batch.push(resource);
        if self.batch.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), ProviderError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.sink.changed(std::mem::take(&mut self.batch))
    }

    /// The end of a full listing: every series with its exceptions from the same list.
    fn full(mut self, next: Option<SyncToken>) -> Result<Changes, ProviderError> {
        let Held { masters, mut exceptions, .. } = std::mem::take(&mut self.held);
        for (id, master) in masters {
            let exceptions = exceptions.remove(&id).unwrap_or_default();
            self.deliver(&Series { master, exceptions })?;
        }
        for exception in exceptions.into_values().flatten() {
            self.deliver_alone(&exception, false)?;
        }
        self.flush()?;
        Ok(Changes { next, extent: Extent::Full, skipped: self.skipped })
    }

    /// The end of a delta: every series that was touched, read whole.
    async fn delta(
        mut self,
        next: Option<SyncToken>,
        rows: usize,
    ) -> Result<Changes, ProviderError> {
        let Held { mut masters, mut exceptions, gone } = std::mem::take(&mut self.held);
        let touched: BTreeSet<String> = masters
            .keys()
            .chain(exceptions.keys())
            .filter(|id| !gone.contains(*id))
            .cloned()
            .collect();
        for id in touched {
            let own = exceptions.remove(&id).unwrap_or_default();
            let master = match masters.remove(&id) {
                Some(master) => Some(master),
                None => get::event(self.connection, self.calendar, &id).await?,
            };
            let Some(master) = master.filter(|master| !master.is_cancelled()) else {
                for exception in own {
                    self.deliver_alone(&exception, true)?;
                }
                continue;
            };
            let series = complete(self.connection, &self.events, master, own).await?;
            for exception in &series.exceptions {
                // It was there alone before its series came.
                let href = Href::new(&*exception.id);
                if self.sink.known(&href)?.is_some() {
                    self.sink.removed(&href)?;
                }
            }
            self.deliver(&series)?;
        }
        self.flush()?;
        let extent = if rows == 0 { Extent::Unchanged } else { Extent::Delta };
        Ok(Changes { next, extent, skipped: self.skipped })
    }
}
