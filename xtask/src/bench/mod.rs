//! `cargo xtask bench`: what a request costs in proxyd, HAProxy, nginx and the floor proxies, in one run.
//!
//! In: the table of [`scenario`], the programs of this machine. Out: medians and ratios on the
//! terminal, one json file a scenario in `target/bench`, and with `--markdown` the table of
//! `docs/performance.md` from those files.
//! Contenders take turns (A B C A B C ...), so that whatever else the machine does hits all alike;
//! ratios are made within a round, and their spread says how far to trust them.
//! CPU time is the kernel's, in nanoseconds ([`accounting`]); the load's and the origin's is not in it.
//! Start with [`scenario::all`]; a scenario is an entry there, a contender a variant of [`Kind`].

mod accounting;
mod client;
mod config;
mod contender;
mod idle;
mod large;
mod load;
mod machine;
mod markdown;
mod report;
mod scaling;
mod scenario;
mod stage;
mod syslog;

use std::path::PathBuf;

use clap::Args;

use self::contender::{Contender, Kind};
use self::report::{Entry, Report};
use self::scenario::{Measure, Scenario};
use self::stage::Stage;
use crate::shell::{self, Failure};

/// Options of `bench`.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// How often each contender has its turn; published figures need at least 5.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// The seconds of load of one turn.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Only this scenario (or those whose names begin so); may be repeated.
    #[arg(long)]
    only: Vec<String>,
    /// Only this contender; may be repeated.
    #[arg(long)]
    contender: Vec<Kind>,
    /// Lists the scenarios and who takes part, and measures nothing.
    #[arg(long)]
    list: bool,
    /// Writes the table of docs/performance.md from the results that are there, and measures nothing.
    #[arg(long)]
    markdown: bool,
    /// The cargo profile to build with.
    #[arg(long, default_value = "release")]
    profile: String,
}

/// Runs what the options ask for.
pub(crate) fn run(bench: &Bench) -> Result<(), Failure> {
    let scenarios = select(&bench.only)?;
    if bench.list {
        return list(&scenarios);
    }
    if bench.markdown {
        return markdown::write(&results());
    }
    let bins = shell::build(&["testkit"], &bench.profile)?;
    let contenders = contenders(bench, &bins)?;
    println!("{}", machine::describe());
    for scenario in &scenarios {
        let report = compete(scenario, &contenders, bench, &bins)?;
        report.print();
        report.save(&results())?;
    }
    println!("\njson in {}; `cargo xtask bench --markdown` writes the page", results().display());
    Ok(())
}

/// Where the json files are.
fn results() -> PathBuf {
    shell::root().join("target").join("bench")
}

fn select(only: &[String]) -> Result<Vec<Scenario>, Failure> {
    let all = scenario::all();
    for name in only {
        if !all.iter().any(|scenario| scenario.name.starts_with(name.as_str())) {
            return Err(format!("no scenario begins with `{name}`; --list shows them"));
        }
    }
    let wanted = |s: &Scenario| only.is_empty() || only.iter().any(|n| s.name.starts_with(&**n));
    Ok(all.into_iter().filter(wanted).collect())
}

fn list(scenarios: &[Scenario]) -> Result<(), Failure> {
    for scenario in scenarios {
        let names: Vec<_> = scenario.contenders().iter().map(|kind| kind.name()).collect();
        println!("{:<14} {}  [{}]", scenario.name, scenario.about, names.join(" "));
    }
    Ok(())
}

/// The contenders that this machine has; the others are named with what to install.
fn contenders(bench: &Bench, bins: &std::path::Path) -> Result<Vec<Contender>, Failure> {
    let wanted = |kind: &Kind| bench.contender.is_empty() || bench.contender.contains(kind);
    let mut present = Vec::new();
    for kind in Kind::ALL.into_iter().filter(wanted) {
        if kind == Kind::Proxyd {
            shell::build(&["proxyd"], &bench.profile)?;
        }
        match Contender::find(kind, bins) {
            Ok(contender) => present.push(contender),
            Err(why) => println!("{} is left out: {why}", kind.name()),
        }
    }
    if present.is_empty() {
        return Err("no contender is left".into());
    }
    Ok(present)
}

/// All rounds of a scenario.
fn compete(
    scenario: &Scenario,
    contenders: &[Contender],
    bench: &Bench,
    bins: &std::path::Path,
) -> Result<Report, Failure> {
    println!("\n{}: {}", scenario.name, scenario.about);
    let stage = Stage::set(bins)?;
    let mut entries: Vec<(&Contender, Entry)> = contenders
        .iter()
        .filter(|contender| scenario.contenders().contains(&contender.kind))
        .map(|contender| (contender, Entry::new(contender)))
        .collect();
    for round in 1..=bench.rounds {
        let mut line = format!("  round {round}:");
        for (contender, entry) in &mut entries {
            if entry.left_out.is_some() {
                continue;
            }
            match measure(scenario, contender, &stage, bench.seconds) {
                Ok(sample) => {
                    let first = scenario.metrics()[0];
                    let value = sample.get(first.key).copied().unwrap_or(f64::NAN);
                    line.push_str(&format!("  {} {value:.2}", contender.kind.name()));
                    entry.samples.push(sample);
                }
                Err(why) => entry.left_out = Some(why),
            }
        }
        println!("{line}");
    }
    let entries = entries.into_iter().map(|(_, entry)| entry).collect();
    Ok(Report::new(scenario, bench.rounds, bench.seconds, entries))
}

/// One turn of one contender.
fn measure(
    scenario: &Scenario,
    contender: &Contender,
    stage: &Stage,
    seconds: f64,
) -> Result<report::Sample, Failure> {
    match &scenario.measure {
        Measure::Load(work) => load::measure(scenario, work, contender, stage, seconds),
        Measure::Idle(work) => idle::measure(scenario, work, contender, stage, seconds),
        Measure::Scaling(work) => scaling::measure(scenario, work, contender, stage, seconds),
        Measure::Large => large::measure(contender, stage),
    }
}
