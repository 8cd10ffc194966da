//! To be written.

pub mod solve;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "onbeat")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Slot assignment for an instance file.
    Solve(solve::Args),
}

/// Runs.
pub fn main() -> std::process::ExitCode {
    match Cli::parse().command {
        Command::Solve(args) => solve::run(&args),
    }
}
