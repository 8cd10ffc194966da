//! The merge, case by case and by property.

use super::*;
use crate::agenda::format::{TextForm, block_text};
use crate::agenda::lifecycle::{ItemUpdate, apply_edits};
use crate::agenda::testkit::{agenda, item, ts};
use crate::model::agenda::{BLOCK_BEGIN, BLOCK_END, Item, ItemKind, Side};
use crate::model::id::{ItemId, PairId};
use proptest::prelude::*;

fn items() -> Vec<Item> {
    vec![
        item(
            "a1",
            ItemKind::Action,
            Side::Partner,
            "send the draft to legal",
            "2026-02-20T09:00:00Z",
        ),
        item("t1", ItemKind::Topic, Side::Owner, "Input on: hiring plan", "2026-02-20T09:00:00Z"),
        item("t2", ItemKind::Topic, Side::Both, "Office move", "2026-02-20T09:00:00Z"),
    ]
}

const LINES: [&str; 9] = [
    "Last met 7 days ago.",
    "## Check-in",
    "- What made you smile at work lately?",
    "## Topics",
    "[ ] t1@Elena: Input on: hiring plan",
    "[ ] t2@Office move",
    "- Churn: 3.1 → 2.8 % (target 2.5 %, better)",
    "## Action items",
    "[ ] a1@Bob: send the draft to legal (due 6 Mar; carried 1x)",
];

fn draft() -> Agenda {
    agenda(&LINES, &items())
}

/// Written into an event that says `text` already.
fn written(text: &str) -> Merge {
    let merge = merge(None, text, &draft());
    assert_eq!(merge.state, MergeState::Write);
    merge
}

fn id(text: &str) -> Option<ItemId> {
    Some(ItemId::new(text))
}

#[test]
fn a_block_is_put_below_what_is_there() {
    let first = written("");
    assert!(first.description.starts_with(BLOCK_BEGIN) && first.description.ends_with(BLOCK_END));
    assert_eq!(first.description, block_text(&draft(), TextForm::Plain));
    let second = written("Dial in: 1234\n");
    assert!(second.description.starts_with("Dial in: 1234\n\n— 1:1"));
    let html = written("<p>Dial in</p>");
    assert!(
        html.description.starts_with("<p>Dial in</p><br><br>— 1:1 agenda"),
        "{}",
        html.description
    );
    assert!(html.description.contains("<br><b>2. Topics (5 min)</b><br>[ ] Elena:"));
}

#[test]
fn the_same_again_is_no_write() {
    for text in ["", "Dial in: 1234", "<b>Dial</b> in"] {
        let first = written(text);
        let again = merge(Some(&first.block), &first.description, &draft());
        assert_eq!((again.state, again.edits), (MergeState::Unchanged, vec![]), "{text}");
        assert_eq!(again.description, first.description);
    }
}

#[test]
fn servers_and_clients_that_rewrite_are_no_edit() {
    let text = written("Dial in: 1234");
    let plain = &text.description;
    let rewritten = [
        plain.replace('\n', "\r\n"),
        format!("{}\n\n", plain.replace("- ", "-  ").replace("[ ]", "[ ]\u{a0}")),
        plain
            .lines()
            .map(|line| format!("{}   ", line.trim_start()))
            .collect::<Vec<_>>()
            .join("\n"),
        plain.lines().map(|line| format!("> {line}")).collect::<Vec<_>>().join("\n"),
        plain
            .lines()
            .map(|line| {
                format!("<p>{}</p>", line.replace("→", "&rarr;").replace("— ", "&mdash;&nbsp;"))
            })
            .collect::<String>(),
        plain.replace('\n', "<br>\n"),
        plain.replace("\n\n", "\n"),
    ];
    for other in rewritten {
        let again = merge(Some(&text.block), &other, &draft());
        assert_eq!((again.state, again.edits), (MergeState::Unchanged, vec![]), "{other}");
        assert_eq!(again.description, other);
    }
}

