//! Conditions and ACL expressions: `if`, `unless`, named and anonymous ACLs (manual 7).

use diag::{Diagnostic, Span, Spanned, codes};

use crate::expr::{self, Expr};
use crate::tree::Word;

/// `-m METHOD`, or the method that the criterion's suffix (`_beg`, `_reg`, ...) implies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words are the manual's own (7.1.3)")]
pub enum MatchMethod {
    Found,
    Bool,
    Int,
    Ip,
    Bin,
    Len,
    Str,
    Beg,
    End,
    Sub,
    Dir,
    Dom,
    Reg,
}

/// The criterion of an ACL: an expression, and the match method that its name carries.
///
/// `hdr_beg(host)` is the fetch `hdr(host)` with [`MatchMethod::Beg`]; which names carry which suffix is
/// the registry's knowledge, so the parser keeps the name as written in `expr.fetch.name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AclExpr {
    /// The expression, with the name as written (`hdr_beg`, `path`, `src`).
    pub expr: Expr,
    /// `-i`: ignore case.
    pub ignore_case: bool,
    /// `-n`: no name resolution.
    pub no_resolve: bool,
    /// `-M`: load the files as maps.
    pub map_file: bool,
    /// `-u`: the id of the ACL.
    pub id: Option<Spanned<String>>,
    /// `-m`: the match method.
    pub method: Option<Spanned<MatchMethod>>,
    /// `-f`: pattern files.
    pub files: Vec<PatternFile>,
    /// The patterns as written, operators (`ge`, `lt`, ranges) included.
    pub patterns: Vec<Spanned<String>>,
    /// The whole.
    pub span: Span,
}

/// `-f`: a file of patterns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternFile {
    /// Its name, as written.
    pub name: Spanned<String>,
    /// `-i` stands before it; one behind it comes too late for its patterns.
    pub ignore_case: bool,
}

/// One term of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// `!` was written, an odd number of times.
    pub negated: bool,
    /// What is tested.
    pub test: Test,
    /// The term with its `!`.
    pub span: Span,
}

/// What a term tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// An ACL by its name.
    Named(Spanned<String>),
    /// `{ criterion patterns }`.
    Anonymous(AclExpr),
}

/// `if` or `unless`, and terms: each inner list is a conjunction, the outer one a disjunction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// `unless` instead of `if`.
    pub unless: bool,
    /// OR of ANDs. No inner list is empty. The outer one is when nothing was written behind `if`:
    /// HAProxy takes that, and an `if` of nothing is never true.
    pub any: Vec<Vec<Term>>,
    /// From `if` to the last word.
    pub span: Span,
}

impl MatchMethod {
    /// The method of a `-m` argument.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "found" => Self::Found,
            "bool" => Self::Bool,
            "int" => Self::Int,
            "ip" => Self::Ip,
            "bin" => Self::Bin,
            "len" => Self::Len,
            "str" => Self::Str,
            "beg" => Self::Beg,
            "end" => Self::End,
            "sub" => Self::Sub,
            "dir" => Self::Dir,
            "dom" => Self::Dom,
            "reg" => Self::Reg,
            _ => return None,
        })
    }

    /// As it is written behind `-m`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Ip => "ip",
            Self::Bin => "bin",
            Self::Len => "len",
            Self::Str => "str",
            Self::Beg => "beg",
            Self::End => "end",
            Self::Sub => "sub",
            Self::Dir => "dir",
            Self::Dom => "dom",
            Self::Reg => "reg",
        }
    }
}

/// An `acl` line's name and criterion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AclLine {
    /// The ACL's name.
    pub name: Spanned<String>,
    /// What it tests.
    pub expr: AclExpr,
}

/// Whether `word` begins a condition.
pub fn is_condition(word: &str) -> bool {
    matches!(word, "if" | "unless")
}

