//! A solution in the words of `onbeat-plan/1`, its explanation and its check.

use serde_json::{Value, json};

use super::SolveError;
use super::instance::Read;
use crate::schedule::{
    self, Base, Cause, Certificate, Claim, Compiled, Proof, Repairs, Solution, Standing,
};

/// Everything known when a search is over.
pub(super) struct Output<'a> {
    pub(super) name: &'a str,
    pub(super) read: &'a Read,
    pub(super) compiled: &'a Compiled,
    pub(super) solution: &'a Solution,
}

/// A share as a percentage; `0 %` of nothing.
pub(super) fn percent(part: i64, whole: i64) -> String {
    format!("{:.2} %", if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 })
}

impl Output<'_> {
    /// The result as one line of JSON.
    pub(super) fn json(&self, certificate: bool, explanation: Option<Value>) -> String {
        let solution = self.solution;
        let proof = match solution.proof {
            Proof::Optimal => "optimal",
            Proof::Bounded => "bounded",
        };
        let base: Vec<Value> = (0..solution.base.len()).map(|i| self.base(i)).collect();
        let mut value = json!({
            "instance": self.name,
            "base": base,
            "occ": self.rows(),
            "cost": solution.cost,
            "bound": solution.bound,
            "certified": solution.certified,
            "proof": proof,
        });
        if let Some(object) = value.as_object_mut() {
            if certificate {
                let prices = self.certificate();
                object.insert(
                    "certificate".to_owned(),
                    json!({"scale": prices.scale, "starts": prices.starts, "weeks": prices.weeks}),
                );
            }
            if let Some(explanation) = explanation {
                object.insert("explain".to_owned(), explanation);
            }
        }
        value.to_string()
    }

    /// `[phase, day, tod]` of a series.
    fn base(&self, series: usize) -> Value {
        let base = self.solution.base.get(series).copied();
        base.map_or(Value::Null, |base| self.slot_name(series, base))
    }

    fn slot_name(&self, series: usize, base: Base) -> Value {
        let label = self.read.labels.get(series).and_then(|l| l.get(base.track)).copied();
        let (phase, day) = label.unwrap_or_default();
        json!([phase, day, self.minute(series, base)])
    }

    fn minute(&self, series: usize, base: Base) -> i64 {
        let first = self.compiled.first_minute.get(series).copied().unwrap_or(0);
        first + schedule::SLOT * base.column as i64
    }

    /// Slots of every occurrence, history included.
    fn rows(&self) -> Vec<Vec<Option<u32>>> {
        let mut rows = Vec::with_capacity(self.solution.occurrences.len());
        for (index, open) in self.solution.occurrences.iter().enumerate() {
            let fixed = self.compiled.fixed.get(index).map(Vec::as_slice).unwrap_or_default();
            let numbers = self.compiled.open.get(index).map(Vec::as_slice).unwrap_or_default();
            let mut row = vec![None; open.len() + fixed.len()];
            let held = fixed.iter().map(|(k, slot)| (*k, Some(*slot)));
            for (k, slot) in numbers.iter().copied().zip(open.iter().copied()).chain(held) {
                if let Some(place) = row.get_mut(k) {
                    *place = slot;
                }
            }
            rows.push(row);
        }
        rows
    }

    fn certificate(&self) -> Certificate {
        schedule::certificate(&self.compiled.problem, &self.solution.certificate)
    }

    /// Recomputes cost and bound from the calendars.
    pub(super) fn check(&self) -> Result<(), SolveError> {
        let base =
            self.solution.base.iter().enumerate().map(|(i, b)| (b.track, self.minute(i, *b)));
        let slots =
            self.rows().iter().map(|row| row.iter().map(|s| s.map(i64::from)).collect()).collect();
        let claim = Claim { base: base.collect(), slots };
        let judge = schedule::Judge::new(&self.read.spec).map_err(SolveError::Zone)?;
        let verdict = judge.judge(&claim, &self.certificate());
        let solution = self.solution;
        if let Some(first) = verdict.violations.first() {
            return Err(SolveError::Check(format!(
                "{} violations, first: {first}",
                verdict.violations.len()
            )));
        }
        if verdict.cost != solution.cost {
            return Err(SolveError::Check(format!(
                "cost {} was claimed, is {}",
                solution.cost, verdict.cost
            )));
        }
        if verdict.bound < solution.certified {
            let (claimed, proved) = (solution.certified, verdict.bound);
            return Err(SolveError::Check(format!(
                "prices prove {proved}, not the claimed {claimed}"
            )));
        }
        let bound = verdict.bound.min(verdict.cost);
        eprintln!(
            "{}: checked: cost {}, 0 violations, prices alone prove {bound} ({} below)",
            self.name,
            verdict.cost,
            percent(verdict.cost - bound, verdict.cost)
        );
        Ok(())
    }

    /// Why one series is where it is.
    pub(super) fn explain(&self, series: usize) -> Result<Value, SolveError> {
        let Some(found) = schedule::explain(&self.read.spec, self.compiled, self.solution, series)?
        else {
            return Ok(Value::Null);
        };
        let terms: serde_json::Map<String, Value> = found
            .terms
            .named()
            .iter()
            .map(|(name, points)| ((*name).to_owned(), json!(points)))
            .collect();
        let alternatives: Vec<Value> = found
            .alternatives
            .iter()
            .map(|a| {
                json!({"base": self.slot_name(series, a.base), "difference": a.difference,
                       "missed": a.missed, "moved": a.moved})
            })
            .collect();
        let mut missed = Vec::new();
        for occurrence in &found.missed {
            missed.push(self.missed(series, *occurrence)?);
        }
        Ok(json!({
            "series": series,
            "base": self.slot_name(series, found.base),
            "total": found.total,
            "terms": terms,
            "alternatives": alternatives,
            "missed": missed,
        }))
    }

    /// What blocks an occurrence that is not held: slots per cause.
    fn missed(&self, series: usize, occurrence: usize) -> Result<Value, SolveError> {
        let standing =
            Standing { base: self.solution.base.clone(), slots: self.solution.occurrences.clone() };
        let number = self.compiled.open.get(series).and_then(|o| o.get(occurrence)).copied();
        let Ok(mut repairs) = Repairs::new(&self.compiled.problem, &standing) else {
            return Ok(Value::Null);
        };
        let blocked =
            schedule::blockers(&self.read.spec, self.compiled, &mut repairs, series, occurrence)?;
        let mut causes: std::collections::BTreeMap<Cause, usize> =
            std::collections::BTreeMap::new();
        for cause in blocked.iter().filter_map(|b| b.cause) {
            *causes.entry(cause).or_default() += 1;
        }
        let mut causes: Vec<Value> =
            causes.iter().map(|(cause, slots)| describe(*cause, *slots)).collect();
        if blocked.is_empty() {
            // A window always has room on an ordinary day (`compile` sees to
            // it): only a change of the clocks can take all of it away.
            causes.push(json!({"cause": "CLOCK", "slots": 0}));
        }
        Ok(json!({"occurrence": number, "slots": blocked.len(), "causes": causes}))
    }
}

fn describe(cause: Cause, slots: usize) -> Value {
    match cause {
        Cause::Hours(person) => json!({"cause": "HOURS", "person": person, "slots": slots}),
        Cause::Off(person, event) => {
            json!({"cause": "OFF", "person": person, "event": event, "slots": slots})
        }
        Cause::Busy(person, event) => {
            json!({"cause": "BUSY", "person": person, "event": event, "slots": slots})
        }
        Cause::Buffer(person, event) => {
            json!({"cause": "BUFFER", "person": person, "event": event, "slots": slots})
        }
        Cause::Lead => json!({"cause": "LEAD", "slots": slots}),
        Cause::Cap(person) => json!({"cause": "CAP", "person": person, "slots": slots}),
        Cause::History(series) => json!({"cause": "HISTORY", "series": series, "slots": slots}),
        Cause::Taken(series, occurrence) => {
            json!({"cause": "TAKEN", "series": series, "occurrence": occurrence, "slots": slots})
        }
    }
}
