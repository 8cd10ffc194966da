//! The sections that hold for everything: schedule, agenda, report, notices,
//! daemon and limits, with their defaults.

use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use jiff::civil::Time;

use crate::config::account::{any_text, web_url};
use crate::config::raw::Section;
use crate::config::secret::{self, SecretSource};
use crate::config::words::{address, days_count, duration_within, span, time, week_hours};
use crate::model::id::Address;
use crate::model::pair::Mode;
use crate::model::time::WeekHours;

/// `[schedule]`: what pairs have in common, and the joint choice.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// How far ahead is planned, in weeks.
    pub horizon_weeks: u16,
    /// At most so many 1:1s a day; `None`: no limit.
    pub max_per_day: Option<u16>,
    /// When 1:1s may be, where a pair says nothing; `None`: the owner's hours.
    pub window: Option<WeekHours>,
    /// How far one occurrence may move, in days, where a pair says nothing.
    pub flexibility_days: u16,
    /// Free minutes around a meeting, where a pair says nothing.
    pub buffer_minutes: u16,
    /// Nothing starting within this time is touched, where a pair says nothing.
    pub freeze: SignedDuration,
    /// How far onbeat may go, where a pair says nothing.
    pub mode: Mode,
    /// Starts lie on multiples of this many minutes of the hour.
    pub grid_minutes: u16,
}

/// `[agenda]`.
#[derive(Debug, Clone, PartialEq)]
pub struct AgendaSettings {
    /// When on the working day before a meeting its agenda is written.
    pub at: Time,
    /// Written this long before the meeting instead; `None`: at `at`.
    pub lead: Option<SignedDuration>,
    /// Every how many meetings "how can I make our 1:1s more valuable" is asked; 0: never.
    pub value_question_every: u16,
    /// How long before a manager-up meeting the owner is reminded to prepare;
    /// `None`: not.
    pub reminder: Option<SignedDuration>,
    /// The folder with the owner's own templates; `None`: `templates` beside the file.
    pub templates: PathBuf,
    /// The owner's own question bank, if there is one.
    pub questions: Option<PathBuf>,
    /// Longest agenda written into an event, in characters.
    pub max_chars: u32,
}

/// `[report]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportSettings {
    /// How many months of history are read at first, and reported by default.
    pub history_months: u16,
    /// Whether published figures are printed beside the owner's own.
    pub context: bool,
}

/// `[notify]`: how the owner is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifySettings {
    /// No notices from..to on the owner's wall clock.
    pub quiet: Option<(Time, Time)>,
    /// A desktop notification.
    pub desktop: bool,
    /// A program, run without a shell; the notice is on its stdin.
    pub command: Option<Vec<String>>,
    /// A web address notices are posted to.
    pub webhook: Option<Webhook>,
    /// A mail server for the digest.
    pub email: Option<Email>,
}

/// `[notify.webhook]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Where to post.
    pub url: url::Url,
    /// The form of the body.
    pub format: WebhookFormat,
    /// A token sent as `Authorization: Bearer`.
    pub token: Option<SecretSource>,
}

/// The form of a webhook's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookFormat {
    /// JSON.
    Json,
    /// Text with ntfy's headers.
    Ntfy,
}

/// `[notify.email]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// The mail server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: MailSecurity,
    /// User name, if it wants one.
    pub username: Option<String>,
    /// Where the password lies.
    pub password: Option<SecretSource>,
    /// Sender; `None`: the owner's first address.
    pub from: Option<Address>,
    /// Receiver; `None`: the owner's first address.
    pub to: Option<Address>,
    /// How often the digest is sent.
    pub digest: Digest,
}

/// How a mail connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte (465).
    Tls,
    /// STARTTLS, required (587).
    StartTls,
    /// None; only for a relay on this machine.
    Plain,
}

/// How often the digest is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    /// Every working day.
    Daily,
    /// Every week.
    Weekly,
    /// Never.
    Off,
}

/// `[daemon]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonSettings {
    /// Between two cycles (±10 %).
    pub poll: SignedDuration,
    /// Every calendar is listed completely at least this often.
    pub full_listing: SignedDuration,
    /// Whether local folders and the configuration are watched.
    pub watch: bool,
}

