//! Values of RFC 5545 §3.3: dates, durations, offsets, text. Reads what senders
//! really write; it knows nothing of properties and zones.

use std::borrow::Cow;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

use crate::model::event::NominalLength;

/// A DATE or DATE-TIME before its zone is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RawTime {
    /// `20240131`
    Date(Date),
    /// `20240131T090000`, local in a zone still to be found.
    Local(DateTime),
    /// `20240131T090000Z`
    Utc(DateTime),
}

/// Reads a DATE or DATE-TIME by its shape, whatever VALUE says; white space
/// around it is ignored, as are seconds beyond 59 (leap seconds) and missing
/// seconds. Extended form (`2024-01-31T09:00:00`) is understood too.
pub fn parse_time(text: &[u8]) -> Option<RawTime> {
    let text = text.trim_ascii();
    let mut buffer = [0_u8; 32];
    let text =
        if text.len() > 8 && text.contains(&b'-') { squeeze(text, &mut buffer)? } else { text };
    let date = Date::new(
        i16::try_from(digits(text, 0, 4)?).ok()?,
        i8::try_from(digits(text, 4, 6)?).ok()?,
        i8::try_from(digits(text, 6, 8)?).ok()?,
    )
    .ok()?;
    let rest = text.get(8..).unwrap_or(&[]);
    let clock = match rest {
        [] => return Some(RawTime::Date(date)),
        [b'T' | b't' | b' ', clock @ ..] => clock,
        _ => return None,
    };
    let (clock, utc) = match clock {
        [head @ .., b'Z' | b'z'] => (head, true),
        _ => (clock, false),
    };
    if clock.len() != 6 && clock.len() != 4 {
        return None;
    }
    let (hour, minute) = (digits(clock, 0, 2)?, digits(clock, 2, 4)?);
    let second = if clock.len() == 6 { digits(clock, 4, 6)? } else { 0 };
    if second > 60 {
        return None;
    }
    // 24:00:00 is written for midnight at the end of the day.
    let (date, hour) = if (hour, minute, second) == (24, 0, 0) {
        (date.tomorrow().ok()?, 0)
    } else {
        (date, hour)
    };
    let time = Time::new(
        i8::try_from(hour).ok()?,
        i8::try_from(minute).ok()?,
        i8::try_from(second.min(59)).ok()?,
        0,
    )
    .ok()?;
    let local = date.to_datetime(time);
    Some(if utc { RawTime::Utc(local) } else { RawTime::Local(local) })
}

fn squeeze<'b>(text: &[u8], buffer: &'b mut [u8; 32]) -> Option<&'b [u8]> {
    let mut used = 0;
    for byte in text.iter().filter(|b| !matches!(b, b'-' | b':')) {
        *buffer.get_mut(used)? = *byte;
        used += 1;
    }
    buffer.get(..used)
}

fn digits(text: &[u8], from: usize, to: usize) -> Option<u32> {
    let mut value = 0_u32;
    for byte in text.get(from..to)? {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u32::from(byte - b'0');
    }
    Some(value)
}

/// Reads a DURATION (§3.3.6), with its sign; the empty duration `P` is none, the
/// parts may come in any order and weeks may stand beside days.
pub fn parse_duration(text: &[u8]) -> Option<NominalLength> {
    let text = text.trim_ascii();
    let (sign, text) = match text {
        [b'-', rest @ ..] => (-1_i64, rest),
        [b'+', rest @ ..] => (1, rest),
        _ => (1, text),
    };
    let body = match text {
        [b'P' | b'p', rest @ ..] => rest,
        _ => return None,
    };
    let (mut days, mut seconds, mut number, mut parts) = (0_i64, 0_i64, None::<i64>, 0);
    for byte in body {
        if byte.is_ascii_digit() {
            let next = number.unwrap_or(0) * 10 + i64::from(byte - b'0');
            if next > 1_000_000_000 {
                return None;
            }
            number = Some(next);
            continue;
        }
        if byte.eq_ignore_ascii_case(&b'T') {
            continue;
        }
        let n = number.take()?;
        parts += 1;
        match byte.to_ascii_uppercase() {
            b'W' => days += n * 7,
            b'D' => days += n,
            b'H' => seconds += n * 3600,
            b'M' => seconds += n * 60,
            b'S' => seconds += n,
            _ => return None,
        }
    }
    if parts == 0 || number.is_some() {
        return None;
    }
    Some(NominalLength { days: i32::try_from(sign * days).ok()?, seconds: sign * seconds })
}

/// A length as DURATION text, in days, hours, minutes, seconds.
pub fn format_duration(length: SignedDuration) -> String {
    let total = length.as_secs();
    let (sign, total) = if total < 0 { ("-", -total) } else { ("", total) };
    let (days, hours, minutes, seconds) =
        (total / 86_400, total / 3600 % 24, total / 60 % 60, total % 60);
    let mut out = format!("{sign}P");
    if days > 0 {
        out.push_str(&format!("{days}D"));
    }
    if total % 86_400 != 0 || total == 0 {
        out.push('T');
        for (n, unit) in [(hours, 'H'), (minutes, 'M'), (seconds, 'S')] {
            if n > 0 {
                out.push_str(&format!("{n}{unit}"));
            }
        }
        if total == 0 {
            out.push_str("0S");
        }
    }
    out
}