#[test]
fn a_tick_comes_back_and_stays() {
    let text = written("");
    let ticked = text.description.replace("[ ] Bob:", "[x] Bob:");
    let merged = merge(Some(&text.block), &ticked, &draft());
    let tick = HumanEdit::Ticked { item: id("a1"), text: "send the draft to legal".to_owned() };
    assert_eq!((merged.state, merged.edits), (MergeState::Unchanged, vec![tick]));

    // Stored: the item is done and becomes a win; the ticked line stands for it.
    let mut items = items();
    items[0].done = Some(ts("2026-03-02T10:00:00Z"));
    let mut lines = LINES.to_vec();
    lines[8] = "- Who does what by when";
    lines.insert(3, "[x] a1@Bob: send the draft to legal");
    let next = agenda(&lines, &items);
    let merged = merge(Some(&text.block), &ticked, &next);
    assert_eq!(merged.edits, vec![]);
    assert_eq!(merged.description.matches("send the draft").count(), 1, "{}", merged.description);
    assert!(merged.description.contains("Who does what"));

    let back = merge(Some(&merged.block), &merged.description.replace("[x]", "[ ]"), &next);
    let untick = HumanEdit::Unticked { item: id("a1"), text: "send the draft to legal".to_owned() };
    assert_eq!(back.edits, vec![untick]);
}

#[test]
fn a_reworded_line_wins_and_is_told_once() {
    let text = written("");
    let edited = text.description.replace(
        "[ ] Bob: send the draft to legal (due 6 Mar",
        "[ ] Bob: send the final draft to legal (due 9 Mar",
    );
    let merged = merge(Some(&text.block), &edited, &draft());
    assert_eq!(
        merged.edits,
        vec![HumanEdit::Edited {
            item: id("a1"),
            from: "send the draft to legal".to_owned(),
            to: "send the final draft to legal".to_owned(),
            due: Some("2026-03-09".parse().unwrap()),
        }]
    );
    let mut items = items();
    items[0].text = "send the final draft to legal".to_owned();
    items[0].due = Some("2026-03-09".parse().unwrap());
    let mut lines = LINES.to_vec();
    lines[8] = "[ ] a1@Bob: send the final draft to legal (due 9 Mar; carried 1x)";
    let merged = merge(Some(&text.block), &edited, &agenda(&lines, &items));
    assert_eq!((merged.state, merged.edits), (MergeState::Unchanged, vec![]));
}

#[test]
fn typed_lines_come_back_with_owner_and_date() {
    let text = written("");
    let typed = text
        .description
        .replace("[ ] Office move", "[ ] Office move\nBob: call Ana by Fri\n- win: page is live")
        + "\nSalary bands?";
    let merged = merge(Some(&text.block), &typed, &draft());
    assert_eq!(merged.state, MergeState::Unchanged);
    let added: Vec<&crate::model::agenda::TypedLine> = merged
        .edits
        .iter()
        .filter_map(|edit| if let HumanEdit::Added(line) = edit { Some(line) } else { None })
        .collect();
    assert_eq!(added.len(), merged.edits.len(), "{:?}", merged.edits);
    assert_eq!(added.len(), 3, "{added:?}");
    assert_eq!((added[0].kind, added[0].side), (ItemKind::Action, Some(Side::Partner)));
    assert_eq!(added[0].text, "call Ana");
    assert_eq!(added[0].due, Some("2026-03-06".parse().unwrap()));
    assert_eq!((added[1].kind, added[1].text.as_str()), (ItemKind::Win, "page is live"));
    assert_eq!((added[2].text.as_str(), added[2].inside), ("Salary bands?", false));

    // Once stored they are in the draft too, and nothing is told or doubled.
    let pair = PairId::new("bob");
    let mut items = items();
    for update in apply_edits(&pair, &items.clone(), &merged.edits, ts("2026-03-02T10:00:00Z")) {
        if let ItemUpdate::Create(item) = update {
            items.push(item);
        }
    }
    let mut lines = LINES.to_vec();
    lines.extend([
        "[ ] x@Bob: call Ana (due 6 Mar)",
        "- y@Win: page is live",
        "[ ] z@Salary bands?",
    ]);
    let merged = merge(Some(&text.block), &typed, &agenda(&lines, &items));
    assert_eq!(
        (merged.state, merged.edits),
        (MergeState::Unchanged, vec![]),
        "{}",
        merged.description
    );
}

