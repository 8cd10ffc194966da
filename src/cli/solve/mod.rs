//! `onbeat solve INSTANCE.json`: slot assignment for a given instance. The
//! result is JSON on stdout, the same bytes for any number of threads; what
//! was proved and how long it took is said on stderr.

mod instance;
mod output;
mod path;

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::wire;
use crate::schedule::{self, Budget, Proof};

/// Work units a second of budget stands for. Below what a slow core does, so
/// that the count, not the clock, ends a search and results repeat.
const WORK_PER_SECOND: u64 = 1_300_000;

/// Arguments of `onbeat solve`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The instance (`onbeat-plan/1`); `-` reads standard input
    pub instance: PathBuf,
    /// How long to search: `500ms`, `10s`, `2m`; a bare number is seconds.
    /// `200000steps` counts work instead: the same result on every machine
    #[arg(long, value_name = "T", default_value = "10s", value_parser = budget)]
    pub budget: Limit,
    /// Worker threads; the result does not depend on them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
    /// Recompute cost and bound by the independent checker
    #[arg(long)]
    pub check: bool,
    /// Explain one series: terms, alternatives, what blocks missed occurrences
    #[arg(long, value_name = "SERIES")]
    pub explain: Option<usize>,
    /// Put the prices that prove the bound into the result
    #[arg(long)]
    pub certificate: bool,
}

/// A limit of the search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Work units.
    work: u64,
    /// Wall-clock time, where one was asked for.
    time: Option<std::time::Duration>,
}

/// Why the verb fails.
#[derive(Debug, thiserror::Error)]
enum SolveError {
    #[error("cannot read {path}")]
    Read { path: String, source: std::io::Error },
    #[error("not a valid instance")]
    Instance(#[from] instance::InstanceError),
    #[error("the instance cannot be scheduled")]
    Compile(#[from] schedule::CompileError),
    #[error("cannot start {0} threads")]
    Threads(u16, #[source] rayon::ThreadPoolBuildError),
    #[error("there is no series {0}; the instance has {1}")]
    NoSeries(usize, usize),
    #[error("cannot tabulate a time zone")]
    Zone(#[source] jiff::Error),
    #[error("the check failed: {0}")]
    Check(String),
}

/// Reads `500ms`, `10s`, `2m`, a number of seconds, or `200000steps`.
fn budget(text: &str) -> Result<Limit, String> {
    if let Some(steps) = text.strip_suffix("steps") {
        let work =
            steps.trim().parse().map_err(|_| "expected a whole number of steps".to_owned())?;
        return Ok(Limit { work, time: None });
    }
    let units = [("ms", 1e-3), ("s", 1.0), ("m", 60.0)];
    let found = units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)));
    let (number, factor) = found.unwrap_or((text, 1.0));
    let seconds = number
        .trim()
        .parse::<f64>()
        .map_err(|_| "expected a time such as 500ms, 10s or 2m".to_owned())?;
    let seconds = seconds * factor;
    if !(0.0..=1e6).contains(&seconds) {
        return Err("expected between 0 and 1000000 seconds".to_owned());
    }
    let time = Some(std::time::Duration::from_secs_f64(seconds));
    Ok(Limit { work: (seconds * WORK_PER_SECOND as f64) as u64, time })
}

/// Runs the verb.
pub fn run(args: &Args) -> ExitCode {
    match solve(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut message = format!("onbeat: {error}");
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                message.push_str(&format!(": {cause}"));
                source = cause.source();
            }
            eprintln!("{message}");
            ExitCode::from(1)
        }
    }
}

/// The problem that the text of an instance states; for tools that measure
/// the scheduler or feed the reader arbitrary text.
///
/// # Errors
/// What is wrong with the text, in words.
pub fn stated(text: &str) -> Result<schedule::spec::Spec, String> {
    let instance = instance::parse(text).map_err(|e| e.to_string())?;
    instance::convert(&instance).map(|read| read.spec).map_err(|e| e.to_string())
}

/// Would this text be accepted as an instance? Reads, converts and compiles
/// it; for tools that feed the reader arbitrary text.
///
/// # Errors
/// What is wrong with it, in words.
pub fn accept(text: &str) -> Result<(), String> {
    schedule::compile(&stated(text)?).map(drop).map_err(|e| e.to_string())
}

fn read(args: &Args) -> Result<String, SolveError> {
    let fail = |source| SolveError::Read { path: args.instance.display().to_string(), source };
    if args.instance.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(fail)?;
        return Ok(text);
    }
    std::fs::read_to_string(&args.instance).map_err(fail)
}

fn solve(args: &Args) -> Result<(), SolveError> {
    let since = wire::stopwatch();
    let text = read(args)?;
    let instance = instance::parse(&text)?;
    drop(text);
    let read = instance::convert(&instance)?;
    if let Some(series) = args.explain.filter(|s| *s >= read.spec.series.len()) {
        return Err(SolveError::NoSeries(series, read.spec.series.len()));
    }
    let threads = args.threads.unwrap_or(0);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build();
    let pool = pool.map_err(|source| SolveError::Threads(threads, source))?;
    let stop = || args.budget.time.is_some_and(|time| since() > time);
    let work = args.budget.work;
    let (compiled, solution) = pool.install(|| {
        let compiled = schedule::compile(&read.spec)?;
        let solution = schedule::solve(&compiled.problem, Budget { work, stop: &stop });
        Ok::<_, schedule::CompileError>((compiled, solution))
    })?;
    let result = output::Output {
        name: &instance.name,
        read: &read,
        compiled: &compiled,
        solution: &solution,
    };
    let explanation = args.explain.map(|series| result.explain(series)).transpose()?;
    println!("{}", result.json(args.certificate, explanation));
    let state = match solution.proof {
        Proof::Optimal => "proved optimal".to_owned(),
        Proof::Bounded => {
            format!("within {}", output::percent(solution.cost - solution.bound, solution.cost))
        }
    };
    let time = since().as_secs_f64() * 1000.0;
    eprintln!(
        "{}: cost {}, bound {} ({state}), {time:.1} ms, {} subproblems",
        instance.name, solution.cost, solution.bound, solution.nodes
    );
    if args.check { result.check() } else { Ok(()) }
}
