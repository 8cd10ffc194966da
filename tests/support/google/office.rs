//! The people of the fake's domain together: one copy of a meeting for each guest, the
//! organizer's word and the guests' answers, the mails Google would send, and what a
//! person does in the web page. Knows no HTTP.

use serde_json::{Value, json};

use super::shelf::{Shelf, at, guests, merge};
use super::{Outcome, State};

/// A mail Google would have sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mail {
    pub to: String,
    /// `invite`, `update`, `cancel`, `response`.
    pub kind: String,
    pub by: String,
    pub event: String,
}

/// What is each person's own on the copy of a meeting.
const OWN: [&str; 4] = ["transparency", "visibility", "reminders", "extendedProperties"];

fn email(guest: &Value) -> String {
    guest["email"].as_str().unwrap_or_default().to_owned()
}

fn organizer(event: &Value) -> String {
    event["organizer"]["email"].as_str().unwrap_or_default().to_owned()
}

impl State {
    pub fn insert(&mut self, who: &str, send: &str, body: &Value) -> Outcome {
        let mut event = body.clone();
        let id = event["id"].as_str().map_or_else(|| format!("web{}", self.next()), str::to_owned);
        if self.shelf(who).events.contains_key(&id) || self.spent.contains(&id) {
            return Err((409, "duplicate"));
        }
        event["id"] = json!(id);
        event["status"] = json!("confirmed");
        if event.get("iCalUID").is_none() {
            event["iCalUID"] = json!(format!("{id}@google.com"));
        }
        event["organizer"] = json!({ "email": who, "self": true });
        self.shelf(who).store(&id, event.clone());
        self.spread(who, &event);
        self.mail(who, send, "invite", &event);
        Ok(self.shelf(who).events[&id].clone())
    }

    pub fn change(&mut self, who: &str, id: &str, send: &str, fields: &Value) -> Outcome {
        let old = self.shelf(who).find(id).ok_or((404, "notFound"))?;
        let mut fields = fields.clone();
        if fields["attendeesOmitted"] == json!(true) {
            fields = json!({ "attendees": answers(&old, &fields, who) });
        }
        let new = self.shelf(who).merged(id, &fields).ok_or((404, "notFound"))?;
        if new == old {
            self.warnings.push(format!("a patch of {id} that changes nothing"));
        }
        let organizer = organizer(&old);
        let guest = !organizer.is_empty() && organizer != who;
        self.shelf(who).store(id, new.clone());
        if guest {
            self.answered(who, &organizer, id, &old, &new);
        } else {
            let lost = |row: &Value| {
                let before = guests(&old).into_iter().find(|g| g["email"] == row["email"]);
                row["responseStatus"] == "needsAction"
                    && before.is_some_and(|b| b["responseStatus"] != "needsAction")
            };
            if guests(&new).iter().any(lost) {
                self.warnings.push(format!("a write to {id} resets answers"));
            }
            self.spread(who, &new);
            let kind = if new["status"] == "cancelled" { "cancel" } else { "update" };
            self.mail(who, send, kind, &new);
        }
        Ok(self.shelf(who).events[id].clone())
    }

    pub fn cancel(&mut self, who: &str, id: &str, send: &str) -> Outcome {
        let event = self.shelf(who).find(id).ok_or((404, "notFound"))?;
        if event["status"] == "cancelled" {
            return Err((410, "deleted"));
        }
        if send != "all" && organizer(&event) == who && guests(&event).len() > 1 {
            // The guests keep their copies: nothing is spread.
            self.warnings.push(format!("{id} is cancelled and the guests keep it"));
            let mut off = event;
            off["status"] = json!("cancelled");
            self.shelf(who).store(id, off);
            return Ok(Value::Null);
        }
        self.change(who, id, send, &json!({ "status": "cancelled" })).map(|_| Value::Null)
    }

    /// A guest changed the own copy: the answer reaches everybody, the rest nobody.
    fn answered(&mut self, who: &str, organizer: &str, id: &str, old: &Value, new: &Value) {
        let shared = ["summary", "description", "start", "end", "location"];
        let local: Vec<&str> = shared.into_iter().filter(|key| old[*key] != new[*key]).collect();
        if !local.is_empty() {
            self.local_edits.push(format!("{who} {id}: {local:?}"));
        }
        let off = new["status"] == "cancelled";
        let Some(shelf) = self.people.get_mut(organizer) else { return };
        let Some(mut event) = shelf.find(id) else { return };
        let declined = json!({ "attendees": [{ "email": who, "responseStatus": "declined" }] });
        event["attendees"] = json!(answers(&event, if off { &declined } else { new }, who));
        shelf.store(id, event.clone());
        self.spread(organizer, &event);
    }

