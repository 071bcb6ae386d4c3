//! `cargo xtask instructions`: how many instructions an exchange takes, beside how many it may.
//!
//! Counts of callgrind are the same on a busy machine as on a quiet one, so they guard the request
//! path where seconds could not. In: `cases/instructions.txt`. Out: a line for each load, and a
//! failure when one takes more than its count and the allowance. `--write` takes over what was counted.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use clap::Args;

use crate::needs;
use crate::shell::{self, Failure};

/// Options of `instructions`.
#[derive(Debug, Args)]
pub(crate) struct Instructions {
    /// Takes over what was counted as what is allowed.
    #[arg(long)]
    write: bool,
    /// Only this load.
    #[arg(long)]
    only: Option<String>,
}

/// The counts of one run and of another; their difference is divided by the exchanges between.
const COUNTS: [u64; 2] = [200, 1200];
/// The profile that the counts belong to.
const PROFILE: &str = "fastdev";

/// What the file says.
#[derive(Debug, PartialEq)]
struct Allowed {
    /// Percent that a load may take more.
    allowance: f64,
    /// Loads with their instructions an exchange.
    loads: Vec<(String, u64)>,
}

/// Counts every load and compares.
pub(crate) fn run(options: &Instructions) -> Result<(), Failure> {
    let valgrind = needs::need("valgrind")?;
    let file = shell::root().join("cases").join("instructions.txt");
    let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    let mut allowed = read(&text)?;
    let arguments = ["build", "--profile", PROFILE, "-p", "forward", "--example", "instructions"];
    shell::run(&shell::cargo(), &arguments)?;
    let program = shell::programs(PROFILE).join("examples").join("instructions");
    let mut over = Vec::new();
    for (name, most) in &mut allowed.loads {
        if options.only.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        let counted = count(&valgrind, &program, name)?;
        let more = 100.0 * (counted as f64 / *most as f64 - 1.0);
        println!("{name:<12} {counted:>8} instructions an exchange, {most} known ({more:+.1} %)");
        if more > allowed.allowance {
            over.push(format!("{name} ({more:+.1} %)"));
        }
        *most = counted;
    }
    if options.write {
        return std::fs::write(&file, written(&text, &allowed)).map_err(|e| e.to_string());
    }
    if over.is_empty() {
        return Ok(());
    }
    Err(format!(
        "more than {} % above {}: {}; profile it with callgrind_annotate, or run with --write when it is meant",
        allowed.allowance,
        file.display(),
        over.join(", ")
    ))
}

fn count(valgrind: &Path, program: &Path, load: &str) -> Result<u64, Failure> {
    let [few, many] = COUNTS;
    let more =
        whole(valgrind, program, load, many)?.saturating_sub(whole(valgrind, program, load, few)?);
    Ok(more / (many - few))
}

/// The instructions of a whole run.
fn whole(valgrind: &Path, program: &Path, load: &str, count: u64) -> Result<u64, Failure> {
    let output = Command::new(valgrind)
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([load, &count.to_string()])
        .output()
        .map_err(|e| format!("valgrind: {e}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{load} ended with {}: {said}", output.status));
    }
    collected(&said).ok_or_else(|| format!("callgrind did not say what it collected: {said}"))
}

/// `==1== Collected : 123`
fn collected(said: &str) -> Option<u64> {
    said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
}

fn read(text: &str) -> Result<Allowed, Failure> {
    let mut allowed = Allowed { allowance: 0.0, loads: Vec::new() };
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let bad = || format!("cases/instructions.txt: `{line}` is no NAME NUMBER");
        let (name, number) = line.split_once(' ').ok_or_else(bad)?;
        match name {
            "allowance" => allowed.allowance = number.trim().parse().map_err(|_| bad())?,
            load => allowed.loads.push((load.into(), number.trim().parse().map_err(|_| bad())?)),
        }
    }
    Ok(allowed)
}

/// The file with other counts; what is said about them stays.
fn written(text: &str, allowed: &Allowed) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let name = line.split(' ').next().unwrap_or_default();
        let _ = match allowed.loads.iter().find(|(load, _)| load == name) {
            Some((load, count)) => writeln!(out, "{load} {count}"),
            None => writeln!(out, "{line}"),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_read_and_written_back_with_other_counts() {
        let text = "# why\nallowance 5\nkeep-alive 100\n";
        let mut allowed = read(text).unwrap();
        assert_eq!(allowed.allowance, 5.0);
        assert_eq!(written(text, &allowed), text);
        allowed.loads[0].1 = 90;
        assert_eq!(written(text, &allowed), "# why\nallowance 5\nkeep-alive 90\n");
        assert!(read("keep-alive\n").is_err());
        assert_eq!(collected("==7== Events : Ir\n==7== Collected : 123\n"), Some(123));
    }
}
