//! An event of Google's, with its exceptions, as RFC 5545 text: the language of the
//! mirror. Total: whatever can be said is said, what cannot be read is an error with
//! its reason. Descriptions stay as they are, HTML included. Knows no network.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use crate::ical::edit::{render_line, time_value};
use crate::ical::property::encode_param;
use crate::ical::value::escape;
use crate::ical::write::PRODID;
use crate::model::time::{CalTime, resolve};
use crate::provider::google::event::{Event, Guest, UID_KEY, When};

/// Whose copy of an event it is.
#[derive(Debug, Clone, Copy)]
pub struct Viewpoint<'a> {
    /// The calendar's id; an event made in a secondary calendar has it as organizer.
    pub calendar: &'a str,
    /// The account's own address, where known.
    pub owner: Option<&'a str>,
}

/// The id of a new event with this UID: base32hex, as the API wants it, and always
/// the same, so that writing twice makes one event.
pub fn id_for(uid: &str) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    let digest = Sha256::digest(uid.as_bytes());
    let digit = |byte: &u8| DIGITS.get(usize::from(byte & 31)).map_or('0', |d| char::from(*d));
    digest.iter().map(digit).collect()
}

/// How often one UID may be made anew after its event was deleted.
const GENERATIONS: u32 = 16;

/// The ids of events with this UID, in the order they are used: an id stays used when
/// its event is deleted.
pub fn ids_for(uid: &str) -> impl Iterator<Item = String> + use<'_> {
    let later = (1..GENERATIONS).map(move |n| id_for(&format!("{uid}\n{n}")));
    std::iter::once_with(move || id_for(uid)).chain(later)
}

/// The UID of an event: onbeat's own where it made this very event, else the iCalUID.
pub fn uid_of(event: &Event) -> Option<String> {
    let own = event.private(UID_KEY).filter(|uid| ids_for(uid).any(|id| id == event.id));
    let uid = own.or(event.ical_uid.as_deref()).filter(|uid| !uid.is_empty());
    uid.map(str::to_owned)
}

/// One object: a master (or single event) with its exceptions.
///
/// # Errors
/// For people: why the event cannot be said in RFC 5545. An exception that cannot be
/// read is left out; it shows as the series' ordinary occurrence.
pub fn object(
    master: &Event,
    exceptions: &[Event],
    view: Viewpoint<'_>,
) -> Result<Vec<u8>, String> {
    let uid = uid_of(master).ok_or("it has no iCalUID")?;
    let mut out = Lines::begin();
    component(&mut out, master, &uid, None, view)?;
    for exception in exceptions {
        let Some(original) = exception.original_start_time.as_ref().and_then(time) else {
            tracing::warn!(id = exception.id, "an exception without its original start");
            continue;
        };
        if adds_nothing(exception, &original, master) {
            continue;
        }
        let mut inner = Lines(Vec::new());
        match component(&mut inner, exception, &uid, Some(&original), view) {
            Ok(()) => out.0.extend(inner.0),
            Err(reason) => tracing::warn!(id = exception.id, reason, "an exception is left out"),
        }
    }
    Ok(out.end())
}

/// Whether an exception says what the series says of that occurrence: somebody changed
/// it and changed it back. Google keeps such a row for ever; it has no meaning.
fn adds_nothing(exception: &Event, original: &CalTime, master: &Event) -> bool {
    let instant = |when: &Option<When>| {
        when.as_ref().and_then(time).map(|time| (time.is_date(), time.instant(&TimeZone::UTC)))
    };
    let length = |event: &Event| {
        let ((_, from), (_, to)) = (instant(&event.start)?, instant(&event.end)?);
        Some(from.duration_until(to))
    };
    // A text that was emptied is one that was never there.
    let same = |one: &Option<String>, other: &Option<String>| {
        one.as_deref().unwrap_or_default() == other.as_deref().unwrap_or_default()
    };
    !exception.is_cancelled()
        && instant(&exception.start) == Some((original.is_date(), original.instant(&TimeZone::UTC)))
        && length(exception).is_some_and(|length_here| Some(length_here) == length(master))
        && exception.status == master.status
        && same(&exception.summary, &master.summary)
        && same(&exception.description, &master.description)
        && same(&exception.location, &master.location)
        && exception.transparency == master.transparency
        && exception.visibility == master.visibility
        && exception.attendees == master.attendees
        && exception.event_type == master.event_type
        && exception.source == master.source
}

