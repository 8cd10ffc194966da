//! Agendas of past meetings and the questions that were asked in them.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use crate::model::agenda::{AskedQuestion, Reading};
use crate::model::id::{OwnerId, PairId, QuestionId};
use crate::store::error::StoreError;
use crate::store::open::{Durability, Store, know_owner};
use crate::store::rows::Moment;

/// The agenda a meeting had, as it was when the meeting was over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenAgenda {
    /// Whose 1:1.
    pub pair: PairId,
    /// The planned start of the meeting.
    pub beat: Timestamp,
    /// When it was frozen.
    pub frozen_at: Timestamp,
    /// The part both saw.
    pub shared: String,
    /// The owner's part.
    pub private: String,
}

fn agenda_from(pair: &PairId, row: &Row<'_>) -> rusqlite::Result<FrozenAgenda> {
    Ok(FrozenAgenda {
        pair: pair.clone(),
        beat: row.get::<_, Moment>(0)?.0,
        frozen_at: row.get::<_, Moment>(1)?.0,
        shared: row.get(2)?,
        private: row.get(3)?,
    })
}

impl Store {
    /// Freezes a meeting's agenda. The first freeze stands. Returns whether this
    /// was it.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn freeze_agenda(
        &self,
        owner: &OwnerId,
        agenda: &FrozenAgenda,
    ) -> Result<bool, StoreError> {
        self.write(Durability::Power, |tx| {
            let owner = know_owner(tx, owner)?;
            let made = tx
                .prepare_cached(
                    "INSERT OR IGNORE INTO agenda (owner, pair, beat, frozen_at, shared, private)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    owner,
                    agenda.pair.as_str(),
                    Moment(agenda.beat),
                    Moment(agenda.frozen_at),
                    agenda.shared,
                    agenda.private,
                ])?;
            Ok(made > 0)
        })
    }

    /// The latest `limit` frozen agendas of a pair, oldest first.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn frozen_agendas(
        &self,
        owner: &OwnerId,
        pair: &PairId,
        limit: usize,
    ) -> Result<Vec<FrozenAgenda>, StoreError> {
        self.read(|c| {
            let mut statement = c.prepare_cached(
                "SELECT beat, frozen_at, shared, private FROM agenda
                 WHERE owner = (SELECT id FROM owner WHERE name = ?1) AND pair = ?2
                 ORDER BY beat DESC LIMIT ?3",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = statement
                .query_map(params![owner.as_str(), pair.as_str(), limit], |row| {
                    agenda_from(pair, row)
                })?;
            let mut agendas: Vec<_> = rows.collect::<rusqlite::Result<_>>()?;
            agendas.reverse();
            Ok(agendas)
        })
    }

    /// The frozen agenda of one meeting.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn frozen_agenda(
        &self,
        owner: &OwnerId,
        pair: &PairId,
        beat: Timestamp,
    ) -> Result<Option<FrozenAgenda>, StoreError> {
        self.read(|c| {
            c.prepare_cached(
                "SELECT beat, frozen_at, shared, private FROM agenda
                 WHERE owner = (SELECT id FROM owner WHERE name = ?1) AND pair = ?2 AND beat = ?3",
            )?
            .query_row(params![owner.as_str(), pair.as_str(), Moment(beat)], |row| {
                agenda_from(pair, row)
            })
            .optional()
        })
    }

    /// Notes that a question was chosen for a meeting. Choosing it again changes
    /// nothing.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn ask_question(
        &self,
        owner: &OwnerId,
        asked: &AskedQuestion,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(Durability::Power, |tx| {
            let owner = know_owner(tx, owner)?;
            tx.prepare_cached(
                "INSERT OR IGNORE INTO asked (owner, pair, beat, question, at)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                owner,
                asked.pair.as_str(),
                Moment(asked.beat),
                asked.question.as_str(),
                Moment(at)
            ])?;
            Ok(())
        })
    }

    /// The questions a pair was asked, by meeting.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn questions_asked(
        &self,
        owner: &OwnerId,
        pair: &PairId,
    ) -> Result<Vec<AskedQuestion>, StoreError> {
        self.read(|c| {
            let mut statement = c.prepare_cached(
                "SELECT beat, question FROM asked
                 WHERE owner = (SELECT id FROM owner WHERE name = ?1) AND pair = ?2
                 ORDER BY beat, question",
            )?;
            let rows = statement.query_map(params![owner.as_str(), pair.as_str()], |row| {
                Ok(AskedQuestion {
                    pair: pair.clone(),
                    beat: row.get::<_, Moment>(0)?.0,
                    question: QuestionId::new(row.get::<_, String>(1)?),
                })
            })?;
            rows.collect()
        })
    }

    /// Notes the values goals and metrics had when an agenda was made. A value
    /// noted again for the same meeting replaces the earlier one.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn put_readings(&self, owner: &OwnerId, readings: &[Reading]) -> Result<(), StoreError> {
        if readings.is_empty() {
            return Ok(());
        }
        self.write(Durability::Power, |tx| {
            let owner = know_owner(tx, owner)?;
            for reading in readings {
                tx.prepare_cached(
                    "INSERT INTO measured (owner, pair, beat, name, value, day)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                     ON CONFLICT DO UPDATE SET value = excluded.value, day = excluded.day",
                )?
                .execute(params![
                    owner,
                    reading.pair.as_str(),
                    Moment(reading.beat),
                    reading.name,
                    reading.value,
                    reading.on.map(|date| date.to_string())
                ])?;
            }
            Ok(())
        })
    }

    /// The values noted for a pair, by meeting.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn readings(&self, owner: &OwnerId, pair: &PairId) -> Result<Vec<Reading>, StoreError> {
        self.read(|c| {
            let mut statement = c.prepare_cached(
                "SELECT beat, name, value, day FROM measured
                 WHERE owner = (SELECT id FROM owner WHERE name = ?1) AND pair = ?2
                 ORDER BY beat, name",
            )?;
            let rows = statement.query_map(params![owner.as_str(), pair.as_str()], |row| {
                Ok(Reading {
                    pair: pair.clone(),
                    beat: row.get::<_, Moment>(0)?.0,
                    name: row.get(1)?,
                    value: row.get(2)?,
                    on: row.get::<_, Option<String>>(3)?.and_then(|day| day.parse().ok()),
                })
            })?;
            rows.collect()
        })
    }
}