/// `[limits]`: the caps no plan may pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Mails one event may cause in a day.
    pub mails_per_event_per_day: u32,
    /// Mails one run may cause.
    pub mails_per_run: u32,
    /// Writes one run may make; more stop before the first and ask.
    pub writes_per_run: u32,
    /// A calendar that would lose more than this share (percent) is frozen.
    pub shrink_percent: u32,
    /// Calendars smaller than this many members may lose all of them.
    pub shrink_floor: u32,
}

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

fn within(
    least: SignedDuration,
    most_days: i64,
) -> impl Fn(&str) -> Result<SignedDuration, String> {
    move |text| duration_within(text, least, SignedDuration::from_hours(24 * most_days))
}

/// The words of `mode`.
pub(crate) const MODES: &[(&str, Mode)] =
    &[("observe", Mode::Observe), ("suggest", Mode::Suggest), ("act", Mode::Act)];

/// `freeze`: a length of time up to two weeks.
pub(crate) fn freeze(text: &str) -> Result<SignedDuration, String> {
    within(SignedDuration::ZERO, 14)(text)
}

/// `buffer`: whole minutes up to four hours.
pub(crate) fn buffer(text: &str) -> Result<u16, String> {
    let length = duration_within(text, SignedDuration::ZERO, SignedDuration::from_hours(4))?;
    u16::try_from(length.as_mins()).map_err(|_| "write at most \"4 h\"".to_owned())
}

fn small(
    section: &Section<'_, '_>,
    key: &'static str,
    range: std::ops::RangeInclusive<u32>,
) -> Option<u16> {
    section.count(key, range).and_then(|n| u16::try_from(n).ok())
}

pub(crate) fn schedule(section: Option<Section<'_, '_>>) -> Schedule {
    let mut settings = Schedule {
        horizon_weeks: 12,
        max_per_day: None,
        window: None,
        flexibility_days: 3,
        buffer_minutes: 0,
        freeze: SignedDuration::from_hours(24),
        mode: Mode::Suggest,
        grid_minutes: 15,
    };
    let Some(section) = section else { return settings };
    settings.horizon_weeks = small(&section, "horizon_weeks", 1..=52).unwrap_or(12);
    settings.max_per_day = small(&section, "max_per_day", 1..=50);
    settings.window = section.word("window", week_hours);
    settings.flexibility_days = section.word("flexibility", days_count).unwrap_or(3);
    settings.buffer_minutes = section.word("buffer", buffer).unwrap_or(0);
    settings.freeze = section.word("freeze", freeze).unwrap_or(settings.freeze);
    settings.mode = section.choice("mode", MODES).unwrap_or(Mode::Suggest);
    settings.grid_minutes = section
        .choice("grid", &[("5 min", 5), ("10 min", 10), ("15 min", 15), ("30 min", 30)])
        .unwrap_or(15);
    section.done();
    settings
}

pub(crate) fn agenda(section: Option<Section<'_, '_>>, base: &Path) -> AgendaSettings {
    let mut settings = AgendaSettings {
        at: Time::constant(18, 0, 0, 0),
        lead: None,
        value_question_every: 6,
        reminder: Some(SignedDuration::from_hours(24)),
        templates: base.join("templates"),
        questions: None,
        max_chars: 6_000,
    };
    let Some(section) = section else { return settings };
    settings.at = section.word("at", time).unwrap_or(settings.at);
    settings.lead = section.word("lead", within(MINUTE, 7));
    settings.value_question_every = small(&section, "value_question_every", 0..=100).unwrap_or(6);
    let reminder = section.word("reminder", |text| match text {
        "never" => Ok(None),
        text => within(MINUTE, 7)(text).map(Some).map_err(|e| format!("{e}; or \"never\"")),
    });
    settings.reminder = reminder.unwrap_or(settings.reminder);
    if let Some(path) = section.text("templates") {
        settings.templates = base.join(path);
    }
    settings.questions = section.text("questions").map(|path| base.join(path));
    settings.max_chars = section.count("max_chars", 500..=8_000).unwrap_or(6_000);
    section.done();
    settings
}

pub(crate) fn report(section: Option<Section<'_, '_>>) -> ReportSettings {
    let mut settings = ReportSettings { history_months: 12, context: true };
    let Some(section) = section else { return settings };
    settings.history_months = small(&section, "history_months", 1..=60).unwrap_or(12);
    settings.context = section.flag("context").unwrap_or(true);
    section.done();
    settings
}

