//! Log formats: text, `%` aliases and `%[expressions]` (manual 8.2.6).

use diag::{Diagnostic, Span, Spanned, codes};
use pest::Parser;
use pest::iterators::Pair;

use crate::expr::{self, Expr};
use crate::sample_grammar::{Rule, Sample};
use crate::tree::Word;

/// `%{+Q,-X}`: the flags that are switched on and off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// `Q`: in double quotes.
    pub quote: Option<bool>,
    /// `X`: hexadecimal.
    pub hex: Option<bool>,
    /// `E`: escape what is in quotes.
    pub escape: Option<bool>,
    /// `M`: mandatory, printed as `-` when it has no value.
    pub mandatory: Option<bool>,
    /// `bin`: keep binary data as it is (only in `%{+bin}o`).
    pub binary: Option<bool>,
    /// `json`: encode as JSON.
    pub json: Option<bool>,
    /// `cbor`: encode as CBOR.
    pub cbor: Option<bool>,
}

/// `%(name:type)`: what an item is called in structured encodings (3.0 and later).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The name; empty when only a type was given.
    pub name: String,
    /// `str`, `sint` or `bool`, as written.
    pub kind: Option<String>,
}

/// A part of a log format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Literal text; `%%` is already `%`. Spaces are as written: only the directives that are logs
    /// make several one (manual 8.2.6).
    Text(String),
    /// `%ci`, `%{+Q}r`: an alias by its name.
    Alias {
        /// The name, without `%`.
        name: Spanned<String>,
        /// Its flags.
        flags: Flags,
        /// `%(label)ci`: what the item is called in structured encodings.
        label: Option<Label>,
        /// From `%` to the end of the name.
        span: Span,
    },
    /// `%[expr]`.
    Expr {
        /// What is between the brackets.
        expr: Expr,
        /// Its flags.
        flags: Flags,
        /// `%(label)[expr]`: what the item is called in structured encodings.
        label: Option<Label>,
        /// From `%` to `]`.
        span: Span,
    },
}

/// A whole format.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogFormat {
    /// The parts, in order.
    pub pieces: Vec<Piece>,
    /// Where it was written.
    pub span: Span,
}

impl LogFormat {
    /// The text, when the format is nothing but text (also the empty one).
    pub fn as_text(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }
}

/// Reads a whole format, one word.
///
/// Unknown flags are taken and do nothing, as in HAProxy; whether an alias or a fetch exists is for
/// the caller to say.
///
/// # Errors
/// `E0306` for an item that is cut off or has no name; those of [`expr::parse`] inside `%[...]`.
pub fn parse(word: &Word<'_>) -> Result<LogFormat, Diagnostic> {
    let mut format = LogFormat { pieces: Vec::new(), span: word.span };
    // Names of backends are formats too, and nearly all of them are text.
    if !word.text.contains('%') {
        if !word.text.is_empty() {
            format.pieces = vec![Piece::Text(word.text.to_string())];
        }
        return Ok(format);
    }
    let Ok(mut tokens) = Sample::parse(Rule::format, &word.text) else {
        return Err(Diagnostic::new(codes::E0306, word.span, "the log format cannot be read"));
    };
    for token in tokens.next().map(Pair::into_inner).into_iter().flatten() {
        match token.as_rule() {
            Rule::percent => format.push_text("%"),
            Rule::literal => format.push_text(token.as_str()),
            Rule::item => format.pieces.push(item(token, word)?),
            Rule::broken => return Err(broken(&token, word)),
            _ => {}
        }
    }
    format.pieces.shrink_to_fit();
    Ok(format)
}

impl LogFormat {
    fn push_text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }
}

