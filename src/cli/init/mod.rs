//! `onbeat init`: finds the server, the calendars and the 1:1s that exist,
//! shows their last year, and writes the configuration. It never writes to a
//! calendar.

mod ask;
mod text;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::login::google::Way;
use crate::cli::out::{Out, Style, clean, days_before};
use crate::cli::{login, progress, wire};
use crate::config::account::{Account, AccountKind};
use crate::engine::catalog::is_named;
use crate::engine::{Cause, Reach, cycle, lookback};
use crate::model::id::Address;
use crate::model::pair::Pair;
use crate::model::server::CalendarInfo;
use crate::model::snapshot::MirroredEvent;
use crate::model::time::Window;
use crate::plan::words;
use crate::provider::google::oauth::ClientFile;
use crate::snapshot;
use crate::store::Store;

use self::ask::Asker;
use self::text::Draft;

/// What is known beforehand; what is missing is asked for.
#[derive(Debug, Clone, Default, Args)]
pub struct InitArgs {
    /// What kind of account
    #[arg(long, value_enum)]
    pub kind: Option<Kind>,
    /// vdir: the folder with one folder of .ics files per calendar
    #[arg(long, value_name = "DIR")]
    pub path: Option<PathBuf>,
    /// caldav: the server's address, like `https://dav.example.org/`
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// caldav: the user name
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,
    /// caldav: a file (mode 0600) with the password in its first line
    #[arg(long, value_name = "FILE", conflicts_with = "password_command")]
    pub password_file: Option<PathBuf>,
    /// caldav: a command that prints the password, like "pass show dav"
    #[arg(long, value_name = "COMMAND")]
    pub password_command: Option<String>,
    /// google: the OAuth client file as Google hands it out
    #[arg(long, value_name = "FILE")]
    pub client: Option<PathBuf>,
    /// google: a token file (mode 0600) of a login made elsewhere
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// google: the user a service account acts for
    #[arg(long, value_name = "ADDR")]
    pub subject: Option<String>,
    /// google: another address of the API
    #[arg(long, value_name = "URL", hide = true)]
    pub api: Option<String>,
    /// How the browser comes back
    #[command(flatten)]
    pub way: Way,
    /// The calendar 1:1s are written to [default: the only writable one]
    #[arg(long, value_name = "NAME")]
    pub calendar: Option<String>,
    /// Further calendars that count as busy
    #[arg(long, value_name = "NAME")]
    pub busy: Vec<String>,
    /// Your mail address; several times for several
    #[arg(long, value_name = "ADDR")]
    pub email: Vec<String>,
    /// How you are called
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Your time zone [default: the system's]
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// The account's name in the configuration
    #[arg(long, value_name = "NAME", default_value = "main")]
    pub account: String,
    /// Do not ask; write the configuration
    #[arg(short, long)]
    pub yes: bool,
    /// Replace a configuration that is there
    #[arg(long)]
    pub force: bool,
}

/// Kinds of accounts `init` can set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A folder of .ics files (khal, vdirsyncer, pimsync)
    Vdir,
    /// A CalDAV server
    Caldav,
    /// Google Calendar
    Google,
}

