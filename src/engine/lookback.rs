//! A report from calendars alone: no ledger, no configuration, no network. The
//! whole pure line runs once over what the files say. Also the look-back on first
//! sight of a configured owner.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::ledger;
use crate::model::id::{Address, PairId};
use crate::model::ledger::{Finding, FindingKind, LedgerState};
use crate::model::observation::FlagKind;
use crate::model::pair::{Pair, Person};
use crate::model::report::{AgendaNumbers, Extras, Report};
use crate::model::snapshot::{MirroredEvent, Snapshot};
use crate::model::time::Window;
use crate::observe;
use crate::report;
use crate::snapshot::{self, Input};

/// The report on exported calendars. Who "me" is, unless given, and who the
/// partners are is inferred and said in the report's notes.
pub fn from_calendars(
    events: &[MirroredEvent],
    me: Option<&Address>,
    window: Window,
    now: Timestamp,
) -> Report {
    let inferred = snapshot::infer(events, me);
    let nobody = Person {
        name: "nobody".to_owned(),
        addresses: Vec::new(),
        zone: jiff::tz::TimeZone::UTC,
        hours: crate::model::time::WeekHours::default(),
        holidays: BTreeMap::new(),
    };
    let owner = inferred.me.unwrap_or(nobody);
    let mut report = of_owner(events, &owner, &inferred.pairs, &BTreeMap::new(), window, now);
    report.notes.splice(0..0, inferred.notes);
    report
}

/// The report on known people over calendars that were read to their end.
pub fn of_owner(
    events: &[MirroredEvent],
    owner: &Person,
    pairs: &[Pair],
    departed: &BTreeMap<PairId, Date>,
    window: Window,
    now: Timestamp,
) -> Report {
    let snapshot = snapshot::build(Input {
        owner,
        pairs,
        events,
        coverage: BTreeMap::new(),
        // Whether anybody is busy decides nothing about the past.
        busy_calendars: Some(BTreeSet::new()),
        partner_busy: BTreeMap::new(),
        departed: departed.clone(),
        quarantined: Vec::new(),
        engines: BTreeMap::new(),
        window,
        now,
    });
    let seen = observe::observe(&LedgerState::default(), &snapshot);
    let entries = ledger::record(&LedgerState::default(), &seen, &snapshot, now);
    let state = ledger::fold(&entries);
    report(&state, &snapshot, BTreeMap::new(), window, now)
}

/// The report on a ledger's state and the snapshot it was last compared with.
/// `agenda`: what is counted where the items are kept.
pub fn report(
    state: &LedgerState,
    snapshot: &Snapshot,
    agenda: BTreeMap<PairId, AgendaNumbers>,
    window: Window,
    now: Timestamp,
) -> Report {
    let zone = &snapshot.owner.zone;
    let beats = ledger::verdicts(state, zone, now);
    let findings = ledger::findings(state, snapshot, now);
    let flags = beats
        .iter()
        .map(|one| {
            let lapsed = has_lapsed(&findings, &one.pair);
            (one.pair.clone(), ledger::flags_now(&one.beats, lapsed, now))
        })
        .collect::<BTreeMap<PairId, BTreeSet<FlagKind>>>();
    let people = snapshot
        .pairs
        .iter()
        .map(|view| (view.pair.id.clone(), view.pair.partner.name.clone()))
        .collect();
    let extras = Extras {
        owner: snapshot.owner.name.clone(),
        zone: zone.clone(),
        people,
        findings,
        flags,
        agenda,
        notes: Vec::new(),
    };
    report::consistency(beats, window, now, extras)
}

fn has_lapsed(findings: &[Finding], pair: &PairId) -> bool {
    findings.iter().any(|one| one.pair == *pair && one.kind == FindingKind::Lapsed)
}