#[test]
fn deleted_lines_stay_deleted() {
    let text = written("");
    let cut = text
        .description
        .replace("[ ] Office move\n", "")
        .replace("- What made you smile at work lately?\n", "");
    let merged = merge(Some(&text.block), &cut, &draft());
    assert_eq!(merged.state, MergeState::Unchanged);
    assert!(
        merged
            .edits
            .contains(&HumanEdit::Deleted { item: id("t2"), text: "Office move".to_owned() })
    );

    let mut lines = LINES.to_vec();
    lines.push("[ ] n1@A new matter");
    let next = agenda(&lines, &items());
    let merged = merge(Some(&text.block), &cut, &next);
    assert_eq!(merged.state, MergeState::Write);
    assert!(
        !merged.description.contains("Office move") && merged.description.contains("A new matter")
    );
    let again = merge(Some(&merged.block), &merged.description, &next);
    assert_eq!(again.state, MergeState::Unchanged, "{}", again.description);
}

#[test]
fn new_values_replace_untouched_lines_in_place() {
    let text = written("above");
    let moved = text.description.replace(
        "[ ] Elena: Input on: hiring plan\n[ ] Office move\n",
        "[ ] Office move\nroom 4 is too small\n[ ] Elena: Input on: hiring plan\n",
    );
    let mut lines = LINES.to_vec();
    lines[6] = "- Churn: 2.8 → 2.6 % (target 2.5 %, better)";
    lines[2] = "- What was unexpectedly easy lately?";
    let merged = merge(Some(&text.block), &moved, &agenda(&lines, &items()));
    assert_eq!(merged.state, MergeState::Write);
    let expected = "\
above

— 1:1 agenda · onbeat —
Last met 7 days ago.

1. Check-in (5 min)
- What was unexpectedly easy lately?

2. Topics (5 min)
[ ] Office move
room 4 is too small
[ ] Elena: Input on: hiring plan
- Churn: 2.8 → 2.6 % (target 2.5 %, better)

3. Action items (5 min)
[ ] Bob: send the draft to legal (due 6 Mar; carried 1x)
— end of agenda —";
    assert_eq!(merged.description, expected);
}

#[test]
fn what_people_typed_is_never_withdrawn() {
    let text = written("");
    let typed = text.description.replace("[ ] Office move", "[ ] Office move\nwe decided: Lyon");
    let mut lines = LINES.to_vec();
    lines.push("- a second prompt");
    let one = merge(Some(&text.block), &typed, &agenda(&lines, &items()));
    assert!(one.description.contains("we decided: Lyon"));
    // Nobody stored the line, and the draft shrinks: it stays all the same.
    let two = merge(Some(&one.block), &one.description, &agenda(&LINES[..3], &[]));
    assert_eq!(two.state, MergeState::Write);
    assert!(two.description.contains("we decided: Lyon") && !two.description.contains("Office"));
}

#[test]
fn marks_gone_or_doubled_stop_everything() {
    let text = written("x");
    for damaged in [
        text.description.replace(BLOCK_END, ""),
        text.description.replace(BLOCK_BEGIN, "agenda:"),
        format!("{0}\n{0}", text.description),
        text.description.replace('\n', " "),
    ] {
        let merged = merge(Some(&text.block), &damaged, &draft());
        assert_eq!(merged.state, MergeState::MarksDamaged, "{damaged}");
        assert_eq!(merged.description, damaged);
        assert_eq!(merged.block, text.block);
    }
    let merged = merge(Some(&text.block), "x\nplease no agenda", &draft());
    assert_eq!(merged.state, MergeState::BlockRemoved);
    assert_eq!(merged.edits.len(), 1);
}

#[test]
fn the_standing_block_is_ours_to_fill() {
    let mut draft = draft();
    let own = "## Check-in | 1\n- Talk\n## Topics | 1\n## Action items | 1\n";
    let recipe = crate::agenda::shape::Standing {
        role: crate::model::pair::Role::Report,
        template: "x".to_owned(),
        own: Some(("own".to_owned(), own.to_owned())),
        duration: jiff::SignedDuration::from_mins(15),
    };
    let standing = crate::agenda::standing::agenda(&recipe, "Elena", "Bob");
    draft.standing = Some(recipe);
    let mut text = block_text(&standing, TextForm::Plain);
    assert!(text.contains("- Talk"));
    text = text.replace("2. Topics (5 min)", "2. Topics (5 min)\nparking");
    let merged = merge(None, &text, &draft);
    assert_eq!(merged.state, MergeState::Write);
    assert!(!merged.description.contains("- Talk"));
    assert!(merged.description.contains("parking\n") && merged.description.contains("Office move"));
    assert_eq!(merged.edits.len(), 1);
}

