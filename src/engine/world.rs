//! Everything a cycle works with: whom it works for, the accounts it may use,
//! the store, the clock and the settings. Wired together in `cli/wire.rs`.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::agenda::DraftOptions;
use crate::agenda::questions::QuestionBank;
use crate::clock::Clock;
use crate::engine::parsed::ParsedMirror;
use crate::engine::sources::SourceReader;
use crate::model::id::{AccountId, OwnerId, PairId, StepId};
use crate::model::ledger::LedgerState;
use crate::model::pair::{Pair, Person};
use crate::plan::input::Limits;
use crate::provider::CalendarProvider;
use crate::store::Store;

/// One owner's world.
pub struct World {
    /// The key of everything stored.
    pub owner: OwnerId,
    /// Whom onbeat works for.
    pub me: Person,
    /// The configured pairs.
    pub pairs: Vec<Pair>,
    /// Relationships that ended, with the first day on which nothing is expected.
    pub departed: BTreeMap<PairId, Date>,
    /// Accounts that failed and are left alone for a while; their calendars count
    /// as not read.
    pub resting: BTreeSet<AccountId>,
    /// The steps a person was shown and agreed to; `None`: whatever is planned.
    pub approved: Option<BTreeSet<StepId>>,
    /// Set to end the cycle before its next step.
    pub stop: Rc<Cell<bool>>,
    /// The configured accounts.
    pub accounts: Vec<AccountLink>,
    /// The state.
    pub store: Store,
    /// The time.
    pub clock: Box<dyn Clock>,
    /// Limits and habits.
    pub settings: Settings,
    /// The user's own templates by name: file name and text.
    pub templates: BTreeMap<String, (String, String)>,
    /// Rotating questions.
    pub bank: QuestionBank,
    /// Reads goal and metric sources.
    pub sources: Box<dyn SourceReader>,
    /// What was parsed of the mirror so far; empty at start.
    pub parsed: ParsedMirror,
    /// The ledger as folded so far; empty at start.
    pub ledger: LedgerState,
}

impl World {
    /// The current instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A configured account.
    pub fn account(&self, id: &AccountId) -> Option<&AccountLink> {
        self.accounts.iter().find(|account| account.id == *id)
    }
}

/// A configured account with its connection.
pub struct AccountLink {
    /// Its name.
    pub id: AccountId,
    /// The connection.
    pub provider: Box<dyn CalendarProvider>,
    /// Name of the calendar 1:1s are written to; `None`: the account is only read.
    pub write: Option<String>,
    /// Names of further calendars that count as busy.
    pub busy: Vec<String>,
}

/// Limits and habits of the engine.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The planner's limits; `mails_left` and `read_only` are filled in per cycle.
    pub limits: Limits,
    /// Mailing writes a day.
    pub mails_per_day: u32,
    /// Mailing writes a day into one event.
    pub mails_per_event: u64,
    /// A calendar that would lose more than this share of its members at once, in
    /// percent, is frozen …
    pub shrink_percent: u64,
    /// … when it has more members than this.
    pub shrink_floor: u64,
    /// How far back meetings are looked at.
    pub history: SignedDuration,
    /// How far ahead meetings are looked at.
    pub horizon: SignedDuration,
    /// How often every member of a calendar is listed, whatever the token says.
    pub full_listing: SignedDuration,
    /// How long a discovery is believed.
    pub rediscover: SignedDuration,
    /// Habits of agendas.
    pub agenda: DraftOptions,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            mails_per_day: 20,
            mails_per_event: 1,
            shrink_percent: 50,
            shrink_floor: 10,
            history: SignedDuration::from_hours(24 * 365),
            horizon: SignedDuration::from_hours(24 * 7 * 13),
            full_listing: SignedDuration::from_hours(24),
            rediscover: SignedDuration::from_hours(24),
            agenda: DraftOptions::default(),
        }
    }
}
