//! The ledger's rows: appended, read in order, never changed. What they mean is
//! the ledger's own business.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::model::id::{EventUid, OwnerId, PairId};
use crate::store::error::StoreError;
use crate::store::open::{Durability, Store, know_owner};
use crate::store::rows::Moment;

/// A fact about to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLedgerRow {
    /// When it became known.
    pub at: Timestamp,
    /// Whose 1:1.
    pub pair: PairId,
    /// What kind of fact, in the ledger's spelling.
    pub kind: String,
    /// The planned start of the beat it is about.
    pub planned: Option<Timestamp>,
    /// The event it was seen on.
    pub uid: Option<EventUid>,
    /// The occurrence's original start.
    pub recurrence_id: Option<Timestamp>,
    /// The rest, as the ledger spells it.
    pub payload: String,
}

/// A recorded fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// Its number; rising, never reused.
    pub seq: i64,
    /// What was recorded.
    pub fact: NewLedgerRow,
}

const COLUMNS: &str = "seq, at, pair, kind, planned, uid, recurrence_id, payload";

fn row_from(row: &Row<'_>) -> rusqlite::Result<LedgerRow> {
    Ok(LedgerRow {
        seq: row.get(0)?,
        fact: NewLedgerRow {
            at: row.get::<_, Moment>(1)?.0,
            pair: PairId::new(row.get::<_, String>(2)?),
            kind: row.get(3)?,
            planned: row.get::<_, Option<Moment>>(4)?.map(|m| m.0),
            uid: row.get::<_, Option<String>>(5)?.map(EventUid::new),
            recurrence_id: row.get::<_, Option<Moment>>(6)?.map(|m| m.0),
            payload: row.get(7)?,
        },
    })
}

impl Store {
    /// Appends facts, all or none, and returns the number of the last one.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn append_ledger(
        &self,
        owner: &OwnerId,
        facts: &[NewLedgerRow],
    ) -> Result<Option<i64>, StoreError> {
        if facts.is_empty() {
            return Ok(None);
        }
        self.write(Durability::Power, |tx| {
            let owner = know_owner(tx, owner)?;
            let mut insert = tx.prepare_cached(
                "INSERT INTO ledger (owner, at, pair, kind, planned, uid, recurrence_id, payload)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?;
            for fact in facts {
                insert.execute(params![
                    owner,
                    Moment(fact.at),
                    fact.pair.as_str(),
                    fact.kind,
                    fact.planned.map(Moment),
                    fact.uid.as_ref().map(EventUid::as_str),
                    fact.recurrence_id.map(Moment),
                    fact.payload,
                ])?;
            }
            Ok(Some(tx.last_insert_rowid()))
        })
    }

    /// Visits the facts after a number (0: all), in order, one at a time.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn each_ledger_row(
        &self,
        owner: &OwnerId,
        after: i64,
        visit: impl FnMut(LedgerRow),
    ) -> Result<(), StoreError> {
        // Read in file order; a file with several owners is filtered on the way,
        // which costs less than jumping through an index for one of few owners.
        let sql = format!(
            "SELECT {COLUMNS} FROM ledger NOT INDEXED
             WHERE owner = (SELECT id FROM owner WHERE name = ?1) AND seq > ?2 ORDER BY seq"
        );
        self.read(|c| visit_rows(c, &sql, params![owner.as_str(), after], visit))
    }

    /// [`Store::each_ledger_row`] for one pair.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn each_ledger_row_of(
        &self,
        owner: &OwnerId,
        pair: &PairId,
        after: i64,
        visit: impl FnMut(LedgerRow),
    ) -> Result<(), StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM ledger INDEXED BY ledger_pair
             WHERE owner = (SELECT id FROM owner WHERE name = ?1) AND pair = ?2 AND seq > ?3
             ORDER BY seq"
        );
        self.read(|c| visit_rows(c, &sql, params![owner.as_str(), pair.as_str(), after], visit))
    }

    /// The facts after a number, collected.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn ledger_since(&self, owner: &OwnerId, after: i64) -> Result<Vec<LedgerRow>, StoreError> {
        let mut rows = Vec::new();
        self.each_ledger_row(owner, after, |row| rows.push(row))?;
        Ok(rows)
    }

    /// The number of the owner's last fact; 0 when there is none.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn ledger_end(&self, owner: &OwnerId) -> Result<i64, StoreError> {
        self.read(|c| {
            c.prepare_cached(
                // From the end of the file backwards: the owner's last is near it.
                "SELECT coalesce((SELECT seq FROM ledger NOT INDEXED
                     WHERE owner = (SELECT id FROM owner WHERE name = ?1)
                     ORDER BY seq DESC LIMIT 1), 0)",
            )?
            .query_row([owner.as_str()], |row| row.get(0))
        })
    }
}

fn visit_rows(
    c: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    mut visit: impl FnMut(LedgerRow),
) -> rusqlite::Result<()> {
    let mut statement = c.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    while let Some(row) = rows.next()? {
        visit(row_from(row)?);
    }
    Ok(())
}
