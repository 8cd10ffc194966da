//! The words people write in the configuration: hours, cadences, durations,
//! addresses, zones. Each parser's error is the remedy, with an example.

use jiff::SignedDuration;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;

use crate::model::id::Address;
use crate::model::pair::{Cadence, CadenceUnit};
use crate::model::time::WeekHours;

/// The closest of some words, if one is close enough to be a typo.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = word.to_lowercase();
    let limit = (wanted.chars().count() / 3).max(1);
    known
        .map(|candidate| (distance(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, candidate)| (*distance, *candidate))
        .map(|(_, candidate)| candidate)
}

/// Edits between two words: insertions, deletions, replacements, and swaps of
/// neighbours (the commonest slip of fingers).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut older: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    let mut before: Option<char> = None;
    for (i, l) in left.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, r) in right.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let mut best = (cell(&row, j) + usize::from(l != *r))
                .min(cell(&row, j + 1) + 1)
                .min(cell(&next, j) + 1);
            let swapped = j > 0 && before == Some(*r) && right.get(j - 1) == Some(&l);
            if swapped {
                best = best.min(cell(&older, j - 1) + 1);
            }
            next.push(best);
        }
        older = std::mem::replace(&mut row, next);
        before = Some(l);
    }
    row.last().copied().unwrap_or(0)
}

/// `"a", "b" or "c"`.
pub(crate) fn quoted_list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => format!("{one:?}"),
        [head @ .., last] => {
            let head: Vec<String> = head.iter().map(|word| format!("{word:?}")).collect();
            format!("{} or {last:?}", head.join(", "))
        }
    }
}

/// A day of the week.
pub(crate) fn weekday(text: &str) -> Option<Weekday> {
    let day = match text.to_lowercase().as_str() {
        "mon" | "monday" => Weekday::Monday,
        "tue" | "tues" | "tuesday" => Weekday::Tuesday,
        "wed" | "wednesday" => Weekday::Wednesday,
        "thu" | "thur" | "thurs" | "thursday" => Weekday::Thursday,
        "fri" | "friday" => Weekday::Friday,
        "sat" | "saturday" => Weekday::Saturday,
        "sun" | "sunday" => Weekday::Sunday,
        _ => return None,
    };
    Some(day)
}

/// A time of the day, in whole minutes; `24:00` only where an end is meant.
pub(crate) fn time(text: &str) -> Result<Time, String> {
    let remedy = || format!("{text:?} is no time of the day; write it like \"09:30\"");
    let (hour, minute) = text.split_once(':').ok_or_else(remedy)?;
    let digits = |part: &str, most: usize| {
        let plain =
            !part.is_empty() && part.len() <= most && part.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| part.parse::<i8>().ok()).flatten()
    };
    let hour = digits(hour, 2).ok_or_else(remedy)?;
    let minute = digits(minute, 2).filter(|_| minute.len() == 2).ok_or_else(remedy)?;
    Time::new(hour, minute, 0, 0).map_err(|_| remedy())
}

/// `09:00-17:30`; the end `24:00` is kept as the day's last minute.
pub(crate) fn span(text: &str) -> Result<(Time, Time), String> {
    let dash = |c| c == '-' || c == '–';
    let (from, to) = text
        .split_once(dash)
        .ok_or_else(|| format!("{text:?} is no span; write it like \"09:00-17:30\""))?;
    let from = time(from.trim())?;
    let to = match to.trim() {
        "24:00" => Time::constant(23, 59, 0, 0),
        end => time(end)?,
    };
    Ok((from, to))
}

const HOURS_EXAMPLE: &str = "write it like \"Mon-Fri 09:00-17:30, Sat 10:00-12:00\"";

fn days(text: &str) -> Result<Vec<Weekday>, String> {
    match text.to_lowercase().as_str() {
        "daily" => return Ok(Weekday::Monday.cycle_forward().take(7).collect()),
        "weekdays" => return Ok(Weekday::Monday.cycle_forward().take(5).collect()),
        _ => {}
    }
    let one = |name: &str| {
        let name = name.trim();
        weekday(name).ok_or_else(|| {
            let known = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
            match nearest(name, known.into_iter()) {
                Some(close) => format!("did you mean {close:?} instead of {name:?}?"),
                None => format!("{name:?} is no day of the week; {HOURS_EXAMPLE}"),
            }
        })
    };
    match text.split_once(['-', '–']) {
        None => Ok(vec![one(text)?]),
        Some((from, to)) => {
            let (from, to) = (one(from)?, one(to)?);
            let mut days: Vec<Weekday> =
                from.cycle_forward().take(7).take_while(|day| *day != to).collect();
            days.push(to);
            Ok(days)
        }
    }
}

