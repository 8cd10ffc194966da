//! The arithmetic of `docs/consistency.md`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::ledger::{Beat, Cause, Verdict};
use crate::model::observation::Party;
use crate::model::report::{AgendaNumbers, Gap, Initiators, Month, Numbers};

const DAY: f64 = 86_400.0;

/// Beats a rate is taken over.
pub(crate) fn counted(numbers: &Numbers) -> u32 {
    numbers.expected - numbers.excused - numbers.unknown
}

/// All numbers of one pair, its agenda aside.
pub(crate) fn of_pair(beats: &[Beat], now: Timestamp, zone: &TimeZone, over: bool) -> Numbers {
    let mut numbers = Numbers::default();
    let mut causes: BTreeMap<Cause, u32> = BTreeMap::new();
    for beat in beats {
        count(&mut numbers, beat, zone);
        if let (Verdict::Skipped | Verdict::Excused, Some(cause)) = (beat.verdict, beat.cause) {
            *causes.entry(cause).or_insert(0) += 1;
        }
    }
    numbers.causes = ranked(causes);
    numbers.streak = streak(beats);
    let mut ratios: Vec<f32> = gap_ratios(beats, now, over);
    (numbers.median_gap, numbers.worst_gap) = middle_and_most(&mut ratios);
    rates(&mut numbers);
    numbers
}

fn count(numbers: &mut Numbers, beat: &Beat, zone: &TimeZone) {
    match beat.verdict {
        Verdict::Ended => return,
        Verdict::Upcoming => {
            numbers.upcoming += 1;
            return;
        }
        Verdict::Held => numbers.held += 1,
        Verdict::Pushed => {
            numbers.pushed += 1;
            numbers.drift_days += days_later(beat, zone);
        }
        Verdict::Pulled => numbers.pulled += 1,
        Verdict::Skipped => numbers.skipped += 1,
        Verdict::Excused => numbers.excused += 1,
        Verdict::Unknown => numbers.unknown += 1,
    }
    numbers.expected += 1;
    numbers.pushes += u32::from(beat.pushes);
    numbers.late += u32::from(beat.flags.late);
    numbers.shortened += u32::from(beat.flags.shortened);
    if beat.verdict.is_held()
        && let Some(level) = numbers.evidence.get_mut(usize::from(beat.evidence))
    {
        *level += 1;
    }
    if was_changed(beat) {
        numbers.notice_known += u32::from(beat.notice_minutes.is_some());
        attribute(&mut numbers.by, beat.by);
    }
}

/// Whether somebody moved the meeting or took it off (an absence or a holiday
/// does neither).
fn was_changed(beat: &Beat) -> bool {
    match beat.cause {
        Some(Cause::Pto | Cause::Holiday | Cause::Gap | Cause::Said) => false,
        Some(
            Cause::Removed
            | Cause::Cancelled
            | Cause::DeclinedPartner
            | Cause::DeclinedOwner
            | Cause::Collision
            | Cause::Replaced,
        ) => true,
        None => beat.pushes > 0 || matches!(beat.verdict, Verdict::Pushed | Verdict::Pulled),
    }
}

fn attribute(by: &mut Initiators, party: Option<Party>) {
    match party {
        Some(Party::Owner) => by.owner += 1,
        Some(Party::Partner) => by.partner += 1,
        Some(Party::Onbeat) => by.onbeat += 1,
        Some(Party::Other) => by.other += 1,
        None => by.unknown += 1,
    }
}

fn days_later(beat: &Beat, zone: &TimeZone) -> u32 {
    let Some(actual) = beat.actual else { return 0 };
    let from = zone.to_datetime(beat.planned).date();
    let to = zone.to_datetime(actual).date();
    from.until(to).ok().and_then(|span| u32::try_from(span.get_days()).ok()).unwrap_or(0)
}

/// Beats held in a row, the latest backwards.
fn streak(beats: &[Beat]) -> u32 {
    let mut streak = 0;
    for beat in beats.iter().rev() {
        match beat.verdict {
            Verdict::Held | Verdict::Pushed | Verdict::Pulled => streak += 1,
            Verdict::Skipped => break,
            Verdict::Upcoming | Verdict::Excused | Verdict::Ended | Verdict::Unknown => {}
        }
    }
    streak
}

/// When the two met, ascending, each with the cadence in force.
fn meetings(beats: &[Beat]) -> Vec<(Timestamp, u16)> {
    let mut met: Vec<(Timestamp, u16)> = beats
        .iter()
        .filter(|beat| beat.verdict.is_held())
        .filter_map(|beat| Some((beat.actual?, beat.cadence_days)))
        .collect();
    // Nearly sorted already: moves reach over few neighbours.
    if !met.is_sorted_by_key(|(at, _)| *at) {
        met.sort_by_key(|(at, _)| *at);
    }
    met
}

/// Days between consecutive meetings, and the running one up to `now` when another
/// meeting is or was expected since.
pub fn gaps(beats: &[Beat], now: Timestamp, over: bool) -> Vec<Gap> {
    let met = meetings(beats);
    let mut out: Vec<Gap> = met
        .windows(2)
        .filter_map(|two| match two {
            [(from, _), (to, cadence)] => Some(gap(*from, *to, *cadence, false)),
            [] | [_] | [_, _, _, ..] => None,
        })
        .collect();
    if let Some((last, cadence)) = met.last()
        && !over
        && expected_since(beats, *last)
        && *last < now
    {
        out.push(gap(*last, now, *cadence, true));
    }
    out
}

