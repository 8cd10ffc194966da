//! `onbeat ics …`: plumbing over calendar files, for scripts, tests and
//! benchmarks. Reads files, prints results; knows no configuration and no state.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::ical::edit::{self, EditError};
use crate::ical::parse::{Parsed, parse};
use crate::ical::recur::{Instance, Limits, expand};
use crate::model::event::Event;
use crate::model::time::{CalTime, Window};

/// Arguments of `onbeat ics`.
#[derive(Debug, Clone, Args)]
pub struct IcsArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: IcsCommand,
}

/// The verbs of `onbeat ics`.
#[derive(Debug, Clone, Subcommand)]
pub enum IcsCommand {
    /// Print the occurrences that start in a time span, as JSON
    Expand(ExpandArgs),
    /// Set the managed block in one occurrence's description; print the calendar
    SetDescription(SetDescriptionArgs),
}

/// Arguments of `onbeat ics expand`.
#[derive(Debug, Clone, Args)]
pub struct ExpandArgs {
    /// First instant inside (RFC 3339, or a date for its midnight in UTC)
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    pub from: Timestamp,
    /// First instant outside (RFC 3339, or a date for its midnight in UTC)
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    pub to: Timestamp,
    /// Calendar files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Arguments of `onbeat ics set-description`.
#[derive(Debug, Clone, Args)]
pub struct SetDescriptionArgs {
    /// UID of the event
    #[arg(long)]
    pub uid: String,
    /// Original start of the occurrence (RFC 3339 or a date); leave out, or `-`,
    /// for an event that does not recur
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub rid: Option<String>,
    /// File with the new text of the managed block
    #[arg(long, value_name = "FILE")]
    pub text_file: PathBuf,
    /// The calendar file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Why a verb failed.
#[derive(Debug, thiserror::Error)]
pub enum IcsError {
    /// A file could not be read.
    #[error("{} cannot be read", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text file holds no UTF-8.
    #[error("{} is not UTF-8 text", .0.display())]
    NotText(PathBuf),
    /// There is no calendar in the file.
    #[error("{}: {reason}", .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why, with the line.
        reason: String,
    },
    /// `--rid` is no time.
    #[error("--rid {0:?} is neither an RFC 3339 time nor a date")]
    BadRid(String),
    /// The edit was refused.
    #[error("{}: the description is not changed", .path.display())]
    Refused {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: EditError,
    },
    /// The result could not be written.
    #[error("the result cannot be written")]
    Output(#[from] std::io::Error),
}

/// Runs a verb. Results go to `out`, doubts about the input to `notes`.
///
/// # Errors
/// When a file cannot be read, or an edit is refused; exit code 1.
pub fn run(args: &IcsArgs, out: &mut dyn Write, notes: &mut dyn Write) -> Result<(), IcsError> {
    match &args.command {
        IcsCommand::Expand(args) => run_expand(args, out, notes),
        IcsCommand::SetDescription(args) => run_set_description(args, out),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, IcsError> {
    std::fs::read(path).map_err(|source| IcsError::Read { path: path.to_owned(), source })
}

fn run_expand(
    args: &ExpandArgs,
    out: &mut dyn Write,
    notes: &mut dyn Write,
) -> Result<(), IcsError> {
    let window = Window::new(args.from, args.to);
    let mut rows = Vec::new();
    for path in &args.files {
        let parsed = parse(&read(path)?);
        if let ([], Some(first)) = (parsed.events.as_slice(), parsed.quarantined.first()) {
            let reason = first.reason.clone();
            return Err(IcsError::Unreadable { path: path.clone(), reason });
        }
        report_doubts(path, &parsed, notes)?;
        for event in &parsed.events {
            let found = expand(event, window, &TimeZone::UTC, Limits::default());
            for warning in &found.warnings {
                writeln!(notes, "{}: {}: {warning}", path.display(), event.uid)?;
            }
            if found.truncated {
                writeln!(
                    notes,
                    "{}: {}: more occurrences are left out",
                    path.display(),
                    event.uid
                )?;
            }
            rows.extend(found.occurrences.iter().map(|o| (o.start_at, row(event, o))));
        }
    }
    rows.sort_by_key(|(at, _)| *at);
    let rows: Vec<Value> = rows.into_iter().map(|(_, row)| row).collect();
    writeln!(out, "{}", Value::Array(rows))?;
    Ok(())
}

fn report_doubts(path: &Path, parsed: &Parsed, notes: &mut dyn Write) -> std::io::Result<()> {
    for rejected in &parsed.quarantined {
        writeln!(notes, "{}: {}; the event is left out", path.display(), rejected.reason)?;
    }
    for warning in &parsed.warnings {
        match warning.line {
            0 => writeln!(notes, "{}: {}", path.display(), warning.text)?,
            line => writeln!(notes, "{}: line {line}: {}", path.display(), warning.text)?,
        }
    }
    Ok(())
}

/// One occurrence; floating times and dates are written as if they were UTC.
fn row(event: &Event, occurrence: &Instance<'_>) -> Value {
    let kind = match &occurrence.start {
        CalTime::Date(_) => "date",
        CalTime::Floating(_) => "floating",
        CalTime::Utc(_) | CalTime::Zoned { .. } => "zoned",
    };
    json!({
        "uid": event.uid.as_str(),
        "recurrence_id": occurrence.recurrence_at.map(text),
        "start": text(occurrence.start_at),
        "end": text(occurrence.end_at),
        "status": occurrence.body.status_written,
        "kind": kind,
    })
}

fn text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn run_set_description(args: &SetDescriptionArgs, out: &mut dyn Write) -> Result<(), IcsError> {
    let data = read(&args.file)?;
    let text = String::from_utf8(read(&args.text_file)?)
        .map_err(|_| IcsError::NotText(args.text_file.clone()))?;
    let rid = match args.rid.as_deref() {
        None | Some("-") => None,
        Some(rid) => Some(parse_instant(rid).map_err(|_| IcsError::BadRid(rid.to_owned()))?),
    };
    let edited = edit::set_block(&data, &args.uid, rid, &text)
        .map_err(|source| IcsError::Refused { path: args.file.clone(), source })?;
    out.write_all(&edited)?;
    Ok(())
}

/// An RFC 3339 instant, or a date for its midnight in UTC.
fn parse_instant(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    text.parse::<Date>()
        .ok()
        .and_then(|date| TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok())
        .ok_or_else(|| format!("{text:?} is neither an RFC 3339 time nor a date"))
}
