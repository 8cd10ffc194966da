//! The points behind a time, in sentences and as JSON: terms, the best other
//! choices with their difference, and what is in the way.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::cli::lookout::Lookout;
use crate::cli::out::{Out, count};
use crate::model::snapshot::{Occurrence, PairView, PartnerTime};
use crate::plan::around::{Around, around};
use crate::plan::standing::{Other, Told, told};
use crate::plan::words;

/// How many choices and causes are told.
const TOLD: usize = 3;

/// What the scheduler has to say of a pair and one of its meetings.
pub(super) struct Points {
    slot: Option<Told>,
    around: Option<Around>,
    partner_known: bool,
    /// When the meeting is.
    start: Option<Timestamp>,
}

impl Points {
    pub(super) fn of(look: &Lookout, view: &PairView, meeting: Option<&Occurrence>) -> Self {
        let (snapshot, limits) = (&look.snapshot, &look.world.settings.limits);
        let at = snapshot.pairs.iter().position(|v| v.pair.id == view.pair.id);
        let time = snapshot.partner_busy.get(&view.pair.id);
        Self {
            slot: at.and_then(|at| told(snapshot, at, limits)),
            around: meeting.and_then(|meeting| around(snapshot, &meeting.key, limits)),
            partner_known: matches!(time, Some(PartnerTime::Known { .. })),
            start: meeting.map(|meeting| meeting.start),
        }
    }

    pub(super) fn lines(&self, view: &PairView, out: &Out) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(slot) = &self.slot {
            lines.push(standing(slot));
            lines.extend(others(slot, out));
        }
        if let Some(around) = &self.around {
            lines.extend(self.places(around, out));
            lines.extend(blocked(around));
        }
        if !self.partner_known && (self.slot.is_some() || self.around.is_some()) {
            let name = &view.pair.partner.name;
            lines.push(format!(
                "less sure than it looks: {name}'s calendar cannot be seen, only working hours count"
            ));
        }
        lines
    }

    fn places(&self, around: &Around, out: &Out) -> Option<String> {
        let zone = &out.zone;
        let here = around.here.unwrap_or(0);
        let told = around.others.iter().take(TOLD).map(|(start, points)| {
            let at = words::moment(*start, zone);
            match around.here {
                Some(_) => format!("{at} ({})", difference(points - here)),
                None => format!("{at} ({})", self::points(*points)),
            }
        });
        let told: Vec<String> = told.collect();
        let n = around.others.len();
        if told.is_empty() {
            return Some(format!("no other time within {} is possible", days(around.days)));
        }
        Some(format!(
            "{} possible within {}; the best: {}",
            count(n, "other time is", "other times are"),
            days(around.days),
            told.join(", ")
        ))
    }

    pub(super) fn json(&self) -> Value {
        let slot = self.slot.as_ref().map(|slot| {
            let terms: Map<String, Value> =
                slot.terms.iter().map(|(name, n)| ((*name).to_owned(), json!(n))).collect();
            let others = slot.others.iter().map(|other| {
                json!({
                    "start": other.start.to_string(),
                    "difference": other.difference,
                    "moved": other.moved,
                    "missed": other.missed,
                })
            });
            json!({
                "points": slot.points,
                "terms": terms,
                "of": slot.of,
                "moved": slot.moved,
                "missed": slot.missed,
                "alternatives": others.collect::<Vec<_>>(),
            })
        });
        let around = self.around.as_ref().map(|around| {
            let others = around.others.iter().take(10);
            let others = others
                .map(|(start, points)| json!({ "start": start.to_string(), "points": points }));
            let blocked = around.blocked.iter().map(|(by, n)| json!({ "by": by, "places": n }));
            json!({
                "start": self.start.map(|at| at.to_string()),
                "points": around.here,
                "reach_days": around.days,
                "possible": around.others.len(),
                "alternatives": others.collect::<Vec<_>>(),
                "blocked": blocked.collect::<Vec<_>>(),
            })
        });
        json!({
            "slot": slot,
            "meeting": around,
            "partner_time": if self.partner_known { "known" } else { "unknown" },
        })
    }
}

fn points(n: i64) -> String {
    if n == 1 { "1 point".to_owned() } else { format!("{n} points") }
}

fn difference(n: i64) -> String {
    if n < 0 { format!("{} better", -n) } else { format!("+{n}") }
}

fn days(n: i64) -> String {
    match n {
        0 => "the same day".to_owned(),
        1 => "1 day".to_owned(),
        n => format!("{n} days"),
    }
}

/// What the standing slot costs, term by term.
fn standing(slot: &Told) -> String {
    let stay = slot.of.saturating_sub(slot.moved + slot.missed);
    let terms: Vec<String> =
        slot.terms.iter().map(|(name, n)| format!("{} {n}", term(name))).collect();
    let of = slot.of;
    let mut text = format!(
        "the standing slot holds for {stay} of the next {of} meetings and costs {}",
        points(slot.points)
    );
    if !terms.is_empty() {
        text.push_str(&format!(" ({})", terms.join(", ")));
    }
    text
}

fn term(name: &str) -> &str {
    match name {
        "rebase" => "changing the slot",
        "miss" => "meetings not held",
        "move" => "meetings elsewhere",
        "fair" => "too many exceptions",
        "pain" => "unloved times",
        "ideal" => "off the wish",
        "tent" => "tentative overlaps",
        "churn" => "changing what is published",
        "focus" => "focus time and full weeks",
        other => other,
    }
}

fn others(slot: &Told, out: &Out) -> Option<String> {
    let told: Vec<String> = slot.others.iter().take(TOLD).map(|other| one(other, out)).collect();
    if told.is_empty() {
        return None;
    }
    Some(format!("other standing slots, the change counted: {}", told.join(", ")))
}

fn one(other: &Other, out: &Out) -> String {
    let at = other.start.to_zoned_datetime(out.zone.clone()).strftime("%a %H:%M").to_string();
    let mut text = format!("{at} ({}", difference(other.difference));
    if other.moved > 0 {
        text.push_str(&format!("; {} moved", other.moved));
    }
    if other.missed > 0 {
        text.push_str(&format!("; {} lost", other.missed));
    }
    text.push(')');
    text
}

fn blocked(around: &Around) -> Option<String> {
    if around.blocked.is_empty() {
        return None;
    }
    let told: Vec<String> =
        around.blocked.iter().take(2 * TOLD).map(|(by, n)| format!("{by} ({n})")).collect();
    Some(format!("what takes other times away: {}", told.join(", ")))
}
