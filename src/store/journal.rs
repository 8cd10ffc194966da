//! The journal: intents before writes, outcomes after them, both append-only and
//! pressed onto the disk. Counts for the mail cap are read from here, so they
//! hold across restarts.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::model::id::{CalendarId, Etag, EventUid, Href, OwnerId, PairId, StepId};
use crate::model::journal::{Intent, JournalEntry, JournalId, LastWritten, Outcome, WriteKind};
use crate::store::error::StoreError;
use crate::store::open::{Durability, Store, know_owner};
use crate::store::rows::{Moment, Word, outcome_columns, outcome_from};

/// Which journal entries are wanted. The default is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Only of this pair.
    pub pair: Option<PairId>,
    /// Only of this event.
    pub uid: Option<EventUid>,
    /// Only of this occurrence (with `uid`).
    pub recurrence_id: Option<Timestamp>,
    /// Only of this kind.
    pub kind: Option<WriteKind>,
    /// Only those that mailed or may have mailed somebody.
    pub mail_only: bool,
    /// Only from this moment on.
    pub since: Option<Timestamp>,
    /// At most so many, the latest.
    pub limit: Option<usize>,
}

/// Writes counted for a cap. Writes that did not take effect do not count; writes
/// without a known outcome do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WriteCounts {
    /// All writes.
    pub writes: u64,
    /// Of these, those that mailed or may have mailed.
    pub mailing: u64,
    /// People mailed, one for each whose number is unknown.
    pub people: u64,
}

const COLUMNS: &str = "i.id, i.step, i.pair, i.account, i.collection, i.href, i.uid, \
    i.recurrence_id, i.kind, i.summary, i.at, i.before, i.before_etag, i.sent_digest, i.mails, \
    i.block, i.undoes, o.state, o.etag, o.reason, o.at, i.sent, i.new_start";

const LATEST: &str = "intent i JOIN owner w ON w.id = i.owner \
    LEFT JOIN outcome o ON o.id = (SELECT max(id) FROM outcome WHERE intent = i.id)";

fn entry_from(row: &Row<'_>) -> rusqlite::Result<JournalEntry> {
    let outcome = match row.get::<_, Option<String>>(17)? {
        Some(state) => {
            let etag: Option<String> = row.get(18)?;
            Some(outcome_from(&state, etag.as_deref(), row.get(19)?)?)
        }
        None => None,
    };
    Ok(JournalEntry {
        id: JournalId(row.get(0)?),
        intent: Intent {
            step: StepId::new(row.get::<_, String>(1)?),
            pair: PairId::new(row.get::<_, String>(2)?),
            calendar: CalendarId::new(row.get::<_, String>(3)?, row.get::<_, String>(4)?),
            href: Href::new(row.get::<_, String>(5)?),
            uid: EventUid::new(row.get::<_, String>(6)?),
            recurrence_id: row.get::<_, Option<Moment>>(7)?.map(|m| m.0),
            kind: WriteKind::from_word(&row.get::<_, String>(8)?)?,
            summary: row.get(9)?,
            at: row.get::<_, Moment>(10)?.0,
            before: row.get(11)?,
            before_etag: row.get::<_, Option<String>>(12)?.as_deref().and_then(Etag::new),
            sent_digest: row.get(13)?,
            sent: row.get(21)?,
            new_start: row.get::<_, Option<Moment>>(22)?.map(|m| m.0),
            mails: row.get(14)?,
            block: row.get(15)?,
            undoes: row.get::<_, Option<i64>>(16)?.map(JournalId),
        },
        outcome,
        settled_at: row.get::<_, Option<Moment>>(20)?.map(|m| m.0),
    })
}

