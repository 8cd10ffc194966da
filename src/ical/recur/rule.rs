//! An RRULE value read into numbers (RFC 5545 §3.3.10). Reads what senders
//! write, refuses what has no meaning; computes nothing.

use jiff::civil::DateTime;

use crate::ical::value::{RawTime, parse_time};

/// FREQ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freq {
    /// SECONDLY
    Secondly,
    /// MINUTELY
    Minutely,
    /// HOURLY
    Hourly,
    /// DAILY
    Daily,
    /// WEEKLY
    Weekly,
    /// MONTHLY
    Monthly,
    /// YEARLY
    Yearly,
}

/// UNTIL in the form it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// A date: the whole day on the series' clock.
    Date(DateTime),
    /// Without `Z`: on the series' clock.
    Local(DateTime),
    /// With `Z`, as its UTC reading.
    Utc(DateTime),
}

/// Why a rule is not expanded; the event's first occurrence and its RDATEs are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// A part that cannot be read.
    #[error("RRULE: {0} cannot be read")]
    Invalid(String),
    /// Without FREQ there is no rule.
    #[error("RRULE: FREQ is missing")]
    NoFreq,
    /// RSCALE of another calendar system, or SKIP.
    #[error("RRULE: {0} is not supported")]
    Unsupported(String),
    /// More BY values than a meeting can need.
    #[error("RRULE: {0} combinations of BY values are more than the {1} allowed")]
    TooMany(usize, usize),
}

/// Most combinations of BYHOUR × BYMINUTE × BYSECOND × days.
pub const MAX_PRODUCT: usize = 1000;

/// A rule as numbers. Lists are sorted, without duplicates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// FREQ.
    pub freq: Freq,
    /// INTERVAL, at least 1.
    pub interval: i64,
    /// COUNT.
    pub count: Option<u64>,
    /// UNTIL.
    pub until: Option<Until>,
    /// WKST, Monday = 0.
    pub week_start: i64,
    /// BYMONTH as bits 1..=12; 0: not given.
    pub months: u16,
    /// BYMONTHDAY.
    pub month_days: Vec<i64>,
    /// BYDAY without ordinal, as bits, Monday = bit 0.
    pub week_days: u8,
    /// BYDAY with ordinal: (ordinal, weekday).
    pub nth_days: Vec<(i64, i64)>,
    /// BYYEARDAY.
    pub year_days: Vec<i64>,
    /// BYWEEKNO.
    pub week_numbers: Vec<i64>,
    /// BYHOUR.
    pub hours: Vec<i64>,
    /// BYMINUTE.
    pub minutes: Vec<i64>,
    /// BYSECOND.
    pub seconds: Vec<i64>,
    /// BYSETPOS.
    pub positions: Vec<i64>,
}

impl Rule {
    fn bare(freq: Freq) -> Self {
        Self {
            freq,
            interval: 1,
            count: None,
            until: None,
            week_start: 0,
            months: 0,
            month_days: Vec::new(),
            week_days: 0,
            nth_days: Vec::new(),
            year_days: Vec::new(),
            week_numbers: Vec::new(),
            hours: Vec::new(),
            minutes: Vec::new(),
            seconds: Vec::new(),
            positions: Vec::new(),
        }
    }

