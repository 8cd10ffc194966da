//! The line: fetch → mirror → snapshot → observe → ledger → plan → apply. Timer,
//! command line and hint all run this; its cause decides nothing.

use crate::engine::error::EngineError;
use crate::engine::fetch::{AccountReading, fetch};
use crate::engine::look::{PartnerTimes, ask_partner_times, look};
use crate::engine::world::World;
use crate::engine::{
    Cause, Consent, CycleReport, Reach, StepOutcome, agenda, apply, planning, quiet, record,
    recover, requests, times, weekly,
};
use crate::model::id::{PairId, StepId};
use crate::model::pair::Mode;
use crate::model::plan::{Action, Plan, Step};
use crate::model::snapshot::Snapshot;

/// How often a cycle plans anew because somebody was faster or a new series
/// calls for more.
const ROUNDS: usize = 3;

/// Runs one cycle. `only`: plan and write for one pair.
///
/// # Errors
/// The store failed or the configuration names something that does not exist;
/// what a server does wrong is in the report.
pub async fn run(
    world: &mut World,
    cause: &Cause,
    reach: Reach,
    only: Option<&PairId>,
) -> Result<CycleReport, EngineError> {
    let outcome = turn(world, cause, reach, only).await;
    requests::note(world)?;
    outcome
}

async fn turn(
    world: &mut World,
    cause: &Cause,
    reach: Reach,
    only: Option<&PairId>,
) -> Result<CycleReport, EngineError> {
    tracing::debug!(?cause, ?reach, "cycle begins");
    let readings = fetch_all(world).await?;
    let mut report = begin(&readings);
    recover::recover(world).await?;
    if reach == Reach::Observe && quiet::nothing_due(world, &report)? {
        return Ok(report);
    }
    let times = match reach {
        Reach::Observe => PartnerTimes::new(),
        Reach::Plan | Reach::Apply { .. } => {
            let times = ask_partner_times(world, &readings).await;
            times::remember(world, &times)?;
            times
        }
    };
    for _ in 0..ROUNDS {
        let snapshot = observe(world, &readings, &times, &mut report)?;
        if reach == Reach::Observe {
            report.snapshot = Some(snapshot);
            break;
        }
        let plan = planning::plan(world, &readings, &snapshot, only)?;
        if report.coverage.iter().all(|(_, coverage)| coverage.is_complete()) {
            weekly::remember(world, plan.proposal.as_ref())?;
        }
        report.snapshot = Some(snapshot);
        let Reach::Apply { consent } = reach else {
            report.plan = Some(plan);
            break;
        };
        let again = apply_all(world, &plan, consent, &mut report).await?;
        report.plan = Some(plan);
        if !again {
            break;
        }
    }
    // What an incomplete reading hid may show in the next one.
    let complete = report.coverage.iter().all(|(_, coverage)| coverage.is_complete());
    if let Some(snapshot) = report.snapshot.as_ref().filter(|_| complete) {
        quiet::remember(world, snapshot)?;
    }
    tracing::debug!(changed = report.changed, applied = report.applied.len(), "cycle ends");
    Ok(report)
}

/// Every account in turn; one that fails does not stop the others.
async fn fetch_all(world: &World) -> Result<Vec<AccountReading>, EngineError> {
    let mut readings = Vec::new();
    for account in &world.accounts {
        readings.push(fetch(world, account).await?);
    }
    Ok(readings)
}

fn begin(readings: &[AccountReading]) -> CycleReport {
    let calendars = || readings.iter().flat_map(|reading| &reading.calendars);
    CycleReport {
        coverage: calendars().map(|c| (c.calendar.clone(), c.coverage.clone())).collect(),
        changed: calendars().map(|c| c.changed).sum(),
        vanished: calendars().map(|c| c.vanished).sum(),
        recorded: 0,
        snapshot: None,
        plan: None,
        applied: Vec::new(),
        notes: readings.iter().flat_map(|reading| reading.notes.iter().cloned()).collect(),
    }
}

/// Looks, records what is new, and takes in what people did in the events.
fn observe(
    world: &mut World,
    readings: &[AccountReading],
    times: &PartnerTimes,
    report: &mut CycleReport,
) -> Result<Snapshot, EngineError> {
    let snapshot = look(world, readings, times.clone())?;
    report.recorded += record::record(world, &snapshot)?;
    for view in &snapshot.pairs {
        agenda::take_in(world, &snapshot, &world.ledger, view)?;
    }
    record::catch_up(world)?;
    Ok(snapshot)
}

/// Carries a plan out as far as somebody agreed to it. Returns whether another
/// look is needed.
async fn apply_all(
    world: &World,
    plan: &Plan,
    consent: Consent,
    report: &mut CycleReport,
) -> Result<bool, EngineError> {
    let mut again = false;
    let mut touched = Vec::new();
    for step in plan.steps.iter().filter(|step| agreed(world, step, consent)) {
        if world.stop.get() {
            return Ok(false);
        }
        // One write per resource and round: the next one needs the new tag.
        let place = (step.calendar.clone(), step.href.clone());
        let room = |id: &StepId| {
            report.applied.iter().any(|(one, came)| one.id == *id && *came == StepOutcome::Done)
        };
        if touched.contains(&place) || !step.after.iter().all(room) {
            again = true;
            continue;
        }
        let outcome = apply::apply(world, step).await?;
        again |= outcome == StepOutcome::Stale
            || (outcome == StepOutcome::Done && matches!(step.action, Action::CreateSeries(_)));
        touched.push(place);
        report.applied.push((step.clone(), outcome));
    }
    Ok(again)
}

/// Whether the step may be carried out with this consent.
pub fn agreed(world: &World, step: &Step, consent: Consent) -> bool {
    if world.approved.as_ref().is_some_and(|shown| !shown.contains(&step.id)) {
        return false;
    }
    let mode = world.pairs.iter().find(|p| p.id == step.pair).map(|p| p.mode);
    match consent {
        Consent::Person => matches!(mode, Some(Mode::Suggest | Mode::Act)),
        Consent::Standing => mode == Some(Mode::Act) && !step.needs_person,
    }
}
