//! A quarter of a manager with eight reports, told once for every world: meetings moved,
//! declined, deleted, series split and deleted, leave, notes and edits, and a network that
//! fails. Knows no protocol.

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday, date};
use serde_json::Value;

use crate::backend::Trouble;
use crate::world::{World, berlin};

pub const REPORTS: [(&str, &str, &str); 8] = [
    ("bob", "Mon 10:00", "1 week"),
    ("carol", "Mon 14:00", "1 week"),
    ("dave", "Tue 10:00", "1 week"),
    ("erin", "Tue 14:00", "1 week"),
    ("frank", "Wed 10:00", "1 week"),
    ("grace", "Wed 14:00", "2 weeks"),
    ("heidi", "Thu 10:00", "1 week"),
    ("ivan", "Thu 14:00", "2 weeks"),
];

pub fn address(name: &str) -> String {
    format!("{name}@example.test")
}

/// Addresses of the reports.
pub fn people() -> Vec<String> {
    REPORTS.iter().map(|(name, _, _)| address(name)).collect()
}

pub fn pairs() -> String {
    let pair = |(name, ideal, every): &(&str, &str, &str)| {
        let (first, rest) = name.split_at(1);
        format!(
            "[[pair]]\nwith = \"{name}@example.test\"\nname = \"{}{rest}\"\nrole = \"report\"\n\
             every = \"{every}\"\nduration = \"30 min\"\nideal = \"{ideal}\"\n\
             window = \"Mon-Fri 09:00-17:00\"\nmode = \"act\"\n\n",
            first.to_uppercase()
        )
    };
    REPORTS.iter().map(pair).collect()
}

const FIRST: Date = date(2026, 3, 2);
const LAST: Date = date(2026, 5, 29);

/// Every working day: a look in the morning, people at noon, the plan in the evening.
pub fn tell(world: &dyn World) {
    let mut day = FIRST;
    while day <= LAST {
        if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            morning(world, day);
            people_do(world, day);
            evening(world, day);
        }
        day += 1.day();
    }
    must(world, &at(date(2026, 6, 1), "08:00"), &["sync"]);
}

fn at(day: Date, time: &str) -> String {
    berlin(&format!("{day} {time}")).to_string()
}

fn must(world: &dyn World, now: &str, args: &[&str]) -> String {
    let ran = world.run(now, args);
    assert_eq!(ran.code, Some(0), "{now} {args:?}: {ran:?}");
    ran.stdout
}

fn morning(world: &dyn World, day: Date) {
    let now = at(day, "07:30");
    match day.to_string().as_str() {
        // Longer than anybody's patience: the look is incomplete, and nothing is concluded.
        "2026-03-24" => {
            world.trouble(Trouble::ListsFail(503, 8));
            world.run(&now, &["sync"]);
            world.trouble(Trouble::ForgetTokens);
        }
        "2026-04-08" => world.trouble(Trouble::ListCut),
        "2026-04-16" => world.trouble(Trouble::TokenEnds),
        _ => {}
    }
    must_in_time(world, &now, &["sync"]);
}

/// A storm may last into this run; the next one is through.
fn must_in_time(world: &dyn World, now: &str, args: &[&str]) {
    for _ in 0..3 {
        let ran = world.run(now, args);
        match ran.code {
            Some(0) => return,
            Some(3) => {}
            _ => panic!("{now} {args:?}: {ran:?}"),
        }
    }
    panic!("{now} {args:?}: the storm does not end");
}

fn evening(world: &dyn World, day: Date) {
    let now = at(day, "18:30");
    let apply: [&str; 2] = ["apply", "--yes"];
    let dies = |moment: &str| {
        world.clock(&now);
        let ran = world.home().run_with(&now, &apply, &[("ONBEAT_DIE_AT", moment)]);
        assert_eq!(ran.code, None, "it should have died at {moment} on {day}: {ran:?}");
    };
    match day.to_string().as_str() {
        "2026-03-02" => dies("sent"),
        "2026-03-17" => world.trouble(Trouble::DoneBut503("events.patch")),
        "2026-03-23" => {
            world.trouble(Trouble::ListsFail(429, 2));
            world.trouble(Trouble::ListsFail(503, 1));
            world.trouble(Trouble::TooFast("events.patch"));
        }
        "2026-04-15" => dies("intent-written"),
        "2026-04-14" => world.trouble(Trouble::DoneAndCut("events.patch")),
        "2026-04-20" => dies("sent"),
        "2026-04-22" => world.trouble(Trouble::DoneAndCut("events.insert")),
        "2026-04-28" => world.trouble(Trouble::DoneBut503("events.patch")),
        "2026-05-06" => world.trouble(Trouble::Overtaken("events.patch")),
        "2026-05-11" => dies("read-back"),
        _ => {}
    }
    must_in_time(world, &now, &apply);
    if day.weekday() != Weekday::Tuesday {
        return;
    }
    let again = must(world, &now, &["plan"]);
    let settled = again.contains("Nothing to do") || !again.contains("    + ");
    assert!(settled, "{day}: planned again:\n{again}");
}

