//! The expressions of `.if` and `.elif` (manual 2.4): predicates, `!`, `&&`, `||`, parentheses.
//!
//! Everything is read before anything is answered, so that a predicate behind a `||` that is already
//! true is still checked, as HAProxy does.

use std::iter::Peekable;

use diag::{Diagnostic, Span, Spanned, codes};
use pest::Parser;
use pest::iterators::Pair;

use crate::args;
use crate::env::Environment;
use crate::tree::{Origin, Piece, Word};
use crate::version::Version;

mod grammar {
    //! The parser that pest makes of `predicate.pest` and `args.pest`.
    #[derive(pest_derive::Parser)]
    #[grammar = "grammar/args.pest"]
    #[grammar = "grammar/predicate.pest"]
    pub(super) struct Predicate;
}
use grammar::{Predicate, Rule};

/// How deep parentheses may nest.
const MAX_DEPTH: usize = 256;

/// Whether the words behind `.if` are true in `env`. No word at all is false.
///
/// # Errors
/// `E0106`, at what cannot be read.
pub fn evaluate(words: &[Word<'_>], env: &Environment) -> Result<bool, Diagnostic> {
    let Some(word) = join(words) else { return Ok(false) };
    if word.text.is_empty() {
        return Ok(false);
    }
    let Ok(mut tokens) = Predicate::parse(Rule::tokens, &word.text) else {
        return Err(Diagnostic::new(codes::E0106, word.span, "the expression cannot be read"));
    };
    let tokens = tokens.next().map(Pair::into_inner).into_iter().flatten();
    let tokens = tokens.filter(|token| token.as_rule() != Rule::EOI).peekable();
    let mut reader = Reader { word: &word, env, tokens, depth: 0 };
    let value = reader.or()?;
    match reader.tokens.next() {
        Some(token) => Err(reader.unexpected(&token)),
        None => Ok(value),
    }
}

/// One word of several, with single spaces between them: what HAProxy evaluates.
fn join(words: &[Word<'_>]) -> Option<Word<'static>> {
    let (first, last) = (words.first()?, words.last()?);
    let mut text = String::new();
    let mut pieces = Vec::new();
    for word in words {
        if let Some(Piece { end, .. }) = pieces.last().copied() {
            text.push(' ');
            pieces.push(Piece { text_end: text.len() as u32, start: end, end });
        }
        text.push_str(&word.text);
        // Only whole words are placed; words are short here.
        pieces.push(Piece {
            text_end: text.len() as u32,
            start: word.span.start,
            end: word.span.end,
        });
    }
    let span = first.span.to(last.span);
    Some(Word { text: text.into(), span, origin: Origin::Pieces(pieces.into()) })
}

struct Reader<'r, 'p, I: Iterator<Item = Pair<'p, Rule>>> {
    word: &'r Word<'r>,
    env: &'r Environment,
    tokens: Peekable<I>,
    depth: usize,
}

impl<'p, I: Iterator<Item = Pair<'p, Rule>>> Reader<'_, 'p, I> {
    fn or(&mut self) -> Result<bool, Diagnostic> {
        let mut value = self.and()?;
        while self.take(Rule::or) {
            value |= self.and()?;
        }
        Ok(value)
    }

    fn and(&mut self) -> Result<bool, Diagnostic> {
        let mut value = self.term()?;
        while self.take(Rule::and) {
            value &= self.term()?;
        }
        Ok(value)
    }

    fn term(&mut self) -> Result<bool, Diagnostic> {
        let mut negated = false;
        while self.take(Rule::not) {
            negated = !negated;
        }
        let Some(token) = self.tokens.next() else {
            let end = self.word.text.len();
            let message = "the expression ends where a predicate or a number should be";
            return Err(Diagnostic::new(codes::E0106, self.word.at(end..end), message));
        };
        let value = match token.as_rule() {
            Rule::integer => is_non_zero(token.as_str()),
            Rule::predicate => self.predicate(token)?,
            Rule::open => self.parentheses(&token)?,
            _ => return Err(self.unexpected(&token)),
        };
        Ok(value != negated)
    }

    fn parentheses(&mut self, open: &Pair<'p, Rule>) -> Result<bool, Diagnostic> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = format!("parentheses nest deeper than {MAX_DEPTH} levels");
            return Err(Diagnostic::new(codes::E0106, self.place(open), message));
        }
        let value = self.or()?;
        self.depth -= 1;
        if self.take(Rule::shut) {
            return Ok(value);
        }
        let message = "a parenthesis is not closed";
        let finding = Diagnostic::new(codes::E0106, self.place(open), message);
        Err(finding.label("opened here"))
    }

    fn take(&mut self, rule: Rule) -> bool {
        self.tokens.next_if(|token| token.as_rule() == rule).is_some()
    }

    fn place(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        self.word.at(span.start()..span.end())
    }

    fn unexpected(&self, token: &Pair<'_, Rule>) -> Diagnostic {
        let message = format!("`{}` cannot stand here", token.as_str());
        Diagnostic::new(codes::E0106, self.place(token), message)
            .help("join predicates with `&&` and `||`: `.if defined(A) && version_atleast(2.6)`")
    }

    fn predicate(&self, pair: Pair<'p, Rule>) -> Result<bool, Diagnostic> {
        let whole = self.place(&pair);
        let mut name = "";
        let mut given: Vec<Spanned<String>> = Vec::new();
        for token in pair.into_inner() {
            if token.as_rule() == Rule::name {
                name = token.as_str();
                continue;
            }
            let place = self.place(&token);
            let read = args::read(token, self.word, arg_token);
            if !read.closed {
                let message = format!("the arguments of `{name}` have no `)`");
                return Err(Diagnostic::new(codes::E0106, place, message));
            }
            given = read.values;
        }
        let Some(known) = PREDICATES.iter().find(|known| known.name == name) else {
            let message = format!("no predicate is named `{name}`");
            let help = "there are defined, feature, streq, strneq, version_atleast and others";
            return Err(Diagnostic::new(codes::E0106, whole, message).help(help));
        };
        self.check_version(known, whole)?;
        check_count(known, &given, whole)?;
        let arg = |i: usize| given.get(i).map_or("", |arg| arg.value.as_str());
        (known.test)(self.env, arg(0), arg(1)).ok_or_else(|| {
            let message = format!("`{name}` does not know `{}`", arg(0));
            Diagnostic::new(codes::E0106, whole, message)
        })
    }

    fn check_version(&self, known: &Known, span: Span) -> Result<(), Diagnostic> {
        if own_version(self.env) >= Version::read(known.since) {
            return Ok(());
        }
        let message = format!("`{}` is not known before version {}", known.name, known.since);
        Err(Diagnostic::new(codes::E0106, span, message))
    }
}

args::arg_tokens!(Rule);

/// C's `0x` and octal forms are zero only when all their digits are.
fn is_non_zero(integer: &str) -> bool {
    let digits = integer.trim_start_matches(['+', '-']);
    digits.trim_start_matches("0x").bytes().any(|b| b != b'0')
}

fn check_count(known: &Known, given: &[Spanned<String>], span: Span) -> Result<(), Diagnostic> {
    // One argument may be left out: it is the empty string then.
    let enough = given.len() == known.args || (given.is_empty() && known.args <= 1);
    if enough {
        return Ok(());
    }
    let message = format!("`{}` takes {} and was given {}", known.name, known.args, given.len());
    Err(Diagnostic::new(codes::E0106, span, message))
}

/// A predicate, the version that brought it, how many arguments it takes, and what it asks; `None`
/// when it does not know its argument.
struct Known {
    name: &'static str,
    since: &'static str,
    args: usize,
    test: fn(&Environment, &str, &str) -> Option<bool>,
}

const OPTIONS: &[&str] = &[
    "POLL",
    "EPOLL",
    "KQUEUE",
    "EVPORTS",
    "SPLICE",
    "GETADDRINFO",
    "REUSEPORT",
    "FAST-FORWARD",
    "SERVER-SSL-VERIFY-NONE",
    "NO-ZERO-COPY",
];

const PREDICATES: &[Known] = &[
    Known {
        name: "awslc_api_atleast",
        since: "3.3-dev0",
        args: 1,
        test: |env, wanted, _| Some(env.awslc_api.is_some_and(|api| api >= number(wanted))),
    },
    Known {
        name: "awslc_api_before",
        since: "3.3-dev0",
        args: 1,
        test: |env, wanted, _| Some(env.awslc_api.is_some_and(|api| api < number(wanted))),
    },
    Known {
        name: "defined",
        since: "2.4-dev0",
        args: 1,
        test: |env, name, _| Some(env.vars.contains_key(name)),
    },
    Known {
        name: "enabled",
        since: "2.7-dev0",
        args: 1,
        test: |env, option, _| {
            let known = OPTIONS.contains(&option);
            known.then(|| env.enabled.iter().any(|name| name == option))
        },
    },
    Known {
        name: "feature",
        since: "2.4-dev0",
        args: 1,
        // Quirk: the feature without a name is always there.
        test: |env, feature, _| {
            Some(feature.is_empty() || env.features.iter().any(|name| name == feature))
        },
    },
    Known { name: "fips_mode", since: "3.5-dev0", args: 0, test: |_, _, _| Some(false) },
    Known {
        name: "openssl_version_atleast",
        since: "2.5-dev0",
        args: 1,
        test: |env, wanted, _| {
            Some(has_openssl(env) && openssl(&env.openssl_version) >= openssl(wanted))
        },
    },
    Known {
        name: "openssl_version_before",
        since: "2.5-dev0",
        args: 1,
        test: |env, wanted, _| {
            Some(has_openssl(env) && openssl(&env.openssl_version) < openssl(wanted))
        },
    },
    Known {
        name: "ssllib_name_startswith",
        since: "2.5-dev0",
        args: 1,
        test: |env, prefix, _| Some(has_openssl(env) && env.ssllib_name.starts_with(prefix)),
    },
    Known { name: "streq", since: "2.4-dev0", args: 2, test: |_, a, b| Some(a == b) },
    Known { name: "strneq", since: "2.4-dev0", args: 2, test: |_, a, b| Some(a != b) },
    Known { name: "strstr", since: "2.7-dev0", args: 2, test: |_, a, b| Some(a.contains(b)) },
    Known {
        name: "version_atleast",
        since: "2.4-dev0",
        args: 1,
        test: |env, wanted, _| Some(own_version(env) >= Version::read(wanted)),
    },
    Known {
        name: "version_before",
        since: "2.4-dev0",
        args: 1,
        test: |env, wanted, _| Some(own_version(env) < Version::read(wanted)),
    },
];

fn own_version(env: &Environment) -> Version {
    if env.version.is_empty() { Version::NEWEST } else { Version::read(&env.version) }
}

/// OpenSSL's versions up to 1.1.1 end in a letter, which is left out of the comparison.
fn openssl(text: &str) -> Version {
    Version::read(text.trim_end_matches(|c: char| c.is_ascii_lowercase()))
}

fn has_openssl(env: &Environment) -> bool {
    !env.openssl_version.is_empty() || !env.ssllib_name.is_empty()
}

fn number(text: &str) -> u32 {
    text.parse().unwrap_or(0)
}
