//! The catalogue of codes: one table, from which pages and checks are made.
//!
//! `01xx` text, `02xx` sections and keywords, `03xx` values, `04xx` names, `05xx` samples and ACLs,
//! `06xx` rules and order, `07xx` files and limits, `08xx` security. A code never changes its meaning.

use std::fmt;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Likely a mistake; the configuration loads.
    Warning,
    /// The configuration is refused.
    Error,
}

impl Severity {
    /// As the json form writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What kind of finding it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words are contract.md's own")]
pub enum Class {
    Syntax,
    Reference,
    Route,
    Websocket,
    Capacity,
    Tls,
    Security,
    Health,
    Environment,
    Compat,
    Style,
}

impl Class {
    /// As the json form writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Reference => "reference",
            Self::Route => "route",
            Self::Websocket => "websocket",
            Self::Capacity => "capacity",
            Self::Tls => "tls",
            Self::Security => "security",
            Self::Health => "health",
            Self::Environment => "environment",
            Self::Compat => "compat",
            Self::Style => "style",
        }
    }
}

/// One code's line in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// `E0401`.
    pub code: &'static str,
    /// The severity it has unless a target says otherwise.
    pub severity: Severity,
    /// Its class.
    pub class: Class,
    /// One line: what it means.
    pub summary: &'static str,
    /// Its page, as markdown: what it means, why it matters, an example and the same fixed.
    pub page: &'static str,
}

/// A stable code: an entry of the catalogue.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code(pub &'static Entry);

impl Code {
    /// The letters and digits, `E0401`.
    pub fn as_str(self) -> &'static str {
        self.0.code
    }

    /// The usual severity.
    pub fn severity(self) -> Severity {
        self.0.severity
    }

    /// The class.
    pub fn class(self) -> Class {
        self.0.class
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code)
    }
}

/// Every code, in order.
pub fn catalogue() -> impl Iterator<Item = &'static Entry> {
    ALL.iter().copied()
}

/// The entry of a code, `E0401`.
pub fn entry(code: &str) -> Option<&'static Entry> {
    ALL.iter().copied().find(|entry| entry.code == code)
}

macro_rules! codes {
    ($($code:ident $severity:ident $class:ident $summary:literal;)*) => {
        $(
            #[doc = $summary]
            pub const $code: $crate::Code = $crate::Code(&$crate::Entry {
                code: stringify!($code),
                severity: $crate::Severity::$severity,
                class: $crate::Class::$class,
                summary: $summary,
                page: include_str!(concat!("../../../docs/errors/", stringify!($code), ".md")),
            });
        )*
        pub(crate) const ALL: &[&$crate::Entry] = &[$($code.0),*];
    };
}
pub(crate) use codes;

use crate::codes::ALL;