fn people_do(world: &dyn World, day: Date) {
    let noon = at(day, "12:00");
    let who = address;
    world.clock(&noon);
    match day.to_string().as_str() {
        "2026-03-06" => {
            must(world, &noon, &["note", "bob", "Budget"]);
            must(world, &noon, &["note", "bob", "Offsite"]);
        }
        "2026-03-11" => {
            world.drag(&who("dave"), berlin("2026-03-17 10:00"), berlin("2026-03-18 15:00"));
        }
        "2026-03-12" => {
            world.answer(&who("erin"), berlin("2026-03-17 14:00"), "declined", "another meeting");
        }
        "2026-03-13" => {
            // onbeat asked for another time on the evening before.
            world.answer(&who("erin"), berlin("2026-03-17 14:00"), "accepted", "");
            must(world, &noon, &["note", "bob", "Hiring & <plans>"]);
        }
        "2026-03-16" => edit_of_bobs_agenda(world),
        "2026-03-18" => {
            // The deletion falls into the time that the forgotten token covers.
            world.cancel(&who("frank"), berlin("2026-03-25 10:00"));
            world.trouble(Trouble::ForgetTokens);
        }
        "2026-03-19" => {
            let title = "Heidi and Alice, weekly";
            world.split(&who("heidi"), berlin("2026-03-26 10:00"), title, None);
        }
        "2026-03-20" => world.leave("Vacation", date(2026, 3, 30), date(2026, 4, 4)),
        "2026-04-07" => {
            let (from, to) = (berlin("2026-04-13 14:00"), berlin("2026-04-14 15:00"));
            world.split(&who("carol"), from, "Carol / Alice on Tuesdays", Some(to));
        }
        "2026-04-15" => {
            let comment = "Declined because I am out of office";
            world.answer(&who("frank"), berlin("2026-04-22 10:00"), "declined", comment);
        }
        "2026-04-22" => world.delete(&who("ivan")),
        "2026-04-28" => {
            let (from, to) = (berlin("2026-05-05 09:30"), berlin("2026-05-05 11:00"));
            world.entry(crate::backend::ALICE, "Board meeting", from, to);
        }
        "2026-05-08" => drop(must(world, &noon, &["note", "heidi", "Promotion"])),
        "2026-05-12" => world.cancel(&who("dave"), berlin("2026-05-19 10:00")),
        "2026-05-14" => {
            world.drag(&who("erin"), berlin("2026-05-19 14:00"), berlin("2026-05-20 16:00"));
        }
        "2026-05-18" => {
            world.drag(&who("erin"), berlin("2026-05-19 14:00"), berlin("2026-05-22 11:00"));
        }
        _ => {}
    }
}

/// On the morning of the meeting: a tick, a line of her own, a line above everything.
fn edit_of_bobs_agenda(world: &dyn World) {
    let meeting = berlin("2026-03-16 10:00");
    let bob = address("bob");
    let text = world.read(&bob, meeting);
    assert!(text.contains("[ ] Alice: Budget"), "the agenda is not there: {text}");
    assert!(text.contains("Hiring & ‹plans>"), "{text}");
    let ticked = text.replace("[ ] Alice: Budget", "[x] Alice: Budget");
    let typed = ticked.replace("[ ] Alice: Offsite", "[ ] Alice: Offsite\n[ ] Bob: sign <it> & go");
    world.type_in(&bob, meeting, &format!("Call me first\n{typed}"));
}

/// The ledger's verdicts over the quarter, a line each: who, when it should have been,
/// what became of it.
pub fn verdicts(world: &dyn World) -> Vec<String> {
    let now = at(date(2026, 6, 1), "08:00");
    let span = ["--since", "2026-03-02", "--until", "2026-05-30"];
    let args = [&["report", "--format", "json"][..], &span].concat();
    let report: Value = serde_json::from_str(&must(world, &now, &args)).unwrap();
    let line = |beat: &Value| {
        let text = |key: &str| beat[key].as_str().unwrap_or("-");
        // How a calendar says that one meeting is off is its own affair.
        let cause = text("cause").replace("exdate", "cancelled");
        let name = text("pair").split('@').next().unwrap_or_default().to_owned();
        let (planned, held) = (text("planned_start"), text("actual_start"));
        format!("{name} {planned} {} {held} {cause} pushes={}", text("verdict"), beat["pushes"])
    };
    report["beats"].as_array().unwrap().iter().map(line).collect()
}
