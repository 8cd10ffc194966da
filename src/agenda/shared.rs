//! The door between private and shared. A [`SharedItem`] is made only from an
//! item that is not private, and shared text is made only from shared items.

use crate::model::agenda::Item;

/// An item that may be shown to both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SharedItem<'a>(&'a Item);

impl<'a> SharedItem<'a> {
    /// The item, unless it is private.
    pub(super) fn of(item: &'a Item) -> Option<Self> {
        (!item.private).then_some(Self(item))
    }

    /// The item.
    pub(super) fn get(self) -> &'a Item {
        self.0
    }
}

/// What a topic is about, told by how its text begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum TopicClass {
    /// "input on", "help with", "your view on", "decision on".
    Ask,
    /// "priority:".
    Priority,
    /// "challenge:".
    Challenge,
    /// "strategic:" or "strategy:".
    Strategic,
    /// "feedback:".
    Feedback,
    /// "growth:" or "career:".
    Growth,
    /// Anything else.
    Plain,
}

/// Reads the class off a topic's text.
pub(super) fn class_of(text: &str) -> TopicClass {
    let text = text.trim_start().to_lowercase();
    let begins = |words: &[&str]| words.iter().any(|word| text.starts_with(word));
    if begins(&["input on", "help with", "your view on", "decision on", "decide on"]) {
        TopicClass::Ask
    } else if begins(&["priority:", "priorities:"]) {
        TopicClass::Priority
    } else if begins(&["challenge:", "challenges:"]) {
        TopicClass::Challenge
    } else if begins(&["strategic:", "strategy:"]) {
        TopicClass::Strategic
    } else if begins(&["feedback:", "feedback for"]) {
        TopicClass::Feedback
    } else if begins(&["growth:", "career:", "development:"]) {
        TopicClass::Growth
    } else {
        TopicClass::Plain
    }
}

/// Signs and words between a blocker and the solution proposed for it.
const SOLUTION: [&str; 7] = ["->", "→", "=>", "idea:", "proposal:", "solution:", "proposed:"];

/// Whether a blocker's text names a proposed solution.
pub(super) fn has_solution(text: &str) -> bool {
    let text = text.to_lowercase();
    SOLUTION.iter().any(|sign| {
        text.split_once(sign).is_some_and(|(problem, solution)| {
            !problem.trim().is_empty() && solution.chars().any(char::is_alphanumeric)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes() {
        assert_eq!(class_of("Input on: hiring plan"), TopicClass::Ask);
        assert_eq!(class_of("decision on the vendor"), TopicClass::Ask);
        assert_eq!(class_of("Priority: launch"), TopicClass::Priority);
        assert_eq!(class_of("Lunch"), TopicClass::Plain);
    }

    #[test]
    fn solutions() {
        assert!(has_solution("No access to logs -> read-only replica"));
        assert!(has_solution("No access. Idea: ask ops"));
        assert!(!has_solution("No access ->"));
        assert!(!has_solution("No access to logs"));
    }
}
