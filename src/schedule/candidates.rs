//! The candidates of one series: cells, bases and what each costs by itself.

use super::compile::{Calendar, CompileError, OFF_GRID, units};
use super::draft::SeriesDraft;
use super::problem::{Cell, Choice, Track};
use super::spec::{PersonSpec, SeriesSpec, Spec};
use super::zone::{Clock, SLOT};

/// One series, compiled.
pub(crate) struct Made {
    pub(crate) draft: SeriesDraft,
    pub(crate) first_minute: i64,
    pub(crate) fixed: Vec<(usize, u32)>,
    pub(crate) open: Vec<usize>,
    pub(crate) constant: i64,
}

pub(crate) struct Work<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) clocks: &'a [Clock],
    pub(crate) calendars: &'a [Calendar],
}

/// One series while its candidates are made.
pub(crate) struct View<'a> {
    pub(crate) series: &'a SeriesSpec,
    pub(crate) len: i64,
    pub(crate) anchor: &'a Clock,
    pub(crate) who: [(&'a PersonSpec, &'a Calendar, &'a Clock); 2],
}

impl<'a> Work<'a> {
    pub(crate) fn view(&self, index: usize) -> Option<View<'a>> {
        let series = self.spec.series.get(index)?;
        let person = |who: usize| {
            let calendar = self.calendars.get(who)?;
            Some((self.spec.people.get(who)?, calendar, self.clocks.get(calendar.clock)?))
        };
        let who = [person(series.who[0])?, person(series.who[1])?];
        let anchor = person(series.anchor)?.2;
        Some(View { series, len: -(-series.minutes).div_euclid(SLOT), anchor, who })
    }

    pub(crate) fn series(&self, index: usize) -> Result<Made, CompileError> {
        let fail = |what| CompileError::Series { series: index, what };
        let view = self.view(index).ok_or(fail("names a person that does not exist"))?;
        let series = view.series;
        if series.minutes <= 0 || series.minutes > 480 {
            return Err(fail("a meeting takes 1 to 480 minutes"));
        }
        if series.window.0 < 0
            || series.window.1 > 1440
            || series.window.1 - series.window.0 < series.minutes
        {
            return Err(fail("the window is shorter than the meeting or outside the day"));
        }
        let first_minute = -(-series.window.0).div_euclid(SLOT) * SLOT;
        let columns = (series.window.1 - series.minutes - first_minute).div_euclid(SLOT) + 1;
        if columns <= 0 {
            return Err(fail("no quarter hour fits the window"));
        }
        let mut cells = Vec::new();
        for date in 1..=self.spec.last_day {
            self.cells_on(&view, date, first_minute, columns, &mut cells)
                .ok_or(fail("weights are too large"))?;
        }
        let choices = self.choices(series, first_minute, columns).map_err(fail)?;
        let mut made = self.draft(series, cells, choices).ok_or(fail("weights are too large"))?;
        made.draft.len = view.len as u32;
        made.first_minute = first_minute;
        if let Some(published) = self.spec.published.as_ref().and_then(|p| p.get(index)) {
            self.publish(&view, published, &mut made).map_err(fail)?;
        }
        Ok(made)
    }

    fn draft(&self, series: &SeriesSpec, cells: Vec<Cell>, choices: Vec<Choice>) -> Option<Made> {
        let shift = (0..=series.tolerance as i64)
            .map(|d| units(self.spec.move_points(d)))
            .collect::<Option<_>>()?;
        let track = |dates: &Vec<u16>| Track {
            dates: dates.clone(),
            free_moves: dates.len().div_ceil(4) as u32,
        };
        let draft = SeriesDraft {
            who: series.who.map(|w| w as u32),
            len: 0,
            miss: units(series.miss)?,
            fair: units(self.spec.weights.fair)?,
            shift,
            tracks: series.tracks.iter().map(track).collect(),
            cells,
            choices,
        };
        let most = series.tracks.iter().map(Vec::len).max().unwrap_or(0);
        Some(Made {
            draft,
            first_minute: 0,
            fixed: Vec::new(),
            open: (0..most).collect(),
            constant: 0,
        })
    }

    /// Bases to choose from, with what changing the present one costs.
    fn choices(
        &self,
        series: &SeriesSpec,
        first: i64,
        columns: i64,
    ) -> Result<Vec<Choice>, &'static str> {
        let weights = &self.spec.weights;
        let mut choices = Vec::new();
        for track in 0..series.tracks.len() {
            for column in 0..columns {
                let minute = first + column * SLOT;
                let points = match series.current {
                    None => 0,
                    Some((now, _)) if now != track => weights.rebase_day,
                    Some((_, at)) if at != minute => weights.rebase_time,
                    Some(_) => 0,
                };
                if series.pinned && series.current != Some((track, minute)) {
                    continue;
                }
                let cost = units(points).ok_or("weights are too large")?;
                choices.push(Choice { track: track as u16, column: column as u16, cost });
            }
        }
        if choices.is_empty() {
            return Err("the pinned slot is not one of the series' own");
        }
        Ok(choices)
    }

    /// Candidates on one date of the anchor's calendar.
    fn cells_on(
        &self,
        view: &View<'_>,
        date: usize,
        first: i64,
        columns: i64,
        cells: &mut Vec<Cell>,
    ) -> Option<()> {
        let series = view.series;
        if !series.weekdays.get(self.spec.weekday(date as i64)).copied().unwrap_or(false) {
            return Some(());
        }
        let range = view.anchor.day(date);
        let irregular = view.anchor.is_irregular(date);
        let slots = if irregular {
            range
        } else {
            range.start + first / SLOT..range.start + first / SLOT + columns
        };
        let from = cells.len();
        for slot in slots {
            let minute = if irregular {
                view.anchor.local(slot).1
            } else {
                (slot - view.anchor.day(date).start) * SLOT
            };
            let open = view.who.iter().all(|(_, calendar, _)| calendar.open.all(slot, view.len));
            if !open || minute < series.window.0 || minute + series.minutes > series.window.1 {
                continue;
            }
            let column = (minute - first) / SLOT;
            let is_base =
                (minute - first) % SLOT == 0 && view.anchor.slot_at(date as i64, minute) == slot;
            let column = if is_base { column as u16 } else { OFF_GRID };
            let cost = units(self.points(view, date, minute, slot))?;
            cells.push(Cell::new(slot as u32, date as u16, column, cost));
        }
        if irregular {
            self.skipped_hours(view, date, first, columns, from, cells);
        }
        Some(())
    }

    /// Bases whose wall-clock time is skipped that day stand for a later slot.
    fn skipped_hours(
        &self,
        view: &View<'_>,
        date: usize,
        first: i64,
        columns: i64,
        from: usize,
        cells: &mut Vec<Cell>,
    ) {
        for column in 0..columns {
            let slot = view.anchor.slot_at(date as i64, first + column * SLOT);
            let found = cells.iter().skip(from).find(|c| i64::from(c.slot) == slot).copied();
            if let Some(cell) = found.filter(|c| i64::from(c.column) != column) {
                cells.push(Cell::new(cell.slot, cell.date, column as u16, cell.cost));
            }
        }
    }

    /// Points of one placement by itself.
    pub(crate) fn points(&self, view: &View<'_>, date: usize, minute: i64, slot: i64) -> i64 {
        self.parts(view, date, minute, slot).iter().sum()
    }

    /// The same as pain, ideal, tentative.
    pub(crate) fn parts(&self, view: &View<'_>, date: usize, minute: i64, slot: i64) -> [i64; 3] {
        let (series, weights) = (view.series, &self.spec.weights);
        let pains = view.who.map(|(person, _, clock)| {
            let (day, minute) = clock.local(slot);
            let rules =
                person.avoid.iter().filter(|a| minute < a.1 && minute + series.minutes > a.0);
            let weekday = person.day_cost.get(self.spec.weekday(day)).copied().unwrap_or(0);
            weekday + rules.map(|a| a.2).sum::<i64>()
        });
        let pain = 2 * pains[0].max(pains[1]) + pains[0].min(pains[1]);
        let ideal = series.ideal.map_or(0, |(weekday, at)| {
            let day = if self.spec.weekday(date as i64) == weekday { 0 } else { weights.ideal_day };
            day + weights
                .ideal_cap
                .min(weights.ideal_step * ((minute - at).abs() / weights.ideal_grain.max(1)))
        });
        let tentative =
            view.who.iter().any(|(_, calendar, _)| calendar.tentative.any(slot, view.len));
        [pain, ideal, if tentative { weights.tent } else { 0 }]
    }
}
