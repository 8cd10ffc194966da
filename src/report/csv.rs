//! One line per beat, for spreadsheets (RFC 4180). Cells that a spreadsheet would
//! run as a formula are made text.

use std::fmt::{Result, Write};

use crate::model::ledger::Beat;
use crate::model::report::Report;
use crate::report::stamp::Stamp;
use crate::report::words;

/// The first line.
pub const HEADER: &str = "pair,name,planned_start,verdict,actual_start,planned_minutes,minutes,cause,excused,pushes,notice_minutes,by,evidence,flags";

/// Writes every beat of the report, lines ending in CRLF.
///
/// # Errors
/// What the sink gives.
pub fn write(report: &Report, out: &mut impl Write) -> Result {
    write!(out, "{HEADER}\r\n")?;
    for pair in &report.pairs {
        let who = format!("{},{}", cell(pair.pair.as_str()), cell(&pair.name));
        for beat in &pair.beats {
            line(&who, beat, out)?;
        }
    }
    Ok(())
}

/// The report as a string; see [`write()`].
pub fn to_string(report: &Report) -> String {
    let mut out = String::new();
    match write(report, &mut out) {
        Ok(()) => out,
        Err(std::fmt::Error) => String::new(),
    }
}

fn line(who: &str, beat: &Beat, out: &mut impl Write) -> Result {
    write!(out, "{who},{},{},", Stamp(beat.planned), beat.verdict.word())?;
    if let Some(at) = beat.actual {
        write!(out, "{}", Stamp(at))?;
    }
    write!(out, ",{},", beat.planned_minutes)?;
    if beat.actual.is_some() {
        write!(out, "{}", beat.minutes)?;
    }
    let cause = beat.cause.map_or("", |cause| cause.word());
    write!(out, ",{cause},{},{},", beat.excused, beat.pushes)?;
    if let Some(minutes) = beat.notice_minutes {
        write!(out, "{minutes}")?;
    }
    write!(out, ",{},{},", beat.by.map_or("", words::party_key), beat.evidence)?;
    for (at, flag) in words::beat_flags(beat).enumerate() {
        if at > 0 {
            out.write_char(' ')?;
        }
        out.write_str(flag)?;
    }
    out.write_str("\r\n")
}

/// Quotes a cell where needed, and disarms what a spreadsheet would compute.
fn cell(text: &str) -> String {
    let armed = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if armed { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}
