//! Turns the demo's story into a folder of `.ics` files, the same bytes every
//! time. Writes only below the folder it is given.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use jiff::ToSpan as _;
use jiff::civil::DateTime;

use crate::cli::demo::story::{self, Change, Meeting, Person, Single};

/// Berlin's rules since 1996 (RFC 5545 §3.6.5).
const ZONE: &str = "BEGIN:VTIMEZONE\r\n\
TZID:Europe/Berlin\r\n\
BEGIN:DAYLIGHT\r\n\
DTSTART:19960331T020000\r\n\
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n\
TZOFFSETFROM:+0100\r\n\
TZOFFSETTO:+0200\r\n\
TZNAME:CEST\r\n\
END:DAYLIGHT\r\n\
BEGIN:STANDARD\r\n\
DTSTART:19961027T030000\r\n\
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n\
TZOFFSETFROM:+0200\r\n\
TZOFFSETTO:+0100\r\n\
TZNAME:CET\r\n\
END:STANDARD\r\n\
END:VTIMEZONE\r\n";

/// Writes configuration, holidays and calendars below `root`.
///
/// # Errors
/// When a file cannot be written.
pub fn write(root: &Path) -> io::Result<()> {
    let work = root.join("calendars").join("work");
    let private = root.join("calendars").join("private");
    fs::create_dir_all(&work)?;
    fs::create_dir_all(&private)?;
    for meeting in story::MEETINGS {
        fs::write(work.join(format!("{}.ics", meeting.uid)), object(&recurring(meeting)))?;
    }
    for (folder, singles) in [(&work, story::WORK), (&private, story::PRIVATE)] {
        for one in singles {
            fs::write(folder.join(format!("{}.ics", one.uid)), object(&single(one)))?;
        }
    }
    let holidays: String = story::HOLIDAYS.iter().map(single).collect();
    fs::write(root.join("holidays.ics"), object(&holidays))?;
    fs::write(root.join("onbeat.toml"), story::CONFIG)
}

fn object(components: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Tidewater//Demo calendar//EN\r\n{ZONE}{components}END:VCALENDAR\r\n"
    )
}

fn recurring(meeting: &Meeting) -> String {
    let mut text = component(meeting, meeting.start, None, |text| {
        let _ = write!(text, "RRULE:{}\r\n", meeting.rule);
        for (planned, change) in meeting.changes {
            if matches!(change, Change::Deleted) {
                let _ = write!(text, "EXDATE;TZID=Europe/Berlin:{}\r\n", stamp(*planned));
            }
        }
    });
    for (planned, change) in meeting.changes {
        match change {
            Change::Deleted => {}
            Change::Cancelled => {
                text += &override_of(meeting, *planned, *planned, None, "STATUS:CANCELLED\r\n");
            }
            Change::Moved(to) => text += &override_of(meeting, *planned, *to, None, ""),
            Change::Declined(who) => {
                text += &override_of(meeting, *planned, *planned, Some(who), "");
            }
        }
    }
    text
}

fn override_of(
    meeting: &Meeting,
    planned: DateTime,
    start: DateTime,
    declined: Option<&Person>,
    extra: &str,
) -> String {
    component(meeting, start, declined, |text| {
        let _ = write!(text, "RECURRENCE-ID;TZID=Europe/Berlin:{}\r\n{extra}", stamp(planned));
    })
}