#[test]
fn html_of_the_web_editor_round_trips() {
    let text = written("Dial in");
    // A person opens the event in the web editor and saves it with a change.
    let html = "Dial in<br><br><p><b>— 1:1 agenda · onbeat —</b></p>Last met 7 days ago.<br>\
        <b>1. Check-in (5 min)</b><ul><li>What made you smile at work lately?</li></ul>\
        2. Topics (5 min)<br>[x] Elena: Input on: hiring plan<br>[ ] Office&nbsp;move<br>\
        see <a href=\"https://x.example/?a=1&amp;b=2\">the <i>plan</i></a><br>\
        - Churn: 3.1 → 2.8 % (target 2.5 %, better)<br><b>3. Action items (5 min)<br>\
        [ ] Bob: send the draft to legal (due 6 Mar; carried 1x)</b><br>— end of agenda —<br>Bye";
    let merged = merge(Some(&text.block), html, &draft());
    assert_eq!(merged.state, MergeState::Unchanged, "{}", merged.description);
    assert!(matches!(&merged.edits[0], HumanEdit::Ticked { item, .. } if *item == id("t1")));
    assert!(merged.edits.iter().any(
        |edit| matches!(edit, HumanEdit::Added(line) if line.text == "see the plan" && line.inside)
    ));

    let mut lines = LINES.to_vec();
    lines[2] = "- What was unexpectedly easy lately?";
    lines.push("[ ] n1@A <new> matter");
    let merged = merge(Some(&text.block), html, &agenda(&lines, &items()));
    assert_eq!(merged.state, MergeState::Write);
    let now = &merged.description;
    assert!(now.starts_with("Dial in<br><br><p><b>— 1:1 agenda · onbeat —</b></p>"), "{now}");
    assert!(now.ends_with("— end of agenda —<br>Bye"), "{now}");
    assert!(
        now.contains("see <a href=\"https://x.example/?a=1&amp;b=2\">the <i>plan</i></a><br>"),
        "{now}"
    );
    assert!(now.contains("A &lt;new&gt; matter") && now.contains("unexpectedly easy"), "{now}");
    let (closing, opening) = crate::agenda::text::loose_tags(now);
    assert!(closing.is_empty() && opening.is_empty(), "{now}");
    let again = merge(Some(&merged.block), now, &agenda(&lines, &items()));
    assert_eq!(again.state, MergeState::Unchanged, "{}", again.description);
}

#[test]
fn too_long_is_shortened_by_rule_but_not_peoples_lines() {
    let mut draft = draft();
    let full = merge(None, "", &draft).description.chars().count();
    draft.max_chars = Some(full - 20);
    let merged = merge(None, "", &draft);
    assert_eq!(merged.state, MergeState::Write);
    assert!(merged.description.chars().count() <= full - 20);
    assert_eq!(merged.left_out, ["- Churn: 3.1 → 2.8 % (target 2.5 %, better)"]);
    let again = merge_again(&merged, &draft);
    assert_eq!(again.state, MergeState::Unchanged);

    draft.max_chars = Some(full + 500);
    let long = format!("{}\n{}", "x".repeat(600), block_text(&agenda(&[], &[]), TextForm::Plain));
    let merged = merge(None, &long, &draft);
    assert!(merged.description.contains(&"x".repeat(600)) && !merged.left_out.is_empty());
    draft.max_chars = Some(100);
    assert_eq!(merge(None, &long, &draft).state, MergeState::NoRoom);
}

#[test]
fn what_a_person_wrote_outside_holds_back_every_row_that_says_it() {
    let start = merge(None, "budget\n", &agenda(&["## Topics"], &[]));
    let draft = agenda(&["## Topics", "- t1@Budget", "[ ] t2@Budget", "- t3@Offsite"], &[]);
    let merged = merge_again(&start, &draft);
    assert_eq!(merged.state, MergeState::Write);
    assert!(!merged.description.contains("Budget"), "{}", merged.description);
    let again = merge_again(&merged, &draft);
    assert_eq!(again.state, MergeState::Unchanged, "{}", again.description);
}

fn merge_again(last: &Merge, draft: &Agenda) -> Merge {
    merge(Some(&last.block), &last.description, draft)
}

