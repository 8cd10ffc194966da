//! Byte-exact edits: named properties of one component are changed, or a whole
//! override is added; every other byte stays. Each result is read again and
//! refused unless its difference to the original is the intended one.

mod attach;
mod change;
mod check;
mod copy;
mod describe;
mod link;
mod locate;
mod moment;
mod patch;
mod text;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use self::change::{Change, Sequences};
use self::check::Edited;
use self::describe::Described;
use self::locate::Target;
use crate::ical::lines::{Lines, LinesError};
use crate::ical::parse::{Parsed, parse};
use crate::ical::recur::length::Length;
use crate::ical::recur::lookup;
use crate::ical::{compare, write};
use crate::model::event::EventBody;
use crate::model::id::{Address, EventUid};
use crate::model::plan::Action;
use crate::model::time::CalTime;

pub(crate) use self::moment::value as time_value;
pub(crate) use self::text::render as render_line;

/// Why an edit is not made. Nothing was changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// No event with this UID.
    #[error("there is no event with the UID {0:?}")]
    NoSuchUid(String),
    /// The original start is not in the recurrence set.
    #[error("the event {uid:?} has no occurrence whose original start is {at}")]
    NoSuchOccurrence {
        /// Its UID.
        uid: String,
        /// The instant asked for.
        at: Timestamp,
    },
    /// The event recurs and no occurrence was named.
    #[error("the event {0:?} recurs; name the occurrence by its original start")]
    Recurs(String),
    /// Two components have the same identity.
    #[error(
        "two components of the event {0:?} have the same identity; which one is meant cannot be told"
    )]
    Ambiguous(String),
    /// The occurrence belongs to an override with RANGE=THISANDFUTURE.
    #[error(
        "the occurrence belongs to a this-and-future change of the event {0:?}, which is not edited"
    )]
    ThisAndFuture(String),
    /// The event cannot be read.
    #[error("the event cannot be read: {0}")]
    Unreadable(String),
    /// The text cannot be indexed.
    #[error("the calendar cannot be read")]
    Lines(#[from] LinesError),
    /// The marks of the managed block are damaged or doubled.
    #[error(
        "the marks of the managed block are damaged or doubled; restore or remove them in the description"
    )]
    MarksDamaged,
    /// The description is written in an encoding of vCalendar 1.0.
    #[error("line {0}: the description has an ENCODING, which is not edited")]
    Encoded(usize),
    /// Somebody else organizes the event.
    #[error("{0} organizes the event; only the organizer moves it")]
    NotOrganizer(Address),
    /// There is nothing to edit.
    #[error("there is no calendar text to edit")]
    NoOriginal,
    /// A series is to be created where something lies already.
    #[error("there is a calendar text already")]
    AlreadyThere,
    /// There is nothing to restore: the resource is to be deleted.
    #[error("nothing is left to write; the resource is to be deleted")]
    Deletion,
    /// A new series cannot be written.
    #[error("the series cannot be written: {0}")]
    Series(String),
    /// The result would differ in more than was intended.
    #[error("the edit would change more than intended: {0}")]
    SelfCheck(&'static str),
}

/// Who edits, and when.
#[derive(Debug, Clone)]
pub struct Editor<'a> {
    /// The moment written into DTSTAMP and LAST-MODIFIED; `None` leaves them.
    pub now: Option<Timestamp>,
    /// All addresses of the owner.
    pub owner: &'a [Address],
    /// The zone floating times and dates are read in.
    pub zone: &'a TimeZone,
}

