//! The map of `ARCHITECTURE.md`: which folder may import which.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::File;

/// Who may import whom.
pub type Map = BTreeMap<String, BTreeSet<String>>;

/// Reads the block ```` ```deps ```` of a document.
pub fn map(document: &str) -> Map {
    let block = document.split("```deps\n").nth(1).and_then(|rest| rest.split("```").next());
    let lines = block.unwrap_or("").lines().filter_map(|line| line.split_once("->"));
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    lines.map(|(from, to)| (from.trim().to_owned(), words(to))).collect()
}

/// The map names every room of the house, no other, and has no circle.
pub fn is_sound(map: &Map, rooms: &BTreeSet<String>) -> Vec<String> {
    let known: BTreeSet<String> = map.keys().cloned().collect();
    let mut found: Vec<String> =
        rooms.difference(&known).map(|r| format!("`{r}` is not on the map")).collect();
    found.extend(known.difference(rooms).map(|r| format!("`{r}` is on the map and not in src/")));
    let named: BTreeSet<String> = map.values().flatten().cloned().collect();
    found.extend(named.difference(&known).map(|r| format!("`{r}` is imported and not on the map")));
    let mut left = map.clone();
    while let Some(free) = left.iter().find(|(_, to)| to.iter().all(|r| !left.contains_key(r))) {
        let free = free.0.clone();
        left.remove(&free);
    }
    if !left.is_empty() {
        found.push(format!("a circle among {:?}", left.keys().collect::<Vec<_>>()));
    }
    found
}

/// R1: imports follow the map; no way around it.
pub fn follow(file: &File, map: &Map) -> Vec<String> {
    let room = file.room();
    if matches!(room, "lib" | "main") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let allowed = map.get(room);
    for (line, to) in crate_paths(file) {
        let is_room = map.contains_key(&to);
        if is_room && to != room && !allowed.is_some_and(|allowed| allowed.contains(&to)) {
            found.push(file.at(line, format!("`{room}` must not import `{to}`")));
        }
    }
    for (line, code) in file.lines() {
        let reexport = code.trim_start().starts_with("pub") && code.contains("use crate::");
        if reexport && !code.contains(&format!("use crate::{room}")) {
            found.push(file.at(line, "re-exports from another folder"));
        }
    }
    for (n, code) in file.code.lines().enumerate() {
        if code.contains("super::super") {
            found.push(file.at(n + 1, "`super::super`: name the folder"));
        }
    }
    found
}

/// The first segments of every `crate::…` path, grouped imports included.
pub fn crate_paths(file: &File) -> Vec<(usize, String)> {
    let code: String = file.lines().map(|(_, line)| format!("{line}\n")).collect();
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + 7..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0_usize;
            let mut word = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    word.push(c);
                }
            }
            found.extend(word.split(',').map(|part| (line, first_segment(part.trim()))));
        } else {
            found.push((line, first_segment(rest)));
        }
    }
    found
}

fn first_segment(path: &str) -> String {
    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}
