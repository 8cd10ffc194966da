//! Pairs over two houses: the owner on Radicale and the partner at Google by invitation,
//! and the other way round. Writes land with the organizer; the other side reads.

use serde_json::{Value, json};

use crate::backend::{ALICE, Backend, Fake, Judgement, fake};
use crate::google::{GoogleWorld, ME, account, token, when};
use crate::support::household::{Home, Household};
use crate::support::servers::{Kind, Server, password, shared};
use crate::world::{World, berlin};

const BOB: &str = "bob@example.test";
const CAROL: &str = "carol@example.test";
const APPLY: [&str; 2] = ["apply", "--yes"];

fn pair(with: &str, name: &str, account: &str) -> String {
    format!(
        "[[pair]]\nwith = \"{with}\"\nname = \"{name}\"\nrole = \"report\"\nevery = \"1 week\"\n\
         duration = \"30 min\"\nideal = \"Tue 10:00\"\nwindow = \"Mon-Fri 09:00-17:00\"\n\
         mode = \"act\"\naccount = \"{account}\"\n"
    )
}

fn keep(home: &Home, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(home.path(name), text).unwrap();
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(home.path(name), mode).unwrap();
}

/// Everything in somebody's calendar at Google.
fn events(backend: &Fake, who: &str) -> Vec<Value> {
    let page = backend.act(who, "events.list", json!({}), json!(null));
    page["items"].as_array().unwrap().clone()
}

#[test]
fn the_owner_on_radicale_and_the_partner_at_google() {
    let Some(server) = shared(Kind::Radicale) else { return };
    let backend = fake(&[]);
    let taken = json!({ "summary": "Audit", "start": when(berlin("2026-03-10 09:00")),
        "end": when(berlin("2026-03-10 12:00")) });
    backend.act(BOB, "events.insert", json!({}), taken);
    let google = account("google", &backend.base(), ALICE);
    let rest = format!("{google}{}", pair(BOB, "Bob", "work"));
    let alice = Household::new(server, "alice", "mixed-owner", &rest);
    keep(&alice, "client.json", &backend.client_file().to_string());
    keep(&alice, "google.token", &token(&backend, ALICE));
    let monday = berlin("2026-03-02 07:30").to_string();
    alice.must(&monday, &APPLY);
    alice.add(
        "call.ics",
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//phone//EN\nBEGIN:VEVENT\nUID:call\n\
         DTSTAMP:20260301T000000Z\nDTSTART;TZID=Europe/Berlin:20260310T100000\n\
         DTEND;TZID=Europe/Berlin:20260310T103000\nSUMMARY:Call\nEND:VEVENT\nEND:VCALENDAR\n",
    );
    alice.must(&monday, &APPLY);
    // Radicale tells nothing of Bob's time; Google does: not before his audit is over.
    let (_, text) = alice.member_with("UID:onbeat-");
    let moved = "DTSTART;TZID=Europe/Berlin:20260310T1200";
    let plan = alice.run(&monday, &["why", "bob"]);
    assert!(text.contains(moved), "{plan:?}\n{text}");
    assert!(events(&backend, ALICE).is_empty(), "the series was written to the wrong house");
    bob_is_invited(&backend, &alice, &text);
}

/// Bob's mail program took the invitation; his own onbeat reads and writes nothing.
fn bob_is_invited(backend: &Fake, alice: &Home, series: &str) {
    let uid = series.lines().find_map(|line| line.strip_prefix("UID:")).unwrap();
    let guests = json!([{ "email": ALICE, "responseStatus": "accepted" },
        { "email": BOB, "self": true, "responseStatus": "accepted" }]);
    let copy = json!({ "id": "fromoutside", "iCalUID": uid, "status": "confirmed",
        "summary": "Alice / Bob 1:1", "organizer": { "email": ALICE }, "attendees": guests,
        "start": when(berlin("2026-03-17 10:00")), "end": when(berlin("2026-03-17 10:30")),
        "recurrence": ["RRULE:FREQ=WEEKLY"] });
    backend.0.receive(BOB, copy);
    let before = events(backend, BOB);
    let me = ME.replace("Alice", "Bob").replace("alice@", "bob@");
    let boss = pair(ALICE, "Alice", "work").replace("\"report\"", "\"manager\"");
    let config = format!("{me}{}{boss}", account("work", &backend.base(), BOB));
    let files =
        [("client.json", backend.client_file().to_string()), ("work.token", token(backend, BOB))];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    let bob = Home::new(&config, &files);
    let evening = berlin("2026-03-16 18:30").to_string();
    bob.must(&evening, &["note", "alice", "Raise"]);
    bob.must(&evening, &APPLY);
    assert_eq!(events(backend, BOB), before, "a guest's onbeat wrote into the organizer's event");
    let plan = bob.must(&evening, &["plan"]);
    assert!(!plan.contains("    + "), "{plan}");
    let agenda = bob.must(&evening, &["agenda", "alice"]);
    assert!(agenda.contains("Raise"), "it is prepared all the same: {agenda}");
    let report = bob.must(&berlin("2026-03-18 08:00").to_string(), &["report", "--format", "json"]);
    assert!(report.contains("\"held\""), "{report}");
    // The organizer's agenda goes to the organizer's house.
    alice.must(&evening, &["note", "bob", "Budget"]);
    alice.must(&evening, &APPLY);
    assert_eq!(events(backend, BOB), before);
    assert_eq!(backend.judgement(), Judgement::default());
}

