//! Repairs single occurrences that collide, were declined or fall into an
//! absence: moves them within tolerance, or says why not. Never touches what a
//! person placed, what starts too soon, or what somebody else organizes.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::model::event::Partstat;
use crate::model::id::Address;
use crate::model::pair::Pair;
use crate::model::plan::{Action, Precondition, Reason, Step, Waiting, WaitingCause};
use crate::model::snapshot::{Occurrence, OccurrenceKey, OrganizedBy, PairView, Series, Snapshot};
use crate::model::time::Window;
use crate::plan::ground::{Blocker, Ground, Place};
use crate::plan::input::{Limits, PairState};
use crate::plan::upkeep::{count, end_of, partner_time_unknown};
use crate::plan::{mail, step_id, tolerance_days};

/// Points of an occurrence that must be moved on the same day.
const MOVE_SAME_DAY: i64 = 20;

/// Points of a move by so many days; see `docs/scheduling.md`.
fn move_points(days: i64) -> i64 {
    match days.abs() {
        0 => MOVE_SAME_DAY,
        n => (40 + 10 * (n - 1)).min(80),
    }
}

/// How many places each cause took away.
type Counts = Vec<(String, usize)>;

/// What earlier steps of the same plan do.
#[derive(Debug, Default)]
pub struct Claims {
    /// Where they put meetings.
    pub spans: BTreeSet<Window>,
    /// Meetings that leave their place.
    pub moved: BTreeSet<OccurrenceKey>,
}

/// What is wrong with an occurrence where it is.
struct Trouble {
    reason: Reason,
    words: String,
}

/// Steps and waiting reasons for the pair's coming occurrences. `claims` holds
/// what other steps of this plan already do.
pub fn repair(
    snapshot: &Snapshot,
    view: &PairView,
    state: &PairState,
    limits: &Limits,
    claims: &mut Claims,
) -> (Vec<Step>, Vec<Waiting>) {
    let mut steps = Vec::new();
    let mut waiting = Vec::new();
    let until =
        snapshot.now.saturating_add((limits.repair_days * 24).hours()).unwrap_or(Timestamp::MAX);
    for occurrence in &view.occurrences {
        if occurrence.start <= snapshot.now || occurrence.start > until {
            continue;
        }
        let Some(series) = view.series.iter().find(|s| s.uid == occurrence.key.uid) else {
            continue;
        };
        let length = occurrence.start.duration_until(occurrence.end);
        let ground = Ground::new(snapshot, &view.pair, length, limits.max_per_day);
        let case = Case { snapshot, view, state, limits, ground: &ground, series, occurrence };
        let Some(trouble) = case.trouble(&claims.moved) else {
            waiting.extend(case.warning());
            continue;
        };
        match case.settle(&trouble, &claims.spans) {
            Ok(step) => {
                if let Action::MoveOccurrence { start, duration, .. } = &step.action {
                    let from = start.instant(&snapshot.owner.zone);
                    claims.spans.insert(Window::new(from, end_of(from, *duration)));
                    claims.moved.insert(occurrence.key.clone());
                }
                steps.push(step);
            }
            Err(cause) => waiting.push(Waiting {
                pair: view.pair.id.clone(),
                occurrence: Some(occurrence.start),
                cause,
            }),
        }
    }
    (steps, waiting)
}

/// One occurrence with all that decides about it.
struct Case<'a> {
    snapshot: &'a Snapshot,
    view: &'a PairView,
    state: &'a PairState,
    limits: &'a Limits,
    ground: &'a Ground<'a>,
    series: &'a Series,
    occurrence: &'a Occurrence,
}

