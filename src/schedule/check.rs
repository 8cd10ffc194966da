//! An independent judge: recomputes the cost of a plan and the bound of its
//! certificate from the calendars alone, slowly and plainly. It shares no code
//! with the solver beyond the words of `spec`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, tz::TimeZone};

use super::spec::{PersonSpec, SeriesSpec, Spec};

/// Prices that prove a bound, in calendar terms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Certificate {
    /// Price units in one point.
    pub scale: i64,
    /// Per person, start slot and length in slots: the price.
    pub starts: Vec<(usize, i64, i64, i64)>,
    /// Per person and week (the first planned week is 1): the price of a 1:1.
    pub weeks: Vec<(usize, i64, i64)>,
}

/// A plan in calendar terms: track and minute of every base, all slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Track and minute of the day of every series.
    pub base: Vec<(usize, i64)>,
    /// Slot of every occurrence, history included.
    pub slots: Vec<Vec<Option<i64>>>,
}

/// What the judge finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Points of the plan.
    pub cost: i64,
    /// Points the certificate proves no plan to be below.
    pub bound: i64,
    /// Hard constraints that are broken, in words.
    pub violations: Vec<String>,
}

const SLOT: i64 = 15;

/// A zone, tabulated slot by slot.
struct Zone<'a> {
    zone: &'a TimeZone,
    /// Local day and minute of every slot.
    local: Vec<(i64, i64)>,
    /// First slot that shows a wall-clock minute (since the origin's day).
    shown: BTreeMap<i64, i64>,
}

/// One person, tabulated slot by slot.
pub(super) struct Table<'a> {
    pub(super) spec: &'a PersonSpec,
    zone: usize,
    pub(super) work: Vec<bool>,
    pub(super) busy: Vec<bool>,
    tent: Vec<bool>,
}

/// The judge of one specification.
#[allow(missing_debug_implementations)]
pub struct Judge<'a> {
    pub(super) spec: &'a Spec,
    zones: Vec<Zone<'a>>,
    pub(super) people: Vec<Table<'a>>,
    pub(super) load: Vec<i64>,
    pub(super) run: i64,
}

impl<'a> Judge<'a> {
    /// Tabulates the calendars.
    ///
    /// # Errors
    /// When a zone has no rules for the horizon.
    pub fn new(spec: &'a Spec) -> Result<Self, jiff::Error> {
        let slots = (spec.last_day as i64 + 2) * 96;
        let epoch = spec.origin.to_zoned_datetime(TimeZone::UTC)?.timestamp().as_second();
        let mut zones: Vec<Zone<'a>> = Vec::new();
        let mut people = Vec::new();
        for person in &spec.people {
            let at = zones.iter().position(|z| *z.zone == person.zone);
            if at.is_none() {
                zones.push(Zone::new(&person.zone, epoch, slots)?);
            }
            let zone = at.unwrap_or(zones.len() - 1);
            let local = zones.get(zone).map(|z| z.local.as_slice()).unwrap_or_default();
            people.push(Table::new(spec, person, zone, local));
        }
        let load = (0..spec.people.len()).map(|p| load(spec, p)).collect();
        Ok(Self { spec, zones, people, load, run: (spec.weights.focus_run / SLOT).max(1) })
    }

