//! Asking when people are not free: the outbox (RFC 6638 §5) for anybody, the
//! free-busy-query report (RFC 4791 §7.10) for the owner where there is no outbox.
//! Whoever is not answered for is unknown, with the reason.

use url::Url;

use crate::model::id::Address;
use crate::model::time::{BusyPeriod, Window};
use crate::provider::FreeBusyAnswer;
use crate::provider::caldav::CalDav;
use crate::provider::caldav::account::Account;
use crate::provider::caldav::vfreebusy::{self, periods, question, responses, usable, utc};
use crate::provider::error::{Disposition, ProviderError};
use crate::provider::http::request::{Read, ReadMethod};

/// The largest answer.
const MAX_ANSWER: usize = 4 << 20;

impl CalDav {
    pub(super) async fn ask_free_busy(
        &self,
        who: &[Address],
        window: Window,
    ) -> Result<Vec<FreeBusyAnswer>, ProviderError> {
        let account = self.account().await?;
        let asked: Vec<&Address> = who.iter().filter(|address| usable(address)).collect();
        let from_outbox = match (&account.outbox, account.addresses.first()) {
            (Some(outbox), Some(me)) if account.capabilities.free_busy_of_others => {
                self.ask_outbox(outbox, me, &asked, window).await
            }
            (Some(_) | None, _) => {
                Ok(Err("the server offers no free/busy of other people".to_owned()))
            }
        };
        let from_outbox = unless_grave(from_outbox)?;
        let mut answers = Vec::with_capacity(who.len());
        for address in who {
            let own = account.addresses.contains(address);
            let busy = match &from_outbox {
                Ok(found) => {
                    found.iter().find(|response| response.recipient == *address).map_or_else(
                        || Err("the server left this person out".to_owned()),
                        |r| r.busy(window),
                    )
                }
                Err(reason) => Err(reason.clone()),
            };
            let busy = match busy {
                Err(_) if own => unless_grave(self.own_time(&account, window).await)?,
                busy => busy,
            };
            answers.push(FreeBusyAnswer { who: address.clone(), busy });
        }
        Ok(answers)
    }

    async fn ask_outbox(
        &self,
        outbox: &Url,
        me: &Address,
        who: &[&Address],
        window: Window,
    ) -> Result<Result<Vec<vfreebusy::Response>, String>, ProviderError> {
        if who.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        let uid = uuid::Uuid::new_v4().to_string();
        let text = question(me, who, vfreebusy::whole_days(window), &uid);
        let mut request = Read::new(ReadMethod::Ask, outbox.clone()).header(
            "content-type",
            "text/calendar; charset=utf-8; component=VFREEBUSY; method=REQUEST",
        );
        request.body = Some(text);
        let mut answer = self.http.read(&request).await?;
        if answer.status != 200 {
            return Ok(Err(answer.unexpected().to_string()));
        }
        let body = answer.body(MAX_ANSWER).await?;
        Ok(responses(&body).ok_or_else(|| "the answer is no schedule-response".to_owned()))
    }

    /// The owner's busy time by report over all calendars that count.
    async fn own_time(
        &self,
        account: &Account,
        window: Window,
    ) -> Result<Result<Vec<BusyPeriod>, String>, ProviderError> {
        let wide = vfreebusy::whole_days(window);
        let mut all = Vec::new();
        for (info, _) in self.list_calendars(account).await? {
            if !info.opaque {
                continue;
            }
            let request = report(self.collection(&info.id)?, wide);
            let mut answer = self.http.read(&request).await?;
            if answer.status != 200 {
                return Ok(Err(answer.unexpected().to_string()));
            }
            let body = answer.body(MAX_ANSWER).await?;
            let text = String::from_utf8_lossy(&body);
            if !text.to_ascii_uppercase().contains("BEGIN:VFREEBUSY") {
                return Ok(Err("the answer holds no free/busy".to_owned()));
            }
            match periods(&text, window) {
                Ok(found) => all.extend(found),
                Err(reason) => return Ok(Err(reason)),
            }
        }
        all.sort_by_key(|period| (period.span, period.kind));
        all.dedup();
        Ok(Ok(all))
    }
}

/// The report for one calendar.
fn report(collection: Url, window: Window) -> Read {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <C:free-busy-query xmlns:C=\"urn:ietf:params:xml:ns:caldav\">\
         <C:time-range start=\"{}\" end=\"{}\"/></C:free-busy-query>",
        utc(window.from),
        utc(window.to)
    );
    let mut request = Read::xml(ReadMethod::Report, collection, "1", body);
    request.headers.retain(|(name, _)| *name != "accept");
    request.header("accept", "text/calendar")
}

/// An error that says nothing about the account is the person's unknown time; wrong
/// credentials and a server that asks for patience are everybody's business.
fn unless_grave<T>(
    outcome: Result<Result<T, String>, ProviderError>,
) -> Result<Result<T, String>, ProviderError> {
    match outcome {
        Err(error) if error.disposition() != Disposition::PauseAccount => {
            Ok(Err(error.to_string()))
        }
        outcome => outcome,
    }
}
