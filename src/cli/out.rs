//! Where results go. Writes to stdout with or without colour, cleans foreign
//! text, and says times in the reader's zone. Knows no verb and no engine.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, Unit};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::cli::failure::Failure;

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How a piece of text is meant; turned into colour only where that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A heading.
    Bold,
    /// Less important.
    Dim,
    /// As it should be.
    Good,
    /// Worth a look.
    Warn,
    /// Wrong.
    Bad,
}

/// The sink of a verb's result.
pub struct Out {
    sink: Box<dyn Write>,
    color: bool,
    /// Columns to lay out for.
    pub width: usize,
    /// The zone times are said in.
    pub zone: TimeZone,
    /// Whether the result is to be JSON.
    pub json: bool,
    /// Whether commentary is unwanted.
    pub quiet: bool,
}

/// What the environment says about the terminal.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terminal {
    /// NO_COLOR is set and not empty.
    pub no_color: bool,
    /// COLUMNS.
    pub columns: Option<usize>,
}

impl Out {
    /// Standard output.
    pub fn stdout(color: Color, terminal: Terminal, json: bool, quiet: bool) -> Self {
        let tty = io::stdout().is_terminal();
        let color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => tty && !terminal.no_color,
        };
        let width = terminal
            .columns
            .or_else(|| terminal_size::terminal_size().map(|(w, _)| usize::from(w.0)))
            .unwrap_or(80)
            .clamp(40, 200);
        Self {
            sink: Box::new(io::BufWriter::new(io::stdout())),
            color,
            width,
            zone: TimeZone::system(),
            json,
            quiet,
        }
    }

    /// Any sink, without colour, 80 columns: tests and files.
    pub fn plain(sink: Box<dyn Write>, zone: TimeZone) -> Self {
        Self { sink, color: false, width: 80, zone, json: false, quiet: false }
    }

    /// Whether colours are on.
    pub fn colored(&self) -> bool {
        self.color
    }

    /// One line of result.
    ///
    /// # Errors
    /// When stdout cannot be written; a closed pipe ends the program quietly.
    pub fn line(&mut self, text: impl AsRef<str>) -> Result<(), Failure> {
        writeln!(self.sink, "{}", text.as_ref())?;
        Ok(())
    }

    /// Text as it is, bytes included.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn raw(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.sink.write_all(bytes)?;
        Ok(())
    }

    /// The sink itself, for plumbing that writes its own form.
    pub fn writer(&mut self) -> &mut dyn Write {
        &mut *self.sink
    }

    /// A machine-readable result, pretty-printed.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn json(&mut self, value: &serde_json::Value) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Failure::internal("the result has no JSON form").because(error))?;
        self.line(text)
    }

    /// Hands everything to the operating system.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.sink.flush()?;
        Ok(())
    }

    /// The text in a style, where colour is on.
    pub fn paint(&self, style: Style, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.to_owned();
        }
        let code = match style {
            Style::Bold => "1",
            Style::Dim => "2",
            Style::Good => "32",
            Style::Warn => "33",
            Style::Bad => "31",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// `Tue 1 Dec 10:00`, with the year when it is not the year of `now`.
    pub fn when(&self, at: Timestamp, now: Timestamp) -> String {
        when(at, now, &self.zone)
    }

    /// `in 3 days`, `2 hours ago`.
    pub fn distance(&self, at: Timestamp, now: Timestamp) -> String {
        distance(at, now, &self.zone)
    }

    /// The reader's zone by name, for a line that says it.
    pub fn zone_name(&self) -> String {
        self.zone.iana_name().unwrap_or("local time").to_owned()
    }
}

/// See [`Out::when`].
pub fn when(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let local = zone.to_datetime(at);
    let form = if local.year() == zone.to_datetime(now).year() {
        "%a %-d %b %H:%M"
    } else {
        "%a %-d %b %Y %H:%M"
    };
    local.strftime(form).to_string()
}

