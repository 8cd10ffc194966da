//! The world on a CalDAV server that does not schedule: every deed is an edit of Alice's
//! calendar text, as her mail program and her phone would make it.

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};

use crate::backend::Trouble;
use crate::support::household::{Home, Household};
use crate::support::servers::Server;
use crate::world::World;

pub struct DavWorld<'a> {
    household: Household<'a>,
}

impl<'a> DavWorld<'a> {
    pub fn new(server: &'a Server, name: &str, pairs: &str) -> Self {
        Self { household: Household::new(server, "alice", name, pairs) }
    }

    /// The member that generates an original start, newest first.
    fn member(&self, who: &str, original: Timestamp) -> (String, Text) {
        let members = self.household.members().into_iter().rev();
        let mut of = members.filter(|(_, text)| text.contains("RRULE") && names(text, who));
        let found = of.find_map(|(href, text)| {
            let text = Text::read(&text);
            text.generates(original).then_some((href, text))
        });
        found.unwrap_or_else(|| panic!("no meeting with {who} at {original}"))
    }

    /// Edits one meeting; the lines are those of its own component, made if need be.
    fn edit(&self, who: &str, original: Timestamp, change: impl Fn(&mut Vec<String>)) {
        let (href, mut text) = self.member(who, original);
        let at = text.exception(original);
        change(&mut text.events[at]);
        self.household.edit(&href, |_| text.write());
    }
}

fn names(text: &str, who: &str) -> bool {
    text.lines().any(|line| line.starts_with("ATTENDEE") && line.contains(who))
}

/// A calendar object: what is around its events, and each event's lines.
struct Text {
    around: Vec<String>,
    events: Vec<Vec<String>>,
}

fn value<'a>(lines: &'a [String], name: &str) -> Option<&'a str> {
    let line = lines.iter().find(|line| line.starts_with(name) && !line.starts_with("DTSTAMP"))?;
    line.split_once(':').map(|(_, value)| value)
}

fn set(lines: &mut Vec<String>, name: &str, line: String) {
    lines.retain(|line| line.split([':', ';']).next() != Some(name));
    lines.insert(1, line);
}

fn local(at: Timestamp) -> String {
    at.in_tz("Europe/Berlin").unwrap().strftime("%Y%m%dT%H%M%S").to_string()
}

fn zoned(name: &str, at: Timestamp) -> String {
    format!("{name};TZID=Europe/Berlin:{}", local(at))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(',', "\\,").replace(';', "\\;").replace('\n', "\\n")
}

fn plain(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\")
}

impl Text {
    fn read(text: &str) -> Self {
        let (mut around, mut events) = (Vec::new(), Vec::<Vec<String>>::new());
        let mut inside = false;
        for line in text.lines() {
            inside |= line == "BEGIN:VEVENT";
            if line == "BEGIN:VEVENT" {
                events.push(Vec::new());
            }
            let into = if inside { events.last_mut().unwrap() } else { &mut around };
            into.push(line.to_owned());
            inside &= line != "END:VEVENT";
        }
        Self { around, events }
    }

    fn write(&self) -> String {
        let mut lines = self.around.clone();
        let last = lines.len() - 1;
        lines.splice(last..last, self.events.iter().flatten().cloned());
        lines.join("\n") + "\n"
    }

    fn master(&self) -> usize {
        self.events.iter().position(|lines| value(lines, "RECURRENCE-ID").is_none()).unwrap()
    }

    fn generates(&self, original: Timestamp) -> bool {
        let master = &self.events[self.master()];
        let first: DateTime = value(master, "DTSTART").unwrap().parse().unwrap();
        let wanted: DateTime = local(original).parse().unwrap();
        let rule = value(master, "RRULE").unwrap();
        let part = |key: &str| rule.split(';').find_map(|part| part.strip_prefix(key));
        let every: i64 = part("INTERVAL=").map_or(1, |n| n.parse().unwrap());
        let until = part("UNTIL=").map(|text| text.parse::<Timestamp>().unwrap());
        let days = SignedDuration::from_hours(24 * 7 * every).as_hours() / 24;
        let apart = first.date().until(wanted.date()).unwrap().get_days();
        first.time() == wanted.time()
            && apart >= 0
            && i64::from(apart) % days == 0
            && until.is_none_or(|until| original <= until)
    }

    /// The component of one meeting.
    fn exception(&mut self, original: Timestamp) -> usize {
        let id = local(original);
        let own = |lines: &Vec<String>| value(lines, "RECURRENCE-ID") == Some(id.as_str());
        if let Some(at) = self.events.iter().position(own) {
            return at;
        }
        let mut lines = self.events[self.master()].clone();
        lines.retain(|line| !line.starts_with("RRULE") && !line.starts_with("EXDATE"));
        set(&mut lines, "DTSTART", zoned("DTSTART", original));
        set(&mut lines, "DTEND", zoned("DTEND", original + HALF_AN_HOUR));
        set(&mut lines, "RECURRENCE-ID", zoned("RECURRENCE-ID", original));
        self.events.push(lines);
        self.events.len() - 1
    }
}

const HALF_AN_HOUR: SignedDuration = SignedDuration::from_mins(30);

