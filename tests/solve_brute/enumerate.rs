//! The cheapest plan of a tiny problem, found by looking at all of them. Every
//! price and every broken rule comes from the judge; nothing here knows the
//! solver, and nothing here knows what a rule says.
//!
//! Two ways that must agree: `plain` judges every combination of answers,
//! `cheapest` leaves out what two plain facts rule out:
//! - a 1:1 that is added never makes the rest of a plan cheaper or legal again
//!   (focus and full weeks only grow, what is too close stays too close), so a
//!   part of a plan costs at most what the plan does;
//! - people see slots only, so of two answers with the same slots the one that
//!   costs its own series more is in no cheapest plan.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use onbeat::schedule::spec::{SeriesSpec, Spec};
use onbeat::schedule::{Claim, Judge};

/// What one series could be told: its standing slot (track and minute) and the
/// slot of every occurrence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answer {
    base: (usize, i64),
    slots: Vec<Option<i64>>,
}

/// Every answer of every series.
pub struct Answers<'a> {
    spec: &'a Spec,
    /// Of every series: what its own rules let it answer.
    of: Vec<Vec<Answer>>,
    /// Of every series and target date: slots its own rules allow.
    open: Vec<BTreeMap<u16, Vec<i64>>>,
}

impl<'a> Answers<'a> {
    /// All answers of `spec`.
    pub fn new(spec: &'a Spec) -> Self {
        let open = open(spec);
        let of = open.iter().enumerate().map(|(index, open)| answers(spec, index, open)).collect();
        Self { spec, of, open }
    }

    /// How many plans there are to look at; at most `u64::MAX`.
    pub fn plans(&self) -> u64 {
        self.of.iter().fold(1, |all: u64, of| all.saturating_mul(of.len() as u64))
    }

    /// Slots that the rules of the series allow around a target date.
    pub fn open(&self, series: usize, date: u16) -> &[i64] {
        &self.open[series][&date]
    }

    /// Does the judge, asked for one slot at a time with nothing else held,
    /// allow the same slots?
    pub fn open_is_right(&self, judge: &Judge<'_>) -> bool {
        let asked = |series: usize, date: u16, slot: i64| {
            let tracks = &self.spec.series[series].tracks;
            let track = tracks.iter().position(|t| t.contains(&date)).unwrap();
            let mut claim = self.claim(&|_| None);
            claim.base[series].0 = track;
            claim.slots[series] =
                tracks[track].iter().map(|d| (*d == date).then_some(slot)).collect();
            let mut bad = Vec::new();
            judge.cost(&claim, &mut bad);
            bad.iter().all(|text| named(text).is_none_or(|at| at.0 != series))
        };
        let right = |series: usize, (date, open): (&u16, &Vec<i64>)| {
            let slots = near(&self.spec.series[series], *date);
            open.iter().copied().eq(slots.filter(|slot| asked(series, *date, *slot)))
        };
        self.open.iter().enumerate().all(|(series, of)| of.iter().all(|one| right(series, one)))
    }

    /// The cheapest plan's cost, by judging every plan.
    pub fn plain(&self, judge: &Judge<'_>) -> Option<i64> {
        if self.plans() == 0 {
            return None;
        }
        let mut at = vec![0; self.of.len()];
        let mut best = None;
        loop {
            let claim = self.claim(&|i| Some(&self.of[i][at[i]]));
            if let Some(cost) = price(judge, &claim) {
                best = Some(best.map_or(cost, |b: i64| b.min(cost)));
            }
            let Some(next) = (0..at.len()).find(|i| at[*i] + 1 < self.of[*i].len()) else { break };
            at[next] += 1;
            at[..next].fill(0);
        }
        best
    }

