//! `[me]` and `[[pair]]`: the owner, and who meets whom, how often and how far
//! onbeat may go.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::SignedDuration;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use url::Url;

use crate::config::account::{AGENDA_MAIL, Account, any_text, web_url};
use crate::config::load::{HolidayReader, HolidaySource};
use crate::config::raw::Section;
use crate::config::settings::{MODES, Schedule, buffer, freeze};
use crate::config::words::{
    address, cadence, day_and_time, days_count, duration_within, quoted_list, week_hours, zone,
};
use crate::model::id::{AccountId, Address, PairId};
use crate::model::pair::{Cadence, CadenceUnit, MetricSource, Pair, Person, Role};
use crate::model::time::WeekHours;

/// Where relative paths and holiday files lead.
pub(crate) struct Ground<'a> {
    /// The configuration's directory.
    pub(crate) base: &'a Path,
    /// Reads the bytes of a holiday calendar.
    pub(crate) holidays: HolidayReader<'a>,
}

/// `~/…` is the home directory's business; everything else is relative to the file.
fn resolved(base: &Path, path: &str) -> String {
    base.join(path).display().to_string()
}

/// The days a `holidays` key leads to; an address goes to `remote` as well.
fn holidays(
    section: &Section<'_, '_>,
    ground: &Ground<'_>,
    remote: &mut BTreeSet<Url>,
) -> Option<BTreeMap<Date, String>> {
    let place = section.text("holidays")?;
    let found = if place.starts_with("https:") || place.starts_with("http:") {
        match web_url(&place) {
            Ok(url) => {
                let days = (ground.holidays)(HolidaySource::Address(&url));
                let days = days.map_err(|reason| format!("fetched before {reason}"));
                remote.insert(url);
                days
            }
            Err(remedy) => {
                section.problem("holidays", "the address in `holidays` cannot be used", remedy);
                return None;
            }
        }
    } else {
        let path = ground.base.join(&place);
        let read = std::fs::read(&path).map_err(|e| e.to_string());
        read.and_then(|bytes| (ground.holidays)(HolidaySource::File(&bytes)))
            .map_err(|reason| format!("in {} cannot be read: {reason}", path.display()))
    };
    match found {
        Ok(days) => Some(days.into_iter().collect()),
        Err(reason) => {
            section.problem(
                "holidays",
                format!("the holidays {reason}"),
                "name an .ics file with all-day events, or its https:// address; relative to this file",
            );
            None
        }
    }
}

/// Reads `[me]`.
pub(crate) fn me(
    section: Section<'_, '_>,
    ground: &Ground<'_>,
    remote: &mut BTreeSet<Url>,
) -> Option<Person> {
    section.missing("name", "write how you are called, like name = \"Elena\"");
    let name = section.text("name");
    section.missing("email", "write your address, like email = [\"elena@example.org\"]");
    let addresses = section.words("email", address);
    section.missing("timezone", "write your zone, like timezone = \"Europe/Berlin\"");
    let zone = section.word("timezone", zone);
    let hours = section.word("hours", week_hours).unwrap_or_else(office_hours);
    let days = holidays(&section, ground, remote).unwrap_or_default();
    if addresses.as_ref().is_some_and(Vec::is_empty) {
        section.problem("email", "`email` is empty", "write at least one address");
    }
    section.done();
    Some(Person {
        name: name?,
        addresses: addresses.filter(|list| !list.is_empty())?,
        zone: zone?,
        hours,
        holidays: days,
    })
}

/// Mon-Fri 09:00-17:30.
pub(crate) fn office_hours() -> WeekHours {
    week_hours("Mon-Fri 09:00-17:30").unwrap_or_default()
}

/// What pairs share.
pub(crate) struct Common<'a> {
    pub(crate) me: &'a Person,
    pub(crate) schedule: &'a Schedule,
    pub(crate) accounts: &'a [Account],
    pub(crate) agenda_lead: Option<SignedDuration>,
    /// Every written account could be read; else a missing one is no fault of the pair.
    pub(crate) accounts_complete: bool,
}

const ROLES: &[(&str, Role)] = &[
    ("report", Role::Report),
    ("manager", Role::Manager),
    ("peer", Role::Peer),
    ("skip-level", Role::SkipLevel),
    ("mentor", Role::Mentor),
];

fn template_of(role: Role) -> &'static str {
    match role {
        Role::Report => "lead-down",
        Role::Manager => "manager-up",
        Role::Peer => "peer",
        Role::SkipLevel => "skip-level",
        Role::Mentor => "mentor",
    }
}

/// What the partner is to the owner; must be said.
fn role(section: &Section<'_, '_>) -> Option<Role> {
    section.missing("role", "write what they are to you: \"report\", \"manager\", \"peer\", \"skip-level\" or \"mentor\"");
    section.choice("role", ROLES)
}

