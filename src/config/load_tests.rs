//! The configuration as people write it, right and wrong.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::civil::Weekday;
use proptest::prelude::*;

use super::*;
use crate::config::account::{AccountKind, Auth};
use crate::config::secret::SecretSource;
use crate::model::id::Address;
use crate::model::pair::{AgendaMail, CadenceUnit, MetricSource, Mode, Role};

/// The example's holiday file is not there; its other promises are tested.
fn days(source: HolidaySource<'_>) -> Result<Vec<(Date, String)>, String> {
    match source {
        HolidaySource::Address(_) => Ok(Vec::new()),
        HolidaySource::File(b"good") => {
            Ok(vec![("2026-12-25".parse().unwrap(), "Christmas".to_owned())])
        }
        HolidaySource::File(_) => Err("it is no calendar".to_owned()),
    }
}

fn parsed(text: &str) -> Result<Config, ConfigError> {
    parse(text, Path::new("/etc/onbeat/onbeat.toml"), &days)
}

fn problems(text: &str) -> Vec<Problem> {
    match parsed(text) {
        Err(ConfigError::Invalid { problems, .. }) => problems,
        other => panic!("not refused: {other:?}"),
    }
}

const ME: &str = r#"
[me]
name = "Elena"
email = ["elena@example.org", "Elena@Private.example"]
timezone = "Europe/Berlin"
"#;

const ACCOUNT: &str = r#"
[[account]]
name = "local"
kind = "vdir"
path = "calendars"
"#;

fn with_pair(keys: &str) -> String {
    format!("{ME}{ACCOUNT}\n[[pair]]\nwith = \"bob@example.org\"\nrole = \"report\"\n{keys}\n")
}

fn pair(keys: &str) -> Pair {
    parsed(&with_pair(keys)).unwrap().pairs.remove(0)
}

#[test]
fn the_smallest_configuration_has_the_documented_defaults() {
    let config = parsed(&with_pair("")).unwrap();
    assert_eq!(config.owner.as_str(), "elena@example.org");
    assert!(config.me.is(&Address::new("elena@private.example")));
    let pair = &config.pairs[0];
    assert_eq!(pair.id.as_str(), "bob@example.org");
    assert_eq!(pair.partner.name, "Bob");
    assert_eq!(pair.title, "Elena / Bob 1:1");
    assert_eq!((pair.cadence.every, pair.cadence.unit), (1, CadenceUnit::Weeks));
    assert_eq!(pair.duration, SignedDuration::from_mins(30));
    assert_eq!(pair.freeze, SignedDuration::from_hours(24));
    assert_eq!((pair.mode, pair.priority, pair.flexibility_days), (Mode::Suggest, 2, 3));
    assert_eq!(pair.template, "lead-down");
    assert_eq!(pair.agenda_mail, AgendaMail::Never);
    assert_eq!(pair.window, config.me.hours);
    assert!(!pair.partner_hours_known);
    assert_eq!(config.schedule.horizon_weeks, 12);
    assert_eq!(config.report.history_months, 12);
}

#[test]
fn everything_about_a_pair_is_understood() {
    let pair = pair(
        r#"name = "Robert"
        aliases = ["rob@example.net"]
        every = "first Monday"
        duration = "45 min"
        window = "Mon-Fri 10:00-12:00"
        flexibility = "1 week"
        buffer = "10 min"
        freeze = "2 days"
        mode = "act"
        agenda_mail = "once"
        titles = ["Robert SYNC"]
        goals = "goals/bob.toml"
        metrics = [{ file = "m.csv" }, { command = ["numbers", "-x"] }]
        timezone = "America/New_York"
        hours = "Mon-Fri 08:00-16:00""#,
    );
    assert_eq!(pair.cadence.unit, CadenceUnit::MonthsOnWeekday { nth: 1 });
    assert!(pair.window.on(Weekday::Tuesday).is_empty());
    assert_eq!(pair.window.on(Weekday::Monday).len(), 1);
    assert_eq!((pair.flexibility_days, pair.buffer_minutes, pair.mode), (7, 10, Mode::Act));
    assert_eq!(pair.title_aliases, ["robert sync"]);
    assert_eq!(pair.goals, ["/etc/onbeat/goals/bob.toml"]);
    assert_eq!(pair.metrics[0], MetricSource::File { path: "/etc/onbeat/m.csv".to_owned() });
    let argv = vec!["numbers".to_owned(), "-x".to_owned()];
    assert_eq!(pair.metrics[1], MetricSource::Command { argv, seconds: 10 });
    assert!(pair.partner.is(&Address::new("rob@example.net")) && pair.partner_hours_known);
    assert_eq!(pair.role, Role::Report);
}

