//! Calendars → integers: `Spec` to `Problem`. Candidates come out of both
//! people's hours, zones, absences and events, exact on the days the clocks
//! change; nothing after this file knows a date.

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::candidates::{Made, Work};
use super::draft::{Draft, DraftError};
use super::line::Line;
use super::mask::focus;
use super::problem::{Day, Person, Problem, UNIT};
use super::spec::{PersonSpec, SeriesSpec, Spec};
use super::zone::{Clock, SLOT};

/// A column no option has: the second instance of a repeated hour.
pub(crate) const OFF_GRID: u16 = u16::MAX;

/// Why a specification cannot be compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The horizon is empty or longer than ten years.
    #[error("the horizon must be 1 to 3660 days")]
    Horizon,
    /// A zone has no usable rules for the horizon.
    #[error("person {person}: the time zone has no usable rules for these dates")]
    Zone {
        /// Index of the person.
        person: usize,
        /// What the zone database says.
        source: jiff::Error,
    },
    /// A value of a person makes no sense.
    #[error("person {person}: {what}")]
    Person {
        /// Index of the person.
        person: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A value of a series makes no sense.
    #[error("series {series}: {what}")]
    Series {
        /// Index of the series.
        series: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// The integers do not carry it.
    #[error("the instance cannot be compiled")]
    Draft(#[from] DraftError),
}

impl CompileError {
    /// The series it is about, if it is about one.
    pub fn series(&self) -> Option<usize> {
        match self {
            Self::Series { series, .. }
            | Self::Draft(
                DraftError::People(series)
                | DraftError::Length(series)
                | DraftError::NoChoice(series)
                | DraftError::Horizon(series)
                | DraftError::Tolerance(series)
                | DraftError::Weights(series),
            ) => Some(*series),
            Self::Draft(DraftError::Days(_) | DraftError::PersonWeights(_))
            | Self::Horizon
            | Self::Zone { .. }
            | Self::Person { .. } => None,
        }
    }
}

/// A compiled specification and what is needed to speak of its solution.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The integers.
    pub problem: Problem,
    /// Minute of the day of column 0, per series.
    pub first_minute: Vec<i64>,
    /// Occurrences (index, slot) that are history and stay, per series.
    pub fixed: Vec<Vec<(usize, u32)>>,
    /// Occurrences of each series by number, on its longest track.
    pub open: Vec<Vec<usize>>,
}

/// A person's calendar as slots.
pub(crate) struct Calendar {
    pub(crate) clock: usize,
    /// Working, not off, nothing hard within the buffer.
    pub(crate) open: Line,
    pub(crate) tentative: Line,
}

/// Compiles a specification.
///
/// # Errors
/// What `CompileError` lists; each names the person or series.
pub fn compile(spec: &Spec) -> Result<Compiled, CompileError> {
    if spec.last_day == 0 || spec.last_day > 3660 {
        return Err(CompileError::Horizon);
    }
    let days = spec.last_day + 2;
    let (calendars, mut people) = Calendars::read(spec, days)?;
    add_loads(spec, &mut people)?;
    let work = calendars.work(spec);
    let made: Vec<Made> =
        (0..spec.series.len()).into_par_iter().map(|i| work.series(i)).collect::<Result<_, _>>()?;
    let mut constant = made.iter().map(|m| m.constant).sum();
    for (series, made) in spec.series.iter().zip(&made) {
        for (_, slot) in &made.fixed {
            fix(&mut people, series, *slot);
        }
    }
    let run = (spec.weights.focus_run / SLOT).clamp(1, 64) as u32;
    let week_over =
        units(spec.weights.week_over).ok_or(CompileError::Draft(DraftError::PersonWeights(0)))?;
    constant += people.iter().map(|p| fixed_cost(p, run, week_over)).sum::<i64>();
    let mut compiled = Compiled {
        problem: Problem::new(Draft {
            people: Vec::new(),
            series: Vec::new(),
            run,
            week_over,
            constant: 0,
        })?,
        first_minute: made.iter().map(|m| m.first_minute).collect(),
        fixed: made.iter().map(|m| m.fixed.clone()).collect(),
        open: made.iter().map(|m| m.open.clone()).collect(),
    };
    let series = made.into_iter().map(|m| m.draft).collect();
    compiled.problem = Problem::new(Draft { people, series, run, week_over, constant })?;
    Ok(compiled)
}

/// Everybody's calendar as slots.
pub(crate) struct Calendars {
    clocks: Vec<Clock>,
    calendars: Vec<Calendar>,
}

impl Calendars {
    pub(crate) fn new(spec: &Spec) -> Result<Self, CompileError> {
        Self::read(spec, spec.last_day + 2).map(|read| read.0)
    }

    fn read(spec: &Spec, days: usize) -> Result<(Self, Vec<Person>), CompileError> {
        let (clocks, of_person) = clocks(spec, days)?;
        let made: Vec<_> = (0..spec.people.len())
            .into_par_iter()
            .map(|index| {
                let which = of_person.get(index).copied().unwrap_or(0);
                let clock = clocks.get(which).ok_or(CompileError::Horizon)?;
                person(spec, index, clock, which, days)
            })
            .collect::<Result<_, _>>()?;
        let (people, calendars) = made.into_iter().unzip();
        Ok((Self { clocks, calendars }, people))
    }

    pub(crate) fn work<'a>(&'a self, spec: &'a Spec) -> Work<'a> {
        Work { spec, clocks: &self.clocks, calendars: &self.calendars }
    }
}

/// Points as units, if they are sensible.
pub(crate) fn units(points: i64) -> Option<i32> {
    let limit = 0..=60_000;
    limit.contains(&points).then(|| points as i32 * UNIT)
}

/// One clock per distinct zone, and which one each person has.
fn clocks(spec: &Spec, days: usize) -> Result<(Vec<Clock>, Vec<usize>), CompileError> {
    let mut zones: Vec<&jiff::tz::TimeZone> = Vec::new();
    let mut clocks = Vec::new();
    let mut of_person = Vec::with_capacity(spec.people.len());
    for (person, p) in spec.people.iter().enumerate() {
        let found = zones.iter().position(|z| **z == p.zone);
        of_person.push(found.unwrap_or(zones.len()));
        if found.is_none() {
            let clock = Clock::new(&p.zone, spec.origin, days)
                .map_err(|source| CompileError::Zone { person, source })?;
            zones.push(&p.zone);
            clocks.push(clock);
        }
    }
    Ok((clocks, of_person))
}

fn check_person(p: &PersonSpec) -> Result<(), &'static str> {
    if p.work.iter().flatten().any(|w| w.0 < 0 || w.0 > w.1 || w.1 > 1440) {
        return Err("working hours must lie between 0 and 1440 minutes, from before to");
    }
    if p.buffer < 0 || p.buffer % SLOT != 0 || p.buffer > 480 {
        return Err("the buffer must be a multiple of 15 minutes, at most 480");
    }
    let costs = p.avoid.iter().map(|a| a.2).chain(p.day_cost);
    if !(0..=100).contains(&p.focus_weight) || costs.clone().any(|c| !(0..=10_000).contains(&c)) {
        return Err("costs must be 0 to 10000 points, focus weights 0 to 100");
    }
    Ok(())
}

