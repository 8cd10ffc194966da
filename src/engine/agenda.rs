//! Gathers what an agenda is made of, takes in what people did to the last one,
//! and keeps the agendas of past meetings. The agenda itself is made in `agenda`.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::agenda::{
    self, AgendaInput, DraftOptions, Drafted, Meeting, PairHistory, TemplateSource, private_text,
};
use crate::engine::error::EngineError;
use crate::engine::items;
use crate::engine::world::World;
use crate::ledger;
use crate::model::agenda::{BLOCK_BEGIN, BLOCK_END, Item};
use crate::model::id::PairId;
use crate::model::journal::{Outcome, WriteKind};
use crate::model::ledger::{Beat, LedgerState, Verdict};
use crate::model::pair::{Mode, Pair};
use crate::model::report::AgendaNumbers;
use crate::model::server::MailEngine;
use crate::model::snapshot::{Occurrence, OccurrenceKey, PairView, Snapshot};
use crate::plan::agenda::{due_at, next_meeting};
use crate::plan::carrier::companion_uid;
use crate::plan::input::{Draft, WrittenSoFar};
use crate::store::{EntryFilter, FrozenAgenda, ItemScope, StoreError};

/// How long after a meeting its event is still read for edits.
const READ_AFTER: SignedDuration = SignedDuration::from_hours(24 * 7);
/// Longest description Google is given; it takes about 8,192 characters.
const GOOGLE_CHARS: usize = 6_000;

/// Takes in what people did in the events of a pair since the last cycle: edits
/// of the agenda, notes with replies, and what past meetings close. Agendas of
/// meetings that are over are frozen.
///
/// # Errors
/// The store failed.
pub fn take_in(
    world: &World,
    snapshot: &Snapshot,
    state: &LedgerState,
    view: &PairView,
) -> Result<(), EngineError> {
    let (store, owner, now) = (&world.store, &world.owner, snapshot.now);
    let pair = &view.pair.id;
    let mut items = store.items(owner, pair, ItemScope::All)?;
    let beats = beats(state, pair, snapshot);
    for occurrence in recent_and_next(view, now) {
        reply(world, view, occurrence, &mut items)?;
        let date = world.me.zone.to_datetime(occurrence.start).date();
        let mut carried = false;
        for (key, text) in texts(world, view, occurrence) {
            let last = store.last_written(owner, &key.uid, key.recurrence_id)?;
            let base = last.map(|last| last.block).or_else(|| standing_block(view, occurrence));
            let Some(base) = base else { continue };
            carried = true;
            let edits = agenda::edits(&base, &text, &world.me, &view.pair, date, &items);
            let updates = agenda::apply_edits(pair, &items, &edits, now);
            if items::update(store, owner, &mut items, &updates, now)? {
                touch(world, state, pair, planned(occurrence), now)?;
            }
        }
        if !carried {
            continue;
        }
        if occurrence.end <= now {
            freeze(world, snapshot, view, occurrence, &beats)?;
        }
    }
    let held: Vec<Timestamp> = held(&beats);
    let updates = agenda::carry(&items, &held);
    items::update(store, owner, &mut items, &updates, now)?;
    Ok(())
}

/// The standing block of the series, as the base of what people typed into one
/// meeting before its own agenda was written.
fn standing_block(view: &PairView, occurrence: &Occurrence) -> Option<String> {
    let series = view.series.iter().find(|s| s.uid == occurrence.key.uid)?;
    let text = &series.event.master.as_ref().filter(|_| occurrence.overridden)?.description;
    let from = text.find(BLOCK_BEGIN)?;
    let to = text.find(BLOCK_END)?.checked_add(BLOCK_END.len())?;
    text.get(from..to).map(str::to_owned)
}

