//! The demo's people and their half year: who meets whom, what was skipped,
//! pushed or excused, and what is in the way of the coming weeks. Data only;
//! how it becomes files is `demo/calendar.rs`.

use jiff::civil::{DateTime, date};

/// The moment the demo speaks of: Wednesday, 08:30 in Berlin.
pub const NOW: &str = "2026-11-25T07:30:00Z";

/// Elena, for whom onbeat works in the demo.
pub const OWNER: Person = Person { name: "Elena Fischer", address: "elena@tidewater.example" };

/// Somebody in the story.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    /// CN.
    pub name: &'static str,
    /// Mail address.
    pub address: &'static str,
}

const BOB: Person = Person { name: "Bob Okafor", address: "bob@tidewater.example" };
const MEI: Person = Person { name: "Mei Tanaka", address: "mei@tidewater.example" };
const JONAS: Person = Person { name: "Jonas Weber", address: "jonas@tidewater.example" };
const PRIYA: Person = Person { name: "Priya Nair", address: "priya@tidewater.example" };
const CARLOS: Person = Person { name: "Carlos Ruiz", address: "carlos@tidewater.example" };

/// A recurring meeting with its history.
#[derive(Debug)]
pub struct Meeting {
    /// UID and file name.
    pub uid: &'static str,
    /// SUMMARY.
    pub title: &'static str,
    /// ORGANIZER, listed as an attendee too.
    pub organizer: Person,
    /// The others.
    pub attendees: &'static [Person],
    /// First start, Berlin wall clock.
    pub start: DateTime,
    /// Length in minutes.
    pub minutes: u16,
    /// RRULE.
    pub rule: &'static str,
    /// Text somebody wrote into the event.
    pub description: &'static str,
    /// What happened to single occurrences, by planned start.
    pub changes: &'static [(DateTime, Change)],
}

/// What happened to one occurrence.
#[derive(Debug, Clone, Copy)]
pub enum Change {
    /// Deleted by the owner: EXDATE.
    Deleted,
    /// Cancelled: an override with STATUS:CANCELLED.
    Cancelled,
    /// Moved to another start.
    Moved(DateTime),
    /// This attendee declined.
    Declined(Person),
}

/// A single event: something in the way, or somebody's absence.
#[derive(Debug)]
pub struct Single {
    /// UID and file name.
    pub uid: &'static str,
    /// SUMMARY.
    pub title: &'static str,
    /// Start, Berlin wall clock; midnight for whole days.
    pub start: DateTime,
    /// End, exclusive.
    pub end: DateTime,
    /// DATE values instead of times.
    pub all_day: bool,
    /// Marked as out of office.
    pub away: bool,
    /// Somebody else's invitation that Elena has not answered yet.
    pub invited_by: Option<Person>,
}

const fn at(year: i16, month: i8, day: i8, hour: i8, minute: i8) -> DateTime {
    date(year, month, day).at(hour, minute, 0, 0)
}

/// The recurring meetings of Elena's work calendar.
pub const MEETINGS: &[Meeting] = &[
    Meeting {
        uid: "tidewater-bob",
        title: "1:1 Bob / Elena",
        organizer: OWNER,
        attendees: &[BOB],
        start: at(2026, 6, 2, 10, 0),
        minutes: 30,
        rule: "FREQ=WEEKLY;BYDAY=TU",
        description: "Room Heron, or the usual call.",
        changes: &[
            (at(2026, 6, 30, 10, 0), Change::Moved(at(2026, 7, 1, 15, 0))),
            (at(2026, 9, 22, 10, 0), Change::Cancelled),
            // Pushed twice in a row: the second is today.
            (at(2026, 11, 17, 10, 0), Change::Moved(at(2026, 11, 19, 15, 0))),
            (at(2026, 11, 24, 10, 0), Change::Moved(at(2026, 11, 25, 16, 0))),
        ],
    },
    Meeting {
        uid: "tidewater-mei",
        title: "Mei <> Elena weekly",
        organizer: OWNER,
        attendees: &[MEI],
        start: at(2026, 6, 4, 14, 0),
        minutes: 30,
        rule: "FREQ=WEEKLY;BYDAY=TH",
        description: "",
        changes: &[
            (at(2026, 9, 17, 14, 0), Change::Declined(MEI)),
            (at(2026, 10, 8, 14, 0), Change::Moved(at(2026, 10, 8, 16, 30))),
        ],
    },
    Meeting {
        uid: "tidewater-jonas",
        title: "1:1 Jonas",
        organizer: OWNER,
        attendees: &[JONAS],
        start: at(2026, 6, 8, 11, 0),
        minutes: 45,
        rule: "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO",
        description: "",
        changes: &[
            (at(2026, 7, 20, 11, 0), Change::Deleted),
            (at(2026, 9, 28, 11, 0), Change::Deleted),
            (at(2026, 11, 9, 11, 0), Change::Deleted),
            (at(2026, 11, 23, 11, 0), Change::Cancelled),
        ],
    },
    Meeting {
        uid: "tidewater-priya",
        title: "Elena / Priya",
        organizer: PRIYA,
        attendees: &[OWNER],
        start: at(2026, 6, 3, 15, 0),
        minutes: 45,
        rule: "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE",
        description: "",
        changes: &[
            (at(2026, 8, 26, 15, 0), Change::Cancelled),
            (at(2026, 10, 7, 15, 0), Change::Moved(at(2026, 10, 9, 9, 30))),
        ],
    },
    Meeting {
        uid: "tidewater-carlos",
        title: "Carlos & Elena",
        organizer: OWNER,
        attendees: &[CARLOS],
        start: at(2026, 6, 4, 16, 0),
        minutes: 30,
        // Somebody gave it an end, and nobody noticed when it came.
        rule: "FREQ=MONTHLY;BYDAY=1TH;UNTIL=20261001T140000Z",
        description: "",
        changes: &[(at(2026, 9, 3, 16, 0), Change::Declined(CARLOS))],
    },
    Meeting {
        uid: "tidewater-platform",
        title: "Platform weekly",
        organizer: OWNER,
        attendees: &[BOB, MEI, JONAS],
        start: at(2026, 6, 3, 13, 0),
        minutes: 60,
        rule: "FREQ=WEEKLY;BYDAY=WE",
        description: "",
        changes: &[],
    },
    Meeting {
        uid: "tidewater-standup",
        title: "Stand-up",
        organizer: OWNER,
        attendees: &[BOB, MEI, JONAS],
        start: at(2026, 6, 1, 9, 15),
        minutes: 15,
        rule: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        description: "",
        changes: &[],
    },
];

