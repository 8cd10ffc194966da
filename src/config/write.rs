//! Writing the file: a first one for `onbeat init`, and accounts and pairs added
//! to one that exists, with every comment and blank line kept. A file that would
//! not load is never written.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value};

use crate::config::error::ConfigError;
use crate::config::load::{HolidayReader, parse};
use crate::config::secret::SecretSource;

/// `[me]` as `init` asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftMe {
    /// `name`.
    pub name: String,
    /// `email`, at least one.
    pub email: Vec<String>,
    /// `timezone`, an IANA name.
    pub timezone: String,
    /// `hours`; `None`: the default stands.
    pub hours: Option<String>,
}

/// An `[[account]]` as `init` found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftAccount {
    /// `name`.
    pub name: String,
    /// What it is.
    pub kind: DraftKind,
    /// `calendar`.
    pub calendar: Option<String>,
    /// `busy`; empty: the default stands.
    pub busy: Vec<String>,
    /// `agenda_mail`; `None`: the default stands.
    pub agenda_mail: Option<String>,
}

/// The kinds of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DraftKind {
    /// `kind = "vdir"`.
    Vdir {
        /// `path`.
        path: String,
    },
    /// `kind = "caldav"`.
    Dav {
        /// `url`.
        url: String,
        /// `username`.
        username: Option<String>,
        /// `password`; never the secret itself.
        password: Option<SecretSource>,
    },
    /// `kind = "google"`.
    Google {
        /// `client`.
        client: String,
    },
}

/// A `[[pair]]` as `init` found it on the calendar or asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DraftPair {
    /// `with`.
    pub with: String,
    /// `name`.
    pub name: Option<String>,
    /// `role`.
    pub role: String,
    /// `every`, as read off the series.
    pub every: Option<String>,
    /// `duration`.
    pub duration: Option<String>,
    /// `ideal`.
    pub ideal: Option<String>,
    /// `mode`.
    pub mode: Option<String>,
    /// `account`; `None`: the first.
    pub account: Option<String>,
}

/// Everything `init` found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// `[me]`.
    pub me: DraftMe,
    /// `[[account]]`.
    pub accounts: Vec<DraftAccount>,
    /// `[[pair]]`.
    pub pairs: Vec<DraftPair>,
}

const HEAD: &str = "# onbeat's configuration. docs/configuration.md explains every key;\n\
    # config/onbeat.toml in the repository shows them all with their defaults.\n\n";

fn set(table: &mut Table, key: &str, value: impl Into<Value>) {
    table.insert(key, Item::Value(value.into()));
}

fn set_some(table: &mut Table, key: &str, value: Option<&String>) {
    if let Some(value) = value {
        set(table, key, value.as_str());
    }
}

fn list(words: &[String]) -> Array {
    words.iter().map(String::as_str).collect()
}

fn me_table(me: &DraftMe) -> Table {
    let mut table = Table::new();
    set(&mut table, "name", me.name.as_str());
    set(&mut table, "email", list(&me.email));
    set(&mut table, "timezone", me.timezone.as_str());
    set_some(&mut table, "hours", me.hours.as_ref());
    table
}

fn place(source: &SecretSource) -> InlineTable {
    let mut table = InlineTable::new();
    match source {
        SecretSource::Keyring => table.insert("keyring", true.into()),
        SecretSource::File(path) => table.insert("file", path.display().to_string().into()),
        SecretSource::Command(argv) => table.insert("command", list(argv).into()),
        SecretSource::Credential(name) => table.insert("credential", name.as_str().into()),
        SecretSource::Env(name) => table.insert("env", name.as_str().into()),
    };
    table
}

fn account_table(account: &DraftAccount) -> Table {
    let mut table = Table::new();
    set(&mut table, "name", account.name.as_str());
    match &account.kind {
        DraftKind::Vdir { path } => {
            set(&mut table, "kind", "vdir");
            set(&mut table, "path", path.as_str());
        }
        DraftKind::Dav { url, username, password } => {
            set(&mut table, "kind", "caldav");
            set(&mut table, "url", url.as_str());
            set_some(&mut table, "username", username.as_ref());
            if let Some(password) = password {
                set(&mut table, "password", place(password));
            }
        }
        DraftKind::Google { client } => {
            set(&mut table, "kind", "google");
            set(&mut table, "client", client.as_str());
        }
    }
    set_some(&mut table, "calendar", account.calendar.as_ref());
    if !account.busy.is_empty() {
        set(&mut table, "busy", list(&account.busy));
    }
    set_some(&mut table, "agenda_mail", account.agenda_mail.as_ref());
    table
}

