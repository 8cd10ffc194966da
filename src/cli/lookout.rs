//! The last reading of the calendars as verbs look at it: world, snapshot and
//! how complete the reading was, without asking a server.

use jiff::Timestamp;

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::wire;
use crate::config::Account;
use crate::engine::agenda;
use crate::engine::fetch::AccountReading;
use crate::engine::offline;
use crate::engine::world::World;
use crate::model::id::PairId;
use crate::model::ledger::Beat;
use crate::model::snapshot::{PairView, Snapshot};
use crate::store::Store;

/// One look.
pub struct Lookout {
    /// The world; nothing in it may be written to a calendar.
    pub world: World,
    /// How the last reading of each account went.
    pub readings: Vec<AccountReading>,
    /// The configured accounts.
    pub accounts: Vec<Account>,
    /// What it says now.
    pub snapshot: Snapshot,
}

impl Lookout {
    /// Looks at what is known.
    ///
    /// # Errors
    /// A configuration or state that cannot be used; no state yet.
    pub fn open(context: &Context) -> Result<Self, Failure> {
        let config = wire::load(context)?;
        let store = Store::open_read(&context.state_dir()?)?;
        let mut world = wire::assemble(&config, store, context)?;
        let readings = offline::readings(&world)?;
        let snapshot = offline::look_back(&mut world, &readings)?;
        Ok(Self { world, readings, accounts: config.accounts, snapshot })
    }

    /// The moment of the command.
    pub fn now(&self) -> Timestamp {
        self.snapshot.now
    }

    /// A pair's view.
    ///
    /// # Errors
    /// Never for a configured pair.
    pub fn view(&self, pair: &PairId) -> Result<&PairView, Failure> {
        self.snapshot
            .pairs
            .iter()
            .find(|view| view.pair.id == *pair)
            .ok_or_else(|| Failure::internal(format!("the snapshot has no pair {pair}")))
    }

    /// A pair's beats with their verdicts, by planned start.
    pub fn beats(&self, pair: &PairId) -> Vec<Beat> {
        agenda::beats(&self.world.ledger, pair, &self.snapshot)
    }
}