/// The text after a plan's action. `original` is what lies there now.
///
/// # Errors
/// When the action does not fit the text, or the result fails its self-check.
pub fn apply(
    original: Option<&[u8]>,
    action: &Action,
    editor: &Editor<'_>,
) -> Result<Vec<u8>, EditError> {
    match action {
        Action::CreateSeries(series) => match original {
            Some(_) => Err(EditError::AlreadyThere),
            None => write::series(series).map_err(EditError::Series),
        },
        Action::MoveOccurrence { occurrence, recurrence_id, start, duration } => {
            let data = original.ok_or(EditError::NoOriginal)?;
            let at = instant(occurrence.recurrence_id, recurrence_id.as_ref(), editor.zone);
            let change = Change::Move { start, duration: *duration };
            edit(data, occurrence.uid.as_str(), at, &change, editor)
        }
        Action::WriteAgenda { occurrence, recurrence_id, description, attachment, .. } => {
            let data = original.ok_or(EditError::NoOriginal)?;
            let change = Change::Text { text: description, attachment: attachment.as_deref() };
            let at = instant(occurrence.recurrence_id, recurrence_id.as_ref(), editor.zone);
            edit(data, occurrence.uid.as_str(), at, &change, editor)
        }
        Action::CreateCompanion(new) => match original {
            Some(_) => Err(EditError::AlreadyThere),
            None => write::companion(new).map_err(EditError::Series),
        },
        Action::SetLink { uid, url } => {
            link::set(original.ok_or(EditError::NoOriginal)?, uid.as_str(), url, editor)
        }
        Action::Restore { data } => data.clone().ok_or(EditError::Deletion),
    }
}

/// Whether a text already has the effect of an action: decides after a write
/// whose answer was lost.
pub fn holds(current: Option<&[u8]>, action: &Action, zone: &TimeZone) -> bool {
    match action {
        // Its UID is derived from the pair: who else would have made it? What a
        // server or a person made of it since does not undo the creation.
        Action::CreateSeries(series) => current.is_some_and(|data| {
            parse(data).events.iter().any(|event| event.uid == series.uid && event.recurs())
        }),
        Action::MoveOccurrence { occurrence, recurrence_id, start, duration } => {
            let at = instant(occurrence.recurrence_id, recurrence_id.as_ref(), zone);
            body_of(current, occurrence.uid.as_str(), at, zone, |body| {
                let from = body.start.instant(zone);
                let to = Length::of(body, zone).end(&body.start, from, zone);
                from == start.instant(zone) && from.duration_until(to) == *duration
            })
        }
        Action::WriteAgenda { occurrence, recurrence_id, description, .. } => {
            let at = instant(occurrence.recurrence_id, recurrence_id.as_ref(), zone);
            body_of(current, occurrence.uid.as_str(), at, zone, |body| {
                compare::same_text(&body.description, description)
            })
        }
        Action::CreateCompanion(new) => {
            current.is_some_and(|data| parse(data).events.iter().any(|event| event.uid == new.uid))
        }
        Action::SetLink { uid, url } => current.is_some_and(|data| {
            let events = parse(data).events;
            let master = events.iter().find(|e| e.uid == *uid).and_then(|e| e.master.as_ref());
            master.is_some_and(|body| body.url.as_deref() == Some(url))
        }),
        Action::Restore { data } => match (data, current) {
            (None, None) => true,
            (Some(want), Some(have)) => compare::same_meaning(want, have, zone),
            (None, Some(_)) | (Some(_), None) => false,
        },
    }
}

/// What one occurrence says in a text: its override, else the master's words at
/// that time; `None` when the text has no such occurrence.
pub fn body_at(
    data: &[u8],
    uid: &EventUid,
    at: Option<Timestamp>,
    zone: &TimeZone,
) -> Option<EventBody> {
    let parsed = parse(data);
    let event = parsed.events.iter().find(|event| event.uid == *uid)?;
    if let Some(own) = check::edited_body(event, at, zone) {
        return Some(own.clone());
    }
    let at = at?;
    let start = lookup::recurrence_id(event, at, zone)?;
    let mut body = event.master.clone()?;
    let end = Length::of(&body, zone).end(&start, at, zone);
    body.end = match &start {
        CalTime::Utc(_) => CalTime::Utc(end),
        CalTime::Zoned { zone: own, .. } => start.with_civil(own.to_datetime(end)),
        CalTime::Date(_) | CalTime::Floating(_) => start.with_civil(zone.to_datetime(end)),
    };
    body.start = start;
    Some(body)
}

fn body_of(
    current: Option<&[u8]>,
    uid: &str,
    at: Option<Timestamp>,
    zone: &TimeZone,
    test: impl Fn(&EventBody) -> bool,
) -> bool {
    let Some(data) = current else { return false };
    let parsed = parse(data);
    let event = parsed.events.iter().find(|e| e.uid.as_str() == uid);
    event.and_then(|event| check::edited_body(event, at, zone)).is_some_and(test)
}