fn pair_table(pair: &DraftPair) -> Table {
    let mut table = Table::new();
    set(&mut table, "with", pair.with.as_str());
    set_some(&mut table, "name", pair.name.as_ref());
    set(&mut table, "role", pair.role.as_str());
    set_some(&mut table, "every", pair.every.as_ref());
    set_some(&mut table, "duration", pair.duration.as_ref());
    set_some(&mut table, "ideal", pair.ideal.as_ref());
    set_some(&mut table, "mode", pair.mode.as_ref());
    set_some(&mut table, "account", pair.account.as_ref());
    table
}

/// Appends a table to a list of tables, set apart by a blank line.
fn append(document: &mut DocumentMut, key: &str, mut table: Table) {
    table.decor_mut().set_prefix("\n");
    let tables = document.entry(key).or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    if let Some(tables) = tables.as_array_of_tables_mut() {
        tables.push(table);
    }
}

/// The text of a first configuration.
pub fn initial_text(draft: &Draft) -> String {
    let mut document = DocumentMut::new();
    document.insert("me", Item::Table(me_table(&draft.me)));
    for account in &draft.accounts {
        append(&mut document, "account", account_table(account));
    }
    for pair in &draft.pairs {
        append(&mut document, "pair", pair_table(pair));
    }
    format!("{HEAD}{document}")
}

/// Writes a first configuration. An existing file is never overwritten.
///
/// # Errors
/// When the file exists or cannot be written, or the draft does not make a valid
/// configuration (nothing is written then).
pub fn write_initial(
    path: &Path,
    draft: &Draft,
    holidays: HolidayReader<'_>,
) -> Result<(), ConfigError> {
    let fail = |source| ConfigError::File { path: path.to_owned(), source };
    let text = initial_text(draft);
    parse(&text, path, holidays)?;
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(fail)?;
    }
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).map_err(fail)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(fail)
}

/// Adds accounts and pairs at the end of an existing file; all else stays byte
/// for byte. Pairs and accounts that are there already (by `with` and `name`) are
/// left out. Returns how many were added.
///
/// # Errors
/// When the file cannot be read or written, or is or would become invalid (nothing
/// is written then).
pub fn add(
    path: &Path,
    accounts: &[DraftAccount],
    pairs: &[DraftPair],
    holidays: HolidayReader<'_>,
) -> Result<usize, ConfigError> {
    let text = fs::read_to_string(path).map_err(|e| ConfigError::io(path, e))?;
    let before = parse(&text, path, holidays)?;
    let accounts = accounts
        .iter()
        .filter(|draft| before.accounts.iter().all(|a| a.id.as_str() != draft.name))
        .map(|draft| ("account", account_table(draft)));
    let pairs = pairs
        .iter()
        .filter(|draft| {
            let address = crate::model::id::Address::new(&draft.with);
            before.pairs.iter().all(|pair| !pair.partner.is(&address))
        })
        .map(|draft| ("pair", pair_table(draft)));
    let added: Vec<(&str, Table)> = accounts.chain(pairs).collect();
    if added.is_empty() {
        return Ok(0);
    }
    // The new tables are written as a document of their own behind the old text:
    // the old bytes need not even be re-printed.
    let mut document = DocumentMut::new();
    let count = added.len();
    for (key, table) in added {
        append(&mut document, key, table);
    }
    let newline = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    let text = format!("{text}{newline}{document}");
    parse(&text, path, holidays)?;
    replace(path, &text)?;
    Ok(count)
}