#[test]
fn unknown_keys_name_their_place_and_the_key_that_was_meant() {
    let found = problems(&with_pair("tittle = \"x\""));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].line, found[0].column), (15, 1));
    assert_eq!(found[0].message, "this [[pair]] has no key `tittle`");
    assert_eq!(found[0].remedy, "did you mean `title`?");
    let found = problems(&format!("{ME}{ACCOUNT}url = \"https://x.example/\"\n"));
    assert_eq!(found[0].message, "this [[account]] of kind vdir has no key `url`");
    let found = problems(&format!("{}[shedule]\n", with_pair("")));
    assert_eq!(found[0].remedy, "did you mean `schedule`?");
}

#[test]
fn all_problems_come_at_once_in_order() {
    let text = r#"
[me]
name = 3
email = ["elena"]
timezone = "Europe/Berln"

[[account]]
name = "work"
kind = "caldav"
url = "http://dav.example.org/"
username = "elena"
password = "hunter2"

[[pair]]
with = "bob@example.org"
role = "reprot"
every = "often"
priority = 7
"#;
    let found = problems(text);
    let places: Vec<usize> = found.iter().map(|problem| problem.line).collect();
    assert_eq!(places, [3, 4, 5, 10, 12, 16, 17, 18]);
    assert!(found.iter().all(|problem| !problem.remedy.is_empty()));
    let shown = parsed(text).unwrap_err().to_string();
    assert!(shown.contains("/etc/onbeat/onbeat.toml:5:12: \"Europe/Berln\""), "{shown}");
    assert!(shown.contains("did you mean \"Europe/Berlin\"?"));
    assert!(!shown.contains("hunter2"), "a password in the file is not repeated: {shown}");
    assert!(shown.contains("keyring = true"));
}

#[test]
fn a_syntax_error_has_its_line() {
    let found = problems("[me]\nname = \"Elena\nemail = []\n");
    assert_eq!(found[0].line, 2);
    let found = problems("[me]\nname = \"Elena\"\nname = \"Eva\"\n");
    assert_eq!(found[0].line, 3);
}

#[test]
fn mistakes_between_the_sections_are_found() {
    let twice = with_pair("") + "[[pair]]\nwith = \"BOB@example.org\"\nrole = \"peer\"\n";
    assert!(problems(&twice)[0].message.contains("partner of two pairs"));
    let myself =
        format!("{ME}{ACCOUNT}[[pair]]\nwith = \"elena@private.example\"\nrole = \"peer\"\n");
    assert!(problems(&myself)[0].message.contains("your own address"));
    assert!(problems(&with_pair("account = \"wrok\""))[0].message.contains("no account \"wrok\""));
    assert!(
        problems(&with_pair("window = \"Mon 09:00-09:15\""))[0].message.contains("no day has room")
    );
    assert!(problems(&with_pair("holidays = \"missing.ics\""))[0].remedy.contains(".ics"));
    assert!(problems(&format!("{ME}{ACCOUNT}{ACCOUNT}"))[0].message.contains("two accounts"));
    assert!(problems("")[0].message.contains("needs `account`"));
}

#[test]
fn a_broken_account_does_not_blame_the_pairs_that_use_it() {
    let text = with_pair("account = \"work\"")
        .replace("name = \"local\"\nkind = \"vdir\"", "name = \"work\"\nkind = \"vdri\"");
    let found = problems(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].remedy.contains("did you mean \"vdir\"?"));
}

