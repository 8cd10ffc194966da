//! `password = { … }`: exactly one place, never the secret itself.

use toml::Spanned;

use crate::config::error::ConfigError;
use crate::config::resolve::Source;
use crate::config::secret::SecretSource;

const FORMS: &str = "use { keyring = true }, { file = \"…\" }, { command = [\"pass\", \"…\"] } or { credential = \"…\" }";

/// Where a secret is said to be.
pub(super) fn secret(
    key: &str,
    value: &Spanned<toml::Value>,
    entry: &str,
    source: &Source<'_>,
) -> Result<SecretSource, ConfigError> {
    let wrong = |message: String| source.at_with(value, format!("{key}: {message}"), FORMS);
    let table = match value.get_ref() {
        toml::Value::Table(table) => table,
        toml::Value::String(_) => {
            return Err(wrong("a secret does not belong into the configuration".to_owned()));
        }
        _ => return Err(wrong("this is no place for a secret".to_owned())),
    };
    let mut keys = table.iter();
    let (Some((name, place)), None) = (keys.next(), keys.next()) else {
        return Err(wrong("exactly one place is needed".to_owned()));
    };
    match (name.as_str(), place) {
        ("keyring", toml::Value::Boolean(true)) => Ok(SecretSource::Keyring { entry: entry.to_owned() }),
        ("file", toml::Value::String(path)) => Ok(SecretSource::File(source.path(path))),
        ("credential", toml::Value::String(name)) if !name.contains('/') => {
            Ok(SecretSource::Credential(name.clone()))
        }
        ("command", toml::Value::Array(parts)) => {
            let argv: Option<Vec<String>> =
                parts.iter().map(|part| part.as_str().map(str::to_owned)).collect();
            match argv {
                Some(argv) if !argv.is_empty() => Ok(SecretSource::Command(argv)),
                _ => Err(wrong("the command must be a list of texts".to_owned())),
            }
        }
        ("keyring" | "file" | "credential" | "command", _) => {
            Err(wrong(format!("`{name}` has the wrong kind of value")))
        }
        _ => Err(wrong(format!("there is no place `{name}`"))),
    }
}
