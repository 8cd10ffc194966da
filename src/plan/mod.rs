//! Turns a snapshot into a plan: which series to create, which occurrences to
//! move, which agendas to write, and why the rest is left alone. Pure: the same
//! input gives the same plan, and planning again after applying gives none.

pub mod agenda;
pub mod around;
pub mod carrier;
pub mod check;
pub mod ground;
pub mod input;
pub mod joint;
pub mod mail;
mod place;
mod remedy;
mod repair;
pub mod standing;
mod table;
pub mod targets;
mod terrain;
mod trouble;
pub mod upkeep;
pub mod words;

#[cfg(test)]
mod repair_tests;
#[cfg(test)]
mod standing_tests;
#[cfg(test)]
mod testkit;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use uuid::Uuid;

use crate::model::id::{Href, StepId};
use crate::model::pair::{Mode, Pair};
use crate::model::plan::{Action, Plan, Proposal, Score, Step, Waiting, WaitingCause};
use crate::model::snapshot::{Coverage, PairView, Snapshot};
use crate::plan::input::{PairState, PlanInput, Weekly};

/// Days that must lie between two meetings of a pair, start to start.
pub(crate) const MIN_GAP_DAYS: i64 = 3;

/// Plans everything that is due for the pairs.
pub fn plan(input: &PlanInput<'_>) -> Plan {
    let snapshot = input.snapshot;
    let mut plan = Plan {
        made_at: snapshot.now,
        steps: Vec::new(),
        waiting: Vec::new(),
        score: None,
        proposal: None,
    };
    let nothing = PairState::default();
    let arrangement = joint::arrange(snapshot, &unplaced(input), input.limits);
    let incomplete = incomplete(snapshot);
    let mut repaired = match incomplete {
        Some(_) => repair::Repaired::default(),
        None => repair::repair(input),
    };
    let common = ground::Common::new(snapshot);
    for (at, view) in snapshot.pairs.iter().enumerate() {
        if input.only.is_some_and(|only| *only != view.pair.id) {
            continue;
        }
        let state = input.pairs.get(&view.pair.id).unwrap_or(&nothing);
        if let Some(cause) = at_rest(view, state) {
            plan.waiting.push(Waiting { pair: view.pair.id.clone(), occurrence: None, cause });
            continue;
        }
        let text = agenda::agenda(snapshot, view, state, input.limits);
        if let Some(cause) = incomplete.clone() {
            plan.waiting.push(Waiting { pair: view.pair.id.clone(), occurrence: None, cause });
            add(&mut plan, text);
            continue;
        }
        plan.waiting.extend(view.duplicated.iter().map(|uid| Waiting {
            pair: view.pair.id.clone(),
            occurrence: None,
            cause: WaitingCause::DuplicateUid { uid: uid.clone() },
        }));
        let arranged = arrangement.chosen.iter().find(|one| one.pair == at);
        let ground = ground::Ground::new(&common, &view.pair, input.limits.max_per_day);
        add(&mut plan, upkeep::upkeep(snapshot, view, state, &ground, arranged));
        plan.steps.extend(repaired.steps.remove(&at).unwrap_or_default());
        plan.waiting.extend(repaired.waiting.remove(&at).unwrap_or_default());
        add(&mut plan, text);
    }
    plan.proposal = match (&incomplete, input.weekly) {
        (Some(_), _) => None,
        (None, Weekly::Due) => standing::proposal(input),
        (None, Weekly::Made(made)) => {
            made.as_ref().filter(|made| standing::holds(input, made)).cloned()
        }
    };
    let asked = |p: &&Proposal| input.only.is_none_or(|only| *only == p.pair);
    plan.waiting.extend(plan.proposal.iter().filter(asked).map(|p| Waiting {
        pair: p.pair.clone(),
        occurrence: None,
        cause: WaitingCause::BetterSlot(p.clone()),
    }));
    plan.score = scored(&plan, &[arrangement.score, repaired.score]);
    in_order(&mut plan, repaired.steps.into_values().flatten().collect());
    check::check(plan, input)
}

/// What the decisions about times gain together, if there are any in the plan.
fn scored(plan: &Plan, scores: &[Option<Score>]) -> Option<Score> {
    let times = |step: &Step| {
        matches!(step.action, Action::CreateSeries(_) | Action::MoveOccurrence { .. })
    };
    if !plan.steps.iter().any(times) {
        return None;
    }
    scores.iter().flatten().copied().reduce(Score::and)
}

