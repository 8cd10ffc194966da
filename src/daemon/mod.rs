//! Long-running onbeat: one loop over a closed set of events. It decides
//! nothing about calendars; every cycle is the same one a command runs. It is
//! stopped between steps, and reads its configuration anew when asked.

pub mod backoff;
pub mod events;
pub mod notices;
pub mod queue;
pub mod systemd;
pub mod watch;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;

use crate::agenda::questions::QuestionBank;
use crate::daemon::backoff::Backoff;
use crate::daemon::events::{Event, Events};
use crate::daemon::queue::Queue;
use crate::daemon::systemd::Service;
use crate::daemon::watch::Watch;
use crate::engine::fetch::lift_refusal;
use crate::engine::world::{AccountLink, Settings, World};
use crate::engine::{Cause, Consent, CycleReport, EngineError, Reach, cycle};
use crate::model::pair::{Pair, Person};
use crate::notify::Notifiers;

/// How long a running cycle may go on after the stop signal. What is in flight
/// then is settled by the journal at the next start.
const GRACE: Duration = Duration::from_secs(3);

/// What the configuration makes of the daemon.
pub struct Outfit {
    /// The owner.
    pub me: Person,
    /// The pairs.
    pub pairs: Vec<Pair>,
    /// The accounts with their connections.
    pub accounts: Vec<AccountLink>,
    /// Limits and habits.
    pub settings: Settings,
    /// The user's own templates by name: file name and text.
    pub templates: BTreeMap<String, (String, String)>,
    /// Rotating questions.
    pub bank: QuestionBank,
    /// How often to look.
    pub poll: SignedDuration,
    /// Folders whose changes are worth a cycle; empty: the timer alone.
    pub folders: Vec<PathBuf>,
    /// The configuration file, when it is watched.
    pub config: Option<PathBuf>,
    /// Ways to tell the owner.
    pub notifiers: Notifiers,
    /// Days between two digests; `None`: none.
    pub digest_days: Option<u16>,
}

/// What came of reading the configuration again.
pub enum Reloaded {
    /// Nothing that matters changed.
    Same,
    /// A new outfit.
    Changed(Box<Outfit>),
    /// It cannot be used; the old one goes on.
    Broken(Box<dyn Error>),
}

/// Reads the configuration again; lent by the composition root.
pub type Reload<'a> = &'a mut dyn FnMut() -> Reloaded;

/// Why the daemon ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The system gives no signals.
    #[error("the system gives no signals")]
    Signals(#[source] std::io::Error),
    /// The state failed again and again.
    #[error("the cycle failed {0} times in a row")]
    Engine(u32, #[source] EngineError),
}

/// The state cannot be written this often before the daemon gives up and lets
/// the service manager start it afresh.
const GIVE_UP_AFTER: u32 = 5;

/// Whether the loop goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Go,
    Stop,
}

/// The daemon between two events.
struct Daemon<'a> {
    world: World,
    outfit: Rest,
    service: Service,
    events: Events,
    queue: Queue,
    backoff: Backoff,
    failures: u32,
    reload: Reload<'a>,
}

/// What of an [`Outfit`] is not in the world.
struct Rest {
    poll: SignedDuration,
    notifiers: Notifiers,
    digest_days: Option<u16>,
}

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// When the system gives no signals, or the state fails again and again.
pub async fn run(
    mut world: World,
    outfit: Outfit,
    service: Service,
    reload: Reload<'_>,
) -> Result<(), DaemonError> {
    let watch = Watch::start(&outfit.folders, outfit.config.as_deref());
    let rest = wear(&mut world, outfit);
    let every = rest.poll;
    let events =
        Events::start(every, service.watchdog_every(), watch).map_err(DaemonError::Signals)?;
    let mut queue = Queue::default();
    queue.request(Cause::Timer);
    tracing::info!(pairs = world.pairs.len(), accounts = world.accounts.len(), "onbeat runs");
    service.ready();
    let mut daemon = Daemon {
        world,
        outfit: rest,
        service,
        events,
        queue,
        backoff: Backoff::default(),
        failures: 0,
        reload,
    };
    let ended = daemon.live().await;
    daemon.service.stopping();
    tracing::info!("onbeat stops");
    ended
}

/// Puts an outfit on a world.
fn wear(world: &mut World, outfit: Outfit) -> Rest {
    world.me = outfit.me;
    world.pairs = outfit.pairs;
    world.accounts = outfit.accounts;
    world.settings = outfit.settings;
    world.templates = outfit.templates;
    world.bank = outfit.bank;
    Rest { poll: outfit.poll, notifiers: outfit.notifiers, digest_days: outfit.digest_days }
}

