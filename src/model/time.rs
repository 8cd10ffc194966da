//! Time as calendars write it. An instant is not a local time: [`CalTime`]
//! keeps the form it was written in, and only [`CalTime::instant`] leaves it.

use std::sync::Arc;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A DATE or DATE-TIME value (RFC 5545 §3.3.4, §3.3.5) in the form it has in
/// the text: all-day, floating, UTC, or wall clock in a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CalTime {
    /// `VALUE=DATE`.
    Date(Date),
    /// Local time of whoever looks.
    Floating(DateTime),
    /// With `Z`.
    Utc(Timestamp),
    /// Wall clock with TZID.
    Zoned {
        /// Wall-clock time as written.
        local: DateTime,
        /// The TZID as written in the file.
        tzid: Arc<str>,
        /// The zone the TZID was resolved to.
        zone: TimeZone,
    },
}

impl CalTime {
    /// The instant; dates (their midnight) and floating times are read in
    /// `viewer`. Gaps and folds resolve as RFC 5545 §3.3.5 says (gap: shifted
    /// forward; fold: the first).
    pub fn instant(&self, viewer: &TimeZone) -> Timestamp {
        match self {
            Self::Date(date) => resolve(date.to_datetime(Time::midnight()), viewer),
            Self::Floating(local) => resolve(*local, viewer),
            Self::Utc(at) => *at,
            Self::Zoned { local, zone, .. } => resolve(*local, zone),
        }
    }

    /// The wall-clock reading as written (UTC values: in UTC).
    pub fn civil(&self) -> DateTime {
        match self {
            Self::Date(date) => date.to_datetime(Time::midnight()),
            Self::Floating(local) | Self::Zoned { local, .. } => *local,
            Self::Utc(at) => TimeZone::UTC.to_datetime(*at),
        }
    }

    /// Whether the value is a DATE.
    pub fn is_date(&self) -> bool {
        matches!(self, Self::Date(_))
    }

    /// The same form (value type and zone) naming another instant; floating and
    /// DATE values are read in `viewer`.
    #[must_use]
    pub fn at(&self, instant: Timestamp, viewer: &TimeZone) -> Self {
        match self {
            Self::Utc(_) => Self::Utc(instant),
            Self::Zoned { zone, .. } => self.with_civil(zone.to_datetime(instant)),
            Self::Date(_) | Self::Floating(_) => self.with_civil(viewer.to_datetime(instant)),
        }
    }

    /// The same form (value type and zone) with another wall-clock reading.
    #[must_use]
    pub fn with_civil(&self, civil: DateTime) -> Self {
        match self {
            Self::Date(_) => Self::Date(civil.date()),
            Self::Floating(_) => Self::Floating(civil),
            Self::Utc(_) => Self::Utc(resolve(civil, &TimeZone::UTC)),
            Self::Zoned { tzid, zone, .. } => {
                Self::Zoned { local: civil, tzid: tzid.clone(), zone: zone.clone() }
            }
        }
    }
}

/// Wall clock in a zone to an instant, by the rule of RFC 5545 §3.3.5. The far
/// ends of the calendar (years near ±9999) clamp to the last representable instant.
pub fn resolve(local: DateTime, zone: &TimeZone) -> Timestamp {
    zone.to_ambiguous_timestamp(local).compatible().unwrap_or(if local.year() > 0 {
        Timestamp::MAX
    } else {
        Timestamp::MIN
    })
}

/// A half-open span of instants, `from <= t < to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// First instant inside.
    pub from: Timestamp,
    /// First instant outside.
    pub to: Timestamp,
}

impl Window {
    /// Names a span; an inverted one is empty.
    pub fn new(from: Timestamp, to: Timestamp) -> Self {
        Self { from, to }
    }

    /// Whether the instant lies inside.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }

    /// Whether two spans share an instant.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.from < other.to && other.from < self.to
    }

    /// Length; zero for an inverted span.
    pub fn length(&self) -> SignedDuration {
        if self.to > self.from { self.from.duration_until(self.to) } else { SignedDuration::ZERO }
    }
}

/// The kind of a busy period (RFC 5545 §3.2.9 FBTYPE).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fbtype {
    /// Taken.
    Busy,
    /// Taken if the person accepts.
    Tentative,
    /// Out of office, absent, outside of availability.
    Unavailable,
}

/// One stretch of somebody's time that is not free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusyPeriod {
    /// When.
    pub span: Window,
    /// How firmly.
    pub kind: Fbtype,
    /// What the owner may be told about the blocker (a title from a calendar of
    /// the owner's); `None` for free/busy answers.
    pub label: Option<String>,
    /// The event it comes from, so that a pair's own meetings can be left out.
    pub uid: Option<crate::model::id::EventUid>,
}

/// Spans of the wall clock per weekday, Monday first; whole minutes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WeekHours {
    /// For each weekday (Monday = 0) the open spans, ascending, disjoint.
    pub days: [Vec<(Time, Time)>; 7],
}

impl WeekHours {
    /// The open spans of a weekday.
    pub fn on(&self, day: Weekday) -> &[(Time, Time)] {
        self.days
            .get(usize::try_from(day.to_monday_zero_offset()).unwrap_or(0))
            .map_or(&[], Vec::as_slice)
    }

    /// Whether `[start, start + length)` on that weekday lies in one open span.
    pub fn covers(&self, day: Weekday, start: Time, length: SignedDuration) -> bool {
        self.on(day)
            .iter()
            .any(|(from, to)| *from <= start && start.duration_until(*to) >= length && start <= *to)
    }
}
