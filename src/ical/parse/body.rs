//! One VEVENT to an [`EventBody`]: the properties onbeat looks at, with the
//! vendor extensions that carry a meaning for it.

use jiff::Timestamp;

use super::{Piece, Warning, times};
use crate::ical::component::Component;
use crate::ical::lines::{Line, Lines};
use crate::ical::property::Property;
use crate::ical::tz::Zones;
use crate::ical::value::{parse_duration, split_list, unescape};
use crate::model::event::{
    Attendee, BusyStatus, EventBody, EventStatus, NominalLength, Partstat, Recurrence, Transparency,
};
use crate::model::id::{Address, EventUid};
use crate::model::time::CalTime;

/// What was met so far in a component.
#[derive(Default)]
struct Draft {
    uid: Option<EventUid>,
    id: Option<(CalTime, bool)>,
    start: Option<CalTime>,
    end: Option<CalTime>,
    nominal: Option<NominalLength>,
    recurrence: Recurrence,
    stamped: Option<Timestamp>,
    modified: Option<Timestamp>,
    google_type: Option<BusyStatus>,
    comments: Vec<(String, String)>,
    broken: Option<String>,
}

/// Reads a component. The error carries the UID and the reason.
pub(super) fn read(
    lines: &Lines<'_>,
    component: &Component,
    zones: &mut Zones<'_, '_>,
    warnings: &mut Vec<Warning>,
) -> Result<Piece, (Option<EventUid>, String)> {
    let mut draft = Draft::default();
    let unset = CalTime::Utc(Timestamp::UNIX_EPOCH);
    let mut body = EventBody::plain(unset.clone(), unset, String::new());
    for (_, line) in component.properties(lines) {
        let mut buffer = [0_u8; 40];
        let Some(name) = upper(&lines.name(line), &mut buffer) else { continue };
        if line.too_long() {
            draft.broken = Some(format!("a line of {} bytes is too long", line.range().len()));
            continue;
        }
        if !text_property(name, lines, line, &mut body) {
            time_property(name, lines, line, zones, &mut draft, warnings);
            people_property(name, lines, line, &mut body, &mut draft);
        }
    }
    finish(draft, body).map(|piece| Piece { begin: component.lines.start, ..piece })
}

fn finish(draft: Draft, mut body: EventBody) -> Result<Piece, (Option<EventUid>, String)> {
    let Draft {
        uid,
        id,
        start,
        end,
        nominal,
        recurrence,
        stamped,
        modified,
        google_type,
        comments,
        broken,
    } = draft;
    if let Some(reason) = broken {
        return Err((uid, reason));
    }
    let Some(start) = start.or_else(|| id.as_ref().map(|(id, _)| id.clone())) else {
        return Err((uid, "DTSTART is missing".to_owned()));
    };
    // DTEND and DURATION exclude each other; where both stand, DTEND counts.
    body.nominal = if end.is_none() { nominal } else { None };
    body.end = match (end, nominal, &start) {
        (Some(end), _, _) => end,
        (None, Some(length), _) => times::after(&start, length),
        (None, None, CalTime::Date(_)) => {
            times::after(&start, NominalLength { days: 1, seconds: 0 })
        }
        (None, None, CalTime::Floating(_) | CalTime::Utc(_) | CalTime::Zoned { .. }) => {
            start.clone()
        }
    };
    body.start = start;
    body.last_modified = modified.or(stamped);
    body.busy_status = google_type.or(body.busy_status);
    for (address, comment) in comments {
        let address = Address::new(&address);
        if let Some(attendee) = body.attendees.iter_mut().find(|a| a.address == address) {
            attendee.comment = Some(comment);
        }
    }
    let uid = uid.unwrap_or_else(|| EventUid::new(""));
    Ok(Piece { uid, id, body, recurrence, begin: 0 })
}

