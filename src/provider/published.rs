//! A calendar somebody publishes at an address: free/busy (VFREEBUSY) or events.
//! Read whole and anonymously; what the address itself says is all the secret there
//! is. It knows no accounts and remembers nothing.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::ical::parse::parse;
use crate::ical::recur::{self, Instance, Limits};
use crate::model::event::{BusyStatus, EventStatus, Transparency};
use crate::model::time::{BusyPeriod, Fbtype, Window};
use crate::provider::caldav::vfreebusy;
use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::http::auth::Auth;
use crate::provider::http::request::{Read, ReadMethod};
use crate::provider::http::{Http, HttpConfig};

/// The largest published calendar.
const MAX_BYTES: usize = 8 << 20;

/// An event longer than this that started before the window is still seen.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 31);

/// Somebody's time as they publish it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// What the answer speaks of; nothing is known outside of it.
    pub span: Window,
    /// Not free, in order, within the span.
    pub busy: Vec<BusyPeriod>,
}

/// Reads what lies at an address, if it is a calendar.
///
/// # Errors
/// What kept it from being read; `Protocol` when something else lies there, like
/// the page of a captive portal.
pub async fn fetch(address: &Url) -> Result<Vec<u8>, ProviderError> {
    read(address).await.map_err(|error| ProviderError { context: named(address), ..error })
}

/// An address for messages: the rest of it may be all the secret there is.
pub fn named(address: &Url) -> String {
    format!("an address at {}", address.host_str().unwrap_or("no host"))
}

async fn read(address: &Url) -> Result<Vec<u8>, ProviderError> {
    let http = Http::new(HttpConfig::new(address.clone(), Auth::Anonymous))?;
    let request =
        Read::new(ReadMethod::Get, address.clone()).header("accept", "text/calendar, */*;q=0.1");
    let mut answer = http.read(&request).await?;
    if answer.status != 200 {
        return Err(answer.unexpected());
    }
    let body = answer.body(MAX_BYTES).await?;
    let begins = b"BEGIN:VCALENDAR";
    let calendar = body.windows(begins.len()).any(|part| part.eq_ignore_ascii_case(begins));
    if calendar {
        Ok(body)
    } else {
        let what = "what lies there is no calendar".to_owned();
        Err(ProviderError::new(ErrorKind::Protocol(what), answer.context()))
    }
}

/// When the person of a published calendar is not free. Times without a zone are
/// read in `zone`.
///
/// # Errors
/// For people, when it cannot be understood: that is not free time.
pub fn time(data: &[u8], zone: &TimeZone, window: Window) -> Result<Published, String> {
    let text = String::from_utf8_lossy(data);
    if text.to_ascii_uppercase().contains("BEGIN:VFREEBUSY") {
        let span = vfreebusy::spoken_of(&text, window);
        return Ok(Published { span, busy: vfreebusy::periods(&text, span)? });
    }
    let parsed = parse(data);
    if let Some(bad) = parsed.quarantined.first() {
        return Err(format!("an event in it cannot be read: {}", bad.reason));
    }
    let from = window.from.checked_sub(LONGEST).unwrap_or(window.from);
    let wide = Window::new(from, window.to);
    let mut busy = Vec::new();
    for event in &parsed.events {
        let expanded = recur::expand(event, wide, zone, Limits::default());
        busy.extend(expanded.occurrences.iter().filter_map(|one| period(one, window)));
    }
    busy.sort_by_key(|period: &BusyPeriod| (period.span, period.kind));
    busy.dedup();
    Ok(Published { span: window, busy })
}

