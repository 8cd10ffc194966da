//! A Rust file as the rules see it: code with comments and the insides of string
//! literals blanked, the literals apart, and where its tests begin. Lines and
//! columns stay what they are in the file.

use std::fs;
use std::path::Path;

/// One file of the repository.
#[derive(Debug, Clone)]
pub struct File {
    /// From the repository's root, with `/`.
    pub path: String,
    /// As it is.
    pub text: String,
    /// Without comments and without what string literals say.
    pub code: String,
    /// String literals of the non-test part: line and content.
    pub literals: Vec<(usize, String)>,
    /// The first line of the inline test module, or one past the last line.
    pub tests_from: usize,
}

impl File {
    /// Reads a text as the file of that path.
    pub fn new(path: &str, text: &str) -> Self {
        let (code, literals) = blank(text);
        let path = path.to_owned();
        let name = path.rsplit('/').next().unwrap_or("");
        let all_tests =
            name == "tests.rs" || name.ends_with("_tests.rs") || path.contains("/tests/");
        let lines = code.lines().count() + 1;
        let tests_from = if all_tests { 1 } else { test_module(&code).unwrap_or(lines) };
        let literals = literals.into_iter().filter(|(line, _)| *line < tests_from).collect();
        Self { path, text: text.to_owned(), code, literals, tests_from }
    }

    /// The folder or file below `src/` this belongs to: `plan`, `clock`, `lib`.
    pub fn room(&self) -> &str {
        let rest = self.path.strip_prefix("src/").unwrap_or("");
        let room = rest.split('/').next().unwrap_or("");
        room.strip_suffix(".rs").unwrap_or(room)
    }

    /// Numbered lines of code that is not test code.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().enumerate().map(|(n, line)| (n + 1, line)).take(self.tests_from - 1)
    }

    /// A finding in this file.
    pub fn at(&self, line: usize, what: impl std::fmt::Display) -> String {
        format!("{}:{line}: {what}", self.path)
    }
}

/// Where a word stands as a whole identifier.
pub fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

/// The line of `#[cfg(test)]` before an inline module.
fn test_module(code: &str) -> Option<usize> {
    let lines: Vec<&str> = code.lines().collect();
    let is_mark = |n: usize| lines[n].trim() == "#[cfg(test)]";
    let opens = |line: &str| line.trim().starts_with("mod ") && line.trim().ends_with('{');
    let found = |n: &usize| is_mark(*n) && lines.iter().skip(n + 1).take(3).any(|line| opens(line));
    (0..lines.len()).find(found).map(|n| n + 1)
}

/// All files of a kind below a folder, by path.
pub fn files(root: &Path, folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let Ok(items) = fs::read_dir(root.join(&folder)) else { continue };
        for item in items.flatten() {
            let name = item.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            let hidden = name.starts_with('.') && name != ".ci" && name != ".gitignore";
            if hidden || name == "target" || name == "proptest-regressions" {
                continue;
            }
            if item.path().is_dir() {
                open.push(path);
            } else if name.ends_with(ending)
                && let Ok(text) = fs::read_to_string(item.path())
            {
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

/// Blanks comments and the insides of literals; collects the literals.
fn blank(text: &str) -> (String, Vec<(usize, String)>) {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut literals = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let end = token_end(&chars, at);
        let token = &chars[at..end];
        let kind = kind_of(token);
        if kind == Token::Text {
            literals.push((line, token.iter().collect::<String>()));
        }
        for (n, c) in token.iter().enumerate() {
            line += usize::from(*c == '\n');
            let edge = n == 0 || n + 1 == token.len();
            let keep = *c == '\n' || kind == Token::Code || (kind == Token::Text && edge);
            out.push(if keep { *c } else { ' ' });
        }
        at = end;
    }
    (out, literals)
}

#[derive(PartialEq, Eq)]
enum Token {
    Code,
    Comment,
    Text,
}

fn kind_of(token: &[char]) -> Token {
    match token {
        ['/', '/' | '*', ..] => Token::Comment,
        ['"', ..] | ['r', '"' | '#', _, ..] if token.len() > 1 => Token::Text,
        ['\'', _, .., '\''] => Token::Text,
        _ => Token::Code,
    }
}

/// One past the token that begins here: a comment, a literal, or one character.
fn token_end(chars: &[char], at: usize) -> usize {
    let rest = &chars[at..];
    let previous = at.checked_sub(1).map(|before| chars[before]);
    let starts_word =
        !previous.is_some_and(|c| c.is_alphanumeric() || c == '_') || previous == Some('b');
    match rest {
        ['/', '/', ..] => at + rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
        ['/', '*', ..] => at + block_comment(rest),
        ['"', ..] => at + quoted(rest, '"'),
        ['r', '"' | '#', ..] if starts_word => at + raw(rest),
        ['\'', '\\', ..] => at + quoted(rest, '\''),
        ['\'', c, '\'', ..] if *c != '\'' => at + 3,
        _ => at + 1,
    }
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut n) = (0_usize, 0);
    while n < rest.len() {
        match &rest[n..] {
            ['/', '*', ..] => (depth, n) = (depth + 1, n + 2),
            ['*', '/', ..] => (depth, n) = (depth.saturating_sub(1), n + 2),
            _ => n += 1,
        }
        if depth == 0 {
            break;
        }
    }
    n
}

fn quoted(rest: &[char], quote: char) -> usize {
    let mut n = 1;
    while n < rest.len() && rest[n] != quote {
        n += if rest[n] == '\\' { 2 } else { 1 };
    }
    (n + 1).min(rest.len())
}

fn raw(rest: &[char]) -> usize {
    let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return 1; // a raw identifier
    }
    let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let from = 2 + hashes;
    let body = &rest[from..];
    let end = body.windows(close.len()).position(|window| window == close);
    end.map_or(rest.len(), |end| from + end + close.len())
}
