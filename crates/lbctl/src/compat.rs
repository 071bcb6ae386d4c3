//! `lbctl compat`: what `proxyd` does with each keyword of a configuration, with the share of lines.

use std::collections::{BTreeMap, HashMap};

use config::{Loaded, Target};
use config_parse::sections;
use config_parse::tree::{self, Line, LineKind};
use diag::{Diagnostic, Span, codes};
use serde_json::json;

use crate::arguments::{Compat, DataFormat};
use crate::exit::{CouldNot, Exit};
use crate::files;
use crate::out::{say, say_line};

/// What becomes of a keyword, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    Supported,
    Ignored,
    Refused,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Ignored => "ignored",
            Self::Refused => "refused",
        }
    }
}

#[derive(Default)]
struct Uses {
    lines: usize,
    first: Option<Span>,
}

/// Reads, counts and shows. What is refused is found: exit code 1.
pub(crate) fn run(compat: &Compat) -> Result<Exit, CouldNot> {
    let environment = files::environment(Target::Proxyd);
    let loaded = config::load(files::read_all(&compat.files)?, &environment, Target::Proxyd);
    let Loaded { sources, config, mut diagnostics } = loaded;
    let (program, more) = rules::compile_in(config, &|_| Ok(Vec::new()), &environment);
    drop(program);
    diagnostics.extend(more);
    let mut by_line: HashMap<(diag::FileId, u32), Vec<&Diagnostic>> = HashMap::new();
    for finding in &diagnostics {
        by_line.entry((finding.span.file, sources.line(finding.span))).or_default().push(finding);
    }
    let mut keywords: BTreeMap<(Status, String, String), Uses> = BTreeMap::new();
    let mut lines: BTreeMap<Status, usize> = BTreeMap::new();
    let mut in_refused_section: Option<String> = None;
    tree::each_line(&sources, &environment, |line| {
        if line.kind != LineKind::Words {
            return;
        }
        let found = by_line.get(&(line.span.file, sources.line(line.span)));
        let told: Vec<_> = found.into_iter().flatten().filter_map(|f| status_of(f)).collect();
        let keyword = phrase(&line);
        if line.words.first().is_some_and(|word| sections::is_section(&word.text)) {
            let refused = told.iter().find(|(status, ..)| *status == Status::Refused);
            in_refused_section = refused.map(|(_, _, why)| why.clone());
        }
        let told = match &in_refused_section {
            Some(why) => vec![(Status::Refused, line.span, why.clone())],
            None => told,
        };
        let worst = told.iter().map(|(status, ..)| *status).max().unwrap_or(Status::Supported);
        *lines.entry(worst).or_default() += 1;
        let mut count = |status, keyword: String, why: String, at| {
            let uses = keywords.entry((status, keyword, why)).or_default();
            uses.lines += 1;
            uses.first.get_or_insert(at);
        };
        if told.is_empty() {
            count(Status::Supported, keyword, String::new(), line.span);
            return;
        }
        for (status, at, why) in told {
            let word = sources.text(at);
            let inside = at != line.span && !keyword.contains(&word) && !word.contains('\n');
            let name = if inside { format!("{keyword} … {word}") } else { keyword.clone() };
            count(status, name, why, at);
        }
    });
    match compat.output_format {
        DataFormat::Text => say(text(&sources, &lines, &keywords)),
        DataFormat::Json => say_line(&as_json(&sources, &lines, &keywords).to_string()),
    }
    let refused = lines.get(&Status::Refused).is_some_and(|count| *count > 0);
    Ok(if refused { Exit::Found } else { Exit::Clean })
}

fn status_of(finding: &Diagnostic) -> Option<(Status, Span, String)> {
    let why = || finding.message.split_once(": ").map_or("", |(_, why)| why).to_owned();
    match finding.code {
        code if code == codes::N0208 => Some((Status::Ignored, finding.span, why())),
        code if code == codes::E0207 => Some((Status::Refused, finding.span, why())),
        _ => None,
    }
}

/// The words that name a line's keyword.
fn phrase(line: &Line<'_>) -> String {
    let word = |at: usize| line.words.get(at).map_or("", |word| word.text.as_ref());
    let at = usize::from(matches!(word(0), "no" | "default"));
    let more = match word(at) {
        "option"
        | "timeout"
        | "stats"
        | "balance"
        | "capture"
        | "http-check"
        | "tcp-check"
        | "compression"
        | "monitor"
        | "http-request"
        | "http-response"
        | "http-after-response" => 1,
        "tcp-request" | "tcp-response" => 2,
        _ => 0,
    };
    let words = line.words.iter().skip(at).take(1 + more);
    let names = words.map(|word| word.text.split('(').next().unwrap_or(""));
    names.collect::<Vec<_>>().join(" ")
}

type Lines = BTreeMap<Status, usize>;
type Keywords = BTreeMap<(Status, String, String), Uses>;

fn share(lines: &Lines, status: Status) -> (usize, f64) {
    let total: usize = lines.values().sum();
    let count = lines.get(&status).copied().unwrap_or_default();
    (count, if total == 0 { 0.0 } else { count as f64 * 100.0 / total as f64 })
}

fn text(sources: &diag::Sources, lines: &Lines, keywords: &Keywords) -> String {
    let mut out = String::new();
    for status in [Status::Supported, Status::Ignored, Status::Refused] {
        let (count, percent) = share(lines, status);
        out.push_str(&format!("{:<10} {count:>6} lines {percent:>5.1} %\n", status.name()));
    }
    for status in [Status::Refused, Status::Ignored, Status::Supported] {
        let mut own: Vec<_> = keywords.iter().filter(|((own, ..), _)| *own == status).collect();
        if own.is_empty() {
            continue;
        }
        own.sort_by(|a, b| b.1.lines.cmp(&a.1.lines).then_with(|| a.0.cmp(b.0)));
        out.push_str(&format!("\n{}\n", status.name()));
        for ((_, keyword, why), uses) in own {
            let place = uses.first.map(|at| sources.cite(at)).unwrap_or_default();
            let line = format!("  {:>5}  {keyword:<34} {place:<22} {why}", uses.lines);
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    out
}

fn as_json(sources: &diag::Sources, lines: &Lines, keywords: &Keywords) -> serde_json::Value {
    let count = |status| share(lines, status).0;
    let list: Vec<_> = keywords
        .iter()
        .map(|((status, keyword, why), uses)| {
            let file =
                uses.first.and_then(|at| sources.file(at.file)).map(|file| file.name.as_str());
            json!({
                "keyword": keyword,
                "status": status.name(),
                "why": (!why.is_empty()).then_some(why),
                "lines": uses.lines,
                "file": file,
                "line": uses.first.map(|at| sources.line(at)),
            })
        })
        .collect();
    json!({
        "version": 1,
        "lines": {
            "supported": count(Status::Supported),
            "ignored": count(Status::Ignored),
            "refused": count(Status::Refused),
        },
        "keywords": list,
    })
}
