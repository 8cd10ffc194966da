//! A calendar that people edit, written out as five vendors write it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Span;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

pub const ME: (&str, &str) = ("Elena Rossi", "elena@example.org");
pub const BOB: (&str, &str) = ("Bob Stone", "bob@example.org");
pub const ZONE: &str = "Europe/Berlin";

/// How a vendor writes the same thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Google,
    Exchange,
    Apple,
    Nextcloud,
    Mozilla,
}

pub const STYLES: [Style; 5] =
    [Style::Google, Style::Exchange, Style::Apple, Style::Nextcloud, Style::Mozilla];

/// One occurrence as somebody left it.
#[derive(Debug, Clone)]
pub struct Exception {
    pub start: DateTime,
    pub minutes: i64,
    pub cancelled: bool,
    pub mine: &'static str,
    pub theirs: &'static str,
    pub summary: String,
    pub stamp: String,
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub uid: String,
    pub summary: String,
    pub start: DateTime,
    pub minutes: i64,
    pub zone: &'static str,
    pub rule: Option<String>,
    pub exdates: Vec<DateTime>,
    pub exceptions: BTreeMap<DateTime, Exception>,
    pub guests: Vec<(&'static str, &'static str)>,
    pub organizer: (&'static str, &'static str),
    pub extra: Vec<String>,
    pub created: String,
    pub stamp: String,
}

impl Entry {
    /// The exception of a date, made if there is none.
    pub fn on(&mut self, planned: DateTime, stamp: &str) -> &mut Exception {
        let fresh = Exception {
            start: planned,
            minutes: self.minutes,
            cancelled: false,
            mine: "ACCEPTED",
            theirs: "ACCEPTED",
            summary: self.summary.clone(),
            stamp: stamp.to_owned(),
        };
        let entry = self.exceptions.entry(planned).or_insert(fresh);
        entry.stamp = stamp.to_owned();
        entry
    }
}

/// All entries, by UID.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    pub entries: BTreeMap<String, Entry>,
    pub all_day: Vec<(String, Date, Date, &'static str)>,
}

pub fn dt(text: &str) -> DateTime {
    text.parse().unwrap()
}

pub fn date(text: &str) -> Date {
    text.parse().unwrap()
}

impl Calendar {
    pub fn add(&mut self, uid: &str, start: &str, rule: Option<&str>, stamp: &str) -> &mut Entry {
        let entry = Entry {
            uid: uid.to_owned(),
            summary: "Elena / Bob".to_owned(),
            start: dt(start),
            minutes: 30,
            zone: ZONE,
            rule: rule.map(str::to_owned),
            exdates: Vec::new(),
            exceptions: BTreeMap::new(),
            guests: vec![ME, BOB],
            organizer: ME,
            extra: Vec::new(),
            created: stamp.to_owned(),
            stamp: stamp.to_owned(),
        };
        self.entries.insert(uid.to_owned(), entry);
        self.entries.get_mut(uid).unwrap()
    }

    pub fn entry(&mut self, uid: &str) -> &mut Entry {
        self.entries.get_mut(uid).unwrap()
    }

    /// Each entry as a file of its own, by name.
    pub fn files(&self, style: Style) -> BTreeMap<String, String> {
        let mut files: BTreeMap<String, String> =
            self.entries.iter().map(|(uid, entry)| (uid.clone(), file(entry, style))).collect();
        for (place, (title, from, to, transp)) in self.all_day.iter().enumerate() {
            let (from, to) = (compact(from), compact(to));
            files.insert(
                format!("day{place}"),
                crlf(&format!(
                    "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:day{place}\nDTSTAMP:20250101T000000Z\nDTSTART;VALUE=DATE:{from}\nDTEND;VALUE=DATE:{to}\nSUMMARY:{title}\nTRANSP:{transp}\nEND:VEVENT\nEND:VCALENDAR\n"
                )),
            );
        }
        files
    }
}

fn compact(date: &Date) -> String {
    date.strftime("%Y%m%d").to_string()
}

fn crlf(text: &str) -> String {
    text.replace('\n', "\r\n")
}

fn local(at: DateTime) -> String {
    at.strftime("%Y%m%dT%H%M%S").to_string()
}

