//! Finds the managed block in a description: by its two marks, however a
//! client has quoted, re-encoded or reflowed them.

use std::ops::Range;

use crate::agenda::text::RawLine;

/// Where the block stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// No mark anywhere.
    Absent,
    /// One block.
    Block {
        /// Bytes from the first of the opening mark to the last of the closing one.
        outer: Range<usize>,
        /// The lines between the marks.
        lines: Range<usize>,
        /// Bytes of the opening mark.
        begin: Range<usize>,
        /// Bytes of the closing mark.
        end: Range<usize>,
    },
    /// Half a pair, two pairs, a mark inside a longer line, or out of order.
    Damaged,
}

const BEGIN: &str = "11agendaonbeat";
const END: &str = "endofagenda";

/// Looks for the block among the lines of a description.
pub(super) fn find(lines: &[RawLine]) -> Found {
    let begins = places(lines, BEGIN);
    let ends = places(lines, END);
    match (begins.as_slice(), ends.as_slice()) {
        ([], []) => {
            // All line breaks gone: the phrase stands inside a longer line.
            let swallowed = lines.iter().any(|line| {
                let bare = bare(&line.text);
                bare.contains(BEGIN) && bare.contains(END)
            });
            if swallowed { Found::Damaged } else { Found::Absent }
        }
        ([begin], [end]) if begin.end <= end.start => {
            let bytes = |at: &Range<usize>| {
                let from = lines.get(at.start).map_or(0, |line| line.visible.start);
                let to = lines.get(at.end.saturating_sub(1)).map_or(from, |line| line.visible.end);
                from..to
            };
            let (first, last) = (bytes(begin), bytes(end));
            Found::Block {
                outer: first.start..last.end,
                lines: begin.end..end.start,
                begin: first,
                end: last,
            }
        }
        _ => Found::Damaged,
    }
}

/// Lines (or two neighbours: a reflowed mark) that are a mark.
fn places(lines: &[RawLine], wanted: &str) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if out.last().is_some_and(|last| at < last.end) || line.text.len() > 200 {
            continue;
        }
        if fenced(&line.text) && bare(&line.text) == wanted {
            out.push(at..at + 1);
            continue;
        }
        let Some(next) = lines.get(at + 1).filter(|next| next.text.len() <= 200) else { continue };
        if line.text.is_empty() || next.text.is_empty() {
            continue;
        }
        let both = format!("{} {}", line.text, next.text);
        // A mark that is whole on the second line is found there.
        if fenced(&both) && bare(&both) == wanted && bare(&next.text) != wanted {
            out.push(at..at + 2);
        }
    }
    out
}

/// Whether a text begins and ends with the dashes of a mark, or with whatever an
/// encoding made of them.
fn fenced(text: &str) -> bool {
    let fence = |c: Option<char>| c.is_some_and(|c| !c.is_alphanumeric());
    fence(text.chars().next()) && fence(text.chars().next_back())
}

/// Whether a text begins with the words of a mark, so that a line of it alone
/// could be taken for one.
pub(super) fn begins_like_a_mark(text: &str) -> bool {
    let bare = bare(text);
    bare.starts_with(BEGIN) || bare.starts_with(END)
}

/// Letters and digits only, lower-case.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agenda::text::{form_of, lines_of};
    use crate::model::agenda::{BLOCK_BEGIN, BLOCK_END};

    fn inner(text: &str) -> Option<String> {
        match find(&lines_of(text, form_of(text))) {
            Found::Block { outer, .. } => Some(text[outer].to_owned()),
            Found::Absent | Found::Damaged => None,
        }
    }

    fn found(text: &str) -> Found {
        find(&lines_of(text, form_of(text)))
    }

    #[test]
    fn plain_quoted_encoded_reflowed() {
        let text = format!("Hi\n{BLOCK_BEGIN}\nx\n{BLOCK_END}\nbye");
        assert_eq!(inner(&text).unwrap(), format!("{BLOCK_BEGIN}\nx\n{BLOCK_END}"));
        assert!(inner(&format!("> {BLOCK_BEGIN}\n> x\n> {BLOCK_END}")).is_some());
        assert!(inner("-- 1:1 agenda - onbeat --\nx\n- end of agenda -").is_some());
        assert!(inner("— 1:1 agenda ·\nonbeat —\nx\n— end of\nagenda —").is_some());
        let html = "<b>&mdash; 1:1 agenda &middot; onbeat &mdash;</b><br>x<p>— end of agenda —</p>";
        assert!(inner(html).unwrap().starts_with("&mdash;"));
    }

    #[test]
    fn damaged_or_doubled() {
        assert_eq!(found(&format!("{BLOCK_BEGIN}\nx")), Found::Damaged);
        assert_eq!(found(&format!("x\n{BLOCK_END}")), Found::Damaged);
        assert_eq!(found(&format!("{BLOCK_END}\n{BLOCK_BEGIN}")), Found::Damaged);
        let one = format!("{BLOCK_BEGIN}\nx\n{BLOCK_END}");
        assert_eq!(found(&format!("{one}\n{one}")), Found::Damaged);
        assert_eq!(found(&one.replace('\n', " ")), Found::Damaged);
    }

    #[test]
    fn words_of_people_are_no_marks() {
        assert_eq!(found("This is the end of agenda\nEnd of agenda."), Found::Absent);
        assert_eq!(found("The 1:1 agenda by onbeat comes the day before"), Found::Absent);
        assert_eq!(found(""), Found::Absent);
    }
}