fn item(pair: Pair<'_, Rule>, word: &Word<'_>) -> Result<Piece, Diagnostic> {
    let place = |pair: &Pair<'_, Rule>| word.at(pair.as_span().start()..pair.as_span().end());
    let span = place(&pair);
    let (mut flags, mut label, mut name) = (Flags::default(), None, None);
    for token in pair.into_inner() {
        match token.as_rule() {
            Rule::label => label = Some(read_label(token)),
            Rule::flags => flags = read_flags(token.as_str()),
            Rule::alias => name = Some(Spanned::new(token.as_str().to_owned(), place(&token))),
            Rule::bracket => {
                let inside = place(&token);
                let chain = token.into_inner().next();
                let calls = chain.map_or(Ok(Vec::new()), |chain| expr::chain(chain, word))?;
                let span_of_calls = match (calls.first(), calls.last()) {
                    (Some(first), Some(last)) => first.span.to(last.span),
                    _ => inside,
                };
                let expr = expr::from_calls(calls, span_of_calls);
                let expr = expr.ok_or_else(|| expr::no_fetch(inside))?;
                return Ok(Piece::Expr { expr, flags, label, span });
            }
            _ => {}
        }
    }
    let name = name.unwrap_or_else(|| Spanned::new(String::new(), span));
    Ok(Piece::Alias { name, flags, label, span })
}

fn read_label(pair: Pair<'_, Rule>) -> Label {
    let mut label = Label { name: String::new(), kind: None };
    for token in pair.into_inner() {
        match token.as_rule() {
            Rule::label_name => label.name = token.as_str().to_owned(),
            _ => label.kind = Some(token.as_str().to_owned()),
        }
    }
    label
}

/// `{+Q,-X}`; what is not a known flag behind a sign is passed over.
fn read_flags(text: &str) -> Flags {
    let mut flags = Flags::default();
    let inside = text.trim_start_matches('{').trim_end_matches('}');
    for flag in inside.split(',') {
        let flag = flag.trim();
        let (on, name) = match flag.split_at_checked(1) {
            Some(("+", name)) => (true, name),
            Some(("-", name)) => (false, name),
            _ => continue,
        };
        match name {
            "Q" => flags.quote = Some(on),
            "X" => flags.hex = Some(on),
            "E" => flags.escape = Some(on),
            "M" => flags.mandatory = Some(on),
            "bin" => flags.binary = Some(on),
            "json" => flags.json = Some(on),
            "cbor" => flags.cbor = Some(on),
            _ => {}
        }
    }
    flags
}

/// Says what is wrong with the rest of a format that begins no item.
fn broken(pair: &Pair<'_, Rule>, word: &Word<'_>) -> Diagnostic {
    let text = pair.as_str();
    let at = pair.as_span();
    let place = word.at(at.start()..at.end());
    if let Some(start) = expression_start(text) {
        let inside = text.get(start..).unwrap_or("");
        return broken_expr(at.start() + start, inside, word);
    }
    let message = match text {
        "%" => "a `%` stands at the end",
        _ if text.starts_with("%{") && !text.contains('}') => "the flags of an item have no `}`",
        _ if text.starts_with("%{") => "flags stand without a name behind them",
        _ if text.starts_with("%(") => "the name of an item has no `)`, or nothing behind it",
        _ => "no item begins so",
    };
    Diagnostic::new(codes::E0306, place, message).help("write `%%` for the character `%`")
}

/// The offset behind the `[` of an item that is cut off: after `%`, a label and flags, if they are there.
fn expression_start(item: &str) -> Option<usize> {
    let mut rest = item.strip_prefix('%')?;
    for (open, close) in [('(', ')'), ('{', '}')] {
        if rest.starts_with(open) {
            rest = rest.split_once(close)?.1;
        }
    }
    rest.strip_prefix('[').map(|inside| item.len() - inside.len())
}

/// `%[` whose expression does not end at a `]`: the expression's own finding, if it has one.
fn broken_expr(start: usize, inside: &str, word: &Word<'_>) -> Diagnostic {
    let end = inside.rfind(']').unwrap_or(inside.len());
    let part = word.slice(start..start + end);
    match expr::parse(&part) {
        Err(finding) => finding,
        Ok(expr) => {
            let name = &expr.converters.last().unwrap_or(&expr.fetch).name.value;
            let message = format!("`]` is missing behind `{name}`");
            let open = word.at(start.saturating_sub(1)..start);
            Diagnostic::new(codes::E0306, part.span, message).related(open, "opened here")
        }
    }
}
