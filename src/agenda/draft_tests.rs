//! Drafts of whole agendas, one meeting after the other.

use super::*;
use crate::agenda::input::{DraftOptions, Meeting, PairHistory};
use crate::agenda::lifecycle::{ItemUpdate, carry};
use crate::agenda::merge::{MergeState, merge};
use crate::agenda::questions::QuestionBank;
use crate::agenda::sources::{self, Source};
use crate::agenda::testkit::{item, owner, pair, ts};
use crate::agenda::{TextForm, block_text, private_text};
use crate::model::agenda::{HumanEdit, Item, ItemKind, Reflection, Side};
use crate::model::pair::{Pair, Person, Role};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

/// Tuesdays, 10:00 in Berlin.
const MEETINGS: [&str; 4] = [
    "2026-02-17T09:00:00Z",
    "2026-02-24T09:00:00Z",
    "2026-03-03T09:00:00Z",
    "2026-03-10T09:00:00Z",
];

struct World {
    owner: Person,
    pair: Pair,
    items: Vec<Item>,
    bank: QuestionBank,
    history: PairHistory,
    goals: Vec<Source>,
    metrics: Vec<Source>,
    readings: Vec<Reading>,
    asked: Vec<AskedQuestion>,
    reflections: Vec<Reflection>,
    template: Option<(String, String)>,
    options: DraftOptions,
    minutes: i64,
}

fn source(name: &str, text: &str) -> Source {
    let outcome = sources::parse(name, text.as_bytes()).map_err(|e| e.to_string());
    Source { name: name.to_owned(), outcome, as_of: None }
}

fn world(role: Role) -> World {
    World {
        owner: owner(),
        pair: pair(role, crate::agenda::template_of(role)),
        items: Vec::new(),
        bank: QuestionBank::built_in(),
        history: PairHistory::default(),
        goals: Vec::new(),
        metrics: Vec::new(),
        readings: Vec::new(),
        asked: Vec::new(),
        reflections: Vec::new(),
        template: None,
        options: DraftOptions::default(),
        minutes: 30,
    }
}

impl World {
    fn draft(&self, meeting: &str) -> Drafted {
        let start = ts(meeting);
        draft(&AgendaInput {
            owner: &self.owner,
            pair: &self.pair,
            now: start - SignedDuration::from_hours(16),
            meeting: Meeting {
                beat: start,
                start,
                duration: SignedDuration::from_mins(self.minutes),
            },
            items: &self.items,
            history: self.history.clone(),
            goals: &self.goals,
            metrics: &self.metrics,
            readings: &self.readings,
            asked: &self.asked,
            reflections: &self.reflections,
            bank: &self.bank,
            template: self.template.as_ref().map(|(file, text)| TemplateSource { file, text }),
            options: self.options,
        })
    }

    /// The meeting took place: what a store would remember of it.
    fn hold(&mut self, meeting: &str, drafted: &Drafted) {
        self.history.held.push(ts(meeting));
        self.asked.extend(drafted.asked.iter().cloned());
        self.readings.extend(drafted.readings.iter().cloned());
        for update in carry(&self.items, &self.history.held) {
            match update {
                ItemUpdate::SetCarried { item, times } => {
                    self.items.iter_mut().find(|other| other.id == item).unwrap().carried = times;
                }
                ItemUpdate::Close { item, at } => self.close(item.as_str(), at),
                ItemUpdate::Create(_)
                | ItemUpdate::SetText { .. }
                | ItemUpdate::Withdraw { .. }
                | ItemUpdate::Reopen { .. } => {}
            }
        }
    }

    fn close(&mut self, id: &str, at: Timestamp) {
        self.items.iter_mut().find(|item| item.id.as_str() == id).unwrap().done = Some(at);
    }

    fn add(&mut self, id: &str, kind: ItemKind, side: Side, text: &str, created: &str) {
        self.items.push(item(id, kind, side, text, created));
    }
}

