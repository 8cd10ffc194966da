//! What a refusal of the API means: its status and the `reason` in its body. Bytes
//! only.

use std::time::Duration;

use serde::Deserialize;

use crate::provider::error::ErrorKind;

/// How long nothing is asked after `quotaExceeded`, Google's protection against
/// abuse, which lasts for hours.
pub const LONG_PAUSE: Duration = Duration::from_secs(60 * 60);

/// The error body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    /// `errors[0].reason`, else `status`.
    pub reason: String,
    /// `message`.
    pub message: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    error: Error,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Error {
    errors: Vec<Reason>,
    message: String,
    status: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reason {
    reason: String,
}

impl Refusal {
    /// Reads a body; anything else than Google's error object says nothing.
    pub fn read(body: &[u8]) -> Self {
        let Body { error } = serde_json::from_slice(body).unwrap_or_default();
        let reason = error.errors.into_iter().next().map(|first| first.reason);
        let reason = reason.filter(|reason| !reason.is_empty()).unwrap_or(error.status);
        let message = error.message.chars().filter(|c| !c.is_control()).take(200).collect();
        Self { reason, message }
    }

    /// Whether it says that requests come too fast; asking again later helps.
    pub fn is_too_fast(&self) -> bool {
        matches!(self.reason.as_str(), "rateLimitExceeded" | "userRateLimitExceeded")
    }

    /// A token that is too old answers 410, one that is none answers 400.
    fn is_about_the_sync_token(&self) -> bool {
        let said = self.message.to_ascii_lowercase().replace(' ', "");
        self.reason == "fullSyncRequired" || said.contains("synctoken")
    }

    /// Whether the token was not granted what the request needs.
    pub fn is_about_scopes(&self) -> bool {
        let said = self.message.to_ascii_lowercase();
        self.reason == "insufficientPermissions"
            || self.reason == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
            || said.contains("insufficient authentication scopes")
    }

    fn text(&self) -> String {
        match (self.reason.as_str(), self.message.as_str()) {
            ("", "") => "without a reason".to_owned(),
            (reason, "") => reason.to_owned(),
            ("", message) => message.to_owned(),
            (reason, message) => format!("{message} ({reason})"),
        }
    }

    /// The kind the engine acts on. `wrote`: the request would have changed something.
    pub fn kind(&self, status: u16, wrote: bool, retry_after: Option<Duration>) -> ErrorKind {
        match status {
            401 => ErrorKind::Unauthorized,
            403 | 429 if self.is_too_fast() || status == 429 => {
                ErrorKind::RateLimited { retry_after }
            }
            403 if matches!(self.reason.as_str(), "quotaExceeded" | "dailyLimitExceeded") => {
                ErrorKind::RateLimited { retry_after: Some(LONG_PAUSE) }
            }
            403 => ErrorKind::Forbidden,
            404 => ErrorKind::NotFound,
            409 => ErrorKind::UidExists { href: None },
            400 | 410 if !wrote && self.is_about_the_sync_token() => ErrorKind::SyncTokenInvalid,
            410 => ErrorKind::NotFound,
            412 => ErrorKind::PreconditionFailed,
            413 => ErrorKind::TooLarge,
            500..=599 | 408 if wrote => ErrorKind::OutcomeUnknown,
            500..=599 | 408 | 425 => ErrorKind::Unavailable,
            400 | 422 if wrote => {
                ErrorKind::Unsupported(format!("Google refuses the event: {}", self.text()))
            }
            300..=399 if wrote => {
                ErrorKind::Protocol(format!("a redirect ({status}) of a write is not followed"))
            }
            status => ErrorKind::Protocol(format!("status {status}: {}", self.text())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, reason: &str, wrote: bool) -> ErrorKind {
        let body = format!(
            "{{\"error\":{{\"code\":{status},\"message\":\"No\",\"errors\":[{{\"domain\":\"usageLimits\",\"reason\":\"{reason}\"}}]}}}}"
        );
        Refusal::read(body.as_bytes()).kind(status, wrote, None)
    }

    #[test]
    fn a_403_is_not_always_a_prohibition() {
        let limited = ErrorKind::RateLimited { retry_after: None };
        assert_eq!(kind(403, "rateLimitExceeded", false), limited);
        assert_eq!(kind(403, "userRateLimitExceeded", true), limited);
        assert_eq!(kind(429, "whatever", true), limited);
        let long = ErrorKind::RateLimited { retry_after: Some(LONG_PAUSE) };
        assert_eq!(kind(403, "quotaExceeded", true), long);
        assert_eq!(kind(403, "forbiddenForNonOrganizer", true), ErrorKind::Forbidden);
        assert_eq!(kind(403, "insufficientPermissions", false), ErrorKind::Forbidden);
    }

    #[test]
    fn statuses_mean_what_the_engine_needs() {
        assert_eq!(kind(410, "fullSyncRequired", false), ErrorKind::SyncTokenInvalid);
        let unissued =
            br#"{"error":{"message":"Invalid syncToken.","errors":[{"reason":"invalid"}]}}"#;
        assert_eq!(Refusal::read(unissued).kind(400, false, None), ErrorKind::SyncTokenInvalid);
        assert_eq!(kind(410, "deleted", true), ErrorKind::NotFound);
        assert_eq!(kind(409, "duplicate", true), ErrorKind::UidExists { href: None });
        assert_eq!(kind(412, "conditionNotMet", true), ErrorKind::PreconditionFailed);
        assert_eq!(kind(503, "backendError", false), ErrorKind::Unavailable);
        // It may have happened before the answer was lost.
        assert_eq!(kind(503, "backendError", true), ErrorKind::OutcomeUnknown);
        let ErrorKind::Unsupported(why) = kind(400, "invalid", true) else { panic!() };
        assert_eq!(why, "Google refuses the event: No (invalid)");
    }

    #[test]
    fn pages_that_are_no_error_object_say_nothing() {
        for body in
            ["", "<html>", "[]", "{\"error\":\"invalid_grant\"}", "{\"error\":{\"errors\":[]}}"]
        {
            assert_eq!(Refusal::read(body.as_bytes()), Refusal::default(), "{body}");
        }
    }
}
