//! Random tiny problems, one per seed: two or three people in mixed zones, two
//! or three series, one or two weeks, often with too little room; and crowded
//! ones, with more series than fit. Knows nothing of the solver.

use jiff::{civil, tz::TimeZone};
use onbeat::schedule::spec::{PersonSpec, SeriesSpec, Spec, Weights};

struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) % n
    }
    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

const ZONES: [&str; 5] =
    ["Europe/Paris", "Europe/London", "Asia/Kathmandu", "Africa/Lagos", "Europe/Berlin"];

fn person(dice: &mut Dice, weeks: i64) -> PersonSpec {
    let start = dice.one(&[540, 570, 600]);
    let mut work = [Some((start, start + dice.one(&[240, 300, 420]))); 7];
    work[5] = None;
    work[6] = None;
    let mut events = |count: u64, long: i64| -> Vec<(i64, i64)> {
        (0..dice.below(count))
            .map(|_| {
                let day = 1 + dice.below(7 * weeks as u64) as i64;
                let from = day * 1440 + 360 + 15 * dice.below(32) as i64 + dice.one(&[0, 0, 0, 5]);
                (from, from + long * (1 + dice.below(3) as i64))
            })
            .collect()
    };
    let (busy, tentative, off) = (events(9, 30), events(3, 60), events(2, 480));
    PersonSpec {
        zone: TimeZone::get(dice.one(&ZONES)).unwrap(),
        work,
        avoid: vec![(720, 780, dice.one(&[0, 10])), (540, 600, dice.one(&[0, 5]))],
        day_cost: [dice.one(&[0, 0, 4]), 0, 0, 0, dice.one(&[0, 8]), 0, 0],
        buffer: dice.one(&[0, 0, 15, 30]),
        max_day: dice.one(&[0, 1, 1, 2, 3]),
        focus_weight: dice.one(&[0, 1, 2]),
        busy,
        tentative,
        off,
    }
}

fn series(dice: &mut Dice, people: usize, weeks: usize, hub: usize) -> SeriesSpec {
    let other = (hub + 1 + dice.below(people as u64 - 1) as usize) % people;
    let every = if weeks == 2 && dice.below(2) == 0 { 2 } else { 1 };
    let first = dice.below(4) as usize;
    let days = if every == 2 || weeks == 2 { vec![first] } else { vec![first, first + 1] };
    let mut weekdays = [false; 7];
    let mut tracks = Vec::new();
    for phase in 0..every {
        for day in &days {
            weekdays[*day] = true;
            tracks.push(
                (0..weeks / every).map(|k| (1 + 7 * (phase + k * every) + day) as u16).collect(),
            );
        }
    }
    // Other days may be used for moves only.
    weekdays[first + 1] = true;
    let minutes = dice.one(&[15, 30, 25]);
    let from = dice.one(&[600, 630, 660, 690]);
    let window = (from, from + minutes + dice.one(&[15, 30]));
    let current = (dice.below(3) > 0)
        .then(|| (dice.below(tracks.len() as u64) as usize, (from + 14) / 15 * 15));
    SeriesSpec {
        who: [hub, other],
        anchor: dice.one(&[hub, other]),
        minutes,
        load: (1, every as i64),
        weekdays,
        window,
        tolerance: dice.one(&[0, 1, 1, 2]),
        lead: 1440,
        miss: dice.one(&[400, 600, 800]),
        ideal: (dice.below(2) == 0).then(|| (dice.below(5) as usize, 660)),
        pinned: current.is_some() && dice.below(6) == 0,
        settled: false,
        current,
        tracks,
    }
}

/// The problem of one seed. The same seed is the same problem for ever: a
/// change here makes every count in the documents void.
pub fn tiny(seed: u64) -> Spec {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    for _ in 0..8 {
        dice.below(2);
    }
    let weeks = dice.one(&[1, 1, 1, 2]);
    let count = 2 + dice.below(2) as usize;
    let people: Vec<PersonSpec> = (0..count).map(|_| person(&mut dice, weeks)).collect();
    let many = if weeks == 2 { 2 } else { 2 + dice.below(2) as usize };
    // The spring change of the clocks lies inside some of them.
    let origin = dice.one(&[civil::date(2026, 3, 1), civil::date(2026, 3, 22)]);
    Spec {
        origin,
        last_day: 7 * weeks as usize,
        now: 0,
        weights: Weights {
            week_over: dice.one(&[0, 10, 30]),
            fair: dice.one(&[0, 20]),
            ..Weights::default()
        },
        series: (0..many).map(|_| series(&mut dice, count, weeks as usize, 0)).collect(),
        people,
        published: None,
    }
}

/// A crowded problem: six series of one week or four of two among the same
/// three people, whose windows overlap, so that prices alone seldom prove the
/// optimum and the search has to branch.
pub fn crowded(seed: u64) -> Spec {
    let mut spec = tiny(seed);
    let mut dice = Dice(seed.wrapping_mul(0xD134_2543_DE82_EF95) | 1);
    for _ in 0..8 {
        dice.below(2);
    }
    let weeks = spec.last_day / 7;
    while spec.people.len() < 3 {
        spec.people.push(person(&mut dice, weeks as i64));
    }
    let many = if weeks == 2 { 4 } else { 6 };
    spec.series = (0..many)
        .map(|_| {
            let hub = dice.below(3) as usize;
            let mut one = series(&mut dice, 3, weeks, hub);
            one.pinned = false;
            one
        })
        .collect();
    for person in &mut spec.people {
        person.focus_weight = dice.one(&[1, 2]);
        person.max_day = dice.one(&[1, 2, 2]);
    }
    spec.weights.week_over = 30;
    spec
}
