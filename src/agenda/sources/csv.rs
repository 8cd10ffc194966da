//! Measures from CSV: a head line with `name` and `value`, and any of `previous`,
//! `target`, `unit`, `date`, `better`, `note`. Several rows of one name are its
//! history: the latest is the value, the one before it the previous value.

use std::collections::BTreeMap;

use crate::agenda::sources::number::{date, number};
use crate::agenda::sources::{Measure, Problem, direction, tidy};

/// Most rows read.
const ROWS: usize = 20_000;

const COLUMNS: [&str; 8] =
    ["name", "value", "previous", "target", "unit", "date", "better", "note"];

/// Reads CSV separated by comma, semicolon or tab, whichever the head line uses.
pub(super) fn parse(text: &str) -> Result<Vec<Measure>, Problem> {
    let head = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let delimiter = [b';', b'\t', b',']
        .into_iter()
        .max_by_key(|sign| head.bytes().filter(|byte| byte == sign).count())
        .unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let columns = columns(&mut reader)?;
    let mut rows: Vec<Measure> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| {
            (e.position().map(line_of), "a row that cannot be read; check its quotes".to_owned())
        })?;
        let line = record.position().map(line_of);
        if rows.len() >= ROWS {
            return Err((line, format!("more than {ROWS} rows; give only the latest ones")));
        }
        rows.extend(row(&record, &columns).map_err(|problem| (line, problem))?);
    }
    if rows.is_empty() {
        return Err((None, "a head line without rows".to_owned()));
    }
    Ok(latest(rows))
}

fn line_of(position: &csv::Position) -> usize {
    usize::try_from(position.line()).unwrap_or(0)
}

fn columns(reader: &mut csv::Reader<&[u8]>) -> Result<BTreeMap<&'static str, usize>, Problem> {
    let head = reader
        .headers()
        .map_err(|_| (Some(1), "the head line cannot be read; check its quotes".to_owned()))?;
    let mut out = BTreeMap::new();
    for (at, name) in head.iter().enumerate() {
        let name = name.to_ascii_lowercase();
        if let Some(known) = COLUMNS.iter().find(|known| **known == name) {
            out.insert(*known, at);
        }
    }
    for needed in ["name", "value"] {
        if !out.contains_key(needed) {
            let problem = format!(
                "the head line has no column `{needed}`; the columns are {}",
                COLUMNS.join(", ")
            );
            return Err((Some(1), problem));
        }
    }
    Ok(out)
}

fn row(
    record: &csv::StringRecord,
    columns: &BTreeMap<&'static str, usize>,
) -> Result<Option<Measure>, String> {
    let cell = |name: &str| {
        columns.get(name).and_then(|at| record.get(*at)).filter(|cell| !cell.is_empty())
    };
    let Some(name) = cell("name") else { return Ok(None) };
    let read = |column: &str| match cell(column) {
        None => Ok(None),
        Some(text) => number(text)
            .map(Some)
            .ok_or_else(|| format!("`{column}` of \"{name}\" is no number: \"{text}\"")),
    };
    let value = read("value")?;
    let unit = cell("unit").map(str::to_owned);
    let on = match cell("date") {
        None => None,
        Some(text) => Some(date(text).ok_or_else(|| {
            format!("`date` of \"{name}\" is written 2026-02-27, not \"{text}\"")
        })?),
    };
    Ok(Some(tidy(Measure {
        name: name.to_owned(),
        unit: unit.or_else(|| value.as_ref().and_then(|(_, unit)| unit.clone())),
        value: value.map(|(value, _)| value),
        previous: read("previous")?.map(|(value, _)| value),
        target: read("target")?.map(|(value, _)| value),
        on,
        lower_is_better: cell("better").map(direction).transpose()?,
        note: cell("note").map(str::to_owned),
    })))
}

/// One measure a name, in the order of first appearance.
fn latest(rows: Vec<Measure>) -> Vec<Measure> {
    let mut out: Vec<Measure> = Vec::new();
    let mut place: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows {
        let Some(known) = place.get(&row.name).and_then(|at| out.get_mut(*at)) else {
            place.insert(row.name.clone(), out.len());
            out.push(row);
            continue;
        };
        // Rows without dates are in the order of time.
        if row.on < known.on {
            if known.previous.is_none() {
                known.previous = row.value;
            }
            continue;
        }
        let before = std::mem::replace(known, row);
        known.previous = known.previous.or(before.value);
        known.target = known.target.or(before.target);
        known.lower_is_better = known.lower_is_better.or(before.lower_is_better);
        if known.unit.is_none() {
            known.unit = before.unit;
        }
    }
    out
}
