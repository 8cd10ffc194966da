//! The best base and placements of one series, everything else given as a
//! value per key: exact, in one pass over the series' cells. The same code
//! answers "cheapest given the others' meetings" and "cheapest at these
//! prices"; what the values mean is the caller's business.

// Hot loop over arrays sized by `Domain`; see `problem`.
#![allow(clippy::indexing_slicing)]

use super::problem::{Choice, Domain, NEVER, NONE, Series};

/// Working space of a response, kept between calls.
#[derive(Debug, Clone, Default)]
pub(crate) struct Response {
    /// Value of every cell of the domain.
    pub(crate) cell: Vec<i32>,
    /// Per date: cheapest cell.
    pub(crate) best: Vec<i32>,
    /// Per date, when it is a target: cheapest move, or the miss.
    pub(crate) away: Vec<i32>,
    /// Per choice: its total with fairness (`all` only).
    pub(crate) totals: Vec<i64>,
    gain: Vec<i32>,
    moved: Vec<i16>,
    gains: Vec<i32>,
    /// Per date of the last track and column: value of the base cell there.
    stay: Vec<i32>,
}

/// The best answer: its value and the choice (index into the domain).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) value: i64,
    pub(crate) choice: usize,
}

impl Response {
    /// The cheapest choice. With `all`, `totals` holds every choice's exact
    /// total afterwards.
    pub(crate) fn run(
        &mut self,
        series: &Series,
        domain: &Domain,
        values: (&[i32], &[i32]),
        all: bool,
    ) -> Answer {
        self.price_cells(domain, values);
        self.totals.clear();
        let mut answer = Answer { value: i64::MAX, choice: 0 };
        let mut from = 0;
        while let Some(head) = domain.choices.get(from) {
            let track = head.track;
            let to = from + domain.choices[from..].iter().take_while(|c| c.track == track).count();
            let base = self.price_track(series, domain, track);
            self.price_choices(series, domain, (from, to), base, all, &mut answer);
            from = to;
        }
        answer
    }

    /// Totals of the choices of one track; keeps the cheapest, the first of
    /// equals. Fairness only adds, so the most promising one is tried first
    /// and most others are beaten without it.
    fn price_choices(
        &mut self,
        series: &Series,
        domain: &Domain,
        (from, to): (usize, usize),
        base: i64,
        all: bool,
        answer: &mut Answer,
    ) {
        let choices = &domain.choices[from..to];
        let gain = &self.gain;
        let least = |c: &Choice| i64::from(c.cost) + i64::from(gain[usize::from(c.column)]);
        let first = if all { None } else { (0..choices.len()).min_by_key(|i| least(&choices[*i])) };
        let free = series.tracks[usize::from(choices[0].track)].free_moves as i32;
        for at in first.into_iter().chain(0..choices.len()) {
            let choice = &choices[at];
            let column = usize::from(choice.column);
            let index = from + at;
            let mut total = base + i64::from(choice.cost) + i64::from(self.gain[column]);
            let beats = |total: i64, best: &Answer| (total, index) < (best.value, best.choice);
            if i32::from(self.moved[column]) > free && (all || beats(total, answer)) {
                total += self.fairness(series, domain, choice);
            }
            if all {
                self.totals.push(total);
            }
            if beats(total, answer) {
                *answer = Answer { value: total, choice: index };
            }
        }
    }

    fn price_cells(&mut self, domain: &Domain, (values, lifts): (&[i32], &[i32])) {
        self.cell.clear();
        self.cell.extend(
            domain
                .cells
                .iter()
                .map(|c| c.cost + values[c.key[0] as usize] + values[c.key[1] as usize]),
        );
        if !lifts.is_empty() {
            for (value, id) in self.cell.iter_mut().zip(&domain.joint) {
                *value += lifts[*id as usize];
            }
        }
        let dates = domain.first.len() - 1;
        self.best.clear();
        self.best.resize(dates, NEVER);
        for (cell, value) in domain.cells.iter().zip(&self.cell) {
            let best = &mut self.best[usize::from(cell.date)];
            *best = (*best).min(*value);
        }
        self.away.clear();
        self.away.resize(dates, NEVER);
    }