/// Reads the words of a condition, from `if` or `unless` to the end of the line.
///
/// An empty word ends the line, as it does in HAProxy; `or` and `||` that join nothing are taken.
///
/// # Errors
/// `E0509` for braces without a partner or words that begin no condition; those of [`parse_acl_expr`].
pub fn parse(words: &[Word<'_>]) -> Result<Condition, Diagnostic> {
    let words = until_empty(words);
    let Some((head, terms)) = words.split_first() else {
        let message = "a condition is missing";
        return Err(Diagnostic::new(codes::E0509, Span::default(), message));
    };
    if !is_condition(&head.text) {
        let message = format!("`{}` begins no condition: `if` or `unless` does", head.text);
        return Err(Diagnostic::new(codes::E0509, head.span, message));
    }
    let any = disjunction(terms)?;
    let span = words.last().map_or(head.span, |last| head.span.to(last.span));
    Ok(Condition { unless: head.text == "unless", any, span })
}

/// Reads what stands behind the keyword `acl`: a name and a criterion.
///
/// # Errors
/// `E0510` for the name; those of [`parse_acl_expr`].
pub fn parse_acl(words: &[Word<'_>]) -> Result<AclLine, Diagnostic> {
    let words = until_empty(words);
    let Some((name, criterion)) = words.split_first() else {
        let message = "an `acl` line wants a name and a criterion";
        return Err(Diagnostic::new(codes::E0204, Span::default(), message));
    };
    check_name(name)?;
    let expr = match criterion {
        [] => return Err(expr::no_fetch(name.span)),
        _ => parse_acl_expr(criterion)?,
    };
    Ok(AclLine { name: Spanned::new(name.text.to_string(), name.span), expr })
}

/// Reads a criterion with its flags and patterns: `hdr(host) -i -m beg api. www.`.
///
/// # Errors
/// Those of [`expr::parse`]; `E0506` for a flag or match method that does not exist.
pub fn parse_acl_expr(words: &[Word<'_>]) -> Result<AclExpr, Diagnostic> {
    let words = until_empty(words);
    let Some(criterion) = words.first() else {
        return Err(expr::no_fetch(Span::default()));
    };
    // Behind a comma at its end, the next word goes on with converters.
    let commas = words.iter().take_while(|word| word.text.ends_with(',')).count();
    let (chain, rest) = words.split_at_checked(commas + 1).unwrap_or((words, &[]));
    let mut acl = AclExpr {
        expr: expr::parse_words(chain, &|_| true)?.0,
        ignore_case: false,
        no_resolve: false,
        map_file: false,
        id: None,
        method: None,
        files: Vec::new(),
        patterns: Vec::new(),
        span: words.last().map_or(criterion.span, |last| criterion.span.to(last.span)),
    };
    let patterns = flags(rest, &mut acl)?;
    acl.patterns = patterns.iter().map(spanned).collect();
    Ok(acl)
}

/// Reads the flags; the words behind them are patterns, even those that look like flags.
fn flags<'w, 't>(
    mut words: &'w [Word<'t>],
    acl: &mut AclExpr,
) -> Result<&'w [Word<'t>], Diagnostic> {
    while let Some((flag, rest)) = words.split_first() {
        words = match flag.text.as_ref() {
            "--" => return Ok(rest),
            text if !text.starts_with('-') => break,
            "-i" => {
                acl.ignore_case = true;
                rest
            }
            "-n" => {
                acl.no_resolve = true;
                rest
            }
            "-M" => {
                acl.map_file = true;
                rest
            }
            "-f" => {
                let (file, rest) = argument(flag, rest, "the name of a file of patterns")?;
                acl.files.push(PatternFile { name: spanned(file), ignore_case: acl.ignore_case });
                rest
            }
            "-u" => {
                let (id, rest) = argument(flag, rest, "the id of the ACL, a number")?;
                acl.id = Some(unique_id(id)?);
                rest
            }
            "-m" => {
                let (name, rest) = argument(flag, rest, "a match method, such as `str`")?;
                acl.method = Some(method(name)?);
                rest
            }
            _ => return Err(unknown_flag(flag)),
        };
    }
    Ok(words)
}

fn argument<'w, 't>(
    flag: &Word<'_>,
    rest: &'w [Word<'t>],
    what: &str,
) -> Result<(&'w Word<'t>, &'w [Word<'t>]), Diagnostic> {
    rest.split_first().ok_or_else(|| {
        let message = format!("`{}` wants {what}", flag.text);
        Diagnostic::new(codes::E0506, flag.span, message)
    })
}

fn unique_id(word: &Word<'_>) -> Result<Spanned<String>, Diagnostic> {
    if word.text.parse::<i64>().is_ok() {
        return Ok(spanned(word));
    }
    let message = format!("`-u` wants a number, not `{}`", word.text);
    Err(Diagnostic::new(codes::E0506, word.span, message))
}

