//! The terminal form: at most 80 columns, readable without colour.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::model::ledger::{Beat, FindingKind, Verdict};
use crate::model::observation::FlagKind;
use crate::model::report::{Numbers, Report};
use crate::report::context::FIGURES;
use crate::report::numbers::counted;
use crate::report::words::{cause_text, flag_text, verdict_mark};

const WIDTH: usize = 80;
const NAME: usize = 20;
const SPARK: usize = 26;
/// Explains the marks once, below the table.
const LEGEND: &str = "█ held  ▅ pushed  ▆ pulled  · skipped  o excused  ? unknown";
/// What "held" can mean when only a calendar was read.
pub(crate) const HELD: &str = "Held: still on the calendar at its end and called off by nobody.";

/// The report for a terminal. `colour` adds ANSI colours; nothing depends on them.
pub fn terminal(report: &Report, colour: bool) -> String {
    let mut out = String::new();
    heading(report, &mut out);
    table(report, colour, &mut out);
    attention(report, &mut out);
    facts(report, &mut out);
    for line in report.notes.iter().map(String::as_str).chain([HELD]) {
        out.push_str(&wrapped(line, "", WIDTH));
    }
    out.push('\n');
    out.push_str("For comparison:\n");
    for figure in FIGURES.iter().take(3) {
        let line = format!("{} ({})", figure.text, figure.source);
        out.push_str(&wrapped(&line, "  ", WIDTH));
    }
    out
}

fn heading(report: &Report, out: &mut String) {
    let day = |at| date(at, &report.zone);
    let line = format!(
        "1:1 consistency of {}, {} to {}",
        report.owner,
        day(report.window.from),
        day(last_moment(report))
    );
    let _ = writeln!(out, "{line}\n{}", "─".repeat(line.width().min(WIDTH)));
    let _ = writeln!(out, "{}\n", sentence(&report.overall));
}

/// The window's end is outside of it: the last day inside is meant.
pub(crate) fn last_moment(report: &Report) -> Timestamp {
    let last = report.window.to.min(report.as_of);
    last.checked_sub(jiff::SignedDuration::from_secs(1)).unwrap_or(last)
}

pub(crate) fn date(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at).date().to_string()
}

pub(crate) fn percent(rate: Option<f64>) -> String {
    rate.map_or_else(|| "–".to_owned(), |rate| format!("{:.0} %", rate * 100.0))
}

pub(crate) fn ratio(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.1}"))
}

/// The headline in one sentence, always with n and the unknown.
pub(crate) fn sentence(n: &Numbers) -> String {
    let counted = counted(n);
    if counted == 0 {
        return format!("Nothing to count yet ({} expected, {} unknown).", n.expected, n.unknown);
    }
    format!(
        "Held {} of {counted} ({} at the planned time); {} excused, {} unknown.",
        percent(n.held_rate),
        percent(n.on_beat_rate),
        n.excused,
        n.unknown
    )
}

fn table(report: &Report, colour: bool, out: &mut String) {
    if report.pairs.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "{} {:>5} {:>5} {:>4} {:>4} {:>3} {:>3}  latest {SPARK} beats",
        fit("", NAME),
        "held",
        "on",
        "gap",
        "n",
        "?",
        "run"
    );
    for pair in &report.pairs {
        let n = &pair.numbers;
        let _ = writeln!(
            out,
            "{} {:>5} {:>5} {:>4} {:>4} {:>3} {:>3}  {}",
            fit(&pair.name, NAME),
            percent(n.held_rate),
            percent(n.on_beat_rate),
            ratio(n.median_gap),
            counted(n),
            n.unknown,
            n.streak,
            spark(&pair.beats, colour)
        );
    }
    let _ = writeln!(out, "\n{LEGEND}");
    let _ = writeln!(
        out,
        "on: held at the planned time; gap: median days between meetings / cadence;\nrun: held in a row up to now"
    );
    if let Some(spread) = report.spread {
        let _ = writeln!(
            out,
            "Spread: {:.0} points between the highest and lowest held rate.",
            spread * 100.0
        );
    }
    out.push('\n');
}

/// The latest beats, oldest first, one character each.
fn spark(beats: &[Beat], colour: bool) -> String {
    let due: Vec<Verdict> = beats
        .iter()
        .rev()
        .map(|beat| beat.verdict)
        .filter(|verdict| !matches!(verdict, Verdict::Upcoming | Verdict::Ended))
        .take(SPARK)
        .collect();
    let mut out = String::new();
    for verdict in due.into_iter().rev() {
        let mark = verdict_mark(verdict);
        match ansi(verdict).filter(|_| colour) {
            Some(code) => {
                let _ = write!(out, "\u{1b}[{code}m{mark}\u{1b}[0m");
            }
            None => out.push(mark),
        }
    }
    out
}

fn ansi(verdict: Verdict) -> Option<u8> {
    match verdict {
        Verdict::Held => Some(32),
        Verdict::Pushed | Verdict::Pulled => Some(33),
        Verdict::Skipped => Some(31),
        Verdict::Excused | Verdict::Unknown => Some(90),
        Verdict::Upcoming | Verdict::Ended => None,
    }
}

