//! How a calendar's changes are found, from the cheapest way down: sync report,
//! change tag, full listing. A token is handed out only after the last page; members
//! that could not be read are carried along in it.

use std::collections::HashMap;

use url::Url;

use crate::model::id::{CalendarId, Etag, Href, SyncToken};
use crate::provider::caldav::cursor::{Cursor, Mark};
use crate::provider::caldav::fingerprint::Product;
use crate::provider::caldav::href::same;
use crate::provider::caldav::list::{self, Listing, Member};
use crate::provider::caldav::state::{self, State};
use crate::provider::caldav::stream::{Reply, rows};
use crate::provider::caldav::sync_collection;
use crate::provider::caldav::xml::XmlError;
use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::http::Http;
use crate::provider::http::origin::shown;
use crate::provider::{Changes, Extent, MirrorSink};

/// A report that repeats so many known members looks like a full listing.
const SUSPICIOUS: usize = 20;

/// One reading of one calendar.
pub struct Reading<'a> {
    pub(super) http: &'a Http,
    pub(super) id: &'a CalendarId,
    pub(super) url: Url,
    pub(super) sink: &'a mut dyn MirrorSink,
    /// Who answers, as far as known.
    pub(super) product: Product,
    /// For people: what was left out, and why.
    pub(super) skipped: Vec<(Href, String)>,
    /// What must be read again next time.
    pub(super) retry: Vec<Href>,
    /// Something was stored or removed.
    pub(super) touched: bool,
    /// Multiget was refused twice; members are read one by one.
    pub(super) multiget_refused: u32,
    /// Members in a row whose connection broke.
    pub(super) breaks: u32,
}

impl<'a> Reading<'a> {
    /// Starts a reading.
    pub fn new(
        http: &'a Http,
        id: &'a CalendarId,
        url: Url,
        sink: &'a mut dyn MirrorSink,
        product: Product,
    ) -> Self {
        Self {
            http,
            id,
            url,
            sink,
            product,
            skipped: Vec::new(),
            retry: Vec::new(),
            touched: false,
            multiget_refused: 0,
            breaks: 0,
        }
    }

    /// Reads what changed since `since`, or everything.
    ///
    /// # Errors
    /// Those of the connection and of the sink.
    pub async fn run(mut self, since: Option<&SyncToken>) -> Result<Changes, ProviderError> {
        let Some(cursor) = since.map(Cursor::read) else {
            return self.full(None, since).await;
        };
        match &cursor.mark {
            Mark::Token(token) => match self.report(token).await? {
                Some((listing, next)) if !self.looks_full(&listing)? => {
                    self.delta(listing, Mark::Token(next), cursor.retry).await
                }
                Some(_) | None => self.full(None, since).await,
            },
            Mark::Tag(tag) => {
                let state = self.state().await?;
                if state.has_tag(tag) {
                    return self.delta(Listing::default(), cursor.mark, cursor.retry).await;
                }
                self.full(Some(state), since).await
            }
            Mark::List => self.full(Some(State::default()), since).await,
        }
    }

    /// All pages of the sync report since a token; `None` when the server does not
    /// answer it as it should, whatever the reason: a listing will tell.
    async fn report(&mut self, since: &str) -> Result<Option<(Listing, String)>, ProviderError> {
        let (mut total, mut token) = (Listing::default(), since.to_owned());
        loop {
            let request = sync_collection::request(self.url.clone(), &token);
            let url = &self.url;
            let reply = rows::<Listing>(self.http, &request, |listing, row| {
                listing.take(url, &row, true);
            });
            let reply = match reply.await {
                Err(error) if unreadable(&error) => {
                    tracing::debug!(calendar = %self.id, %error, "no report that can be read");
                    return Ok(None);
                }
                reply => reply?,
            };
            let (page, next) = match reply {
                Reply::Rows { value, token, product, .. } => {
                    self.product = product;
                    (value, token)
                }
                Reply::Refused(refused) => {
                    let known = sync_collection::token_refused(&refused.refusal);
                    tracing::debug!(calendar = %self.id, known, error = %refused.error, "no report for this token");
                    return Ok(None);
                }
            };
            let more = page.truncated;
            total.absorb(&self.url, page);
            match next {
                Some(next) if more && next == token => return Ok(None),
                Some(next) if more => token = next,
                Some(next) => return Ok(Some((total, next))),
                None => return Ok(None),
            }
        }
    }

    /// Some servers answer a token they do not know with all they have; then what is
    /// missing is gone, and only a listing may say so.
    fn looks_full(&mut self, listing: &Listing) -> Result<bool, ProviderError> {
        if self.product.hides_removals() {
            return Ok(true);
        }
        if self.product.refuses_strange_tokens() || listing.members.len() < SUSPICIOUS {
            return Ok(false);
        }
        let mut known = 0;
        for member in &listing.members {
            known +=
                usize::from(member.etag.is_some() && self.sink.known(&member.href)? == member.etag);
        }
        Ok(known * 10 >= listing.members.len() * 9)
    }

