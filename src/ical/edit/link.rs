//! URL of a series: one property of its master, nothing else.

use crate::ical::edit::EditError;
use crate::ical::edit::Editor;
use crate::ical::edit::change::stamps;
use crate::ical::edit::check::{self, Edited};
use crate::ical::edit::locate;
use crate::ical::edit::patch::Patch;
use crate::ical::lines::Lines;
use crate::ical::parse::parse;

/// Sets URL on the component without RECURRENCE-ID.
///
/// # Errors
/// When there is no such component, or the result fails its self-check.
pub(super) fn set(
    data: &[u8],
    uid: &str,
    url: &str,
    editor: &Editor<'_>,
) -> Result<Vec<u8>, EditError> {
    let lines = Lines::new(data)?;
    let master = locate::master(&lines, &parse(data), uid)?;
    let clean: String = url.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect();
    let mut patch = Patch::new(&lines);
    patch.set(&master, "URL", format!(":{clean}").as_bytes());
    for (name, rest) in stamps(&lines, &master, editor.now) {
        patch.set(&master, name, &rest);
    }
    let out = patch.apply();
    check::only_intended(data, &out, uid, Edited::Existing).map_err(EditError::SelfCheck)?;
    Ok(out)
}