    /// Fills `away`, `gain` and `moved` for one track; returns the total of
    /// all its occurrences being away.
    fn price_track(&mut self, series: &Series, domain: &Domain, track: u16) -> i64 {
        let dates = &series.tracks[usize::from(track)].dates;
        let tolerance = series.tolerance();
        self.gain.clear();
        self.gain.resize(domain.columns, 0);
        self.moved.clear();
        self.moved.resize(domain.columns, 0);
        self.stay.clear();
        self.stay.resize(domain.columns * dates.len(), NEVER);
        let (mut base, mut movable) = (0, 0);
        for (k, &date) in dates.iter().enumerate() {
            let date = usize::from(date);
            let stay = &mut self.stay[k * domain.columns..(k + 1) * domain.columns];
            let mut away = series.miss;
            let from = date.saturating_sub(tolerance);
            let to = (date + tolerance).min(self.best.len() - 1);
            for other in from..=to {
                away = away.min(self.best[other] + series.shift[other.abs_diff(date)]);
            }
            self.away[date] = away;
            base += i64::from(away);
            let may_move = i16::from(away < series.miss);
            movable += may_move;
            let on = domain.on(date);
            for (value, cell) in self.cell[on.clone()].iter().zip(&domain.cells[on]) {
                let column = usize::from(cell.column);
                if column < domain.columns {
                    stay[column] = *value;
                    if *value <= away {
                        self.gain[column] += value - away;
                        self.moved[column] -= may_move;
                    }
                }
            }
        }
        self.moved.iter_mut().for_each(|m| *m += movable);
        base
    }

    /// Value of the base cell of a choice on a date.
    #[inline]
    fn at_base(&self, domain: &Domain, date: usize, column: u16) -> Option<usize> {
        domain.on(date).find(|i| domain.cells[*i].column == column)
    }

    /// Units of moves beyond the free ones; each either pays or stays put.
    fn fairness(&mut self, series: &Series, domain: &Domain, choice: &Choice) -> i64 {
        let track = &series.tracks[usize::from(choice.track)];
        let mut gains = std::mem::take(&mut self.gains);
        gains.clear();
        let column = usize::from(choice.column);
        for (k, &date) in track.dates.iter().enumerate() {
            let away = self.away[usize::from(date)];
            let stay = self.stay[k * domain.columns + column];
            if away < stay && away < series.miss {
                gains.push(stay.min(series.miss) - away);
            }
        }
        gains.sort_unstable_by(|a, b| b.cmp(a));
        let extra = gains
            .iter()
            .skip(track.free_moves as usize)
            .map(|g| i64::from((*g).min(series.fair)))
            .sum();
        self.gains = gains;
        extra
    }

    /// The placements behind the total of `choice`: a cell index or `NONE`
    /// per occurrence of its track. Call after `run` on the same domain.
    pub(crate) fn placements(
        &self,
        series: &Series,
        domain: &Domain,
        choice: &Choice,
        out: &mut Vec<u32>,
    ) {
        let track = &series.tracks[usize::from(choice.track)];
        let mut gains: Vec<(i32, usize)> = Vec::new();
        out.clear();
        for (k, &date) in track.dates.iter().enumerate() {
            let away = self.away[usize::from(date)];
            let base = self.at_base(domain, usize::from(date), choice.column);
            let stay = base.map_or(NEVER, |i| self.cell[i]);
            out.push(if stay <= away { base.map_or(NONE, |i| i as u32) } else { NONE });
            if away < stay && away < series.miss {
                gains.push((stay.min(series.miss) - away, k));
            }
        }
        gains.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        for (rank, &(gain, k)) in gains.iter().enumerate() {
            let date = track.dates[k];
            if rank >= track.free_moves as usize && gain <= series.fair {
                let base = self.at_base(domain, usize::from(date), choice.column);
                out[k] = base.filter(|i| self.cell[*i] < series.miss).map_or(NONE, |i| i as u32);
            } else {
                out[k] = self.cheapest_move(series, domain, date).unwrap_or(NONE);
            }
        }
    }

    fn cheapest_move(&self, series: &Series, domain: &Domain, date: u16) -> Option<u32> {
        let want = self.away[usize::from(date)];
        let found = domain.near(date, series.tolerance()).find(|i| {
            let apart = domain.cells[*i].date.abs_diff(date);
            self.cell[*i] + series.shift[usize::from(apart)] == want
        });
        found.map(|i| i as u32)
    }
}
