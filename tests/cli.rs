//! The real binary as a person meets it: environment cleared, a home of its
//! own, a fixed clock; what it prints and how it ends, as snapshots.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // helpers outside #[test] functions

#[path = "cli/bench.rs"]
mod bench;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use bench::Bench;

macro_rules! snapshot {
    ($name:expr, $text:expr) => {
        insta::with_settings!({ snapshot_path => "cli/snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!($name, $text);
        });
    };
}

#[test]
fn help() {
    let bench = Bench::empty();
    snapshot!("help", bench.run(&["--help"]));
    snapshot!("help_plan", bench.run(&["plan", "-h"]));
    snapshot!("no_verb", bench.run(&["pln"]));
}

#[test]
fn demo() {
    let bench = Bench::empty();
    snapshot!("demo", bench.run(&["demo"]));
    assert_eq!(bench.files(), [""; 0], "the demo leaves nothing behind");
}

#[test]
fn demo_keeps_only_what_it_is_told_to() {
    let bench = Bench::empty();
    fs::write(bench.path("mine.txt"), "x").unwrap();
    snapshot!("demo_keep_used", bench.run(&["demo", "--keep", "."]));
    let out = bench.run(&["demo", "--json"]);
    assert!(out.contains("\"left_to_do\": 0"), "{out}");
}

#[test]
fn a_missing_configuration() {
    let bench = Bench::empty();
    snapshot!("config_missing", bench.run(&["status"]));
}

#[test]
fn a_configuration_with_typos() {
    let bench = Bench::demo();
    let text = fs::read_to_string(bench.path("onbeat.toml")).unwrap();
    let text =
        text.replace("timezone =", "timezon =").replace("role = \"manager\"", "role = \"maneger\"");
    fs::write(bench.path("onbeat.toml"), text).unwrap();
    snapshot!("config_typo", bench.run(&["plan"]));
    snapshot!("config_typo_check", bench.run(&["check"]));
}

#[test]
fn a_state_that_cannot_be_used() {
    let bench = Bench::demo();
    snapshot!("state_missing", bench.run(&["status"]));
    fs::write(bench.path("blocked"), "a file").unwrap();
    snapshot!("state_no_directory", bench.run(&["sync", "--state", "blocked"]));
    fs::create_dir(bench.path("state")).unwrap();
    fs::write(
        bench.path("state/state.sqlite3"),
        "this is no database, and long enough to say so\n",
    )
    .unwrap();
    snapshot!("state_corrupt", bench.run(&["sync"]));
    let still = fs::read_to_string(bench.path("state/state.sqlite3")).unwrap();
    assert!(still.starts_with("this is no database"), "a damaged file is left as it is");
    let repaired = bench.run(&["check", "--repair"]);
    assert!(repaired.contains("the damaged file lies at"), "{repaired}");
    assert!(bench.run(&["sync"]).contains("exit 0"));
}

