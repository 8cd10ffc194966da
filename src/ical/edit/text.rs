//! Content lines as they are written: folded at 75 octets on character
//! boundaries (RFC 5545 §3.1), with the line break of the file they go into.

/// A line `NAME;PARAM=…:value` with its line break. `rest` is everything after
/// the name. Control characters except the tab are dropped, so that no value
/// can end its line.
pub(crate) fn render(name: &str, rest: &[u8], newline: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(name.len() + rest.len());
    line.extend_from_slice(name.as_bytes());
    line.extend(rest.iter().copied().filter(|b| *b >= 0x20 && *b != 0x7f || *b == b'\t'));
    fold(&line, newline)
}

/// Folds one logical line.
fn fold(line: &[u8], newline: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len() + line.len() / 70 * (newline.len() + 1) + 2);
    let mut rest = line;
    let mut room = 75;
    while rest.len() > room {
        let mut cut = room;
        // Not inside a UTF-8 character: step back over continuation bytes.
        while cut > room - 4 && rest.get(cut).is_some_and(|b| b & 0xc0 == 0x80) {
            cut -= 1;
        }
        let (head, tail) = rest.split_at(cut);
        out.extend_from_slice(head);
        out.extend_from_slice(newline);
        out.push(b' ');
        rest = tail;
        // The space that opens a continuation line counts.
        room = 74;
    }
    out.extend_from_slice(rest);
    out.extend_from_slice(newline);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ical::lines::Lines;
    use proptest::prelude::*;

    #[test]
    fn a_value_cannot_end_its_line() {
        let line = render("SUMMARY", b":a\r\nATTENDEE:mailto:evil@example.org", b"\r\n");
        assert_eq!(line, b"SUMMARY:aATTENDEE:mailto:evil@example.org\r\n");
    }

    proptest! {
        #[test]
        fn folded_lines_are_short_whole_characters_and_unfold(text in "\\PC{0,300}") {
            for newline in [&b"\r\n"[..], b"\n"] {
                let line = render("X-TEXT", format!(":{text}").as_bytes(), newline);
                for part in line.split(|b| *b == b'\n') {
                    let part = part.strip_suffix(b"\r").unwrap_or(part);
                    prop_assert!(part.len() <= 75);
                    prop_assert!(std::str::from_utf8(part).is_ok());
                }
                let lines = Lines::new(&line).unwrap();
                prop_assert_eq!(lines.len(), 1);
                let rest = lines.rest(lines.get(0).unwrap()).into_owned();
                prop_assert_eq!(rest, format!(":{text}").into_bytes());
            }
        }
    }
}
