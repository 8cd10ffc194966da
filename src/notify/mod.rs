//! Telling the owner something: a notice, the ways to send it, quiet hours.
//! One way that fails never stops another. Knows nothing of why a notice was
//! made; whether it was sent before is the caller's to remember.

pub mod command;
pub mod log;
pub mod mail;
pub mod webhook;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;

use crate::model::id::PairId;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// A pair needs attention: second push in a row, overdue, lapsed.
    Flag,
    /// An account needs a person: credentials, a frozen calendar.
    Account,
    /// The meeting with one's manager is near: prepare it.
    Prep,
    /// A better standing slot, at most once a week.
    Proposal,
    /// The periodic digest.
    Digest,
}

/// Something to tell the owner. Never holds a private item's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The same for the same finding, so that receivers can fold repeats.
    pub key: String,
    /// What it is about.
    pub topic: Topic,
    /// Which pair, if one.
    pub pair: Option<PairId>,
    /// One line.
    pub title: String,
    /// A few lines of plain text.
    pub body: String,
    /// When it was found.
    pub at: Timestamp,
}

/// A way to tell the owner.
#[async_trait(?Send)]
pub trait Notifier {
    /// How it is called in messages.
    fn name(&self) -> &str;

    /// Whether notices of this topic go this way.
    fn takes(&self, topic: Topic) -> bool;

    /// Sends one notice; bounded in time.
    ///
    /// # Errors
    /// When it was not accepted; the reason never holds a secret.
    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError>;
}

/// A notice that did not go out.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The program could not be run.
    #[error("{program} cannot be run")]
    Run {
        /// Which.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// It ran and failed.
    #[error("{program} failed: {status}")]
    Exit {
        /// Which.
        program: String,
        /// How it ended.
        status: String,
    },
    /// It took longer than this many seconds.
    #[error("{what} took longer than {seconds} s")]
    Timeout {
        /// Which.
        what: String,
        /// The limit.
        seconds: u64,
    },
    /// The server answered with an error.
    #[error("{host} answered {status}")]
    Status {
        /// Whom was asked.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The request did not go through.
    #[error("{host} cannot be reached")]
    Http {
        /// Whom was asked.
        host: String,
        /// Why.
        source: reqwest::Error,
    },
    /// An address is not one.
    #[error("{address:?} is not a mail address")]
    Address {
        /// As configured.
        address: String,
        /// Why.
        source: lettre::address::AddressError,
    },
    /// The mail could not be put together.
    #[error("the mail cannot be written")]
    Compose(#[source] lettre::error::Error),
    /// The mail server did not take it.
    #[error("the mail server {host} did not take the mail")]
    Smtp {
        /// Which.
        host: String,
        /// Why.
        source: lettre::transport::smtp::Error,
    },
}

/// Hours in which nothing is sent, on the owner's wall clock; may span midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    /// First quiet minute.
    pub from: Time,
    /// First minute that is not quiet any more.
    pub to: Time,
}

impl QuietHours {
    /// Whether the instant is quiet in this zone.
    pub fn covers(&self, at: Timestamp, zone: &TimeZone) -> bool {
        let time = zone.to_datetime(at).time();
        if self.from <= self.to {
            self.from <= time && time < self.to
        } else {
            self.from <= time || time < self.to
        }
    }
}

/// How one notice fared on one way.
#[derive(Debug)]
pub struct Failed {
    /// The way's name.
    pub notifier: String,
    /// Which notice.
    pub key: String,
    /// Why not.
    pub error: NotifyError,
}

/// Every configured way, and the hours that are quiet.
#[derive(Default)]
pub struct Notifiers {
    /// The ways, in configuration order.
    pub ways: Vec<Box<dyn Notifier>>,
    /// When nothing is sent.
    pub quiet: Option<QuietHours>,
}

/// What became of a batch of notices.
#[derive(Debug, Default)]
pub struct Dispatched {
    /// Keys of notices at least one way accepted.
    pub sent: Vec<String>,
    /// What did not work.
    pub failed: Vec<Failed>,
}

impl Notifiers {
    /// Sends each notice on each way that takes it. In quiet hours nothing is
    /// sent and nothing counts as sent, so the caller offers it again later.
    pub async fn send(&self, notices: &[Notice], now: Timestamp, zone: &TimeZone) -> Dispatched {
        let mut result = Dispatched::default();
        if self.quiet.is_some_and(|quiet| quiet.covers(now, zone)) {
            return result;
        }
        for notice in notices {
            let mut accepted = false;
            for way in self.ways.iter().filter(|way| way.takes(notice.topic)) {
                match way.notify(notice).await {
                    Ok(()) => accepted = true,
                    Err(error) => result.failed.push(Failed {
                        notifier: way.name().to_owned(),
                        key: notice.key.clone(),
                        error,
                    }),
                }
            }
            if accepted {
                result.sent.push(notice.key.clone());
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    struct Way {
        works: bool,
        got: Rc<RefCell<Vec<String>>>,
    }

    #[async_trait(?Send)]
    impl Notifier for Way {
        fn name(&self) -> &str {
            "way"
        }
        fn takes(&self, topic: Topic) -> bool {
            topic != Topic::Digest
        }
        async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
            if !self.works {
                return Err(NotifyError::Status { host: "h".into(), status: 500 });
            }
            self.got.borrow_mut().push(notice.key.clone());
            Ok(())
        }
    }

    fn notice(key: &str, topic: Topic) -> Notice {
        Notice {
            key: key.into(),
            topic,
            pair: None,
            title: "t".into(),
            body: "b".into(),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[tokio::test]
    async fn a_broken_way_stops_no_other() {
        let got = Rc::new(RefCell::new(Vec::new()));
        let ways: Vec<Box<dyn Notifier>> = vec![
            Box::new(Way { works: false, got: got.clone() }),
            Box::new(Way { works: true, got: got.clone() }),
        ];
        let all = Notifiers { ways, quiet: None };
        let batch = [notice("a", Topic::Flag), notice("d", Topic::Digest)];
        let result = all.send(&batch, Timestamp::UNIX_EPOCH, &TimeZone::UTC).await;
        assert_eq!(result.sent, ["a"]);
        assert_eq!(result.failed.len(), 1);
        assert_eq!(*got.borrow(), ["a"]);
    }

    #[tokio::test]
    async fn quiet_hours_send_and_mark_nothing() {
        let got = Rc::new(RefCell::new(Vec::new()));
        let quiet =
            QuietHours { from: Time::constant(20, 0, 0, 0), to: Time::constant(7, 30, 0, 0) };
        let all = Notifiers {
            ways: vec![Box::new(Way { works: true, got: got.clone() })],
            quiet: Some(quiet),
        };
        let batch = [notice("a", Topic::Flag)];
        let night: Timestamp = "2026-11-25T23:10:00Z".parse().unwrap();
        assert!(all.send(&batch, night, &TimeZone::UTC).await.sent.is_empty());
        let day: Timestamp = "2026-11-26T07:30:00Z".parse().unwrap();
        assert_eq!(all.send(&batch, day, &TimeZone::UTC).await.sent, ["a"]);
    }

    #[test]
    fn quiet_hours_use_the_wall_clock() {
        let quiet =
            QuietHours { from: Time::constant(12, 0, 0, 0), to: Time::constant(13, 0, 0, 0) };
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        assert!(quiet.covers("2026-11-25T11:30:00Z".parse().unwrap(), &berlin));
        assert!(!quiet.covers("2026-11-25T12:30:00Z".parse().unwrap(), &berlin));
    }
}
