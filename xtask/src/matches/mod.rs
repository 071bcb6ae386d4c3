//! `cargo xtask matches`: match methods and maps over long lists, HAProxy and `proxyd` side by side.
//!
//! Each method has a list and a map of its own; a request carries one key, the answer says whether the ACL
//! matched and what the map gave. The same keys go to both, and every answer must be equal.

mod ask;
mod kind;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use clap::Args;

use crate::shell::{Failure, Running};
use crate::{needs, shell};
use kind::{Draws, KINDS, Kind};

/// Options of `matches`.
#[derive(Debug, Args)]
pub(crate) struct Matches {
    /// Lines of each list and map.
    #[arg(long, default_value_t = 100_000)]
    patterns: usize,
    /// Regular expressions: HAProxy tries one after the other, so that more take hours.
    #[arg(long, default_value_t = 2_000)]
    regexes: usize,
    /// Keys that are asked for with each method.
    #[arg(long, default_value_t = 10_000)]
    lookups: usize,
    /// Lines of the large map that only `proxyd` loads; 0: none.
    #[arg(long, default_value_t = 1_000_000)]
    large: usize,
    /// Only this method.
    #[arg(long)]
    only: Option<String>,
    /// Where the draws begin.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The build profile of `proxyd`.
    #[arg(long, default_value = "fastdev")]
    profile: String,
}

/// Compares every method and fails when an answer differs.
pub(crate) fn run(options: &Matches) -> Result<(), Failure> {
    let haproxy = needs::need("haproxy")?;
    let proxyd = shell::build(&["proxyd"], &options.profile)?.join("proxyd");
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let mut different = 0;
    println!("seed {}", options.seed);
    for kind in KINDS.iter().filter(|kind| options.only.as_ref().is_none_or(|o| o == kind.name)) {
        let lines = if kind.name == "reg" { options.regexes } else { options.patterns };
        let mut draws = Draws::new(options.seed);
        let list = kind.list(lines, &mut draws);
        let keys = kind.keys(&list, options.lookups, &mut draws);
        let config = prepare(folder.path(), kind, &list)?;
        let theirs = answers(&haproxy, &config, &keys)?;
        let ours = answers(&proxyd, &config, &keys)?;
        different += tell(kind, lines, &keys, &theirs, &ours);
    }
    if options.large > 0 {
        large(&proxyd, folder.path(), options.large)?;
    }
    if different == 0 { Ok(()) } else { Err(format!("{different} lookups differ")) }
}

/// Writes the list, the map and the configuration of a method.
fn prepare(folder: &Path, kind: &Kind, list: &[String]) -> Result<String, Failure> {
    let write = |name: &str, text: String| -> Result<PathBuf, Failure> {
        let file = folder.join(name);
        std::fs::write(&file, text).map_err(|e| e.to_string())?;
        Ok(file)
    };
    let patterns = write("list", list.join("\n") + "\n")?;
    let key = "req.fhdr(x-k)";
    let looked_up = match kind.map {
        Some(map) => {
            let map_lines = list.iter().enumerate().map(|(at, key)| format!("{key} v{at}\n"));
            let file = write("map", map_lines.collect())?;
            format!("%[{key},{map}({},-)]", file.display())
        }
        None => String::from("-"),
    };
    let answer = "http-request return status 200 content-type text/plain lf-string";
    Ok(format!(
        "defaults\n mode http\n timeout client 10m\n timeout server 10m\n timeout connect 1s\n\
         frontend f\n bind 127.0.0.1:PORT\n acl m {key} -m {} -f {}\n \
         {answer} \"yes {looked_up}\" if m\n {answer} \"no {looked_up}\"\n",
        kind.name,
        patterns.display(),
    ))
}

/// What one daemon answers to every key.
fn answers(daemon: &Path, config: &str, keys: &[String]) -> Result<Told, Failure> {
    let begin = Instant::now();
    let (_running, address) = start(daemon, config)?;
    let loaded = begin.elapsed();
    let begin = Instant::now();
    let answers = ask::all(address, keys)?;
    Ok(Told { answers, loaded, asked: begin.elapsed() })
}

struct Told {
    answers: Vec<String>,
    loaded: Duration,
    asked: Duration,
}

/// Starts a daemon on a free port, and waits until it listens.
fn start(daemon: &Path, config: &str) -> Result<(Running, SocketAddr), Failure> {
    let port = shell::free_port();
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let file = folder.path().join("cfg");
    std::fs::write(&file, config.replace("PORT", &port.to_string())).map_err(|e| e.to_string())?;
    let running = Running::quiet(Command::new(daemon).args(["-db", "-f"]).arg(&file))?;
    if shell::wait_until(Duration::from_secs(300), || shell::listens(port)) {
        Ok((running, SocketAddr::from(([127, 0, 0, 1], port))))
    } else {
        Err(format!("{} does not listen", daemon.display()))
    }
}

/// Prints the figures of a method and the first differences; gives how many there are.
fn tell(kind: &Kind, lines: usize, keys: &[String], theirs: &Told, ours: &Told) -> usize {
    let pairs = || keys.iter().zip(theirs.answers.iter().zip(&ours.answers));
    let different: Vec<_> = pairs().filter(|(_, (theirs, ours))| theirs != ours).collect();
    let hits = theirs.answers.iter().filter(|answer| answer.starts_with("yes")).count();
    println!(
        "{:<4} {lines} patterns, {} lookups, {hits} match: {} differ; \
         HAProxy loads in {:.1?} and answers in {:.1?}, proxyd in {:.1?} and {:.1?}",
        kind.name,
        keys.len(),
        different.len(),
        theirs.loaded,
        theirs.asked,
        ours.loaded,
        ours.asked,
    );
    for (key, (theirs, ours)) in different.iter().take(5) {
        println!("     {key:?}: HAProxy {theirs:?}, proxyd {ours:?}");
    }
    different.len()
}

/// A map with very many lines loads and serves.
fn large(proxyd: &Path, folder: &Path, lines: usize) -> Result<(), Failure> {
    let file = folder.join("large");
    let key = |at: usize| format!("host{}.example.org", at.wrapping_mul(2_654_435_761) % 1_000_003);
    let text: String = (0..lines).map(|at| format!("{} v{}\n", key(at), key(at))).collect();
    std::fs::write(&file, text).map_err(|e| e.to_string())?;
    let config = format!(
        "defaults\n mode http\n timeout client 10m\n timeout server 10m\n timeout connect 1s\n\
         frontend f\n bind 127.0.0.1:PORT\n http-request return status 200 content-type text/plain \
         lf-string \"%[req.fhdr(x-k),map_str({},-)]\"\n",
        file.display()
    );
    let keys: Vec<String> = (0..1000).map(|at| key(at * (lines / 1000).max(1))).collect();
    let told = answers(proxyd, &config, &keys)?;
    let wrong = keys.iter().zip(&told.answers).filter(|(key, got)| **got != format!("v{key}"));
    let wrong = wrong.count();
    println!(
        "map of {lines} lines: proxyd loads it in {:.1?}, {} lookups in {:.1?}, {wrong} wrong",
        told.loaded,
        keys.len(),
        told.asked
    );
    if wrong == 0 { Ok(()) } else { Err(format!("{wrong} lookups in the large map are wrong")) }
}
