//! The life of items between meetings: carried, closed, edited in the event,
//! sent along with a reply. They belong to the pair, so a moved, skipped or
//! re-created event changes nothing about them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::agenda::clean::clean;
use crate::model::agenda::{HumanEdit, Item, ItemKind, Origin, Side, TypedLine};
use crate::model::id::{ItemId, PairId};

/// A change to a pair's items, for the engine to store. Applying one twice
/// changes nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemUpdate {
    /// A new item.
    Create(Item),
    /// Its text (and due date, where given) changes.
    SetText {
        /// Which.
        item: ItemId,
        /// New text.
        text: String,
        /// New due date; `None`: as it was.
        due: Option<Date>,
    },
    /// It is done.
    Close {
        /// Which.
        item: ItemId,
        /// When.
        at: Timestamp,
    },
    /// Nobody wants it any more: it is not done and does not come back.
    Withdraw {
        /// Which.
        item: ItemId,
    },
    /// It is not done after all.
    Reopen {
        /// Which.
        item: ItemId,
    },
    /// In how many agendas it has stood unfinished.
    SetCarried {
        /// Which.
        item: ItemId,
        /// The number.
        times: u32,
    },
}

/// What past meetings make of the items. `held`: starts of all meetings held, any
/// order. An open action, topic or blocker has been carried once for every
/// meeting held since it was noted (or resurfaced); a win is closed by the first
/// meeting that could show it. Computed from the whole history, so asking twice
/// gives nothing the second time.
pub fn carry(items: &[Item], held: &[Timestamp]) -> Vec<ItemUpdate> {
    items.iter().filter_map(|item| carry_one(item, held)).collect()
}

fn carry_one(item: &Item, held: &[Timestamp]) -> Option<ItemUpdate> {
    if item.done.is_some() {
        return None;
    }
    let since = item.later.map_or(item.created, |date| {
        item.created.max(crate::model::time::resolve(date.at(0, 0, 0, 0), &jiff::tz::TimeZone::UTC))
    });
    let mut shown = held.iter().copied().filter(|at| *at > since);
    match item.kind {
        ItemKind::Win => shown.min().map(|at| ItemUpdate::Close { item: item.id.clone(), at }),
        ItemKind::Action | ItemKind::Topic | ItemKind::Blocker => {
            let times = u32::try_from(shown.by_ref().count()).unwrap_or(u32::MAX);
            (times != item.carried).then(|| ItemUpdate::SetCarried { item: item.id.clone(), times })
        }
    }
}

/// What people's edits in the event make of the items. A deleted line withdraws
/// its item: whoever deletes it does not want to see it again. A changed or
/// deleted line that is no item changes nothing.
pub fn apply_edits(
    pair: &PairId,
    items: &[Item],
    edits: &[HumanEdit],
    at: Timestamp,
) -> Vec<ItemUpdate> {
    let mut taken: BTreeSet<ItemId> = items.iter().map(|item| item.id.clone()).collect();
    let find =
        |id: &Option<ItemId>| id.as_ref().and_then(|id| items.iter().find(|item| item.id == *id));
    let mut out = Vec::new();
    for edit in edits {
        match edit {
            HumanEdit::Ticked { item, .. } => {
                if let Some(item) = find(item).filter(|item| item.done.is_none()) {
                    out.push(ItemUpdate::Close { item: item.id.clone(), at });
                }
            }
            HumanEdit::Deleted { item, .. } => {
                if let Some(item) = find(item).filter(|item| item.done.is_none()) {
                    out.push(ItemUpdate::Withdraw { item: item.id.clone() });
                }
            }
            HumanEdit::Unticked { item, .. } => {
                if let Some(item) = find(item).filter(|item| item.done.is_some()) {
                    out.push(ItemUpdate::Reopen { item: item.id.clone() });
                }
            }
            HumanEdit::Edited { item, to, due, .. } => {
                let due_differs =
                    |item: &&Item| item.text != *to || (due.is_some() && item.due != *due);
                if let Some(item) = find(item).filter(due_differs) {
                    let item = item.id.clone();
                    out.push(ItemUpdate::SetText { item, text: to.clone(), due: *due });
                }
            }
            HumanEdit::Added(typed) => {
                let item = typed_item(pair, typed, at, &taken);
                taken.insert(item.id.clone());
                out.push(ItemUpdate::Create(item));
            }
        }
    }
    out
}

