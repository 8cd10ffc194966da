//! A company's service account acts for three users: each one's onbeat signs in for its
//! user alone and writes the agenda as that user, the organizer.

use serde_json::json;

use crate::backend::{ALICE, Backend, Judgement, fake, lab};
use crate::google::{account, when};
use crate::support::household::Home;
use crate::world::berlin;

const PARTNER: &str = "bob@example.test";
const BOSSES: [&str; 3] = [ALICE, "carol@example.test", "dave@example.test"];

#[test]
fn three_users_of_a_domain_on_the_fake() {
    three_users(&fake(&BOSSES));
}

#[test]
fn three_users_of_a_domain_on_the_lab_server() {
    if let Some(lab) = lab(&[&BOSSES[1..], &[PARTNER]].concat()) {
        three_users(&lab);
    }
}

fn home(backend: &impl Backend, user: &str) -> Home {
    let name = user.split('@').next().unwrap();
    let account = account("work", &backend.base(), user);
    let account =
        account.replace("token = { file = \"work.token\" }", &format!("subject = \"{user}\""));
    let config = format!(
        "[me]\nname = \"{name}\"\nemail = [\"{user}\"]\ntimezone = \"Europe/Berlin\"\n\n{account}\
         [[pair]]\nwith = \"{PARTNER}\"\nname = \"Bob\"\nrole = \"report\"\nmode = \"act\"\n"
    );
    let key = backend.service_file().to_string();
    Home::new(&config, &[("client.json", &key)])
}

fn three_users(backend: &impl Backend) {
    for (n, user) in BOSSES.into_iter().enumerate() {
        let time = |end: &str| when(berlin(&format!("2026-03-10 {}:{end}", 10 + n)));
        let id = format!("oneonone{n}");
        let guests = json!([{ "email": user, "responseStatus": "accepted" }, { "email": PARTNER }]);
        let series = json!({ "id": id, "summary": format!("1:1 {user} / Bob"), "attendees": guests,
            "start": time("00"), "end": time("30"), "recurrence": ["RRULE:FREQ=WEEKLY"] });
        backend.act(user, "events.insert", json!({ "sendUpdates": "all" }), series);
    }
    backend.outbox();
    for (n, user) in BOSSES.into_iter().enumerate() {
        let home = home(backend, user);
        let evening = berlin("2026-03-09 18:30").to_string();
        home.must(&evening, &["note", "bob", &format!("from {user}")]);
        home.must(&evening, &["apply", "--yes"]);
        // What the organizer wrote stands on the organizer's and on the partner's copy.
        let original = berlin(&format!("2026-03-10 {}:00", 10 + n)).to_string();
        for whose in [user, PARTNER] {
            let params = json!({ "eventId": format!("oneonone{n}"), "originalStart": original });
            let page = backend.act(whose, "events.instances", params, json!(null));
            let meeting = &page["items"][0];
            let text = meeting["description"].as_str().unwrap_or_default();
            assert!(text.contains(&format!("from {user}")), "{whose}: {meeting}");
            assert_eq!(meeting["organizer"]["email"], user);
        }
        assert!(home.must(&evening, &["plan"]).contains("Nothing to do"));
    }
    assert!(backend.outbox().is_empty(), "an agenda mails nobody");
    assert_eq!(backend.judgement(), Judgement::default());
    // Somebody outside the domain is refused, and the program says so.
    let stranger = home(backend, "eve@outside.example").run("2026-03-09T17:30:00Z", &["sync"]);
    assert_eq!(stranger.code, Some(3), "{stranger:?}");
    assert!(stranger.stdout.contains("credentials") || stranger.stderr.contains("credentials"));
}
