//! Measures from JSON: `{"name": 3.1, …}`, `{"name": {"value": 3.1, …}, …}`, or a
//! list of objects with `name` and `value`.

use serde_json::Value;

use crate::agenda::sources::number::{date, number};
use crate::agenda::sources::{Measure, Problem, direction, tidy};

/// Reads JSON.
pub(super) fn parse(text: &str) -> Result<Vec<Measure>, Problem> {
    let value: Value = serde_json::from_str(text)
        .map_err(|e| (Some(e.line()), format!("no JSON at column {}", e.column())))?;
    let measures: Result<Vec<Measure>, String> = match &value {
        Value::Object(map) => map.iter().map(|(name, value)| measure(Some(name), value)).collect(),
        Value::Array(list) => list.iter().map(|value| measure(None, value)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            Err("an object or a list is expected, like {\"Churn\": 3.1}".to_owned())
        }
    };
    measures.map_err(|problem| (None, problem))
}

fn measure(name: Option<&str>, value: &Value) -> Result<Measure, String> {
    let Value::Object(map) = value else {
        let Some(name) = name else {
            return Err("a list holds objects with `name` and `value`".to_owned());
        };
        let value = numeric(name, "value", value)?;
        let unit = value.as_ref().and_then(|(_, unit)| unit.clone());
        return Ok(tidy(Measure {
            name: name.to_owned(),
            value: value.map(|(value, _)| value),
            unit,
            ..Measure::default()
        }));
    };
    let text = |key: &str| map.get(key).and_then(Value::as_str).map(str::to_owned);
    let Some(name) = name.map(str::to_owned).or_else(|| text("name")) else {
        return Err("an object without `name`".to_owned());
    };
    let read = |key: &str| map.get(key).map_or(Ok(None), |value| numeric(&name, key, value));
    let value = read("value")?;
    let on = match text("date") {
        None => None,
        Some(text) => Some(date(&text).ok_or_else(|| {
            format!("`date` of \"{name}\" is written 2026-02-27, not \"{text}\"")
        })?),
    };
    Ok(tidy(Measure {
        unit: text("unit").or_else(|| value.as_ref().and_then(|(_, unit)| unit.clone())),
        value: value.map(|(value, _)| value),
        previous: read("previous")?.map(|(value, _)| value),
        target: read("target")?.map(|(value, _)| value),
        on,
        lower_is_better: text("better").map(|text| direction(&text)).transpose()?,
        note: text("note"),
        name,
    }))
}

fn numeric(name: &str, key: &str, value: &Value) -> Result<Option<(f64, Option<String>)>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Number(found) => Ok(found.as_f64().map(|value| (value, None))),
        Value::String(text) if number(text).is_some() => Ok(number(text)),
        Value::String(_) | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(format!("`{key}` of \"{name}\" is no number"))
        }
    }
}
