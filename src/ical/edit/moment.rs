//! Times as they are written into a line: in the form (value type, zone,
//! parameters) of a line that is there.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::ical::component::Component;
use crate::ical::lines::Lines;
use crate::ical::parse;
use crate::ical::property::Property;
use crate::ical::tz::Zones;
use crate::model::time::CalTime;

/// A time's value text: `20240131`, `20240131T090000` or with `Z`.
pub(crate) fn value(time: &CalTime) -> String {
    match time {
        CalTime::Date(date) => date.strftime("%Y%m%d").to_string(),
        CalTime::Floating(local) | CalTime::Zoned { local, .. } => local_value(*local),
        CalTime::Utc(at) => utc_value(*at),
    }
}

/// An instant as UTC value text.
pub(crate) fn utc_value(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn local_value(local: DateTime) -> String {
    local.strftime("%Y%m%dT%H%M%S").to_string()
}

/// A time property of a component as it stands.
pub(super) struct Written {
    /// `;TZID=…;X-P=…` as written.
    pub(super) params: Vec<u8>,
    /// What it says.
    pub(super) time: CalTime,
}

impl Written {
    pub(super) fn read(lines: &Lines<'_>, component: &Component, name: &str) -> Option<Self> {
        let (_, line) = component.property(lines, name)?;
        let property = Property::read(lines, line);
        let time = parse::time_of(&property, &mut Zones::new(lines))?;
        Some(Self { params: property.raw_params().to_vec(), time })
    }

    /// The same line with another time: `;TZID=…:20240131T090000`.
    pub(super) fn with(&self, time: &CalTime) -> Vec<u8> {
        let mut out = self.params.clone();
        out.push(b':');
        out.extend_from_slice(value(time).as_bytes());
        out
    }

    /// The same line for an instant, on this line's own clock.
    pub(super) fn at(&self, at: Timestamp, viewer: &TimeZone) -> Vec<u8> {
        let time = match &self.time {
            CalTime::Utc(_) => CalTime::Utc(at),
            CalTime::Date(_) | CalTime::Floating(_) => self.time.with_civil(viewer.to_datetime(at)),
            CalTime::Zoned { zone, .. } => self.time.with_civil(zone.to_datetime(at)),
        };
        self.with(&time)
    }

    /// What another property needs to be of the same value type and zone: the
    /// TZID as written, and VALUE=DATE for a date.
    pub(super) fn form(&self) -> Vec<u8> {
        let params = crate::ical::property::split_params(&self.params);
        let mut out = Vec::new();
        if self.time.is_date() {
            out.extend_from_slice(b";VALUE=DATE");
        }
        for (name, value) in params {
            if name.eq_ignore_ascii_case(b"TZID")
                && matches!(self.time, CalTime::Zoned { .. } | CalTime::Floating(_))
            {
                out.extend_from_slice(b";TZID=");
                out.extend_from_slice(value);
            }
        }
        out
    }
}
