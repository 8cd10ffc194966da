//! `onbeat login`: a password into the place the configuration names: the
//! keyring, or a file only its owner can read; for Google, access by the browser.

pub mod google;

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::failure::{Failure, asked};
use crate::cli::out::Out;
use crate::cli::wire;
use crate::config::account::{Account, AccountKind};
use crate::config::secret::keep_in_keyring;
use crate::config::words::nearest;
use crate::config::{Secret, SecretSource};

/// For which account.
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// The account's name in the configuration
    pub account: String,
    /// Keep the password without trying it
    #[arg(long)]
    pub no_check: bool,
    /// How the browser comes back
    #[command(flatten)]
    pub way: google::Way,
}

/// Asks for the password (or reads its first line from standard input), tries
/// it, and keeps it.
///
/// # Errors
/// An unknown account, one that keeps its secret elsewhere, a password the
/// server does not accept, a place that cannot be written.
pub fn run(context: &Context, args: &LoginArgs, out: &mut Out) -> Result<(), Failure> {
    let config = wire::load(context)?;
    let account = find(&config.accounts, &args.account)?;
    let source = match &account.kind {
        AccountKind::Dav(dav) => dav.password.as_ref(),
        AccountKind::Google(found) => return google::run(context, account, found, args, out),
        AccountKind::Vdir { .. } => None,
    };
    let Some(source) = source else {
        return Err(Failure::user(format!("account {:?} needs no password", args.account)));
    };
    let secret = Secret::new(ask(&args.account)?);
    keep(source, &args.account, &secret)?;
    wire::credentials_changed(context, &account.id)?;
    if !args.no_check {
        let provider = wire::provider(account, context)?;
        wire::block_on(provider.calendars())??;
    }
    if out.json {
        return out.json(&json!({ "account": args.account, "checked": !args.no_check }));
    }
    let checked = if args.no_check { "not tried" } else { "the server accepts it" };
    out.line(format!("password of {:?} kept; {checked}", args.account))
}

fn find<'a>(accounts: &'a [Account], wanted: &str) -> Result<&'a Account, Failure> {
    accounts.iter().find(|account| account.id.as_str() == wanted).ok_or_else(|| {
        let failure = Failure::user(format!("there is no account {wanted:?}"));
        match nearest(wanted, accounts.iter().map(|account| account.id.as_str())) {
            Some(near) => failure.hint(format!("did you mean {near:?}?")),
            None => failure.hint("the [[account]] sections of the configuration name them"),
        }
    })
}

fn ask(account: &str) -> Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        return inquire::Password::new(&format!("Password of {account}:"))
            .without_confirmation()
            .prompt()
            .map_err(asked);
    }
    let mut text = String::new();
    std::io::stdin().take(64 * 1024).read_to_string(&mut text)?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(Failure::usage("there is no password on standard input"));
    }
    Ok(line.to_owned())
}

fn keep(source: &SecretSource, account: &str, secret: &Secret) -> Result<(), Failure> {
    match source {
        SecretSource::Keyring => Ok(keep_in_keyring(account, secret)?),
        SecretSource::File(path) => keep_in_file(path, secret.reveal()),
        SecretSource::Command(_) | SecretSource::Credential(_) | SecretSource::Env(_) => {
            Err(Failure::user(format!("account {account:?} gets its password from elsewhere"))
                .hint("change it there; or set password = { keyring = true } or { file = \"…\" }"))
        }
    }
}

/// Puts a secret into a file only its owner can read.
///
/// # Errors
/// When the file cannot be written.
pub fn keep_in_file(path: &Path, secret: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::user(format!("{} cannot be written", path.display())).because(error)
    };
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(failed)?;
    }
    // A file of another mode would keep it: begin anew.
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    writeln!(file, "{secret}").map_err(failed)
}
