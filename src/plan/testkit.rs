//! Hand-made snapshots for the tests of this room.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::{Time, Weekday, date, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::model::event::{
    Attendee, Event, EventBody, EventStatus, Partstat, Recurrence, Transparency,
};
use crate::model::id::{AccountId, Address, CalendarId, Etag, EventUid, Href, PairId};
use crate::model::pair::{AgendaMail, Cadence, CadenceUnit, Mode, Pair, Person, Role};
use crate::model::resource::ResourceRef;
use crate::model::server::MailEngine;
use crate::model::snapshot::{
    Coverage, Occurrence, OccurrenceKey, OrganizedBy, PairView, Series, Snapshot,
};
use crate::model::time::{BusyPeriod, CalTime, Fbtype, WeekHours, Window, resolve};
use crate::plan::input::{Limits, PairState, PlanInput, Weekly};

pub fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

/// Wall clock in Berlin, March 2026.
pub fn at(day: i8, hour: i8, minute: i8) -> Timestamp {
    resolve(date(2026, 3, day).at(hour, minute, 0, 0), &berlin())
}

pub fn hours(from: Time, to: Time) -> WeekHours {
    let mut hours = WeekHours::default();
    for day in 0..5 {
        hours.days[day] = vec![(from, to)];
    }
    hours
}

pub fn person(name: &str) -> Person {
    Person {
        name: name.to_owned(),
        addresses: vec![Address::new(&format!("{}@example.org", name.to_lowercase()))],
        zone: berlin(),
        hours: hours(time(9, 0, 0, 0), time(17, 30, 0, 0)),
        holidays: BTreeMap::new(),
    }
}

pub fn pair(name: &str) -> Pair {
    Pair {
        id: PairId::new(name.to_lowercase()),
        partner: person(name),
        partner_hours_known: true,
        role: Role::Report,
        cadence: Cadence { every: 1, unit: CadenceUnit::Weeks },
        duration: SignedDuration::from_mins(30),
        ideal: Some((Weekday::Tuesday, time(10, 0, 0, 0))),
        window: hours(time(9, 0, 0, 0), time(16, 0, 0, 0)),
        flexibility_days: 2,
        buffer_minutes: 0,
        freeze: SignedDuration::from_hours(24),
        priority: 1,
        mode: Mode::Act,
        never_move: false,
        pinned: false,
        free_busy_url: None,
        account: AccountId::new("work"),
        title: format!("Elena / {name}"),
        template: "lead-down".to_owned(),
        agenda_mail: AgendaMail::Never,
        agenda_link: None,
        agenda_attach: false,
        agenda_lead: None,
        title_aliases: Vec::new(),
        goals: Vec::new(),
        metrics: Vec::new(),
    }
}

pub fn calendar() -> CalendarId {
    CalendarId::new("work", "Work")
}

/// A snapshot of Monday 2 March 2026, 08:00, without any pair.
pub fn snapshot() -> Snapshot {
    let now = at(2, 8, 0);
    Snapshot {
        now,
        window: Window::new(
            at(1, 0, 0),
            now.saturating_add(jiff::SignedDuration::from_hours(24 * 90)).unwrap(),
        ),
        owner: person("Elena"),
        coverage: BTreeMap::from([(calendar(), Coverage::Complete { synced_at: now })]),
        pairs: Vec::new(),
        owner_busy: Vec::new(),
        partner_busy: BTreeMap::new(),
        absences: Vec::new(),
        quarantined: Vec::new(),
        engines: BTreeMap::from([(calendar(), MailEngine::Cyrus)]),
    }
}

pub fn busy(from: Timestamp, to: Timestamp, label: &str) -> BusyPeriod {
    BusyPeriod {
        span: Window::new(from, to),
        kind: Fbtype::Busy,
        label: Some(label.to_owned()),
        uid: None,
    }
}

/// A weekly series of the pair on the given March days, 30 minutes from `hour`.
pub fn with_series(pair: Pair, days: &[i8], hour: i8) -> PairView {
    let resource = ResourceRef {
        calendar: calendar(),
        href: Href::new(format!("{}.ics", pair.id)),
        etag: Etag::new("\"1\""),
    };
    let uid = EventUid::new(format!("uid-{}", pair.id));
    let start_local = |day: i8| CalTime::Zoned {
        local: date(2026, 3, day).at(hour, 0, 0, 0),
        tzid: "Europe/Berlin".into(),
        zone: berlin(),
    };
    let occurrences = days.iter().map(|day| Occurrence {
        key: OccurrenceKey { uid: uid.clone(), recurrence_id: Some(at(*day, hour, 0)) },
        resource: resource.clone(),
        recurrence_id: Some(start_local(*day)),
        start_local: start_local(*day),
        start: at(*day, hour, 0),
        end: at(*day, hour, 30),
        status: EventStatus::Confirmed,
        overridden: false,
        owner_reply: None,
        partner_reply: Some(Partstat::Accepted),
        partner_comment: None,
        description: String::new(),
        last_modified: None,
        sequence: 0,
        organized_by: OrganizedBy::Owner,
        guests_may_write: false,
    });
    let occurrences = occurrences.collect();
    let event = Event {
        uid: uid.clone(),
        master: Some(body(&pair, start_local(days[0]))),
        recurrence: Recurrence { rules: vec!["FREQ=WEEKLY".to_owned()], ..Recurrence::default() },
        overrides: Vec::new(),
    };
    let series = Series {
        resource,
        uid,
        event: Arc::new(event),
        organized_by: OrganizedBy::Owner,
        cadence: Some(pair.cadence),
        until: None,
    };
    PairView {
        pair,
        series: vec![series],
        occurrences,
        duplicated: Vec::new(),
        slots: Vec::new(),
        departed: None,
    }
}

pub fn without_series(pair: Pair) -> PairView {
    PairView {
        pair,
        series: Vec::new(),
        occurrences: Vec::new(),
        duplicated: Vec::new(),
        slots: Vec::new(),
        departed: None,
    }
}

pub fn plan_of(
    snapshot: &Snapshot,
    states: &BTreeMap<PairId, PairState>,
) -> crate::model::plan::Plan {
    let limits = Limits::default();
    let weekly = Weekly::Made(None);
    crate::plan::plan(&PlanInput {
        snapshot,
        pairs: states,
        limits: &limits,
        only: None,
        weekly: &weekly,
    })
}

pub fn states(snapshot: &Snapshot) -> BTreeMap<PairId, PairState> {
    let state = PairState { target: Some(calendar()), ..PairState::default() };
    snapshot.pairs.iter().map(|v| (v.pair.id.clone(), state.clone())).collect()
}

fn body(pair: &Pair, start: CalTime) -> EventBody {
    let end = start.with_civil(start.civil().checked_add(pair.duration).unwrap());
    let attendee = |person: &Person| Attendee {
        address: person.addresses[0].clone(),
        name: Some(person.name.clone()),
        partstat: Partstat::Accepted,
        resource: false,
        comment: None,
    };
    EventBody {
        attendees: vec![attendee(&person("Elena")), attendee(&pair.partner)],
        organizer: Some(Address::new("elena@example.org")),
        transparency: Transparency::Opaque,
        ..EventBody::plain(start, end, pair.title.clone())
    }
}