#[test]
fn a_megabyte_by_somebody_else_is_quick_and_kept() {
    let text = written("");
    let huge: String =
        (0..20_000).map(|n| format!("line {n} of a pasted protocol, 50 bytes\n")).collect();
    let description = format!("{huge}{}\n{huge}", text.description);
    let merged = merge(Some(&text.block), &description, &draft());
    assert_eq!(merged.state, MergeState::Unchanged);
    assert!(merged.edits.is_empty());
    let inside = text.description.replace("[ ] Office move", &huge);
    let merged = merge(Some(&text.block), &inside, &draft());
    assert_eq!(merged.description, inside);
}

#[test]
fn a_bare_block_is_a_base_too() {
    let block = block_text(&draft(), TextForm::Plain);
    let merged = merge(Some(&block), &block.replace("[ ] Office", "[x] Office"), &draft());
    assert_eq!(merged.state, MergeState::Unchanged);
    assert_eq!(merged.edits.len(), 1);
}

#[test]
fn an_item_much_like_a_deleted_one_is_left_alone() {
    let text = written("");
    let cut = text.description.replace("[ ] Office move\n", "");
    // The deleted one was withdrawn; a new one nearly says the same.
    let mut items = items();
    items.retain(|item| item.id.as_str() != "t2");
    items.push(item(
        "t9",
        ItemKind::Topic,
        Side::Both,
        "Office move, part two",
        "2026-03-01T09:00:00Z",
    ));
    let next = agenda(&LINES, &items);
    let named = |edits: &[HumanEdit]| edits.iter().any(|edit| format!("{edit:?}").contains("t9"));
    assert!(!named(&merge(Some(&text.block), &cut, &next).edits));
    let ticked = text.description.replace("[ ] Office", "[x] Office");
    assert!(!named(&merge(Some(&text.block), &ticked, &next).edits));
}

#[test]
fn a_line_typed_on_or_reworded_again_is_the_same_item() {
    let text = written("");
    let typed =
        text.description.replace("[ ] Office move", "[ ] Office move\n- call Ana Lopez about Lyon");
    let mut items = items();
    let mut ana = item("e1", ItemKind::Topic, Side::Both, "call Ana Lopez", "2026-03-01T09:00:00Z");
    ana.origin = crate::model::agenda::Origin::Event;
    items.push(ana);
    items[2].text = "Office move to Lyon".to_owned();
    let twice = typed.replace("Office move\n", "Office move to Lyon or Nantes\n");
    let merged = merge(Some(&text.block), &twice, &agenda(&LINES, &items));
    let edited = |id: &str, from: &str, to: &str| HumanEdit::Edited {
        item: Some(ItemId::new(id)),
        from: from.to_owned(),
        to: to.to_owned(),
        due: None,
    };
    assert_eq!(
        merged.edits,
        [
            edited("t2", "Office move to Lyon", "Office move to Lyon or Nantes"),
            edited("e1", "call Ana Lopez", "call Ana Lopez about Lyon"),
        ]
    );
}

