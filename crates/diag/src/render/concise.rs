//! One line a finding: `edge.cfg:14:17: E0401 no backend is named `apii``.

use std::fmt::Write;

use super::{file_name, printable};
use crate::{Diagnostic, Sources};

/// `file:line:column: CODE message`, a line each.
pub fn concise(sources: &Sources, findings: &[Diagnostic]) -> String {
    let mut out = String::new();
    for finding in findings {
        let name = printable(file_name(sources, finding.span));
        let message = printable(&finding.message);
        let code = finding.code;
        // Writing to a String cannot fail.
        let _ = match sources.file(finding.span.file).map(|f| f.place(finding.span.start)) {
            Some(at) => writeln!(out, "{name}:{}:{}: {code} {message}", at.line, at.column),
            None => writeln!(out, "{name}: {code} {message}"),
        };
    }
    out
}