/// The name in upper case; `None` when it is longer than any of interest.
fn upper<'b>(name: &[u8], buffer: &'b mut [u8; 40]) -> Option<&'b [u8]> {
    let name = name.trim_ascii();
    let out = buffer.get_mut(..name.len())?;
    out.copy_from_slice(name);
    out.make_ascii_uppercase();
    Some(out)
}

/// Properties that stand for themselves. Whether the name was one.
fn text_property(name: &[u8], lines: &Lines<'_>, line: &Line, body: &mut EventBody) -> bool {
    let property = || Property::read(lines, line);
    match name {
        b"SUMMARY" => body.summary = unescape(property().value()),
        b"DESCRIPTION" => body.description = unescape(property().value()),
        b"LOCATION" => body.location = unescape(property().value()),
        b"STATUS" => {
            let text = property().value_str().trim().to_ascii_uppercase();
            body.status = match text.as_str() {
                "TENTATIVE" => EventStatus::Tentative,
                "CANCELLED" | "CANCELED" => EventStatus::Cancelled,
                _ => EventStatus::Confirmed,
            };
            body.status_written = (!text.is_empty()).then_some(text);
        }
        b"TRANSP" => {
            if property().value().trim_ascii().eq_ignore_ascii_case(b"TRANSPARENT") {
                body.transparency = Transparency::Transparent;
            }
        }
        b"SEQUENCE" => body.sequence = property().value_str().trim().parse().unwrap_or(0),
        b"CLASS" => {
            let property = property();
            let value = property.value().trim_ascii();
            body.private = value.eq_ignore_ascii_case(b"PRIVATE")
                || value.eq_ignore_ascii_case(b"CONFIDENTIAL");
        }
        b"CREATED" => body.created = times::stamp(&property()),
        b"RELATED-TO" => body.related_to.push(unescape(property().value())),
        b"CATEGORIES" => body.categories.extend(split_list(property().value())),
        b"URL" => body.url = Some(property().value_str().trim().to_owned()),
        b"X-MICROSOFT-CDO-BUSYSTATUS" => body.busy_status = microsoft_status(property().value()),
        _ => return false,
    }
    true
}

fn time_property(
    name: &[u8],
    lines: &Lines<'_>,
    line: &Line,
    zones: &mut Zones<'_, '_>,
    draft: &mut Draft,
    warnings: &mut Vec<Warning>,
) {
    let property = || Property::read(lines, line);
    let mut bad = 0;
    match name {
        b"UID" => draft.uid = Some(EventUid::new(unescape(property().value()).trim())),
        b"DTSTART" => {
            draft.start = times::time(&property(), zones);
            if draft.start.is_none() {
                draft.broken = Some(unreadable("DTSTART", &property()));
            }
        }
        b"DTEND" => {
            draft.end = times::time(&property(), zones);
            bad += usize::from(draft.end.is_none());
        }
        b"DURATION" => {
            draft.nominal = parse_duration(property().value());
            bad += usize::from(draft.nominal.is_none());
        }
        b"RECURRENCE-ID" => {
            let property = property();
            let future =
                property.param("RANGE").is_some_and(|r| r.eq_ignore_ascii_case("THISANDFUTURE"));
            match times::time(&property, zones) {
                Some(id) => draft.id = Some((id, future)),
                None => draft.broken = Some(unreadable("RECURRENCE-ID", &property)),
            }
        }
        b"RRULE" => draft.recurrence.rules.push(property().value_str().trim().to_owned()),
        b"EXRULE" => {
            draft.recurrence.exclusion_rules.push(property().value_str().trim().to_owned())
        }
        b"RDATE" => bad += times::dates(&property(), zones, &mut draft.recurrence.dates),
        b"EXDATE" => bad += times::list(&property(), zones, &mut draft.recurrence.exceptions),
        b"DTSTAMP" => draft.stamped = times::stamp(&property()),
        b"LAST-MODIFIED" => draft.modified = times::stamp(&property()),
        _ => {}
    }
    if bad > 0 {
        let name = String::from_utf8_lossy(name);
        let number = lines.number(line);
        let text = format!("{}; the value is left out", unreadable(&name, &property()));
        warnings.push(Warning { line: number, text });
    }
}

