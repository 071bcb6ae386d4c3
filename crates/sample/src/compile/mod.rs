//! From an expression's tree to its compiled form: names, arguments and types are checked here.

mod args;

use config_parse::env::Environment;
use config_parse::expr::{Call, Expr};
use diag::{Diagnostic, codes};

use crate::arg::{Arg, Args};
use crate::cast::can_cast_for;
use crate::compiled::{Compiled, Step};
use crate::known;
use crate::lists::Lists;
use crate::names::{MapBuilder, Names};
use crate::place::Place;
use crate::registry::{self, ConvertEntry, FetchEntry};
use crate::{Type, VarNames};

pub use crate::log::compile::log_format;

/// How many header captures are declared, for `capture.req.hdr(n)` and `capture-req(n)`.
#[derive(Debug, Clone, Copy, Default)]
pub struct CaptureSlots {
    /// `capture request header` and `declare capture request` lines so far.
    pub request: u32,
    /// The same of responses.
    pub response: u32,
}

/// What an expression is compiled in.
pub struct CompileEnv<'e> {
    /// Where it stands.
    pub place: Place,
    /// Proxies, servers and user lists.
    pub names: &'e dyn Names,
    /// The program's variables; new names are added.
    pub vars: &'e mut VarNames,
    /// The header captures that are declared.
    pub captures: CaptureSlots,
    /// Reads a file: maps and pattern lists.
    pub files: &'e dyn Fn(&str) -> Result<Vec<u8>, String>,
    /// The files that were read so: they may change while the program runs.
    pub lists: &'e Lists,
    /// Makes map files ready.
    pub maps: &'e dyn MapBuilder,
    /// Environment variables, which `env` reads once.
    pub env: &'e Environment,
    /// How many random draws of a stream are already spoken for.
    pub draws: &'e mut u32,
    /// Findings that refuse nothing; the caller takes them.
    pub warnings: Vec<Diagnostic>,
}

/// What a use of an expression does when its place has no value for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misplaced {
    /// Actions and log formats: an error, E0505.
    Refuse,
    /// Anonymous ACLs: a warning, W0512, and the test never matches.
    Warn,
    /// Named ACLs: each use looks for itself, see [`Compiled::has_value_in`].
    Later,
}

/// Compiles an expression of an action or a log format.
///
/// # Errors
/// Every finding that refuses it: unknown names, wrong arguments, types that do not fit, a place
/// without a value.
pub fn expr(expr: &Expr, env: &mut CompileEnv<'_>) -> Result<Compiled, Vec<Diagnostic>> {
    expr_where(expr, env, Misplaced::Refuse)
}

/// As [`expr`], saying what a misplaced fetch is.
///
/// # Errors
/// As [`expr`].
pub fn expr_where(
    expr: &Expr,
    env: &mut CompileEnv<'_>,
    misplaced: Misplaced,
) -> Result<Compiled, Vec<Diagnostic>> {
    let mut findings = Vec::new();
    let fetch = match find_fetch(&expr.fetch, env) {
        Ok(entry) => args::compile(&expr.fetch, entry.args, entry.required, env, &mut findings)
            .map(|args| (entry, args)),
        Err(finding) => {
            findings.push(*finding);
            None
        }
    };
    let mut steps = Vec::new();
    let mut out = fetch.as_ref().map_or(Type::Any, |(entry, _)| entry.out);
    let mut unfit = false;
    for call in &expr.converters {
        match find_converter(call, env) {
            Ok(entry) => {
                check_type(call, entry, out, unfit, env, &mut findings);
                unfit |= is_2_6(env) && entry.name.starts_with("map") && entry.out == Type::Addr;
                // From any type to any is what leaves the value as it is.
                if entry.out != Type::Any || entry.input != Type::Any {
                    out = entry.out;
                }
                let args = args::compile(call, entry.args, entry.required, env, &mut findings);
                if let Some(mut args) = args {
                    // Version 2.6 takes any numbers there and gives nothing.
                    if !(entry.name == "bytes" && is_2_6(env)) {
                        check_args(call, entry, &mut args, &mut findings);
                    }
                    if entry.names {
                        args.0.push(Arg::Names(env.names.index()));
                    }
                    steps.push(Step { entry, args });
                }
            }
            Err(finding) => {
                findings.push(*finding);
                out = Type::Any;
            }
        }
    }
    let Some((entry, mut args)) = fetch else { return Err(findings) };
    let absent = misplaced != Misplaced::Later && !entry.places.has(env.place);
    match misplaced {
        Misplaced::Refuse if absent => {
            findings.push(misplaced_finding(codes::E0505, &expr.fetch, entry, env.place));
        }
        Misplaced::Warn if absent => {
            env.warnings.push(misplaced_finding(codes::W0512, &expr.fetch, entry, env.place));
        }
        _ => {}
    }
    fetch_specials(&expr.fetch, entry, &mut args, env, &mut findings);
    if !findings.is_empty() {
        return Err(findings);
    }
    Ok(Compiled { fetch: entry, args, steps, out, unfit, absent, text: text_of(expr).into() })
}

/// The expression as text.
pub fn text_of(expr: &Expr) -> String {
    let mut text = call_text(&expr.fetch);
    for call in &expr.converters {
        text.push(',');
        text.push_str(&call_text(call));
    }
    text
}

fn call_text(call: &Call) -> String {
    match &call.args {
        None => call.name.value.clone(),
        Some(args) => {
            let args: Vec<_> = args.iter().map(|arg| arg.value.as_str()).collect();
            format!("{}({})", call.name.value, args.join(","))
        }
    }
}

