//! One reading of a calendar: pages go into the mirror as they come, removals
//! wait for the end, and the token is stored together with them. A reading that
//! dies leaves true rows, the old token and the mark "not complete"; the next
//! one is correct. Whether a removal is believable is decided elsewhere.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::model::id::{CalendarId, Etag, Href, OwnerId, SyncToken};
use crate::model::resource::Resource;
use crate::store::change::{bury, put};
use crate::store::error::StoreError;
use crate::store::mirror::{count_resources, know_calendar};
use crate::store::open::{Durability, Store};
use crate::store::rows::Moment;

/// A reading under way. Finish it with [`Store::finish_reading`]; one that is
/// dropped is as if the process had died.
#[derive(Debug)]
pub struct Reading {
    number: i64,
    key: i64,
}

/// How a reading ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadingEnd {
    /// What it covered.
    pub extent: ReadExtent,
    /// What becomes of the token. Ignored (kept) for `Partial` and `Failed`.
    pub token: TokenChange,
    /// Listed members that could not be read, with the reason. They count as
    /// there; their old text stays.
    pub skipped: Vec<(Href, String)>,
    /// When it ended.
    pub at: Timestamp,
}

/// How much a reading covered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadExtent {
    /// Nothing has changed since the token.
    Unchanged,
    /// Changes and removals since the token, completely.
    Delta,
    /// Every member was listed: what was neither put nor seen is gone.
    Full,
    /// It stopped half-way; what is missing means nothing.
    Partial {
        /// Why, for people.
        reason: String,
    },
    /// Nothing could be read.
    Failed {
        /// Why, for people.
        reason: String,
    },
}

/// What becomes of a calendar's token at the end of a reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenChange {
    /// It stays: a member of a delta could not be read and must come again.
    Keep,
    /// The server's new one; `None`: it has none, or the next reading must list all.
    Store(Option<SyncToken>),
}

/// What the end of a reading would remove, for the guard against an emptied
/// calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingRemovals {
    /// Members in the mirror now.
    pub members: u64,
    /// Of these, reported as removed by the server.
    pub reported: u64,
    /// Of these, neither put, seen nor reported; they go if the reading was `Full`.
    pub unseen: u64,
}

/// What the end of a reading did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// What vanished; each has a tombstone.
    pub removed: Vec<Href>,
    /// The calendar's revision now.
    pub revision: i64,
}

