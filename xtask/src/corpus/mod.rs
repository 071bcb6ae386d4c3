//! `cargo xtask corpus`: the verdicts of `lbctl check` beside those of HAProxy on real configurations.
//!
//! A folder holds `verdicts.tsv` and `configs/ID.cfg`; the checks run in that folder, as HAProxy ran. With `--vtc`
//! the configurations are those inside of HAProxy's own tests, which HAProxy takes by definition.

mod verdicts;
pub(crate) mod vtc;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Args;

use crate::shell::{self, Failure};

/// Options of `corpus`.
#[derive(Debug, Args)]
pub(crate) struct Corpus {
    /// The folder with `verdicts.tsv` and `configs`; with `--vtc` a folder of `.vtc` files.
    folder: PathBuf,
    /// Reads the configurations out of `.vtc` tests.
    #[arg(long)]
    vtc: bool,
    /// With `--vtc`: asks this HAProxy for the verdicts. Without it each test is believed: some of them want a
    /// configuration to be refused, or a HAProxy with QUIC.
    #[arg(long)]
    haproxy: Option<PathBuf>,
    /// Fails when fewer files than this share agree, in percent.
    #[arg(long, default_value_t = 0.0)]
    at_least: f64,
    /// What `lbctl check` may look at: `none` or `host`.
    #[arg(long, default_value = "none")]
    env: String,
    /// The targets to check for.
    #[arg(long, default_values_t = ["3.5".to_owned(), "2.6".to_owned()])]
    target: Vec<String>,
    /// Shows the errors behind each false reject.
    #[arg(long)]
    show: bool,
}

/// One check to make.
pub(crate) struct Case {
    /// How it is named in the lists.
    id: String,
    file: PathBuf,
    target: String,
    /// What HAProxy says.
    accepted: bool,
}

/// What became of one check.
struct Outcome {
    accepted: bool,
    errors: Vec<String>,
}

/// Checks every file and tells where the verdicts part.
pub(crate) fn run(corpus: &Corpus) -> Result<(), Failure> {
    let lbctl = shell::build(&["lbctl"], "dev")?.join("lbctl");
    let folder =
        corpus.folder.canonicalize().map_err(|e| format!("{}: {e}", corpus.folder.display()))?;
    let scratch = tempfile::tempdir().map_err(|e| format!("a scratch folder: {e}"))?;
    let mut least: f64 = 100.0;
    for target in &corpus.target {
        let cases = match corpus.vtc {
            true => vtc::cases(&folder, scratch.path(), target, corpus.haproxy.as_deref())?,
            false => verdicts::cases(&folder, target)?,
        };
        let outcomes = check_all(&lbctl, &folder, &corpus.env, &cases)?;
        least = least.min(tell(corpus, target, &cases, &outcomes));
    }
    match least >= corpus.at_least {
        true => Ok(()),
        false => Err(format!("{least:.2}% agree, less than {}%", corpus.at_least)),
    }
}

/// Runs the checks, one at a time on each core.
fn check_all(
    lbctl: &Path,
    folder: &Path,
    env: &str,
    cases: &[Case],
) -> Result<Vec<Outcome>, Failure> {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(case) = cases.get(at) else { return Ok(done) };
            done.push((at, check(lbctl, folder, env, case)?));
        }
    };
    let parts: Vec<Result<Vec<(usize, Outcome)>, Failure>> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let ended = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|_| Err("a thread of ours panicked".into()))
        };
        running.into_iter().map(ended).collect()
    });
    let mut all = Vec::new();
    for part in parts {
        all.extend(part?);
    }
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, outcome)| outcome).collect())
}

fn check(lbctl: &Path, folder: &Path, env: &str, case: &Case) -> Result<Outcome, Failure> {
    let output = Command::new(lbctl)
        .args(["check", "--output-format", "concise", "--target", &case.target])
        // Without the option nothing but the configuration is opened.
        .args((env != "none").then_some(["--env", env]).into_iter().flatten())
        .arg(&case.file)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("{}: {e}", lbctl.display()))?;
    let accepted = match output.status.code() {
        Some(0) => true,
        Some(1) => false,
        _ => return Err(format!("{}: lbctl ended with {}", case.id, output.status)),
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let is_error = |line: &&str| line.split(' ').nth(1).is_some_and(|code| code.starts_with('E'));
    Ok(Outcome { accepted, errors: text.lines().filter(is_error).map(str::to_owned).collect() })
}

/// Prints the lists and gives the share that agrees, in percent.
fn tell(corpus: &Corpus, target: &str, cases: &[Case], outcomes: &[Outcome]) -> f64 {
    let pairs = || cases.iter().zip(outcomes);
    let rejects: Vec<_> = pairs().filter(|(case, is)| case.accepted && !is.accepted).collect();
    let accepts: Vec<_> = pairs().filter(|(case, is)| !case.accepted && is.accepted).collect();
    let agree = cases.len() - rejects.len() - accepts.len();
    let share = 100.0 * agree as f64 / cases.len().max(1) as f64;
    println!("target {target}: {agree} of {} agree ({share:.2}%)", cases.len());
    println!("  {} false rejects: {}", rejects.len(), ids(&rejects));
    for (case, outcome) in rejects.iter().filter(|_| corpus.show) {
        println!("    {}", case.id);
        for error in &outcome.errors {
            println!("      {error}");
        }
    }
    println!("  {} false accepts: {}", accepts.len(), ids(&accepts));
    share
}

fn ids(cases: &[(&Case, &Outcome)]) -> String {
    cases.iter().map(|(case, _)| case.id.as_str()).collect::<Vec<_>>().join(" ")
}
