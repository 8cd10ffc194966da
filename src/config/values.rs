//! The small languages inside configuration values: hours, cadences, lengths.
//! Pure; errors are sentences without a place.

use jiff::civil::{Time, Weekday};
use jiff::{SignedDuration, Span};

use crate::model::pair::{Cadence, CadenceUnit};
use crate::model::time::WeekHours;

/// `Mon-Fri 09:00-17:30`, `Mon,Wed 09:00-12:00 13:00-17:00; Fri 10:00-14:00`.
pub(super) fn hours(text: &str) -> Result<WeekHours, String> {
    let mut week = WeekHours::default();
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let mut words = part.split_whitespace();
        let days = days(words.next().unwrap_or_default())?;
        let spans = words.map(span).collect::<Result<Vec<_>, _>>()?;
        if spans.is_empty() {
            return Err(format!("{part:?} has days but no times"));
        }
        for day in days {
            if let Some(open) = week.days.get_mut(day) {
                open.extend(&spans);
            }
        }
    }
    for open in &mut week.days {
        open.sort_unstable();
        if open.windows(2).any(|w| matches!(w, [a, b] if b.0 < a.1)) {
            return Err(format!("{text:?} has spans that overlap"));
        }
    }
    if week.days.iter().all(Vec::is_empty) {
        return Err("there are no hours".to_owned());
    }
    Ok(week)
}

/// Weekday numbers (Monday 0) of `Mon-Fri`, `Tue`, `Mon,Wed-Fri`.
fn days(text: &str) -> Result<Vec<usize>, String> {
    let mut all = Vec::new();
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let number = |name: &str| weekday(name).map(|day| day.to_monday_zero_offset());
        let (from, to) = (number(from)?, number(to)?);
        let length = (to - from).rem_euclid(7);
        let numbers = (0..=length).map(|n| (from + n).rem_euclid(7));
        all.extend(numbers.filter_map(|n| usize::try_from(n).ok()));
    }
    Ok(all)
}

/// `Tue`, `tuesday`.
pub(super) fn weekday(text: &str) -> Result<Weekday, String> {
    let lower = text.trim().to_lowercase();
    let names = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    let found = names.into_iter().find(|(name, _)| lower.len() >= 3 && name.starts_with(&lower));
    found.map(|(_, day)| day).ok_or_else(|| format!("{text:?} is not a weekday"))
}

/// `09:00-17:30`.
pub(super) fn span(text: &str) -> Result<(Time, Time), String> {
    let (from, to) = text.split_once('-').ok_or_else(|| format!("{text:?} is not a span of time"))?;
    let (from, to) = (time(from)?, time(to)?);
    if from < to { Ok((from, to)) } else { Err(format!("{text:?} ends before it starts")) }
}

/// `09:00`, `9:00`.
pub(super) fn time(text: &str) -> Result<Time, String> {
    let wrong = || format!("{text:?} is not a time of day");
    let (hour, minute) = text.trim().split_once(':').ok_or_else(wrong)?;
    let number = |digits: &str| digits.parse::<i8>().map_err(|_| wrong());
    Time::new(number(hour)?, number(minute)?, 0, 0).map_err(|_| wrong())
}

/// `Tue 10:00`.
pub(super) fn ideal(text: &str) -> Result<(Weekday, Time), String> {
    match text.split_whitespace().collect::<Vec<_>>().as_slice() {
        [day, at] => Ok((weekday(day)?, time(at)?)),
        _ => Err(format!("{text:?} is not a weekday and a time")),
    }
}

/// `30 min`, `1 h`, `1h 30m`; at most a day when `most_a_day`.
pub(super) fn length(text: &str) -> Result<SignedDuration, String> {
    let wrong = || format!("{text:?} is not a length of time");
    let parsed = text.trim().parse::<SignedDuration>().or_else(|_| {
        let span: Span = text.trim().parse().map_err(|_| ())?;
        span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).map_err(|_| ())
    });
    let length = parsed.map_err(|()| wrong())?;
    if length.is_negative() { Err(wrong()) } else { Ok(length) }
}

