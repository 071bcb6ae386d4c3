//! `cargo xtask compat --random N`: configurations and requests by chance, the same comparison as the cases.
//!
//! A run prints its seed; configuration `i` of seed `s` is always the same. Lines that HAProxy refuses must be refused
//! by `lbctl check --target 2.6` too, and are left out of what runs. A configuration that differs is written as a case file, ready to
//! be kept among the cases.

mod condition;
pub(crate) mod draw;
mod expression;
mod language;
mod request;
mod rule;
mod section;
mod tcp;
mod verdict;

use std::path::Path;

use draw::Draw;

use super::case::{self, Case};
use super::{Compat, Totals, once, side, stub};
use crate::shell::{self, Failure};

/// Requests to each configuration.
const REQUESTS: usize = 20;

/// How many configurations of a hundred are in `mode tcp`. `lbctl explain` is about requests and left out of them.
const TCP_PERCENT: usize = 8;

/// Runs `count` configurations and fails if anything differs.
pub(crate) fn run(count: u64, compat: &Compat, haproxy: &Path) -> Result<(), Failure> {
    let seed = compat.seed.unwrap_or_else(draw::seed);
    println!("random: {count} configurations of seed {seed}");
    let bins = shell::build(&["proxyd", "lbctl"], compat.profile.as_deref().unwrap_or("dev"))?;
    let stubs = stub::Stubs::start(8)?;
    let mut totals = Totals::default();
    let mut refused = 0;
    let first = compat.from;
    for number in first..first + count {
        let mut case = case(seed, number)?;
        let verdict = verdict::settle(haproxy, &bins.join("lbctl"), &mut case, &stubs)?;
        refused += verdict.refused;
        if !verdict.differing.is_empty() {
            totals.count(&case, &verdict.differing);
        }
        if !verdict.runs {
            continue;
        }
        totals.cases += 1;
        totals.requests += case.requests.len();
        let mut found = once(haproxy, &bins, &case, &stubs, !compat.no_explain);
        for _ in 0..2 {
            if !found.is_empty() {
                found = once(haproxy, &bins, &case, &stubs, !compat.no_explain);
            }
        }
        if !found.is_empty() && !survives(haproxy, &case, &stubs)? {
            println!("{} is not compared: HAProxy ends in the middle of it", case.name);
        } else if !found.is_empty() {
            keep(&case);
            totals.count(&case, &found);
        } else if (number + 1) % 50 == 0 {
            println!("{} configurations, {} differ", number + 1 - first, totals.differing);
        }
    }
    println!(
        "random: seed {seed}: {} configurations ({refused} lines refused by both), {} requests: {} differences in {} configurations",
        totals.cases, totals.requests, totals.differences, totals.differing
    );
    if totals.differences == 0 { Ok(()) } else { Err("HAProxy and proxyd differ".into()) }
}

/// Whether the daemon still runs when all requests were made.
fn survives(daemon: &Path, case: &Case, stubs: &stub::Stubs) -> Result<bool, Failure> {
    let place = side::Place::new(stubs)?;
    Ok(!side::run(daemon, case, &place, stubs)?.ended)
}

/// Configuration `number` of a seed, with its requests.
fn case(seed: u64, number: u64) -> Result<Case, Failure> {
    let mut draw = Draw::new(seed, number);
    let is_tcp = draw.chance(TCP_PERCENT);
    let config =
        if is_tcp { tcp::configuration(&mut draw) } else { section::configuration(&mut draw) };
    let mut line =
        || if is_tcp { tcp::request(&mut draw) } else { request::line(&mut draw, &config) };
    let lines: Vec<String> = (0..REQUESTS).map(|_| line()).collect();
    let requests = lines.iter().map(|line| case::request(line)).collect::<Result<Vec<_>, _>>()?;
    Ok(Case {
        name: format!("random-{seed}-{number}"),
        config,
        files: language::files(),
        requests,
        open: None,
        explain: !is_tcp,
    })
}

/// Writes the configuration down as a case, for a person to look at.
fn keep(case: &Case) {
    let folder = shell::root().join("target/compat-random");
    let requests: Vec<&str> = case.requests.iter().map(|request| request.line.as_str()).collect();
    let explained =
        if case.explain { "" } else { "<!-- no explain: a connection is no request -->\n\n" };
    let mut text = format!(
        "# {}\n\n{explained}```haproxy\n{}```\n\n```requests\n{}\n```\n",
        case.name,
        case.config,
        requests.join("\n")
    );
    for (name, body) in case.files.iter().filter(|(name, _)| case.config.contains(name.as_str())) {
        text.push_str(&format!("\n```file {name}\n{body}```\n"));
    }
    let file = folder.join(format!("{}.md", case.name));
    let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, text));
    if let Err(why) = written {
        println!("{}: {why}", file.display());
    }
}
