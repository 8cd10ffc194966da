//! Names: which file names are calendar resources, which folder names are
//! calendars, and what a new resource is called. Touches no file system.

use sha2::{Digest, Sha256};

use crate::model::id::EventUid;

/// The collection name of the root folder itself, where it holds `.ics` files.
pub(super) const ROOT: &str = ".";

/// Longest UID that becomes a file name as it is; file systems stop at 255 bytes.
const LONGEST_PLAIN: usize = 200;

/// Whether a file of this name is a calendar resource: one path component, not
/// hidden (programs write their temporary files so), ending in `.ics`.
pub(super) fn is_resource(name: &str) -> bool {
    let tail = name.len().checked_sub(4).and_then(|at| name.get(at..));
    is_component(name) && tail.is_some_and(|tail| tail.eq_ignore_ascii_case(".ics"))
}

/// Whether a folder of this name below the root is a calendar.
pub(super) fn is_collection(name: &str) -> bool {
    is_component(name)
}

/// One visible path component: nothing that leads out of the folder.
fn is_component(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0'])
}

/// The file name of a new resource: the UID where it is harmless as one, else a
/// digest of it, so that one UID always gives one name.
pub(super) fn file_name(uid: &EventUid) -> String {
    let text = uid.as_str();
    let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '+');
    let plain = is_component(text) && text.len() <= LONGEST_PLAIN && text.chars().all(harmless);
    if plain { format!("{text}.ics") } else { format!("{}.ics", hex(&Sha256::digest(text))) }
}

/// The first 16 bytes of a digest in hexadecimal digits.
pub(super) fn hex(digest: &[u8]) -> String {
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_visible_ics_files_in_the_folder_itself() {
        for name in ["a.ics", "A B.ics", "100%25.ics", "größe.ics", "x@y.ICS", "%2e%2e.ics"] {
            assert!(is_resource(name), "{name}");
        }
        for name in [
            "",
            ".ics",
            ".a.ics",
            "a.ics~",
            "a.ics.tmp",
            "color",
            "../a.ics",
            "b/a.ics",
            "b\\a.ics",
            "a\0.ics",
            "ics",
            "é",
            "displayname",
        ] {
            assert!(!is_resource(name), "{name:?}");
        }
    }

    #[test]
    fn a_harmless_uid_is_the_name_and_any_other_becomes_a_digest() {
        assert_eq!(file_name(&EventUid::new("onbeat-1@example.test")), "onbeat-1@example.test.ics");
        for uid in [
            "../../etc/passwd",
            "a/b",
            "",
            ".hidden",
            "sp ace",
            "ü",
            "a\0b",
            "x:y",
            &"u".repeat(300),
        ] {
            let name = file_name(&EventUid::new(uid));
            assert!(is_resource(&name) && name.len() == 36, "{uid:?} gives {name}");
            assert_eq!(name, file_name(&EventUid::new(uid)));
        }
        assert_ne!(file_name(&EventUid::new("a/b")), file_name(&EventUid::new("a:b")));
    }
}
