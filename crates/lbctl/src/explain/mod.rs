//! `lbctl explain`: a request goes through the evaluator that the daemon runs, and every step is shown.
//!
//! Nothing is decided here: [`evaluate`] calls `rules` as `forward` does, [`facts`] answers its questions.

mod branches;
mod curl;
pub(crate) mod facts;
pub(crate) mod json;
mod mermaid;
mod reach;
mod reached;
pub(crate) mod request;
mod why_not;

use std::collections::HashMap;
use std::fs;
use std::io::Read;

use config::Target;
use diag::render;
use rules::Program;

use crate::arguments::{Explain, ExplainFormat};
use crate::diff::live;
use crate::exit::{CouldNot, Exit};
use crate::files;
use crate::out::{say, say_line};
use explanation::{Asked, Ending, World, evaluate, text};
use reach::Reached;

/// Explains one request, or a list of them with one state.
pub(crate) fn run(explain: &Explain) -> Result<Exit, CouldNot> {
    let target = Target::HaProxy(3, 5);
    let loaded = match &explain.live {
        Some(socket) => live::running(socket, target)?,
        None => understood(&explain.files)?,
    };
    let maps = maps(&explain.map)?;
    let folder = loaded.config.folder();
    let contents = |name: &str| {
        let stand_in = maps.get(files::as_written(name, &folder));
        files::contents(stand_in.map_or(name, String::as_str))
    };
    let (sources, program) = compile(loaded, &contents)?;
    if let Some(wanted) = &explain.reach {
        return reaching(explain, &program, &sources, wanted);
    }
    let at = explain.at.as_deref().map(moment).transpose()?;
    let states = match &explain.live {
        Some(socket) => live::states(socket)?,
        None => Vec::new(),
    };
    let mut fresh = || -> Result<World, CouldNot> {
        let world = World::new(&program, at, explain.seed);
        for state in &states {
            facts::apply_live(state, &program, &world);
        }
        for fact in &explain.fact {
            facts::apply(fact, &program, &world)?;
        }
        Ok(world)
    };
    let mut world = fresh()?;
    let mut exit = Exit::Clean;
    for asked in asked(explain, &program)? {
        let explained = evaluate(&program, &mut world, &asked);
        if !explained.is_routed() {
            exit = Exit::Found;
        }
        let branches = match &explained.ending {
            Ending::Unknown(fact) => branches::follow(&program, &mut fresh, &asked, *fact)?,
            _ => Vec::new(),
        };
        let why_not = match &explain.why_not {
            Some(backend) => Some((backend, why_not::find(&program, &explained, backend)?)),
            None => None,
        };
        match explain.output_format {
            ExplainFormat::Text => {
                say(text::render(&program, &sources, &explained));
                if let Some((backend, obstacles)) = &why_not {
                    say(why_not::as_text(&sources, backend, obstacles));
                }
                for branch in &branches {
                    let then = text::verdict(&program, &sources, &branch.explained);
                    say(format!("  when {}: {then}\n", branch.when.join(" and ")));
                }
            }
            ExplainFormat::Json => {
                let mut out = json::render(&program, &sources, &explained);
                if let Some((backend, obstacles)) = &why_not {
                    out["why_not"] = why_not::as_json(&sources, backend, obstacles);
                }
                if !branches.is_empty() {
                    let list = branches.iter().map(|branch| {
                        let mut one = json::render(&program, &sources, &branch.explained);
                        one["when"] = branch.when.clone().into();
                        one
                    });
                    out["branches"] = list.collect();
                }
                say_line(&out.to_string());
            }
            ExplainFormat::Mermaid => say(mermaid::render(&program, &sources, &explained)),
        }
    }
    Ok(exit)
}