fn instant(at: Option<Timestamp>, id: Option<&CalTime>, zone: &TimeZone) -> Option<Timestamp> {
    at.or_else(|| id.map(|id| id.instant(zone)))
}

/// Sets the managed block in one occurrence's description, keeping what stands
/// outside of it byte for byte. Times are read in UTC where they have no zone.
///
/// # Errors
/// When there is no such occurrence, or the marks are damaged.
pub fn set_block(
    data: &[u8],
    uid: &str,
    rid: Option<Timestamp>,
    text: &str,
) -> Result<Vec<u8>, EditError> {
    let editor = Editor { now: None, owner: &[], zone: &TimeZone::UTC };
    edit(data, uid, rid, &Change::Block(text), &editor)
}

/// Sets the whole description of one occurrence.
///
/// # Errors
/// When there is no such occurrence.
pub fn set_description(
    data: &[u8],
    uid: &str,
    rid: Option<Timestamp>,
    text: &str,
    editor: &Editor<'_>,
) -> Result<Vec<u8>, EditError> {
    edit(data, uid, rid, &Change::Text { text, attachment: None }, editor)
}

fn edit(
    data: &[u8],
    uid: &str,
    at: Option<Timestamp>,
    change: &Change<'_>,
    editor: &Editor<'_>,
) -> Result<Vec<u8>, EditError> {
    let lines = Lines::new(data)?;
    let parsed = parse(data);
    let target = locate::target(&lines, &parsed, uid, at, editor.zone)?;
    if let Change::Move { .. } = change {
        may_move(&parsed, uid, editor)?;
    }
    if let Change::Text { text, .. } = change {
        let same = |body: &EventBody| compare::same_text(&body.description, text);
        if body_of(Some(data), uid, at, editor.zone, same) {
            // Nothing to say: not even a new DTSTAMP.
            return Ok(data.to_vec());
        }
    }
    let sequences = Sequences::of(&parsed, uid, at, editor.zone);
    let (out, edited) = match &target {
        Target::Existing(component) => {
            (change::existing(&lines, component, change, &sequences, editor)?, Edited::Existing)
        }
        Target::New { master, id, at } => {
            (change::insert(&lines, (master, id, *at), change, &sequences, editor)?, Edited::New)
        }
    };
    if out != data {
        check::only_intended(data, &out, uid, edited).map_err(EditError::SelfCheck)?;
        has_effect(&out, uid, at, change, editor)?;
    }
    Ok(out)
}

fn may_move(parsed: &Parsed, uid: &str, editor: &Editor<'_>) -> Result<(), EditError> {
    let event = parsed.events.iter().find(|e| e.uid.as_str() == uid);
    let bodies =
        event.iter().flat_map(|e| e.master.iter().chain(e.overrides.iter().map(|o| &o.body)));
    match bodies.filter_map(|b| b.organizer.as_ref()).find(|o| !editor.owner.contains(o)) {
        Some(other) => Err(EditError::NotOrganizer(other.clone())),
        None => Ok(()),
    }
}

/// The result says what was asked for.
fn has_effect(
    out: &[u8],
    uid: &str,
    at: Option<Timestamp>,
    change: &Change<'_>,
    editor: &Editor<'_>,
) -> Result<(), EditError> {
    let fine = body_of(Some(out), uid, at, editor.zone, |body| match change {
        Change::Text { text, .. } => {
            body.description == check::text_of(&Described::default().with_text(text))
        }
        Change::Block(text) => {
            let block = Described::default().with_text(text.trim_end_matches(['\r', '\n']));
            body.description.contains(&check::text_of(&block))
        }
        Change::Move { start, duration } => {
            let from = body.start.instant(editor.zone);
            let to = Length::of(body, editor.zone).end(&body.start, from, editor.zone);
            from == start.instant(editor.zone)
                && (body.start.is_date() || from.duration_until(to) == *duration)
        }
    });
    if fine { Ok(()) } else { Err(EditError::SelfCheck("the change itself is not in the result")) }
}

#[cfg(test)]
mod tests;
