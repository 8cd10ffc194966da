//! The configuration file as serde sees it: every key there is, and no other.
//! Values stay text here; what they mean is `resolve.rs`.

use serde::Deserialize;
use toml::Spanned;

/// Text with its place in the file.
pub(super) type Text = Spanned<String>;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub me: Me,
    #[serde(default)]
    pub account: Vec<Account>,
    #[serde(default)]
    pub pair: Vec<Pair>,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub daemon: Daemon,
    #[serde(default)]
    pub notify: Notify,
}

/// One text or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "expected a text or a list of texts")]
pub(super) enum Texts {
    One(String),
    Many(Vec<String>),
}

impl Texts {
    pub(super) fn all(&self) -> Vec<&str> {
        match self {
            Self::One(text) => vec![text.as_str()],
            Self::Many(texts) => texts.iter().map(String::as_str).collect(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Me {
    pub name: String,
    pub email: Spanned<Texts>,
    pub timezone: Text,
    pub hours: Option<Text>,
    pub holidays: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    pub name: Text,
    pub kind: Spanned<Kind>,
    pub path: Option<String>,
    pub url: Option<Text>,
    pub username: Option<String>,
    pub password: Option<Spanned<toml::Value>>,
    pub ca_file: Option<String>,
    pub client_file: Option<String>,
    pub calendar: Option<String>,
    #[serde(default)]
    pub busy: Vec<String>,
    #[serde(default)]
    pub agenda_mail: AgendaMail,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Caldav,
    Google,
    Vdir,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AgendaMail {
    #[default]
    Never,
    Once,
    Own,
    Link,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pair {
    pub with: Spanned<Texts>,
    pub id: Option<Text>,
    pub name: Option<String>,
    #[serde(default)]
    pub role: Role,
    pub every: Option<Text>,
    pub duration: Option<Text>,
    pub ideal: Option<Text>,
    pub window: Option<Text>,
    #[serde(default)]
    pub mode: Mode,
    pub timezone: Option<Text>,
    pub hours: Option<Text>,
    pub holidays: Option<String>,
    pub flexibility: Option<Text>,
    pub buffer: Option<Text>,
    pub freeze: Option<Text>,
    #[serde(default)]
    pub priority: Priority,
    #[serde(default)]
    pub never_move: bool,
    pub account: Option<Text>,
    pub title: Option<String>,
    #[serde(default)]
    pub titles: Vec<String>,
    pub template: Option<String>,
    pub agenda_mail: Option<AgendaMail>,
    pub agenda_lead: Option<Text>,
    pub goals: Option<Texts>,
    #[serde(default)]
    pub metrics: Vec<Spanned<Metric>>,
    pub departed: Option<Text>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Role {
    Report,
    Manager,
    #[default]
    Peer,
    SkipLevel,
    Mentor,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Mode {
    Observe,
    #[default]
    Suggest,
    Act,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Priority {
    Low,
    #[default]
    Normal,
    High,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metric {
    pub file: Option<String>,
    pub command: Option<Vec<String>>,
    pub limit: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    pub max_per_day: u16,
    pub repair_days: u16,
    pub horizon_days: u16,
    pub agenda_writes: u16,
    pub steps: u16,
    pub mails_per_day: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_per_day: 6,
            repair_days: 28,
            horizon_days: 84,
            agenda_writes: 2,
            steps: 30,
            mails_per_day: 20,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Daemon {
    pub every: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Notify {
    pub quiet: Option<Text>,
    #[serde(default)]
    pub desktop: bool,
    pub command: Option<Spanned<Vec<String>>>,
    pub webhook: Option<Webhook>,
    pub mail: Option<Mail>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Webhook {
    pub url: Text,
    pub topic: Option<String>,
    pub token: Option<Spanned<toml::Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mail {
    pub host: String,
    pub port: Option<u16>,
    #[serde(default)]
    pub security: Security,
    pub username: Option<String>,
    pub password: Option<Spanned<toml::Value>>,
    pub from: String,
    pub to: Option<String>,
    pub digest: Option<Text>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Security {
    Tls,
    #[default]
    Starttls,
    None,
}