/// Three meetings of a pair, as `docs/agenda.md` shows the third of them.
pub(in crate::agenda) fn third_meeting(role: Role) -> (Vec<Drafted>, String, String) {
    let mut world = world(role);
    let (boss, report) = match role {
        Role::Manager => (Side::Partner, Side::Owner),
        Role::Report | Role::Peer | Role::SkipLevel | Role::Mentor => (Side::Owner, Side::Partner),
    };
    let before = "2026-02-16T08:00:00Z";
    world.goals = vec![source(
        "goals/bob.toml",
        "date = 2026-02-16\n[[goal]]\nname = \"Churn\"\nvalue = 3.4\ntarget = 2.5\nunit = \"%\"\nbetter = \"down\"\n",
    )];
    world.add("a1", ItemKind::Action, report, "send the pricing draft to legal", before);
    world.items[0].due = Some("2026-02-20".parse().unwrap());
    world.add("t1", ItemKind::Topic, report, "input on: hiring plan for the second team", before);
    world.history.next = Some(ts(MEETINGS[1]));
    let mut drafts = vec![world.draft(MEETINGS[0])];
    world.hold(MEETINGS[0], &drafts[0].clone());

    world.close("t1", ts("2026-02-17T09:20:00Z"));
    world.add(
        "a2",
        ItemKind::Action,
        boss,
        "open the billing logs for Bob's team",
        "2026-02-17T09:25:00Z",
    );
    world.items[2].due = Some("2026-02-27".parse().unwrap());
    world.history.next = Some(ts(MEETINGS[2]));
    drafts.push(world.draft(MEETINGS[1]));
    world.hold(MEETINGS[1], &drafts[1].clone());
    before_the_third(&mut world, report);
    let third = world.draft(MEETINGS[2]);
    let texts = (block_text(&third.agenda, TextForm::Plain), private_text(&third));
    drafts.push(third);
    (drafts, texts.0, texts.1)
}

/// What happens between the second and the third meeting.
fn before_the_third(world: &mut World, report: Side) {
    world.close("a1", ts("2026-02-26T15:00:00Z"));
    world.add(
        "w1",
        ItemKind::Win,
        report,
        "pricing page is live, two days early",
        "2026-02-27T10:00:00Z",
    );
    world.add("b1", ItemKind::Blocker, report, "test data is stale", "2026-03-01T10:00:00Z");
    world.add("t2", ItemKind::Topic, report, "priority: launch in Lyon", "2026-03-01T10:00:00Z");
    world.add(
        "t3",
        ItemKind::Topic,
        report,
        "decision on: vendor for the payment step",
        "2026-03-01T10:01:00Z",
    );
    world.add(
        "t4",
        ItemKind::Topic,
        Side::Both,
        "growth: lead the launch review",
        "2026-03-01T10:02:00Z",
    );
    world.add(
        "p1",
        ItemKind::Topic,
        Side::Owner,
        "ask about the move to Lyon, gently",
        "2026-03-01T10:03:00Z",
    );
    world.items.last_mut().unwrap().private = true;
    world.goals = vec![source(
        "goals/bob.toml",
        "date = 2026-03-01\n[[goal]]\nname = \"Churn\"\nvalue = 3.1\ntarget = 2.5\nunit = \"%\"\nbetter = \"down\"\nnote = \"new pricing page\"\n",
    )];
    world.metrics = vec![source(
        "metrics.csv",
        "name,value,date\nOpen tickets,41,2026-02-24\nOpen tickets,48,2026-03-02\n",
    )];
    world.history.next = Some(ts(MEETINGS[3]));
    world.history.pushed = 1;
    world.history.flags = vec!["Pushed by you twice in a row".to_owned()];
    world.reflections = vec![Reflection {
        pair: world.pair.id.clone(),
        beat: ts(MEETINGS[1]),
        at: ts("2026-02-24T10:00:00Z"),
        went_well: "Good start".to_owned(),
        better: "I talked too much".to_owned(),
        achieved: "Mostly".to_owned(),
    }];
}

const ROLES: [Role; 5] = [Role::Manager, Role::Report, Role::Peer, Role::SkipLevel, Role::Mentor];