impl Store {
    /// Begins a reading. Writes nothing but the calendar's first row.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn begin_reading(
        &self,
        owner: &OwnerId,
        calendar: &CalendarId,
    ) -> Result<Reading, StoreError> {
        let known = self.read(|c| crate::store::mirror::calendar_key(c, owner, calendar))?;
        let key = match known {
            Some(key) => key,
            None => self.write(Durability::Process, |tx| know_calendar(tx, owner, calendar))?,
        };
        Ok(Reading { number: self.next_reading(), key })
    }

    /// The entity tag the mirror holds for a member.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn known_tag(&self, reading: &Reading, href: &Href) -> Result<Option<Etag>, StoreError> {
        self.read(|c| {
            let etag: Option<Option<String>> = c
                .prepare_cached("SELECT etag FROM resource WHERE calendar = ?1 AND href = ?2")?
                .query_row(params![reading.key, href.as_str()], |row| row.get(0))
                .optional()?;
            Ok(etag.flatten().as_deref().and_then(Etag::new))
        })
    }

    /// Stores a page of members, in one transaction. Rows whose text, tag and
    /// parent are as they were count as seen and are not written. Returns how many
    /// were new or changed.
    ///
    /// # Errors
    /// When the state cannot be written; then none of the page is stored.
    pub fn put_resources(&self, reading: &Reading, page: &[Resource]) -> Result<u64, StoreError> {
        self.write(Durability::Process, |tx| {
            let mut changed = 0;
            for resource in page {
                let put = put(tx, reading.key, resource)?;
                see(tx, reading.number, put.id)?;
                tx.prepare_cached("DELETE FROM gone WHERE reading = ?1 AND resource = ?2")?
                    .execute([reading.number, put.id])?;
                changed += u64::from(put.changed);
            }
            if changed > 0 {
                // Until the end is reached, absence proves nothing.
                tx.prepare_cached(
                    "UPDATE calendar SET trouble = 'partial',
                            reason = 'the last reading was interrupted'
                     WHERE id = ?1 AND trouble IS NOT 'frozen'",
                )?
                .execute([reading.key])?;
            }
            Ok(changed)
        })
    }

    /// A member was listed and has not changed. Not written to the file.
    ///
    /// # Errors
    /// When the temporary table cannot be written.
    pub fn mark_seen(&self, reading: &Reading, href: &Href) -> Result<(), StoreError> {
        self.read(|c| match resource_key(c, reading.key, href)? {
            Some(id) => see(c, reading.number, id),
            None => Ok(()),
        })
    }

    /// The server reported a member as removed. It goes when the reading ends,
    /// unless it is put again before.
    ///
    /// # Errors
    /// When the temporary table cannot be written.
    pub fn mark_removed(&self, reading: &Reading, href: &Href) -> Result<(), StoreError> {
        self.read(|c| {
            if let Some(id) = resource_key(c, reading.key, href)? {
                c.prepare_cached("INSERT OR IGNORE INTO gone (reading, resource) VALUES (?1, ?2)")?
                    .execute([reading.number, id])?;
                c.prepare_cached("DELETE FROM seen WHERE reading = ?1 AND resource = ?2")?
                    .execute([reading.number, id])?;
            }
            Ok(())
        })
    }

    /// What [`Store::finish_reading`] would remove. Skipped members are counted as
    /// there only after they were given to [`Store::mark_seen`] or to the end.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn pending_removals(&self, reading: &Reading) -> Result<PendingRemovals, StoreError> {
        self.read(|c| {
            let count = |sql: &str| -> rusqlite::Result<u64> {
                let count: i64 =
                    c.prepare_cached(sql)?.query_row([reading.number], |row| row.get(0))?;
                Ok(count.unsigned_abs())
            };
            let members = count_resources(c, reading.key)?;
            let reported = count("SELECT count(*) FROM gone WHERE reading = ?1")?;
            let seen = count("SELECT count(*) FROM seen WHERE reading = ?1")?;
            Ok(PendingRemovals {
                members,
                reported,
                unseen: members.saturating_sub(reported).saturating_sub(seen),
            })
        })
    }

    /// Members a full listing has not shown so far, at most `limit`: before they
    /// are taken as gone, each can be asked for by its address.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn unseen(&self, reading: &Reading, limit: usize) -> Result<Vec<Href>, StoreError> {
        self.read(|c| {
            let mut statement = c.prepare_cached(
                "SELECT r.href FROM resource r WHERE r.calendar = ?1
                 AND NOT EXISTS (SELECT 1 FROM seen s WHERE s.reading = ?2 AND s.resource = r.id)
                 AND NOT EXISTS (SELECT 1 FROM gone g WHERE g.reading = ?2 AND g.resource = r.id)
                 ORDER BY r.href LIMIT ?3",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = statement.query_map(params![reading.key, reading.number, limit], |row| {
                Ok(Href::new(row.get::<_, String>(0)?))
            })?;
            rows.collect()
        })
    }

    /// Ends a reading: in one transaction removes what is gone (leaving
    /// tombstones), stores the token and says how complete the mirror is. A
    /// calendar frozen during the reading loses nothing and keeps its token.
    ///
    /// # Errors
    /// [`StoreError::UnknownCalendar`] when it was forgotten meanwhile; else when
    /// the state cannot be written. Then nothing of the end has happened.
    pub fn finish_reading(
        &self,
        reading: Reading,
        end: &ReadingEnd,
    ) -> Result<Finished, StoreError> {
        let finished = self.write(Durability::Process, |tx| {
            let frozen: Option<Option<String>> = tx
                .prepare_cached("SELECT trouble FROM calendar WHERE id = ?1")?
                .query_row([reading.key], |row| row.get(0))
                .optional()?;
            let Some(trouble) = frozen else { return Ok(None) };
            let frozen = trouble.as_deref() == Some("frozen");
            let removed = if frozen { Vec::new() } else { remove_gone(tx, &reading, end)? };
            note_skipped(tx, &reading, end)?;
            if !frozen {
                note_coverage(tx, &reading, end)?;
            }
            let revision = tx
                .prepare_cached("SELECT revision FROM calendar WHERE id = ?1")?
                .query_row([reading.key], |row| row.get(0))?;
            Ok(Some(Finished { removed, revision }))
        })?;
        self.clear_reading(&reading)?;
        finished.ok_or(StoreError::UnknownCalendar)
    }

    /// Gives a reading up: nothing is removed, the token stays.
    ///
    /// # Errors
    /// When the temporary tables cannot be written.
    pub fn abandon_reading(&self, reading: Reading) -> Result<(), StoreError> {
        self.clear_reading(&reading)
    }

    fn clear_reading(&self, reading: &Reading) -> Result<(), StoreError> {
        self.read(|c| {
            for sql in
                ["DELETE FROM seen WHERE reading = ?1", "DELETE FROM gone WHERE reading = ?1"]
            {
                c.prepare_cached(sql)?.execute([reading.number])?;
            }
            Ok(())
        })
    }
}

