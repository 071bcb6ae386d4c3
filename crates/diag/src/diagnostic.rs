//! One finding: code, words, places and cure.

use crate::{Class, Code, Severity, Span};

/// Another place that explains the finding: the definition, the rule that shadows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// What is to be seen there.
    pub message: String,
    /// The place.
    pub span: Span,
}

/// Whether a fix keeps the meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Safety {
    /// The configuration means what it meant, or could not be loaded before.
    Safe,
    /// The meaning may change: a person decides.
    Unsafe,
}

/// Replaces the bytes of `span` by `text`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes to replace; an empty span inserts.
    pub span: Span,
    /// The new text.
    pub text: String,
}

/// A cure that can be applied without a person typing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// Whether it keeps the meaning.
    pub safety: Safety,
    /// The edits, which do not overlap.
    pub edits: Vec<Edit>,
}

/// A finding. Made where it is found, rendered last.
///
/// It is the `Err` of the parsers, so the parts that few findings have are boxed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable code.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What kind of finding it is.
    pub class: Class,
    /// A lowercase fragment with the user's own word in backticks.
    pub message: String,
    /// The primary place.
    pub span: Span,
    /// What the primary place is, under the carets.
    pub label: Option<Box<str>>,
    /// Other places.
    pub related: Vec<Related>,
    /// Something to type.
    pub help: Option<String>,
    /// A cure to apply.
    pub fix: Option<Box<Fix>>,
}

impl Diagnostic {
    /// A finding of `code` at `span`, with the severity and class that the catalogue gives the code.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            class: code.class(),
            message: message.into(),
            span,
            label: None,
            related: Vec::new(),
            help: None,
            fix: None,
        }
    }

    /// Names what the primary place is.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into().into_boxed_str());
        self
    }

    /// Points at another place.
    pub fn related(mut self, span: Span, message: impl Into<String>) -> Self {
        self.related.push(Related { message: message.into(), span });
        self
    }

    /// Says what to type.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a cure.
    pub fn fix(mut self, safety: Safety, edits: Vec<Edit>) -> Self {
        self.fix = Some(Box::new(Fix { safety, edits }));
        self
    }

    /// Whether this alone refuses the configuration.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
