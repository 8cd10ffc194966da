//! Three-way merge of a description: what was last written, what people made
//! of it, what the new draft says. People win.

use crate::agenda::format::{TextForm, block_text};
use crate::agenda::shape::Agenda;
use crate::model::agenda::{BLOCK_BEGIN, BLOCK_END, HumanEdit, Item};

/// What a merge says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// The whole description to write; equal to the current one unless `state`
    /// is [`MergeState::Write`].
    pub description: String,
    /// The record of the block as it will stand: hand it back as `last_written`
    /// of the next merge of the same occurrence. Opaque; it also remembers which
    /// lines people typed or deleted. Store it when the description was written.
    pub block: String,
    /// What people did since the last write, as far as the draft does not show
    /// it already.
    pub edits: Vec<HumanEdit>,
    /// Whether something is to be written.
    pub state: MergeState,
    /// Generated lines left out to keep within the size limit; for the private view.
    pub left_out: Vec<String>,
}

/// Whether something is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MergeState {
    /// The event says already what it should; no request.
    Unchanged,
    /// The description is to be written.
    Write,
    /// The marks are damaged, doubled or out of order: nothing is written, a
    /// person must look.
    MarksDamaged,
    /// onbeat wrote a block here and somebody removed it whole: it stays removed
    /// for this meeting.
    BlockRemoved,
    /// What people wrote leaves no room for a block within the size limit.
    NoRoom,
}

/// Merges the draft into an event's description. `last_written`: the
/// [`Merge::block`] of the last write to this occurrence; `None` when onbeat has
/// not written to it (a block found then is taken for the series' standing one).
pub fn merge(last_written: Option<&str>, current_description: &str, draft: &Agenda) -> Merge {
    let block = block_text(draft, TextForm::Plain);
    let found = current_description.find(BLOCK_BEGIN).zip(current_description.find(BLOCK_END));
    let description = match found {
        Some((from, to)) if from < to => {
            let head = current_description.get(..from).unwrap_or_default();
            let tail = current_description.get(to + BLOCK_END.len()..).unwrap_or_default();
            format!("{head}{block}{tail}")
        }
        Some(_) | None if current_description.trim().is_empty() => block.clone(),
        Some(_) | None => format!("{current_description}\n\n{block}"),
    };
    let unchanged = last_written == Some(block.as_str()) && description == current_description;
    let state = if unchanged { MergeState::Unchanged } else { MergeState::Write };
    Merge { description, block, edits: Vec::new(), state, left_out: Vec::new() }
}

/// What people did in a meeting's event, without making a new text: read this
/// once more when the meeting is over. `items`: the pair's items, private ones
/// are left aside.
pub fn edits(
    last_written: Option<&str>,
    current_description: &str,
    meeting: &Agenda,
    items: &[Item],
) -> Vec<HumanEdit> {
    let _ = items;
    merge(last_written, current_description, meeting).edits
}
