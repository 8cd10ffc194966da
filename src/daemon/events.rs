//! Everything the daemon waits for, as one stream of events: timer, local
//! changes (debounced), signals, and the moments to say that it is alive.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Interval, Sleep};

use crate::daemon::watch::{Change, Watch};

/// What the daemon can be woken by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The timer.
    Tick,
    /// Something changed in a calendar folder, and nothing more for a moment.
    LocalChange,
    /// SIGHUP, or the configuration file changed.
    Reload,
    /// SIGTERM or SIGINT.
    Stop,
    /// Time to tell the service manager that the loop lives.
    Alive,
}

/// A folder must be quiet for this long: programs write several files in a row.
const DEBOUNCE: Duration = Duration::from_millis(400);

/// A folder that never becomes quiet is looked at all the same after this.
const LONGEST_DEBOUNCE: Duration = Duration::from_secs(5);

/// The sources of events.
pub struct Events {
    tick: Pin<Box<Sleep>>,
    alive: Option<Interval>,
    watch: Option<Watch>,
    calendar: Debounce,
    config: Debounce,
    term: Signal,
    int: Signal,
    hup: Signal,
    stopped: bool,
}

/// A burst of changes becomes one.
#[derive(Debug, Clone, Copy, Default)]
struct Debounce {
    due: Option<tokio::time::Instant>,
    latest: Option<tokio::time::Instant>,
}

impl Debounce {
    fn touch(&mut self) {
        let now = tokio::time::Instant::now();
        let latest = *self.latest.get_or_insert(now + LONGEST_DEBOUNCE);
        self.due = Some((now + DEBOUNCE).min(latest));
    }
}

impl Events {
    /// Starts listening.
    ///
    /// # Errors
    /// When the system gives no signals.
    pub fn start(poll: SignedDuration, alive: Option<Duration>, watch: Watch) -> io::Result<Self> {
        Ok(Self {
            tick: Box::pin(tokio::time::sleep(jittered(poll, random()))),
            alive: alive.map(|every| tokio::time::interval(every.max(Duration::from_millis(10)))),
            watch: Some(watch),
            calendar: Debounce::default(),
            config: Debounce::default(),
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            hup: signal(SignalKind::hangup())?,
            stopped: false,
        })
    }

    /// Replaces what is watched.
    pub fn watch(&mut self, watch: Watch) {
        self.watch = Some(watch);
    }

    /// Sets the timer anew.
    pub fn tick_in(&mut self, poll: SignedDuration) {
        self.tick.as_mut().reset(tokio::time::Instant::now() + jittered(poll, random()));
    }

    /// Whether the stop signal came.
    pub fn stopped(&self) -> bool {
        self.stopped
    }

    /// The next event. May be dropped and called again without losing one.
    pub async fn next(&mut self) -> Event {
        loop {
            let due = [self.calendar.due, self.config.due].into_iter().flatten().min();
            tokio::select! {
                biased;
                _ = self.term.recv() => { self.stopped = true; return Event::Stop }
                _ = self.int.recv() => { self.stopped = true; return Event::Stop }
                () = alive(self.alive.as_mut()) => return Event::Alive,
                _ = self.hup.recv() => return Event::Reload,
                () = until(due) => {
                    let ready = |debounce: &Debounce| debounce.due.is_some() && debounce.due == due;
                    if ready(&self.config) {
                        self.config = Debounce::default();
                        return Event::Reload;
                    }
                    self.calendar = Debounce::default();
                    return Event::LocalChange;
                }
                change = changed(&mut self.watch) => match change {
                    Some(Change::Calendar) => self.calendar.touch(),
                    Some(Change::Config) => self.config.touch(),
                    None => self.watch = None,
                },
                () = &mut self.tick => {
                    // Until the cycle that follows sets it anew.
                    self.tick.as_mut().reset(tokio::time::Instant::now() + Duration::from_secs(3600));
                    return Event::Tick;
                }
            }
        }
    }
}

async fn changed(watch: &mut Option<Watch>) -> Option<Change> {
    match watch {
        Some(watch) => watch.changes.recv().await,
        None => std::future::pending().await,
    }
}

async fn alive(interval: Option<&mut Interval>) {
    match interval {
        Some(interval) => {
            interval.tick().await;
        }
        None => std::future::pending().await,
    }
}

async fn until(at: Option<tokio::time::Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// The interval ±10 %, so that many daemons do not ask at the same moment.
fn jittered(poll: SignedDuration, random: u8) -> Duration {
    let whole = Duration::try_from(poll).unwrap_or(Duration::from_secs(300));
    whole.mul_f64(0.9 + 0.2 * f64::from(random) / 255.0)
}

/// One random byte.
fn random() -> u8 {
    uuid::Uuid::new_v4().as_bytes().first().copied().unwrap_or(128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_within_a_tenth() {
        let poll = SignedDuration::from_secs(100);
        assert_eq!(jittered(poll, 0), Duration::from_secs(90));
        assert_eq!(jittered(poll, 255), Duration::from_secs(110));
    }

    #[tokio::test]
    async fn a_burst_of_changes_is_one_event() {
        let (send, changes) = tokio::sync::mpsc::unbounded_channel();
        let watch = Watch::from_channel(changes);
        let mut events = Events::start(SignedDuration::from_secs(2), None, watch).unwrap();
        for _ in 0..5 {
            send.send(Change::Calendar).unwrap();
        }
        assert_eq!(events.next().await, Event::LocalChange);
        send.send(Change::Config).unwrap();
        assert_eq!(events.next().await, Event::Reload);
        // Nothing is left but the timer.
        assert_eq!(events.next().await, Event::Tick);
    }
}