#[test]
fn the_owner_at_google_and_the_partner_on_radicale() {
    let Some(server) = shared(Kind::Radicale) else { return };
    let dentist = dentist(server);
    let private = format!(
        "[[account]]\nname = \"private\"\nkind = \"caldav\"\nurl = \"{}\"\nusername = \"alice\"\n\
         password = {{ file = \"password\" }}\ncalendar = \"mixed-private\"\n\n",
        server.url()
    );
    let world = GoogleWorld::new(fake(&[]), &format!("{private}{}", pair(CAROL, "Carol", "work")));
    keep(world.home(), "password", &password("alice"));
    let monday = berlin("2026-03-02 07:30").to_string();
    world.home().must(&monday, &APPLY);
    // The owner's other calendar counts, and nothing is written there.
    let series = world.masters(ALICE, CAROL).remove(0);
    let first = world.occurrence(ALICE, CAROL, berlin("2026-03-10 10:00"));
    let at: jiff::Timestamp = crate::google::instant(&first["start"]);
    assert!(at < berlin("2026-03-10 08:31") || at >= berlin("2026-03-10 12:00"), "{first}");
    let evening = berlin("2026-03-16 18:30").to_string();
    world.home().must(&evening, &["note", "carol", "Budget"]);
    world.home().must(&evening, &APPLY);
    assert!(world.read(CAROL, berlin("2026-03-17 10:00")).contains("Budget"));
    let held = server.dav("alice", "GET", &dentist, &[], b"").text();
    assert!(held.contains("Dentist") && !held.contains("Budget"));
    // She is of another house: told by mail, and her time stays unknown.
    assert!(world.mailed().contains(&(CAROL.to_owned(), "invite".to_owned())));
    assert_eq!(world.backend.judgement(), Judgement::default());
    carol_is_invited(server, &series);
}

fn dentist(server: &Server) -> String {
    let calendar = server.new_calendar("alice", "mixed-private");
    let text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//phone//EN\r\nBEGIN:VEVENT\r\nUID:dentist\r\n\
        DTSTAMP:20260301T000000Z\r\nDTSTART;TZID=Europe/Berlin:20260310T090000\r\n\
        DTEND;TZID=Europe/Berlin:20260310T120000\r\nSUMMARY:Dentist\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let href = format!("{calendar}dentist.ics");
    assert_eq!(server.dav("alice", "PUT", &href, &[], text.as_bytes()).status, 201);
    href
}

/// Carol put the invitation into her calendar; her onbeat reads and writes nothing.
fn carol_is_invited(server: &Server, series: &Value) {
    let boss = pair(ALICE, "Alice", "work").replace("\"report\"", "\"manager\"");
    let carol = Household::new(server, "carol", "mixed-guest", &boss);
    let uid = series["iCalUID"].as_str().unwrap();
    let text = format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Google Inc//Google Calendar 70.9054//EN\nBEGIN:VEVENT\n\
         UID:{uid}\nDTSTAMP:20260302T000000Z\nDTSTART;TZID=Europe/Berlin:20260317T100000\n\
         DTEND;TZID=Europe/Berlin:20260317T103000\nRRULE:FREQ=WEEKLY\nSUMMARY:Alice / Carol 1:1\n\
         ORGANIZER:mailto:{ALICE}\nATTENDEE;PARTSTAT=ACCEPTED:mailto:{ALICE}\n\
         ATTENDEE;PARTSTAT=ACCEPTED:mailto:{CAROL}\nEND:VEVENT\nEND:VCALENDAR\n"
    );
    carol.add("invitation.ics", &text);
    let before = carol.members();
    let evening = berlin("2026-03-16 18:30").to_string();
    carol.must(&evening, &["note", "alice", "Raise"]);
    carol.must(&evening, &APPLY);
    assert_eq!(carol.members(), before, "a guest's onbeat wrote into the organizer's event");
    let report =
        carol.must(&berlin("2026-03-18 08:00").to_string(), &["report", "--format", "json"]);
    assert!(report.contains("\"held\""), "{report}");
}
