//! `onbeat status`: each pair's next meeting, agenda and flags, and how the
//! accounts are, from the last reading.

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::lookout::Lookout;
use crate::cli::out::{Out, Style, clean, fit};
use crate::cli::sync::{coverage_json, coverage_word};
use crate::cli::wire;
use crate::config::Account;
use crate::engine::requests;
use crate::model::id::AccountId;
use crate::model::ledger::Beat;
use crate::model::observation::FlagKind;
use crate::model::snapshot::{Coverage, Occurrence, PairView};
use crate::plan::agenda::next_meeting;
use crate::plan::words;

/// Nothing to say.
#[derive(Debug, Args)]
pub struct StatusArgs {}

/// One pair's row.
struct Row<'a> {
    view: &'a PairView,
    next: Option<&'a Occurrence>,
    last_met: Option<Timestamp>,
    agenda: Agenda,
    flags: Vec<FlagKind>,
    paused: bool,
}

/// What stands about the next meeting's agenda.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Agenda {
    Written,
    Due(Timestamp),
    None,
}

/// Prints it.
///
/// # Errors
/// A configuration or state that cannot be used; no state yet.
pub fn run(context: &Context, _args: &StatusArgs, out: &mut Out) -> Result<(), Failure> {
    let look = Lookout::open(context)?;
    out.zone = look.world.me.zone.clone();
    let rows: Vec<Row<'_>> =
        look.snapshot.pairs.iter().map(|view| row(&look, view)).collect::<Result<_, _>>()?;
    let accounts = accounts(context, &look)?;
    if out.json {
        return out.json(&as_json(&look, &rows, &accounts));
    }
    for row in &rows {
        print_row(row, look.now(), out)?;
    }
    out.line("")?;
    for reading in &look.readings {
        for note in &reading.notes {
            out.line(out.paint(Style::Warn, &format!("{} (`onbeat sync`)", clean(note))))?;
        }
        for one in &reading.calendars {
            let (word, style) = coverage_word(&one.coverage);
            let since = match &one.coverage {
                Coverage::Complete { synced_at } => {
                    format!(" {}", out.distance(*synced_at, look.now()))
                }
                Coverage::Partial { .. } | Coverage::Failed { .. } | Coverage::Frozen { .. } => {
                    String::new()
                }
            };
            let name = crate::cli::sync::short_name(&one.calendar);
            let word = out.paint(style, &word);
            out.line(format!("{}  {word}{since}", clean(&name)))?;
        }
    }
    for account in &accounts {
        print_account(account, look.now(), out)?;
    }
    out.line(out.paint(Style::Dim, &format!("times in {}", out.zone_name())))
}

/// What there is to know of an account beside its calendars.
struct AccountRow {
    id: AccountId,
    requests: Option<u64>,
    login_ends: Option<Timestamp>,
}

fn accounts(context: &Context, look: &Lookout) -> Result<Vec<AccountRow>, Failure> {
    let row = |account: &Account| {
        Ok(AccountRow {
            id: account.id.clone(),
            requests: requests::today(&look.world, &account.id)?,
            login_ends: wire::google::login_ends(account, context),
        })
    };
    look.accounts.iter().map(row).collect()
}

fn print_account(row: &AccountRow, now: Timestamp, out: &mut Out) -> Result<(), Failure> {
    let id = clean(row.id.as_str());
    if let Some(count) = row.requests {
        out.line(format!("{id}  {count} requests today"))?;
    }
    if let Some(at) = row.login_ends {
        let when = out.when(at, now);
        let verb = if at > now { "ends" } else { "ended" };
        let text = format!("{id}  the login {verb} {when} (testing mode; `onbeat login {id}`)");
        out.line(out.paint(Style::Warn, &text))?;
    }
    Ok(())
}

