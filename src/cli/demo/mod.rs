//! `onbeat demo`: the whole loop on a small company's calendar in a local
//! folder, with the code of the real verbs and a commentary.

pub mod calendar;
pub mod phone;
pub mod story;

use std::path::PathBuf;

use clap::Args;

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::out::Out;

/// Where the demo plays.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Keep the demo's folder here instead of a temporary one
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// Plays the demo.
///
/// # Errors
/// When the folder cannot be written; else what the real verbs fail with.
pub fn run(_context: &Context, args: &DemoArgs, _out: &mut Out) -> Result<(), Failure> {
    if let Some(dir) = &args.keep {
        calendar::write(dir)?;
    }
    Ok(())
}