    /// Reads a value. Order, case and white space do not matter; `X-` parts and
    /// text without `=` are skipped; COUNT or INTERVAL below 1 count as absent
    /// (some senders write `COUNT=-1` for "none").
    ///
    /// # Errors
    /// When a part that decides about the dates cannot be read or is not supported.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let freq = parts(text)
            .find(|(key, _)| key.eq_ignore_ascii_case("FREQ"))
            .ok_or(RuleError::NoFreq)
            .and_then(|(_, value)| parse_freq(value))?;
        let mut rule = Self::bare(freq);
        for (key, value) in parts(text) {
            rule.read_part(&key.to_ascii_uppercase(), value)?;
        }
        rule.normalise();
        let product = rule.product();
        if product > MAX_PRODUCT {
            return Err(RuleError::TooMany(product, MAX_PRODUCT));
        }
        Ok(rule)
    }

    fn read_part(&mut self, key: &str, value: &str) -> Result<(), RuleError> {
        match key {
            "INTERVAL" => self.interval = number(key, value, 0..=100_000)?.max(1),
            "COUNT" => {
                let count = number(key, value, i64::MIN..=i64::MAX)?;
                self.count = u64::try_from(count).ok().filter(|c| *c > 0);
            }
            "UNTIL" => self.until = Some(parse_until(value)?),
            "WKST" => self.week_start = parse_weekday(value)?,
            "BYMONTH" => {
                for month in list(key, value, 1..=12)? {
                    self.months |= 1 << month;
                }
            }
            "BYMONTHDAY" => self.month_days = signed(key, value, 31)?,
            "BYYEARDAY" => self.year_days = signed(key, value, 366)?,
            "BYWEEKNO" => self.week_numbers = signed(key, value, 53)?,
            "BYSETPOS" => self.positions = signed(key, value, 366)?,
            "BYHOUR" => self.hours = list(key, value, 0..=23)?,
            "BYMINUTE" => self.minutes = list(key, value, 0..=59)?,
            // A leap second is read as the one before it.
            "BYSECOND" => {
                self.seconds = list(key, value, 0..=60)?.into_iter().map(|s| s.min(59)).collect();
                self.seconds.dedup();
            }
            "BYDAY" | "BYWEEKDAY" => self.read_days(value)?,
            "RSCALE" if !value.eq_ignore_ascii_case("GREGORIAN") => {
                return Err(RuleError::Unsupported(format!("RSCALE={value}")));
            }
            "SKIP" if !value.eq_ignore_ascii_case("OMIT") => {
                return Err(RuleError::Unsupported(format!("SKIP={value}")));
            }
            "BYEASTER" => return Err(RuleError::Unsupported("BYEASTER".to_owned())),
            _ => {}
        }
        Ok(())
    }

    fn read_days(&mut self, value: &str) -> Result<(), RuleError> {
        for item in value.split(',').map(str::trim).filter(|i| !i.is_empty()) {
            let split = item.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(item.len());
            let (ordinal, day) = item.split_at(split);
            let day = parse_weekday(day)?;
            match ordinal.trim().trim_start_matches('+') {
                "" => self.week_days |= 1 << day,
                n => {
                    let n = number("BYDAY", n, -53..=53)?;
                    if n == 0 {
                        return Err(RuleError::Invalid(format!("BYDAY={item}")));
                    }
                    self.nth_days.push((n, day));
                }
            }
        }
        Ok(())
    }

    /// Ordinals mean nothing but in a month or a year: elsewhere (seen:
    /// `FREQ=WEEKLY;BYDAY=1MO`) the weekday alone counts. Parts RFC 5545 §3.3.10
    /// forbids for a FREQ are dropped.
    fn normalise(&mut self) {
        let ordinals = matches!(self.freq, Freq::Monthly | Freq::Yearly);
        if !ordinals || !self.week_numbers.is_empty() {
            for (_, day) in self.nth_days.drain(..) {
                self.week_days |= 1 << day;
            }
        }
        if self.freq != Freq::Yearly {
            self.week_numbers.clear();
        }
        if self.freq == Freq::Weekly {
            self.month_days.clear();
        }
        if matches!(self.freq, Freq::Daily | Freq::Weekly | Freq::Monthly) {
            self.year_days.clear();
        }
        self.nth_days.sort_unstable();
        self.nth_days.dedup();
    }

    /// How many times of the day, times day selectors, a period can have.
    fn product(&self) -> usize {
        let times = self.hours.len().max(1) * self.minutes.len().max(1) * self.seconds.len().max(1);
        if times == 1 {
            return 1;
        }
        let days = match self.freq {
            Freq::Yearly if self.months == 0 => {
                self.month_days.len() * 12
                    + self.year_days.len()
                    + self.week_numbers.len() * 7
                    + self.week_days.count_ones() as usize * 53
                    + self.nth_days.len()
            }
            Freq::Yearly | Freq::Monthly => {
                let months =
                    if self.freq == Freq::Yearly { self.months.count_ones() as usize } else { 1 };
                months
                    * (self.month_days.len()
                        + self.week_days.count_ones() as usize * 5
                        + self.nth_days.len()
                        + self.year_days.len())
                    .max(1)
            }
            Freq::Weekly => self.week_days.count_ones() as usize,
            Freq::Daily | Freq::Hourly | Freq::Minutely | Freq::Secondly => 1,
        };
        times * days.max(1)
    }

    /// Whether any BYDAY is given.
    pub fn has_days(&self) -> bool {
        self.week_days != 0 || !self.nth_days.is_empty()
    }

    /// Whether the rule steps by less than a day.
    pub fn sub_daily(&self) -> bool {
        matches!(self.freq, Freq::Secondly | Freq::Minutely | Freq::Hourly)
    }
}

