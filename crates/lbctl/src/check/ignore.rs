//! `# lbctl: ignore CODE[,CODE] reason`: a comment that silences findings of its line, or, when it stands alone, of
//! the next line that has words.
//!
//! A comment that silences nothing is a note itself (N0112): what it spoke of was mended, or never was.

use std::collections::BTreeSet;

use config_parse::env::Environment;
use config_parse::tree::{self, LineKind, Tree};
use diag::{Diagnostic, Edit, FileId, Safety, Sources, Span, codes};

const MARK: &str = "lbctl: ignore";

/// One code of one comment.
struct Ignore {
    /// Where the code stands in the comment.
    at: Span,
    /// The whole comment.
    comment: Span,
    code: String,
    /// The line (from 1) whose findings it silences; 0 for none.
    line: u32,
    used: bool,
}

/// Takes the findings out that a comment silences, and says which comments silence nothing.
pub(super) fn apply(sources: &Sources, env: &Environment, findings: &mut Vec<Diagnostic>) {
    // Most files have no such comment: then nothing has to be parsed again.
    let marked = |bytes: &[u8]| memchr::memmem::find(bytes, MARK.as_bytes()).is_some();
    if !sources.iter().any(|(_, file)| marked(&file.bytes)) {
        return;
    }
    let (tree, _) = tree::parse(sources, env);
    let mut ignores = read(sources, &tree);
    findings.retain(|finding| {
        let line = sources.line(finding.span);
        let mut silenced = false;
        for ignore in &mut ignores {
            let fits = ignore.at.file == finding.span.file
                && ignore.line == line
                && ignore.code == finding.code.as_str();
            ignore.used |= fits;
            silenced |= fits;
        }
        !silenced
    });
    let mut said = BTreeSet::new();
    for ignore in ignores.iter().filter(|ignore| !ignore.used) {
        let alone = ignores.iter().filter(|other| other.comment == ignore.comment).count() == 1;
        let message = match diag::entry(&ignore.code) {
            Some(_) => format!("there is no {} to ignore here", ignore.code),
            None => format!("`{}` is no code: `lbctl: ignore CODE reason`", ignore.code),
        };
        if !said.insert((ignore.at, message.clone())) {
            continue;
        }
        let mut finding = Diagnostic::new(codes::N0112, ignore.at, message);
        if alone && diag::entry(&ignore.code).is_some() {
            let text = String::new();
            let span = with_space_before(sources, ignore.comment);
            finding = finding.fix(Safety::Safe, vec![Edit { span, text }]);
            finding = finding.help("take the comment out");
        }
        findings.push(finding);
    }
}

/// The comment and the white space before it.
fn with_space_before(sources: &Sources, comment: Span) -> Span {
    let bytes = sources.file(comment.file).map_or(&[][..], |file| &file.bytes);
    let before = bytes.get(..comment.start as usize).unwrap_or_default();
    let space = before.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    Span::new(comment.file, comment.start - space as u32, comment.end)
}

fn read(sources: &Sources, tree: &Tree<'_>) -> Vec<Ignore> {
    let mut ignores: Vec<Ignore> = Vec::new();
    // Comments that stand alone and wait for the line they speak of.
    let mut waiting = 0;
    let mut file = FileId::default();
    for line in &tree.lines {
        if line.span.file != file {
            (file, waiting) = (line.span.file, ignores.len());
        }
        let number = sources.line(line.span);
        let blank = line.words.is_empty() && line.kind == LineKind::Blank;
        if !blank {
            for ignore in ignores.iter_mut().skip(waiting) {
                ignore.line = number;
            }
            waiting = ignores.len();
        }
        if let Some(comment) = line.comment {
            let own = if blank { 0 } else { number };
            ignores.extend(codes_of(sources, comment).map(|(at, code)| Ignore {
                at,
                comment,
                code,
                line: own,
                used: false,
            }));
            if !blank {
                waiting = ignores.len();
            }
        }
    }
    ignores
}

/// The codes behind the mark of a comment, with their places.
fn codes_of(sources: &Sources, comment: Span) -> impl Iterator<Item = (Span, String)> {
    let text = sources.text(comment);
    let mut found = Vec::new();
    let body = text.trim_start_matches('#').trim_start();
    if let Some(rest) = body.strip_prefix(MARK) {
        let list = rest.trim_start();
        let end = list.find(char::is_whitespace).unwrap_or(list.len());
        let list = &list[..end];
        let mut at = list.as_ptr().addr() - text.as_ptr().addr();
        if list.is_empty() {
            found.push((comment, String::new()));
        }
        for code in list.split(',') {
            if !code.is_empty() {
                let start = comment.start + at as u32;
                let span = Span::new(comment.file, start, start + code.len() as u32);
                found.push((span, code.to_ascii_uppercase()));
            }
            at += code.len() + 1;
        }
    }
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of findings of W0409 on lines 2 and 4, and what is said of comments.
    fn left(text: &str) -> Vec<String> {
        let sources = Sources::single("t.cfg", text);
        let on = |line| {
            let start = sources.file(FileId(0)).and_then(|file| file.line_start(line));
            let start = start.expect("a line");
            Diagnostic::new(codes::W0409, Span::new(FileId(0), start, start + 1), "unused")
        };
        let mut findings = vec![on(2), on(4)];
        apply(&sources, &Environment::default(), &mut findings);
        findings.iter().map(|f| format!("{} {}", sources.line(f.span), f.code)).collect()
    }

    #[test]
    fn a_comment_speaks_of_its_own_line_or_of_the_next_with_words() {
        let none: [&str; 0] = [];
        assert_eq!(
            left("frontend f\n acl a src 1.1.1.1\n#\n acl b src 1.1.1.1\n"),
            ["2 W0409", "4 W0409"]
        );
        assert_eq!(
            left(
                "frontend f\n acl a src 1.1.1.1 # lbctl: ignore W0409 later\n\n acl b src 1.1.1.1\n"
            ),
            ["4 W0409"]
        );
        assert_eq!(
            left(
                "# lbctl: ignore W0409\nfrontend f # lbctl: ignore W0409 x\n # lbctl: ignore w0409 why\n acl b src 1.1.1.1\n"
            ),
            none
        );
    }

    #[test]
    fn a_comment_that_silences_nothing_is_a_note() {
        assert_eq!(
            left(
                "frontend f\n acl a src 1.1.1.1 # lbctl: ignore W0409,W0703 both\n\n acl b src 1.1.1.1 # lbctl: ignore X1\n"
            ),
            ["4 W0409", "2 N0112", "4 N0112"]
        );
        // What only looks like one in a quoted word is none.
        assert_eq!(
            left("frontend f\n acl a src '# lbctl: ignore W0409'\n\n acl b src 1.1.1.1\n"),
            ["2 W0409", "4 W0409"]
        );
    }
}
