//! From the file to the typed configuration, with everything that is wrong
//! reported at once; and reading it again while the daemon runs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use toml::de::DeTable;
use url::Url;

use crate::config::account::{self, Account};
use crate::config::env::Env;
use crate::config::error::{ConfigError, Problem};
use crate::config::pair::{self, Common, Ground};
use crate::config::raw::{Findings, Section};
use crate::config::settings::{
    self, AgendaSettings, DaemonSettings, Limits, NotifySettings, ReportSettings, Schedule,
};
use crate::model::id::{AccountId, Address, OwnerId};
use crate::model::pair::{Pair, Person};

/// A holiday calendar (`.ics`) that a configuration names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolidaySource<'a> {
    /// What lies in a file.
    File(&'a [u8]),
    /// What lies at an address, as far as it was fetched before: none yet is no error.
    Address(&'a Url),
}

/// Reads a holiday calendar: days with their names, or why it cannot be read.
pub type HolidayReader<'a> = &'a dyn Fn(HolidaySource<'_>) -> Result<Vec<(Date, String)>, String>;

/// A configuration file larger than this is a mistake.
const SIZE_LIMIT: u64 = 4 * 1024 * 1024;

/// Everything the owner wrote, typed and checked. Compared to tell whether a
/// reload changed anything.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The file it was read from.
    pub path: PathBuf,
    /// Whom onbeat works for: the first address of `[me]`.
    pub owner: OwnerId,
    /// `[me]`.
    pub me: Person,
    /// `[[account]]`, in order; at least one.
    pub accounts: Vec<Account>,
    /// `[[pair]]`, in order.
    pub pairs: Vec<Pair>,
    /// `[schedule]`.
    pub schedule: Schedule,
    /// `[agenda]`.
    pub agenda: AgendaSettings,
    /// `[report]`.
    pub report: ReportSettings,
    /// `[notify]`.
    pub notify: NotifySettings,
    /// `[daemon]`.
    pub daemon: DaemonSettings,
    /// `[limits]`.
    pub limits: Limits,
    /// Addresses of holiday calendars on the web: fetched by whoever has a network.
    pub remote_holidays: BTreeSet<Url>,
}

impl Config {
    /// The account of a name.
    pub fn account(&self, id: &AccountId) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == *id)
    }

    /// The pair a person means by a word on the command line: its id, an address,
    /// or a name, in this order; a beginning of a name if only one pair has it.
    pub fn find_pair(&self, word: &str) -> Option<&Pair> {
        let lower = word.trim().to_lowercase();
        let address = Address::new(word);
        let exact = self
            .pairs
            .iter()
            .find(|pair| pair.id.as_str() == word.trim())
            .or_else(|| self.pairs.iter().find(|pair| pair.partner.is(&address)))
            .or_else(|| self.pairs.iter().find(|pair| pair.partner.name.to_lowercase() == lower));
        if exact.is_some() || lower.is_empty() {
            return exact;
        }
        let mut close =
            self.pairs.iter().filter(|pair| pair.partner.name.to_lowercase().starts_with(&lower));
        close.next().filter(|_| close.next().is_none())
    }
}

/// What reading the configuration again brought.
#[derive(Debug)]
pub enum Reload {
    /// Nothing that matters changed.
    Same,
    /// A new configuration.
    Changed(Box<Config>),
    /// The new one is broken: the old one goes on.
    Broken(ConfigError),
}

/// Reads a configuration file.
///
/// # Errors
/// When there is none, or with everything that is wrong in it.
pub fn load(path: &Path, holidays: HolidayReader<'_>) -> Result<Config, ConfigError> {
    let size = std::fs::metadata(path).map_err(|e| ConfigError::io(path, e))?.len();
    if size > SIZE_LIMIT {
        let problem = Problem {
            line: 1,
            column: 1,
            message: format!("the file is {size} bytes long"),
            remedy: "this is no configuration; name the right file with --config".to_owned(),
        };
        return Err(ConfigError::Invalid { path: path.to_owned(), problems: vec![problem] });
    }
    let text = std::fs::read_to_string(path).map_err(|e| ConfigError::io(path, e))?;
    parse(&text, path, holidays)
}

/// Reads the file of a running configuration again.
pub fn reload(current: &Config, holidays: HolidayReader<'_>) -> Reload {
    match load(&current.path, holidays) {
        Ok(new) if new == *current => Reload::Same,
        Ok(new) => Reload::Changed(Box::new(new)),
        Err(error) => Reload::Broken(error),
    }
}

/// Reads a configuration's text; relative paths are relative to `path`'s folder.
///
/// # Errors
/// With everything that is wrong in it.
pub fn parse(text: &str, path: &Path, holidays: HolidayReader<'_>) -> Result<Config, ConfigError> {
    let findings = Findings::new(text);
    let config = read(text, path, holidays, &findings);
    let problems = findings.into_problems();
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => Err(ConfigError::Invalid { path: path.to_owned(), problems }),
    }
}

