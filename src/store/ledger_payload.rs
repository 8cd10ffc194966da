//! One ledger fact as a row's `kind` and `payload` (JSON), both ways. Knows
//! nothing of SQL; kinds and field names are the stored format and never change
//! their meaning.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::event::Partstat;
use crate::model::id::{EventUid, OwnerId};
use crate::model::ledger::LedgerEntry;
use crate::model::observation::{Away, Ending, Fact, FlagKind, Party, Word};
use crate::model::snapshot::{OccurrenceKey, OrganizedBy};
use crate::store::error::StoreError;
use crate::store::ledger::{LedgerRow, NewLedgerRow};
use crate::store::open::Store;

/// A stored row that cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum LedgerRowError {
    /// The payload is not what its kind needs.
    #[error("ledger entry {seq} ({kind}) cannot be read")]
    Payload {
        /// The row's number.
        seq: i64,
        /// Its kind.
        kind: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

/// The stored form of a [`Fact`]; the tag goes to the `kind` column.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Stored {
    Appeared { end: Timestamp, cadence_days: u16, organized_by: StoredOrganizer },
    Rekeyed,
    Moved { from: Timestamp, to: Timestamp, end: Timestamp, by: Option<StoredParty> },
    Resized { end: Timestamp },
    Cancelled { by: Option<StoredParty> },
    Removed { by: Option<StoredParty> },
    Restored,
    Replied { who: StoredParty, reply: Option<StoredReply> },
    Ended { how: StoredEnding },
    Gap,
    Away { who: StoredParty, holiday: bool, at_planned: bool },
    Back { at_planned: bool },
    Replaced { uid: String, start: Timestamp, end: Timestamp },
    ReplacementGone,
    Passed,
    Said { word: StoredWord },
    Touched,
    Looked,
    FlagRaised { flag: StoredFlag },
    FlagCleared { flag: StoredFlag },
}

/// What every payload carries beside the fact.
#[derive(Debug, Serialize, Deserialize)]
struct Common {
    seen: Timestamp,
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    complete: bool,
}

fn yes() -> bool {
    true
}

fn is_true(value: &bool) -> bool {
    *value
}

macro_rules! stored {
    ($stored:ident, $model:ident, [$($name:ident),+]) => {
        #[derive(Debug, Clone, Copy, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum $stored { $($name),+ }

        impl From<$model> for $stored {
            fn from(value: $model) -> Self {
                match value { $($model::$name => Self::$name),+ }
            }
        }

        impl From<$stored> for $model {
            fn from(value: $stored) -> Self {
                match value { $($stored::$name => Self::$name),+ }
            }
        }
    };
}

stored!(StoredOrganizer, OrganizedBy, [Owner, Partner, Other]);
stored!(StoredParty, Party, [Owner, Partner, Onbeat, Other]);
stored!(StoredReply, Partstat, [NeedsAction, Accepted, Declined, Tentative, Delegated]);
stored!(StoredEnding, Ending, [Until, RuleChanged, SeriesGone, Departed]);
stored!(StoredWord, Word, [Held, Skip, Excuse]);
stored!(StoredFlag, FlagKind, [PushedTwice, Overdue, OneWay, Falling, NeverConfirmed, Lapsed]);

/// Writes an entry as a row.
pub fn to_row(entry: &LedgerEntry) -> NewLedgerRow {
    let mut object = object_of(&store(&entry.fact));
    let kind = match object.remove("kind") {
        Some(Value::String(kind)) => kind,
        Some(_) | None => String::new(),
    };
    object.append(&mut object_of(&Common { seen: entry.seen, complete: entry.complete }));
    NewLedgerRow {
        at: entry.at,
        pair: entry.pair.clone(),
        kind,
        planned: entry.planned,
        uid: entry.key.as_ref().map(|key| key.uid.clone()),
        recurrence_id: entry.key.as_ref().and_then(|key| key.recurrence_id),
        payload: Value::Object(object).to_string(),
    }
}

/// Reads a row back.
///
/// # Errors
/// [`LedgerRowError::Payload`] when the kind is unknown or its payload does not fit.
pub fn from_row(row: LedgerRow) -> Result<LedgerEntry, LedgerRowError> {
    let LedgerRow { seq, fact: row } = row;
    let (common, fact) = read(&row).map_err(|source| LedgerRowError::Payload {
        seq,
        kind: row.kind.clone(),
        source,
    })?;
    Ok(LedgerEntry {
        seq,
        at: row.at,
        seen: common.seen,
        pair: row.pair,
        planned: row.planned,
        key: row.uid.map(|uid| OccurrenceKey { uid, recurrence_id: row.recurrence_id }),
        complete: common.complete,
        fact,
    })
}

