//! Dates as people write them in a line, and as onbeat writes them.

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// A date as people write it, near a given one: `2026-03-06`, `6 Mar`, `March 6`,
/// `6 Mar 2027`, `Fri`, `tomorrow`.
pub(super) fn date_of(text: &str, near: Date) -> Option<Date> {
    let text = text.trim().to_lowercase();
    if let Ok(date) = text.parse::<Date>() {
        return Some(date);
    }
    let words: Vec<&str> = text.split([' ', ',', '.']).filter(|word| !word.is_empty()).collect();
    match words.as_slice() {
        [word] => day_word(word, near),
        [a, b] => near_date(a, b, None, near),
        [a, b, year] => near_date(a, b, Some(year.parse().ok()?), near),
        _ => None,
    }
}

fn day_word(word: &str, near: Date) -> Option<Date> {
    let after: Span = match word {
        "today" => 0.days(),
        "tomorrow" => 1.days(),
        _ => {
            let (_, day) = DAYS
                .iter()
                .find(|(short, day)| word == *short || word == format!("{day:?}").to_lowercase())?;
            let ahead = (day.to_monday_zero_offset() - near.weekday().to_monday_zero_offset())
                .rem_euclid(7);
            i64::from(if ahead == 0 { 7 } else { ahead }).days()
        }
    };
    near.checked_add(after).ok()
}

fn near_date(a: &str, b: &str, year: Option<i16>, near: Date) -> Option<Date> {
    let month = |word: &str| {
        let short = word.get(..3)?;
        let full = word.chars().all(char::is_alphabetic);
        let at = MONTHS.iter().position(|name| *name == short).filter(|_| full)?;
        i8::try_from(at + 1).ok()
    };
    let day =
        |word: &str| word.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse::<i8>().ok();
    let (day, month) = match month(b) {
        Some(m) => (day(a)?, m),
        None => (day(b)?, month(a)?),
    };
    if let Some(year) = year {
        return Date::new(year, month, day).ok();
    }
    // The year that brings it nearest, looking further ahead than back.
    (-1..=1)
        .filter_map(|shift| Date::new(near.year().checked_add(shift)?, month, day).ok())
        .find(|date| *date > near.checked_sub(60.days()).unwrap_or(near))
}

/// `6 Mar`, with the year when it is far from the meeting's.
pub(super) fn short_date(date: Date, near: Date) -> String {
    let month = usize::try_from(date.month() - 1).ok().and_then(|at| MONTHS.get(at));
    let month: String = month
        .map(|name| {
            let mut letters = name.chars();
            letters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(letters).collect()
        })
        .unwrap_or_default();
    let text = format!("{} {month}", date.day());
    if date_of(&text, near) == Some(date) { text } else { format!("{text} {}", date.year()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn dates_near_the_meeting() {
        assert_eq!(date_of("6 Mar", d("2026-03-04")), Some(d("2026-03-06")));
        assert_eq!(date_of("Jan 5th", d("2026-03-04")), Some(d("2026-01-05")));
        assert_eq!(date_of("5 oct", d("2026-03-04")), Some(d("2026-10-05")));
        assert_eq!(date_of("30 Sep", d("2026-01-02")), Some(d("2026-09-30")));
        assert_eq!(date_of("Wed", d("2026-03-04")), Some(d("2026-03-11")));
        assert_eq!(date_of("31 Feb", d("2026-03-04")), None);
        assert_eq!(date_of("marble 3", d("2026-03-04")), Some(d("2026-03-03")));
        assert_eq!(short_date(d("2026-03-06"), d("2026-03-04")), "6 Mar");
        assert_eq!(short_date(d("2028-03-06"), d("2026-03-04")), "6 Mar 2028");
    }
}
