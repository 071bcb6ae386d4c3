//! A line of text into words: quotes, escapes, variables and comments (manual 2.2, 2.3).
//!
//! The grammar gives one token a word; only words that hold a quote or a backslash are looked into.

use std::borrow::Cow;

use diag::{Diagnostic, FileId, Span, codes};
use pest::Parser;
use pest::iterators::Pair;

use crate::stray;
use crate::tree::{Origin, Piece, Word};

/// How many words a line may have (HAProxy's limit, the keyword included).
pub const MAX_WORDS: usize = 64;

/// How many bytes variables may make of one word: `setenv A "$A$A"` doubles with each line.
const MAX_EXPANDED: usize = 16 << 20;

mod grammar {
    //! The parser that pest makes of `words.pest`.
    #[derive(pest_derive::Parser)]
    #[grammar = "grammar/words.pest"]
    pub(super) struct Words;
}
use grammar::{Rule, Words};

/// Where variables come from while one line is read.
pub(crate) trait Variables {
    /// The value of a variable; names of pseudo variables begin with a dot.
    fn value(&self, name: &str) -> Option<Cow<'_, str>>;
}

/// What a line of text was split into.
#[derive(Debug, Default)]
pub(crate) struct Split<'t> {
    pub(crate) words: Vec<Word<'t>>,
    pub(crate) comment: Option<Span>,
    pub(crate) findings: Vec<Diagnostic>,
}

/// Splits `text`, which stands at byte `base` of `file`.
pub(crate) fn split<'t>(
    text: &'t str,
    file: FileId,
    base: u32,
    variables: &dyn Variables,
) -> Split<'t> {
    if text.bytes().any(|b| matches!(b, b'\\' | b'"' | b'\'' | b'#' | b'\r')) {
        return limit(by_grammar(text, file, base, variables));
    }
    limit(by_space(text, file, base))
}

/// A line without any mark of its own is runs of text between white space. The grammar says the same,
/// and the tests hold the two together; this is more than twice as fast, and most lines are so.
fn by_space(text: &str, file: FileId, base: u32) -> Split<'_> {
    let mut out = Split::default();
    for word in text.split([' ', '\t', '\u{b}', '\u{c}']).filter(|word| !word.is_empty()) {
        let start = base + (word.as_ptr().addr() - text.as_ptr().addr()) as u32;
        let span = Span::new(file, start, start + word.len() as u32);
        out.words.push(Word { text: Cow::Borrowed(word), span, origin: Origin::Verbatim(0) });
    }
    out
}

fn by_grammar<'t>(text: &'t str, file: FileId, base: u32, variables: &dyn Variables) -> Split<'t> {
    let mut out = Split::default();
    let at = |start: usize, end: usize| Span::new(file, base + start as u32, base + end as u32);
    let Ok(mut tokens) = Words::parse(Rule::line, text) else {
        // The rule matches any text; should it ever not, the line is a bad one and not a crash.
        let whole = at(0, text.len());
        out.findings.push(Diagnostic::new(codes::E0103, whole, "the line cannot be read"));
        return out;
    };
    let line = tokens.next().map(Pair::into_inner);
    for token in line.into_iter().flatten() {
        let token_span = token.as_span();
        let span = at(token_span.start(), token_span.end());
        match token.as_rule() {
            Rule::word => word(token_span.as_str(), span, variables, &mut out),
            Rule::comment => out.comment = Some(span),
            Rule::broken => out.findings.push(unmatched_quote(token_span.as_str(), span)),
            _ => {}
        }
    }
    out
}

/// Reports a line of too many words.
fn limit(mut out: Split<'_>) -> Split<'_> {
    if let Some(extra) = out.words.get(MAX_WORDS) {
        let finding = Diagnostic::new(
            codes::E0108,
            extra.span,
            format!("the line has {} words, and at most {MAX_WORDS} are read", out.words.len()),
        );
        out.findings.push(finding.label("the first word too many"));
    }
    out
}

fn word<'t>(raw: &'t str, span: Span, variables: &dyn Variables, out: &mut Split<'t>) {
    if !raw.bytes().any(|b| matches!(b, b'\\' | b'"' | b'\'')) {
        out.words.push(Word { text: Cow::Borrowed(raw), span, origin: Origin::Verbatim(0) });
        return;
    }
    if let Some(inside) = strong_only(raw) {
        out.words.push(Word { text: Cow::Borrowed(inside), span, origin: Origin::Verbatim(1) });
        return;
    }
    let mut decoder = Decoder::new(span, variables);
    let Ok(tokens) = Words::parse(Rule::pieces, raw) else {
        out.findings.push(unmatched_quote(raw, span));
        return;
    };
    for token in tokens.flat_map(Pair::into_inner) {
        decoder.piece(token);
    }
    decoder.finish(&mut out.words);
    out.findings.append(&mut decoder.findings);
}

