//! New calendar text: a series that onbeat creates. Components are built with
//! the `icalendar` crate from cleaned text; VTIMEZONEs are written here, because
//! the crate would put a DTSTAMP and a random UID into them.

mod timezone;

use icalendar::{Component, Event, Property};
use jiff::tz::TimeZone;

use crate::ical::edit::{render_line, time_value};
use crate::ical::parse::parse;
use crate::ical::property::encode_param;
use crate::ical::recur::lookup;
use crate::ical::value::format_duration;
use crate::model::id::Address;
use crate::model::pair::{Cadence, CadenceUnit};
use crate::model::plan::{Companion, NewSeries};
use crate::model::time::CalTime;

/// PRODID of everything onbeat writes.
pub const PRODID: &str = "-//onbeat//onbeat//EN";

/// The text of a new series: one VCALENDAR with the VTIMEZONE it needs and one
/// VEVENT, CRLF, folded.
///
/// # Errors
/// For people: when the start does not lie on the series' own rhythm, or the
/// text cannot be read back.
pub fn series(series: &NewSeries) -> Result<Vec<u8>, String> {
    let event = event(series).try_into_string().map_err(|error| error.to_string())?;
    let out = object(&event, &series.start);
    check(&out, series)?;
    Ok(out)
}

/// One VCALENDAR around an event, with the VTIMEZONE its start needs.
fn object(event: &str, start: &CalTime) -> Vec<u8> {
    let mut out = Vec::with_capacity(event.len() + 1024);
    let line = |name: &str, value: &str| render_line(name, format!(":{value}").as_bytes(), b"\r\n");
    for (name, value) in [("BEGIN", "VCALENDAR"), ("VERSION", "2.0"), ("PRODID", PRODID)] {
        out.extend(line(name, value));
    }
    if let CalTime::Zoned { tzid, zone, local } = start {
        out.extend(timezone::component(tzid, zone, local.date()));
    }
    out.extend_from_slice(event.as_bytes());
    out.extend(line("END", "VCALENDAR"));
    out
}

/// The text of a companion event: private, taking no time, inviting nobody.
///
/// # Errors
/// For people: when the text cannot be read back.
pub fn companion(new: &Companion) -> Result<Vec<u8>, String> {
    let mut event = Event::new();
    let stamp = time_value(&CalTime::Utc(new.stamp));
    event.add_property("UID", one_line(new.uid.as_str()));
    for name in ["DTSTAMP", "CREATED", "LAST-MODIFIED"] {
        event.add_property(name, stamp.clone());
    }
    event.add_property("TRANSP", "TRANSPARENT");
    event.add_property("CLASS", "PRIVATE");
    event.summary(&one_line(&new.title));
    event.description(&clean(&new.description));
    event.append_property(time("DTSTART", &new.start));
    event.add_property("DURATION", format_duration(new.duration));
    let event = event.done().try_into_string().map_err(|error| error.to_string())?;
    let out = object(&event, &new.start);
    let read = parse(&out);
    match read.events.as_slice() {
        [one] if one.uid == new.uid && read.quarantined.is_empty() => Ok(out),
        _ => Err("the new event does not read as it should".to_owned()),
    }
}

fn event(series: &NewSeries) -> Event {
    let mut event = Event::new();
    let stamp = time_value(&CalTime::Utc(series.stamp));
    event.add_property("UID", one_line(series.uid.as_str()));
    event.add_property("DTSTAMP", stamp.clone());
    event.add_property("CREATED", stamp.clone());
    event.add_property("LAST-MODIFIED", stamp);
    event.add_property("SEQUENCE", "0");
    event.add_property("STATUS", "CONFIRMED");
    event.add_property("TRANSP", "OPAQUE");
    event.summary(&one_line(&series.title));
    if !series.description.trim().is_empty() {
        event.description(&clean(&series.description));
    }
    event.append_property(time("DTSTART", &series.start));
    event.add_property("DURATION", format_duration(series.duration));
    if let Some(end) = end(series) {
        event.remove_property("DURATION");
        event.append_property(time("DTEND", &end));
    }
    event.add_property("RRULE", rule(series.cadence, &series.start));
    people(&mut event, series);
    event
}

/// DTEND where it is the same on every day; a length in days or over midnight
/// of a change of offset stays a DURATION.
fn end(series: &NewSeries) -> Option<CalTime> {
    match &series.start {
        CalTime::Date(date) => {
            Some(CalTime::Date(date.checked_add(series.duration).unwrap_or(*date)))
        }
        CalTime::Utc(at) => at.checked_add(series.duration).ok().map(CalTime::Utc),
        CalTime::Floating(local) => local.checked_add(series.duration).ok().map(CalTime::Floating),
        CalTime::Zoned { zone, .. } => {
            let at = series.start.instant(zone).checked_add(series.duration).ok()?;
            Some(series.start.with_civil(zone.to_datetime(at)))
        }
    }
}

