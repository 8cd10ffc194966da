//! The configuration file: read, checked, and turned into the model's words.
//! Every error says the line, what is wrong and what would be right. Opens no
//! calendar and no state.

pub mod env;
mod error;
pub mod nearest;
mod raw;
mod resolve;
pub mod secret;
mod values;

use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use jiff::civil::{Date, Time};

pub use error::ConfigError;

use crate::config::secret::SecretSource;
use crate::model::id::{AccountId, OwnerId, PairId};
use crate::model::pair::{AgendaMail, Pair, Person};

/// A configuration that can be used.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it was read from.
    pub path: PathBuf,
    /// The owner's key in the state: their first address.
    pub owner: OwnerId,
    /// The owner. Holidays are empty here: [`Config::holidays`] says where they lie.
    pub me: Person,
    /// The accounts, in file order.
    pub accounts: Vec<Account>,
    /// The pairs, in file order. Their partners' holidays are empty here.
    pub pairs: Vec<Pair>,
    /// ICS files with the owner's public holidays.
    pub holidays: Option<PathBuf>,
    /// ICS files with partners' public holidays, where they differ.
    pub partner_holidays: Vec<(PairId, PathBuf)>,
    /// Relationships that ended, with the day.
    pub departed: Vec<(PairId, Date)>,
    /// Limits in force.
    pub limits: Limits,
    /// How often the daemon looks by itself.
    pub every: SignedDuration,
    /// How the owner is told something.
    pub notify: Notify,
}

/// One calendar connection.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its name.
    pub id: AccountId,
    /// What it is.
    pub kind: AccountKind,
    /// Where new series are written, by calendar name; `None`: only read.
    pub calendar: Option<String>,
    /// Also counted as busy, by calendar name.
    pub busy: Vec<String>,
    /// Whether agendas may mail.
    pub agenda_mail: AgendaMail,
}

/// What an account is.
#[derive(Debug, Clone)]
pub enum AccountKind {
    /// A folder of `.ics` files.
    VDir {
        /// The folder.
        path: PathBuf,
    },
    /// A CalDAV server.
    CalDav {
        /// Its address: the server, a principal or a calendar home.
        url: url::Url,
        /// User name.
        username: String,
        /// Where the password is.
        password: SecretSource,
        /// A certificate authority of one's own (PEM).
        ca_file: Option<PathBuf>,
    },
    /// Google Calendar.
    Google {
        /// The OAuth client file as Google hands it out.
        client_file: PathBuf,
    },
}

/// Limits that keep onbeat calm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// 1:1s of the owner a day.
    pub max_per_day: u16,
    /// How far ahead meetings are kept in order, in days.
    pub repair_days: u16,
    /// How far ahead a new series is judged, in days.
    pub horizon_days: u16,
    /// Agenda writes per meeting.
    pub agenda_writes: u16,
    /// Steps one plan may have before a person must look at it.
    pub steps: u16,
    /// Mailing writes a day.
    pub mails_per_day: u16,
}

/// How the owner is told something.
#[derive(Debug, Clone, Default)]
pub struct Notify {
    /// Hours in which nothing is sent: from, to.
    pub quiet: Option<(Time, Time)>,
    /// Desktop notifications.
    pub desktop: bool,
    /// A program to run.
    pub command: Option<Vec<String>>,
    /// An address to post to.
    pub webhook: Option<Webhook>,
    /// Mail to the owner.
    pub mail: Option<Mail>,
}

/// Where notices are posted.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// The address.
    pub url: url::Url,
    /// The ntfy topic.
    pub topic: Option<String>,
    /// A bearer token.
    pub token: Option<SecretSource>,
}

/// How mail is handed in.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Host name.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection.
    pub security: MailSecurity,
    /// User and where the password is.
    pub login: Option<(String, SecretSource)>,
    /// From.
    pub from: String,
    /// To.
    pub to: String,
    /// Days between two digests.
    pub digest_days: u16,
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte.
    Tls,
    /// STARTTLS, required.
    StartTls,
    /// None; for a relay on this machine.
    Plain,
}

/// Reads and checks a configuration file.
///
/// # Errors
/// When it is missing, unreadable or wrong.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|e| ConfigError::read(path, e))?;
    parse(&text, path)
}

/// Checks a configuration text; relative paths are meant from the file's folder.
///
/// # Errors
/// When it is wrong.
pub fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
    let raw: raw::Raw = toml::from_str(text).map_err(|e| ConfigError::toml(path, text, &e))?;
    resolve::resolve(&raw, &resolve::Source { path, text })
}

#[cfg(test)]
mod tests;
