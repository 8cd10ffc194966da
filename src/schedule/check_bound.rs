//! The second half of the judge: what a certificate proves. Every series'
//! cheapest answer at the prices, every day's cheapest sale, the weeks' room.
//! Whatever the prices are, the sum is a bound; nothing is taken on trust.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{Certificate, Judge, len};
use super::spec::SeriesSpec;

const SLOT: i64 = 15;

/// Prices, and what history leaves of people's days.
struct Book {
    scale: i64,
    starts: BTreeMap<(usize, i64, i64), i64>,
    weeks: BTreeMap<(usize, i64), i64>,
    /// People with prices.
    shared: BTreeSet<usize>,
    /// History per person: slot and length.
    history: BTreeMap<usize, Vec<(i64, i64)>>,
}

/// A start that a day may sell.
struct Offer {
    from: i64,
    to: i64,
    price: i64,
}

impl Judge<'_> {
    /// Points no plan can be below, by the certificate; rounded up.
    pub(super) fn bound(&self, certificate: &Certificate) -> i64 {
        let scale = certificate.scale.max(1);
        let most = self.spec.weights.week_over * scale;
        let mut book = Book {
            scale,
            starts: certificate.starts.iter().map(|s| ((s.0, s.1, s.2), s.3.max(0))).collect(),
            weeks: certificate.weeks.iter().map(|w| ((w.0, w.1), w.2.clamp(0, most))).collect(),
            shared: certificate.starts.iter().map(|s| s.0).collect(),
            history: BTreeMap::new(),
        };
        for (index, series) in self.spec.series.iter().enumerate() {
            for slot in (0..)
                .map_while(|k| self.row(index, k))
                .flatten()
                .filter(|s| s * SLOT < self.spec.now)
            {
                for who in series.who {
                    book.history.entry(who).or_default().push((slot, len(series)));
                }
            }
        }
        let series: i64 = (0..self.spec.series.len()).map(|s| self.cheapest(s, &book)).sum();
        let total = series + self.sales(&book) - self.room(&book) + self.history_cost(&book);
        -(-total).div_euclid(scale)
    }

    /// Published slot number `k`; `None` past the end of the row.
    fn row(&self, series: usize, k: usize) -> Option<Option<i64>> {
        self.spec.published.as_ref()?.get(series)?.get(k).copied()
    }

    /// Focus and full weeks that history costs already.
    fn history_cost(&self, book: &Book) -> i64 {
        let w = &self.spec.weights;
        let mut cost = 0;
        for (person, meetings) in &book.history {
            let days: BTreeSet<i64> = meetings.iter().map(|m| self.at(*person, m.0).0).collect();
            for day in days {
                let range = self.day(*person, day);
                let before = self.kept(*person, &range, &Vec::new());
                cost += (before - self.kept(*person, &range, meetings)) * self.slot_cost(*person);
            }
            let mut weeks: BTreeMap<i64, i64> = BTreeMap::new();
            for (slot, _) in meetings {
                *weeks.entry(self.week(*person, *slot)).or_default() += 1;
            }
            let even = self.load.get(*person).copied().unwrap_or(0);
            cost += w.week_over * weeks.values().map(|n| (n - even).max(0)).sum::<i64>();
        }
        cost * book.scale
    }

    fn slot_cost(&self, person: usize) -> i64 {
        self.people.get(person).map_or(0, |t| t.spec.focus_weight * self.spec.weights.focus)
    }

    fn week(&self, person: usize, slot: i64) -> i64 {
        (self.at(person, slot).0 - 1).div_euclid(7) + 1
    }

    /// History of a person in the week of a slot.
    fn fixed(&self, book: &Book, person: usize, week: i64) -> i64 {
        let meetings = book.history.get(&person).map(Vec::as_slice).unwrap_or_default();
        meetings.iter().filter(|m| self.week(person, m.0) == week).count() as i64
    }

    fn room(&self, book: &Book) -> i64 {
        let room = |person: usize, week: i64| {
            let even = self.load.get(person).copied().unwrap_or(0);
            (even - self.fixed(book, person, week)).max(0)
        };
        book.weeks.iter().map(|((person, week), price)| price * room(*person, *week)).sum()
    }

    /// Slots of a local day.
    fn day(&self, person: usize, day: i64) -> std::ops::Range<i64> {
        let near = ((day - 1) * 96).max(0)..(day + 3) * 96;
        let inside = |s: &i64| self.at(person, *s).0 == day;
        let first = near.clone().find(inside).unwrap_or(0);
        first..near.rev().find(inside).map_or(first, |last| last + 1)
    }

    /// Focus slots left in `range` cut out of its surroundings.
    fn kept(&self, person: usize, range: &std::ops::Range<i64>, taken: &[(i64, i64)]) -> i64 {
        let (mut total, mut length) = (0, 0);
        for slot in range.clone() {
            let free = self.flag(person, slot, |t| &t.work)
                && !self.flag(person, slot, |t| &t.busy)
                && !taken.iter().any(|m| (m.0..m.0 + m.1).contains(&slot));
            if free {
                length += 1;
            } else {
                total += if length >= self.run { length } else { 0 };
                length = 0;
            }
        }
        total + if length >= self.run { length } else { 0 }
    }

    /// Scaled points of a series' cheapest answer at the prices.
    fn cheapest(&self, index: usize, book: &Book) -> i64 {
        let Some(series) = self.spec.series.get(index) else { return 0 };
        let alone: Vec<usize> =
            series.who.into_iter().filter(|p| self.is_alone(series, *p, book)).collect();
        let mut cells: BTreeMap<i64, Vec<(i64, i64)>> = BTreeMap::new();
        for slot in 0..(self.spec.last_day as i64 + 2) * 96 {
            if self.allowed(series, slot) && !self.meets_history(series, slot, book) {
                let value = self.value(series, slot, &alone, book);
                cells.entry(self.at(series.anchor, slot).0).or_default().push((slot, value));
            }
        }
        let mut best: Option<i64> = None;
        for track in 0..series.tracks.len() {
            let mut minute = -(-series.window.0).div_euclid(SLOT) * SLOT;
            while minute + series.minutes <= series.window.1 {
                if !series.pinned || series.current == Some((track, minute)) {
                    let total = self.option(index, series, (track, minute), &cells, book);
                    best = Some(best.map_or(total, |b| b.min(total)));
                }
                minute += SLOT;
            }
        }
        best.unwrap_or(0)
    }

    fn option(
        &self,
        index: usize,
        series: &SeriesSpec,
        (track, minute): (usize, i64),
        cells: &BTreeMap<i64, Vec<(i64, i64)>>,
        book: &Book,
    ) -> i64 {
        let dates = series.tracks.get(track).map(Vec::as_slice).unwrap_or_default();
        let (miss, mut total) =
            (series.miss * book.scale, self.rebase(series, track, minute) * book.scale);
        let (mut gains, mut moved) = (Vec::new(), 0);
        for (k, date) in dates.iter().enumerate() {
            let date = i64::from(*date);
            let base = self.wall(series.anchor, date, minute);
            let was = self.published(index, k);
            if let Some(slot) = was.filter(|s| s * SLOT < self.spec.now) {
                total += self.alone(series, slot) * book.scale;
                if slot != base {
                    moved += 1;
                    total += self.shift((self.at(series.anchor, slot).0 - date).abs()) * book.scale;
                }
                continue;
            }
            let (mut stay, mut away) = (i64::MAX, miss);
            let reach = series.tolerance as i64;
            for (day, list) in cells.range(date - reach..=date + reach) {
                for (slot, value) in list.iter().filter(|c| !self.frozen(index, k, c.0)) {
                    let value = value + self.churn(was, *slot) * book.scale;
                    if *slot == base {
                        stay = value;
                    } else {
                        away = away.min(value + self.shift((day - date).abs()) * book.scale);
                    }
                }
            }
            total += stay.min(away);
            if away < stay && away < miss {
                gains.push(stay.min(miss) - away);
            }
        }
        gains.sort_unstable_by(|a, b| b.cmp(a));
        let free = dates.len().div_ceil(4) as i64 - moved;
        let fair = self.spec.weights.fair * book.scale;
        let paid = gains.iter().skip(free.max(0) as usize).map(|g| (*g).min(fair)).sum::<i64>();
        total + paid + fair * (-free).max(0)
    }

    fn meets_history(&self, series: &SeriesSpec, slot: i64, book: &Book) -> bool {
        series.who.iter().any(|p| {
            let pad = self.people.get(*p).map_or(0, |t| t.spec.buffer / SLOT);
            let history = book.history.get(p).map(Vec::as_slice).unwrap_or_default();
            let day = self.at(*p, slot).0;
            let cap = self.people.get(*p).map_or(0, |t| t.spec.max_day as usize);
            history.iter().any(|m| m.0 < slot + len(series) + pad && slot < m.0 + m.1 + pad)
                || history.iter().filter(|m| self.at(*p, m.0).0 == day).count() >= cap
        })
    }

    /// Scaled points of one placement: its own, prices, and the focus and week
    /// of a person whom no other placement can meet.
    fn value(&self, series: &SeriesSpec, slot: i64, alone: &[usize], book: &Book) -> i64 {
        let mut value = self.alone(series, slot) * book.scale;
        for person in series.who {
            value += book.starts.get(&(person, slot, len(series))).copied().unwrap_or(0);
            value += book.weeks.get(&(person, self.week(person, slot))).copied().unwrap_or(0);
            if alone.contains(&person) {
                let mut taken = book.history.get(&person).cloned().unwrap_or_default();
                let mut lost = 0;
                let last = self.at(person, slot + len(series) - 1).0;
                for day in self.at(person, slot).0..=last {
                    let range = self.day(person, day);
                    lost += self.kept(person, &range, &taken);
                    taken.push((slot, len(series)));
                    lost -= self.kept(person, &range, &taken);
                    taken.pop();
                }
                value += lost * self.slot_cost(person) * book.scale;
                let even = self.load.get(person).copied().unwrap_or(0);
                let full = self.fixed(book, person, self.week(person, slot)) >= even;
                value += if full { self.spec.weights.week_over * book.scale } else { 0 };
            }
        }
        value
    }

    /// Has the person this series only, and never two of it in one week?
    fn is_alone(&self, series: &SeriesSpec, person: usize, book: &Book) -> bool {
        let others = self.spec.series.iter().filter(|s| s.who.contains(&person)).count() > 1;
        if others || book.shared.contains(&person) {
            return false;
        }
        let reach = series.tolerance as i64;
        let weeks = |date: u16| -> Vec<i64> {
            let from = ((i64::from(date) - reach - 1) * 96).max(0);
            let to = (i64::from(date) + reach + 2) * 96;
            let near = |s: &i64| (self.at(series.anchor, *s).0 - i64::from(date)).abs() <= reach;
            (from..to)
                .filter(|s| near(s) && self.allowed(series, *s))
                .map(|s| self.week(person, s))
                .collect()
        };
        series.tracks.iter().all(|t| {
            t.windows(2).all(|w| match w {
                [a, b] => weeks(*a)
                    .last()
                    .is_none_or(|last| weeks(*b).first().is_none_or(|first| last < first)),
                _ => true,
            })
        })
    }

    /// Scaled points of every day's cheapest sale; never positive.
    fn sales(&self, book: &Book) -> i64 {
        let mut days: BTreeMap<(usize, i64), Vec<Offer>> = BTreeMap::new();
        for ((person, slot, len), price) in book.starts.iter().filter(|s| *s.1 > 0) {
            let offer = Offer { from: *slot, to: slot + len, price: *price };
            days.entry((*person, self.at(*person, *slot).0)).or_default().push(offer);
        }
        days.iter().map(|((person, day), offers)| self.sale(*person, *day, offers, book)).sum()
    }

    /// Cheapest set of offers of one day, over the number of meetings and the
    /// last one of them.
    fn sale(&self, person: usize, day: i64, offers: &[Offer], book: &Book) -> i64 {
        let Some(table) = self.people.get(person) else { return 0 };
        let history = book.history.get(&person).cloned().unwrap_or_default();
        let held = history.iter().filter(|m| self.at(person, m.0).0 == day).count();
        let cap = (table.spec.max_day as usize).saturating_sub(held);
        let (pad, cost) = (table.spec.buffer / SLOT, self.slot_cost(person) * book.scale);
        let range = self.day(person, day);
        let whole = self.kept(person, &range, &history);
        // Focus kept between two meetings, each stretch by itself.
        let gap = |from: i64, to: i64| cost * self.kept(person, &(from..to), &history);
        let mut best = 0;
        let mut layer: Vec<i64> =
            offers.iter().map(|o| -gap(range.start, o.from) - o.price).collect();
        for _ in 0..cap {
            let ends = offers.iter().zip(&layer).filter(|o| *o.1 < i64::MAX / 2);
            let totals =
                ends.map(|(o, value)| cost * whole + value - gap(o.to, range.end.max(o.to)));
            best = totals.fold(best, i64::min);
            let next = |o: &Offer| {
                let before = offers
                    .iter()
                    .zip(&layer)
                    .filter(|b| b.0.to + pad <= o.from && *b.1 < i64::MAX / 2);
                let value = before.map(|(b, value)| value - gap(b.to, o.from)).min();
                value.map_or(i64::MAX, |v| v - o.price)
            };
            layer = offers.iter().map(next).collect();
            if layer.iter().all(|v| *v == i64::MAX) {
                break;
            }
        }
        best
    }
}
