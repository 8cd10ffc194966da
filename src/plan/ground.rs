//! The ground a pair's meetings are placed on: for any start, either what
//! speaks for and against it in points, or the first thing that forbids it.
//! It knows people's time; it does not know why a place is wanted.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};

use crate::model::event::Partstat;
use crate::model::pair::{Pair, Person};
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
        /// What may be told of it.
        label: String,
    },
    /// Another 1:1 of the owner stands there.
    Taken(String),
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
            Self::Busy { who, label } => format!("{who} is busy ({label})"),
            Self::Taken(pair) => format!("the 1:1 with {pair}"),
            Self::DayFull => "the day already has enough 1:1s".to_owned(),
            Self::TooSoon => "too soon to move".to_owned(),
        }
    }
}

/// A place that is possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// When it would start.
    pub start: Timestamp,
    /// Points against it by itself (ideal, tentative overlap); 0 is perfect.
    pub points: i64,
}

/// One pair's view of everybody's time.
pub struct Ground<'a> {
    snapshot: &'a Snapshot,
    pair: &'a Pair,
    length: SignedDuration,
    taken: Vec<Taken>,
    partner_busy: &'a [BusyPeriod],
    max_per_day: usize,
    not_before: Timestamp,
}

/// A standing meeting of another pair.
#[derive(Debug, Clone)]
struct Taken {
    key: OccurrenceKey,
    who: String,
    span: Window,
}

impl<'a> Ground<'a> {
    /// Lays out the ground for meetings of a pair that take `length`.
    pub fn new(
        snapshot: &'a Snapshot,
        pair: &'a Pair,
        length: SignedDuration,
        max_per_day: usize,
    ) -> Self {
        let others = snapshot.pairs.iter().filter(|view| view.pair.id != pair.id);
        let taken = others
            .flat_map(|view| {
                view.occurrences.iter().filter(|o| committed(o)).map(move |o| (view, o))
            })
            .map(|(view, o)| Taken {
                key: o.key.clone(),
                who: view.pair.partner.name.clone(),
                span: Window::new(o.start, o.end),
            })
            .collect();
        let partner_busy = match snapshot.partner_busy.get(&pair.id) {
            Some(PartnerTime::Known { busy, .. }) => busy.as_slice(),
            Some(PartnerTime::Unknown { .. }) | None => &[],
        };
        let not_before = snapshot.now.saturating_add(pair.freeze).unwrap_or(Timestamp::MAX);
        Self { snapshot, pair, length, taken, partner_busy, max_per_day, not_before }
    }

    /// What a meeting that stands there collides with. Buffers are a wish for new
    /// places, not a reason to move; 1:1s in `moved` leave their place in this plan.
    pub fn collision(&self, span: Window, moved: &BTreeSet<OccurrenceKey>) -> Option<Blocker> {
        if let Some(blocker) = self.away(span) {
            return Some(blocker);
        }
        if let Some(busy) = first_firm(&self.snapshot.owner_busy, &span) {
            return Some(self.busy(&self.snapshot.owner, busy));
        }
        if let Some(busy) = first_firm(self.partner_busy, &span) {
            return Some(self.busy(&self.pair.partner, busy));
        }
        let taken = self.taken.iter().find(|t| t.span.overlaps(&span) && !moved.contains(&t.key));
        taken.map(|t| Blocker::Taken(t.who.clone()))
    }

    /// Whether a meeting of the pair may start then, and how well it fits.
    /// `ignoring` leaves the pair's own other meetings to the caller.
    ///
    /// # Errors
    /// The first thing that forbids it.
    pub fn place(&self, start: Timestamp) -> Result<Place, Blocker> {
        if start < self.not_before {
            return Err(Blocker::TooSoon);
        }
        self.fits(start)
    }

    /// As [`Ground::place`], without the freeze time: does a meeting that is
    /// there already stand well?
    ///
    /// # Errors
    /// The first thing that forbids it.
    pub fn fits(&self, start: Timestamp) -> Result<Place, Blocker> {
        let owner = &self.snapshot.owner;
        let local = owner.zone.to_datetime(start);
        let length = self.length;
        if !self.pair.window.covers(local.weekday(), local.time(), length) {
            return Err(Blocker::Window);
        }
        for person in [owner, &self.pair.partner] {
            let at = person.zone.to_datetime(start);
            if !person.hours.covers(at.weekday(), at.time(), length) {
                return Err(Blocker::Hours(person.name.clone()));
            }
        }
        let end = start.saturating_add(length).unwrap_or(Timestamp::MAX);
        let span = Window::new(start, end);
        self.free(span)?;
        Ok(Place { start, points: self.ideal_points(local) + self.tentative_points(span) })
    }

    /// Whether both are there and free, hours aside.
    ///
    /// # Errors
    /// The first thing in the way.
    pub fn free(&self, span: Window) -> Result<(), Blocker> {
        if let Some(blocker) = self.away(span) {
            return Err(blocker);
        }
        let wide = self.with_buffer(span);
        if let Some(busy) = first_firm(&self.snapshot.owner_busy, &wide) {
            return Err(self.busy(&self.snapshot.owner, busy));
        }
        if let Some(busy) = first_firm(self.partner_busy, &wide) {
            return Err(self.busy(&self.pair.partner, busy));
        }
        if let Some(taken) = self.taken.iter().find(|t| t.span.overlaps(&wide)) {
            return Err(Blocker::Taken(taken.who.clone()));
        }
        let day = self.snapshot.owner.zone.to_datetime(span.from).date();
        let that_day = self
            .taken
            .iter()
            .filter(|t| self.snapshot.owner.zone.to_datetime(t.span.from).date() == day)
            .count();
        if that_day >= self.max_per_day { Err(Blocker::DayFull) } else { Ok(()) }
    }

    /// A tentative overlap on either side, with what may be told of it.
    pub fn tentative(&self, span: Window) -> Option<String> {
        self.snapshot
            .owner_busy
            .iter()
            .chain(self.partner_busy)
            .find(|b| b.kind == Fbtype::Tentative && b.span.overlaps(&span))
            .map(|b| b.label.clone().unwrap_or_else(|| "a tentative meeting".to_owned()))
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

    fn busy(&self, person: &Person, busy: &BusyPeriod) -> Blocker {
        let label = busy.label.clone().unwrap_or_else(|| "not free".to_owned());
        match busy.kind {
            Fbtype::Unavailable => Blocker::Away { who: person.name.clone(), label },
            Fbtype::Busy | Fbtype::Tentative => Blocker::Busy { who: person.name.clone(), label },
        }
    }

    fn ideal_points(&self, local: DateTime) -> i64 {
        let Some((day, time)) = self.pair.ideal else { return 0 };
        let other_day = if local.weekday() == day { 0 } else { 8 };
        let minutes = local.time().duration_until(time).as_mins().abs();
        other_day + ((minutes + 29) / 30).min(12)
    }

    fn tentative_points(&self, span: Window) -> i64 {
        if self.tentative(span).is_some() { 15 } else { 0 }
    }
}

/// Whether the owner is bound by a meeting: an invitation nobody answered is not.
fn committed(occurrence: &Occurrence) -> bool {
    let open = matches!(occurrence.owner_reply, Some(Partstat::NeedsAction | Partstat::Tentative));
    occurrence.stands() && !(open && occurrence.organized_by != OrganizedBy::Owner)
}

fn first_firm<'b>(busy: &'b [BusyPeriod], span: &Window) -> Option<&'b BusyPeriod> {
    busy.iter().find(|b| b.kind != Fbtype::Tentative && b.span.overlaps(span))
}
