//! One mirrored row put or taken away; every change raises the calendar's
//! revision, and nothing is written for a row that is as it was.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use sha2::{Digest, Sha256};

use crate::model::id::{Etag, Href};
use crate::model::resource::Resource;
use crate::store::rows::Moment;

/// What [`put`] did.
pub(crate) struct Put {
    /// The row.
    pub(crate) id: i64,
    /// Text, tag or parent are others than before.
    pub(crate) changed: bool,
}

/// Raises the calendar's revision and returns it.
fn next_revision(tx: &Transaction<'_>, calendar: i64) -> rusqlite::Result<i64> {
    tx.prepare_cached(
        "UPDATE calendar SET revision = revision + 1 WHERE id = ?1 RETURNING revision",
    )?
    .query_row([calendar], |row| row.get(0))
}

/// Inserts or updates one row if it differs.
pub(crate) fn put(
    tx: &Transaction<'_>,
    calendar: i64,
    resource: &Resource,
) -> rusqlite::Result<Put> {
    let digest = Sha256::digest(&resource.data);
    let etag = resource.etag.as_ref().map(Etag::as_str);
    let parent = resource.parent.as_ref().map(Href::as_str);
    let same: Option<(i64, bool)> = tx
        .prepare_cached(
            "SELECT id, digest = ?3 AND etag IS ?4 AND parent IS ?5 FROM resource
             WHERE calendar = ?1 AND href = ?2",
        )?
        .query_row(
            params![calendar, resource.href.as_str(), digest.as_slice(), etag, parent],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    tx.prepare_cached("DELETE FROM skipped WHERE calendar = ?1 AND href = ?2")?
        .execute(params![calendar, resource.href.as_str()])?;
    if let Some((id, true)) = same {
        return Ok(Put { id, changed: false });
    }
    let revision = next_revision(tx, calendar)?;
    let id = tx
        .prepare_cached(
            "INSERT INTO resource (calendar, href, etag, parent, digest, revision, data)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (calendar, href) DO UPDATE SET
                 etag = excluded.etag, parent = excluded.parent, digest = excluded.digest,
                 revision = excluded.revision, data = excluded.data
             RETURNING id",
        )?
        .query_row(
            params![
                calendar,
                resource.href.as_str(),
                etag,
                parent,
                digest.as_slice(),
                revision,
                resource.data
            ],
            |row| row.get(0),
        )?;
    Ok(Put { id, changed: true })
}

/// Moves the rows a condition names (over `r`; the calendar is `?1`, its argument
/// `?3`) into the tombstones.
pub(crate) fn bury(
    tx: &Transaction<'_>,
    calendar: i64,
    at: Timestamp,
    condition: &str,
    argument: impl rusqlite::ToSql,
) -> rusqlite::Result<Vec<Href>> {
    let copy = format!(
        "INSERT INTO tombstone (calendar, href, etag, parent, removed_at, data)
         SELECT r.calendar, r.href, r.etag, r.parent, ?2, r.data FROM resource r
         WHERE {condition} ORDER BY r.href RETURNING href"
    );
    let removed: Vec<Href> = tx
        .prepare_cached(&copy)?
        .query_map(params![calendar, Moment(at), argument], |row| {
            Ok(Href::new(row.get::<_, String>(0)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    if removed.is_empty() {
        return Ok(removed);
    }
    let drop = format!("DELETE FROM resource AS r WHERE {condition} AND ?2 = ?2");
    tx.prepare_cached(&drop)?.execute(params![calendar, Moment(at), argument])?;
    next_revision(tx, calendar)?;
    Ok(removed)
}
