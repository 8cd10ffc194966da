//! Logging in to Google: the browser asks the person, and comes back to a port of this
//! machine; or the address it was sent to is pasted. Knows the flow, not the tokens.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use clap::Args;
use serde_json::json;
use url::Url;

use super::LoginArgs;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use crate::cli::wire;
use crate::config::account::{Account, GoogleAccount};
use crate::model::id::AccountId;
use crate::provider::google::oauth::{ClientFile, Granted, Installed, Login, TokenFile};

/// How the browser comes back.
#[derive(Debug, Clone, Default, Args)]
pub struct Way {
    /// Google: read the address the browser was sent back to from standard input
    #[arg(long)]
    pub paste: bool,
    /// Google: open no browser
    #[arg(long)]
    pub no_browser: bool,
    /// Google: the port of this machine the browser comes back to
    #[arg(long)]
    pub port: Option<u16>,
}

/// Logs in and keeps the token.
///
/// # Errors
/// An unusable client file, consent refused, a token that cannot be kept or used.
pub(super) fn run(
    context: &Context,
    account: &Account,
    google: &GoogleAccount,
    args: &LoginArgs,
    out: &mut Out,
) -> Result<(), Failure> {
    let ClientFile::Installed(client) = wire::google::client(google).map_err(Failure::user)? else {
        check(context, account, args)?;
        return out
            .line(format!("account {:?} is a service account; nobody logs in", args.account));
    };
    let kept = sign_in(context, &account.id, google, &client, &args.way)?;
    wire::credentials_changed(context, &account.id)?;
    check(context, account, args)?;
    if out.json {
        return out.json(&json!({
            "account": args.account, "checked": !args.no_check, "token": kept.place,
            "missing_scopes": kept.missing, "ends_after_days": kept.days(),
        }));
    }
    kept.tell(&args.account, out)
}

/// A login that is kept.
pub struct Kept {
    place: String,
    missing: Vec<String>,
    ends_after: Option<Duration>,
}

impl Kept {
    fn days(&self) -> Option<u64> {
        self.ends_after.map(|after| after.as_secs() / 86_400)
    }

    /// Says where it is kept and what is wrong with it.
    ///
    /// # Errors
    /// When nobody reads.
    pub fn tell(&self, account: &str, out: &mut Out) -> Result<(), Failure> {
        out.line(format!("access of {account:?} kept in {}", self.place))?;
        for scope in &self.missing {
            out.line(format!(
                "not granted: {scope}; log in again and tick it if onbeat should use it"
            ))?;
        }
        if let Some(days) = self.days() {
            out.line(format!(
                "this login ends in {days} days: the project is in testing mode. Publish it, or make it internal."
            ))?;
        }
        Ok(())
    }
}

/// Lets a person consent in the browser, and keeps the token.
///
/// # Errors
/// Consent refused, a token that cannot be kept.
pub fn sign_in(
    context: &Context,
    account: &AccountId,
    google: &GoogleAccount,
    client: &Installed,
    way: &Way,
) -> Result<Kept, Failure> {
    let wanted = wire::google::scopes(google);
    let listener = TcpListener::bind(("127.0.0.1", way.port.unwrap_or(0)))
        .map_err(|error| Failure::user("no port of this machine is free").because(error))?;
    let port = listener.local_addr()?.port();
    let redirect = format!("http://127.0.0.1:{port}");
    let redirect = Url::parse(&redirect).map_err(|error| Failure::internal(error.to_string()))?;
    let login = Login::begin(client, &redirect, &wanted);
    eprintln!("Open this address in a browser and allow access:\n\n{}\n", login.url());
    let code = if way.paste {
        drop(listener);
        pasted(&login)?
    } else {
        if !way.no_browser && open::that_detached(login.url().as_str()).is_err() {
            eprintln!("No browser could be opened; open the address yourself.");
        }
        answered(&login, &listener)?
    };
    let Granted { refresh, scopes, ends_after } = wire::block_on(login.finish(code))??;
    let missing = wanted.into_iter().filter(|scope| !scopes.contains(scope)).collect();
    let ends = ends_after.and_then(|after| context.now().saturating_add(after).ok());
    let token = TokenFile { refresh, scopes, ends };
    let place = wire::google::keep(account, google, context, &token)?;
    Ok(Kept { place, missing, ends_after })
}

fn check(context: &Context, account: &Account, args: &LoginArgs) -> Result<(), Failure> {
    if !args.no_check {
        let provider = wire::provider(account, context)?;
        wire::block_on(provider.calendars())??;
    }
    Ok(())
}

/// The code from an address on standard input.
fn pasted(login: &Login) -> Result<String, Failure> {
    eprintln!(
        "The browser then fails to load a page of 127.0.0.1. Paste that page's address here:"
    );
    let mut text = String::new();
    BufReader::new(std::io::stdin().take(64 * 1024)).read_line(&mut text)?;
    let url = Url::parse(text.trim()).map_err(|_| Failure::user("that is no address"))?;
    login.code(&url).map_err(Failure::user)
}

/// The code from the browser's own request.
fn answered(login: &Login, listener: &TcpListener) -> Result<String, Failure> {
    loop {
        let (stream, _) = listener.accept()?;
        // A browser also asks for an icon, and other programs for anything.
        let Some(url) = requested(&stream) else {
            reply(&stream, "404 Not Found", "Nothing here.");
            continue;
        };
        match login.code(&url) {
            Ok(code) => {
                reply(&stream, "200 OK", "onbeat has access now. You can close this page.");
                return Ok(code);
            }
            // A refusal of this login has its state; anything else is somebody else's.
            Err(why) if url.query_pairs().any(|(key, _)| key == "error") => {
                reply(&stream, "200 OK", "onbeat got no access. You can close this page.");
                return Err(Failure::user(why));
            }
            Err(why) => reply(&stream, "400 Bad Request", &why),
        }
    }
}

/// The address of a request with parameters.
fn requested(stream: &TcpStream) -> Option<Url> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let mut line = String::new();
    BufReader::new(stream.take(16 * 1024)).read_line(&mut line).ok()?;
    let target = line.strip_prefix("GET ")?.split(' ').next()?;
    let url = Url::parse("http://127.0.0.1").ok()?.join(target).ok()?;
    url.query().is_some().then_some(url)
}

fn reply(mut stream: &TcpStream, status: &str, text: &str) {
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}\n",
        text.len() + 1
    );
    // The person sees an empty page then; the login goes on.
    stream.write_all(answer.as_bytes()).ok();
}
