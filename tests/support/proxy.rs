//! A proxy on loopback that makes the faults of real networks between onbeat and
//! a real server, on the requests it is told to, and counts what passes.

use std::io::Write;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use super::http::{header_in, read_message, read_some, split_head};

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It reaches the server, and no answer comes back.
    DropAnswer,
    /// The connection is cut before the server hears of it.
    Reset,
    /// This status with these header lines and body, without asking the server.
    Answer { status: u16, headers: Vec<(String, String)>, body: String },
    /// The server's answer without the last bytes of its body: at least one is
    /// missing, and no more than there are.
    CutOff(usize),
}

impl Fault {
    /// 503 with the time to wait.
    pub fn unavailable(retry_after: &str) -> Self {
        let headers = vec![("Retry-After".to_owned(), retry_after.to_owned())];
        Self::Answer { status: 503, headers, body: String::new() }
    }

    /// What a hotel's network or a single sign-on answers to everything.
    pub fn login_page() -> Self {
        let headers = vec![("Content-Type".to_owned(), "text/html".to_owned())];
        let body = "<!DOCTYPE html><html><body><form>Please log in</form></body></html>".to_owned();
        Self::Answer { status: 200, headers, body }
    }

    /// Sends the client elsewhere.
    pub fn redirect(location: &str) -> Self {
        let headers = vec![("Location".to_owned(), location.to_owned())];
        Self::Answer { status: 302, headers, body: String::new() }
    }
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub path: String,
    /// The head as it came.
    pub head: String,
    pub body: Vec<u8>,
}

impl Seen {
    /// A header of the request.
    pub fn header(&self, name: &str) -> Option<&str> {
        header_in(&self.head, name)
    }
}

#[derive(Debug)]
struct State {
    faults: Vec<(String, Fault)>,
    seen: Vec<Seen>,
}

/// The proxy; it ends with the test process.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    /// Stands before a port; `None`: answers 404 to everything that has no fault,
    /// as a stranger's server.
    pub fn start(before: Option<u16>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(Mutex::new(State { faults: Vec::new(), seen: Vec::new() }));
        let proxy = Self { port, state };
        let own = proxy.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = own.clone();
                std::thread::spawn(move || own.pass(stream, before).ok());
            }
        });
        proxy
    }

    /// Makes this fault on every request of the method (`*`: any) until told otherwise.
    pub fn on(&self, method: &str, fault: Fault) {
        self.lock().faults.push((method.to_owned(), fault));
    }

    /// No more faults.
    pub fn heal(&self) {
        self.lock().faults.clear();
    }

    /// What came since the last call.
    pub fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.lock().seen)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic in the proxy")
    }

    /// One request per connection: the answer says so.
    fn pass(&self, mut client: TcpStream, before: Option<u16>) -> std::io::Result<()> {
        let mut raw = Vec::new();
        read_message_of_client(&mut client, &mut raw)?;
        let Some((head, body)) = split_head(&raw) else { return Ok(()) };
        let mut words = head.split(' ');
        let method = words.next().unwrap_or("").to_owned();
        let path = words.next().unwrap_or("").to_owned();
        let fault = {
            let mut state = self.lock();
            let body = body.to_vec();
            state.seen.push(Seen { method: method.clone(), path, head: head.clone(), body });
            let meant = |(of, _): &&(String, Fault)| *of == method || of == "*";
            state.faults.iter().find(meant).map(|(_, fault)| fault.clone())
        };
        match (fault, before) {
            (Some(Fault::Reset), _) => client.shutdown(Shutdown::Both),
            (Some(Fault::Answer { status, headers, body }), _) => {
                let lines: String = headers.iter().map(|(k, v)| format!("{k}: {v}\r\n")).collect();
                reply(&mut client, status, &lines, body.as_bytes())
            }
            (Some(Fault::DropAnswer), Some(port)) => {
                forward(port, &head, body)?;
                client.shutdown(Shutdown::Both)
            }
            (Some(Fault::CutOff(missing)), Some(port)) => {
                let answer = forward(port, &head, body)?;
                let length = split_head(&answer).map_or(0, |(_, body)| body.len());
                client.write_all(&answer[..answer.len() - missing.clamp(1, length.max(1))])?;
                client.shutdown(Shutdown::Both)
            }
            (None, Some(port)) => {
                let answer = forward(port, &head, body)?;
                client.write_all(&answer)?;
                client.shutdown(Shutdown::Both)
            }
            (_, None) => reply(&mut client, 404, "", b""),
        }
    }
}

fn reply(client: &mut TcpStream, status: u16, headers: &str, body: &[u8]) -> std::io::Result<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} fault\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    client.write_all(head.as_bytes())?;
    client.write_all(body)
}

/// Sends a request on as it is, but for the connection's end, and reads the answer.
fn forward(port: u16, head: &str, body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(("127.0.0.1", port))?;
    let kept = head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let kept: Vec<&str> = kept.collect();
    server.write_all(format!("{}\r\nConnection: close\r\n\r\n", kept.join("\r\n")).as_bytes())?;
    server.write_all(body)?;
    let mut answer = Vec::new();
    read_message(&mut server, &mut answer)?;
    Ok(closing(answer))
}

/// The answer with `Connection: close`, so that the client opens another one.
fn closing(answer: Vec<u8>) -> Vec<u8> {
    let Some((head, body)) = split_head(&answer) else { return answer };
    if header_in(&head, "connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
        return answer;
    }
    let kept = head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let kept: Vec<&str> = kept.collect();
    let mut out = format!("{}\r\nConnection: close\r\n\r\n", kept.join("\r\n")).into_bytes();
    out.extend_from_slice(body);
    out
}

/// A request without length has no body, unlike an answer.
fn read_message_of_client(client: &mut TcpStream, raw: &mut Vec<u8>) -> std::io::Result<()> {
    let mut byte = [0; 8192];
    while split_head(raw).is_none() {
        let n = read_some(client, &mut byte)?;
        if n == 0 {
            return Ok(());
        }
        raw.extend_from_slice(&byte[..n]);
    }
    let has_body = split_head(raw).is_some_and(|(head, _)| {
        header_in(&head, "content-length").is_some()
            || header_in(&head, "transfer-encoding").is_some()
    });
    if has_body { read_message(client, raw) } else { Ok(()) }
}
