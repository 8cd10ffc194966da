//! Reads goal files, metric files and metric commands for agendas. Every failure
//! becomes a sentence in the owner's private part and stops nothing else. What
//! the bytes say is `agenda::sources`' business.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::agenda::sources::{Source, parse};
use crate::model::pair::{MetricSource, Pair};

/// Most bytes taken from a file or a command; the parser allows less.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// Reads the sources of a pair.
pub trait SourceReader {
    /// Its goals, in configuration order.
    fn goals(&self, pair: &Pair, now: Timestamp) -> Vec<Source>;
    /// Its metrics, in configuration order.
    fn metrics(&self, pair: &Pair, now: Timestamp) -> Vec<Source>;
}

/// How long a command's answer is believed: cycles come every few minutes, the
/// numbers of an agenda do not.
const BELIEVED: SignedDuration = SignedDuration::from_mins(30);

/// Reads files and runs commands of this machine.
#[derive(Debug, Default)]
pub struct LocalSources {
    answers: RefCell<BTreeMap<Vec<String>, (Timestamp, Source)>>,
}

impl LocalSources {
    /// A command's answer, run anew only when the last one is old.
    fn command(&self, argv: &[String], seconds: u16, now: Timestamp) -> Source {
        if let Some((at, source)) = self.answers.borrow().get(argv)
            && at.duration_until(now) < BELIEVED
        {
            return source.clone();
        }
        let source = command(argv, Duration::from_secs(u64::from(seconds)), now);
        self.answers.borrow_mut().insert(argv.to_vec(), (now, source.clone()));
        source
    }
}

impl SourceReader for LocalSources {
    fn goals(&self, pair: &Pair, _now: Timestamp) -> Vec<Source> {
        pair.goals.iter().map(|path| file(path)).collect()
    }

    fn metrics(&self, pair: &Pair, now: Timestamp) -> Vec<Source> {
        let read = |source: &MetricSource| match source {
            MetricSource::File { path } => file(path),
            MetricSource::Command { argv, seconds } => self.command(argv, *seconds, now),
        };
        pair.metrics.iter().map(read).collect()
    }
}

fn source(name: &str, bytes: Result<Vec<u8>, String>, as_of: Option<Date>) -> Source {
    let outcome = bytes.and_then(|bytes| parse(name, &bytes).map_err(|error| error.to_string()));
    Source { name: name.to_owned(), outcome, as_of }
}

fn file(path: &str) -> Source {
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut as_of = None;
    let read = std::fs::File::open(path).and_then(|file| {
        let changed = file.metadata().and_then(|m| m.modified()).ok();
        as_of = changed.and_then(|at| Timestamp::try_from(at).ok()).map(utc_date);
        let mut bytes = Vec::new();
        file.take(MOST_BYTES).read_to_end(&mut bytes).map(|_| bytes)
    });
    let bytes = read.map_err(|error| format!("{path} cannot be read: {error}"));
    source(name, bytes, as_of)
}

fn utc_date(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

/// Runs a command without a shell, with a time limit and a cap on its output.
fn command(argv: &[String], limit: Duration, now: Timestamp) -> Source {
    let name = argv.join(" ");
    let bytes = output(argv, limit);
    source(&name, bytes, Some(utc_date(now)))
}

fn output(argv: &[String], limit: Duration) -> Result<Vec<u8>, String> {
    let (program, arguments) = argv.split_first().ok_or("no command is given")?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{program} cannot be started: {error}"))?;
    let Some(stdout) = child.stdout.take() else {
        return Err(format!("{program} has no output"));
    };
    // The reader ends with the child: killing it closes the pipe.
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = stdout.take(MOST_BYTES).read_to_end(&mut bytes);
        // Nobody listens any more when the limit has passed.
        let _ = send.send(read.map(|_| bytes));
    });
    let received = receive.recv_timeout(limit);
    if received.is_err() || received.as_ref().is_ok_and(is_capped) {
        let _ = child.kill();
    }
    // A program may close its output and go on: it gets no more time for that.
    let status = ended(&mut child).map_err(|error| format!("{program} failed: {error}"))?;
    match received {
        Err(_) => Err(format!("{program} took longer than {} s and was ended", limit.as_secs())),
        Ok(Err(error)) => Err(format!("{program}: its output cannot be read: {error}")),
        Ok(Ok(bytes)) if is_capped(&Ok(bytes.clone())) => {
            Err(format!("{program} printed more than {} MiB", MOST_BYTES / 1024 / 1024))
        }
        Ok(Ok(_)) if !status.success() => Err(format!("{program} ended with {status}")),
        Ok(Ok(bytes)) => Ok(bytes),
    }
}

/// Waits a moment for a program that has said everything, then ends it.
fn ended(child: &mut Child) -> std::io::Result<ExitStatus> {
    for _ in 0..20 {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    child.wait()
}

fn is_capped(read: &std::io::Result<Vec<u8>>) -> bool {
    read.as_ref().is_ok_and(|bytes| u64::try_from(bytes.len()).is_ok_and(|n| n >= MOST_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, seconds: u64) -> Result<Vec<u8>, String> {
        let argv = ["sh", "-c", script].map(str::to_owned);
        output(&argv, Duration::from_secs(seconds))
    }

    #[test]
    fn a_command_that_answers_is_read() {
        assert_eq!(run("printf 'a,b\\n1,2\\n'", 10).unwrap(), b"a,b\n1,2\n");
    }

    #[test]
    fn a_command_that_hangs_fails_or_floods_is_ended_and_named() {
        assert!(run("exec sleep 600", 1).unwrap_err().contains("longer than 1 s"));
        assert!(run("echo 1; exec >&-; exec sleep 600", 60).unwrap_err().contains("ended with"));
        assert!(run("exit 3", 10).unwrap_err().contains("ended with"));
        assert!(run("exec yes", 60).unwrap_err().contains("printed more than"));
        let missing = output(&["/no/such/program".to_owned()], Duration::from_secs(1));
        assert!(missing.unwrap_err().contains("cannot be started"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let source = file("/no/such/goals.toml");
        assert!(source.outcome.unwrap_err().contains("/no/such/goals.toml"));
    }
}
