//! The composition root: the one place that names concrete providers and
//! clocks and puts them together with configuration and state.

pub mod google;
pub mod holidays;
mod own;
mod unavailable;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::agenda::DraftOptions;
use crate::agenda::questions::QuestionBank;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::wire::holidays::Shelf;
use crate::clock::{Clock, FixedClock, SystemClock};
use crate::config::account::DavAccount;
use crate::config::env::Env;
use crate::config::{self, Account, AccountKind, Config, HolidaySource};
use crate::engine::fetch::lift_refusal;
use crate::engine::parsed::ParsedMirror;
use crate::engine::sources::LocalSources;
use crate::engine::world::{AccountLink, Settings, World};
use crate::model::id::{AccountId, OwnerId};
use crate::model::ledger::LedgerState;
use crate::model::pair::{Pair, Person};
use crate::plan::input::Limits;
use crate::provider::caldav::{CalDav, CalDavConfig};
use crate::provider::http::auth::Auth;
use crate::provider::http::client::Timeouts;
use crate::provider::http::secret::Secret;
use crate::provider::vdir::{VDir, VDirConfig};
use crate::provider::{CalendarProvider, ErrorKind, ProviderError};
use crate::store::{StateLock, Store, StoreError};

use self::unavailable::Unavailable;

/// The machine's clock, or one that stands still.
pub fn clock(fixed: Option<Timestamp>) -> Box<dyn Clock> {
    match fixed {
        Some(at) => Box::new(FixedClock(at)),
        None => Box::new(SystemClock),
    }
}

/// Tells how long it is since this call, by the machine's clock whatever
/// `ONBEAT_NOW` says.
pub fn stopwatch() -> impl Fn() -> std::time::Duration + Sync {
    let started = SystemClock.now();
    move || SystemClock.now().duration_since(started).unsigned_abs()
}

/// Configuration and state, for verbs that touch no calendar.
pub struct Setup {
    /// The owner's key in the state.
    pub owner: OwnerId,
    /// The owner.
    pub me: Person,
    /// The pairs.
    pub pairs: Vec<Pair>,
    /// The state.
    pub store: Store,
    /// The moment of the command.
    pub now: Timestamp,
}

impl Setup {
    /// Reads the configuration and opens the state, creating it where needed.
    ///
    /// # Errors
    /// A configuration or a state that cannot be used.
    pub fn open(context: &Context) -> Result<Self, Failure> {
        let config = load(context)?;
        let store = Store::open(&context.state_dir()?)?;
        Ok(Self::of(config, store, context.now()))
    }

    /// As [`Setup::open`], for looking at an existing state.
    ///
    /// # Errors
    /// As [`Setup::open`], and when there is no state yet.
    pub fn open_read(context: &Context) -> Result<Self, Failure> {
        let config = load(context)?;
        let store = Store::open_read(&context.state_dir()?)?;
        Ok(Self::of(config, store, context.now()))
    }

    fn of(config: Config, store: Store, now: Timestamp) -> Self {
        Self { owner: config.owner, me: config.me, pairs: config.pairs, store, now }
    }

    /// The owner's local date.
    pub fn today(&self) -> Date {
        self.me.zone.to_datetime(self.now).date()
    }
}

/// The configuration of this command, with holidays read.
///
/// # Errors
/// When it is missing or wrong.
pub fn load(context: &Context) -> Result<Config, Failure> {
    let shelf = Shelf::of(&context.state_dir()?);
    Ok(config::load(&context.config_path()?, &|source| shelf.days(source))?)
}

/// The configuration of a running daemon, read again.
pub fn reload(current: &Config, state: &Path) -> config::Reload {
    let shelf = Shelf::of(state);
    config::reload(current, &|source| shelf.days(source))
}

/// As [`load`], for a command that has a network: holidays at an address are fetched
/// where they are older than a week.
///
/// # Errors
/// When it is missing or wrong.
pub fn load_online(context: &Context) -> Result<Config, Failure> {
    let config = load(context)?;
    let today = config.me.zone.to_datetime(context.now()).date();
    let new = Shelf::of(&context.state_dir()?).refresh(&config.remote_holidays, today);
    if new { load(context) } else { Ok(config) }
}

/// A text checked as a configuration that would lie at a path.
///
/// # Errors
/// With everything that is wrong in it.
pub fn check_text(text: &str, path: &Path) -> Result<Config, Failure> {
    Ok(config::parse(text, path, &|source| match source {
        HolidaySource::File(data) => holidays::days(data),
        HolidaySource::Address(_) => Ok(Vec::new()),
    })?)
}

/// A world to run cycles in, and the lock that makes it the only one.
///
/// # Errors
/// A configuration or a state that cannot be used; another onbeat at work.
pub fn world(context: &Context, verb: &str) -> Result<(World, StateLock), Failure> {
    let config = load_online(context)?;
    let store = Store::open(&context.state_dir()?)?;
    let lock = store.lock(verb)?;
    if let Some(moment) = &context.env.die_at {
        crate::engine::hook::die_at(moment);
    }
    let world = assemble(&config, store, context)?;
    // A person asks: an account whose credentials were refused is tried again.
    for account in &world.accounts {
        lift_refusal(&world.store, &world.owner, &account.id, world.now())?;
    }
    Ok((world, lock))
}

/// A world over a configuration and an open state.
///
/// # Errors
/// When the owner's templates or questions cannot be read.
pub fn assemble(config: &Config, store: Store, context: &Context) -> Result<World, Failure> {
    Ok(World {
        owner: config.owner.clone(),
        me: config.me.clone(),
        pairs: config.pairs.clone(),
        departed: BTreeMap::new(),
        resting: BTreeSet::new(),
        approved: None,
        stop: Rc::default(),
        accounts: accounts(config, context),
        store,
        clock: context.clock(),
        settings: settings(config),
        templates: templates(config)?,
        bank: bank(config)?,
        sources: Box::new(LocalSources::default()),
        parsed: ParsedMirror::default(),
        ledger: LedgerState::default(),
    })
}

