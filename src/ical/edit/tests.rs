//! Tests of `ical::edit`: bytes in, values out.

use super::*;
use crate::model::id::EventUid;
use crate::model::snapshot::OccurrenceKey;
use jiff::SignedDuration;
use jiff::civil::{date, datetime};

const SERIES: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nX-WR-CALNAME:Work\r\n\
BEGIN:VEVENT\r\nuid:s\r\nDTSTAMP:20240101T000000Z\r\nDTSTART;TZID=Europe/Berlin:20240318T090000\r\n\
DTEND;TZID=Europe/Berlin:20240318T093000\r\nRRULE:FREQ=WEEKLY\r\nEXDATE;TZID=Europe/Berlin:20240408T090000\r\n\
SUMMARY:A / B\r\nSEQUENCE:3\r\nORGANIZER:mailto:a@example.org\r\nATTENDEE;CN=B;PARTSTAT=ACCEPTED:mailto:b@example.org\r\n\
X-VENDOR;X-P=\"a;b\":ke\r\n ep\r\nDESCRIPTION;ALTREP=\"data:text/html,x\";LANGUAGE=en:hu\\Nman\\, text\r\nX-ALT-DESC;FMTTYPE=text/html:<p>x</p>\r\n\
CLASS:PRIVATE\r\nLAST-MODIFIED:20240101T000000Z\r\n\
BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT10M\r\nDESCRIPTION:x\r\nEND:VALARM\r\nEND:VEVENT\r\n\
BEGIN:VEVENT\r\nUID:other\r\nDTSTART:20240318T090000Z\r\nDURATION:PT1H\r\nSUMMARY:one-off\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn owner() -> Vec<Address> {
    vec![Address::new("a@example.org")]
}

fn editor<'a>(owner: &'a [Address], zone: &'a TimeZone) -> Editor<'a> {
    Editor { now: Some(at("2024-03-20T12:00:00Z")), owner, zone }
}

fn inserted(after: &[u8]) -> String {
    // What is new between the series' master and the next event.
    let text = String::from_utf8(after.to_vec()).unwrap();
    let start = SERIES.find("END:VEVENT\r\n").unwrap() + "END:VEVENT\r\n".len();
    let tail = &SERIES[start..];
    assert!(text.starts_with(&SERIES[..start]) && text.ends_with(tail));
    text[start..text.len() - tail.len()].to_owned()
}

fn berlin(local: jiff::civil::DateTime) -> CalTime {
    CalTime::Zoned {
        local,
        tzid: "Europe/Berlin".into(),
        zone: crate::ical::tz::iana("Europe/Berlin").unwrap(),
    }
}

fn move_to(id: &str, start: CalTime, minutes: i64) -> Action {
    Action::MoveOccurrence {
        occurrence: OccurrenceKey { uid: EventUid::new("s"), recurrence_id: Some(at(id)) },
        recurrence_id: None,
        start,
        duration: SignedDuration::from_mins(minutes),
    }
}

#[test]
fn a_new_override_is_the_masters_copy() {
    // 1 April is after the change to summer time: 09:00 is 07:00Z.
    let (owner, zone) = (owner(), TimeZone::UTC);
    let after = set_description(
        SERIES.as_bytes(),
        "s",
        Some(at("2024-04-01T07:00:00Z")),
        "agenda\nüber",
        &editor(&owner, &zone),
    )
    .unwrap();
    assert_eq!(
        inserted(&after),
        "BEGIN:VEVENT\r\nuid:s\r\nDTSTAMP:20240320T120000Z\r\nDTSTART;TZID=Europe/Berlin:20240401T090000\r\n\
RECURRENCE-ID;TZID=Europe/Berlin:20240401T090000\r\nDTEND;TZID=Europe/Berlin:20240401T093000\r\n\
SUMMARY:A / B\r\nSEQUENCE:3\r\nORGANIZER:mailto:a@example.org\r\nATTENDEE;CN=B;PARTSTAT=ACCEPTED:mailto:b@example.org\r\n\
X-VENDOR;X-P=\"a;b\":ke\r\n ep\r\nDESCRIPTION;LANGUAGE=en:agenda\\nüber\r\nCLASS:PRIVATE\r\n\
LAST-MODIFIED:20240320T120000Z\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT10M\r\nDESCRIPTION:x\r\n\
END:VALARM\r\nEND:VEVENT\r\n"
    );
}