/// Sets up.
///
/// # Errors
/// Something missing that cannot be asked for, a server that cannot be used, a
/// configuration that is there already or cannot be written.
pub fn run(context: &Context, args: &InitArgs, out: &mut Out) -> Result<(), Failure> {
    let target = context.config_path()?;
    if target.exists() && !args.force {
        return Err(Failure::user(format!(
            "there is a configuration already: {}",
            target.display()
        ))
        .hint("edit it, name another with --config FILE, or replace it with --force"));
    }
    let asker = Asker::new(args.yes || out.json);
    let mut draft = ask::draft(args, &asker, &target)?;
    sign_in(context, &draft, &target, args, &asker, out)?;
    let calendars = calendars(context, &draft, &target, out)?;
    choose(&mut draft, &calendars, &asker)?;
    let (events, me) = read(context, &draft, &target, out)?;
    let inferred = snapshot::infer(&events, Some(&me));
    let (pairs, nameless): (Vec<Pair>, Vec<Pair>) =
        inferred.pairs.into_iter().partition(|pair| !pair.partner.addresses.is_empty());
    draft.pairs = pairs;
    if !out.json {
        show(context, &draft, &events, &nameless, out)?;
    }
    let text = draft.render();
    // What is written must be what onbeat itself can read.
    wire::check_text(&text, &target).map_err(|failure| {
        Failure::internal("the configuration made is not one").because(failure.render())
    })?;
    if !asker.yes(&format!("Write {}?", target.display()))? {
        return out.line("Nothing was written.");
    }
    write(&target, &text)?;
    if out.json {
        return out.json(&json!({
            "config": target.display().to_string(),
            "calendars": calendars.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(),
            "pairs": draft.pairs.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(),
        }));
    }
    out.line(format!("Written: {}", target.display()))?;
    out.line("Look it over (roles and rhythms are guesses), then:")?;
    out.line("  onbeat check     is everything in place?")?;
    out.line("  onbeat plan      what would be changed, and why")
}

/// Google: lets a person log in where no login is kept yet.
fn sign_in(
    context: &Context,
    draft: &Draft,
    target: &Path,
    args: &InitArgs,
    asker: &Asker,
    out: &mut Out,
) -> Result<(), Failure> {
    let config = wire::check_text(&draft.render_without_calendar(), target)?;
    let Some(Account { id, kind: AccountKind::Google(google), .. }) = config.accounts.first()
    else {
        return Ok(());
    };
    let ClientFile::Installed(client) = wire::google::client(google).map_err(Failure::user)? else {
        return Ok(());
    };
    let place = wire::google::place(id, google, context)?;
    let Err(why) = wire::google::token(id, &place) else { return Ok(()) };
    // Waiting for a browser is a question, too, unless somebody said how to answer it.
    if !(args.way.paste || args.way.no_browser || args.way.port.is_some()) {
        asker.able(&format!("a login ({why})"), "--token-file, --paste or --no-browser")?;
    }
    let kept = login::google::sign_in(context, id, google, &client, &args.way)?;
    if out.json { Ok(()) } else { kept.tell(id.as_str(), out) }
}

/// The account's calendars, and a word about the server.
fn calendars(
    context: &Context,
    draft: &Draft,
    target: &Path,
    out: &mut Out,
) -> Result<Vec<CalendarInfo>, Failure> {
    let config = wire::check_text(&draft.render_without_calendar(), target)?;
    let account = config
        .accounts
        .first()
        .ok_or_else(|| Failure::internal("the configuration made has no account"))?;
    let provider = wire::provider(account, context)?;
    let _spinner = progress::spin(out, "looking for calendars");
    let found = wire::block_on(async {
        let capabilities = provider.capabilities().await?;
        Ok::<_, crate::provider::ProviderError>((capabilities, provider.calendars().await?))
    })?;
    let (capabilities, calendars) = found?;
    drop(_spinner);
    if !out.json {
        out.line(format!("Found: {}", clean(&capabilities.product)))?;
        for calendar in &calendars {
            let writable = if calendar.writable { "" } else { " (read-only)" };
            out.line(format!("  calendar “{}”{writable}", clean(&calendar.name)))?;
        }
    }
    if calendars.is_empty() {
        return Err(Failure::user("no calendar was found there")
            .hint("check the address or folder; a calendar must exist before onbeat can use it"));
    }
    Ok(calendars)
}

