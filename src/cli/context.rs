//! What every verb needs to know before it starts: the global options, the
//! environment and the clock. Reads no file.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::cli::Global;
use crate::cli::failure::Failure;
use crate::clock::Clock;
use crate::config;
use crate::config::env::Env;

/// The surroundings of one command.
pub struct Context {
    /// The global options.
    pub global: Global,
    /// The environment.
    pub env: Env,
    /// The clock stands still at this instant (ONBEAT_NOW).
    pub fixed: Option<Timestamp>,
}

impl Context {
    /// Checks what can be checked without reading a file.
    ///
    /// # Errors
    /// When ONBEAT_NOW is not an instant.
    pub fn new(global: Global, env: Env) -> Result<Self, Failure> {
        let fixed = match &env.now {
            None => None,
            Some(text) => Some(text.parse().map_err(|error: jiff::Error| {
                Failure::user(format!("ONBEAT_NOW={text:?} is not an instant"))
                    .because(error)
                    .hint("write it as RFC 3339, like 2026-03-02T09:00:00Z, or unset it")
            })?),
        };
        Ok(Self { global, env, fixed })
    }

    /// The same surroundings with other files and another moment (the demo).
    pub fn with(&self, config: &Path, state: &Path, now: Timestamp) -> Self {
        let mut global = self.global.clone();
        global.config = Some(config.to_path_buf());
        global.state = Some(state.to_path_buf());
        Self { global, env: self.env.clone(), fixed: Some(now) }
    }

    /// The clock of this command.
    pub fn clock(&self) -> Box<dyn Clock> {
        crate::cli::wire::clock(self.fixed)
    }

    /// The current instant.
    pub fn now(&self) -> Timestamp {
        self.clock().now()
    }

    /// Where the configuration is: `--config`, the service's directory, the
    /// platform's directory.
    ///
    /// # Errors
    /// When there is no home directory.
    pub fn config_path(&self) -> Result<PathBuf, Failure> {
        Ok(self.places()?.config)
    }

    /// Where the state is: `--state`, the service's directory, the platform's
    /// data directory.
    ///
    /// # Errors
    /// When there is no home directory.
    pub fn state_dir(&self) -> Result<PathBuf, Failure> {
        Ok(self.places()?.state)
    }

    fn places(&self) -> Result<config::Places, Failure> {
        let given = (self.global.config.as_deref(), self.global.state.as_deref());
        Ok(config::locate(given.0, given.1, &self.env)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_can_be_fixed() {
        let env = Env { now: Some("2026-11-25T07:30:00Z".into()), ..Env::default() };
        let context = Context::new(Global::default(), env).unwrap();
        assert_eq!(context.now().to_string(), "2026-11-25T07:30:00Z");
        let env = Env { now: Some("yesterday".into()), ..Env::default() };
        let failure = Context::new(Global::default(), env).err().unwrap();
        assert!(failure.message.contains("yesterday"));
    }

    #[test]
    fn the_service_manager_names_directories() {
        let dirs = (Some("/var/lib/onbeat".into()), Some("/etc/onbeat".into()));
        let env =
            Env { state_directory: dirs.0, configuration_directory: dirs.1, ..Env::default() };
        let context = Context::new(Global::default(), env).unwrap();
        assert_eq!(context.state_dir().unwrap(), Path::new("/var/lib/onbeat"));
    }
}
