//! `lbctl explain`: a request goes through the evaluator that the daemon runs, and every step is shown.
//!
//! Nothing is decided here: [`evaluate`] calls `rules` as `forward` does, [`facts`] answers its questions.

mod evaluate;
mod facts;
mod json;
mod request;
mod text;

use std::fs;
use std::io::Read;

use config::Target;
use diag::render;
use rules::Program;

use crate::arguments::{Explain, ExplainFormat};
use crate::exit::{CouldNot, Exit};
use crate::files;
use crate::out::{say, say_line};
use evaluate::{Explained, World};
use request::Asked;

/// Explains one request, or a list of them with one state.
pub(crate) fn run(explain: &Explain) -> Result<Exit, CouldNot> {
    let loaded = understood(&explain.files)?;
    let mut diagnostics = loaded.diagnostics;
    let (program, more) =
        rules::compile_in(loaded.config, &files::contents, &files::environment("3.5.0"));
    diagnostics.extend(more);
    let broken = diagnostics.iter().any(files::is_fatal);
    let Some(program) = program.filter(|_| !broken) else {
        render::order(&mut diagnostics);
        diagnostics.retain(files::is_fatal);
        let list = render::concise(&loaded.sources, &diagnostics);
        return Err(format!(
            "the configuration has errors, so nothing routes:\n{}",
            list.trim_end()
        ));
    };
    let mut world = World::new(&program, &explain.fact, explain.at, explain.seed)?;
    let mut exit = Exit::Clean;
    for asked in asked(explain, &program)? {
        let explained = evaluate::evaluate(&program, &mut world, &asked);
        if !explained.is_routed() {
            exit = Exit::Found;
        }
        print(explain.output_format, &program, &loaded.sources, &explained);
    }
    Ok(exit)
}

/// The configuration as the daemon reads it, or as a version of HAProxy does that takes it: what one of them
/// understands can be explained.
fn understood(paths: &[std::path::PathBuf]) -> Result<config::Loaded, CouldNot> {
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

fn print(format: ExplainFormat, program: &Program, sources: &diag::Sources, explained: &Explained) {
    match format {
        ExplainFormat::Text => say(text::render(program, sources, explained)),
        ExplainFormat::Json => say_line(&json::render(program, sources, explained).to_string()),
    }
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
