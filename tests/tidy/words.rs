//! The rules about the repository as a whole: its texts, its manifest, its example
//! configuration.

use crate::source::has_word;

/// No host of a package registry and no path of somebody's machine.
pub fn foreign(path: &str, text: &str) -> Vec<String> {
    if path.ends_with("Cargo.lock") {
        return Vec::new(); // written by cargo
    }
    let parts = [
        ["crates", ".io"],
        ["py", "pi.org"],
        ["pythonhosted", ".org"],
        ["registry.npm", "js"],
        ["deb.", "debian.org"],
        ["/ro", "ot/"],
        ["/work/", "shared"],
        ["/work/", "main"],
        ["/tmp/", "wt"],
        ["/Us", "ers/"],
    ];
    let mut found = Vec::new();
    for (n, line) in text.lines().enumerate() {
        for word in parts.iter().map(|part| part.concat()).filter(|word| line.contains(word)) {
            found.push(format!("{path}:{}: `{word}` does not belong into the repository", n + 1));
        }
    }
    found
}

/// Names of the direct dependencies in a manifest.
pub fn dependencies(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in manifest.lines() {
        if let Some(section) = line.strip_prefix('[') {
            inside = section.contains("dependencies]");
        } else if inside && let Some((name, _)) = line.split_once('=') {
            found.push(name.trim().to_owned());
        }
    }
    found
}

/// Every direct dependency has its reason in the document (``- `name`: …``), and
/// nothing else has one.
pub fn reasons(manifest: &str, document: &str) -> Vec<String> {
    let wanted = dependencies(manifest);
    let given: Vec<&str> =
        document.lines().filter_map(|line| line.strip_prefix("- `")?.split('`').next()).collect();
    let missing = wanted.iter().filter(|name| !given.contains(&name.as_str()));
    let mut found: Vec<String> =
        missing.map(|name| format!("docs/dependencies.md: no reason for `{name}`")).collect();
    let stale = given.iter().filter(|name| !wanted.iter().any(|one| one == *name));
    found.extend(stale.map(|name| format!("docs/dependencies.md: `{name}` is no dependency")));
    found
}

/// Keys the configuration asks its file for: the texts in `.text("…")` and kin.
pub fn keys(source: &str) -> Vec<String> {
    const ASKS: [&str; 9] = [
        "text(",
        "word(",
        "words(",
        "choice(",
        "flag(",
        "count(",
        "section(",
        "sections(",
        "small(&section, ",
    ];
    let code = source.split("#[cfg(test)]").next().unwrap_or("");
    let joined: String = code.lines().map(str::trim).collect();
    let mut found: Vec<String> = Vec::new();
    for ask in ASKS {
        for rest in joined.split(ask).skip(1) {
            let key = rest.strip_prefix('"').and_then(|rest| rest.split('"').next());
            found.extend(key.map(str::to_owned));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// R11: every key stands in the example, set or in a comment.
pub fn shown(keys: &[String], example: &str) -> Vec<String> {
    let is_key = |line: &str, key: &str| {
        let tables = line.trim_start_matches(['#', ' ', '[']).starts_with(key)
            || line.ends_with(&format!(".{key}]"));
        has_word(line, key)
            && (tables || line.contains(&format!("{key} =")) || line.contains(&format!("{key}.")))
    };
    let missing = keys.iter().filter(|key| !example.lines().any(|line| is_key(line, key)));
    missing.map(|key| format!("config/onbeat.toml: `{key}` is not shown")).collect()
}