    fn zone(&self, person: usize) -> Option<&Zone<'a>> {
        self.zones.get(self.people.get(person)?.zone)
    }

    /// Slot of a wall-clock time: the first slot that shows it; a skipped
    /// time counts on from the last slot before the jump.
    pub(super) fn wall(&self, person: usize, day: i64, minute: i64) -> i64 {
        let Some(zone) = self.zone(person) else { return -1 };
        let want = day * 1440 + minute;
        let near = zone.shown.range(..=want).next_back();
        near.map_or(-1, |(shown, slot)| slot + (want - shown) / SLOT)
    }

    /// Local day and minute of a slot.
    pub(super) fn at(&self, person: usize, slot: i64) -> (i64, i64) {
        let zone = self.zone(person);
        zone.and_then(|z| z.local.get(slot as usize)).copied().unwrap_or((-9, 0))
    }

    /// Points of one placement by itself.
    pub(super) fn alone(&self, series: &SeriesSpec, slot: i64) -> i64 {
        let w = &self.spec.weights;
        let pain = series.who.map(|p| {
            let (day, minute) = self.at(p, slot);
            let Some(t) = self.people.get(p) else { return 0 };
            let hit = t.spec.avoid.iter().filter(|a| minute < a.1 && minute + series.minutes > a.0);
            hit.map(|a| a.2).sum::<i64>()
                + t.spec.day_cost.get(self.spec.weekday(day)).copied().unwrap_or(0)
        });
        let mut points = 2 * pain[0].max(pain[1]) + pain[0].min(pain[1]);
        let (day, minute) = self.at(series.anchor, slot);
        if let Some((weekday, ideal)) = series.ideal {
            points += if self.spec.weekday(day) == weekday { 0 } else { w.ideal_day };
            points += w.ideal_cap.min(w.ideal_step * ((minute - ideal).abs() / 30));
        }
        let touched = |p: usize| (slot..slot + len(series)).any(|s| self.flag(p, s, |t| &t.tent));
        points + if series.who.iter().any(|p| touched(*p)) { w.tent } else { 0 }
    }

    pub(super) fn flag(
        &self,
        person: usize,
        slot: i64,
        which: impl for<'t> Fn(&'t Table<'a>) -> &'t Vec<bool>,
    ) -> bool {
        let at = usize::try_from(slot).ok();
        self.people.get(person).zip(at).and_then(|(t, s)| which(t).get(s).copied()).unwrap_or(false)
    }

    /// May an occurrence of the series stand here at all?
    pub(super) fn allowed(&self, series: &SeriesSpec, slot: i64) -> bool {
        let (day, minute) = self.at(series.anchor, slot);
        let inside = (1..=self.spec.last_day as i64).contains(&day)
            && series.weekdays.get(self.spec.weekday(day)) == Some(&true)
            && minute >= series.window.0
            && minute + series.minutes <= series.window.1;
        inside
            && series.who.iter().all(|p| {
                let pad = self.people.get(*p).map_or(0, |t| t.spec.buffer / SLOT);
                (slot..slot + len(series)).all(|s| self.flag(*p, s, |t| &t.work))
                    && !(slot - pad..slot + len(series) + pad)
                        .any(|s| self.flag(*p, s, |t| &t.busy))
            })
    }

    /// Judges a plan and its certificate.
    pub fn judge(&self, claim: &Claim, certificate: &Certificate) -> Verdict {
        let mut violations = Vec::new();
        let cost = self.cost(claim, &mut violations);
        Verdict { cost, bound: self.bound(certificate), violations }
    }

    /// Points of a plan; what it breaks is appended to `bad`.
    pub fn cost(&self, claim: &Claim, bad: &mut Vec<String>) -> i64 {
        let mut cost = 0;
        let mut placed: BTreeMap<usize, Vec<(i64, i64, usize)>> = BTreeMap::new();
        for (index, series) in self.spec.series.iter().enumerate() {
            cost += self.series_cost(index, series, claim, &mut placed, bad);
        }
        for (person, meetings) in &mut placed {
            meetings.sort_unstable();
            cost += self.person_cost(*person, meetings, bad);
        }
        cost
    }

    fn series_cost(
        &self,
        index: usize,
        series: &SeriesSpec,
        claim: &Claim,
        placed: &mut BTreeMap<usize, Vec<(i64, i64, usize)>>,
        bad: &mut Vec<String>,
    ) -> i64 {
        let (Some(&(track, minute)), Some(row)) = (claim.base.get(index), claim.slots.get(index))
        else {
            bad.push(format!("series {index}: no answer"));
            return 0;
        };
        let mut cost = self.rebase(series, track, minute);
        if series.pinned && series.current != Some((track, minute)) {
            bad.push(format!("series {index}: the pinned slot changed"));
        }
        let dates = series.tracks.get(track).map(Vec::as_slice).unwrap_or_default();
        if dates.len() != row.len() {
            bad.push(format!(
                "series {index}: {} occurrences, expected {}",
                row.len(),
                dates.len()
            ));
        }
        let mut moved = 0;
        for (k, (date, slot)) in dates.iter().zip(row).enumerate() {
            let was = self.published(index, k);
            let history = was.is_some_and(|w| w * SLOT < self.spec.now);
            if history && *slot != was {
                bad.push(format!("series {index}#{k}: history changed"));
            }
            let Some(slot) = *slot else {
                cost += series.miss;
                continue;
            };
            let off = (self.at(series.anchor, slot).0 - i64::from(*date)).abs();
            if !history {
                if !self.allowed(series, slot)
                    || off > series.tolerance as i64
                    || self.frozen(index, k, slot)
                {
                    bad.push(format!("series {index}#{k}: slot {slot} is not allowed"));
                }
                cost += self.churn(was, slot);
            }
            if slot != self.wall(series.anchor, i64::from(*date), minute) {
                moved += 1;
                cost += self.shift(off);
            }
            cost += self.alone(series, slot);
            for who in series.who {
                placed.entry(who).or_default().push((slot, len(series), index));
            }
        }
        cost + self.spec.weights.fair * (moved - dates.len().div_ceil(4) as i64).max(0)
    }

    pub(super) fn rebase(&self, series: &SeriesSpec, track: usize, minute: i64) -> i64 {
        match series.current {
            Some((t, _)) if t != track => self.spec.weights.rebase_day,
            Some((_, m)) if m != minute => self.spec.weights.rebase_time,
            Some(_) | None => 0,
        }
    }

    pub(super) fn shift(&self, days: i64) -> i64 {
        let w = &self.spec.weights;
        if days == 0 { w.move_time } else { w.move_cap.min(w.move_day + w.move_more * (days - 1)) }
    }

    pub(super) fn published(&self, series: usize, k: usize) -> Option<i64> {
        self.spec.published.as_ref()?.get(series)?.get(k).copied().flatten()
    }

    pub(super) fn frozen(&self, series: usize, k: usize, slot: i64) -> bool {
        let lead = self.spec.series.get(series).map_or(0, |s| s.lead);
        let until = self.spec.now + lead;
        let was = self.published(series, k);
        let fixed = was.is_some_and(|w| w * SLOT < until);
        self.spec.published.is_some() && was != Some(slot) && (fixed || slot * SLOT < until)
    }

    pub(super) fn churn(&self, was: Option<i64>, slot: i64) -> i64 {
        let w = &self.spec.weights;
        match was {
            Some(was) if was != slot => {
                w.churn + if was * SLOT < self.spec.now + 2880 { w.churn_soon } else { 0 }
            }
            Some(_) | None => 0,
        }
    }

    /// Points and violations of everything one person attends.
    fn person_cost(
        &self,
        person: usize,
        meetings: &[(i64, i64, usize)],
        bad: &mut Vec<String>,
    ) -> i64 {
        let Some(table) = self.people.get(person) else { return 0 };
        let mut after = i64::MIN;
        let (mut days, mut weeks): (BTreeMap<i64, u32>, BTreeMap<i64, i64>) = Default::default();
        let mut taken = BTreeSet::new();
        for (slot, len, series) in meetings {
            if *slot < after {
                bad.push(format!(
                    "person {person}: series {series} at slot {slot} is too close to the 1:1 before"
                ));
            }
            after = slot + len + table.spec.buffer / SLOT;
            let day = self.at(person, *slot).0;
            *days.entry(day).or_default() += 1;
            *weeks.entry((day - 1).div_euclid(7)).or_default() += 1;
            taken.extend(*slot..slot + len);
        }
        for (day, count) in days.iter().filter(|(_, c)| **c > table.spec.max_day) {
            bad.push(format!("person {person}: {count} 1:1s on day {day}"));
        }
        let even = self.load.get(person).copied().unwrap_or(0);
        let over: i64 = weeks.values().map(|n| (n - even).max(0)).sum();
        let local = self.zone(person).map(|z| z.local.as_slice()).unwrap_or_default();
        let kept = table.focus(self.run, local, |s| taken.contains(&s));
        let lost = table.focus(self.run, local, |_| false) - kept;
        self.spec.weights.week_over * over
            + self.spec.weights.focus * table.spec.focus_weight * lost
    }
}

