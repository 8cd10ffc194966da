//! Which events are the 1:1s of the owner and a partner.
//!
//! Two people and nobody else: organizer and attendees together, rooms and
//! resources aside, guests who declined aside. Events that name nobody count by
//! their title.

use std::collections::HashMap;

use crate::model::agenda::COMPANION_PREFIX;
use crate::model::event::{Event, EventBody, Partstat};
use crate::model::id::Address;
use crate::model::pair::{Pair, Person};
use crate::snapshot::join::Joined;

/// Marks in a title that say "just the two of us".
const MARKS: [&str; 14] = [
    "1:1",
    "1-1",
    "1/1",
    "1on1",
    "1-on-1",
    "1 on 1",
    "1x1",
    "1 zu 1",
    "one on one",
    "one-on-one",
    "one-to-one",
    "one to one",
    "121",
    "jour fixe",
];

/// For each pair, in order, the events that are its 1:1s.
pub(crate) fn sort_out<'a>(
    joined: &'a [Joined],
    owner: &Person,
    pairs: &[Pair],
) -> Vec<Vec<&'a Joined>> {
    let mut by_address: HashMap<&Address, usize> = HashMap::new();
    for (at, pair) in pairs.iter().enumerate() {
        for address in &pair.partner.addresses {
            by_address.entry(address).or_insert(at);
        }
    }
    let mut out: Vec<Vec<&Joined>> = pairs.iter().map(|_| Vec::new()).collect();
    for one in joined {
        let Some(body) = speaking(one.event()) else { continue };
        let companion = one.event().uid.as_str().starts_with(COMPANION_PREFIX);
        if body.start.is_date() || companion {
            continue;
        }
        let at = match company(body, owner) {
            Company::Two(other) => by_address.get(other).copied(),
            Company::Alone => by_title(&body.summary, owner, pairs),
            Company::More => None,
        };
        if let Some(list) = at.and_then(|at| out.get_mut(at)) {
            list.push(one);
        }
    }
    out
}

/// The component that says who meets: the master, else the first override.
pub(crate) fn speaking(event: &Event) -> Option<&EventBody> {
    event.master.as_ref().or_else(|| event.overrides.first().map(|over| &over.body))
}

/// Who is in an event beside the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company<'a> {
    /// Nobody is named beside the owner.
    Alone,
    /// The owner and one other.
    Two(&'a Address),
    /// A group, or two others.
    More,
}

/// Counts heads. A third person who only organizes (an assistant) does not make
/// it a group when the title says it is a 1:1.
pub fn company<'a>(body: &'a EventBody, owner: &Person) -> Company<'a> {
    let mut other: Option<&Address> = None;
    let mut owner_listed = false;
    for attendee in &body.attendees {
        if owner.is(&attendee.address) {
            owner_listed = true;
            continue;
        }
        if attendee.resource || other == Some(&attendee.address) {
            continue;
        }
        match other {
            None => other = Some(&attendee.address),
            Some(known) => {
                // A guest who declined is no company; which of the two that is
                // shows by the reply.
                let declined = |address: &Address| {
                    body.attendees
                        .iter()
                        .any(|one| one.address == *address && one.partstat == Partstat::Declined)
                };
                if declined(&attendee.address) {
                    continue;
                }
                if declined(known) {
                    other = Some(&attendee.address);
                    continue;
                }
                return Company::More;
            }
        }
    }
    let Some(organizer) = &body.organizer else {
        return other.map_or(Company::Alone, Company::Two);
    };
    if owner.is(organizer) || other == Some(organizer) {
        return other.map_or(Company::Alone, Company::Two);
    }
    match other {
        // Somebody else's event with the owner in it, or a copy without guests.
        None => Company::Two(organizer),
        Some(other) if owner_listed && is_marked(&body.summary) => Company::Two(other),
        Some(_) => Company::More,
    }
}

/// Whether a title says it is a 1:1.
pub fn is_marked(title: &str) -> bool {
    let title = title.to_lowercase();
    MARKS.iter().any(|mark| contains_word(&title, mark))
}

/// The pair a title speaks of: one of the configured titles, or a name that only
/// one partner bears, with a 1:1 mark or the owner's name beside it ("Elena / Bob").
fn by_title(title: &str, owner: &Person, pairs: &[Pair]) -> Option<usize> {
    let lower = title.to_lowercase();
    let alias = pairs.iter().position(|pair| {
        pair.title_aliases.iter().any(|alias| !alias.is_empty() && lower.contains(alias.as_str()))
    });
    if alias.is_some() {
        return alias;
    }
    if !is_marked(title) && !bears(owner, &lower) {
        return None;
    }
    let mut named = pairs.iter().enumerate().filter(|(_, pair)| bears(&pair.partner, &lower));
    match (named.next(), named.next()) {
        (Some((at, _)), None) => Some(at),
        (Some(_) | None, _) => None,
    }
}

/// Whether a lower-case title contains a person's full or first name as words.
fn bears(person: &Person, title: &str) -> bool {
    let name = person.name.trim().to_lowercase();
    let first = name.split_whitespace().next().unwrap_or("");
    !first.is_empty() && (contains_word(title, &name) || contains_word(title, first))
}

/// Substring search that respects word borders.
pub(crate) fn contains_word(text: &str, word: &str) -> bool {
    if word.is_empty() {
        return false;
    }
    text.match_indices(word).any(|(at, found)| {
        let before = text.get(..at).and_then(|part| part.chars().next_back());
        let after = text.get(at + found.len()..).and_then(|part| part.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}
