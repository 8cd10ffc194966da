//! Which meeting gets agenda text now: the next one of the pair, from its due
//! moment on, where the text can be written without mail the owner did not choose.

use jiff::Timestamp;

use crate::agenda::{Merge, MergeState, attachment_markdown, merge, when_due};
use crate::model::id::Etag;
use crate::model::pair::{AgendaMail, Pair};
use crate::model::plan::{Action, MailEffect, Precondition, Reason, Step, Waiting, WaitingCause};
use crate::model::server::MailEngine;
use crate::model::snapshot::{Occurrence, OrganizedBy, PairView, Snapshot};
use crate::plan::carrier;
use crate::plan::input::{Draft, Limits, PairState, WrittenSoFar};
use crate::plan::{mail, step_id};

/// The meeting an agenda is made for: the next one that stands.
pub fn next_meeting(view: &PairView, now: Timestamp) -> Option<&Occurrence> {
    view.occurrences.iter().find(|o| o.start > now && o.stands())
}

/// When the agenda of a meeting is due.
pub fn due_at(snapshot: &Snapshot, pair: &Pair, occurrence: &Occurrence) -> Timestamp {
    when_due(occurrence.start, pair.agenda_lead, &snapshot.owner)
}

/// The step that writes the next meeting's agenda, or why there is none.
///
/// # Errors
/// The reason for waiting.
pub fn agenda(
    snapshot: &Snapshot,
    view: &PairView,
    state: &PairState,
    limits: &Limits,
) -> Result<Option<Step>, Waiting> {
    let Some(occurrence) = next_meeting(view, snapshot.now) else { return Ok(None) };
    let waiting =
        |cause| Waiting { pair: view.pair.id.clone(), occurrence: Some(occurrence.start), cause };
    let due = due_at(snapshot, &view.pair, occurrence);
    if snapshot.now < due {
        return Err(waiting(WaitingCause::AgendaNotDue { at: due }));
    }
    let Some(draft) = state.draft.as_ref().filter(|d| d.occurrence == occurrence.key) else {
        return Ok(None);
    };
    // The event itself must have been read to its end, whatever the others are.
    let read = snapshot.coverage.get(&occurrence.resource.calendar);
    if read.is_none_or(|coverage| !coverage.is_complete()) {
        return Ok(None);
    }
    let case = Case { snapshot, view, state, occurrence, draft, limits, due };
    if !may_write(snapshot, occurrence) {
        let own = view.pair.agenda_mail == AgendaMail::Own;
        let step = if own { carrier::own(&case) } else { Err(WaitingCause::NotOurEvent) };
        return step.map_err(waiting);
    }
    let effect = effect(snapshot, view, occurrence);
    let step = match (allowed(&effect, view.pair.agenda_mail, draft), view.pair.agenda_mail) {
        (Ok(()), _) => write(&case, effect),
        (Err(_), AgendaMail::Own) => carrier::own(&case),
        (Err(_), AgendaMail::Link) => carrier::link(&case),
        (Err(cause), AgendaMail::Never | AgendaMail::Once) => {
            // Only what would really be written is worth saying.
            match write(&case, effect) {
                Ok(Some(_)) => Err(cause),
                other => other,
            }
        }
    };
    step.map_err(waiting)
}

/// Whether a change of the owner's reaches all: its organizer's does, and a guest's
/// where the organizer lets guests write and the server carries that.
pub(crate) fn may_write(snapshot: &Snapshot, occurrence: &Occurrence) -> bool {
    let engine = snapshot.engines.get(&occurrence.resource.calendar);
    occurrence.organized_by == OrganizedBy::Owner
        || occurrence.guests_may_write && engine == Some(&MailEngine::Google)
}

/// One meeting's agenda with all that decides about it.
pub(crate) struct Case<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) view: &'a PairView,
    pub(crate) state: &'a PairState,
    pub(crate) occurrence: &'a Occurrence,
    pub(crate) draft: &'a Draft,
    pub(crate) limits: &'a Limits,
    pub(crate) due: Timestamp,
}

