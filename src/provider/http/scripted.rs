//! A server on loopback that answers as a test says and remembers what it was asked.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// What to do with a request.
pub enum Say {
    /// These bytes, then the end of the connection.
    Bytes(Vec<u8>),
    /// Nothing but the end.
    Drop,
    /// Nothing at all.
    Hang,
    /// A head, then one byte now and then.
    Trickle(Vec<u8>),
    /// A head, then this many bytes.
    Flood(Vec<u8>, usize),
}

/// An answer with a body of known length.
pub fn say(status: u16, headers: &str, body: &str) -> Say {
    let head =
        format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
    let headers: String = headers.lines().map(|line| format!("{}\r\n", line.trim())).collect();
    Say::Bytes(format!("{head}{headers}\r\n{body}").into_bytes())
}

/// A multistatus.
pub fn multistatus(inside: &str) -> Say {
    let body = format!(
        "<?xml version=\"1.0\"?><d:multistatus xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\" \
         xmlns:cs=\"http://calendarserver.org/ns/\">{inside}</d:multistatus>"
    );
    say(207, "Content-Type: application/xml", &body)
}

/// The running server; it ends with the test.
pub struct Scripted {
    pub url: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Scripted {
    /// Starts; `script` is given each request and its number, from 0.
    pub async fn start(script: impl FnMut(&Seen, usize) -> Say + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let script = Arc::new(Mutex::new(script));
        let log = seen.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (log, script) = (log.clone(), script.clone());
                tokio::spawn(async move {
                    let _ = serve(stream, |request| {
                        let mut log = log.lock().unwrap();
                        log.push(request.clone());
                        (script.lock().unwrap())(&request, log.len() - 1)
                    })
                    .await;
                });
            }
        });
        Self { url, seen, task }
    }

    /// What was asked so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, answer: impl FnOnce(Seen) -> Say) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut lines = text.split("\r\n");
    let mut first = lines.next().unwrap_or("").split(' ').map(str::to_owned);
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let mut seen = Seen {
        method: first.next().unwrap_or_default(),
        target: first.next().unwrap_or_default(),
        headers,
        body: String::new(),
    };
    let length: usize = seen.header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    while bytes.len() < head + 4 + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    }
    seen.body = String::from_utf8_lossy(&bytes[head + 4..]).into_owned();
    match answer(seen) {
        Say::Bytes(bytes) => stream.write_all(&bytes).await?,
        Say::Drop => {}
        Say::Hang => std::future::pending().await,
        Say::Trickle(head) => {
            stream.write_all(&head).await?;
            loop {
                stream.write_all(b" ").await?;
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
        Say::Flood(head, size) => {
            stream.write_all(&head).await?;
            let piece = vec![b' '; 1 << 16];
            for _ in 0..size.div_ceil(piece.len()) {
                stream.write_all(&piece).await?;
            }
        }
    }
    stream.shutdown().await
}