/// Puts a text in a file's place in one step, keeping its mode. A link is followed,
/// so that a file kept elsewhere (dotfiles) stays there.
fn replace(path: &Path, text: &str) -> Result<(), ConfigError> {
    let fail = |source| ConfigError::File { path: path.to_owned(), source };
    let real = fs::canonicalize(path).map_err(fail)?;
    let mode = fs::metadata(&real).map_err(fail)?.permissions().mode() & 0o777;
    let dir = real.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(dir).map_err(fail)?;
    file.write_all(text.as_bytes()).map_err(fail)?;
    file.as_file().set_permissions(fs::Permissions::from_mode(mode)).map_err(fail)?;
    file.as_file().sync_all().map_err(fail)?;
    file.persist(&real).map_err(|error| fail(error.error))?;
    fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(fail)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::load::load;

    fn no_days(
        _: crate::config::HolidaySource<'_>,
    ) -> Result<Vec<(jiff::civil::Date, String)>, String> {
        Err("no calendar".to_owned())
    }

    fn draft() -> Draft {
        Draft {
            me: DraftMe {
                name: "Elena".to_owned(),
                email: vec!["elena@example.org".to_owned()],
                timezone: "Europe/Berlin".to_owned(),
                hours: Some("Mon-Thu 09:00-17:00".to_owned()),
            },
            accounts: vec![DraftAccount {
                name: "work".to_owned(),
                kind: DraftKind::Dav {
                    url: "https://dav.example.org/".to_owned(),
                    username: Some("elena".to_owned()),
                    password: Some(SecretSource::Command(vec![
                        "pass".to_owned(),
                        "dav".to_owned(),
                    ])),
                },
                calendar: Some("Work".to_owned()),
                busy: vec!["Work".to_owned(), "Private".to_owned()],
                agenda_mail: None,
            }],
            pairs: vec![pair("bob@example.org")],
        }
    }

    fn pair(with: &str) -> DraftPair {
        DraftPair {
            with: with.to_owned(),
            role: "report".to_owned(),
            every: Some("2 weeks".to_owned()),
            ..DraftPair::default()
        }
    }

    #[test]
    fn a_first_file_loads_is_private_and_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("onbeat/onbeat.toml");
        write_initial(&path, &draft(), &no_days).unwrap();
        let config = load(&path, &no_days).unwrap();
        assert_eq!((config.accounts.len(), config.pairs.len()), (1, 1));
        assert_eq!(config.pairs[0].cadence.every, 2);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(matches!(write_initial(&path, &draft(), &no_days), Err(ConfigError::File { .. })));
    }

    #[test]
    fn a_draft_that_would_not_load_is_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("onbeat.toml");
        let mut bad = draft();
        bad.me.timezone = "Berlin".to_owned();
        assert!(matches!(write_initial(&path, &bad, &no_days), Err(ConfigError::Invalid { .. })));
        assert!(!path.exists());
    }

    #[test]
    fn adding_keeps_every_byte_that_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("onbeat.toml");
        let odd = "# mine\n[me]\nname   =  'Elena' # me\nemail = [ \"elena@example.org\", ]\n\
                   timezone=\"Europe/Berlin\"\n\n[[account]]\nname='local'\nkind='vdir'\npath='c'\n\n\
                   [[pair]]\nwith = 'bob@example.org'\nrole = 'peer'\n[daemon]\npoll='5 min'\n# the end";
        fs::write(&path, odd).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let pairs = [pair("BOB@example.org"), pair("mei@example.org")];
        assert_eq!(add(&path, &draft().accounts, &pairs, &no_days).unwrap(), 2);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(odd));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        let config = load(&path, &no_days).unwrap();
        assert_eq!((config.accounts.len(), config.pairs.len()), (2, 2));
        assert_eq!(add(&path, &draft().accounts, &pairs, &no_days).unwrap(), 0);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }

    #[test]
    fn a_broken_file_is_not_added_to() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("onbeat.toml");
        fs::write(&path, "[me").unwrap();
        assert!(add(&path, &[], &[pair("mei@example.org")], &no_days).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "[me");
    }

    #[test]
    fn a_linked_file_stays_where_it_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let kept = dir.path().join("kept.toml");
        write_initial(&kept, &draft(), &no_days).unwrap();
        let path = dir.path().join("onbeat.toml");
        std::os::unix::fs::symlink(&kept, &path).unwrap();
        assert_eq!(add(&path, &[], &[pair("mei@example.org")], &no_days).unwrap(), 1);
        assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
        assert_eq!(load(&kept, &no_days).unwrap().pairs.len(), 2);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        /// Whatever people are called, the file means it.
        #[test]
        fn any_name_survives(name in "\\PC{1,30}") {
            prop_assume!(!name.trim().is_empty());
            let mut draft = draft();
            draft.me.name.clone_from(&name);
            draft.pairs[0].name = Some(name.clone());
            let config = parse(&initial_text(&draft), Path::new("onbeat.toml"), &no_days).unwrap();
            prop_assert_eq!(&config.me.name, &name);
            prop_assert_eq!(&config.pairs[0].partner.name, &name);
        }
    }
}
