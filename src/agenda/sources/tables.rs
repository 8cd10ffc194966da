//! Goals from TOML: `[[goal]]` with `name`, `value`, `target` and so on; below a
//! goal, `[[goal.key_result]]` with the same keys.

use serde::Deserialize;

use crate::agenda::questions::line_at;
use crate::agenda::sources::number::date;
use crate::agenda::sources::{Measure, Problem, direction, tidy};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    goal: Vec<toml::Spanned<RawGoal>>,
    /// For all goals without a date of their own.
    date: Option<toml::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGoal {
    name: String,
    value: Option<f64>,
    previous: Option<f64>,
    target: Option<f64>,
    unit: Option<String>,
    date: Option<toml::Value>,
    better: Option<String>,
    note: Option<String>,
    #[serde(default)]
    key_result: Vec<toml::Spanned<RawGoal>>,
}

/// Reads a goals file.
pub(super) fn parse(text: &str) -> Result<Vec<Measure>, Problem> {
    let raw: RawFile = toml::from_str(text).map_err(|e| {
        let line = e.span().map(|span| line_at(text, span.start));
        (line, crate::agenda::clean::clean(e.message(), 200))
    })?;
    let all = match &raw.date {
        None => None,
        Some(value) => Some(date_value(value).map_err(|problem| (None, problem))?),
    };
    let mut out = Vec::new();
    for goal in &raw.goal {
        add(goal, None, text, &mut out)?;
    }
    for measure in &mut out {
        measure.on = measure.on.or(all);
    }
    if out.is_empty() {
        return Err((None, "no goal in it; write [[goal]] with name and value".to_owned()));
    }
    Ok(out)
}

fn add(
    raw: &toml::Spanned<RawGoal>,
    above: Option<&str>,
    text: &str,
    out: &mut Vec<Measure>,
) -> Result<(), Problem> {
    let line = Some(line_at(text, raw.span().start));
    let goal = raw.get_ref();
    if goal.name.trim().is_empty() {
        return Err((line, "a goal needs a name".to_owned()));
    }
    let name = match above {
        Some(above) => format!("{above} / {}", goal.name),
        None => goal.name.clone(),
    };
    let on = goal.date.as_ref().map(date_value).transpose().map_err(|problem| (line, problem))?;
    let better = goal.better.as_deref().map(direction).transpose().map_err(|p| (line, p))?;
    if goal.value.is_some() || goal.key_result.is_empty() {
        out.push(tidy(Measure {
            name,
            value: goal.value,
            previous: goal.previous,
            target: goal.target,
            unit: goal.unit.clone(),
            on,
            lower_is_better: better,
            note: goal.note.clone(),
        }));
    }
    for result in &goal.key_result {
        if above.is_some() {
            let line = Some(line_at(text, result.span().start));
            return Err((line, "a key result has no key results of its own".to_owned()));
        }
        add(result, Some(&goal.name), text, out)?;
    }
    Ok(())
}

fn date_value(value: &toml::Value) -> Result<jiff::civil::Date, String> {
    let text = match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Datetime(_)
        | toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_)
        | toml::Value::Array(_)
        | toml::Value::Table(_) => value.to_string(),
    };
    date(&text).ok_or_else(|| format!("a date is written 2026-02-27, not {text}"))
}