fn time(name: &str, time: &CalTime) -> Property {
    let mut property = Property::new(name, time_value(time));
    match time {
        CalTime::Date(_) => {
            property.add_parameter("VALUE", "DATE");
        }
        CalTime::Zoned { tzid, .. } => {
            property.add_parameter("TZID", &param(tzid));
        }
        CalTime::Floating(_) | CalTime::Utc(_) => {}
    }
    property.done()
}

fn people(event: &mut Event, series: &NewSeries) {
    let (organizer, organizer_name) = &series.organizer;
    let (attendee, attendee_name) = &series.attendee;
    if organizer.as_str().is_empty() || attendee.as_str().is_empty() {
        return;
    }
    let mut line = Property::new("ORGANIZER", uri(organizer));
    name(&mut line, organizer_name);
    event.append_property(line.done());
    for (address, person, partstat, role, rsvp) in [
        (organizer, organizer_name, "ACCEPTED", "CHAIR", None),
        (attendee, attendee_name, "NEEDS-ACTION", "REQ-PARTICIPANT", Some("TRUE")),
    ] {
        let mut line = Property::new("ATTENDEE", uri(address));
        name(&mut line, person);
        line.add_parameter("CUTYPE", "INDIVIDUAL");
        line.add_parameter("PARTSTAT", partstat);
        line.add_parameter("ROLE", role);
        if let Some(rsvp) = rsvp {
            line.add_parameter("RSVP", rsvp);
        }
        event.append_multi_property(line.done());
    }
}

fn name(line: &mut Property, name: &str) {
    let name = param(name.trim());
    if !name.is_empty() {
        line.add_parameter("CN", &name);
    }
}

fn uri(address: &Address) -> String {
    let text: String =
        address.as_str().chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect();
    if text.contains('@') && !text.contains(':') { format!("mailto:{text}") } else { text }
}

/// A parameter value for the crate, which adds the quotes itself.
fn param(text: &str) -> String {
    encode_param(text).trim_matches('"').to_owned()
}

/// Text without carriage returns and control characters.
fn clean(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

fn one_line(text: &str) -> String {
    clean(text).replace('\n', " ")
}

/// RRULE of a rhythm that starts then. A day of the month that some months lack
/// becomes the last day there (`BYMONTHDAY=28,…;BYSETPOS=-1`).
pub fn rule(cadence: Cadence, start: &CalTime) -> String {
    let date = start.civil().date();
    let day = weekday(date.weekday());
    let interval = match cadence.every {
        0 | 1 => String::new(),
        every => format!(";INTERVAL={every}"),
    };
    match cadence.unit {
        CadenceUnit::Days => format!("FREQ=DAILY{interval}"),
        CadenceUnit::Weeks => format!("FREQ=WEEKLY{interval};BYDAY={day}"),
        CadenceUnit::Months => match date.day() {
            of_month @ ..=28 => format!("FREQ=MONTHLY{interval};BYMONTHDAY={of_month}"),
            of_month => {
                let days: Vec<String> = (28..=of_month).map(|d| d.to_string()).collect();
                format!("FREQ=MONTHLY{interval};BYMONTHDAY={};BYSETPOS=-1", days.join(","))
            }
        },
        CadenceUnit::MonthsOnWeekday { nth } => format!("FREQ=MONTHLY{interval};BYDAY={nth}{day}"),
    }
}

pub(crate) fn weekday(day: jiff::civil::Weekday) -> &'static str {
    use jiff::civil::Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    match day {
        Monday => "MO",
        Tuesday => "TU",
        Wednesday => "WE",
        Thursday => "TH",
        Friday => "FR",
        Saturday => "SA",
        Sunday => "SU",
    }
}

/// The text reads back as what was meant, here and by the crate's own parser.
fn check(data: &[u8], series: &NewSeries) -> Result<(), String> {
    let parsed = parse(data);
    let ([event], []) = (parsed.events.as_slice(), parsed.quarantined.as_slice()) else {
        return Err("it cannot be read back".to_owned());
    };
    let viewer = TimeZone::UTC;
    let start = series.start.instant(&viewer);
    let master = event.master.as_ref().ok_or("it has no master")?;
    if master.start.instant(&viewer) != start {
        return Err("its start reads back differently".to_owned());
    }
    if !lookup::contains(event, start, &viewer) {
        return Err("its start does not lie on its own rhythm".to_owned());
    }
    let text = std::str::from_utf8(data).map_err(|error| error.to_string())?;
    icalendar::parser::read_calendar_simple(&icalendar::parser::unfold(text))
        .map(|_| ())
        .map_err(|_| "another reader refuses it".to_owned())
}

#[cfg(test)]
mod tests;
