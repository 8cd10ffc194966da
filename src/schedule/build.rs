//! Draft → `Problem`: checks sizes, folds everything that concerns one series
//! alone into its cells, and gives every start that two 1:1s can contest a
//! key. Knows masks and integers only.

// See `problem`: indices are made here and bounded by what is checked first.
#![allow(clippy::indexing_slicing)]

use super::draft::{Draft, DraftError, check_people, check_series};
use super::mask::{Mask, focus, span, widened};
use super::problem::{Cell, Day, Domain, Key, Person, Problem, Series, SharedDay, SharedWeek};

impl Problem {
    /// Compiles a draft.
    ///
    /// # Errors
    /// What `DraftError` lists; the draft is not changed to fit.
    pub fn new(draft: Draft) -> Result<Self, DraftError> {
        let dates = draft.people.first().map_or(0, |p| p.days.len());
        check_people(&draft.people, dates)?;
        let mut series = Vec::with_capacity(draft.series.len());
        for (index, raw) in draft.series.into_iter().enumerate() {
            check_series(index, &raw, draft.people.len(), dates)?;
            series.push(Series {
                who: raw.who,
                len: raw.len,
                miss: raw.miss,
                fair: raw.fair,
                shift: raw.shift,
                tracks: raw.tracks,
                domain: Domain::new(raw.cells, raw.choices, dates),
            });
        }
        let mut problem = Self {
            of_person: vec![Vec::new(); draft.people.len()],
            days_of: vec![0..0; draft.people.len()],
            people: draft.people,
            series,
            run: draft.run.clamp(1, 64),
            week_over: draft.week_over,
            constant: draft.constant,
            dates,
            keys: vec![Key { bit: 0, len: 0, day: 0 }],
            shared_days: Vec::new(),
            shared_weeks: Vec::new(),
        };
        problem.connect();
        Ok(problem)
    }

    /// Per shared day: has one series cells of two dates on it?
    pub(crate) fn mixed_days(&self) -> Vec<bool> {
        let mut mixed = vec![false; self.shared_days.len()];
        let mut seen = vec![(u32::MAX, 0); self.shared_days.len()];
        for (index, series) in self.series.iter().enumerate() {
            for cell in &series.domain.cells {
                for key in cell.key.into_iter().filter(|k| *k != 0) {
                    let day = self.keys[key as usize].day as usize;
                    let before = std::mem::replace(&mut seen[day], (index as u32, cell.date));
                    mixed[day] |= before.0 == index as u32 && before.1 != cell.date;
                }
            }
        }
        mixed
    }

    fn connect(&mut self) {
        for (index, series) in self.series.iter().enumerate() {
            for who in series.who {
                self.of_person[who as usize].push(index as u32);
            }
        }
        for series in &mut self.series {
            drop_impossible(&self.people, series);
        }
        let shared: Vec<bool> = (0..self.people.len()).map(|p| self.is_shared(p)).collect();
        for series in &mut self.series {
            fold(&self.people, series, &shared, self.run, self.week_over);
        }
        for (person, _) in shared.iter().enumerate().filter(|(_, shared)| **shared) {
            let from = self.shared_days.len() as u32;
            self.give_keys(person);
            self.days_of[person] = from..self.shared_days.len() as u32;
        }
    }

    fn is_shared(&self, person: usize) -> bool {
        let of = &self.of_person[person];
        of.len() > 1
            || of
                .first()
                .is_some_and(|s| meets_itself(&self.people[person], &self.series[*s as usize]))
    }

