//! When a read is tried again, and how long to wait: backoff with jitter, and
//! Retry-After (RFC 9110 §10.2.3) as servers really send it. Pure arithmetic.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;

/// The longest wait a server can impose.
pub const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// How often reads are tried and how long between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries of one read, the first included.
    pub attempts: u32,
    /// Wait before the second try; doubles for each further one.
    pub base: Duration,
    /// The longest Retry-After that is waited for inside a run; a longer one ends
    /// the run and is reported.
    pub patience: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 3, base: Duration::from_millis(400), patience: Duration::from_secs(10) }
    }
}

impl RetryPolicy {
    /// The wait before try number `attempt + 1`; `jitter` is random, 0…255. Between
    /// half and all of the doubled base, so that many clients do not return at once.
    pub fn backoff(&self, attempt: u32, jitter: u8) -> Duration {
        let full = self.base.saturating_mul(1_u32 << attempt.saturating_sub(1).min(6));
        full / 2 + full.saturating_mul(u32::from(jitter)) / 510
    }
}

/// Whether a read that was answered so may succeed when it is asked again.
pub fn worth_retrying(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

/// The wait a Retry-After header asks for, capped at [`LONGEST_WAIT`]. A date is
/// measured against the answer's own Date header, so that neither clock need be
/// right; without one, or with nonsense, there is no wait. A past date or negative
/// number is no wait either.
pub fn retry_after(value: &str, date: Option<&str>) -> Option<Duration> {
    let value = value.trim();
    let digits = value.strip_prefix('+').unwrap_or(value);
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        let seconds = digits.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(LONGEST_WAIT));
    }
    let until = http_date(value)?;
    let wait = until.checked_sub(http_date(date?)?)?;
    let wait = u64::try_from(wait).ok()?;
    Some(Duration::from_secs(wait).min(LONGEST_WAIT))
}

/// Seconds since 1970 of an HTTP date.
fn http_date(text: &str) -> Option<i64> {
    DateTimeParser::new()
        .relaxed_weekday(true)
        .parse_timestamp(text.trim())
        .ok()
        .map(|at| at.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_obeyed_and_capped() {
        assert_eq!(retry_after("7", None), Some(Duration::from_secs(7)));
        assert_eq!(retry_after(" 0 ", None), Some(Duration::ZERO));
        assert_eq!(retry_after("1000000000", None), Some(LONGEST_WAIT));
        assert_eq!(retry_after("99999999999999999999999999", None), Some(LONGEST_WAIT));
    }

    #[test]
    fn a_date_is_measured_against_the_servers_own_clock() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(
            retry_after("Sun, 06 Nov 1994 08:50:37 GMT", date),
            Some(Duration::from_secs(60))
        );
        assert_eq!(retry_after("Sun, 06 Nov 2994 08:50:37 GMT", date), Some(LONGEST_WAIT));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", date), None);
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:50:37 GMT", None), None);
    }

    #[test]
    fn nonsense_is_no_wait() {
        for value in ["-5", "", "soon", "1.5", "\u{1F550}", "NaN"] {
            assert_eq!(retry_after(value, Some("Sun, 06 Nov 1994 08:49:37 GMT")), None, "{value}");
        }
    }

    #[test]
    fn backoff_grows_and_stays_within_its_bounds() {
        let policy = RetryPolicy::default();
        for attempt in 1..=40 {
            let (low, high) = (policy.backoff(attempt, 0), policy.backoff(attempt, 255));
            assert!(low <= high && high <= policy.base * 64);
            assert!(low * 2 >= high);
        }
        assert!(policy.backoff(2, 0) >= policy.backoff(1, 255));
    }
}
