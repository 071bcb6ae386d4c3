//! Arguments between parentheses: what quotes and backslashes mean there (manual 2.2).
//!
//! The words' own quotes are gone by then, so `str(\"a,b\")` arrives here as `str("a,b")`.

use diag::Spanned;
use pest::iterators::Pair;

use crate::tree::Word;

/// One token of `args.pest`, told apart from the other rules of the grammar that includes it.
pub(crate) enum Token {
    Text,
    Escape,
    Group,
    Close,
    Arg,
}

/// The arguments of one pair of parentheses.
pub(crate) struct Args {
    /// What is between the parentheses. `()` is no argument.
    pub(crate) values: Vec<Spanned<String>>,
    /// Whether the closing parenthesis is there.
    pub(crate) closed: bool,
}

/// Reads an `args` pair; `kind` says what each rule is.
pub(crate) fn read<R: pest::RuleType>(
    pair: Pair<'_, R>,
    word: &Word<'_>,
    kind: fn(R) -> Option<Token>,
) -> Args {
    let mut args = Args { values: Vec::new(), closed: false };
    let empty = pair.as_str() == "()";
    for token in pair.into_inner() {
        match kind(token.as_rule()) {
            Some(Token::Close) => args.closed = true,
            Some(Token::Arg) if !empty => {
                let span = token.as_span();
                let mut value = String::new();
                append(token, kind, &mut value);
                let place = word.at(span.start()..span.end());
                args.values.push(Spanned::new(value, place));
            }
            _ => {}
        }
    }
    args
}

fn append<R: pest::RuleType>(pair: Pair<'_, R>, kind: fn(R) -> Option<Token>, out: &mut String) {
    for token in pair.into_inner() {
        match kind(token.as_rule()) {
            Some(Token::Text) => out.push_str(token.as_str()),
            Some(Token::Escape) => out.push_str(unescape(token.as_str())),
            // Quotes do not nest, so this goes one level deep and no deeper.
            Some(Token::Group) => append(token, kind, out),
            _ => {}
        }
    }
}

/// Unknown escapes keep their backslash: `my/\1` stays what it is.
fn unescape(escape: &str) -> &str {
    match escape.get(1..).unwrap_or("") {
        "n" => "\n",
        "r" => "\r",
        "t" => "\t",
        c @ ("\\" | "\"" | "'" | " ") => c,
        _ => escape,
    }
}

/// The table from a grammar's rules to [`Token`]s: each grammar that includes `args.pest` has its own.
macro_rules! arg_tokens {
    ($rule:ident) => {
        fn arg_token(rule: $rule) -> Option<$crate::args::Token> {
            use $crate::args::Token;
            match rule {
                $rule::plain | $rule::strong_text | $rule::weak_text => Some(Token::Text),
                $rule::escape => Some(Token::Escape),
                $rule::strong | $rule::weak => Some(Token::Group),
                $rule::close => Some(Token::Close),
                $rule::arg => Some(Token::Arg),
                _ => None,
            }
        }
    };
}
pub(crate) use arg_tokens;
