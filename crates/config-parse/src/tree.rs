//! Lines and words of configuration files: the lossless tree that everything else is lowered from.
//!
//! [`parse`] reads all files in order, as HAProxy does: it splits each line into words, replaces
//! variables, follows conditional blocks, and lets `setenv` and its kin in `global` change the
//! variables of the lines below them.

use std::borrow::Cow;
use std::ops::Range;

use diag::{Sources, Span};

pub use crate::read::{each_line, parse};

/// A word after quotes, escapes and variables are taken away, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word<'t> {
    /// The word as the language sees it.
    pub text: Cow<'t, str>,
    /// The bytes it was written with, quotes included.
    pub span: Span,
    /// How offsets in `text` lead to bytes of the file.
    pub origin: Origin,
}

/// How the text of a word was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Origin {
    /// The text stands in the file as it is, this many bytes after the start of the span.
    Verbatim(u32),
    /// Quotes, escapes or variables were replaced: the pieces, in order of `text`.
    Pieces(Box<[Piece]>),
    /// Not known: every part of the word is at the whole span.
    #[default]
    Opaque,
}

/// A part of a word's text and the bytes that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Where it ends in the text.
    pub text_end: u32,
    /// First byte in the file.
    pub start: u32,
    /// One past the last byte in the file.
    pub end: u32,
}

impl<'t> Word<'t> {
    /// A word that was not read from a file, or of which only the place is known.
    ///
    /// When `span` is as long as the text, parts of the word are found in it byte for byte.
    pub fn new(text: impl Into<Cow<'t, str>>, span: Span) -> Self {
        let text = text.into();
        let same = span.end.checked_sub(span.start).is_some_and(|n| n as usize == text.len());
        let origin = if same { Origin::Verbatim(0) } else { Origin::Opaque };
        Self { text, span, origin }
    }

    /// The place of a byte range of `text` in the file; the whole word's when it cannot be told.
    pub fn at(&self, range: Range<usize>) -> Span {
        if range.start == 0 && range.end >= self.text.len() {
            return self.span;
        }
        match &self.origin {
            Origin::Opaque => self.span,
            Origin::Verbatim(skip) => {
                let base = self.span.start.saturating_add(*skip);
                let end = range.end.min(self.text.len());
                let start = range.start.min(end);
                Span::new(
                    self.span.file,
                    base.saturating_add(start as u32),
                    base.saturating_add(end as u32),
                )
            }
            Origin::Pieces(pieces) => {
                let start = source_of(pieces, range.start).map_or(self.span.end, |place| place.0);
                let last = range.end.saturating_sub(1).max(range.start);
                let end = source_of(pieces, last).map_or(self.span.end, |place| place.1);
                let end = if range.is_empty() { start } else { end.max(start) };
                Span::new(self.span.file, start, end)
            }
        }
    }

    /// A part of the word as a word of its own, with its own place. Empty when `range` is no part.
    pub fn slice(&self, range: Range<usize>) -> Word<'_> {
        let text = self.text.get(range.clone()).unwrap_or("");
        let span = self.at(range.clone());
        let origin = match &self.origin {
            Origin::Verbatim(_) => {
                Origin::Verbatim(if span == self.span { self.skip() } else { 0 })
            }
            Origin::Opaque => Origin::Opaque,
            Origin::Pieces(pieces) => Origin::Pieces(cut(pieces, &range)),
        };
        Word { text: Cow::Borrowed(text), span, origin }
    }

    /// Whether the word is one run of text with nothing to take away: no quote, escape or variable.
    pub fn is_bare(&self) -> bool {
        self.origin == Origin::Verbatim(0)
    }

    fn skip(&self) -> u32 {
        match self.origin {
            Origin::Verbatim(skip) => skip,
            _ => 0,
        }
    }
}

/// First and one-past-last file byte of the character at byte `at` of the text.
fn source_of(pieces: &[Piece], at: usize) -> Option<(u32, u32)> {
    let at = u32::try_from(at).ok()?;
    let index = pieces.partition_point(|piece| piece.text_end <= at);
    let piece = pieces.get(index)?;
    let text_start = index.checked_sub(1).and_then(|i| pieces.get(i)).map_or(0, |p| p.text_end);
    let verbatim = piece.text_end - text_start == piece.end - piece.start;
    let start = piece.start + (at - text_start);
    Some(if verbatim { (start, start + 1) } else { (piece.start, piece.end) })
}

fn cut(pieces: &[Piece], range: &Range<usize>) -> Box<[Piece]> {
    let (from, to) = (range.start as u32, range.end as u32);
    let mut text_start = 0;
    let mut kept = Vec::new();
    for piece in pieces {
        let verbatim = piece.text_end - text_start == piece.end - piece.start;
        let (low, high) = (from.max(text_start), to.min(piece.text_end));
        if low < high {
            let (start, end) = if verbatim {
                (piece.start + (low - text_start), piece.start + (high - text_start))
            } else {
                (piece.start, piece.end)
            };
            kept.push(Piece { text_end: high - from, start, end });
        }
        text_start = piece.text_end;
    }
    kept.into()
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// Nothing but white space or a comment, or a first word that is empty (HAProxy skips those).
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
    /// The line without its line end (`\n`; a `\r` before it is white space of the line).
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

impl Tree<'_> {
    /// The lines that are to be lowered: sections and directives that no block switches off.
    pub fn active(&self) -> impl Iterator<Item = &Line<'_>> {
        self.lines.iter().filter(|line| line.kind == LineKind::Words)
    }

    /// The bytes that the tree was read from, all files one behind the other.
    pub fn print(&self, sources: &Sources) -> Vec<u8> {
        let mut out = Vec::new();
        for line in &self.lines {
            let Some(file) = sources.file(line.span.file) else { continue };
            let end = (line.span.end as usize).min(file.bytes.len());
            let start = (line.span.start as usize).min(end);
            out.extend_from_slice(&file.bytes[start..end]);
            if file.bytes.get(end) == Some(&b'\n') {
                out.push(b'\n');
            }
        }
        out
    }
}