fn distance(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let days = zone
        .to_datetime(now)
        .date()
        .until((Unit::Day, zone.to_datetime(at).date()))
        .map_or(0, |span| i64::from(span.get_days()));
    let minutes = now.duration_until(at).as_mins();
    match (days, minutes) {
        (0, m) if m.abs() < 60 => phrase(m, "minute"),
        (0, m) => phrase(m / 60, "hour"),
        (d, _) if d.abs() < 21 => phrase(d, "day"),
        (d, _) if d.abs() < 70 => phrase(d / 7, "week"),
        (d, _) => phrase(d / 30, "month"),
    }
}

fn phrase(amount: i64, unit: &str) -> String {
    let plural = if amount.abs() == 1 { "" } else { "s" };
    match amount {
        0 => "now".to_owned(),
        n if n > 0 => format!("in {n} {unit}{plural}"),
        n => format!("{} {unit}{plural} ago", n.unsigned_abs()),
    }
}

/// Foreign text on one line: line breaks become spaces, other control
/// characters and direction overrides vanish, so that a title or a name can
/// neither drive the terminal nor hide what stands beside it.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(harmless) {
        return Cow::Borrowed(text);
    }
    let spaced = text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c });
    Cow::Owned(spaced.filter(|c| harmless(*c)).collect())
}

/// Foreign text over several lines: as [`clean`], line feeds kept, tabs as spaces.
pub fn clean_keep_layout(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| c == '\n' || harmless(c)) {
        return Cow::Borrowed(text);
    }
    let spaced = text.chars().map(|c| if c == '\t' { ' ' } else { c });
    Cow::Owned(spaced.filter(|c| *c == '\n' || harmless(*c)).collect())
}

fn harmless(c: char) -> bool {
    let overrides_direction = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !c.is_control() && !overrides_direction && !matches!(c, '\u{2028}' | '\u{2029}')
}

/// Pads or cuts (with `…`) to exactly this many columns.
pub fn fit(text: &str, columns: usize) -> String {
    let width = text.width();
    if width <= columns {
        return format!("{text}{}", " ".repeat(columns - width));
    }
    let mut cut = String::new();
    let mut used = 0;
    for c in text.chars() {
        let w = c.width().unwrap_or(0);
        if used + w + 1 > columns {
            break;
        }
        cut.push(c);
        used += w;
    }
    format!("{cut}…{}", " ".repeat(columns.saturating_sub(used + 1)))
}

/// Breaks text into lines of at most this many columns, at spaces; a word that
/// is longer stands alone on its line.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.width() + 1 + word.width() > columns {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

/// `1 step`, `2 steps`.
pub fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// The instant so many days before, for windows that look back.
pub fn days_before(now: Timestamp, days: i64) -> Timestamp {
    now.checked_sub((days * 24).hours()).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_overrides_vanish() {
        assert_eq!(clean("1:1\u{1b}]0;x\u{7} Bob\r\nEve\u{202e}"), "1:1]0;x Bob  Eve");
        assert_eq!(clean("🧑‍💻 Zoë"), "🧑‍💻 Zoë");
        assert_eq!(clean_keep_layout("a\n\u{9b}31mb"), "a\n31mb");
    }

    #[test]
    fn cells_have_exact_width() {
        assert_eq!(fit("Bob", 5), "Bob  ");
        assert_eq!(fit("Bartholomew", 5), "Bart…");
        assert_eq!(fit("日本語", 4).width(), 4);
    }

    #[test]
    fn times_in_words() {
        let now: Timestamp = "2026-11-25T08:00:00Z".parse().unwrap();
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(when("2026-12-01T09:00:00Z".parse().unwrap(), now, &zone), "Tue 1 Dec 10:00");
        assert_eq!(
            when("2027-01-05T09:00:00Z".parse().unwrap(), now, &zone),
            "Tue 5 Jan 2027 10:00"
        );
        assert_eq!(distance("2026-12-01T09:00:00Z".parse().unwrap(), now, &zone), "in 6 days");
        assert_eq!(distance("2026-11-25T07:00:00Z".parse().unwrap(), now, &zone), "1 hour ago");
    }

    #[test]
    fn wrapping_keeps_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
    }
}