/// The agenda in the meeting's own event.
fn write(case: &Case<'_>, effect: MailEffect) -> Result<Option<Step>, WaitingCause> {
    let (occurrence, view) = (case.occurrence, case.view);
    let written = &case.draft.event;
    let text = &occurrence.description;
    let Some(merged) = merged(written, text, case)? else { return Ok(None) };
    // Said once for the pair.
    if view.duplicated.contains(&occurrence.key.uid) {
        return Ok(None);
    }
    let calendar = &occurrence.resource.calendar;
    if case.limits.read_only.contains(calendar) {
        return Err(WaitingCause::ReadOnly);
    }
    let etag = occurrence.resource.etag.as_ref().and_then(Etag::strong);
    let etag = etag.ok_or(WaitingCause::NoStrongEtag)?;
    let action = Action::WriteAgenda {
        occurrence: occurrence.key.clone(),
        recurrence_id: occurrence.recurrence_id.clone(),
        description: merged.description,
        block: merged.block,
        attachment: attachment(case),
    };
    Ok(Some(Step {
        id: step_id(&view.pair, &occurrence.resource.href, &action),
        pair: view.pair.id.clone(),
        calendar: calendar.clone(),
        href: occurrence.resource.href.clone(),
        action,
        precondition: Precondition::Match(etag),
        mail: effect,
        why: vec![why(written, case)],
        needs_person: false,
        after: Vec::new(),
    }))
}

/// The agenda as an attachment, where the pair wants one and the calendar's
/// server can hold it: Google's events only refer to files kept elsewhere.
fn attachment(case: &Case<'_>) -> Option<String> {
    let engine = case.snapshot.engines.get(&case.occurrence.resource.calendar);
    let wanted = case.view.pair.agenda_attach && engine != Some(&MailEngine::Google);
    wanted.then(|| attachment_markdown(&case.draft.agenda))
}

/// The merge of the draft with a text, when it calls for a write that is still
/// allowed.
pub(crate) fn merged(
    written: &WrittenSoFar,
    text: &str,
    case: &Case<'_>,
) -> Result<Option<Merge>, WaitingCause> {
    let merged = merge(written.last_block.as_deref(), text, &case.draft.agenda);
    match merged.state {
        // A block a person removed stays removed.
        MergeState::Unchanged | MergeState::BlockRemoved => Ok(None),
        MergeState::NoRoom => Err(WaitingCause::NoRoom),
        MergeState::MarksDamaged => Err(WaitingCause::MarksDamaged),
        MergeState::Write if written.writes >= case.limits.agenda_writes => Ok(None),
        MergeState::Write => Ok(Some(merged)),
    }
}

/// Why it is written now.
pub(crate) fn why(written: &WrittenSoFar, case: &Case<'_>) -> Reason {
    if written.writes == 0 { Reason::AgendaDue(case.due) } else { Reason::AgendaChanged }
}

fn effect(snapshot: &Snapshot, view: &PairView, occurrence: &Occurrence) -> MailEffect {
    let engine =
        snapshot.engines.get(&occurrence.resource.calendar).copied().unwrap_or(MailEngine::Unknown);
    let change = match (&occurrence.recurrence_id, occurrence.overridden) {
        (None, _) => mail::Change::DescribeSingle,
        (Some(_), true) => mail::Change::DescribeOverride,
        (Some(_), false) => mail::Change::DescribeByNewOverride,
    };
    let series = view.series.iter().find(|s| s.uid == occurrence.key.uid);
    let others = match series {
        Some(series) => mail::others(snapshot, series),
        // A one-off with the same two people.
        None => view.pair.partner.addresses.iter().take(1).cloned().collect(),
    };
    mail::predict(engine, change, &others)
}

/// Whether the owner chose to write where a mail would follow.
fn allowed(effect: &MailEffect, chosen: AgendaMail, draft: &Draft) -> Result<(), WaitingCause> {
    let people = match effect {
        MailEffect::None => return Ok(()),
        MailEffect::Mails(people) => people.clone(),
        MailEffect::Unknown => Vec::new(),
    };
    match chosen {
        AgendaMail::Once if draft.event.mailed == 0 => Ok(()),
        AgendaMail::Once | AgendaMail::Never | AgendaMail::Own | AgendaMail::Link => {
            Err(WaitingCause::WouldMail { people })
        }
    }
}
