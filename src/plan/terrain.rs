//! People's time in `schedule`'s words: hours, absences, events and windows as
//! minutes from an origin, each with what may be told of it. It decides nothing.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::model::pair::{CadenceUnit, Pair, Person};
use crate::model::snapshot::{PartnerTime, Snapshot};
use crate::model::time::{BusyPeriod, Fbtype, Window, resolve};
use crate::plan::ground::Blocker;
use crate::schedule::spec::PersonSpec;

/// Minutes from and to, half-open, since the origin.
type Minutes = (i64, i64);

/// The days looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    /// Local day 0 of the owner.
    pub(crate) origin: Date,
    /// The last day.
    pub(crate) days: i64,
}

impl Span {
    /// Minutes from the origin's midnight UTC.
    pub(crate) fn minutes(&self, at: Timestamp) -> i64 {
        let from = resolve(self.origin.to_datetime(Time::midnight()), &TimeZone::UTC);
        from.duration_until(at).as_mins()
    }

    /// The instant of a slot.
    pub(crate) fn instant(&self, slot: u32) -> Timestamp {
        let from = resolve(self.origin.to_datetime(Time::midnight()), &TimeZone::UTC);
        let minutes = i64::from(slot) * crate::schedule::SLOT;
        from.saturating_add(SignedDuration::from_mins(minutes)).unwrap_or(from)
    }

    /// Minutes of a span, rounded outwards.
    pub(crate) fn outwards(&self, span: &Window) -> Minutes {
        let end = self.minutes(span.to);
        let whole = span.to.as_second().rem_euclid(60) == 0;
        (self.minutes(span.from), if whole { end } else { end + 1 })
    }

    /// Number of a date; days before the origin are day 0.
    pub(crate) fn day(&self, date: Date) -> u16 {
        u16::try_from((date - self.origin).get_days()).unwrap_or(0)
    }

    fn dates(&self) -> impl Iterator<Item = Date> + '_ {
        (0..=self.days + 1).filter_map(|days| self.origin.checked_add(days.days()).ok())
    }
}

/// A person's time and the name of everything in it.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) spec: PersonSpec,
    pub(crate) name: String,
    /// What each event of `spec.busy` is called.
    pub(crate) busy: Vec<Blocker>,
    /// What each absence of `spec.off` is called.
    pub(crate) off: Vec<Blocker>,
}

impl Known {
    /// A person who is always there: stands for partners nothing is decided about.
    pub(crate) fn nobody(zone: TimeZone) -> Self {
        Self {
            spec: blank(zone, [Some((0, 1440)); 7]),
            name: String::new(),
            busy: Vec::new(),
            off: Vec::new(),
        }
    }

    /// A person's hours, holidays and absences.
    pub(crate) fn person(person: &Person, snapshot: &Snapshot, span: &Span) -> Self {
        let mut work = [None; 7];
        for (day, spans) in work.iter_mut().zip(&person.hours.days) {
            *day = envelope(spans);
        }
        let spec = blank(person.zone.clone(), work);
        let mut known = Self { spec, name: person.name.clone(), busy: Vec::new(), off: Vec::new() };
        let away =
            |label: &str| Blocker::Away { who: person.name.clone(), label: label.to_owned() };
        for absence in snapshot.absences.iter().filter(|a| person.is(&a.who)) {
            known.absent(span.outwards(&absence.span), away(&absence.label));
        }
        for date in span.dates() {
            if let Some(name) = person.holidays.get(&date) {
                let midnight =
                    |date: Date| resolve(date.to_datetime(Time::midnight()), &person.zone);
                let next = date.tomorrow().unwrap_or(date);
                known.absent(
                    span.outwards(&Window::new(midnight(date), midnight(next))),
                    away(name),
                );
            }
            for (from, to) in gaps(person.hours.on(date.weekday())) {
                let at = |time: Time| resolve(date.to_datetime(time), &person.zone);
                let hours = Blocker::Hours(person.name.clone());
                known.absent(span.outwards(&Window::new(at(from), at(to))), hours);
            }
        }
        known
    }

    /// The owner with everything on the calendars but the 1:1s.
    pub(crate) fn owner(snapshot: &Snapshot, span: &Span) -> Self {
        let mut owner = Self::person(&snapshot.owner, snapshot, span);
        owner.fill(&snapshot.owner_busy, span, true);
        owner
    }

    /// The partner of a pair, for meetings inside its window. `frame` is the span
    /// of a day outside of which the caller asks for nothing.
    pub(crate) fn partner(snapshot: &Snapshot, pair: &Pair, span: &Span, frame: Minutes) -> Self {
        let mut partner = Self::person(&pair.partner, snapshot, span);
        if let Some(PartnerTime::Known { busy, .. }) = snapshot.partner_busy.get(&pair.id) {
            partner.fill(busy, span, false);
        }
        for closed in outside_window(snapshot, pair, span, frame) {
            partner.absent(closed, Blocker::Window);
        }
        partner
    }

    /// Adds an absence.
    pub(crate) fn absent(&mut self, minutes: Minutes, why: Blocker) {
        self.spec.off.push(minutes);
        self.off.push(why);
    }

    /// Adds an event.
    pub(crate) fn occupied(&mut self, minutes: Minutes, why: Blocker) {
        self.spec.busy.push(minutes);
        self.busy.push(why);
    }