fn component(
    meeting: &Meeting,
    start: DateTime,
    declined: Option<&Person>,
    more: impl FnOnce(&mut String),
) -> String {
    let end = start.saturating_add(i64::from(meeting.minutes).minutes());
    let mut text = format!(
        "BEGIN:VEVENT\r\nUID:{}\r\nDTSTAMP:20260601T080000Z\r\nCREATED:20260520T080000Z\r\n\
         DTSTART;TZID=Europe/Berlin:{}\r\nDTEND;TZID=Europe/Berlin:{}\r\n",
        meeting.uid,
        stamp(start),
        stamp(end),
    );
    more(&mut text);
    let _ = write!(text, "SUMMARY:{}\r\n", meeting.title);
    if !meeting.description.is_empty() {
        let _ = write!(text, "DESCRIPTION:{}\r\n", meeting.description.replace(',', "\\,"));
    }
    let organizer = meeting.organizer;
    let _ = write!(text, "ORGANIZER;CN={}:mailto:{}\r\n", organizer.name, organizer.address);
    for who in std::iter::once(&organizer).chain(meeting.attendees) {
        let no = declined.is_some_and(|d| d.address == who.address);
        let partstat = if no { "DECLINED" } else { "ACCEPTED" };
        let line = format!("ATTENDEE;CN={};PARTSTAT={partstat}:mailto:{}", who.name, who.address);
        text += &folded(&line);
    }
    text + "END:VEVENT\r\n"
}

fn single(one: &Single) -> String {
    let (start, end) = if one.all_day {
        (
            format!(";VALUE=DATE:{}", one.start.date().strftime("%Y%m%d")),
            format!(";VALUE=DATE:{}", one.end.date().strftime("%Y%m%d")),
        )
    } else {
        (
            format!(";TZID=Europe/Berlin:{}", stamp(one.start)),
            format!(";TZID=Europe/Berlin:{}", stamp(one.end)),
        )
    };
    let owner = story::OWNER;
    let invitation = one.invited_by.map_or_else(String::new, |by| {
        let guest =
            |address: &str| folded(&format!("ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:{address}"));
        let guests = [owner.address, "security@tidewater.example"].map(guest).concat();
        format!("ORGANIZER;CN={}:mailto:{}\r\n{guests}", by.name, by.address)
    });
    // Somebody else's whole day in one's calendar is a note, not taken time.
    let away = match (one.away, one.all_day) {
        (true, _) => "X-MICROSOFT-CDO-BUSYSTATUS:OOF\r\n",
        (false, true) => "TRANSP:TRANSPARENT\r\n",
        (false, false) => "",
    };
    format!(
        "BEGIN:VEVENT\r\nUID:{}\r\nDTSTAMP:20260601T080000Z\r\nDTSTART{start}\r\nDTEND{end}\r\n\
         SUMMARY:{}\r\n{away}{invitation}END:VEVENT\r\n",
        one.uid, one.title
    )
}

/// DATE-TIME in local form (RFC 5545 §3.3.5 form 1).
fn stamp(at: DateTime) -> String {
    at.strftime("%Y%m%dT%H%M%S").to_string()
}

/// One content line, folded at 75 octets (RFC 5545 §3.1); the story is ASCII.
fn folded(line: &str) -> String {
    let mut text = String::new();
    let mut room = 75;
    for c in line.chars() {
        if room == 0 {
            text.push_str("\r\n ");
            room = 74;
        }
        text.push(c);
        room -= 1;
    }
    text + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_folder_every_time() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path()).unwrap();
        let bob = fs::read_to_string(dir.path().join("calendars/work/tidewater-bob.ics")).unwrap();
        assert!(bob.contains("RRULE:FREQ=WEEKLY;BYDAY=TU\r\n"));
        assert!(bob.contains("RECURRENCE-ID;TZID=Europe/Berlin:20261124T100000\r\n"));
        assert!(bob.contains("DTSTART;TZID=Europe/Berlin:20261125T160000\r\n"));
        assert!(bob.lines().all(|line| line.len() <= 75), "folded");
        let jonas =
            fs::read_to_string(dir.path().join("calendars/work/tidewater-jonas.ics")).unwrap();
        assert_eq!(jonas.matches("EXDATE").count(), 3);
        write(dir.path()).unwrap();
        let again =
            fs::read_to_string(dir.path().join("calendars/work/tidewater-bob.ics")).unwrap();
        assert_eq!(bob, again);
    }

    #[test]
    fn the_story_is_plain_ascii() {
        let titles =
            story::MEETINGS.iter().map(|m| m.title).chain(story::WORK.iter().map(|s| s.title));
        assert!(titles.into_iter().all(str::is_ascii), "folding counts characters");
    }
}