/// The texts that may carry a meeting's agenda: its event's, and its companion's.
fn texts(world: &World, view: &PairView, occurrence: &Occurrence) -> Vec<(OccurrenceKey, String)> {
    let uid = companion_uid(&world.me, &view.pair.id, occurrence);
    let companion = world.parsed.single(&uid);
    let companion =
        companion.map(|event| (OccurrenceKey { uid, recurrence_id: None }, event.description));
    let event = (occurrence.key.clone(), occurrence.description.clone());
    std::iter::once(event).chain(companion).collect()
}

fn recent_and_next(view: &PairView, now: Timestamp) -> Vec<&Occurrence> {
    let since = now.saturating_sub(READ_AFTER).unwrap_or(now);
    let recent = view.occurrences.iter().filter(|o| o.end > since && o.start <= now);
    recent.chain(next_meeting(view, now)).collect()
}

fn reply(
    world: &World,
    view: &PairView,
    occurrence: &Occurrence,
    items: &mut Vec<Item>,
) -> Result<(), EngineError> {
    let Some(comment) = &occurrence.partner_comment else { return Ok(()) };
    let pair = &view.pair.id;
    // Seen once: a point that was ticked or deleted does not come back.
    let scope = format!("reply {pair} {}", planned(occurrence));
    if !world.store.mark_once(&world.owner, &scope, comment, world.now())? {
        return Ok(());
    }
    if let Some(item) = agenda::reply_item(pair, comment, world.now(), items) {
        let created = [agenda::ItemUpdate::Create(item)];
        items::update(&world.store, &world.owner, items, &created, world.now())?;
    }
    Ok(())
}

fn touch(
    world: &World,
    state: &LedgerState,
    pair: &PairId,
    planned: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    let entry = ledger::touch(state, pair, planned, now);
    entry.map_or(Ok(()), |entry| world.store.append_entries(&world.owner, &[entry]))
}

/// Keeps the agenda of a meeting that is over, once: the part both saw as the
/// event has it, the owner's part as it would be made now.
fn freeze(
    world: &World,
    snapshot: &Snapshot,
    view: &PairView,
    occurrence: &Occurrence,
    beats: &[Beat],
) -> Result<(), EngineError> {
    let (pair, beat) = (&view.pair.id, planned(occurrence));
    if world.store.frozen_agenda(&world.owner, pair, beat)?.is_some() {
        return Ok(());
    }
    let drafted = draft(world, snapshot, view, occurrence, beats)?;
    let frozen = FrozenAgenda {
        pair: pair.clone(),
        beat,
        frozen_at: snapshot.now,
        shared: occurrence.description.clone(),
        private: private_text(&drafted),
    };
    world.store.freeze_agenda(&world.owner, &frozen)?;
    Ok(())
}

/// The planned start that identifies a meeting.
pub fn planned(occurrence: &Occurrence) -> Timestamp {
    occurrence.key.recurrence_id.unwrap_or(occurrence.start)
}

/// The beats of a pair with their verdicts.
pub fn beats(state: &LedgerState, pair: &PairId, snapshot: &Snapshot) -> Vec<Beat> {
    state.pairs.get(pair).map_or_else(Vec::new, |known| {
        ledger::pair_verdicts(known, &snapshot.owner.zone, snapshot.now)
    })
}

fn held(beats: &[Beat]) -> Vec<Timestamp> {
    beats.iter().filter(|b| b.verdict.is_held()).filter_map(|b| b.actual).collect()
}

/// How each pair's meetings were prepared, counted over the items kept.
///
/// # Errors
/// The store failed.
pub fn numbers(
    world: &World,
    snapshot: &Snapshot,
    state: &LedgerState,
) -> Result<BTreeMap<PairId, AgendaNumbers>, StoreError> {
    let mut out = BTreeMap::new();
    for view in &snapshot.pairs {
        let pair = &view.pair.id;
        let items = world.store.items(&world.owner, pair, ItemScope::All)?;
        let held = held(&beats(state, pair, snapshot));
        out.insert(pair.clone(), agenda::numbers(&items, &held, snapshot.now));
    }
    Ok(out)
}

