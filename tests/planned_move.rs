//! A planned move on real servers: one override more and nothing else changed, the
//! partner's copy follows where the server schedules, and exactly one mail goes out
//! for it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test fails by panicking

mod support;

use std::time::Duration;

use support::household::{Household, copy_of};
use support::servers::{Kind, Server, address, shared};

const APPLY: [&str; 2] = ["apply", "--yes"];
const MONDAY: &str = "2026-03-02T07:00:00Z";

fn pair(with: &str, name: &str, more: &str) -> String {
    format!(
        "[[pair]]\nwith = \"{with}\"\nname = \"{name}\"\nrole = \"report\"\nevery = \"1 week\"\n\
         duration = \"30 min\"\nwindow = \"Mon-Fri 09:00-16:00\"\nmode = \"act\"\n{more}\n"
    )
}

/// A weekly series as another program wrote it, with things onbeat knows nothing of.
fn series(uid: &str, with: &str, hour: u32) -> String {
    format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//phone//EN\nBEGIN:VTIMEZONE\nTZID:Europe/Berlin\n\
         BEGIN:STANDARD\nDTSTART:19701025T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n\
         RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nEND:STANDARD\nBEGIN:DAYLIGHT\n\
         DTSTART:19700329T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n\
         RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nEND:DAYLIGHT\nEND:VTIMEZONE\nBEGIN:VEVENT\n\
         UID:{uid}\nDTSTAMP:20260101T000000Z\nDTSTART;TZID=Europe/Berlin:20260303T{hour:02}0000\n\
         DTEND;TZID=Europe/Berlin:20260303T{hour:02}3000\nRRULE:FREQ=WEEKLY\n\
         EXDATE;TZID=Europe/Berlin:20260324T{hour:02}0000\nSUMMARY:Our weekly\n\
         LOCATION:Room Heron\\, 2nd floor\nX-ROOM-CODE;X-FLOOR=\"2;a\":H-17\nCATEGORIES:1on1,team\n\
         ORGANIZER;CN=Alice:mailto:{me}\nATTENDEE;CN=Alice;PARTSTAT=ACCEPTED:mailto:{me}\n\
         ATTENDEE;CN=Partner;PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:{with}\n\
         BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:Soon\nTRIGGER:-PT10M\nEND:VALARM\n\
         END:VEVENT\nEND:VCALENDAR\n",
        me = address("alice"),
    )
}

fn busy(uid: &str, from: &str, to: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//phone//EN\nBEGIN:VEVENT\nUID:{uid}\n\
         DTSTAMP:20260101T000000Z\nDTSTART:{from}\nDTEND:{to}\nSUMMARY:Board\nEND:VEVENT\n\
         END:VCALENDAR\n"
    )
}

/// The lines of every event of a text, one list each, the master first.
fn events(text: &str) -> Vec<Vec<String>> {
    let parts = text.split("BEGIN:VEVENT\n").skip(1);
    let body = |part: &str| part.split("END:VEVENT").next().unwrap_or("").to_owned();
    let mut events: Vec<Vec<String>> =
        parts.map(|part| body(part).lines().map(str::to_owned).collect()).collect();
    events.sort_by_key(|lines| lines.iter().any(|line| line.starts_with("RECURRENCE-ID")));
    events
}

/// Lines that are neither a time of the event nor a stamp of its last writer.
fn lasting(event: &[String]) -> Vec<String> {
    let changing = [
        "DTSTART",
        "DTEND",
        "RECURRENCE-ID",
        "RRULE",
        "EXDATE",
        "SEQUENCE",
        "DTSTAMP",
        "LAST-MODIFIED",
        "CREATED",
    ];
    let name = |line: &String| line.split([':', ';']).next().unwrap_or("").to_owned();
    let kept = event.iter().filter(|line| !changing.contains(&name(line).as_str()));
    // What a server adds about its own deliveries is the server's.
    let mut kept: Vec<String> = kept
        .map(|line| line.replace(";SCHEDULE-STATUS=1.1", "").replace(";SCHEDULE-STATUS=1.2", ""))
        .collect();
    kept.sort();
    kept
}

