//! `onbeat pause` and `onbeat resume`: hands off the calendar, for one pair or
//! for all. Reading and reporting go on.

use clap::Args;
use jiff::civil::Time;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::dates::{self, Toward};
use crate::cli::failure::Failure;
use crate::cli::out::{Out, clean};
use crate::cli::pairs;
use crate::cli::wire::Setup;
use crate::model::id::PairId;
use crate::model::time::resolve;
use crate::store::Pause;

/// What to leave alone.
#[derive(Debug, Args)]
pub struct PauseArgs {
    /// Whose 1:1 [default: all]
    pub pair: Option<String>,
    /// Go on by itself on this date (2026-12-01, mon, "2 weeks")
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,
}

/// What to go on with.
#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// Whose 1:1 [default: all; a pair paused by itself stays paused]
    pub pair: Option<String>,
}

/// Stops touching the calendar.
///
/// # Errors
/// An unknown pair, a date that is none or past, a state that cannot be written.
pub fn pause(context: &Context, args: &PauseArgs, out: &mut Out) -> Result<(), Failure> {
    let setup = Setup::open(context)?;
    let pair = pairs::find_opt(&setup.pairs, args.pair.as_deref())?;
    let until = match &args.until {
        None => None,
        Some(text) => {
            let date = dates::day("--until", text, setup.today(), Toward::Ahead)?;
            if date <= setup.today() {
                return Err(Failure::user(format!("--until {date} is not in the future")));
            }
            Some((date, resolve(date.to_datetime(Time::midnight()), &setup.me.zone)))
        }
    };
    let pause = Pause { since: setup.now, until: until.map(|(_, at)| at) };
    setup.store.pause(&setup.owner, pair.as_ref(), pause)?;
    if out.json {
        return out.json(&json!({
            "paused": true,
            "pair": pair.as_ref().map(PairId::as_str),
            "until": pause.until.map(|at| at.to_string()),
        }));
    }
    let end = match until {
        Some((date, _)) => format!("until {date}"),
        None => "until `onbeat resume`".to_owned(),
    };
    out.line(format!("{}: the calendar is not touched {end}", whom(&setup, pair.as_ref())))
}

/// Goes on.
///
/// # Errors
/// An unknown pair, a state that cannot be written.
pub fn resume(context: &Context, args: &ResumeArgs, out: &mut Out) -> Result<(), Failure> {
    let setup = Setup::open(context)?;
    let pair = pairs::find_opt(&setup.pairs, args.pair.as_deref())?;
    let was = setup.store.resume(&setup.owner, pair.as_ref())?;
    let still = pair.is_some() && setup.store.paused(&setup.owner, None, setup.now)?.is_some();
    if out.json {
        return out.json(&json!({
            "paused": still,
            "pair": pair.as_ref().map(PairId::as_str),
            "was_paused": was,
        }));
    }
    let whom = whom(&setup, pair.as_ref());
    out.line(if was { format!("{whom}: goes on") } else { format!("{whom}: was not paused") })?;
    if still {
        out.line("all pairs are paused as well; `onbeat resume` ends that")?;
    }
    Ok(())
}

fn whom(setup: &Setup, pair: Option<&PairId>) -> String {
    let found = pair.and_then(|id| setup.pairs.iter().find(|pair| pair.id == *id));
    found.map_or_else(|| "all pairs".to_owned(), |pair| clean(&pair.partner.name).into_owned())
}
