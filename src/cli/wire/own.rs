//! The owner's own templates and questions, from the files the configuration
//! names.

use std::collections::BTreeMap;
use std::path::Path;

use crate::agenda::questions::QuestionBank;
use crate::cli::failure::Failure;

/// Templates in a folder by name: file name and text. No folder, no templates.
/// What a template says wrong is the agenda's to tell.
///
/// # Errors
/// When the folder is there and cannot be read.
pub(super) fn templates(dir: &Path) -> Result<BTreeMap<String, (String, String)>, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::user(format!("the templates in {} cannot be read", dir.display())).because(error)
    };
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut found = BTreeMap::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        let file =
            path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let Some(name) = file.strip_suffix(".md.j2") else { continue };
        let text = std::fs::read_to_string(&path).map_err(unreadable)?;
        found.insert(name.to_owned(), (path.display().to_string(), text));
    }
    Ok(found)
}

/// The owner's question bank, or the built-in one.
///
/// # Errors
/// When the file cannot be read, or is no bank.
pub(super) fn bank(file: Option<&Path>) -> Result<QuestionBank, Failure> {
    let Some(file) = file else { return Ok(QuestionBank::built_in()) };
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|e| Failure::user(format!("the questions in {name} cannot be read")).because(e))?;
    QuestionBank::parse(&name, &text).map_err(|error| {
        Failure::user("the question bank cannot be used")
            .because(error)
            .hint("config/questions.toml of the project shows the form")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_by_file_name() {
        let dir = tempfile::tempdir().unwrap();
        assert!(templates(&dir.path().join("none")).unwrap().is_empty());
        std::fs::write(dir.path().join("mine.md.j2"), "x").unwrap();
        std::fs::write(dir.path().join("notes.txt"), "y").unwrap();
        let found = templates(dir.path()).unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["mine"]);
    }

    #[test]
    fn a_broken_bank_names_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("q.toml");
        std::fs::write(&file, "[[nonsense]]\nid = 1\n").unwrap();
        let failure = bank(Some(&file)).unwrap_err();
        assert!(failure.render().contains("q.toml"), "{}", failure.render());
    }
}
