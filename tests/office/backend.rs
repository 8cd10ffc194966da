//! Google from behind: what people do in its web page, what it would mail, what it holds
//! against its clients, and the troubles it makes. The project's own fake, or the lab
//! server that `ONBEAT_GOOGLE_LAB` names, speak the same here.

use serde_json::{Value, json};

use crate::support::google::{self, Fault, Mail};
use crate::support::http;
use crate::support::servers::free_port;
use crate::support::servers::process::Guarded;
use crate::support::{env, tell};

pub const ALICE: &str = google::ALICE;

/// What Google does to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Its sync tokens are forgotten.
    ForgetTokens,
    /// The next lists are answered so often with this status, reason by status.
    ListsFail(u16, usize),
    /// A list breaks off.
    ListCut,
    /// The next write of this kind is done, and answered with 503.
    DoneBut503(&'static str),
    /// The next write of this kind is done, and the connection is cut.
    DoneAndCut(&'static str),
    /// The next write of this kind is refused: too fast.
    TooFast(&'static str),
    /// The next write of this kind meets another version.
    Overtaken(&'static str),
    /// The access token ends in the middle.
    TokenEnds,
}

/// What Google holds against its clients.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    pub violations: Vec<String>,
    pub warnings: Vec<String>,
    pub local_edits: Vec<String>,
}

pub trait Backend {
    fn base(&self) -> String;
    /// One call of the API in a person's name, without a program in between.
    fn act(&self, who: &str, method: &str, params: Value, body: Value) -> Value;
    /// The server's clock, where it has one.
    fn clock(&self, now: &str);
    fn trouble(&self, trouble: Trouble);
    /// The mails since the last call.
    fn outbox(&self) -> Vec<Mail>;
    /// What was held against programs, not people.
    fn judgement(&self) -> Judgement;
    /// The client file of an installed program.
    fn client_file(&self) -> Value;
    /// A service account's key file; it may act for everybody of the domain.
    fn service_file(&self) -> Value;
    /// A refresh token of a person's.
    fn refresh(&self, who: &str) -> String;
    /// What the person will do on the page of consent.
    fn consent(&self, who: &str, deny: bool, granted: Option<&[&str]>);
    /// Troubles that have not come yet.
    fn pending(&self) -> Vec<String>;
    /// Requests so far, tokens left out.
    fn requests(&self) -> usize;
}

/// The fake.
pub struct Fake(pub google::Google);

pub fn fake(people: &[&str]) -> Fake {
    let fake = google::Google::start();
    fake.join(people);
    Fake(fake)
}

fn text<'a>(params: &'a Value, key: &str) -> &'a str {
    params[key].as_str().unwrap_or_default()
}

/// The start of the request line of a kind of write.
fn line(method: &str) -> &'static str {
    match method {
        "events.patch" => "PATCH",
        "events.insert" => "POST /calendar/v3/calendars",
        "events.delete" => "DELETE",
        other => panic!("no write is called {other}"),
    }
}

