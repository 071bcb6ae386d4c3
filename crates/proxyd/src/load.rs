//! From files to a program: what a start, `-c` and a reload have in common.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use admin::ConfigText;
use config::{Loaded, Target};
use diag::{Code, Diagnostic, Severity, Sources, codes, render};
use rules::Program;

use crate::disk::Disk;
use crate::origin::{self, Origin};

/// Warnings about configurations of which HAProxy says nothing.
const ONLY_OURS: &[Code] = &[
    codes::W0409,
    codes::W0410,
    codes::W0511,
    codes::W0604,
    codes::W0606,
    codes::W0607,
    codes::W0609,
    codes::W0610,
    codes::W0613,
    codes::W0614,
    codes::W0616,
    codes::W0704,
    codes::W0706,
    codes::W0707,
    codes::W0708,
    codes::W0710,
    codes::W0712,
    codes::W0713,
    codes::W0715,
    codes::W0716,
    codes::W0718,
    codes::W0722,
    codes::W0723,
    codes::W0724,
    codes::W0725,
    codes::W0726,
    codes::W0729,
    codes::W0731,
    codes::W0734,
    codes::W0736,
    codes::W0737,
    codes::W0738,
    codes::W0739,
    codes::W0740,
    codes::W0741,
    codes::W0801,
    codes::W0802,
    codes::W0803,
    codes::W0804,
    codes::W0805,
    codes::W0806,
    codes::W0807,
    codes::W0808,
];

/// A configuration that was read, valid or not.
#[derive(Debug)]
pub(crate) struct Read {
    /// The files.
    pub(crate) sources: Sources,
    /// Every finding of every stage, in order of place.
    pub(crate) findings: Vec<Diagnostic>,
    /// The program, when nothing refuses it.
    pub(crate) program: Option<Arc<Program>>,
    /// The text as read, for `show config`.
    pub(crate) text: ConfigText,
    /// `-dD`: notes are shown with their places, and `.diag` messages with them.
    tells_all: bool,
}

impl Read {
    /// Every finding, for a terminal or a log: errors and warnings with their snippets, notes in a line each.
    pub(crate) fn report(&self) -> String {
        if self.tells_all {
            return render::full(&self.sources, &self.findings, render::Style::default());
        }
        let told = self.findings.iter().filter(|finding| !self.is_for_diagnosis(finding)).cloned();
        let (notes, graver): (Vec<Diagnostic>, Vec<Diagnostic>) =
            told.partition(|finding| finding.severity == Severity::Note);
        let mut report = render::concise(&self.sources, &notes);
        if !graver.is_empty() {
            report.push_str(&render::full(&self.sources, &graver, render::Style::default()));
        }
        report
    }

    /// Whether `global` has this switch.
    pub(crate) fn says(&self, switch: &str) -> bool {
        let global = self.program.as_ref().map(|program| &program.config().global);
        global.is_some_and(|global| global.has_switch(switch))
    }

    /// A message of a `.diag` line.
    fn is_for_diagnosis(&self, finding: &Diagnostic) -> bool {
        finding.code == codes::N0111
            && self.sources.text(finding.span).trim_start().starts_with(".diag")
    }

    /// Whether there is a warning of the kind that HAProxy has too: those that only look for mistakes
    /// refuse nothing.
    pub(crate) fn warns(&self) -> bool {
        let counts = |finding: &Diagnostic| {
            finding.severity == Severity::Warning && !ONLY_OURS.contains(&finding.code)
        };
        self.findings.iter().any(counts)
    }
}

/// Reads files and directories and compiles them.
///
/// # Errors
/// When a file cannot be read at all.
pub(crate) fn read(origin: &Origin) -> Result<Read, String> {
    let mut files = Vec::new();
    for path in expand(&origin.disk, &origin.files)? {
        let bytes = origin.disk.read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        files.push((path.display().to_string(), bytes));
    }
    Ok(compile(origin, files))
}

/// A directory means its `*.cfg` in C order.
fn expand(disk: &Disk, paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for path in paths {
        if !disk.is_directory(path) {
            files.push(path.clone());
            continue;
        }
        let inside = disk.list(path).map_err(|e| format!("{}: {e}", path.display()))?;
        files.extend(inside.into_iter().filter(|file| is_cfg(file)));
    }
    Ok(files)
}

fn is_cfg(file: &Path) -> bool {
    let hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden && file.extension().is_some_and(|end| end == "cfg")
}

/// Compiles files that were read already.
pub(crate) fn compile(origin: &Origin, mut files: Vec<(String, Vec<u8>)>) -> Read {
    let env = origin.environment();
    let text = ConfigText { env: env.vars.clone().into_iter().collect(), files: files.clone() };
    if !origin.lines.is_empty() {
        files.push((String::from("the command line"), origin.lines.clone().into_bytes()));
    }
    let Loaded { sources, config, diagnostics: mut findings } =
        config::load(files, &env, Target::Proxyd);
    let (program, more) = rules::compile_in(
        config,
        &|name| origin.disk.read(Path::new(name)).map_err(|e| e.to_string()),
        &env,
    );
    findings.extend(more);
    render::order(&mut findings);
    let refused = findings.iter().any(Diagnostic::is_error);
    let program = program.filter(|_| !refused);
    Read { sources, findings, program, text, tells_all: origin.tells_all }
}

/// Reads the words behind `stats socket`; the level is `admin` unless they say otherwise.
///
/// # Errors
/// Every finding about them.
pub(crate) fn stats_socket(words: &str) -> Result<config::model::StatsSocket, String> {
    let (address, options) = words.split_once(' ').unwrap_or((words, ""));
    let text = format!("global\n    stats socket {address} level admin {options}\n");
    let files = vec![("-S".to_owned(), text.into_bytes())];
    let Loaded { mut config, diagnostics, .. } =
        config::load(files, &origin::inherited(), Target::Proxyd);
    let errors: Vec<&str> = diagnostics
        .iter()
        .filter(|finding| finding.is_error())
        .map(|finding| finding.message.as_str())
        .collect();
    match config.global.stats_sockets.pop() {
        Some(socket) if errors.is_empty() => Ok(socket),
        _ => Err(errors.join("; ")),
    }
}

/// Evaluates `-cc`'s condition, which is read like that of an `.if` line.
pub(crate) fn condition(text: &str) -> Result<bool, String> {
    const HOLDS: &str = "holds";
    let sources = Sources::single("-cc", &format!(".if {text}\n{HOLDS}\n.endif\n"));
    let (tree, findings) = config_parse::tree::parse(&sources, &origin::inherited());
    if let Some(error) = findings.into_iter().find(Diagnostic::is_error) {
        return Err(error.message);
    }
    Ok(tree.active().any(|line| line.words.iter().any(|word| word.text == HOLDS)))
}
