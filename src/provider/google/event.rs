//! The JSON shapes of Google's Calendar API v3 that onbeat reads (Events, people,
//! times). Unknown fields are ignored and missing ones are empty, so that nothing
//! Google adds stops a reading. Knows nothing of RFC 5545.

use serde::Deserialize;

/// The private extended property that carries the UID onbeat made an event with:
/// Google gives every event with an id of the client's own an iCalUID of its own.
pub const UID_KEY: &str = "onbeatUid";

/// An Events resource.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    /// Unique in its calendar.
    pub id: String,
    /// The entity tag, quotes included.
    pub etag: Option<String>,
    /// `confirmed`, `tentative`, `cancelled`.
    pub status: Option<String>,
    /// The UID; the same on every participant's copy.
    #[serde(rename = "iCalUID")]
    pub ical_uid: Option<String>,
    /// Title.
    pub summary: Option<String>,
    /// Text, possibly HTML.
    pub description: Option<String>,
    /// Place.
    pub location: Option<String>,
    /// RFC 3339.
    pub created: Option<String>,
    /// RFC 3339.
    pub updated: Option<String>,
    /// First or only start.
    pub start: Option<When>,
    /// First or only end.
    pub end: Option<When>,
    /// The end is made up.
    pub end_time_unspecified: Option<bool>,
    /// RRULE, EXRULE, RDATE and EXDATE lines.
    pub recurrence: Option<Vec<String>>,
    /// The series an exception belongs to.
    pub recurring_event_id: Option<String>,
    /// Where the exception stood by the rule.
    pub original_start_time: Option<When>,
    /// `opaque` or `transparent`.
    pub transparency: Option<String>,
    /// `default`, `public`, `private`, `confidential`.
    pub visibility: Option<String>,
    /// iCalendar SEQUENCE.
    pub sequence: Option<i64>,
    /// Whose event it is.
    pub organizer: Option<Who>,
    /// Who is invited.
    pub attendees: Option<Vec<Guest>>,
    /// Guests may change what all see.
    pub guests_can_modify: Option<bool>,
    /// A copy whose main fields nobody can change here.
    pub locked: Option<bool>,
    /// `default`, `outOfOffice`, `focusTime`, `workingLocation`, …
    pub event_type: Option<String>,
    /// Where the event came from.
    pub source: Option<Source>,
    /// Properties of applications.
    pub extended_properties: Option<Extended>,
}

impl Event {
    /// Whether it is off: a deleted event, or a cancelled occurrence.
    pub fn is_cancelled(&self) -> bool {
        self.status.as_deref() == Some("cancelled")
    }

    /// Whether it repeats.
    pub fn recurs(&self) -> bool {
        self.recurrence.as_ref().is_some_and(|lines| !lines.is_empty())
    }

    /// The private property of a name.
    pub fn private(&self, key: &str) -> Option<&str> {
        self.extended_properties.as_ref()?.private.as_ref()?.get(key)?.as_str()
    }
}

/// A date, or an instant with the zone it is meant in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct When {
    /// `2030-01-07`, for all-day events.
    pub date: Option<String>,
    /// RFC 3339.
    pub date_time: Option<String>,
    /// IANA name.
    pub time_zone: Option<String>,
}

/// An organizer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Who {
    /// Mail address, or the id of a secondary calendar.
    pub email: Option<String>,
    /// Name.
    pub display_name: Option<String>,
    /// It is the calendar this copy lies in.
    #[serde(rename = "self")]
    pub is_self: Option<bool>,
}

/// An attendee.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Guest {
    /// Mail address.
    pub email: Option<String>,
    /// Name.
    pub display_name: Option<String>,
    /// `needsAction`, `accepted`, `declined`, `tentative`.
    pub response_status: Option<String>,
    /// A note with the answer.
    pub comment: Option<String>,
    /// A room or thing.
    pub resource: Option<bool>,
    /// Need not come.
    pub optional: Option<bool>,
}

/// The source of an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Source {
    /// Its address.
    pub url: Option<String>,
}

/// Extended properties.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Extended {
    /// Of this copy only.
    pub private: Option<serde_json::Map<String, serde_json::Value>>,
}
