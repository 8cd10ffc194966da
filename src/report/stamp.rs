//! Instants as RFC 3339 in UTC, written fast: a decade of an organisation has two
//! million of them.

use std::fmt::{Display, Formatter, Result};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Writes an instant as its own `Display` does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp(pub(crate) Timestamp);

impl Display for Stamp {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let at = TimeZone::UTC.to_datetime(self.0);
        let plain = at.subsec_nanosecond() == 0 && (1000..10_000).contains(&at.year());
        let mut text = *b"0000-00-00T00:00:00Z";
        let year = [at.year() / 1000, at.year() / 100 % 10, at.year() / 10 % 10, at.year() % 10];
        for (place, number) in text.iter_mut().zip(year) {
            *place = digit(number);
        }
        let pairs = [at.month(), at.day(), at.hour(), at.minute(), at.second()];
        for (start, number) in [5, 8, 11, 14, 17].into_iter().zip(pairs) {
            if let Some([tens, ones]) = text.get_mut(start..start + 2) {
                (*tens, *ones) = (digit(i16::from(number / 10)), digit(i16::from(number % 10)));
            }
        }
        match std::str::from_utf8(&text) {
            Ok(text) if plain => f.write_str(text),
            Ok(_) | Err(_) => self.0.fmt(f),
        }
    }
}

fn digit(number: i16) -> u8 {
    b'0' + u8::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn writes_what_jiff_writes(second in -60_000_000_000_i64..250_000_000_000, nanos in 0..3_i32) {
            let at = Timestamp::new(second, nanos * 5).unwrap();
            prop_assert_eq!(Stamp(at).to_string(), at.to_string());
        }
    }
}
