//! `onbeat report`: the consistency of every pair, from the ledger or from
//! exported calendars alone.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::cli::context::Context;
use crate::cli::dates::{self, Toward};
use crate::cli::failure::Failure;
use crate::cli::lookout::Lookout;
use crate::cli::out::{Out, clean, count, days_before};
use crate::cli::pairs;
use crate::engine::lookback;
use crate::ical::parse::parse;
use crate::model::id::{Address, CalendarId, Href};
use crate::model::report::Report;
use crate::model::resource::ResourceRef;
use crate::model::snapshot::MirroredEvent;
use crate::model::time::{Window, resolve};
use crate::report::{self, csv, html, json, markdown, text};

/// What to report, and how.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Whose 1:1 [default: all]
    pub pair: Option<String>,
    /// From this date on (2026-01-01, "6 months") [default: 12 months back]
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// Up to this date [default: today]
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,
    /// The form [default: by the output file's ending, else text; with --json: json]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Write it to a file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Report on exported calendars alone; no configuration is read
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub ics: Vec<PathBuf>,
    /// With --ics: your own address [default: found out and said]
    #[arg(long, value_name = "ADDR", requires = "ics")]
    pub me: Option<String>,
}

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a terminal
    Text,
    /// Markdown
    Md,
    /// One self-contained page
    Html,
    /// Every beat and finding, for programs
    Json,
    /// One row per beat
    Csv,
}

/// Prints or writes it.
///
/// # Errors
/// An unknown pair, a date that is none, files that cannot be read or written.
pub fn run(context: &Context, args: &ReportArgs, out: &mut Out) -> Result<(), Failure> {
    let mut report = if args.ics.is_empty() {
        let look = Lookout::open(context)?;
        out.zone = look.world.me.zone.clone();
        let only = pairs::find_opt(&look.world.pairs, args.pair.as_deref())?;
        let window = window(args, look.now(), &look.world.me.zone)?;
        let (world, snapshot) = (&look.world, &look.snapshot);
        let agenda = crate::engine::agenda::numbers(world, snapshot, &world.ledger)?;
        let report = lookback::report(&world.ledger, snapshot, agenda, window, look.now());
        match only {
            Some(only) => report::only(report, |pair| pair.pair == only),
            None => report,
        }
    } else {
        from_files(context, args, out)?
    };
    // Titles and names come from calendars; no form may carry control characters.
    for pair in &mut report.pairs {
        pair.name = clean(&pair.name).into_owned();
    }
    emit(args, &report, out)
}

fn from_files(context: &Context, args: &ReportArgs, out: &mut Out) -> Result<Report, Failure> {
    let now = context.now();
    let mut events = Vec::new();
    let mut unreadable = 0;
    for file in &args.ics {
        let data = std::fs::read(file)
            .map_err(|e| Failure::user(format!("{} cannot be read", file.display())).because(e))?;
        let parsed = parse(&data);
        if parsed.events.is_empty() && !looks_like_calendar(&data) {
            return Err(Failure::user(format!("{} is not an iCalendar file", file.display()))
                .hint("export the calendar as .ics and name that file"));
        }
        unreadable += parsed.quarantined.len();
        for (n, event) in parsed.events.into_iter().enumerate() {
            events.push(MirroredEvent {
                resource: ResourceRef {
                    calendar: CalendarId::new("ics", file.display().to_string()),
                    href: Href::new(n.to_string()),
                    etag: None,
                },
                event: std::sync::Arc::new(event),
            });
        }
    }
    let me = args.me.as_deref().map(Address::new);
    let zone = crate::snapshot::infer(&events, me.as_ref())
        .me
        .map_or_else(TimeZone::system, |person| person.zone);
    let window = window(args, now, &zone)?;
    let mut report = lookback::from_calendars(&events, me.as_ref(), window, now);
    if unreadable > 0 {
        let events = count(unreadable, "event", "events");
        report.notes.push(format!("{events} could not be read and were left out."));
    }
    if let Some(wanted) = &args.pair {
        let lower = wanted.to_lowercase();
        report = report::only(report, |pair| {
            pair.name.to_lowercase().contains(&lower) || pair.pair.as_str().contains(&lower)
        });
        if report.pairs.is_empty() {
            return Err(Failure::user(format!("no 1:1 with {wanted:?} was found in the files")));
        }
    }
    out.zone = zone;
    Ok(report)
}

