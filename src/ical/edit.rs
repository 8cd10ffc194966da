//! Byte-exact edits: named properties and whole overrides are changed, every
//! other byte stays.

use jiff::Timestamp;

/// Why an edit is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// No event with this UID.
    #[error("there is no event with the UID {0:?}")]
    NoSuchUid(String),
}

/// Sets the managed block.
pub fn set_block(
    _data: &[u8],
    uid: &str,
    _rid: Option<Timestamp>,
    _text: &str,
) -> Result<Vec<u8>, EditError> {
    Err(EditError::NoSuchUid(uid.to_owned()))
}

/// Provisional.
pub fn apply(
    _data: Option<&[u8]>,
    _action: &crate::model::plan::Action,
    _now: Timestamp,
) -> Result<Vec<u8>, EditError> {
    Err(EditError::NoSuchUid(String::new()))
}
/// Provisional.
pub fn holds(_data: &[u8], _action: &crate::model::plan::Action) -> bool {
    false
}