#[test]
fn three_meetings_build_on_each_other() {
    for role in ROLES {
        let (drafts, third, private) = third_meeting(role);
        let texts: Vec<String> =
            drafts.iter().map(|drafted| block_text(&drafted.agenda, TextForm::Plain)).collect();
        // The first is the first-1:1 agenda; questions never repeat.
        assert!(texts[0].contains("1. Who we are"), "{}", texts[0]);
        let asked: Vec<_> = drafts.iter().flat_map(|d| &d.asked).map(|a| &a.question).collect();
        let mut unique = asked.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), asked.len(), "{asked:?}");
        // Carried, then done; goals with their change.
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            words(&texts[1])
                .contains("send the pricing draft to legal (due 20 Feb; overdue; carried 1x)"),
            "{}",
            texts[1]
        );
        assert!(
            third.contains("[x] ") && third.contains("Churn: 3.4 → 3.1 % (target 2.5 %, better)"),
            "{third}"
        );
        assert!(
            words(&third)
                .contains("open the billing logs for Bob's team (due 27 Feb; overdue; carried 1x)"),
            "{third}"
        );
        assert!(third.contains("Last met 7 days ago; this one was pushed once."));
        assert!(third.contains("Next: Tue 10 Mar, 10:00"));
        // A blocker without a proposed solution is flagged, to the owner only.
        assert!(private.contains("! Blocker without a proposed solution: test data is stale"));
        assert!(!third.contains("without a proposed"));
        assert!(private.contains("I talked too much") && !third.contains("I talked"));
        assert!(private.contains("move to Lyon, gently") && !third.contains("gently"));
        for text in &texts {
            for line in text.lines() {
                assert!(line.width() <= 72, "{line}");
            }
        }
    }
}

#[test]
fn the_same_input_gives_the_same_agenda_and_no_write() {
    for role in ROLES {
        let (drafts, ..) = third_meeting(role);
        let (again, ..) = third_meeting(role);
        assert_eq!(drafts, again);
        let third = &drafts[2].agenda;
        let written = merge(None, "", third);
        let second = merge(Some(&written.block), &written.description, third);
        assert_eq!((second.state, second.edits), (MergeState::Unchanged, vec![]));
    }
}

#[test]
fn docs_show_what_is_made() {
    let docs = include_str!("../../docs/agenda.md");
    let (drafts, ..) = third_meeting(Role::Report);
    let mut examples = vec![("first", block_text(&drafts[0].agenda, TextForm::Plain))];
    for role in ROLES {
        let (_, shared, private) = third_meeting(role);
        let whole = role == Role::Manager;
        let shown = if whole { private.trim_end().to_owned() } else { shared };
        examples.push((crate::agenda::template_of(role), shown));
    }
    let missing: Vec<String> = examples
        .into_iter()
        .map(|(name, shown)| format!("```text {name}\n{shown}\n```"))
        .filter(|example| !docs.contains(example))
        .collect();
    assert!(missing.is_empty(), "docs/agenda.md should hold\n{}", missing.join("\n\n"));
    let bank = QuestionBank::built_in();
    assert!(docs.contains(&format!("{} questions", bank.questions().len())));
}

#[test]
fn minutes_add_up_whatever_the_length() {
    for role in ROLES {
        for minutes in [1, 5, 15, 25, 30, 45, 50, 60, 90] {
            let mut world = world(role);
            world.minutes = minutes;
            for held in [vec![], vec![ts(MEETINGS[0])]] {
                world.history.held = held;
                let agenda = world.draft(MEETINGS[2]).agenda;
                let sum: u16 = agenda.sections().iter().map(|section| section.minutes()).sum();
                assert_eq!(i64::from(sum), minutes);
                assert!(agenda.sections().iter().all(|section| section.minutes() > 0));
            }
        }
    }
}

/// Private text planted everywhere it can be planted.
const SECRET: &str = "xyzzy";

fn plant(world: &mut World) {
    world.history.held = vec![ts(MEETINGS[0])];
    world.history.flags = vec![format!("{SECRET} flag")];
    for (at, kind) in [ItemKind::Topic, ItemKind::Action, ItemKind::Win, ItemKind::Blocker]
        .into_iter()
        .enumerate()
    {
        for (n, side) in [Side::Owner, Side::Partner, Side::Both].into_iter().enumerate() {
            for done in [false, true] {
                let id = format!("{SECRET}{at}{n}{done}");
                let text = format!("input on: {SECRET} {at}{n}");
                world.add(&id, kind, side, &text, "2026-02-20T08:00:00Z");
                let item = world.items.last_mut().unwrap();
                item.private = true;
                item.done = done.then(|| ts("2026-02-28T08:00:00Z"));
                item.carried = u32::try_from(at).unwrap() * 2;
            }
        }
    }
    world.add("t1", ItemKind::Topic, Side::Both, "open matter", "2026-02-20T08:00:00Z");
    world.goals = vec![Source {
        name: format!("{SECRET}.toml"),
        outcome: Err(format!("{SECRET} failed")),
        as_of: None,
    }];
    world.reflections = vec![Reflection {
        pair: world.pair.id.clone(),
        beat: ts(MEETINGS[0]),
        at: ts(MEETINGS[0]),
        went_well: SECRET.to_owned(),
        better: SECRET.to_owned(),
        achieved: SECRET.to_owned(),
    }];
}

