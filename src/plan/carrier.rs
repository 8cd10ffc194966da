//! Other carriers of an agenda than the meeting's own event, for servers that
//! would mail: a private companion event of the owner's, or one stable link.

use jiff::SignedDuration;
use uuid::Uuid;

use crate::agenda::{MergeState, merge};
use crate::model::agenda::COMPANION_PREFIX;
use crate::model::id::{Etag, EventUid, Href, PairId};
use crate::model::pair::Person;
use crate::model::plan::{Action, Companion, MailEffect, Precondition, Reason, Step, WaitingCause};
use crate::model::snapshot::{Occurrence, OccurrenceKey};
use crate::plan::agenda::{Case, merged, why};
use crate::plan::input::CompanionEvent;
use crate::plan::step_id;

/// The UID of a meeting's companion event: the same meeting gives the same one.
pub fn companion_uid(owner: &Person, pair: &PairId, occurrence: &Occurrence) -> EventUid {
    let me = owner.addresses.first().map_or("", crate::model::id::Address::as_str);
    let planned = occurrence.key.recurrence_id.unwrap_or(occurrence.start);
    let name = format!("{me}\n{pair}\n{planned}");
    EventUid::new(format!(
        "{COMPANION_PREFIX}{}",
        Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
    ))
}

/// The companion event: created, rewritten, or moved after its meeting.
pub(crate) fn own(case: &Case<'_>) -> Result<Option<Step>, WaitingCause> {
    match &case.draft.companion_event {
        None => create(case),
        Some(event) if left_behind(case, event) => follow(case, event).map(Some),
        Some(event) => rewrite(case, event),
    }
}

fn create(case: &Case<'_>) -> Result<Option<Step>, WaitingCause> {
    // It was there and a person deleted it: it stays away for this meeting.
    if case.draft.companion.writes > 0 {
        return Ok(None);
    }
    let Some(calendar) = case.state.target.clone() else { return Err(WaitingCause::ReadOnly) };
    let merged = merge(None, "", &case.draft.agenda);
    if merged.state != MergeState::Write {
        return Ok(None);
    }
    let (pair, occurrence) = (&case.view.pair, case.occurrence);
    let uid = companion_uid(&case.snapshot.owner, &pair.id, occurrence);
    let href = Href::new(format!("{uid}.ics"));
    let action = Action::CreateCompanion(Companion {
        uid,
        meeting: occurrence.key.clone(),
        title: format!("Agenda: {}", pair.title),
        start: occurrence.start_local.clone(),
        duration: length(occurrence),
        description: merged.description,
        block: merged.block,
        stamp: case.snapshot.now,
    });
    Ok(Some(Step {
        id: step_id(pair, &href, &action),
        pair: pair.id.clone(),
        calendar,
        href,
        action,
        precondition: Precondition::Absent,
        mail: MailEffect::None,
        why: vec![Reason::AgendaDue(case.due)],
        needs_person: false,
        after: Vec::new(),
    }))
}

fn length(occurrence: &Occurrence) -> SignedDuration {
    occurrence.start.duration_until(occurrence.end)
}

/// Whether the meeting moved and its companion did not. One that a person put
/// elsewhere after onbeat had moved it stays there.
fn left_behind(case: &Case<'_>, event: &CompanionEvent) -> bool {
    let moved_there = case.state.own_moves.get(&key(case)).and_then(|starts| starts.last());
    event.start.instant(&case.snapshot.owner.zone) != case.occurrence.start
        && moved_there != Some(&case.occurrence.start)
}

fn follow(case: &Case<'_>, event: &CompanionEvent) -> Result<Step, WaitingCause> {
    let action = Action::MoveOccurrence {
        occurrence: key(case),
        recurrence_id: None,
        start: event.start.at(case.occurrence.start, &case.snapshot.owner.zone),
        duration: length(case.occurrence),
    };
    on_event(case, event, action, Reason::AgendaChanged)
}

fn rewrite(case: &Case<'_>, event: &CompanionEvent) -> Result<Option<Step>, WaitingCause> {
    let written = &case.draft.companion;
    let Some(merged) = merged(written, &event.description, case)? else { return Ok(None) };
    let action = Action::WriteAgenda {
        occurrence: key(case),
        recurrence_id: None,
        description: merged.description,
        block: merged.block,
        attachment: None,
    };
    on_event(case, event, action, why(written, case)).map(Some)
}

fn key(case: &Case<'_>) -> OccurrenceKey {
    OccurrenceKey {
        uid: companion_uid(&case.snapshot.owner, &case.view.pair.id, case.occurrence),
        recurrence_id: None,
    }
}

fn on_event(
    case: &Case<'_>,
    event: &CompanionEvent,
    action: Action,
    why: Reason,
) -> Result<Step, WaitingCause> {
    let etag = event.resource.etag.as_ref().and_then(Etag::strong);
    let etag = etag.ok_or(WaitingCause::NoStrongEtag)?;
    Ok(Step {
        id: step_id(&case.view.pair, &event.resource.href, &action),
        pair: case.view.pair.id.clone(),
        calendar: event.resource.calendar.clone(),
        href: event.resource.href.clone(),
        action,
        precondition: Precondition::Match(etag),
        // It invites nobody.
        mail: MailEffect::None,
        why: vec![why],
        needs_person: false,
        after: Vec::new(),
    })
}

/// The stable link on the series. URL is silent on every engine that was
/// measured; on one that was not, nothing is written.
pub(crate) fn link(case: &Case<'_>) -> Result<Option<Step>, WaitingCause> {
    let (pair, occurrence) = (&case.view.pair, case.occurrence);
    let Some(url) = pair.agenda_link.clone() else { return Err(WaitingCause::NoLink) };
    let series = case.view.series.iter().find(|s| s.uid == occurrence.key.uid);
    let Some(series) = series else { return Ok(None) };
    if case.view.duplicated.contains(&series.uid) {
        return Ok(None);
    }
    if case.limits.read_only.contains(&series.resource.calendar) {
        return Err(WaitingCause::ReadOnly);
    }
    match series.event.master.as_ref().and_then(|body| body.url.as_deref()) {
        Some(there) if there == url => return Ok(None),
        Some(_) => return Err(WaitingCause::NoLink),
        None => {}
    }
    let engine = case.snapshot.engines.get(&series.resource.calendar);
    if engine.is_none_or(|e| *e == crate::model::server::MailEngine::Unknown) {
        return Err(WaitingCause::WouldMail { people: Vec::new() });
    }
    let etag = series.resource.etag.as_ref().and_then(Etag::strong);
    let etag = etag.ok_or(WaitingCause::NoStrongEtag)?;
    let action = Action::SetLink { uid: series.uid.clone(), url };
    Ok(Some(Step {
        id: step_id(pair, &series.resource.href, &action),
        pair: pair.id.clone(),
        calendar: series.resource.calendar.clone(),
        href: series.resource.href.clone(),
        action,
        precondition: Precondition::Match(etag),
        mail: MailEffect::None,
        why: vec![Reason::AgendaDue(case.due)],
        needs_person: false,
        after: Vec::new(),
    }))
}
