//! The report as Markdown, for wikis and chats.

use std::fmt::Write as _;

use crate::model::report::{PairReport, Report};
use crate::report::context::{CAVEAT, FIGURES};
use crate::report::numbers::counted;
use crate::report::text::{
    HELD, attention_lines, date, fact_lines, last_moment, percent, ratio, sentence,
};

/// The report as Markdown (GitHub's tables).
pub fn page(report: &Report) -> String {
    let mut out = String::new();
    let day = |at| date(at, &report.zone);
    let _ = writeln!(out, "# 1:1 consistency of {}\n", escape(&report.owner));
    let _ = writeln!(
        out,
        "{} to {}, as of {}. {}\n",
        day(report.window.from),
        day(last_moment(report)),
        day(report.as_of),
        sentence(&report.overall)
    );
    if !report.pairs.is_empty() {
        out.push_str(
            "| With | Held | At planned time | Pushed | Skipped | Excused | Median gap | Longest gap | In a row | n | Unknown |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
        );
    }
    for pair in &report.pairs {
        markdown_row(pair, &mut out);
    }
    let attention = attention_lines(report);
    if !attention.is_empty() {
        out.push_str("\n## Worth a look\n\n");
        list(&attention, &mut out);
    }
    out.push_str("\n## How and why\n\n");
    let mut facts = fact_lines(&report.overall);
    if let Some(spread) = report.spread {
        facts.push(format!(
            "Spread: {:.0} points between the highest and lowest held rate.",
            spread * 100.0
        ));
    }
    facts.push(HELD.to_owned());
    facts.extend(report.notes.iter().cloned());
    list(&facts, &mut out);
    out.push_str("\n## For comparison\n\n");
    let figures: Vec<String> =
        FIGURES.iter().map(|figure| format!("{} ({})", figure.text, figure.source)).collect();
    list(&figures, &mut out);
    let _ = writeln!(out, "\n{CAVEAT}");
    out
}

fn markdown_row(pair: &PairReport, out: &mut String) {
    let n = &pair.numbers;
    let _ = writeln!(
        out,
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
        escape(&pair.name),
        percent(n.held_rate),
        percent(n.on_beat_rate),
        n.pushed,
        n.skipped,
        n.excused,
        ratio(n.median_gap),
        ratio(n.worst_gap),
        n.streak,
        counted(n),
        n.unknown
    );
}

fn list(lines: &[String], out: &mut String) {
    for line in lines {
        let _ = writeln!(out, "- {}", escape(line));
    }
}

/// Text that Markdown would take for markup, made plain.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' => {
                out.push('\\');
                out.push(letter);
            }
            '\n' | '\r' => out.push(' '),
            _ => out.push(letter),
        }
    }
    out
}