fn person(
    spec: &Spec,
    index: usize,
    clock: &Clock,
    which: usize,
    days: usize,
) -> Result<(Person, Calendar), CompileError> {
    let p = spec.people.get(index).ok_or(CompileError::Horizon)?;
    check_person(p).map_err(|what| CompileError::Person { person: index, what })?;
    let slots = (days + 1) * 96;
    let (mut work, mut hard, mut near) = (Line::new(slots), Line::new(slots), Line::new(slots));
    let mut firsts = Vec::with_capacity(days);
    for day in 0..days {
        let range = clock.day(day);
        let mut first = range.start.max(0);
        if let Some((from, to)) = p.work.get(spec.weekday(day as i64)).copied().flatten() {
            let (a, b) = if clock.is_irregular(day) {
                for slot in range {
                    let minute = clock.local(slot).1;
                    if (from..to).contains(&minute) {
                        work.set(slot, slot + 1);
                    }
                }
                (0, 0)
            } else {
                (range.start - (-from).div_euclid(SLOT), range.start - (-to).div_euclid(SLOT))
            };
            work.set(a, b);
            first = first.max(a);
        }
        firsts.push(first);
    }
    hard.cover(&p.off, 0);
    let away = hard.clone();
    hard.cover(&p.busy, 0);
    near.cover(&p.busy, p.buffer / SLOT);
    let mut tentative = Line::new(slots);
    tentative.cover(&p.tentative, 0);
    let minus = |a: &Line, b: &Line| Line(a.0.iter().zip(&b.0).map(|(a, b)| a & !b).collect());
    let free = minus(&work, &hard);
    let focus = units(p.focus_weight * spec.weights.focus)
        .ok_or(CompileError::Person { person: index, what: "the focus weight is too large" })?;
    let local_days = firsts.iter().enumerate().map(|(day, first)| {
        let range = clock.day(day);
        let length = (range.end - first).clamp(0, 128) as u32;
        let inside = super::mask::span(0, length);
        let week = (day as i64 - 1).div_euclid(7) + 1;
        let free = free.window(*first) & inside;
        Day { first: *first as u32, week: week as u16, free, taken: 0, meetings: 0 }
    });
    let person = Person {
        buffer: (p.buffer / SLOT) as u32,
        max_day: p.max_day,
        focus,
        week_target: 0,
        week_fixed: vec![0; days / 7 + 3],
        days: local_days.collect(),
    };
    let open = minus(&minus(&work, &away), &near);
    Ok((person, Calendar { clock: which, open, tentative }))
}

