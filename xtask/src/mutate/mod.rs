//! `cargo xtask mutate`: one small change to a real configuration at a time, and whether `lbctl check` still says what
//! HAProxy says.
//!
//! The lines to change are drawn by their keyword, so that rare keywords are looked at as often as common ones. A run
//! prints its seed; change `i` of a seed is always the same. Both programs may open files (`--env host`): run it where
//! that disturbs nobody, in a network namespace for one.

mod base;
mod change;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;

use crate::compat::random::draw::{self, Draw};
use crate::shell::{self, Failure};
use base::Bases;

/// Options of `mutate`.
#[derive(Debug, Args)]
pub(crate) struct Mutate {
    /// Folders with `configs/*.cfg`, `.cfg` or `.vtc` files.
    #[arg(required = true)]
    folders: Vec<PathBuf>,
    /// The HAProxy to compare with.
    #[arg(long, default_value = "haproxy")]
    haproxy: PathBuf,
    /// The version it is.
    #[arg(long, default_value = "3.5")]
    target: String,
    /// How many changes to make.
    #[arg(long, default_value_t = 1000)]
    count: u64,
    /// The first change.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Where the draws begin; the clock without it.
    #[arg(long)]
    seed: Option<u64>,
    /// Only changes to lines whose first words begin so.
    #[arg(long)]
    line: Option<String>,
    /// Writes every disagreement to this file, with both sides' words.
    #[arg(long)]
    out: Option<PathBuf>,
    /// The profile that lbctl is built in.
    #[arg(long, default_value = "fastdev")]
    profile: String,
}

/// One change, and what both said of it.
struct Told {
    number: u64,
    /// The keyword of the line and the kind of change.
    class: String,
    before: String,
    after: String,
    /// HAProxy's exit: `None` when a signal ended it.
    theirs: Option<Said>,
    ours: Option<Said>,
}

struct Said {
    accepted: bool,
    /// The first error.
    words: String,
}

/// Changes, asks both and tells where they part.
pub(crate) fn run(mutate: &Mutate) -> Result<(), Failure> {
    let lbctl = shell::build(&["lbctl"], &mutate.profile)?.join("lbctl");
    let scratch = tempfile::tempdir().map_err(|e| format!("a scratch folder: {e}"))?;
    let accepts = |file: &Path, folder: &Path| {
        let theirs = haproxy(&mutate.haproxy, file, folder);
        let ours = check(&lbctl, &mutate.target, file, folder);
        theirs.is_some_and(|said| said.accepted) && ours.is_some_and(|said| said.accepted)
    };
    let bases = Bases::read(&mutate.folders, scratch.path(), mutate.line.as_deref(), &accepts)?;
    let seed = mutate.seed.unwrap_or_else(draw::seed);
    println!(
        "seed {seed}: {} files that both accept, {} keywords",
        bases.files.len(),
        bases.lines.len()
    );
    let next = AtomicU64::new(mutate.from);
    let last = mutate.from + mutate.count;
    let work = |thread: usize| {
        let mut told = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= last {
                return told;
            }
            let file = scratch.path().join(format!("change-{thread}.cfg"));
            told.extend(one(mutate, &lbctl, &bases, &file, Draw::new(seed, number), number));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut told: Vec<Told> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn({
                    let work = &work;
                    move || work(thread)
                })
            })
            .collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    told.sort_by_key(|one| one.number);
    tell(mutate, &told)
}

fn one(
    mutate: &Mutate,
    lbctl: &Path,
    bases: &Bases,
    file: &Path,
    mut draw: Draw,
    number: u64,
) -> Option<Told> {
    let (base, line) = bases.draw(&mut draw);
    let (before, (kind, after)) =
        (base.lines.get(line)?, change::line(bases, base, line, &mut draw)?);
    if *before == after {
        return None;
    }
    let mut lines: Vec<&str> = base.lines.iter().map(String::as_str).collect();
    *lines.get_mut(line)? = &after;
    std::fs::write(file, lines.join("\n") + "\n").ok()?;
    let class = format!("{} / {kind}", base::keyword(before));
    let theirs = haproxy(&mutate.haproxy, file, &base.folder);
    let ours = check(lbctl, &mutate.target, file, &base.folder);
    Some(Told { number, class, before: before.clone(), after, theirs, ours })
}

fn haproxy(program: &Path, file: &Path, folder: &Path) -> Option<Said> {
    // A change may make it wait, for a resolver or on a device.
    let output = Command::new("timeout")
        .arg("10")
        .arg(program)
        .args(["-c", "-f"])
        .arg(file)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let code = output.status.code().filter(|code| *code < 100)?;
    let text = String::from_utf8_lossy(&output.stderr);
    let alert = text.lines().find(|line| line.contains("[ALERT]")).unwrap_or("");
    let words = alert.split_once("config : ").map_or(alert, |(_, words)| words);
    Some(Said { accepted: code == 0, words: words.to_owned() })
}

fn check(lbctl: &Path, target: &str, file: &Path, folder: &Path) -> Option<Said> {
    let output = Command::new("timeout")
        .arg("10")
        .arg(lbctl)
        .args(["check", "--env", "host", "--output-format", "concise", "--target", target])
        .arg(file)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let is_error = |line: &&str| line.split(' ').nth(1).is_some_and(|code| code.starts_with('E'));
    let words = text.lines().find(is_error).unwrap_or("");
    match output.status.code() {
        Some(code @ 0..=1) => Some(Said { accepted: code == 0, words: words.to_owned() }),
        _ => None,
    }
}

fn tell(mutate: &Mutate, told: &[Told]) -> Result<(), Failure> {
    let mut classes: BTreeMap<(&str, &str), Vec<&Told>> = BTreeMap::new();
    let mut agree = 0;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for one in told {
        let what = match (&one.theirs, &one.ours) {
            (None, _) => "HAProxy did not end",
            (_, None) => "lbctl did not end",
            (Some(theirs), Some(ours)) if theirs.accepted == ours.accepted => {
                agree += 1;
                continue;
            }
            (Some(theirs), _) if theirs.accepted => "false reject",
            _ => "false accept",
        };
        *counts.entry(what).or_default() += 1;
        classes.entry((what, &one.class)).or_default().push(one);
    }
    let compared = told.iter().filter(|one| one.theirs.is_some()).count();
    let share = 100.0 * f64::from(agree) / compared.max(1) as f64;
    println!("{agree} of {compared} agree ({share:.2}%)");
    for (what, count) in &counts {
        println!("  {count} {what}");
    }
    let Some(out) = &mutate.out else { return Ok(()) };
    let mut classes: Vec<_> = classes.into_iter().collect();
    classes.sort_by_key(|(_, all)| std::cmp::Reverse(all.len()));
    let mut text = String::new();
    for ((what, class), all) in classes {
        text += &format!("{} {what}: {class}\n", all.len());
        for one in all {
            let words =
                |said: &Option<Said>| said.as_ref().map_or(String::new(), |s| s.words.clone());
            text += &format!("  #{} - {}\n", one.number, one.before.trim());
            text += &format!("     + {}\n", one.after.trim());
            text += &format!("     h {}\n     w {}\n", words(&one.theirs), words(&one.ours));
        }
    }
    std::fs::write(out, text).map_err(|e| format!("{}: {e}", out.display()))
}
