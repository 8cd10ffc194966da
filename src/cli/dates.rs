//! Dates as people type them: `2026-12-01`, `tomorrow`, `fri`, `in 3 days`,
//! `6 months`. Pure: today is an argument.

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan as _};

use crate::cli::failure::Failure;

/// Which way a distance like `3 weeks` goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toward {
    /// Into the future: due dates, `--later`.
    Ahead,
    /// Into the past: `--since`.
    Back,
}

/// Reads a date. Weekdays mean the next one in the direction, never today.
///
/// # Errors
/// When it is none of the forms; the failure names `what` and shows them.
pub fn day(what: &str, text: &str, today: Date, toward: Toward) -> Result<Date, Failure> {
    read(text.trim(), today, toward).ok_or_else(|| {
        let example = match toward {
            Toward::Ahead => "2026-12-01, tomorrow, fri or \"2 weeks\"",
            Toward::Back => "2026-01-01, yesterday, mon or \"6 months\"",
        };
        Failure::user(format!("{what} {text:?} is not a date"))
            .hint(format!("write it like {example}"))
    })
}

fn read(text: &str, today: Date, toward: Toward) -> Option<Date> {
    let lower = text.to_lowercase();
    match lower.as_str() {
        "today" => return Some(today),
        "tomorrow" => return today.tomorrow().ok(),
        "yesterday" => return today.yesterday().ok(),
        _ => {}
    }
    if let Ok(date) = lower.parse::<Date>() {
        return Some(date);
    }
    if let Some(day) = weekday(&lower) {
        let nth = if toward == Toward::Ahead { 1 } else { -1 };
        return today.nth_weekday(nth, day).ok();
    }
    let span = span(&lower)?;
    match toward {
        Toward::Ahead => today.checked_add(span).ok(),
        Toward::Back => today.checked_sub(span).ok(),
    }
}

fn weekday(text: &str) -> Option<Weekday> {
    let names = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    let short = text.len() >= 3;
    names.into_iter().find(|(name, _)| short && name.starts_with(text)).map(|(_, day)| day)
}

/// `3d`, `3 days`, `in 2 weeks`, `6 months ago`, `1 year`.
fn span(text: &str) -> Option<Span> {
    let text = text.trim_start_matches("in ").trim_end_matches(" ago").trim();
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let amount: i64 = digits.parse().ok().filter(|n| *n <= 10_000)?;
    let unit = text.get(digits.len()..)?.trim();
    match unit {
        "d" | "day" | "days" => Some(amount.days()),
        "w" | "week" | "weeks" => Some(amount.weeks()),
        "m" | "month" | "months" => Some(amount.months()),
        "y" | "year" | "years" => Some(amount.years()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn forms() {
        let today = date(2026, 11, 25); // a Wednesday
        let ahead = |text| read(text, today, Toward::Ahead);
        let back = |text| read(text, today, Toward::Back);
        assert_eq!(ahead("2026-12-01"), Some(date(2026, 12, 1)));
        assert_eq!(ahead("Tomorrow"), Some(date(2026, 11, 26)));
        assert_eq!(ahead("fri"), Some(date(2026, 11, 27)));
        assert_eq!(ahead("wed"), Some(date(2026, 12, 2)));
        assert_eq!(ahead("2 weeks"), Some(date(2026, 12, 9)));
        assert_eq!(back("6 months"), Some(date(2026, 5, 25)));
        assert_eq!(back("mon"), Some(date(2026, 11, 23)));
        assert_eq!(back("1y"), Some(date(2025, 11, 25)));
        for wrong in ["", "soon", "3", "3 fortnights", "99999999 days", "mo", "2026-13-01"] {
            assert_eq!(ahead(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_failure_shows_how() {
        let failure = day("--since", "last spring", date(2026, 11, 25), Toward::Back).unwrap_err();
        assert!(failure.render().contains("--since \"last spring\" is not a date"));
        assert!(failure.render().contains("6 months"));
    }
}
