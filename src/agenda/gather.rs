//! The rules of what an agenda shows: which shared items and sources, in which
//! order, how many, and which questions are due.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::agenda::context::{Sides, plain_line};
use crate::agenda::input::{AgendaInput, last_met, local_date};
use crate::agenda::measures::{self, Shown};
use crate::agenda::questions::{Asking, Question, Theme, choose};
use crate::agenda::shared::{SharedItem, TopicClass, class_of};
use crate::model::agenda::ItemKind;

/// In so many agendas a topic stands before it is parked.
pub(super) const PARK_AFTER: u32 = 4;

/// Most lines of one kind; the rest goes to the private part.
const MOST_ACTIONS: usize = 8;
const MOST_TOPICS: usize = 6;
const MOST_WINS: usize = 4;
const MOST_MEASURES: usize = 4;

/// What is shown of a pair's items and sources, before it becomes variables.
#[derive(Debug, Clone)]
pub(super) struct Gathered<'a> {
    pub(super) date: Date,
    pub(super) last_met: Option<Timestamp>,
    pub(super) wins: Vec<SharedItem<'a>>,
    pub(super) actions: Vec<SharedItem<'a>>,
    pub(super) blockers: Vec<SharedItem<'a>>,
    pub(super) topics: Vec<(TopicClass, SharedItem<'a>)>,
    pub(super) parked: Vec<SharedItem<'a>>,
    pub(super) goals: Vec<Shown>,
    pub(super) metrics: Vec<Shown>,
    pub(super) questions: Vec<(&'static str, &'a Question)>,
    pub(super) value_question: bool,
    pub(super) over: Vec<String>,
}

/// Sorts a pair's shared items and sources into what is shown.
pub(super) fn gather<'a>(input: &AgendaInput<'a>) -> Gathered<'a> {
    let date = local_date(input.meeting.start, input.owner);
    let met = last_met(&input.history, input.meeting.start);
    let mut out = Gathered {
        date,
        last_met: met,
        wins: Vec::new(),
        actions: Vec::new(),
        blockers: Vec::new(),
        topics: Vec::new(),
        parked: Vec::new(),
        goals: measures::shown(input.goals, input, date),
        metrics: measures::shown(input.metrics, input, date),
        questions: Vec::new(),
        value_question: asks_for_value(input),
        over: Vec::new(),
    };
    for item in input.items.iter().filter(|item| item.pair == input.pair.id) {
        if let Some(shared) = SharedItem::of(item) {
            out.sort_in(shared, met, input.meeting.start);
        }
    }
    let age = |item: &SharedItem<'_>| (item.get().created, item.get().id.clone());
    out.actions.sort_by_key(|item| (item.get().due.unwrap_or(Date::MAX), age(item)));
    out.wins.sort_by_key(|item| (item.get().kind != ItemKind::Win, age(item)));
    out.blockers.sort_by_key(age);
    out.topics.sort_by_key(|(class, item)| (*class, age(item)));
    out.questions = questions(input, met);
    out.cut(&Sides::of(input));
    out
}

impl<'a> Gathered<'a> {
    fn sort_in(&mut self, item: SharedItem<'a>, met: Option<Timestamp>, start: Timestamp) {
        let one = item.get();
        let fresh = one.done.is_none_or(|at| met.is_none_or(|met| at > met) && at <= start);
        let hidden = one.later.is_some_and(|date| date > self.date);
        if !fresh || hidden || one.created > start {
            return;
        }
        match (one.kind, one.done.is_some()) {
            (ItemKind::Win, _) | (ItemKind::Action | ItemKind::Blocker, true) => {
                self.wins.push(item);
            }
            (ItemKind::Action, false) => self.actions.push(item),
            (ItemKind::Blocker, false) => self.blockers.push(item),
            // What was talked about is no news.
            (ItemKind::Topic, true) => {}
            (ItemKind::Topic, false) if one.carried >= PARK_AFTER => self.parked.push(item),
            (ItemKind::Topic, false) => self.topics.push((class_of(&one.text), item)),
        }
    }

    /// Cuts each kind to its most lines; what is over is remembered as text.
    fn cut(&mut self, names: &Sides<'_>) {
        let date = self.date;
        let mut over = Vec::new();
        for (list, most) in [
            (&mut self.actions, MOST_ACTIONS),
            (&mut self.wins, MOST_WINS),
            (&mut self.blockers, MOST_TOPICS),
        ] {
            let rest = list.split_off(most.min(list.len()));
            over.extend(rest.iter().map(|item| plain_line(item.get(), names, date)));
        }
        let rest = self.topics.split_off(MOST_TOPICS.min(self.topics.len()));
        over.extend(rest.iter().map(|(_, item)| plain_line(item.get(), names, date)));
        for list in [&mut self.goals, &mut self.metrics] {
            let rest = list.split_off(MOST_MEASURES.min(list.len()));
            over.extend(rest.into_iter().map(|shown| shown.line));
        }
        self.over = over;
    }

    pub(super) fn count(&self, class: TopicClass) -> usize {
        self.topics.iter().filter(|(other, _)| *other == class).count()
    }
}

fn asks_for_value(input: &AgendaInput<'_>) -> bool {
    let every = usize::try_from(input.options.value_question_every).unwrap_or(usize::MAX);
    let held = input.history.held.iter().filter(|at| **at < input.meeting.start).count();
    every > 0 && held > 0 && held.is_multiple_of(every)
}

fn questions<'a>(
    input: &AgendaInput<'a>,
    met: Option<Timestamp>,
) -> Vec<(&'static str, &'a Question)> {
    let held = if met.is_some() { input.history.held.len() } else { 0 };
    let (pair, beat) = (input.pair, input.meeting.beat);
    let asking = Asking::of(&pair.id, pair.role, beat, held, input.asked);
    [
        ("question", Theme::Opening),
        ("problem_question", Theme::Problem),
        ("feedback_question", Theme::Feedback),
        ("growth_question", Theme::Growth),
        ("strategic_question", Theme::Strategy),
        ("team_question", Theme::Team),
    ]
    .into_iter()
    .filter_map(|(name, theme)| choose(input.bank, theme, &asking).map(|found| (name, found)))
    .collect()
}