impl Backend for Fake {
    fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.0.port)
    }

    fn act(&self, who: &str, method: &str, params: Value, body: Value) -> Value {
        let (id, send) = (text(&params, "eventId"), text(&params, "sendUpdates"));
        if method == "events.instances" {
            return self.0.instances(who, id, text(&params, "originalStart"));
        }
        let before = self.judgement().warnings.len();
        let done = self.0.act(who, method, id, send, &body);
        self.0.forget_warnings(before);
        if method == "events.list" { json!({ "items": done }) } else { done }
    }

    fn clock(&self, _: &str) {}

    fn trouble(&self, trouble: Trouble) {
        let list = "GET /calendar/v3/calendars";
        match trouble {
            Trouble::ForgetTokens => self.0.forget_tokens(),
            Trouble::ListsFail(status, times) => {
                let reason = if status == 503 { "backendError" } else { "rateLimitExceeded" };
                for _ in 0..times {
                    self.0.on(list, Fault::Refuse(status, reason));
                }
            }
            Trouble::ListCut => self.0.on(list, Fault::CutOff(9)),
            Trouble::DoneBut503(method) => self.0.on(line(method), Fault::DoneBut(503)),
            Trouble::DoneAndCut(method) => self.0.on(line(method), Fault::LoseAnswer),
            Trouble::TooFast(method) => {
                self.0.on(line(method), Fault::Refuse(403, "rateLimitExceeded"));
            }
            Trouble::Overtaken(method) => {
                self.0.on(line(method), Fault::Refuse(412, "conditionNotMet"));
            }
            Trouble::TokenEnds => self.0.on(list, Fault::Refuse(401, "authError")),
        }
    }

    fn outbox(&self) -> Vec<Mail> {
        self.0.outbox()
    }

    fn judgement(&self) -> Judgement {
        let [violations, warnings, local_edits] = self.0.judgement();
        Judgement { violations, warnings, local_edits }
    }

    fn client_file(&self) -> Value {
        let base = self.base();
        json!({ "installed": { "client_id": "id", "client_secret": "s",
            "auth_uri": format!("{base}/auth"), "token_uri": format!("{base}/token") } })
    }

    fn service_file(&self) -> Value {
        json!({ "type": "service_account", "client_email": "onbeat@office.iam.test",
            "private_key_id": "k1", "private_key": include_str!("../fixtures/google/service-key.pem"),
            "token_uri": format!("{}/token", self.base()) })
    }

    fn refresh(&self, who: &str) -> String {
        format!("refresh-for-{who}")
    }

    fn consent(&self, _: &str, deny: bool, granted: Option<&[&str]>) {
        self.0.consent(deny, granted);
    }

    fn pending(&self) -> Vec<String> {
        self.0.pending()
    }

    fn requests(&self) -> usize {
        self.0.asked()
    }
}

/// The lab server: a process of its own, driven by its admin calls.
pub struct Lab {
    port: u16,
    _process: Guarded,
    _folder: tempfile::TempDir,
}

const CLIENT: &str = "onbeat.apps.googleusercontent.com";
const SERVICE: &str = "onbeat@examiner.iam.gserviceaccount.com";

