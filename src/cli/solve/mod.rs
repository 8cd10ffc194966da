//! `onbeat solve INSTANCE.json`: slot assignment for a given instance, the
//! result as JSON on stdout, what was proved and how long it took on stderr.

mod instance;
mod path;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::schedule::{self, Budget, Compiled, Proof, Solution};
use instance::Read;

/// Arguments of `onbeat solve`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The instance (`onbeat-plan/1`), `-` for standard input.
    pub instance: PathBuf,
    /// How long to search: `500ms`, `10s`, `2m`; a bare number is seconds.
    #[arg(long, value_name = "T", default_value = "10s")]
    pub budget: String,
    /// Worker threads; the result is the same for any number.
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

/// Runs the verb.
pub fn run(args: &Args) -> ExitCode {
    match solve(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("onbeat: {message}");
            ExitCode::from(1)
        }
    }
}

fn solve(args: &Args) -> Result<(), String> {
    let text = std::fs::read_to_string(&args.instance)
        .map_err(|e| format!("{}: {e}", args.instance.display()))?;
    let t0 = now();
    let instance = instance::parse(&text).map_err(|e| e.to_string())?;
    let read = instance::convert(&instance).map_err(|e| e.to_string())?;
    let t1 = now();
    let compiled = schedule::compile(&read.spec).map_err(|e| format!("{e}"))?;
    let t2 = now();
    let t9 = now();
    let lim: i64 = args
        .budget
        .trim_end_matches('s')
        .parse::<f64>()
        .map(|x| (x * 1e6) as i64)
        .unwrap_or(10_000_000);
    let stop = move || now() - t9 > lim;
    let solution = schedule::solve(&compiled.problem, Budget { work: u64::MAX, stop: &stop });
    let t3 = now();
    println!("{}", render(&instance.name, &read, &compiled, &solution));
    eprintln!(
        "{} cost {} bound {} {:?} parse {} compile {} solve {} work {} nodes {} root {}",
        instance.name,
        solution.cost,
        solution.bound,
        solution.proof == Proof::Optimal,
        t1 - t0,
        t2 - t1,
        t3 - t2,
        solution.work,
        solution.nodes,
        solution.certified
    );
    Ok(())
}

fn now() -> i64 {
    if std::env::var("WALL").is_ok() {
        use crate::clock::Clock;
        return crate::clock::SystemClock.now().as_microsecond();
    }
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|s| s.split(' ').next().and_then(|x| x.parse::<i64>().ok()))
        .unwrap_or(0)
        / 1000
}

fn render(name: &str, read: &Read, compiled: &Compiled, solution: &Solution) -> String {
    let base: Vec<[i64; 3]> = solution
        .base
        .iter()
        .enumerate()
        .map(|(i, b)| {
            let (phase, day) =
                read.labels.get(i).and_then(|l| l.get(b.track)).copied().unwrap_or_default();
            let first = compiled.first_minute.get(i).copied().unwrap_or(0);
            [phase as i64, day as i64, first + 15 * b.column as i64]
        })
        .collect();
    let mut occ: Vec<Vec<Option<u32>>> = Vec::new();
    for (i, open) in solution.occurrences.iter().enumerate() {
        let fixed = compiled.fixed.get(i).map(Vec::as_slice).unwrap_or_default();
        let numbers = compiled.open.get(i).map(Vec::as_slice).unwrap_or_default();
        let mut row = vec![None; open.len() + fixed.len()];
        for (k, slot) in numbers.iter().zip(open) {
            if let Some(cell) = row.get_mut(*k) {
                *cell = *slot;
            }
        }
        for (k, slot) in fixed {
            if let Some(cell) = row.get_mut(*k) {
                *cell = Some(*slot);
            }
        }
        occ.push(row);
    }
    serde_json::json!({"instance": name, "base": base, "occ": occ, "cost": solution.cost, "bound": solution.bound}).to_string()
}
