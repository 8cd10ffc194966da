//! To be written.

use crate::model::id::EventUid;
/// Provisional.
pub fn same_meaning(a: &[u8], b: &[u8]) -> bool {
    a == b
}
/// Provisional.
pub fn shows_edit(
    _before: &[u8],
    _sent: &[u8],
    _held: &[u8],
    _uid: &EventUid,
    _rid: Option<jiff::Timestamp>,
) -> bool {
    false
}
