//! Writes down what a person's edits, replies and past meetings make of a pair's
//! items. What they make of them is decided in `agenda`.

use jiff::Timestamp;

use crate::agenda::ItemUpdate;
use crate::model::agenda::Item;
use crate::model::id::{ItemId, OwnerId};
use crate::store::{Store, StoreError};

/// Carries updates over to the items and stores those that changed. Returns
/// whether any did.
///
/// # Errors
/// When the state cannot be written.
pub fn update(
    store: &Store,
    owner: &OwnerId,
    items: &mut Vec<Item>,
    updates: &[ItemUpdate],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let mut changed: Vec<ItemId> = Vec::new();
    let mut withdrawn = false;
    for change in updates {
        let id = match change {
            ItemUpdate::Create(item) => {
                let mut item = item.clone();
                // The pair's own ids are known to the caller, the other pairs' are not.
                if store.item(owner, &item.id)?.is_some_and(|other| other.pair != item.pair) {
                    item.id = store.next_item_id(owner)?;
                }
                items.push(item.clone());
                item.id
            }
            ItemUpdate::Close { item, .. }
            | ItemUpdate::Reopen { item }
            | ItemUpdate::Withdraw { item }
            | ItemUpdate::SetText { item, .. }
            | ItemUpdate::SetCarried { item, .. } => item.clone(),
        };
        if let ItemUpdate::Withdraw { item } = change {
            withdrawn |= store.drop_item(owner, item, now)?;
            items.retain(|other| other.id != *item);
            continue;
        }
        let Some(item) = items.iter_mut().find(|item| item.id == id) else { continue };
        match change {
            ItemUpdate::Create(_) | ItemUpdate::Withdraw { .. } => {}
            ItemUpdate::Close { at, .. } => item.done = Some(*at),
            ItemUpdate::Reopen { .. } => item.done = None,
            ItemUpdate::SetText { text, due, .. } => {
                item.text.clone_from(text);
                item.due = due.or(item.due);
            }
            ItemUpdate::SetCarried { times, .. } => item.carried = *times,
        }
        changed.push(id);
    }
    let rows: Vec<Item> = items.iter().filter(|i| changed.contains(&i.id)).cloned().collect();
    if rows.is_empty() {
        return Ok(withdrawn);
    }
    store.put_items(owner, &rows)?;
    Ok(true)
}
