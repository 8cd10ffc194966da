//! Diagnostics on stderr: level by `-v`, `-q` or ONBEAT_LOG, without time
//! stamps where journald stamps the lines itself.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt;

use crate::cli::failure::Failure;
use crate::cli::out::Color;
use crate::config::env::Env;

/// Installs the subscriber. `-v` shows what onbeat does, `-vv` every request;
/// `-q` errors only. ONBEAT_LOG overrides both.
///
/// # Errors
/// When ONBEAT_LOG is not a filter.
pub fn start(
    env: &Env,
    verbose: u8,
    quiet: bool,
    color: Color,
    daemon: bool,
) -> Result<(), Failure> {
    let filter = match &env.log {
        Some(text) => EnvFilter::try_new(text).map_err(|error| {
            Failure::user(format!("ONBEAT_LOG={text:?} is not a log filter"))
                .because(error)
                .hint("use a level (error, warn, info, debug, trace) or TARGET=LEVEL pairs")
        })?,
        None => EnvFilter::new(level(verbose, quiet, daemon)),
    };
    let ansi = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => io::stderr().is_terminal() && !env.no_color,
    };
    let base = fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(ansi);
    // A second start in one process (tests) keeps the first subscriber.
    let _ = if daemon && !env.journal {
        base.with_target(false).try_init()
    } else {
        base.with_target(false).without_time().try_init()
    };
    Ok(())
}

fn level(verbose: u8, quiet: bool, daemon: bool) -> &'static str {
    match (quiet, verbose, daemon) {
        (true, _, _) => "error",
        (false, 0, false) => "warn",
        (false, 0, true) => "onbeat=info,warn",
        (false, 1, _) => "onbeat=debug,warn",
        (false, _, _) => "onbeat=trace,info",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_filter_is_named() {
        let env = Env { log: Some("onbeat=loud".into()), ..Env::default() };
        let failure = start(&env, 0, false, Color::Never, false).unwrap_err();
        assert!(failure.message.contains("onbeat=loud"));
    }
}