/// `week`, `2 weeks`, `10 days`, `1 month`, `1 month on the last Thu`.
pub(super) fn cadence(text: &str) -> Result<Cadence, String> {
    let wrong = || format!("{text:?} is not a rhythm");
    let lower = text.to_lowercase();
    let (count, unit) = match lower.split_whitespace().collect::<Vec<_>>().as_slice() {
        [unit] => (1, (*unit).to_owned()),
        [count, unit] => (count.parse().map_err(|_| wrong())?, (*unit).to_owned()),
        [count, unit, "on", rest @ ..] if unit.starts_with("month") => {
            let count = count.parse().map_err(|_| wrong())?;
            let nth = rest.iter().filter(|word| **word != "the").find_map(|word| nth(word));
            let unit = CadenceUnit::MonthsOnWeekday { nth: nth.ok_or_else(wrong)? };
            return whole(count, unit, text);
        }
        _ => return Err(wrong()),
    };
    let unit = match unit.as_str() {
        "day" | "days" => CadenceUnit::Days,
        "week" | "weeks" => CadenceUnit::Weeks,
        "month" | "months" => CadenceUnit::Months,
        _ => return Err(wrong()),
    };
    whole(count, unit, text)
}

fn whole(every: u16, unit: CadenceUnit, text: &str) -> Result<Cadence, String> {
    let cadence = Cadence { every, unit };
    if every == 0 || cadence.mean_days() > 366.0 {
        return Err(format!("{text:?} is not between a day and a year"));
    }
    Ok(cadence)
}

fn nth(word: &str) -> Option<i8> {
    match word {
        "1st" | "first" => Some(1),
        "2nd" | "second" => Some(2),
        "3rd" | "third" => Some(3),
        "4th" | "fourth" => Some(4),
        "last" => Some(-1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_of_hours() {
        let week = hours("Mon-Thu 09:00-12:00 13:00-17:30; Fri 9:00-13:00").unwrap();
        assert_eq!(week.on(Weekday::Tuesday).len(), 2);
        assert_eq!(week.on(Weekday::Friday), [(Time::constant(9, 0, 0, 0), Time::constant(13, 0, 0, 0))]);
        assert!(week.on(Weekday::Sunday).is_empty());
        assert_eq!(hours("Sat-Mon 10:00-11:00").unwrap().days.iter().filter(|d| !d.is_empty()).count(), 3);
        assert!(hours("Mon-Fri").unwrap_err().contains("no times"));
        assert!(hours("Mon 17:00-09:00").unwrap_err().contains("ends before"));
        assert!(hours("Mon 09:00-12:00 11:00-13:00").unwrap_err().contains("overlap"));
        assert!(hours("Mo 09:00-12:00").unwrap_err().contains("\"Mo\""));
        assert!(hours("Mon 25:00-26:00").is_err());
        assert!(hours("").is_err());
    }

    #[test]
    fn rhythms() {
        assert_eq!(cadence("2 weeks").unwrap(), Cadence { every: 2, unit: CadenceUnit::Weeks });
        assert_eq!(cadence("week").unwrap(), Cadence { every: 1, unit: CadenceUnit::Weeks });
        assert_eq!(
            cadence("1 month on the last Thu").unwrap().unit,
            CadenceUnit::MonthsOnWeekday { nth: -1 }
        );
        for wrong in ["", "weekly", "0 weeks", "3 years", "60 weeks", "-1 week", "1 month on Thu"] {
            assert!(cadence(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn lengths() {
        assert_eq!(length("30 min").unwrap(), SignedDuration::from_mins(30));
        assert_eq!(length("1h 30m").unwrap(), SignedDuration::from_mins(90));
        assert_eq!(length("24 h").unwrap(), SignedDuration::from_hours(24));
        assert_eq!(length("3 days").unwrap(), SignedDuration::from_hours(72));
        assert!(length("30").is_err());
        assert!(length("soon").is_err());
        assert!(length("-5 min").is_err());
    }

    #[test]
    fn wishes() {
        assert_eq!(ideal("Tue 10:00").unwrap(), (Weekday::Tuesday, Time::constant(10, 0, 0, 0)));
        assert!(ideal("10:00").is_err());
    }
}
