//! The plan's last reader: refuses steps that break a promise, whatever the
//! rooms before it thought. It looks at steps alone and adds none.

use crate::model::agenda::COMPANION_PREFIX;
use crate::model::id::PairId;
use crate::model::plan::{Action, MailEffect, Plan, Reason, Step, Waiting, WaitingCause};
use crate::model::snapshot::{OccurrenceKey, OrganizedBy, PairView, Snapshot};
use crate::model::time::Window;
use crate::plan::agenda;
use crate::plan::input::PlanInput;
use crate::plan::upkeep::{UID_PREFIX, end_of};

/// Removes what must not be done and says which rule removed it.
pub fn check(plan: Plan, input: &PlanInput<'_>) -> Plan {
    let Plan { made_at, steps, mut waiting, score, proposal } = plan;
    let mut kept: Vec<Step> = Vec::new();
    let mut mails_left = input.limits.mails_left;
    for step in steps {
        if let Some(rule) = broken_rule(input.snapshot, &kept, &step) {
            waiting.push(refused(&step.pair, rule));
        } else if step.after.iter().any(|id| kept.iter().all(|k| k.id != *id)) {
            let rule = "what would make room for it is not done".to_owned();
            waiting.push(refused(&step.pair, rule));
        } else if mails(&step) && mails_left == 0 {
            waiting.push(Waiting {
                pair: step.pair.clone(),
                occurrence: None,
                cause: WaitingCause::MailCap,
            });
        } else {
            mails_left -= u32::from(mails(&step));
            kept.push(step);
        }
    }
    let for_nothing = |step: &Step| {
        step.why.iter().any(|why| matches!(why, Reason::MakesRoom { .. }))
            && !kept.iter().any(|k| k.after.contains(&step.id))
    };
    let (idle, mut kept): (Vec<Step>, Vec<Step>) = kept.clone().into_iter().partition(for_nothing);
    waiting
        .extend(idle.iter().map(|step| {
            refused(&step.pair, "what it would make room for is not moved".to_owned())
        }));
    if kept.len() > input.limits.blast_radius {
        // Too much at once is a sign that something is wrong with the reading.
        let rule = format!(
            "{} steps at once, more than `writes_per_run` = {}; look at `onbeat plan PAIR` pair by pair",
            kept.len(),
            input.limits.blast_radius
        );
        waiting.extend(kept.drain(..).map(|step| refused(&step.pair, rule.clone())));
        waiting.dedup();
    }
    Plan { made_at, steps: kept, waiting, score, proposal }
}

fn mails(step: &Step) -> bool {
    step.mail != MailEffect::None
}

fn refused(pair: &PairId, rule: String) -> Waiting {
    Waiting { pair: pair.clone(), occurrence: None, cause: WaitingCause::Refused { rule } }
}

fn broken_rule(snapshot: &Snapshot, kept: &[Step], step: &Step) -> Option<String> {
    let Some(view) = snapshot.pairs.iter().find(|v| v.pair.id == step.pair) else {
        return Some("the step is for nobody".to_owned());
    };
    if kept
        .iter()
        .any(|k| k.href == step.href && k.calendar == step.calendar && same_target(k, step))
    {
        return Some("two steps for one meeting".to_owned());
    }
    match &step.action {
        Action::CreateSeries(series) => {
            if !series.uid.as_str().starts_with(UID_PREFIX) {
                return Some("a new series must carry onbeat's UID prefix".to_owned());
            }
            if !series.attendee.0.as_str().contains('@') {
                return Some("the partner has no e-mail address".to_owned());
            }
            None
        }
        Action::MoveOccurrence { occurrence, .. }
            if occurrence.uid.as_str().starts_with(COMPANION_PREFIX) =>
        {
            None
        }
        Action::MoveOccurrence { occurrence, start, duration, .. } => {
            let to = start.instant(&snapshot.owner.zone);
            let span = Window::new(to, end_of(to, *duration));
            foreign(view, step, &occurrence.uid)
                .or_else(|| double_booked(snapshot, kept, view, &span, occurrence))
        }
        Action::WriteAgenda { occurrence, .. } => unwritable(snapshot, view, step, occurrence),
        Action::CreateCompanion(new) => (!new.uid.as_str().starts_with(COMPANION_PREFIX))
            .then(|| "a companion event must carry onbeat's UID prefix".to_owned()),
        Action::SetLink { uid, .. } => foreign(view, step, uid),
        Action::Restore { .. } => Some("a plan never restores".to_owned()),
    }
}

