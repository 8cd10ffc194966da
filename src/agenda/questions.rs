//! The question bank and the rotation: per pair none comes back until all were
//! used, and a re-run for the same meeting chooses the same one.

use jiff::Timestamp;

use crate::model::agenda::AskedQuestion;
use crate::model::id::{PairId, QuestionId};
use crate::model::pair::Role;

/// All questions that may be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QuestionBank {
    pub(super) questions: Vec<Question>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Its stable name in the bank.
    pub id: QuestionId,
    /// In which 1:1s it may be asked.
    pub roles: Vec<Role>,
    /// What it is about.
    pub theme: String,
    /// How personal or demanding: 1 (opens a conversation) to 3 (needs trust).
    pub depth: u8,
    /// As it is asked, one line.
    pub text: String,
}
