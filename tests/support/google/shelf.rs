//! One person's calendar in the fake: events and exceptions with their tags, what was
//! touched when, occurrences nobody changed yet, lists. Knows no other calendar.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde_json::{Map, Value, json};

use super::Outcome;

/// The events of one calendar.
#[derive(Default)]
pub struct Shelf {
    pub events: BTreeMap<String, Value>,
    /// The change that touched an event last.
    touched: BTreeMap<String, u64>,
    pub clock: u64,
    /// Sync tokens older than this are forgotten.
    pub oldest: u64,
}

impl Shelf {
    /// A series is one unit: every row of it gets the same new tag.
    pub fn store(&mut self, id: &str, event: Value) {
        self.clock += 1;
        let master = event["recurringEventId"].as_str().unwrap_or(id).to_owned();
        self.events.insert(id.to_owned(), event);
        let tag = json!(format!("\"{}\"", self.clock * 2));
        for (id, row) in &mut self.events {
            if *id == master || row["recurringEventId"] == json!(master) {
                row["etag"] = tag.clone();
                self.touched.insert(id.clone(), self.clock);
            }
        }
    }

    /// The event of an id; an occurrence nobody changed yet is made from its series.
    pub fn find(&self, id: &str) -> Option<Value> {
        if let Some(event) = self.events.get(id) {
            return Some(event.clone());
        }
        let (series, stamp) = id.rsplit_once('_')?;
        let start: Timestamp = stamp.parse().ok()?;
        let split = format!("{series}_R");
        let mut named =
            self.events.iter().filter(|(id, _)| *id == series || id.starts_with(&split));
        let (series, master) = named.find(|(_, event)| generates(event, start))?;
        let mut event = master.clone();
        let length = at(&event["start"]).duration_until(at(&event["end"]));
        let zone = event["start"]["timeZone"].clone();
        let when = |at: Timestamp| json!({ "dateTime": at.to_string(), "timeZone": zone });
        event["id"] = json!(id);
        event["recurringEventId"] = json!(series);
        event["originalStartTime"] = when(start);
        event["start"] = when(start);
        event["end"] = when(start + length);
        event.as_object_mut().unwrap().remove("recurrence");
        Some(event)
    }

    /// The occurrence of a series that began, or would have begun, at a moment.
    pub fn instances(&self, series: &str, original: &str) -> Outcome {
        let start: Timestamp = original.parse().map_err(|_| (400, "invalid"))?;
        // What the web page split off keeps the old series' id in its occurrences' ids.
        let base = series.split("_R").next().unwrap_or(series);
        let id = format!("{base}_{}", start.strftime("%Y%m%dT%H%M%SZ"));
        let rows: Vec<Value> = self.find(&id).into_iter().collect();
        Ok(json!({ "items": rows }))
    }

    /// Changes some fields; objects merge, lists are replaced, null takes away.
    pub fn merged(&self, id: &str, fields: &Value) -> Option<Value> {
        let mut event = self.find(id)?;
        merge(&mut event, fields);
        Some(event)
    }

    pub fn list(&self, query: &Map<String, Value>, page_size: usize) -> Outcome {
        let text = |key: &str| query.get(key).and_then(Value::as_str);
        let since =
            match text("syncToken").map(|t| t.strip_prefix("sync-").and_then(|n| n.parse().ok())) {
                Some(None) => return Err((410, "fullSyncRequired")),
                Some(Some(at)) if at < self.oldest => return Err((410, "fullSyncRequired")),
                at => at.flatten(),
            };
        if since.is_some()
            && ["iCalUID", "showDeleted", "timeMin", "q"].iter().any(|k| query.contains_key(*k))
        {
            return Err((400, "syncTokenWithRequestRestrictions"));
        }
        let deleted = since.is_some() || text("showDeleted") == Some("true");
        let row = |(id, event): (&String, &Value)| -> Option<Value> {
            let off = event["status"] == "cancelled";
            let exception = event.get("recurringEventId").is_some();
            let fits = since.is_none_or(|since: u64| self.touched[id] > since)
                && text("iCalUID").is_none_or(|uid| event["iCalUID"] == uid)
                && (!off || exception || deleted);
            fits.then(|| match (off, exception) {
                (false, _) => event.clone(),
                (true, true) => json!({ "id": id, "status": "cancelled", "etag": event["etag"],
                    "recurringEventId": event["recurringEventId"], "originalStartTime": event["originalStartTime"] }),
                (true, false) => json!({ "id": id, "status": "cancelled", "etag": event["etag"] }),
            })
        };
        let rows: Vec<Value> = self.events.iter().filter_map(row).collect();
        let from: usize = text("pageToken").and_then(|t| t.parse().ok()).unwrap_or(0);
        let end = (from + page_size).min(rows.len());
        let mut page = json!({ "items": rows[from.min(rows.len())..end] });
        if end < rows.len() {
            page["nextPageToken"] = json!(end.to_string());
        } else if text("iCalUID").is_none() {
            page["nextSyncToken"] = json!(format!("sync-{}", self.clock));
        }
        Ok(page)
    }

