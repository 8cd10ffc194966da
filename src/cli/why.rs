//! `onbeat why`: why a meeting is where it is, what would be changed about it,
//! and what stands in the way.

mod points;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::dates::{self, Toward};
use crate::cli::failure::Failure;
use crate::cli::lookout::Lookout;
use crate::cli::out::{Out, Style, clean};
use crate::cli::pairs;
use crate::cli::why::points::Points;
use crate::engine::planning;
use crate::model::ledger::{BeatState, Presence};
use crate::model::observation::Party;
use crate::model::pair::Pair;
use crate::model::plan::{Action, Plan};
use crate::model::snapshot::{Occurrence, OrganizedBy, PairView};
use crate::plan::agenda::next_meeting;
use crate::plan::words;

/// Which meeting.
#[derive(Debug, Args)]
pub struct WhyArgs {
    /// Whose 1:1
    pub pair: String,
    /// The day the meeting is on or was planned for [default: the next one]
    pub date: Option<String>,
}

/// Explains it from the last reading.
///
/// # Errors
/// An unknown pair or date; a state that cannot be used.
pub fn run(context: &Context, args: &WhyArgs, out: &mut Out) -> Result<(), Failure> {
    let look = Lookout::open(context)?;
    let pair = pairs::find(&look.world.pairs, &args.pair)?;
    out.zone = look.world.me.zone.clone();
    let view = look.view(&pair.id)?;
    let meeting = find(&look, view, args)?;
    let gone = match &meeting {
        Found::Gone(beat) => Some(*beat),
        Found::Meeting(_) | Found::Nothing => None,
    };
    let meeting = match meeting {
        Found::Meeting(meeting) => Some(meeting),
        Found::Gone(_) | Found::Nothing => None,
    };
    let plan = planning::plan(&look.world, &look.readings, &look.snapshot, Some(&pair.id))?;
    let mut lines = Vec::new();
    if let Some(meeting) = meeting {
        lines.extend(placed(&look, view, meeting, out));
    } else if let Some(beat) = gone {
        lines.push("it was planned and is not on the calendar any more".to_owned());
        lines.extend(history(beat, look.now(), out));
    } else {
        lines.push("nothing is on the calendar".to_owned());
    }
    let points = Points::of(&look, view, meeting);
    lines.extend(points.lines(view, out));
    if gone.is_none() {
        lines.extend(planned(&plan, meeting, out));
    }
    if out.json {
        let mut value = points.json();
        if let Some(map) = value.as_object_mut() {
            map.insert("pair".to_owned(), json!(pair.id.as_str()));
            map.insert("start".to_owned(), json!(meeting.map(|m| m.start.to_string())));
            let planned = meeting.map(crate::engine::agenda::planned);
            let planned = planned.or(gone.map(|beat| beat.planned)).map(|at| at.to_string());
            map.insert("planned".to_owned(), json!(planned));
            map.insert("why".to_owned(), json!(lines));
        }
        return out.json(&value);
    }
    let title = match meeting {
        Some(meeting) => {
            format!("{}, {}", clean(&pair.partner.name), out.when(meeting.start, look.now()))
        }
        None => clean(&pair.partner.name).into_owned(),
    };
    out.line(out.paint(Style::Bold, &title))?;
    for line in lines {
        for (n, part) in
            crate::cli::out::wrap(&clean(&line), out.width.min(100) - 4).iter().enumerate()
        {
            out.line(format!("{}{part}", if n == 0 { "  - " } else { "    " }))?;
        }
    }
    Ok(())
}

