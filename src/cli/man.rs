//! `onbeat man`: the manual and the reference page, generated from the command
//! line's own words, so that they cannot say something else.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Command, CommandFactory as _};

use crate::cli::Cli;
use crate::cli::failure::Failure;
use crate::cli::out::Out;

/// Which page, and how.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The verb to describe [default: onbeat itself]
    #[arg(value_name = "VERB")]
    pub verb: Option<String>,
    /// Write one page per verb (onbeat.1, onbeat-plan.1, …) into a directory
    #[arg(long, value_name = "DIR", conflicts_with = "verb")]
    pub out_dir: Option<PathBuf>,
    /// Print the reference of all verbs as Markdown instead
    #[arg(long, conflicts_with_all = ["verb", "out_dir"])]
    pub markdown: bool,
}

/// Prints or writes the pages.
///
/// # Errors
/// An unknown verb; a directory that cannot be written; a closed stdout.
pub fn run(args: &ManArgs, out: &mut Out) -> Result<(), Failure> {
    let mut command = Cli::command();
    command.build();
    if args.markdown {
        return out.raw(markdown(&command).as_bytes());
    }
    if let Some(dir) = &args.out_dir {
        std::fs::create_dir_all(dir)
            .and_then(|()| clap_mangen::generate_to(command, dir))
            .map_err(|e| {
                Failure::user(format!("the pages cannot be written to {}", dir.display()))
                    .because(e)
            })?;
        return Ok(());
    }
    let page = match &args.verb {
        None => command,
        Some(verb) => find(&command, verb)?,
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    out.raw(&text)
}

fn find(command: &Command, verb: &str) -> Result<Command, Failure> {
    let names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
    match command.get_subcommands().find(|sub| sub.get_name() == verb) {
        Some(sub) => Ok(sub.clone()),
        None => {
            let failure = Failure::user(format!("there is no verb {verb:?}"));
            Err(match crate::config::words::nearest(verb, names.into_iter()) {
                Some(near) => failure.hint(format!("did you mean `onbeat man {near}`?")),
                None => failure.hint("`onbeat help` lists the verbs"),
            })
        }
    }
}

/// The reference of all verbs: usage, description, arguments, options.
pub fn markdown(command: &Command) -> String {
    let mut text = String::new();
    for verb in command.get_subcommands().filter(|c| c.get_name() != "help") {
        section(&mut text, "onbeat", verb);
    }
    text
}

fn section(text: &mut String, prefix: &str, verb: &Command) {
    let path = format!("{prefix} {}", verb.get_name());
    let about = verb.get_long_about().or_else(|| verb.get_about()).map(ToString::to_string);
    let _ = writeln!(text, "### `{path}`\n\n{}\n", about.unwrap_or_default());
    let usage = verb.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").replace('\n', " ");
    let _ =
        writeln!(text, "```\n{}\n```\n", usage.split_whitespace().collect::<Vec<_>>().join(" "));
    let mut any = false;
    for arg in verb.get_arguments() {
        if arg.is_global_set() || matches!(arg.get_id().as_str(), "help" | "version") {
            continue;
        }
        any = true;
        let _ = writeln!(text, "- `{}`: {}", label(arg), describe(arg));
    }
    if any {
        text.push('\n');
    }
    for sub in verb.get_subcommands().filter(|c| c.get_name() != "help") {
        section(text, &path, sub);
    }
}

fn label(arg: &clap::Arg) -> String {
    let takes_value = arg.get_action().takes_values();
    let names = arg.get_value_names().unwrap_or_default();
    let value = names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let many = if arg.get_num_args().is_some_and(|n| n.max_values() > 1) { "…" } else { "" };
    match (arg.get_short(), arg.get_long()) {
        (_, None) if arg.is_positional() => format!("{value}{many}"),
        (Some(short), Some(long)) if takes_value => format!("-{short}, --{long} {value}{many}"),
        (None, Some(long)) if takes_value => format!("--{long} {value}{many}"),
        (Some(short), Some(long)) => format!("-{short}, --{long}"),
        (None, Some(long)) => format!("--{long}"),
        (Some(short), None) => format!("-{short} {value}"),
        (None, None) => value,
    }
}

fn describe(arg: &clap::Arg) -> String {
    let mut text = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|v| !v.is_hide_set())
        .map(|v| format!("`{}`", v.get_name()))
        .collect();
    if !values.is_empty() && arg.get_action().takes_values() {
        let _ = write!(text, " ({})", values.join(", "));
    }
    let defaults: Vec<String> =
        arg.get_default_values().iter().map(|v| v.to_string_lossy().into_owned()).collect();
    if !defaults.is_empty() && arg.get_action().takes_values() {
        let _ = write!(text, " [default: {}]", defaults.join(" "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `docs/cli.md` holds the reference between two marks; `onbeat man
    /// --markdown` prints what must stand there.
    #[test]
    fn the_reference_page_is_current() {
        let page =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cli.md")).unwrap();
        let inside = page
            .split_once("<!-- generated: onbeat man --markdown -->\n")
            .and_then(|(_, rest)| rest.split_once("<!-- end -->"))
            .map(|(inside, _)| inside)
            .expect("docs/cli.md has the marks");
        let mut command = Cli::command();
        command.build();
        let expected = markdown(&command);
        let lines = inside.trim().lines().zip(expected.trim().lines());
        let differs = lines.clone().find(|(there, wanted)| there != wanted);
        let same = inside.trim() == expected.trim();
        assert!(
            same,
            "put the output of `onbeat man --markdown` between the marks of docs/cli.md; first difference: {differs:?}"
        );
    }
}
