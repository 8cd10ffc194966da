//! Repairs single occurrences that collide, were declined, or fall into an absence
//! or outside somebody's hours: all of them together, each at its best place within
//! reach, if need be by letting one other 1:1 make room; else it says why not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan};

use crate::model::id::Etag;
use crate::model::pair::Mode;
use crate::model::plan::{
    Action, MailEffect, Precondition, Reason, Score, Step, Waiting, WaitingCause,
};
use crate::model::server::MailEngine;
use crate::model::snapshot::{Occurrence, OccurrenceKey};
use crate::model::time::Window;
use crate::plan::ground::{Common, Ground, committed};
use crate::plan::input::PlanInput;
use crate::plan::place::place;
use crate::plan::remedy::{self, Finding};
use crate::plan::table::{LONGEST, Part, Piece};
use crate::plan::trouble::{Case, Trouble};
use crate::plan::upkeep::{end_of, partner_time_unknown};
use crate::plan::{at_rest, mail, step_id};

/// Most meetings repaired at once, soonest first; more is a sign of something else.
const MOST: usize = 200;
/// Days around a meeting in trouble in which others matter.
const AROUND: i64 = 10;

/// What is to be done about the coming meetings of all pairs.
#[derive(Debug, Default)]
pub(crate) struct Repaired {
    /// Steps by index of the pair.
    pub(crate) steps: BTreeMap<usize, Vec<Step>>,
    /// What is not done, by index of the pair.
    pub(crate) waiting: BTreeMap<usize, Vec<Waiting>>,
    /// What the moves gain.
    pub(crate) score: Option<Score>,
}

/// A meeting that is looked at.
struct Seat<'a> {
    pair: usize,
    piece: Piece<'a>,
    trouble: Option<Trouble>,
}

/// Decides about every coming meeting of every pair.
pub(crate) fn repair(input: &PlanInput<'_>) -> Repaired {
    let (seats, said) = look(input);
    settle(input, seats, said)
}

/// Looks at every meeting: what part it takes, and what is said of it.
fn look<'a>(input: &PlanInput<'a>) -> (Vec<Seat<'a>>, Repaired) {
    let common = Common::new(input.snapshot);
    let snapshot = input.snapshot;
    let after =
        |days: i64| snapshot.now.saturating_add((days * 24).hours()).unwrap_or(Timestamp::MAX);
    let (until, beyond) =
        (after(input.limits.repair_days), after(input.limits.repair_days + AROUND));
    let mut repaired = Repaired::default();
    let mut seats = Vec::new();
    let mut moved = BTreeSet::new();
    for (pair, view) in snapshot.pairs.iter().enumerate() {
        let ground = Ground::new(&common, &view.pair, input.limits.max_per_day);
        let state = input.pairs.get(&view.pair.id).filter(|state| at_rest(view, state).is_none());
        let coming = |o: &&Occurrence| o.start > snapshot.now && o.start <= beyond;
        for occurrence in view.occurrences.iter().filter(coming) {
            let piece = Piece::settled(view, occurrence);
            let mut seat = Seat { pair, piece, trouble: None };
            let series = view.series.iter().find(|s| s.uid == occurrence.key.uid);
            if let Some((series, state)) = series.zip(state) {
                let (ground, limits) = (&ground, input.limits);
                let case = Case { snapshot, view, state, limits, ground, series, occurrence };
                let said = judge(&case, &mut seat, &moved, occurrence.start <= until);
                repaired.wait(&seat, said);
            }
            // Of two that collide, one is enough.
            if seat.seeks() {
                moved.insert(occurrence.key.clone());
            }
            if committed(occurrence) || seat.piece.part != Part::Settled {
                seats.push(seat);
            }
        }
    }
    (seats, repaired)
}

/// What part a meeting takes, and what is said of it now. Later than `soon` it
/// only stands in the way of others.
fn judge(
    case: &Case<'_>,
    seat: &mut Seat<'_>,
    moved: &BTreeSet<OccurrenceKey>,
    soon: bool,
) -> Option<WaitingCause> {
    let trouble = if soon { case.trouble(moved) } else { None };
    let Some(trouble) = trouble else {
        if case.may_make_room() {
            seat.piece.part = Part::Stands;
        }
        return if soon { case.warning() } else { None };
    };
    let said = case.free_to_move(&trouble).err();
    let declined = matches!(trouble.reason, Reason::Declined(_));
    seat.piece.part = match &said {
        None => Part::Seeks { declined },
        Some(WaitingCause::NotOrganizer { .. }) => Part::Asks,
        Some(_) => Part::Settled,
    };
    seat.trouble = Some(trouble);
    said
}

