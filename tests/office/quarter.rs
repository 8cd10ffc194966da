//! The quarter on each world, and what must be true after it: the same verdicts
//! everywhere, no mail but the wanted ones, nothing that Google holds against us.

use serde_json::Value;

use crate::backend::{ALICE, Backend, Judgement, fake, lab};
use crate::caldav::DavWorld;
use crate::google::GoogleWorld;
use crate::story::{self, REPORTS, address};
use crate::support::servers::{Kind, shared};
use crate::support::{env, tell};
use crate::world::World;

fn names(people: &[String]) -> Vec<&str> {
    people.iter().map(String::as_str).collect()
}

#[test]
fn a_quarter_on_the_fake() {
    google(fake(&names(&story::people())));
}

#[test]
fn a_quarter_on_the_lab_server() {
    if let Some(lab) = lab(&names(&story::people())) {
        google(lab);
    }
}

#[test]
fn a_quarter_on_radicale() {
    let Some(server) = shared(Kind::Radicale) else { return };
    let world = DavWorld::new(server, "quarter", &story::pairs());
    story::tell(&world);
    same_everywhere(&world);
}

/// The verdicts are those of every other world, and there is one series for each pair.
fn same_everywhere(world: &dyn World) {
    let told = story::verdicts(world).join("\n") + "\n";
    if env("ONBEAT_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/office/verdicts.txt");
        std::fs::write(path, &told).unwrap();
    }
    similar_asserts(&told, include_str!("verdicts.txt"));
    for (name, ..) in REPORTS {
        assert_eq!(world.series(&address(name)), 1, "open series with {name}");
    }
}

fn similar_asserts(told: &str, expected: &str) {
    let differ: Vec<_> = told.lines().zip(expected.lines()).filter(|(a, b)| a != b).collect();
    assert!(differ.is_empty(), "verdicts and what they should be: {differ:#?}");
    assert_eq!(told.lines().count(), expected.lines().count());
}

/// Mails the manager wants: an invitation for each series, one for the series made
/// again after she deleted it, and one word for each meeting onbeat moved: Erin's and
/// Frank's, which they declined, and Dave's, which met the board.
fn wanted() -> Vec<(String, String)> {
    let invite = |name: &str| (address(name), "invite".to_owned());
    let mut wanted: Vec<_> = REPORTS.iter().map(|(name, ..)| invite(name)).collect();
    wanted.push(invite("ivan"));
    wanted.extend(["dave", "erin", "frank"].map(|name| (address(name), "update".to_owned())));
    wanted.sort();
    wanted
}

fn google<B: Backend>(backend: B) {
    let world = GoogleWorld::new(backend, &story::pairs());
    story::tell(&world);
    same_everywhere(&world);
    assert_eq!(world.mailed(), wanted());
    // No warning is justified: what onbeat writes is never harmful.
    assert_eq!(world.backend.judgement(), Judgement::default());
    assert_eq!(world.backend.pending(), Vec::<String>::new(), "a trouble that never came");
    for (name, ..) in REPORTS {
        copies_agree(&world, &address(name));
    }
    tell(&format!("{} API requests in a quarter of 65 days", world.backend.requests()));
}

/// What the partner sees is what Alice sees, meeting by meeting; nothing is there
/// twice, and an agenda stands once in its event.
fn copies_agree<B: Backend>(world: &GoogleWorld<B>, who: &str) {
    let meetings = |whose: &str| {
        let rows = world.standing(whose).into_iter();
        let with = |row: &Value, one: &str| {
            row["attendees"].as_array().into_iter().flatten().any(|guest| guest["email"] == one)
        };
        let both = rows.filter(|row| with(row, who) && with(row, ALICE));
        let said = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let mut out: Vec<_> = both
            .map(|row| {
                let start = said(&row["start"], "dateTime");
                // A series begins where its first meeting does.
                let start = if row["recurrence"].is_array() { "series".to_owned() } else { start };
                (said(&row, "id"), start, said(&row, "summary"), said(&row, "description"))
            })
            .collect();
        out.sort();
        out
    };
    let (own, theirs) = (meetings(ALICE), meetings(who));
    assert_eq!(own, theirs, "{who} sees something else");
    for (id, start, _, text) in &own {
        assert!(text.matches("onbeat —").count() <= 1, "two agendas in {id}: {text}");
        let same = own.iter().filter(|one| one.1 == *start).count();
        assert!(same == 1 || start == "series", "{who}: {id} at {start} is there twice");
    }
}