fn read(row: &NewLedgerRow) -> Result<(Common, Fact), serde_json::Error> {
    let common: Common = serde_json::from_str(&row.payload)?;
    let mut object: Map<String, Value> = serde_json::from_str(&row.payload)?;
    object.insert("kind".to_owned(), Value::String(row.kind.clone()));
    let stored: Stored = serde_json::from_value(Value::Object(object))?;
    Ok((common, load(stored)))
}

/// The members of a value that serialises to an object (all of ours do).
fn object_of(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(object)) => object,
        Ok(_) | Err(_) => Map::new(),
    }
}

fn store(fact: &Fact) -> Stored {
    match fact {
        Fact::Appeared { end, cadence_days, organized_by } => Stored::Appeared {
            end: *end,
            cadence_days: *cadence_days,
            organized_by: (*organized_by).into(),
        },
        Fact::Rekeyed => Stored::Rekeyed,
        Fact::Moved { from, to, end, by } => {
            Stored::Moved { from: *from, to: *to, end: *end, by: by.map(Into::into) }
        }
        Fact::Resized { end } => Stored::Resized { end: *end },
        Fact::Cancelled { by } => Stored::Cancelled { by: by.map(Into::into) },
        Fact::Removed { by } => Stored::Removed { by: by.map(Into::into) },
        Fact::Restored => Stored::Restored,
        Fact::Replied { who, reply } => {
            Stored::Replied { who: (*who).into(), reply: reply.map(Into::into) }
        }
        Fact::Ended { how } => Stored::Ended { how: (*how).into() },
        Fact::Gap => Stored::Gap,
        Fact::Away { away, at_planned } => {
            Stored::Away { who: away.who.into(), holiday: away.holiday, at_planned: *at_planned }
        }
        Fact::Back { at_planned } => Stored::Back { at_planned: *at_planned },
        Fact::Replaced { uid, start, end } => {
            Stored::Replaced { uid: uid.as_str().to_owned(), start: *start, end: *end }
        }
        Fact::ReplacementGone => Stored::ReplacementGone,
        Fact::Passed => Stored::Passed,
        Fact::Said { word } => Stored::Said { word: (*word).into() },
        Fact::Touched => Stored::Touched,
        Fact::Looked => Stored::Looked,
        Fact::FlagRaised { flag } => Stored::FlagRaised { flag: (*flag).into() },
        Fact::FlagCleared { flag } => Stored::FlagCleared { flag: (*flag).into() },
    }
}

fn load(stored: Stored) -> Fact {
    match stored {
        Stored::Appeared { end, cadence_days, organized_by } => {
            Fact::Appeared { end, cadence_days, organized_by: organized_by.into() }
        }
        Stored::Rekeyed => Fact::Rekeyed,
        Stored::Moved { from, to, end, by } => {
            Fact::Moved { from, to, end, by: by.map(Into::into) }
        }
        Stored::Resized { end } => Fact::Resized { end },
        Stored::Cancelled { by } => Fact::Cancelled { by: by.map(Into::into) },
        Stored::Removed { by } => Fact::Removed { by: by.map(Into::into) },
        Stored::Restored => Fact::Restored,
        Stored::Replied { who, reply } => {
            Fact::Replied { who: who.into(), reply: reply.map(Into::into) }
        }
        Stored::Ended { how } => Fact::Ended { how: how.into() },
        Stored::Gap => Fact::Gap,
        Stored::Away { who, holiday, at_planned } => {
            Fact::Away { away: Away { who: who.into(), holiday }, at_planned }
        }
        Stored::Back { at_planned } => Fact::Back { at_planned },
        Stored::Replaced { uid, start, end } => {
            Fact::Replaced { uid: EventUid::new(uid), start, end }
        }
        Stored::ReplacementGone => Fact::ReplacementGone,
        Stored::Passed => Fact::Passed,
        Stored::Said { word } => Fact::Said { word: word.into() },
        Stored::Touched => Fact::Touched,
        Stored::Looked => Fact::Looked,
        Stored::FlagRaised { flag } => Fact::FlagRaised { flag: flag.into() },
        Stored::FlagCleared { flag } => Fact::FlagCleared { flag: flag.into() },
    }
}

