//! Single meetings in `schedule`'s words: each occurrence is a series of its own
//! with one date, so that every one has its own length, reach and neighbours. It
//! decides nothing: who may move is `trouble`'s, the best seat `schedule`'s.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::model::pair::Pair;
use crate::model::snapshot::{Occurrence, PairView, Snapshot};
use crate::model::time::{CalTime, Window};
use crate::plan::ground::Blocker;
use crate::plan::input::Limits;
use crate::plan::terrain::{Known, Span, buffer, ideal, minute, miss, repeated, weekdays, window};
use crate::plan::{MIN_GAP_DAYS, tolerance_days};
use crate::schedule::spec::{Published, SeriesSpec, Spec, Weights};
use crate::schedule::{Base, Cause, Compiled, Repairs, SLOT, Standing, compile};

/// Longest meeting that is moved, in minutes.
pub(crate) const LONGEST: i64 = 480;

/// What may happen to a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// It cannot stay and gets another place.
    Seeks {
        /// Somebody declined it: it must not stay nearby either.
        declined: bool,
    },
    /// It stays where it is; only its other places are asked for.
    Asks,
    /// It stands well and may make room for one that seeks.
    Stands,
    /// It stays.
    Settled,
}

/// One meeting on the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece<'a> {
    pub(crate) view: &'a PairView,
    pub(crate) occurrence: &'a Occurrence,
    pub(crate) part: Part,
    /// Days of reach beyond what the pair allows: thought up, to find a remedy.
    pub(crate) extra: i64,
}

impl<'a> Piece<'a> {
    /// A meeting that stays.
    pub(crate) fn settled(view: &'a PairView, occurrence: &'a Occurrence) -> Self {
        Self { view, occurrence, part: Part::Settled, extra: 0 }
    }

    pub(crate) fn pair(&self) -> &'a Pair {
        &self.view.pair
    }

    pub(crate) fn span(&self) -> Window {
        Window::new(self.occurrence.start, self.occurrence.end)
    }

    /// When it was planned.
    pub(crate) fn planned(&self) -> Timestamp {
        self.occurrence.key.recurrence_id.unwrap_or(self.occurrence.start)
    }

    pub(crate) fn minutes(&self) -> i64 {
        let length = self.occurrence.start.duration_until(self.occurrence.end);
        ((length.as_secs() + 59) / 60).max(1)
    }

    /// Days it may be from its planned date.
    pub(crate) fn reach(&self) -> i64 {
        (tolerance_days(self.pair()) + self.extra).min(self.room()).max(0)
    }

    /// Days by which more flexibility would widen the reach.
    pub(crate) fn spare(&self) -> i64 {
        let mut limber = self.pair().clone();
        limber.flexibility_days = 14;
        (tolerance_days(&limber).min(self.room()) - tolerance_days(self.pair())).max(0)
    }

    /// Days it may move before it comes too close to a neighbour that moves, too.
    fn room(&self) -> i64 {
        let apart =
            |o: &&Occurrence| o.key.uid == self.occurrence.key.uid && o.key != self.occurrence.key;
        let gaps = self.view.occurrences.iter().filter(apart).filter_map(|o| {
            let hours = o.key.recurrence_id?.duration_until(self.planned()).as_hours().abs();
            // Days of 23 and 25 hours are days.
            let days = (hours + 12) / 24;
            (days < 60).then_some((days - MIN_GAP_DAYS) / 2)
        });
        gaps.min().unwrap_or(i64::MAX).max(0)
    }
}

/// What of the people's time a cause speaks of.
struct Names {
    name: String,
    busy: Vec<Blocker>,
    off: Vec<Blocker>,
}

/// Meetings, people and what is taken, compiled.
pub(crate) struct Table<'a> {
    pub(crate) pieces: Vec<Piece<'a>>,
    pub(crate) span: Span,
    pub(crate) spec: Spec,
    pub(crate) compiled: Compiled,
    pub(crate) standing: Standing,
    names: Vec<Names>,
}

