//! Whole days of one person's onbeat on real servers: what people do in between
//! wins, and nobody gets a mail the owner did not choose.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test fails by panicking

mod support;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use support::household::{Household, copy_of};
use support::servers::{Kind, Server, address, shared};

const APPLY: [&str; 2] = ["apply", "--yes"];
/// Monday morning: the series is created, first on Tuesday the 10th.
const MONDAY: &str = "2026-03-02T07:00:00Z";
/// The evening before the first meeting: its agenda is due.
const EVENING: &str = "2026-03-09T17:30:00Z";

fn pair(with: &str, more: &str) -> String {
    format!(
        "[[pair]]\nwith = \"{with}\"\nname = \"Zoe\"\nrole = \"report\"\nevery = \"1 week\"\n\
         duration = \"30 min\"\nideal = \"Tue 10:00\"\nwindow = \"Mon-Fri 09:00-16:00\"\n\
         mode = \"act\"\n{more}\n"
    )
}

fn each(kinds: &[Kind], film: impl Fn(&Server)) {
    for kind in kinds {
        if let Some(server) = shared(*kind) {
            film(server);
        }
    }
}

#[test]
fn a_description_edited_between_fetch_and_apply_is_kept() {
    each(&Kind::ALL, |server| {
        let home = Household::new(server, "alice", "edited", &pair("edited@outside.example", ""));
        home.must(MONDAY, &APPLY);
        home.must(EVENING, &["sync"]);
        let (href, _) = home.member_with("UID:onbeat-");
        home.edit(&href, |text| text.replacen("DESCRIPTION:", "DESCRIPTION:Call me first\\n", 1));
        home.must(EVENING, &["note", "zoe", "Budget"]);
        let ran = home.run(EVENING, &APPLY);
        assert!(ran.code == Some(0) || ran.code == Some(3), "{ran:?}");
        let (_, text) = home.member_with("UID:onbeat-");
        assert!(text.contains("Call me first"), "{:?}: the line is lost:\n{text}", server.kind);
    });
}

#[test]
fn a_meeting_a_person_moved_stays_where_it_is_and_counts_as_pushed() {
    each(&Kind::ALL, |server| {
        let home = Household::new(server, "alice", "dragged", &pair("dragged@outside.example", ""));
        home.must(MONDAY, &APPLY);
        let (href, _) = home.member_with("UID:onbeat-");
        home.edit(&href, |text| with_override(&text, "20260310T100000", "20260312T140000"));
        home.must(MONDAY, &APPLY);
        let (_, text) = home.member_with("UID:onbeat-");
        assert!(text.contains("DTSTART;TZID=Europe/Berlin:20260312T140000"), "{text}");
        let report = home.must("2026-03-13T08:00:00Z", &["report", "--format", "json"]);
        assert!(report.contains("pushed"), "{:?}: {report}", server.kind);
    });
}

#[test]
fn a_deleted_series_is_not_made_again_without_a_word() {
    each(&Kind::ALL, |server| {
        let home = Household::new(server, "alice", "deleted", &pair("deleted@outside.example", ""));
        home.must(MONDAY, &APPLY);
        home.must("2026-03-10T12:00:00Z", &["sync"]);
        let (href, _) = home.member_with("UID:onbeat-");
        home.delete(&href);
        home.must("2026-03-11T08:00:00Z", &["sync"]);
        assert!(home.members().is_empty(), "{:?}", server.kind);
        let plan = home.must("2026-03-11T08:00:00Z", &["plan"]);
        assert!(plan.contains("create"), "a person may make it again: {plan}");
        let report = home.must("2026-03-18T08:00:00Z", &["report", "--format", "json"]);
        assert!(report.contains("\"held\""), "{report}");
    });
}