fn looks_like_calendar(data: &[u8]) -> bool {
    let head = data.get(..data.len().min(4096)).unwrap_or_default();
    String::from_utf8_lossy(head).to_uppercase().contains("BEGIN:VCALENDAR")
}

fn window(args: &ReportArgs, now: Timestamp, zone: &TimeZone) -> Result<Window, Failure> {
    let today = zone.to_datetime(now).date();
    let start = |date: Date| resolve(date.at(0, 0, 0, 0), zone);
    let from = match &args.since {
        Some(text) => start(dates::day("--since", text, today, Toward::Back)?),
        None => days_before(now, 365),
    };
    let to = match &args.until {
        Some(text) => {
            let last = dates::day("--until", text, today, Toward::Back)?;
            last.tomorrow().map_or(now, start)
        }
        None => now,
    };
    if from >= to {
        return Err(Failure::user("--since is not before --until"));
    }
    Ok(Window::new(from, to))
}

fn emit(args: &ReportArgs, report: &Report, out: &mut Out) -> Result<(), Failure> {
    let form = args
        .format
        .or_else(|| args.output.as_deref().and_then(by_ending))
        .unwrap_or(if out.json { Format::Json } else { Format::Text });
    let colored = out.colored() && args.output.is_none();
    let Some(file) = &args.output else {
        return Ok(render(report, form, colored, out.writer())?);
    };
    let written = std::fs::File::create(file).and_then(|opened| {
        let mut opened = std::io::BufWriter::new(opened);
        render(report, form, colored, &mut opened)?;
        opened.flush()
    });
    written.map_err(|e| {
        Failure::user(format!("the report cannot be written to {}", file.display())).because(e)
    })
}

/// The forms that list every beat go out as they are made: a decade of an
/// organisation would not fit into memory as one text.
fn render(report: &Report, form: Format, colored: bool, to: &mut dyn Write) -> std::io::Result<()> {
    let text = match form {
        Format::Text => text::terminal(report, colored),
        Format::Md => markdown::page(report),
        Format::Html => html::page(report),
        Format::Json => return streamed(to, |out| json::write(report, out)),
        Format::Csv => return streamed(to, |out| csv::write(report, out)),
    };
    to.write_all(text.as_bytes())
}

fn streamed(
    to: &mut dyn Write,
    write: impl FnOnce(&mut Text<'_>) -> std::fmt::Result,
) -> std::io::Result<()> {
    let mut text = Text { to, failed: None };
    match (write(&mut text), text.failed) {
        (_, Some(error)) => Err(error),
        (Err(_), None) => Err(std::io::Error::other("the report cannot be written")),
        (Ok(()), None) => Ok(()),
    }
}

/// Text that goes to a byte stream at once; keeps the error a formatter cannot.
struct Text<'a> {
    to: &'a mut dyn Write,
    failed: Option<std::io::Error>,
}

impl std::fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.to.write_all(text.as_bytes()).map_err(|error| {
            self.failed = Some(error);
            std::fmt::Error
        })
    }
}

fn by_ending(file: &Path) -> Option<Format> {
    match file.extension()?.to_str()?.to_lowercase().as_str() {
        "md" | "markdown" => Some(Format::Md),
        "html" | "htm" => Some(Format::Html),
        "json" => Some(Format::Json),
        "csv" => Some(Format::Csv),
        "txt" => Some(Format::Text),
        _ => None,
    }
}
