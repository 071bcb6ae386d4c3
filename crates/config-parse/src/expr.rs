//! Sample expressions: a fetch, its arguments, and the converters behind it (manual 7.1, 7.3).

use diag::{Diagnostic, Span, Spanned, codes};
use pest::Parser;
use pest::iterators::Pair;

use crate::args;
use crate::sample_grammar::{Rule, Sample};
use crate::tree::Word;

/// A fetch or a converter with its arguments as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The name, as written (`hdr`, `lower`).
    pub name: Spanned<String>,
    /// The arguments between the parentheses; `None` when there are no parentheses, empty for `()`.
    pub args: Option<Vec<Spanned<String>>>,
    /// The whole call.
    pub span: Span,
}

/// `fetch(args),conv1(args),conv2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr {
    /// The fetch.
    pub fetch: Call,
    /// The converters, in order.
    pub converters: Vec<Call>,
    /// The whole expression.
    pub span: Span,
}

/// Reads an expression that is one whole word: `req.hdr(host),lower`.
///
/// # Errors
/// `E0501` when no fetch name stands at the front, `E0503` for parentheses or commas out of place.
pub fn parse(word: &Word<'_>) -> Result<Expr, Diagnostic> {
    let Ok(mut tokens) = Sample::parse(Rule::expr, &word.text) else {
        return Err(Diagnostic::new(codes::E0503, word.span, "the expression cannot be read"));
    };
    let mut calls = Vec::new();
    for token in tokens.next().map(Pair::into_inner).into_iter().flatten() {
        match token.as_rule() {
            Rule::chain => calls = chain(token, word)?,
            Rule::rest => return Err(garbage(&token, word, &calls)),
            _ => {}
        }
    }
    from_calls(calls, word.span).ok_or_else(|| no_fetch(word.span))
}

/// Reads an expression at the front of `words`; converters may follow as words of their own
/// (`src ipmask(24) table t`), as long as `is_converter` knows their names.
///
/// Gives the expression and how many words it took.
///
/// # Errors
/// As [`parse`]; `E0501` when there is no word.
pub fn parse_words(
    words: &[Word<'_>],
    is_converter: &dyn Fn(&str) -> bool,
) -> Result<(Expr, usize), Diagnostic> {
    let Some((first, rest)) = words.split_first() else {
        return Err(no_fetch(Span::default()));
    };
    let mut expr = parse(first)?;
    let mut taken = 1;
    for word in rest {
        let name: &str = word.text.split(['(', ',']).next().unwrap_or("");
        if name.is_empty() || !is_converter(name) {
            break;
        }
        // A chain of converters has the form of an expression of its own.
        let Expr { fetch, converters, span } = parse(word)?;
        expr.converters.push(fetch);
        expr.converters.extend(converters);
        expr.span = expr.span.to(span);
        taken += 1;
    }
    Ok((expr, taken))
}

/// The calls of a `chain`; the first is the fetch.
pub(crate) fn chain(pair: Pair<'_, Rule>, word: &Word<'_>) -> Result<Vec<Call>, Diagnostic> {
    let mut calls = Vec::new();
    for token in pair.into_inner() {
        match token.as_rule() {
            Rule::call => calls.push(call(token, word)?),
            // A comma before any name: the fetch is missing.
            Rule::comma if calls.is_empty() => {
                let at = token.as_span();
                return Err(no_fetch(word.at(at.start()..at.end())));
            }
            _ => {}
        }
    }
    Ok(calls)
}

pub(crate) fn from_calls(calls: Vec<Call>, span: Span) -> Option<Expr> {
    let mut calls = calls.into_iter();
    let fetch = calls.next()?;
    Some(Expr { fetch, converters: calls.collect(), span })
}

pub(crate) fn no_fetch(span: Span) -> Diagnostic {
    Diagnostic::new(codes::E0501, span, "a fetch name is missing")
        .help("begin the expression with a fetch, such as `src` or `req.hdr(host)`")
}

args::arg_tokens!(Rule);

fn call(pair: Pair<'_, Rule>, word: &Word<'_>) -> Result<Call, Diagnostic> {
    let whole = pair.as_span();
    let span = word.at(whole.start()..whole.end());
    let mut call = Call { name: Spanned::new(String::new(), span), args: None, span };
    for token in pair.into_inner() {
        let at = token.as_span();
        let place = word.at(at.start()..at.end());
        if token.as_rule() == Rule::name {
            call.name = Spanned::new(token.as_str().to_owned(), place);
            continue;
        }
        let read = args::read(token, word, arg_token);
        if !read.closed {
            let name = &call.name.value;
            let message = format!("the arguments of `{name}` have no `)`");
            return Err(Diagnostic::new(codes::E0503, place, message)
                .label("opened here")
                .help("close the parenthesis; quote an argument that holds a space"));
        }
        call.args = Some(read.values);
    }
    Ok(call)
}

fn garbage(rest: &Pair<'_, Rule>, word: &Word<'_>, calls: &[Call]) -> Diagnostic {
    let at = rest.as_span();
    let place = word.at(at.start()..at.end());
    let Some(last) = calls.last() else { return no_fetch(place) };
    let message =
        format!("`{}` stands behind `{}` without a comma", rest.as_str(), last.name.value);
    Diagnostic::new(codes::E0503, place, message)
        .help("a `,` or `)` inside an argument must be in quotes: `regsub(\\\"(a|b)\\\",c)`")
}
