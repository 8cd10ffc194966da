//! `onbeat run`: the daemon, put together from configuration and state.

use std::path::PathBuf;

use clap::Args;

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::wire;
use crate::config::account::AccountKind;
use crate::config::settings::{Digest, MailSecurity, WebhookFormat};
use crate::config::{Config, Reload};
use crate::daemon::systemd::Service;
use crate::daemon::{self, DaemonError, Outfit, Reloaded};
use crate::notify::command::Command;
use crate::notify::log::Log;
use crate::notify::mail::{Mail, Security, Smtp};
use crate::notify::webhook::{Form, Webhook};
use crate::notify::{Notifier, Notifiers, QuietHours};
use crate::store::Store;

/// Nothing to say.
#[derive(Debug, Args)]
pub struct RunArgs {}

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// A configuration or state that cannot be used at the start; another onbeat at
/// work; a state that fails again and again.
pub fn run(context: &Context, _args: &RunArgs) -> Result<(), Failure> {
    let mut config = wire::load_online(context)?;
    let state = context.state_dir()?;
    let store = Store::open(&context.state_dir()?)?;
    let _lock = store.lock("run")?;
    store.examine()?;
    let outfit = outfit(&config, context)?;
    let world = wire::assemble(&config, store, context)?;
    let service = Service::from_environment();
    let mut reload = || match wire::reload(&config, &state) {
        Reload::Same => Reloaded::Same,
        Reload::Broken(error) => Reloaded::Broken(Box::new(error)),
        Reload::Changed(new) => match self::outfit(&new, context) {
            Ok(outfit) => {
                config = *new;
                Reloaded::Changed(Box::new(outfit))
            }
            Err(failure) => Reloaded::Broken(failure.render().into()),
        },
    };
    wire::block_on(daemon::run(world, outfit, service, &mut reload))?.map_err(|error| match error {
        DaemonError::Signals(_) => Failure::internal(error.to_string()).because(error),
        DaemonError::Engine(..) => {
            Failure::user(error.to_string()).because(error).hint("`onbeat check` looks closer")
        }
    })
}

/// What the configuration makes of the daemon.
fn outfit(config: &Config, context: &Context) -> Result<Outfit, Failure> {
    let folders = config.accounts.iter().filter_map(|account| match &account.kind {
        AccountKind::Vdir { path } => Some(path.clone()),
        AccountKind::Dav(_) | AccountKind::Google(_) => None,
    });
    let watched = config.daemon.watch;
    Ok(Outfit {
        me: config.me.clone(),
        pairs: config.pairs.clone(),
        accounts: wire::accounts(config, context),
        settings: wire::settings(config),
        templates: wire::templates(config)?,
        bank: wire::bank(config)?,
        poll: config.daemon.poll,
        folders: if watched { folders.collect() } else { Vec::<PathBuf>::new() },
        config: watched.then(|| config.path.clone()),
        notifiers: notifiers(config, context)?,
        digest_days: config.notify.email.as_ref().and_then(|email| match email.digest {
            Digest::Daily => Some(1),
            Digest::Weekly => Some(7),
            Digest::Off => None,
        }),
    })
}

/// The ways to tell the owner; the journal is always one.
fn notifiers(config: &Config, context: &Context) -> Result<Notifiers, Failure> {
    let settings = &config.notify;
    let mut ways: Vec<Box<dyn Notifier>> = vec![Box::new(Log)];
    if settings.desktop {
        ways.push(Box::new(Command::desktop()));
    }
    if let Some(argv) = &settings.command {
        ways.push(Box::new(Command::new(argv.clone())));
    }
    if let Some(hook) = &settings.webhook {
        let token =
            hook.token.as_ref().map(|token| token.fetch("webhook", &context.env)).transpose()?;
        let token = token.map(|token| token.reveal().to_owned());
        let form = match hook.format {
            WebhookFormat::Json => Form::Json,
            WebhookFormat::Ntfy => Form::Ntfy,
        };
        let client = wire::web_client(&hook.url)?;
        ways.push(Box::new(Webhook::new(client, hook.url.clone(), form, token)));
    }
    if let Some(email) = &settings.email {
        ways.push(Box::new(mail(config, email, context)?));
    }
    let quiet = settings.quiet.map(|(from, to)| QuietHours { from, to });
    Ok(Notifiers { ways, quiet })
}

fn mail(
    config: &Config,
    email: &crate::config::settings::Email,
    context: &Context,
) -> Result<Mail, Failure> {
    let own = || config.me.addresses.first().map(ToString::to_string).unwrap_or_default();
    let address = |given: &Option<crate::model::id::Address>| {
        given.as_ref().map_or_else(own, ToString::to_string)
    };
    let password = email.password.as_ref().map(|p| p.fetch("mail", &context.env)).transpose()?;
    let login = match (&email.username, password) {
        (Some(user), Some(password)) => Some((user.clone(), password.reveal().to_owned())),
        (None, _) | (_, None) => None,
    };
    let smtp = Smtp {
        host: email.host.clone(),
        port: email.port,
        security: match email.security {
            MailSecurity::Tls => Security::Tls,
            MailSecurity::StartTls => Security::StartTls,
            MailSecurity::Plain => Security::Plain,
        },
        login,
        from: address(&email.from),
        to: address(&email.to),
    };
    Mail::new(smtp).map_err(|error| Failure::user("[notify.email] cannot be used").because(error))
}
