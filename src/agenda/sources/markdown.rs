//! Goals from Markdown checklists: each heading with `- [ ]` and `- [x]` below it
//! is one goal, its progress the boxes ticked.

use crate::agenda::parse::split_mark;
use crate::agenda::shape::Mark;
use crate::agenda::sources::{Measure, Problem, tidy};

/// Whether a line is a task of a checklist.
pub(super) fn is_task(line: &str) -> bool {
    let line = line.trim_start();
    ["- [", "* [", "+ ["].iter().any(|start| line.starts_with(start))
        && matches!(split_mark(line).0, Mark::Open | Mark::Done)
}

struct Goal {
    name: String,
    done: u32,
    all: u32,
    next: Option<String>,
}

/// Reads a checklist.
pub(super) fn parse(text: &str) -> Result<Vec<Measure>, Problem> {
    let mut goals: Vec<Goal> = Vec::new();
    let mut heading = "Checklist".to_owned();
    let mut fresh = true;
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        if let Some(title) = line.strip_prefix('#') {
            heading = title.trim_matches(['#', ' ']).to_owned();
            fresh = true;
            continue;
        }
        if !is_task(line) {
            continue;
        }
        if fresh || goals.is_empty() {
            goals.push(Goal { name: heading.clone(), done: 0, all: 0, next: None });
            fresh = false;
        }
        let Some(goal) = goals.last_mut() else { continue };
        let (mark, text) = split_mark(line);
        goal.all += 1;
        if mark == Mark::Done {
            goal.done += 1;
        } else if goal.next.is_none() {
            goal.next = Some(format!("next: {text}"));
        }
    }
    if goals.is_empty() {
        let problem = "no checklist in it; write goals as \"- [ ] goal\" under a heading";
        return Err((None, problem.to_owned()));
    }
    Ok(goals
        .into_iter()
        .map(|goal| {
            tidy(Measure {
                name: goal.name,
                value: Some(f64::from(goal.done)),
                target: Some(f64::from(goal.all)),
                unit: Some("done".to_owned()),
                lower_is_better: Some(false),
                note: goal.next,
                ..Measure::default()
            })
        })
        .collect())
}