/// One occurrence of a series that this calendar does not hold: the owner is invited
/// to it alone.
///
/// # Errors
/// As [`object`].
pub fn lone_exception(exception: &Event, view: Viewpoint<'_>) -> Result<Vec<u8>, String> {
    let uid = uid_of(exception).ok_or("it has no iCalUID")?;
    let original = exception.original_start_time.as_ref().and_then(time);
    let original = original.ok_or("it has no original start")?;
    let mut out = Lines::begin();
    component(&mut out, exception, &uid, Some(&original), view)?;
    Ok(out.end())
}

/// Content lines under construction.
struct Lines(Vec<u8>);

impl Lines {
    fn begin() -> Self {
        let mut lines = Self(Vec::with_capacity(1024));
        lines.plain("BEGIN", "VCALENDAR");
        lines.plain("VERSION", "2.0");
        lines.plain("PRODID", PRODID);
        lines
    }

    fn end(mut self) -> Vec<u8> {
        self.plain("END", "VCALENDAR");
        self.0
    }

    fn plain(&mut self, name: &str, value: &str) {
        self.raw(name, &format!(":{value}"));
    }

    fn raw(&mut self, name: &str, rest: &str) {
        self.0.extend(render_line(name, rest.as_bytes(), b"\r\n"));
    }

    fn text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.plain(name, &escape(value));
        }
    }

    fn time(&mut self, name: &str, time: &CalTime) {
        let params = match time {
            CalTime::Date(_) => ";VALUE=DATE".to_owned(),
            CalTime::Zoned { tzid, .. } => format!(";TZID={}", encode_param(tzid)),
            CalTime::Floating(_) | CalTime::Utc(_) => String::new(),
        };
        self.raw(name, &format!("{params}:{}", time_value(time)));
    }
}

fn component(
    out: &mut Lines,
    event: &Event,
    uid: &str,
    original: Option<&CalTime>,
    view: Viewpoint<'_>,
) -> Result<(), String> {
    let start = event.start.as_ref().and_then(time).or_else(|| original.cloned());
    let start = start.ok_or_else(|| match &event.start {
        Some(_) => "its start cannot be read".to_owned(),
        None => "it has no start".to_owned(),
    })?;
    out.plain("BEGIN", "VEVENT");
    out.text("UID", Some(uid));
    let stamp = |text: &Option<String>| text.as_deref().and_then(|t| t.parse::<Timestamp>().ok());
    let updated = stamp(&event.updated);
    let written = |at| time_value(&CalTime::Utc(at));
    out.plain("DTSTAMP", &written(updated.unwrap_or(Timestamp::UNIX_EPOCH)));
    if let Some(created) = stamp(&event.created) {
        out.plain("CREATED", &written(created));
    }
    if let Some(updated) = updated {
        out.plain("LAST-MODIFIED", &written(updated));
    }
    out.plain("SEQUENCE", &event.sequence.unwrap_or(0).to_string());
    if let Some(original) = original {
        out.time("RECURRENCE-ID", original);
    }
    out.time("DTSTART", &start);
    let unsaid = event.end_time_unspecified == Some(true);
    if let Some(end) = event.end.as_ref().and_then(time).filter(|_| !unsaid) {
        out.time("DTEND", &end);
    }
    if original.is_none() {
        recurrence(out, event);
    }
    out.text("SUMMARY", event.summary.as_deref());
    out.text("DESCRIPTION", event.description.as_deref());
    out.text("LOCATION", event.location.as_deref());
    if let Some(url) = event.source.as_ref().and_then(|source| source.url.as_deref()) {
        out.plain("URL", url);
    }
    marks(out, event);
    people(out, event, view);
    out.plain("END", "VEVENT");
    Ok(())
}

/// The lines of `recurrence`, which are RFC 5545 already.
fn recurrence(out: &mut Lines, event: &Event) {
    for line in event.recurrence.iter().flatten() {
        let at = line.find([':', ';']).unwrap_or(line.len());
        let (name, rest) = line.split_at(at);
        let name = name.trim().to_ascii_uppercase();
        if matches!(name.as_str(), "RRULE" | "EXRULE" | "RDATE" | "EXDATE") && rest.contains(':') {
            out.raw(&name, rest);
        } else {
            tracing::warn!(id = event.id, name, "a recurrence line of an unknown kind");
        }
    }
}

