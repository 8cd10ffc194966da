//! All formats, and what is wrong with them.

use super::*;
use proptest::prelude::*;

fn one(file: &str, text: &str) -> Measure {
    let mut all = parse(file, text.as_bytes()).unwrap();
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

#[test]
fn toml_goals_with_key_results() {
    let text = r#"
date = 2026-02-27
[[goal]]
name = "Keep customers"
[[goal.key_result]]
name = "Churn"
value = 3
target = 2.5
unit = "%"
better = "down"
[[goal]]
name = "Hire"
value = 2
date = 2026-02-01
note = "third offer is out"
"#;
    let all = parse("goals/bob.toml", text.as_bytes()).unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].name, "Keep customers / Churn");
    assert_eq!(all[0].lower_is_better, Some(true));
    assert_eq!(all[0].on, Some("2026-02-27".parse().unwrap()));
    assert_eq!(all[1].on, Some("2026-02-01".parse().unwrap()));
    assert_eq!(all[1].note.as_deref(), Some("third offer is out"));
}

#[test]
fn csv_rows_of_one_name_are_its_history() {
    let text = "Date;Name;Value;Target\n2026-01-01;Churn;3,4 %;2,5 %\n\n2026-02-01;Churn;3,1 %;\n";
    let churn = one("m.csv", text);
    assert_eq!((churn.value, churn.previous, churn.target), (Some(3.1), Some(3.4), Some(2.5)));
    assert_eq!(churn.unit.as_deref(), Some("%"));
    let backwards = "name,value,date\nChurn,3.1,2026-02-01\nChurn,3.4,2026-01-01\n";
    let churn = one("m.csv", backwards);
    assert_eq!((churn.value, churn.previous), (Some(3.1), Some(3.4)));
}

#[test]
fn json_of_both_shapes() {
    let all = parse("x.json", br#"{"Churn": 3.1, "NPS": {"value": "41", "target": 50}}"#).unwrap();
    assert_eq!(all.len(), 2);
    let nps = all.iter().find(|m| m.name == "NPS").unwrap();
    assert_eq!((nps.value, nps.target), (Some(41.0), Some(50.0)));
    let list = one("cmd", r#"[{"name": "Churn", "value": 3.1, "date": "2026-02-01T10:00:00Z"}]"#);
    assert_eq!(list.on, Some("2026-02-01".parse().unwrap()));
}

#[test]
fn markdown_checklists() {
    let text = "# Launch\n- [x] page\n- [ ] pricing\n  - [ ] legal\n\n## Empty\ntext\n# Hire\n* [X] post\n";
    let all = parse("g.md", text.as_bytes()).unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!((all[0].value, all[0].target), (Some(1.0), Some(3.0)));
    assert_eq!(all[0].note.as_deref(), Some("next: pricing"));
    assert_eq!(all[1].name, "Hire");
    assert_eq!(
        one("command", text.lines().take(3).collect::<Vec<_>>().join("\n").as_str()).value,
        Some(1.0)
    );
}

#[test]
fn errors_say_where_and_what() {
    let cases: [(&str, &[u8], Option<usize>, &str); 11] = [
        ("g.toml", b"[[goal]]\nname = \"x\"\nvlaue = 3\n", Some(3), "vlaue"),
        ("g.toml", b"[[goal]]\nname = \"x\"\nvalue = \n", Some(3), ""),
        ("g.toml", b"[[goal]]\nname = \"x\"\nbetter = \"left\"\n", Some(1), "up"),
        ("g.toml", b"# nothing\n", None, "[[goal]]"),
        ("m.csv", b"name,amount\nx,3\n", Some(1), "`value`"),
        ("m.csv", b"name,value\nx,3\ny,many\n", Some(3), "many"),
        ("m.csv", b"name,value,date\nx,3,yesterday\n", Some(2), "2026-02-27"),
        ("m.json", b"{\"a\":\n oops}", Some(2), "JSON"),
        ("m.json", b"{\"a\": [1]}", None, "no number"),
        ("g.md", b"# Goals\njust text", None, "- [ ]"),
        ("m.csv", b"name,value\nx,\xff3\n", Some(2), "UTF-8"),
    ];
    for (file, bytes, line, word) in cases {
        let error = parse(file, bytes).unwrap_err();
        assert_eq!(error.line, line, "{error}");
        assert!(error.problem.contains(word), "{error}");
        assert!(error.to_string().starts_with(file));
    }
    assert!(parse("x", b" \n").unwrap_err().problem.contains("empty"));
    assert!(parse("x.csv", &vec![b'a'; SOURCE_BYTES + 1]).unwrap_err().problem.contains("larger"));
    let many: String = (0..200).map(|n| format!("n{n},1\n")).collect();
    let error = parse("x.csv", format!("name,value\n{many}").as_bytes()).unwrap_err();
    assert!(error.problem.contains("at most"));
}

#[test]
fn control_bytes_do_not_get_through() {
    let measure = one("m.csv", "name,value,note\nCh\u{7}urn\u{1b}[31m,3,a\u{0}b\u{202e}c\n");
    assert_eq!(measure.name, "Churn[31m");
    assert_eq!(measure.note.as_deref(), Some("abc"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for file in ["a.toml", "a.csv", "a.json", "a.md", "a"] {
            let _ = parse(file, &bytes);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[\\[\\]{}\"=,;:#\\-x a-c0-9\n]{0,200}") {
        for file in ["a.toml", "a.csv", "a.json", "a.md", "a"] {
            for measure in parse(file, text.as_bytes()).unwrap_or_default() {
                prop_assert!(measure.value.is_none_or(f64::is_finite));
            }
        }
    }
}