/// Single events of the work calendar.
pub const WORK: &[Single] = &[
    Single {
        uid: "tidewater-board",
        title: "Quarterly board review",
        start: at(2026, 12, 3, 13, 0),
        end: at(2026, 12, 3, 15, 30),
        all_day: false,
        away: false,
        invited_by: None,
    },
    Single {
        uid: "tidewater-summer",
        title: "Elena on vacation",
        start: at(2026, 8, 10, 0, 0),
        end: at(2026, 8, 22, 0, 0),
        all_day: true,
        away: true,
        invited_by: None,
    },
    Single {
        uid: "tidewater-jonas-leave",
        title: "Jonas on leave",
        start: at(2026, 12, 7, 0, 0),
        end: at(2026, 12, 9, 0, 0),
        all_day: true,
        away: false,
        invited_by: None,
    },
    Single {
        uid: "tidewater-security",
        title: "Security review",
        start: at(2026, 12, 10, 13, 30),
        end: at(2026, 12, 10, 15, 0),
        all_day: false,
        away: false,
        invited_by: Some(PRIYA),
    },
    Single {
        uid: "tidewater-hiring",
        title: "Hiring panel",
        start: at(2026, 12, 1, 13, 0),
        end: at(2026, 12, 1, 17, 0),
        all_day: false,
        away: false,
        invited_by: None,
    },
];

/// Single events of Elena's private calendar.
pub const PRIVATE: &[Single] = &[Single {
    uid: "elena-dentist",
    title: "Dentist",
    start: at(2026, 12, 4, 13, 0),
    end: at(2026, 12, 4, 14, 0),
    all_day: false,
    away: false,
    invited_by: None,
}];

/// Public holidays, from an ICS file as the configuration names one.
pub const HOLIDAYS: &[Single] = &[
    Single {
        uid: "holiday-founders-2026",
        title: "Founders' Day",
        start: at(2026, 12, 8, 0, 0),
        end: at(2026, 12, 9, 0, 0),
        all_day: true,
        away: false,
        invited_by: None,
    },
    Single {
        uid: "holiday-harvest-2026",
        title: "Harvest Day",
        start: at(2026, 10, 15, 0, 0),
        end: at(2026, 10, 16, 0, 0),
        all_day: true,
        away: false,
        invited_by: None,
    },
];

/// Something Elena noted earlier.
#[derive(Debug)]
pub struct Noted {
    /// When, RFC 3339.
    pub at: &'static str,
    /// What she typed after `onbeat`.
    pub words: &'static [&'static str],
}

/// What Elena noted for Bob in the weeks before.
pub const NOTED: &[Noted] = &[
    Noted {
        at: "2026-11-03T15:00:00Z",
        words: &[
            "action",
            "add",
            "bob",
            "write up the incident",
            "--theirs",
            "--due",
            "2026-11-13",
        ],
    },
    Noted {
        at: "2026-11-10T15:00:00Z",
        words: &[
            "action",
            "add",
            "bob",
            "ask Priya for a second on-call person",
            "--due",
            "2026-11-24",
        ],
    },
    Noted {
        at: "2026-11-20T09:00:00Z",
        words: &["note", "bob", "new laptop build is twice as fast", "--win", "--theirs"],
    },
    Noted {
        at: "2026-11-23T16:00:00Z",
        words: &["note", "bob", "who covers the week of 21 December?"],
    },
    Noted {
        at: "2026-11-24T16:00:00Z",
        words: &["note", "bob", "seems tired lately: ask how he is", "--private"],
    },
];

/// The configuration the demo runs with; a person's own looks the same.
pub const CONFIG: &str = include_str!("onbeat.toml");
