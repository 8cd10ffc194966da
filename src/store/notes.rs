//! Per-meeting consent to mail, and small values kept for an owner or a pair.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use crate::model::id::{OwnerId, PairId};
use crate::model::snapshot::OccurrenceKey;
use crate::store::error::StoreError;
use crate::store::open::{Durability, Store, know_owner};
use crate::store::rows::{Moment, recurrence_key};

impl Store {
    /// The owner agrees that one meeting's agenda is mailed. Agreeing twice
    /// changes nothing.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn give_mail_consent(
        &self,
        owner: &OwnerId,
        occurrence: &OccurrenceKey,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(Durability::Power, |tx| {
            let owner = know_owner(tx, owner)?;
            tx.execute(
                "INSERT OR IGNORE INTO consent (owner, uid, recurrence_id, at)
                 VALUES (?1, ?2, ?3, ?4)",
                params![
                    owner,
                    occurrence.uid.as_str(),
                    recurrence_key(occurrence.recurrence_id),
                    Moment(at)
                ],
            )?;
            Ok(())
        })
    }

    /// Uses a consent up. Returns whether there was an unused one; only then may
    /// the mail go out.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn use_mail_consent(
        &self,
        owner: &OwnerId,
        occurrence: &OccurrenceKey,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(Durability::Power, |tx| {
            let used = tx.execute(
                "UPDATE consent SET used = ?4
                 WHERE owner = (SELECT id FROM owner WHERE name = ?1) AND uid = ?2
                   AND recurrence_id = ?3 AND used IS NULL",
                params![
                    owner.as_str(),
                    occurrence.uid.as_str(),
                    recurrence_key(occurrence.recurrence_id),
                    Moment(at)
                ],
            )?;
            Ok(used > 0)
        })
    }

    /// Whether an unused consent stands for a meeting.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn mail_consent(
        &self,
        owner: &OwnerId,
        occurrence: &OccurrenceKey,
    ) -> Result<bool, StoreError> {
        self.read(|c| {
            c.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM consent
                 WHERE owner = (SELECT id FROM owner WHERE name = ?1) AND uid = ?2
                   AND recurrence_id = ?3 AND used IS NULL)",
            )?
            .query_row(
                params![
                    owner.as_str(),
                    occurrence.uid.as_str(),
                    recurrence_key(occurrence.recurrence_id)
                ],
                |row| row.get(0),
            )
        })
    }

    /// Keeps a small value for an owner (`None`) or a pair; `None` as value drops it.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn set_value(
        &self,
        owner: &OwnerId,
        pair: Option<&PairId>,
        key: &str,
        value: Option<&str>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let pair = pair.map_or("", PairId::as_str);
        self.write(Durability::Power, |tx| {
            let owner = know_owner(tx, owner)?;
            match value {
                Some(value) => tx.execute(
                    "INSERT INTO note (owner, pair, key, value, at) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT DO UPDATE SET value = excluded.value, at = excluded.at",
                    params![owner, pair, key, value, Moment(at)],
                )?,
                None => tx.execute(
                    "DELETE FROM note WHERE owner = ?1 AND pair = ?2 AND key = ?3",
                    params![owner, pair, key],
                )?,
            };
            Ok(())
        })
    }

    /// A small value and when it was set.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn value(
        &self,
        owner: &OwnerId,
        pair: Option<&PairId>,
        key: &str,
    ) -> Result<Option<(String, Timestamp)>, StoreError> {
        self.read(|c| {
            c.prepare_cached(
                "SELECT value, at FROM note
                 WHERE owner = (SELECT id FROM owner WHERE name = ?1) AND pair = ?2 AND key = ?3",
            )?
            .query_row(params![owner.as_str(), pair.map_or("", PairId::as_str), key], |row| {
                Ok((row.get(0)?, row.get::<_, Moment>(1)?.0))
            })
            .optional()
        })
    }
}