fn find_fetch(
    call: &Call,
    env: &mut CompileEnv<'_>,
) -> Result<&'static FetchEntry, Box<Diagnostic>> {
    let name = call.name.value.as_str();
    let too_new = is_2_6(env) && known::is_newer_fetch(name);
    if !too_new && let Some(entry) = registry::fetch(crate::fetch::resolve(name, env.place)) {
        return Ok(entry);
    }
    let part = registry::fetch_not_built(name).filter(|_| !too_new && may_be(name, env));
    if let Some(part) = part {
        refuse(call, "sample fetch", part, env)?;
        return known::fetch(name).ok_or_else(|| Box::new(not_built(call, "sample fetch", part)));
    }
    let message = format!("no sample fetch is named `{name}`");
    let finding = Diagnostic::new(codes::E0501, call.name.span, message);
    Err(Box::new(match too_new {
        true => finding.help("HAProxy 2.6 does not know it yet"),
        false => with_nearest(finding, name, known::fetch_names()),
    }))
}

fn find_converter(
    call: &Call,
    env: &mut CompileEnv<'_>,
) -> Result<&'static ConvertEntry, Box<Diagnostic>> {
    let name = call.name.value.as_str();
    let too_new = is_2_6(env) && known::is_newer_converter(name);
    if !too_new && let Some(entry) = registry::converter(name) {
        return Ok(entry);
    }
    let part = registry::converter_not_built(name).filter(|_| !too_new && may_be(name, env));
    if let Some(part) = part {
        refuse(call, "converter", part, env)?;
        return known::converter(name).ok_or_else(|| Box::new(not_built(call, "converter", part)));
    }
    let message = format!("no converter is named `{name}`");
    let finding = Diagnostic::new(codes::E0502, call.name.span, message);
    Err(Box::new(match too_new {
        true => finding.help("HAProxy 2.6 does not know it yet"),
        false => with_nearest(finding, name, known::converter_names()),
    }))
}

/// What a script would register needs a script.
fn may_be(name: &str, env: &CompileEnv<'_>) -> bool {
    !name.starts_with("lua.") || env.names.has_scripts()
}

fn is_2_6(env: &CompileEnv<'_>) -> bool {
    env.names.haproxy().is_some_and(|version| version <= (2, 6))
}

/// What is not built is an error for `proxyd`, and a warning where HAProxy reads the configuration.
fn refuse(
    call: &Call,
    what: &str,
    part: &str,
    env: &mut CompileEnv<'_>,
) -> Result<(), Box<Diagnostic>> {
    let finding = not_built(call, what, part);
    if env.names.haproxy().is_none() {
        return Err(Box::new(finding));
    }
    env.warnings.push(Diagnostic::new(codes::W0212, finding.span, finding.message));
    Ok(())
}

fn not_built(call: &Call, what: &str, part: &str) -> Diagnostic {
    let name = &call.name.value;
    Diagnostic::new(
        codes::E0207,
        call.name.span,
        format!("the {what} `{name}` needs {part}, which proxyd does not have yet"),
    )
}

/// Adds `did you mean` when a known name is close.
pub fn with_nearest(
    finding: Diagnostic,
    name: &str,
    known: impl Iterator<Item = impl AsRef<str>>,
) -> Diagnostic {
    let best = known
        .map(|word| (strsim::damerau_levenshtein(name, word.as_ref()), word))
        .min_by_key(|(distance, _)| *distance);
    match best {
        Some((distance, word)) if distance <= 2.max(name.len() / 4) => {
            finding.help(format!("did you mean `{}`?", word.as_ref()))
        }
        _ => finding,
    }
}

fn check_type(
    call: &Call,
    entry: &ConvertEntry,
    from: Type,
    unfit: bool,
    env: &CompileEnv<'_>,
    findings: &mut Vec<Diagnostic>,
) {
    if can_cast_for(env.names.haproxy(), from, entry.input) && !(unfit && entry.input != Type::Any)
    {
        return;
    }
    findings.push(Diagnostic::new(
        codes::E0504,
        call.span,
        format!(
            "the converter `{}` takes {}, and what stands before it gives {}",
            entry.name,
            entry.input.describe(),
            from.describe()
        ),
    ));
}

fn check_args(call: &Call, entry: &ConvertEntry, args: &mut Args, findings: &mut Vec<Diagnostic>) {
    let Some(check) = entry.check else { return };
    if let Err((position, message)) = check(args) {
        let span = call.args.as_ref().and_then(|args| args.get(position));
        let span = span.map_or(call.span, |arg| arg.span);
        findings.push(Diagnostic::new(codes::E0503, span, message));
    }
}

fn misplaced_finding(
    code: diag::Code,
    call: &Call,
    entry: &FetchEntry,
    place: Place,
) -> Diagnostic {
    Diagnostic::new(
        code,
        call.span,
        format!("`{}` has no value in a {}", entry.name, place.describe()),
    )
    .help(crate::fetch::elsewhere(entry.name))
}

/// What cannot be said by a signature: draws, captures, and values that are read once.
fn fetch_specials(
    call: &Call,
    entry: &FetchEntry,
    args: &mut Args,
    env: &mut CompileEnv<'_>,
    findings: &mut Vec<Diagnostic>,
) {
    if entry.draws > 0 {
        args.0.push(Arg::Draw(*env.draws));
        *env.draws += entry.draws;
    }
    if let Err(message) = crate::fetch::check(entry.name, args, env) {
        findings.push(Diagnostic::new(codes::E0503, call.span, message));
    }
}