fn unreadable(name: &str, property: &Property<'_>) -> String {
    let value: String = property.value_str().chars().take(60).collect();
    format!("{name} cannot be read: {value:?}")
}

fn people_property(
    name: &[u8],
    lines: &Lines<'_>,
    line: &Line,
    body: &mut EventBody,
    draft: &mut Draft,
) {
    let property = || Property::read(lines, line);
    match name {
        b"ORGANIZER" => {
            let property = property();
            body.organizer = Some(address(&property)).filter(|a| !a.as_str().is_empty());
            body.organizer_name = property.param("CN").filter(|n| !n.is_empty());
        }
        b"ATTENDEE" => body.attendees.push(attendee(&property())),
        b"X-GOOGLE-EVENT-TYPE" => draft.google_type = google_type(property().value()),
        b"X-GOOGLE-GUESTS-CAN-MODIFY" => {
            body.guests_may_write = property().value().trim_ascii().eq_ignore_ascii_case(b"TRUE");
        }
        b"X-CALENDARSERVER-ATTENDEE-COMMENT" => {
            let property = property();
            if let Some(of) = property.param("X-CALENDARSERVER-ATTENDEE-REF") {
                draft.comments.push((of, unescape(property.value())));
            }
        }
        _ => {}
    }
}

/// The address of a calendar user; servers that write an opaque URI put the mail
/// address into EMAIL.
fn address(property: &Property<'_>) -> Address {
    let value = property.value_str();
    let mail = value.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
    match property.param("EMAIL") {
        Some(email) if !mail && !email.is_empty() => Address::new(&email),
        _ => Address::new(&value),
    }
}

fn attendee(property: &Property<'_>) -> Attendee {
    let mut out = Attendee {
        address: address(property),
        name: None,
        partstat: Partstat::NeedsAction,
        resource: false,
        comment: None,
    };
    let is = |value: &str, want: &str| value.eq_ignore_ascii_case(want);
    out.name = property.param("CN").filter(|n| !n.is_empty());
    if let Some(value) = property.param("PARTSTAT") {
        out.partstat = [
            ("ACCEPTED", Partstat::Accepted),
            ("DECLINED", Partstat::Declined),
            ("TENTATIVE", Partstat::Tentative),
            ("DELEGATED", Partstat::Delegated),
        ]
        .into_iter()
        .find(|(name, _)| is(&value, name))
        .map_or(Partstat::NeedsAction, |(_, partstat)| partstat);
    }
    if let Some(value) = property.param("CUTYPE") {
        out.resource = is(&value, "ROOM") || is(&value, "RESOURCE");
    }
    out.comment = property
        .param("X-RESPONSE-COMMENT")
        .or_else(|| property.param("X-CALENDARSERVER-ATTENDEE-COMMENT"))
        .filter(|c| !c.trim().is_empty());
    out
}

fn microsoft_status(value: &[u8]) -> Option<BusyStatus> {
    [
        ("FREE", BusyStatus::Free),
        ("TENTATIVE", BusyStatus::Tentative),
        ("BUSY", BusyStatus::Busy),
        ("OOF", BusyStatus::OutOfOffice),
        ("WORKINGELSEWHERE", BusyStatus::WorkingElsewhere),
    ]
    .into_iter()
    .find(|(name, _)| value.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
    .map(|(_, status)| status)
}

/// Google's `eventType`, as the Google provider writes it into the text.
fn google_type(value: &[u8]) -> Option<BusyStatus> {
    [
        ("outOfOffice", BusyStatus::OutOfOffice),
        ("focusTime", BusyStatus::FocusTime),
        ("workingLocation", BusyStatus::WorkingElsewhere),
    ]
    .into_iter()
    .find(|(name, _)| value.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
    .map(|(_, status)| status)
}
