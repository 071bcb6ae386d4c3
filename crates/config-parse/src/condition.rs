//! Conditions and ACL expressions: `if`, `unless`, named and anonymous ACLs (manual 7).

use diag::{Span, Spanned};

use crate::expr::Expr;

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
    pub files: Vec<Spanned<String>>,
    /// The patterns as written, operators (`ge`, `lt`, ranges) included.
    pub patterns: Vec<Spanned<String>>,
    /// The whole.
    pub span: Span,
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
    /// OR of ANDs. Never empty, and no inner list is empty, unless a finding was reported.
    pub any: Vec<Vec<Term>>,
    /// From `if` to the last word.
    pub span: Span,
}