#[test]
fn a_block_keeps_the_human_text_byte_for_byte() {
    let id = Some(at("2024-04-01T07:00:00Z"));
    let once = set_block(SERIES.as_bytes(), "s", id, "one\n").unwrap();
    let text = inserted(&once);
    assert!(text.contains("DESCRIPTION;LANGUAGE=en:hu\\Nman\\, text\\n\\n— 1:1 agenda"), "{text}");
    let twice = set_block(&once, "s", id, "two").unwrap();
    let parsed = parse(&twice);
    assert_eq!(
        parsed.events[0].overrides[0].body.description,
        "hu\nman, text\n\n— 1:1 agenda · onbeat —\ntwo\n— end of agenda —"
    );
    assert_eq!(set_block(&twice, "s", id, "two").unwrap(), twice);
}

#[test]
fn damaged_marks_are_refused() {
    let id = Some(at("2024-04-01T07:00:00Z"));
    let once = set_block(SERIES.as_bytes(), "s", id, "one").unwrap();
    let damaged = String::from_utf8(once).unwrap().replace("end of agenda", "end");
    assert_eq!(set_block(damaged.as_bytes(), "s", id, "two"), Err(EditError::MarksDamaged));
}

#[test]
fn moving_bumps_sequence_and_keeps_forms() {
    let (owner, zone) = (owner(), TimeZone::UTC);
    let editor = editor(&owner, &zone);
    let action = move_to("2024-04-01T07:00:00Z", berlin(datetime(2024, 4, 2, 14, 0, 0, 0)), 45);
    assert!(!holds(Some(SERIES.as_bytes()), &action, &zone));
    let once = apply(Some(SERIES.as_bytes()), &action, &editor).unwrap();
    let text = inserted(&once);
    for line in [
        "DTSTART;TZID=Europe/Berlin:20240402T140000\r\n",
        "RECURRENCE-ID;TZID=Europe/Berlin:20240401T090000\r\n",
        "DTEND;TZID=Europe/Berlin:20240402T144500\r\n",
        "SEQUENCE:4\r\n",
        "X-ALT-DESC;FMTTYPE=text/html:<p>x</p>\r\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert!(holds(Some(&once), &action, &zone));
    // Moving again edits the override in place.
    let again = move_to("2024-04-01T07:00:00Z", berlin(datetime(2024, 4, 3, 14, 0, 0, 0)), 45);
    let twice = apply(Some(&once), &again, &editor).unwrap();
    assert_eq!(twice.len(), once.len());
    assert!(inserted(&twice).contains("SEQUENCE:5\r\n"));
}

#[test]
fn only_the_organizer_moves() {
    let zone = TimeZone::UTC;
    let stranger = [Address::new("b@example.org")];
    let action = move_to("2024-04-01T07:00:00Z", berlin(datetime(2024, 4, 2, 14, 0, 0, 0)), 45);
    assert_eq!(
        apply(Some(SERIES.as_bytes()), &action, &editor(&stranger, &zone)),
        Err(EditError::NotOrganizer(Address::new("a@example.org")))
    );
}

#[test]
fn refusals_say_why() {
    let block = |uid: &str, rid: Option<&str>| {
        set_block(SERIES.as_bytes(), uid, rid.map(at), "x").unwrap_err().to_string()
    };
    assert_eq!(block("nobody", None), "there is no event with the UID \"nobody\"");
    assert_eq!(
        block("s", Some("2024-04-08T07:00:00Z")),
        "the event \"s\" has no occurrence whose original start is 2024-04-08T07:00:00Z"
    );
    assert_eq!(
        block("s", None),
        "the event \"s\" recurs; name the occurrence by its original start"
    );
    assert!(block("other", Some("2024-03-18T09:00:00Z")).contains("no occurrence"));
}

#[test]
fn a_single_event_is_edited_in_place() {
    let after = set_block(SERIES.as_bytes(), "other", None, "x").unwrap();
    let text = String::from_utf8(after).unwrap();
    let line = "SUMMARY:one-off\r\nDESCRIPTION:— 1:1 agenda · onbeat —\\nx\\n— end of agenda —\r\nEND:VEVENT";
    assert_eq!(text.replace(line, "SUMMARY:one-off\r\nEND:VEVENT"), SERIES);
}

#[test]
fn line_breaks_are_those_of_the_file_and_no_line_is_injected() {
    let unix = SERIES.replace("\r\n", "\n");
    let evil = "x\r\nATTENDEE:mailto:evil@example.org\rBEGIN:VEVENT\u{0}";
    let after = set_block(unix.as_bytes(), "s", Some(at("2024-04-01T07:00:00Z")), evil).unwrap();
    assert!(!after.contains(&b'\r') && !after.contains(&0));
    let parsed = parse(&after);
    assert_eq!(parsed.events[0].overrides[0].body.attendees.len(), 1);
    assert!(
        parsed.events[0].overrides[0]
            .body
            .description
            .contains("\nATTENDEE:mailto:evil@example.org\n")
    );
}

#[test]
fn all_day_series_and_a_text_without_final_line_break() {
    let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:d\nDTSTART;VALUE=DATE:20240101\nDTEND;VALUE=DATE:20240103\nRRULE:FREQ=MONTHLY\nEND:VEVENT";
    let after = set_block(text.as_bytes(), "d", Some(at("2024-02-01T00:00:00Z")), "x").unwrap();
    let parsed = parse(&after);
    let over = &parsed.events[0].overrides[0];
    assert_eq!(over.recurrence_id, CalTime::Date(date(2024, 2, 1)));
    assert_eq!(over.body.end, CalTime::Date(date(2024, 2, 3)));
    assert!(after.starts_with(text.as_bytes()));
}

#[test]
fn a_low_sequence_is_raised_to_the_masters() {
    let (owner, zone) = (owner(), TimeZone::UTC);
    let id = at("2024-04-01T07:00:00Z");
    let once =
        set_description(SERIES.as_bytes(), "s", Some(id), "x", &editor(&owner, &zone)).unwrap();
    let low =
        String::from_utf8(once).unwrap().replacen("RECURRENCE-ID", "X-A:1\r\nRECURRENCE-ID", 1);
    let at_override = low.rfind("SEQUENCE:3").unwrap();
    let low = format!("{}SEQUENCE:1{}", &low[..at_override], &low[at_override + 10..]);
    let after =
        set_description(low.as_bytes(), "s", Some(id), "y", &editor(&owner, &zone)).unwrap();
    assert_eq!(parse(&after).events[0].overrides[0].body.sequence, 3);
}

#[test]
fn what_an_occurrence_says_with_and_without_override() {
    let (uid, zone) = (EventUid::new("s"), TimeZone::UTC);
    let id = at("2024-04-01T07:00:00Z");
    let plain = body_at(SERIES.as_bytes(), &uid, Some(id), &zone).unwrap();
    assert_eq!(plain.start.instant(&zone), id);
    assert_eq!(plain.end.civil(), datetime(2024, 4, 1, 9, 30, 0, 0));
    assert_eq!(plain.description, "hu\nman, text");
    let edited = set_block(SERIES.as_bytes(), "s", Some(id), "x").unwrap();
    assert!(body_at(&edited, &uid, Some(id), &zone).unwrap().description.contains("\nx\n"));
    assert_eq!(body_at(SERIES.as_bytes(), &uid, Some(at("2024-04-08T07:00:00Z")), &zone), None);
}

#[test]
fn an_unchanged_text_changes_no_byte() {
    let (owner, zone) = (owner(), TimeZone::UTC);
    let editor = editor(&owner, &zone);
    let id = Some(at("2024-04-01T07:00:00Z"));
    let once = set_description(SERIES.as_bytes(), "s", id, "x\ny", &editor).unwrap();
    assert_eq!(set_description(&once, "s", id, "x\r\ny\n", &editor).unwrap(), once);
}

#[test]
fn an_agenda_is_attached_beside_what_others_attached() {
    let (owner, zone) = (owner(), TimeZone::UTC);
    let editor = editor(&owner, &zone);
    let theirs = "ATTACH;FMTTYPE=application/pdf:https://x.example/a,b.pdf\r\n";
    let series = SERIES.replacen("SUMMARY", &format!("{theirs}SUMMARY"), 1);
    let write = |text: &str, markdown: Option<&str>| Action::WriteAgenda {
        occurrence: OccurrenceKey { uid: EventUid::new("s"), recurrence_id: None },
        recurrence_id: Some(berlin(datetime(2024, 4, 1, 9, 0, 0, 0))),
        description: text.to_owned(),
        block: String::new(),
        attachment: markdown.map(ToOwned::to_owned),
    };
    let own = |data: &[u8]| {
        let unfolded = String::from_utf8(data.to_vec()).unwrap().replace("\r\n ", "");
        let lines = unfolded.lines().filter(|line| line.contains("FILENAME=onbeat-agenda.md"));
        lines.map(|line| line.rsplit(':').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let first = apply(Some(series.as_bytes()), &write("one", Some("# one")), &editor).unwrap();
    assert_eq!(own(&first), ["IyBvbmU="]);
    // The new override has a copy of the master's own attachment too.
    let count = |data: &[u8]| String::from_utf8_lossy(data).matches("a,b.pdf").count();
    assert_eq!((count(series.as_bytes()), count(&first)), (1, 2));
    let second = apply(Some(&first), &write("two", Some("# two")), &editor).unwrap();
    assert_eq!(own(&second), ["IyB0d28="]);
    let third = apply(Some(&second), &write("three", None), &editor).unwrap();
    assert_eq!((own(&third).len(), count(&third)), (0, 2));
}

#[test]
fn agenda_and_restore_as_actions() {
    let (owner, zone) = (owner(), TimeZone::UTC);
    let editor = editor(&owner, &zone);
    let action = Action::WriteAgenda {
        occurrence: OccurrenceKey { uid: EventUid::new("s"), recurrence_id: None },
        recurrence_id: Some(berlin(datetime(2024, 4, 1, 9, 0, 0, 0))),
        description: "whole text  \n".to_owned(),
        block: String::new(),
        attachment: None,
    };
    let after = apply(Some(SERIES.as_bytes()), &action, &editor).unwrap();
    assert!(holds(Some(&after), &action, &zone) && !holds(Some(SERIES.as_bytes()), &action, &zone));
    assert!(!holds(None, &action, &zone));
    assert_eq!(apply(None, &action, &editor), Err(EditError::NoOriginal));
    let undo = Action::Restore { data: Some(SERIES.as_bytes().to_vec()) };
    assert_eq!(apply(Some(&after), &undo, &editor).unwrap(), SERIES.as_bytes());
    assert!(holds(Some(SERIES.as_bytes()), &undo, &zone) && !holds(Some(&after), &undo, &zone));
    let gone = Action::Restore { data: None };
    assert_eq!(apply(Some(&after), &gone, &editor), Err(EditError::Deletion));
    assert!(holds(None, &gone, &zone) && !holds(Some(&after), &gone, &zone));
}
