//! Goals and metrics as lines: value, change since last time, target, age.

use jiff::civil::Date;

use crate::agenda::clean::{LINE_CHARS, clean, number};
use crate::agenda::dates::short_date;
use crate::agenda::input::AgendaInput;
use crate::agenda::sources::{Measure, Source};
use crate::model::agenda::Reading;

/// A value older than this many cadences (and at least [`STALE_DAYS`]) is stale.
const STALE_CADENCES: f64 = 2.0;
const STALE_DAYS: i32 = 10;

/// A measure as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown {
    pub(super) name: String,
    pub(super) line: String,
    pub(super) value: Option<f64>,
    pub(super) on: Option<Date>,
    pub(super) stale_days: Option<i32>,
    pub(super) trend: Trend,
}

/// Where a value went since the last meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trend {
    Better,
    Worse,
    Same,
    /// Moved, and nobody said which way is good.
    Moved,
    /// No value before.
    New,
}

/// The measures of all sources that could be read, in order; one name once.
pub(super) fn shown(sources: &[Source], input: &AgendaInput<'_>, date: Date) -> Vec<Shown> {
    let mut out: Vec<Shown> = Vec::new();
    for source in sources {
        for measure in source.outcome.iter().flatten() {
            let name = clean(&measure.name, 80);
            if name.is_empty() || out.iter().any(|shown| shown.name == name) {
                continue;
            }
            out.push(show(measure, name, source.as_of, input, date));
        }
    }
    out
}

fn show(
    measure: &Measure,
    name: String,
    as_of: Option<Date>,
    input: &AgendaInput<'_>,
    date: Date,
) -> Shown {
    let on = measure.on.or(as_of);
    let stale_days = on.map(|on| (date - on).get_days()).filter(|days| {
        let limit = input.pair.cadence.mean_days() * STALE_CADENCES;
        f64::from(*days) > limit && *days >= STALE_DAYS
    });
    let read = |reading: &Reading| {
        reading.pair == input.pair.id && reading.beat < input.meeting.beat && reading.name == name
    };
    let before = input.readings.iter().filter(|reading| read(reading)).max_by_key(|r| r.beat);
    let previous = before.map(|reading| reading.value).or(measure.previous);
    let trend = trend(measure, previous);
    let line = line(measure, &name, previous, trend, stale_days.and(on), date);
    Shown { name, line, value: measure.value, on, stale_days, trend }
}

fn trend(measure: &Measure, previous: Option<f64>) -> Trend {
    let (Some(value), Some(previous)) = (measure.value, previous) else { return Trend::New };
    if number(value) == number(previous) {
        return Trend::Same;
    }
    let better = match (measure.lower_is_better, measure.target) {
        (Some(lower), _) => Some((value < previous) == lower),
        (None, Some(target)) => Some((value - target).abs() < (previous - target).abs()),
        (None, None) => None,
    };
    match better {
        Some(true) => Trend::Better,
        Some(false) => Trend::Worse,
        None => Trend::Moved,
    }
}

/// "Churn: 3.1 → 2.8 % (target 2.5 %, better): pricing page live"
fn line(
    measure: &Measure,
    name: &str,
    previous: Option<f64>,
    trend: Trend,
    stale_on: Option<Date>,
    date: Date,
) -> String {
    let unit = measure.unit.as_deref().map(|unit| clean(unit, 16)).unwrap_or_default();
    let done = unit == "done";
    let with_unit = |value: f64| match unit.as_str() {
        "" | "done" => number(value),
        unit => format!("{} {unit}", number(value)),
    };
    let mut out = format!("{name}: ");
    match (measure.value, previous) {
        (None, _) => out.push_str("no value yet"),
        (Some(value), Some(previous)) if trend != Trend::Same => {
            out.push_str(&format!("{} → {}", number(previous), with_unit(value)));
        }
        (Some(value), _) => out.push_str(&with_unit(value)),
    }
    let mut remarks = Vec::new();
    match measure.target {
        Some(target) if done => out.push_str(&format!(" of {} done", number(target))),
        Some(target) => remarks.push(format!("target {}", with_unit(target))),
        None => {}
    }
    match trend {
        Trend::Better => remarks.push("better".to_owned()),
        Trend::Worse => remarks.push("worse".to_owned()),
        Trend::Same => remarks.push("no change".to_owned()),
        Trend::Moved | Trend::New => {}
    }
    if let Some(on) = stale_on {
        remarks.push(format!("stale, as of {}", short_date(on, date)));
    }
    if !remarks.is_empty() {
        out.push_str(&format!(" ({})", remarks.join(", ")));
    }
    if let Some(note) = measure.note.as_deref().map(|note| clean(note, 120))
        && !note.is_empty()
    {
        out.push_str(": ");
        out.push_str(&note);
    }
    clean(&out, LINE_CHARS)
}