/// How long a meeting takes.
fn length(section: &Section<'_, '_>) -> SignedDuration {
    let duration = section.word("duration", |text| {
        duration_within(text, SignedDuration::from_mins(5), SignedDuration::from_hours(8))
    });
    duration.unwrap_or(SignedDuration::from_mins(30))
}

/// Reads one `[[pair]]`; `None` when something needed is missing or wrong.
pub(crate) fn read(
    section: Section<'_, '_>,
    common: &Common<'_>,
    ground: &Ground<'_>,
    remote: &mut BTreeSet<Url>,
) -> Option<Pair> {
    let partner = partner(&section, common.me, ground, remote);
    let role = role(&section);
    let rhythm = rhythm(&section, common);
    let duration = length(&section);
    let room = room(&section, common.schedule);
    let priority = section.count("priority", 1..=3).and_then(|n| u8::try_from(n).ok());
    let mode = section.choice("mode", MODES);
    let never_move = section.flag("never_move").unwrap_or(false);
    let pinned = section.flag("pinned").unwrap_or(false);
    let account = account(&section, common);
    let agenda_mail = section.choice("agenda_mail", AGENDA_MAIL);
    let agenda_link = section.word("agenda_link", web_url).map(|url| url.to_string());
    let agenda_attach = section.flag("agenda_attach").unwrap_or(false);
    let agenda_lead = section.word("agenda_lead", |text| {
        duration_within(text, SignedDuration::from_mins(1), SignedDuration::from_hours(7 * 24))
    });
    let template = section.word("template", template_name);
    let title = section.text("title").filter(|title| !title.trim().is_empty());
    let titles = section.words("titles", any_text).unwrap_or_default();
    let goals = section.words("goals", any_text).unwrap_or_default();
    let metrics = metrics(&section, ground.base);
    let free_busy_url = section.word("free_busy", web_url);
    let id = section.word("id", any_text);
    check_window(&section, &rhythm.window, duration);
    section.done();

    let Partner { person: partner, hours_known } = partner?;
    let role = role?;
    let account: &Account = account?;
    let own_id = || partner.addresses.first().map_or("", Address::as_str).to_owned();
    let id = PairId::new(id.unwrap_or_else(own_id));
    let title = title.unwrap_or_else(|| format!("{} / {} 1:1", common.me.name, partner.name));
    Some(Pair {
        id,
        partner,
        partner_hours_known: hours_known,
        role,
        cadence: rhythm.cadence,
        duration,
        ideal: rhythm.ideal,
        window: rhythm.window,
        flexibility_days: room.flexibility_days,
        buffer_minutes: room.buffer_minutes,
        freeze: room.freeze,
        priority: priority.unwrap_or(2),
        mode: mode.unwrap_or(common.schedule.mode),
        never_move,
        pinned,
        account: account.id.clone(),
        title,
        template: template.unwrap_or_else(|| template_of(role).to_owned()),
        agenda_mail: agenda_mail.unwrap_or(account.agenda_mail),
        agenda_link,
        agenda_attach,
        agenda_lead: agenda_lead.or(common.agenda_lead),
        title_aliases: titles.iter().map(|title| title.to_lowercase()).collect(),
        free_busy_url,
        goals: goals.iter().map(|path| resolved(ground.base, path)).collect(),
        metrics,
    })
}

/// How much an occurrence may be moved about.
struct Room {
    flexibility_days: u16,
    buffer_minutes: u16,
    freeze: SignedDuration,
}

fn room(section: &Section<'_, '_>, usual: &Schedule) -> Room {
    let flexibility = section.word("flexibility", days_count);
    Room {
        flexibility_days: flexibility.unwrap_or(usual.flexibility_days),
        buffer_minutes: section.word("buffer", buffer).unwrap_or(usual.buffer_minutes),
        freeze: section.word("freeze", freeze).unwrap_or(usual.freeze),
    }
}

fn template_name(text: &str) -> Result<String, String> {
    let plain = !text.is_empty() && !text.starts_with('.') && !text.contains(['/', '\\']);
    if plain {
        Ok(text.to_owned())
    } else {
        Err("write the template's plain name, like \"lead-down\"; the file lies in `templates`"
            .to_owned())
    }
}

/// The other person as written.
struct Partner {
    person: Person,
    hours_known: bool,
}

