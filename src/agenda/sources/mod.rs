//! Goals and metrics from bytes the shell has read: TOML, CSV, JSON, Markdown
//! checklists. Every error says where and what to do; nothing here reads a file.

mod csv;
mod json;
mod markdown;
mod number;
mod tables;

use jiff::civil::Date;
use thiserror::Error;

/// Largest source, in bytes.
pub const SOURCE_BYTES: usize = 1024 * 1024;

/// Most goals or metrics of one source.
pub const MEASURES: usize = 100;

/// Longest name, unit and note, in characters.
const NAME_CHARS: usize = 80;
const UNIT_CHARS: usize = 16;
const NOTE_CHARS: usize = 160;

/// One configured source, read or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The file's or command's name, for messages.
    pub name: String,
    /// What it held; or why it could not be read, as a sentence with the remedy
    /// (a [`SourceError`] as text, or what the shell met: timed out, not found).
    pub outcome: Result<Vec<Measure>, String>,
    /// Date of the file's last change or of the command's run, for values that
    /// carry no date of their own.
    pub as_of: Option<Date>,
}

/// A goal or a metric.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measure {
    /// What is measured.
    pub name: String,
    /// The latest value.
    pub value: Option<f64>,
    /// The value before, when the source holds one.
    pub previous: Option<f64>,
    /// Where it should go.
    pub target: Option<f64>,
    /// Unit, written after the value; "done" makes it "3 of 5 done".
    pub unit: Option<String>,
    /// Date of the latest value.
    pub on: Option<Date>,
    /// Whether lower is better, where the source says so.
    pub lower_is_better: Option<bool>,
    /// Why it moved, or where it stands, in a few words.
    pub note: Option<String>,
}

/// Why a source cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}{}: {problem}", line.map(|line| format!(", line {line}")).unwrap_or_default())]
pub struct SourceError {
    /// The file's or command's name.
    pub file: String,
    /// The line, counted from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong and what to do.
    pub problem: String,
}

/// What a parser of one format meets: a line and a problem.
type Problem = (Option<usize>, String);

/// Reads a source. The format follows the file's ending (`.toml`, `.csv`, `.tsv`,
/// `.json`, `.md`, `.markdown`); without a known one it is told from the content,
/// as for a command's output.
///
/// # Errors
/// When the content is too large, no UTF-8, or not of its format.
pub fn parse(file: &str, bytes: &[u8]) -> Result<Vec<Measure>, SourceError> {
    let error = |(line, problem): Problem| SourceError { file: file.to_owned(), line, problem };
    if bytes.len() > SOURCE_BYTES {
        let problem =
            format!("larger than {} KiB; give only the latest values", SOURCE_BYTES / 1024);
        return Err(error((None, problem)));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let valid = bytes.get(..e.valid_up_to()).unwrap_or_default();
        let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
        error((Some(line), "not UTF-8 text; save or print it as UTF-8".to_owned()))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(error((None, "empty; nothing was given".to_owned())));
    }
    let ending = file.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let measures = match ending.as_deref() {
        Some("toml") => tables::parse(text),
        Some("csv" | "tsv") => csv::parse(text),
        Some("json") => json::parse(text),
        Some("md" | "markdown") => markdown::parse(text),
        Some(_) | None => by_content(text),
    };
    let measures = measures.map_err(error)?;
    if measures.len() > MEASURES {
        let problem = format!("{} values; at most {MEASURES} are read", measures.len());
        return Err(error((None, problem)));
    }
    Ok(measures)
}

fn by_content(text: &str) -> Result<Vec<Measure>, Problem> {
    let start = text.trim_start();
    let first = start.lines().next().unwrap_or_default();
    if start.starts_with("[[") || (start.starts_with('[') && first.trim_end().ends_with(']')) {
        // A TOML table head; a JSON array in one line is told apart by trying.
        json::parse(text).or_else(|problem| match first.starts_with("[[") {
            true => tables::parse(text),
            false => Err(problem),
        })
    } else if start.starts_with(['{', '[']) {
        json::parse(text)
    } else if text.lines().any(markdown::is_task) {
        markdown::parse(text)
    } else {
        csv::parse(text)
    }
}

/// Makes the texts of a measure fit for a line.
fn tidy(mut measure: Measure) -> Measure {
    use crate::agenda::clean::clean;
    measure.name = clean(&measure.name, NAME_CHARS);
    measure.unit = measure.unit.map(|unit| clean(&unit, UNIT_CHARS)).filter(|u| !u.is_empty());
    measure.note = measure.note.map(|note| clean(&note, NOTE_CHARS)).filter(|n| !n.is_empty());
    for value in [&mut measure.value, &mut measure.previous, &mut measure.target] {
        *value = value.filter(|number| number.is_finite());
    }
    measure
}

/// "up" or "down" as whether lower is better.
fn direction(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "down" | "lower" => Ok(true),
        "up" | "higher" => Ok(false),
        other => Err(format!("`better` is \"up\" or \"down\", not \"{other}\"")),
    }
}

#[cfg(test)]
#[path = "sources_tests.rs"]
mod tests;
