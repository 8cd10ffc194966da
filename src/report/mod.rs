//! The consistency report: numbers from beats, and its forms. Knows no ledger, no
//! calendar and no clock; nothing private reaches it.

mod context;
pub mod csv;
pub mod html;
pub mod json;
pub mod markdown;
mod numbers;
mod stamp;
#[cfg(test)]
mod tests;
pub mod text;
pub mod words;

use std::collections::HashMap;

use jiff::Timestamp;

use crate::model::id::PairId;
use crate::model::ledger::{Beat, Finding, FindingKind, PairBeats};
use crate::model::report::{AgendaNumbers, Extras, Numbers, PairReport, Report};
use crate::model::time::Window;

pub use numbers::gaps;

/// Fewer counted beats than this say nothing of the spread.
const SPREAD_FROM: u32 = 5;

/// Computes the report over the beats planned inside the window. Pairs come in the
/// order of `extras.people`; beats of other pairs are left out.
pub fn consistency(
    beats: Vec<PairBeats>,
    window: Window,
    now: Timestamp,
    extras: Extras,
) -> Report {
    let mut by_pair: HashMap<PairId, Vec<Beat>> = HashMap::with_capacity(beats.len());
    for one in beats {
        by_pair.insert(one.pair, one.beats);
    }
    let mut pairs = Vec::with_capacity(extras.people.len());
    let mut sum = numbers::Sum::default();
    for (pair, name) in extras.people {
        let mut beats = by_pair.remove(&pair).unwrap_or_default();
        beats.retain(|beat| window.contains(beat.planned));
        let agenda = extras.agenda.get(&pair).copied().unwrap_or_default();
        let lapsed = has_lapsed(&extras.findings, &pair);
        let counted = numbers::of_pair(&beats, now, &extras.zone, lapsed);
        let flags = extras.flags.get(&pair).map(|set| set.iter().copied().collect());
        let months = numbers::months(&beats, &extras.zone);
        sum.add(&counted, &beats, now, lapsed, agenda);
        pairs.push(PairReport {
            pair,
            name,
            numbers: with_agenda(counted, agenda),
            months,
            flags: flags.unwrap_or_default(),
            beats,
        });
    }
    let spread = spread(&pairs);
    Report {
        window,
        as_of: now,
        owner: extras.owner,
        zone: extras.zone,
        overall: sum.finish(),
        pairs,
        spread,
        findings: extras.findings,
        notes: extras.notes,
    }
}

/// The same report over some of its pairs only; the overall numbers are theirs.
pub fn only(report: Report, keep: impl Fn(&PairReport) -> bool) -> Report {
    let (kept, _): (Vec<PairReport>, Vec<PairReport>) = report.pairs.into_iter().partition(keep);
    let is_kept = |pair: &PairId| kept.iter().any(|one| one.pair == *pair);
    let extras = Extras {
        owner: report.owner,
        zone: report.zone,
        people: kept.iter().map(|one| (one.pair.clone(), one.name.clone())).collect(),
        findings: report.findings.into_iter().filter(|one| is_kept(&one.pair)).collect(),
        flags: kept
            .iter()
            .map(|one| (one.pair.clone(), one.flags.iter().copied().collect()))
            .collect(),
        agenda: kept.iter().map(|one| (one.pair.clone(), agenda_of(&one.numbers))).collect(),
        notes: report.notes,
    };
    let beats =
        kept.into_iter().map(|one| PairBeats { pair: one.pair, beats: one.beats }).collect();
    consistency(beats, report.window, report.as_of, extras)
}

/// Whether nothing is expected of a pair any more.
pub(crate) fn has_lapsed(findings: &[Finding], pair: &PairId) -> bool {
    findings.iter().any(|one| one.pair == *pair && one.kind == FindingKind::Lapsed)
}

fn agenda_of(numbers: &Numbers) -> AgendaNumbers {
    AgendaNumbers {
        prepared: numbers.prepared,
        closed: numbers.closed,
        carried_days: numbers.carried_days,
    }
}

fn with_agenda(numbers: Numbers, agenda: AgendaNumbers) -> Numbers {
    Numbers {
        prepared: agenda.prepared,
        closed: agenda.closed,
        carried_days: agenda.carried_days,
        ..numbers
    }
}

fn spread(pairs: &[PairReport]) -> Option<f64> {
    let rates: Vec<f64> = pairs
        .iter()
        .filter(|pair| numbers::counted(&pair.numbers) >= SPREAD_FROM)
        .filter_map(|pair| pair.numbers.held_rate)
        .collect();
    if rates.len() < 2 {
        return None;
    }
    let most = rates.iter().copied().fold(f64::MIN, f64::max);
    let least = rates.iter().copied().fold(f64::MAX, f64::min);
    Some(most - least)
}