/// The inside of a word that is one quoted run with nothing to decode in it.
fn strong_only(raw: &str) -> Option<&str> {
    let quote = raw.chars().next()?;
    let inside = raw.strip_prefix(quote)?.strip_suffix(quote)?;
    let plain = match quote {
        '\'' => !inside.contains('\''),
        '"' => !inside.contains(['"', '\\', '$']),
        _ => false,
    };
    plain.then_some(inside)
}

fn unmatched_quote(text: &str, span: Span) -> Diagnostic {
    let open = open_quote(text);
    let at = Span::new(span.file, span.start + open as u32, span.end);
    Diagnostic::new(codes::E0101, at, "a quote is opened and not closed on this line")
        .label("opened here")
        .help("close the quote, or write `\\\"` or `\\'` for the character itself")
}

/// The offset of the quote that stays open: the first that has no partner.
fn open_quote(text: &str) -> usize {
    let mut open = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (open, c) {
            _ if escaped => escaped = false,
            (None | Some((_, '"')), '\\') => escaped = true,
            (None, '"' | '\'') => open = Some((at, c)),
            (Some((_, quote)), c) if c == quote => open = None,
            _ => {}
        }
    }
    open.map_or(0, |(at, _)| at)
}

/// Puts a word together from its pieces; `[*]` makes it several.
struct Decoder<'v> {
    span: Span,
    variables: &'v dyn Variables,
    text: String,
    pieces: Vec<Piece>,
    done: Vec<(String, Vec<Piece>)>,
    findings: Vec<Diagnostic>,
}

impl<'v> Decoder<'v> {
    fn new(span: Span, variables: &'v dyn Variables) -> Self {
        Self {
            span,
            variables,
            text: String::new(),
            pieces: Vec::new(),
            done: Vec::new(),
            findings: Vec::new(),
        }
    }

    fn piece(&mut self, token: Pair<'_, Rule>) {
        match token.as_rule() {
            Rule::bare | Rule::verbatim | Rule::quoted => {
                let at = self.at(&token);
                self.push(token.as_str(), at);
            }
            Rule::strong => token.into_inner().for_each(|inner| self.piece(inner)),
            Rule::weak => token.into_inner().for_each(|inner| self.weak_piece(inner)),
            Rule::escape => self.escape(token, false),
            _ => {}
        }
    }

    fn weak_piece(&mut self, token: Pair<'_, Rule>) {
        match token.as_rule() {
            Rule::escape => self.escape(token, true),
            Rule::variable => self.variable(token),
            Rule::bad => self.bad_variable(token),
            _ => self.piece(token),
        }
    }

    fn at(&self, token: &Pair<'_, Rule>) -> Span {
        let span = token.as_span();
        let start = self.span.start;
        Span::new(self.span.file, start + span.start() as u32, start + span.end() as u32)
    }

    fn push(&mut self, text: &str, at: Span) {
        self.text.push_str(text);
        let text_end = self.text.len() as u32;
        self.pieces.push(Piece { text_end, start: at.start, end: at.end });
    }

    /// Unknown escapes keep their backslash: `\q` is two characters (manual 2.2).
    fn escape(&mut self, token: Pair<'_, Rule>, weak: bool) {
        let at = self.at(&token);
        let raw = token.as_str();
        let decoded = match raw.get(1..).unwrap_or("") {
            "n" => "\n",
            "r" => "\r",
            "t" => "\t",
            c @ (" " | "\"" | "'" | "#" | "\\") => c,
            "$" if weak => "$",
            code if code.starts_with('x') => return self.hex(code, at),
            _ => raw,
        };
        self.push(decoded, at);
    }

