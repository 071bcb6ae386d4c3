//! Workflow commands of GitHub Actions: a line a finding, shown beside the line of the file.
//!
//! Commands are lines, so a message cannot hold a line end, and its properties neither `:` nor `,`: those are
//! percent-encoded as the runner decodes them.

use std::fmt::Write;

use super::{file_name, spot};
use crate::{Diagnostic, Severity, Sources};

/// `::error file=edge.cfg,line=14,...::message`, a line each.
pub fn github(sources: &Sources, findings: &[Diagnostic]) -> String {
    let mut out = String::new();
    for finding in findings {
        let level = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let at = spot(sources, finding.span);
        let mut message = finding.message.clone();
        if let Some(help) = &finding.help {
            message.push_str("\nhelp: ");
            message.push_str(help);
        }
        for also in &finding.related {
            // Writing to a String cannot fail.
            let _ = write!(message, "\n{}: {}", sources.cite(also.span), also.message);
        }
        let file = escape(file_name(sources, finding.span), true);
        let _ = write!(out, "::{level} file={file},line={}", at.line);
        if at.end_line == at.line {
            // The runner shows columns of one line only.
            let _ = write!(out, ",col={},endColumn={}", at.column, at.end_column);
        } else {
            let _ = write!(out, ",endLine={}", at.end_line);
        }
        let _ = writeln!(out, ",title={}::{}", finding.code, escape(&message, false));
    }
    out
}

fn escape(text: &str, property: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '%' => out.push_str("%25"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            ':' if property => out.push_str("%3A"),
            ',' if property => out.push_str("%2C"),
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}