/// Even weekly load: the sum of the series' rates, rounded up, exactly.
fn add_loads(spec: &Spec, people: &mut [Person]) -> Result<(), CompileError> {
    let mut loads = vec![(0i64, 1i64); people.len()];
    for (index, series) in spec.series.iter().enumerate() {
        let fail = |what| CompileError::Series { series: index, what };
        let (n, d) = series.load;
        if d <= 0 || !(0..=1_000).contains(&n) || d > 100_000 {
            return Err(fail("the cadence is out of range"));
        }
        for who in series.who {
            let load = loads.get_mut(who).ok_or(fail("names a person that does not exist"))?;
            let (num, den) = (load.0.checked_mul(d), load.1.checked_mul(d));
            let sum = num.zip(n.checked_mul(load.1)).and_then(|(a, b)| a.checked_add(b));
            let (num, den) = sum.zip(den).ok_or(fail("cadences too different to add up"))?;
            let common = gcd(num, den).max(1);
            *load = (num / common, den / common);
        }
    }
    for (person, (num, den)) in people.iter_mut().zip(loads) {
        person.week_target = (-(-num).div_euclid(den)).clamp(0, 10_000) as i32;
    }
    Ok(())
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Marks a past meeting on both people's days.
fn fix(people: &mut [Person], series: &SeriesSpec, slot: u32) {
    let len = -(-series.minutes).div_euclid(SLOT) as u32;
    for who in series.who {
        let Some(person) = people.get_mut(who) else { continue };
        let index = person.days.partition_point(|d| d.first <= slot).saturating_sub(1);
        let Some(day) = person.days.get_mut(index) else { continue };
        day.taken |= super::mask::span(slot.saturating_sub(day.first), len);
        day.meetings += 1;
        if let Some(week) = person.week_fixed.get_mut(usize::from(day.week)) {
            *week += 1;
        }
    }
}

/// Units that past meetings cost their person.
fn fixed_cost(person: &Person, run: u32, week_over: i32) -> i64 {
    let lost: i32 =
        person.days.iter().map(|d| focus(d.free, run) - focus(d.free & !d.taken, run)).sum();
    let over: i32 = person.week_fixed.iter().map(|n| (n - person.week_target).max(0)).sum();
    i64::from(lost) * i64::from(person.focus) + i64::from(over) * i64::from(week_over)
}
