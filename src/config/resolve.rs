//! From the file's keys to the model's words: defaults, references between
//! parts, and everything serde cannot check.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use toml::Spanned;

use crate::config::error::{ConfigError, line_of};
use crate::config::nearest::nearest;
use crate::config::{Account, AccountKind, Config, Limits, raw, values};
use crate::model::id::{AccountId, Address, OwnerId, PairId};
use crate::model::pair::{AgendaMail, MetricSource, Mode, Pair, Person, Role};
use crate::model::time::WeekHours;

mod notify;
mod secrets;

/// The file being resolved, for places and relative paths.
pub(super) struct Source<'a> {
    pub path: &'a Path,
    pub text: &'a str,
}

/// Working hours where none are stated.
const HOURS: &str = "Mon-Fri 09:00-17:00";

impl Source<'_> {
    /// An error at a value.
    fn at<T>(&self, value: &Spanned<T>, message: impl Into<String>) -> ConfigError {
        self.error(Some(line_of(self.text, value.span().start)), message.into(), None)
    }

    /// An error at a value with what would be right.
    fn at_with<T>(
        &self,
        value: &Spanned<T>,
        message: impl Into<String>,
        remedy: impl Display,
    ) -> ConfigError {
        let line = Some(line_of(self.text, value.span().start));
        self.error(line, message.into(), Some(remedy.to_string()))
    }

    fn error(&self, line: Option<usize>, message: String, remedy: Option<String>) -> ConfigError {
        ConfigError::Invalid { path: self.path.to_owned(), line, message, remedy }
    }

    /// Reads a small language's value.
    fn read<T>(
        &self,
        key: &str,
        value: &raw::Text,
        read: impl Fn(&str) -> Result<T, String>,
        example: &str,
    ) -> Result<T, ConfigError> {
        read(value.get_ref())
            .map_err(|why| self.at_with(value, format!("{key}: {why}"), format!("write it like {example:?}")))
    }

    /// As [`Source::read`], for a key that may be absent.
    fn read_opt<T>(
        &self,
        key: &str,
        value: Option<&raw::Text>,
        read: impl Fn(&str) -> Result<T, String>,
        example: &str,
    ) -> Result<Option<T>, ConfigError> {
        value.map(|value| self.read(key, value, read, example)).transpose()
    }

    /// A path as written: `~/…` from the home, relative ones from the file's folder.
    fn path(&self, text: &str) -> PathBuf {
        if let Some(rest) = text.strip_prefix("~/")
            && let Some(dirs) = directories::BaseDirs::new()
        {
            return dirs.home_dir().join(rest);
        }
        self.path.parent().unwrap_or(Path::new("")).join(text)
    }

    fn zone(&self, key: &str, value: &raw::Text) -> Result<TimeZone, ConfigError> {
        let name = value.get_ref();
        TimeZone::get(name).map_err(|_| {
            let known: Vec<String> = jiff::tz::db().available().map(|n| n.as_str().to_owned()).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let remedy = match nearest(name, &known) {
                Some(near) => format!("did you mean {near:?}?"),
                None => "use a name of the IANA time zone database, like \"Europe/Berlin\"".to_owned(),
            };
            self.at_with(value, format!("{key}: there is no time zone {name:?}"), remedy)
        })
    }

    fn addresses(&self, key: &str, value: &Spanned<raw::Texts>) -> Result<Vec<Address>, ConfigError> {
        let texts = value.get_ref().all();
        for text in &texts {
            let bare = Address::new(text);
            let parts = bare.as_str().split_once('@');
            if parts.is_none_or(|(user, host)| user.is_empty() || host.is_empty() || bare.as_str().contains(' ')) {
                return Err(self.at(value, format!("{key}: {text:?} is not a mail address")));
            }
        }
        if texts.is_empty() {
            return Err(self.at(value, format!("{key}: at least one address is needed")));
        }
        Ok(texts.iter().map(|text| Address::new(text)).collect())
    }
}

