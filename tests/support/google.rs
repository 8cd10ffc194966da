//! A fake of Google's Calendar API on loopback: series and their exceptions as one unit
//! with one tag, sync and page tokens, tombstones, guarded writes, a copy of a meeting
//! for each guest, tokens that end, and faults on request. It writes down which mails
//! it would send and what a client did wrong. It shares no code with onbeat.

mod consent;
mod office;
mod shelf;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Map, Value, json};

use super::http::{header_in, read_some, split_head};

pub use self::office::Mail;
use self::shelf::Shelf;

/// The account's address and the id of its calendar.
pub const ALICE: &str = "alice@example.test";
/// A colleague, who shares the busy time.
pub const BOB: &str = "bob@example.test";

/// What happens to a request instead of, or after, its work.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This status with this reason; nothing is done.
    Refuse(u16, &'static str),
    /// It is done, and no answer comes.
    LoseAnswer,
    /// It is done, and the answer is this status.
    DoneBut(u16),
    /// The body without its last bytes.
    CutOff(usize),
    /// A page of HTML.
    LoginPage,
    /// This status with this number of seconds in Retry-After; nothing is done.
    Later(u16, u32),
    /// A page that says the same page follows again and again.
    Circle,
}

#[derive(Default)]
struct State {
    /// Everybody's calendar by address.
    people: BTreeMap<String, Shelf>,
    /// Things that got a name of Google's making.
    made: u64,
    page: usize,
    tokens: u64,
    /// Ids of deleted events that are not shown any more.
    spent: Vec<String>,
    revoked: bool,
    /// The client was deleted in the console.
    unknown_client: bool,
    /// Seconds until a login ends; testing mode.
    ends_in: Option<u64>,
    faults: Vec<(String, Fault)>,
    pages: Vec<(String, Fault)>,
    seen: Vec<String>,
    outbox: Vec<Mail>,
    violations: Vec<String>,
    warnings: Vec<String>,
    local_edits: Vec<String>,
    consent: consent::Consent,
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
        let mut state = State { page: 1000, ..State::default() };
        for who in [ALICE, BOB] {
            state.people.insert(who.to_owned(), Shelf::default());
        }
        let when = |minute| json!({ "dateTime": format!("2031-01-15T09:{minute}:00Z") });
        let taken = json!({ "id": "taken", "start": when("00"), "end": when("30") });
        state.shelf(BOB).store("taken", taken);
        let state = Arc::new(Mutex::new(state));
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
        state.shelf(ALICE).store(&id, event);
    }

    /// Somebody's own program changes some fields of an event or occurrence.
    pub fn edit(&self, id: &str, fields: Value) {
        let mut state = self.state();
        let event = state.shelf(ALICE).merged(id, &fields).expect("it is there");
        state.shelf(ALICE).store(id, event);
    }

    /// Somebody's own program deletes an event or an occurrence.
    pub fn remove(&self, id: &str) {
        self.edit(id, json!({ "status": "cancelled" }));
    }

    /// A deleted event is not shown any more; its id stays used.
    pub fn forget(&self, id: &str) {
        let mut state = self.state();
        state.shelf(ALICE).events.remove(id);
        state.spent.push(id.to_owned());
    }

    /// All events and exceptions.
    pub fn all(&self) -> Vec<Value> {
        self.state().shelf(ALICE).events.values().cloned().collect()
    }

    /// An event as it is held.
    pub fn held(&self, id: &str) -> Option<Value> {
        self.state().shelf(ALICE).events.get(id).cloned()
    }

    /// Rows of a page.
    pub fn page_size(&self, rows: usize) {
        self.state().page = rows;
    }

    /// Forgets all sync tokens.
    pub fn forget_tokens(&self) {
        for shelf in self.state().people.values_mut() {
            shelf.clock += 1;
            shelf.oldest = shelf.clock;
        }
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
    pub fn grant(&self, scopes: &[&str]) {
        let full = |name: &&str| format!("https://www.googleapis.com/auth/{name}");
        self.state().consent.granted = Some(scopes.iter().map(full).collect());
    }

    /// Logins end after so many seconds.
    pub fn testing_mode(&self, ends_in: u64) {
        self.state().ends_in = Some(ends_in);
    }

    /// A person agrees on the page of consent: the query they are sent back with.
    pub fn agree(&self, page: &url::Url) -> String {
        self.state().decide(page).query().unwrap_or_default().to_owned()
    }

    /// The request for a page meets a fault.
    pub fn on_page(&self, token: &str, fault: Fault) {
        self.state().pages.push((format!("pageToken={token}"), fault));
    }

    /// The next request that begins so (`PATCH /calendar`) meets a fault.
    pub fn on(&self, start: &str, fault: Fault) {
        self.state().faults.push((start.to_owned(), fault));
    }

    /// More people of the domain.
    pub fn join(&self, who: &[&str]) {
        let mut state = self.state();
        for one in who {
            state.people.entry((*one).to_owned()).or_default();
        }
    }

    /// What a person does in the web page or on the phone: any method of the API, and
    /// `ui.thisAndFollowing`.
    pub fn act(&self, who: &str, method: &str, id: &str, send: &str, body: &Value) -> Value {
        let mut state = self.state();
        let outcome = match method {
            "events.insert" => state.insert(who, send, body),
            "events.patch" => state.change(who, id, send, body),
            "events.delete" => state.cancel(who, id, send),
            "events.get" => state.shelf(who).find(id).ok_or((404, "notFound")),
            "ui.thisAndFollowing" => state.split(who, id, body),
            "events.list" => Ok(state.shelf(who).events.values().cloned().collect()),
            other => panic!("nobody does {other}"),
        };
        outcome.unwrap_or_else(|error| panic!("{who} {method} {id}: {error:?}"))
    }

    /// An invitation from another house comes by mail: a copy whose organizer is elsewhere.
    pub fn receive(&self, who: &str, event: Value) {
        let id = event["id"].as_str().unwrap().to_owned();
        self.state().shelf(who).store(&id, event);
    }

    /// The occurrence of a series that begins, or would begin, at a moment.
    pub fn instances(&self, who: &str, series: &str, original: &str) -> Value {
        self.state().shelf(who).instances(series, original).unwrap()
    }

    /// What the person does on the page of consent.
    pub fn consent(&self, deny: bool, granted: Option<&[&str]>) {
        let mut state = self.state();
        state.consent.deny = deny;
        state.consent.granted =
            granted.map(|some| some.iter().map(|one| (*one).to_owned()).collect());
    }

    /// Faults nobody has met yet.
    pub fn pending(&self) -> Vec<String> {
        self.state().faults.iter().map(|fault| format!("{fault:?}")).collect()
    }

    /// How many requests are in the list that [`Self::take`] empties, tokens left out.
    pub fn asked(&self) -> usize {
        self.state().seen.iter().filter(|line| line.contains("/calendar/v3/")).count()
    }

    /// The mails since the last call.
    pub fn outbox(&self) -> Vec<Mail> {
        std::mem::take(&mut self.state().outbox)
    }

    /// What a client did that Google forbids or that loses something; harmful but
    /// allowed deeds; and changes of guests that stay on their own copy.
    pub fn judgement(&self) -> [Vec<String>; 3] {
        let state = self.state();
        [state.violations.clone(), state.warnings.clone(), state.local_edits.clone()]
    }

    /// What somebody does is no fault of the program's.
    pub fn forget_warnings(&self, from: usize) {
        self.state().warnings.truncate(from);
    }

    /// The requests since the last call: method and target.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.state().seen)
    }
}