/// `--reach`: the request that was found is explained like any other.
fn reaching(
    explain: &Explain,
    program: &Program,
    sources: &diag::Sources,
    wanted: &str,
) -> Result<Exit, CouldNot> {
    let reached = reach::find(program, sources, wanted)?;
    let found = match &reached {
        Reached::By { explained, .. } => Some(explained),
        Reached::Never(_) | Reached::Unknown(_) => None,
    };
    match explain.output_format {
        ExplainFormat::Json => {
            let mut out = found.map_or_else(
                || serde_json::json!({"version": 1}),
                |found| json::render(program, sources, found),
            );
            out["reach"] = reached::as_json(sources, wanted, &reached);
            say_line(&out.to_string());
        }
        ExplainFormat::Text | ExplainFormat::Mermaid => {
            say(reached::as_text(sources, wanted, &reached));
            if let Some(found) = found {
                say(text::render(program, sources, found));
            }
        }
    }
    Ok(reached.exit())
}

/// The configuration as the daemon reads it, or as a version of HAProxy does that takes it: what one of them
/// understands can be explained.
pub(crate) fn understood(paths: &[std::path::PathBuf]) -> Result<config::Loaded, CouldNot> {
    let newest = files::load(paths, Target::HaProxy(3, 5))?;
    for target in [Target::Proxyd, Target::HaProxy(2, 6)] {
        if !newest.diagnostics.iter().any(files::is_fatal) {
            break;
        }
        let loaded = files::load(paths, target)?;
        if !loaded.diagnostics.iter().any(files::is_fatal) {
            return Ok(loaded);
        }
    }
    Ok(newest)
}

/// The program of a configuration, or its errors in words. The daemon's own understanding comes first: what it routes
/// is what is explained. What only a HAProxy takes is explained as that one does it.
pub(crate) fn compile(
    loaded: config::Loaded,
    contents: &dyn Fn(&str) -> Result<Vec<u8>, String>,
) -> Result<(diag::Sources, std::sync::Arc<Program>), CouldNot> {
    let mut errors = Vec::new();
    for target in [Target::Proxyd, Target::HaProxy(2, 6), Target::HaProxy(3, 5)] {
        let environment = files::environment(target);
        let config = loaded.config.clone();
        let (program, found) = rules::compile_for(config, contents, &environment, target);
        let mut fatal = loaded.diagnostics.clone();
        fatal.extend(found);
        fatal.retain(files::is_fatal);
        match program.filter(|_| fatal.is_empty()) {
            Some(program) => return Ok((loaded.sources, program)),
            None => errors = fatal,
        }
    }
    render::order(&mut errors);
    let list = render::concise(&loaded.sources, &errors);
    Err(format!("the configuration has errors, so nothing routes:\n{}", list.trim_end()))
}

/// `FILE=PATH`: what the configuration calls FILE is read from PATH.
fn maps(given: &[String]) -> Result<HashMap<String, String>, CouldNot> {
    given
        .iter()
        .map(|one| {
            let (name, path) =
                one.split_once('=').ok_or_else(|| format!("`{one}` is no FILE=PATH"))?;
            Ok((name.to_owned(), path.to_owned()))
        })
        .collect()
}

/// Seconds since the epoch, out of a number or of RFC 3339.
pub(crate) fn moment(word: &str) -> Result<i64, CouldNot> {
    if let Ok(seconds) = word.parse() {
        return Ok(seconds);
    }
    let time: Result<jiff::Timestamp, _> = word.parse();
    time.map(jiff::Timestamp::as_second).map_err(|_| {
        format!("`{word}` is no moment: 2026-01-31T12:00:00Z, or seconds since the epoch")
    })
}

/// The requests of the command line, or those of `--requests`.
fn asked(explain: &Explain, program: &Program) -> Result<Vec<Asked>, CouldNot> {
    let Some(list) = &explain.requests else {
        return Ok(vec![request::from_arguments(explain, program)?]);
    };
    let text = if list.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(list)
    };
    let text = text.map_err(|e| format!("{}: {e}", list.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            request::from_json(explain, program, line)
                .map_err(|why| format!("{}:{}: {why}", list.display(), number + 1))
        })
        .collect()
}
