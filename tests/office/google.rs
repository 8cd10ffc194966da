//! The world on Google: Alice's account with a refresh token, everybody's own calendar,
//! deeds by the web page. The same on the fake and on the lab server.

use std::cell::RefCell;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::backend::{ALICE, Backend, Trouble};
use crate::support::google::Mail;
use crate::support::household::Home;
use crate::world::World;

pub struct GoogleWorld<B> {
    pub backend: B,
    home: Home,
    /// What the program mailed.
    mails: RefCell<Vec<Mail>>,
}

/// An account of Google's in the configuration.
pub fn account(name: &str, base: &str, calendar: &str) -> String {
    format!(
        "[[account]]\nname = \"{name}\"\nkind = \"google\"\nclient = \"client.json\"\n\
         token = {{ file = \"{name}.token\" }}\napi = \"{base}/calendar/v3/\"\n\
         calendar = \"{calendar}\"\n\n"
    )
}

/// Alice, before her accounts.
pub const ME: &str = "[me]\nname = \"Alice\"\nemail = [\"alice@example.test\"]\n\
    timezone = \"Europe/Berlin\"\n\n";

pub fn token(backend: &impl Backend, who: &str) -> String {
    json!({ "refresh_token": backend.refresh(who), "scopes": [] }).to_string()
}

/// A moment as the API wants it.
pub fn when(at: Timestamp) -> Value {
    json!({ "dateTime": at.to_string(), "timeZone": "Europe/Berlin" })
}

const HALF_AN_HOUR: jiff::SignedDuration = jiff::SignedDuration::from_mins(30);

impl<B: Backend> GoogleWorld<B> {
    pub fn new(backend: B, pairs: &str) -> Self {
        let client = backend.client_file().to_string();
        let token = token(&backend, ALICE);
        let config = format!("{ME}{}{pairs}", account("work", &backend.base(), ALICE));
        let home = Home::new(&config, &[("client.json", &client), ("work.token", &token)]);
        Self { backend, home, mails: RefCell::default() }
    }

    /// A deed of a person's; the mails it causes are the person's.
    fn act(&self, who: &str, method: &str, params: Value, body: Value) -> Value {
        self.keep();
        let done = self.backend.act(who, method, params, body);
        self.backend.outbox();
        done
    }

    fn keep(&self) {
        self.mails.borrow_mut().extend(self.backend.outbox());
    }

    /// What the program mailed: to whom and what.
    pub fn mailed(&self) -> Vec<(String, String)> {
        self.keep();
        let mails = self.mails.borrow();
        let mut out: Vec<_> = mails.iter().map(|m| (m.to.clone(), m.kind.clone())).collect();
        out.sort();
        out
    }

    /// Everything that stands in a calendar.
    pub fn standing(&self, whose: &str) -> Vec<Value> {
        let listed = self.act(whose, "events.list", json!({}), Value::Null);
        let rows = listed["items"].as_array().cloned().unwrap_or_default();
        rows.into_iter().filter(|row| row["status"] != "cancelled").collect()
    }

    pub fn masters(&self, whose: &str, who: &str) -> Vec<Value> {
        let with = |row: &Value| {
            let guests = row["attendees"].as_array().into_iter().flatten();
            guests.clone().any(|guest| guest["email"] == who)
        };
        let rows = self.standing(whose).into_iter();
        rows.filter(|row| row.get("recurrence").is_some() && with(row)).collect()
    }

    /// The occurrence as a calendar holds it.
    pub fn occurrence(&self, whose: &str, who: &str, original: Timestamp) -> Value {
        let masters = self.masters(whose, who);
        for master in masters.iter().rev() {
            let params = json!({ "eventId": master["id"], "originalStart": original.to_string() });
            let page = self.act(whose, "events.instances", params, Value::Null);
            if let Some(found) = page["items"].as_array().and_then(|rows| rows.first()) {
                return found.clone();
            }
        }
        panic!("no meeting with {who} at {original} in {masters:#?}");
    }

    fn change(&self, who: &str, original: Timestamp, fields: Value, send: &str) {
        let id = self.occurrence(ALICE, who, original)["id"].clone();
        self.act(ALICE, "events.patch", json!({ "eventId": id, "sendUpdates": send }), fields);
    }
}

