//! `cargo xtask fuzz`: the fuzz targets, each for a while.

use clap::Args;

use crate::shell;

/// Options of `fuzz`.
#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// Only this target; all, if missing.
    target: Option<String>,
    /// Seconds for each target.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Runs cargo-fuzz on nightly, one target after the other.
pub(crate) fn run(fuzz: &Fuzz) -> Result<(), shell::Failure> {
    let targets = match &fuzz.target {
        Some(target) => vec![target.clone()],
        None => all()?,
    };
    let limit = format!("-max_total_time={}", fuzz.seconds);
    for target in &targets {
        // cargo-fuzz wants the toolchain that has the sanitizers.
        shell::run("cargo", &["+nightly", "fuzz", "run", target, "--", &limit])?;
    }
    println!("fuzz: {} targets, {} s each, nothing found", targets.len(), fuzz.seconds);
    Ok(())
}

fn all() -> Result<Vec<String>, shell::Failure> {
    let folder = shell::root().join("fuzz/fuzz_targets");
    let entries = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| Some(entry.path().file_stem()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    Ok(names)
}
