//! Names that sections and lines declare for others, as far as they are not settings of a proxy.

use config_parse::condition::Condition;
use config_parse::expr::Expr;
use config_parse::log_format::LogFormat;
use diag::{Span, Spanned};

/// What kind of thing a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub enum Noun {
    Peers,
    Resolvers,
    Mailers,
    Cache,
    Ring,
    HttpErrors,
    LogForward,
    LogProfile,
    FcgiApp,
    CrtStore,
    Acme,
    Program,
    Healthcheck,
    /// What a `lua-load` line brings.
    Script,
}

/// A use of a name that must be declared somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// What the name stands for.
    pub noun: Noun,
    /// The name.
    pub name: Spanned<String>,
}

/// A `stick-table`, or the `table` of a `peers` section (`peers/name`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The proxy's name, or `peers/name`.
    pub name: Spanned<String>,
    /// `type`.
    pub kind: String,
    /// The names of the data it stores.
    pub store: Vec<String>,
}

/// Everything that is declared and mentioned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declared {
    /// Sections by kind and name.
    pub sections: Vec<(Noun, Spanned<String>)>,
    /// Uses of such names.
    pub mentions: Vec<Mention>,
    /// Stick tables.
    pub tables: Vec<Table>,
    /// Uses of stick tables by name; `None`: the own one of the proxy at the second place.
    pub table_uses: Vec<(Option<Spanned<String>>, String, Span)>,
    /// `lua-load` lines: scripts may declare anything.
    pub lua: bool,
}

impl Declared {
    /// Adds what another section says.
    pub fn append(&mut self, mut other: Declared) {
        self.sections.append(&mut other.sections);
        self.mentions.append(&mut other.mentions);
        self.tables.append(&mut other.tables);
        self.table_uses.append(&mut other.table_uses);
        self.lua |= other.lua;
    }
}

/// Where an expression of a line stands, as far as it decides which samples have a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// `tcp-request connection`.
    Connection,
    /// `tcp-request session`.
    Session,
    /// `tcp-request content`.
    Content,
    /// `http-request` and what runs like it.
    Request,
    /// `tcp-response content`.
    TcpResponse,
    /// `http-response` and what runs like it.
    Response,
    /// `use-server`, `stick match`.
    Match,
    /// `stick store-response`.
    Store,
    /// `sni`, `source ... usesrc`.
    Source,
    /// Steps of health checks.
    Check,
    /// Log lines.
    Log,
    /// While the configuration is read.
    Reading,
}

/// What a line that is not carried out says to samples and conditions: it is checked like any other.
#[derive(Debug, Clone, PartialEq)]
pub struct LookedAt {
    /// A sample.
    pub expr: Option<Expr>,
    /// A format.
    pub format: Option<LogFormat>,
    /// A condition.
    pub condition: Option<Condition>,
    /// Where it stands.
    pub spot: Spot,
    /// The stick table whose keys the sample makes: its type must suit.
    pub key_of: Option<String>,
    /// The line.
    pub span: Span,
}

impl LookedAt {
    /// A line that says nothing yet.
    pub fn new(spot: Spot, span: Span) -> Self {
        Self { expr: None, format: None, condition: None, spot, key_of: None, span }
    }
}
