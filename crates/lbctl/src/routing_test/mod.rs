//! `lbctl test`: named requests with what should become of them, beside the configuration that routes them.
//!
//! A file `*.lbtest.toml` names its configuration and its cases. Each case goes through the evaluator as
//! `lbctl explain` would take it, with a daemon of its own that just started.

mod case;
mod coverage;
mod from_log;
mod junit;

use std::path::{Path, PathBuf};

use clap::Parser;
use diag::Sources;
use explanation::{World, evaluate};
use regex::Regex;
use rules::Program;

use crate::arguments::{Arguments, Command, Explain, Test};
use crate::exit::{CouldNot, Exit};
use crate::explain::{self, facts, request};
use crate::files;
use crate::out::say;
use case::{Case, Suite};
use coverage::Coverage;

/// How a case ended.
pub(crate) struct Done {
    pub(crate) file: String,
    pub(crate) name: String,
    /// What is not as expected; empty when the case passed.
    pub(crate) wrong: Vec<String>,
}

/// Runs the cases and tells how they ended.
pub(crate) fn run(test: &Test) -> Result<Exit, CouldNot> {
    if let Some(log) = &test.from_log {
        return from_log::write(log);
    }
    let wanted = test
        .run
        .as_deref()
        .map(|text| Regex::new(text).map_err(|e| format!("--run: {e}")))
        .transpose()?;
    let mut done = Vec::new();
    let mut coverage = Coverage::default();
    for file in suites(&test.files)? {
        suite(&file, wanted.as_ref(), &mut done, &mut coverage)?;
    }
    if done.is_empty() {
        return Err("no case was found: name a `*.lbtest.toml`, or look at --run".into());
    }
    let failed = done.iter().filter(|one| !one.wrong.is_empty()).count();
    for one in &done {
        if one.wrong.is_empty() {
            say(format!("ok    {}: {}\n", one.file, one.name));
        } else {
            say(format!("FAIL  {}: {}\n", one.file, one.name));
            one.wrong.iter().for_each(|why| say(format!("        {why}\n")));
        }
    }
    say(format!("{} passed, {failed} failed\n", done.len() - failed));
    if test.coverage {
        say(coverage.text());
    }
    if let Some(file) = &test.junit {
        std::fs::write(file, junit::render(&done))
            .map_err(|e| format!("{}: {e}", file.display()))?;
    }
    let share = coverage.share();
    let thin = test.fail_under.is_some_and(|least| share < least);
    if let (true, Some(least)) = (thin, test.fail_under) {
        say(format!("{share:.1} % of the rules were reached, and {least} % are asked for\n"));
    }
    Ok(if failed > 0 || thin { Exit::Found } else { Exit::Clean })
}

/// The files named, and those of the folders named; this folder's without a name.
fn suites(given: &[PathBuf]) -> Result<Vec<PathBuf>, CouldNot> {
    let here = [PathBuf::from(".")];
    let given = if given.is_empty() { &here[..] } else { given };
    let mut all = Vec::new();
    for path in given {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        found.retain(|file| file.to_string_lossy().ends_with(".lbtest.toml"));
        found.sort();
        all.extend(found);
    }
    Ok(all)
}

fn suite(
    file: &Path,
    wanted: Option<&Regex>,
    done: &mut Vec<Done>,
    coverage: &mut Coverage,
) -> Result<(), CouldNot> {
    let shown = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|e| format!("{shown}: {e}"))?;
    let suite: Suite = toml::from_str(&text).map_err(|e| format!("{shown}: {e}"))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let configuration: Vec<PathBuf> = suite.files.iter().map(|name| folder.join(name)).collect();
    let loaded = explain::understood(&configuration)?;
    let maps = suite.maps.clone();
    let beginning = loaded.config.folder();
    let contents = |name: &str| match maps.get(files::as_written(name, &beginning)) {
        Some(path) => files::contents(&folder.join(path).display().to_string()),
        None => files::contents(name),
    };
    let (sources, program) = explain::compile(loaded, &contents)?;
    coverage.expect(&program, &sources);
    for case in &suite.cases {
        if wanted.is_some_and(|wanted| !wanted.is_match(&case.name)) {
            continue;
        }
        let wrong = one(&program, &sources, case, folder, coverage)
            .map_err(|why| format!("{shown}: {}: {why}", case.name))?;
        done.push(Done { file: shown.clone(), name: case.name.clone(), wrong });
    }
    Ok(())
}

fn one(
    program: &Program,
    sources: &Sources,
    case: &Case,
    folder: &Path,
    coverage: &mut Coverage,
) -> Result<Vec<String>, CouldNot> {
    let explain = as_explain(case, folder)?;
    let at = explain.at.as_deref().map(explain::moment).transpose()?;
    let mut world = World::new(program, at, explain.seed);
    for fact in &explain.fact {
        facts::apply(fact, program, &world)?;
    }
    let asked = request::from_arguments(&explain, program)?;
    let explained = evaluate(program, &mut world, &asked);
    coverage.saw(&explained.events, sources);
    Ok(case.expect.compare(program, sources, &explained))
}

/// The case as the command line of `lbctl explain`: what it takes, a case takes.
fn as_explain(case: &Case, folder: &Path) -> Result<Box<Explain>, CouldNot> {
    let mut line: Vec<String> = ["lbctl", "explain", "-f", "-"].map(str::to_owned).into();
    let mut option = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            line.extend([name.to_owned(), value]);
        }
    };
    for header in &case.headers {
        option("-H", Some(header.clone()));
    }
    for fact in &case.facts {
        option("--fact", Some(fact.clone()));
    }
    option("--src", case.src.clone());
    option("--dst", case.dst.clone());
    option("--listener", case.listener.clone());
    option("--sni", case.sni.clone());
    option("--cookie", case.cookie.clone());
    option("--at", case.at.clone());
    option("--curl", case.curl.clone());
    option("--seed", case.seed.map(|seed| seed.to_string()));
    option("--status", case.server_status.map(|status| status.to_string()));
    option("--body", case.body.as_ref().map(|body| folder.join(body).display().to_string()));
    if case.ws {
        line.push("--ws".into());
    }
    line.extend(case.request.split_whitespace().map(str::to_owned));
    match Arguments::try_parse_from(line).map_err(|e| e.to_string())?.command {
        Command::Explain(explain) => Ok(explain),
        _ => Err("a case is no request".into()),
    }
}
