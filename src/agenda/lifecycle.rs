//! The life of items between meetings: carried, closed, edited in the event,
//! sent along with a reply. They belong to the pair, so a moved, skipped or
//! re-created event changes nothing about them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::model::agenda::{HumanEdit, Item, ItemKind, Origin, Side};
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

/// What people's edits in the event make of the items. A deleted line closes its
/// item: whoever deletes it does not want to see it again. A deleted or unknown
/// line that is no item changes nothing.
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
            HumanEdit::Ticked { item, .. } | HumanEdit::Deleted { item, .. } => {
                if let Some(item) = find(item).filter(|item| item.done.is_none()) {
                    out.push(ItemUpdate::Close { item: item.id.clone(), at });
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
                let id = new_item_id(pair, &typed.text, at, &taken);
                taken.insert(id.clone());
                out.push(ItemUpdate::Create(Item {
                    id,
                    pair: pair.clone(),
                    kind: typed.kind,
                    text: typed.text.clone(),
                    side: typed.side.unwrap_or(Side::Both),
                    private: false,
                    created: at,
                    due: typed.due,
                    later: None,
                    done: typed.done.then_some(at),
                    carried: 0,
                    origin: Origin::Event,
                }));
            }
        }
    }
    out
}

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

/// Longest text taken from a reply's note, in characters.
const REPLY_CHARS: usize = 500;

/// The note of the partner's reply as a talking point of theirs; `None` when it
/// says nothing to talk about or is known already.
pub fn reply_item(pair: &PairId, comment: &str, at: Timestamp, items: &[Item]) -> Option<Item> {
    let text: String = comment
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control())
        .take(REPLY_CHARS)
        .collect();
    let text = text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
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
