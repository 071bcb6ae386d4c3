//! The full form, for people: a snippet with carets and labels, the help, and where to read more.

use std::fmt;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents,
};

use super::{Counts, file_name, printable};
use crate::{Diagnostic, Severity, SourceFile, Sources, Span};

/// How the full form looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI colours are written.
    pub colour: bool,
    /// Whether box-drawing characters are: plain ASCII otherwise.
    pub unicode: bool,
    /// How many columns lines of prose are wrapped at.
    pub width: usize,
}

impl Default for Style {
    /// No colour, box drawing, 100 columns.
    fn default() -> Self {
        Self { colour: false, unicode: true, width: 100 }
    }
}

/// Every finding with its snippets, and a last line that counts them.
pub fn full(sources: &Sources, findings: &[Diagnostic], style: Style) -> String {
    let handler = GraphicalReportHandler::new_themed(theme(style))
        .with_width(style.width.max(20))
        .with_links(false)
        .with_context_lines(0);
    let texts = Texts::of(sources);
    let mut out = String::new();
    for finding in findings {
        // What spans more than can be looked at has no snippet.
        let huge = |span: Span| span.end.saturating_sub(span.start) as usize > LONG_LINE;
        if huge(finding.span) || finding.related.iter().any(|also| huge(also.span)) {
            out.push_str(&super::concise(sources, std::slice::from_ref(finding)));
            out.push('\n');
            continue;
        }
        if style.unicode && !style.colour && texts.brief(&mut out, finding, style.width).is_some() {
            out.push('\n');
            continue;
        }
        let report = Report::new(&texts, finding);
        if handler.render_report(&mut out, &report).is_err() {
            // A snippet that cannot be drawn is no reason to say nothing.
            out.push_str(&super::concise(sources, std::slice::from_ref(finding)));
        }
        out.push('\n');
    }
    out.push_str(&summary(Counts::of(findings)));
    out
}

fn theme(style: Style) -> GraphicalTheme {
    match (style.unicode, style.colour) {
        (true, true) => GraphicalTheme::unicode(),
        (true, false) => GraphicalTheme::unicode_nocolor(),
        (false, true) => GraphicalTheme {
            characters: miette::ThemeCharacters::ascii(),
            styles: miette::ThemeStyles::ansi(),
        },
        (false, false) => GraphicalTheme::none(),
    }
}

/// `2 errors, 1 warning`; nothing when there is nothing.
fn summary(counts: Counts) -> String {
    let many = |n: usize, what: &str| match n {
        0 => None,
        1 => Some(format!("1 {what}")),
        n => Some(format!("{n} {what}s")),
    };
    let parts = [
        many(counts.errors, "error"),
        many(counts.warnings, "warning"),
        many(counts.notes, "note"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { format!("{}\n", parts.join(", ")) }
}

/// The files' texts as they can be shown: UTF-8, no control characters, every offset as in the file.
struct Texts<'a> {
    sources: &'a Sources,
    shown: Vec<Vec<u8>>,
}

impl<'a> Texts<'a> {
    fn of(sources: &'a Sources) -> Self {
        let shown = sources.iter().map(|(_, file)| show(&file.bytes)).collect();
        Self { sources, shown }
    }

    fn brief(&self, out: &mut String, finding: &Diagnostic, width: usize) -> Option<()> {
        let file = self.sources.file(finding.span.file)?;
        let shown = self.shown.get(finding.span.file.0 as usize)?;
        super::brief::brief(out, file, shown, finding, width)
    }

    fn snippet(&'a self, span: Span) -> Option<Snippet<'a>> {
        let file = self.sources.file(span.file)?;
        let shown = self.shown.get(span.file.0 as usize)?;
        Some(Snippet { file, shown })
    }
}

/// Bytes that are no text and control characters are one `?` each.
fn show(bytes: &[u8]) -> Vec<u8> {
    let mut shown = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        shown.extend_from_slice(chunk.valid().as_bytes());
        shown.extend(chunk.invalid().iter().map(|_| b'?'));
    }
    for byte in &mut shown {
        if byte.is_ascii_control() && !matches!(byte, b'\n' | b'\t' | b'\r') {
            *byte = b'?';
        }
    }
    shown
}

/// One file, as miette asks for it.
#[derive(Clone, Copy)]
struct Snippet<'a> {
    file: &'a SourceFile,
    shown: &'a [u8],
}

impl SourceCode for Snippet<'_> {
    /// The lines that hold the span; by the index of line starts, not by a walk over the file.
    fn read_span<'s>(
        &'s self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'s> + 's>, MietteError> {
        let offset = |at: usize| u32::try_from(at.min(self.shown.len())).unwrap_or(u32::MAX);
        let first = self.file.line(offset(span.offset()));
        let last_byte = (span.offset() + span.len()).saturating_sub(1).max(span.offset());
        let last = self.file.line(offset(last_byte));
        if let Some(part) = self.part_of_long_line(span, first) {
            return Ok(part);
        }
        let first = first.saturating_sub(before as u32).max(1);
        let last = last.saturating_add(after as u32);
        let start = self.file.line_start(first).unwrap_or(0) as usize;
        let end = self.file.line_start(last.saturating_add(1));
        let end = end.map_or(self.shown.len(), |end| end as usize);
        let data = self.shown.get(start..end).ok_or(MietteError::OutOfBounds)?;
        Ok(Box::new(MietteSpanContents::new_named(
            printable(&self.file.name).into_owned(),
            data,
            SourceSpan::from((start, data.len())),
            first as usize - 1,
            // The header cites the place of the span itself, not of the lines around it.
            self.file.place(offset(span.offset())).column as usize - 1,
            (last - first) as usize + 1,
        )))
    }
}