    /// The organizer's event on the guests' own calendars.
    fn spread(&mut self, from: &str, event: &Value) {
        let id = event["id"].as_str().unwrap().to_owned();
        for guest in guests(event).iter().map(email).filter(|guest| guest != from) {
            let Some(shelf) = self.people.get_mut(&guest) else { continue };
            let mut copy = event.clone();
            copy["organizer"] = json!({ "email": from });
            let before = shelf.find(&id);
            for key in OWN {
                match before.as_ref().and_then(|before| before.get(key)) {
                    Some(own) => copy[key] = own.clone(),
                    None => drop(copy.as_object_mut().unwrap().remove(key)),
                }
            }
            shelf.store(&id, copy);
        }
    }

    fn mail(&mut self, by: &str, send: &str, kind: &str, event: &Value) {
        if send != "all" {
            return;
        }
        let event_id = event["id"].as_str().unwrap_or_default().to_owned();
        for to in guests(event).iter().map(email).filter(|to| to != by) {
            let (kind, by) = (kind.to_owned(), by.to_owned());
            self.outbox.push(Mail { to, kind, by, event: event_id.clone() });
        }
    }

    /// The web page's "this and following": the old series ends the day before, a new
    /// one begins; a new time makes it a meeting of its own.
    pub fn split(&mut self, who: &str, instance: &str, changes: &Value) -> Outcome {
        let occurrence = self.shelf(who).find(instance).ok_or((404, "notFound"))?;
        let series = occurrence["recurringEventId"].as_str().ok_or((400, "invalid"))?.to_owned();
        let original = at(&occurrence["originalStartTime"]);
        let mut old = self.shelf(who).events[&series].clone();
        let mut new = old.clone();
        new["start"] = occurrence["originalStartTime"].clone();
        let length = at(&old["start"]).duration_until(at(&old["end"]));
        new["end"] = json!({ "dateTime": (original + length).to_string(), "timeZone": new["start"]["timeZone"] });
        merge(&mut new, changes);
        let rule =
            old["recurrence"][0].as_str().unwrap().split(";UNTIL=").next().unwrap().to_owned();
        let zone = old["start"]["timeZone"].as_str().unwrap_or("UTC");
        let midnight = original.in_tz(zone).unwrap().start_of_day().unwrap().timestamp();
        let until = midnight - jiff::SignedDuration::from_secs(1);
        old["recurrence"] = json!([format!("{rule};UNTIL={}", until.strftime("%Y%m%dT%H%M%SZ"))]);
        let id = match changes.get("start") {
            Some(_) => format!("web{}", self.next()),
            None => format!(
                "{}_R{}",
                series.split("_R").next().unwrap(),
                original.strftime("%Y%m%dT%H%M%S")
            ),
        };
        new["id"] = json!(id);
        new["iCalUID"] = json!(format!("{id}@google.com"));
        self.shelf(who).store(&series, old.clone());
        self.spread(who, &old);
        let later = |event: &Value| {
            event["recurringEventId"] == json!(series)
                && at(&event["originalStartTime"]) >= original
        };
        let gone: Vec<Value> =
            self.shelf(who).events.values().filter(|e| later(e)).cloned().collect();
        for mut exception in gone {
            exception["status"] = json!("cancelled");
            let id = exception["id"].as_str().unwrap().to_owned();
            self.shelf(who).store(&id, exception.clone());
            self.spread(who, &exception);
        }
        self.shelf(who).store(&id, new.clone());
        self.spread(who, &new);
        self.mail(who, "all", "update", &old);
        self.mail(who, "all", "invite", &new);
        Ok(self.shelf(who).events[&id].clone())
    }

    pub fn shelf(&mut self, who: &str) -> &mut Shelf {
        self.people.get_mut(who).unwrap_or_else(|| panic!("nobody is called {who}"))
    }

    fn next(&mut self) -> u64 {
        self.made += 1;
        self.made
    }
}

/// The rows of an event with one person's own answer taken from other fields.
fn answers(event: &Value, from: &Value, who: &str) -> Vec<Value> {
    let own = guests(from).into_iter().find(|row| row["email"] == who);
    let with = |mut row: Value| {
        if let Some(own) = own.as_ref().filter(|own| own["email"] == row["email"]) {
            merge(&mut row, own);
        }
        row
    };
    guests(event).into_iter().map(with).collect()
}
