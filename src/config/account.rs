//! `[[account]]`: a connection and the calendars used through it.

use std::path::{Path, PathBuf};

use crate::config::raw::Section;
use crate::config::secret::{self, SecretSource};
use crate::model::id::{AccountId, Address};
use crate::model::pair::AgendaMail;

/// A configured account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// `name`.
    pub id: AccountId,
    /// What it is and how to reach it.
    pub kind: AccountKind,
    /// The calendar 1:1s are written to, by name or address; `None`: the only or
    /// default one.
    pub calendar: Option<String>,
    /// Calendars counted as busy, by name or address; empty: just `calendar`.
    pub busy: Vec<String>,
    /// Whether agendas may be mailed through it, where a pair says nothing else.
    pub agenda_mail: AgendaMail,
}

/// The three kinds of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountKind {
    /// A CalDAV server.
    Dav(DavAccount),
    /// Google Calendar.
    Google(GoogleAccount),
    /// A folder with one folder of `.ics` files per calendar.
    Vdir {
        /// Resolved path.
        path: PathBuf,
    },
}

/// How to reach a CalDAV server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DavAccount {
    /// Base URL: the server, a principal, a home or a collection.
    pub url: url::Url,
    /// User name; `None` for a bearer token.
    pub username: Option<String>,
    /// Where the password or token lies; `None`: the server asks for none.
    pub password: Option<SecretSource>,
    /// How it is sent.
    pub auth: Auth,
    /// A file with further certificate authorities (PEM).
    pub ca: Option<PathBuf>,
}

/// How credentials are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// As the server asks: Digest where it offers it, else Basic.
    Auto,
    /// Basic (RFC 7617).
    Basic,
    /// Digest (RFC 7616).
    Digest,
    /// Bearer (RFC 6750).
    Bearer,
}

/// How to reach Google Calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoogleAccount {
    /// The OAuth client file as Google hands it out.
    pub client: PathBuf,
    /// Where the token lies; `None`: a 0600 file in the state directory.
    pub token: Option<TokenPlace>,
    /// The user a service account acts for.
    pub subject: Option<Address>,
    /// New series get a Meet link.
    pub meet: bool,
    /// Scopes other than the least ones onbeat needs.
    pub scopes: Vec<String>,
    /// The API's base URL instead of Google's.
    pub api: Option<url::Url>,
    /// The authorization endpoint instead of the client file's.
    pub auth_uri: Option<url::Url>,
    /// The token endpoint instead of the client file's.
    pub token_uri: Option<url::Url>,
}

/// Where an OAuth token is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenPlace {
    /// The desktop's keyring.
    Keyring,
    /// A file, made with mode 0600.
    File(PathBuf),
}

/// The words of `agenda_mail`.
pub(crate) const AGENDA_MAIL: &[(&str, AgendaMail)] = &[
    ("never", AgendaMail::Never),
    ("once", AgendaMail::Once),
    ("own", AgendaMail::Own),
    ("link", AgendaMail::Link),
];

/// Reads one `[[account]]`; `None` when it is too broken to go on with.
pub(crate) fn read(mut section: Section<'_, '_>, base: &Path) -> Option<Account> {
    section.missing("name", "give it a short name, like name = \"work\"");
    let name = section.word("name", account_name);
    section.missing("kind", "write kind = \"caldav\", \"google\" or \"vdir\"");
    let kind =
        section.choice("kind", &[("caldav", "caldav"), ("google", "google"), ("vdir", "vdir")]);
    section.of_kind(kind.unwrap_or(""));
    let calendar = section.text("calendar");
    let busy = section.words("busy", any_text);
    let agenda_mail = section.choice("agenda_mail", AGENDA_MAIL).unwrap_or(AgendaMail::Never);
    let kind = match kind {
        Some("caldav") => caldav(&section, base).map(AccountKind::Dav),
        Some("google") => google(&section, base).map(AccountKind::Google),
        Some(_) => {
            section.missing("path", "name the folder, like path = \"~/.calendars\"");
            section.text("path").map(|path| AccountKind::Vdir { path: base.join(path) })
        }
        // Its keys cannot be judged before the kind is known.
        None => return None,
    };
    section.done();
    Some(Account {
        id: AccountId::new(name?),
        kind: kind?,
        calendar,
        busy: busy.unwrap_or_default(),
        agenda_mail,
    })
}

/// Names are typed on the command line and used as file and keyring names.
fn account_name(text: &str) -> Result<String, String> {
    let plain = !text.is_empty()
        && text.len() <= 64
        && !text.starts_with(['.', '-'])
        && text.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
    if plain {
        Ok(text.to_owned())
    } else {
        Err("use letters, digits, '-', '_' and '.', at most 64".to_owned())
    }
}

pub(crate) fn any_text(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(text.to_owned()) }
}

/// A web address; plain http only on this machine, and no password inside.
pub(crate) fn web_url(text: &str) -> Result<url::Url, String> {
    let url = url::Url::parse(text)
        .map_err(|_| "write a whole address like \"https://dav.example.org/\"".to_owned())?;
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err("take user name and password out of the address; they have keys of their own"
            .to_owned());
    }
    match url.scheme() {
        "https" if url.has_host() => Ok(url),
        "http" if loopback => Ok(url),
        "http" => Err("write https:// (plain http is for this machine only)".to_owned()),
        _ => Err("write an address that starts with https://".to_owned()),
    }
}

fn caldav(section: &Section<'_, '_>, base: &Path) -> Option<DavAccount> {
    section.missing("url", "name the server, like url = \"https://dav.example.org/\"");
    let url = section.word("url", web_url);
    let username = section.text("username");
    let password = secret::source(section, "password", base);
    let auth = section.choice(
        "auth",
        &[
            ("auto", Auth::Auto),
            ("basic", Auth::Basic),
            ("digest", Auth::Digest),
            ("bearer", Auth::Bearer),
        ],
    );
    let auth = auth.unwrap_or(Auth::Auto);
    let ca = section.text("ca").map(|path| base.join(path));
    if section.has("password") && username.is_none() && auth != Auth::Bearer {
        section.missing("username", "add username = \"…\", or auth = \"bearer\" for a token");
    }
    if username.is_some() && !section.has("password") {
        section.missing("password", "add password = { keyring = true }, { file = \"…\" }, { command = […] } or { credential = \"…\" }");
    }
    Some(DavAccount { url: url?, username, password, auth, ca })
}

fn google(section: &Section<'_, '_>, base: &Path) -> Option<GoogleAccount> {
    section.missing("client", "name the OAuth client file, like client = \"google.json\"");
    let client = section.text("client").map(|path| base.join(path));
    let token = section.section("token").and_then(|place| {
        let keyring = place.flag("keyring") == Some(true);
        let file = place.text("file").map(|path| TokenPlace::File(base.join(path)));
        if keyring == file.is_some() {
            section.problem(
                "token",
                "`token` must name one place",
                "write { keyring = true } or { file = \"…\" }",
            );
        }
        place.done();
        if keyring { Some(TokenPlace::Keyring) } else { file }
    });
    let subject = section.word("subject", crate::config::words::address);
    let meet = section.flag("meet").unwrap_or(false);
    let scopes = section.words("scopes", any_text).unwrap_or_default();
    let api = section.word("api", web_url);
    let auth_uri = section.word("auth_uri", web_url);
    let token_uri = section.word("token_uri", web_url);
    Some(GoogleAccount { client: client?, token, subject, meet, scopes, api, auth_uri, token_uri })
}