/// Which calendar carries the 1:1s, and which count as busy.
fn choose(draft: &mut Draft, calendars: &[CalendarInfo], asker: &Asker) -> Result<(), Failure> {
    let names: Vec<&str> = calendars.iter().map(|c| c.name.as_str()).collect();
    let known = |name: &str| calendars.iter().any(|c| is_named(c, name));
    for wanted in draft.calendar.iter().chain(&draft.busy) {
        if !known(wanted) {
            let near = crate::config::words::nearest(wanted, names.iter().copied());
            let hint = near.map_or_else(
                || format!("there are: {}", names.join(", ")),
                |n| format!("did you mean {n:?}?"),
            );
            return Err(Failure::user(format!("there is no calendar {wanted:?}")).hint(hint));
        }
    }
    if draft.calendar.is_none() {
        let writable: Vec<&str> =
            calendars.iter().filter(|c| c.writable).map(|c| c.name.as_str()).collect();
        draft.calendar = match writable.as_slice() {
            [] => None,
            [one] => Some((*one).to_owned()),
            many => Some(asker.choose("Which calendar are your 1:1s in?", "--calendar", many)?),
        };
    }
    if draft.busy.is_empty() {
        let chosen = draft.calendar.clone().unwrap_or_default();
        let others = calendars.iter().filter(|c| chosen.is_empty() || !is_named(c, &chosen));
        draft.busy = others.map(|c| c.name.clone()).collect();
        draft.busy = asker.choose_many("Which others take your time, too?", draft.busy.clone())?;
    }
    Ok(())
}

/// Reads the calendars into memory; nothing is kept.
fn read(
    context: &Context,
    draft: &Draft,
    target: &Path,
    out: &Out,
) -> Result<(Vec<MirroredEvent>, Address), Failure> {
    let config = wire::check_text(&draft.render(), target)?;
    let mut world = wire::assemble(&config, Store::memory()?, context)?;
    let _spinner = progress::spin(out, "reading calendars");
    let run = cycle::run(&mut world, &Cause::Command, Reach::Observe, None);
    let report = wire::block_on(run)??;
    crate::cli::sync::finish(&report)?;
    let calendars: BTreeSet<_> = report.coverage.iter().map(|(id, _)| id.clone()).collect();
    for calendar in &calendars {
        world.parsed.refresh(&world.store, &world.owner, calendar)?;
    }
    let me = world.me.addresses.first().cloned();
    let me = me.ok_or_else(|| Failure::internal("the configuration made names no address"))?;
    Ok((world.parsed.events(&calendars).collect(), me))
}

/// The 1:1s that were found, with their last year.
fn show(
    context: &Context,
    draft: &Draft,
    events: &[MirroredEvent],
    nameless: &[Pair],
    out: &mut Out,
) -> Result<(), Failure> {
    let now = context.now();
    out.line("")?;
    if draft.pairs.is_empty() {
        out.line("No recurring meeting of two people was found; add a [[pair]] for each 1:1.")?;
    } else {
        out.line(out.paint(Style::Bold, "Your 1:1s, and their last year"))?;
        out.line("")?;
        let me = Address::new(draft.email.first().map_or("", String::as_str));
        let year = Window::new(days_before(now, 365), now);
        let report = lookback::from_calendars(events, Some(&me), year, now);
        let page = crate::report::text::terminal(&report, out.colored());
        // The table alone; `onbeat report` has the rest.
        for line in page.lines().take_while(|line| !line.starts_with("Of the held")) {
            out.line(line)?;
        }
        for pair in &draft.pairs {
            let name = clean(&pair.partner.name);
            out.line(format!(
                "  {name}: every {}, “{}”",
                words::cadence(pair.cadence),
                clean(&pair.title)
            ))?;
        }
        out.line("")?;
    }
    for pair in nameless {
        let title = clean(&pair.title).into_owned();
        out.line(format!(
            "Left out: “{title}” names no second person; add it as a [[pair]] with `titles`."
        ))?;
    }
    Ok(())
}

fn write(target: &Path, text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    let failed = |error: std::io::Error| {
        Failure::user(format!("{} cannot be written", target.display()))
            .because(error)
            .hint("name another file with --config FILE")
    };
    let dir = target.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir).map_err(failed)?;
    let mut file = tempfile::NamedTempFile::new_in(dir).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(target).map_err(|error| failed(error.error))?;
    Ok(())
}

/// The system's zone by its IANA name.
fn system_zone() -> Option<String> {
    TimeZone::system().iana_name().map(str::to_owned)
}