#[test]
fn a_read_only_state_directory() {
    let bench = Bench::demo();
    fs::create_dir(bench.path("locked")).unwrap();
    fs::set_permissions(bench.path("locked"), fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(bench.path("locked/probe"), "x").is_ok() {
        println!("left out: this user may write everywhere");
        return;
    }
    snapshot!("state_read_only", bench.run(&["sync", "--state", "locked"]));
}

#[test]
fn words_that_mean_nothing() {
    let bench = Bench::demo();
    bench.run(&["sync"]);
    snapshot!("unknown_pair", bench.run(&["agenda", "bbo"]));
    snapshot!("unknown_pair_far", bench.run(&["why", "xyzzy"]));
    snapshot!("bad_since", bench.run(&["report", "--since", "last spring"]));
    snapshot!("unknown_calendar_file", bench.run(&["report", "--ics", "onbeat.toml"]));
    snapshot!("bad_now", Bench::demo().at("yesterday").run(&["status"]));
    snapshot!("apply_without_terminal", bench.run(&["apply"]));
    snapshot!("unknown_write", bench.run(&["undo", "99"]));
    snapshot!(
        "no_calendar",
        bench.run(&[
            "init",
            "--kind",
            "vdir",
            "--path",
            "calendars",
            "--email",
            "e@x.example",
            "--name",
            "E",
            "--timezone",
            "UTC",
            "--calendar",
            "wrok",
            "--yes",
            "--force"
        ])
    );
}

#[test]
fn plan_apply_and_nothing_left() {
    let bench = Bench::demo();
    snapshot!("sync", bench.run(&["sync"]));
    snapshot!("plan", bench.run(&["plan", "--all"]));
    snapshot!("apply", bench.run(&["apply", "--yes"]));
    snapshot!("plan_after", bench.run(&["plan"]));
    snapshot!("status", bench.run(&["status"]));
    snapshot!("why", bench.run(&["why", "mei", "2026-12-03"]));
    snapshot!("log", bench.run(&["log"]));
    let again = bench.run(&["apply", "--yes"]);
    assert!(again.contains("Nothing to do"), "{again}");
}

#[test]
fn undo_puts_the_bytes_back() {
    let bench = Bench::demo();
    let file = bench.path("calendars/work/tidewater-mei.ics");
    let before = fs::read(&file).unwrap();
    bench.run(&["apply", "mei", "--yes"]);
    assert_ne!(fs::read(&file).unwrap(), before);
    snapshot!("undo", bench.run(&["undo", "1"]));
    assert_eq!(fs::read(&file).unwrap(), before);
    snapshot!("undo_again", bench.run(&["undo", "1"]));
}

#[test]
fn pause_and_resume() {
    let bench = Bench::demo();
    snapshot!("pause", bench.run(&["pause", "--until", "2 weeks"]));
    let plan = bench.run(&["plan"]);
    assert!(plan.contains("Nothing to do") && plan.contains("paused"), "{plan}");
    snapshot!("resume", bench.run(&["resume"]));
    assert!(bench.run(&["plan"]).contains("changes"));
}

#[test]
fn notes_actions_and_the_agenda() {
    let bench = Bench::demo();
    bench.run(&["sync"]);
    snapshot!("note", bench.run(&["note", "bob", "who covers", "Christmas?"]));
    snapshot!("note_private", bench.run(&["note", "bob", "seems tired", "--private"]));
    snapshot!(
        "note_later",
        bench.run(&["note", "bob", "review the budget", "--later", "2027-01-04"])
    );
    snapshot!("action_add", bench.run(&["action", "add", "bob", "send the plan", "--due", "fri"]));
    bench.run(&["action", "add", "bob", "book a room", "--theirs"]);
    snapshot!("action_done", bench.run(&["action", "done", "bob", "book"]));
    snapshot!("action_list", bench.run(&["action", "list", "--all"]));
    let shared = bench.run(&["agenda", "bob"]);
    snapshot!("agenda", shared);
    assert!(!shared.contains("tired"), "private stays private");
    assert!(bench.run(&["agenda", "bob", "--private"]).contains("tired"));
    bench.run(&["apply", "bob", "--yes"]);
    let event = fs::read_to_string(bench.path("calendars/work/tidewater-bob.ics")).unwrap();
    assert!(event.contains("send the plan") && !event.contains("tired"), "{event}");
}

#[test]
fn an_agenda_is_edited_in_the_editor() {
    let bench = Bench::demo();
    bench.run(&["sync"]);
    bench.run(&["action", "add", "bob", "send the plan"]);
    let editor = bench.script("editor", "sed -i 's/\\[ \\] Elena: send/[x] Elena: send/' \"$1\"");
    snapshot!("agenda_edit", bench.with("EDITOR", &editor).run(&["agenda", "bob", "--edit"]));
    let list = bench.run(&["action", "list", "bob", "--all"]);
    assert!(list.contains("[x] Elena: send the plan"), "{list}");
}

#[test]
fn a_persons_word_counts() {
    let bench = Bench::demo();
    bench.run(&["sync"]);
    snapshot!("held", bench.run(&["held", "bob", "2026-11-19"]));
    snapshot!("excuse", bench.run(&["excuse", "jonas", "2026-11-23"]));
    snapshot!("skip_unknown", bench.run(&["skip", "bob", "2026-11-18"]));
    let report = bench.run(&["report", "bob", "--format", "json"]);
    assert!(report.contains("\"evidence\":3") || report.contains("\"evidence\": 3"), "{report}");
}

#[test]
fn reflection() {
    let bench = Bench::demo();
    bench.run(&["sync"]);
    let answers = ["--well", "listened", "--better", "shorter", "--achieved", "yes"];
    let words: Vec<&str> = ["reflect", "mei"].into_iter().chain(answers).collect();
    snapshot!("reflect", bench.run(&words));
    snapshot!("reflect_silent", bench.run(&["reflect", "mei"]));
}

#[test]
fn reports() {
    let bench = Bench::demo();
    bench.run(&["sync"]);
    snapshot!("report", bench.run(&["report", "--since", "6 months"]));
    for (file, head) in [("r.md", "#"), ("r.html", "<!"), ("r.csv", "pair"), ("r.json", "{")] {
        let said = bench.run(&["report", "-o", file]);
        assert_eq!(said, "exit 0\n");
        let text = fs::read_to_string(bench.path(file)).unwrap();
        assert!(text.to_lowercase().starts_with(head), "{file}: {}", &text[..40]);
    }
}

#[test]
fn a_report_needs_no_configuration() {
    let bench = Bench::demo();
    fs::remove_file(bench.path("onbeat.toml")).unwrap();
    let files = ["tidewater-bob", "tidewater-jonas", "tidewater-priya"];
    let files: Vec<String> = files.iter().map(|f| format!("calendars/work/{f}.ics")).collect();
    let mut words = vec!["report", "--ics"];
    words.extend(files.iter().map(String::as_str));
    snapshot!("report_ics", bench.run(&words));
    assert!(!bench.path("state").exists(), "nothing is kept");
}

#[test]
fn set_up_by_options_alone() {
    let bench = Bench::demo();
    fs::remove_file(bench.path("onbeat.toml")).unwrap();
    let before = bench.files();
    let words = [
        "init",
        "--kind",
        "vdir",
        "--path",
        "calendars",
        "--email",
        "elena@tidewater.example",
        "--name",
        "Elena",
        "--timezone",
        "Europe/Berlin",
        "--calendar",
        "work",
    ];
    let asked = bench.run(&words);
    assert!(asked.contains("there is no terminal to ask on"), "{asked}");
    assert_eq!(bench.files(), before, "nothing was written");
    let words: Vec<&str> = words.into_iter().chain(["--yes"]).collect();
    snapshot!("init", bench.run(&words));
    snapshot!(
        "init_file",
        fs::read_to_string(bench.path("onbeat.toml")).unwrap().replace(&bench.root(), "[DIR]")
    );
    snapshot!("init_again", bench.run(&words));
    snapshot!("check", bench.run(&["check"]));
    assert!(bench.run(&["plan"]).contains("exit 0"));
}

#[test]
fn foreign_text_does_not_drive_the_terminal() {
    let bench = Bench::demo();
    let file = bench.path("calendars/work/tidewater-mei.ics");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("Mei <> Elena", "Mei\u{1b}[2J\u{9b}31m\u{202e} <> Elena"))
        .unwrap();
    for words in [&["sync"] as &[&str], &["plan"], &["status"], &["report"], &["why", "mei"]] {
        let out = bench.run(words);
        assert!(
            !out.contains('\u{1b}') && !out.contains('\u{9b}') && !out.contains('\u{202e}'),
            "{words:?}: {out:?}"
        );
    }
}

