//! Writing: what must be asked before, on servers whose preconditions do not hold,
//! and then exactly one PUT or DELETE.

use url::Url;

use crate::model::id::{CalendarId, Href, StrongEtag};
use crate::model::plan::Precondition;
use crate::provider::caldav::CalDav;
use crate::provider::caldav::fetch::{Unread, read_object};
use crate::provider::caldav::multistatus::Refusal;
use crate::provider::caldav::put::Answered;
use crate::provider::caldav::stream::{Reply, rows};
use crate::provider::caldav::{delete, get, href, put, uid_query};
use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::http::request::{Change, MemberUrl};
use crate::provider::{Write, Written};

impl CalDav {
    pub(super) async fn write(
        &self,
        calendar: &CalendarId,
        write: &Write,
        precondition: &Precondition,
    ) -> Result<Written, ProviderError> {
        let member = self.member(calendar, &write.href)?;
        let product = self.account().await?.product;
        let creating = *precondition == Precondition::Absent;
        if creating && (product.overwrites_on_create() || product.stores_uid_twice()) {
            self.nothing_there(calendar, &member, &write.data).await?;
        }
        let change = Change::put(member, precondition, write.data.clone());
        let mut answer = self.http.change(&change).await?;
        let body = if answer.status >= 300 { answer.refusal().await } else { Vec::new() };
        let answered = Answered {
            status: answer.status,
            etag: answer.header("etag"),
            refusal: Refusal::read(&body),
            conflict_is_uid: product.conflict_is_uid(),
        };
        put::outcome(&write.href, precondition, &answered).map_err(|kind| {
            ProviderError::new(kind, format!("{} (status {})", answer.context(), answer.status))
        })
    }

    /// Asks what `If-None-Match: *` would protect elsewhere.
    async fn nothing_there(
        &self,
        calendar: &CalendarId,
        member: &MemberUrl,
        data: &[u8],
    ) -> Result<(), ProviderError> {
        let answer = self.http.read(&get::request(member)).await?;
        if answer.status == 200 {
            return Err(ProviderError::new(ErrorKind::PreconditionFailed, answer.context()));
        }
        if !matches!(answer.status, 404 | 410) {
            return Err(answer.unexpected());
        }
        let Some(uid) = uid_query::uid_of(data) else { return Ok(()) };
        let url = self.collection(calendar)?;
        match self.with_uid(&url, &uid).await? {
            Some(href) => {
                let kind = ErrorKind::UidExists { href: Some(href) };
                Err(ProviderError::new(kind, calendar.to_string()))
            }
            None => Ok(()),
        }
    }

    /// A member that holds the UID, as far as the server can search for it.
    async fn with_uid(&self, url: &Url, uid: &str) -> Result<Option<String>, ProviderError> {
        let request = uid_query::request(url.clone(), uid);
        let found = rows::<Vec<String>>(&self.http, &request, |found, row| {
            if row.overall() == 200 && found.len() < 4 {
                found.push(row.href);
            }
        });
        let hrefs = match found.await? {
            Reply::Rows { value, .. } => value,
            Reply::Refused(refused) => {
                tracing::debug!(error = %refused.error, "no search by UID");
                return Ok(None);
            }
        };
        // Servers exist that ignore the filter: only a text that has the UID counts.
        for href in hrefs {
            let href::Place::Member(member) = href::place(url, &href) else { continue };
            let answer = self.http.read(&get::request(&member)).await?;
            if let Ok((data, _)) = read_object(answer).await
                && uid_query::uid_of(&data).as_deref() == Some(uid)
            {
                return Ok(Some(href));
            }
        }
        Ok(None)
    }

    pub(super) async fn remove(
        &self,
        calendar: &CalendarId,
        href: &Href,
        unchanged_since: &StrongEtag,
    ) -> Result<(), ProviderError> {
        let member = self.member(calendar, href)?;
        if self.account().await?.product.deletes_unconditionally() {
            self.still_has(&member, unchanged_since).await?;
        }
        let mut answer = self.http.change(&Change::delete(member, unchanged_since)).await?;
        let body = if answer.status >= 300 { answer.refusal().await } else { Vec::new() };
        delete::outcome(answer.status, &Refusal::read(&body)).map_err(|kind| {
            ProviderError::new(kind, format!("{} (status {})", answer.context(), answer.status))
        })
    }

    async fn still_has(&self, member: &MemberUrl, etag: &StrongEtag) -> Result<(), ProviderError> {
        let answer = self.http.read(&get::request(member)).await?;
        let context = answer.context();
        let kind = match read_object(answer).await {
            Ok((_, Some(now))) if now.strong().as_ref() == Some(etag) => return Ok(()),
            Ok(_) | Err(Unread::Never(_)) => ErrorKind::PreconditionFailed,
            Err(Unread::Gone) => ErrorKind::NotFound,
            Err(Unread::NotNow(_)) => ErrorKind::Unavailable,
        };
        Err(ProviderError::new(kind, context))
    }
}
