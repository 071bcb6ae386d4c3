//! All files into one tree: lines, the environment as `setenv` changes it, conditional blocks.

use std::borrow::Cow;

use diag::{Diagnostic, FileId, SourceFile, Sources, Span, codes};

use crate::blocks::{self, Blocks};
use crate::env::Environment;
use crate::tree::{Line, LineKind, Origin, Tree, Word};
use crate::words::{self, Variables};
use crate::{sections, stray};

/// Reads all files, in order, as one configuration.
///
/// Never fails: lines that cannot be read are [`LineKind::Bad`], with a finding each. Variables are
/// those of `env` as `setenv`, `presetenv`, `unsetenv` and `resetenv` lines of `global` change them.
pub fn parse<'t>(sources: &'t Sources, env: &Environment) -> (Tree<'t>, Vec<Diagnostic>) {
    let mut tree = Tree::default();
    let findings = each_line(sources, env, |line| tree.lines.push(line));
    (tree, findings)
}

/// As [`parse`], line by line: a large configuration need not be held as a tree.
pub fn each_line<'t>(
    sources: &'t Sources,
    env: &Environment,
    take: impl FnMut(Line<'t>),
) -> Vec<Diagnostic> {
    let mut reader = Reader {
        env: Cow::Borrowed(env),
        section: String::new(),
        in_global: false,
        blocks: Blocks::default(),
        take,
        findings: Vec::new(),
    };
    for (id, file) in sources.iter() {
        reader.file(id, file);
    }
    reader.findings
}

struct Reader<'e, F> {
    env: Cow<'e, Environment>,
    /// The value of `.SECTION`.
    section: String,
    in_global: bool,
    blocks: Blocks,
    /// Takes each line when it is read.
    take: F,
    findings: Vec<Diagnostic>,
}

/// The variables as one line sees them.
struct LineVariables<'a> {
    env: &'a Environment,
    file: &'a str,
    line: u32,
    section: &'a str,
}

impl Variables for LineVariables<'_> {
    fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        match name {
            ".FILE" => Some(Cow::Borrowed(self.file)),
            ".LINE" => Some(Cow::Owned(self.line.to_string())),
            ".SECTION" => Some(Cow::Borrowed(self.section)),
            _ => self.env.vars.get(name).map(|value| Cow::Borrowed(value.as_str())),
        }
    }
}

