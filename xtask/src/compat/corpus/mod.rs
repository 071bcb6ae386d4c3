//! `cargo xtask compat --corpus DIR`: files from the field, unchanged, through both daemons.
//!
//! Every `*.cfg` that HAProxy accepts is either run or listed with the keywords that it misses. A run has a network
//! namespace of its own in which every address is local: binds and servers keep the addresses they are written with,
//! stub servers listen at the servers' addresses, log lines are taken where the file sends them. The requests are
//! made from the file's own rules. HAProxy runs twice: what differs between its two runs is chance and not compared.

mod compare;
mod daemon;
mod namespace;
mod pattern;
mod request;
mod terms;
mod world;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Compat;
use crate::shell::{self, Failure};

/// What the run of one file found, as the process inside the namespace tells it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Found {
    /// How many requests were sent.
    pub(crate) requests: usize,
    /// Rules and switching rules of the file, and how many of them `lbctl explain` saw taken.
    pub(crate) rules: usize,
    /// See `rules`.
    pub(crate) reached: usize,
    /// Every difference, in words.
    pub(crate) differences: Vec<String>,
}

/// Runs every file of `folder`, or the one that `--inside` names.
pub(crate) fn run(folder: &Path, compat: &Compat, haproxy: &Path) -> Result<(), Failure> {
    let profile = compat.profile.as_deref().unwrap_or("dev");
    if let Some(file) = &compat.inside {
        let bins = shell::programs(profile);
        let found = inside(folder, file, haproxy, &bins);
        let found =
            found.unwrap_or_else(|why| Found { differences: vec![why], ..Found::default() });
        println!("{}", serde_json::to_string(&found).map_err(|e| e.to_string())?);
        return Ok(());
    }
    namespace::possible()?;
    let bins = shell::build(&["proxyd", "lbctl"], profile)?;
    let mut totals = Totals::default();
    for file in files(folder, compat.only.as_deref())? {
        if !accepts(haproxy, folder, &file)? {
            continue;
        }
        totals.accepted += 1;
        let missing = missing(&bins.join("lbctl"), folder, &file)?;
        if missing.is_empty() {
            totals.count(&file, namespace::enter(folder, &file, profile)?);
        } else {
            totals.cannot(&file, missing);
        }
    }
    totals.tell()
}

fn inside(folder: &Path, file: &Path, haproxy: &Path, bins: &Path) -> Result<Found, Failure> {
    namespace::set_up()?;
    let loaded = request::load(folder, file)?;
    let world = world::World::of(folder, &loaded.config)?;
    let asked = request::all(&loaded.config, &world);
    let theirs = daemon::run(haproxy, file, &world, &asked)?;
    let again = daemon::run(haproxy, file, &world, &asked)?;
    let ours = daemon::run(&bins.join("proxyd"), file, &world, &asked)?;
    let mut found = Found { requests: asked.len(), ..Found::default() };
    found.differences = compare::differences(&world, &asked, &theirs, &again, &ours);
    compare::explained(&bins.join("lbctl"), file, &world, &asked, &theirs, &again, &mut found)?;
    Ok(found)
}

fn files(folder: &Path, only: Option<&str>) -> Result<Vec<PathBuf>, Failure> {
    let configs = folder.join("configs");
    let entries = std::fs::read_dir(&configs).map_err(|e| format!("{}: {e}", configs.display()))?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| Path::new("configs").join(entry.file_name()))
        .filter(|file| file.extension().is_some_and(|end| end == "cfg"))
        .filter(|file| only.is_none_or(|part| file.to_string_lossy().contains(part)))
        .collect();
    files.sort();
    Ok(files)
}

fn accepts(haproxy: &Path, folder: &Path, file: &Path) -> Result<bool, Failure> {
    let output = Command::new(haproxy).arg("-c").arg("-f").arg(file).current_dir(folder).output();
    output.map(|output| output.status.success()).map_err(|e| format!("haproxy: {e}"))
}

/// What keeps proxyd from running a file: the words of each error, once.
fn missing(lbctl: &Path, folder: &Path, file: &Path) -> Result<Vec<String>, Failure> {
    let output = Command::new(lbctl)
        .args(["check", "--target", "proxyd", "--output-format", "json"])
        .arg(file)
        .current_dir(folder)
        .output()
        .map_err(|e| format!("lbctl: {e}"))?;
    let said: Value = serde_json::from_slice(&output.stdout).map_err(|e| format!("lbctl: {e}"))?;
    let findings = said["findings"].as_array().cloned().unwrap_or_default();
    let mut words: Vec<String> = findings
        .iter()
        .filter(|finding| finding["severity"] == "error")
        .map(|finding| {
            format!(
                "{} {}",
                finding["code"].as_str().unwrap_or(""),
                finding["message"].as_str().unwrap_or("")
            )
        })
        .collect();
    words.sort();
    words.dedup();
    Ok(words)
}

#[derive(Debug, Default)]
struct Totals {
    accepted: usize,
    ran: usize,
    requests: usize,
    rules: usize,
    reached: usize,
    differing: usize,
    differences: usize,
    cannot: usize,
    missing: BTreeMap<String, usize>,
}

impl Totals {
    fn count(&mut self, file: &Path, found: Found) {
        self.ran += 1;
        self.requests += found.requests;
        self.rules += found.rules;
        self.reached += found.reached;
        let figures =
            format!("{} requests, {} of {} rules", found.requests, found.reached, found.rules);
        if found.differences.is_empty() {
            println!("same    {} ({figures})", file.display());
            return;
        }
        println!("DIFFERS {} ({figures})", file.display());
        found.differences.iter().for_each(|difference| println!("{difference}"));
        self.differing += 1;
        self.differences += found.differences.len();
    }

    fn cannot(&mut self, file: &Path, missing: Vec<String>) {
        println!("cannot  {}: {}", file.display(), missing.join("; "));
        self.cannot += 1;
        for words in missing {
            *self.missing.entry(words).or_default() += 1;
        }
    }

    fn tell(&self) -> Result<(), Failure> {
        let mut missing: Vec<_> = self.missing.iter().collect();
        missing.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        println!("what the files that cannot run miss:");
        missing.iter().for_each(|(words, files)| println!("  {files:4}  {words}"));
        println!(
            "corpus: HAProxy accepts {}; {} ran, {} cannot run yet ({}%); {} requests reached {} of {} rules; {} differences in {} files",
            self.accepted,
            self.ran,
            self.cannot,
            self.cannot * 100 / self.accepted.max(1),
            self.requests,
            self.reached,
            self.rules,
            self.differences,
            self.differing
        );
        if self.differences == 0 { Ok(()) } else { Err("HAProxy and proxyd differ".into()) }
    }
}
