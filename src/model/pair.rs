//! The intended state: who meets whom, how often, when, and how far onbeat may
//! go. A pair outlives every calendar object that realises it.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use url::Url;

use crate::model::id::{AccountId, Address, PairId};
use crate::model::time::WeekHours;

/// A person with what is known of their time.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// How they are called in texts.
    pub name: String,
    /// All addresses that are this person; the first is the one to invite.
    pub addresses: Vec<Address>,
    /// Their zone.
    pub zone: TimeZone,
    /// Their working hours, on their own wall clock.
    pub hours: WeekHours,
    /// Public holidays by local date, with their name.
    pub holidays: BTreeMap<Date, String>,
}

impl Person {
    /// Whether an address is this person's.
    pub fn is(&self, address: &Address) -> bool {
        self.addresses.contains(address)
    }
}

/// What the partner is to the owner; it chooses the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The partner reports to the owner (lead-down).
    Report,
    /// The partner is the owner's manager (manager-up).
    Manager,
    /// Same level.
    Peer,
    /// A level between them is skipped.
    SkipLevel,
    /// Mentoring, either way.
    Mentor,
}

/// How far onbeat may go with a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Read and report only; nothing is planned.
    Observe,
    /// Plan and show; write only on `apply` by a person.
    Suggest,
    /// The daemon applies the plan by itself.
    Act,
}

/// How often a meeting is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cadence {
    /// Every how many units; at least 1.
    pub every: u16,
    /// The unit.
    pub unit: CadenceUnit,
}

/// The unit of a [`Cadence`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CadenceUnit {
    /// Calendar days.
    Days,
    /// Weeks.
    Weeks,
    /// Months, on the same day of the month.
    Months,
    /// Months, on the nth weekday (1..=4, or -1 for the last).
    MonthsOnWeekday {
        /// Which one in the month.
        nth: i8,
    },
}

impl Cadence {
    /// Mean length in days, for rates and gaps.
    pub fn mean_days(&self) -> f64 {
        let unit = match self.unit {
            CadenceUnit::Days => 1.0,
            CadenceUnit::Weeks => 7.0,
            CadenceUnit::Months | CadenceUnit::MonthsOnWeekday { .. } => 30.436_875,
        };
        f64::from(self.every) * unit
    }
}

/// Whether an agenda may be written where the server would mail it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgendaMail {
    /// Never write where a mail would follow.
    Never,
    /// Once per meeting, at a fixed moment.
    Once,
    /// A private companion event in the owner's own calendar.
    Own,
    /// One stable link on the series, written once.
    Link,
}

/// A configured 1:1 relationship.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Its stable name.
    pub id: PairId,
    /// The other person. Their hours and zone default to the owner's.
    pub partner: Person,
    /// Whether hours and zone of the partner were stated (else assumed, and said).
    pub partner_hours_known: bool,
    /// What they are to the owner.
    pub role: Role,
    /// How often.
    pub cadence: Cadence,
    /// How long.
    pub duration: SignedDuration,
    /// The wished-for day and time on the owner's wall clock.
    pub ideal: Option<(Weekday, Time)>,
    /// When it may be at all, on the owner's wall clock.
    pub window: WeekHours,
    /// How far one occurrence may move from its planned date, in days.
    pub flexibility_days: u16,
    /// Free time to keep before and after, in minutes.
    pub buffer_minutes: u16,
    /// Nothing starting within this time is touched.
    pub freeze: SignedDuration,
    /// Weight against other pairs, 1 (low) to 3 (high).
    pub priority: u8,
    /// How far onbeat may go.
    pub mode: Mode,
    /// Never move, only ask.
    pub never_move: bool,
    /// The series keeps its weekday and time in the joint choice; single
    /// occurrences may still be repaired.
    pub pinned: bool,
    /// The account whose calendar carries the series.
    pub account: AccountId,
    /// Title for new series.
    pub title: String,
    /// Agenda template name.
    pub template: String,
    /// Whether agendas may mail.
    pub agenda_mail: AgendaMail,
    /// The stable link of `agenda_mail = "link"`.
    pub agenda_link: Option<String>,
    /// Whether an agenda in the meeting's event is attached to it as well.
    pub agenda_attach: bool,
    /// How long before the meeting the agenda is written; `None`: 18:00 of the
    /// working day before.
    pub agenda_lead: Option<SignedDuration>,
    /// Titles (lower-case, substring) that mark an event as this 1:1 although it
    /// names no attendees.
    pub title_aliases: Vec<String>,
    /// Where the partner's free/busy time can be read (RFC 7953 or VFREEBUSY text).
    pub free_busy_url: Option<Url>,
    /// Goal files, relative paths already resolved.
    pub goals: Vec<String>,
    /// Metric sources.
    pub metrics: Vec<MetricSource>,
}

impl Pair {
    /// A pair that is only read and reported on, for a partner found on a calendar.
    pub fn observed(id: PairId, partner: Person, cadence: Cadence) -> Self {
        Self {
            id,
            partner,
            partner_hours_known: false,
            role: Role::Peer,
            cadence,
            duration: SignedDuration::from_mins(30),
            ideal: None,
            window: WeekHours::default(),
            flexibility_days: 0,
            buffer_minutes: 0,
            freeze: SignedDuration::from_hours(24),
            priority: 2,
            mode: Mode::Observe,
            never_move: true,
            pinned: false,
            free_busy_url: None,
            account: AccountId::new("export"),
            title: String::new(),
            template: "peer".to_owned(),
            agenda_mail: AgendaMail::Never,
            agenda_link: None,
            agenda_attach: false,
            agenda_lead: None,
            title_aliases: Vec::new(),
            goals: Vec::new(),
            metrics: Vec::new(),
        }
    }
}

/// Where numbers for an agenda come from; read by the shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetricSource {
    /// A CSV or JSON file.
    File {
        /// Resolved path.
        path: String,
    },
    /// A command, run without a shell.
    Command {
        /// Program and arguments.
        argv: Vec<String>,
        /// Time limit.
        seconds: u16,
    },
}