/// A line of more bytes than this is shown in part, or one finding could fill a disk.
pub(super) const LONG_LINE: usize = 1000;

impl Snippet<'_> {
    /// The neighbourhood of a span on a long line; `None` for lines that can be shown whole.
    fn part_of_long_line<'s>(
        &'s self,
        span: &SourceSpan,
        line: u32,
    ) -> Option<Box<dyn SpanContents<'s> + 's>> {
        const AROUND: usize = 60;
        let begin = self.file.line_start(line)? as usize;
        let rest = self.shown.get(begin..)?;
        let end = begin + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        if end - begin <= LONG_LINE {
            return None;
        }
        let is_start = |at: &usize| self.shown.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80);
        let start = span.offset().saturating_sub(AROUND).max(begin);
        let start = (start..=span.offset()).find(is_start)?;
        let stop = (span.offset() + span.len() + AROUND).min(end.max(span.offset() + span.len()));
        let stop = (stop..=self.shown.len()).find(is_start)?;
        let data = self.shown.get(start..stop)?;
        Some(Box::new(MietteSpanContents::new_named(
            printable(&self.file.name).into_owned(),
            data,
            SourceSpan::from((start, data.len())),
            line as usize - 1,
            self.file.place(u32::try_from(span.offset()).ok()?).column as usize - 1,
            1,
        )))
    }
}

/// A finding as miette asks for it.
struct Report<'a> {
    finding: &'a Diagnostic,
    message: String,
    snippet: Option<Snippet<'a>>,
    help: Option<String>,
    labels: Vec<LabeledSpan>,
    /// Places in other files, each a small report of its own.
    elsewhere: Vec<Elsewhere<'a>>,
}

impl<'a> Report<'a> {
    fn new(texts: &'a Texts<'a>, finding: &'a Diagnostic) -> Self {
        let snippet = texts.snippet(finding.span);
        let (here, away): (Vec<_>, Vec<_>) =
            finding.related.iter().partition(|related| related.span.file == finding.span.file);
        let first = LabeledSpan::new_primary_with_span(
            finding.label.as_deref().map(|label| printable(label).into_owned()),
            place(finding.span, snippet),
        );
        let others = here.into_iter().map(|related| {
            let label = printable(&related.message).into_owned();
            LabeledSpan::new_with_span(Some(label), place(related.span, snippet))
        });
        let elsewhere = away.into_iter().map(|related| {
            let snippet = texts.snippet(related.span);
            let label = printable(&related.message).into_owned();
            let label =
                LabeledSpan::new_primary_with_span(Some(label), place(related.span, snippet));
            let message = format!("see {}", file_name(texts.sources, related.span));
            Elsewhere { message, snippet, label }
        });
        Self {
            finding,
            message: format!("{} {}", finding.code, printable(&finding.message)),
            snippet,
            help: finding.help.as_deref().map(|help| printable(help).into_owned()),
            labels: std::iter::once(first).chain(others).collect(),
            elsewhere: elsewhere.collect(),
        }
    }
}

/// The span inside the file, without the line end: a caret at the very end stays on its line.
fn place(span: Span, snippet: Option<Snippet<'_>>) -> SourceSpan {
    let length = snippet.map_or(0, |snippet| snippet.shown.len());
    let end = (span.end as usize).min(length);
    let start = (span.start as usize).min(end);
    SourceSpan::from((start, end - start))
}

impl fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn help<'s>(&'s self) -> Option<Box<dyn fmt::Display + 's>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display + 's>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.snippet.as_ref().map(|snippet| snippet as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'s>(&'s self) -> Option<Box<dyn Iterator<Item = &'s dyn miette::Diagnostic> + 's>> {
        if self.elsewhere.is_empty() {
            return None;
        }
        Some(Box::new(self.elsewhere.iter().map(|part| part as &dyn miette::Diagnostic)))
    }
}

/// A related place in another file.
struct Elsewhere<'a> {
    message: String,
    snippet: Option<Snippet<'a>>,
    label: LabeledSpan,
}

impl fmt::Debug for Elsewhere<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Display for Elsewhere<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Elsewhere<'_> {}

impl miette::Diagnostic for Elsewhere<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(miette::Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.snippet.as_ref().map(|snippet| snippet as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(self.label.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FileId, codes};

    #[test]
    fn a_brief_finding_looks_as_the_full_form_draws_it() {
        let text = "frontend fe\n\tbind\t*:80 ssl\n  a\tb c \n\n  mode http\r\n  last";
        let texts = &Sources::single("a b.cfg", text);
        let handler = GraphicalReportHandler::new_themed(theme(Style::default()))
            .with_width(100)
            .with_links(false)
            .with_context_lines(0);
        let shown = Texts::of(texts);
        let mut drawn = 0;
        for start in 0..text.len() as u32 {
            for end in start..=text.len() as u32 {
                for code in [codes::E0202, codes::W0604, codes::N0611] {
                    let span = Span::new(FileId(0), start, end);
                    let mut finding = Diagnostic::new(code, span, "what `it` is");
                    if start % 2 == 0 {
                        finding = finding.help("what to do");
                    }
                    if end % 3 == 0 {
                        finding = finding.label("here");
                    }
                    let mut brief = String::new();
                    if shown.brief(&mut brief, &finding, 100).is_none() {
                        assert_eq!(brief, "", "{start}..{end}");
                        continue;
                    }
                    let mut full = String::new();
                    let report = Report::new(&shown, &finding);
                    handler.render_report(&mut full, &report).expect("a span of the file");
                    assert_eq!(brief, full, "{start}..{end}");
                    drawn += 1;
                }
            }
        }
        assert!(drawn > 100, "{drawn}");
    }
}
