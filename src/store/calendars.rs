//! What is kept of a calendar besides its members: freezes, members that could
//! not be read, and tombstones of those that vanished.

use jiff::Timestamp;
use rusqlite::params;

use crate::model::id::{CalendarId, Href, OwnerId};
use crate::model::resource::Resource;
use crate::store::error::StoreError;
use crate::store::mirror::{calendar_key, know_calendar, resource_from};
use crate::store::open::{Durability, Store};
use crate::store::rows::Moment;

/// A member that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedMember {
    /// Which.
    pub href: Href,
    /// Why, for people.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
}

/// A resource that vanished, kept for the ledger and for undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// Rising number.
    pub id: i64,
    /// When it was found gone.
    pub removed_at: Timestamp,
    /// What it was.
    pub resource: Resource,
}

impl Store {
    /// Freezes a calendar until a person says it is right: its coverage reads
    /// `Frozen`, its resources stay.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn freeze_calendar(
        &self,
        owner: &OwnerId,
        calendar: &CalendarId,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.write(Durability::Power, |tx| {
            let key = know_calendar(tx, owner, calendar)?;
            tx.execute(
                "UPDATE calendar SET trouble = 'frozen', reason = ?2 WHERE id = ?1",
                params![key, reason],
            )?;
            Ok(())
        })
    }

    /// Lifts the freeze and lets the next reading remove what is missing. Returns
    /// whether the calendar was frozen. Coverage is `Partial` until that reading.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn thaw_calendar(
        &self,
        owner: &OwnerId,
        calendar: &CalendarId,
    ) -> Result<bool, StoreError> {
        self.write(Durability::Power, |tx| {
            let Some(key) = calendar_key(tx, owner, calendar)? else { return Ok(false) };
            let changed = tx.execute(
                "UPDATE calendar SET trouble = 'partial', accept_shrink = 1, token = NULL,
                        reason = 'it was thawed and not read since'
                 WHERE id = ?1 AND trouble = 'frozen'",
                [key],
            )?;
            Ok(changed > 0)
        })
    }

    /// Drops a calendar that is no longer configured, with its mirror and
    /// tombstones. Ledger and journal stay. Returns whether it was known.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn forget_calendar(
        &self,
        owner: &OwnerId,
        calendar: &CalendarId,
    ) -> Result<bool, StoreError> {
        self.write(Durability::Process, |tx| {
            let Some(key) = calendar_key(tx, owner, calendar)? else { return Ok(false) };
            Ok(tx.execute("DELETE FROM calendar WHERE id = ?1", [key])? > 0)
        })
    }

    /// Members that could not be read, by address.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn skipped(
        &self,
        owner: &OwnerId,
        calendar: &CalendarId,
    ) -> Result<Vec<SkippedMember>, StoreError> {
        self.read(|c| {
            let Some(key) = calendar_key(c, owner, calendar)? else { return Ok(Vec::new()) };
            let mut statement = c.prepare_cached(
                "SELECT href, reason, at FROM skipped WHERE calendar = ?1 ORDER BY href",
            )?;
            let rows = statement.query_map([key], |row| {
                Ok(SkippedMember {
                    href: Href::new(row.get::<_, String>(0)?),
                    reason: row.get(1)?,
                    at: row.get::<_, Moment>(2)?.0,
                })
            })?;
            rows.collect()
        })
    }

    /// What vanished from a calendar after a tombstone (0: all that is kept).
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn tombstones_after(
        &self,
        owner: &OwnerId,
        calendar: &CalendarId,
        after: i64,
    ) -> Result<Vec<Tombstone>, StoreError> {
        self.read(|c| {
            let Some(key) = calendar_key(c, owner, calendar)? else { return Ok(Vec::new()) };
            let mut statement = c.prepare_cached(
                "SELECT id, removed_at, href, etag, parent, data FROM tombstone
                 WHERE calendar = ?1 AND id > ?2 ORDER BY id",
            )?;
            let rows = statement.query_map(params![key, after], |row| {
                Ok(Tombstone {
                    id: row.get(0)?,
                    removed_at: row.get::<_, Moment>(1)?.0,
                    resource: resource_from(calendar, row, 2)?,
                })
            })?;
            rows.collect()
        })
    }

    /// Drops tombstones older than a moment, of all owners. Returns how many.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn prune_tombstones(&self, before: Timestamp) -> Result<usize, StoreError> {
        self.write(Durability::Process, |tx| {
            tx.execute("DELETE FROM tombstone WHERE removed_at < ?1", [Moment(before)])
        })
    }
}