    /// Keys, shared days and weeks of one person.
    fn give_keys(&mut self, person: usize) {
        let who = &self.people[person];
        let mut lens: Vec<u32> =
            self.of_person[person].iter().map(|s| self.series[*s as usize].len).collect();
        lens.sort_unstable();
        lens.dedup();
        let mut starts = vec![vec![0 as Mask; lens.len()]; self.dates];
        let mut across = false;
        for &s in &self.of_person[person] {
            let series = &self.series[s as usize];
            let class = lens.iter().position(|l| *l == series.len).unwrap_or(0);
            for cell in &series.domain.cells {
                let (day, bit) = locate(who, cell.slot, cell.date);
                starts[day][class] |= 1 << bit;
                let reach = reach(who, day);
                across |= reach.is_some_and(|r| bit + series.len + who.buffer > r);
            }
        }
        let mut offset = vec![0u32; self.dates];
        let mut week_days: Vec<(u16, u32, u32)> = Vec::new();
        for day in 0..self.dates {
            if starts[day].iter().all(|m| *m == 0) {
                continue;
            }
            let index = self.shared_days.len() as u32;
            let from = self.keys.len() as u32;
            offset[day] = from;
            for bit in super::mask::bits(starts[day].iter().fold(0, |a, b| a | b)) {
                for (class, len) in lens.iter().enumerate() {
                    if starts[day][class] >> bit & 1 == 1 {
                        self.keys.push(Key { bit: bit as u8, len: *len as u8, day: index });
                    }
                }
            }
            let local = &who.days[day];
            match week_days.last_mut() {
                Some(last) if last.0 == local.week => last.2 = index + 1,
                _ => week_days.push((local.week, index, index + 1)),
            }
            self.shared_days.push(SharedDay {
                person: person as u32,
                day: day as u16,
                week: (self.shared_weeks.len() + week_days.len() - 1) as u32,
                keys: from..self.keys.len() as u32,
                free: local.free & !local.taken,
                cap: who.max_day.saturating_sub(u32::from(local.meetings)),
                buffer: who.buffer,
                focus: who.focus,
                reach: if across { reach(who, day) } else { None },
            });
        }
        self.give_weeks(person, &week_days);
        self.point_cells(person, &starts, &offset, &lens);
    }

    fn give_weeks(&mut self, person: usize, weeks: &[(u16, u32, u32)]) {
        let who = &self.people[person];
        for &(week, from, to) in weeks {
            let fixed = who.week_fixed.get(usize::from(week)).copied().unwrap_or(0);
            let room = who.week_target - fixed;
            self.shared_weeks.push(SharedWeek {
                person: person as u32,
                week,
                room,
                days: from..to,
            });
        }
    }

    /// Tells every cell of `person` which key it hangs on.
    fn point_cells(&mut self, person: usize, starts: &[Vec<Mask>], offset: &[u32], lens: &[u32]) {
        let who = &self.people[person];
        for &s in &self.of_person[person] {
            let series = &mut self.series[s as usize];
            let class = lens.iter().position(|l| *l == series.len).unwrap_or(0);
            let side = usize::from(series.who[1] == person as u32);
            for cell in &mut series.domain.cells {
                let (day, bit) = locate(who, cell.slot, cell.date);
                let below = span(0, bit);
                let mut rank = 0;
                for (other, mask) in starts[day].iter().enumerate() {
                    rank += (mask & below).count_ones()
                        + u32::from(other < class && mask >> bit & 1 == 1);
                }
                cell.key[side] = offset[day] + rank;
            }
        }
    }
}

/// Day and bit of a slot in a person's days; `near` is a date close to it.
pub(crate) fn locate(person: &Person, slot: u32, near: u16) -> (usize, u32) {
    let last = person.days.len() - 1;
    let mut day = usize::from(near).min(last);
    while day > 0 && person.days[day].first > slot {
        day -= 1;
    }
    while day < last && person.days[day + 1].first <= slot {
        day += 1;
    }
    (day, slot.saturating_sub(person.days[day].first))
}

/// Slots from bit 0 of a day to bit 0 of the next one.
pub(crate) fn reach(person: &Person, day: usize) -> Option<u32> {
    Some(person.days.get(day + 1)?.first - person.days[day].first)
}