fn utc(at: DateTime, zone: &str) -> String {
    let zone = TimeZone::get(zone).unwrap();
    let at = zone.to_ambiguous_timestamp(at).compatible().unwrap();
    local(TimeZone::UTC.to_datetime(at)) + "Z"
}

/// A value with its zone parameter, as the vendor names zones.
fn zoned(name: &str, at: DateTime, entry: &Entry, style: Style) -> String {
    let tzid = match (style, entry.zone) {
        (Style::Exchange, "Europe/Berlin") => "W. Europe Standard Time",
        (Style::Exchange, "America/New_York") => "Eastern Standard Time",
        (_, zone) => zone,
    };
    format!("{name};TZID={tzid}:{}\n", local(at))
}

/// RECURRENCE-ID and EXDATE: Mozilla writes them in UTC.
fn original(name: &str, at: DateTime, entry: &Entry, style: Style) -> String {
    if style == Style::Mozilla {
        format!("{name}:{}\n", utc(at, entry.zone))
    } else {
        zoned(name, at, entry, style)
    }
}

fn file(entry: &Entry, style: Style) -> String {
    let mut out = String::from("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example//Test//EN\n");
    let master = Exception {
        start: entry.start,
        minutes: entry.minutes,
        cancelled: false,
        mine: "ACCEPTED",
        theirs: "ACCEPTED",
        summary: entry.summary.clone(),
        stamp: entry.stamp.clone(),
    };
    let mut recurrence = String::new();
    if let Some(rule) = &entry.rule {
        let _ = writeln!(recurrence, "RRULE:{rule}");
        if style == Style::Exchange && entry.exdates.len() > 1 {
            let all: Vec<String> = entry.exdates.iter().map(|at| local(*at)).collect();
            let first = original("EXDATE", entry.exdates[0], entry, style);
            let head = first.rsplit_once(':').unwrap().0.to_owned();
            let _ = writeln!(recurrence, "{head}:{}", all.join(","));
        } else {
            for at in &entry.exdates {
                recurrence += &original("EXDATE", *at, entry, style);
            }
        }
    }
    out += &component(entry, &master, &recurrence, style);
    for (planned, exception) in &entry.exceptions {
        let id = original("RECURRENCE-ID", *planned, entry, style);
        out += &component(entry, exception, &id, style);
    }
    out += "END:VCALENDAR\n";
    crlf(&out)
}

fn component(entry: &Entry, one: &Exception, lines: &str, style: Style) -> String {
    let mut out = format!(
        "BEGIN:VEVENT\nUID:{}\nDTSTAMP:{}\nCREATED:{}\nLAST-MODIFIED:{}\nSUMMARY:{}\n",
        entry.uid, one.stamp, entry.created, one.stamp, one.summary
    );
    out += &zoned("DTSTART", one.start, entry, style);
    if style == Style::Nextcloud {
        let _ = writeln!(out, "DURATION:PT{}M", one.minutes);
    } else {
        out += &zoned("DTEND", one.start + Span::new().minutes(one.minutes), entry, style);
    }
    out += lines;
    if one.cancelled {
        out += "STATUS:CANCELLED\n";
    }
    for line in &entry.extra {
        let _ = writeln!(out, "{line}");
    }
    out += &people(entry, one, style);
    out += "END:VEVENT\n";
    out
}

fn people(entry: &Entry, one: &Exception, style: Style) -> String {
    if entry.guests.is_empty() {
        return String::new();
    }
    let address = |email: &str| match style {
        Style::Exchange => format!("mailto:{}", email.to_uppercase()),
        Style::Google | Style::Apple | Style::Nextcloud | Style::Mozilla => {
            format!("mailto:{email}")
        }
    };
    let (name, email) = entry.organizer;
    let mut out = format!("ORGANIZER;CN={name}:{}\n", address(email));
    for (name, email) in &entry.guests {
        // Apple and Exchange leave the organizer out of the guests.
        let organizes = *email == entry.organizer.1;
        let reply = if *email == ME.1 { one.mine } else { one.theirs };
        let left_out = matches!(style, Style::Apple | Style::Exchange) && organizes;
        if !left_out || reply == "DECLINED" {
            let _ = writeln!(out, "ATTENDEE;CN={name};PARTSTAT={reply}:{}", address(email));
        }
    }
    out
}