fn line<'a>(event: &'a [String], name: &str) -> &'a str {
    let found = event.iter().find(|line| line.starts_with(name));
    found.unwrap_or_else(|| panic!("no {name} in {event:?}"))
}

#[test]
fn a_planned_move_is_one_override_and_nothing_else_changes() {
    for kind in Kind::ALL {
        let Some(server) = shared(kind) else { continue };
        let with = "moved@outside.example";
        let home = Household::new(server, "alice", "planned-move", &pair(with, "Zoe", ""));
        let href = home.add("weekly.ics", &series("weekly@planned-move", with, 10));
        home.add("board.ics", &busy("board@planned-move", "20260310T080000Z", "20260310T110000Z"));
        let (_, before) = home.member_with("UID:weekly@planned-move");
        let plan = home.must(MONDAY, &["plan"]);
        assert!(plan.contains("move Tue 10 Mar 10:00 to Tue 10 Mar 12:00"), "{kind:?}: {plan}");
        home.must(MONDAY, &APPLY);
        let (again, after) = home.member_with("UID:weekly@planned-move");
        assert_eq!(again, href, "{kind:?}: the same resource");
        let (old, new) = (events(&before), events(&after));
        assert_eq!((old.len(), new.len()), (1, 2), "{kind:?}: {after}");
        assert_eq!(lasting(&old[0]), lasting(&new[0]), "{kind:?}: the series changed");
        for name in ["DTSTART", "DTEND", "RRULE", "EXDATE"] {
            assert_eq!(line(&old[0], name), line(&new[0], name), "{kind:?}");
        }
        let moved = &new[1];
        assert_eq!(
            line(moved, "RECURRENCE-ID"),
            "RECURRENCE-ID;TZID=Europe/Berlin:20260310T100000"
        );
        assert_eq!(line(moved, "DTSTART"), "DTSTART;TZID=Europe/Berlin:20260310T120000");
        assert_eq!(line(moved, "DTEND"), "DTEND;TZID=Europe/Berlin:20260310T123000");
        // A server that schedules asks anew whether the new time suits (RFC 6638 3.2.8).
        let asked = line(moved, "ATTENDEE;CN=Partner").contains("PARTSTAT=NEEDS-ACTION");
        assert_eq!(asked, kind == Kind::Cyrus, "{kind:?}: {moved:?}");
        let people = |lines: &[String]| -> Vec<String> {
            lasting(lines).into_iter().filter(|l| !l.starts_with("ATTENDEE;CN=Partner")).collect()
        };
        assert_eq!(people(moved), people(&new[0]), "{kind:?}: the override says more or less");
        let zones = |text: &str| text.split("BEGIN:VEVENT").next().map(str::to_owned);
        assert_eq!(zones(&before), zones(&after), "{kind:?}: the time zone changed");
        let plan = home.must(MONDAY, &["plan"]);
        assert!(plan.contains("Nothing to do"), "{kind:?}: {plan}");
    }
}

#[test]
fn the_partners_copy_follows_on_a_server_that_schedules() {
    let Some(server) = shared(Kind::Cyrus) else { return };
    let bob = address("bob");
    let home = Household::new(server, "alice", "followed", &pair(&bob, "Bob", ""));
    home.add("weekly.ics", &series("weekly@followed", &bob, 10));
    home.add("board.ics", &busy("board@followed", "20260310T080000Z", "20260310T110000Z"));
    home.must(MONDAY, &APPLY);
    let (_, ours) = home.member_with("UID:weekly@followed");
    let start = line(&events(&ours)[1], "DTSTART").to_owned();
    let (_, copy) = copy_of(server, "bob", "UID:weekly@followed");
    let theirs = events(&copy);
    assert_eq!(theirs.len(), 2, "{copy}");
    assert_eq!(line(&theirs[1], "DTSTART"), start, "{copy}");
    assert_eq!(line(&theirs[0], "DTSTART"), "DTSTART;TZID=Europe/Berlin:20260303T100000");
}