impl World for DavWorld<'_> {
    fn home(&self) -> &Home {
        &self.household
    }

    fn clock(&self, _: &str) {}

    /// The story must come out the same without.
    fn trouble(&self, _: Trouble) {}

    fn drag(&self, who: &str, original: Timestamp, to: Timestamp) {
        self.edit(who, original, |lines| {
            set(lines, "DTSTART", zoned("DTSTART", to));
            set(lines, "DTEND", zoned("DTEND", to + HALF_AN_HOUR));
        });
    }

    fn cancel(&self, who: &str, original: Timestamp) {
        let (href, mut text) = self.member(who, original);
        let id = local(original);
        text.events.retain(|lines| value(lines, "RECURRENCE-ID") != Some(id.as_str()));
        let at = text.master();
        text.events[at].insert(1, zoned("EXDATE", original));
        self.household.edit(&href, |_| text.write());
    }

    fn answer(&self, who: &str, original: Timestamp, answer: &str, comment: &str) {
        self.edit(who, original, |lines| {
            let row = lines.iter_mut().find(|l| l.starts_with("ATTENDEE") && l.contains(who));
            let said = answer.to_uppercase();
            *row.unwrap() =
                format!("ATTENDEE;PARTSTAT={said};X-RESPONSE-COMMENT=\"{comment}\":mailto:{who}");
        });
    }

    fn split(&self, who: &str, original: Timestamp, title: &str, to: Option<Timestamp>) {
        let (href, mut text) = self.member(who, original);
        let at = text.master();
        let mut new = text.events[at].clone();
        let uid = format!("split-{}@phone", local(original));
        let start = to.unwrap_or(original);
        set(&mut new, "UID", format!("UID:{uid}"));
        set(&mut new, "DTSTART", zoned("DTSTART", start));
        set(&mut new, "DTEND", zoned("DTEND", start + HALF_AN_HOUR));
        set(&mut new, "SUMMARY", format!("SUMMARY:{title}"));
        let day = |at: Timestamp| at.strftime("%a").to_string()[..2].to_uppercase();
        let (old, now) = (format!("BYDAY={}", day(original)), format!("BYDAY={}", day(start)));
        let moved = value(&new, "RRULE").unwrap().replace(&old, &now);
        set(&mut new, "RRULE", format!("RRULE:{moved}"));
        new.retain(|line| !line.starts_with("EXDATE"));
        let midnight = original.in_tz("Europe/Berlin").unwrap().start_of_day().unwrap();
        let until = midnight.timestamp() - SignedDuration::from_secs(1);
        let rule = value(&text.events[at], "RRULE").unwrap().to_owned();
        let rule = format!("RRULE:{rule};UNTIL={}", until.strftime("%Y%m%dT%H%M%SZ"));
        set(&mut text.events[at], "RRULE", rule);
        let from = local(original);
        text.events.retain(|l| value(l, "RECURRENCE-ID").is_none_or(|id| id < from.as_str()));
        self.household.edit(&href, |_| text.write());
        let new = Text { around: text.around, events: vec![new] };
        self.household.add(&format!("{uid}.ics"), &new.write());
    }

    fn delete(&self, who: &str) {
        for (href, text) in self.household.members() {
            if names(&text, who) {
                self.household.delete(&href);
            }
        }
    }

    fn read(&self, who: &str, original: Timestamp) -> String {
        let (_, mut text) = self.member(who, original);
        let at = text.exception(original);
        plain(value(&text.events[at], "DESCRIPTION").unwrap_or_default())
    }

    fn type_in(&self, who: &str, original: Timestamp, text: &str) {
        let line = format!("DESCRIPTION:{}", escaped(text));
        self.edit(who, original, |lines| set(lines, "DESCRIPTION", line.clone()));
    }

    fn entry(&self, who: &str, title: &str, from: Timestamp, to: Timestamp) {
        // Other people's calendars cannot be seen here.
        if who == crate::backend::ALICE {
            let (from, to) = (zoned("DTSTART", from), zoned("DTEND", to));
            self.add(title, &format!("{from}\n{to}"));
        }
    }

    fn leave(&self, title: &str, from: Date, to: Date) {
        let day = |date: Date| date.strftime("%Y%m%d").to_string();
        let (from, to) = (day(from), day(to));
        self.add(title, &format!("DTSTART;VALUE=DATE:{from}\nDTEND;VALUE=DATE:{to}"));
    }

    fn series(&self, who: &str) -> usize {
        let open = |text: &str| text.contains("RRULE") && !text.contains("UNTIL");
        self.household.members().iter().filter(|(_, t)| names(t, who) && open(t)).count()
    }
}

impl DavWorld<'_> {
    fn add(&self, title: &str, times: &str) {
        let uid = title.to_lowercase().replace(' ', "-");
        self.household.add(
            &format!("{uid}.ics"),
            &format!(
                "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//phone//EN\nBEGIN:VEVENT\nUID:{uid}\n\
                 DTSTAMP:20260301T000000Z\n{times}\nSUMMARY:{title}\nEND:VEVENT\nEND:VCALENDAR\n"
            ),
        );
    }
}
