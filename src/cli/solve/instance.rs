//! `onbeat-plan/1`, read strictly: every key known, every error with its path.

use serde::Deserialize;

use crate::schedule::spec::{PersonSpec, SeriesSpec, Spec, Weights};

/// The file as it stands.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Instance {
    format: String,
    pub(super) name: String,
    #[serde(default)]
    #[allow(dead_code)] // a label of the generator
    seed: Option<i64>,
    origin: String,
    slot_min: i64,
    weeks: usize,
    now: i64,
    weights: RawWeights,
    people: Vec<RawPerson>,
    series: Vec<RawSeries>,
    published: Option<Vec<Vec<Option<i64>>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWeights {
    miss: i64,
    rebase_day: i64,
    rebase_time: i64,
    move_time: i64,
    move_day: i64,
    move_more: i64,
    move_cap: i64,
    fair: i64,
    tent: i64,
    focus: i64,
    week_over: i64,
    churn: i64,
    churn_soon: i64,
    ideal_day: i64,
    ideal_step: i64,
    ideal_cap: i64,
    focus_run: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPerson {
    id: usize,
    tz: String,
    work: [Option<(i64, i64)>; 7],
    avoid: Vec<(i64, i64, i64)>,
    days: [i64; 7],
    buffer: i64,
    max_day: u32,
    focus_w: i64,
    busy: Vec<(i64, i64)>,
    tent: Vec<(i64, i64)>,
    off: Vec<(i64, i64)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSeries {
    id: usize,
    who: [usize; 2],
    anchor: usize,
    dur: i64,
    every: usize,
    days: Vec<usize>,
    window: (i64, i64),
    tol_days: usize,
    lead: i64,
    prio: i64,
    ideal: Option<Ideal>,
    current: Option<Current>,
    pinned: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ideal {
    day: usize,
    tod: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Current {
    phase: usize,
    day: usize,
    tod: i64,
}

/// What is wrong with an instance.
#[derive(Debug, thiserror::Error)]
pub(super) enum InstanceError {
    /// Not the JSON it should be.
    #[error("{path}: {what}")]
    Json {
        /// Where, as `people[3].work[0]`.
        path: String,
        /// What the reader says.
        what: String,
    },
    /// Read, but makes no sense.
    #[error("{path}: {what}")]
    Value {
        /// Where, as `series[2].every`.
        path: String,
        /// What is wrong.
        what: String,
    },
}

fn value(path: impl Into<String>, what: impl Into<String>) -> InstanceError {
    InstanceError::Value { path: path.into(), what: what.into() }
}

/// Reads the text of an instance.
pub(super) fn parse(text: &str) -> Result<Instance, InstanceError> {
    serde_json::from_str(text).map_err(|error| InstanceError::Json {
        path: super::path::at(text, error.line(), error.column()),
        what: error.to_string(),
    })
}

/// An instance in the scheduler's words, and the (phase, weekday) of every
/// track of every series.
pub(super) struct Read {
    pub(super) spec: Spec,
    pub(super) labels: Vec<Vec<(usize, usize)>>,
}

/// Checks values and converts.
pub(super) fn convert(instance: &Instance) -> Result<Read, InstanceError> {
    if instance.format != "onbeat-plan/1" {
        return Err(value("format", format!("expected onbeat-plan/1, found {}", instance.format)));
    }
    if instance.slot_min != 15 {
        return Err(value("slot_min", "only 15 is supported"));
    }
    if instance.weeks == 0 || instance.weeks > 520 {
        return Err(value("weeks", "the horizon must be 1 to 520 weeks"));
    }
    instance.check_numbers()?;
    let origin: jiff::civil::Date =
        instance.origin.parse().map_err(|e| value("origin", format!("not a date: {e}")))?;
    let people = instance.people.iter().enumerate().map(person).collect::<Result<Vec<_>, _>>()?;
    let mut labels = Vec::with_capacity(instance.series.len());
    let mut series = Vec::with_capacity(instance.series.len());
    for (index, raw) in instance.series.iter().enumerate() {
        let (one, label) = raw.convert(index, instance)?;
        series.push(one);
        labels.push(label);
    }
    if instance.published.as_ref().is_some_and(|p| p.len() != series.len()) {
        return Err(value("published", "needs one row per series"));
    }
    let spec = Spec {
        origin,
        last_day: 7 * instance.weeks,
        now: instance.now,
        weights: instance.weights.convert(),
        people,
        series,
        published: instance.published.clone(),
    };
    Ok(Read { spec, labels })
}

fn person((index, raw): (usize, &RawPerson)) -> Result<PersonSpec, InstanceError> {
    let at = |key: &str| format!("people[{index}].{key}");
    if raw.id != index {
        return Err(value(at("id"), format!("expected {index}, its place in the list")));
    }
    let zone = jiff::tz::TimeZone::get(&raw.tz)
        .map_err(|_| value(at("tz"), format!("unknown time zone {:?}", raw.tz)))?;
    for (key, events) in [("busy", &raw.busy), ("tent", &raw.tent), ("off", &raw.off)] {
        if let Some(bad) =
            events.iter().position(|e| e.0 > e.1 || e.0.abs() > 1 << 40 || e.1.abs() > 1 << 40)
        {
            return Err(value(
                format!("people[{index}].{key}[{bad}]"),
                "the event ends before it starts",
            ));
        }
    }
    Ok(PersonSpec {
        zone,
        work: raw.work,
        avoid: raw.avoid.clone(),
        day_cost: raw.days,
        buffer: raw.buffer,
        max_day: raw.max_day,
        focus_weight: raw.focus_w,
        busy: raw.busy.clone(),
        tentative: raw.tent.clone(),
        off: raw.off.clone(),
    })
}

/// Largest time or slot that is read, in minutes or slots: far beyond any
/// horizon, far below what sums could overflow.
const FARTHEST: i64 = 1 << 32;

impl Instance {
    /// No number may be so large that sums of it overflow.
    fn check_numbers(&self) -> Result<(), InstanceError> {
        let far = |n: i64| !(-FARTHEST..=FARTHEST).contains(&n);
        let too = |path: String| Err(value(path, "the number is too large"));
        if far(self.now) {
            return too("now".to_owned());
        }
        if let Some((name, _)) =
            self.weights.named().iter().find(|w| !(0..=1_000_000).contains(&w.1))
        {
            return Err(value(format!("weights.{name}"), "weights are 0 to 1000000 points"));
        }
        for (index, person) in self.people.iter().enumerate() {
            let avoid = person.avoid.iter().flat_map(|a| [a.0, a.1, a.2]);
            let work = person.work.iter().flatten().flat_map(|w| [w.0, w.1]);
            if avoid.chain(work).chain(person.days).chain([person.buffer, person.focus_w]).any(far)
            {
                return too(format!("people[{index}]"));
            }
        }
        for (index, series) in self.series.iter().enumerate() {
            let ideal = series.ideal.as_ref().map_or(0, |i| i.tod);
            let current = series.current.as_ref().map_or(0, |c| c.tod);
            if [series.dur, series.lead, series.window.0, series.window.1, ideal, current]
                .into_iter()
                .any(far)
            {
                return too(format!("series[{index}]"));
            }
        }
        for (index, row) in self.published.iter().flatten().enumerate() {
            if let Some(k) = row.iter().position(|s| s.is_some_and(far)) {
                return too(format!("published[{index}][{k}]"));
            }
        }
        Ok(())
    }
}

impl RawWeights {
    fn named(&self) -> [(&'static str, i64); 17] {
        [
            ("miss", self.miss),
            ("rebase_day", self.rebase_day),
            ("rebase_time", self.rebase_time),
            ("move_time", self.move_time),
            ("move_day", self.move_day),
            ("move_more", self.move_more),
            ("move_cap", self.move_cap),
            ("fair", self.fair),
            ("tent", self.tent),
            ("focus", self.focus),
            ("week_over", self.week_over),
            ("churn", self.churn),
            ("churn_soon", self.churn_soon),
            ("ideal_day", self.ideal_day),
            ("ideal_step", self.ideal_step),
            ("ideal_cap", self.ideal_cap),
            ("focus_run", self.focus_run),
        ]
    }

    fn convert(&self) -> Weights {
        Weights {
            rebase_day: self.rebase_day,
            rebase_time: self.rebase_time,
            move_time: self.move_time,
            move_day: self.move_day,
            move_more: self.move_more,
            move_cap: self.move_cap,
            fair: self.fair,
            tent: self.tent,
            focus: self.focus,
            focus_run: self.focus_run,
            week_over: self.week_over,
            churn: self.churn,
            churn_soon: self.churn_soon,
            ideal_day: self.ideal_day,
            ideal_step: self.ideal_step,
            ideal_grain: 30,
            ideal_cap: self.ideal_cap,
        }
    }
}

impl RawSeries {
    fn convert(
        &self,
        index: usize,
        instance: &Instance,
    ) -> Result<(SeriesSpec, Vec<(usize, usize)>), InstanceError> {
        let at = |key: &str| format!("series[{index}].{key}");
        self.check(index, instance)?;
        let mut weekdays = [false; 7];
        for &day in &self.days {
            *weekdays.get_mut(day).ok_or_else(|| value(at("days"), "weekdays are 0 to 6"))? = true;
        }
        let count = instance.weeks / self.every;
        let mut labels = Vec::new();
        let mut tracks = Vec::new();
        for phase in 0..self.every {
            for day in (0..7).filter(|d| weekdays.get(*d) == Some(&true)) {
                labels.push((phase, day));
                tracks.push(
                    (0..count).map(|k| (1 + 7 * (phase + k * self.every) + day) as u16).collect(),
                );
            }
        }
        let current = match &self.current {
            None => None,
            Some(c) => match labels.iter().position(|l| *l == (c.phase, c.day)) {
                Some(track) => Some((track, c.tod)),
                None if self.pinned => {
                    return Err(value(at("current"), "the pinned day is not among the days"));
                }
                // A standing slot outside the rules: leaving it costs the same for every choice.
                None => Some((usize::MAX, c.tod)),
            },
        };
        let every = self.every as i64;
        let miss = [1 + self.prio, every + 1]
            .iter()
            .try_fold(instance.weights.miss, |sum, factor| Some(sum.checked_mul(*factor)? / 2));
        let spec = SeriesSpec {
            who: self.who,
            anchor: self.anchor,
            minutes: self.dur,
            load: (1, every),
            weekdays,
            window: self.window,
            tolerance: self.tol_days,
            lead: self.lead,
            miss: miss.ok_or_else(|| value(at("prio"), "the cost of a miss is too large"))?,
            ideal: self.ideal.as_ref().map(|i| (i.day, i.tod)),
            tracks,
            current,
            pinned: self.pinned,
            settled: false,
        };
        Ok((spec, labels))
    }

    fn check(&self, index: usize, instance: &Instance) -> Result<(), InstanceError> {
        let at = |key: &str| format!("series[{index}].{key}");
        let people = instance.people.len();
        if self.id != index {
            return Err(value(at("id"), format!("expected {index}, its place in the list")));
        }
        if self.who.iter().chain([&self.anchor]).any(|p| *p >= people) {
            return Err(value(at("who"), format!("there are only {people} people")));
        }
        if self.who[0] == self.who[1] || !self.who.contains(&self.anchor) {
            return Err(value(at("who"), "needs two different people, one of them the anchor"));
        }
        if self.every == 0 || self.every > instance.weeks {
            return Err(value(at("every"), format!("must be 1 to {} weeks", instance.weeks)));
        }
        if self.dur <= 0
            || self.window.0 < 0
            || self.window.1 > 1440
            || self.window.1 - self.window.0 < self.dur
        {
            return Err(value(
                at("window"),
                "the window is shorter than the meeting or outside the day",
            ));
        }
        if self.tol_days > (7 * self.every - 1) / 2 {
            let most = (7 * self.every - 1) / 2;
            return Err(value(
                at("tol_days"),
                format!("at most {most}, or consecutive occurrences could meet"),
            ));
        }
        if self.days.is_empty() || self.days.iter().any(|d| *d > 6) {
            return Err(value(at("days"), "needs at least one weekday, each 0 (Monday) to 6"));
        }
        if !(1..=1_000).contains(&self.prio) || self.lead < 0 {
            return Err(value(at("prio"), "priority must be positive and the lead not negative"));
        }
        if self.pinned && self.current.is_none() {
            return Err(value(at("pinned"), "a pinned series needs a current slot"));
        }
        Ok(())
    }
}
