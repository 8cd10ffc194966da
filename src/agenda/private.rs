//! The owner's private part: preparation, reminders, flags, private items.

use crate::agenda::draft::Drafted;

/// What only the owner sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrivateAgenda {
    /// Its parts: a title and lines each.
    pub sections: Vec<(String, Vec<String>)>,
}

/// The private view: the shared agenda, then everything only the owner sees.
pub fn private_text(drafted: &Drafted) -> String {
    let mut out = crate::agenda::block_text(&drafted.agenda, crate::agenda::TextForm::Plain);
    for (title, lines) in &drafted.private.sections {
        out.push_str(&format!("\n\n{title}\n"));
        out.push_str(&lines.join("\n"));
    }
    out
}