/// Reads into `findings`; `None` when something needed is missing.
pub(crate) fn read(
    text: &str,
    path: &Path,
    holidays: HolidayReader<'_>,
    findings: &Findings<'_>,
) -> Option<Config> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // What stands after a syntax error cannot be judged.
        for error in errors {
            let offset = error.span().map_or(0, |span| span.start);
            findings.at(offset, format!("this is not TOML: {}", error.message()), "");
        }
        return None;
    }
    let base = path.parent().unwrap_or(Path::new(""));
    // A table and its findings borrow the same text; the copy frees the lifetimes.
    sections(Section::root(findings, table.get_ref()), path, &Ground { base, holidays })
}

fn sections(root: Section<'_, '_>, path: &Path, ground: &Ground<'_>) -> Option<Config> {
    let mut remote = BTreeSet::new();
    root.missing("me", "write a section [me] with name, email and timezone");
    let me = root.section("me").and_then(|section| pair::me(section, ground, &mut remote));
    let schedule = settings::schedule(root.section("schedule"));
    let agenda = settings::agenda(root.section("agenda"), ground.base);
    let report = settings::report(root.section("report"));
    let notify = settings::notify(root.section("notify"), ground.base);
    let daemon = settings::daemon(root.section("daemon"));
    let limits = settings::limits(root.section("limits"));
    root.missing("account", "write an [[account]], or run `onbeat init`");
    let blocks = root.sections("account");
    let written = blocks.len();
    let accounts: Vec<Account> =
        blocks.into_iter().filter_map(|section| account::read(section, ground.base)).collect();
    let complete = accounts.len() == written;
    // Pairs are read even when [me] is broken, so that their own faults show too.
    let stand_in = stand_in();
    let common = Common {
        me: me.as_ref().unwrap_or(&stand_in),
        schedule: &schedule,
        accounts: &accounts,
        agenda_lead: agenda.lead,
        accounts_complete: complete,
    };
    let pairs: Vec<Pair> = root
        .sections("pair")
        .into_iter()
        .filter_map(|section| pair::read(section, &common, ground, &mut remote))
        .collect();
    check_distinct(&pairs, &accounts, &mut |message, remedy| {
        let key = if message.starts_with("two accounts") { "account" } else { "pair" };
        root.problem(key, message, remedy);
    });
    root.done();
    let me = me?;
    let owner = OwnerId::new(me.addresses.first()?.as_str());
    let path = path.to_owned();
    Some(Config {
        path,
        owner,
        me,
        accounts,
        pairs,
        schedule,
        agenda,
        report,
        notify,
        daemon,
        limits,
        remote_holidays: remote,
    })
}

/// Reports pairs that share an id or an address.
fn check_distinct(pairs: &[Pair], accounts: &[Account], report: &mut dyn FnMut(String, &str)) {
    let mut seen = BTreeSet::new();
    for pair in pairs {
        for address in &pair.partner.addresses {
            if !seen.insert(address.clone()) {
                report(
                    format!("{address} is the partner of two pairs"),
                    "keep one [[pair]] per person",
                );
            }
        }
    }
    let mut ids = BTreeSet::new();
    for pair in pairs {
        if !ids.insert(&pair.id) {
            report(
                format!("two pairs have the id {:?}", pair.id.as_str()),
                "give each its own `id`",
            );
        }
    }
    let mut names = BTreeSet::new();
    for account in accounts {
        if !names.insert(&account.id) {
            report(
                format!("two accounts are named {:?}", account.id.as_str()),
                "give each its own `name`",
            );
        }
    }
}

fn stand_in() -> Person {
    Person {
        name: String::new(),
        addresses: Vec::new(),
        zone: jiff::tz::TimeZone::UTC,
        hours: pair::office_hours(),
        holidays: std::collections::BTreeMap::new(),
    }
}

/// Where the files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The configuration file.
    pub config: PathBuf,
    /// The state directory.
    pub state: PathBuf,
}

/// Where the files are: as given, else the service manager's directories, else
/// the platform's.
///
/// # Errors
/// [`ConfigError::NoHome`] when the platform's directories are needed and there is
/// no home.
pub fn locate(
    config: Option<&Path>,
    state: Option<&Path>,
    env: &Env,
) -> Result<Places, ConfigError> {
    let dirs = || directories::ProjectDirs::from("", "", "onbeat").ok_or(ConfigError::NoHome);
    let config = match (config, &env.configuration_directory) {
        (Some(path), _) => path.to_owned(),
        (None, Some(dir)) => dir.join("onbeat.toml"),
        (None, None) => dirs()?.config_dir().join("onbeat.toml"),
    };
    let state = match (state, &env.state_directory) {
        (Some(path), _) => path.to_owned(),
        (None, Some(dir)) => dir.clone(),
        (None, None) => dirs()?.data_dir().to_owned(),
    };
    Ok(Places { config, state })
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