fn method(word: &Word<'_>) -> Result<Spanned<MatchMethod>, Diagnostic> {
    let method = MatchMethod::from_name(&word.text);
    method.map(|method| Spanned::new(method, word.span)).ok_or_else(|| {
        let message = format!("no match method is named `{}`", word.text);
        Diagnostic::new(codes::E0506, word.span, message)
            .help("there are found, bool, int, ip, bin, len, str, beg, end, sub, dir, dom and reg")
    })
}

fn unknown_flag(flag: &Word<'_>) -> Diagnostic {
    let message = format!("`{}` is not a flag of ACLs", flag.text);
    Diagnostic::new(codes::E0506, flag.span, message)
        .help(format!("write `-- {}` when it is a pattern", flag.text))
}

/// Letters, digits and `_-.:` (manual 7.2); `or` would be read as the operator.
fn check_name(word: &Word<'_>) -> Result<(), Diagnostic> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    if let Some((at, c)) = word.text.char_indices().find(|(_, c)| !allowed(*c)) {
        let message = format!("`{c}` is not allowed in the name of an ACL");
        let place = word.at(at..at + c.len_utf8());
        return Err(Diagnostic::new(codes::E0510, place, message)
            .help("use letters, digits, `_`, `-`, `.` and `:`"));
    }
    if word.text.eq_ignore_ascii_case("or") {
        let message = format!("an ACL named `{}` can never be used", word.text);
        return Err(Diagnostic::new(codes::E0510, word.span, message)
            .help("`or` joins the parts of a condition: choose another name"));
    }
    Ok(())
}

fn disjunction(words: &[Word<'_>]) -> Result<Vec<Vec<Term>>, Diagnostic> {
    let mut any = Vec::new();
    let mut all = Vec::new();
    let mut rest = words;
    while !rest.is_empty() {
        let (negation, behind) = negation(rest);
        let Some((word, next)) = behind.split_first() else { break };
        let name = word.text.trim_start_matches('!');
        if name.eq_ignore_ascii_case("or") || name == "||" {
            if !all.is_empty() {
                all.shrink_to_fit();
                any.push(std::mem::take(&mut all));
            }
            rest = next;
            continue;
        }
        let (test, end, next) = test(word, next)?;
        let start = rest.first().map_or(word.span, |first| first.span);
        all.push(Term { negated: negation, test, span: start.to(end) });
        rest = next;
    }
    // Ten thousand rules ask for one thing each, and lists begin with room for four.
    if !all.is_empty() {
        all.shrink_to_fit();
        any.push(all);
    }
    any.shrink_to_fit();
    Ok(any)
}

/// Takes words of nothing but `!`, and looks at the `!` that the next word begins with.
fn negation<'w, 't>(mut words: &'w [Word<'t>]) -> (bool, &'w [Word<'t>]) {
    let mut count = 0;
    while let Some((word, rest)) = words.split_first() {
        let marks = word.text.bytes().take_while(|b| *b == b'!').count();
        count += marks;
        if marks < word.text.len() {
            break;
        }
        words = rest;
    }
    (count % 2 == 1, words)
}

type Tested<'w, 't> = (Test, Span, &'w [Word<'t>]);

fn test<'w, 't>(word: &Word<'t>, rest: &'w [Word<'t>]) -> Result<Tested<'w, 't>, Diagnostic> {
    let name = word.text.trim_start_matches('!');
    let from = word.text.len() - name.len();
    let span = word.at(from..word.text.len());
    if name != "{" {
        return Ok((Test::Named(Spanned::new(name.to_owned(), span)), word.span, rest));
    }
    let Some(end) = rest.iter().position(|word| word.text == "}") else {
        return Err(Diagnostic::new(codes::E0509, span, "a `{` has no `}` on this line")
            .label("opened here")
            .help("write `}` as a word of its own, with a space before it"));
    };
    let (inside, behind) = rest.split_at(end);
    let (close, behind) = behind.split_first().map_or((word.span, behind), |(c, b)| (c.span, b));
    if inside.is_empty() {
        return Err(expr::no_fetch(span.to(close)));
    }
    Ok((Test::Anonymous(parse_acl_expr(inside)?), close, behind))
}

fn until_empty<'w, 't>(words: &'w [Word<'t>]) -> &'w [Word<'t>] {
    let end = words.iter().position(|word| word.text.is_empty()).unwrap_or(words.len());
    words.get(..end).unwrap_or(words)
}

fn spanned(word: &Word<'_>) -> Spanned<String> {
    Spanned::new(word.text.to_string(), word.span)
}
