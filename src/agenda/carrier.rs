//! Other ways for an agenda to travel than the managed block: a companion event
//! of the owner's, one stable link, an attachment. Pure text; all of it is made
//! from the shared agenda alone.

use crate::agenda::format::{TextForm, block_text, row_text, rows};
use crate::agenda::shape::Agenda;

/// Largest attachment, in bytes; larger agendas are cut at a line.
const ATTACHMENT_BYTES: usize = 16 * 1024;

/// What the line with the link begins with.
const LINK_PREFIX: &str = "1:1 agenda (onbeat): ";

/// The description of a companion event in the owner's own calendar. It stands
/// in a calendar, so it too is made of the shared agenda only.
pub fn own_text(agenda: &Agenda) -> String {
    block_text(agenda, TextForm::Plain)
}

/// The one line `link` puts into a series' description.
pub fn link_text(url: &str) -> String {
    let url: String = url.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect();
    format!("{LINK_PREFIX}{url}")
}

/// A description with the link line in it: put at the end, or in place of an
/// earlier link line. `None` when it stands there already.
pub fn set_link(description: &str, url: &str) -> Option<String> {
    let wanted = link_text(url);
    let old = description.lines().find(|line| line.trim_start().starts_with(LINK_PREFIX));
    match old {
        Some(line) if line.trim() == wanted => None,
        Some(line) => Some(description.replacen(line.trim(), &wanted, 1)),
        None if description.trim().is_empty() => Some(wanted),
        None => Some(format!("{}\n\n{wanted}", description.trim_end())),
    }
}

/// The agenda as Markdown for an inline ATTACH (text/markdown), at most 16 KiB.
pub fn attachment_markdown(agenda: &Agenda) -> String {
    let mut out = format!("# 1:1 {} and {}, {}\n\n", agenda.owner, agenda.partner, agenda.date);
    for row in rows(agenda) {
        let text = row_text(&row);
        let line = match row {
            crate::agenda::format::Row::Heading(..) => format!("## {text}\n\n"),
            crate::agenda::format::Row::Line(line) => match line.mark() {
                crate::agenda::shape::Mark::Open | crate::agenda::shape::Mark::Done => {
                    format!("- {text}\n")
                }
                crate::agenda::shape::Mark::Bullet | crate::agenda::shape::Mark::Plain => {
                    format!("{text}\n")
                }
            },
            crate::agenda::format::Row::Gap => "\n".to_owned(),
        };
        if out.len() + line.len() > ATTACHMENT_BYTES {
            break;
        }
        out.push_str(&line);
    }
    out
}