#[test]
fn caldav_and_google_accounts() {
    let config = parsed(&format!(
        "{ME}\n[[account]]\nname = \"w\"\nkind = \"caldav\"\nurl = \"https://dav.example.org/\"\n\
         username = \"elena\"\npassword = {{ file = \"secret\" }}\nauth = \"digest\"\nca = \"ca.pem\"\n\
         [[account]]\nname = \"g\"\nkind = \"google\"\nclient = \"c.json\"\n\
         api = \"http://127.0.0.1:8080/\"\n"
    ))
    .unwrap();
    let AccountKind::Dav(caldav) = &config.accounts[0].kind else { panic!() };
    assert_eq!(caldav.password, Some(SecretSource::File("/etc/onbeat/secret".into())));
    assert_eq!(caldav.auth, Auth::Digest);
    let AccountKind::Google(google) = &config.accounts[1].kind else { panic!() };
    assert_eq!(google.api.as_ref().map(url::Url::as_str), Some("http://127.0.0.1:8080/"));
    for bad in [
        "https://u:p@dav.example.org/",
        "ftp://x.example/",
        "dav.example.org",
        "http://dav.example.org",
    ] {
        let text = format!("{ME}[[account]]\nname = \"w\"\nkind = \"caldav\"\nurl = \"{bad}\"\n");
        assert_eq!(problems(&text).len(), 1, "{bad}");
    }
}

#[test]
fn pairs_are_found_by_the_words_people_use() {
    let text = with_pair("name = \"Bob Smith\"")
        + "[[pair]]\nwith = \"bo@example.org\"\nrole = \"peer\"\n";
    let config = parsed(&text).unwrap();
    for word in ["bob@example.org", "Bob Smith", "bob smith", "bob", "BOB@EXAMPLE.ORG"] {
        assert_eq!(
            config.find_pair(word).map(|p| p.partner.name.as_str()),
            Some("Bob Smith"),
            "{word}"
        );
    }
    assert_eq!(config.find_pair("bo").map(|p| p.partner.name.as_str()), Some("Bo"));
    assert!(config.find_pair("b").is_none() && config.find_pair("").is_none());
}

#[test]
fn a_reload_tells_same_changed_and_broken_apart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("onbeat.toml");
    std::fs::write(dir.path().join("days.ics"), "good").unwrap();
    let text = with_pair("holidays = \"days.ics\"");
    std::fs::write(&path, &text).unwrap();
    let config = load(&path, &days).unwrap();
    assert_eq!(config.pairs[0].partner.holidays.len(), 1);
    assert!(matches!(reload(&config, &days), Reload::Same));
    std::fs::write(&path, format!("{text}# a comment\n")).unwrap();
    assert!(matches!(reload(&config, &days), Reload::Same));
    std::fs::write(&path, text.replace("report", "peer")).unwrap();
    assert!(matches!(reload(&config, &days), Reload::Changed(_)));
    std::fs::write(&path, "[me").unwrap();
    assert!(matches!(reload(&config, &days), Reload::Broken(ConfigError::Invalid { .. })));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(reload(&config, &days), Reload::Broken(ConfigError::Missing { .. })));
}

#[test]
fn no_error_repeats_a_password() {
    let account =
        |keys: &str| format!("{ME}[[account]]\nname = \"w\"\nkind = \"caldav\"\n{keys}\n");
    let good = "url = \"https://dav.example.org/\"\nusername = \"elena\"\n";
    for keys in [
        "url = \"https://elena:hunter2@dav.example.org/\"".to_owned(),
        "url = \"https://elena:hunter2@dav example\"".to_owned(),
        format!("{good}password = \"hunter2\""),
        format!("{good}password = hunter2"),
        format!("{good}password = \"hunter2"),
        format!("{good}pasword = \"hunter2\""),
        format!("{good}password = [\"hunter2\"]"),
        format!("{good}password = {{ password = \"hunter2\" }}"),
        format!("{good}password = {{ keyring = \"hunter2\" }}"),
        format!("{good}password = {{ file = \"a\", password = \"hunter2\" }}"),
    ] {
        let error = parsed(&account(&keys)).expect_err(&keys);
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{keys}: {error}");
    }
    let pair = with_pair(
        "holidays = \"https://u:hunter2@example.org/a.ics\"\nfree_busy = \"http://u:hunter2@example.org\"",
    );
    assert!(!parsed(&pair).unwrap_err().to_string().contains("hunter2"));
}