/// Checks everything and builds the configuration.
pub(super) fn resolve(raw: &raw::Raw, source: &Source<'_>) -> Result<Config, ConfigError> {
    let me = person(raw, source)?;
    let accounts = accounts(raw, source)?;
    let mut pairs = Vec::new();
    let mut partner_holidays = Vec::new();
    let mut departed = Vec::new();
    let mut known = BTreeSet::new();
    for one in &raw.pair {
        let pair = pair(one, &me, &accounts, source)?;
        for name in pair.partner.addresses.iter().map(Address::as_str).chain([pair.id.as_str()]) {
            // A pair's id may be its first address; another pair's may not.
            if known.contains(name) && pair.partner.addresses.first().is_none_or(|a| a.as_str() != name || pair.id.as_str() != name) {
                return Err(source.at(&one.with, format!("{name:?} belongs to another [[pair]] already")));
            }
        }
        known.extend(pair.partner.addresses.iter().map(|a| a.as_str().to_owned()));
        known.insert(pair.id.as_str().to_owned());
        if let Some(file) = &one.holidays {
            partner_holidays.push((pair.id.clone(), source.path(file)));
        }
        let read = |text: &str| text.parse::<Date>().map_err(|_| format!("{text:?} is not a date"));
        if let Some(date) = source.read_opt("departed", one.departed.as_ref(), read, "2026-12-31")? {
            departed.push((pair.id.clone(), date));
        }
        pairs.push(pair);
    }
    let every = source
        .read_opt("every", raw.daemon.every.as_ref(), values::length, "5 min")?
        .unwrap_or(SignedDuration::from_mins(5));
    if let Some(value) = raw.daemon.every.as_ref().filter(|_| every < SignedDuration::from_secs(10)) {
        return Err(source.at(value, "every: less than 10 seconds would only wear out servers"));
    }
    let owner = me.addresses.first().map(|a| OwnerId::new(a.as_str())).unwrap_or_else(|| OwnerId::new(""));
    Ok(Config {
        path: source.path.to_owned(),
        owner,
        holidays: raw.me.holidays.as_deref().map(|file| source.path(file)),
        notify: notify::notify(&raw.notify, &me, source)?,
        me,
        accounts,
        pairs,
        partner_holidays,
        departed,
        limits: limits(&raw.limits),
        every,
    })
}

fn person(raw: &raw::Raw, source: &Source<'_>) -> Result<Person, ConfigError> {
    let me = &raw.me;
    let hours = source.read_opt("hours", me.hours.as_ref(), values::hours, HOURS)?;
    Ok(Person {
        name: me.name.clone(),
        addresses: source.addresses("email", &me.email)?,
        zone: source.zone("timezone", &me.timezone)?,
        hours: hours.map_or_else(default_hours, Ok)?,
        holidays: std::collections::BTreeMap::new(),
    })
}

fn default_hours() -> Result<WeekHours, ConfigError> {
    values::hours(HOURS).map_err(|message| ConfigError::Invalid {
        path: PathBuf::new(),
        line: None,
        message,
        remedy: None,
    })
}

fn limits(raw: &raw::Limits) -> Limits {
    Limits {
        max_per_day: raw.max_per_day,
        repair_days: raw.repair_days,
        horizon_days: raw.horizon_days,
        agenda_writes: raw.agenda_writes,
        steps: raw.steps,
        mails_per_day: raw.mails_per_day,
    }
}

fn accounts(raw: &raw::Raw, source: &Source<'_>) -> Result<Vec<Account>, ConfigError> {
    let mut accounts: Vec<Account> = Vec::new();
    for one in &raw.account {
        let name = one.name.get_ref();
        if name.trim().is_empty() {
            return Err(source.at(&one.name, "name: an account needs a name"));
        }
        if accounts.iter().any(|other| other.id.as_str() == name) {
            return Err(source.at(&one.name, format!("name: there are two accounts {name:?}")));
        }
        accounts.push(Account {
            id: AccountId::new(name.as_str()),
            kind: account_kind(one, source)?,
            calendar: one.calendar.clone(),
            busy: one.busy.clone(),
            agenda_mail: agenda_mail(one.agenda_mail),
        });
    }
    Ok(accounts)
}