/// Hours per weekday: `Mon-Fri 09:00-17:30, Sat 10:00-12:00`; several spans a day
/// and lists of days (`Mon, Wed 09:00-12:00 13:00-17:00`) are understood.
pub(crate) fn week_hours(text: &str) -> Result<WeekHours, String> {
    let mut hours = WeekHours::default();
    let mut waiting: Vec<Weekday> = Vec::new();
    let mut complete = false;
    for part in text.split([',', ';']).map(str::trim) {
        let mut spans = Vec::new();
        let mut named = false;
        for token in part.split_whitespace() {
            if token.starts_with(|c: char| c.is_ascii_digit()) {
                let (from, to) = span(token)?;
                if from >= to {
                    return Err(format!("{token:?} ends before it starts; {HOURS_EXAMPLE}"));
                }
                spans.push((from, to));
            } else {
                if complete && !named {
                    waiting.clear();
                    complete = false;
                }
                named = true;
                waiting.extend(days(token)?);
            }
        }
        if spans.is_empty() && !named {
            return Err(format!("a part is empty; {HOURS_EXAMPLE}"));
        }
        if !spans.is_empty() {
            if waiting.is_empty() {
                return Err(format!("{part:?} names no day; {HOURS_EXAMPLE}"));
            }
            for day in &waiting {
                let index = usize::try_from(day.to_monday_zero_offset()).unwrap_or(0);
                if let Some(list) = hours.days.get_mut(index) {
                    list.extend(&spans);
                }
            }
            complete = true;
        }
    }
    if !complete {
        return Err(format!("there are days without hours; {HOURS_EXAMPLE}"));
    }
    hours.days.iter_mut().for_each(tidy);
    Ok(hours)
}

/// Sorts spans and joins those that touch.
fn tidy(spans: &mut Vec<(Time, Time)>) {
    spans.sort_unstable();
    let mut tidy: Vec<(Time, Time)> = Vec::with_capacity(spans.len());
    for (from, to) in spans.drain(..) {
        match tidy.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => tidy.push((from, to)),
        }
    }
    *spans = tidy;
}

/// A day and a time: `Tue 10:00`.
pub(crate) fn day_and_time(text: &str) -> Result<(Weekday, Time), String> {
    let mut parts = text.split_whitespace();
    let (Some(day), Some(clock), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err("write a day and a time, like \"Tue 10:00\"".to_owned());
    };
    let day = weekday(day)
        .ok_or_else(|| format!("{day:?} is no day of the week; write it like \"Tue 10:00\""))?;
    Ok((day, time(clock)?))
}

/// Numbers and units in turn: `1 h 15 min` → [(1, "h"), (15, "min")].
fn amounts(text: &str) -> Option<Vec<(u32, String)>> {
    let mut amounts = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let tail = tail.trim_start();
        let letters = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(letters)?;
        amounts.push((number.parse().ok()?, unit.to_lowercase()));
        rest = tail.trim_start();
    }
    (!amounts.is_empty()).then_some(amounts)
}

/// A length of time: `30 min`, `1 h 15 min`, `2 days`.
pub(crate) fn duration(text: &str) -> Result<SignedDuration, String> {
    let remedy = || "write it like \"30 min\", \"1 h 15 min\" or \"2 days\"".to_owned();
    let mut seconds: i64 = 0;
    for (number, unit) in amounts(text).ok_or_else(remedy)? {
        let unit = match unit.as_str() {
            "s" | "sec" | "second" | "seconds" => 1,
            "m" | "min" | "mins" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 604_800,
            _ => return Err(remedy()),
        };
        seconds = seconds.saturating_add(i64::from(number) * unit);
    }
    Ok(SignedDuration::from_secs(seconds))
}

/// [`duration`] within bounds.
pub(crate) fn duration_within(
    text: &str,
    least: SignedDuration,
    most: SignedDuration,
) -> Result<SignedDuration, String> {
    let value = duration(text)?;
    if value < least || value > most {
        return Err(format!("it must lie between {} and {}", spoken(least), spoken(most)));
    }
    Ok(value)
}