/// What a fixed meeting of the person leaves of a start: nothing hard broken?
fn fits(person: &Person, day: usize, bit: u32, len: u32) -> bool {
    let here = &person.days[day];
    let Some(next) = person.days.get(day + 1) else {
        return fits_day(here, bit, len, person);
    };
    let reach = next.first - here.first;
    if bit + len + person.buffer <= reach && bit >= person.buffer {
        return fits_day(here, bit, len, person);
    }
    // The meeting or its buffer passes the end or the start of the day.
    let tail = (bit + len).saturating_sub(reach);
    let own = span(bit, len - tail.min(len));
    if own & !here.free != 0
        || span(0, tail) & !next.free != 0
        || u32::from(here.meetings) >= person.max_day
    {
        return false;
    }
    let after = (bit + len + person.buffer).saturating_sub(reach);
    let before = person.buffer.saturating_sub(bit);
    let yesterday = day.checked_sub(1).map(|d| &person.days[d]);
    let late =
        yesterday.is_some_and(|y| y.taken & span(here.first - y.first - before, before) != 0);
    !late && here.taken & widened(bit, len, person.buffer) == 0 && next.taken & span(0, after) == 0
}

fn fits_day(day: &Day, bit: u32, len: u32, person: &Person) -> bool {
    span(bit, len) & !day.free == 0
        && day.taken & widened(bit, len, person.buffer) == 0
        && u32::from(day.meetings) < person.max_day
}

fn drop_impossible(people: &[Person], series: &mut Series) {
    let (who, len) = (series.who, series.len);
    series.domain.cells.retain(|cell| {
        who.iter().all(|p| {
            let person = &people[*p as usize];
            if person.days.first().is_none_or(|d| d.first > cell.slot) {
                return false;
            }
            let (day, bit) = locate(person, cell.slot, cell.date);
            bit < 128 && fits(person, day, bit, len)
        })
    });
    series.domain.index();
}

/// Adds the focus and week terms of people whom no other 1:1 can meet.
fn fold(people: &[Person], series: &mut Series, shared: &[bool], run: u32, week_over: i32) {
    for who in series.who {
        if shared[who as usize] {
            continue;
        }
        let person = &people[who as usize];
        let mut before: Option<(usize, Mask, i32)> = None;
        for cell in &mut series.domain.cells {
            let (day, bit) = locate(person, cell.slot, cell.date);
            let here = &person.days[day];
            if before.is_none_or(|b| b.0 != day) {
                let free = here.free & !here.taken;
                before = Some((day, free, focus(free, run)));
            }
            let (_, free, kept) = before.unwrap_or_default();
            cell.cost += person.focus * (kept - focus(free & !span(bit, series.len), run));
            cell.cost += person.focus * tail_loss(person, day, bit, series.len, run);
            let fixed = person.week_fixed.get(usize::from(here.week)).copied().unwrap_or(0);
            cell.cost += if fixed >= person.week_target { week_over } else { 0 };
        }
    }
}

/// What `fold` adds to one cell for a person whom no other 1:1 can meet.
pub(crate) fn alone(problem: &Problem, person: &Person, cell: &Cell, len: u32) -> i32 {
    let (day, bit) = locate(person, cell.slot, cell.date);
    let here = &person.days[day];
    let (free, run) = (here.free & !here.taken, problem.run);
    let lost = focus(free, run) - focus(free & !span(bit, len), run);
    let fixed = person.week_fixed.get(usize::from(here.week)).copied().unwrap_or(0);
    let over = if fixed >= person.week_target { problem.week_over } else { 0 };
    person.focus * (lost + tail_loss(person, day, bit, len, run)) + over
}

/// Focus slots lost on the next day by a meeting that runs past midnight.
pub(crate) fn tail_loss(person: &Person, day: usize, bit: u32, len: u32, run: u32) -> i32 {
    let Some(reach) = reach(person, day) else { return 0 };
    if bit + len <= reach {
        return 0;
    }
    let next = &person.days[day + 1];
    let free = next.free & !next.taken;
    focus(free, run) - focus(free & !span(0, bit + len - reach), run)
}

/// Can two occurrences of the series fall into one week of the person?
fn meets_itself(person: &Person, series: &Series) -> bool {
    let domain = &series.domain;
    let week = |index: usize| {
        let cell = &domain.cells[index];
        person.days[locate(person, cell.slot, cell.date).0].week
    };
    let tolerance = series.tolerance();
    series.tracks.iter().any(|track| {
        track.dates.windows(2).any(|w| {
            let (one, two) = (domain.near(w[0], tolerance), domain.near(w[1], tolerance));
            !one.is_empty() && !two.is_empty() && week(one.end - 1) >= week(two.start)
        })
    })
}
