//! The full form of a finding with one place on one plain line, drawn without the layout of a whole report.
//!
//! Most findings of a large configuration are of this kind, and there may be ten thousand of them. What is drawn is
//! what `full` would draw, byte for byte: a test compares the two.

use std::fmt::Write as _;

use super::printable;
use crate::{Diagnostic, Severity, SourceFile};

/// Columns of a tab, as in the full form.
const TAB: usize = 4;

/// Draws a finding of this file; `None`, with nothing written, where the full form has more to lay out.
pub(super) fn brief(
    out: &mut String,
    file: &SourceFile,
    shown: &[u8],
    finding: &Diagnostic,
    width: usize,
) -> Option<()> {
    if !finding.related.is_empty() {
        return None;
    }
    let span = finding.span;
    let place = file.place(span.start);
    let begin = file.line_start(place.line)? as usize;
    let rest = shown.get(begin..)?;
    let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let line = rest.get(..length).filter(|line| line.iter().all(plain))?;
    let line = std::str::from_utf8(line).ok()?;
    let (start, end) = (span.start as usize - begin, (span.end as usize).checked_sub(begin)?);
    if start >= end || end > length || length > super::full::LONG_LINE {
        return None;
    }
    // What is wrapped is not plain. A sign of two columns and a space stand before the message.
    let short = |text: &str| {
        text.len() + 10 <= width && text.bytes().all(|byte| plain(&byte) && byte != b'\t')
    };
    let name = printable(&file.name);
    let texts = [Some(finding.message.as_str()), finding.help.as_deref(), finding.label.as_deref()];
    if !texts.into_iter().flatten().all(short) || !short(&name) {
        return None;
    }
    let sign = match finding.severity {
        Severity::Error => '×',
        Severity::Warning => '⚠',
        Severity::Note => '☞',
    };
    let number = place.line.to_string();
    let gutter = number.len() + 2;
    let columns = |text: &str| {
        text.bytes().fold(0, |at, byte| if byte == b'\t' { at + TAB - at % TAB } else { at + 1 })
    };
    let (before, marked) = (columns(line.get(..start)?), columns(line.get(..end)?));
    let _ = writeln!(out, "  {sign} {} {}", finding.code, finding.message);
    let _ = writeln!(out, "{:gutter$}╭─[{name}:{}:{}]", "", place.line, place.column);
    let _ = write!(out, " {number} │ ");
    expand(out, line);
    let _ = write!(out, "\n{:gutter$}· {:before$}", "", "");
    // A label hangs from the middle.
    let middle = finding.label.as_ref().map(|_| (marked - before) / 2);
    out.extend((0..marked - before).map(|at| if Some(at) == middle { '┬' } else { '─' }));
    out.push('\n');
    if let (Some(label), Some(middle)) = (&finding.label, middle) {
        let _ =
            writeln!(out, "{:gutter$}· {:indent$}╰── {label}", "", "", indent = before + middle);
    }
    let _ = writeln!(out, "{:gutter$}╰────", "");
    if let Some(help) = &finding.help {
        let _ = writeln!(out, "  help: {help}");
    }
    Some(())
}

/// A character of one column, or a tab.
fn plain(byte: &u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t')
}

fn expand(out: &mut String, line: &str) {
    let mut at = 0;
    for character in line.chars() {
        let next = if character == '\t' { at + TAB - at % TAB } else { at + 1 };
        match character {
            '\t' => out.extend(std::iter::repeat_n(' ', next - at)),
            other => out.push(other),
        }
        at = next;
    }
}
