//! A mail sink: an SMTP server on loopback (RFC 5321, as much of it as a client
//! needs) that keeps every message and delivers none.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// One accepted message.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The reverse path.
    pub from: String,
    /// The forward paths, in order.
    pub to: Vec<String>,
    /// Header and body, dots unstuffed.
    pub data: String,
}

impl Mail {
    /// The METHOD of the calendar part (RFC 6047), if there is one.
    pub fn method(&self) -> Option<String> {
        let at = self.data.to_ascii_lowercase().find("method=")?;
        let rest = self.data[at + 7..].trim_start_matches('"');
        Some(rest.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_uppercase())
    }
}

/// The sink; it ends with the test process.
#[derive(Debug, Clone)]
pub struct MailSink {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    mails: Arc<Mutex<Vec<Mail>>>,
}

impl MailSink {
    /// Listens on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&mails);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || talk(stream, &kept).ok());
            }
        });
        Self { port, mails }
    }

    /// Everything accepted so far.
    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().expect("no panic in the sink").clone()
    }

    /// What was accepted for one address.
    pub fn to(&self, address: &str) -> Vec<Mail> {
        let is_for = |mail: &Mail| mail.to.iter().any(|to| to.eq_ignore_ascii_case(address));
        self.mails().into_iter().filter(is_for).collect()
    }

    /// Forgets everything accepted so far.
    pub fn clear(&self) {
        self.mails.lock().expect("no panic in the sink").clear();
    }
}

fn talk(stream: TcpStream, kept: &Mutex<Vec<Mail>>) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream).split(b'\n');
    let mut next = || -> std::io::Result<Option<String>> {
        let line = lines.next().transpose()?;
        Ok(line.map(|line| String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned()))
    };
    let (mut from, mut to) = (String::new(), Vec::new());
    out.write_all(b"220 sink ESMTP\r\n")?;
    while let Some(line) = next()? {
        let upper = line.to_ascii_uppercase();
        let verb = upper.split(' ').next().unwrap_or("");
        let answer: &[u8] = match verb {
            "EHLO" => b"250-sink\r\n250 8BITMIME\r\n",
            "HELO" | "NOOP" => b"250 ok\r\n",
            "MAIL" => {
                (from, to) = (path(&line), Vec::new());
                b"250 ok\r\n"
            }
            "RCPT" => {
                to.push(path(&line));
                b"250 ok\r\n"
            }
            "RSET" => {
                (from, to) = (String::new(), Vec::new());
                b"250 ok\r\n"
            }
            "DATA" => {
                out.write_all(b"354 go on\r\n")?;
                let mut data = String::new();
                while let Some(line) = next()? {
                    if line == "." {
                        break;
                    }
                    data.push_str(line.strip_prefix('.').unwrap_or(&line));
                    data.push('\n');
                }
                let mail = Mail { from: from.clone(), to: to.clone(), data };
                kept.lock().expect("no panic in the sink").push(mail);
                b"250 kept\r\n"
            }
            "QUIT" => {
                return out.write_all(b"221 bye\r\n");
            }
            _ => b"502 not here\r\n",
        };
        out.write_all(answer)?;
    }
    Ok(())
}

/// The address between the angle brackets.
fn path(line: &str) -> String {
    let inner = line.split_once('<').map_or("", |(_, rest)| rest);
    inner.split('>').next().unwrap_or("").to_owned()
}
