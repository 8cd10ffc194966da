//! Google accounts put together: client file, token, endpoints. Decides where a
//! token lies; asks Google nothing.

use std::path::PathBuf;
use std::rc::Rc;

use url::Url;

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::clock::{Clock as _, SystemClock};
use crate::config::account::{GoogleAccount, TokenPlace};
use crate::config::secret::keep_in_keyring;
use crate::config::{Secret as Kept, SecretSource};
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
            let token = token(id, google, context).map_err(|why| {
                let why = std::io::Error::other(format!("{why}; {way_out}"));
                ProviderError::new(ErrorKind::Unauthorized, format!("account {id}")).caused_by(why)
            })?;
            Source::Refresh { client, refresh: token.refresh, way_out }
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
    Google::new(GoogleConfig::new(id.clone(), api, source))
}

/// The client file of an account.
///
/// # Errors
/// For people: it cannot be read, or is something else.
pub fn client(google: &GoogleAccount) -> Result<ClientFile, String> {
    let path = google.client.display();
    let data =
        std::fs::read(&google.client).map_err(|error| format!("{path} cannot be read: {error}"))?;
    ClientFile::read(&data, google.auth_uri.as_ref(), google.token_uri.as_ref())
        .map_err(|why| format!("{path}: {why}"))
}

/// The scopes an account asks for.
pub fn scopes(google: &GoogleAccount) -> Vec<String> {
    if google.scopes.is_empty() {
        SCOPES.map(str::to_owned).to_vec()
    } else {
        google.scopes.clone()
    }
}

fn file(
    id: &AccountId,
    google: &GoogleAccount,
    context: &Context,
) -> Result<Option<PathBuf>, Failure> {
    Ok(match &google.token {
        Some(TokenPlace::Keyring) => None,
        Some(TokenPlace::File(path)) => Some(path.clone()),
        None => Some(context.state_dir()?.join(format!("google-{id}.token"))),
    })
}

fn token(id: &AccountId, google: &GoogleAccount, context: &Context) -> Result<TokenFile, String> {
    match file(id, google, context).map_err(|failure| failure.render())? {
        Some(path) => TokenFile::read(&path),
        None => {
            let kept = SecretSource::Keyring.fetch(id.as_str(), &context.env);
            let kept = kept.map_err(|error| error.to_string())?;
            TokenFile::parse(kept.reveal().as_bytes()).map_err(|why| format!("the keyring {why}"))
        }
    }
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
    match file(id, google, context)? {
        Some(path) => {
            token.write(&path).map_err(|error| {
                Failure::user(format!("{} cannot be written", path.display())).because(error)
            })?;
            Ok(path.display().to_string())
        }
        None => {
            keep_in_keyring(id.as_str(), &Kept::new(token.text()))?;
            Ok("the keyring".to_owned())
        }
    }
}
