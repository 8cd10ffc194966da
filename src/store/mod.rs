//! The state file: mirror, ledger, journal and what belongs to the pairs. SQL
//! lives here and nowhere else; callers speak of resources, facts and writes.
//! It decides nothing and reads no clock: every moment is given.
//!
//! Everything is keyed by [`OwnerId`](crate::model::id::OwnerId). All methods
//! take `&self`; one store belongs to one thread.

mod agenda;
mod calendars;
mod catalog;
mod change;
mod damage;
mod error;
mod items;
mod journal;
mod ledger;
pub mod ledger_payload;
mod lock;
mod marks;
mod mirror;
mod notes;
mod open;
mod reading;
mod rows;
mod schema;

pub use agenda::FrozenAgenda;
pub use calendars::{SkippedMember, Tombstone};
pub use catalog::Catalog;
pub use damage::Quarantined;
pub use error::StoreError;
pub use items::ItemScope;
pub use journal::{EntryFilter, WriteCounts};
pub use ledger::{LedgerRow, NewLedgerRow};
pub use lock::StateLock;
pub use marks::{Pause, Pin, RaisedFlag};
pub use mirror::CalendarState;
pub use open::{STATE_FILE, Store};
pub use reading::{Finished, PendingRemovals, ReadExtent, Reading, ReadingEnd, TokenChange};

#[cfg(test)]
mod file_tests;
#[cfg(test)]
mod reading_tests;
#[cfg(test)]
mod tests;
