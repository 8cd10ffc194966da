//! The question bank and the rotation: per pair none comes back until all were
//! used, and a re-run for the same meeting chooses the same one.

use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;

use jiff::Timestamp;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::agenda::clean::clean;
use crate::model::agenda::AskedQuestion;
use crate::model::id::{PairId, QuestionId};
use crate::model::pair::Role;

/// Every few meetings this is asked in place of a feedback question.
pub const VALUE_QUESTION: &str = "How can I make our 1:1s more valuable for you?";

/// The built-in bank, as in `config/questions.toml`.
const BUILT_IN: &str = include_str!("../../config/questions.toml");

/// Largest bank, in bytes.
const BANK_BYTES: usize = 1024 * 1024;

/// Longest question, in characters.
const QUESTION_CHARS: usize = 160;

/// Meetings held before questions of depth 2, and of depth 3, are asked.
const DEPTH_TWO_AFTER: usize = 3;
const DEPTH_THREE_AFTER: usize = 10;

/// All questions that may be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QuestionBank {
    questions: Vec<Question>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Its stable name in the bank.
    pub id: QuestionId,
    /// In which 1:1s it may be asked; empty: in all.
    pub roles: Vec<Role>,
    /// What it is about.
    pub theme: Theme,
    /// How personal or demanding: 1 (opens a conversation) to 3 (needs trust).
    pub depth: u8,
    /// As it is asked, one line.
    pub text: String,
}

/// What a question is about; each theme has its place in the agendas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Theme {
    /// The check-in.
    Opening,
    /// Beside blockers and challenges.
    Problem,
    /// The feedback part.
    Feedback,
    /// Growth and career.
    Growth,
    /// Direction.
    Strategy,
    /// The team and the work.
    Team,
}

impl Theme {
    /// All themes.
    pub const ALL: [Self; 6] =
        [Self::Opening, Self::Problem, Self::Feedback, Self::Growth, Self::Strategy, Self::Team];

    /// Its name in the bank.
    pub fn name(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Problem => "problem",
            Self::Feedback => "feedback",
            Self::Growth => "growth",
            Self::Strategy => "strategy",
            Self::Team => "team",
        }
    }
}

/// Why a question bank cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}{}: {problem}", line.map(|line| format!(", line {line}")).unwrap_or_default())]
pub struct BankError {
    /// The file's name.
    pub file: String,
    /// The line, counted from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong and what to do.
    pub problem: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawQuestion {
    id: String,
    depth: u8,
    #[serde(default)]
    roles: Vec<String>,
    text: String,
}

/// A theme's questions, each with its place in the file.
type RawTheme = Vec<toml::Spanned<RawQuestion>>;

impl QuestionBank {
    /// The built-in bank. Reading it takes a moment: do it once.
    pub fn built_in() -> Self {
        // `tests` prove that the built-in text reads.
        Self::parse("questions.toml", BUILT_IN).unwrap_or_default()
    }

    /// Reads a bank in the format of `config/questions.toml`.
    pub fn parse(file: &str, text: &str) -> Result<Self, BankError> {
        let error = |line, problem: String| BankError { file: file.to_owned(), line, problem };
        if text.len() > BANK_BYTES {
            return Err(error(None, format!("larger than {} KiB", BANK_BYTES / 1024)));
        }
        let raw: toml::map::Map<String, toml::Value> = toml::from_str::<toml::Table>(text)
            .map_err(|e| {
                error(e.span().map(|span| line_at(text, span.start)), e.message().to_owned())
            })?;
        if let Some(name) =
            raw.keys().find(|name| Theme::ALL.iter().all(|theme| theme.name() != name.as_str()))
        {
            let known: Vec<&str> = Theme::ALL.iter().map(|theme| theme.name()).collect();
            let line = text.lines().position(|line| line.trim_start().starts_with(name.as_str()));
            return Err(error(
                line.map(|at| at + 1),
                format!("there is no theme `{name}`; the themes are {}", known.join(", ")),
            ));
        }
        let themes: std::collections::BTreeMap<String, RawTheme> =
            toml::from_str(text).map_err(|e| {
                error(e.span().map(|span| line_at(text, span.start)), e.message().to_owned())
            })?;
        let mut questions = Vec::new();
        let mut seen = BTreeSet::new();
        for theme in Theme::ALL {
            for raw in themes.get(theme.name()).into_iter().flatten() {
                let line = Some(line_at(text, raw.span().start));
                let question =
                    question(theme, raw.get_ref()).map_err(|problem| error(line, problem))?;
                if !seen.insert(question.id.clone()) {
                    let problem = format!("the id `{}` is there twice", question.id);
                    return Err(error(line, problem));
                }
                questions.push(question);
            }
        }
        Ok(Self { questions })
    }