fn account_kind(one: &raw::Account, source: &Source<'_>) -> Result<AccountKind, ConfigError> {
    let kind = *one.kind.get_ref();
    let word = match kind {
        raw::Kind::Caldav => "caldav",
        raw::Kind::Google => "google",
        raw::Kind::Vdir => "vdir",
    };
    let missing = |key: &str, example: &str| {
        source.at_with(&one.kind, format!("a {word} account needs `{key}`"), format!("add {key} = {example}"))
    };
    let foreign = [
        ("path", one.path.is_some(), kind == raw::Kind::Vdir),
        ("url", one.url.is_some(), kind == raw::Kind::Caldav),
        ("username", one.username.is_some(), kind == raw::Kind::Caldav),
        ("password", one.password.is_some(), kind == raw::Kind::Caldav),
        ("ca_file", one.ca_file.is_some(), kind == raw::Kind::Caldav),
        ("client_file", one.client_file.is_some(), kind == raw::Kind::Google),
    ];
    if let Some((key, ..)) = foreign.iter().find(|(_, given, meant)| *given && !meant) {
        return Err(source.at(&one.kind, format!("a {word} account has no `{key}`")));
    }
    Ok(match kind {
        raw::Kind::Vdir => AccountKind::VDir {
            path: source.path(one.path.as_deref().ok_or_else(|| missing("path", "\"calendars\""))?),
        },
        raw::Kind::Caldav => {
            let url = one.url.as_ref().ok_or_else(|| missing("url", "\"https://dav.example.org/\""))?;
            let password = one.password.as_ref().ok_or_else(|| missing("password", "{ keyring = true }"))?;
            AccountKind::CalDav {
                url: web_address("url", url, source)?,
                username: one.username.clone().ok_or_else(|| missing("username", "\"elena\""))?,
                password: secrets::secret("password", password, one.name.get_ref(), source)?,
                ca_file: one.ca_file.as_deref().map(|file| source.path(file)),
            }
        }
        raw::Kind::Google => AccountKind::Google {
            client_file: source.path(
                one.client_file.as_deref().ok_or_else(|| missing("client_file", "\"client.json\""))?,
            ),
        },
    })
}

/// An address credentials may be sent to: https, or http on this machine.
fn web_address(key: &str, value: &raw::Text, source: &Source<'_>) -> Result<url::Url, ConfigError> {
    let text = value.get_ref();
    let url: url::Url = text.parse().map_err(|_| {
        source.at_with(value, format!("{key}: {text:?} is not a web address"), "write it like \"https://dav.example.org/\"")
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(source.at_with(value, format!("{key}: credentials do not belong into an address"), "use `username` and `password`"));
    }
    let local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" if url.host().is_some() => Ok(url),
        "http" if local => Ok(url),
        "http" => Err(source.at_with(
            value,
            format!("{key}: {text:?} would send credentials unprotected"),
            "use https; plain http is allowed on this machine only",
        )),
        _ => Err(source.at(value, format!("{key}: {text:?} is not an http address"))),
    }
}

fn pair(
    one: &raw::Pair,
    me: &Person,
    accounts: &[Account],
    source: &Source<'_>,
) -> Result<Pair, ConfigError> {
    let addresses = source.addresses("with", &one.with)?;
    if let Some(own) = addresses.iter().find(|a| me.is(a)) {
        return Err(source.at(&one.with, format!("with: {own} is your own address")));
    }
    let (account, mail) = pair_account(one, accounts, source)?;
    let first = addresses.first().map(|a| a.as_str().to_owned()).unwrap_or_default();
    let name = one.name.clone().unwrap_or_else(|| first.split('@').next().unwrap_or(&first).to_owned());
    let hours = source.read_opt("hours", one.hours.as_ref(), values::hours, HOURS)?;
    let zone = one.timezone.as_ref().map(|text| source.zone("timezone", text)).transpose()?;
    let window = source.read_opt("window", one.window.as_ref(), values::hours, "Tue-Thu 09:00-16:00")?;
    let minutes = |key, value, example| source.read_opt(key, value, values::length, example);
    let days = minutes("flexibility", one.flexibility.as_ref(), "3 days")?
        .map_or(3, |length| length.as_hours() / 24);
    let duration =
        minutes("duration", one.duration.as_ref(), "30 min")?.unwrap_or(SignedDuration::from_mins(30));
    if let Some(value) = one.duration.as_ref().filter(|_| !(5..=480).contains(&duration.as_mins())) {
        return Err(source.at(value, "duration: between 5 minutes and 8 hours"));
    }
    let role = role(one.role);
    Ok(Pair {
        id: one.id.as_ref().map_or_else(|| PairId::new(first), |id| PairId::new(id.get_ref().as_str())),
        title: one.title.clone().unwrap_or_else(|| format!("1:1 {name} / {}", me.name)),
        partner_hours_known: hours.is_some() || zone.is_some(),
        partner: Person {
            name,
            addresses,
            zone: zone.unwrap_or_else(|| me.zone.clone()),
            hours: hours.unwrap_or_else(|| me.hours.clone()),
            holidays: std::collections::BTreeMap::new(),
        },
        cadence: source
            .read_opt("every", one.every.as_ref(), values::cadence, "2 weeks")?
            .unwrap_or(crate::model::pair::Cadence { every: 1, unit: crate::model::pair::CadenceUnit::Weeks }),
        duration,
        ideal: source.read_opt("ideal", one.ideal.as_ref(), values::ideal, "Tue 10:00")?,
        window: window.unwrap_or_else(|| me.hours.clone()),
        flexibility_days: u16::try_from(days).unwrap_or(u16::MAX),
        buffer_minutes: minutes("buffer", one.buffer.as_ref(), "5 min")?
            .map_or(0, |length| u16::try_from(length.as_mins()).unwrap_or(u16::MAX)),
        freeze: minutes("freeze", one.freeze.as_ref(), "24 h")?.unwrap_or(SignedDuration::from_hours(24)),
        priority: match one.priority {
            raw::Priority::Low => 1,
            raw::Priority::Normal => 2,
            raw::Priority::High => 3,
        },
        mode: match one.mode {
            raw::Mode::Observe => Mode::Observe,
            raw::Mode::Suggest => Mode::Suggest,
            raw::Mode::Act => Mode::Act,
        },
        never_move: one.never_move,
        account,
        template: one.template.clone().unwrap_or_else(|| template(role).to_owned()),
        role,
        agenda_mail: one.agenda_mail.map_or(mail, agenda_mail),
        agenda_lead: minutes("agenda_lead", one.agenda_lead.as_ref(), "16 h")?,
        title_aliases: one.titles.iter().map(|title| title.to_lowercase()).collect(),
        goals: one.goals.iter().flat_map(raw::Texts::all).map(|file| source.path(file).display().to_string()).collect(),
        metrics: one.metrics.iter().map(|metric| metric_source(metric, source)).collect::<Result<_, _>>()?,
    })
}