pub(super) fn len(series: &SeriesSpec) -> i64 {
    -(-series.minutes).div_euclid(SLOT)
}

impl<'a> Zone<'a> {
    fn new(zone: &'a TimeZone, epoch: i64, slots: i64) -> Result<Self, jiff::Error> {
        let (mut local, mut shown) = (Vec::new(), BTreeMap::new());
        for slot in 0..slots {
            let offset = zone.to_offset(Timestamp::from_second(epoch + slot * 900)?).seconds();
            let minute = slot * SLOT + i64::from(offset).div_euclid(60);
            local.push((minute.div_euclid(1440), minute.rem_euclid(1440)));
            shown.entry(minute).or_insert(slot);
        }
        Ok(Self { zone, local, shown })
    }
}

fn load(spec: &Spec, person: usize) -> i64 {
    let (mut n, mut d) = (0, 1);
    for series in spec.series.iter().filter(|s| s.who.contains(&person)) {
        (n, d) = (n * series.load.1 + series.load.0 * d, d * series.load.1);
        let by = (1..=d.min(5_040)).rev().find(|x| n % x == 0 && d % x == 0).unwrap_or(1);
        (n, d) = (n / by, d / by);
    }
    -(-n).div_euclid(d)
}

impl<'a> Table<'a> {
    fn new(spec: &Spec, person: &'a PersonSpec, zone: usize, local: &[(i64, i64)]) -> Self {
        let mark = |events: &[(i64, i64)]| {
            let mut flags = vec![false; local.len()];
            for (from, to) in events.iter().filter(|e| e.0 < e.1) {
                let range =
                    from.div_euclid(SLOT).max(0)..(-(-to).div_euclid(SLOT)).min(local.len() as i64);
                for slot in range {
                    if let Some(flag) = flags.get_mut(slot as usize) {
                        *flag = true;
                    }
                }
            }
            flags
        };
        let off = mark(&person.off);
        let hours = |at: &(i64, i64)| {
            let day = person.work.get(spec.weekday(at.0)).copied().flatten();
            day.is_some_and(|(from, to)| (from..to).contains(&at.1))
        };
        let work = local.iter().zip(off).map(|(at, off)| hours(at) && !off).collect();
        Self { spec: person, zone, work, busy: mark(&person.busy), tent: mark(&person.tentative) }
    }

    /// Slots in free stretches of at least `run` within one local day.
    fn focus(&self, run: i64, local: &[(i64, i64)], taken: impl Fn(i64) -> bool) -> i64 {
        let (mut total, mut length, mut day) = (0, 0, i64::MIN);
        for (slot, ((work, busy), local)) in self.work.iter().zip(&self.busy).zip(local).enumerate()
        {
            let free = *work && !busy && !taken(slot as i64);
            if free && length > 0 && local.0 == day {
                length += 1;
                continue;
            }
            total += if length >= run { length } else { 0 };
            (length, day) = (i64::from(free), local.0);
        }
        total + if length >= run { length } else { 0 }
    }
}