fn partner(
    section: &Section<'_, '_>,
    me: &Person,
    ground: &Ground<'_>,
    remote: &mut BTreeSet<Url>,
) -> Option<Partner> {
    section.missing("with", "write the other person's address, like with = \"bob@example.org\"");
    let with = section.word("with", address);
    let aliases = section.words("aliases", address).unwrap_or_default();
    let name = section.text("name").filter(|name| !name.trim().is_empty());
    let own_zone: Option<TimeZone> = section.word("timezone", zone);
    let own_hours = section.word("hours", week_hours);
    let found = holidays(section, ground, remote);
    let with = with?;
    if me.is(&with) {
        section.problem("with", format!("{with} is your own address"), "write the other person's");
        return None;
    }
    let name = name.unwrap_or_else(|| spoken_name(&with));
    let mut addresses = vec![with];
    for alias in aliases {
        if !addresses.contains(&alias) {
            addresses.push(alias);
        }
    }
    let known = own_hours.is_some();
    let days = match found {
        Some(days) => days,
        // Without a calendar of their own, people in one zone share holidays.
        None if own_zone.is_none() => me.holidays.clone(),
        None => BTreeMap::new(),
    };
    let person = Person {
        name,
        addresses,
        zone: own_zone.unwrap_or_else(|| me.zone.clone()),
        hours: own_hours.unwrap_or_else(|| me.hours.clone()),
        holidays: days,
    };
    Some(Partner { person, hours_known: known })
}

/// `bob.smith@example.org` is called Bob Smith until somebody says otherwise.
fn spoken_name(address: &Address) -> String {
    let local = address.as_str().split('@').next().unwrap_or("");
    let words = local.split(['.', '_', '-']).filter(|word| !word.is_empty()).map(|word| {
        let mut letters = word.chars();
        let first =
            letters.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default();
        first + letters.as_str()
    });
    words.collect::<Vec<_>>().join(" ")
}

struct Rhythm {
    cadence: Cadence,
    ideal: Option<(Weekday, jiff::civil::Time)>,
    window: WeekHours,
}

fn rhythm(section: &Section<'_, '_>, common: &Common<'_>) -> Rhythm {
    let (cadence, day) = section
        .word("every", cadence)
        .unwrap_or((Cadence { every: 1, unit: CadenceUnit::Weeks }, None));
    let ideal = section.word("ideal", day_and_time);
    let window = section.word("window", week_hours);
    let mut window = window
        .or_else(|| common.schedule.window.clone())
        .unwrap_or_else(|| common.me.hours.clone());
    if let Some(day) = day {
        // "first Monday" leaves no other day.
        for (index, spans) in window.days.iter_mut().enumerate() {
            if usize::try_from(day.to_monday_zero_offset()) != Ok(index) {
                spans.clear();
            }
        }
        if ideal.is_some_and(|(ideal, _)| ideal != day) {
            section.problem(
                "ideal",
                "`ideal` and `every` name different days",
                "write the same day in both",
            );
        }
    }
    Rhythm { cadence, ideal, window }
}

fn check_window(section: &Section<'_, '_>, window: &WeekHours, duration: SignedDuration) {
    let fits = window.days.iter().flatten().any(|(from, to)| from.duration_until(*to) >= duration);
    if !fits {
        section.problem(
            if section.has("window") { "window" } else { "every" },
            "no day has room for the meeting",
            "widen `window`, or shorten `duration`",
        );
    }
}

fn account<'a>(section: &Section<'_, '_>, common: &Common<'a>) -> Option<&'a Account> {
    let accounts = common.accounts;
    let Some(name) = section.text("account") else {
        return if section.has("account") { None } else { accounts.first() };
    };
    let found = accounts.iter().find(|account| account.id == AccountId::new(name.as_str()));
    if found.is_none() && common.accounts_complete {
        let names: Vec<&str> = accounts.iter().map(|account| account.id.as_str()).collect();
        let remedy = match names.as_slice() {
            [] => "add an [[account]] with this name".to_owned(),
            names => format!("it must be the name of an [[account]]: {}", quoted_list(names)),
        };
        section.problem("account", format!("there is no account {name:?}"), remedy);
    }
    found
}

fn metrics(section: &Section<'_, '_>, base: &Path) -> Vec<MetricSource> {
    let mut sources = Vec::new();
    for place in section.sections("metrics") {
        let file =
            place.text("file").map(|path| MetricSource::File { path: resolved(base, &path) });
        let argv = place.words("command", any_text);
        let seconds = place.count("seconds", 1..=120).and_then(|n| u16::try_from(n).ok());
        let command = argv
            .filter(|argv| !argv.is_empty())
            .map(|argv| MetricSource::Command { argv, seconds: seconds.unwrap_or(10) });
        if file.is_some() == command.is_some() {
            place.problem(
                "file",
                "a metric must name one source",
                "write { file = \"…\" } or { command = [\"…\"], seconds = 10 }",
            );
        }
        place.done();
        sources.extend(file.or(command));
    }
    sources
}
