//! The command line: its words, and which file does what. One verb per file;
//! `wire.rs` puts the parts together, `failure.rs` decides how an error ends.

pub mod action;
pub mod agenda;
pub mod apply;
pub mod check;
pub mod completions;
pub mod context;
pub mod dates;
pub mod demo;
pub mod failure;
pub mod ics;
pub mod init;
pub mod items;
pub mod log;
pub mod logging;
pub mod login;
pub mod lookout;
pub mod man;
pub mod note;
pub mod out;
pub mod pairs;
pub mod pause;
pub mod plan;
pub mod progress;
pub mod reflect;
pub mod report;
pub mod run;
pub mod said;
pub mod solve;
pub mod status;
pub mod sync;
pub mod undo;
pub mod why;
pub mod wire;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::out::{Color, Out};
use crate::config::env::Env;
use crate::model::observation::Word;

/// Keeps recurring 1:1 meetings alive on real calendars
///
/// onbeat finds your 1:1s on CalDAV servers, Google Calendar or in a folder of
/// .ics files, keeps each one scheduled at a time that works for both people,
/// writes its agenda into the event, notices every meeting that was skipped or
/// pushed, and reports how consistent each relationship is.
///
/// Try `onbeat demo` first: it needs nothing and touches nothing of yours.
#[derive(Debug, Parser)]
#[command(
    name = "onbeat",
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 ok, 1 user or configuration error, 2 usage, 3 some account or step failed, 70 internal."
)]
pub struct Cli {
    /// What holds for every verb.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Options of every verb.
#[derive(Debug, Clone, Default, Args)]
pub struct Global {
    /// The configuration file [default: onbeat.toml in the platform's config directory]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub config: Option<PathBuf>,
    /// The state directory [default: the platform's data directory]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Global options")]
    pub state: Option<PathBuf>,
    /// Print the result as JSON (the shapes are in docs/cli.md)
    #[arg(long, global = true, help_heading = "Global options")]
    pub json: bool,
    /// Say more on stderr; twice for every request
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Global options")]
    pub verbose: u8,
    /// Say errors only
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Global options")]
    pub quiet: bool,
    /// When to use colours
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        help_heading = "Global options"
    )]
    pub color: Color,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// The whole loop on a bundled team calendar; no server, no network, nothing of yours is touched
    Demo(demo::DemoArgs),
    /// Guided set-up: finds server, calendars and existing 1:1s, writes the configuration
    Init(Box<init::InitArgs>),
    /// A password into the place the configuration names
    Login(login::LoginArgs),
    /// The doctor: configuration, credentials, servers, clock, time zones, state
    Check(check::CheckArgs),
    /// Fetch and observe; never writes to a calendar
    Sync(sync::SyncArgs),
    /// What would be changed, and why, and what not, and why not
    Plan(plan::PlanArgs),
    /// Carry the plan out
    Apply(apply::ApplyArgs),
    /// Put back what was there before one of onbeat's writes
    Undo(undo::UndoArgs),
    /// The daemon: looks by itself, writes for pairs in mode "act", tells you
    Run(run::RunArgs),
    /// Each pair: next meeting, agenda, flags; and how the accounts are
    Status(status::StatusArgs),
    /// Why a meeting is where it is, and what stands in the way
    Why(why::WhyArgs),
    /// The next 1:1's agenda, as the event shows it
    Agenda(agenda::AgendaArgs),
    /// Note a talking point for the next 1:1
    Note(note::NoteArgs),
    /// Action items: who does what until when
    Action(action::ActionArgs),
    /// Three questions after a meeting, one line each
    Reflect(reflect::ReflectArgs),
    /// Say that a meeting took place
    Held(said::SaidArgs),
    /// Say that a meeting did not take place
    Skip(said::SaidArgs),
    /// Say that a meeting did not take place, for a good reason
    Excuse(said::SaidArgs),
    /// How consistent each 1:1 is: held, pushed, skipped, excused
    Report(report::ReportArgs),
    /// What onbeat wrote to calendars
    Log(log::LogArgs),
    /// Stop touching the calendar
    Pause(pause::PauseArgs),
    /// Go on touching the calendar
    Resume(pause::ResumeArgs),
    /// Slot assignment for an instance file
    Solve(solve::Args),
    /// Plumbing over calendar files, for scripts and tests
    Ics(ics::IcsArgs),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
    /// Print the manual
    Man(man::ManArgs),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    run(std::env::args_os(), Env::read())
}

/// Runs one command line in an environment and returns its exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, env: Env) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, everything else is a usage error.
            let code = if error.use_stderr() { 2 } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let quiet = cli.global.quiet;
    match start(cli, env) {
        Ok(code) => code,
        Err(failure) => {
            if failure.kind != failure::Kind::BrokenPipe && !(quiet && failure.message.is_empty()) {
                let _ = std::io::stderr().write_all(failure.render().as_bytes());
            }
            failure.exit_code()
        }
    }
}

fn start(cli: Cli, env: Env) -> Result<ExitCode, Failure> {
    let global = cli.global;
    let daemon = matches!(cli.verb, Verb::Run(_));
    logging::start(&env, global.verbose, global.quiet, global.color, daemon)?;
    let terminal = out::Terminal { no_color: env.no_color, columns: env.columns };
    let mut out = Out::stdout(global.color, terminal, global.json, global.quiet);
    let context = Context::new(global, env)?;
    let result = dispatch(cli.verb, &context, &mut out);
    // What was printed before a failure is still a result.
    let flushed = out.flush();
    result.and_then(|code| flushed.map(|()| code))
}

fn dispatch(verb: Verb, context: &Context, out: &mut Out) -> Result<ExitCode, Failure> {
    let done = match verb {
        Verb::Demo(args) => demo::run(context, &args, out),
        Verb::Init(args) => init::run(context, &args, out),
        Verb::Login(args) => login::run(context, &args, out),
        Verb::Check(args) => check::run(context, &args, out),
        Verb::Sync(args) => sync::run(context, &args, out),
        Verb::Plan(args) => plan::run(context, &args, out),
        Verb::Apply(args) => apply::run(context, &args, out),
        Verb::Undo(args) => undo::run(context, &args, out),
        Verb::Run(args) => run::run(context, &args),
        Verb::Status(args) => status::run(context, &args, out),
        Verb::Reflect(args) => reflect::run(context, &args, out),
        Verb::Held(args) => said::run(context, &args, Word::Held, out),
        Verb::Skip(args) => said::run(context, &args, Word::Skip, out),
        Verb::Excuse(args) => said::run(context, &args, Word::Excuse, out),
        Verb::Why(args) => why::run(context, &args, out),
        Verb::Agenda(args) => agenda::run(context, &args, out),
        Verb::Report(args) => report::run(context, &args, out),
        Verb::Note(args) => note::run(context, &args, out),
        Verb::Action(args) => action::run(context, &args, out),
        Verb::Log(args) => log::run(context, &args, out),
        Verb::Pause(args) => pause::pause(context, &args, out),
        Verb::Resume(args) => pause::resume(context, &args, out),
        Verb::Ics(args) => {
            let mut notes = std::io::stderr();
            ics::run(&args, out.writer(), &mut notes).map_err(Failure::from)
        }
        Verb::Solve(args) => return Ok(solve::run(&args)),
        Verb::Completions(args) => completions::run(&args, out),
        Verb::Man(args) => man::run(&args, out),
    };
    done.map(|()| ExitCode::SUCCESS)
}
