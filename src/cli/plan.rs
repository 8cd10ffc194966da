//! `onbeat plan`: what would be changed, why, what not, and why not.

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::out::{Out, Style, clean, count, wrap};
use crate::cli::{pairs, progress, sync, wire};
use crate::engine::{Cause, CycleReport, Reach, cycle};
use crate::model::id::PairId;
use crate::model::pair::{Mode, Pair};
use crate::model::plan::{Action, MailEffect, Plan, Proposal, Score, Step, Waiting, WaitingCause};
use crate::model::snapshot::Snapshot;
use crate::plan::words;

/// For whom.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Whose 1:1 [default: all]
    pub pair: Option<String>,
    /// Also list what is merely not due yet
    #[arg(long)]
    pub all: bool,
}

/// Plans and prints.
///
/// # Errors
/// An unknown pair, a configuration or state that cannot be used; partial when
/// some calendar could not be read.
pub fn run(context: &Context, args: &PlanArgs, out: &mut Out) -> Result<(), Failure> {
    let (mut world, _lock) = wire::world(context, "plan")?;
    let only = pairs::find_opt(&world.pairs, args.pair.as_deref())?;
    let spinner = progress::spin(out, "reading calendars");
    let run = cycle::run(&mut world, &Cause::Command, Reach::Plan, only.as_ref());
    let report = wire::block_on(run)??;
    drop(spinner);
    out.zone = world.me.zone.clone();
    if let Some(plan) = &report.plan {
        if out.json {
            out.json(&as_json(plan, &report))?;
        } else {
            print(plan, report.snapshot.as_ref(), args.all, out)?;
        }
    }
    sync::finish(&report)
}

/// The plan for people.
///
/// # Errors
/// When stdout cannot be written.
pub fn print(
    plan: &Plan,
    snapshot: Option<&Snapshot>,
    all: bool,
    out: &mut Out,
) -> Result<(), Failure> {
    let pairs: Vec<&Pair> = snapshot.iter().flat_map(|s| &s.pairs).map(|view| &view.pair).collect();
    if plan.steps.is_empty() {
        out.line("Nothing to do: everything is as it should be.")?;
    } else {
        let zone = out.zone_name();
        out.line(format!("{} (times in {zone})", count(plan.steps.len(), "change", "changes")))?;
    }
    for pair in &pairs {
        let steps: Vec<&Step> = plan.steps.iter().filter(|step| step.pair == pair.id).collect();
        if steps.is_empty() {
            continue;
        }
        out.line("")?;
        out.line(out.paint(Style::Bold, &clean(&pair.partner.name)))?;
        for step in steps {
            print_step(step, snapshot, out)?;
        }
    }
    if let Some(score) = &plan.score {
        out.line("")?;
        bullet("", &words::score(score), Style::Dim, out)?;
    }
    print_waiting(plan, &pairs, all, out)
}

fn print_step(step: &Step, snapshot: Option<&Snapshot>, out: &mut Out) -> Result<(), Failure> {
    let zone = out.zone.clone();
    bullet("  + ", &step_text(step, snapshot, &zone), Style::Good, out)?;
    let mut why: Vec<String> = step.why.iter().map(|reason| words::reason(reason, &zone)).collect();
    if step.mail != MailEffect::None {
        why.push(words::mail(&step.mail));
    }
    if step.needs_person {
        why.push("needs your word: the daemon will not do it by itself".to_owned());
    }
    bullet("    ", &why.join("; "), Style::Dim, out)
}

fn bullet(mark: &str, text: &str, style: Style, out: &mut Out) -> Result<(), Failure> {
    let indent = " ".repeat(mark.len());
    for (n, line) in wrap(&clean(text), out.width.min(100) - mark.len()).iter().enumerate() {
        let line = out.paint(style, line);
        out.line(format!("{}{line}", if n == 0 { mark } else { &indent }))?;
    }
    Ok(())
}

/// What a step does, in one line. An agenda is named by where its meeting
/// stands now, not by where it was planned.
pub fn step_text(step: &Step, snapshot: Option<&Snapshot>, zone: &TimeZone) -> String {
    let Action::WriteAgenda { occurrence, .. } = &step.action else {
        return words::step(step, zone);
    };
    let meeting = snapshot
        .iter()
        .flat_map(|s| &s.pairs)
        .flat_map(|view| &view.occurrences)
        .find(|meeting| meeting.key == *occurrence);
    match meeting {
        Some(meeting) => format!("write the agenda of {}", words::moment(meeting.start, zone)),
        None => words::step(step, zone),
    }
}

