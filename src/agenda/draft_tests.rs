//! Drafts of whole agendas.

use super::*;
use crate::agenda::input::{DraftOptions, Meeting, PairHistory};
use crate::agenda::questions::QuestionBank;
use crate::agenda::testkit::{item, owner, pair, ts};
use crate::agenda::{TextForm, block_text, private_text};
use crate::model::agenda::{Item, ItemKind, Side};
use crate::model::pair::{Pair, Person, Role};
use jiff::SignedDuration;

struct World {
    owner: Person,
    pair: Pair,
    items: Vec<Item>,
    bank: QuestionBank,
    history: PairHistory,
}

fn world(role: Role) -> World {
    let mut action =
        item("a1", ItemKind::Action, Side::Partner, "send the draft", "2026-02-20T09:00:00Z");
    action.due = Some("2026-03-06".parse().unwrap());
    action.carried = 1;
    let mut done =
        item("a2", ItemKind::Action, Side::Owner, "book the room", "2026-02-20T09:00:00Z");
    done.done = Some(ts("2026-03-01T09:00:00Z"));
    World {
        owner: owner(),
        pair: pair(role, crate::agenda::template_of(role)),
        items: vec![
            action,
            done,
            item(
                "t1",
                ItemKind::Topic,
                Side::Both,
                "input on: hiring plan",
                "2026-02-26T09:00:00Z",
            ),
            item(
                "b1",
                ItemKind::Blocker,
                Side::Owner,
                "no access to billing logs",
                "2026-02-26T09:00:00Z",
            ),
        ],
        bank: QuestionBank::built_in(),
        history: PairHistory {
            held: vec![ts("2026-02-24T09:00:00Z")],
            next: Some(ts("2026-03-10T09:00:00Z")),
            ..PairHistory::default()
        },
    }
}

fn run(world: &World) -> Drafted {
    draft(&AgendaInput {
        owner: &world.owner,
        pair: &world.pair,
        now: ts("2026-03-02T17:00:00Z"),
        meeting: Meeting {
            beat: ts("2026-03-03T09:00:00Z"),
            start: ts("2026-03-03T09:00:00Z"),
            duration: SignedDuration::from_mins(30),
        },
        items: &world.items,
        history: world.history.clone(),
        goals: &[],
        metrics: &[],
        readings: &[],
        asked: &[],
        reflections: &[],
        bank: &world.bank,
        template: None,
        options: DraftOptions::default(),
    })
}

#[test]
fn look() {
    for role in [Role::Manager, Role::Report] {
        let d = run(&world(role));
        println!("{}\n{:?}", private_text(&d), d.flags);
        println!("{}", block_text(&d.agenda, TextForm::Html));
    }
}