impl Daemon<'_> {
    async fn live(&mut self) -> Result<(), DaemonError> {
        loop {
            while let Some((cause, folded)) = self.queue.take() {
                tracing::debug!(?cause, folded, "cycle wanted");
                if self.cycle(&cause).await? == Flow::Stop {
                    return Ok(());
                }
            }
            let event = self.events.next().await;
            if self.take(event) == Flow::Stop {
                return Ok(());
            }
        }
    }

    /// One event while nothing runs.
    fn take(&mut self, event: Event) -> Flow {
        match event {
            Event::Stop => return Flow::Stop,
            Event::Tick => self.queue.request(Cause::Timer),
            Event::LocalChange => self.queue.request(Cause::LocalChange),
            Event::Reload => self.reread(),
            Event::Alive => self.service.alive(),
        }
        Flow::Go
    }

    /// One cycle, with the loop alive beside it.
    async fn cycle(&mut self, cause: &Cause) -> Result<Flow, DaemonError> {
        self.service.status("reading calendars");
        let now = self.world.now();
        // A failing account is not asked in this cycle, and what it holds counts as
        // not read; the others go on.
        self.world.resting = self.backoff.resting(now).into_iter().collect();
        let stop = self.world.stop.clone();
        let reach = Reach::Apply { consent: Consent::Standing };
        let mut reread = false;
        let ended = {
            let work = cycle::run(&mut self.world, cause, reach, None);
            tokio::pin!(work);
            loop {
                tokio::select! {
                    biased;
                    ended = &mut work => break Some(ended),
                    event = self.events.next() => match event {
                        Event::Alive => self.service.alive(),
                        Event::Tick => self.queue.request(Cause::Timer),
                        Event::LocalChange => self.queue.request(Cause::LocalChange),
                        Event::Reload => reread = true,
                        Event::Stop => {
                            self.service.stopping();
                            // The step under way ends; no further one begins.
                            stop.set(true);
                            break tokio::time::timeout(GRACE, &mut work).await.ok();
                        }
                    },
                }
            }
        };
        let Some(ended) = ended else {
            tracing::warn!("a request did not end in time; the next start settles it");
            return Ok(Flow::Stop);
        };
        let stopped = self.events.stopped();
        self.settle(ended).await?;
        if stopped {
            return Ok(Flow::Stop);
        }
        if reread {
            self.reread();
        }
        self.events.tick_in(self.outfit.poll);
        Ok(Flow::Go)
    }

    /// What a cycle means for the service manager, the log and the owner.
    async fn settle(&mut self, ended: Result<CycleReport, EngineError>) -> Result<(), DaemonError> {
        let report = match ended {
            Ok(report) => report,
            Err(error) => return self.failed(error),
        };
        self.failures = 0;
        let now = self.world.now();
        for account in accounts_of(&report) {
            let ok = report
                .coverage
                .iter()
                .filter(|(c, _)| c.account == account)
                .all(|(_, c)| c.is_complete());
            if self.backoff.note(&account, ok, self.outfit.poll, now) {
                match ok {
                    true => tracing::info!(%account, "works again"),
                    false => tracing::warn!(%account, "fails; the others go on"),
                }
            }
        }
        for note in &report.notes {
            tracing::debug!("{note}");
        }
        self.service.status(&status(&report, self.backoff.failing()));
        log(&report);
        let digest = self.outfit.digest_days;
        let sent = notices::tell(&mut self.world, &report, &self.outfit.notifiers, digest).await;
        if let Err(error) = sent {
            return self.failed(error.into());
        }
        Ok(())
    }

    fn failed(&mut self, error: EngineError) -> Result<(), DaemonError> {
        self.failures += 1;
        self.service.status("the last cycle failed");
        tracing::error!(error = %chain(&error), "the cycle failed");
        if self.failures >= GIVE_UP_AFTER {
            return Err(DaemonError::Engine(self.failures, error));
        }
        Ok(())
    }

    /// Reads the configuration again; a broken one changes nothing.
    fn reread(&mut self) {
        self.service.reloading();
        self.forgive();
        match (self.reload)() {
            Reloaded::Same => tracing::info!("the configuration is unchanged"),
            Reloaded::Broken(error) => {
                tracing::error!(error = %chain(error.as_ref()), "the new configuration cannot be used; the old one goes on");
                self.service.status("the new configuration cannot be used; the old one goes on");
            }
            Reloaded::Changed(outfit) => {
                self.events.watch(Watch::start(&outfit.folders, outfit.config.as_deref()));
                self.outfit = wear(&mut self.world, *outfit);
                tracing::info!(pairs = self.world.pairs.len(), "the new configuration is in force");
                self.queue.request(Cause::Reload);
            }
        }
        self.service.ready();
    }
}

impl Daemon<'_> {
    /// A person asks: accounts that failed or were refused are tried again.
    fn forgive(&mut self) {
        self.backoff.clear();
        let now = self.world.now();
        for account in &self.world.accounts {
            let lifted = lift_refusal(&self.world.store, &self.world.owner, &account.id, now);
            if let Err(error) = lifted {
                tracing::error!(error = %chain(&error), "the state cannot be written");
            }
        }
    }
}

fn accounts_of(report: &CycleReport) -> Vec<crate::model::id::AccountId> {
    let mut accounts: Vec<_> = report.coverage.iter().map(|(c, _)| c.account.clone()).collect();
    accounts.sort();
    accounts.dedup();
    accounts
}

/// One line for `systemctl status`: numbers, no names.
fn status(report: &CycleReport, failing: usize) -> String {
    let waiting = report
        .plan
        .as_ref()
        .map_or(0, |plan| plan.steps.len() - report.applied.len().min(plan.steps.len()));
    let mut text = format!(
        "{} calendars read, {} changed, {} written",
        report.coverage.iter().filter(|(_, c)| c.is_complete()).count(),
        report.changed,
        report.applied.len()
    );
    if waiting > 0 {
        text.push_str(&format!(", {waiting} to look at (onbeat plan)"));
    }
    if failing > 0 {
        text.push_str(&format!(", {failing} accounts failing"));
    }
    text
}

fn log(report: &CycleReport) {
    if report.changed + report.vanished > 0 || !report.applied.is_empty() {
        tracing::info!(
            changed = report.changed,
            vanished = report.vanished,
            recorded = report.recorded,
            written = report.applied.len(),
            "cycle"
        );
    }
    for (step, outcome) in &report.applied {
        // The step is named by its id and pair: no title and no agenda text in the log.
        tracing::info!(step = %step.id, pair = %step.pair, ?outcome, "written");
    }
}

/// An error and its causes on one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
