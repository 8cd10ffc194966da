//! A text drawn as a phone would show it: a narrow frame with wrapped lines.

use unicode_width::UnicodeWidthStr as _;

use crate::cli::out;

/// Inner width of the frame in columns; about what a phone shows of plain text.
const INNER: usize = 44;

/// The frame's lines: a title, a second line, the text.
pub fn frame(title: &str, below: &str, text: &str) -> Vec<String> {
    let edge = "─".repeat(INNER + 2);
    let mut lines = vec![format!("╭{edge}╮")];
    for heading in [title, below] {
        lines.extend(out::wrap(&out::clean(heading), INNER).iter().map(|line| row(line)));
    }
    lines.push(format!("├{edge}┤"));
    for line in out::clean_keep_layout(text).lines() {
        let indent: String = line.chars().take_while(|c| *c == ' ').collect();
        let wrapped = out::wrap(line, INNER - indent.len().min(INNER / 2));
        if wrapped.is_empty() {
            lines.push(row(""));
        }
        lines.extend(wrapped.iter().map(|part| row(&format!("{indent}{part}"))));
    }
    lines.push(format!("╰{edge}╯"));
    lines
}

fn row(text: &str) -> String {
    let pad = INNER.saturating_sub(text.width());
    format!("│ {text}{} │", " ".repeat(pad))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_equally_wide() {
        let text =
            "First\n\n- [ ] a point that is so long that no phone shows it on one line\n  ok";
        let lines = frame("1:1 Bob / Elena", "Wed 25 Nov 16:00", text);
        assert!(lines.iter().all(|line| line.width() == INNER + 4), "{}", lines.join("\n"));
        assert!(lines.iter().any(|line| line.starts_with("│   ok")));
    }
}