    /// When this person is taken: everything that stands, is opaque and not declined.
    pub fn busy(&self, who: &str, from: Timestamp, to: Timestamp) -> Vec<Value> {
        let mut spans = Vec::new();
        for (id, event) in &self.events {
            let length = at(&event["start"]).duration_until(at(&event["end"]));
            for start in starts(event, to) {
                let stamp = format!("{id}_{}", start.strftime("%Y%m%dT%H%M%SZ"));
                if event.get("recurrence").is_some() && self.events.contains_key(&stamp) {
                    continue;
                }
                let mine = guests(event)
                    .iter()
                    .any(|guest| guest["email"] == who && guest["responseStatus"] == "declined");
                let free = mine
                    || event["status"] == "cancelled"
                    || event["transparency"] == "transparent";
                if !free && start < to && from < start + length {
                    spans.push((start.max(from), (start + length).min(to)));
                }
            }
        }
        spans.sort();
        let text = |at: Timestamp| at.to_string();
        spans.iter().map(|(a, b)| json!({ "start": text(*a), "end": text(*b) })).collect()
    }
}

/// The guests of an event.
pub fn guests(event: &Value) -> Vec<Value> {
    event["attendees"].as_array().cloned().unwrap_or_default()
}

/// JSON merge patch (RFC 7396).
pub fn merge(into: &mut Value, fields: &Value) {
    let object = into.as_object_mut().unwrap();
    for (key, value) in fields.as_object().unwrap() {
        match object.get_mut(key) {
            _ if value.is_null() => drop(object.remove(key)),
            Some(old) if old.is_object() && value.is_object() && !is_time(value) => {
                merge(old, value);
            }
            _ => drop(object.insert(key.clone(), value.clone())),
        }
    }
}

fn is_time(value: &Value) -> bool {
    value.get("dateTime").is_some() || value.get("date").is_some()
}

/// A time of the API as an instant; a day begins in UTC.
pub fn at(time: &Value) -> Timestamp {
    if let Some(day) = time["date"].as_str() {
        let day: Date = day.parse().unwrap();
        return day.in_tz("UTC").unwrap().timestamp();
    }
    let Some(text) = time["dateTime"].as_str() else { return Timestamp::UNIX_EPOCH };
    text.parse().unwrap_or_else(|_| {
        let local: DateTime = text.parse().unwrap();
        local.in_tz(time["timeZone"].as_str().unwrap()).unwrap().timestamp()
    })
}

/// Starts up to a moment: one, or those of a weekly rule on the wall clock of the
/// event's zone. Other rules have their first only.
fn starts(event: &Value, to: Timestamp) -> Vec<Timestamp> {
    let first = at(&event["start"]);
    let Some(rule) = event["recurrence"][0].as_str().and_then(|r| r.strip_prefix("RRULE:")) else {
        return vec![first];
    };
    let part = |key: &str| {
        let mut parts = rule.split(';').filter_map(|part| part.split_once('='));
        parts.find(|(name, _)| *name == key).map(|(_, value)| value)
    };
    if part("FREQ") != Some("WEEKLY") {
        return vec![first];
    }
    let weeks: i64 = part("INTERVAL").map_or(1, |n| n.parse().unwrap());
    let until = part("UNTIL").map(|text| text.parse::<Timestamp>().unwrap());
    let zone = TimeZone::get(event["start"]["timeZone"].as_str().unwrap_or("UTC")).unwrap();
    let local = zone.to_datetime(first);
    let nth = |n: i64| zone.to_timestamp(local + (n * weeks).weeks()).unwrap();
    (0..).map(nth).take_while(|at| *at <= to && until.is_none_or(|until| *at <= until)).collect()
}

fn generates(event: &Value, start: Timestamp) -> bool {
    let rule = event["recurrence"][0].as_str();
    let weekly = rule.is_some_and(|rule| rule.contains("FREQ=WEEKLY"));
    rule.is_some()
        && (!weekly || starts(event, start + SignedDuration::from_hours(1)).contains(&start))
}