/// One thing a person does to the lines of a block.
#[derive(Debug, Clone)]
enum Act {
    Insert(usize, String),
    Append(usize, String),
    Delete(usize),
    Swap(usize, usize),
    Tick(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let text = "[a-zA-Z0-9äß🎉:()/.,!? -]{1,90}";
    prop_oneof![
        (0_usize..40, text).prop_map(|(at, text)| Act::Insert(at, text)),
        (0_usize..40, text).prop_map(|(at, text)| Act::Append(at, text)),
        (0_usize..40).prop_map(Act::Delete),
        (0_usize..40, 0_usize..40).prop_map(|(a, b)| Act::Swap(a, b)),
        (0_usize..40).prop_map(Act::Tick),
    ]
}

/// Does it to the lines between the marks; returns the lines people touched.
fn perform(text: &str, acts: &[Act]) -> (String, Vec<String>) {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let begin = lines.iter().position(|line| line == BLOCK_BEGIN).unwrap();
    let end = lines.iter().position(|line| line == BLOCK_END).unwrap();
    let mut inner: Vec<(String, bool)> =
        lines.drain(begin + 1..end).map(|line| (line, false)).collect();
    for act in acts {
        let count = inner.len();
        match act {
            Act::Insert(at, text) => inner.insert(at % (count + 1), (text.clone(), true)),
            _ if count == 0 => {}
            Act::Append(at, text) => {
                let line = &mut inner[at % count];
                line.0.push_str(text);
                // A space at the end of a line is nobody's word.
                line.1 |= !text.trim().is_empty();
            }
            Act::Delete(at) => {
                inner.remove(at % count);
            }
            Act::Swap(a, b) => inner.swap(a % count, b % count),
            Act::Tick(at) => {
                let line = &mut inner[at % count];
                line.0 = line.0.replacen("[ ]", "[x]", 1);
            }
        }
    }
    let touched = inner.iter().filter(|(_, touched)| *touched).map(|(line, _)| line.clone());
    let touched = touched.filter(|line| !line.trim().is_empty()).collect();
    let inner: Vec<String> = inner.into_iter().map(|(line, _)| line).collect();
    lines.splice(begin + 1..begin + 1, inner);
    (lines.join("\n"), touched)
}

fn draft_lines() -> impl Strategy<Value = Vec<String>> {
    let heads = ["## Check-in", "## Topics", "## Goals", "## Action items"];
    proptest::collection::vec(proptest::collection::vec("(\\[ \\]|-) [a-zA-Z ]{1,100}", 0..5), 4)
        .prop_map(move |sections| {
            heads
                .iter()
                .zip(sections)
                .flat_map(|(head, lines)| std::iter::once((*head).to_owned()).chain(lines))
                .collect()
        })
}

fn of(lines: &[String]) -> Agenda {
    agenda(&lines.iter().map(String::as_str).collect::<Vec<_>>(), &[])
}

/// All words of a text in order, so wrapping does not matter.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_line_of_people_is_lost(
        first in draft_lines(),
        second in draft_lines(),
        third in draft_lines(),
        acts in proptest::collection::vec(act(), 0..8),
        around in ("[a-z \n]{0,60}", "[a-z \n]{0,60}"),
    ) {
        let start = merge(None, &around.0, &of(&first));
        prop_assert_eq!(start.state, MergeState::Write);
        let head = start.description.split(BLOCK_BEGIN).next().unwrap().to_owned();
        let edited = format!("{}\n{}", start.description, around.1);
        let (edited, touched) = perform(&edited, &acts);
        let tail = edited.split(BLOCK_END).nth(1).unwrap().to_owned();
        let mut text = edited;
        let mut block = start.block;
        for next in [&second, &third, &first, &third] {
            let draft = of(next);
            let merged = merge(Some(&block), &text, &draft);
            prop_assert!(matches!(merged.state, MergeState::Write | MergeState::Unchanged), "{:?}\n{}", merged.state, text);
            for line in &touched {
                prop_assert!(words(&merged.description).contains(&words(line)), "lost {line:?} in\n{}\nfrom\n{}", merged.description, text);
            }
            prop_assert!(merged.description.starts_with(&head));
            prop_assert!(merged.description.ends_with(&tail));
            let again = merge(Some(&merged.block), &merged.description, &draft);
            prop_assert_eq!(again.state, MergeState::Unchanged, "from\n{}\nto\n{}", merged.description, again.description);
            if merged.state == MergeState::Write {
                block = merged.block;
                text = merged.description;
            }
        }
    }

    #[test]
    fn formatting_and_reading_is_identity(lines in draft_lines(), html in any::<bool>()) {
        let draft = of(&lines);
        let text = if html { "<b>x</b>" } else { "" };
        let first = merge(None, text, &draft);
        let again = merge(Some(&first.block), &first.description, &draft);
        prop_assert_eq!(again.state, MergeState::Unchanged, "{}\n{}", first.description, again.description);
        prop_assert!(again.edits.is_empty(), "{:?}\n{}", again.edits, first.description);
    }

    #[test]
    fn byte_soup_neither_panics_nor_loses(
        soup in "[-—·:<>/&;a-z0-9\\[\\] \r\n\u{0}\u{a0}1bonbeatgd]{0,300}",
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        for text in [soup, String::from_utf8_lossy(&bytes).into_owned()] {
            for base in [None, Some(text.as_str()), Some("onbeat block 1\n  x\n+ y\n- z\n| ")] {
                let merged = merge(base, &text, &draft());
                if merged.state == MergeState::Write && !text.contains("onbeat") {
                    prop_assert!(merged.description.starts_with(&text));
                }
                if merged.state != MergeState::Write {
                    prop_assert_eq!(&merged.description, &text);
                }
            }
        }
    }
}