#[test]
fn private_text_reaches_nothing_shared() {
    for role in ROLES {
        let mut world = world(role);
        plant(&mut world);
        // A template that tries to print the private half's list in the shared one.
        let nosy = "## A | 1\n{% for line in prep %}\n{{ line }}\n{% endfor %}\n\
            {% for t in topics %}\n{{ t.line }}\n{% endfor %}\n=== private ===\n## P\n\
            {% for line in prep %}\n{{ line }}\n{% endfor %}\n";
        for template in [None, Some(("own.j2".to_owned(), nosy.to_owned()))] {
            world.template = template;
            let drafted = world.draft(MEETINGS[2]);
            assert!(private_text(&drafted).contains(SECRET));
            let agenda = &drafted.agenda;
            let plain = merge(None, "", agenda);
            let html = merge(None, "<b>x</b>", agenda);
            // A line typed in the event that is much like a private one.
            let typed = plain.description.replace("— end", &format!("{SECRET} 00\n— end"));
            let edited = merge(Some(&plain.block), &typed, agenda);
            let edits: Vec<HumanEdit> = edited.edits.clone();
            assert!(
                !edits.iter().any(|edit| format!("{edit:?}").contains("ItemId(\"xyzzy")),
                "{edits:?}"
            );
            let standing = crate::agenda::standing(&world.pair, &world.owner, None);
            for text in [
                format!("{agenda:?}"),
                plain.description,
                plain.block,
                html.description,
                html.block,
                standing,
                crate::agenda::own_text(agenda),
                crate::agenda::attachment_markdown(agenda),
                format!("{:?}{:?}", drafted.asked, drafted.readings),
            ] {
                assert!(!text.contains(SECRET), "{text}");
            }
        }
    }
}

#[test]
fn a_broken_template_is_said_and_replaced() {
    let mut world = world(Role::Report);
    world.history.held = vec![ts(MEETINGS[0])];
    world.template = Some(("own.md.j2".to_owned(), "## A | 1\n\n- {{ gaols }}\n".to_owned()));
    let drafted = world.draft(MEETINGS[1]);
    assert!(drafted.agenda.sections().len() == 6);
    let Some(Flag::TemplateBroken { file, line, problem }) = drafted.flags.first() else {
        panic!("{:?}", drafted.flags)
    };
    assert_eq!((file.as_str(), *line), ("own.md.j2", Some(3)));
    assert!(problem.contains("`gaols`"), "{problem}");
    assert!(private_text(&drafted).contains("Template own.md.j2, line 3"));

    world.template = None;
    world.pair.template = "no-such".to_owned();
    let drafted = world.draft(MEETINGS[1]);
    assert_eq!(drafted.flags, vec![Flag::TemplateUnknown { name: "no-such".to_owned() }]);
    assert_eq!(drafted.agenda.sections().len(), 6);
}

#[test]
fn an_own_template_lays_out_what_it_likes() {
    let mut world = world(Role::Peer);
    world.add("a1", ItemKind::Action, Side::Owner, "call Ana", "2026-02-20T08:00:00Z");
    world.template = Some((
        "own.md.j2".to_owned(),
        "{{ owner }} & {{ partner }}\n## Doing | 2\n{% for a in actions %}\n{{ a.line }}\n{% endfor %}\n## Rest | 1\n---\nbye\n".to_owned(),
    ));
    let text = block_text(&world.draft(MEETINGS[1]).agenda, TextForm::Plain);
    let expected = "\
— 1:1 agenda · onbeat —
Elena & Bob

1. Doing (20 min)
[ ] Elena: call Ana

2. Rest (10 min)

bye
— end of agenda —";
    assert_eq!(text, expected);
}

