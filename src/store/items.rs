//! What people noted: talking points, actions and reflections. They belong to
//! the pair and outlive every event.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use crate::model::agenda::{Item, ItemKind, Origin, Reflection, Side};
use crate::model::id::{ItemId, OwnerId, PairId};
use crate::store::error::StoreError;
use crate::store::open::{Durability, Store, know_owner};
use crate::store::rows::{Day, Moment, Word};

/// Which items are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemScope {
    /// Not done, whether or not they are put off to a later date.
    Open,
    /// Also done ones.
    All,
}

const COLUMNS: &str =
    "id, pair, kind, text, side, private, created, due, later, done, carried, origin";

fn item_from(row: &Row<'_>) -> rusqlite::Result<Item> {
    Ok(Item {
        id: ItemId::new(row.get::<_, String>(0)?),
        pair: PairId::new(row.get::<_, String>(1)?),
        kind: ItemKind::from_word(&row.get::<_, String>(2)?)?,
        text: row.get(3)?,
        side: Side::from_word(&row.get::<_, String>(4)?)?,
        private: row.get(5)?,
        created: row.get::<_, Moment>(6)?.0,
        due: row.get::<_, Option<Day>>(7)?.map(|d| d.0),
        later: row.get::<_, Option<Day>>(8)?.map(|d| d.0),
        done: row.get::<_, Option<Moment>>(9)?.map(|m| m.0),
        carried: row.get(10)?,
        origin: Origin::from_word(&row.get::<_, String>(11)?)?,
    })
}

impl Store {
    /// An id no item of the owner has had: the smallest free number, as text.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn next_item_id(&self, owner: &OwnerId) -> Result<ItemId, StoreError> {
        self.read(|c| {
            let highest: i64 = c
                .prepare_cached(
                    "SELECT coalesce(max(CAST(id AS INTEGER)), 0) FROM item
                     WHERE owner = (SELECT id FROM owner WHERE name = ?1)",
                )?
                .query_row([owner.as_str()], |row| row.get(0))?;
            Ok(ItemId::new((highest + 1).to_string()))
        })
    }

    /// Adds an item, or replaces the one with its id (and brings a dropped one back).
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn put_item(&self, owner: &OwnerId, item: &Item) -> Result<(), StoreError> {
        self.put_items(owner, std::slice::from_ref(item))
    }

    /// [`Store::put_item`] for several, all or none.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn put_items(&self, owner: &OwnerId, items: &[Item]) -> Result<(), StoreError> {
        if items.is_empty() {
            return Ok(());
        }
        self.write(Durability::Power, |tx| {
            let owner = know_owner(tx, owner)?;
            let sql = format!(
                "INSERT INTO item (owner, {COLUMNS}) VALUES
                     (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
                 ON CONFLICT (owner, id) DO UPDATE SET
                     pair = excluded.pair, kind = excluded.kind, text = excluded.text,
                     side = excluded.side, private = excluded.private,
                     created = excluded.created, due = excluded.due, later = excluded.later,
                     done = excluded.done, carried = excluded.carried,
                     origin = excluded.origin, dropped = NULL"
            );
            let mut insert = tx.prepare_cached(&sql)?;
            for item in items {
                insert.execute(params![
                    owner,
                    item.id.as_str(),
                    item.pair.as_str(),
                    item.kind.word(),
                    item.text,
                    item.side.word(),
                    item.private,
                    Moment(item.created),
                    item.due.map(Day),
                    item.later.map(Day),
                    item.done.map(Moment),
                    item.carried,
                    item.origin.word(),
                ])?;
            }
            Ok(())
        })
    }

    /// One item that was not dropped.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn item(&self, owner: &OwnerId, id: &ItemId) -> Result<Option<Item>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM item
             WHERE owner = (SELECT id FROM owner WHERE name = ?1) AND id = ?2 AND dropped IS NULL"
        );
        self.read(|c| {
            c.prepare_cached(&sql)?
                .query_row(params![owner.as_str(), id.as_str()], item_from)
                .optional()
        })
    }

    /// A pair's items, oldest first; dropped ones are not among them.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn items(
        &self,
        owner: &OwnerId,
        pair: &PairId,
        scope: ItemScope,
    ) -> Result<Vec<Item>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM item
             WHERE owner = (SELECT id FROM owner WHERE name = ?1) AND pair = ?2
               AND dropped IS NULL AND (?3 OR done IS NULL)
             ORDER BY created, CAST(id AS INTEGER), id"
        );
        self.read(|c| {
            let mut statement = c.prepare_cached(&sql)?;
            let rows = statement.query_map(
                params![owner.as_str(), pair.as_str(), scope == ItemScope::All],
                item_from,
            )?;
            rows.collect()
        })
    }

    /// Takes an item away for good (a person deleted its line); the row stays.
    /// Returns whether it stood.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn drop_item(
        &self,
        owner: &OwnerId,
        id: &ItemId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(Durability::Power, |tx| {
            let changed = tx
                .prepare_cached(
                    "UPDATE item SET dropped = ?3
                     WHERE owner = (SELECT id FROM owner WHERE name = ?1) AND id = ?2
                       AND dropped IS NULL",
                )?
                .execute(params![owner.as_str(), id.as_str(), Moment(at)])?;
            Ok(changed > 0)
        })
    }

    /// Stores a reflection; a second one about the same meeting replaces the first.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn put_reflection(
        &self,
        owner: &OwnerId,
        reflection: &Reflection,
    ) -> Result<(), StoreError> {
        self.write(Durability::Power, |tx| {
            let owner = know_owner(tx, owner)?;
            tx.prepare_cached(
                "INSERT INTO reflection (owner, pair, beat, at, went_well, better, achieved)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT DO UPDATE SET at = excluded.at, went_well = excluded.went_well,
                     better = excluded.better, achieved = excluded.achieved",
            )?
            .execute(params![
                owner,
                reflection.pair.as_str(),
                Moment(reflection.beat),
                Moment(reflection.at),
                reflection.went_well,
                reflection.better,
                reflection.achieved,
            ])?;
            Ok(())
        })
    }

    /// A pair's reflections, by meeting.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn reflections(
        &self,
        owner: &OwnerId,
        pair: &PairId,
    ) -> Result<Vec<Reflection>, StoreError> {
        self.read(|c| {
            let mut statement = c.prepare_cached(
                "SELECT beat, at, went_well, better, achieved FROM reflection
                 WHERE owner = (SELECT id FROM owner WHERE name = ?1) AND pair = ?2 ORDER BY beat",
            )?;
            let rows = statement.query_map(params![owner.as_str(), pair.as_str()], |row| {
                Ok(Reflection {
                    pair: pair.clone(),
                    beat: row.get::<_, Moment>(0)?.0,
                    at: row.get::<_, Moment>(1)?.0,
                    went_well: row.get(2)?,
                    better: row.get(3)?,
                    achieved: row.get(4)?,
                })
            })?;
            rows.collect()
        })
    }
}
