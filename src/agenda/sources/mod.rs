//! Goals and metrics from bytes the shell has read: TOML, CSV, JSON, Markdown.

use jiff::civil::Date;

/// One configured source, read or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The file's or command's name, for messages.
    pub name: String,
    /// What it held; or why it could not be read, as a sentence with the remedy.
    pub outcome: Result<Vec<Measure>, String>,
    /// Date of the file's last change or of the command's run, for values that
    /// carry no date of their own.
    pub as_of: Option<Date>,
}

/// A goal or a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// What is measured.
    pub name: String,
    /// The latest value.
    pub value: Option<f64>,
    /// The value before, when the source holds one.
    pub previous: Option<f64>,
    /// Where it should go.
    pub target: Option<f64>,
    /// Unit, written after the value.
    pub unit: Option<String>,
    /// Date of the latest value.
    pub on: Option<Date>,
    /// Whether lower is better.
    pub lower_is_better: bool,
    /// Why it moved, or what it stands at, in a few words.
    pub note: Option<String>,
}