#[test]
fn later_parked_stale_and_value_questions() {
    let mut world = world(Role::Report);
    world.history.held = vec![ts(MEETINGS[0]); 6];
    world.add("t1", ItemKind::Topic, Side::Both, "summer party", "2026-02-01T08:00:00Z");
    world.items[0].later = Some("2026-03-05".parse().unwrap());
    world.add("t2", ItemKind::Topic, Side::Both, "old matter", "2026-01-01T08:00:00Z");
    world.items[1].carried = 4;
    world.metrics = vec![Source {
        as_of: Some("2026-01-02".parse().unwrap()),
        ..source("m.json", "{\"Uptime\": 99.5}")
    }];
    let early = world.draft(MEETINGS[2]);
    let text = block_text(&early.agenda, TextForm::Plain);
    assert!(!text.contains("ummer party") && !text.contains("ld matter"), "{text}");
    assert!(
        text.contains("Uptime: 99.5 (stale, as of 2 Jan 2026)") || text.contains("stale, as of"),
        "{text}"
    );
    assert!(text.contains("How can I make our 1:1s more valuable for you?"));
    let kinds: Vec<String> = early.flags.iter().map(ToString::to_string).collect();
    assert!(
        kinds.iter().any(|flag| flag.starts_with("Parked after 4 agendas: old matter")),
        "{kinds:?}"
    );
    assert!(kinds.iter().any(|flag| flag == "Uptime: the value is 60 days old"), "{kinds:?}");
    let late = block_text(&world.draft(MEETINGS[3]).agenda, TextForm::Plain);
    assert!(late.contains("Summer party"));
}

#[test]
fn occasions_are_named() {
    let mut world = world(Role::Report);
    world.history.held = vec![ts("2026-03-24T09:00:00Z")];
    world.history.back_from_leave = Some("Bob".to_owned());
    let text = block_text(&world.draft("2026-04-07T08:00:00Z").agenda, TextForm::Plain);
    assert!(text.contains("First 1:1 after Bob's time off"), "{text}");
    assert!(text.contains("First 1:1 of the quarter"), "{text}");
    world.options.first_month_of_year = 2;
    let text = block_text(&world.draft("2026-04-07T08:00:00Z").agenda, TextForm::Plain);
    assert!(!text.contains("of the quarter"), "{text}");
}

#[test]
fn the_rest_of_a_long_list_is_kept_for_the_owner() {
    let mut world = world(Role::Report);
    world.history.held = vec![ts(MEETINGS[0])];
    for n in 0..12 {
        world.add(
            &format!("a{n}"),
            ItemKind::Action,
            Side::Partner,
            &format!("deed number {n}"),
            "2026-02-20T08:00:00Z",
        );
    }
    let drafted = world.draft(MEETINGS[1]);
    let shared = block_text(&drafted.agenda, TextForm::Plain);
    assert_eq!(shared.matches("deed number").count(), 8);
    assert_eq!(private_text(&drafted).matches("] Bob: deed number").count(), 12);
    assert!(drafted.flags.contains(&Flag::Shortened { lines: 4 }));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_of_items_makes_a_block_that_reads_back(
        texts in proptest::collection::vec("\\PC{0,200}", 1..8),
        hard in proptest::collection::vec(prop_oneof![
            Just("— end of agenda —"), Just("— 1:1 agenda · onbeat —"), Just("## Heading | 3"),
            Just("---"), Just("=== private ==="), Just("1. Goals (5 min)"), Just("[x] done; a,b\\n\"c\":"),
            Just("مرحبا بالعالم ‏1:1‏"), Just("👩‍👩‍👧‍👦🎉 party"), Just("{{ owner }}{% raw %}"), Just("<b>&amp;</b>"),
        ], 0..4),
        html in any::<bool>(),
    ) {
        let mut world = world(Role::Report);
        world.history.held = vec![ts(MEETINGS[0])];
        for (at, text) in texts.iter().map(String::as_str).chain(hard).enumerate() {
            let kind = [ItemKind::Topic, ItemKind::Action, ItemKind::Blocker, ItemKind::Win][at % 4];
            world.add(&format!("i{at}"), kind, Side::Both, text, "2026-02-20T08:00:00Z");
        }
        let drafted = world.draft(MEETINGS[1]);
        let broken = drafted.flags.iter().any(|flag| matches!(flag, Flag::TemplateBroken { .. }));
        prop_assert!(!broken);
        prop_assert_eq!(drafted.agenda.sections().len(), 6);
        let written = merge(None, if html { "<i>x</i>" } else { "" }, &drafted.agenda);
        prop_assert_eq!(written.state, MergeState::Write);
        let again = merge(Some(&written.block), &written.description, &drafted.agenda);
        prop_assert_eq!(again.state, MergeState::Unchanged, "{}\n{}", written.description, again.description);
        prop_assert!(again.edits.is_empty(), "{:?}\n{}", again.edits, written.description);
        if !html {
            for line in written.description.lines() {
                prop_assert!(line.width() <= 72, "{}", line);
            }
        }
    }
}
