//! Configuration texts in, configurations or errors out.

use std::path::Path;

use super::*;
use crate::model::pair::{CadenceUnit, Mode, Role};

const SMALL: &str = r#"
[me]
name = "Elena"
email = "elena@example.org"
timezone = "Europe/Berlin"

[[account]]
name = "laptop"
kind = "vdir"
path = "cal"
calendar = "work"

[[pair]]
with = "Bob@example.org"
"#;

fn read(text: &str) -> Result<Config, ConfigError> {
    parse(text, Path::new("/etc/onbeat/onbeat.toml"))
}

/// The error of a text in which one part was replaced.
fn wrong(from: &str, to: &str) -> (String, String) {
    assert!(SMALL.contains(from));
    let error = read(&SMALL.replacen(from, to, 1)).unwrap_err();
    (error.to_string(), error.remedy().unwrap_or_default())
}

#[test]
fn the_smallest_configuration_has_calm_defaults() {
    let config = read(SMALL).unwrap();
    assert_eq!(config.owner.as_str(), "elena@example.org");
    let pair = &config.pairs[0];
    assert_eq!(pair.id.as_str(), "bob@example.org");
    assert_eq!(pair.partner.name, "bob");
    assert_eq!((pair.role, pair.mode, pair.priority), (Role::Peer, Mode::Suggest, 2));
    assert_eq!((pair.cadence.every, pair.cadence.unit), (1, CadenceUnit::Weeks));
    assert_eq!(pair.freeze, SignedDuration::from_hours(24));
    assert_eq!(pair.template, "peer");
    assert!(!pair.partner_hours_known);
    assert_eq!(pair.account.as_str(), "laptop");
    let AccountKind::VDir { path } = &config.accounts[0].kind else { panic!() };
    assert_eq!(path, Path::new("/etc/onbeat/cal"));
}

#[test]
fn the_documented_file_is_a_configuration() {
    let text = include_str!("../../config/onbeat.toml");
    let config = read(text).unwrap();
    assert_eq!(config.accounts.len(), 2);
    assert_eq!(config.limits.max_per_day, 6);
}

/// Uncommenting every key must still give a valid file, with the defaults the
/// file claims.
#[test]
fn every_documented_key_exists_and_defaults_are_true() {
    let text = include_str!("../../config/onbeat.toml");
    let mut full = String::new();
    for line in text.lines() {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        let key = bare.split(['=', ' ']).next().unwrap_or_default();
        let is_key = bare.contains(" = ") && key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        let is_table = bare.starts_with('[');
        full.push_str(if is_key || is_table { bare } else { line });
        full.push('\n');
    }
    let full = read(&full).unwrap();
    let short = read(text).unwrap();
    assert_eq!(full.accounts.len(), 3);
    assert!(full.notify.mail.is_some() && full.notify.webhook.is_some());
    assert_eq!(full.limits, short.limits);
    assert_eq!(full.every, short.every);
    let (full, short) = (&full.pairs[0], &short.pairs[0]);
    assert_eq!(full.title, short.title);
    assert_eq!(full.template, short.template);
    assert_eq!(full.cadence, short.cadence);
    assert_eq!(full.duration, short.duration);
    assert_eq!(full.freeze, short.freeze);
    assert_eq!(full.flexibility_days, short.flexibility_days);
    assert_eq!(full.mode, short.mode);
    assert_eq!(full.id, short.id);
    assert!(full.partner_hours_known && !short.partner_hours_known);
}

#[test]
fn typos_get_a_line_and_a_suggestion() {
    let (error, remedy) = wrong("timezone", "timezon");
    assert_eq!(error, "/etc/onbeat/onbeat.toml:5: unknown key `timezon`");
    assert_eq!(remedy, "did you mean `timezone`?");
    let (error, remedy) = wrong("\"vdir\"", "\"vdri\"");
    assert_eq!(error, "/etc/onbeat/onbeat.toml:9: unknown value `vdri`");
    assert_eq!(remedy, "did you mean `vdir`?");
    let (error, remedy) = wrong("Europe/Berlin", "Europe/Berln");
    assert!(error.ends_with("5: timezone: there is no time zone \"Europe/Berln\""), "{error}");
    assert_eq!(remedy, "did you mean \"Europe/Berlin\"?");
}

#[test]
fn impossible_values_are_said_in_words() {
    let (error, _) = wrong("Bob@example.org", "elena@example.org");
    assert!(error.contains("your own address"), "{error}");
    let (error, _) = wrong("Bob@example.org", "bob");
    assert!(error.contains("not a mail address"), "{error}");
    let (error, remedy) = wrong("with =", "every = \"weekly\"\nwith =");
    assert!(error.contains(":14: every: \"weekly\" is not a rhythm"), "{error}");
    assert!(remedy.contains("2 weeks"));
    let (error, remedy) = wrong("with =", "account = \"lapto\"\nwith =");
    assert!(error.contains("no account \"lapto\""), "{error}");
    assert_eq!(remedy, "did you mean \"laptop\"?");
    let (error, _) = wrong("path = \"cal\"", "url = \"https://x.example/\"");
    assert!(error.contains("a vdir account has no `url`"), "{error}");
    let (error, _) = wrong("path = \"cal\"\n", "");
    assert!(error.contains("needs `path`"), "{error}");
    let (error, _) = wrong("[[account]]", "[account]");
    assert!(error.contains(":7:"), "{error}");
}

#[test]
fn one_partner_is_one_pair() {
    let text = format!("{SMALL}\n[[pair]]\nwith = \"bob@example.org\"\n");
    let error = read(&text).unwrap_err().to_string();
    assert!(error.contains("belongs to another [[pair]]"), "{error}");
}

const SERVER: &str = r#"
[me]
name = "E"
email = "e@example.org"
timezone = "UTC"
[[account]]
name = "work"
kind = "caldav"
url = "https://dav.example.org/"
username = "e"
password = { keyring = true }
"#;

#[test]
fn secrets_and_plain_http_are_refused() {
    assert!(read(SERVER).is_ok());
    let error = read(&SERVER.replace("{ keyring = true }", "\"hunter2\"")).unwrap_err();
    assert!(error.to_string().contains(":11: password: a secret does not belong"), "{error}");
    assert!(!format!("{error:?}").contains("hunter2"));
    let error = read(&SERVER.replace("{ keyring = true }", "{ keyring = true, file = \"x\" }")).unwrap_err();
    assert!(error.to_string().contains("exactly one place"), "{error}");
    let error = read(&SERVER.replace("https", "http")).unwrap_err();
    assert!(error.to_string().contains("unprotected"), "{error}");
    assert!(read(&SERVER.replace("https://dav.example.org", "http://127.0.0.1:5232")).is_ok());
    let error = read(&SERVER.replace("https://", "https://e:pw@")).unwrap_err();
    assert!(error.to_string().contains("credentials do not belong"), "{error}");
}

#[test]
fn a_missing_file_says_what_to_do() {
    let error = load(Path::new("/no/such/onbeat.toml")).unwrap_err();
    assert_eq!(error.to_string(), "there is no configuration at /no/such/onbeat.toml");
    assert!(error.remedy().unwrap().contains("onbeat init"));
}
