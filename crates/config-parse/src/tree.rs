//! Lines and words of configuration files: the lossless tree that everything else is lowered from.

use std::borrow::Cow;

use diag::Span;

/// A word after quotes, escapes and variables are taken away, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word<'t> {
    /// The word as the language sees it.
    pub text: Cow<'t, str>,
    /// The bytes it was written with, quotes included.
    pub span: Span,
}

/// What a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineKind {
    /// Nothing but white space or a comment.
    Blank,
    /// Words to lower: a section or a directive.
    Words,
    /// A `.if`, `.elif`, `.else`, `.endif`, `.notice`, `.warning`, `.alert` or `.diag` line.
    Macro,
    /// A line that a conditional block switches off; its words are kept.
    Inactive,
    /// A line that cannot be split into words; the finding says why.
    Bad,
}

/// One line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'t> {
    /// The line without its line end.
    pub span: Span,
    /// What it is.
    pub kind: LineKind,
    /// Its words; for [`LineKind::Bad`] those that could be read.
    pub words: Vec<Word<'t>>,
    /// The comment, from `#` to the end, when there is one.
    pub comment: Option<Span>,
}

/// All lines of all files, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree<'t> {
    /// The lines.
    pub lines: Vec<Line<'t>>,
}
