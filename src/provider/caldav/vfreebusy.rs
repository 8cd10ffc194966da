//! Free/busy as text: the VFREEBUSY question (RFC 5546 §3.3.2), the busy periods of
//! an answer (RFC 5545 §3.8.2.6), and the schedule-response around it (RFC 6638
//! §5.2). Text only.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo, Timestamp, ToSpan};

use crate::model::id::Address;
use crate::model::time::{BusyPeriod, Fbtype, Window};
use crate::provider::caldav::xml::{Element, Ns, XmlStream};

/// The window as whole days of UTC: a large server answers shorter ones wrongly.
pub fn whole_days(window: Window) -> Window {
    let midnight = |at: Timestamp| {
        let day = TimeZone::UTC.to_datetime(at).date().to_datetime(jiff::civil::Time::midnight());
        TimeZone::UTC.to_timestamp(day).unwrap_or(at)
    };
    let to = midnight(window.to);
    let to = if to < window.to { to.checked_add(24.hours()).unwrap_or(window.to) } else { to };
    Window { from: midnight(window.from), to }
}

/// The question of `organizer` about `attendees`. `uid` is fresh; DTSTAMP is the
/// window's start, because it says nothing and no clock is read here.
pub fn question(organizer: &Address, attendees: &[&Address], window: Window, uid: &str) -> String {
    let mut text = String::new();
    let mut line = |line: &str| fold(&mut text, line);
    line("BEGIN:VCALENDAR");
    line("VERSION:2.0");
    line("PRODID:-//onbeat//onbeat//EN");
    line("METHOD:REQUEST");
    line("BEGIN:VFREEBUSY");
    line(&format!("UID:{uid}"));
    line(&format!("DTSTAMP:{}", utc(window.from)));
    line(&format!("DTSTART:{}", utc(window.from)));
    line(&format!("DTEND:{}", utc(window.to)));
    line(&format!("ORGANIZER:{}", uri(organizer)));
    for attendee in attendees {
        line(&format!("ATTENDEE:{}", uri(attendee)));
    }
    line("END:VFREEBUSY");
    line("END:VCALENDAR");
    text
}

/// Whether an address can stand in a content line.
pub fn usable(address: &Address) -> bool {
    !address.as_str().is_empty() && !address.as_str().chars().any(char::is_control)
}

fn uri(address: &Address) -> String {
    let text = address.as_str();
    if text.contains(':') { text.to_owned() } else { format!("mailto:{text}") }
}

/// A UTC DATE-TIME (RFC 5545 §3.3.5).
pub fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Folds at 75 octets (RFC 5545 §3.1), between characters.
fn fold(text: &mut String, line: &str) {
    let mut width = 0;
    for c in line.chars() {
        if width + c.len_utf8() > 75 {
            text.push_str("\r\n ");
            width = 1;
        }
        text.push(c);
        width += c.len_utf8();
    }
    text.push_str("\r\n");
}

/// Busy periods in an answer's text, cut to the window, in order.
///
/// # Errors
/// For people, when a period cannot be read: what is not understood is not free.
pub fn periods(text: &str, window: Window) -> Result<Vec<BusyPeriod>, String> {
    let text = text.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "");
    let mut found = Vec::new();
    for line in text.lines() {
        let Some((head, value)) = line.split_once(':') else { continue };
        let mut parts = head.split(';');
        if !parts.next().is_some_and(|name| name.eq_ignore_ascii_case("FREEBUSY")) {
            continue;
        }
        let kind = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.eq_ignore_ascii_case("FBTYPE").then(|| value.to_ascii_uppercase())
        });
        let kind = match kind.as_deref() {
            Some("FREE") => continue,
            Some("BUSY-TENTATIVE") => Fbtype::Tentative,
            Some("BUSY-UNAVAILABLE") => Fbtype::Unavailable,
            // RFC 5545 §3.2.9: kinds nobody knows are BUSY.
            Some(_) | None => Fbtype::Busy,
        };
        for period in value.split(',').map(str::trim).filter(|period| !period.is_empty()) {
            let span = span(period).ok_or("the server's answer has a period nobody can read")?;
            let cut = Window { from: span.from.max(window.from), to: span.to.min(window.to) };
            if cut.from < cut.to {
                found.push(BusyPeriod { span: cut, kind, label: None, uid: None });
            }
        }
    }
    found.sort_by_key(|period| (period.span, period.kind));
    found.dedup();
    Ok(found)
}

