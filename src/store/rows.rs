//! Row ⇄ model: the only place where stored values are spelled. Words and units
//! here are a promise to every state file ever written.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::model::agenda::{ItemKind, Origin, Side};
use crate::model::journal::{Outcome, WriteKind};
use crate::store::error::UnreadableValue;

/// Stands for an absent recurrence id where it is part of a key.
pub(crate) const NO_RECURRENCE: i64 = i64::MIN;

/// An instant as stored: microseconds since the epoch. Finer parts are cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl ToSql for Moment {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.as_microsecond()))
    }
}

impl FromSql for Moment {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let micros = value.as_i64()?;
        Timestamp::from_microsecond(micros)
            .map(Self)
            .map_err(|_| unreadable("instant", &micros.to_string()))
    }
}

/// A local date as stored: ISO 8601.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Day(pub(crate) Date);

impl ToSql for Day {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.to_string()))
    }
}

impl FromSql for Day {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = value.as_str()?;
        text.parse().map(Self).map_err(|_| unreadable("date", text))
    }
}

/// The part of a key that names an occurrence.
pub(crate) fn recurrence_key(recurrence_id: Option<Timestamp>) -> i64 {
    recurrence_id.map_or(NO_RECURRENCE, Timestamp::as_microsecond)
}

/// The reverse of [`recurrence_key`].
pub(crate) fn recurrence_from_key(key: i64) -> rusqlite::Result<Option<Timestamp>> {
    if key == NO_RECURRENCE {
        return Ok(None);
    }
    Timestamp::from_microsecond(key).map(Some).map_err(|_| conversion("instant", &key.to_string()))
}

fn unreadable(what: &'static str, value: &str) -> FromSqlError {
    FromSqlError::Other(Box::new(UnreadableValue { what, value: value.to_owned() }))
}

/// An unreadable value as an error of a row.
pub(crate) fn conversion(what: &'static str, value: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(
        0,
        rusqlite::types::Type::Text,
        Box::new(UnreadableValue { what, value: value.to_owned() }),
    )
}

/// A closed set of words: how each is spelled in the file.
pub(crate) trait Word: Copy + PartialEq + 'static {
    /// What it is, for errors.
    const WHAT: &'static str;
    /// Every value.
    const ALL: &'static [Self];
    /// Its spelling.
    fn word(self) -> &'static str;

    /// The value of a spelling.
    fn from_word(text: &str) -> rusqlite::Result<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|value| value.word() == text)
            .ok_or_else(|| conversion(Self::WHAT, text))
    }
}

impl Word for ItemKind {
    const WHAT: &'static str = "kind of item";
    const ALL: &'static [Self] = &[Self::Topic, Self::Action, Self::Win, Self::Blocker];
    fn word(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::Action => "action",
            Self::Win => "win",
            Self::Blocker => "blocker",
        }
    }
}

impl Word for Side {
    const WHAT: &'static str = "side of an item";
    const ALL: &'static [Self] = &[Self::Owner, Self::Partner, Self::Both];
    fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Partner => "partner",
            Self::Both => "both",
        }
    }
}

impl Word for Origin {
    const WHAT: &'static str = "origin of an item";
    const ALL: &'static [Self] = &[Self::CommandLine, Self::Event, Self::Reply];
    fn word(self) -> &'static str {
        match self {
            Self::CommandLine => "command-line",
            Self::Event => "event",
            Self::Reply => "reply",
        }
    }
}

impl Word for WriteKind {
    const WHAT: &'static str = "kind of write";
    const ALL: &'static [Self] = &[Self::Create, Self::Move, Self::Agenda, Self::Link, Self::Undo];
    fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Move => "move",
            Self::Agenda => "agenda",
            Self::Link => "link",
            Self::Undo => "undo",
        }
    }
}

/// An outcome as stored: state, entity tag, reason.
pub(crate) fn outcome_columns(outcome: &Outcome) -> (&'static str, Option<&str>, Option<&str>) {
    match outcome {
        Outcome::Done { etag } => ("done", etag.as_ref().map(|e| e.as_str()), None),
        Outcome::Stale => ("stale", None, None),
        Outcome::Refused { reason } => ("refused", None, Some(reason)),
        Outcome::Failed { reason } => ("failed", None, Some(reason)),
    }
}

/// The reverse of [`outcome_columns`].
pub(crate) fn outcome_from(
    state: &str,
    etag: Option<&str>,
    reason: Option<String>,
) -> rusqlite::Result<Outcome> {
    let reason = reason.unwrap_or_default();
    match state {
        "done" => Ok(Outcome::Done { etag: etag.and_then(crate::model::id::Etag::new) }),
        "stale" => Ok(Outcome::Stale),
        "refused" => Ok(Outcome::Refused { reason }),
        "failed" => Ok(Outcome::Failed { reason }),
        other => Err(conversion("outcome", other)),
    }
}
