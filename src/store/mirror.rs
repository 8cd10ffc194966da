//! The mirror as it stands: what each calendar held, how complete the last
//! reading was, what vanished. How it gets there is `reading.rs`.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::model::id::{CalendarId, Etag, Href, OwnerId, SyncToken};
use crate::model::resource::Resource;
use crate::model::snapshot::Coverage;
use crate::store::change::{bury, put};
use crate::store::error::StoreError;
use crate::store::open::{Durability, Store, know_owner};
use crate::store::rows::Moment;

/// What the store knows of a calendar besides its resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarState {
    /// Where the next reading starts; `None`: list everything.
    pub token: Option<SyncToken>,
    /// How complete the mirror is.
    pub coverage: Coverage,
    /// The last complete listing of every member.
    pub listed_at: Option<Timestamp>,
    /// Rises with every change of the mirrored resources; a cycle that finds it
    /// where it was need not parse anything.
    pub revision: i64,
    /// The owner said that the next mass removal is right; used up by it.
    pub accept_shrink: bool,
}

/// The id of a calendar's row, if it has one.
pub(crate) fn calendar_key(
    connection: &Connection,
    owner: &OwnerId,
    calendar: &CalendarId,
) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(
            "SELECT c.id FROM calendar c JOIN owner o ON o.id = c.owner
             WHERE o.name = ?1 AND c.account = ?2 AND c.collection = ?3",
        )?
        .query_row(params![owner.as_str(), calendar.account.as_str(), calendar.collection], |row| {
            row.get(0)
        })
        .optional()
}

/// The id of a calendar's row, made if needed.
pub(crate) fn know_calendar(
    tx: &Transaction<'_>,
    owner: &OwnerId,
    calendar: &CalendarId,
) -> rusqlite::Result<i64> {
    if let Some(key) = calendar_key(tx, owner, calendar)? {
        return Ok(key);
    }
    let owner = know_owner(tx, owner)?;
    tx.execute(
        "INSERT INTO calendar (owner, account, collection) VALUES (?1, ?2, ?3)",
        params![owner, calendar.account.as_str(), calendar.collection],
    )?;
    Ok(tx.last_insert_rowid())
}

fn state_from(row: &Row<'_>) -> rusqlite::Result<CalendarState> {
    let synced_at = row.get::<_, Option<Moment>>(1)?.map(|m| m.0);
    let trouble: Option<String> = row.get(3)?;
    let reason = row.get::<_, Option<String>>(4)?.unwrap_or_default();
    let coverage = match (trouble.as_deref(), synced_at) {
        (Some("frozen"), _) => Coverage::Frozen { reason },
        (Some("failed"), _) => Coverage::Failed { synced_at, reason },
        (None, Some(synced_at)) => Coverage::Complete { synced_at },
        (None, None) => {
            Coverage::Partial { synced_at: None, reason: "it was never read to its end".to_owned() }
        }
        (Some(_), _) => Coverage::Partial { synced_at, reason },
    };
    Ok(CalendarState {
        token: row.get::<_, Option<String>>(0)?.map(SyncToken::new),
        coverage,
        listed_at: row.get::<_, Option<Moment>>(2)?.map(|m| m.0),
        revision: row.get(6)?,
        accept_shrink: row.get(5)?,
    })
}

const RESOURCE_COLUMNS: &str = "r.href, r.etag, r.parent, r.data";

pub(crate) fn resource_from(
    calendar: &CalendarId,
    row: &Row<'_>,
    at: usize,
) -> rusqlite::Result<Resource> {
    Ok(Resource {
        calendar: calendar.clone(),
        href: Href::new(row.get::<_, String>(at)?),
        etag: row.get::<_, Option<String>>(at + 1)?.as_deref().and_then(Etag::new),
        parent: row.get::<_, Option<String>>(at + 2)?.map(Href::new),
        data: row.get(at + 3)?,
    })
}

