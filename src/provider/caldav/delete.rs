//! DELETE of a calendar object (RFC 9110 §9.3.5): what the answer means. Bytes only.

use crate::provider::caldav::multistatus::Refusal;
use crate::provider::caldav::put;
use crate::provider::error::ErrorKind;

/// The outcome of a DELETE with If-Match.
///
/// # Errors
/// The kind the engine acts on; a resource that is gone already is `NotFound`.
pub fn outcome(status: u16, refusal: &Refusal) -> Result<(), ErrorKind> {
    match status {
        200 | 202 | 204 => Ok(()),
        // A multistatus tells of something below that could not be deleted.
        207 => Err(ErrorKind::OutcomeUnknown),
        status => Err(put::failed(status, refusal)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_of_a_delete() {
        let say = |status| outcome(status, &Refusal::default());
        for done in [200, 202, 204] {
            assert_eq!(say(done), Ok(()));
        }
        assert_eq!(say(404), Err(ErrorKind::NotFound));
        assert_eq!(say(410), Err(ErrorKind::NotFound));
        assert_eq!(say(412), Err(ErrorKind::PreconditionFailed));
        assert_eq!(say(403), Err(ErrorKind::Forbidden));
        assert_eq!(say(405), Err(ErrorKind::Forbidden));
        assert_eq!(say(500), Err(ErrorKind::OutcomeUnknown));
        assert_eq!(say(207), Err(ErrorKind::OutcomeUnknown));
    }
}
