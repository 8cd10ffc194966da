//! `onbeat sync`: fetch and observe. Never writes to a calendar.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::out::{Out, Style, clean, count};
use crate::cli::{progress, wire};
use crate::engine::world::World;
use crate::engine::{Cause, CycleReport, Reach, cycle};
use crate::model::id::CalendarId;
use crate::model::snapshot::{Coverage, OrganizedBy, PairView};
use crate::plan::words;

/// What to believe.
#[derive(Debug, Args)]
pub struct SyncArgs {
    /// Believe calendars that turned up empty or much smaller, once
    #[arg(long)]
    pub accept_shrink: bool,
}

/// Reads everything that changed.
///
/// # Errors
/// A configuration or state that cannot be used; partial when some calendar
/// could not be read completely.
pub fn run(context: &Context, args: &SyncArgs, out: &mut Out) -> Result<(), Failure> {
    let (mut world, _lock) = wire::world(context, "sync")?;
    if args.accept_shrink {
        thaw(&world)?;
    }
    let spinner = progress::spin(out, "reading calendars");
    let run = cycle::run(&mut world, &Cause::Command, Reach::Observe, None);
    let report = wire::block_on(run)??;
    drop(spinner);
    if out.json {
        out.json(&as_json(&report))?;
    } else {
        print(&mut world, &report, out)?;
    }
    finish(&report)
}

fn thaw(world: &World) -> Result<(), Failure> {
    for calendar in world.store.calendars(&world.owner)? {
        world.store.thaw_calendar(&world.owner, &calendar)?;
    }
    Ok(())
}

fn print(world: &mut World, report: &CycleReport, out: &mut Out) -> Result<(), Failure> {
    for (calendar, coverage) in &report.coverage {
        let events = world.store.resource_count(&world.owner, calendar)?;
        let (word, style) = coverage_word(coverage);
        let name = short_name(calendar);
        let events = count(usize::try_from(events).unwrap_or(usize::MAX), "event", "events");
        let word = out.paint(style, &word);
        out.line(format!("{}  {events}, {word}", clean(&name)))?;
    }
    for note in &report.notes {
        out.line(out.paint(Style::Warn, &clean(note)))?;
    }
    let snapshot = match &report.snapshot {
        Some(snapshot) => snapshot.clone(),
        None => {
            let readings = crate::engine::offline::readings(world)?;
            crate::engine::offline::look_back(world, &readings)?
        }
    };
    out.line(format!(
        "{} changed, {} vanished, {} recorded",
        report.changed,
        report.vanished,
        count(report.recorded, "new fact", "new facts")
    ))?;
    for view in &snapshot.pairs {
        out.line(format!("  {}", pair_line(view, out)))?;
    }
    for bad in &snapshot.quarantined {
        let text = format!("{}: not readable, left out: {}", bad.href, bad.reason);
        out.line(out.paint(Style::Warn, &clean(&text)))?;
    }
    Ok(())
}

/// `Bob: "1:1 Bob / Elena", every week` or what was not found.
pub fn pair_line(view: &PairView, out: &Out) -> String {
    let name = clean(&view.pair.partner.name).into_owned();
    let name = out.paint(Style::Bold, &name);
    let Some(series) = view.series.last() else {
        return format!("{name}: no recurring meeting found");
    };
    let body = series.event.master.as_ref().or(series.event.overrides.last().map(|o| &o.body));
    let title = body.map_or("", |body| body.summary.as_str());
    let rhythm = series.cadence.map_or_else(
        || "irregular".to_owned(),
        |cadence| format!("every {}", words::cadence(cadence)),
    );
    let whose = match series.organized_by {
        OrganizedBy::Owner => "",
        OrganizedBy::Partner => ", they organize",
        OrganizedBy::Other => ", a third organizes",
    };
    let more = match view.series.len() {
        0 | 1 => String::new(),
        n => format!(", {n} series in a row"),
    };
    format!("{name}: “{}”, {rhythm}{whose}{more}", clean(title))
}

/// How a reading went, for people.
pub fn coverage_word(coverage: &Coverage) -> (String, Style) {
    match coverage {
        Coverage::Complete { .. } => ("read completely".to_owned(), Style::Good),
        Coverage::Partial { reason, .. } => {
            (format!("read in part: {}", clean(reason)), Style::Warn)
        }
        Coverage::Failed { reason, .. } => (format!("not read: {}", clean(reason)), Style::Bad),
        Coverage::Frozen { reason } => (format!("frozen: {}", clean(reason)), Style::Bad),
    }
}

/// The documented shape of a cycle.
pub fn as_json(report: &CycleReport) -> Value {
    let calendars: Vec<Value> = report
        .coverage
        .iter()
        .map(|(calendar, coverage)| coverage_json(calendar, coverage))
        .collect();
    json!({
        "calendars": calendars,
        "changed": report.changed,
        "vanished": report.vanished,
        "recorded": report.recorded,
        "notes": report.notes,
    })
}

/// One calendar's reading.
pub fn coverage_json(calendar: &crate::model::id::CalendarId, coverage: &Coverage) -> Value {
    let (word, synced, reason) = match coverage {
        Coverage::Complete { synced_at } => ("complete", Some(*synced_at), None),
        Coverage::Partial { synced_at, reason } => ("partial", *synced_at, Some(reason)),
        Coverage::Failed { synced_at, reason } => ("failed", *synced_at, Some(reason)),
        Coverage::Frozen { reason } => ("frozen", None, Some(reason)),
    };
    json!({
        "account": calendar.account.as_str(),
        "collection": calendar.collection,
        "reading": word,
        "synced_at": synced.map(|at| at.to_string()),
        "reason": reason,
    })
}

/// Whether everything could be read: exit code 3 otherwise.
///
/// # Errors
/// Partial, naming the accounts.
pub fn finish(report: &CycleReport) -> Result<(), Failure> {
    let mut accounts: Vec<&str> = report
        .coverage
        .iter()
        .filter(|(_, coverage)| !coverage.is_complete())
        .map(|(calendar, _)| calendar.account.as_str())
        .collect();
    accounts.dedup();
    // An account that was never read has no calendar to say so; its note does.
    if accounts.is_empty() && report.notes.is_empty() {
        return Ok(());
    }
    if accounts.is_empty() {
        let text = report.notes.join("; ");
        return Err(Failure::partial(text).hint("`onbeat check` looks closer"));
    }
    let reasons: Vec<&str> = report.notes.iter().map(String::as_str).collect();
    let failure = Failure::partial(format!(
        "not every calendar could be read completely ({})",
        accounts.join(", ")
    ));
    let failure =
        if reasons.is_empty() { failure } else { failure.because(Reasons(reasons.join("\n"))) };
    Err(failure.hint("`onbeat check` looks closer; nothing was concluded from what is missing"))
}

/// What the engine noted, as a cause.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Reasons(String);

/// A calendar as people know it: account and the last part of its address.
pub fn short_name(calendar: &CalendarId) -> String {
    let address = calendar.collection.trim_end_matches('/');
    let last = address.rsplit('/').next().unwrap_or(address);
    format!("{}/{last}", calendar.account)
}