/// Every step after those that make room for it. `others` are steps of pairs not
/// asked for: taken in where one is of no use without the other. What would have to
/// wait for itself is said.
fn in_order(plan: &mut Plan, mut others: Vec<Step>) {
    let mut open = std::mem::take(&mut plan.steps);
    let mut done: Vec<Step> = Vec::new();
    loop {
        let ready = |step: &Step| step.after.iter().all(|id| done.iter().any(|d| d.id == *id));
        if let Some(at) = open.iter().position(ready) {
            done.push(open.remove(at));
            continue;
        }
        let bound = |step: &Step| {
            open.iter().any(|o| o.after.contains(&step.id))
                || done.iter().any(|d| step.after.contains(&d.id))
        };
        let Some(at) = others.iter().position(bound) else { break };
        open.push(others.remove(at));
    }
    let rule = "two meetings would have to change places at once";
    plan.waiting.extend(open.into_iter().map(|step| Waiting {
        pair: step.pair,
        occurrence: None,
        cause: WaitingCause::Refused { rule: rule.to_owned() },
    }));
    plan.steps = done;
}

fn add(plan: &mut Plan, result: Result<Option<Step>, Waiting>) {
    match result {
        Ok(step) => plan.steps.extend(step),
        Err(waiting) => plan.waiting.push(waiting),
    }
}

/// The pairs that need a series, all of them: one planned alone would take the
/// place of another.
fn unplaced(input: &PlanInput<'_>) -> Vec<usize> {
    let snapshot = input.snapshot;
    let nothing = PairState::default();
    let needs = |view: &PairView| {
        let state = input.pairs.get(&view.pair.id).unwrap_or(&nothing);
        at_rest(view, state).is_none()
            && incomplete(snapshot).is_none()
            && state.target.is_some()
            && upkeep::live_series(view, snapshot.now).is_none()
    };
    let all = snapshot.pairs.iter().enumerate();
    all.filter(|(_, view)| needs(view)).map(|(at, _)| at).collect()
}

/// Why a pair is left alone altogether.
fn at_rest(view: &PairView, state: &PairState) -> Option<WaitingCause> {
    if state.paused {
        return Some(WaitingCause::Paused);
    }
    if view.pair.mode == Mode::Observe {
        return Some(WaitingCause::ObserveOnly);
    }
    None
}

/// Why no time is decided about: some calendar was not read to its end.
fn incomplete(snapshot: &Snapshot) -> Option<WaitingCause> {
    // A busy calendar that could not be read would make taken time look free.
    snapshot.coverage.iter().find_map(|(calendar, coverage)| {
        let reason = match coverage {
            Coverage::Complete { .. } => return None,
            Coverage::Partial { reason, .. }
            | Coverage::Failed { reason, .. }
            | Coverage::Frozen { reason } => reason.clone(),
        };
        Some(WaitingCause::IncompleteReading { calendar: calendar.clone(), reason })
    })
}

/// How far an occurrence may go from its planned date, in days: what the pair
/// allows, less what would bring two meetings too close together.
pub fn tolerance_days(pair: &Pair) -> i64 {
    #[allow(clippy::cast_possible_truncation)] // days between meetings: small
    let cadence = pair.cadence.mean_days() as i64;
    i64::from(pair.flexibility_days).min((cadence - MIN_GAP_DAYS) / 2).max(0)
}

/// The id of a step: what it does, where, for whom. The moment of making is not
/// part of it: the same step planned again has the same id.
pub fn step_id(pair: &Pair, href: &Href, action: &Action) -> StepId {
    let mut action = action.clone();
    match &mut action {
        Action::CreateSeries(series) => series.stamp = Timestamp::UNIX_EPOCH,
        Action::CreateCompanion(companion) => companion.stamp = Timestamp::UNIX_EPOCH,
        Action::MoveOccurrence { .. }
        | Action::WriteAgenda { .. }
        | Action::SetLink { .. }
        | Action::Restore { .. } => {}
    }
    let name = format!("{}\n{href}\n{action:?}", pair.id);
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).simple().to_string();
    StepId::new(id.chars().take(12).collect::<String>())
}