#[test]
fn an_agenda_edited_in_the_event_makes_the_next_one() {
    each(&Kind::ALL, |server| {
        let more = "agenda_mail = \"once\"";
        let home = Household::new(server, "alice", "weeks", &pair("weeks@outside.example", more));
        home.must(MONDAY, &APPLY);
        home.must(EVENING, &["note", "zoe", "Budget"]);
        home.must(EVENING, &["note", "zoe", "Offsite"]);
        home.must(EVENING, &APPLY);
        let (href, _) = home.member_with("UID:onbeat-");
        home.edit(&href, |text| {
            let ticked = text.replace("[ ] Alice: Budget", "[x] Alice: Budget");
            ticked.replace("Next: Tue 17 Mar", "[ ] Zoe: sign the contract\\n\\nNext: Tue 17 Mar")
        });
        home.must(EVENING, &APPLY);
        // At most one refresh of a meeting's agenda, and none where it would mail.
        let refresh = usize::from(server.kind != Kind::Cyrus);
        let writes = |now: &str| home.must(now, &["log"]).lines().count();
        assert!(writes(EVENING) <= 2 + refresh, "{:?}", server.kind);
        let (_, text) = home.member_with("UID:onbeat-");
        assert!(text.contains("[x] Alice: Budget"), "{:?}: {text}", server.kind);
        assert!(text.contains("sign the contract"), "{:?}: {text}", server.kind);
        // The next meeting: what was ticked is gone, the rest is carried.
        let next = "2026-03-16T17:30:00Z";
        home.must("2026-03-10T12:00:00Z", &["sync"]);
        home.must(next, &APPLY);
        let (_, text) = home.member_with("UID:onbeat-");
        let at =
            text.find("RECURRENCE-ID;TZID=Europe/Berlin:20260317T100000").unwrap_or_else(|| {
                panic!("{:?}: no agenda for the 17th:\n{text}", server.kind);
            });
        let from = text[..at].rfind("BEGIN:VEVENT").unwrap();
        let to = at + text[at..].find("END:VEVENT").unwrap();
        let event = &text[from..to];
        assert!(event.contains("sign the contract (carried 1x)"), "{:?}: {event}", server.kind);
        assert!(event.contains("Offsite (carried 1x)"), "{:?}: {event}", server.kind);
        assert!(!event.contains("Alice: Budget"), "{:?}: {event}", server.kind);
        assert!(writes(next) <= 3 + refresh, "{:?}", server.kind);
    });
}

#[test]
fn never_means_that_cyrus_mails_nothing_and_a_series_is_one_invitation() {
    let Some(server) = shared(Kind::Cyrus) else { return };
    let stranger = "quinn@outside.example";
    let home = Household::new(server, "alice", "quiet", &pair(stranger, "agenda_mail = \"never\""));
    home.must(MONDAY, &APPLY);
    let invitations = mails(server, stranger, 1);
    assert_eq!(invitations, ["REQUEST"], "one invitation and nothing else");
    home.must(EVENING, &["note", "zoe", "Budget"]);
    let applied = home.must(EVENING, &APPLY);
    let plan = home.must(EVENING, &["plan"]);
    assert!(plan.contains("would mail"), "it is said why: {plan}\n{applied}");
    assert_eq!(mails(server, stranger, 1), ["REQUEST"], "the agenda mailed somebody");
    let (_, text) = home.member_with("UID:onbeat-");
    assert!(!text.contains("Budget"), "the agenda was written although it mails");
}

#[test]
fn once_means_one_mail_a_meeting_on_cyrus() {
    let Some(server) = shared(Kind::Cyrus) else { return };
    let stranger = "rita@outside.example";
    let home = Household::new(server, "alice", "once", &pair(stranger, "agenda_mail = \"once\""));
    home.must(MONDAY, &APPLY);
    home.must(EVENING, &["note", "zoe", "Budget"]);
    home.must(EVENING, &APPLY);
    assert_eq!(mails(server, stranger, 2).len(), 2, "invitation and agenda");
    home.must("2026-03-09T18:00:00Z", &["note", "zoe", "One more thing"]);
    home.must("2026-03-09T18:01:00Z", &APPLY);
    assert_eq!(mails(server, stranger, 2).len(), 2, "a second agenda mail was sent");
}

