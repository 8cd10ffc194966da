//! What `init` asks for when there is somebody to ask, and what it says is
//! missing when there is not.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use crate::cli::failure::{Failure, asked};
use crate::cli::init::text::{Draft, Google, Password, Place};
use crate::cli::init::{InitArgs, Kind, system_zone};

/// Asks on the terminal, or not at all.
pub(super) struct Asker {
    silent: bool,
    terminal: bool,
}

impl Asker {
    /// `silent`: every question has its default or is an error.
    pub(super) fn new(silent: bool) -> Self {
        Self { silent, terminal: std::io::stdin().is_terminal() }
    }

    pub(super) fn able(&self, what: &str, option: &str) -> Result<(), Failure> {
        if self.terminal && !self.silent {
            return Ok(());
        }
        Err(Failure::usage(format!("{what} is missing and there is nobody to ask"))
            .hint(format!("give {option}; `onbeat init --help` lists all options")))
    }

    fn text(&self, question: &str, option: &str, default: Option<&str>) -> Result<String, Failure> {
        if let (Some(default), true) = (default, self.silent || !self.terminal) {
            return Ok(default.to_owned());
        }
        self.able(question.trim_end_matches('?'), option)?;
        let mut prompt = inquire::Text::new(question);
        if let Some(default) = default {
            prompt = prompt.with_default(default);
        }
        prompt.prompt().map_err(asked)
    }

    /// One of several.
    pub(super) fn choose(
        &self,
        question: &str,
        option: &str,
        names: &[&str],
    ) -> Result<String, Failure> {
        if self.silent || !self.terminal {
            return Err(Failure::usage(format!("several could be meant: {}", names.join(", ")))
                .hint(format!("say which with {option}")));
        }
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        inquire::Select::new(question, names).prompt().map_err(asked)
    }

    /// Any of several; all of them when there is nobody to ask.
    pub(super) fn choose_many(
        &self,
        question: &str,
        names: Vec<String>,
    ) -> Result<Vec<String>, Failure> {
        if self.silent || !self.terminal || names.is_empty() {
            return Ok(names);
        }
        inquire::MultiSelect::new(question, names)
            .with_all_selected_by_default()
            .prompt()
            .map_err(asked)
    }

    /// Whether to go on; yes when nobody is to be asked.
    pub(super) fn yes(&self, question: &str) -> Result<bool, Failure> {
        if self.silent {
            return Ok(true);
        }
        if !self.terminal {
            return Err(Failure::usage("there is no terminal to ask on").hint("add --yes"));
        }
        inquire::Confirm::new(question).with_default(true).prompt().map_err(asked)
    }
}

/// Everything that must be known before the calendars can be looked at.
pub(super) fn draft(args: &InitArgs, asker: &Asker, target: &Path) -> Result<Draft, Failure> {
    let kind = match args.kind {
        Some(kind) => kind,
        None if args.path.is_some() => Kind::Vdir,
        None if args.url.is_some() => Kind::Caldav,
        None if args.client.is_some() => Kind::Google,
        None => match asker.choose(
            "Where are your calendars?",
            "--kind",
            &["a CalDAV server", "Google Calendar", "a folder of .ics files"],
        )? {
            answer if answer.starts_with("Google") => Kind::Google,
            answer if answer.starts_with("a folder") => Kind::Vdir,
            _ => Kind::Caldav,
        },
    };
    let place = match kind {
        Kind::Vdir => vdir(args, asker)?,
        Kind::Caldav => caldav(args, asker, target)?,
        Kind::Google => google(args, asker)?,
    };
    let email = match args.email.as_slice() {
        [] => vec![asker.text("Your mail address?", "--email", None)?],
        given => given.to_vec(),
    };
    let local = email.first().and_then(|a| a.split('@').next()).unwrap_or("me").to_owned();
    Ok(Draft {
        name: match &args.name {
            Some(name) => name.clone(),
            None => asker.text("How are you called?", "--name", Some(&local))?,
        },
        email,
        timezone: match &args.timezone {
            Some(zone) => zone.clone(),
            None => asker.text("Your time zone?", "--timezone", system_zone().as_deref())?,
        },
        account: args.account.clone(),
        place,
        calendar: args.calendar.clone(),
        busy: args.busy.clone(),
        pairs: Vec::new(),
    })
}

fn vdir(args: &InitArgs, asker: &Asker) -> Result<Place, Failure> {
    let path = match &args.path {
        Some(path) => path.clone(),
        None => PathBuf::from(asker.text("Which folder?", "--path", None)?),
    };
    // The configuration may lie elsewhere: the path must not depend on it.
    let path = std::fs::canonicalize(&path).map_err(|error| {
        Failure::user(format!("the folder {} cannot be read", path.display())).because(error)
    })?;
    Ok(Place::Vdir { path })
}

fn caldav(args: &InitArgs, asker: &Asker, target: &Path) -> Result<Place, Failure> {
    let url = match &args.url {
        Some(url) => url.clone(),
        None => asker.text("The server's address?", "--url", None)?,
    };
    let url = if url.contains("://") { url } else { format!("https://{url}") };
    let username = match &args.username {
        Some(name) => name.clone(),
        None => asker.text("User name?", "--username", None)?,
    };
    let password = match (&args.password_file, &args.password_command) {
        (Some(file), _) => Password::File(std::path::absolute(file)?),
        (None, Some(command)) => {
            Password::Command(command.split_whitespace().map(str::to_owned).collect())
        }
        (None, None) => typed_password(args, asker, target)?,
    };
    Ok(Place::Server { url, username, password })
}

fn google(args: &InitArgs, asker: &Asker) -> Result<Place, Failure> {
    let client = match &args.client {
        Some(path) => path.clone(),
        None => PathBuf::from(asker.text(
            "Which OAuth client file (docs/google.md says how to get one)?",
            "--client",
            None,
        )?),
    };
    // The configuration may lie elsewhere: no path must depend on it.
    Ok(Place::Google(Google {
        client: std::path::absolute(client)?,
        token: args.token_file.as_ref().map(std::path::absolute).transpose()?,
        subject: args.subject.clone(),
        api: args.api.clone(),
    }))
}

/// Asks for the password and keeps it in a file only the owner can read.
fn typed_password(args: &InitArgs, asker: &Asker, target: &Path) -> Result<Password, Failure> {
    asker.able("the password", "--password-file or --password-command")?;
    let prompt = inquire::Password::new("Password (kept in a file only you can read):")
        .without_confirmation()
        .with_help_message("many providers want an app password");
    let password = prompt.prompt().map_err(asked)?;
    let dir = target.parent().unwrap_or(Path::new("."));
    let file = dir.join(format!("{}.password", args.account));
    crate::cli::login::keep_in_file(&file, &password)?;
    Ok(Password::File(std::path::absolute(file)?))
}
