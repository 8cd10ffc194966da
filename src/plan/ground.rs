//! The ground a pair's meetings stand on: the first thing that forbids a start or
//! collides with a meeting. It knows people's time; it does not know why a place
//! is wanted, nor which of two is better.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};

use crate::model::event::Partstat;
use crate::model::id::PairId;
use crate::model::pair::Pair;
use crate::model::snapshot::{Occurrence, OccurrenceKey, OrganizedBy, PartnerTime, Snapshot};
use crate::model::time::{BusyPeriod, Fbtype, Window, resolve};

/// Minutes between two candidate starts.
pub const GRID_MINUTES: i64 = 15;

/// What forbids a start.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blocker {
    /// Outside the pair's own window.
    Window,
    /// Outside a person's working hours.
    Hours(String),
    /// A person is away or has a public holiday.
    Away {
        /// Who.
        who: String,
        /// Title or holiday.
        label: String,
    },
    /// A person is busy.
    Busy {
        /// Who.
        who: String,
        /// What may be told of it; of the partner's events nothing is.
        label: Option<String>,
    },
    /// Less than the wanted time lies between it and something of a person.
    Buffer(String),
    /// Another 1:1 of the owner stands there.
    Taken(String),
    /// Another meeting of the same two is too near.
    TooClose,
    /// Where the meeting stands and cannot be.
    Here,
    /// The second time the clock shows that hour: no wall-clock time means it.
    Twice,
    /// The owner has as many 1:1s that day as allowed.
    DayFull,
    /// Too soon: inside the freeze time.
    TooSoon,
}

impl Blocker {
    /// In words, for people.
    pub fn words(&self) -> String {
        match self {
            Self::Window => "outside the allowed window".to_owned(),
            Self::Hours(who) => format!("outside {who}'s working hours"),
            Self::Away { who, label } => format!("{who} is away ({label})"),
            Self::Busy { who, label: Some(label) } => format!("{who} is busy ({label})"),
            Self::Busy { who, label: None } => format!("{who} is busy"),
            Self::Buffer(who) => format!("too close to something else of {who}"),
            Self::Taken(pair) => format!("the 1:1 with {pair}"),
            Self::TooClose => "too close to another 1:1 of the two".to_owned(),
            Self::Here => "where it stands now".to_owned(),
            Self::Twice => "in the hour the clock shows twice".to_owned(),
            Self::DayFull => "the day already has enough 1:1s".to_owned(),
            Self::TooSoon => "too soon to move".to_owned(),
        }
    }

    /// Whether it is something on a calendar that could be moved or called off.
    pub fn is_event(&self) -> bool {
        match self {
            Self::Busy { .. } | Self::Away { .. } | Self::Taken(_) => true,
            Self::Window
            | Self::Hours(_)
            | Self::Buffer(_)
            | Self::DayFull
            | Self::TooClose
            | Self::Here
            | Self::Twice
            | Self::TooSoon => false,
        }
    }

    /// What a stretch of somebody's time is; `told`: its title may be shown.
    pub fn of(who: &str, busy: &BusyPeriod, told: bool) -> Self {
        let label = busy.label.clone().filter(|_| told);
        match busy.kind {
            Fbtype::Unavailable => Self::Away {
                who: who.to_owned(),
                label: label.unwrap_or_else(|| "not available".to_owned()),
            },
            Fbtype::Busy | Fbtype::Tentative => Self::Busy { who: who.to_owned(), label },
        }
    }
}

/// Stretches of time by start, so that the few around a moment are found without
/// looking at the rest.
#[derive(Debug)]
struct Timeline<T> {
    spans: Vec<(Window, T)>,
    longest: SignedDuration,
}

impl<T> Timeline<T> {
    fn new(mut spans: Vec<(Window, T)>) -> Self {
        spans.sort_by_key(|(span, _)| span.from);
        let longest = spans.iter().map(|(span, _)| span.length()).max().unwrap_or_default();
        Self { spans, longest }
    }

    /// What shares an instant with a span, by start.
    fn during<'s>(&'s self, span: &'s Window) -> impl Iterator<Item = &'s T> {
        let earliest = span.from.saturating_sub(self.longest).unwrap_or(Timestamp::MIN);
        let first = self.spans.partition_point(|(one, _)| one.from < earliest);
        let near = self.spans.iter().skip(first).take_while(|(one, _)| one.from < span.to);
        near.filter(|(one, _)| one.overlaps(span)).map(|(_, what)| what)
    }
}

