//! `onbeat apply`: shows the plan, asks, carries it out.

use std::io::{IsTerminal as _, Write as _};

use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::out::{Out, Style, clean, count};
use crate::cli::{pairs, plan, progress, sync, wire};
use crate::engine::{Cause, Consent, CycleReport, Reach, StepOutcome, cycle};
use crate::model::pair::Pair;

/// For whom, and whether to ask.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// Whose 1:1 [default: all]
    pub pair: Option<String>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

/// Carries the plan out.
///
/// # Errors
/// An unknown pair; no terminal to ask on; partial when a step failed or a
/// calendar could not be read.
pub fn run(context: &Context, args: &ApplyArgs, out: &mut Out) -> Result<(), Failure> {
    let (mut world, _lock) = wire::world(context, "apply")?;
    let only = pairs::find_opt(&world.pairs, args.pair.as_deref())?;
    out.zone = world.me.zone.clone();
    if !args.yes {
        let spinner = progress::spin(out, "reading calendars");
        let run = cycle::run(&mut world, &Cause::Command, Reach::Plan, only.as_ref());
        let report = wire::block_on(run)??;
        drop(spinner);
        let Some(made) = &report.plan else { return sync::finish(&report) };
        if !out.json {
            plan::print(made, report.snapshot.as_ref(), false, out)?;
        }
        let doable = made.steps.iter().filter(|s| plan::may_apply(&world.pairs, &s.pair)).count();
        if doable == 0 {
            if out.json {
                out.json(&json!({ "applied": [], "cycle": sync::as_json(&report) }))?;
            }
            return sync::finish(&report);
        }
        if !agreed(doable, out)? {
            return out.line("Nothing was changed.");
        }
        // What was shown is what was agreed to; anything new waits for the next look.
        world.approved = Some(made.steps.iter().map(|step| step.id.clone()).collect());
    }
    let reach = Reach::Apply { consent: Consent::Person };
    let spinner = progress::spin(out, "reading calendars");
    let run = cycle::run(&mut world, &Cause::Command, reach, only.as_ref());
    let report = wire::block_on(run)??;
    drop(spinner);
    print(&report, &world.pairs, out)?;
    finish(&report)
}

fn agreed(steps: usize, out: &mut Out) -> Result<bool, Failure> {
    out.flush()?;
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("there is no terminal to ask on")
            .hint("look at `onbeat plan`, then run `onbeat apply --yes`"));
    }
    let mut stderr = std::io::stderr();
    write!(stderr, "\nCarry out {}? [y/N] ", count(steps, "change", "changes"))?;
    stderr.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// What became of each step.
///
/// # Errors
/// When stdout cannot be written.
pub fn print(report: &CycleReport, pairs: &[Pair], out: &mut Out) -> Result<(), Failure> {
    let zone = out.zone.clone();
    if out.json {
        let applied: Vec<_> = report
            .applied
            .iter()
            .map(|(step, outcome)| {
                let mut value = plan::step_json(step, &zone);
                if let Some(map) = value.as_object_mut() {
                    map.insert("outcome".to_owned(), word(outcome).0.into());
                    map.insert("reason".to_owned(), reason(outcome).into());
                }
                value
            })
            .collect();
        return out.json(&json!({ "applied": applied, "cycle": sync::as_json(report) }));
    }
    if report.applied.is_empty() {
        return out.line("Nothing to do: everything is as it should be.");
    }
    for (step, outcome) in &report.applied {
        let (word, style) = word(outcome);
        let name = pairs
            .iter()
            .find(|pair| pair.id == step.pair)
            .map_or(step.pair.as_str(), |pair| pair.partner.name.as_str());
        let word = out.paint(style, &format!("{word:<8}"));
        out.line(format!(
            "{word} {}: {}",
            clean(name),
            clean(&plan::step_text(step, report.snapshot.as_ref(), &zone))
        ))?;
        if let Some(reason) = reason(outcome) {
            out.line(format!("         {}", clean(reason)))?;
        }
    }
    Ok(())
}

fn word(outcome: &StepOutcome) -> (&'static str, Style) {
    match outcome {
        StepOutcome::Done => ("done", Style::Good),
        StepOutcome::Stale => ("overtaken", Style::Warn),
        StepOutcome::Refused(_) => ("refused", Style::Bad),
        StepOutcome::Failed(_) => ("failed", Style::Bad),
    }
}

fn reason(outcome: &StepOutcome) -> Option<&str> {
    match outcome {
        StepOutcome::Done => None,
        StepOutcome::Stale => Some("somebody changed the event first; it was planned anew"),
        StepOutcome::Refused(reason) | StepOutcome::Failed(reason) => Some(reason),
    }
}

fn finish(report: &CycleReport) -> Result<(), Failure> {
    let failed = report
        .applied
        .iter()
        .filter(|(_, o)| matches!(o, StepOutcome::Refused(_) | StepOutcome::Failed(_)))
        .count();
    if failed > 0 {
        return Err(Failure::partial(format!(
            "{} did not work",
            count(failed, "change", "changes")
        ))
        .hint("`onbeat log` has the reasons; the next `onbeat apply` tries again"));
    }
    sync::finish(report)
}
