//! Agendas: made from what happened since the last meeting, laid out as a short
//! text block, merged with what people did to the block in the event.
//!
//! ```text
//! items, goals, questions, history ─ draft ─▶ Agenda ─ merge(last written, event's text) ─▶ new text + people's edits
//! ```
//!
//! Pure: the shell reads files and commands and passes bytes and values in. It
//! knows nothing of calendars' syntax, of servers, or of where items are stored.

mod align;
mod base;
mod carrier;
mod clean;
mod context;
mod dates;
mod draft;
mod edits;
mod format;
mod gather;
mod history;
mod input;
mod lifecycle;
mod marks;
mod measures;
mod merge;
mod minutes;
mod numbers;
mod parse;
mod private;
pub mod questions;
mod shape;
mod shared;
mod similar;
pub mod sources;
mod standing;
mod template;
#[cfg(test)]
mod testkit;
mod text;
mod weave;
mod when;
mod wrap;

pub use self::carrier::{attachment_markdown, html_text, link_text, own_text, set_link};
pub use self::draft::{Drafted, Flag, draft};
pub use self::edits::edits;
pub use self::format::{TextForm, block_text};
pub use self::history::{PastMeeting, REFLECTION_QUESTIONS, frozen, history_text, reflection_text};
pub use self::input::{AgendaInput, DraftOptions, Meeting, PairHistory, TemplateSource};
pub use self::lifecycle::{ItemUpdate, apply_edits, carry, new_item_id, reply_item};
pub use self::merge::{Merge, MergeState, merge};
pub use self::numbers::numbers;
pub use self::private::{PrivateAgenda, private_text};
pub use self::shape::{Agenda, Line, Mark, Section};
pub use self::standing::standing;
pub use self::template::{built_in_template, built_in_templates, template_of};
pub use self::when::when_due;