/// A UTC-OFFSET (§3.3.14) in seconds: `+0100`, `-053000`; also `+01:00` and `+1`.
pub fn parse_offset(text: &[u8]) -> Option<i32> {
    let text = text.trim_ascii();
    let (sign, body) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        _ => (1, text),
    };
    let mut buffer = [0_u8; 32];
    let body = squeeze(body, &mut buffer)?;
    let n = |from, to| digits(body, from, to).and_then(|v| i32::try_from(v).ok());
    let (hours, minutes, seconds) = match body.len() {
        1 | 2 => (n(0, body.len())?, 0, 0),
        3 => (n(0, 1)?, n(1, 3)?, 0),
        4 => (n(0, 2)?, n(2, 4)?, 0),
        6 => (n(0, 2)?, n(2, 4)?, n(4, 6)?),
        _ => return None,
    };
    let total = hours * 3600 + minutes * 60 + seconds;
    (total < 93_600).then_some(sign * total)
}

/// TEXT (§3.3.11) unescaped. Unknown escapes keep their backslash.
pub fn unescape(raw: &[u8]) -> String {
    let text: Cow<'_, str> = String::from_utf8_lossy(raw);
    if !text.contains('\\') {
        return text.into_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n' | 'N') => out.push('\n'),
            Some(e @ ('\\' | ',' | ';')) => out.push(e),
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
            None => out.push('\\'),
        }
    }
    out
}

/// TEXT escaped. Line breaks of any form become `\n`; other control characters
/// except the tab are dropped (RFC 5545 §3.1 allows none).
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    out.push_str("\\n");
                }
            }
            '\n' => out.push_str("\\n"),
            '\\' | ',' | ';' => {
                out.push('\\');
                out.push(c);
            }
            '\t' => out.push(c),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Splits a comma-separated TEXT list (§3.1.1) at unescaped commas and
/// unescapes each part.
pub fn split_list(raw: &[u8]) -> Vec<String> {
    let (mut parts, mut start, mut escaped) = (Vec::new(), 0, false);
    for (at, byte) in raw.iter().enumerate() {
        match byte {
            b'\\' => escaped = !escaped,
            b',' if !escaped => {
                parts.push(unescape(raw.get(start..at).unwrap_or(&[])));
                start = at + 1;
            }
            _ => escaped = false,
        }
    }
    parts.push(unescape(raw.get(start..).unwrap_or(&[])));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, datetime};
    use proptest::prelude::*;

    #[test]
    fn dates_and_times() {
        assert_eq!(parse_time(b"20240131"), Some(RawTime::Date(date(2024, 1, 31))));
        assert_eq!(
            parse_time(b" 20240131T090000Z"),
            Some(RawTime::Utc(datetime(2024, 1, 31, 9, 0, 0, 0)))
        );
        assert_eq!(
            parse_time(b"2024-01-31T09:00:00"),
            Some(RawTime::Local(datetime(2024, 1, 31, 9, 0, 0, 0)))
        );
        assert_eq!(
            parse_time(b"20231231T240000"),
            Some(RawTime::Local(datetime(2024, 1, 1, 0, 0, 0, 0)))
        );
        for bad in ["", "2024013", "20240230", "20240131T25", "20240131X090000", "20240131T0900000"]
        {
            assert_eq!(parse_time(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn durations() {
        let length = |days, seconds| Some(NominalLength { days, seconds });
        assert_eq!(parse_duration(b"PT1H30M"), length(0, 5400));
        assert_eq!(parse_duration(b"-P1W"), length(-7, 0));
        assert_eq!(parse_duration(b"P1DT"), length(1, 0));
        assert_eq!(parse_duration(b"+P15DT5H0M20S"), length(15, 18_020));
        for bad in ["", "P", "PT", "1H", "PT5", "PTH", "P99999999999D"] {
            assert_eq!(parse_duration(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(format_duration(SignedDuration::from_mins(90)), "PT1H30M");
        assert_eq!(format_duration(SignedDuration::ZERO), "PT0S");
        assert_eq!(format_duration(SignedDuration::from_hours(48)), "P2D");
    }

    #[test]
    fn offsets() {
        assert_eq!(parse_offset(b"-0530"), Some(-19_800));
        assert_eq!(parse_offset(b"+01:00"), Some(3600));
        assert_eq!(parse_offset(b"+005328"), Some(3208));
        assert_eq!(parse_offset(b"x"), None);
    }

    #[test]
    fn text_that_others_escape_oddly() {
        assert_eq!(unescape(b"a\\, b\\N\\x\\"), "a, b\n\\x\\");
        assert_eq!(split_list(b"a\\,b,c"), ["a,b", "c"]);
        assert_eq!(escape("a\r\nb\rc\u{7}"), "a\\nb\\nc");
    }

    proptest! {
        #[test]
        fn escape_round_trips(text in "[^\\p{Cc}]*(\n[^\\p{Cc}]*){0,3}") {
            prop_assert_eq!(unescape(escape(&text).as_bytes()), text);
        }
    }
}
