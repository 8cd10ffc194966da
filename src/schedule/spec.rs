//! The problem in the words of calendars: zones, hours, busy times, cadences
//! and the exchange rates between terms. `compile` turns it into integers.

use jiff::{civil, tz::TimeZone};

/// Exchange rates, in points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weights {
    /// A standing slot changes its day or phase.
    pub rebase_day: i64,
    /// A standing slot changes its time only.
    pub rebase_time: i64,
    /// One occurrence at another time of its day.
    pub move_time: i64,
    /// One occurrence a day away.
    pub move_day: i64,
    /// Every further day.
    pub move_more: i64,
    /// Most a move costs.
    pub move_cap: i64,
    /// Every moved occurrence beyond a quarter of the series.
    pub fair: i64,
    /// A tentative event overlaps.
    pub tent: i64,
    /// Fifteen minutes of focus time lost, times the person's weight.
    pub focus: i64,
    /// Shortest free stretch that is focus time, minutes.
    pub focus_run: i64,
    /// One 1:1 beyond a week's even load.
    pub week_over: i64,
    /// A published occurrence changes.
    pub churn: i64,
    /// ... and was within 48 hours.
    pub churn_soon: i64,
    /// Not the ideal weekday.
    pub ideal_day: i64,
    /// Every `ideal_grain` minutes off the ideal time.
    pub ideal_step: i64,
    /// Minutes off the ideal time that count as one step.
    pub ideal_grain: i64,
    /// Most the ideal time costs.
    pub ideal_cap: i64,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            rebase_day: 450,
            rebase_time: 200,
            move_time: 20,
            move_day: 40,
            move_more: 10,
            move_cap: 80,
            fair: 20,
            tent: 15,
            focus: 2,
            focus_run: 120,
            week_over: 10,
            churn: 25,
            churn_soon: 25,
            ideal_day: 8,
            ideal_step: 1,
            ideal_grain: 30,
            ideal_cap: 12,
        }
    }
}

/// Times that cost points: from and to (minutes of the local day), points.
pub type Avoid = (i64, i64, i64);

/// One person.
#[derive(Debug, Clone)]
pub struct PersonSpec {
    /// Where the person's wall clock is.
    pub zone: TimeZone,
    /// Working hours per weekday (Monday first), minutes of the local day.
    pub work: [Option<(i64, i64)>; 7],
    /// Times that cost points.
    pub avoid: Vec<Avoid>,
    /// Points of a 1:1 on each weekday.
    pub day_cost: [i64; 7],
    /// Free minutes wanted around a 1:1.
    pub buffer: i64,
    /// Most 1:1s on a local day.
    pub max_day: u32,
    /// Weight of this person's focus time.
    pub focus_weight: i64,
    /// Hard events, minutes since the origin (UTC), half-open.
    pub busy: Vec<(i64, i64)>,
    /// Tentative events.
    pub tentative: Vec<(i64, i64)>,
    /// Absences: not working, no buffer kept to them.
    pub off: Vec<(i64, i64)>,
}

/// What is known of a published occurrence.
pub type Published = Vec<Option<i64>>;

/// One series.
#[derive(Debug, Clone)]
pub struct SeriesSpec {
    /// Organiser and attendee: indices into `Spec::people`.
    pub who: [usize; 2],
    /// The person whose wall clock fixes the slot.
    pub anchor: usize,
    /// Length in minutes.
    pub minutes: i64,
    /// Meetings per week as a fraction.
    pub load: (i64, i64),
    /// Weekdays (Monday first) a meeting may be on.
    pub weekdays: [bool; 7],
    /// The whole meeting lies inside, minutes of the anchor's local day.
    pub window: (i64, i64),
    /// Days an occurrence may be from its target date.
    pub tolerance: usize,
    /// Minutes before `now + lead` nothing moves.
    pub lead: i64,
    /// Points of an occurrence that is not held.
    pub miss: i64,
    /// Wanted weekday (Monday = 0) and minute of the day.
    pub ideal: Option<(usize, i64)>,
    /// Rhythms to choose from: target dates of each.
    pub tracks: Vec<Vec<u16>>,
    /// Present standing slot: track and minute of the day.
    pub current: Option<(usize, i64)>,
    /// The standing slot must stay.
    pub pinned: bool,
    /// Published occurrences stay, whatever hours and calendars say.
    pub settled: bool,
}

/// Everything to be scheduled together.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Local day 0; days are counted from here in every zone.
    pub origin: civil::Date,
    /// Last local day a meeting may be on; the first is day 1.
    pub last_day: usize,
    /// Minutes since the origin (UTC).
    pub now: i64,
    /// Exchange rates.
    pub weights: Weights,
    /// Everybody.
    pub people: Vec<PersonSpec>,
    /// Every series.
    pub series: Vec<SeriesSpec>,
    /// What calendars show now, per series; `None` plans from scratch.
    pub published: Option<Vec<Published>>,
}

impl Spec {
    /// Weekday of a local day, Monday = 0.
    pub(crate) fn weekday(&self, day: i64) -> usize {
        let first = i64::from(self.origin.weekday().to_monday_zero_offset());
        (day + first).rem_euclid(7) as usize
    }

    /// Points of a move by `days` days.
    pub(crate) fn move_points(&self, days: i64) -> i64 {
        let w = &self.weights;
        if days == 0 { w.move_time } else { w.move_cap.min(w.move_day + w.move_more * (days - 1)) }
    }
}