/// Status, transparency, visibility and kind.
fn marks(out: &mut Lines, event: &Event) {
    // What is the default at Google is the default of RFC 5545 and is not written.
    match event.status.as_deref() {
        Some("cancelled") => out.plain("STATUS", "CANCELLED"),
        Some("tentative") => out.plain("STATUS", "TENTATIVE"),
        Some(_) | None => {}
    }
    if event.transparency.as_deref() == Some("transparent") {
        out.plain("TRANSP", "TRANSPARENT");
    }
    match event.visibility.as_deref() {
        Some("private") => out.plain("CLASS", "PRIVATE"),
        Some("confidential") => out.plain("CLASS", "CONFIDENTIAL"),
        Some(_) | None => {}
    }
    if event.guests_can_modify == Some(true) && event.locked != Some(true) {
        out.plain("X-GOOGLE-GUESTS-CAN-MODIFY", "TRUE");
    }
    if let Some(kind) = event.event_type.as_deref().filter(|kind| *kind != "default") {
        out.text("X-GOOGLE-EVENT-TYPE", Some(kind));
    }
}

/// ORGANIZER and ATTENDEE, for events with guests. In a secondary calendar Google
/// names the calendar as organizer; that is its owner.
fn people(out: &mut Lines, event: &Event, view: Viewpoint<'_>) {
    let guests: Vec<&Guest> = event.attendees.iter().flatten().collect();
    if guests.is_empty() {
        return;
    }
    if let Some(organizer) = &event.organizer {
        let calendar = organizer.email.as_deref() == Some(view.calendar);
        let own = organizer.is_self == Some(true) || calendar;
        let email = match view.owner {
            Some(owner) if own => Some(owner),
            Some(_) | None => organizer.email.as_deref(),
        };
        if let Some(email) = email {
            let name = cn(organizer.display_name.as_deref());
            out.raw("ORGANIZER", &format!("{name}:mailto:{email}"));
        }
    }
    for guest in guests {
        let Some(email) = guest.email.as_deref().filter(|email| !email.is_empty()) else {
            continue;
        };
        let mut rest = cn(guest.display_name.as_deref());
        let kind = if guest.resource == Some(true) { "RESOURCE" } else { "INDIVIDUAL" };
        let role = if guest.optional == Some(true) { "OPT-PARTICIPANT" } else { "REQ-PARTICIPANT" };
        let answer = match guest.response_status.as_deref() {
            Some("accepted") => "ACCEPTED",
            Some("declined") => "DECLINED",
            Some("tentative") => "TENTATIVE",
            Some(_) | None => "NEEDS-ACTION",
        };
        rest.push_str(&format!(";CUTYPE={kind};ROLE={role};PARTSTAT={answer}"));
        if let Some(comment) = guest.comment.as_deref().filter(|text| !text.trim().is_empty()) {
            rest.push_str(&format!(";X-RESPONSE-COMMENT={}", encode_param(comment)));
        }
        out.raw("ATTENDEE", &format!("{rest}:mailto:{email}"));
    }
}

fn cn(name: Option<&str>) -> String {
    match name.map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => format!(";CN={}", encode_param(name)),
        None => String::new(),
    }
}

/// A time as the event means it. `dateTime` comes with the offset of the calendar
/// while `timeZone` names the event's own zone: the instant counts, read on the clock
/// of that zone. A date has no zone and never becomes an instant.
pub fn time(when: &When) -> Option<CalTime> {
    if let Some(date) = &when.date {
        return date.parse::<Date>().ok().map(CalTime::Date);
    }
    let text = when.date_time.as_deref()?;
    let zone = when.time_zone.as_deref().filter(|name| !matches!(*name, "UTC" | "Etc/UTC" | "GMT"));
    let zone = zone.and_then(|name| TimeZone::get(name).ok().map(|zone| (name, zone)));
    match (text.parse::<Timestamp>(), zone) {
        (Ok(at), Some((name, zone))) => {
            Some(CalTime::Zoned { local: zone.to_datetime(at), tzid: name.into(), zone })
        }
        (Ok(at), None) => Some(CalTime::Utc(at)),
        (Err(_), Some((name, zone))) => {
            let local = text.parse::<DateTime>().ok()?;
            Some(CalTime::Zoned { local, tzid: name.into(), zone })
        }
        (Err(_), None) if when.time_zone.is_some() => {
            let local = text.parse::<DateTime>().ok()?;
            Some(CalTime::Utc(resolve(local, &TimeZone::UTC)))
        }
        (Err(_), None) => None,
    }
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
