//! A fake of Google's Calendar API on loopback, for one account: series and their
//! exceptions as one unit with one tag, sync and page tokens, tombstones, guarded
//! writes, tokens that end, and faults on request. It shares no code with onbeat.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::http::{header_in, read_some, split_head};

/// The account's address and the id of its calendar.
pub const ALICE: &str = "alice@example.test";

/// What happens to a request instead of, or after, its work.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This status with this reason; nothing is done.
    Refuse(u16, &'static str),
    /// It is done, and no answer comes.
    LoseAnswer,
    /// The body without its last bytes.
    CutOff(usize),
    /// A page of HTML.
    LoginPage,
    /// This status with this number of seconds in Retry-After; nothing is done.
    Later(u16, u32),
    /// A page that says the same page follows again and again.
    Circle,
    /// It is done, and then this status comes.
    DoneBut(u16),
}

#[derive(Default)]
struct State {
    events: BTreeMap<String, Value>,
    /// The change that touched an event last.
    touched: BTreeMap<String, u64>,
    clock: u64,
    /// Sync tokens older than this are forgotten.
    oldest: u64,
    page: usize,
    tokens: u64,
    /// Ids of deleted events that are not shown any more.
    spent: Vec<String>,
    revoked: bool,
    /// The client was deleted in the console.
    unknown_client: bool,
    /// What was granted; `None`: everything, and nothing is said about it.
    scopes: Option<Vec<&'static str>>,
    /// Seconds until a login ends; testing mode.
    ends_in: Option<u64>,
    faults: Vec<(String, Fault)>,
    pages: Vec<(String, Fault)>,
    seen: Vec<String>,
}

/// The fake; it lives as long as the test's process.
pub struct Google {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl Google {
    /// Starts with an empty calendar.
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State { page: 1000, ..State::default() }));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                std::thread::spawn(move || serve(stream, &state));
            }
        });
        Self { port, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Somebody's own program writes an event.
    pub fn write(&self, event: Value) {
        let mut state = self.state();
        let id = event["id"].as_str().unwrap().to_owned();
        state.store(&id, event);
    }

    /// Somebody's own program changes some fields of an event or occurrence.
    pub fn edit(&self, id: &str, fields: Value) {
        self.state().patch(id, &fields).expect("it is there");
    }

    /// Somebody's own program deletes an event or an occurrence.
    pub fn remove(&self, id: &str) {
        self.state().patch(id, &json!({ "status": "cancelled" })).expect("it is there");
    }

    /// A deleted event is not shown any more; its id stays used.
    pub fn forget(&self, id: &str) {
        let mut state = self.state();
        state.events.remove(id);
        state.spent.push(id.to_owned());
    }

    /// An event as it is held.
    pub fn held(&self, id: &str) -> Option<Value> {
        self.state().events.get(id).cloned()
    }

    /// All events and exceptions.
    pub fn all(&self) -> Vec<Value> {
        self.state().events.values().cloned().collect()
    }

    /// Rows of a page.
    pub fn page_size(&self, rows: usize) {
        self.state().page = rows;
    }

    /// Forgets all sync tokens.
    pub fn forget_tokens(&self) {
        let mut state = self.state();
        state.clock += 1;
        state.oldest = state.clock;
    }

    /// The access tokens so far are void.
    pub fn expire(&self) {
        self.state().tokens += 1;
    }

    /// The person takes the access away.
    pub fn revoke(&self) {
        let mut state = self.state();
        state.revoked = true;
        state.tokens += 1;
    }

    /// The client was deleted.
    pub fn delete_client(&self) {
        let mut state = self.state();
        state.unknown_client = true;
        state.tokens += 1;
    }

    /// What a person grants from now on, by the scopes' last parts.
    pub fn grant(&self, scopes: &[&'static str]) {
        self.state().scopes = Some(scopes.to_vec());
    }

    /// Logins end after so many seconds.
    pub fn testing_mode(&self, ends_in: u64) {
        self.state().ends_in = Some(ends_in);
    }

    /// The next request that begins so (`PATCH /calendar`) meets a fault.
    pub fn on(&self, start: &str, fault: Fault) {
        self.state().faults.push((start.to_owned(), fault));
    }

    /// The request for a page meets a fault.
    pub fn on_page(&self, token: &str, fault: Fault) {
        self.state().pages.push((format!("pageToken={token}"), fault));
    }

    /// The requests since the last call: method and target.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.state().seen)
    }
}