#[test]
fn colours_only_where_they_are_wanted() {
    let bench = Bench::demo();
    bench.run(&["sync"]);
    assert!(!bench.run(&["status"]).contains('\u{1b}'));
    assert!(bench.run(&["status", "--color", "always"]).contains("\u{1b}["));
}

#[test]
fn a_closed_pipe_is_quiet() {
    let bench = Bench::empty();
    let out = bench.shell("\"$ONBEAT\" man --markdown | head -n 1");
    assert!(!out.contains("error") && !out.contains("panick"), "{out}");
}

#[test]
fn generated_pages() {
    let bench = Bench::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(bench.run(&["completions", shell]).contains("onbeat"), "{shell}");
    }
    assert!(bench.run(&["man"]).contains(".TH onbeat 1"));
    assert!(bench.run(&["man", "plan"]).contains(".TH onbeat-plan 1"));
    snapshot!("man_unknown", bench.run(&["man", "pln"]));
    bench.run(&["man", "--out-dir", "man1"]);
    assert!(bench.path("man1/onbeat-apply.1").exists());
}

#[test]
fn machine_output_is_json() {
    let bench = Bench::demo();
    for words in [
        &["sync", "--json"] as &[&str],
        &["plan", "--json"],
        &["apply", "--yes", "--json"],
        &["status", "--json"],
        &["agenda", "bob", "--json"],
        &["note", "bob", "x", "--json"],
        &["action", "list", "--json"],
        &["why", "bob", "--json"],
        &["log", "--json"],
        &["report", "--json"],
        &["check", "--json"],
        &["pause", "bob", "--json"],
        &["resume", "bob", "--json"],
        &["held", "bob", "--json"],
        &["undo", "2", "--json"],
    ] {
        let out = bench.stdout(words);
        let parsed: Result<serde_json::Value, _> = serde_json::from_str(&out);
        assert!(parsed.is_ok_and(|value| value.is_object()), "{words:?}: {out}");
    }
}
