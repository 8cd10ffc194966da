//! `[notify]`: how the owner is told something.

use crate::config::error::ConfigError;
use crate::config::resolve::{Source, secrets, web_address};
use crate::config::{Mail, MailSecurity, Notify, Webhook, raw, values};
use crate::model::pair::Person;

/// Checks the section.
pub(super) fn notify(raw: &raw::Notify, me: &Person, source: &Source<'_>) -> Result<Notify, ConfigError> {
    let quiet = source.read_opt("quiet", raw.quiet.as_ref(), quiet, "19:00-08:00")?;
    if let Some(command) = raw.command.as_ref().filter(|argv| argv.get_ref().is_empty()) {
        return Err(source.at(command, "command: name a program"));
    }
    let webhook = match &raw.webhook {
        None => None,
        Some(hook) => Some(Webhook {
            url: web_address("url", &hook.url, source)?,
            topic: hook.topic.clone(),
            token: hook
                .token
                .as_ref()
                .map(|token| secrets::secret("token", token, "webhook", source))
                .transpose()?,
        }),
    };
    Ok(Notify {
        quiet,
        desktop: raw.desktop,
        command: raw.command.as_ref().map(|argv| argv.get_ref().clone()),
        webhook,
        mail: raw.mail.as_ref().map(|mail| self::mail(mail, me, source)).transpose()?,
    })
}

/// Quiet hours may span midnight.
fn quiet(text: &str) -> Result<(jiff::civil::Time, jiff::civil::Time), String> {
    let (from, to) = text.split_once('-').ok_or_else(|| format!("{text:?} is not a span of time"))?;
    Ok((values::time(from)?, values::time(to)?))
}

fn mail(raw: &raw::Mail, me: &Person, source: &Source<'_>) -> Result<Mail, ConfigError> {
    let security = match raw.security {
        raw::Security::Tls => MailSecurity::Tls,
        raw::Security::Starttls => MailSecurity::StartTls,
        raw::Security::None => MailSecurity::Plain,
    };
    let login = match (&raw.username, &raw.password) {
        (Some(user), Some(password)) => {
            if security == MailSecurity::Plain && !matches!(raw.host.as_str(), "localhost" | "127.0.0.1" | "::1") {
                return Err(source.at_with(
                    password,
                    "password: it would be sent unprotected",
                    "set security = \"starttls\" or \"tls\"",
                ));
            }
            Some((user.clone(), secrets::secret("password", password, "mail", source)?))
        }
        (None, Some(password)) => return Err(source.at(password, "a password needs a `username`")),
        (_, None) => None,
    };
    let digest = source.read_opt("digest", raw.digest.as_ref(), days, "1 week")?;
    let own = me.addresses.first().map(|a| a.as_str().to_owned());
    Ok(Mail {
        host: raw.host.clone(),
        port: raw.port.unwrap_or(match security {
            MailSecurity::Tls => 465,
            MailSecurity::StartTls => 587,
            MailSecurity::Plain => 25,
        }),
        security,
        login,
        from: raw.from.clone(),
        to: raw.to.clone().or(own).unwrap_or_default(),
        digest_days: digest.unwrap_or(7),
    })
}

fn days(text: &str) -> Result<u16, String> {
    let cadence = values::cadence(text)?;
    match cadence.unit {
        crate::model::pair::CadenceUnit::Days => Ok(cadence.every),
        crate::model::pair::CadenceUnit::Weeks => Ok(cadence.every.saturating_mul(7)),
        crate::model::pair::CadenceUnit::Months
        | crate::model::pair::CadenceUnit::MonthsOnWeekday { .. } => {
            Err(format!("{text:?} is not a number of days or weeks"))
        }
    }
}
