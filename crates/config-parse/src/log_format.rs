//! Log formats: text, `%` aliases and `%[expressions]` (manual 8.2.6).

use diag::{Span, Spanned};

use crate::expr::Expr;

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
}

/// A part of a log format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Literal text; `%%` is already `%`. One or more spaces are one space where HAProxy makes them one.
    Text(String),
    /// `%ci`, `%{+Q}r`: an alias by its name; `arg` for the few that take one.
    Alias { name: Spanned<String>, flags: Flags },
    /// `%[expr]`; `typed` name and flags for encodings may stand before it.
    Expr { expr: Expr, flags: Flags },
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
