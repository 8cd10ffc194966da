//! The addresses of the API: calendars and events by their ids, escaped, strictly
//! below the configured base. Sends nothing.

use url::Url;

use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::http::request::{MemberUrl, as_collection};

/// An address below the base, from segments that may hold anything.
///
/// # Errors
/// `Protocol` for segments that would step out.
pub fn below(base: &Url, segments: &[&str]) -> Result<Url, ProviderError> {
    let bad = |segment: &str| {
        let kind = ErrorKind::Protocol("not an id of Google's".to_owned());
        ProviderError::new(kind, segment.chars().take(80).collect::<String>())
    };
    let mut url = as_collection(base);
    for segment in segments {
        if matches!(*segment, "" | "." | "..") || segment.chars().any(char::is_control) {
            return Err(bad(segment));
        }
        let Ok(mut path) = url.path_segments_mut() else { return Err(bad(segment)) };
        path.pop_if_empty().push(segment);
    }
    Ok(url)
}

/// Whether a text is an event id: letters, digits, `_` and `-`.
pub fn is_event_id(id: &str) -> bool {
    (1..=1024).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

/// The events of a calendar.
///
/// # Errors
/// As [`below`].
pub fn events(base: &Url, calendar: &str) -> Result<Url, ProviderError> {
    below(base, &["calendars", calendar, "events"])
}

/// One event.
///
/// # Errors
/// `Protocol` for what is no event id.
pub fn event(base: &Url, calendar: &str, id: &str) -> Result<Url, ProviderError> {
    Ok(member(base, calendar, id)?.url().clone())
}

/// One event as the target of a write.
///
/// # Errors
/// As [`event`].
pub fn member(base: &Url, calendar: &str, id: &str) -> Result<MemberUrl, ProviderError> {
    let bad = |why: String| ProviderError::new(ErrorKind::Protocol(why), calendar.to_owned());
    if !is_event_id(id) {
        let shown: String = id.chars().filter(|c| !c.is_control()).take(80).collect();
        return Err(bad(format!("{shown:?} is no event id")));
    }
    MemberUrl::below(&events(base, calendar)?, id).map_err(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        Url::parse("https://api.example/calendar/v3/").unwrap()
    }

    #[test]
    fn ids_are_escaped_and_stay_below() {
        let url = events(&base(), "de.german#holiday@group.v.calendar.google.com").unwrap();
        assert_eq!(
            url.as_str(),
            "https://api.example/calendar/v3/calendars/de.german%23holiday@group.v.calendar.google.com/events"
        );
        let odd = events(&base(), "a/../b?x").unwrap();
        assert_eq!(odd.path(), "/calendar/v3/calendars/a%2F..%2Fb%3Fx/events");
        for bad in ["", ".", "..", "a\nb"] {
            assert!(events(&base(), bad).is_err(), "{bad:?}");
        }
        let one = event(&base(), "ann@example.org", "abc_R20260326T123000").unwrap();
        assert_eq!(
            one.path(),
            "/calendar/v3/calendars/ann@example.org/events/abc_R20260326T123000"
        );
    }

    #[test]
    fn only_event_ids_are_targets() {
        for bad in ["", "..", "a/b", "a%2fb", "a?b", "a#b", "https://x/", "ä", "a b"] {
            assert!(member(&base(), "primary", bad).is_err(), "{bad:?}");
        }
    }
}