fn typed_item(pair: &PairId, typed: &TypedLine, at: Timestamp, taken: &BTreeSet<ItemId>) -> Item {
    let text = clean(&typed.text, TYPED_CHARS);
    Item {
        id: new_item_id(pair, &text, at, taken),
        pair: pair.clone(),
        kind: typed.kind,
        text,
        side: typed.side.unwrap_or(Side::Both),
        private: false,
        created: at,
        due: typed.due,
        later: None,
        done: typed.done.then_some(at),
        carried: 0,
        origin: Origin::Event,
    }
}

/// Longest text of an item taken from an event or a reply, in characters.
const TYPED_CHARS: usize = 500;

/// Replies that say nothing to talk about.
const EMPTY_REPLIES: [&str; 12] = [
    "ok",
    "okay",
    "yes",
    "no",
    "thanks",
    "thank you",
    "sure",
    "see you",
    "great",
    "fine",
    "sounds good",
    "works for me",
];

/// The note of the partner's reply as a talking point of theirs; `None` when it
/// says nothing to talk about or is known already.
pub fn reply_item(pair: &PairId, comment: &str, at: Timestamp, items: &[Item]) -> Option<Item> {
    let text = clean(comment, TYPED_CHARS);
    let bare = text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let known = items.iter().any(|item| item.origin == Origin::Reply && item.text == text);
    if bare.is_empty() || known || EMPTY_REPLIES.contains(&bare.as_str()) {
        return None;
    }
    let taken = items.iter().map(|item| item.id.clone()).collect();
    Some(Item {
        id: new_item_id(pair, &text, at, &taken),
        pair: pair.clone(),
        kind: ItemKind::Topic,
        text,
        side: Side::Partner,
        private: false,
        created: at,
        due: None,
        later: None,
        done: None,
        carried: 0,
        origin: Origin::Reply,
    })
}

/// Letters of item ids: digits and consonants that cannot be mistaken.
const ID_LETTERS: &[u8; 28] = b"23456789bcdfghjkmnpqrstvwxyz";

