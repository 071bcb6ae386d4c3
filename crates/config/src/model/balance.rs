//! `balance`, `hash-type`, `cookie` (manual 4.2).

use std::time::Duration;

use config_parse::expr::Expr;

/// `balance` with its arguments.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are the arguments that each variant names")]
pub enum Balance {
    /// `roundrobin`.
    RoundRobin,
    /// `static-rr`.
    StaticRr,
    /// `leastconn`.
    LeastConn,
    /// `first`.
    First,
    /// `random[(draws)]`, default 2.
    Random { draws: u32 },
    /// `source`.
    Source,
    /// `uri [whole] [path-only] [len N] [depth N]`; 0 is no limit.
    Uri { whole: bool, path_only: bool, len: u32, depth: u32 },
    /// `url_param NAME [check_post]`.
    UrlParam { name: String, check_post: bool },
    /// `hdr(NAME) [use_domain_only]`.
    Hdr { name: String, use_domain_only: bool },
    /// `rdp-cookie[(NAME)]`, default `mstshash`.
    RdpCookie { name: String },
    /// `hash EXPR`.
    Hash(Expr),
    /// `log-hash CONVERTERS`, behind a fetch that gives the message.
    LogHash(Expr),
    /// `sticky`: all log lines to one server while it is up.
    Sticky,
}

/// `hash-preserve-affinity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub enum HashAffinity {
    #[default]
    Always,
    MaxConn,
    MaxQueue,
}

/// `hash-type METHOD FUNCTION MODIFIER`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HashType {
    /// `map-based` (default) or `consistent`.
    pub method: HashMethod,
    /// Default sdbm.
    pub function: HashFunction,
    /// `avalanche`.
    pub avalanche: bool,
}

/// How a hash finds a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub enum HashMethod {
    #[default]
    MapBased,
    Consistent,
}

/// What hashes a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub enum HashFunction {
    #[default]
    Sdbm,
    Djb2,
    Wt6,
    Crc32,
    None,
}

/// `cookie NAME ...`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookie {
    /// The cookie's name.
    pub name: String,
    /// `rewrite`, `insert`, `prefix`, or none of them (the server sets it).
    pub mode: CookieMode,
    /// `indirect`.
    pub indirect: bool,
    /// `nocache`.
    pub nocache: bool,
    /// `postonly`.
    pub postonly: bool,
    /// `preserve`.
    pub preserve: bool,
    /// `httponly`.
    pub httponly: bool,
    /// `secure`.
    pub secure: bool,
    /// `dynamic`.
    pub dynamic: bool,
    /// `domain`, in order.
    pub domains: Vec<String>,
    /// `maxidle`.
    pub maxidle: Option<Duration>,
    /// `maxlife`.
    pub maxlife: Option<Duration>,
    /// `attr`, in order.
    pub attrs: Vec<String>,
}

/// Who writes the persistence cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CookieMode {
    /// Only the server; it is read and never changed.
    Passive,
    /// `rewrite`.
    Rewrite,
    /// `insert`.
    Insert,
    /// `prefix`.
    Prefix,
}