/// The example with its switched-off keys switched on.
fn switched_on(text: &str) -> String {
    let on = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => {
            rest.to_owned()
        }
        _ => line.to_owned(),
    };
    text.lines().map(on).collect::<Vec<_>>().join("\n")
}

/// Every key a text sets, as `section.key`.
fn keys_of(text: &str) -> BTreeSet<String> {
    fn walk(prefix: &str, value: &toml::Value, keys: &mut BTreeSet<String>) {
        if let Some(table) = value.as_table() {
            for (key, value) in table {
                let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                keys.insert(name.clone());
                walk(&name, value, keys);
            }
        }
        for item in value.as_array().into_iter().flatten() {
            walk(prefix, item, keys);
        }
    }
    let mut keys = BTreeSet::new();
    walk("", &toml::from_str(text).unwrap(), &mut keys);
    keys
}

const EXAMPLE: &str = include_str!("../../config/onbeat.toml");

#[test]
fn the_example_file_is_valid_as_it_stands_and_with_everything_switched_on() {
    parsed(EXAMPLE).unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("holidays")).unwrap();
    std::fs::write(dir.path().join("holidays/de-be.ics"), "good").unwrap();
    let on = switched_on(EXAMPLE);
    let config = parse(&on, &dir.path().join("onbeat.toml"), &days).unwrap();
    assert_eq!(config.accounts.len(), 3);
    assert_eq!(config.me.holidays.len(), 1);
}

#[test]
fn the_example_file_shows_every_key_that_is_read() {
    let on = switched_on(EXAMPLE);
    let findings = Findings::new(&on);
    let _ = read(&on, Path::new("/nowhere/onbeat.toml"), &days, &findings);
    let shown = keys_of(&on);
    let places = ["keyring", "file", "command", "credential", "env"];
    let is_place = |key: &str| {
        let mut parts = key.rsplit('.');
        let last = parts.next().unwrap_or("");
        matches!(parts.next(), Some("password" | "token")) && places.contains(&last)
    };
    let missing: Vec<_> =
        findings.asked().into_iter().filter(|key| !shown.contains(key) && !is_place(key)).collect();
    assert!(missing.is_empty(), "config/onbeat.toml does not show {missing:?}");
}

#[test]
fn the_values_shown_as_defaults_are_the_defaults() {
    let plain = parsed(EXAMPLE).unwrap();
    for section in ["schedule", "agenda", "report", "daemon", "limits"] {
        let body: String = EXAMPLE
            .split(&format!("#[{section}]\n"))
            .nth(1)
            .unwrap()
            .split("\n# ----")
            .next()
            .unwrap()
            .lines()
            // These three have no value as their default.
            .filter(|line| {
                !["#max_per_day", "#window", "#lead", "#questions"]
                    .iter()
                    .any(|key| line.starts_with(key))
            })
            .map(|line| switched_on(line) + "\n")
            .collect();
        let config = parsed(&format!("{EXAMPLE}\n[{section}]\n{body}")).unwrap();
        assert_eq!(config, plain, "[{section}]");
    }
}

#[test]
fn the_manual_explains_every_key() {
    let manual = include_str!("../../docs/configuration.md");
    for key in keys_of(&switched_on(EXAMPLE)) {
        let last = key.rsplit('.').next().unwrap();
        let known = [format!("`{last}`"), format!("[{key}]"), format!("{{ {last} = ")];
        assert!(known.iter().any(|form| manual.contains(form)), "{key}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Any damage to a good file is an answer, never a panic; and a password in
    /// it is not shown.
    #[test]
    fn damaged_files_are_refused_in_words(at in 0usize..3000, with in "\\PC{0,6}") {
        let mut text = switched_on(EXAMPLE);
        let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.insert_str(at, &with);
        if let Err(error) = parsed(&text) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
