//! Google accounts put together: client file, token, endpoints. Decides where a
//! token lies; asks Google nothing.

use std::os::unix::fs::PermissionsExt as _;
use std::rc::Rc;

use jiff::Timestamp;
use url::Url;

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::clock::{Clock as _, SystemClock};
use crate::config::Secret as Kept;
use crate::config::account::{Account, AccountKind, GoogleAccount, TokenPlace};
use crate::config::secret::{from_keyring, keep_in_keyring};
use crate::model::id::AccountId;
use crate::provider::google::oauth::{ClientFile, SCOPES, Source, TokenFile};
use crate::provider::google::{API, Google, GoogleConfig};
use crate::provider::{ErrorKind, ProviderError};

/// The connection of an account; nothing is asked yet.
///
/// # Errors
/// `Unauthorized` where nobody has logged in, `Unsupported` for a client file that
/// cannot be used.
pub(super) fn provider(
    id: &AccountId,
    google: &GoogleAccount,
    context: &Context,
) -> Result<Google, ProviderError> {
    let unusable =
        |why: String| ProviderError::new(ErrorKind::Unsupported(why), format!("account {id}"));
    let source = match client(google).map_err(unusable)? {
        ClientFile::Installed(client) => {
            let way_out = format!("run `onbeat login {id}`");
            let place = place(id, google, context).map_err(|failure| unusable(failure.render()))?;
            let account = id.clone();
            let kept = Rc::new(move || token(&account, &place));
            Source::Refresh { client, kept, way_out }
        }
        ClientFile::Service(account) => Source::Service {
            account,
            subject: google.subject.as_ref().map(|user| user.as_str().to_owned()),
            scopes: scopes(google),
            // An assertion is valid by the real clock only.
            now: Rc::new(|| SystemClock.now()),
        },
    };
    let api = match &google.api {
        Some(api) => api.clone(),
        None => Url::parse(API).map_err(|error| unusable(error.to_string()))?,
    };
    Google::new(GoogleConfig { meet: google.meet, ..GoogleConfig::new(id.clone(), api, source) })
}

/// The client file of an account.
///
/// # Errors
/// For people: it cannot be read, is something else, or holds a key that others can
/// read.
pub fn client(google: &GoogleAccount) -> Result<ClientFile, String> {
    let path = google.client.display();
    let unreadable = |error| format!("{path} cannot be read: {error}");
    let data = std::fs::read(&google.client).map_err(unreadable)?;
    let file = ClientFile::read(&data, google.auth_uri.as_ref(), google.token_uri.as_ref())
        .map_err(|why| format!("{path}: {why}"))?;
    // An installed client's secret is none; this key opens every calendar of a domain.
    let mode = std::fs::metadata(&google.client).map_err(unreadable)?.permissions().mode();
    if matches!(file, ClientFile::Service(_)) && mode & 0o077 != 0 {
        return Err(format!("{path} can be read by others; say `chmod 600 {path}`"));
    }
    Ok(file)
}

/// The scopes an account asks for.
pub fn scopes(google: &GoogleAccount) -> Vec<String> {
    if google.scopes.is_empty() {
        SCOPES.map(str::to_owned).to_vec()
    } else {
        google.scopes.clone()
    }
}

/// Where the token of an account lies.
///
/// # Errors
/// When there is no home directory.
pub fn place(
    id: &AccountId,
    google: &GoogleAccount,
    context: &Context,
) -> Result<TokenPlace, Failure> {
    Ok(match &google.token {
        Some(place) => place.clone(),
        None => TokenPlace::File(context.state_dir()?.join(format!("google-{id}.token"))),
    })
}

/// The token that is kept at a place.
///
/// # Errors
/// For people: there is none, or it cannot be used.
pub fn token(id: &AccountId, place: &TokenPlace) -> Result<TokenFile, String> {
    match place {
        TokenPlace::File(path) => TokenFile::read(path),
        TokenPlace::Keyring => {
            let kept = from_keyring(id.as_str());
            let kept = kept.map_err(|error| error.to_string())?;
            TokenFile::parse(kept.reveal().as_bytes()).map_err(|why| format!("the keyring {why}"))
        }
    }
}

/// When the login of an account ends, where Google announced it. `None` for others.
pub fn login_ends(account: &Account, context: &Context) -> Option<Timestamp> {
    let AccountKind::Google(google) = &account.kind else { return None };
    let place = place(&account.id, google, context).ok()?;
    token(&account.id, &place).ok()?.ends
}

/// Keeps a token where the configuration says; says where.
///
/// # Errors
/// When it cannot be kept there.
pub fn keep(
    id: &AccountId,
    google: &GoogleAccount,
    context: &Context,
    token: &TokenFile,
) -> Result<String, Failure> {
    match place(id, google, context)? {
        TokenPlace::File(path) => {
            token.write(&path).map_err(|error| {
                Failure::user(format!("{} cannot be written", path.display())).because(error)
            })?;
            Ok(path.display().to_string())
        }
        TokenPlace::Keyring => {
            keep_in_keyring(id.as_str(), &Kept::new(token.text()))?;
            Ok("the keyring".to_owned())
        }
    }
}