fn expected_since(beats: &[Beat], last: Timestamp) -> bool {
    beats
        .iter()
        .rev()
        .take_while(|beat| beat.planned > last)
        .any(|beat| !matches!(beat.verdict, Verdict::Ended))
}

fn gap(from: Timestamp, to: Timestamp, cadence: u16, running: bool) -> Gap {
    let days = to.duration_since(from).as_secs_f64() / DAY;
    Gap { until: to, days, ratio: days / f64::from(cadence.max(1)), running }
}

#[allow(clippy::cast_possible_truncation)] // four digits are plenty for a ratio
fn gap_ratios(beats: &[Beat], now: Timestamp, over: bool) -> Vec<f32> {
    gaps(beats, now, over).iter().map(|gap| gap.ratio as f32).collect()
}

fn middle_and_most(ratios: &mut [f32]) -> (Option<f64>, Option<f64>) {
    let (half, even) = (ratios.len() / 2, ratios.len().is_multiple_of(2));
    if ratios.is_empty() {
        return (None, None);
    }
    let most = ratios.iter().copied().fold(f32::MIN, f32::max);
    let (low, middle, _) = ratios.select_nth_unstable_by(half, f32::total_cmp);
    let middle = f64::from(*middle);
    let median = if even {
        f64::midpoint(middle, f64::from(low.iter().copied().fold(f32::MIN, f32::max)))
    } else {
        middle
    };
    (Some(median), Some(f64::from(most)))
}

fn rates(numbers: &mut Numbers) {
    let counted = counted(numbers);
    if counted > 0 {
        let of = f64::from(counted);
        let met = numbers.held + numbers.pushed + numbers.pulled;
        numbers.held_rate = Some(f64::from(met) / of);
        numbers.on_beat_rate = Some(f64::from(numbers.held) / of);
    }
}

fn ranked(causes: BTreeMap<Cause, u32>) -> Vec<(Cause, u32)> {
    let mut list: Vec<(Cause, u32)> = causes.into_iter().collect();
    list.sort_by_key(|(cause, n)| (std::cmp::Reverse(*n), *cause));
    list
}

/// Months of the planned starts with what was held in them, ascending.
pub(crate) fn months(beats: &[Beat], zone: &TimeZone) -> Vec<Month> {
    let mut out: Vec<Month> = Vec::new();
    for beat in beats {
        let counts = beat.verdict.is_held() || beat.verdict == Verdict::Skipped;
        if !counts {
            continue;
        }
        let date = zone.to_datetime(beat.planned).date();
        let (year, month) = (date.year(), date.month());
        let held = u32::from(beat.verdict.is_held());
        match out.last_mut() {
            Some(last) if (last.year, last.month) == (year, month) => {
                last.held += held;
                last.counted += 1;
            }
            Some(_) | None => out.push(Month { year, month, held, counted: 1 }),
        }
    }
    out
}

/// All pairs together.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    total: Numbers,
    causes: BTreeMap<Cause, u32>,
    ratios: Vec<f32>,
    prepared: (u32, u32),
    closed: (u32, u32),
    carried: Vec<u32>,
}

impl Sum {
    pub(crate) fn add(
        &mut self,
        one: &Numbers,
        beats: &[Beat],
        now: Timestamp,
        over: bool,
        agenda: AgendaNumbers,
    ) {
        let total = &mut self.total;
        for (sum, part) in [
            (&mut total.expected, one.expected),
            (&mut total.held, one.held),
            (&mut total.pushed, one.pushed),
            (&mut total.pulled, one.pulled),
            (&mut total.skipped, one.skipped),
            (&mut total.excused, one.excused),
            (&mut total.unknown, one.unknown),
            (&mut total.upcoming, one.upcoming),
            (&mut total.drift_days, one.drift_days),
            (&mut total.pushes, one.pushes),
            (&mut total.late, one.late),
            (&mut total.notice_known, one.notice_known),
            (&mut total.shortened, one.shortened),
            (&mut total.by.owner, one.by.owner),
            (&mut total.by.partner, one.by.partner),
            (&mut total.by.onbeat, one.by.onbeat),
            (&mut total.by.other, one.by.other),
            (&mut total.by.unknown, one.by.unknown),
        ] {
            *sum = sum.saturating_add(part);
        }
        for (sum, part) in total.evidence.iter_mut().zip(one.evidence) {
            *sum += part;
        }
        for (cause, n) in &one.causes {
            *self.causes.entry(*cause).or_insert(0) += n;
        }
        self.ratios.extend(gap_ratios(beats, now, over));
        for (sum, part) in
            [(&mut self.prepared, agenda.prepared), (&mut self.closed, agenda.closed)]
        {
            let (some, of) = part.unwrap_or((0, 0));
            *sum = (sum.0 + some, sum.1 + of);
        }
        self.carried.extend(agenda.carried_days);
    }

    pub(crate) fn finish(mut self) -> Numbers {
        (self.total.median_gap, self.total.worst_gap) = middle_and_most(&mut self.ratios);
        self.total.causes = ranked(self.causes);
        self.total.prepared = (self.prepared.1 > 0).then_some(self.prepared);
        self.total.closed = (self.closed.1 > 0).then_some(self.closed);
        self.carried.sort_unstable();
        self.total.carried_days = self.carried.get(self.carried.len() / 2).copied();
        rates(&mut self.total);
        self.total
    }
}