    async fn delta(
        mut self,
        listing: Listing,
        mark: Mark,
        owed: Vec<Href>,
    ) -> Result<Changes, ProviderError> {
        for href in listing.settled_removals(&self.url) {
            self.sink.removed(&href)?;
            self.touched = true;
        }
        let mut wanted = self.settle(&listing, true)?;
        for href in owed {
            if !wanted.iter().any(|member| member.href == href) {
                wanted.push(Member { href, etag: None });
            }
        }
        self.fetch(wanted).await?;
        let quiet = !self.touched && self.retry.is_empty();
        let extent = if quiet { Extent::Unchanged } else { Extent::Delta };
        Ok(self.end(mark, extent))
    }

    /// Lists everything. The state is asked for first, so that what changes while
    /// the listing runs is reported again by the next reading.
    async fn full(
        mut self,
        state: Option<State>,
        since: Option<&SyncToken>,
    ) -> Result<Changes, ProviderError> {
        let state = match state {
            Some(state) => state,
            None => self.state().await?,
        };
        let mut mark = state.mark(!self.product.hides_removals());
        let request = list::request(self.url.clone());
        let url = &self.url;
        let reply = rows::<Listing>(self.http, &request, |listing, row| {
            listing.take(url, &row, false);
        });
        let mut listing = match reply.await? {
            Reply::Rows { value, .. } => value,
            Reply::Refused(refused) => return Err(refused.error),
        };
        if listing.is_missing {
            return Err(ProviderError::new(
                ErrorKind::NotFound,
                format!("PROPFIND {}", shown(&self.url)),
            ));
        }
        if listing.truncated && state.reports_changes {
            // A listing that is cut can only be completed by the report's pages.
            if let Some((complete, token)) = self.report("").await? {
                listing = complete;
                listing.removed.clear();
                listing.names_itself = true;
                mark = Mark::Token(token);
            }
        }
        let partial = if listing.truncated {
            Some("the server cuts its listing and offers no pages")
        } else if listing.members.is_empty() && !listing.names_itself {
            Some("the listing is empty and does not even name the calendar")
        } else {
            None
        };
        let wanted = self.settle(&listing, false)?;
        self.fetch(wanted).await?;
        if let Some(reason) = partial {
            let extent = Extent::Partial { reason: reason.to_owned() };
            return Ok(Changes { next: since.cloned(), extent, skipped: self.skipped });
        }
        Ok(self.end(mark, Extent::Full))
    }

    async fn state(&mut self) -> Result<State, ProviderError> {
        let request = state::request(self.url.clone());
        let reply = rows::<Option<State>>(self.http, &request, |state, row| {
            state.get_or_insert_with(|| State::read(&row));
        });
        match reply.await? {
            Reply::Rows { at, .. } if !same(&at, &self.url) => {
                let why = format!("the calendar has moved to {}", shown(&at));
                Err(ProviderError::new(ErrorKind::Protocol(why), self.id.to_string()))
            }
            Reply::Rows { value: Some(state), product, .. } if state.is_collection => {
                self.product = product;
                Ok(state)
            }
            Reply::Rows { .. } => {
                let kind = ErrorKind::Protocol("the address is not a calendar".to_owned());
                Err(ProviderError::new(kind, self.id.to_string()))
            }
            Reply::Refused(refused) => Err(refused.error),
        }
    }

    /// Tells the sink what is as it was, notes what cannot be read, and gives what
    /// must be fetched. `reported`: the server says the members changed; then an equal
    /// tag is believed only from servers that do not use tags twice.
    fn settle(&mut self, listing: &Listing, reported: bool) -> Result<Vec<Member>, ProviderError> {
        let mut uses: HashMap<&Etag, u32> = HashMap::new();
        for etag in listing.members.iter().filter_map(|member| member.etag.as_ref()) {
            *uses.entry(etag).or_default() += 1;
        }
        let mut wanted = Vec::new();
        for member in &listing.members {
            let same = member.etag.is_some() && self.sink.known(&member.href)? == member.etag;
            let shared = member.etag.as_ref().is_some_and(|etag| uses.get(etag) != Some(&1));
            let distrusted = reported && (shared || self.product.reuses_tags());
            if same && !distrusted {
                self.sink.unchanged(&member.href)?;
            } else {
                wanted.push(member.clone());
            }
        }
        for (href, status) in &listing.failed {
            // A member that is listed and said to be absent contradicts itself.
            let again = *status != 403;
            self.skip(href.clone(), format!("the server answers {status} for it"), again)?;
        }
        self.skipped.extend(listing.foreign.iter().cloned());
        if listing.more_foreign > 0 {
            let why = format!("and {} more outside of the calendar", listing.more_foreign);
            self.skipped.push((Href::new(self.id.collection.clone()), why));
        }
        Ok(wanted)
    }

    /// Leaves a member out; it was listed, so it is not gone. `again`: it may be
    /// readable later, and the token must not pass it.
    pub(super) fn skip(
        &mut self,
        href: Href,
        why: String,
        again: bool,
    ) -> Result<(), ProviderError> {
        self.sink.unchanged(&href)?;
        if again {
            self.retry.push(href.clone());
        }
        self.skipped.push((href, why));
        Ok(())
    }

    fn end(self, mark: Mark, extent: Extent) -> Changes {
        let next = Cursor { mark, retry: self.retry }.token();
        Changes { next, extent, skipped: self.skipped }
    }
}

/// Whether the content of an answer was at fault, again and again.
fn unreadable(error: &ProviderError) -> bool {
    matches!(error.kind, ErrorKind::Protocol(_))
        || error.source.as_ref().is_some_and(|source| source.is::<XmlError>())
}