/// Starts the lab server with these people, or says that it is left out.
pub fn lab(people: &[&str]) -> Option<Lab> {
    let Some(script) = env("ONBEAT_GOOGLE_LAB") else {
        tell("LEFT OUT: the Google lab server (ONBEAT_GOOGLE_LAB names none)");
        return None;
    };
    let python = env("ONBEAT_GOOGLE_LAB_PYTHON").unwrap_or_else(|| "python3".to_owned());
    let folder = tempfile::tempdir().unwrap();
    let port = free_port().unwrap();
    let number = port.to_string();
    let mut args = vec![script.as_str(), "--port", &number];
    let discovery = env("ONBEAT_GOOGLE_LAB_DISCOVERY");
    args.extend(discovery.iter().flat_map(|path| ["--discovery", path]));
    let log = folder.path().join("log");
    let mut process = Guarded::start(python.as_ref(), &args, &log).unwrap();
    let answers = || http::request("GET", "/admin/counts").send(port).is_ok();
    while !answers() {
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        assert!(!process.has_ended(), "the lab server has ended: {}", said());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let lab = Lab { port, _process: process, _folder: folder };
    let user = |who: &&str| json!({ "email": who, "tz": "Europe/Berlin" });
    let scopes = onbeat::provider::google::oauth::SCOPES;
    lab.admin(
        "seed",
        json!({
            "users": std::iter::once(&ALICE).chain(people).map(user).collect::<Vec<_>>(),
            "clients": [{ "id": CLIENT, "secret": "not-so-secret" }],
            "service_accounts": [{ "email": SERVICE, "dwd_scopes": scopes }],
        }),
    );
    Some(lab)
}

impl Lab {
    fn admin(&self, call: &str, body: Value) -> Value {
        let path = format!("/admin/{call}");
        let request = http::request("POST", &path);
        let body = body.to_string();
        let answer = request.body("application/json", body.as_bytes()).send(self.port).unwrap();
        assert_eq!(answer.status, 200, "{call} {body}: {}", answer.text());
        serde_json::from_slice(&answer.body).unwrap()
    }

    fn look(&self, what: &str) -> Value {
        let path = format!("/admin/{what}");
        let answer = http::request("GET", &path).send(self.port).unwrap();
        assert_eq!(answer.status, 200, "{what}: {}", answer.text());
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// The lines of a log that a program caused.
    fn lines(&self, log: &str, key: &str) -> Vec<String> {
        let of_programs = |row: &&Value| row["source"] != "act";
        let line = |row: &Value| format!("{} {}: {}", row["user"], row["method"], row[key]);
        self.look(log).as_array().unwrap().iter().filter(of_programs).map(line).collect()
    }
}

impl Backend for Lab {
    fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn act(&self, who: &str, method: &str, mut params: Value, body: Value) -> Value {
        params["calendarId"] = json!(who);
        if params["sendUpdates"].is_null() || method == "ui.thisAndFollowing" {
            params.as_object_mut().unwrap().remove("sendUpdates");
        }
        let body = if body.is_null() { json!({}) } else { body };
        let deed = json!({ "user": who, "method": method, "params": params, "body": body });
        self.admin("act", deed)[0].take()
    }

    fn clock(&self, now: &str) {
        self.admin("clock", json!({ "now": now, "freeze": true }));
    }

    fn trouble(&self, trouble: Trouble) {
        let fault = match trouble {
            Trouble::ForgetTokens => {
                self.admin("expire", json!({ "what": "sync" }));
                return;
            }
            Trouble::ListsFail(status, times) => {
                let kind = if status == 403 { "rate403".to_owned() } else { status.to_string() };
                json!({ "method": "events.list", "kind": kind, "times": times, "retry_after": 0 })
            }
            Trouble::ListCut => json!({ "method": "events.list", "kind": "truncate" }),
            Trouble::DoneBut503(method) => {
                json!({ "method": method, "kind": "503", "commit": true })
            }
            Trouble::DoneAndCut(method) => json!({ "method": method, "kind": "reset" }),
            Trouble::TooFast(method) => json!({ "method": method, "kind": "rate403" }),
            Trouble::Overtaken(method) => json!({ "method": method, "kind": "412" }),
            Trouble::TokenEnds => json!({ "method": "events.list", "kind": "401" }),
        };
        let mut faults = self.look("faults");
        faults.as_array_mut().unwrap().push(fault);
        self.admin("faults", faults);
    }

    fn outbox(&self) -> Vec<Mail> {
        let rows = self.look("outbox");
        self.admin("clear", json!({ "logs": ["outbox"] }));
        let mail = |row: &Value| Mail {
            to: text(row, "to").to_owned(),
            kind: text(row, "kind").to_owned(),
            by: text(row, "by").to_owned(),
            event: text(row, "eventId").to_owned(),
        };
        rows.as_array().unwrap().iter().map(mail).collect()
    }

    fn judgement(&self) -> Judgement {
        Judgement {
            violations: self.lines("violations", "violation"),
            warnings: self.lines("warnings", "warning"),
            local_edits: self.lines("local_edits", "fields"),
        }
    }

    fn client_file(&self) -> Value {
        self.look(&format!("client_secret/{CLIENT}"))
    }

    fn service_file(&self) -> Value {
        self.look(&format!("service_account/{SERVICE}"))
    }

    fn refresh(&self, who: &str) -> String {
        let scopes = onbeat::provider::google::oauth::SCOPES;
        let token = self.admin("token", json!({ "user": who, "scopes": scopes, "client": CLIENT }));
        text(&token, "refresh_token").to_owned()
    }

    fn consent(&self, who: &str, deny: bool, granted: Option<&[&str]>) {
        let mut said = json!({ "user": who, "deny": deny });
        if let Some(granted) = granted {
            said["granted"] = json!(granted);
        }
        self.admin("consent", said);
    }

    fn pending(&self) -> Vec<String> {
        let faults = self.look("faults");
        let left = |fault: &&Value| fault["times"].as_u64().unwrap_or(1) > 0;
        faults.as_array().unwrap().iter().filter(left).map(Value::to_string).collect()
    }

    fn requests(&self) -> usize {
        let api = |row: &&Value| text(row, "path").starts_with("/calendar/v3/");
        self.look("requests").as_array().unwrap().iter().filter(api).count()
    }
}
