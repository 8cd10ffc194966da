//! Reads goal files, metric files and metric commands for agendas. Every failure
//! becomes a sentence in the owner's private part and stops nothing else.

use jiff::Timestamp;

use crate::agenda::sources::Source;
use crate::model::pair::Pair;

/// Reads the sources of a pair.
pub trait SourceReader {
    /// Its goals, in configuration order.
    fn goals(&self, pair: &Pair, now: Timestamp) -> Vec<Source>;
    /// Its metrics, in configuration order.
    fn metrics(&self, pair: &Pair, now: Timestamp) -> Vec<Source>;
}

/// No sources: tests and verbs that make no agenda.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSources;

impl SourceReader for NoSources {
    fn goals(&self, _pair: &Pair, _now: Timestamp) -> Vec<Source> {
        Vec::new()
    }

    fn metrics(&self, _pair: &Pair, _now: Timestamp) -> Vec<Source> {
        Vec::new()
    }
}