/// A length of time as one would write it.
pub(crate) fn spoken(length: SignedDuration) -> String {
    let seconds = length.as_secs();
    let (number, unit) = match seconds {
        0 => return "0 min".to_owned(),
        s if s % 86_400 == 0 => (s / 86_400, if s == 86_400 { "day" } else { "days" }),
        s if s % 3_600 == 0 => (s / 3_600, "h"),
        s if s % 60 == 0 => (s / 60, "min"),
        s => (s, "s"),
    };
    format!("{number} {unit}")
}

/// A number of whole days: `3 days`, `1 week`.
pub(crate) fn days_count(text: &str) -> Result<u16, String> {
    let remedy = "write it in whole days, like \"3 days\" or \"1 week\"";
    let length = duration(text).map_err(|_| remedy.to_owned())?;
    if length.as_secs() % 86_400 != 0 {
        return Err(remedy.to_owned());
    }
    u16::try_from(length.as_secs() / 86_400)
        .ok()
        .filter(|days| *days <= 366)
        .ok_or_else(|| "write at most \"366 days\"".to_owned())
}

const CADENCE_EXAMPLE: &str = "write it like \"1 week\", \"2 weeks\", \"10 days\", \"1 month\", \
     \"first Monday\" or \"last Friday every 2 months\"";

/// How often: `1 week`, `every 10 days`, `1 month`, `first Monday`. The weekday is
/// given for the last kind.
pub(crate) fn cadence(text: &str) -> Result<(Cadence, Option<Weekday>), String> {
    let lower = text.trim().to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let nth = |word: &str| match word {
        "first" | "1st" => Some(1_i8),
        "second" | "2nd" => Some(2),
        "third" | "3rd" => Some(3),
        "fourth" | "4th" => Some(4),
        "last" => Some(-1),
        _ => None,
    };
    if let Some((Some(nth), Some(day))) =
        words.first().zip(words.get(1)).map(|(n, d)| (nth(n), weekday(d)))
    {
        let every = match words.get(2..).unwrap_or(&[]) {
            [] => 1,
            ["every", "month"] | ["of", "the", "month"] | ["of", "every", "month"] => 1,
            ["every", number, "months"] => count(number)?,
            _ => return Err(CADENCE_EXAMPLE.to_owned()),
        };
        return Ok((Cadence { every, unit: CadenceUnit::MonthsOnWeekday { nth } }, Some(day)));
    }
    let rest = lower.strip_prefix("every ").unwrap_or(&lower).trim();
    let (number, unit) = match rest {
        "daily" => (1, "day".to_owned()),
        "weekly" => (1, "week".to_owned()),
        "monthly" => (1, "month".to_owned()),
        "biweekly" | "fortnightly" | "bi-weekly" => {
            return Err("write \"2 weeks\"".to_owned());
        }
        "day" | "week" | "month" => (1, rest.to_owned()),
        _ => match amounts(rest).as_deref() {
            Some([(number, unit)]) => (*number, unit.clone()),
            Some(_) | None => return Err(CADENCE_EXAMPLE.to_owned()),
        },
    };
    let unit = match unit.as_str() {
        "day" | "days" => CadenceUnit::Days,
        "week" | "weeks" => CadenceUnit::Weeks,
        "month" | "months" => CadenceUnit::Months,
        _ => return Err(CADENCE_EXAMPLE.to_owned()),
    };
    let cadence = Cadence { every: count(&number.to_string())?, unit };
    if cadence.mean_days() > 366.0 {
        return Err("a 1:1 meets at least once a year; write a shorter cadence".to_owned());
    }
    Ok((cadence, None))
}

fn count(text: &str) -> Result<u16, String> {
    text.parse().ok().filter(|n| (1..=366).contains(n)).ok_or_else(|| CADENCE_EXAMPLE.to_owned())
}

/// An e-mail address.
pub(crate) fn address(text: &str) -> Result<Address, String> {
    let address = Address::new(text);
    let good = address.as_str().split_once('@').is_some_and(|(local, domain)| {
        let clean = |part: &str| {
            !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "@<>,;\"".contains(c))
        };
        clean(local) && clean(domain) && !domain.starts_with('.') && !domain.ends_with('.')
    });
    if good {
        Ok(address)
    } else {
        Err("write an e-mail address like \"bob@example.org\"".to_owned())
    }
}

/// A time zone by its IANA name.
pub(crate) fn zone(text: &str) -> Result<TimeZone, String> {
    if let Ok(zone) = TimeZone::get(text) {
        return Ok(zone);
    }
    let known: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    Err(match nearest(text, known.iter().map(String::as_str)) {
        Some(close) => format!("did you mean {close:?}?"),
        None => "write an IANA name like \"Europe/Berlin\"".to_owned(),
    })
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