fn print_waiting(plan: &Plan, pairs: &[&Pair], all: bool, out: &mut Out) -> Result<(), Failure> {
    let shown: Vec<&Waiting> = plan.waiting.iter().filter(|w| all || worth_saying(w)).collect();
    if shown.is_empty() {
        return Ok(());
    }
    out.line("")?;
    out.line("Not done, and why")?;
    let zone = out.zone.clone();
    for waiting in shown {
        let name = pairs
            .iter()
            .find(|pair| pair.id == waiting.pair)
            .map_or(waiting.pair.as_str(), |pair| pair.partner.name.as_str());
        let at = waiting
            .occurrence
            .map_or(String::new(), |at| format!(", {}", words::moment(at, &zone)));
        let text = format!("{name}{at}: {}", words::waiting(&waiting.cause, &zone));
        bullet("  - ", &text, Style::Warn, out)?;
    }
    Ok(())
}

/// What is only a matter of time is left out unless asked for.
fn worth_saying(waiting: &Waiting) -> bool {
    !matches!(waiting.cause, WaitingCause::AgendaNotDue { .. } | WaitingCause::ObserveOnly)
}

/// The documented shape of a plan.
pub fn as_json(plan: &Plan, report: &CycleReport) -> Value {
    let utc = TimeZone::UTC;
    let steps: Vec<Value> = plan.steps.iter().map(|step| step_json(step, &utc)).collect();
    let waiting: Vec<Value> = plan
        .waiting
        .iter()
        .map(|w| {
            json!({
                "pair": w.pair.as_str(),
                "occurrence": w.occurrence.map(|at| at.to_string()),
                "why": words::waiting(&w.cause, &utc),
            })
        })
        .collect();
    json!({
        "made_at": plan.made_at.to_string(),
        "steps": steps,
        "waiting": waiting,
        "score": plan.score.as_ref().map(score_json),
        "proposal": plan.proposal.as_ref().map(proposal_json),
        "cycle": sync::as_json(report),
    })
}

/// The documented shape of a score.
fn score_json(score: &Score) -> Value {
    json!({
        "without": score.without,
        "cost": score.cost,
        "bound": score.bound,
        "gain": score.gain(),
        "gap": score.gap(),
    })
}

/// The documented shape of a proposal.
fn proposal_json(proposal: &Proposal) -> Value {
    let (now, then, of) = proposal.off;
    json!({
        "pair": proposal.pair.as_str(),
        "uid": proposal.uid.as_str(),
        "from": proposal.from.to_string(),
        "to": proposal.to.to_string(),
        "gain": proposal.gain,
        "off_now": now,
        "off_then": then,
        "of": of,
    })
}

/// The documented shape of a step.
pub fn step_json(step: &Step, zone: &TimeZone) -> Value {
    let (action, occurrence, start) = match &step.action {
        Action::CreateSeries(series) => ("create", None, Some(series.start.instant(zone))),
        Action::MoveOccurrence { occurrence, start, .. } => {
            ("move", occurrence.recurrence_id, Some(start.instant(zone)))
        }
        Action::WriteAgenda { occurrence, .. } => ("agenda", occurrence.recurrence_id, None),
        Action::CreateCompanion(new) => {
            ("companion", new.meeting.recurrence_id, Some(new.start.instant(zone)))
        }
        Action::SetLink { .. } => ("link", None, None),
        Action::Restore { .. } => ("restore", None, None),
    };
    let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let mails = match &step.mail {
        MailEffect::None => json!([]),
        MailEffect::Mails(people) => people.iter().map(|who| who.as_str()).collect(),
        MailEffect::Unknown => Value::Null,
    };
    json!({
        "id": step.id.as_str(),
        "pair": step.pair.as_str(),
        "action": action,
        "planned": text(occurrence),
        "start": text(start),
        "calendar": step.calendar.to_string(),
        "href": step.href.as_str(),
        "mails": mails,
        "needs_person": step.needs_person,
        "after": step.after.iter().map(|id| id.as_str()).collect::<Vec<_>>(),
        "why": step.why.iter().map(|reason| words::reason(reason, zone)).collect::<Vec<_>>(),
    })
}

/// Whether a person's word lets a pair's steps be carried out.
pub fn may_apply(pairs: &[Pair], pair: &PairId) -> bool {
    pairs.iter().any(|p| p.id == *pair && p.mode != Mode::Observe)
}