    /// Takes out every event of that name.
    pub(crate) fn forget(&mut self, gone: &Blocker) {
        for (events, names) in
            [(&mut self.spec.busy, &mut self.busy), (&mut self.spec.off, &mut self.off)]
        {
            let kept: Vec<(Minutes, Blocker)> =
                events.drain(..).zip(names.drain(..)).filter(|(_, name)| name != gone).collect();
            (*events, *names) = kept.into_iter().unzip();
        }
    }

    /// Adds events; `told`: their titles may be shown.
    fn fill(&mut self, busy: &[BusyPeriod], span: &Span, told: bool) {
        for period in busy {
            let minutes = span.outwards(&period.span);
            match period.kind {
                Fbtype::Busy => self.occupied(minutes, Blocker::of(&self.name, period, told)),
                Fbtype::Tentative => self.spec.tentative.push(minutes),
                Fbtype::Unavailable => self.absent(minutes, Blocker::of(&self.name, period, told)),
            }
        }
    }
}

fn blank(zone: TimeZone, work: [Option<Minutes>; 7]) -> PersonSpec {
    PersonSpec {
        zone,
        work,
        avoid: Vec::new(),
        day_cost: [0; 7],
        buffer: 0,
        max_day: 96,
        // A stated wish outweighs unbroken time nobody asked for.
        focus_weight: 0,
        busy: Vec::new(),
        tentative: Vec::new(),
        off: Vec::new(),
    }
}

/// Hours a zone's clock shows a second time: what is written as wall-clock time
/// means the first (RFC 5545 3.3.5).
pub(crate) fn repeated(zone: &TimeZone, span: &Span) -> Vec<Minutes> {
    let begin = resolve(span.origin.to_datetime(Time::midnight()), zone);
    let mut out = Vec::new();
    for change in zone.following(begin) {
        let at = change.timestamp();
        if span.minutes(at) > (span.days + 2) * 1440 {
            break;
        }
        let before = zone.to_offset(at.saturating_sub(SignedDuration::from_secs(1)).unwrap_or(at));
        let back = i64::from(before.seconds()) - i64::from(change.offset().seconds());
        if back > 0 {
            let from = span.minutes(at);
            out.push((from, from + back / 60));
        }
    }
    out
}

/// Minute of the day.
pub(crate) fn minute(time: Time) -> i64 {
    i64::from(time.hour()) * 60 + i64::from(time.minute())
}

fn envelope(spans: &[(Time, Time)]) -> Option<Minutes> {
    let from = spans.iter().map(|s| s.0).min()?;
    let to = spans.iter().map(|s| s.1).max()?;
    Some((minute(from), minute(to)))
}

/// What lies between the spans of one day.
fn gaps(spans: &[(Time, Time)]) -> Vec<(Time, Time)> {
    spans.iter().zip(spans.iter().skip(1)).map(|(a, b)| (a.1, b.0)).collect()
}

fn outside_window(snapshot: &Snapshot, pair: &Pair, span: &Span, frame: Minutes) -> Vec<Minutes> {
    let (from, to) = frame;
    let mut out = Vec::new();
    for date in span.dates() {
        let spans = pair.window.on(date.weekday());
        let at = |minute: i64| {
            let midnight = date.to_datetime(Time::midnight());
            let local = midnight.saturating_add(SignedDuration::from_mins(minute));
            resolve(local, &snapshot.owner.zone)
        };
        let mut open = from;
        for (start, end) in spans {
            if minute(*start) > open {
                out.push(span.outwards(&Window::new(at(open), at(minute(*start)))));
            }
            open = minute(*end);
        }
        if !spans.is_empty() && open < to {
            out.push(span.outwards(&Window::new(at(open), at(to))));
        }
    }
    out
}

/// The span all of the pair's windows lie in.
pub(crate) fn window(pair: &Pair) -> Option<Minutes> {
    let all: Vec<(Time, Time)> = pair.window.days.iter().flatten().copied().collect();
    envelope(&all)
}

/// Weekdays the pair's window is open on, Monday first.
pub(crate) fn weekdays(pair: &Pair) -> [bool; 7] {
    let mut weekdays = [false; 7];
    for (open, spans) in weekdays.iter_mut().zip(&pair.window.days) {
        *open = !spans.is_empty();
    }
    weekdays
}

/// Weeks from one meeting of the pair to the next, at least 1.
pub(crate) fn weeks(pair: &Pair) -> i64 {
    let weeks = match pair.cadence.unit {
        CadenceUnit::Weeks => i64::from(pair.cadence.every),
        CadenceUnit::Days => i64::from(pair.cadence.every) / 7,
        CadenceUnit::Months | CadenceUnit::MonthsOnWeekday { .. } => {
            i64::from(pair.cadence.every) * 13 / 3
        }
    };
    weeks.max(1)
}

/// Points of a meeting of the pair that is not held: more for what matters more
/// and for what is rarer.
pub(crate) fn miss(pair: &Pair) -> i64 {
    400 * (1 + i64::from(pair.priority)) / 2 * (weeks(pair) + 1) / 2
}

/// The wish as weekday (Monday = 0) and minute of the day.
pub(crate) fn ideal(pair: &Pair) -> Option<(usize, i64)> {
    pair.ideal.map(|(weekday, time)| {
        (usize::try_from(weekday.to_monday_zero_offset()).unwrap_or(0), minute(time))
    })
}

/// The longest buffer among pairs, in whole slots.
pub(crate) fn buffer<'a>(pairs: impl Iterator<Item = &'a Pair>) -> i64 {
    let longest = pairs.map(|pair| i64::from(pair.buffer_minutes)).max().unwrap_or(0);
    ((longest + 14) / 15 * 15).min(480)
}
