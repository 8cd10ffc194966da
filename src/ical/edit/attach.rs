//! The agenda's own attachment: one inline ATTACH, known by its FILENAME
//! parameter (RFC 8607 names it). What others attached stays.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::patch::Patch;
use crate::ical::component::Component;
use crate::ical::lines::Lines;
use crate::ical::property::Property;

/// The name it has in a mail or calendar program.
const NAME: &str = "onbeat-agenda.md";

/// What stands behind `ATTACH` for a text in Markdown.
pub(super) fn inline(markdown: &str) -> Vec<u8> {
    let value = STANDARD.encode(markdown);
    format!(";FMTTYPE=text/markdown;FILENAME={NAME};ENCODING=BASE64;VALUE=BINARY:{value}")
        .into_bytes()
}

/// Puts the attachment in place of the one of an earlier write; `None` takes that
/// away: an attachment never says other things than the description beside it.
pub(super) fn put(
    lines: &Lines<'_>,
    component: &Component,
    patch: &mut Patch<'_, '_>,
    markdown: Option<&str>,
) {
    for (at, line) in component.properties(lines) {
        if lines.is(line, "ATTACH")
            && Property::read(lines, line).param("FILENAME").as_deref() == Some(NAME)
        {
            patch.remove_line(at);
        }
    }
    if let Some(markdown) = markdown {
        patch.add(component, "ATTACH", &inline(markdown));
    }
}