impl<'a> Table<'a> {
    /// Lays the pieces out. One that stands where it could not be put is left
    /// alone, and so is one that cannot be computed with. `None`: nothing can.
    pub(crate) fn lay(
        snapshot: &'a Snapshot,
        pieces: &[Piece<'a>],
        limits: &Limits,
    ) -> Option<Self> {
        Self::lay_without(snapshot, pieces, limits, None)
    }

    /// As [`Table::lay`], as if one event or meeting were not there.
    pub(crate) fn lay_without(
        snapshot: &'a Snapshot,
        pieces: &[Piece<'a>],
        limits: &Limits,
        gone: Option<&Blocker>,
    ) -> Option<Self> {
        let mut pieces = pieces.to_vec();
        for _ in 0..8 {
            let draft = Draft::new(snapshot, &pieces, limits, gone);
            let stay = match compile(&draft.spec) {
                Ok(compiled) => {
                    let displaced: Vec<usize> = Repairs::new(&compiled.problem, &draft.standing)
                        .ok()?
                        .displaced()
                        .iter()
                        .map(|(series, _)| *series)
                        .filter(|at| pieces.get(*at).is_some_and(|p| p.part == Part::Stands))
                        .collect();
                    if displaced.is_empty() {
                        return Some(draft.finish(pieces, compiled));
                    }
                    displaced
                }
                Err(error) => vec![error.series()?],
            };
            for at in stay {
                pieces.get_mut(at)?.part = Part::Settled;
            }
        }
        None
    }

    /// The present state of the table, ready to be changed.
    pub(crate) fn repairs(&self) -> Option<Repairs<'_>> {
        Repairs::new(&self.compiled.problem, &self.standing).ok()
    }

    /// What is in the way, by name.
    pub(crate) fn blocker(&self, cause: Cause) -> Blocker {
        let name = |who: usize| self.names.get(who).map(|n| n.name.clone()).unwrap_or_default();
        let meeting = |series: usize| {
            let piece = self.pieces.get(series);
            Blocker::Taken(piece.map(|p| p.pair().partner.name.clone()).unwrap_or_default())
        };
        let unnamed = || Blocker::Busy { who: String::new(), label: None };
        match cause {
            Cause::Hours(who) => Blocker::Hours(name(who)),
            Cause::Off(who, event) => {
                let off = self.names.get(who).and_then(|n| n.off.get(event));
                off.cloned().unwrap_or_else(unnamed)
            }
            Cause::Busy(who, event) => {
                let busy = self.names.get(who).and_then(|n| n.busy.get(event));
                busy.cloned().unwrap_or_else(unnamed)
            }
            Cause::Buffer(who, _) => Blocker::Buffer(name(who)),
            Cause::Lead => Blocker::TooSoon,
            Cause::Cap(_) => Blocker::DayFull,
            Cause::Taken(series, _) | Cause::History(series) => meeting(series),
        }
    }
}

/// The specification while it grows.
struct Draft<'a> {
    snapshot: &'a Snapshot,
    span: Span,
    spec: Spec,
    standing: Standing,
    published: Vec<Published>,
    names: Vec<Names>,
}

