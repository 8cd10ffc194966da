//! What is wrong with a coming meeting where it stands, and what a program may do
//! about it: nothing, ask, say so, or move it. Never what a person placed, what
//! starts too soon, or what somebody else organizes.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::model::event::{EventStatus, Partstat};
use crate::model::id::{Address, Etag};
use crate::model::pair::Pair;
use crate::model::plan::{Reason, WaitingCause};
use crate::model::snapshot::{Occurrence, OccurrenceKey, OrganizedBy, PairView, Series, Snapshot};
use crate::model::time::Window;
use crate::plan::ground::{Blocker, Ground};
use crate::plan::input::{Limits, PairState};

/// What is wrong with an occurrence where it is.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    pub(crate) reason: Reason,
    pub(crate) words: String,
}

/// One occurrence with all that decides about it.
pub(crate) struct Case<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) view: &'a PairView,
    pub(crate) state: &'a PairState,
    pub(crate) limits: &'a Limits,
    pub(crate) ground: &'a Ground<'a>,
    pub(crate) series: &'a Series,
    pub(crate) occurrence: &'a Occurrence,
}

impl<'a> Case<'a> {
    fn span(&self) -> Window {
        Window::new(self.occurrence.start, self.occurrence.end)
    }

    fn pair(&self) -> &'a Pair {
        &self.view.pair
    }

    /// What calls for a move, strongest first; `None` when it stands well. Meetings
    /// in `moved` leave their place anyway.
    pub(crate) fn trouble(&self, moved: &BTreeSet<OccurrenceKey>) -> Option<Trouble> {
        let o = self.occurrence;
        if o.status == EventStatus::Cancelled {
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
        let blocker = self.ground.collision(self.span(), moved).or_else(|| self.new_hours())?;
        let words = blocker.words();
        let reason = match blocker {
            Blocker::Away { who, label } => Reason::Away { who, label },
            Blocker::Busy { .. }
            | Blocker::Taken(_)
            | Blocker::Hours(_)
            | Blocker::Window
            | Blocker::Buffer(_)
            | Blocker::DayFull
            | Blocker::TooClose
            | Blocker::Here
            | Blocker::Twice
            | Blocker::TooSoon => Reason::Clash { with: words.clone(), span: self.span() },
        };
        Some(Trouble { reason, words })
    }

    /// Somebody's hours end before it does on this date, but not on most dates of
    /// the series: then the standing slot is what is wrong. A time a person chose
    /// for this one meeting is theirs.
    fn new_hours(&self) -> Option<Blocker> {
        if self.by_hand() {
            return None;
        }
        let outside = self.ground.outside_hours(self.span())?;
        let slots = self.view.slots.iter().filter(|slot| {
            slot.key.uid == self.occurrence.key.uid && slot.start > self.snapshot.now
        });
        let (mut all, mut out) = (0, 0);
        for slot in slots {
            all += 1;
            out +=
                usize::from(self.ground.outside_hours(Window::new(slot.start, slot.end)).is_some());
        }
        (2 * out < all).then_some(outside)
    }

    /// A clash nobody committed to yet only warns.
    pub(crate) fn warning(&self) -> Option<WaitingCause> {
        let with = self.ground.tentative(self.span()).filter(|_| self.occurrence.stands())?;
        Some(WaitingCause::UnansweredClash { with })
    }

    /// Starts onbeat gave it, oldest first.
    fn own_moves(&self) -> &[Timestamp] {
        self.state.own_moves.get(&self.occurrence.key).map_or(&[], Vec::as_slice)
    }

    /// Whether it is not where its series or onbeat put it: a person or another
    /// program did, and onbeat yields.
    fn by_hand(&self) -> bool {
        let (o, own) = (self.occurrence, self.own_moves());
        let moved = o.key.recurrence_id.is_some_and(|planned| planned != o.start);
        (moved || !own.is_empty()) && own.last() != Some(&o.start)
    }

    fn frozen(&self) -> bool {
        let until = self.snapshot.now.saturating_add(self.pair().freeze).unwrap_or(Timestamp::MAX);
        self.occurrence.start < until
    }

    /// Whether onbeat may move it out of its trouble.
    ///
    /// # Errors
    /// The rule that keeps it where it is.
    pub(crate) fn free_to_move(&self, trouble: &Trouble) -> Result<(), WaitingCause> {
        let blocker = || trouble.words.clone();
        let o = self.occurrence;
        if self.pair().never_move {
            return Err(WaitingCause::NeverMove { blocker: blocker() });
        }
        if self.series.organized_by != OrganizedBy::Owner {
            return Err(WaitingCause::NotOrganizer { blocker: blocker(), proposals: Vec::new() });
        }
        if self.frozen() {
            return Err(WaitingCause::Frozen { blocker: blocker() });
        }
        if self.by_hand() {
            return Err(WaitingCause::PlacedByHand { blocker: blocker() });
        }
        if self.own_moves().len() >= self.limits.moves_per_occurrence {
            return Err(WaitingCause::MoveCap { blocker: blocker() });
        }
        self.writable()?;
        // A reply on the master speaks of all meetings, or of one on a server that
        // cannot tell: either way no program should move them one by one.
        let whole = o.recurrence_id.is_some() && !o.overridden;
        if let (Reason::Declined(_), true) = (&trouble.reason, whole) {
            let partner = o.partner_reply == Some(Partstat::Declined);
            let who = if partner { &self.pair().partner } else { &self.snapshot.owner };
            return Err(WaitingCause::DeclinedSeries { who: who.name.clone() });
        }
        Ok(())
    }

    /// Whether its event can be written safely.
    fn writable(&self) -> Result<(), WaitingCause> {
        let o = self.occurrence;
        if self.view.duplicated.contains(&o.key.uid) {
            return Err(WaitingCause::DuplicateUid { uid: o.key.uid.clone() });
        }
        if self.limits.read_only.contains(&o.resource.calendar) {
            return Err(WaitingCause::ReadOnly);
        }
        if o.resource.etag.as_ref().and_then(Etag::strong).is_none() {
            return Err(WaitingCause::NoStrongEtag);
        }
        Ok(())
    }

    /// Whether it may make room for another 1:1: one that stands well, where its
    /// series put it, and that nobody fixed there.
    pub(crate) fn may_make_room(&self) -> bool {
        let (o, pair) = (self.occurrence, self.pair());
        let short = o.start.duration_until(o.end) <= SignedDuration::from_hours(8);
        let in_place = o.key.recurrence_id.is_none_or(|planned| planned == o.start);
        short
            && in_place
            && o.stands()
            && !pair.never_move
            && !pair.pinned
            && self.series.organized_by == OrganizedBy::Owner
            && !self.frozen()
            && self.own_moves().is_empty()
            && self.writable().is_ok()
    }
}
