//! The process ends at each moment of a write, as by a power cut, for each kind
//! of write, on real servers. The next run converges: nothing doubled, nothing
//! lost, and what a person did in between stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test fails by panicking

mod support;

use onbeat::engine::hook::Moment;
use support::household::Household;
use support::servers::{Kind, Server, shared};

const PAIR: &str = "[[pair]]\nwith = \"zoe@outside.example\"\nname = \"Zoe\"\nrole = \"report\"\n\
    every = \"1 week\"\nduration = \"30 min\"\nideal = \"Tue 10:00\"\n\
    window = \"Mon-Fri 09:00-16:00\"\nmode = \"act\"\n";

/// Monday morning: the series is created, first on Tuesday the 10th.
const MONDAY: &str = "2026-03-02T07:00:00Z";
/// The evening before the first meeting: its agenda is due.
const EVENING: &str = "2026-03-09T17:30:00Z";

const APPLY: [&str; 2] = ["apply", "--yes"];

#[test]
fn radicale_survives_a_death_at_each_moment() {
    die_everywhere(Kind::Radicale);
}

#[test]
fn xandikos_survives_a_death_at_each_moment() {
    die_everywhere(Kind::Xandikos);
}

fn die_everywhere(kind: Kind) {
    let Some(server) = shared(kind) else { return };
    for (_, moment) in Moment::ALL {
        creation(server, moment);
        agenda(server, moment);
        agenda_and_a_person(server, moment);
        relocation(server, moment);
    }
}

/// Runs `apply` and expects it to die at the moment.
fn dies(home: &Household<'_>, now: &str, moment: &str) {
    let ran = home.run_with(now, &APPLY, &[("ONBEAT_DIE_AT", moment)]);
    assert_eq!(ran.code, None, "it should have died at {moment}: {ran:?}");
}

/// After the next run the plan is empty, and stays so.
fn converges(home: &Household<'_>, now: &str) {
    home.must(now, &APPLY);
    let plan = home.must(now, &["plan"]);
    assert!(plan.contains("Nothing to do"), "{plan}");
    let before = home.members();
    home.must(now, &APPLY);
    assert_eq!(home.members(), before, "a further run writes nothing");
}

fn creation(server: &Server, moment: &str) {
    let home = Household::new(server, "alice", &format!("create-{moment}"), PAIR);
    dies(&home, MONDAY, moment);
    converges(&home, MONDAY);
    assert_eq!(home.members().len(), 1, "one series, whatever happened at {moment}");
}

fn agenda(server: &Server, moment: &str) {
    let home = Household::new(server, "alice", &format!("agenda-{moment}"), PAIR);
    home.must(MONDAY, &APPLY);
    home.must(EVENING, &["note", "zoe", "Budget for the offsite"]);
    dies(&home, EVENING, moment);
    converges(&home, EVENING);
    let (_, text) = home.member_with("Budget for the offsite");
    assert_eq!(text.matches("RECURRENCE-ID").count(), 1, "one override at {moment}");
    assert_eq!(text.matches("Budget for the offsite").count(), 1, "written once at {moment}");
}

/// A person edits the occurrence after the death and before the next run.
fn agenda_and_a_person(server: &Server, moment: &str) {
    let home = Household::new(server, "alice", &format!("person-{moment}"), PAIR);
    home.must(MONDAY, &APPLY);
    home.must(EVENING, &["note", "zoe", "Budget for the offsite"]);
    dies(&home, EVENING, moment);
    let (href, _) = home.members().remove(0);
    home.edit(&href, |text| {
        let typed = "DESCRIPTION:Zoe typed this\\n";
        // In the occurrence where it exists already, else in the series.
        match text.split_once("RECURRENCE-ID") {
            None => text.replacen("DESCRIPTION:", typed, 1),
            Some(_) => text.replace("DESCRIPTION:", typed),
        }
    });
    converges(&home, EVENING);
    let (_, text) = home.member_with("Budget for the offsite");
    assert_eq!(text.matches("RECURRENCE-ID").count(), 1, "one override at {moment}");
    assert_eq!(text.matches("Budget for the offsite").count(), 1, "written once at {moment}");
    assert!(text.contains("Zoe typed this"), "her line is lost at {moment}:\n{text}");
}

fn relocation(server: &Server, moment: &str) {
    let home = Household::new(server, "alice", &format!("move-{moment}"), PAIR);
    home.must(MONDAY, &APPLY);
    home.add(
        "board.ics",
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\nBEGIN:VEVENT\nUID:board\n\
         DTSTAMP:20260301T000000Z\nDTSTART:20260310T080000Z\nDTEND:20260310T110000Z\n\
         SUMMARY:Board meeting\nEND:VEVENT\nEND:VCALENDAR\n",
    );
    dies(&home, MONDAY, moment);
    converges(&home, MONDAY);
    let (_, text) = home.member_with("UID:onbeat-");
    assert_eq!(text.matches("RECURRENCE-ID").count(), 1, "moved once at {moment}");
    assert!(text.contains("DTSTART;TZID=Europe/Berlin:20260310T1200"), "{moment}:\n{text}");
}