type Outcome = Result<Value, (u16, &'static str)>;

impl State {
    /// A series is one unit: every row of it gets the same new tag.
    fn store(&mut self, id: &str, event: Value) {
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
    fn find(&self, id: &str) -> Option<Value> {
        if let Some(event) = self.events.get(id) {
            return Some(event.clone());
        }
        let (series, stamp) = id.rsplit_once('_')?;
        let mut event = self.events.get(series)?.clone();
        let start: Timestamp = stamp.parse().ok()?;
        let instant = |time: &Value| -> Timestamp {
            let text = time["dateTime"].as_str().unwrap();
            text.parse().unwrap_or_else(|_| {
                let local: jiff::civil::DateTime = text.parse().unwrap();
                local.in_tz(time["timeZone"].as_str().unwrap()).unwrap().timestamp()
            })
        };
        let length = instant(&event["start"]).duration_until(instant(&event["end"]));
        let zone = event["start"]["timeZone"].clone();
        let when = |at: Timestamp| json!({ "dateTime": at.to_string(), "timeZone": zone });
        let end = start.checked_add(length).unwrap();
        event["id"] = json!(id);
        event["recurringEventId"] = json!(series);
        event["originalStartTime"] = when(start);
        event["start"] = when(start);
        event["end"] = when(end);
        event.as_object_mut().unwrap().remove("recurrence");
        Some(event)
    }

    fn patch(&mut self, id: &str, fields: &Value) -> Outcome {
        let mut event = self.find(id).ok_or((404, "notFound"))?;
        let object = event.as_object_mut().unwrap();
        for (key, value) in fields.as_object().unwrap() {
            if value.is_null() {
                object.remove(key);
            } else {
                object.insert(key.clone(), value.clone());
            }
        }
        self.store(id, event);
        Ok(self.events[id].clone())
    }

    fn list(&self, query: &Map<String, Value>) -> Outcome {
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
        let end = (from + self.page).min(rows.len());
        let mut page = json!({ "items": rows[from.min(rows.len())..end] });
        if end < rows.len() {
            page["nextPageToken"] = json!(end.to_string());
        } else if text("iCalUID").is_none() {
            page["nextSyncToken"] = json!(format!("sync-{}", self.clock));
        }
        Ok(page)
    }

    fn answer(
        &mut self,
        method: &str,
        path: &[&str],
        query: &Map<String, Value>,
        head: &str,
        body: &Value,
    ) -> Outcome {
        let own = ["calendar", "v3", "calendars", ALICE, "events"];
        let entry = || json!({ "id": ALICE, "summary": "1:1s", "accessRole": "owner", "timeZone": "Europe/Berlin" });
        let fresh = |event: &Value| match header_in(head, "if-match") {
            Some(tag) if event["etag"] != tag => Err((412, "conditionNotMet")),
            _ => Ok(()),
        };
        let needed = match path {
            ["calendar", "v3", "users", ..] => "calendar.calendarlist.readonly",
            ["calendar", "v3", "freeBusy"] => "calendar.events.freebusy",
            ["calendar", "v3", "calendars", _] => "calendar.calendars.readonly",
            _ => "calendar.events.owned",
        };
        if self.scopes.as_ref().is_some_and(|granted| !granted.contains(&needed)) {
            return Err((403, "insufficientPermissions"));
        }
        match (method, path) {
            ("GET", ["calendar", "v3", "users", "me", "calendarList"]) => {
                Ok(json!({ "items": [entry()] }))
            }
            ("GET", ["calendar", "v3", "users", "me", "calendarList", "primary"]) => Ok(entry()),
            ("POST", ["calendar", "v3", "freeBusy"]) => Ok(free_busy(body)),
            ("GET", ["calendar", "v3", "calendars", ALICE]) => Ok(json!({ "id": ALICE,
                "timeZone": "Europe/Berlin", "workingHours": working_hours() })),
            (_, path) if path.len() < 5 || path[..5] != own => Err((404, "notFound")),
            ("GET", [_, _, _, _, _]) => self.list(query),
            ("POST", [_, _, _, _, _]) => {
                let id = body["id"].as_str().unwrap().to_owned();
                if self.events.contains_key(&id) || self.spent.contains(&id) {
                    return Err((409, "duplicate"));
                }
                let mut event = body.clone();
                event["status"] = json!("confirmed");
                event["iCalUID"] = json!(format!("{id}@google.com"));
                event["organizer"] = json!({ "email": ALICE, "self": true });
                self.store(&id, event);
                Ok(self.events[&id].clone())
            }
            ("GET", [.., id]) => self.find(id).ok_or((404, "notFound")),
            ("PATCH", [.., id]) => {
                let event = self.find(id).ok_or((404, "notFound"))?;
                fresh(&event)?;
                if event["status"] == "cancelled" && event.get("recurringEventId").is_none() {
                    return Err((404, "notFound"));
                }
                self.patch(id, body)
            }
            ("DELETE", [.., id]) => {
                let event = self.find(id).ok_or((404, "notFound"))?;
                if event["status"] == "cancelled" {
                    return Err((410, "deleted"));
                }
                fresh(&event)?;
                self.patch(id, &json!({ "status": "cancelled" })).map(|_| Value::Null)
            }
            _ => Err((404, "notFound")),
        }
    }
}

/// Bob shares his busy time; nobody else does.
fn free_busy(body: &Value) -> Value {
    let asked = body["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap());
    let (from, to) = ("2031-01-15T09:00:00Z", "2031-01-15T09:30:00Z");
    let meets = body["timeMin"].as_str().unwrap() < to && from < body["timeMax"].as_str().unwrap();
    let taken = if meets { json!([{ "start": from, "end": to }]) } else { json!([]) };
    let answer = |id: &str| match id {
        "bob@example.test" => json!({ "busy": taken }),
        _ => json!({ "errors": [{ "domain": "global", "reason": "notFound" }], "busy": [] }),
    };
    let calendars: Map<String, Value> = asked.map(|id| (id.to_owned(), answer(id))).collect();
    json!({ "calendars": calendars })
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let mut raw = Vec::new();
    let mut chunk = [0; 16384];
    loop {
        let whole = split_head(&raw).and_then(|(head, rest)| {
            let length = header_in(&head, "content-length").and_then(|v| v.parse().ok());
            let body = rest.get(..length.unwrap_or(0))?;
            Some((head, body.to_vec(), raw.len() - rest.len() + body.len()))
        });
        let Some((head, body, used)) = whole else {
            match read_some(&mut stream, &mut chunk) {
                Ok(n) if n > 0 => raw.extend_from_slice(&chunk[..n]),
                _ => return,
            }
            continue;
        };
        raw.drain(..used);
        if !exchange(&mut stream, &head, &body, state) {
            stream.shutdown(Shutdown::Both).ok();
            return;
        }
    }
}

/// One request; false where the connection is to be cut.
fn exchange(stream: &mut TcpStream, head: &str, body: &[u8], state: &Mutex<State>) -> bool {
    let mut state = state.lock().unwrap();
    let line = head.lines().next().unwrap_or("").trim_end_matches(" HTTP/1.1").to_owned();
    let (method, target) = line.split_once(' ').unwrap_or(("", ""));
    state.seen.push(line.clone());
    let at = state.faults.iter().position(|(start, _)| line.starts_with(start.as_str()));
    let fault = at.map(|at| state.faults.remove(at).1);
    let at = state.pages.iter().position(|(page, _)| line.contains(page.as_str()));
    let fault = fault.or_else(|| at.map(|at| state.pages.remove(at).1));
    if let Some(Fault::LoginPage) = fault {
        return send(stream, 200, "text/html", b"<!DOCTYPE html><html>Please log in</html>", 0);
    }
    let outcome = match fault {
        Some(Fault::Refuse(status, reason)) => Err((status, reason)),
        Some(Fault::Later(status, seconds)) => {
            let head = format!(
                "HTTP/1.1 {status} X\r\nRetry-After: {seconds}\r\nContent-Length: 0\r\n\r\n"
            );
            return stream.write_all(head.as_bytes()).is_ok();
        }
        Some(Fault::Circle) => Ok(json!({ "items": [], "nextPageToken": "again" })),
        _ if target == "/token" => {
            let missing = if let Some(Fault::CutOff(missing)) = fault { missing } else { 0 };
            return token(stream, &state, body, missing);
        }
        _ if header_in(head, "authorization")
            != Some(&format!("Bearer access-{}", state.tokens)) =>
        {
            Err((401, "authError"))
        }
        _ => {
            let url = url::Url::parse(&format!("http://x{target}")).unwrap();
            let query = url.query_pairs().map(|(k, v)| (k.into_owned(), json!(v))).collect();
            let path: Vec<&str> = url.path_segments().unwrap().collect();
            let body = serde_json::from_slice(body).unwrap_or(Value::Null);
            state.answer(method, &path, &query, head, &body)
        }
    };
    let missing = match fault {
        Some(Fault::LoseAnswer) => return false,
        Some(Fault::DoneBut(status)) => {
            return send(stream, status, "text/html", b"<html>backend error</html>", 0);
        }
        Some(Fault::CutOff(missing)) => missing,
        _ => 0,
    };
    match outcome {
        Ok(Value::Null) => send(stream, 204, "application/json", b"", 0),
        Ok(value) => send(stream, 200, "application/json", value.to_string().as_bytes(), missing),
        Err((status, reason)) => {
            let error = json!({ "error": { "code": status, "message": reason, "errors": [{ "reason": reason }] } });
            send(stream, status, "application/json", error.to_string().as_bytes(), 0)
        }
    }
}

fn token(stream: &mut TcpStream, state: &State, body: &[u8], missing: usize) -> bool {
    let refuse = |stream: &mut TcpStream, status, error: &str, why: &str| {
        let error = json!({ "error": error, "error_description": why });
        send(stream, status, "application/json", error.to_string().as_bytes(), 0)
    };
    if state.unknown_client {
        return refuse(stream, 401, "invalid_client", "The OAuth client was not found.");
    }
    if state.revoked {
        return refuse(stream, 400, "invalid_grant", "Token has been expired or revoked.");
    }
    let mut token = json!({ "access_token": format!("access-{}", state.tokens), "expires_in": 3599, "token_type": "Bearer" });
    let asked: BTreeMap<_, _> = url::form_urlencoded::parse(body).collect();
    if asked.get("grant_type").is_some_and(|kind| kind == "authorization_code") {
        if asked.get("code_verifier").is_none_or(|word| word.len() < 43) {
            return refuse(stream, 400, "invalid_grant", "Missing code verifier.");
        }
        token["refresh_token"] = json!("refresh");
    }
    if let Some(scopes) = &state.scopes {
        let full = |name: &&str| format!("https://www.googleapis.com/auth/{name}");
        token["scope"] = json!(scopes.iter().map(full).collect::<Vec<_>>().join(" "));
    }
    if let Some(seconds) = state.ends_in {
        token["refresh_token_expires_in"] = json!(seconds);
    }
    send(stream, 200, "application/json", token.to_string().as_bytes(), missing)
}

/// Monday to Thursday from nine to half past five, Friday until one.
fn working_hours() -> Value {
    let day = |name: &&str| {
        let end = if *name == "friday" { 13 * 60 } else { 17 * 60 + 30 };
        json!({ "dayOfWeek": name, "periodStart": 9 * 60, "periodEnd": end })
    };
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    json!({ "workingHoursEnabled": true, "availableTimes": days.iter().map(day).collect::<Vec<_>>() })
}

fn send(stream: &mut TcpStream, status: u16, kind: &str, body: &[u8], missing: usize) -> bool {
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let part = &body[..body.len().saturating_sub(missing)];
    let sent = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(part));
    sent.is_ok() && missing == 0
}