    /// The questions, by theme in the order of [`Theme::ALL`].
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }
}

fn question(theme: Theme, raw: &RawQuestion) -> Result<Question, String> {
    let text = clean(&raw.text, QUESTION_CHARS + 1);
    if text.is_empty() || text.chars().count() > QUESTION_CHARS {
        return Err(format!("a question has 1 to {QUESTION_CHARS} characters"));
    }
    if !(1..=3).contains(&raw.depth) {
        return Err(format!("depth is 1, 2 or 3, not {}", raw.depth));
    }
    let roles = raw.roles.iter().map(|name| role(name)).collect::<Result<_, _>>()?;
    Ok(Question { id: QuestionId::new(raw.id.trim()), roles, theme, depth: raw.depth, text })
}

fn role(name: &str) -> Result<Role, String> {
    match name {
        "report" => Ok(Role::Report),
        "manager" => Ok(Role::Manager),
        "peer" => Ok(Role::Peer),
        "skip-level" => Ok(Role::SkipLevel),
        "mentor" => Ok(Role::Mentor),
        _ => Err(format!(
            "there is no role `{name}`; the roles are report, manager, peer, skip-level, mentor"
        )),
    }
}

/// The line (from 1) of a byte.
pub(super) fn line_at(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|b| *b == b'\n').count() + 1
}

impl FromStr for QuestionBank {
    type Err = BankError;

    fn from_str(text: &str) -> Result<Self, BankError> {
        Self::parse("questions", text)
    }
}

/// Whom and what questions are chosen for.
#[derive(Debug, Clone)]
pub(super) struct Asking<'a> {
    pair: &'a PairId,
    role: Role,
    held: usize,
    /// How often each was asked before.
    times: HashMap<&'a QuestionId, usize>,
    /// What was stored for this meeting.
    stored: Vec<&'a QuestionId>,
}

impl<'a> Asking<'a> {
    /// Counts what a pair was asked; `held`: how many meetings they had.
    pub(super) fn of(
        pair: &'a PairId,
        role: Role,
        beat: Timestamp,
        held: usize,
        asked: &'a [AskedQuestion],
    ) -> Self {
        let mut out = Self { pair, role, held, times: HashMap::new(), stored: Vec::new() };
        for one in asked.iter().filter(|asked| asked.pair == *pair) {
            if one.beat < beat {
                *out.times.entry(&one.question).or_default() += 1;
            } else if one.beat == beat {
                out.stored.push(&one.question);
            }
        }
        out
    }
}

/// The question of a theme for a meeting. What was stored for this meeting stays;
/// else the least-asked questions are due, of those the ones the pair knows each
/// other well enough for, of those one by an order that is the pair's own.
pub(super) fn choose<'b>(
    bank: &'b QuestionBank,
    theme: Theme,
    asking: &Asking<'_>,
) -> Option<&'b Question> {
    let fitting = || {
        bank.questions
            .iter()
            .filter(|question| question.theme == theme)
            .filter(|question| question.roles.is_empty() || question.roles.contains(&asking.role))
    };
    if let Some(stored) = fitting().find(|question| asking.stored.contains(&&question.id)) {
        return Some(stored);
    }
    let times = |question: &Question| asking.times.get(&question.id).copied().unwrap_or(0);
    let round = fitting().map(times).min()?;
    let due = || fitting().filter(|question| times(question) == round);
    let allowed = match asking.held {
        held if held >= DEPTH_THREE_AFTER => 3,
        held if held >= DEPTH_TWO_AFTER => 2,
        _ => 1,
    };
    // Once all shallow ones are used, a deeper one comes before a repeated one.
    let allowed = due().map(|question| question.depth).min()?.max(allowed);
    due()
        .filter(|question| question.depth <= allowed)
        .min_by_key(|question| order(asking.pair, round, &question.id))
}

