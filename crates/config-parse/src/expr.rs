//! Sample expressions: a fetch, its arguments, and the converters behind it (manual 7.1, 7.3).

use diag::{Span, Spanned};

/// A fetch or a converter with its arguments as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The name, as written (`hdr`, `lower`).
    pub name: Spanned<String>,
    /// The arguments between the parentheses; `None` when there are no parentheses.
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