/// The agenda of a pair's next meeting, when it is due, with what the planner
/// must know to write it.
///
/// # Errors
/// The store failed.
pub fn due_draft(
    world: &World,
    snapshot: &Snapshot,
    state: &LedgerState,
    view: &PairView,
) -> Result<Option<Draft>, EngineError> {
    let Some(occurrence) = next_meeting(view, snapshot.now) else { return Ok(None) };
    // Nothing is written for an observed pair: no command is run for it either.
    if view.pair.mode == Mode::Observe || snapshot.now < due_at(snapshot, &view.pair, occurrence) {
        return Ok(None);
    }
    let beats = beats(state, &view.pair.id, snapshot);
    let drafted = draft(world, snapshot, view, occurrence, &beats)?;
    remember(world, &drafted, snapshot.now)?;
    let companion = OccurrenceKey {
        uid: companion_uid(&world.me, &view.pair.id, occurrence),
        recurrence_id: None,
    };
    Ok(Some(Draft {
        occurrence: occurrence.key.clone(),
        agenda: drafted.agenda,
        event: written(world, &occurrence.key)?,
        companion: written(world, &companion)?,
        companion_event: world.parsed.single(&companion.uid),
    }))
}

/// What was written into one event so far.
fn written(world: &World, key: &OccurrenceKey) -> Result<WrittenSoFar, StoreError> {
    let last = world.store.last_written(&world.owner, &key.uid, key.recurrence_id)?;
    let filter = EntryFilter {
        uid: Some(key.uid.clone()),
        recurrence_id: key.recurrence_id,
        kind: Some(WriteKind::Agenda),
        ..EntryFilter::default()
    };
    let entries = world.store.journal_entries(&world.owner, &filter)?;
    let undone = store_undone(world, key)?;
    // What did not take effect may be tried again; what nobody knows of counts.
    let counted =
        entries.iter().filter(|entry| matches!(entry.outcome, None | Some(Outcome::Done { .. })));
    let start = WrittenSoFar { last_block: last.map(|last| last.block), writes: 0, mailed: 0 };
    let sofar = counted.fold(start, |sofar, entry| WrittenSoFar {
        writes: sofar.writes + 1,
        mailed: sofar.mailed + u32::from(entry.intent.mails != Some(0)),
        ..sofar
    });
    // Taken back by a person: it stays away for this meeting.
    Ok(if undone { WrittenSoFar { writes: u32::MAX, ..sofar } } else { sofar })
}

