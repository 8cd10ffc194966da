//! Cases with another person: a decline arrives, and their time is known or said
//! to be unknown, never taken for free.

use jiff::Timestamp;
use onbeat::model::id::{Address, EventUid};
use onbeat::model::plan::Precondition;
use onbeat::model::time::Window;

use crate::site::Site;
use crate::support::mirror::{Mirror, unfold};
use crate::text::{calendar, changed, creation, single, weekly};

const PEOPLE: [&str; 3] = [
    "ORGANIZER;CN=Alice:mailto:alice@example.test",
    "ATTENDEE;CN=Alice;PARTSTAT=ACCEPTED:mailto:alice@example.test",
    "ATTENDEE;CN=Bob;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob@example.test",
];

/// Bob's answer in a text: his PARTSTAT in the override of 14 January.
pub fn declined(unfolded: &str) -> String {
    let text = unfolded.replace('\n', "\r\n");
    let (before, rest) = text.split_at(override_at(&text));
    let line_of_bob =
        |line: &str| line.starts_with("ATTENDEE") && line.contains("bob@example.test");
    let lines = rest.lines().map(|line| {
        if line_of_bob(line) {
            "ATTENDEE;CN=Bob;PARTSTAT=DECLINED:mailto:bob@example.test".to_owned()
        } else {
            line.to_owned()
        }
    });
    format!("{before}{}\r\n", lines.collect::<Vec<_>>().join("\r\n"))
}

/// Where the override's component begins.
fn override_at(text: &str) -> usize {
    let id = text.find("\nRECURRENCE-ID").expect("the override is there");
    text[..id].rfind("BEGIN:VEVENT").expect("inside a component")
}

pub async fn a_decline_is_seen(site: &Site) {
    let uid = site.uid("series");
    let mut events = vec![weekly(&uid, &PEOPLE)];
    if site.traits.overrides_at_once {
        events.push(changed(&uid, 14, &PEOPLE));
    }
    let text = calendar(&events);
    let place = if site.traits.schedules { &site.invitations } else { &site.calendar };
    let href = site.provider.href_for(place, &EventUid::new(&*uid));
    let write = creation(&href, &uid, &text);
    let written = site.provider.put(place, &write, &Precondition::Absent).await.unwrap();
    let mut mirror = Mirror::default();
    site.read_of(place, &mut mirror).await.unwrap();
    let asked = mirror.with_uid(&uid).unwrap().clone();
    let name = written.href.as_str().rsplit('/').next().unwrap().replace("%40", "@");
    site.hand.bob_declines(&name, &uid);
    site.read_of(place, &mut mirror).await.unwrap();
    let answered = mirror.with_uid(&uid).unwrap();
    assert_ne!(answered.etag, asked.etag, "the answer changes the resource");
    let text = unfold(&answered.data);
    let at = override_at(&text);
    let end = at + text[at..].find("END:VEVENT").unwrap();
    let of_bob = |line: &&str| line.starts_with("ATTENDEE") && line.contains("bob@example.test");
    let in_override = text[at..end].lines().find(of_bob).expect("bob is asked");
    assert!(in_override.contains("PARTSTAT=DECLINED"), "{in_override}");
    let rest = format!("{}{}", &text[..at], &text[end..]);
    let in_master = rest.lines().find(of_bob).expect("bob is asked");
    let untouched = in_master.contains("PARTSTAT=NEEDS-ACTION");
    assert_eq!(untouched, site.traits.answers_per_occurrence, "{in_master}");
}

fn january(day: i8, hour: i8) -> Timestamp {
    jiff::civil::date(2031, 1, day).at(hour, 0, 0, 0).in_tz("UTC").unwrap().timestamp()
}

pub async fn free_busy_of_others_is_known_or_said_to_be_unknown(site: &Site) {
    let bob = Address::new("bob@example.test");
    let taken = single(&site.uid("bobs"), 15, "Private").replace("203001", "203101");
    if let Some(server) = site.server {
        let path = format!("{}bobs-{}.ics", server.default_calendar("bob"), site.tag);
        let put = server.dav("bob", "PUT", &path, &[], taken.as_bytes());
        assert!(matches!(put.status, 200..=204), "{}", put.text());
    }
    let ask = async |from: Timestamp, to: Timestamp| {
        let window = Window::new(from, to);
        let answers = site.provider.free_busy(std::slice::from_ref(&bob), window).await.unwrap();
        let [answer] = answers.try_into().expect("one answer per person");
        assert_eq!(answer.who, bob);
        answer.busy
    };
    let on_the_day = ask(january(15, 0), january(16, 0)).await;
    let on_another = ask(january(22, 0), january(23, 0)).await;
    if !site.traits.free_busy {
        assert!(on_the_day.is_err() && on_another.is_err(), "unknown is not free");
        return;
    }
    let busy = on_the_day.unwrap();
    let meeting = Window::new(january(15, 9), january(15, 9) + jiff::SignedDuration::from_mins(30));
    assert_eq!(busy.iter().map(|period| period.span).collect::<Vec<_>>(), [meeting]);
    assert!(busy.iter().all(|period| period.label.is_none()), "no titles of other people");
    assert_eq!(on_another.unwrap(), []);
}

pub async fn free_busy_of_a_stranger_is_unknown_and_not_free(site: &Site) {
    let who = [Address::new("pat@elsewhere.test"), Address::new("quinn@elsewhere.test")];
    let window = Window::new(january(1, 0), january(8, 0));
    let answers = site.provider.free_busy(&who, window).await.unwrap();
    let asked: Vec<&Address> = answers.iter().map(|answer| &answer.who).collect();
    assert_eq!(asked, who.iter().collect::<Vec<_>>(), "one answer each, in order");
    for answer in &answers {
        let why = answer.busy.as_ref().expect_err("a stranger's time is unknown");
        assert!(!why.is_empty());
    }
    assert_eq!(site.provider.free_busy(&[], window).await.unwrap(), []);
}