    /// The cheapest plan's cost if a plan costs at most `most`.
    pub fn cheapest(&self, judge: &Judge<'_>, most: i64) -> Option<i64> {
        let private = private(self.spec);
        let private = Judge::new(&private).unwrap();
        let nothing = self.claim(&|_| None);
        let rest = price(judge, &nothing)?;
        let mut lists: Vec<(usize, Vec<Priced<'_>>)> =
            (0..self.of.len()).map(|i| (i, self.priced(i, judge, &private, rest))).collect();
        lists.sort_by_key(|list| list.1.len());
        // What the series not yet chosen cost at least.
        let mut least = vec![0; lists.len() + 1];
        for (at, (_, list)) in lists.iter().enumerate().rev() {
            least[at] = least[at + 1] + list.first()?.least;
        }
        let mut search =
            Search { all: self, judge, lists, least, rest, best: most + 1, found: false };
        let mut chosen = vec![None; self.of.len()];
        search.from(0, &mut chosen, (0, 0));
        search.found.then_some(search.best)
    }

    /// The answers of one series that can be in a cheapest plan, with what
    /// they add to the price of holding nothing; by `least`.
    fn priced(
        &self,
        series: usize,
        judge: &Judge<'_>,
        private: &Judge<'_>,
        rest: i64,
    ) -> Vec<Priced<'_>> {
        let mut by_slots: BTreeMap<Vec<i64>, Priced<'_>> = BTreeMap::new();
        for answer in &self.of[series] {
            let claim = self.claim(&|i| (i == series).then_some(answer));
            let Some(cost) = price(private, &claim) else { continue };
            let slots = answer.slots.iter().flatten().copied().collect();
            let new = Priced { answer, least: cost - rest, alone: 0 };
            by_slots
                .entry(slots)
                .and_modify(|old| {
                    if new.least < old.least {
                        *old = new;
                    }
                })
                .or_insert(new);
        }
        let mut list = Vec::new();
        for one in by_slots.into_values() {
            let claim = self.claim(&|i| (i == series).then_some(one.answer));
            if let Some(cost) = price(judge, &claim) {
                list.push(Priced { alone: cost - rest, ..one });
            }
        }
        list.sort_by_key(|one| (one.least, one.alone));
        list
    }

    /// A plan in which series without an answer hold nothing, at their
    /// present standing slot.
    fn claim<'b>(&self, answer: &dyn Fn(usize) -> Option<&'b Answer>) -> Claim {
        let mut claim = Claim { base: Vec::new(), slots: Vec::new() };
        for (i, one) in self.spec.series.iter().enumerate() {
            let base = one.current.unwrap_or((0, one.window.0));
            claim.base.push(answer(i).map_or(base, |a| a.base));
            let none = || vec![None; one.tracks[base.0].len()];
            claim.slots.push(answer(i).map_or_else(none, |a| a.slots.clone()));
        }
        claim
    }
}

/// An answer and what it adds to the price of a plan that holds nothing.
#[derive(Clone, Copy)]
struct Priced<'a> {
    answer: &'a Answer,
    /// Whatever the others do: without full weeks, and with the focus only of
    /// people who are in no other series.
    least: i64,
    /// When the others hold nothing.
    alone: i64,
}

struct Search<'a> {
    all: &'a Answers<'a>,
    judge: &'a Judge<'a>,
    lists: Vec<(usize, Vec<Priced<'a>>)>,
    least: Vec<i64>,
    rest: i64,
    /// Only plans below this are looked for.
    best: i64,
    found: bool,
}

