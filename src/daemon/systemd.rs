//! What the service manager wants to hear (sd_notify(3)): ready, alive,
//! status, stopping. Outside of systemd every call does nothing.

use std::time::Duration;

use sd_notify::NotifyState;

/// The conversation with the service manager.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    watchdog: Option<Duration>,
}

impl Service {
    /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
    pub fn from_environment() -> Self {
        Self { watchdog: sd_notify::watchdog_enabled().filter(|every| !every.is_zero()) }
    }

    /// How often to say that we are alive: half of what the manager allows.
    pub fn watchdog_every(&self) -> Option<Duration> {
        self.watchdog.map(|limit| limit / 2)
    }

    /// Start-up is over.
    pub fn ready(&self) {
        say(&[NotifyState::Ready]);
    }

    /// Still alive.
    pub fn alive(&self) {
        say(&[NotifyState::Watchdog]);
    }

    /// One line for `systemctl status`; names nobody.
    pub fn status(&self, text: &str) {
        let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        say(&[NotifyState::Status(&line)]);
    }

    /// The configuration is being read anew; [`Service::ready`] ends it.
    pub fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => say(&[NotifyState::Reloading, now]),
            Err(_) => say(&[NotifyState::Reloading]),
        }
    }

    /// On the way out.
    pub fn stopping(&self) {
        say(&[NotifyState::Stopping]);
    }
}

fn say(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        // Nobody to tell but the log; the work goes on.
        tracing::debug!(%error, "the service manager cannot be told");
    }
}
