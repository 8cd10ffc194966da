//! The plan: immutable steps that leave no choice, and why the rest is not done.

use jiff::{SignedDuration, Timestamp};

use crate::model::id::{Address, CalendarId, EventUid, Href, PairId, StepId, StrongEtag};
use crate::model::pair::Cadence;
use crate::model::snapshot::OccurrenceKey;
use crate::model::time::{CalTime, Window};

/// What would be done, and what not.
#[must_use = "a plan is shown or applied"]
#[derive(Debug, Clone)]
pub struct Plan {
    /// The snapshot's `now`.
    pub made_at: Timestamp,
    /// In the order they are carried out.
    pub steps: Vec<Step>,
    /// What is not done, and why.
    pub waiting: Vec<Waiting>,
    /// What the new times gain and what is proved of them; `None`: no new times.
    pub score: Option<Score>,
    /// The standing slot that is worth a change; only ever said.
    pub proposal: Option<Proposal>,
}

/// A change of a standing slot that is worth what it costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Whose.
    pub pair: PairId,
    /// The series as it was looked at.
    pub uid: EventUid,
    /// Next meeting on the present slot.
    pub from: Timestamp,
    /// First meeting on the proposed one.
    pub to: Timestamp,
    /// Points saved after what the change costs.
    pub gain: i64,
    /// Meetings moved or lost now, and then, of so many.
    pub off: (usize, usize, usize),
}

/// Points of a decision; see `docs/scheduling.md` for what a point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Score {
    /// Points if nothing were done.
    pub without: i64,
    /// Points of what is planned.
    pub cost: i64,
    /// Points no plan can be below.
    pub bound: i64,
}

impl Score {
    /// Points saved.
    pub fn gain(&self) -> i64 {
        self.without - self.cost
    }

    /// Points the best possible plan could save beyond that, at most.
    pub fn gap(&self) -> i64 {
        (self.cost - self.bound).max(0)
    }

    /// Two decisions taken together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            without: self.without + other.without,
            cost: self.cost + other.cost,
            bound: self.bound + other.bound,
        }
    }
}

impl Plan {
    /// Whether nothing would be written.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// One write.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Derived from what the step does.
    pub id: StepId,
    /// For whom.
    pub pair: PairId,
    /// The collection written to.
    pub calendar: CalendarId,
    /// The resource written.
    pub href: Href,
    /// What is written.
    pub action: Action,
    /// What must still hold on the server.
    pub precondition: Precondition,
    /// Whom it mails.
    pub mail: MailEffect,
    /// Why, strongest first.
    pub why: Vec<Reason>,
    /// Carried out only on a person's word, whatever the pair's mode.
    pub needs_person: bool,
    /// Steps that must be done first: they make room for this one.
    pub after: Vec<StepId>,
}

/// What a step writes. Handled exhaustively by `ical::edit` and the providers.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A new recurring event.
    CreateSeries(NewSeries),
    /// Another start for one occurrence, by override.
    MoveOccurrence {
        /// Which.
        occurrence: OccurrenceKey,
        /// RECURRENCE-ID as it must be written; `None`: a single event.
        recurrence_id: Option<CalTime>,
        /// New start, in the form of the master's DTSTART.
        start: CalTime,
        /// Length.
        duration: SignedDuration,
    },
    /// The agenda's managed block of one occurrence.
    WriteAgenda {
        /// Which.
        occurrence: OccurrenceKey,
        /// RECURRENCE-ID as it must be written; `None`: a single event.
        recurrence_id: Option<CalTime>,
        /// The whole new DESCRIPTION.
        description: String,
        /// The managed block inside it, as the next merge's base.
        block: String,
        /// The agenda once more as Markdown, for an inline ATTACH; `None`: none.
        attachment: Option<String>,
    },
    /// A private event of the owner's that carries a meeting's agenda.
    CreateCompanion(Companion),
    /// URL of a series, set once: the stable link to an agenda kept elsewhere.
    SetLink {
        /// The series.
        uid: EventUid,
        /// The link.
        url: String,
    },
    /// Restores a before-image (`undo`); `None`: the resource did not exist.
    Restore {
        /// The bytes to put back.
        data: Option<Vec<u8>>,
    },
}

/// A series to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSeries {
    /// Derived from pair and start; carries onbeat's prefix.
    pub uid: EventUid,
    /// SUMMARY.
    pub title: String,
    /// First start, wall clock with the owner's IANA zone.
    pub start: CalTime,
    /// Length.
    pub duration: SignedDuration,
    /// Rhythm.
    pub cadence: Cadence,
    /// ORGANIZER: the owner's address and name.
    pub organizer: (Address, String),
    /// ATTENDEE: the partner's address and name.
    pub attendee: (Address, String),
    /// DESCRIPTION: the standing agenda.
    pub description: String,
    /// DTSTAMP and CREATED.
    pub stamp: Timestamp,
}

/// A companion event to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct Companion {
    /// Derived from pair and meeting; carries onbeat's prefix.
    pub uid: EventUid,
    /// The meeting it belongs to.
    pub meeting: OccurrenceKey,
    /// SUMMARY.
    pub title: String,
    /// Start, as the meeting's.
    pub start: CalTime,
    /// Length, as the meeting's.
    pub duration: SignedDuration,
    /// DESCRIPTION: the agenda.
    pub description: String,
    /// The managed block inside it, as the next merge's base.
    pub block: String,
    /// DTSTAMP and CREATED.
    pub stamp: Timestamp,
}

