//! `onbeat demo`: the whole loop on a small company's calendar in a local
//! folder, with the code of the real verbs and a commentary.

pub mod calendar;
pub mod phone;
pub mod story;

use std::path::{Path, PathBuf};

use clap::{Args, Parser as _};
use jiff::Timestamp;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::lookout::Lookout;
use crate::cli::out::{Out, Style};
use crate::cli::{Cli, dispatch};
use crate::config::env::Env;
use crate::engine::agenda;
use crate::model::id::PairId;
use crate::model::snapshot::Occurrence;

/// Where the demo plays.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Keep the demo's folder here instead of a temporary one
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// The folder the demo plays in; a temporary one vanishes at the end.
struct Stage {
    root: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

/// Plays the demo.
///
/// # Errors
/// When the folder cannot be written; else what the real verbs fail with.
pub fn run(context: &Context, args: &DemoArgs, out: &mut Out) -> Result<(), Failure> {
    let stage = stage(args.keep.as_deref())?;
    let now: Timestamp = story::NOW
        .parse()
        .map_err(|error: jiff::Error| Failure::internal("the story has no time").because(error))?;
    let play = Play { outer: context, root: &stage.root, now };
    for noted in story::NOTED {
        play.note(noted)?;
    }
    if out.json {
        return play.summary(out);
    }
    play.introduce(args.keep.is_some(), out)?;
    play.look(out)?;
    play.change(out)?;
    play.show_agenda(out)?;
    play.end(args.keep.is_some(), out)
}

fn stage(keep: Option<&Path>) -> Result<Stage, Failure> {
    let unwritable = |dir: &Path, error: std::io::Error| {
        Failure::user(format!("the demo cannot write to {}", dir.display()))
            .because(error)
            .hint("choose another folder with --keep DIR")
    };
    let (root, temporary) = match keep {
        Some(dir) => {
            let used = std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some());
            if used {
                return Err(Failure::user(format!("{} is not empty", dir.display()))
                    .hint("the demo makes a calendar of its own; name a new folder"));
            }
            std::fs::create_dir_all(dir).map_err(|error| unwritable(dir, error))?;
            (dir.to_path_buf(), None)
        }
        None => {
            let made = tempfile::Builder::new().prefix("onbeat-demo-").tempdir();
            let made = made.map_err(|error| unwritable(&std::env::temp_dir(), error))?;
            (made.path().to_path_buf(), Some(made))
        }
    };
    calendar::write(&root).map_err(|error| unwritable(&root, error))?;
    Ok(Stage { root, _temporary: temporary })
}

/// The demo in progress.
struct Play<'a> {
    outer: &'a Context,
    root: &'a Path,
    now: Timestamp,
}

