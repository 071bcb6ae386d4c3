//! Renderings of diagnostics: full text with snippets, one line each, json, and what CI services read.
//!
//! In: [`Sources`] and findings, in the order to show them ([`order`] puts them by place).
//! Out: text. Nothing here decides what is a finding.

mod brief;
mod concise;
mod full;
mod github;
mod gitlab;
mod json;
mod junit;
mod sarif;

use std::borrow::Cow;

use crate::{Diagnostic, Place, Severity, Sources, Span};

pub use concise::concise;
pub use full::{Style, full};
pub use github::github;
pub use gitlab::gitlab;
pub use json::json;
pub use junit::junit;
pub use sarif::sarif;

/// Puts findings in the order of the files and of their places, the worse first at one place, and takes
/// out those that say the same of the same place.
pub fn order(findings: &mut Vec<Diagnostic>) {
    findings.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message)));
    findings.dedup_by(|b, a| key(a) == key(b) && a.message == b.message);
}

fn key(finding: &Diagnostic) -> (Span, std::cmp::Reverse<Severity>, &'static str) {
    (finding.span, std::cmp::Reverse(finding.severity), finding.code.as_str())
}

/// How many findings there are of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Notes.
    pub notes: usize,
}

impl Counts {
    /// Counts the findings by their own severity, not by the catalogue's.
    pub fn of(findings: &[Diagnostic]) -> Self {
        let count = |severity| findings.iter().filter(|f| f.severity == severity).count();
        Self {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
        }
    }
}

/// Where a span begins and ends: lines and columns from 1, columns in characters.
#[derive(Debug, Clone, Copy)]
struct Spot {
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

fn spot(sources: &Sources, span: Span) -> Spot {
    let place = |offset| {
        sources.file(span.file).map_or(Place { line: 1, column: 1 }, |file| file.place(offset))
    };
    let (start, end) = (place(span.start), place(span.end.max(span.start)));
    Spot { line: start.line, column: start.column, end_line: end.line, end_column: end.column }
}

/// The name of a span's file; `?` when it is none of these.
fn file_name(sources: &Sources, span: Span) -> &str {
    sources.file(span.file).map_or("?", |file| file.name.as_str())
}

/// Text for a terminal: control characters, which a configuration can hold, are shown as escapes.
fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
    }
    Cow::Owned(out)
}