impl Store {
    /// Appends entries, all or none; their `seq` is given by the store.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn append_entries(
        &self,
        owner: &OwnerId,
        entries: &[LedgerEntry],
    ) -> Result<(), StoreError> {
        let rows: Vec<NewLedgerRow> = entries.iter().map(to_row).collect();
        self.append_ledger(owner, &rows).map(|_| ())
    }

    /// The entries after a number (0: all), in order, one at a time.
    ///
    /// # Errors
    /// When the state cannot be read, or holds an entry that cannot.
    pub fn each_entry(
        &self,
        owner: &OwnerId,
        after: i64,
        mut visit: impl FnMut(LedgerEntry),
    ) -> Result<(), StoreError> {
        let mut bad = None;
        self.each_ledger_row(owner, after, |row| match from_row(row) {
            Ok(entry) => visit(entry),
            Err(error) => bad = bad.take().or(Some(error)),
        })?;
        bad.map_or(Ok(()), |error| {
            Err(StoreError::Unreadable { what: "ledger entry", value: error.to_string() })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_735_689_600 + hour * 3600).unwrap()
    }

    fn all_facts() -> Vec<Fact> {
        let mut facts = vec![
            Fact::Appeared { end: at(1), cadence_days: 14, organized_by: OrganizedBy::Partner },
            Fact::Rekeyed,
            Fact::Moved { from: at(0), to: at(30), end: at(31), by: Some(Party::Onbeat) },
            Fact::Resized { end: at(1) },
            Fact::Cancelled { by: None },
            Fact::Removed { by: Some(Party::Owner) },
            Fact::Restored,
            Fact::Replied { who: Party::Partner, reply: None },
            Fact::Ended { how: Ending::RuleChanged },
            Fact::Gap,
            Fact::Away { away: Away { who: Party::Owner, holiday: true }, at_planned: false },
            Fact::Back { at_planned: true },
            Fact::Replaced { uid: "a@b".into(), start: at(3), end: at(4) },
            Fact::ReplacementGone,
            Fact::Passed,
            Fact::Said { word: Word::Excuse },
            Fact::Touched,
            Fact::Looked,
            Fact::FlagRaised { flag: FlagKind::OneWay },
            Fact::FlagCleared { flag: FlagKind::Lapsed },
        ];
        facts.extend(
            [
                Partstat::NeedsAction,
                Partstat::Accepted,
                Partstat::Declined,
                Partstat::Tentative,
                Partstat::Delegated,
            ]
            .map(|reply| Fact::Replied { who: Party::Owner, reply: Some(reply) }),
        );
        facts
    }

    #[test]
    fn every_fact_comes_back_as_it_was() {
        for (n, fact) in all_facts().into_iter().enumerate() {
            let entry = LedgerEntry {
                seq: i64::try_from(n).unwrap(),
                at: at(-2),
                seen: at(0),
                pair: "bob@example.org".into(),
                planned: (n % 2 == 0).then(|| at(5)),
                key: (n % 3 == 0)
                    .then(|| OccurrenceKey { uid: "u".into(), recurrence_id: Some(at(5)) }),
                complete: n % 2 == 1,
                fact,
            };
            let row = to_row(&entry);
            assert!(!row.kind.is_empty());
            assert!(!row.payload.contains("\"kind\""), "{}", row.payload);
            assert_eq!(from_row(LedgerRow { seq: entry.seq, fact: row }).unwrap(), entry);
        }
    }

    #[test]
    fn the_stored_form_is_frozen() {
        let entry = LedgerEntry {
            seq: 7,
            at: at(0),
            seen: at(1),
            pair: "p".into(),
            planned: Some(at(2)),
            key: None,
            complete: true,
            fact: Fact::Cancelled { by: Some(Party::Partner) },
        };
        let row = to_row(&entry);
        assert_eq!(row.kind, "cancelled");
        assert_eq!(row.payload, r#"{"by":"partner","seen":"2025-01-01T01:00:00Z"}"#);
    }

    #[test]
    fn an_unknown_kind_is_an_error_with_its_number() {
        let row = LedgerRow {
            seq: 3,
            fact: NewLedgerRow {
                at: at(0),
                pair: "p".into(),
                kind: "abducted".into(),
                planned: None,
                uid: None,
                recurrence_id: None,
                payload: r#"{"seen":"2025-01-01T01:00:00Z"}"#.into(),
            },
        };
        assert_eq!(
            from_row(row).unwrap_err().to_string(),
            "ledger entry 3 (abducted) cannot be read"
        );
    }
}
