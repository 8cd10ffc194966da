//! Licences, sources and bans of all dependencies, as `deny.toml` states them, with
//! nothing but cargo. Advisories need a database from the network and are not here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test fails by panicking

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Crates of which two versions would be two truths or two megabytes.
const ONE_VERSION: [&str; 7] = ["jiff", "reqwest", "ring", "rusqlite", "rustls", "tokio", "url"];

/// What cargo knows of the packages this machine would build, optional ones included.
fn metadata() -> Value {
    let host = Command::new(env!("CARGO")).arg("-vV").output().expect("cargo runs");
    let host = String::from_utf8_lossy(&host.stdout).into_owned();
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo has a host");
    let ask = |more: &[&str]| {
        let out = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", host])
            .args(more)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo runs");
        serde_json::from_slice::<Value>(&out.stdout)
            .map_err(|_| String::from_utf8_lossy(&out.stderr).into_owned())
    };
    let all = ask(&["--all-features"]);
    all.or_else(|why| {
        use std::io::Write as _;
        let line = "LEFT OUT: licences of optional features: their crates cannot be fetched";
        writeln!(std::io::stderr(), "{line}: {}", why.lines().next().unwrap_or("")).ok();
        ask(&["--offline"])
    })
    .expect("cargo metadata")
}

/// Packages that belong to the build, by name.
fn packages(metadata: &Value) -> Vec<&Value> {
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let built: BTreeSet<&str> = nodes.iter().filter_map(|node| node["id"].as_str()).collect();
    let all = metadata["packages"].as_array().unwrap();
    all.iter().filter(|package| built.contains(package["id"].as_str().unwrap_or(""))).collect()
}

fn rules() -> toml::Table {
    include_str!("../deny.toml").parse().expect("deny.toml is TOML")
}

fn texts(value: &toml::Value) -> BTreeSet<String> {
    let list = value.as_array().into_iter().flatten();
    list.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// Whether an SPDX expression can be satisfied with these licences. The old form
/// `A/B` means OR.
fn satisfied(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let fine = any_of(&tokens, &mut at, allowed);
    fine && at == tokens.len()
}

fn any_of(tokens: &[&str], at: &mut usize, allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut fine = all_of(tokens, at, allowed);
    while tokens.get(*at) == Some(&"OR") {
        *at += 1;
        fine |= all_of(tokens, at, allowed);
    }
    fine
}

fn all_of(tokens: &[&str], at: &mut usize, allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut fine = one(tokens, at, allowed);
    while tokens.get(*at) == Some(&"AND") {
        *at += 1;
        fine &= one(tokens, at, allowed);
    }
    fine
}

fn one(tokens: &[&str], at: &mut usize, allowed: &dyn Fn(&str) -> bool) -> bool {
    let Some(token) = tokens.get(*at) else { return false };
    *at += 1;
    if *token == "(" {
        let fine = any_of(tokens, at, allowed);
        let closed = tokens.get(*at) == Some(&")");
        *at += 1;
        return fine && closed;
    }
    if tokens.get(*at) == Some(&"WITH") {
        let whole = format!("{token} WITH {}", tokens.get(*at + 1).unwrap_or(&""));
        *at += 2;
        return allowed(&whole);
    }
    allowed(token)
}

#[test]
fn expressions_are_read_as_spdx_says() {
    let allowed = |name: &str| matches!(name, "MIT" | "ISC" | "Apache-2.0 WITH LLVM-exception");
    for good in [
        "MIT",
        "MIT OR GPL-3.0",
        "GPL-3.0/MIT",
        "(MIT OR X) AND ISC",
        "X OR Apache-2.0 WITH LLVM-exception",
    ] {
        assert!(satisfied(good, &allowed), "{good}");
    }
    for bad in
        ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR X) AND Y", "Apache-2.0", "(MIT", "MIT ISC"]
    {
        assert!(!satisfied(bad, &allowed), "{bad}");
    }
}

#[test]
fn every_licence_is_allowed() {
    let (metadata, rules) = (metadata(), rules());
    let allow = texts(&rules["licenses"]["allow"]);
    let exceptions: BTreeMap<String, BTreeSet<String>> = rules["licenses"]["exceptions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| (one["crate"].as_str().unwrap().to_owned(), texts(&one["allow"])))
        .collect();
    let mut found = Vec::new();
    for package in packages(&metadata) {
        let name = package["name"].as_str().unwrap();
        let licence = package["license"].as_str().unwrap_or("");
        let more = exceptions.get(name);
        let allowed =
            |one: &str| allow.contains(one) || more.is_some_and(|more| more.contains(one));
        if !satisfied(licence, &allowed) {
            found.push(format!("{name}: `{licence}`"));
        }
    }
    assert!(found.is_empty(), "not allowed by deny.toml:\n{}", found.join("\n"));
    for name in exceptions.keys() {
        let used = packages(&metadata).iter().any(|package| package["name"].as_str() == Some(name));
        assert!(used, "the exception for {name} is not needed any more");
    }
}

#[test]
fn every_package_comes_from_the_registry() {
    let metadata = metadata();
    let foreign = |package: &&&Value| {
        let source = package["source"].as_str();
        source.is_some_and(|source| !source.starts_with("registry+"))
            || (source.is_none() && package["name"] != "onbeat")
    };
    let found = packages(&metadata);
    let found: Vec<&Value> = found.iter().filter(foreign).map(|package| &package["name"]).collect();
    assert!(found.is_empty(), "neither ours nor from the registry: {found:?}");
}

#[test]
fn no_banned_package_and_no_second_version_of_what_must_be_one() {
    let (metadata, rules) = (metadata(), rules());
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages(&metadata) {
        let version = package["version"].as_str().unwrap();
        versions.entry(package["name"].as_str().unwrap()).or_default().insert(version);
    }
    let banned = rules["bans"]["deny"].as_array().unwrap();
    for ban in banned {
        let name = ban["crate"].as_str().unwrap();
        assert!(!versions.contains_key(name), "{name}: {}", ban["reason"]);
    }
    for name in ONE_VERSION {
        assert_eq!(
            versions.get(name).map(BTreeSet::len),
            Some(1),
            "{name}: {:?}",
            versions.get(name)
        );
    }
}

#[test]
fn no_banned_feature() {
    let (metadata, rules) = (metadata(), rules());
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    for ban in rules["bans"]["features"].as_array().unwrap() {
        let name = ban["crate"].as_str().unwrap();
        let ids = packages(&metadata).into_iter().filter(|package| package["name"] == name);
        let ids: Vec<&Value> = ids.map(|package| &package["id"]).collect();
        assert!(!ids.is_empty(), "the ban on features of {name} is not needed any more");
        for node in nodes.iter().filter(|node| ids.contains(&&node["id"])) {
            let on = node["features"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let bad: Vec<&str> = on.filter(|one| texts(&ban["deny"]).contains(*one)).collect();
            assert!(bad.is_empty(), "{name} with {bad:?}: {}", ban["reason"]);
        }
    }
}
