//! What a story needs of the calendars it is told on: a person's deeds, by partner and
//! original start, and a run of the program. Knows no protocol.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use crate::backend::Trouble;
use crate::support::household::{Home, Ran};

/// A wall-clock time in Berlin: `2026-03-10 10:00`.
pub fn berlin(text: &str) -> Timestamp {
    let local: DateTime = text.replace(' ', "T").parse().unwrap();
    local.in_tz("Europe/Berlin").unwrap().timestamp()
}

/// Somebody's calendar with onbeat on it. The owner is Alice.
pub trait World {
    fn home(&self) -> &Home;
    /// The server's clock stands here now.
    fn clock(&self, now: &str);
    /// Something goes wrong on the network, where this world's network can be made to.
    fn trouble(&self, trouble: Trouble);
    /// Alice drags one meeting.
    fn drag(&self, who: &str, original: Timestamp, to: Timestamp);
    /// Alice deletes one meeting.
    fn cancel(&self, who: &str, original: Timestamp);
    /// The partner answers one meeting: `declined`, `accepted`.
    fn answer(&self, who: &str, original: Timestamp, answer: &str, comment: &str);
    /// Alice changes this and all following meetings: the title, or also the start.
    fn split(&self, who: &str, original: Timestamp, title: &str, to: Option<Timestamp>);
    /// Alice deletes the series.
    fn delete(&self, who: &str);
    /// The text of one meeting as a reader of it sees it.
    fn read(&self, who: &str, original: Timestamp) -> String;
    /// Alice changes a meeting's text in her calendar's own program.
    fn type_in(&self, who: &str, original: Timestamp, text: &str);
    /// Another entry of somebody's own; the answer is whether this world has room for it.
    fn entry(&self, who: &str, title: &str, from: Timestamp, to: Timestamp);
    /// Alice is away on these days.
    fn leave(&self, title: &str, from: Date, to: Date);
    /// How many series with the partner stand.
    fn series(&self, who: &str) -> usize;

    fn run(&self, now: &str, args: &[&str]) -> Ran {
        self.clock(now);
        self.home().run(now, args)
    }
}