/// Whether a person took an agenda of this meeting back.
fn store_undone(world: &World, key: &OccurrenceKey) -> Result<bool, StoreError> {
    let filter = EntryFilter {
        uid: Some(key.uid.clone()),
        recurrence_id: key.recurrence_id,
        kind: Some(WriteKind::Undo),
        ..EntryFilter::default()
    };
    let undos = world.store.journal_entries(&world.owner, &filter)?;
    for undo in undos {
        let done = matches!(undo.outcome, Some(Outcome::Done { .. }));
        let Some(id) = undo.intent.undoes.filter(|_| done) else { continue };
        let undone = world.store.journal_entry(&world.owner, id)?;
        if undone.is_some_and(|entry| entry.intent.kind == WriteKind::Agenda) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Remembers which questions and values went into an agenda.
fn remember(world: &World, drafted: &Drafted, now: Timestamp) -> Result<(), StoreError> {
    for asked in &drafted.asked {
        world.store.ask_question(&world.owner, asked, now)?;
    }
    // Only what differs: an unchanged agenda writes nothing.
    let Some(first) = drafted.readings.first() else { return Ok(()) };
    let known = world.store.readings(&world.owner, &first.pair)?;
    let news: Vec<_> = drafted.readings.iter().filter(|r| !known.contains(r)).cloned().collect();
    world.store.put_readings(&world.owner, &news)
}

/// Makes the agenda of a meeting from everything known now.
///
/// # Errors
/// The store failed.
pub fn draft(
    world: &World,
    snapshot: &Snapshot,
    view: &PairView,
    occurrence: &Occurrence,
    beats: &[Beat],
) -> Result<Drafted, EngineError> {
    let (store, owner, pair) = (&world.store, &world.owner, &view.pair);
    let items = store.items(owner, &pair.id, ItemScope::All)?;
    let readings = store.readings(owner, &pair.id)?;
    let asked = store.questions_asked(owner, &pair.id)?;
    let reflections = store.reflections(owner, &pair.id)?;
    let goals = world.sources.goals(pair, snapshot.now);
    let metrics = world.sources.metrics(pair, snapshot.now);
    Ok(agenda::draft(&AgendaInput {
        owner: &world.me,
        pair,
        now: snapshot.now,
        meeting: Meeting {
            beat: planned(occurrence),
            start: occurrence.start,
            duration: occurrence.start.duration_until(occurrence.end),
        },
        items: &items,
        history: history(view, occurrence, beats, snapshot),
        goals: &goals,
        metrics: &metrics,
        readings: &readings,
        asked: &asked,
        reflections: &reflections,
        bank: &world.bank,
        template: template(&world.templates, pair),
        options: options(world, snapshot, occurrence),
    }))
}

/// The habits of agendas where this one is written.
fn options(world: &World, snapshot: &Snapshot, occurrence: &Occurrence) -> DraftOptions {
    let mut options = world.settings.agenda;
    if snapshot.engines.get(&occurrence.resource.calendar) == Some(&MailEngine::Google) {
        let most = options.max_chars.map_or(GOOGLE_CHARS, |most| most.min(GOOGLE_CHARS));
        options.max_chars = Some(most);
    }
    options
}

/// The user's own template of a pair.
pub fn template<'a>(
    templates: &'a BTreeMap<String, (String, String)>,
    pair: &Pair,
) -> Option<TemplateSource<'a>> {
    templates
        .get(&pair.template)
        .map(|(file, text)| TemplateSource { file: file.as_str(), text: text.as_str() })
}

fn history(
    view: &PairView,
    occurrence: &Occurrence,
    beats: &[Beat],
    snapshot: &Snapshot,
) -> PairHistory {
    let past: Vec<&Beat> = beats.iter().filter(|b| b.planned < planned(occurrence)).collect();
    let counted = |wanted: fn(&Beat) -> bool| {
        let run = past.iter().rev().filter(|b| b.verdict != Verdict::Excused);
        u32::try_from(run.take_while(|b| wanted(b)).count()).unwrap_or(u32::MAX)
    };
    let pushed = beats.iter().find(|b| b.planned == planned(occurrence)).map_or(0, |b| b.pushes);
    let later = view.occurrences.iter().filter(|o| o.start > occurrence.start && o.stands());
    PairHistory {
        held: held(beats),
        pushed: u32::from(pushed),
        skipped: counted(|b| b.verdict == Verdict::Skipped),
        streak: counted(|b| b.verdict.is_held()),
        next: later.map(|o| o.start).min(),
        flags: Vec::new(),
        back_from_leave: back_from_leave(view, occurrence, snapshot),
    }
}

/// Who was away for five days or longer and came back in the week before.
fn back_from_leave(
    view: &PairView,
    occurrence: &Occurrence,
    snapshot: &Snapshot,
) -> Option<String> {
    let week = occurrence.start.saturating_sub(READ_AFTER).unwrap_or(occurrence.start);
    let long = SignedDuration::from_hours(24 * 5);
    [&view.pair.partner, &snapshot.owner].into_iter().find_map(|person| {
        let back = snapshot.absences.iter().any(|a| {
            !a.holiday
                && person.is(&a.who)
                && a.span.length() >= long
                && a.span.to > week
                && a.span.to <= occurrence.start
        });
        back.then(|| person.name.clone())
    })
}
