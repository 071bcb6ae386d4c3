//! `lbctl check`: every finding of every stage, and the cure of those that have one.

mod baseline;
mod host;
mod ignore;
mod repair;

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;

use config::{Loaded, Target};
use diag::render;
use diag::{Diagnostic, Severity, Sources};

use crate::arguments::{Check, Env, FailOn, FindingFormat};
use crate::exit::{CouldNot, Exit};
use crate::files::{self, Named};
use crate::out::{say, say_line};
use crate::witness;
use repair::{Repaired, repair};
pub(crate) use repair::{mended, unified, write_whole};

/// Checks, repairs if asked, and shows.
pub(crate) fn run(check: &Check) -> Result<Exit, CouldNot> {
    let target = target(&check.target)?;
    let paths: Vec<PathBuf> = check.files.iter().chain(&check.more).cloned().collect();
    if paths.is_empty() {
        return Err("nothing to check: name a file, as in `lbctl check haproxy.cfg`".into());
    }
    let read = files::read_all(&paths)?;
    let fix = check.fix || check.unsafe_fixes || check.diff;
    let mut checked = findings(read, target, check.env, !fix);
    if fix {
        match repair(check, &checked, target)? {
            Repaired::Shown(exit) => return Ok(exit),
            Repaired::Written(again) => checked = again,
            Repaired::Nothing => {}
        }
    }
    checked.1.retain(|finding| wanted(check, finding));
    if let Some(file) = &check.baseline {
        baseline::apply(file, &checked.0, &mut checked.1)?;
    }
    show(check, &checked.0, &checked.1);
    let least = fails(check);
    let failed = checked.1.iter().any(|finding| finding.severity >= least);
    Ok(if failed { Exit::Found } else { Exit::Clean })
}

/// The least severity that makes the exit code 1.
fn fails(check: &Check) -> Severity {
    match check.fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Warning => Severity::Warning,
        FailOn::Note => Severity::Note,
    }
}

/// `proxyd`, or a version from 2.4 to 3.5.
pub(crate) fn target(word: &str) -> Result<Target, CouldNot> {
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

pub(crate) type Checked = (Sources, Vec<Diagnostic>);

/// Every finding of every stage, in order of place.
///
/// `last`: the process ends soon, and need not take apart what it read.
pub(crate) fn findings(read: Vec<Named>, target: Target, env: Env, last: bool) -> Checked {
    let environment = files::environment(target);
    let Loaded { sources, config, mut diagnostics } = config::load(read, &environment, target);
    // Without --env host no other file is opened: what they hold is taken as empty.
    if env == Env::Host {
        diagnostics.extend(host::findings(&sources, &environment, &config));
    }
    let contents: &dyn Fn(&str) -> Result<Vec<u8>, String> = match env {
        Env::None => &|_| Ok(Vec::new()),
        Env::Host => &files::contents,
    };
    let (program, mut more) = rules::compile_for(config, contents, &environment, target);
    if let Some(program) = &program
        && more.iter().any(|finding| finding.code == diag::codes::W0604)
    {
        witness::shadowed(program.config(), program, &mut more);
    }
    if last {
        // Taking a large program apart costs as much as reading it.
        std::mem::forget(program);
    }
    diagnostics.extend(more);
    ignore::apply(&sources, &environment, &mut diagnostics);
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
        let lines = counts.into_iter().map(|(code, count)| {
            let summary = diag::entry(code).map_or("", |entry| entry.summary);
            format!("{count:6}  {code}  {summary}\n")
        });
        say(lines.collect::<String>());
        return;
    }
    let text = match check.output_format {
        FindingFormat::Full => render::full(sources, findings, style()),
        FindingFormat::Concise => render::concise(sources, findings),
        FindingFormat::Json => render::json(sources, findings),
        FindingFormat::Sarif => render::sarif(sources, findings, env!("CARGO_PKG_VERSION")),
        FindingFormat::Github => render::github(sources, findings),
        FindingFormat::Gitlab => render::gitlab(sources, findings),
        FindingFormat::Junit => render::junit(sources, findings, fails(check)),
    };
    if !text.is_empty() {
        say_line(&text);
    }
}

/// Colour only on a terminal that did not ask for none.
fn style() -> render::Style {
    let terminal = std::io::stdout().is_terminal();
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    render::Style { colour: terminal && !plain, ..render::Style::default() }
}
