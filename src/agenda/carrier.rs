//! Other ways for an agenda to travel than the managed block: a companion event
//! of the owner's, one stable link, an attachment. Pure text; all of it is made
//! from the shared agenda alone.

use crate::agenda::format::{Row, TextForm, block_text, encode, newline, row_text, rows};
use crate::agenda::shape::{Agenda, Mark};
use crate::agenda::text::form_of;

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

/// A description as HTML, for the properties that carry a formatted twin of it
/// (X-ALT-DESC, ALTREP, STYLED-DESCRIPTION). One that is HTML already stays.
pub fn html_text(description: &str) -> String {
    match form_of(description) {
        TextForm::Html => description.to_owned(),
        TextForm::Plain => {
            let lines: Vec<String> = description
                .lines()
                .map(|line| {
                    let indent = line.len() - line.trim_start_matches(' ').len();
                    let text = encode(line.get(indent..).unwrap_or_default(), TextForm::Html);
                    format!("{}{text}", "&nbsp;".repeat(indent.min(16)))
                })
                .collect();
            lines.join(newline(TextForm::Html))
        }
    }
}

/// The agenda as Markdown for an inline ATTACH (text/markdown), at most 16 KiB.
pub fn attachment_markdown(agenda: &Agenda) -> String {
    let mut out = format!("# 1:1 {} and {}, {}\n\n", agenda.owner, agenda.partner, agenda.date);
    for row in rows(agenda) {
        let text = row_text(&row);
        let line = match row {
            Row::Heading(..) => format!("## {text}\n\n"),
            Row::Line(line) => match line.mark() {
                Mark::Open | Mark::Done => {
                    format!("- {text}\n")
                }
                Mark::Bullet | Mark::Plain => {
                    format!("{text}\n")
                }
            },
            Row::Gap => "\n".to_owned(),
        };
        if out.len() + line.len() > ATTACHMENT_BYTES {
            break;
        }
        out.push_str(&line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agenda::testkit::agenda;

    #[test]
    fn one_link_line_kept_up_to_date() {
        let first = set_link("Dial in", "https://x.example/a").unwrap();
        assert_eq!(first, "Dial in\n\n1:1 agenda (onbeat): https://x.example/a");
        assert_eq!(set_link(&first, "https://x.example/a"), None);
        let second = set_link(&first, "https://x.example/\nb").unwrap();
        assert_eq!(second, "Dial in\n\n1:1 agenda (onbeat): https://x.example/b");
        assert_eq!(set_link("", "u").unwrap(), "1:1 agenda (onbeat): u");
    }

    #[test]
    fn markdown_for_an_attachment() {
        let agenda = agenda(&["Met today.", "## Topics", "[ ] t1@a, b; c", "- x"], &[]);
        let expected = "# 1:1 Elena and Bob, 2026-03-03\n\nMet today.\n\n## 1. Topics (5 min)\n\n- [ ] a, b; c\n- x\n";
        assert_eq!(attachment_markdown(&agenda), expected);
    }

    #[test]
    fn a_formatted_twin_says_the_same() {
        let agenda = agenda(&["## Topics", "[ ] t1@a < b & c"], &[]);
        let plain = crate::agenda::merge(None, "Dial in: <1234>", &agenda);
        let html = html_text(&plain.description);
        assert!(html.starts_with("Dial in: &lt;1234&gt;<br><br>— 1:1"), "{html}");
        let again = crate::agenda::merge(Some(&plain.block), &html, &agenda);
        assert_eq!(again.state, crate::agenda::MergeState::Unchanged, "{html}");
        assert_eq!(html_text("<b>x</b>"), "<b>x</b>");
    }
}