impl Case<'_> {
    fn span(&self) -> Window {
        Window::new(self.occurrence.start, self.occurrence.end)
    }

    fn pair(&self) -> &Pair {
        &self.view.pair
    }

    /// What calls for a move, strongest first; `None` when it stands well.
    fn trouble(&self, moved: &BTreeSet<OccurrenceKey>) -> Option<Trouble> {
        let o = self.occurrence;
        if o.status == crate::model::event::EventStatus::Cancelled {
            return None;
        }
        for (reply, person) in
            [(o.partner_reply, &self.pair().partner), (o.owner_reply, &self.snapshot.owner)]
        {
            if reply == Some(Partstat::Declined) {
                let who = person.addresses.first().cloned().unwrap_or_else(|| Address::new(""));
                return Some(Trouble {
                    reason: Reason::Declined(who),
                    words: format!("{} declined", person.name),
                });
            }
        }
        match self.ground.collision(self.span(), moved)? {
            Blocker::Away { who, label } => Some(Trouble {
                words: format!("{who} is away ({label})"),
                reason: Reason::Away { who, label },
            }),
            blocker @ (Blocker::Busy { .. } | Blocker::Taken(_)) => Some(Trouble {
                words: blocker.words(),
                reason: Reason::Clash { with: blocker.words(), span: self.span() },
            }),
            Blocker::Window | Blocker::Hours(_) | Blocker::DayFull | Blocker::TooSoon => None,
        }
    }

    /// A clash nobody committed to yet only warns.
    fn warning(&self) -> Option<Waiting> {
        if !self.occurrence.stands() {
            return None;
        }
        let with = self.ground.tentative(self.span())?;
        Some(Waiting {
            pair: self.pair().id.clone(),
            occurrence: Some(self.occurrence.start),
            cause: WaitingCause::UnansweredClash { with },
        })
    }

    fn settle(&self, trouble: &Trouble, claimed: &BTreeSet<Window>) -> Result<Step, WaitingCause> {
        let blocker = || trouble.words.clone();
        if self.pair().never_move {
            return Err(WaitingCause::NeverMove { blocker: blocker() });
        }
        if self.series.organized_by != OrganizedBy::Owner {
            let proposals = self.places(claimed).0.into_iter().take(3).map(|(_, p)| p.start);
            return Err(WaitingCause::NotOrganizer {
                blocker: blocker(),
                proposals: proposals.collect(),
            });
        }
        self.free_to_move(trouble)?;
        // A reply on the master speaks of all meetings, or of one on a server that
        // cannot tell: either way no program should move them one by one.
        let whole = self.occurrence.recurrence_id.is_some() && !self.occurrence.overridden;
        if let (Reason::Declined(_), true) = (&trouble.reason, whole) {
            let who = if self.occurrence.partner_reply == Some(Partstat::Declined) {
                &self.pair().partner
            } else {
                &self.snapshot.owner
            };
            return Err(WaitingCause::DeclinedSeries { who: who.name.clone() });
        }
        let (places, counts) = self.places(claimed);
        let tried = places.len();
        let Some((_, best)) = places.into_iter().next() else {
            return Err(self.no_slot(trouble, counts));
        };
        self.step(trouble, best, tried)
    }

    /// The rules that keep an occurrence where it is.
    fn free_to_move(&self, trouble: &Trouble) -> Result<(), WaitingCause> {
        let blocker = || trouble.words.clone();
        let o = self.occurrence;
        let frozen_until =
            self.snapshot.now.saturating_add(self.pair().freeze).unwrap_or(Timestamp::MAX);
        if o.start < frozen_until {
            return Err(WaitingCause::Frozen { blocker: blocker() });
        }
        let own = self.state.own_moves.get(&o.key).map_or(&[][..], Vec::as_slice);
        let moved = o.key.recurrence_id.is_some_and(|planned| planned != o.start);
        if moved && own.last() != Some(&o.start) {
            return Err(WaitingCause::PlacedByHand { blocker: blocker() });
        }
        // onbeat moved it and it is elsewhere now: somebody moved it back. Yield.
        if !own.is_empty() && own.last() != Some(&o.start) {
            return Err(WaitingCause::PlacedByHand { blocker: blocker() });
        }
        if own.len() >= self.limits.moves_per_occurrence {
            return Err(WaitingCause::MoveCap { blocker: blocker() });
        }
        if self.view.duplicated.contains(&o.key.uid) {
            return Err(WaitingCause::DuplicateUid { uid: o.key.uid.clone() });
        }
        if self.limits.read_only.contains(&o.resource.calendar) {
            return Err(WaitingCause::ReadOnly);
        }
        Ok(())
    }

    /// Possible places within tolerance, cheapest first, and what took the
    /// others away.
    fn places(&self, claimed: &BTreeSet<Window>) -> (Vec<(i64, Place)>, Counts) {
        let zone = &self.snapshot.owner.zone;
        let planned = self.occurrence.key.recurrence_id.unwrap_or(self.occurrence.start);
        let planned_date = zone.to_datetime(planned).date();
        let mut counts = Vec::new();
        let mut places = Vec::new();
        for days in -tolerance_days(self.pair())..=tolerance_days(self.pair()) {
            let Ok(date) = planned_date.checked_add(days.days()) else { continue };
            for start in self.ground.starts_on(date) {
                match self.try_place(start, claimed) {
                    Ok(place) => places.push((self.points(place, planned_date, date), place)),
                    Err(blocker) => count(&mut counts, &blocker),
                }
            }
        }
        places.sort_by_key(|(points, place)| (*points, place.start));
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        (places, counts)
    }

    fn try_place(&self, start: Timestamp, claimed: &BTreeSet<Window>) -> Result<Place, Blocker> {
        // Where it stands is what is wrong: a decline does not show in anybody's calendar.
        if start == self.occurrence.start {
            return Err(Blocker::Busy {
                who: "one of the two".to_owned(),
                label: "not at this time".to_owned(),
            });
        }
        let place = self.ground.place(start)?;
        let length = self.occurrence.start.duration_until(self.occurrence.end);
        let span = Window::new(start, end_of(start, length));
        let own = self.view.occurrences.iter().any(|o| {
            o.key != self.occurrence.key
                && o.stands()
                && Window::new(o.start, o.end).overlaps(&span)
        });
        if own || claimed.iter().any(|c| c.overlaps(&span)) {
            return Err(Blocker::Taken(self.pair().partner.name.clone()));
        }
        Ok(place)
    }

    /// Points of a place: the move itself, the place, and how far off the usual time.
    fn points(&self, place: Place, planned: Date, date: Date) -> i64 {
        let days = i64::from((date - planned).get_days());
        let zone = &self.snapshot.owner.zone;
        let usual = self.occurrence.key.recurrence_id.unwrap_or(self.occurrence.start);
        let off = zone
            .to_datetime(usual)
            .time()
            .duration_until(zone.to_datetime(place.start).time())
            .as_mins()
            .abs();
        move_points(days) + place.points + ((off + 29) / 30).min(12)
    }

    fn no_slot(&self, trouble: &Trouble, counts: Counts) -> WaitingCause {
        let tolerance = tolerance_days(self.pair());
        let remedy = match counts.first() {
            None => format!(
                "within {tolerance} days the window has no room: widen `window` or `flexibility`"
            ),
            Some((most, n)) => format!(
                "{n} places are lost because {most}; freeing one of them, or a wider `flexibility`, would help"
            ),
        };
        WaitingCause::NoSlot {
            blocker: trouble.words.clone(),
            blocked_by: counts,
            remedy: Some(remedy),
        }
    }

    fn step(&self, trouble: &Trouble, best: Place, tried: usize) -> Result<Step, WaitingCause> {
        let o = self.occurrence;
        let etag = o.resource.etag.as_ref().and_then(crate::model::id::Etag::strong);
        let Some(etag) = etag else { return Err(WaitingCause::NoStrongEtag) };
        let action = Action::MoveOccurrence {
            occurrence: o.key.clone(),
            recurrence_id: o.recurrence_id.clone(),
            start: o.start_local.at(best.start, &self.snapshot.owner.zone),
            duration: o.start.duration_until(o.end),
        };
        let mut why = vec![trouble.reason.clone(), Reason::BestOf(tried)];
        if partner_time_unknown(self.snapshot, self.pair()) {
            why.push(Reason::PartnerTimeUnknown);
        }
        Ok(Step {
            id: step_id(self.pair(), &o.resource.href, &action),
            pair: self.pair().id.clone(),
            calendar: o.resource.calendar.clone(),
            href: o.resource.href.clone(),
            action,
            precondition: Precondition::Match(etag),
            mail: mail::predict(
                self.engine(),
                mail::Change::Move,
                &mail::others(self.snapshot, self.series),
            ),
            why,
            needs_person: false,
        })
    }

    fn engine(&self) -> crate::model::server::MailEngine {
        self.snapshot
            .engines
            .get(&self.occurrence.resource.calendar)
            .copied()
            .unwrap_or(crate::model::server::MailEngine::Unknown)
    }
}
