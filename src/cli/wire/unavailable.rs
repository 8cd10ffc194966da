//! An account that cannot be used, in the place of its connection: every
//! request fails with the reason, and the other accounts go on.

use async_trait::async_trait;

use crate::model::id::{AccountId, Address, CalendarId, EventUid, Href, StrongEtag, SyncToken};
use crate::model::plan::Precondition;
use crate::model::resource::Resource;
use crate::model::server::{CalendarInfo, Capabilities};
use crate::model::time::Window;
use crate::provider::{
    CalendarProvider, Changes, ErrorKind, FreeBusyAnswer, MirrorSink, ProviderError, Write, Written,
};

/// Why an account cannot be used.
pub(super) struct Unavailable {
    kind: ErrorKind,
    why: String,
}

impl Unavailable {
    /// Takes the reason, causes included, from an error.
    pub(super) fn new(account: &AccountId, error: &ProviderError) -> Self {
        let mut why = format!("account {account}");
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            why.push_str(": ");
            why.push_str(&error.to_string());
            cause = error.source();
        }
        Self { kind: error.kind.clone(), why }
    }

    fn error<T>(&self) -> Result<T, ProviderError> {
        Err(ProviderError::new(self.kind.clone(), self.why.clone()))
    }
}

#[async_trait(?Send)]
impl CalendarProvider for Unavailable {
    async fn capabilities(&self) -> Result<Capabilities, ProviderError> {
        self.error()
    }

    async fn calendars(&self) -> Result<Vec<CalendarInfo>, ProviderError> {
        self.error()
    }

    async fn changes(
        &self,
        _calendar: &CalendarId,
        _since: Option<&SyncToken>,
        _sink: &mut dyn MirrorSink,
    ) -> Result<Changes, ProviderError> {
        self.error()
    }

    async fn get(
        &self,
        _calendar: &CalendarId,
        _href: &Href,
    ) -> Result<Option<Resource>, ProviderError> {
        self.error()
    }

    async fn put(
        &self,
        _calendar: &CalendarId,
        _write: &Write,
        _precondition: &Precondition,
    ) -> Result<Written, ProviderError> {
        self.error()
    }

    async fn delete(
        &self,
        _calendar: &CalendarId,
        _href: &Href,
        _unchanged_since: &StrongEtag,
    ) -> Result<(), ProviderError> {
        self.error()
    }

    async fn free_busy(
        &self,
        who: &[Address],
        _window: Window,
    ) -> Result<Vec<FreeBusyAnswer>, ProviderError> {
        let why = || Err(self.why.clone());
        Ok(who.iter().map(|who| FreeBusyAnswer { who: who.clone(), busy: why() }).collect())
    }

    fn href_for(&self, _calendar: &CalendarId, uid: &EventUid) -> Href {
        Href::new(uid.as_str())
    }
}