impl Store {
    /// The calendars of an owner that were ever read.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn calendars(&self, owner: &OwnerId) -> Result<Vec<CalendarId>, StoreError> {
        self.read(|c| {
            let mut statement = c.prepare_cached(
                "SELECT c.account, c.collection FROM calendar c JOIN owner o ON o.id = c.owner
                 WHERE o.name = ?1 ORDER BY c.account, c.collection",
            )?;
            let rows = statement.query_map([owner.as_str()], |row| {
                Ok(CalendarId::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?))
            })?;
            rows.collect()
        })
    }

    /// What is known of a calendar; `None` when it was never read.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn calendar_state(
        &self,
        owner: &OwnerId,
        calendar: &CalendarId,
    ) -> Result<Option<CalendarState>, StoreError> {
        self.read(|c| {
            let Some(key) = calendar_key(c, owner, calendar)? else { return Ok(None) };
            c.prepare_cached(
                "SELECT token, complete_at, listed_at, trouble, reason, accept_shrink, revision
                 FROM calendar WHERE id = ?1",
            )?
            .query_row([key], state_from)
            .optional()
        })
    }

    /// How many resources a calendar's mirror holds.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn resource_count(
        &self,
        owner: &OwnerId,
        calendar: &CalendarId,
    ) -> Result<u64, StoreError> {
        self.read(|c| match calendar_key(c, owner, calendar)? {
            Some(key) => count_resources(c, key),
            None => Ok(0),
        })
    }

    /// One mirrored resource.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn resource(
        &self,
        owner: &OwnerId,
        calendar: &CalendarId,
        href: &Href,
    ) -> Result<Option<Resource>, StoreError> {
        self.read(|c| {
            let Some(key) = calendar_key(c, owner, calendar)? else { return Ok(None) };
            let sql = format!(
                "SELECT {RESOURCE_COLUMNS} FROM resource r WHERE r.calendar = ?1 AND r.href = ?2"
            );
            c.prepare_cached(&sql)?
                .query_row(params![key, href.as_str()], |row| resource_from(calendar, row, 0))
                .optional()
        })
    }

    /// Every resource of a calendar in order of address, one at a time, so that
    /// memory does not grow with the calendar. The visitor must not write.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn each_resource(
        &self,
        owner: &OwnerId,
        calendar: &CalendarId,
        visit: impl FnMut(Resource),
    ) -> Result<(), StoreError> {
        self.each_changed_resource(owner, calendar, None, visit)
    }

    /// The resources that changed after a revision of the calendar
    /// ([`CalendarState::revision`]); `None`: all of them.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn each_changed_resource(
        &self,
        owner: &OwnerId,
        calendar: &CalendarId,
        after: Option<i64>,
        mut visit: impl FnMut(Resource),
    ) -> Result<(), StoreError> {
        self.read(|c| {
            let Some(key) = calendar_key(c, owner, calendar)? else { return Ok(()) };
            let (filter, after) = match after {
                Some(revision) => ("r.calendar = ?1 AND r.revision > ?2", revision),
                None => ("r.calendar = ?1 AND ?2 = 0", 0),
            };
            let sql =
                format!("SELECT {RESOURCE_COLUMNS} FROM resource r WHERE {filter} ORDER BY r.href");
            let mut statement = c.prepare_cached(&sql)?;
            let mut rows = statement.query(params![key, after])?;
            while let Some(row) = rows.next()? {
                visit(resource_from(calendar, row, 0)?);
            }
            Ok(())
        })
    }

    /// Up to `limit` resources after an address, in order of address.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn resources_after(
        &self,
        owner: &OwnerId,
        calendar: &CalendarId,
        after: Option<&Href>,
        limit: usize,
    ) -> Result<Vec<Resource>, StoreError> {
        self.read(|c| {
            let Some(key) = calendar_key(c, owner, calendar)? else { return Ok(Vec::new()) };
            let sql = format!(
                "SELECT {RESOURCE_COLUMNS} FROM resource r
                 WHERE r.calendar = ?1 AND r.href > ?2 ORDER BY r.href LIMIT ?3"
            );
            let mut statement = c.prepare_cached(&sql)?;
            // No href is empty, so the empty text comes before all.
            let after = after.map_or("", Href::as_str);
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = statement
                .query_map(params![key, after, limit], |row| resource_from(calendar, row, 0))?;
            rows.collect()
        })
    }

    /// Address and entity tag of every resource of a calendar.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn resource_tags(
        &self,
        owner: &OwnerId,
        calendar: &CalendarId,
    ) -> Result<Vec<(Href, Option<Etag>)>, StoreError> {
        self.read(|c| {
            let Some(key) = calendar_key(c, owner, calendar)? else { return Ok(Vec::new()) };
            let mut statement = c.prepare_cached(
                "SELECT href, etag FROM resource WHERE calendar = ?1 ORDER BY href",
            )?;
            let rows = statement.query_map([key], |row| {
                let etag = row.get::<_, Option<String>>(1)?;
                Ok((Href::new(row.get::<_, String>(0)?), etag.as_deref().and_then(Etag::new)))
            })?;
            rows.collect()
        })
    }

    /// Puts one resource into the mirror outside of a reading: what was read back
    /// after a write. Returns whether anything changed.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn mirror_put(&self, owner: &OwnerId, resource: &Resource) -> Result<bool, StoreError> {
        self.write(Durability::Process, |tx| {
            let key = know_calendar(tx, owner, &resource.calendar)?;
            Ok(put(tx, key, resource)?.changed)
        })
    }

    /// Takes one resource out of the mirror outside of a reading; a tombstone
    /// stays. Returns whether it was there.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn mirror_remove(
        &self,
        owner: &OwnerId,
        calendar: &CalendarId,
        href: &Href,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(Durability::Process, |tx| {
            let Some(key) = calendar_key(tx, owner, calendar)? else { return Ok(false) };
            let removed = bury(tx, key, at, "r.calendar = ?1 AND r.href = ?3", href.as_str())?;
            Ok(!removed.is_empty())
        })
    }
}

/// How many resources a calendar's row holds.
pub(crate) fn count_resources(connection: &Connection, key: i64) -> rusqlite::Result<u64> {
    let count: i64 = connection
        .prepare_cached("SELECT count(*) FROM resource WHERE calendar = ?1")?
        .query_row([key], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}