/// What all pairs have in common: the owner's events and every standing 1:1.
#[derive(Debug)]
pub struct Common<'a> {
    snapshot: &'a Snapshot,
    busy: Timeline<&'a BusyPeriod>,
    taken: Timeline<Taken<'a>>,
}

/// A standing meeting of a pair.
#[derive(Debug)]
struct Taken<'a> {
    pair: &'a PairId,
    key: &'a OccurrenceKey,
    who: &'a str,
    start: Timestamp,
}

impl<'a> Common<'a> {
    /// Sorts what the snapshot holds from now on.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let busy = snapshot.owner_busy.iter().map(|busy| (busy.span, busy)).collect();
        let mut taken = Vec::new();
        for view in &snapshot.pairs {
            let coming = view.occurrences.iter().filter(|o| o.end > snapshot.now && committed(o));
            taken.extend(coming.map(|o| {
                let who = view.pair.partner.name.as_str();
                let one = Taken { pair: &view.pair.id, key: &o.key, who, start: o.start };
                (Window::new(o.start, o.end), one)
            }));
        }
        Self { snapshot, busy: Timeline::new(busy), taken: Timeline::new(taken) }
    }
}

/// One pair's view of everybody's time.
#[derive(Debug)]
pub struct Ground<'a> {
    common: &'a Common<'a>,
    snapshot: &'a Snapshot,
    pair: &'a Pair,
    length: SignedDuration,
    partner_busy: Timeline<&'a BusyPeriod>,
    max_per_day: usize,
    not_before: Timestamp,
}

impl<'a> Ground<'a> {
    /// Lays out the ground for meetings of a pair.
    pub fn new(common: &'a Common<'a>, pair: &'a Pair, max_per_day: usize) -> Self {
        let snapshot = common.snapshot;
        let partner_busy = match snapshot.partner_busy.get(&pair.id) {
            Some(PartnerTime::Known { busy, .. }) => busy.as_slice(),
            Some(PartnerTime::Unknown { .. }) | None => &[],
        };
        let partner_busy = Timeline::new(partner_busy.iter().map(|b| (b.span, b)).collect());
        let not_before = snapshot.now.saturating_add(pair.freeze).unwrap_or(Timestamp::MAX);
        let length = pair.duration;
        Self { common, snapshot, pair, length, partner_busy, max_per_day, not_before }
    }

    /// What a meeting that stands there collides with. Buffers are a wish for new
    /// places, not a reason to move; 1:1s in `moved` leave their place in this plan.
    pub fn collision(&self, span: Window, moved: &BTreeSet<OccurrenceKey>) -> Option<Blocker> {
        if let Some(blocker) = self.away(span) {
            return Some(blocker);
        }
        if let Some(busy) = self.firm(&span) {
            return Some(busy);
        }
        let taken = self.taken(&span).find(|t| !moved.contains(t.key));
        taken.map(|t| Blocker::Taken(t.who.to_owned()))
    }