type Outcome = Result<Value, (u16, &'static str)>;

impl State {
    fn answer(
        &mut self,
        who: &str,
        (method, path): (&str, &[&str]),
        query: &Map<String, Value>,
        head: &str,
        body: &Value,
    ) -> Outcome {
        let entry = || json!({ "id": who, "summary": "1:1s", "accessRole": "owner", "timeZone": "Europe/Berlin" });
        let fresh = |event: &Value| match header_in(head, "if-match") {
            Some(tag) if event["etag"] != tag => Err((412, "conditionNotMet")),
            _ => Ok(()),
        };
        let said = |key: &str| query.get(key).and_then(Value::as_str);
        let send = said("sendUpdates").unwrap_or("unsaid");
        let needed = match path {
            ["calendar", "v3", "users", ..] => "calendar.calendarlist.readonly",
            ["calendar", "v3", "freeBusy"] => "calendar.events.freebusy",
            _ => "calendar.events.owned",
        };
        let granted = self.consent.granted.as_ref();
        if granted.is_some_and(|some| !some.iter().any(|scope| scope.ends_with(needed))) {
            return Err((403, "insufficientPermissions"));
        }
        match (method, path) {
            ("GET", ["calendar", "v3", "users", "me", "calendarList"]) => {
                Ok(json!({ "items": [entry()] }))
            }
            ("GET", ["calendar", "v3", "users", "me", "calendarList", "primary"]) => Ok(entry()),
            ("POST", ["calendar", "v3", "freeBusy"]) => Ok(self.free_busy(body)),
            (_, ["calendar", "v3", "calendars", calendar, "events", ..]) => {
                if *calendar != who && *calendar != "primary" {
                    return Err((404, "notFound"));
                }
                self.judge(method, send, head);
                match (method, &path[5..]) {
                    ("GET", []) => {
                        let page = self.page;
                        self.shelf(who).list(query, page)
                    }
                    ("POST", []) => self.insert(who, send, body),
                    ("GET", [id]) => self.shelf(who).find(id).ok_or((404, "notFound")),
                    ("GET", [id, "instances"]) => {
                        self.shelf(who).instances(id, said("originalStart").unwrap_or_default())
                    }
                    ("PATCH", [id]) => {
                        let event = self.shelf(who).find(id).ok_or((404, "notFound"))?;
                        fresh(&event)?;
                        if event["status"] == "cancelled" && event.get("recurringEventId").is_none()
                        {
                            return Err((404, "notFound"));
                        }
                        self.change(who, id, send, body)
                    }
                    ("DELETE", [id]) => {
                        let event = self.shelf(who).find(id).ok_or((404, "notFound"))?;
                        if event["status"] != "cancelled" {
                            fresh(&event)?;
                        }
                        self.cancel(who, id, send)
                    }
                    _ => Err((404, "notFound")),
                }
            }
            _ => Err((404, "notFound")),
        }
    }

    /// What a client must say with every write.
    fn judge(&mut self, method: &str, send: &str, head: &str) {
        let line = head.lines().next().unwrap_or_default();
        if method != "GET" && send == "unsaid" {
            self.violations.push(format!("a write that does not say whom it mails: {line}"));
        }
        if matches!(method, "PATCH" | "PUT" | "DELETE") && header_in(head, "if-match").is_none() {
            self.violations.push(format!("a write without a guard: {line}"));
        }
        if method == "PUT" {
            self.violations.push(format!("a write of the whole event: {line}"));
        }
    }

    /// Everybody of the domain shares the busy time; nobody else does.
    fn free_busy(&self, body: &Value) -> Value {
        let moment = |key: &str| body[key].as_str().unwrap().parse().unwrap();
        let answer = |id: &str| match self.people.get(id) {
            Some(shelf) => json!({ "busy": shelf.busy(id, moment("timeMin"), moment("timeMax")) }),
            None => json!({ "errors": [{ "domain": "global", "reason": "notFound" }], "busy": [] }),
        };
        let asked = body["items"].as_array().unwrap().iter().map(|item| item["id"].as_str());
        let calendars: Map<String, Value> =
            asked.flatten().map(|id| (id.to_owned(), answer(id))).collect();
        json!({ "calendars": calendars })
    }

    /// Whose access token a request carries.
    fn bearer(&self, head: &str) -> Option<String> {
        let token = header_in(head, "authorization")?.strip_prefix("Bearer access-")?;
        let (number, who) = token.split_once('-').unwrap_or((token, ALICE));
        (number.parse() == Ok(self.tokens) && self.people.contains_key(who)).then(|| who.to_owned())
    }
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
            let head = format!("Retry-After: {seconds}\r\nContent-Length: 0\r\n");
            return send_with(stream, status, &head, b"");
        }
        Some(Fault::Circle) => Ok(json!({ "items": [], "nextPageToken": "again" })),
        _ if target == "/token" => {
            let missing = if let Some(Fault::CutOff(missing)) = fault { missing } else { 0 };
            return state.token(stream, body, missing);
        }
        _ if target.starts_with("/auth?") => return state.consent(stream, target),
        _ => match state.bearer(head) {
            None => Err((401, "authError")),
            Some(who) => {
                let url = url::Url::parse(&format!("http://x{target}")).unwrap();
                let query = url.query_pairs().map(|(k, v)| (k.into_owned(), json!(v))).collect();
                let path: Vec<String> =
                    url.path_segments().unwrap().map(|part| part.replace("%40", "@")).collect();
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                let body = serde_json::from_slice(body).unwrap_or(Value::Null);
                state.answer(&who, (method, &path), &query, head, &body)
            }
        },
    };
    let missing = match fault {
        Some(Fault::LoseAnswer) => return false,
        Some(Fault::CutOff(missing)) => missing,
        _ => 0,
    };
    let outcome = match fault {
        Some(Fault::DoneBut(status)) => outcome.and(Err((status, "backendError"))),
        _ => outcome,
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

fn send(stream: &mut TcpStream, status: u16, kind: &str, body: &[u8], missing: usize) -> bool {
    let part = &body[..body.len().saturating_sub(missing)];
    let kind = format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
    send_with(stream, status, &kind, part) && missing == 0
}

/// In one piece: a body that follows its head alone waits for the client's word.
fn send_with(stream: &mut TcpStream, status: u16, headers: &str, body: &[u8]) -> bool {
    let mut answer = format!("HTTP/1.1 {status} X\r\n{headers}\r\n").into_bytes();
    answer.extend_from_slice(body);
    stream.write_all(&answer).is_ok()
}
