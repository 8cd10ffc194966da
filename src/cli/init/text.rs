//! The configuration `init` writes, as text with a comment where a guess was
//! made. Every value is quoted by the TOML writer, never by hand.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::model::pair::{Cadence, CadenceUnit, Pair};

/// Everything that goes into the file.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub name: String,
    pub email: Vec<String>,
    pub timezone: String,
    pub account: String,
    pub place: Place,
    pub calendar: Option<String>,
    pub busy: Vec<String>,
    pub pairs: Vec<Pair>,
}

/// Where the calendars are.
#[derive(Debug, Clone)]
pub(super) enum Place {
    Vdir { path: PathBuf },
    Server { url: String, username: String, password: Password },
    Google(Google),
}

/// A Google account.
#[derive(Debug, Clone)]
pub(super) struct Google {
    pub client: PathBuf,
    pub token: Option<PathBuf>,
    pub subject: Option<String>,
    pub api: Option<String>,
}

/// Where the password is.
#[derive(Debug, Clone)]
pub(super) enum Password {
    File(PathBuf),
    Command(Vec<String>),
}

impl Draft {
    /// The whole file.
    pub(super) fn render(&self) -> String {
        let mut text = self.head();
        if let Some(calendar) = &self.calendar {
            let _ = writeln!(text, "calendar = {}", quote(calendar));
        }
        let mut busy: Vec<&str> = self.calendar.iter().map(String::as_str).collect();
        busy.extend(self.busy.iter().map(String::as_str));
        if !self.busy.is_empty() {
            let _ = writeln!(text, "busy = {}", list(&busy));
        }
        for pair in &self.pairs {
            pair_text(pair, &mut text);
        }
        text
    }

    /// The file as far as it is known before the calendars are.
    pub(super) fn render_without_calendar(&self) -> String {
        self.head()
    }

    fn head(&self) -> String {
        let mut text = String::from(
            "# Written by `onbeat init`. docs/configuration.md explains every key.\n\n[me]\n",
        );
        let emails: Vec<&str> = self.email.iter().map(String::as_str).collect();
        let _ = writeln!(text, "name = {}", quote(&self.name));
        let _ = writeln!(text, "email = {}", list(&emails));
        let _ = writeln!(text, "timezone = {}", quote(&self.timezone));
        let _ = writeln!(text, "#hours = \"Mon-Fri 09:00-17:30\"\n#holidays = \"holidays.ics\"");
        let _ = writeln!(text, "\n[[account]]\nname = {}", quote(&self.account));
        match &self.place {
            Place::Vdir { path } => {
                let _ = writeln!(
                    text,
                    "kind = \"vdir\"\npath = {}",
                    quote(&path.display().to_string())
                );
            }
            Place::Server { url, username, password } => {
                let _ = writeln!(text, "kind = \"caldav\"\nurl = {}", quote(url));
                let _ = writeln!(text, "username = {}", quote(username));
                let password = match password {
                    Password::File(path) => {
                        format!("{{ file = {} }}", quote(&path.display().to_string()))
                    }
                    Password::Command(argv) => {
                        let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
                        format!("{{ command = {} }}", list(&argv))
                    }
                };
                let _ = writeln!(text, "password = {password}");
            }
            Place::Google(google) => google_text(google, &mut text),
        }
        text
    }
}

fn google_text(google: &Google, text: &mut String) {
    let path = |path: &PathBuf| quote(&path.display().to_string());
    let _ = writeln!(text, "kind = \"google\"\nclient = {}", path(&google.client));
    if let Some(token) = &google.token {
        let _ = writeln!(text, "token = {{ file = {} }}", path(token));
    }
    for (key, value) in [("subject", &google.subject), ("api", &google.api)] {
        if let Some(value) = value {
            let _ = writeln!(text, "{key} = {}", quote(value));
        }
    }
}

fn pair_text(pair: &Pair, text: &mut String) {
    let first = pair.partner.addresses.first().map_or("", |a| a.as_str());
    let others: Vec<&str> = pair.partner.addresses.iter().skip(1).map(|a| a.as_str()).collect();
    let _ = writeln!(text, "\n[[pair]]\nwith = {}", quote(first));
    if !others.is_empty() {
        let _ = writeln!(text, "aliases = {}", list(&others));
    }
    let _ = writeln!(text, "name = {}", quote(&pair.partner.name));
    let _ = writeln!(text, "role = \"peer\"      # report | manager | peer | skip-level | mentor");
    let _ = writeln!(text, "every = {}", quote(&every(pair.cadence)));
    let _ = writeln!(text, "duration = \"{} min\"", pair.duration.as_mins().clamp(5, 480));
    let _ = writeln!(text, "mode = \"suggest\"   # observe | suggest | act");
}

/// A cadence as the configuration spells it.
fn every(cadence: Cadence) -> String {
    let unit = match cadence.unit {
        CadenceUnit::Days => "day",
        CadenceUnit::Weeks => "week",
        CadenceUnit::Months | CadenceUnit::MonthsOnWeekday { .. } => "month",
    };
    let plural = if cadence.every == 1 { "" } else { "s" };
    format!("{} {unit}{plural}", cadence.every)
}

fn quote(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list(texts: &[&str]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quote(text)).collect();
    format!("[{}]", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn whatever_is_typed_stays_one_value() {
        let draft = Draft {
            name: "El\"ena\nname = \"x".into(),
            email: vec!["elena@example.org".into()],
            timezone: "Europe/Berlin".into(),
            account: "main".into(),
            place: Place::Server {
                url: "https://dav.example.org/".into(),
                username: "e".into(),
                password: Password::Command(vec!["pass".into(), "a b".into()]),
            },
            calendar: Some("Work".into()),
            busy: vec!["Private".into()],
            pairs: Vec::new(),
        };
        let none = |_: crate::config::HolidaySource<'_>| Ok(Vec::new());
        let config =
            crate::config::parse(&draft.render(), Path::new("/x/onbeat.toml"), &none).unwrap();
        assert_eq!(config.me.name, "El\"ena\nname = \"x");
        assert_eq!(config.accounts[0].busy, ["Work", "Private"]);
        assert_eq!(config.accounts.len(), 1);
    }
}