/// The owner's own templates.
///
/// # Errors
/// When they cannot be read.
pub fn templates(config: &Config) -> Result<BTreeMap<String, (String, String)>, Failure> {
    own::templates(&config.agenda.templates)
}

/// The questions in force: the owner's own, or the built-in ones.
///
/// # Errors
/// When the owner's cannot be read.
pub fn bank(config: &Config) -> Result<QuestionBank, Failure> {
    own::bank(config.agenda.questions.as_deref())
}

/// The configured accounts with their connections. One that cannot be used
/// stands in the list all the same and says why, so that the others go on.
pub fn accounts(config: &Config, context: &Context) -> Vec<AccountLink> {
    let link = |account: &Account| AccountLink {
        id: account.id.clone(),
        provider: provider(account, context)
            .unwrap_or_else(|error| Box::new(Unavailable::new(&account.id, &error))),
        write: account.calendar.clone(),
        busy: account.busy.clone(),
    };
    config.accounts.iter().map(link).collect()
}

/// What the engine needs of the configuration's sections.
pub fn settings(config: &Config) -> Settings {
    let limits = &config.limits;
    let days = |weeks: u16| i64::from(weeks) * 7;
    let defaults = Settings::default();
    Settings {
        limits: Limits {
            horizon_days: days(config.schedule.horizon_weeks),
            max_per_day: config.schedule.max_per_day.map_or(usize::MAX, usize::from),
            blast_radius: usize::try_from(limits.writes_per_run).unwrap_or(usize::MAX),
            ..Limits::default()
        },
        mails_per_day: limits.mails_per_run,
        mails_per_event: u64::from(limits.mails_per_event_per_day),
        shrink_percent: u64::from(limits.shrink_percent),
        shrink_floor: u64::from(limits.shrink_floor),
        history: SignedDuration::from_hours(24 * 31 * i64::from(config.report.history_months)),
        horizon: SignedDuration::from_hours(24 * (days(config.schedule.horizon_weeks) + 7)),
        full_listing: config.daemon.full_listing,
        agenda: DraftOptions {
            max_chars: usize::try_from(config.agenda.max_chars).ok(),
            value_question_every: u32::from(config.agenda.value_question_every),
            ..DraftOptions::default()
        },
        ..defaults
    }
}

/// The connection of an account; nothing is asked yet.
///
/// # Errors
/// A secret that cannot be had, an unusable certificate file.
pub fn provider(
    account: &Account,
    context: &Context,
) -> Result<Box<dyn CalendarProvider>, ProviderError> {
    match &account.kind {
        AccountKind::Vdir { path } => {
            Ok(Box::new(VDir::new(VDirConfig { account: account.id.clone(), root: path.clone() })))
        }
        AccountKind::Dav(dav) => {
            let name = || format!("account {}", account.id);
            let mut config = CalDavConfig::new(
                account.id.clone(),
                dav.url.clone(),
                auth(account, dav, &context.env)?,
            );
            if let Some(file) = &dav.ca {
                let unreadable = |error| {
                    let kind = ErrorKind::Tls(format!("{} cannot be read", file.display()));
                    ProviderError::new(kind, name()).caused_by(error)
                };
                config.extra_ca = Some(std::fs::read(file).map_err(unreadable)?);
            }
            Ok(Box::new(CalDav::new(config)?))
        }
        AccountKind::Google(found) => Ok(Box::new(google::provider(&account.id, found, context)?)),
    }
}

/// Credentials as the account says they are sent.
fn auth(account: &Account, dav: &DavAccount, env: &Env) -> Result<Auth, ProviderError> {
    let name = format!("account {}", account.id);
    let Some(source) = &dav.password else { return Ok(Auth::Anonymous) };
    let secret = source
        .fetch(account.id.as_str(), env)
        .map_err(|error| ProviderError::new(ErrorKind::NoCredentials, name).caused_by(error))?;
    let secret = Secret::new(secret.reveal());
    let user = dav.username.clone().unwrap_or_default();
    Ok(match dav.auth {
        config::account::Auth::Auto | config::account::Auth::Basic => {
            Auth::Basic { user, password: secret }
        }
        config::account::Auth::Digest => Auth::Digest { user, password: secret },
        config::account::Auth::Bearer => Auth::Bearer(secret),
    })
}

/// A client for addresses that are no calendar.
///
/// # Errors
/// When no TLS client can be made.
pub fn web_client(url: &url::Url) -> Result<reqwest::Client, Failure> {
    Ok(crate::provider::http::client::build(url, Timeouts::default(), None, true)?)
}

/// Forgets that an account was refused and what its server could do: its credentials
/// are new. A running daemon finds them in its next cycle.
///
/// # Errors
/// A configuration or state that cannot be used; none yet is none.
pub fn credentials_changed(context: &Context, account: &AccountId) -> Result<(), Failure> {
    let store = match Store::open_read(&context.state_dir()?) {
        Ok(store) => store,
        Err(StoreError::Missing { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let owner = load(context)?.owner;
    lift_refusal(&store, &owner, account, context.now())?;
    Ok(store.drop_catalog(&owner, account, context.now())?)
}

/// Runs asynchronous work to its end on this thread.
///
/// # Errors
/// When the system gives no event queue.
pub fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::internal("the system gives no event queue").because(error))?;
    Ok(runtime.block_on(work))
}