#[test]
fn one_move_is_exactly_one_mail_and_making_room_is_one_more() {
    let Some(server) = shared(Kind::Cyrus) else { return };
    let (yan, zoe) = ("yan@outside.example", "zed@outside.example");
    let pairs = format!(
        "{}\n{}",
        pair(yan, "Yan", "flexibility = \"0 days\"\nhours = \"Tue 09:00-15:00\""),
        pair(zoe, "Zed", "")
    );
    let home = Household::new(server, "alice", "one-mail", &pairs);
    home.add("yan.ics", &series("yan@one-mail", yan, 10));
    home.add("zed.ics", &series("zed@one-mail", zoe, 11));
    // Only eleven is left for Yan, and Zed stands there.
    home.add("board.ics", &busy("board@one-mail", "20260310T070000Z", "20260310T100000Z"));
    home.add("audit.ics", &busy("audit@one-mail", "20260310T103000Z", "20260310T143000Z"));
    assert_eq!((mails(server, yan, 1), mails(server, zoe, 1)), (1, 1), "the invitations");
    let plan = home.must(MONDAY, &["plan"]).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        plan.contains(&format!("mails {yan}")) && plan.contains(&format!("mails {zoe}")),
        "{plan}"
    );
    assert!(plan.contains("makes room for the 1:1 with Yan"), "{plan}");
    home.must(MONDAY, &APPLY);
    assert_eq!((mails(server, yan, 2), mails(server, zoe, 2)), (2, 2), "one each for the move");
    home.must(MONDAY, &APPLY);
    assert_eq!((mails(server, yan, 2), mails(server, zoe, 2)), (2, 2), "and no more");
}

#[test]
fn the_partners_time_is_known_told_as_busy_and_kept_without_titles() {
    let Some(server) = shared(Kind::Cyrus) else { return };
    let carol = address("carol");
    let home = Household::new(server, "alice", "their-time", &pair(&carol, "Carol", ""));
    home.add("weekly.ics", &series("weekly@their-time", &carol, 14));
    home.add("board.ics", &busy("board@their-time", "20260310T130000Z", "20260310T140000Z"));
    let theirs = busy("surgery@their-time", "20260310T120000Z", "20260310T130000Z");
    let theirs = theirs.replace("SUMMARY:Board", "SUMMARY:Secret surgery").replace('\n', "\r\n");
    let path = format!("{}surgery.ics", server.default_calendar("carol"));
    let put = server.dav("carol", "PUT", &path, &[], theirs.as_bytes());
    assert!(put.status < 300, "{}", put.text());
    let plan = home.must(MONDAY, &["plan"]);
    // Half past one is nearer, but not hers.
    assert!(plan.contains("move Tue 10 Mar 14:00 to Tue 10 Mar 15:00"), "{plan}");
    assert!(!plan.contains("cannot be seen") && !plan.contains("Secret"), "{plan}");
    // What was answered is what is explained with, though nobody is asked again.
    let why = home.must(MONDAY, &["why", "carol", "2026-03-10", "--json"]);
    assert!(why.contains("\"partner_time\": \"known\""), "{why}");
    assert!(why.contains("\"by\": \"Carol is busy\"") && !why.contains("Secret"), "{why}");
    assert!(!why.contains("less sure"), "{why}");
}

/// How many mails an address got, once there are as many as expected (or no more
/// come).
fn mails(server: &Server, to: &str, expected: usize) -> usize {
    for _ in 0..100 {
        if server.mail.to(to).len() >= expected {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    server.mail.to(to).len()
}