/// What a VFREEBUSY speaks of within a window: from its DTSTART to its DTEND.
pub fn spoken_of(text: &str, window: Window) -> Window {
    let edge = |name: &str| {
        let values = text.lines().filter_map(|line| {
            let (head, value) = line.trim_end().split_once(':')?;
            head.eq_ignore_ascii_case(name).then(|| instant(value)).flatten()
        });
        values.collect::<Vec<_>>()
    };
    let from = edge("DTSTART").into_iter().min().map_or(window.from, |at| at.max(window.from));
    let to = edge("DTEND").into_iter().max().map_or(window.to, |at| at.min(window.to));
    Window { from, to: to.max(from) }
}

/// A PERIOD in UTC (RFC 5545 §3.3.9).
fn span(text: &str) -> Option<Window> {
    let (from, to) = text.split_once('/')?;
    let from = instant(from)?;
    let to = if to.starts_with(['P', 'p', '+']) {
        let span: Span = to.trim_start_matches('+').parse().ok()?;
        let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
        from.checked_add(length).ok()?
    } else {
        instant(to)?
    };
    Some(Window { from, to })
}

fn instant(text: &str) -> Option<Timestamp> {
    let local = DateTime::strptime("%Y%m%dT%H%M%S", text.strip_suffix(['Z', 'z'])?).ok()?;
    TimeZone::UTC.to_timestamp(local).ok()
}

/// One recipient's part of a schedule-response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// About whom.
    pub recipient: Address,
    /// REQUEST-STATUS (RFC 5546 §3.6).
    pub status: String,
    /// The VFREEBUSY.
    pub data: Option<String>,
}

/// The parts of a schedule-response; `None` when the body is none.
pub fn responses(body: &[u8]) -> Option<Vec<Response>> {
    let mut xml = XmlStream::default();
    let parts = xml.feed(body).ok()?;
    xml.finish().ok()?;
    if xml.root() != Some((Ns::CalDav, "schedule-response")) {
        return None;
    }
    let parts = parts.into_iter().filter(|part| part.is(Ns::CalDav, "response"));
    Some(parts.filter_map(|part| response(&part)).collect())
}

fn response(part: &Element) -> Option<Response> {
    let recipient = part.child(Ns::CalDav, "recipient")?;
    let address = recipient.child(Ns::Dav, "href").unwrap_or(recipient).trimmed();
    let status = part.child(Ns::CalDav, "request-status").map_or("", Element::trimmed);
    let data = part.child(Ns::CalDav, "calendar-data").map(|data| data.text.clone());
    Some(Response { recipient: Address::new(address), status: status.to_owned(), data })
}

impl Response {
    /// What it says for the window, or why it says nothing.
    ///
    /// # Errors
    /// For people.
    pub fn busy(&self, window: Window) -> Result<Vec<BusyPeriod>, String> {
        let code = self.status.trim_matches('"').split(';').next().unwrap_or("");
        let reason = match code {
            _ if code.starts_with("2.") => "",
            "3.7" => "the server does not know this address",
            "3.8" => "the server does not allow to see this person's time",
            "5.1" | "5.2" | "5.3" => "this person's server cannot be reached",
            _ => "the server gives no free/busy of this person",
        };
        if !reason.is_empty() {
            let code: String = code.chars().filter(|c| !c.is_control()).take(8).collect();
            return Err(if code.is_empty() {
                reason.to_owned()
            } else {
                format!("{reason} ({code})")
            });
        }
        match &self.data {
            Some(text) if text.to_ascii_uppercase().contains("BEGIN:VFREEBUSY") => {
                periods(text, window)
            }
            Some(_) | None => Err("the server says yes and gives no free/busy".to_owned()),
        }
    }
}

#[cfg(test)]
#[path = "vfreebusy_tests.rs"]
mod tests;
