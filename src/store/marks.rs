//! What was said once, chosen once, or holds until it is lifted: flags, pauses,
//! pins, consents, confirmed addresses and small notes to oneself.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use crate::model::id::{Address, EventUid, OwnerId, PairId};
use crate::model::snapshot::OccurrenceKey;
use crate::store::error::StoreError;
use crate::store::open::{Durability, Store, know_owner};
use crate::store::rows::{Moment, recurrence_from_key, recurrence_key};

/// A flag that was raised for a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaisedFlag {
    /// Which flag.
    pub key: String,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// When it stopped being true; `None`: it stands.
    pub cleared_at: Option<Timestamp>,
}

/// `onbeat pause` in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// Since when.
    pub since: Timestamp,
    /// When it ends by itself; `None`: on `resume`.
    pub until: Option<Timestamp>,
}

/// An occurrence a person moved: onbeat leaves it where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Which.
    pub occurrence: OccurrenceKey,
    /// When it was seen.
    pub at: Timestamp,
    /// Why, for people.
    pub reason: String,
}

const OWNER: &str = "(SELECT id FROM owner WHERE name = ?1)";

impl Store {
    /// Raises a flag. Returns whether it is new, so that it is told once.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn raise_flag(
        &self,
        owner: &OwnerId,
        pair: &PairId,
        key: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(Durability::Power, |tx| {
            let owner = know_owner(tx, owner)?;
            let made = tx.execute(
                "INSERT OR IGNORE INTO flag (owner, pair, key, raised_at) VALUES (?1, ?2, ?3, ?4)",
                params![owner, pair.as_str(), key, Moment(at)],
            )?;
            Ok(made > 0)
        })
    }

    /// Lowers a flag that stands. Returns whether it stood.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn clear_flag(
        &self,
        owner: &OwnerId,
        pair: &PairId,
        key: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = format!(
            "UPDATE flag SET cleared_at = ?4
             WHERE owner = {OWNER} AND pair = ?2 AND key = ?3 AND cleared_at IS NULL"
        );
        self.write(Durability::Power, |tx| {
            let changed =
                tx.execute(&sql, params![owner.as_str(), pair.as_str(), key, Moment(at)])?;
            Ok(changed > 0)
        })
    }

    /// A pair's flags, standing and past, by when they were raised.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn flags(&self, owner: &OwnerId, pair: &PairId) -> Result<Vec<RaisedFlag>, StoreError> {
        let sql = format!(
            "SELECT key, raised_at, cleared_at FROM flag
             WHERE owner = {OWNER} AND pair = ?2 ORDER BY raised_at, id"
        );
        self.read(|c| {
            let mut statement = c.prepare_cached(&sql)?;
            let rows = statement.query_map(params![owner.as_str(), pair.as_str()], |row| {
                Ok(RaisedFlag {
                    key: row.get(0)?,
                    raised_at: row.get::<_, Moment>(1)?.0,
                    cleared_at: row.get::<_, Option<Moment>>(2)?.map(|m| m.0),
                })
            })?;
            rows.collect()
        })
    }

    /// Marks a thing as done or seen once (a notice sent, a reply's note read).
    /// `scope` says what kind of thing. Returns whether it is the first time.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn mark_once(
        &self,
        owner: &OwnerId,
        scope: &str,
        key: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(Durability::Power, |tx| {
            let owner = know_owner(tx, owner)?;
            let made = tx.execute(
                "INSERT OR IGNORE INTO once (owner, scope, key, at) VALUES (?1, ?2, ?3, ?4)",
                params![owner, scope, key, Moment(at)],
            )?;
            Ok(made > 0)
        })
    }

    /// When a thing was marked by [`Store::mark_once`].
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn marked_at(
        &self,
        owner: &OwnerId,
        scope: &str,
        key: &str,
    ) -> Result<Option<Timestamp>, StoreError> {
        let sql = format!("SELECT at FROM once WHERE owner = {OWNER} AND scope = ?2 AND key = ?3");
        self.read(|c| {
            c.prepare_cached(&sql)?
                .query_row(params![owner.as_str(), scope, key], |row| row.get::<_, Moment>(0))
                .optional()
                .map(|found| found.map(|m| m.0))
        })
    }

    /// Pauses a pair, or everything (`None`). A second pause replaces the first.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn pause(
        &self,
        owner: &OwnerId,
        pair: Option<&PairId>,
        pause: Pause,
    ) -> Result<(), StoreError> {
        self.write(Durability::Power, |tx| {
            let owner = know_owner(tx, owner)?;
            tx.execute(
                "INSERT INTO pause (owner, pair, since, until) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET since = excluded.since, until = excluded.until",
                params![
                    owner,
                    pair.map_or("", PairId::as_str),
                    Moment(pause.since),
                    pause.until.map(Moment)
                ],
            )?;
            Ok(())
        })
    }

    /// Lifts the pause of a pair, or the one of everything. Returns whether there
    /// was one.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn resume(&self, owner: &OwnerId, pair: Option<&PairId>) -> Result<bool, StoreError> {
        let sql = format!("DELETE FROM pause WHERE owner = {OWNER} AND pair = ?2");
        self.write(Durability::Power, |tx| {
            let gone =
                tx.execute(&sql, params![owner.as_str(), pair.map_or("", PairId::as_str)])?;
            Ok(gone > 0)
        })
    }

    /// The pause in force for a pair at a moment: its own, else the one of
    /// everything. With `None`, only the one of everything.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn paused(
        &self,
        owner: &OwnerId,
        pair: Option<&PairId>,
        now: Timestamp,
    ) -> Result<Option<Pause>, StoreError> {
        let sql = format!(
            "SELECT since, until FROM pause
             WHERE owner = {OWNER} AND pair IN (?2, '') AND (until IS NULL OR until > ?3)
             ORDER BY pair DESC LIMIT 1"
        );
        self.read(|c| {
            c.prepare_cached(&sql)?
                .query_row(
                    params![owner.as_str(), pair.map_or("", PairId::as_str), Moment(now)],
                    |row| {
                        Ok(Pause {
                            since: row.get::<_, Moment>(0)?.0,
                            until: row.get::<_, Option<Moment>>(1)?.map(|m| m.0),
                        })
                    },
                )
                .optional()
        })
    }

    /// Pins an occurrence where a person put it. The first pin's moment stands.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn pin(&self, owner: &OwnerId, pin: &Pin) -> Result<(), StoreError> {
        self.write(Durability::Power, |tx| {
            let owner = know_owner(tx, owner)?;
            tx.execute(
                "INSERT OR IGNORE INTO pin (owner, uid, recurrence_id, at, reason)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    owner,
                    pin.occurrence.uid.as_str(),
                    recurrence_key(pin.occurrence.recurrence_id),
                    Moment(pin.at),
                    pin.reason
                ],
            )?;
            Ok(())
        })
    }

    /// Lifts a pin. Returns whether there was one.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn unpin(&self, owner: &OwnerId, occurrence: &OccurrenceKey) -> Result<bool, StoreError> {
        let sql =
            format!("DELETE FROM pin WHERE owner = {OWNER} AND uid = ?2 AND recurrence_id = ?3");
        self.write(Durability::Power, |tx| {
            let gone = tx.execute(
                &sql,
                params![
                    owner.as_str(),
                    occurrence.uid.as_str(),
                    recurrence_key(occurrence.recurrence_id)
                ],
            )?;
            Ok(gone > 0)
        })
    }

    /// Every pinned occurrence.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn pins(&self, owner: &OwnerId) -> Result<Vec<Pin>, StoreError> {
        let sql = format!(
            "SELECT uid, recurrence_id, at, reason FROM pin WHERE owner = {OWNER}
             ORDER BY uid, recurrence_id"
        );
        self.read(|c| {
            let mut statement = c.prepare_cached(&sql)?;
            let rows = statement.query_map([owner.as_str()], |row| {
                Ok(Pin {
                    occurrence: OccurrenceKey {
                        uid: EventUid::new(row.get::<_, String>(0)?),
                        recurrence_id: recurrence_from_key(row.get(1)?)?,
                    },
                    at: row.get::<_, Moment>(2)?.0,
                    reason: row.get(3)?,
                })
            })?;
            rows.collect()
        })
    }

    /// Notes that a partner uses another address: replies from it count.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn confirm_address(
        &self,
        owner: &OwnerId,
        pair: &PairId,
        address: &Address,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(Durability::Power, |tx| {
            let owner = know_owner(tx, owner)?;
            tx.execute(
                "INSERT OR IGNORE INTO partner_address (owner, pair, address, at)
                 VALUES (?1, ?2, ?3, ?4)",
                params![owner, pair.as_str(), address.as_str(), Moment(at)],
            )?;
            Ok(())
        })
    }

    /// The addresses confirmed for a pair's partner, besides the configured ones.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn confirmed_addresses(
        &self,
        owner: &OwnerId,
        pair: &PairId,
    ) -> Result<Vec<Address>, StoreError> {
        let sql = format!(
            "SELECT address FROM partner_address WHERE owner = {OWNER} AND pair = ?2
             ORDER BY address"
        );
        self.read(|c| {
            let mut statement = c.prepare_cached(&sql)?;
            let rows = statement.query_map(params![owner.as_str(), pair.as_str()], |row| {
                Ok(Address::new(&row.get::<_, String>(0)?))
            })?;
            rows.collect()
        })
    }
}