impl<'t, F: FnMut(Line<'t>)> Reader<'_, F> {
    fn file(&mut self, id: FileId, file: &'t SourceFile) {
        let text = std::str::from_utf8(&file.bytes).ok();
        let mut start = 0;
        let mut number = 0;
        while start < file.bytes.len() {
            let rest = file.bytes.get(start..).unwrap_or(b"");
            let length = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
            let end = start + length;
            number += 1;
            let bytes = file.bytes.get(start..end).unwrap_or(b"");
            let span = Span::new(id, start as u32, end as u32);
            self.line(file, number, span, bytes, text.and_then(|text| text.get(start..end)));
            start = end + 1;
        }
        self.last_line(id, file);
        // A block may not span files.
        self.findings.append(&mut self.blocks.end_of_file());
    }

    /// HAProxy refuses a last line without a line end: the file might have been cut.
    fn last_line(&mut self, id: FileId, file: &SourceFile) {
        if file.bytes.last().is_none_or(|last| *last == b'\n') {
            return;
        }
        let end = file.bytes.len() as u32;
        let at = Span::new(id, end, end);
        let finding = Diagnostic::new(codes::E0107, at, "the last line has no line end")
            .label("the file may have been cut off here")
            .help("end the file with a newline")
            .fix(diag::Safety::Safe, vec![diag::Edit { span: at, text: String::from("\n") }]);
        self.findings.push(finding);
    }

    fn line(
        &mut self,
        file: &'t SourceFile,
        number: u32,
        span: Span,
        bytes: &'t [u8],
        text: Option<&'t str>,
    ) {
        let variables = LineVariables {
            env: &self.env,
            file: &file.name,
            line: number,
            section: &self.section,
        };
        let mut split = match text {
            Some(text) => words::split(text, span.file, span.start, &variables),
            None => split_bytes(bytes, span, &variables),
        };
        if let Some(nul) = bytes.iter().position(|b| *b == 0) {
            let at = span.start + nul as u32;
            let at = Span::new(span.file, at, at + 1);
            split.findings.push(Diagnostic::new(codes::E0103, at, "the line holds a NUL byte"));
        }
        let bad = !split.findings.is_empty();
        self.findings.append(&mut split.findings);
        let kind = if bad { LineKind::Bad } else { self.kind(&split.words, span) };
        if kind == LineKind::Words {
            self.enter(&split.words);
        }
        (self.take)(Line { span, kind, words: split.words, comment: split.comment });
    }

    fn kind(&mut self, words: &[Word<'_>], span: Span) -> LineKind {
        let Some(first) = words.first() else { return LineKind::Blank };
        if blocks::is_macro(&first.text) {
            self.findings.extend(self.blocks.line(words, span, &self.env));
            return LineKind::Macro;
        }
        if !self.blocks.is_active() {
            LineKind::Inactive
        } else if first.text.is_empty() {
            LineKind::Blank
        } else {
            LineKind::Words
        }
    }

    /// What a line changes for the lines below it.
    fn enter(&mut self, words: &[Word<'_>]) {
        let Some(keyword) = words.first() else { return };
        let keyword = keyword.text.as_ref();
        if sections::is_section(keyword) {
            self.in_global = keyword == "global";
            self.section.clear();
            self.section.push_str(sections::name(words));
        } else if self.in_global && keyword.ends_with("env") {
            set_env(&mut self.env, keyword, words.get(1..).unwrap_or(&[]));
        }
    }
}

/// `setenv`, `presetenv`, `unsetenv`, `resetenv` (manual 3.1).
fn set_env(env: &mut Cow<'_, Environment>, keyword: &str, args: &[Word<'_>]) {
    let names = || args.iter().map(|word| word.text.as_ref());
    match (keyword, args) {
        ("setenv" | "presetenv", [name, value, ..]) => {
            let keep = keyword == "presetenv" && env.vars.contains_key(name.text.as_ref());
            if !keep {
                let (name, value) = (name.text.to_string(), value.text.to_string());
                env.to_mut().vars.insert(name, value);
            }
        }
        ("unsetenv", _) => names().for_each(|name| {
            env.to_mut().vars.remove(name);
        }),
        ("resetenv", _) => {
            env.to_mut().vars.retain(|name, _| names().any(|kept| kept == name));
        }
        _ => {}
    }
}

/// A line that is not UTF-8: each bad byte is read as one character that no rule knows, so that
/// offsets stay those of the file, and is then what [`stray`] makes of it.
fn split_bytes<'t>(bytes: &[u8], span: Span, variables: &dyn Variables) -> words::Split<'t> {
    const STAND_IN: char = '\u{1a}';
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| STAND_IN));
    }
    let split = words::split(&text, span.file, span.start, variables);
    let own = |word: Word<'_>| {
        let raw = (word.span.start - span.start) as usize..(word.span.end - span.start) as usize;
        let raw = bytes.get(raw).unwrap_or_default();
        // Nothing but these bytes became the character, so they stand in the word in this order.
        let invalid: Vec<u8> =
            raw.utf8_chunks().flat_map(|chunk| chunk.invalid().to_vec()).collect();
        let mut invalid = invalid.into_iter();
        let restored: String = word
            .text
            .chars()
            .map(|c| match c {
                STAND_IN => invalid.next().map_or(STAND_IN, stray::character),
                c => c,
            })
            .collect();
        let origin = if restored == word.text { word.origin } else { Origin::Opaque };
        Word { text: Cow::Owned(restored), span: word.span, origin }
    };
    words::Split {
        words: split.words.into_iter().map(own).collect(),
        comment: split.comment,
        findings: split.findings,
    }
}
