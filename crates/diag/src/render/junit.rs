//! JUnit's XML, which every CI server shows: a suite a file, a case a finding.
//!
//! Findings below the severity that fails a run are cases that passed, with their words in `system-out`. A file
//! without findings is one case that passed, or the report would look as if nothing was checked.

use std::fmt::Write;

use super::{file_name, spot};
use crate::{Diagnostic, FileId, Severity, Sources};

/// The report. Findings of at least the severity `fails` are failures.
pub fn junit(sources: &Sources, findings: &[Diagnostic], fails: Severity) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let failed = findings.iter().filter(|finding| finding.severity >= fails).count();
    let clean = |id: FileId| findings.iter().all(|finding| finding.span.file != id);
    let total = findings.len() + sources.iter().filter(|(id, _)| clean(*id)).count();
    // Writing to a String cannot fail.
    let _ =
        writeln!(out, "<testsuites name=\"lbctl check\" tests=\"{total}\" failures=\"{failed}\">");
    for (id, file) in sources.iter() {
        let own: Vec<&Diagnostic> = findings.iter().filter(|f| f.span.file == id).collect();
        let failed = own.iter().filter(|finding| finding.severity >= fails).count();
        let name = escape(&file.name);
        let tests = own.len().max(1);
        let _ = writeln!(
            out,
            "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failed}\" errors=\"0\" skipped=\"0\">"
        );
        if own.is_empty() {
            let _ = writeln!(out, "    <testcase classname=\"{name}\" name=\"check\"/>");
        }
        for finding in own {
            case(&mut out, sources, finding, fails);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn case(out: &mut String, sources: &Sources, finding: &Diagnostic, fails: Severity) {
    let at = spot(sources, finding.span);
    let name = file_name(sources, finding.span);
    let place = format!("{name}:{}:{}", at.line, at.column);
    let mut text = format!("{place}: {} {}", finding.code, finding.message);
    if let Some(help) = &finding.help {
        let _ = write!(text, "\nhelp: {help}");
    }
    for also in &finding.related {
        let _ = write!(text, "\n{}: {}", sources.cite(also.span), also.message);
    }
    let _ = writeln!(
        out,
        "    <testcase classname=\"{}\" name=\"{} {}:{}\" file=\"{}\" line=\"{}\">",
        escape(name),
        finding.code,
        at.line,
        at.column,
        escape(name),
        at.line
    );
    let _ = if finding.severity >= fails {
        writeln!(
            out,
            "      <failure type=\"{}\" message=\"{}\">{}</failure>",
            finding.severity.name(),
            escape(&format!("{} {}", finding.code, finding.message)),
            escape(&text)
        )
    } else {
        writeln!(out, "      <system-out>{}</system-out>", escape(&text))
    };
    out.push_str("    </testcase>\n");
}

/// Text of an element or an attribute. Characters that XML has not become U+FFFD.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
