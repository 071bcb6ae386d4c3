//! `cargo xtask regtests DIR`: a folder of HAProxy's own `.vtc` tests, with `proxyd` in HAProxy's place.
//!
//! Each test is one process of VTest (or Debian's `varnishtest`, which lacks some newer words) in a
//! folder of its own. What a test needs and the program has not is a skip with its reason, never a pass.

mod one;
mod report;
mod require;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Args;

use crate::{needs, shell};
use one::{Outcome, Runner};

/// Options of `regtests`.
#[derive(Debug, Args)]
pub(crate) struct Regtests {
    /// Folders of `.vtc` files (searched below too), or single files.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The program under test: `proxyd` is built first, anything else is a path.
    #[arg(long, default_value = "proxyd")]
    program: String,
    /// Only the tests whose path contains this.
    #[arg(long)]
    only: Option<String>,
    /// The program that reads `.vtc` files.
    #[arg(long, default_value = "varnishtest")]
    vtest: PathBuf,
    /// Tests at the same time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Seconds that a test, and each wait inside it, may take.
    #[arg(long, default_value_t = 10)]
    timeout: u64,
    /// Keeps the whole output of each failed test in this folder.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Writes the table of folders and the reasons to this Markdown file.
    #[arg(long)]
    markdown: Option<PathBuf>,
}

/// A test and what became of it.
#[derive(Debug)]
pub(crate) struct Told {
    /// Its path below the folder that was asked for.
    name: String,
    outcome: Outcome,
}

/// Runs every test and fails when one failed.
pub(crate) fn run(options: &Regtests) -> Result<(), shell::Failure> {
    let tests = tests(options)?;
    let runner = Runner {
        vtest: program_at(&options.vtest)?,
        program: program_under_test(&options.program)?,
        timeout: options.timeout,
        keep: options.keep.clone(),
    };
    let next = AtomicUsize::new(0);
    let told = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.max(1) {
            scope.spawn(|| {
                while let Some((name, file)) = tests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = runner.run(name, file);
                    report::line(name, &outcome);
                    if let Ok(mut told) = told.lock() {
                        told.push(Told { name: name.clone(), outcome });
                    }
                }
            });
        }
    });
    let mut told = told.into_inner().map_err(|e| e.to_string())?;
    told.sort_by(|a, b| a.name.cmp(&b.name));
    report::table(&told);
    if let Some(file) = &options.markdown {
        std::fs::write(file, report::markdown(&told)).map_err(|e| e.to_string())?;
    }
    match told.iter().filter(|t| matches!(t.outcome, Outcome::Failed(_))).count() {
        0 => Ok(()),
        failed => Err(format!("{failed} of {} tests failed", told.len())),
    }
}

/// The tests below the given paths, by name, in order.
fn tests(options: &Regtests) -> Result<Vec<(String, PathBuf)>, shell::Failure> {
    let mut found = Vec::new();
    for path in &options.paths {
        let path = path.canonicalize().map_err(|e| format!("{}: {e}", path.display()))?;
        // A folder's own name is told when the folder holds the tests itself.
        let base = if path.is_file() || holds_tests(&path) { path.parent() } else { None };
        collect(&path, base.unwrap_or(&path), &mut found)?;
    }
    found.retain(|(name, _)| options.only.as_ref().is_none_or(|only| name.contains(only)));
    found.sort();
    if found.is_empty() { Err("no `.vtc` file is there".into()) } else { Ok(found) }
}

fn holds_tests(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| is_test(&entry.path()))
}

fn is_test(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "vtc") && path.is_file()
}

fn collect(
    path: &Path,
    base: &Path,
    found: &mut Vec<(String, PathBuf)>,
) -> Result<(), shell::Failure> {
    if is_test(path) {
        let name = path.strip_prefix(base).unwrap_or(path).display().to_string();
        found.push((name, path.to_path_buf()));
    } else if path.is_dir() {
        for entry in std::fs::read_dir(path).map_err(|e| format!("{}: {e}", path.display()))? {
            collect(&entry.map_err(|e| e.to_string())?.path(), base, found)?;
        }
    }
    Ok(())
}

fn program_under_test(name: &str) -> Result<PathBuf, shell::Failure> {
    if name == "proxyd" {
        return Ok(shell::build(&["proxyd"], "dev")?.join("proxyd"));
    }
    program_at(Path::new(name))
}

/// A path that has folders stands for itself, a bare name is looked up.
fn program_at(name: &Path) -> Result<PathBuf, shell::Failure> {
    if name.components().count() > 1 {
        return name.canonicalize().map_err(|e| format!("{}: {e}", name.display()));
    }
    needs::need(&name.display().to_string())
}