impl<'a> Draft<'a> {
    fn new(
        snapshot: &'a Snapshot,
        pieces: &[Piece<'a>],
        limits: &Limits,
        gone: Option<&Blocker>,
    ) -> Self {
        let zone = &snapshot.owner.zone;
        let today = zone.to_datetime(snapshot.now).date();
        // The day before is day 0, so that a meeting of today can still be moved.
        let span =
            Span { origin: today.yesterday().unwrap_or(today), days: limits.repair_days + 16 };
        let mut owner = Known::owner(snapshot, &span);
        if let Some(gone) = gone {
            owner.forget(gone);
        }
        let moving = pieces.iter().filter(|p| matches!(p.part, Part::Seeks { .. } | Part::Asks));
        owner.spec.buffer = buffer(moving.map(Piece::pair));
        owner.spec.max_day = u32::try_from(limits.max_per_day).unwrap_or(u32::MAX);
        for piece in pieces
            .iter()
            .filter(|p| p.part == Part::Settled && settled(snapshot, p, &span).is_none())
        {
            let taken = Blocker::Taken(piece.pair().partner.name.clone());
            owner.occupied(span.outwards(&piece.span()), taken);
        }
        let spec = Spec {
            origin: span.origin,
            last_day: usize::try_from(span.days).unwrap_or(1),
            now: span.minutes(snapshot.now),
            // The wish counts to the quarter hour: a tie would look like a whim.
            // How full the week is was weighed when the standing slots were chosen.
            weights: Weights { ideal_grain: 15, week_over: 0, ..Weights::default() },
            people: Vec::new(),
            series: Vec::new(),
            published: None,
        };
        let standing = Standing { base: Vec::new(), slots: Vec::new() };
        let (published, names) = (Vec::new(), Vec::new());
        let mut draft = Self { snapshot, span, spec, standing, published, names };
        draft.person(owner);
        draft.person(Known::nobody(zone.clone()));
        for piece in pieces {
            let taken = Blocker::Taken(piece.pair().partner.name.clone());
            let stays = matches!(piece.part, Part::Settled | Part::Stands);
            draft.piece(piece, stays && gone == Some(&taken));
        }
        draft.spec.published = Some(std::mem::take(&mut draft.published));
        draft
    }

    fn finish(self, pieces: Vec<Piece<'a>>, compiled: Compiled) -> Table<'a> {
        let Self { span, spec, standing, names, .. } = self;
        Table { pieces, span, spec, compiled, standing, names }
    }

    fn person(&mut self, known: Known) -> usize {
        let Known { spec, name, busy, off } = known;
        self.spec.people.push(spec);
        self.names.push(Names { name, busy, off });
        self.spec.people.len() - 1
    }

    fn piece(&mut self, piece: &Piece<'a>, gone: bool) {
        let stays = settled(self.snapshot, piece, &self.span);
        let (series, slot, open) = match (piece.part, stays) {
            (Part::Settled | Part::Stands, _) if gone => (inert(), None, None),
            (Part::Settled, Some((slot, series))) => (series, Some(slot), None),
            // What cannot be computed with stands in the owner's calendar already.
            (Part::Settled, None) => (inert(), None, None),
            (Part::Seeks { .. }, _) => (self.moving(piece), None, Some(u32::MAX)),
            (Part::Asks, _) => (self.moving(piece), None, None),
            (Part::Stands, _) => {
                let slot = self.span.minutes(piece.occurrence.start).div_euclid(SLOT);
                (self.moving(piece), Some(slot), u32::try_from(slot).ok())
            }
        };
        let first = -(-series.window.0).div_euclid(SLOT) * SLOT;
        let base = series.current.map_or(0, |(_, minute)| (minute - first).max(0) / SLOT);
        self.standing.base.push(Base { track: 0, column: usize::try_from(base).unwrap_or(0) });
        let fixed = series.settled && slot.is_some();
        self.standing.slots.push(if fixed { Vec::new() } else { vec![open] });
        self.published.push(vec![slot]);
        self.spec.series.push(series);
    }

    /// A meeting that may be elsewhere, with its own copy of the partner: their
    /// calendar, and the days on which the two meet anyway.
    fn moving(&mut self, piece: &Piece<'a>) -> SeriesSpec {
        let pair = piece.pair();
        let zone = &self.snapshot.owner.zone;
        let planned = zone.to_datetime(piece.planned());
        let minutes = piece.minutes();
        let base =
            (minute(planned.time()) / SLOT * SLOT).min((1440 - minutes).max(0) / SLOT * SLOT);
        let open = window(pair).unwrap_or((base, base + minutes));
        let frame = (open.0.min(base), open.1.max(base + minutes));
        let mut partner = Known::partner(self.snapshot, pair, &self.span, frame);
        for (from, to) in self.near_others(piece) {
            partner.absent((from, to), Blocker::TooClose);
        }
        let written = match &piece.occurrence.start_local {
            CalTime::Zoned { zone, .. } => zone,
            CalTime::Date(_) | CalTime::Floating(_) | CalTime::Utc(_) => zone,
        };
        for hour in repeated(written, &self.span) {
            partner.absent(hour, Blocker::Twice);
        }
        if piece.part == (Part::Seeks { declined: true }) {
            partner.absent(self.span.outwards(&piece.span()), Blocker::Here);
        }
        let who = self.person(partner);
        let weekday = usize::try_from(planned.weekday().to_monday_zero_offset()).unwrap_or(0);
        SeriesSpec {
            who: [0, who],
            anchor: 0,
            minutes,
            load: (0, 1),
            weekdays: weekdays(pair),
            window: frame,
            tolerance: usize::try_from(piece.reach()).unwrap_or(0),
            lead: pair.freeze.as_mins().max(0),
            miss: miss(pair),
            // Without a wish the usual time is the best one.
            ideal: ideal(pair).or(Some((weekday, base))),
            tracks: vec![vec![self.span.day(planned.date())]],
            current: Some((0, base)),
            pinned: true,
            settled: false,
        }
    }

    /// Days too close to the pair's other meetings, as minutes. Meetings that are
    /// planned closer than that keep the distance they are planned with.
    fn near_others(&self, piece: &Piece<'a>) -> Vec<(i64, i64)> {
        let zone = &self.snapshot.owner.zone;
        let date = |at: Timestamp| zone.to_datetime(at).date();
        let apart = |a: Date, b: Date| i64::from((a - b).get_days()).abs();
        let own = date(piece.planned());
        let mut days = Vec::new();
        for other in piece.view.occurrences.iter().filter(|o| o.stands()) {
            let there = date(other.start);
            if other.key == piece.occurrence.key || apart(there, own) > 30 {
                continue;
            }
            let planned = date(other.key.recurrence_id.unwrap_or(other.start));
            let gap = MIN_GAP_DAYS.min(apart(planned, own));
            let midnight = |days: i64| {
                let day = there.saturating_add(days.days());
                crate::model::time::resolve(day.to_datetime(jiff::civil::Time::midnight()), zone)
            };
            if gap > 0 {
                let span = Window::new(midnight(1 - gap), midnight(gap));
                days.push(self.span.outwards(&span));
            }
        }
        days
    }
}

/// A meeting that stays, as slot and series; `None` when it passes midnight or is
/// too long.
fn settled(snapshot: &Snapshot, piece: &Piece<'_>, span: &Span) -> Option<(i64, SeriesSpec)> {
    let (from, to) = span.outwards(&piece.span());
    let slot = from.div_euclid(SLOT);
    let minutes = (-(-to).div_euclid(SLOT) - slot) * SLOT;
    let start = span.instant(u32::try_from(slot).ok()?);
    let local = snapshot.owner.zone.to_datetime(start);
    let base = minute(local.time());
    if minutes > LONGEST || minutes <= 0 || base + minutes > 1440 || base % SLOT != 0 {
        return None;
    }
    let series = SeriesSpec {
        minutes,
        window: (base, base + minutes),
        miss: miss(piece.pair()),
        tracks: vec![vec![span.day(local.date())]],
        current: Some((0, base)),
        ..inert()
    };
    Some((slot, series))
}

/// A series of which nothing is asked.
fn inert() -> SeriesSpec {
    SeriesSpec {
        who: [0, 1],
        anchor: 0,
        minutes: SLOT,
        load: (0, 1),
        weekdays: [false; 7],
        window: (0, 1440),
        tolerance: 0,
        lead: 0,
        miss: 0,
        ideal: None,
        tracks: vec![vec![1]],
        current: Some((0, 0)),
        pinned: true,
        settled: true,
    }
}