fn parts(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(';').filter_map(|part| part.split_once('=')).map(|(k, v)| {
        // `RRULE:RRULE:FREQ=…` is seen; what stands before the last colon is no key.
        (k.rsplit(':').next().unwrap_or(k).trim(), v.trim())
    })
}

fn parse_freq(value: &str) -> Result<Freq, RuleError> {
    Ok(match value.to_ascii_uppercase().as_str() {
        "SECONDLY" => Freq::Secondly,
        "MINUTELY" => Freq::Minutely,
        "HOURLY" => Freq::Hourly,
        "DAILY" => Freq::Daily,
        "WEEKLY" => Freq::Weekly,
        "MONTHLY" => Freq::Monthly,
        "YEARLY" => Freq::Yearly,
        _ => return Err(RuleError::Invalid(format!("FREQ={value}"))),
    })
}

fn parse_until(value: &str) -> Result<Until, RuleError> {
    match parse_time(value.as_bytes()) {
        Some(RawTime::Date(date)) => Ok(Until::Date(date.at(23, 59, 59, 0))),
        Some(RawTime::Local(at)) => Ok(Until::Local(at)),
        Some(RawTime::Utc(at)) => Ok(Until::Utc(at)),
        None => Err(RuleError::Invalid(format!("UNTIL={value}"))),
    }
}

fn parse_weekday(value: &str) -> Result<i64, RuleError> {
    Ok(match value.trim().to_ascii_uppercase().as_str() {
        "MO" => 0,
        "TU" => 1,
        "WE" => 2,
        "TH" => 3,
        "FR" => 4,
        "SA" => 5,
        "SU" => 6,
        _ => return Err(RuleError::Invalid(format!("weekday {value:?}"))),
    })
}

fn number(key: &str, text: &str, range: std::ops::RangeInclusive<i64>) -> Result<i64, RuleError> {
    text.trim()
        .parse::<i64>()
        .ok()
        .filter(|n| range.contains(n))
        .ok_or_else(|| RuleError::Invalid(format!("{key}={text}")))
}

fn list(
    key: &str,
    text: &str,
    range: std::ops::RangeInclusive<i64>,
) -> Result<Vec<i64>, RuleError> {
    let mut out = text
        .split(',')
        .filter(|item| !item.trim().is_empty())
        .map(|item| number(key, item, range.clone()))
        .collect::<Result<Vec<_>, _>>()?;
    out.sort_unstable();
    out.dedup();
    Ok(out)
}

fn signed(key: &str, text: &str, limit: i64) -> Result<Vec<i64>, RuleError> {
    let out = list(key, text, -limit..=limit)?;
    if out.contains(&0) {
        return Err(RuleError::Invalid(format!("{key}={text}")));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lenient_where_the_meaning_is_plain() {
        let rule = Rule::parse(
            "RRULE:Anything;freq=weekly; INTERVAL=0;COUNT=-1;X-A=1;BYDAY=1MO, th;BYMONTHDAY=3",
        )
        .unwrap();
        assert_eq!((rule.freq, rule.interval, rule.count), (Freq::Weekly, 1, None));
        assert_eq!(rule.week_days, 0b1001);
        assert!(rule.nth_days.is_empty() && rule.month_days.is_empty());
    }

    #[test]
    fn refused_with_a_reason() {
        for (text, want) in [
            ("COUNT=3", "RRULE: FREQ is missing"),
            ("FREQ=YEARLY;RSCALE=HEBREW", "RRULE: RSCALE=HEBREW is not supported"),
            ("FREQ=MONTHLY;BYDAY=0MO", "RRULE: BYDAY=0MO cannot be read"),
            ("FREQ=MONTHLY;BYMONTHDAY=32", "RRULE: BYMONTHDAY=32 cannot be read"),
            ("FREQ=DAILY;UNTIL=soon", "RRULE: UNTIL=soon cannot be read"),
        ] {
            assert_eq!(Rule::parse(text).unwrap_err().to_string(), want);
        }
    }

    #[test]
    fn hostile_products_are_refused() {
        let all = |n: u32| (0..n).map(|i| i.to_string()).collect::<Vec<_>>().join(",");
        let text =
            format!("FREQ=YEARLY;BYHOUR={};BYMINUTE={};BYSECOND={}", all(24), all(60), all(60));
        assert!(matches!(Rule::parse(&text), Err(RuleError::TooMany(86_400, MAX_PRODUCT))));
    }
}
