//! The command line: types, dispatch, exit codes.

pub mod ics;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "onbeat", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plumbing over calendar files
    Ics(ics::IcsArgs),
}

/// Runs the program and returns its exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let (mut out, mut notes) = (std::io::stdout().lock(), std::io::stderr().lock());
    let result = match &cli.command {
        Command::Ics(args) => ics::run(args, &mut out, &mut notes),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut line = format!("onbeat: {error}");
            let mut cause = std::error::Error::source(&error);
            while let Some(next) = cause {
                line.push_str(&format!(": {next}"));
                cause = next.source();
            }
            // Nothing is left to tell when standard error is closed.
            let _ = writeln!(notes, "{line}");
            ExitCode::from(1)
        }
    }
}
