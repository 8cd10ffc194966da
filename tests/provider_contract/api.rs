//! A site on the fake of Google's API. The other program's hand speaks calendar text
//! like everywhere; the little it says is put into fields here, without onbeat's help.

use std::time::Duration;

use onbeat::model::id::{AccountId, CalendarId};
use onbeat::model::server::MailEngine;
use onbeat::provider::CalendarProvider;
use onbeat::provider::google::oauth::Source;
use onbeat::provider::google::{Google, GoogleConfig};
use onbeat::provider::http::retry::RetryPolicy;
use onbeat::provider::http::secret::Secret;
use serde_json::{Value, json};

use crate::site::{Hand, Site, Traits};
use crate::support::google::{self, ALICE};
use crate::support::mirror::unfold;
use crate::support::proxy::Proxy;

/// A fresh account behind a proxy. Google keeps fields and not bytes, and a UID more
/// than once; a series is created first and its occurrences are changed after.
pub async fn google(case: &str) -> Option<Site> {
    let fake = google::Google::start();
    let proxy = Proxy::start(Some(fake.port));
    let calendar = CalendarId::new("site", ALICE);
    Some(Site {
        provider: provider(proxy.port, "access-0"),
        stranger: Some(provider(proxy.port, "not hers")),
        invitations: calendar.clone(),
        calendar,
        calendar_name: "1:1s".to_owned(),
        hand: Box::new(FieldHand { fake }),
        traits: Traits {
            keeps_bytes: false,
            unique_uids: false,
            schedules: true,
            answers_per_occurrence: true,
            free_busy: true,
            overrides_at_once: false,
            verbs: ("GET", "POST"),
            ending: "",
            engine: MailEngine::Google,
        },
        tag: case.to_owned(),
        server: None,
        proxy: Some(proxy),
        _folder: None,
    })
}

fn provider(port: u16, token: &str) -> Box<dyn CalendarProvider> {
    let api = format!("http://127.0.0.1:{port}/calendar/v3/").parse().unwrap();
    let source = Source::Token(Secret::new(token));
    let mut config = GoogleConfig::new(AccountId::new("site"), api, source);
    let base = Duration::from_millis(1);
    config.retry = RetryPolicy { attempts: 2, base, patience: Duration::ZERO };
    Box::new(Google::new(config).unwrap())
}

struct FieldHand {
    fake: google::Google,
}

/// An id for a name: its bytes in hex.
fn id(name: &str) -> String {
    name.bytes().map(|b| format!("{b:02x}")).collect()
}

/// `20300107T090000Z` as the API says it.
fn when(value: &str) -> Value {
    let at: jiff::Timestamp = value.parse().unwrap();
    json!({ "dateTime": at.to_string(), "timeZone": "UTC" })
}

/// The fields of one component's lines.
fn fields(lines: &[&str], series: &str) -> Value {
    let value = |name: &str| {
        let found = lines.iter().find_map(|line| line.strip_prefix(&format!("{name}:")));
        found.map(|text| text.replace("\\,", ",").replace("\\n", "\n"))
    };
    let mut event = json!({ "id": series, "status": "confirmed", "iCalUID": value("UID") });
    for (name, key) in
        [("SUMMARY", "summary"), ("DESCRIPTION", "description"), ("LOCATION", "location")]
    {
        if let Some(text) = value(name) {
            event[key] = json!(text);
        }
    }
    event["start"] = when(&value("DTSTART").unwrap());
    event["end"] = when(&value("DTEND").unwrap());
    if let Some(rule) = value("RRULE") {
        event["recurrence"] = json!([format!("RRULE:{rule}")]);
    }
    if let Some(original) = value("RECURRENCE-ID") {
        event["id"] = json!(format!("{series}_{original}"));
        event["recurringEventId"] = json!(series);
        event["originalStartTime"] = when(&original);
    }
    event
}

impl Hand for FieldHand {
    fn try_write(&self, name: &str, text: &str) -> bool {
        let text = unfold(text.as_bytes()).replace("\r\n", "\n");
        let parts = text.split("BEGIN:VEVENT\n").skip(1);
        for part in parts {
            // What another component inside says is no field here.
            let own = part.split("BEGIN:VALARM").next().unwrap_or(part);
            let lines: Vec<&str> = own.lines().collect();
            self.fake.write(fields(&lines, &id(name)));
        }
        true
    }

    fn remove(&self, name: &str) {
        self.fake.remove(&id(name));
    }

    fn read(&self, name: &str) -> Option<String> {
        let event = self.fake.held(&id(name)).filter(|event| event["status"] != "cancelled")?;
        let text = |key: &str| event[key].as_str().unwrap_or("").to_owned();
        Some(format!("SUMMARY:{}\r\nDESCRIPTION:{}\r\n", text("summary"), text("description")))
    }

    fn spoil(&self, name: &str) -> bool {
        self.fake.write(json!({ "id": id(name), "iCalUID": "broken", "status": "confirmed" }));
        true
    }

    fn bob_declines(&self, name: &str, _uid: &str) {
        let declined = json!([
            { "email": ALICE, "organizer": true, "responseStatus": "accepted" },
            { "email": "bob@example.test", "displayName": "Bob", "responseStatus": "declined" },
        ]);
        self.fake.edit(&format!("{name}_20300114T090000Z"), json!({ "attendees": declined }));
    }
}