    /// The other pairs' meetings during a span.
    fn taken<'s>(&'s self, span: &'s Window) -> impl Iterator<Item = &'s Taken<'a>> {
        self.common.taken.during(span).filter(|taken| *taken.pair != self.pair.id)
    }

    /// The first firm event of either person during a span.
    fn firm(&self, span: &Window) -> Option<Blocker> {
        let firm = |busy: &&&BusyPeriod| busy.kind != Fbtype::Tentative;
        let own = self.common.busy.during(span).find(firm);
        let own = own.map(|busy| Blocker::of(&self.snapshot.owner.name, busy, true));
        own.or_else(|| {
            let theirs = self.partner_busy.during(span).find(firm);
            theirs.map(|busy| Blocker::of(&self.pair.partner.name, busy, false))
        })
    }

    /// Whose working hours a span of the pair leaves. Hours of the partner that
    /// were only assumed do not count.
    pub fn outside_hours(&self, span: Window) -> Option<Blocker> {
        let partner = Some(&self.pair.partner).filter(|_| self.pair.partner_hours_known);
        std::iter::once(&self.snapshot.owner).chain(partner).find_map(|person| {
            let at = person.zone.to_datetime(span.from);
            let inside = person.hours.covers(at.weekday(), at.time(), span.length());
            (!inside).then(|| Blocker::Hours(person.name.clone()))
        })
    }

    /// Whether a meeting of the pair may start then.
    ///
    /// # Errors
    /// The first thing that forbids it.
    pub fn place(&self, start: Timestamp) -> Result<(), Blocker> {
        if start < self.not_before {
            return Err(Blocker::TooSoon);
        }
        let owner = &self.snapshot.owner;
        let local = owner.zone.to_datetime(start);
        if !self.pair.window.covers(local.weekday(), local.time(), self.length) {
            return Err(Blocker::Window);
        }
        for person in [owner, &self.pair.partner] {
            let at = person.zone.to_datetime(start);
            if !person.hours.covers(at.weekday(), at.time(), self.length) {
                return Err(Blocker::Hours(person.name.clone()));
            }
        }
        let end = start.saturating_add(self.length).unwrap_or(Timestamp::MAX);
        self.free(Window::new(start, end))
    }

    /// Whether both are there and free, hours aside.
    fn free(&self, span: Window) -> Result<(), Blocker> {
        if let Some(blocker) = self.away(span) {
            return Err(blocker);
        }
        let wide = self.with_buffer(span);
        if let Some(busy) = self.firm(&wide) {
            return Err(busy);
        }
        if let Some(taken) = self.taken(&wide).next() {
            return Err(Blocker::Taken(taken.who.to_owned()));
        }
        let zone = &self.snapshot.owner.zone;
        let date = zone.to_datetime(span.from).date();
        let midnight = |date: Date| resolve(date.to_datetime(Time::midnight()), zone);
        let day = Window::new(midnight(date), midnight(date.tomorrow().unwrap_or(date)));
        let that_day = self.taken(&day).filter(|t| day.contains(t.start)).count();
        if that_day >= self.max_per_day { Err(Blocker::DayFull) } else { Ok(()) }
    }

    /// A tentative overlap on either side, with what may be told of it.
    pub fn tentative(&self, span: Window) -> Option<String> {
        let open = |busy: &&&BusyPeriod| busy.kind == Fbtype::Tentative;
        let own = self.common.busy.during(&span).find(open);
        let unnamed = || "a tentative meeting".to_owned();
        let own = own.map(|busy| busy.label.clone().unwrap_or_else(unnamed));
        own.or_else(|| self.partner_busy.during(&span).find(open).map(|_| unnamed()))
    }

    /// Absence or public holiday of either person on that span.
    pub fn away(&self, span: Window) -> Option<Blocker> {
        for person in [&self.snapshot.owner, &self.pair.partner] {
            let absent =
                self.snapshot.absences.iter().find(|a| person.is(&a.who) && a.span.overlaps(&span));
            if let Some(absence) = absent {
                return Some(Blocker::Away {
                    who: person.name.clone(),
                    label: absence.label.clone(),
                });
            }
            let date = person.zone.to_datetime(span.from).date();
            if let Some(name) = person.holidays.get(&date) {
                return Some(Blocker::Away { who: person.name.clone(), label: name.clone() });
            }
        }
        None
    }

    /// All starts on the grid of one local date of the owner, inside the window.
    pub fn starts_on(&self, date: Date) -> Vec<Timestamp> {
        let mut starts = Vec::new();
        for (from, to) in self.pair.window.on(date.weekday()) {
            let mut at = *from;
            while at.duration_until(*to) >= self.length {
                starts.push(resolve(date.to_datetime(at), &self.snapshot.owner.zone));
                match at.checked_add(SignedDuration::from_mins(GRID_MINUTES)) {
                    Ok(next) if next > at => at = next,
                    Ok(_) | Err(_) => break,
                }
            }
        }
        starts
    }

    fn with_buffer(&self, span: Window) -> Window {
        let buffer = SignedDuration::from_mins(i64::from(self.pair.buffer_minutes));
        Window::new(
            span.from.saturating_sub(buffer).unwrap_or(span.from),
            span.to.saturating_add(buffer).unwrap_or(span.to),
        )
    }
}

/// Whether the owner is bound by a meeting: an invitation nobody answered is not.
pub(crate) fn committed(occurrence: &Occurrence) -> bool {
    let open = matches!(occurrence.owner_reply, Some(Partstat::NeedsAction | Partstat::Tentative));
    occurrence.stands() && !(open && occurrence.organized_by != OrganizedBy::Owner)
}