fn resource_key(c: &Connection, calendar: i64, href: &Href) -> rusqlite::Result<Option<i64>> {
    c.prepare_cached("SELECT id FROM resource WHERE calendar = ?1 AND href = ?2")?
        .query_row(params![calendar, href.as_str()], |row| row.get(0))
        .optional()
}

fn see(c: &Connection, reading: i64, resource: i64) -> rusqlite::Result<()> {
    c.prepare_cached("INSERT OR IGNORE INTO seen (reading, resource) VALUES (?1, ?2)")?
        .execute([reading, resource])?;
    Ok(())
}

fn remove_gone(
    tx: &Transaction<'_>,
    reading: &Reading,
    end: &ReadingEnd,
) -> rusqlite::Result<Vec<Href>> {
    if end.extent == ReadExtent::Full {
        for (href, _) in &end.skipped {
            if let Some(id) = resource_key(tx, reading.key, href)? {
                see(tx, reading.number, id)?;
            }
        }
        let unseen = "r.calendar = ?1 AND NOT EXISTS
             (SELECT 1 FROM seen s WHERE s.reading = ?3 AND s.resource = r.id)";
        return bury(tx, reading.key, end.at, unseen, reading.number);
    }
    // What the server called removed is gone however the rest went. An idle reading
    // ends here; else the plus keeps SQLite from walking through the whole calendar.
    let reported: bool = tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM gone WHERE reading = ?1)")?
        .query_row([reading.number], |row| row.get(0))?;
    if !reported {
        return Ok(Vec::new());
    }
    let gone = "+r.calendar = ?1 AND r.id IN (SELECT resource FROM gone WHERE reading = ?3)";
    bury(tx, reading.key, end.at, gone, reading.number)
}

fn note_skipped(tx: &Transaction<'_>, reading: &Reading, end: &ReadingEnd) -> rusqlite::Result<()> {
    if end.extent == ReadExtent::Full {
        tx.prepare_cached("DELETE FROM skipped WHERE calendar = ?1")?.execute([reading.key])?;
    }
    for (href, reason) in &end.skipped {
        tx.prepare_cached(
            "INSERT INTO skipped (calendar, href, reason, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET reason = excluded.reason",
        )?
        .execute(params![reading.key, href.as_str(), reason, Moment(end.at)])?;
    }
    Ok(())
}

fn note_coverage(
    tx: &Transaction<'_>,
    reading: &Reading,
    end: &ReadingEnd,
) -> rusqlite::Result<()> {
    let (trouble, reason) = match &end.extent {
        ReadExtent::Unchanged | ReadExtent::Delta | ReadExtent::Full => {
            tx.prepare_cached(
                "UPDATE calendar SET trouble = NULL, reason = NULL, complete_at = ?2,
                        accept_shrink = 0, listed_at = iif(?3, ?2, listed_at)
                 WHERE id = ?1",
            )?
            .execute(params![
                reading.key,
                Moment(end.at),
                end.extent == ReadExtent::Full
            ])?;
            if let TokenChange::Store(token) = &end.token {
                tx.prepare_cached(
                    "UPDATE calendar SET token = ?2 WHERE id = ?1 AND token IS NOT ?2",
                )?
                .execute(params![reading.key, token.as_ref().map(SyncToken::as_str)])?;
            }
            return Ok(());
        }
        ReadExtent::Partial { reason } => ("partial", reason),
        ReadExtent::Failed { reason } => ("failed", reason),
    };
    tx.prepare_cached("UPDATE calendar SET trouble = ?2, reason = ?3 WHERE id = ?1")?
        .execute(params![reading.key, trouble, reason])?;
    Ok(())
}