/// What the server must still hold for a write to happen. There is no "none".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing lies there yet (`If-None-Match: *`).
    Absent,
    /// Exactly these bytes lie there (`If-Match`).
    Match(StrongEtag),
}

/// Whom a write mails, predicted before it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailEffect {
    /// Nobody.
    None,
    /// These people.
    Mails(Vec<Address>),
    /// Cannot be told for this server.
    Unknown,
}

/// One reason for a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// The pair has no series that goes on.
    NoSeries,
    /// The series ended on this date without successor.
    SeriesEnded(Timestamp),
    /// The series was taken off the calendar.
    SeriesGone,
    /// Both are free and it is the best of this many candidates.
    BestOf(usize),
    /// The best of so many possible starts for one meeting.
    BestPlace {
        /// The start.
        start: Timestamp,
        /// Possible starts.
        of: usize,
    },
    /// So many of the coming meetings stand as planned there, of so many.
    Stands {
        /// Not blocked at their planned time.
        free: usize,
        /// Meetings in the horizon.
        of: usize,
    },
    /// The best other standing slot.
    RunnerUp {
        /// Its first meeting.
        start: Timestamp,
        /// Points it costs more.
        points: i64,
        /// Meetings of the horizon that would have to move or fall out there.
        moved: usize,
    },
    /// The wished-for day and time.
    Ideal,
    /// Wished-for day, but so many minutes away from the time.
    NearIdeal(i64),
    /// Another weekday than the wished-for one.
    OtherDay(jiff::civil::Weekday),
    /// The occurrence collides with this.
    Clash {
        /// What may be told of the blocker.
        with: String,
        /// When.
        span: Window,
    },
    /// Somebody declined.
    Declined(Address),
    /// Somebody is away.
    Away {
        /// Who, by name.
        who: String,
        /// Title or holiday.
        label: String,
    },
    /// It leaves its place to another 1:1 that has no other.
    MakesRoom {
        /// Whose meeting comes there.
        who: String,
    },
    /// Another 1:1 leaves its place to this one, which is one more mail.
    TakesPlaceOf {
        /// Whose meeting leaves.
        who: String,
    },
    /// The partner's time is unknown; hours were assumed.
    PartnerTimeUnknown,
    /// The agenda is due for this meeting.
    AgendaDue(Timestamp),
    /// The agenda's sources changed since it was written.
    AgendaChanged,
    /// A person asked for it.
    Asked,
}

/// Something onbeat sees but does not do.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// For whom.
    pub pair: PairId,
    /// Which meeting, by its planned or present start.
    pub occurrence: Option<Timestamp>,
    /// Why.
    pub cause: WaitingCause,
}

/// Why something is not done.
#[derive(Debug, Clone, PartialEq)]
pub enum WaitingCause {
    /// The pair's mode is `observe`.
    ObserveOnly,
    /// `onbeat pause` is in force.
    Paused,
    /// The calendar's reading was not complete.
    IncompleteReading {
        /// Which calendar.
        calendar: CalendarId,
        /// Why.
        reason: String,
    },
    /// Starts within the freeze window.
    Frozen {
        /// The collision or absence that would have moved it.
        blocker: String,
    },
    /// Somebody declined the series as a whole: that is for the two to talk about.
    DeclinedSeries {
        /// Who, by name.
        who: String,
    },
    /// A person put it where it is; it stays there.
    PlacedByHand {
        /// The collision or absence that would have moved it.
        blocker: String,
    },
    /// The pair is marked `never_move`: only asked about.
    NeverMove {
        /// The collision or absence that would have moved it.
        blocker: String,
    },
    /// `agenda_mail = "link"` without an `agenda_link`, or the series has another link.
    NoLink,
    /// The owner is only invited: the agenda is prepared, not written.
    NotOurEvent,
    /// Already moved once by onbeat.
    MoveCap {
        /// The collision or absence that would have moved it.
        blocker: String,
    },
    /// Somebody else organizes the event; ask them.
    NotOrganizer {
        /// What would have been done.
        blocker: String,
        /// Slots one could propose.
        proposals: Vec<Timestamp>,
    },
    /// No slot within tolerance.
    NoSlot {
        /// The occurrence's or series' trouble.
        blocker: String,
        /// How many candidates each cause took away, most first.
        blocked_by: Vec<(String, usize)>,
        /// The smallest change that would help.
        remedy: Option<String>,
    },
    /// The server would mail people and the owner did not choose that.
    WouldMail {
        /// Whom; empty when it cannot be told.
        people: Vec<Address>,
    },
    /// The mail cap is used up.
    MailCap,
    /// The managed block's marks are damaged or doubled.
    MarksDamaged,
    /// What people wrote leaves no room for the agenda within the size limit.
    NoRoom,
    /// The same UID lies in two resources.
    DuplicateUid {
        /// Which.
        uid: EventUid,
    },
    /// The server gives no strong entity tag, so no safe write is possible.
    NoStrongEtag,
    /// The plan check refused it.
    Refused {
        /// The rule, for people.
        rule: String,
    },
    /// A clash with an invitation nobody answered yet.
    UnansweredClash {
        /// What clashes.
        with: String,
    },
    /// Another standing slot would be better: said once a week, never done.
    BetterSlot(Proposal),
    /// The agenda will be written at this moment.
    AgendaNotDue {
        /// When.
        at: Timestamp,
    },
    /// The calendar is read-only for this account.
    ReadOnly,
}
