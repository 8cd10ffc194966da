//! Numbers and dates as people write them in tables.

use jiff::civil::Date;

/// A number with the unit written behind or before it: `3.1`, `2,5 %`, `€1 200`.
/// A comma is a decimal sign when it is the only sign and not before three digits.
pub(super) fn number(text: &str) -> Option<(f64, Option<String>)> {
    let text = text.trim().replace(['\u{a0}', '\u{202f}'], " ");
    let from = text.find(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | '−'))?;
    let (before, rest) = text.split_at(from);
    let to = rest
        .char_indices()
        .find(|(_, c)| {
            !(c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | ',' | ' ' | '\'' | '−'))
        })
        .map_or(rest.len(), |(at, _)| at);
    // An exponent belongs to the number.
    let tail = rest.get(to..).unwrap_or_default();
    if tail.starts_with(['e', 'E'])
        && let Ok(value) = rest.trim().parse::<f64>()
    {
        return Some((value, unit(before)));
    }
    let (digits, after) = rest.split_at(to);
    let value = plain(digits)?;
    Some((value, unit(after).or_else(|| unit(before))))
}

fn unit(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn plain(digits: &str) -> Option<f64> {
    let mut text: String =
        digits.chars().filter(|c| !matches!(c, ' ' | '\'')).collect::<String>().replace('−', "-");
    let (commas, points) = (text.matches(',').count(), text.matches('.').count());
    let thousands = |text: &str, sign: char| {
        let mut parts = text.trim_start_matches(['-', '+']).split(sign);
        let first = parts.next().unwrap_or_default();
        (1..=3).contains(&first.len()) && parts.all(|part| part.len() == 3)
    };
    match (commas, points) {
        (0, _) => {}
        (1, 0) if !thousands(&text, ',') => text = text.replace(',', "."),
        (_, 0) if thousands(&text, ',') => text = text.replace(',', ""),
        // Both: the later one is the decimal sign.
        (_, _) if points > 0 && text.rfind(',') < text.rfind('.') => text = text.replace(',', ""),
        (1, _) if points > 0 => text = text.replace('.', "").replace(',', "."),
        (_, _) => return None,
    }
    text.parse().ok()
}

/// An ISO date, or the date of an ISO date-time.
pub(super) fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.get(..10)?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_units() {
        let n = |text: &str| number(text).map(|(value, unit)| (value, unit.unwrap_or_default()));
        assert_eq!(n("3.1"), Some((3.1, String::new())));
        assert_eq!(n("2,5 %"), Some((2.5, "%".to_owned())));
        assert_eq!(n("€1 200"), Some((1200.0, "€".to_owned())));
        assert_eq!(n("1,200"), Some((1200.0, String::new())));
        assert_eq!(n("1.234,5 EUR"), Some((1234.5, "EUR".to_owned())));
        assert_eq!(n("1,234.5"), Some((1234.5, String::new())));
        assert_eq!(n("−3"), Some((-3.0, String::new())));
        assert_eq!(n("1e3"), Some((1000.0, String::new())));
        assert_eq!(n("n/a"), None);
        assert_eq!(n("--"), None);
    }
}