/// What there is on the day that was asked for.
enum Found<'a> {
    Meeting(&'a Occurrence),
    /// Planned once, and taken off since.
    Gone(&'a BeatState),
    /// Nothing is ahead.
    Nothing,
}

fn find<'a>(look: &'a Lookout, view: &'a PairView, args: &WhyArgs) -> Result<Found<'a>, Failure> {
    let zone = &look.world.me.zone;
    let Some(text) = &args.date else {
        return Ok(next_meeting(view, look.now()).map_or(Found::Nothing, Found::Meeting));
    };
    let today = zone.to_datetime(look.now()).date();
    let date = dates::day("the date", text, today, Toward::Ahead)?;
    let on = |at: Timestamp| zone.to_datetime(at).date() == date;
    let found =
        view.occurrences.iter().find(|o| on(o.start) || o.key.recurrence_id.is_some_and(on));
    if let Some(found) = found {
        return Ok(Found::Meeting(found));
    }
    let known = look.world.ledger.pairs.get(&view.pair.id);
    let beat = known.and_then(|known| known.beats.values().find(|beat| on(beat.planned)));
    beat.map(Found::Gone).ok_or_else(|| {
        let name = clean(&view.pair.partner.name).into_owned();
        Failure::user(format!("no meeting with {name} is on the calendar on {date}"))
            .hint(format!("`onbeat why {}` explains the next one", view.pair.id))
    })
}

/// How the meeting came to be where it is.
fn placed(look: &Lookout, view: &PairView, meeting: &Occurrence, out: &Out) -> Vec<String> {
    let mut lines = Vec::new();
    let series = view.series.iter().find(|series| series.uid == meeting.key.uid);
    match series {
        Some(series) => {
            let rhythm = series.cadence.map_or_else(
                || "with an irregular rule".to_owned(),
                |cadence| format!("every {}", words::cadence(cadence)),
            );
            let whose = match series.organized_by {
                OrganizedBy::Owner => "you organize it",
                OrganizedBy::Partner => "the other person organizes it, so its time is theirs",
                OrganizedBy::Other => "a third person organizes it, so its time is theirs",
            };
            lines.push(format!("it belongs to a series, {rhythm}; {whose}"));
        }
        None => lines.push("it is a single meeting".to_owned()),
    }
    if let Some(wish) = wish(&view.pair, meeting, out) {
        lines.push(wish);
    }
    let planned = crate::engine::agenda::planned(meeting);
    let beat =
        look.world.ledger.pairs.get(&view.pair.id).and_then(|known| known.beats.get(&planned));
    if let Some(beat) = beat {
        lines.extend(history(beat, look.now(), out));
    }
    if !meeting.stands() {
        lines.push("it is cancelled or declined".to_owned());
    }
    lines
}

fn wish(pair: &Pair, meeting: &Occurrence, out: &Out) -> Option<String> {
    let (day, time) = pair.ideal?;
    let local = out.zone.to_datetime(meeting.start);
    let hour = time.strftime("%H:%M");
    if local.weekday() == day && local.time() == time {
        return Some(format!("{day:?} {hour} is the wished-for time"));
    }
    Some(format!("the wished-for time is {day:?} {hour}"))
}

fn history(beat: &BeatState, now: Timestamp, out: &Out) -> Vec<String> {
    let who = |by: Option<Party>| match by {
        Some(Party::Owner) => " by you",
        Some(Party::Partner) => " by the other person",
        Some(Party::Onbeat) => " by onbeat (`onbeat log`)",
        Some(Party::Other) => " by somebody else",
        None => "",
    };
    let mut lines: Vec<String> = beat
        .moves
        .iter()
        .map(|m| {
            let (from, to) = (out.when(m.from, now), out.when(m.to, now));
            format!("it was moved from {from} to {to}{}", who(m.by))
        })
        .collect();
    if beat.presence != Presence::Standing {
        lines.push(format!("it was taken off{}", who(beat.off_by)));
    }
    lines
}

/// What the plan says about it, or about the pair where there is no meeting.
fn planned(plan: &Plan, meeting: Option<&Occurrence>, out: &Out) -> Vec<String> {
    let zone = &out.zone;
    let of_meeting = |action: &Action| match (action, meeting) {
        (
            Action::MoveOccurrence { occurrence, .. } | Action::WriteAgenda { occurrence, .. },
            Some(meeting),
        ) => *occurrence == meeting.key,
        (Action::CreateCompanion(new), Some(meeting)) => new.meeting == meeting.key,
        (Action::CreateSeries(_) | Action::SetLink { .. } | Action::Restore { .. }, _)
        | (_, None) => true,
    };
    let mut lines = Vec::new();
    for step in plan.steps.iter().filter(|step| of_meeting(&step.action)) {
        let why: Vec<String> = step.why.iter().map(|reason| words::reason(reason, zone)).collect();
        lines.push(format!("planned: {}: {}", words::step(step, zone), why.join("; ")));
    }
    for waiting in &plan.waiting {
        let same = match (waiting.occurrence, meeting) {
            (Some(at), Some(meeting)) => {
                at == meeting.start || Some(at) == meeting.key.recurrence_id
            }
            (None, _) | (_, None) => true,
        };
        if same {
            lines.push(words::waiting(&waiting.cause, zone));
        }
    }
    if lines.is_empty() {
        lines.push("nothing stands in its way and nothing is planned for it".to_owned());
    }
    lines
}
