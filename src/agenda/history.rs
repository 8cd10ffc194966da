//! What remains of meetings: the frozen agenda as plain text, and reflections.

use jiff::Timestamp;

use crate::agenda::clean::clean;
use crate::agenda::marks::{Found, find};
use crate::agenda::text::{form_of, lines_of};
use crate::agenda::wrap::wrap;
use crate::model::agenda::Reflection;
use crate::model::pair::Person;

/// The three questions of a reflection, in the order of [`Reflection`]'s answers.
pub const REFLECTION_QUESTIONS: [&str; 3] =
    ["What went well?", "What could I have done better?", "Did we achieve what we needed?"];

/// Longest answer that is shown, in characters.
const ANSWER_CHARS: usize = 1000;

/// Most characters of a frozen agenda.
const FROZEN_CHARS: usize = 20_000;

/// The agenda of a past meeting: what stood between the marks in its event, as
/// people left it, as plain text. `None` when there is no block in it.
pub fn frozen(description: &str) -> Option<String> {
    let lines = lines_of(description, form_of(description));
    let Found::Block { lines: inner, .. } = find(&lines) else { return None };
    let mut out = String::new();
    for line in lines.get(inner).unwrap_or_default() {
        let bullet = if line.listed { "- " } else { "" };
        let indent = if line.indented && !line.listed { "  " } else { "" };
        let text = format!("{indent}{bullet}{}", line.text);
        // Empty lines part paragraphs: one is enough, none at the start.
        if line.text.is_empty() && (out.is_empty() || out.ends_with("\n\n")) {
            continue;
        }
        out.push_str(text.trim_end());
        out.push('\n');
        if out.len() > FROZEN_CHARS {
            break;
        }
    }
    Some(out.trim_end().to_owned())
}

/// One past meeting, for `agenda --history`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastMeeting {
    /// Its start.
    pub start: Timestamp,
    /// What became of it, in a word or two.
    pub outcome: String,
    /// Its frozen agenda.
    pub agenda: Option<String>,
    /// What was said about it afterwards.
    pub reflection: Option<Reflection>,
}

/// Past meetings as text, newest first. For the owner: reflections are private.
pub fn history_text(meetings: &[PastMeeting], owner: &Person) -> String {
    let mut sorted: Vec<&PastMeeting> = meetings.iter().collect();
    sorted.sort_by_key(|meeting| std::cmp::Reverse(meeting.start));
    let parts: Vec<String> = sorted.into_iter().map(|meeting| past(meeting, owner)).collect();
    parts.join("\n\n")
}

fn past(meeting: &PastMeeting, owner: &Person) -> String {
    let local = owner.zone.to_datetime(meeting.start);
    let mut out = format!(
        "== {}, {:02}:{:02} · {} ==\n",
        local.date(),
        local.hour(),
        local.minute(),
        clean(&meeting.outcome, 60)
    );
    match meeting.agenda.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => out.push_str(text),
        None => out.push_str("No agenda was written."),
    }
    if let Some(reflection) = &meeting.reflection {
        out.push_str("\n\nReflection (only you see this)\n");
        out.push_str(&reflection_text(reflection));
    }
    out
}

/// A reflection as text: each question with its answer.
pub fn reflection_text(reflection: &Reflection) -> String {
    let answers = [&reflection.went_well, &reflection.better, &reflection.achieved];
    let mut lines = Vec::new();
    for (question, answer) in REFLECTION_QUESTIONS.iter().zip(answers) {
        let answer = clean(answer, ANSWER_CHARS);
        let answer = if answer.is_empty() { "(no answer)".to_owned() } else { answer };
        lines.extend(wrap(&format!("- {question} {answer}")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agenda::testkit::{owner, ts};
    use crate::model::id::PairId;

    #[test]
    fn what_stood_in_the_event_is_kept_as_people_left_it() {
        let html = "Dial in<br>— 1:1 agenda · onbeat —<br><b>1. Check-in (3 min)</b>\
            <ul><li>How are you?</li></ul><br><br><br>[x] Bob: send<br>— end of agenda —";
        let text = frozen(html).unwrap();
        assert_eq!(text, "1. Check-in (3 min)\n- How are you?\n\n[x] Bob: send");
        assert_eq!(frozen("nothing"), None);
    }

    #[test]
    fn history_reads_newest_first() {
        let reflection = Reflection {
            pair: PairId::new("bob"),
            beat: ts("2026-03-03T09:00:00Z"),
            at: ts("2026-03-03T10:00:00Z"),
            went_well: "He spoke first".to_owned(),
            better: String::new(),
            achieved: "Yes".to_owned(),
        };
        let meeting = |start: &str, reflection| PastMeeting {
            start: ts(start),
            outcome: "held".to_owned(),
            agenda: None,
            reflection,
        };
        let text = history_text(
            &[
                meeting("2026-02-24T09:00:00Z", None),
                meeting("2026-03-03T09:00:00Z", Some(reflection)),
            ],
            &owner(),
        );
        let expected = "\
== 2026-03-03, 10:00 · held ==
No agenda was written.

Reflection (only you see this)
- What went well? He spoke first
- What could I have done better? (no answer)
- Did we achieve what we needed? Yes

== 2026-02-24, 10:00 · held ==
No agenda was written.";
        assert_eq!(text, expected);
    }
}
