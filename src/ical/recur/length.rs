//! How long each occurrence is (RFC 5545 §3.8.5.3): DTEND gives the same exact
//! length everywhere, DURATION the same nominal one, dates count in days.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::days::{DAY, civil_seconds, from_civil_seconds};
use super::starts::clock_of;
use crate::model::event::{EventBody, NominalLength};
use crate::model::time::{CalTime, resolve};

/// The length of a component's occurrences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    Exact(SignedDuration),
    Nominal(NominalLength),
}

impl Length {
    pub(crate) fn of(body: &EventBody, viewer: &TimeZone) -> Self {
        if let Some(nominal) = body.nominal {
            return Self::Nominal(nominal);
        }
        if let (CalTime::Date(from), CalTime::Date(to)) = (&body.start, &body.end) {
            let days = i32::try_from(from.duration_until(*to).as_hours() / 24).unwrap_or(0);
            return Self::Nominal(NominalLength { days, seconds: 0 });
        }
        Self::Exact(body.start.instant(viewer).duration_until(body.end.instant(viewer)))
    }

    /// The end of an occurrence; not before its start.
    pub(crate) fn end(&self, start: &CalTime, start_at: Timestamp, viewer: &TimeZone) -> Timestamp {
        let end = match self {
            Self::Exact(length) => start_at.checked_add(*length).ok(),
            Self::Nominal(NominalLength { days: 0, seconds }) => {
                start_at.checked_add(SignedDuration::from_secs(*seconds)).ok()
            }
            Self::Nominal(NominalLength { days, seconds }) => {
                let local = civil_seconds(start.civil()).saturating_add(i64::from(*days) * DAY);
                from_civil_seconds(local)
                    .map(|local| resolve(local, &clock_of(start, viewer)))
                    .and_then(|day| day.checked_add(SignedDuration::from_secs(*seconds)).ok())
            }
        };
        end.unwrap_or(start_at).max(start_at)
    }
}