/// Finds places for what seeks one.
fn settle(input: &PlanInput<'_>, mut seats: Vec<Seat<'_>>, mut repaired: Repaired) -> Repaired {
    for (at, proposals) in remedy::proposals(input, &pieces(&seats)) {
        let Some(seat) = seats.get(at) else { continue };
        repaired.propose(seat, &proposals);
    }
    cap(&mut seats, &mut repaired);
    let seekers: Vec<Timestamp> =
        seats.iter().filter(|s| s.seeks()).map(|s| s.piece.occurrence.start).collect();
    let near = |seat: &Seat<'_>| {
        let days = |at: &Timestamp| at.duration_until(seat.piece.occurrence.start).as_hours().abs();
        seekers.iter().any(|at| days(at) <= 24 * AROUND)
    };
    seats.retain(|seat| seat.seeks() || (seat.piece.part != Part::Asks && near(seat)));
    if seekers.is_empty() {
        return repaired;
    }
    let placed = place(input, &pieces(&seats));
    repaired.score = placed.score;
    let mut steps: Vec<(usize, Window, Step)> = Vec::new();
    for (at, seat) in seats.iter().enumerate() {
        let found = placed.seats.get(at);
        let made = match (found.and_then(|f| f.start), seat.seeks()) {
            (Some(start), _) => step(input, seat, start, found.map_or(&[][..], |f| &f.why)),
            (None, true) => Err(no_slot(seat, found.and_then(|f| f.finding.as_ref()))),
            (None, false) => continue,
        };
        match made {
            Ok(step) => steps.push((at, seat.piece.span(), step)),
            Err(cause) => repaired.wait(seat, Some(cause)),
        }
    }
    repaired.take(input, &seats, steps);
    repaired
}

fn pieces<'a>(seats: &[Seat<'a>]) -> Vec<Piece<'a>> {
    seats.iter().map(|seat| seat.piece).collect()
}

/// Leaves what seeks a place beyond the limit where it is, and says so once.
fn cap(seats: &mut [Seat<'_>], repaired: &mut Repaired) {
    let mut all: Vec<usize> =
        (0..seats.len()).filter(|at| seats.get(*at).is_some_and(Seat::seeks)).collect();
    all.sort_by_key(|at| seats.get(*at).map(|seat| seat.piece.occurrence.start));
    for (n, at) in all.into_iter().skip(MOST).enumerate() {
        let Some(seat) = seats.get_mut(at) else { continue };
        seat.piece.part = Part::Settled;
        if n == 0 {
            let rule = format!("more than {MOST} meetings are in trouble: the soonest come first");
            repaired.wait(seat, Some(WaitingCause::Refused { rule }));
        }
    }
}

/// Why a meeting found no place.
fn no_slot(seat: &Seat<'_>, finding: Option<&Finding>) -> WaitingCause {
    let long = || "it is longer than 8 hours: move it by hand".to_owned();
    let remedy = (seat.piece.minutes() > LONGEST).then(long);
    WaitingCause::NoSlot {
        blocker: seat.trouble_words(),
        blocked_by: finding.map(|f| f.blocked_by.clone()).unwrap_or_default(),
        remedy: remedy.or_else(|| finding.map(|f| f.remedy.clone())),
    }
}

/// The move of a meeting to a start. `found` are reasons beside its trouble.
fn step(
    input: &PlanInput<'_>,
    seat: &Seat<'_>,
    start: Timestamp,
    found: &[Reason],
) -> Result<Step, WaitingCause> {
    let (snapshot, o, pair) = (input.snapshot, seat.piece.occurrence, seat.piece.pair());
    let etag = o.resource.etag.as_ref().and_then(Etag::strong).ok_or(WaitingCause::NoStrongEtag)?;
    let action = Action::MoveOccurrence {
        occurrence: o.key.clone(),
        recurrence_id: o.recurrence_id.clone(),
        start: o.start_local.at(start, &snapshot.owner.zone),
        duration: o.start.duration_until(o.end),
    };
    let mut why: Vec<Reason> = seat.trouble.iter().map(|t| t.reason.clone()).collect();
    why.extend_from_slice(found);
    if partner_time_unknown(snapshot, pair) {
        why.push(Reason::PartnerTimeUnknown);
    }
    Ok(Step {
        id: step_id(pair, &o.resource.href, &action),
        pair: pair.id.clone(),
        calendar: o.resource.calendar.clone(),
        href: o.resource.href.clone(),
        action,
        precondition: Precondition::Match(etag),
        mail: mailed(input, seat),
        why,
        needs_person: false,
        after: Vec::new(),
    })
}

fn mailed(input: &PlanInput<'_>, seat: &Seat<'_>) -> MailEffect {
    let (snapshot, o) = (input.snapshot, seat.piece.occurrence);
    let engine = snapshot.engines.get(&o.resource.calendar).copied();
    let series = seat.piece.view.series.iter().find(|s| s.uid == o.key.uid);
    let others = series.map(|series| mail::others(snapshot, series)).unwrap_or_default();
    mail::predict(engine.unwrap_or(MailEngine::Unknown), mail::Change::Move, &others)
}

impl Seat<'_> {
    fn seeks(&self) -> bool {
        matches!(self.piece.part, Part::Seeks { .. })
    }

    fn trouble_words(&self) -> String {
        self.trouble.as_ref().map(|t| t.words.clone()).unwrap_or_default()
    }
}