pub(crate) fn notify(section: Option<Section<'_, '_>>, base: &Path) -> NotifySettings {
    let mut settings =
        NotifySettings { quiet: None, desktop: false, command: None, webhook: None, email: None };
    let Some(section) = section else { return settings };
    settings.quiet = section.word("quiet", span);
    settings.desktop = section.flag("desktop").unwrap_or(false);
    settings.command = section.words("command", any_text);
    if settings.command.as_ref().is_some_and(Vec::is_empty) {
        section.problem("command", "the command is empty", "write the program and its arguments");
    }
    settings.webhook = section.section("webhook").and_then(|section| webhook(section, base));
    settings.email = section.section("email").and_then(|section| email(section, base));
    section.done();
    settings
}

fn webhook(section: Section<'_, '_>, base: &Path) -> Option<Webhook> {
    section.missing("url", "name the address, like url = \"https://ntfy.example.org/elena\"");
    let url = section.word("url", web_url);
    let formats = [("json", WebhookFormat::Json), ("ntfy", WebhookFormat::Ntfy)];
    let format = section.choice("format", &formats).unwrap_or(WebhookFormat::Json);
    let token = secret::source(&section, "token", base);
    section.done();
    Some(Webhook { url: url?, format, token })
}

fn email(section: Section<'_, '_>, base: &Path) -> Option<Email> {
    section.missing("host", "name the mail server, like host = \"smtp.example.org\"");
    let host = section.word("host", any_text);
    let kinds = [
        ("tls", MailSecurity::Tls),
        ("starttls", MailSecurity::StartTls),
        ("plain", MailSecurity::Plain),
    ];
    let security = section.choice("security", &kinds).unwrap_or(MailSecurity::Tls);
    let usual = match security {
        MailSecurity::Tls => 465,
        MailSecurity::StartTls => 587,
        MailSecurity::Plain => 25,
    };
    let port = small(&section, "port", 1..=65_535).unwrap_or(usual);
    let local = host.as_deref().is_some_and(|h| matches!(h, "localhost" | "127.0.0.1" | "::1"));
    if security == MailSecurity::Plain && host.is_some() && !local {
        section.problem(
            "security",
            "mail would go out unprotected",
            "write \"tls\" or \"starttls\" (plain is for this machine only)",
        );
    }
    let username = section.text("username");
    let password = secret::source(&section, "password", base);
    let from = section.word("from", address);
    let to = section.word("to", address);
    let often = [("daily", Digest::Daily), ("weekly", Digest::Weekly), ("off", Digest::Off)];
    let digest = section.choice("digest", &often).unwrap_or(Digest::Weekly);
    section.done();
    Some(Email { host: host?, port, security, username, password, from, to, digest })
}

pub(crate) fn daemon(section: Option<Section<'_, '_>>) -> DaemonSettings {
    let mut settings = DaemonSettings {
        poll: SignedDuration::from_mins(10),
        full_listing: SignedDuration::from_hours(24),
        watch: true,
    };
    let Some(section) = section else { return settings };
    settings.poll = section.word("poll", within(MINUTE, 1)).unwrap_or(settings.poll);
    let listing = within(SignedDuration::from_hours(1), 7);
    settings.full_listing = section.word("full_listing", listing).unwrap_or(settings.full_listing);
    settings.watch = section.flag("watch").unwrap_or(true);
    section.done();
    settings
}

pub(crate) fn limits(section: Option<Section<'_, '_>>) -> Limits {
    let mut settings = Limits {
        mails_per_event_per_day: 1,
        mails_per_run: 20,
        writes_per_run: 50,
        shrink_percent: 50,
        shrink_floor: 10,
    };
    let Some(section) = section else { return settings };
    settings.mails_per_event_per_day =
        section.count("mails_per_event_per_day", 0..=10).unwrap_or(1);
    settings.mails_per_run = section.count("mails_per_run", 0..=1_000).unwrap_or(20);
    settings.writes_per_run = section.count("writes_per_run", 1..=10_000).unwrap_or(50);
    settings.shrink_percent = section.count("shrink_percent", 1..=100).unwrap_or(50);
    settings.shrink_floor = section.count("shrink_floor", 0..=1_000).unwrap_or(10);
    section.done();
    settings
}
