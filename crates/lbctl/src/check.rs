//! `lbctl check`: every finding of every stage, and the cure of those that have one.

use std::collections::BTreeMap;
use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use config::{Loaded, Target};
use diag::render::{self, Counts};
use diag::{Diagnostic, Safety, Severity, Sources};

use crate::arguments::{Check, FailOn, FindingFormat};
use crate::exit::{CouldNot, Exit};
use crate::files::{self, Named};

/// Checks, repairs if asked, and shows.
pub(crate) fn run(check: &Check) -> Result<Exit, CouldNot> {
    let target = target(&check.target)?;
    let paths: Vec<PathBuf> = check.files.iter().chain(&check.more).cloned().collect();
    if paths.is_empty() {
        return Err("nothing to check: name a file, as in `lbctl check haproxy.cfg`".into());
    }
    let read = files::read_all(&paths)?;
    let mut checked = findings(read.clone(), target);
    if check.fix {
        match repair(check, &checked, read, target)? {
            Repaired::Shown(exit) => return Ok(exit),
            Repaired::Written(again) => checked = again,
            Repaired::Nothing => {}
        }
    }
    checked.1.retain(|finding| wanted(check, finding));
    show(check, &checked.0, &checked.1);
    let least = match check.fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Warning => Severity::Warning,
        FailOn::Note => Severity::Note,
    };
    let failed = checked.1.iter().any(|finding| finding.severity >= least);
    Ok(if failed { Exit::Found } else { Exit::Clean })
}

/// `proxyd`, or a version from 2.4 to 3.5.
fn target(word: &str) -> Result<Target, CouldNot> {
    if word == "proxyd" {
        return Ok(Target::Proxyd);
    }
    let parts = word.split_once('.').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    match parts {
        Some((major, minor)) if (2, 4) <= (major, minor) && (major, minor) <= (3, 5) => {
            Ok(Target::HaProxy(major, minor))
        }
        _ => Err(format!("`{word}` is no target: use 2.4 to 3.5, or proxyd")),
    }
}

type Checked = (Sources, Vec<Diagnostic>);

/// Every finding of every stage, in order of place.
fn findings(read: Vec<Named>, target: Target) -> Checked {
    let environment = files::environment(files::version_of(target));
    let Loaded { sources, config, mut diagnostics } = config::load(read, &environment, target);
    // Without --env host no other file is opened: what they hold is taken as empty.
    let (_, more) = rules::compile_in(config, &|_| Ok(Vec::new()), &environment);
    diagnostics.extend(more);
    render::order(&mut diagnostics);
    (sources, diagnostics)
}

fn wanted(check: &Check, finding: &Diagnostic) -> bool {
    let code = finding.code.as_str();
    let named = |list: &[String]| list.iter().any(|part| code.starts_with(part.trim()));
    (check.select.is_empty() || named(&check.select)) && !named(&check.ignore)
}

fn show(check: &Check, sources: &Sources, findings: &[Diagnostic]) {
    if check.quiet {
        return;
    }
    if check.statistics {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for finding in findings {
            *counts.entry(finding.code.as_str()).or_default() += 1;
        }
        for (code, count) in counts {
            println!("{count:6}  {code}  {}", diag::entry(code).map_or("", |entry| entry.summary));
        }
        return;
    }
    let text = match check.output_format {
        FindingFormat::Full => render::full(sources, findings, style()),
        FindingFormat::Concise => render::concise(sources, findings),
        FindingFormat::Json => render::json(sources, findings),
    };
    print!("{text}");
    if !text.is_empty() && !text.ends_with('\n') {
        println!();
    }
}

/// Colour only on a terminal that did not ask for none.
fn style() -> render::Style {
    let terminal = std::io::stdout().is_terminal();
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    render::Style { colour: terminal && !plain, ..render::Style::default() }
}

enum Repaired {
    /// A diff was shown; the files are as they were.
    Shown(Exit),
    /// The files were written; what is found in them now.
    Written(Checked),
    /// No finding has a cure of the kind that was asked for.
    Nothing,
}

/// Applies cures until none is left, checks the result, and writes it or shows it.
fn repair(
    check: &Check,
    checked: &Checked,
    read: Vec<Named>,
    target: Target,
) -> Result<Repaired, CouldNot> {
    let most = if check.unsafe_fixes { Safety::Unsafe } else { Safety::Safe };
    let (mut now, mut found, mut applied) = (read.clone(), checked.clone(), 0);
    // A cure may uncover another one: a file of n lines cannot need more rounds than this.
    for _ in 0..16 {
        let chosen: Vec<Diagnostic> =
            found.1.iter().filter(|finding| wanted(check, finding)).cloned().collect();
        let fixed = diag::fix::apply(&found.0, &chosen, most);
        if fixed.applied == 0 {
            break;
        }
        for (id, bytes) in fixed.files {
            if let Some(file) = now.get_mut(id.0 as usize) {
                file.1 = bytes;
            }
        }
        applied += fixed.applied;
        found = findings(now.clone(), target);
    }
    if applied == 0 {
        return Ok(Repaired::Nothing);
    }
    let before = Counts::of(&checked.1).errors;
    if Counts::of(&found.1).errors > before {
        return Err("the repaired text has more errors than the original: nothing was written; please report this".into());
    }
    let changed: Vec<(&Named, &Named)> =
        read.iter().zip(&now).filter(|(a, b)| a.1 != b.1).collect();
    if check.diff {
        for (old, new) in &changed {
            print!("{}", unified(&old.0, &old.1, &new.1));
        }
        return Ok(Repaired::Shown(if changed.is_empty() { Exit::Clean } else { Exit::Found }));
    }
    for (_, (name, bytes)) in &changed {
        write_whole(Path::new(name), bytes)?;
    }
    if !check.quiet {
        eprintln!("lbctl: {applied} cures applied in {} files", changed.len());
    }
    Ok(Repaired::Written(found))
}

fn unified(name: &str, old: &[u8], new: &[u8]) -> String {
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    similar::TextDiff::from_lines(old.as_ref(), new.as_ref())
        .unified_diff()
        .context_radius(3)
        .header(name, name)
        .to_string()
}

/// Writes a file so that a reader sees the old or the new one, never half of it; the mode is kept.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), CouldNot> {
    if path == Path::new("-") {
        return std::io::stdout().write_all(bytes).map_err(|e| e.to_string());
    }
    // A link is followed: its target is replaced, not the link.
    let path = fs::canonicalize(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".lbctl-{}", std::process::id()));
    let beside = path.with_file_name(name);
    let write = || -> std::io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&beside)?;
        file.write_all(bytes)?;
        file.set_permissions(fs::metadata(&path)?.permissions())?;
        file.sync_all()?;
        fs::rename(&beside, &path)
    };
    write().map_err(|e| {
        // The half-written neighbour is of no use; that it may not exist is fine.
        let _ = fs::remove_file(&beside);
        format!("{}: {e}", path.display())
    })
}