#[test]
fn own_means_a_private_event_that_is_edited_both_ways_and_mails_nobody() {
    let Some(server) = shared(Kind::Cyrus) else { return };
    let stranger = "uma@outside.example";
    let home = Household::new(server, "alice", "own", &pair(stranger, "agenda_mail = \"own\""));
    home.must(MONDAY, &APPLY);
    home.must(EVENING, &["note", "zoe", "Budget"]);
    home.must(EVENING, &APPLY);
    let (href, text) = home.member_with("UID:onbeat-agenda-");
    assert!(text.contains("Budget") && !text.contains("ATTENDEE"), "{text}");
    assert!(text.contains("CLASS:PRIVATE") && text.contains("TRANSP:TRANSPARENT"), "{text}");
    home.edit(&href, |text| text.replace("[ ] Alice: Budget", "[x] Alice: Budget"));
    home.must(EVENING, &APPLY);
    let plan = home.must(EVENING, &["plan"]);
    assert!(plan.contains("Nothing to do"), "{plan}");
    let (_, text) = home.member_with("UID:onbeat-agenda-");
    assert!(text.contains("[x] Alice: Budget"), "her tick is lost: {text}");
    assert_eq!(mails(server, stranger, 1), ["REQUEST"], "only the invitation");
}

#[test]
fn link_means_one_silent_write_on_the_series() {
    let Some(server) = shared(Kind::Cyrus) else { return };
    let stranger = "vera@outside.example";
    let more = "agenda_mail = \"link\"\nagenda_link = \"https://docs.example.org/a\"";
    let home = Household::new(server, "alice", "link", &pair(stranger, more));
    home.must(MONDAY, &APPLY);
    home.must(EVENING, &APPLY);
    let (_, text) = home.member_with("UID:onbeat-");
    assert_eq!(text.matches("URL:https://docs.example.org/a").count(), 1, "{text}");
    let log = home.must(EVENING, &["log"]);
    home.must(EVENING, &APPLY);
    assert_eq!(home.must(EVENING, &["log"]), log, "a second write");
    assert_eq!(mails(server, stranger, 1), ["REQUEST"], "only the invitation");
}

#[test]
fn an_agenda_is_attached_where_the_owner_wants_it() {
    each(&Kind::ALL, |server| {
        let more = "agenda_mail = \"once\"\nagenda_attach = true";
        let home = Household::new(server, "alice", "attach", &pair("att@outside.example", more));
        home.must(MONDAY, &APPLY);
        home.must(EVENING, &["note", "zoe", "Budget"]);
        home.must(EVENING, &["note", "zoe", "Secret plan", "--private"]);
        home.must(EVENING, &APPLY);
        let (_, text) = home.member_with("UID:onbeat-");
        let attached: Vec<String> = text
            .lines()
            .filter(|line| line.contains("FILENAME=onbeat-agenda.md"))
            .map(|line| {
                let bytes = STANDARD.decode(line.rsplit(':').next().unwrap()).unwrap();
                String::from_utf8(bytes).unwrap()
            })
            .collect();
        let [markdown] = attached.as_slice() else { panic!("{:?}: {text}", server.kind) };
        assert!(markdown.contains("- [ ] Alice: Budget"), "{markdown}");
        assert!(!markdown.contains("Secret"), "{markdown}");
        let plan = home.must(EVENING, &["plan"]);
        assert!(plan.contains("Nothing to do"), "{:?}: {plan}", server.kind);
    });
}

#[test]
fn a_partner_whose_time_is_seen_does_not_collide_with_the_meeting_itself() {
    let Some(server) = shared(Kind::Cyrus) else { return };
    // carol's copy of the series makes her busy at exactly the time of the 1:1.
    let home = Household::new(server, "alice", "seen", &pair(&address("carol"), ""));
    home.must(MONDAY, &APPLY);
    let plan = home.must(MONDAY, &["plan"]);
    assert!(plan.contains("Nothing to do"), "{plan}");
    assert!(!plan.contains("busy"), "{plan}");
    home.must(MONDAY, &APPLY);
    assert_eq!(home.must(MONDAY, &["log"]).lines().count(), 1, "only the creation");
}