    fn hex(&mut self, code: &str, at: Span) {
        let value = code.get(1..3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match value {
            Some(byte) => self.push(stray::character(byte).encode_utf8(&mut [0; 4]), at),
            None => self.findings.push(
                Diagnostic::new(codes::E0104, at, "`\\x` wants two hexadecimal digits")
                    .help("write `\\x41` for `A`, or `\\\\x` for a backslash and an x"),
            ),
        }
    }

    fn variable(&mut self, token: Pair<'_, Rule>) {
        let at = self.at(&token);
        let (mut name, mut list, mut default) = ("", false, None);
        for part in token.into_inner() {
            match part.as_rule() {
                Rule::name => name = part.as_str(),
                Rule::list => list = true,
                Rule::value => default = Some(part.as_str()),
                _ => {}
            }
        }
        if name.starts_with('.') && !matches!(name, ".FILE" | ".LINE" | ".SECTION") {
            let message = format!("no pseudo variable is named `{name}`");
            let finding = Diagnostic::new(codes::E0102, at, message);
            self.findings.push(finding.help("there are `.FILE`, `.LINE` and `.SECTION`"));
            return;
        }
        let value = self.variables.value(name).or(default.map(Cow::Borrowed));
        let Some(value) = value else { return };
        if self.text.len() + value.len() > MAX_EXPANDED {
            let message = "variables make this word larger than 16 MiB";
            self.findings.push(Diagnostic::new(codes::E0709, at, message));
            return;
        }
        if list { self.push_list(&value, at) } else { self.push(&value, at) }
    }

    /// A run of white space in the value of `${NAME[*]}` ends a word, also at its front and its end.
    fn push_list(&mut self, value: &str, at: Span) {
        let is_space = |c: char| c.is_ascii_whitespace() || c == '\u{b}';
        let mut rest = value;
        while let Some(end) = rest.find(is_space) {
            let (part, behind) = rest.split_at(end);
            self.push(part, at);
            self.done.push((std::mem::take(&mut self.text), std::mem::take(&mut self.pieces)));
            rest = behind.trim_start_matches(is_space);
        }
        self.push(rest, at);
    }

    fn bad_variable(&mut self, token: Pair<'_, Rule>) {
        let raw = token.as_str();
        let inside = raw.trim_start_matches('$').trim_start_matches('{');
        let named = inside.starts_with(|c: char| c == '_' || c == '.' || c.is_ascii_alphabetic());
        let message = if !named {
            "a variable's name begins with a letter or `_`"
        } else if inside.contains('[') {
            "only `[*]` can stand behind a variable's name"
        } else {
            "the brace of a variable is not closed behind its name"
        };
        let finding = Diagnostic::new(codes::E0102, self.at(&token), message);
        self.findings
            .push(finding.help("write `\\$` for the character itself, or use single quotes"));
    }

    /// What HAProxy passes on ends at a NUL, which only `\x00` can make.
    fn finish(&mut self, words: &mut Vec<Word<'_>>) {
        self.done.push((std::mem::take(&mut self.text), std::mem::take(&mut self.pieces)));
        for (mut text, pieces) in self.done.drain(..) {
            if let Some(nul) = text.find('\0') {
                text.truncate(nul);
            }
            let origin = Origin::Pieces(pieces.into());
            words.push(Word { text: Cow::Owned(text), span: self.span, origin });
        }
    }
}

#[cfg(test)]
mod tests {
    //! The short way and the grammar give the same words.

    use proptest::prelude::*;

    use super::*;

    struct None;

    impl Variables for None {
        fn value(&self, _: &str) -> Option<Cow<'_, str>> {
            Option::None
        }
    }

    proptest! {
        #[test]
        fn the_short_way_and_the_grammar_agree(text in r#"([ \t\v\x0c]|[a$%{}!~\x00-\x08\u{e9}]|[^\\"'\#\r\n])*"#) {
            let short = by_space(&text, FileId(0), 7);
            let long = by_grammar(&text, FileId(0), 7, &None);
            prop_assert_eq!(short.words, long.words);
            prop_assert!(long.findings.is_empty() && long.comment.is_none());
        }
    }
}