impl<'a> Search<'a> {
    /// Tries every answer of the series at `depth`. `before`: what the chosen
    /// ones add at least, each by itself, and all together.
    fn from(&mut self, depth: usize, chosen: &mut [Option<&'a Answer>], before: (i64, i64)) {
        let last = depth + 1 == self.lists.len();
        let series = self.lists[depth].0;
        let after = self.rest + self.least[depth + 1];
        for at in 0..self.lists[depth].1.len() {
            let one = self.lists[depth].1[at];
            if before.1 + one.least + after >= self.best {
                break;
            }
            if before.0 + one.alone + after >= self.best {
                continue;
            }
            chosen[series] = Some(one.answer);
            let part = price(self.judge, &self.all.claim(&|i| chosen[i]));
            if let Some(cost) = part.filter(|cost| cost + self.least[depth + 1] < self.best) {
                if last {
                    (self.best, self.found) = (cost, true);
                } else {
                    self.from(depth + 1, chosen, (before.0 + one.least, cost - self.rest));
                }
            }
            chosen[series] = None;
        }
    }
}

/// What the judge says a plan costs; nothing when it breaks a rule.
fn price(judge: &Judge<'_>, claim: &Claim) -> Option<i64> {
    let mut bad = Vec::new();
    let cost = judge.cost(claim, &mut bad);
    bad.is_empty().then_some(cost)
}

/// The problem without what several series can cost together: no full weeks,
/// no focus of people in two series.
fn private(spec: &Spec) -> Spec {
    let mut spec = spec.clone();
    spec.weights.week_over = 0;
    for (index, person) in spec.people.iter_mut().enumerate() {
        if spec.series.iter().filter(|s| s.who.contains(&index)).count() > 1 {
            person.focus_weight = 0;
        }
    }
    spec
}

/// Of every series and target date: slots at which the judge finds nothing
/// wrong with that occurrence by itself. All slots near the date are asked at
/// once, as so many occurrences of one date; what that crowd does to people is
/// no answer.
fn open(spec: &Spec) -> Vec<BTreeMap<u16, Vec<i64>>> {
    let mut crowd = spec.clone();
    crowd.series.clear();
    let mut claim = Claim { base: Vec::new(), slots: Vec::new() };
    let mut asked = Vec::new();
    for (index, one) in spec.series.iter().enumerate() {
        for date in one.tracks.iter().flatten().copied().collect::<BTreeSet<u16>>() {
            let slots = near(one, date);
            let mut copy = one.clone();
            copy.tracks = vec![slots.clone().map(|_| date).collect()];
            (copy.current, copy.pinned) = (None, false);
            crowd.series.push(copy);
            claim.base.push((0, one.window.0));
            claim.slots.push(slots.clone().map(Some).collect());
            asked.push((index, date, slots));
        }
    }
    let mut bad = Vec::new();
    Judge::new(&crowd).unwrap().cost(&claim, &mut bad);
    let refused: BTreeSet<(usize, usize)> = bad.iter().filter_map(|text| named(text)).collect();
    let mut open = vec![BTreeMap::new(); spec.series.len()];
    for (at, (index, date, slots)) in asked.into_iter().enumerate() {
        let fine = slots.enumerate().filter(|(k, _)| !refused.contains(&(at, *k)));
        open[index].insert(date, fine.map(|(_, slot)| slot).collect());
    }
    open
}

/// Slots that could be of a date within the tolerance, in whatever zone.
fn near(one: &SeriesSpec, date: u16) -> Range<i64> {
    let (date, reach) = (i64::from(date), one.tolerance as i64 + 1);
    (date - reach).max(0) * 96..(date + reach + 1) * 96
}

/// Series and occurrence that a complaint of the judge is about, if it is.
fn named(complaint: &str) -> Option<(usize, usize)> {
    let (series, rest) = complaint.strip_prefix("series ")?.split_once('#')?;
    Some((series.parse().ok()?, rest.split_once(':')?.0.parse().ok()?))
}

/// Every answer the rules of one series let it give.
fn answers(spec: &Spec, index: usize, open: &BTreeMap<u16, Vec<i64>>) -> Vec<Answer> {
    let one = &spec.series[index];
    let mut found = Vec::new();
    for (track, dates) in one.tracks.iter().enumerate() {
        let mut rows: Vec<Vec<Option<i64>>> = vec![Vec::new()];
        for date in dates {
            let slots = || [None].into_iter().chain(open[date].iter().copied().map(Some));
            let longer = |row: &Vec<Option<i64>>| {
                let row = row.clone();
                slots().map(move |slot| [row.as_slice(), &[slot]].concat())
            };
            rows = rows.iter().flat_map(longer).collect();
        }
        let mut minute = (one.window.0 + 14) / 15 * 15;
        while minute + one.minutes <= one.window.1 {
            let base = (track, minute);
            if !one.pinned || one.current == Some(base) {
                found.extend(rows.iter().map(|row| Answer { base, slots: row.clone() }));
            }
            minute += 15;
        }
    }
    found
}
