//! `cargo xtask compat`: HAProxy and proxyd side by side on the same files and requests.
//!
//! Every `cases/compat/*.md` holds a configuration and requests. Both daemons get the same environment, the
//! same stub servers and the same requests in the same order; what the client saw, what the servers saw and
//! what was logged must be equal but for times and ports. `lbctl explain` answers the same requests and must
//! name the backend, the server and the status that HAProxy showed on the wire.

mod case;
mod client;
mod compare;
mod corpus;
mod explain;
pub(crate) mod random;
mod side;
mod stub;

use std::path::Path;

use clap::Args;

use crate::needs;
use crate::shell::{self, Failure};

/// Options of `compat`.
#[derive(Debug, Default, Args)]
pub(crate) struct Compat {
    /// Only cases whose file name contains this.
    #[arg(long)]
    only: Option<String>,
    /// Show what HAProxy says and compare nothing: for writing cases.
    #[arg(long)]
    show: bool,
    /// Leave lbctl explain out.
    #[arg(long)]
    no_explain: bool,
    /// The cargo profile to build with.
    #[arg(long)]
    profile: Option<String>,
    /// Instead of the cases: every `*.cfg` of a folder that HAProxy accepts, as it is, with stub servers at its
    /// servers' addresses and requests made from its rules (needs root: network namespaces).
    #[arg(long, value_name = "DIR")]
    corpus: Option<std::path::PathBuf>,
    /// Instead of the cases: so many configurations and requests by chance.
    #[arg(long, value_name = "N")]
    random: Option<u64>,
    /// With --random: the seed of an earlier run.
    #[arg(long)]
    seed: Option<u64>,
    /// With --random: the number of the first configuration.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// With --corpus: run this one file in the namespace we are in. The run calls itself so.
    #[arg(long, hide = true, value_name = "FILE")]
    inside: Option<std::path::PathBuf>,
}

/// Runs the cases and fails if anything differs.
pub(crate) fn run(compat: &Compat) -> Result<(), Failure> {
    let haproxy = match needs::need("haproxy") {
        Ok(haproxy) => haproxy,
        Err(why) => {
            println!("compat: skipped, {why}");
            return Ok(());
        }
    };
    if let Some(folder) = &compat.corpus {
        return corpus::run(folder, compat, &haproxy);
    }
    if let Some(count) = compat.random {
        return random::run(count, compat, &haproxy);
    }
    let cases = case::load(&shell::root().join("cases/compat"), compat.only.as_deref())?;
    let bins = if compat.show {
        None
    } else {
        Some(shell::build(&["proxyd", "lbctl"], compat.profile.as_deref().unwrap_or("dev"))?)
    };
    let stubs = stub::Stubs::start(8)?;
    let mut totals = Totals::default();
    for case in &cases {
        totals.cases += 1;
        totals.requests += case.requests.len();
        let Some(bins) = &bins else {
            let place = side::Place::new(&stubs)?;
            compare::show(case, &side::run(&haproxy, case, &place, &stubs)?);
            continue;
        };
        let mut found = once(&haproxy, bins, case, &stubs, !compat.no_explain);
        // Some ends are races in HAProxy itself (a reset that overtakes a FIN): what differs must do so three times.
        for _ in 0..2 {
            if found.is_empty() || case.open.is_some() {
                break;
            }
            println!("again   {}", case.name);
            found = once(&haproxy, bins, case, &stubs, !compat.no_explain);
        }
        totals.count(case, &found);
    }
    println!(
        "compat: {} configurations, {} requests: {} differences in {} configurations; {} configurations are marked open",
        totals.cases, totals.requests, totals.differences, totals.differing, totals.open
    );
    if totals.differences == 0 { Ok(()) } else { Err("HAProxy and proxyd differ".into()) }
}

impl Totals {
    /// Prints and counts what was found in a case. One that is marked open may differ, and must.
    fn count(&mut self, case: &case::Case, found: &[String]) {
        let requests = case.requests.len();
        match (&case.open, found.len()) {
            (None, 0) => println!("same    {} ({requests} requests)", case.name),
            (Some(reason), differences @ 1..) => {
                self.open += 1;
                println!(
                    "open    {} ({requests} requests, {differences} differ): {reason}",
                    case.name
                );
            }
            (Some(_), 0) => {
                println!(
                    "DIFFERS {}: it is marked open and does not differ: remove the mark",
                    case.name
                );
                self.differences += 1;
                self.differing += 1;
            }
            (None, differences) => {
                println!("DIFFERS {} ({requests} requests)", case.name);
                found.iter().for_each(|difference| println!("{difference}"));
                self.differences += differences;
                self.differing += 1;
            }
        }
    }
}

/// Runs a case through both daemons and lbctl; every difference, a daemon that does not start among them.
fn once(
    haproxy: &Path,
    bins: &Path,
    case: &case::Case,
    stubs: &stub::Stubs,
    explains: bool,
) -> Vec<String> {
    let run = || -> Result<Vec<String>, Failure> {
        let place = side::Place::new(stubs)?;
        let wire = side::run(haproxy, case, &place, stubs)?;
        let ours = side::run(&bins.join("proxyd"), case, &place, stubs)?;
        let mut found = compare::differences(case, &wire, &ours);
        if explains && case.explain {
            found.extend(explain::differences(&bins.join("lbctl"), case, &place, stubs, &wire)?);
        }
        Ok(found)
    };
    run().unwrap_or_else(|why| vec![why])
}

#[derive(Debug, Default)]
struct Totals {
    cases: usize,
    requests: usize,
    differences: usize,
    differing: usize,
    open: usize,
}
