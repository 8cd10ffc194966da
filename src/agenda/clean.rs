//! Text from outside made fit for one line of an agenda.

/// Longest text of one line, in characters; longer ones end in "…".
pub(super) const LINE_CHARS: usize = 240;

/// One line: white space squeezed, control characters and direction overrides
/// gone, no HTML tag, cut at `max` characters, and never one of the block's marks.
pub(super) fn clean(text: &str, max: usize) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_whitespace() || c == '\u{a0}' { ' ' } else { c })
        .filter(|c| !c.is_control() && !is_format(*c))
        .take(max.saturating_mul(2))
        .collect();
    let mut out = crate::agenda::text::without_tags(&crate::agenda::text::squeeze(&plain));
    if out.chars().count() > max {
        out = out.chars().take(max.saturating_sub(1)).collect();
        out.truncate(out.trim_end().len());
        out.push('…');
    }
    let bare: String =
        out.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if bare == "endofagenda" || bare.contains("11agendaonbeat") {
        out = format!("“{out}” (quoted)");
    }
    out
}

/// Direction overrides and isolates, private-use characters (the template's own
/// signs), joiners that show nothing.
fn is_format(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e000}'..='\u{f8ff}'
        | '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// A number as people write it: at most two decimals, no trailing zeros.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "?".to_owned();
    }
    if value.abs() >= 1e15 {
        return format!("{value:.3e}");
    }
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_without_tricks() {
        assert_eq!(clean(" a\n\tb\u{7}\u{202e}c ", 240), "a bc");
        assert_eq!(clean("مرحبا 🎉 x", 240), "مرحبا 🎉 x");
        assert_eq!(clean("abcdef", 4), "abc…");
        assert_eq!(clean("a < b <br> <x> </p", 99), "a < b ‹br> ‹x> ‹/p");
        assert_eq!(clean("— end of agenda —", 99), "“— end of agenda —” (quoted)");
    }

    #[test]
    fn numbers() {
        assert_eq!(number(3.10), "3.1");
        assert_eq!(number(-0.001), "0");
        assert_eq!(number(1200.0), "1200");
        assert_eq!(number(f64::NAN), "?");
    }
}
