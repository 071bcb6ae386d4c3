//! Patterns as written: words of the line, and the lines of pattern files.

use config_parse::condition::{AclExpr, MatchMethod};
use diag::{Diagnostic, Span, codes};
use sample::CompileEnv;

/// A pattern, before it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Its text.
    pub text: String,
    /// ASCII letters match in either case.
    pub ignore_case: bool,
    /// The word, or the file's name.
    pub span: Span,
}

/// The patterns of a criterion, in order: files first, then words.
pub(crate) fn read(
    acl: &AclExpr,
    _method: MatchMethod,
    env: &mut CompileEnv<'_>,
) -> Result<Vec<Pattern>, Vec<Diagnostic>> {
    let mut patterns = Vec::new();
    let mut findings = Vec::new();
    for file in &acl.files {
        match (env.files)(&file.value) {
            Ok(contents) => {
                patterns.extend(lines(&contents, acl.map_file).map(|(_, text)| Pattern {
                    text,
                    ignore_case: acl.ignore_case,
                    span: file.span,
                }));
            }
            Err(why) => findings.push(Diagnostic::new(
                codes::E0701,
                file.span,
                format!("`{}` cannot be read: {why}", file.value),
            )),
        }
    }
    patterns.extend(acl.patterns.iter().map(|word| Pattern {
        text: word.value.clone(),
        ignore_case: acl.ignore_case,
        span: word.span,
    }));
    if findings.is_empty() { Ok(patterns) } else { Err(findings) }
}

/// The entries of a pattern file with their line numbers; of a map only the keys.
pub(crate) fn lines(contents: &[u8], map: bool) -> impl Iterator<Item = (usize, String)> {
    String::from_utf8_lossy(contents)
        .lines()
        .enumerate()
        .filter_map(|(index, line)| {
            if line.starts_with('#') {
                return None;
            }
            let entry = line.trim_start_matches([' ', '\t']);
            let entry = match map {
                true => entry.split([' ', '\t']).next().unwrap_or(""),
                false => entry.trim_end_matches([' ', '\t']),
            };
            (!entry.is_empty()).then(|| (index + 1, entry.to_owned()))
        })
        .collect::<Vec<_>>()
        .into_iter()
}