/// What the web editor makes of a text: markup for lines, references for signs.
fn as_html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<p>{}</p>", text.split('\n').collect::<Vec<_>>().join("<br>"))
}

/// What the web page shows of a description.
fn as_text(html: &str) -> String {
    let text = html.replace("<br>", "\n").replace("<p>", "").replace("</p>", "");
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

impl<B: Backend> World for GoogleWorld<B> {
    fn home(&self) -> &Home {
        &self.home
    }

    fn clock(&self, now: &str) {
        self.backend.clock(now);
    }

    fn trouble(&self, trouble: Trouble) {
        self.backend.trouble(trouble);
    }

    fn drag(&self, who: &str, original: Timestamp, to: Timestamp) {
        let fields = json!({ "start": when(to), "end": when(to + HALF_AN_HOUR) });
        self.change(who, original, fields, "all");
    }

    fn cancel(&self, who: &str, original: Timestamp) {
        let id = self.occurrence(ALICE, who, original)["id"].clone();
        let params = json!({ "eventId": id, "sendUpdates": "all" });
        self.act(ALICE, "events.delete", params, Value::Null);
    }

    fn answer(&self, who: &str, original: Timestamp, answer: &str, comment: &str) {
        let id = self.occurrence(who, who, original)["id"].clone();
        let row = json!({ "email": who, "responseStatus": answer, "comment": comment });
        let fields = json!({ "attendees": [row], "attendeesOmitted": true });
        self.act(who, "events.patch", json!({ "eventId": id, "sendUpdates": "all" }), fields);
    }

    fn split(&self, who: &str, original: Timestamp, title: &str, to: Option<Timestamp>) {
        let id = self.occurrence(ALICE, who, original)["id"].clone();
        let mut changes = json!({ "summary": title });
        if let Some(to) = to {
            let day = |at: Timestamp| at.strftime("%a").to_string()[..2].to_uppercase();
            let rule = self.masters(ALICE, who).last().unwrap()["recurrence"][0].clone();
            let (old, new) = (format!("BYDAY={}", day(original)), format!("BYDAY={}", day(to)));
            changes["recurrence"] = json!([rule.as_str().unwrap().replace(&old, &new)]);
            changes["start"] = when(to);
            changes["end"] = when(to + HALF_AN_HOUR);
        }
        self.act(ALICE, "ui.thisAndFollowing", json!({ "eventId": id }), changes);
    }

    fn delete(&self, who: &str) {
        for master in self.masters(ALICE, who) {
            let params = json!({ "eventId": master["id"], "sendUpdates": "all" });
            self.act(ALICE, "events.delete", params, Value::Null);
        }
    }

    fn read(&self, who: &str, original: Timestamp) -> String {
        let held = self.occurrence(ALICE, who, original);
        as_text(held["description"].as_str().unwrap_or_default())
    }

    fn type_in(&self, who: &str, original: Timestamp, text: &str) {
        self.change(who, original, json!({ "description": as_html(text) }), "none");
    }

    fn entry(&self, who: &str, title: &str, from: Timestamp, to: Timestamp) {
        let body = json!({ "summary": title, "start": when(from), "end": when(to) });
        self.act(who, "events.insert", json!({}), body);
    }

    fn leave(&self, title: &str, from: Date, to: Date) {
        let day = |date: Date| json!({ "date": date.to_string() });
        let body = json!({ "summary": title, "start": day(from), "end": day(to) });
        self.act(ALICE, "events.insert", json!({}), body);
    }

    fn series(&self, who: &str) -> usize {
        let open = |row: &&Value| {
            let rule = row["recurrence"][0].as_str().unwrap_or_default();
            !rule.contains("UNTIL")
        };
        self.masters(ALICE, who).iter().filter(open).count()
    }
}

/// The moment of a time of the API's.
pub fn instant(time: &Value) -> Timestamp {
    let text = time["dateTime"].as_str().unwrap();
    text.parse().unwrap_or_else(|_| crate::world::berlin(text))
}