/// What is worth a look: flags and findings, pair by pair.
fn attention(report: &Report, out: &mut String) {
    let lines = attention_lines(report);
    if lines.is_empty() {
        return;
    }
    out.push_str("Worth a look:\n");
    for line in lines {
        out.push_str(&wrapped(&line, "  ", WIDTH));
    }
    out.push('\n');
}

pub(crate) fn attention_lines(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    for pair in &report.pairs {
        for finding in report.findings.iter().filter(|one| one.pair == pair.pair) {
            let since = date(finding.since, &report.zone);
            lines.push(match finding.kind {
                FindingKind::Lapsed => {
                    format!("{}: the series ended, nothing since {since}", pair.name)
                }
                FindingKind::Duplicated => {
                    format!("{}: one event lies in two places; it is only read", pair.name)
                }
            });
        }
        let flags: Vec<&str> = pair
            .flags
            .iter()
            .filter(|flag| is_news(**flag, report))
            .map(|flag| flag_text(*flag))
            .collect();
        if !flags.is_empty() {
            lines.push(format!("{}: {}", pair.name, flags.join("; ")));
        }
    }
    lines
}

/// A lapsed series is a finding with its date already; that nothing is confirmed
/// is no news where nobody ever confirms.
fn is_news(flag: FlagKind, report: &Report) -> bool {
    let [_, _, touched, confirmed] = report.overall.evidence;
    match flag {
        FlagKind::Lapsed => false,
        FlagKind::NeverConfirmed => touched + confirmed > 0,
        FlagKind::PushedTwice | FlagKind::Overdue | FlagKind::OneWay | FlagKind::Falling => true,
    }
}

fn facts(report: &Report, out: &mut String) {
    for line in fact_lines(&report.overall) {
        out.push_str(&wrapped(&line, "", WIDTH));
    }
    out.push('\n');
}

/// The numbers beside the headline, one sentence each.
pub(crate) fn fact_lines(n: &Numbers) -> Vec<String> {
    let mut lines = Vec::new();
    if n.held + n.pushed + n.pulled > 0 {
        let [calendar, accepted, touched, confirmed] = n.evidence;
        lines.push(format!(
            "Of the held: {calendar} on the calendar, not confirmed; {accepted} accepted by both; {touched} with the agenda used; {confirmed} confirmed by a person."
        ));
    }
    if n.pushes > 0 {
        lines.push(format!(
            "Pushes: {}, {} days later in all. Changes with less than a day's notice: {} (notice known for {}).",
            n.pushes, n.drift_days, n.late, n.notice_known
        ));
    }
    let by = n.by;
    let known = by.owner + by.partner + by.onbeat + by.other;
    if known > 0 {
        lines.push(format!(
            "Moved or taken off by: you {}, the partner {}, onbeat {}, others {}, not known {}.",
            by.owner, by.partner, by.onbeat, by.other, by.unknown
        ));
    }
    if !n.causes.is_empty() {
        let causes: Vec<String> =
            n.causes.iter().map(|(cause, n)| format!("{} {n}", cause_text(*cause))).collect();
        lines.push(format!("Not held because: {}.", causes.join(", ")));
    }
    if n.shortened > 0 {
        lines.push(format!("Shorter than planned: {}.", n.shortened));
    }
    if let Some(worst) = n.worst_gap {
        lines.push(format!(
            "Between meetings: median {} cadences, longest {worst:.1}.",
            ratio(n.median_gap)
        ));
    }
    if let Some((some, of)) = n.prepared {
        lines.push(format!(
            "Agendas with something from a person before the start: {some} of {of}."
        ));
    }
    if let Some((some, of)) = n.closed {
        lines.push(format!("Actions closed within two meetings: {some} of {of}."));
    }
    if let Some(days) = n.carried_days {
        lines.push(format!("Median age of items carried over: {days} days."));
    }
    lines
}

/// Cut or padded to a width in terminal columns.
fn fit(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    let too_long = text.width() > width;
    for letter in text.chars().filter(|letter| !letter.is_control()) {
        let wide = letter.width().unwrap_or(0);
        if used + wide > width - usize::from(too_long) {
            break;
        }
        out.push(letter);
        used += wide;
    }
    if too_long {
        out.push('…');
        used += 1;
    }
    out.extend(std::iter::repeat_n(' ', width.saturating_sub(used)));
    out
}

/// Words in lines of at most `width` columns, the further ones indented deeper.
fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let mut out = String::new();
    let mut line = indent.to_owned();
    let mut fresh = true;
    for word in text.split_whitespace() {
        if !fresh && line.width() + 1 + word.width() > width {
            out.push_str(&line);
            out.push('\n');
            line = format!("{indent}  ");
            fresh = true;
        }
        if !fresh {
            line.push(' ');
        }
        line.push_str(word);
        fresh = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}