impl Play<'_> {
    /// The surroundings of a real verb at a moment of the story.
    fn context(&self, at: Timestamp) -> Context {
        let mut context =
            self.outer.with(&self.root.join("onbeat.toml"), &self.root.join("state"), at);
        // The story's environment is its own; only the terminal is the reader's.
        context.env = Env {
            no_color: self.outer.env.no_color,
            columns: self.outer.env.columns,
            ..Env::default()
        };
        context
    }

    /// Runs a verb as if it had been typed.
    fn verb(&self, words: &[&str], at: Timestamp, out: &mut Out) -> Result<(), Failure> {
        let typed = std::iter::once("onbeat").chain(words.iter().copied());
        let cli = Cli::try_parse_from(typed)
            .map_err(|error| Failure::internal("the demo mistyped a command").because(error))?;
        dispatch(cli.verb, &self.context(at), out).map(|_| ())
    }

    /// Shows a command with a line about it, and runs it.
    fn step(&self, words: &[&str], about: &str, out: &mut Out) -> Result<(), Failure> {
        self.heading(words, about, out)?;
        self.verb(words, self.now, out)
    }

    fn heading(&self, words: &[&str], about: &str, out: &mut Out) -> Result<(), Failure> {
        out.line("")?;
        let command = out.paint(Style::Bold, &format!("$ onbeat {}", words.join(" ")));
        let about = out.paint(Style::Dim, &format!("# {about}"));
        out.line(format!("{command}    {about}"))
    }

    /// Something Elena noted before the demo begins.
    fn note(&self, noted: &story::Noted) -> Result<(), Failure> {
        let at: Timestamp = noted
            .at
            .parse()
            .map_err(|error: jiff::Error| Failure::internal("a note has no time").because(error))?;
        self.verb(noted.words, at, &mut self.silence())
    }

    fn silence(&self) -> Out {
        Out::plain(Box::new(std::io::sink()), jiff::tz::TimeZone::UTC)
    }

    fn introduce(&self, kept: bool, out: &mut Out) -> Result<(), Failure> {
        let place =
            if kept { self.root.display().to_string() } else { "a temporary folder".to_owned() };
        out.line(
            "Elena leads a small platform team. It is Wednesday 25 November 2026, 08:30 in Berlin.",
        )?;
        out.line(
            "She has 1:1s with four people who report to her, with her manager and with a peer in",
        )?;
        out.line(format!(
            "New York. Her calendar is {place} with .ics files; no server, no network."
        ))
    }

    /// Reading and the report, before anything is written.
    fn look(&self, out: &mut Out) -> Result<(), Failure> {
        self.step(&["sync"], "read the calendar, find the 1:1s; never writes to it", out)?;
        self.heading(&["report"], "half a year, before the first change", out)?;
        let mut text = Vec::new();
        let mut report = String::new();
        let look = Lookout::open(&self.context(self.now))?;
        out.zone = look.world.me.zone.clone();
        let year =
            crate::model::time::Window::new(crate::cli::out::days_before(self.now, 365), self.now);
        let data = crate::engine::lookback::report(
            &look.world.ledger,
            &look.snapshot,
            std::collections::BTreeMap::new(),
            year,
            self.now,
        );
        report.push_str(&crate::report::text::terminal(&data, out.colored()));
        // The head of the report: the table and what is worth a look.
        let mut after_findings = false;
        for line in report.lines() {
            if after_findings && line.trim().is_empty() {
                break;
            }
            after_findings = after_findings || line.contains("Worth a look");
            text.push(line);
        }
        for line in text {
            out.line(line)?;
        }
        Ok(())
    }

    fn change(&self, out: &mut Out) -> Result<(), Failure> {
        self.step(&["plan"], "what would be changed, and why; what not, and why not", out)?;
        self.step(&["apply", "--yes"], "carry it out: journaled first, conditional, read back", out)
    }

    /// The next agenda, read back from the calendar file, as a phone shows it.
    fn show_agenda(&self, out: &mut Out) -> Result<(), Failure> {
        out.line("")?;
        out.line(
            "Bob's meeting is this afternoon. This is what both of them see when they open the",
        )?;
        out.line("event on a phone; they can tick, change and add lines right there:")?;
        out.line("")?;
        let (title, when, text) = self.event("bob@tidewater.example", out)?;
        for line in phone::frame(&title, &when, &text) {
            out.line(line)?;
        }
        out.line("")?;
        out.line("What Elena noted with --private (“seems tired lately…”) is in `onbeat agenda bob --private`")?;
        out.line("and nowhere else.")
    }

    /// Title, time and description of a pair's next event, as the calendar has it.
    fn event(&self, pair: &str, out: &Out) -> Result<(String, String, String), Failure> {
        let look = Lookout::open(&self.context(self.now))?;
        let view = look.view(&PairId::new(pair))?;
        let meeting: &Occurrence = crate::plan::agenda::next_meeting(view, self.now)
            .ok_or_else(|| Failure::internal("the demo has no next meeting"))?;
        let series = view.series.iter().find(|series| series.uid == meeting.key.uid);
        let title = series
            .and_then(|series| series.event.master.as_ref())
            .map_or_else(String::new, |body| body.summary.clone());
        let when = format!("{}–{}", out.when(meeting.start, self.now), {
            let end = out.zone.to_datetime(meeting.end);
            end.strftime("%H:%M")
        });
        Ok((title, when, meeting.description.clone()))
    }

    fn end(&self, kept: bool, out: &mut Out) -> Result<(), Failure> {
        self.step(&["plan"], "once more: everything is as it should be", out)?;
        self.step(
            &["log"],
            "every write, with its number; `onbeat undo 2` takes Mei's move back",
            out,
        )?;
        out.line("")?;
        out.line(out.paint(Style::Bold, "Now yours"))?;
        if kept {
            let root = self.root.display();
            out.line(format!(
                "  Play on:      onbeat --config {root}/onbeat.toml --state {root}/state status"
            ))?;
            out.line(format!("                with ONBEAT_NOW={} in the environment", story::NOW))?;
        }
        out.line("  Your year:    onbeat report --ics my-calendar.ics      nothing is configured or sent")?;
        out.line("  Set it up:    onbeat init                              reads only; asks before anything")?;
        out.line("  This again:   onbeat demo --keep DIR                   a folder to look into")
    }

    /// The demo's result for programs.
    fn summary(&self, out: &mut Out) -> Result<(), Failure> {
        for words in [&["sync"] as &[&str], &["apply", "--yes"]] {
            self.verb(words, self.now, &mut self.silence())?;
        }
        let look = Lookout::open(&self.context(self.now))?;
        let filter = crate::store::EntryFilter::default();
        let writes = look.world.store.journal_entries(&look.world.owner, &filter)?;
        let plan =
            crate::engine::planning::plan(&look.world, &look.readings, &look.snapshot, None)?;
        let found = look.snapshot.pairs.iter().filter(|view| !view.series.is_empty()).count();
        let held: usize = look
            .snapshot
            .pairs
            .iter()
            .flat_map(|view| agenda::beats(&look.world.ledger, &view.pair.id, &look.snapshot))
            .filter(|beat| beat.verdict.is_held())
            .count();
        out.json(&json!({
            "folder": self.root.display().to_string(),
            "pairs": look.snapshot.pairs.len(),
            "with_series": found,
            "held": held,
            "writes": writes.len(),
            "left_to_do": plan.steps.len(),
        }))
    }
}
