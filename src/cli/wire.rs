//! The composition root: the one place that names concrete providers and
//! clocks and puts them together with configuration and state.

mod holidays;
mod unavailable;

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::clock::{Clock, FixedClock, SystemClock};
use crate::config::{self, Account, AccountKind, Config};
use crate::engine::sources::NoSources;
use crate::engine::world::{AccountLink, Settings, World};
use crate::model::id::OwnerId;
use crate::model::pair::{Pair, Person};
use crate::plan::input::Limits;
use crate::provider::caldav::{CalDav, CalDavConfig};
use crate::provider::http::auth::Auth;
use crate::provider::http::secret::Secret;
use crate::provider::vdir::{VDir, VDirConfig};
use crate::provider::{CalendarProvider, ErrorKind, ProviderError};
use crate::store::{StateLock, Store};

use self::unavailable::Unavailable;

/// The machine's clock, or one that stands still.
pub fn clock(fixed: Option<Timestamp>) -> Box<dyn Clock> {
    match fixed {
        Some(at) => Box::new(FixedClock(at)),
        None => Box::new(SystemClock),
    }
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
/// When it is missing or wrong, or a holiday file cannot be read.
pub fn load(context: &Context) -> Result<Config, Failure> {
    load_from(&context.config_path()?)
}

/// The configuration at a path, with holidays read.
///
/// # Errors
/// As [`load`].
pub fn load_from(path: &Path) -> Result<Config, Failure> {
    let mut config = config::load(path)?;
    if let Some(file) = &config.holidays {
        config.me.holidays = holidays::read(file)?;
        for pair in &mut config.pairs {
            // Somebody who works in the owner's zone has the owner's holidays
            // unless the configuration says otherwise.
            if pair.partner.zone == config.me.zone {
                pair.partner.holidays = config.me.holidays.clone();
            }
        }
    }
    for (id, file) in &config.partner_holidays {
        let days = holidays::read(file)?;
        if let Some(pair) = config.pairs.iter_mut().find(|pair| pair.id == *id) {
            pair.partner.holidays = days;
        }
    }
    Ok(config)
}

/// A world to run cycles in, and the lock that makes it the only one.
///
/// # Errors
/// A configuration or a state that cannot be used; another onbeat at work.
pub fn world(context: &Context, verb: &str) -> Result<(World, StateLock), Failure> {
    let config = load(context)?;
    let store = Store::open(&context.state_dir()?)?;
    let lock = store.lock(verb)?;
    Ok((assemble(&config, store, context.clock()), lock))
}

/// A world over a configuration and an open state.
pub fn assemble(config: &Config, store: Store, clock: Box<dyn Clock>) -> World {
    World {
        owner: config.owner.clone(),
        me: config.me.clone(),
        pairs: config.pairs.clone(),
        accounts: accounts(config),
        store,
        clock,
        settings: settings(config),
        templates: std::collections::BTreeMap::new(),
        bank: crate::agenda::questions::QuestionBank::default(),
        sources: Box::new(NoSources),
        parsed: crate::engine::parsed::ParsedMirror::default(),
        ledger: crate::model::ledger::LedgerState::default(),
        departed: config.departed.iter().cloned().collect(),
    }
}

/// The configured accounts with their connections. One that cannot be used
/// stands in the list all the same and says why, so that the others go on.
pub fn accounts(config: &Config) -> Vec<AccountLink> {
    let link = |account: &Account| AccountLink {
        id: account.id.clone(),
        provider: provider(account)
            .unwrap_or_else(|error| Box::new(Unavailable::new(&account.id, &error))),
        write: account.calendar.clone(),
        busy: account.busy.clone(),
    };
    config.accounts.iter().map(link).collect()
}

/// Limits of the engine from the configuration's.
pub fn settings(config: &Config) -> Settings {
    let limits = &config.limits;
    Settings {
        limits: Limits {
            repair_days: i64::from(limits.repair_days),
            horizon_days: i64::from(limits.horizon_days),
            max_per_day: usize::from(limits.max_per_day),
            agenda_writes: u32::from(limits.agenda_writes),
            blast_radius: usize::from(limits.steps),
            ..Limits::default()
        },
        mails_per_day: u32::from(limits.mails_per_day),
        ..Settings::default()
    }
}

/// The connection of an account; nothing is asked yet.
///
/// # Errors
/// A secret that cannot be had, an unusable certificate file.
pub fn provider(account: &Account) -> Result<Box<dyn CalendarProvider>, ProviderError> {
    match &account.kind {
        AccountKind::VDir { path } => {
            Ok(Box::new(VDir::new(VDirConfig { account: account.id.clone(), root: path.clone() })))
        }
        AccountKind::CalDav { url, username, password, ca_file } => {
            let unauthorized = |error| {
                ProviderError::new(ErrorKind::Unauthorized, format!("account {}", account.id)).caused_by(error)
            };
            let secret = password.read().map_err(unauthorized)?;
            let auth = Auth::Basic { user: username.clone(), password: Secret::new(secret.expose()) };
            let mut config = CalDavConfig::new(account.id.clone(), url.clone(), auth);
            if let Some(file) = ca_file {
                let unreadable = |error| {
                    let kind = ErrorKind::Tls(format!("{} cannot be read", file.display()));
                    ProviderError::new(kind, format!("account {}", account.id)).caused_by(error)
                };
                config.extra_ca = Some(std::fs::read(file).map_err(unreadable)?);
            }
            CalDav::new(config)?;
            Err(ProviderError::new(ErrorKind::Unsupported(String::new()), String::new()))
        }
        AccountKind::Google { .. } => {
            let kind = ErrorKind::Unsupported("Google accounts".to_owned());
            Err(ProviderError::new(kind, format!("account {}", account.id)))
        }
    }
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
