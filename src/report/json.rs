//! The stable machine form, described by `docs/report-schema.json`: every number,
//! every beat, every finding. Written straight to the sink, since an
//! organisation's decade does not fit into a tree of values.

use std::fmt::{Result, Write};

use serde_json::{Value, json};

use crate::model::ledger::{Beat, FindingKind};
use crate::model::report::{Numbers, PairReport, Report};
use crate::report::numbers::counted;
use crate::report::stamp::Stamp;
use crate::report::words;

/// Name and version of the format.
pub const SCHEMA: &str = "onbeat-report-1";

/// Writes the report as one JSON object, ending in a newline.
///
/// # Errors
/// What the sink gives.
pub fn write(report: &Report, out: &mut impl Write) -> Result {
    write!(
        out,
        "{{\n\"schema\": \"{SCHEMA}\",\n\"as_of\": \"{}\",\n\"from\": \"{}\",\n\"to\": \"{}\",\n",
        report.as_of, report.window.from, report.window.to
    )?;
    let zone = report.zone.iana_name().map_or(Value::Null, Value::from);
    write!(out, "\"owner\": {},\n\"timezone\": {zone},\n", Value::from(report.owner.as_str()))?;
    writeln!(out, "\"overall\": {},", numbers(&report.overall))?;
    writeln!(out, "\"spread\": {},", fraction(report.spread))?;
    list(out, "pairs", &report.pairs, |pair, out| write!(out, "{}", pair_value(pair)))?;
    list(out, "findings", &report.findings, |finding, out| {
        let kind = match finding.kind {
            FindingKind::Lapsed => "lapsed",
            FindingKind::Duplicated => "duplicated",
        };
        let pair = Value::from(finding.pair.as_str());
        write!(out, "{{\"pair\": {pair}, \"kind\": \"{kind}\", \"since\": \"{}\"}}", finding.since)
    })?;
    list(out, "notes", &report.notes, |note, out| write!(out, "{}", Value::from(note.as_str())))?;
    beats(report, out)?;
    out.write_str("}\n")
}

/// The report as a string; see [`write()`].
pub fn to_string(report: &Report) -> String {
    let mut out = String::new();
    match write(report, &mut out) {
        Ok(()) => out,
        Err(std::fmt::Error) => String::new(),
    }
}

fn list<T, W: Write>(
    out: &mut W,
    name: &str,
    items: &[T],
    item: impl Fn(&T, &mut W) -> Result,
) -> Result {
    write!(out, "\"{name}\": [")?;
    for (at, one) in items.iter().enumerate() {
        out.write_str(if at == 0 { "\n  " } else { ",\n  " })?;
        item(one, out)?;
    }
    out.write_str(if items.is_empty() { "],\n" } else { "\n],\n" })
}

fn fraction(value: Option<f64>) -> Value {
    // Four digits: enough for any rate, and the same on every machine.
    value.map_or(Value::Null, |value| json!((value * 10_000.0).round() / 10_000.0))
}

fn numbers(n: &Numbers) -> Value {
    let share = |pair: Option<(u32, u32)>| match pair {
        Some((some, of)) => json!({"n": some, "of": of}),
        None => Value::Null,
    };
    let causes: serde_json::Map<String, Value> =
        n.causes.iter().map(|(cause, n)| (cause.word().to_owned(), json!(n))).collect();
    let [zero, one, two, three] = n.evidence;
    json!({
        "expected": n.expected, "counted": counted(n), "held": n.held, "pushed": n.pushed,
        "pulled": n.pulled, "skipped": n.skipped, "excused": n.excused, "unknown": n.unknown,
        "upcoming": n.upcoming, "held_rate": fraction(n.held_rate),
        "on_beat_rate": fraction(n.on_beat_rate), "median_gap": fraction(n.median_gap),
        "worst_gap": fraction(n.worst_gap), "streak": n.streak, "drift_days": n.drift_days,
        "pushes": n.pushes, "late": n.late, "notice_known": n.notice_known,
        "shortened": n.shortened,
        "evidence": {"calendar": zero, "accepted": one, "touched": two, "confirmed": three},
        "by": {"owner": n.by.owner, "partner": n.by.partner, "onbeat": n.by.onbeat,
               "other": n.by.other, "unknown": n.by.unknown},
        "causes": causes, "agenda_prepared": share(n.prepared),
        "actions_closed": share(n.closed), "carried_days": n.carried_days,
    })
}

fn pair_value(pair: &PairReport) -> Value {
    let months: Vec<Value> = pair
        .months
        .iter()
        .map(|month| {
            json!({
                "month": format!("{:04}-{:02}", month.year, month.month),
                "held": month.held, "counted": month.counted,
            })
        })
        .collect();
    let flags: Vec<&str> = pair.flags.iter().map(|flag| words::flag_key(*flag)).collect();
    json!({
        "pair": pair.pair.as_str(), "name": pair.name, "numbers": numbers(&pair.numbers),
        "months": months, "flags": flags,
    })
}

fn beats(report: &Report, out: &mut impl Write) -> Result {
    out.write_str("\"beats\": [")?;
    let mut first = true;
    for pair in &report.pairs {
        let name = Value::from(pair.pair.as_str()).to_string();
        for one in &pair.beats {
            out.write_str(if first { "\n  " } else { ",\n  " })?;
            first = false;
            beat(&name, one, out)?;
        }
    }
    out.write_str(if first { "]\n" } else { "\n]\n" })
}

fn beat(pair: &str, beat: &Beat, out: &mut impl Write) -> Result {
    write!(out, "{{\"pair\": {pair}, \"planned_start\": \"{}\", ", Stamp(beat.planned))?;
    write!(out, "\"verdict\": \"{}\", \"actual_start\": ", beat.verdict.word())?;
    match beat.actual {
        Some(at) => write!(out, "\"{}\"", Stamp(at))?,
        None => out.write_str("null")?,
    }
    write!(out, ", \"planned_minutes\": {}, \"minutes\": ", beat.planned_minutes)?;
    match beat.actual {
        Some(_) => write!(out, "{}", beat.minutes)?,
        None => out.write_str("null")?,
    }
    match beat.cause {
        Some(cause) => write!(out, ", \"cause\": \"{}\"", cause.word())?,
        None => out.write_str(", \"cause\": null")?,
    }
    write!(out, ", \"excused\": {}, \"pushes\": {}", beat.excused, beat.pushes)?;
    match beat.notice_minutes {
        Some(minutes) => write!(out, ", \"notice_minutes\": {minutes}")?,
        None => out.write_str(", \"notice_minutes\": null")?,
    }
    match beat.by {
        Some(by) => write!(out, ", \"by\": \"{}\"", words::party_key(by))?,
        None => out.write_str(", \"by\": null")?,
    }
    write!(out, ", \"evidence\": {}, \"flags\": [", beat.evidence)?;
    for (at, flag) in words::beat_flags(beat).enumerate() {
        if at > 0 {
            out.write_str(", ")?;
        }
        write!(out, "\"{flag}\"")?;
    }
    out.write_str("]}")
}