#[test]
fn what_the_partner_does_to_their_own_copy_takes_nothing_from_the_agenda() {
    each(&[Kind::Xandikos, Kind::Cyrus], |server| {
        let more = "agenda_mail = \"once\"";
        let home = Household::new(server, "carol", "copies", &pair(&address("alice"), more));
        home.must(MONDAY, &APPLY);
        home.must(EVENING, &["note", "zoe", "Budget"]);
        home.must(EVENING, &APPLY);
        let (_, ours) = home.member_with("UID:onbeat-");
        let uid = ours.lines().find(|line| line.starts_with("UID:onbeat-")).unwrap();
        let (href, copy) = copy_of(server, "alice", uid);
        assert!(copy.contains("[ ] Alice: Budget"), "{:?}: no agenda: {copy}", server.kind);
        let typed = copy.replace("[ ] Alice: Budget", "[x] Alice: Budget\\n[ ] Zoe: a new laptop");
        let put = server.dav("alice", "PUT", &href, &[], typed.replace('\n', "\r\n").as_bytes());
        // One server keeps it on that copy alone, the other refuses it.
        assert_eq!(put.status < 300, server.kind == Kind::Cyrus, "{} {}", put.status, put.text());
        let log = home.must(EVENING, &["log"]);
        home.must(EVENING, &APPLY);
        assert_eq!(home.must(EVENING, &["log"]), log, "{:?}: another write", server.kind);
        let (_, after) = home.member_with("UID:onbeat-");
        assert!(after.contains("[ ] Alice: Budget"), "{:?}: {after}", server.kind);
        assert!(!after.contains("a new laptop"), "{:?}: {after}", server.kind);
        let next = "2026-03-16T17:30:00Z";
        home.must("2026-03-10T12:00:00Z", &["sync"]);
        home.must(next, &APPLY);
        let (_, copy) = copy_of(server, "alice", uid);
        assert!(copy.contains("Budget (carried 1x)"), "{:?}: {copy}", server.kind);
    });
}

#[test]
fn a_decline_of_the_partner_is_seen() {
    let Some(server) = shared(Kind::Cyrus) else { return };
    let bob = address("bob");
    let home = Household::new(server, "alice", "declined", &pair(&bob, ""));
    home.must(MONDAY, &APPLY);
    let (href, _) = home.member_with("UID:onbeat-");
    home.edit(&href, |text| {
        let declined = with_override(&text, "20260310T100000", "20260310T100000");
        let (head, tail) = declined.rsplit_once("BEGIN:VEVENT").unwrap();
        let tail = tail.replace("PARTSTAT=NEEDS-ACTION", "PARTSTAT=DECLINED");
        format!("{head}BEGIN:VEVENT{tail}")
    });
    let plan = home.must(MONDAY, &["plan"]);
    assert!(plan.contains("declined"), "{plan}");
}

/// Methods of the mails to an address, once there are as many as expected (or no
/// more come).
fn mails(server: &Server, to: &str, expected: usize) -> Vec<String> {
    for _ in 0..100 {
        if server.mail.to(to).len() >= expected {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    server.mail.to(to).iter().map(|mail| mail.method().unwrap_or_default()).collect()
}

/// The series' text with an override: what another program would store after a
/// person dragged one meeting.
fn with_override(text: &str, original: &str, start: &str) -> String {
    let from = text.find("BEGIN:VEVENT").unwrap();
    let to = text.find("END:VEVENT").unwrap() + "END:VEVENT".len();
    let end = format!("{}3000", &start[..start.len() - 4]);
    let lines: Vec<String> = text[from..to]
        .lines()
        .filter(|line| !line.starts_with("RRULE"))
        .map(|line| match line.split([':', ';']).next() {
            Some("DTSTART") => format!("DTSTART;TZID=Europe/Berlin:{start}"),
            Some("DTEND") => format!("DTEND;TZID=Europe/Berlin:{end}"),
            _ => line.to_owned(),
        })
        .collect();
    let mut lines = lines;
    lines.insert(1, format!("RECURRENCE-ID;TZID=Europe/Berlin:{original}"));
    text.replacen("END:VCALENDAR", &format!("{}\nEND:VCALENDAR", lines.join("\n")), 1)
}