/// The pair's own order of a round: a hash, so it needs no state and no chance.
fn order(pair: &PairId, round: usize, question: &QuestionId) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(pair.as_str());
    hash.update([0]);
    hash.update(u64::try_from(round).unwrap_or(u64::MAX).to_le_bytes());
    hash.update(question.as_str());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn asked_over(meetings: usize, pair: &str, role: Role) -> Vec<AskedQuestion> {
        let bank = QuestionBank::built_in();
        let pair = PairId::new(pair);
        let mut asked = Vec::new();
        for at in 0..meetings {
            let beat = Timestamp::from_second(1_700_000_000 + 604_800 * at as i64).unwrap();
            let asking = Asking::of(&pair, role, beat, at, &asked);
            let question = choose(&bank, Theme::Opening, &asking).unwrap().id.clone();
            let again = choose(&bank, Theme::Opening, &asking).unwrap().id.clone();
            assert_eq!(question, again);
            asked.push(AskedQuestion { pair: pair.clone(), beat, question });
        }
        asked
    }

    #[test]
    fn the_bank_reads_and_is_rich() {
        let bank = QuestionBank::parse("questions.toml", BUILT_IN).unwrap();
        assert!(bank.questions().len() >= 120, "{}", bank.questions().len());
        for theme in Theme::ALL {
            for role in [Role::Report, Role::Manager, Role::Peer, Role::SkipLevel, Role::Mentor] {
                for depth in 1..=3 {
                    let count = bank
                        .questions()
                        .iter()
                        .filter(|q| q.theme == theme && q.depth == depth)
                        .filter(|q| q.roles.is_empty() || q.roles.contains(&role))
                        .count();
                    assert!(count >= 2, "{theme:?} {role:?} depth {depth}: {count}");
                }
            }
        }
        let texts: BTreeSet<&str> = bank.questions().iter().map(|q| q.text.as_str()).collect();
        assert_eq!(texts.len(), bank.questions().len());
        for q in bank.questions() {
            assert!(q.text.ends_with('?') && q.text.chars().count() <= 70, "{}", q.text);
        }
    }

    #[test]
    fn none_comes_back_before_all_were_asked() {
        let bank = QuestionBank::built_in();
        let all = bank
            .questions()
            .iter()
            .filter(|q| q.theme == Theme::Opening)
            .filter(|q| q.roles.is_empty() || q.roles.contains(&Role::Report))
            .count();
        let asked = asked_over(all * 2, "bob", Role::Report);
        let mut counts: BTreeMap<&QuestionId, usize> = BTreeMap::new();
        for (at, one) in asked.iter().enumerate() {
            *counts.entry(&one.question).or_default() += 1;
            if at + 1 == all {
                assert!(counts.values().all(|count| *count == 1));
                assert_eq!(counts.len(), all);
            }
        }
        assert!(counts.values().all(|count| *count == 2));
    }

    #[test]
    fn pairs_go_their_own_ways_and_start_shallow() {
        let bob = asked_over(12, "bob", Role::Report);
        let ana = asked_over(12, "ana", Role::Report);
        let ids = |asked: &[AskedQuestion]| {
            asked.iter().map(|one| one.question.clone()).collect::<Vec<_>>()
        };
        assert_ne!(ids(&bob), ids(&ana));
        let bank = QuestionBank::built_in();
        for one in bob.iter().take(3) {
            let question = bank.questions().iter().find(|q| q.id == one.question).unwrap();
            assert_eq!(question.depth, 1);
        }
    }

    #[test]
    fn what_was_stored_for_a_meeting_stays() {
        let bank = QuestionBank::built_in();
        let pair = PairId::new("bob");
        let beat = Timestamp::from_second(1_700_000_000).unwrap();
        let stored = AskedQuestion { pair: pair.clone(), beat, question: QuestionId::new("o12") };
        let asked = [stored];
        let asking = Asking::of(&pair, Role::Peer, beat, 0, &asked);
        assert_eq!(choose(&bank, Theme::Opening, &asking).unwrap().id.as_str(), "o12");
    }

    #[test]
    fn errors_name_the_line() {
        let cases = [
            ("opening = [\n  { id = \"a\", depth = 7, text = \"x?\" },\n]", Some(2), "depth"),
            ("opening = [\n { id = \"a\", depht = 1, text = \"x\" } ]", Some(2), "depht"),
            ("\nopenning = []", Some(2), "openning"),
            (
                "team = [ { id = \"a\", depth = 1, text = \"x\" },\n{ id = \"a\", depth = 1, text = \"y\" } ]",
                Some(2),
                "twice",
            ),
            ("opening = [\n\n{ id = ", Some(3), ""),
            (
                "team = [{ id = \"a\", depth = 1, roles = [\"boss\"], text = \"x\" }]",
                Some(1),
                "boss",
            ),
        ];
        for (text, line, word) in cases {
            let error = QuestionBank::parse("q.toml", text).unwrap_err();
            assert_eq!(error.line, line, "{error}");
            assert!(error.problem.contains(word), "{error}");
        }
    }
}