impl Repaired {
    fn wait(&mut self, seat: &Seat<'_>, cause: Option<WaitingCause>) {
        let pair = seat.piece.pair().id.clone();
        let occurrence = Some(seat.piece.occurrence.start);
        let waiting = cause.map(|cause| Waiting { pair, occurrence, cause });
        self.waiting.entry(seat.pair).or_default().extend(waiting);
    }

    /// Adds times one could propose to who organizes the meeting.
    fn propose(&mut self, seat: &Seat<'_>, times: &[Timestamp]) {
        let start = Some(seat.piece.occurrence.start);
        let of_pair = self.waiting.entry(seat.pair).or_default().iter_mut();
        for waiting in of_pair.filter(|w| w.occurrence == start) {
            if let WaitingCause::NotOrganizer { proposals, .. } = &mut waiting.cause {
                *proposals = times.to_vec();
            }
        }
    }

    /// Takes the steps over, each told which others must be done first: those that
    /// leave where it goes.
    fn take(
        &mut self,
        input: &PlanInput<'_>,
        seats: &[Seat<'_>],
        steps: Vec<(usize, Window, Step)>,
    ) {
        let mut coming: Vec<Window> = Vec::new();
        for (at, span, step) in &steps {
            let moves = seats.get(*at).map(|_| &step.action);
            if let Some(Action::MoveOccurrence { start, .. }) = moves {
                let from = start.instant(&input.snapshot.owner.zone);
                coming.push(Window::new(from, end_of(from, span.length())));
            } else {
                coming.push(*span);
            }
        }
        let name = |at: usize| {
            let seat: Option<&Seat<'_>> = seats.get(at);
            seat.map(|s| s.piece.pair().partner.name.clone()).unwrap_or_default()
        };
        for (n, (at, span, step)) in steps.iter().enumerate() {
            let Some(seat) = seats.get(*at) else { continue };
            let mut step = step.clone();
            let to = coming.get(n).copied().unwrap_or(*span);
            for (m, (other, left, first)) in steps.iter().enumerate() {
                if m != n && left.overlaps(&to) {
                    step.after.push(first.id.clone());
                    // One in trouble leaves anyway.
                    if seats.get(*other).is_some_and(|s| !s.seeks()) {
                        step.why.push(Reason::TakesPlaceOf { who: name(*other) });
                    }
                }
                let there = coming.get(m).filter(|c| m != n && c.overlaps(span));
                if let Some(there) = there.filter(|_| !seat.seeks()) {
                    let who = name(*other);
                    step.why.push(if there == left {
                        Reason::Clash { with: format!("the 1:1 with {who}"), span: *there }
                    } else {
                        Reason::MakesRoom { who }
                    });
                    // Nobody moves by itself for one that waits for a person.
                    let other = seats.get(*other).map(|s| s.piece.pair().mode);
                    step.needs_person |=
                        seat.piece.pair().mode == Mode::Act && other != Some(Mode::Act);
                }
            }
            // What it collided with leaves: it may stay.
            if to.from != span.from {
                self.steps.entry(seat.pair).or_default().push(step);
            }
        }
    }
}