/// A short id (4 letters, more on collision) derived from what the item is, so a
/// repeated creation meets its own first try unless that id is `taken`.
pub fn new_item_id(
    pair: &PairId,
    text: &str,
    created: Timestamp,
    taken: &BTreeSet<ItemId>,
) -> ItemId {
    let mut round = 0_u32;
    loop {
        let mut hash = Sha256::new();
        hash.update(pair.as_str());
        hash.update([0]);
        hash.update(text);
        hash.update([0]);
        hash.update(created.as_second().to_le_bytes());
        hash.update(round.to_le_bytes());
        let length = 4 + usize::try_from(round / 8).unwrap_or(0).min(12);
        let id: String = hash
            .finalize()
            .iter()
            .take(length)
            .filter_map(|byte| ID_LETTERS.get(usize::from(*byte) % ID_LETTERS.len()))
            .map(|letter| char::from(*letter))
            .collect();
        let id = ItemId::new(id);
        if !taken.contains(&id) {
            return id;
        }
        round += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agenda::testkit::{item, ts};

    const CREATED: &str = "2026-02-20T09:00:00Z";

    fn all() -> Vec<Item> {
        vec![
            item("a1", ItemKind::Action, Side::Owner, "send", CREATED),
            item("w1", ItemKind::Win, Side::Owner, "page is live", CREATED),
            item("t1", ItemKind::Topic, Side::Both, "later one", CREATED),
        ]
    }

    /// Does what a store would do.
    fn apply(items: &mut Vec<Item>, updates: Vec<ItemUpdate>) {
        for update in updates {
            match update {
                ItemUpdate::Create(item) => items.push(item),
                ItemUpdate::Withdraw { item } => items.retain(|other| other.id != item),
                ItemUpdate::SetText { item, text, due } => {
                    let found = items.iter_mut().find(|other| other.id == item).unwrap();
                    found.text = text;
                    found.due = due.or(found.due);
                }
                ItemUpdate::Close { item, at } => {
                    items.iter_mut().find(|other| other.id == item).unwrap().done = Some(at);
                }
                ItemUpdate::Reopen { item } => {
                    items.iter_mut().find(|other| other.id == item).unwrap().done = None;
                }
                ItemUpdate::SetCarried { item, times } => {
                    items.iter_mut().find(|other| other.id == item).unwrap().carried = times;
                }
            }
        }
    }

    #[test]
    fn carried_once_a_meeting_held_and_never_twice() {
        let mut items = all();
        items[2].later = Some("2026-03-05".parse().unwrap());
        let one = [ts("2026-02-10T09:00:00Z"), ts("2026-03-03T09:00:00Z")];
        let updates = carry(&items, &one);
        assert_eq!(updates.len(), 2, "{updates:?}");
        apply(&mut items, updates);
        assert_eq!((items[0].carried, items[2].carried), (1, 0));
        assert_eq!(items[1].done, Some(one[1]));
        assert_eq!(carry(&items, &one), vec![]);

        // A skipped week is no meeting held; the week after counts once more.
        let two = [one[0], one[1], ts("2026-03-17T09:00:00Z")];
        let updates = carry(&items, &two);
        apply(&mut items, updates);
        assert_eq!((items[0].carried, items[2].carried), (2, 1));
        assert_eq!(carry(&items, &two), vec![]);
    }

    #[test]
    fn edits_become_updates_and_applying_twice_changes_nothing() {
        let pair = PairId::new("bob");
        let mut items = all();
        let id = |text: &str| Some(ItemId::new(text));
        let typed = TypedLine {
            kind: ItemKind::Action,
            text: "call\u{7} Ana".to_owned(),
            side: Some(Side::Partner),
            due: None,
            done: false,
            inside: true,
        };
        let edits = [
            HumanEdit::Ticked { item: id("a1"), text: "send".to_owned() },
            HumanEdit::Ticked { item: None, text: "no item".to_owned() },
            HumanEdit::Deleted { item: id("t1"), text: "later one".to_owned() },
            HumanEdit::Added(typed),
        ];
        let at = ts("2026-03-03T10:00:00Z");
        let updates = apply_edits(&pair, &items, &edits, at);
        assert_eq!(updates.len(), 3, "{updates:?}");
        apply(&mut items, updates);
        assert_eq!(items.len(), 3);
        let added = &items[2];
        assert_eq!((added.text.as_str(), added.side), ("call Ana", Side::Partner));
        assert_eq!(added.origin, Origin::Event);
        assert_eq!(apply_edits(&pair, &items, &edits[..3], at), vec![]);
        let untick = [HumanEdit::Unticked { item: id("a1"), text: "send".to_owned() }];
        let reopened = vec![ItemUpdate::Reopen { item: ItemId::new("a1") }];
        assert_eq!(apply_edits(&pair, &items, &untick, at), reopened);
    }

    #[test]
    fn a_reply_with_something_to_say() {
        let pair = PairId::new("bob");
        let at = ts("2026-03-03T10:00:00Z");
        let item = reply_item(&pair, "Can we\n talk about pay?", at, &[]).unwrap();
        assert_eq!((item.text.as_str(), item.side), ("Can we talk about pay?", Side::Partner));
        assert!(reply_item(&pair, "Can we talk about pay?", at, &[item]).is_none());
        for empty in ["", "  ", "Ok!", "Thanks :)", "👍", "Sounds good."] {
            assert_eq!(reply_item(&pair, empty, at, &[]), None, "{empty}");
        }
    }

    #[test]
    fn ids_are_short_stable_and_distinct() {
        let pair = PairId::new("bob");
        let at = ts(CREATED);
        let mut taken = BTreeSet::new();
        let first = new_item_id(&pair, "x", at, &taken);
        assert_eq!(first, new_item_id(&pair, "x", at, &taken));
        assert_eq!(first.as_str().len(), 4);
        for _ in 0..40 {
            assert!(taken.insert(new_item_id(&pair, "x", at, &taken)));
        }
    }
}