fn row<'a>(look: &'a Lookout, view: &'a PairView) -> Result<Row<'a>, Failure> {
    let (store, owner, now) = (&look.world.store, &look.world.owner, look.now());
    let pair = &view.pair;
    let next = next_meeting(view, now);
    let agenda = match next {
        None => Agenda::None,
        Some(meeting) => {
            let key = &meeting.key;
            match store.last_written(owner, &key.uid, key.recurrence_id)? {
                Some(_) => Agenda::Written,
                None => Agenda::Due(crate::plan::agenda::due_at(&look.snapshot, pair, meeting)),
            }
        }
    };
    let known = look.world.ledger.pairs.get(&pair.id);
    let everywhere = store.paused(owner, None, now)?;
    Ok(Row {
        view,
        next,
        last_met: last_met(&look.beats(&pair.id)),
        agenda,
        flags: known.map(|known| known.flags.iter().copied().collect()).unwrap_or_default(),
        paused: everywhere.or(store.paused(owner, Some(&pair.id), now)?).is_some(),
    })
}

/// When the two met last, as far as the calendar tells.
pub fn last_met(beats: &[Beat]) -> Option<Timestamp> {
    beats.iter().filter(|b| b.verdict.is_held()).filter_map(|b| b.actual).max()
}

fn print_row(row: &Row<'_>, now: Timestamp, out: &mut Out) -> Result<(), Failure> {
    let pair = &row.view.pair;
    let name = out.paint(Style::Bold, &fit(&clean(&pair.partner.name), 14));
    let next = match row.next {
        Some(meeting) => {
            format!("{} ({})", out.when(meeting.start, now), out.distance(meeting.start, now))
        }
        None => "nothing on the calendar".to_owned(),
    };
    let agenda = match row.agenda {
        Agenda::Written => "agenda written".to_owned(),
        Agenda::Due(at) if at <= now => "agenda due now".to_owned(),
        Agenda::Due(at) => format!("agenda {}", out.when(at, now)),
        Agenda::None => String::new(),
    };
    let next = if row.next.is_some() { next } else { out.paint(Style::Warn, &next) };
    out.line(format!("{name} next {next}; {agenda}").trim_end_matches("; "))?;
    let mut facts = Vec::new();
    match row.last_met {
        Some(at) => facts.push(format!("last met {}", out.distance(at, now))),
        None => facts.push("never met as far as the calendar tells".to_owned()),
    }
    facts.push(format!("every {}", words::cadence(pair.cadence)));
    out.line(format!("{:15}{}", "", out.paint(Style::Dim, &facts.join(", "))))?;
    for flag in &row.flags {
        let text = crate::report::words::flag_text(*flag);
        out.line(format!("{:15}{}", "", out.paint(Style::Warn, &format!("! {text}"))))?;
    }
    if row.paused {
        out.line(format!("{:15}{}", "", out.paint(Style::Warn, "paused (`onbeat resume`)")))?;
    }
    Ok(())
}

fn as_json(look: &Lookout, rows: &[Row<'_>], accounts: &[AccountRow]) -> Value {
    let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let pairs: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "pair": row.view.pair.id.as_str(),
                "name": row.view.pair.partner.name,
                "next": text(row.next.map(|meeting| meeting.start)),
                "planned": text(row.next.map(crate::engine::agenda::planned)),
                "last_met": text(row.last_met),
                "agenda": match row.agenda {
                    Agenda::Written => "written",
                    Agenda::Due(at) if at <= look.now() => "due",
                    Agenda::Due(_) => "not due",
                    Agenda::None => "none",
                },
                "flags": row.flags.iter().map(|flag| crate::report::words::flag_key(*flag)).collect::<Vec<_>>(),
                "paused": row.paused,
            })
        })
        .collect();
    let calendars: Vec<Value> = look
        .readings
        .iter()
        .flat_map(|reading| &reading.calendars)
        .map(|one| coverage_json(&one.calendar, &one.coverage))
        .collect();
    let notes: Vec<&str> =
        look.readings.iter().flat_map(|reading| &reading.notes).map(String::as_str).collect();
    let accounts: Vec<Value> = accounts
        .iter()
        .map(|one| {
            json!({
                "account": one.id.as_str(),
                "requests_today": one.requests,
                "login_ends": text(one.login_ends),
            })
        })
        .collect();
    json!({
        "now": look.now().to_string(), "pairs": pairs, "calendars": calendars,
        "accounts": accounts, "notes": notes,
    })
}