/// The account that carries the pair: the named one, else the first that has a
/// calendar to write to, else the first.
fn pair_account(
    one: &raw::Pair,
    accounts: &[Account],
    source: &Source<'_>,
) -> Result<(AccountId, AgendaMail), ConfigError> {
    let found = match &one.account {
        Some(name) => accounts.iter().find(|a| a.id.as_str() == name.get_ref()).ok_or_else(|| {
            let known: Vec<&str> = accounts.iter().map(|a| a.id.as_str()).collect();
            let remedy = match nearest(name.get_ref(), &known) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("the accounts are: {}", known.join(", ")),
            };
            source.at_with(name, format!("account: there is no account {:?}", name.get_ref()), remedy)
        })?,
        None => {
            let writable = accounts.iter().find(|a| a.calendar.is_some()).or_else(|| accounts.first());
            writable.ok_or_else(|| {
                source.at_with(&one.with, "a pair needs a calendar", "add an [[account]]")
            })?
        }
    };
    Ok((found.id.clone(), found.agenda_mail))
}

fn metric_source(metric: &Spanned<raw::Metric>, source: &Source<'_>) -> Result<MetricSource, ConfigError> {
    let one = metric.get_ref();
    match (&one.file, &one.command) {
        (Some(file), None) => Ok(MetricSource::File { path: source.path(file).display().to_string() }),
        (None, Some(argv)) if !argv.is_empty() => {
            let limit = source.read_opt("limit", one.limit.as_ref(), values::length, "10 s")?;
            let seconds = limit.map_or(10, |length| length.as_secs().clamp(1, 120));
            Ok(MetricSource::Command { argv: argv.clone(), seconds: u16::try_from(seconds).unwrap_or(10) })
        }
        _ => Err(source.at_with(metric, "metrics: exactly one of `file` and `command` is needed", "write it like { file = \"metrics.csv\" }")),
    }
}

fn role(raw: raw::Role) -> Role {
    match raw {
        raw::Role::Report => Role::Report,
        raw::Role::Manager => Role::Manager,
        raw::Role::Peer => Role::Peer,
        raw::Role::SkipLevel => Role::SkipLevel,
        raw::Role::Mentor => Role::Mentor,
    }
}

/// The template of a role where none is named.
fn template(role: Role) -> &'static str {
    match role {
        Role::Report => "lead-down",
        Role::Manager => "manager-up",
        Role::Peer => "peer",
        Role::SkipLevel => "skip-level",
        Role::Mentor => "mentor",
    }
}

fn agenda_mail(raw: raw::AgendaMail) -> AgendaMail {
    match raw {
        raw::AgendaMail::Never => AgendaMail::Never,
        raw::AgendaMail::Once => AgendaMail::Once,
        raw::AgendaMail::Own => AgendaMail::Own,
        raw::AgendaMail::Link => AgendaMail::Link,
    }
}
