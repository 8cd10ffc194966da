//! Agendas of past meetings and the questions that were asked in them.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use crate::model::id::{OwnerId, PairId};
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

/// A rotating question that was put into an agenda.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedQuestion {
    /// The meeting, by its planned start.
    pub beat: Timestamp,
    /// The question's id in the question bank.
    pub question: String,
    /// When it was chosen.
    pub at: Timestamp,
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
        pair: &PairId,
        asked: &AskedQuestion,
    ) -> Result<(), StoreError> {
        self.write(Durability::Power, |tx| {
            let owner = know_owner(tx, owner)?;
            tx.prepare_cached(
                "INSERT OR IGNORE INTO asked (owner, pair, beat, question, at)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                owner,
                pair.as_str(),
                Moment(asked.beat),
                asked.question,
                Moment(asked.at)
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
                "SELECT beat, question, at FROM asked
                 WHERE owner = (SELECT id FROM owner WHERE name = ?1) AND pair = ?2
                 ORDER BY beat, question",
            )?;
            let rows = statement.query_map(params![owner.as_str(), pair.as_str()], |row| {
                Ok(AskedQuestion {
                    beat: row.get::<_, Moment>(0)?.0,
                    question: row.get(1)?,
                    at: row.get::<_, Moment>(2)?.0,
                })
            })?;
            rows.collect()
        })
    }
}