/// The time an event takes; its title is nobody's business.
fn period(one: &Instance<'_>, window: Window) -> Option<BusyPeriod> {
    let body = one.body;
    let free = body.status == EventStatus::Cancelled
        || body.transparency == Transparency::Transparent
        || matches!(body.busy_status, Some(BusyStatus::Free | BusyStatus::WorkingElsewhere));
    let clip = |at: Timestamp| at.clamp(window.from, window.to);
    let span = Window::new(clip(one.start_at), clip(one.end_at));
    let kind = if body.status == EventStatus::Tentative {
        Fbtype::Tentative
    } else if body.busy_status == Some(BusyStatus::OutOfOffice) {
        Fbtype::Unavailable
    } else {
        Fbtype::Busy
    };
    (!free && span.from < span.to).then_some(BusyPeriod { span, kind, label: None, uid: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::http::scripted::{Scripted, say};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn week() -> Window {
        Window::new(at("2026-03-02T00:00:00Z"), at("2026-03-09T00:00:00Z"))
    }

    fn told(inside: &str) -> Result<Published, String> {
        let text = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}END:VCALENDAR\r\n",
            inside.replace('\n', "\r\n")
        );
        time(text.as_bytes(), &TimeZone::UTC, week())
    }

    #[test]
    fn free_busy_speaks_of_its_own_span_only() {
        let told = told(
            "BEGIN:VFREEBUSY\nDTSTART:20260303T000000Z\nDTEND:20260306T000000Z\n\
             FREEBUSY;FBTYPE=BUSY-TENTATIVE:20260303T090000Z/PT1H\n\
             FREEBUSY:20260305T230000Z/20260306T030000Z\nEND:VFREEBUSY\n",
        )
        .unwrap();
        assert_eq!(told.span.from, at("2026-03-03T00:00:00Z"));
        assert_eq!(told.span.to, at("2026-03-06T00:00:00Z"));
        let kinds: Vec<Fbtype> = told.busy.iter().map(|one| one.kind).collect();
        assert_eq!(kinds, [Fbtype::Tentative, Fbtype::Busy]);
        assert_eq!(told.busy[1].span.to, at("2026-03-06T00:00:00Z"));
    }

    #[test]
    fn events_are_time_without_titles() {
        let told = told(
            "BEGIN:VEVENT\nUID:a\nDTSTART:20260223T100000Z\nDTEND:20260223T110000Z\nRRULE:FREQ=WEEKLY\nSUMMARY:Salary talk\nEND:VEVENT\n\
             BEGIN:VEVENT\nUID:b\nDTSTART:20260304T100000Z\nDTEND:20260304T110000Z\nTRANSP:TRANSPARENT\nEND:VEVENT\n\
             BEGIN:VEVENT\nUID:c\nDTSTART:20260305T100000Z\nDTEND:20260305T110000Z\nSTATUS:CANCELLED\nEND:VEVENT\n",
        )
        .unwrap();
        let [one] = told.busy.as_slice() else { panic!("{told:?}") };
        assert_eq!((one.span.from, one.label.as_ref()), (at("2026-03-02T10:00:00Z"), None));
        assert_eq!(told.span, week());
    }

    #[test]
    fn what_cannot_be_read_is_not_free() {
        assert!(told("BEGIN:VEVENT\nUID:a\nDTSTART:nonsense\nEND:VEVENT\n").is_err());
        assert!(told("BEGIN:VFREEBUSY\nFREEBUSY:nonsense/x\nEND:VFREEBUSY\n").is_err());
    }

    #[tokio::test]
    async fn a_page_at_the_address_is_no_calendar() {
        let server = Scripted::start(|seen, _| match seen.target.as_str() {
            "/bob.ics" => say(200, "Content-Type: text/calendar", "BEGIN:VCALENDAR\r\n"),
            "/gone.ics" => say(404, "", ""),
            _ => say(200, "Content-Type: text/html", "<p>Log in to this network</p>"),
        })
        .await;
        let read = async |name: &str| fetch(&server.url.join(name).unwrap()).await;
        assert!(read("bob.ics").await.is_ok());
        let page = read("portal").await.unwrap_err().to_string();
        assert!(page.contains("no calendar") && !page.contains("portal"), "{page}");
        let gone = read("gone.ics").await.unwrap_err().to_string();
        assert!(!gone.contains("gone.ics"), "the secret of the address: {gone}");
    }
}