fn same_target(a: &Step, b: &Step) -> bool {
    match (&a.action, &b.action) {
        (
            Action::MoveOccurrence { occurrence: x, .. },
            Action::MoveOccurrence { occurrence: y, .. },
        )
        | (Action::WriteAgenda { occurrence: x, .. }, Action::WriteAgenda { occurrence: y, .. }) => {
            x == y
        }
        (Action::CreateSeries(_), Action::CreateSeries(_))
        | (Action::CreateCompanion(_), Action::CreateCompanion(_))
        | (Action::SetLink { .. }, Action::SetLink { .. }) => true,
        (
            Action::CreateSeries(_)
            | Action::CreateCompanion(_)
            | Action::SetLink { .. }
            | Action::MoveOccurrence { .. }
            | Action::WriteAgenda { .. }
            | Action::Restore { .. },
            _,
        ) => false,
    }
}

/// Steps touch only events of the pair, organized by the owner.
fn foreign(view: &PairView, step: &Step, uid: &crate::model::id::EventUid) -> Option<String> {
    if uid.as_str().starts_with(COMPANION_PREFIX) {
        return None;
    }
    let mut own = view.occurrences.iter().filter(|o| o.key.uid == *uid).peekable();
    if own.peek().is_none_or(|o| o.resource.href != step.href) {
        return Some("the event is not one of this pair's".to_owned());
    }
    let foreign = own.any(|o| o.organized_by != OrganizedBy::Owner);
    foreign.then(|| "somebody else organizes the event".to_owned())
}

/// Agenda text may also stand in an event whose guests may write.
fn unwritable(
    snapshot: &Snapshot,
    view: &PairView,
    step: &Step,
    key: &OccurrenceKey,
) -> Option<String> {
    let own = view.occurrences.iter().find(|o| o.key == *key && o.resource.href == step.href);
    if own.is_some_and(|o| agenda::may_write(snapshot, o)) {
        return None;
    }
    foreign(view, step, &key.uid)
}

/// Nothing is moved onto another 1:1, nor onto where this plan moves one.
fn double_booked(
    snapshot: &Snapshot,
    kept: &[Step],
    view: &PairView,
    span: &Window,
    moving: &crate::model::snapshot::OccurrenceKey,
) -> Option<String> {
    let leaves = |key: &crate::model::snapshot::OccurrenceKey| {
        kept.iter().any(|step| match &step.action {
            Action::MoveOccurrence { occurrence, .. } => occurrence == key,
            Action::CreateSeries(_)
            | Action::CreateCompanion(_)
            | Action::SetLink { .. }
            | Action::WriteAgenda { .. }
            | Action::Restore { .. } => false,
        })
    };
    let standing = snapshot.pairs.iter().flat_map(|v| &v.occurrences).any(|o| {
        o.key != *moving
            && o.stands()
            && Window::new(o.start, o.end).overlaps(span)
            && !leaves(&o.key)
    });
    let planned = kept.iter().any(|k| match &k.action {
        Action::MoveOccurrence { start, duration, .. } => {
            let from = start.instant(&snapshot.owner.zone);
            Window::new(from, end_of(from, *duration)).overlaps(span)
        }
        Action::CreateSeries(_)
        | Action::CreateCompanion(_)
        | Action::SetLink { .. }
        | Action::WriteAgenda { .. }
        | Action::Restore { .. } => false,
    });
    (standing || planned)
        .then(|| format!("the 1:1 with {} would be double-booked", view.pair.partner.name))
}