impl Store {
    /// Journals a write before it is made.
    ///
    /// # Errors
    /// When the state cannot be written: then the write must not be made.
    pub fn append_intent(&self, owner: &OwnerId, intent: &Intent) -> Result<JournalId, StoreError> {
        self.write(Durability::Power, |tx| {
            let owner = know_owner(tx, owner)?;
            tx.prepare_cached(
                "INSERT INTO intent (owner, step, pair, account, collection, href, uid,
                     recurrence_id, kind, summary, at, before, before_etag, sent_digest, mails,
                     block, undoes, sent, new_start)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
                     ?17, ?18, ?19)",
            )?
            .execute(params![
                owner,
                intent.step.as_str(),
                intent.pair.as_str(),
                intent.calendar.account.as_str(),
                intent.calendar.collection,
                intent.href.as_str(),
                intent.uid.as_str(),
                intent.recurrence_id.map(Moment),
                intent.kind.word(),
                intent.summary,
                Moment(intent.at),
                intent.before,
                intent.before_etag.as_ref().map(Etag::as_str),
                intent.sent_digest,
                intent.mails,
                intent.block,
                intent.undoes.map(|id| id.0),
                intent.sent,
                intent.new_start.map(Moment),
            ])?;
            // The trigger that opens the intent inserts a row of its own, but SQLite
            // restores the last row id when a trigger ends.
            Ok(JournalId(tx.last_insert_rowid()))
        })
    }

    /// Journals what became of a write. A later outcome overrules an earlier one.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn append_outcome(
        &self,
        id: JournalId,
        outcome: &Outcome,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let (state, etag, reason) = outcome_columns(outcome);
        self.write(Durability::Power, |tx| {
            tx.prepare_cached(
                "INSERT INTO outcome (intent, at, state, etag, reason) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![id.0, Moment(at), state, etag, reason])?;
            Ok(())
        })
    }

    /// One entry of an owner.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn journal_entry(
        &self,
        owner: &OwnerId,
        id: JournalId,
    ) -> Result<Option<JournalEntry>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM {LATEST} WHERE w.name = ?1 AND i.id = ?2");
        self.read(|c| {
            c.prepare_cached(&sql)?.query_row(params![owner.as_str(), id.0], entry_from).optional()
        })
    }

    /// Entries by number, oldest first.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn journal_entries(
        &self,
        owner: &OwnerId,
        filter: &EntryFilter,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM {LATEST}
             WHERE w.name = ?1 AND (?2 IS NULL OR i.pair = ?2) AND (?3 IS NULL OR i.uid = ?3)
               AND (?4 IS NULL OR i.recurrence_id = ?4) AND (?5 IS NULL OR i.kind = ?5)
               AND (?6 = 0 OR i.mails IS NOT 0) AND (?7 IS NULL OR i.at >= ?7)
             ORDER BY i.id DESC LIMIT ?8"
        );
        let limit = filter.limit.and_then(|n| i64::try_from(n).ok()).unwrap_or(-1);
        self.read(|c| {
            let mut statement = c.prepare_cached(&sql)?;
            let rows = statement.query_map(
                params![
                    owner.as_str(),
                    filter.pair.as_ref().map(PairId::as_str),
                    filter.uid.as_ref().map(EventUid::as_str),
                    filter.recurrence_id.map(Moment),
                    filter.kind.map(Word::word),
                    filter.mail_only,
                    filter.since.map(Moment),
                    limit
                ],
                entry_from,
            )?;
            let mut entries: Vec<_> = rows.collect::<rusqlite::Result<_>>()?;
            entries.reverse();
            Ok(entries)
        })
    }

    /// Intents nobody knows the outcome of, oldest first: a crash left them.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn open_intents(&self, owner: &OwnerId) -> Result<Vec<JournalEntry>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM open_intent p CROSS JOIN {LATEST}
             WHERE i.id = p.intent AND w.name = ?1 ORDER BY i.id"
        );
        self.read(|c| {
            let mut statement = c.prepare_cached(&sql)?;
            let rows = statement.query_map([owner.as_str()], entry_from)?;
            rows.collect()
        })
    }

    /// The managed block that stands in an occurrence as far as onbeat knows: of
    /// the latest write that was done and not taken back.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn last_written(
        &self,
        owner: &OwnerId,
        uid: &EventUid,
        recurrence_id: Option<Timestamp>,
    ) -> Result<Option<LastWritten>, StoreError> {
        let sql = format!(
            "SELECT i.id, i.at, i.block, o.etag, i.sent_digest FROM {LATEST}
             WHERE w.name = ?1 AND i.uid = ?2 AND i.recurrence_id IS ?3
               AND i.block IS NOT NULL AND o.state = 'done'
               AND NOT EXISTS (
                   SELECT 1 FROM intent u
                   WHERE u.undoes = i.id AND 'done' =
                       (SELECT state FROM outcome WHERE intent = u.id ORDER BY id DESC LIMIT 1))
             ORDER BY i.id DESC LIMIT 1"
        );
        self.read(|c| {
            c.prepare_cached(&sql)?
                .query_row(
                    params![owner.as_str(), uid.as_str(), recurrence_id.map(Moment)],
                    |row| {
                        Ok(LastWritten {
                            id: JournalId(row.get(0)?),
                            at: row.get::<_, Moment>(1)?.0,
                            block: row.get(2)?,
                            etag: row.get::<_, Option<String>>(3)?.as_deref().and_then(Etag::new),
                            sent_digest: row.get(4)?,
                        })
                    },
                )
                .optional()
        })
    }

    /// Writes since a moment, of all events or of one occurrence.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn write_counts(
        &self,
        owner: &OwnerId,
        since: Timestamp,
        event: Option<(&EventUid, Option<Timestamp>)>,
    ) -> Result<WriteCounts, StoreError> {
        self.read(|c| count_writes(c, owner, since, event))
    }
}

fn count_writes(
    c: &Connection,
    owner: &OwnerId,
    since: Timestamp,
    event: Option<(&EventUid, Option<Timestamp>)>,
) -> rusqlite::Result<WriteCounts> {
    let sql = format!(
        "SELECT count(*), coalesce(sum(i.mails IS NOT 0), 0), coalesce(sum(coalesce(i.mails, 1)), 0)
         FROM {LATEST}
         WHERE w.name = ?1 AND i.at >= ?2
           AND (?3 IS NULL OR (i.uid = ?3 AND i.recurrence_id IS ?4))
           AND (o.state IS NULL OR o.state NOT IN ('stale', 'refused', 'failed'))"
    );
    let (uid, recurrence_id) = match event {
        Some((uid, recurrence_id)) => (Some(uid.as_str()), recurrence_id),
        None => (None, None),
    };
    c.prepare_cached(&sql)?.query_row(
        params![owner.as_str(), Moment(since), uid, recurrence_id.map(Moment)],
        |row| {
            Ok(WriteCounts {
                writes: row.get::<_, i64>(0)?.unsigned_abs(),
                mailing: row.get::<_, i64>(1)?.unsigned_abs(),
                people: row.get::<_, i64>(2)?.unsigned_abs(),
            })
        },
    )
}
