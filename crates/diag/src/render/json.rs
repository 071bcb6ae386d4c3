//! The json form, version 1: the contract with scripts and editors.
//!
//! Lines and columns begin at 1, columns count characters; `start` and `end` of edits are byte offsets.

use serde::Serialize;

use super::{Counts, Spot, file_name, spot};
use crate::{Diagnostic, Fix, Related, Safety, Sources, Span};

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    files: Vec<&'a str>,
    findings: Vec<Finding<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Finding<'a> {
    code: &'a str,
    severity: &'static str,
    class: &'static str,
    message: &'a str,
    help: Option<&'a str>,
    #[serde(flatten)]
    at: At<'a>,
    related: Vec<Also<'a>>,
    fix: Option<Cure<'a>>,
}

#[derive(Serialize)]
struct At<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
struct Also<'a> {
    message: &'a str,
    #[serde(flatten)]
    at: At<'a>,
}

#[derive(Serialize)]
struct Cure<'a> {
    safety: &'static str,
    edits: Vec<Replace<'a>>,
}

#[derive(Serialize)]
struct Replace<'a> {
    file: &'a str,
    start: u32,
    end: u32,
    text: &'a str,
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    notes: usize,
}

/// The report as one json object.
pub fn json(sources: &Sources, findings: &[Diagnostic]) -> String {
    let Counts { errors, warnings, notes } = Counts::of(findings);
    let report = Report {
        version: 1,
        files: sources.iter().map(|(_, file)| file.name.as_str()).collect(),
        findings: findings.iter().map(|finding| entry(sources, finding)).collect(),
        summary: Summary { errors, warnings, notes },
    };
    // Only maps with keys that are no strings and failing `Serialize`s make this fail: there are none.
    serde_json::to_string(&report).unwrap_or_default()
}

fn entry<'a>(sources: &'a Sources, finding: &'a Diagnostic) -> Finding<'a> {
    Finding {
        code: finding.code.as_str(),
        severity: finding.severity.name(),
        class: finding.class.name(),
        message: &finding.message,
        help: finding.help.as_deref(),
        at: at(sources, finding.span),
        related: finding.related.iter().map(|related| also(sources, related)).collect(),
        fix: finding.fix.as_deref().map(|fix| cure(sources, fix)),
    }
}

fn at(sources: &Sources, span: Span) -> At<'_> {
    let Spot { line, column, end_line, end_column } = spot(sources, span);
    At { file: file_name(sources, span), line, column, end_line, end_column }
}

fn also<'a>(sources: &'a Sources, related: &'a Related) -> Also<'a> {
    Also { message: &related.message, at: at(sources, related.span) }
}

fn cure<'a>(sources: &'a Sources, fix: &'a Fix) -> Cure<'a> {
    let edit = |edit: &'a crate::Edit| Replace {
        file: file_name(sources, edit.span),
        start: edit.span.start,
        end: edit.span.end,
        text: &edit.text,
    };
    let safety = match fix.safety {
        Safety::Safe => "safe",
        Safety::Unsafe => "unsafe",
    };
    Cure { safety, edits: fix.edits.iter().map(edit).collect() }
}
