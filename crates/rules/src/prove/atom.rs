//! One ACL line as a set of values: when it implies another one, when both exclude each other.

use std::net::Ipv4Addr;

use acl::keyword;
use config_parse::condition::{AclExpr, MatchMethod};
use config_parse::expr::Call;

/// What of a request a test reads: a rewrite of it makes earlier knowledge worthless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reads {
    /// A header, by its name in lower case.
    Header(String),
    /// Path, query and what is made of them.
    Target,
    /// The target and the header `host`.
    Base,
    /// The method.
    Method,
    /// Addresses and ports of the client's connection.
    Addresses,
}

/// A line that is understood: patterns of one method over one deterministic value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Atom {
    /// The expression in one way of writing.
    pub(super) key: String,
    pub(super) reads: Reads,
    method: MatchMethod,
    ignore_case: bool,
    patterns: Vec<String>,
}

impl Atom {
    /// The line, `None` when it is not understood.
    pub(super) fn new(line: &AclExpr) -> Option<Atom> {
        if !line.files.is_empty() || line.map_file {
            return None;
        }
        let fetch = &line.expr.fetch;
        let (name, implied) = match (fetch.name.value.as_str(), keyword(&fetch.name.value)) {
            (_, Some((name, method))) => (name, method),
            (name @ ("src" | "dst"), None) => (name, MatchMethod::Ip),
            (name @ ("src_port" | "dst_port"), None) => (name, MatchMethod::Int),
            (name @ ("req.hdr" | "query" | "pathq"), None) => (name, MatchMethod::Str),
            _ => return None,
        };
        let reads = reads(name, fetch)?;
        let steady = ["lower", "upper", "field", "word", "url_dec", "host_only"];
        let converters = &line.expr.converters;
        if !converters.iter().all(|call| steady.contains(&call.name.value.as_str())) {
            return None;
        }
        // The type behind a converter decides on the method; that of strings stays a string.
        let key = std::iter::once(written(name, fetch))
            .chain(converters.iter().map(|call| written(&call.name.value, call)))
            .collect::<Vec<_>>()
            .join(",");
        Some(Atom {
            key,
            reads,
            method: line.method.as_ref().map_or(implied, |method| method.value),
            ignore_case: line.ignore_case,
            patterns: line.patterns.iter().map(|pattern| pattern.value.clone()).collect(),
        })
    }

    /// The predefined ACLs that test the method.
    pub(super) fn predefined(name: &str) -> Option<Atom> {
        let method = name.strip_prefix("METH_")?;
        // `METH_GET` is GET or HEAD (manual 7.4).
        let patterns = match method {
            "GET" => vec![String::from("GET"), String::from("HEAD")],
            other => vec![other.to_owned()],
        };
        Some(Atom {
            key: String::from("method"),
            reads: Reads::Method,
            method: MatchMethod::Str,
            ignore_case: false,
            patterns,
        })
    }

    /// Whether `other` is true whenever this is.
    pub(super) fn implies(&self, other: &Atom) -> bool {
        if self == other {
            return true;
        }
        if self.key != other.key || self.patterns.is_empty() || !self.is_set() {
            return false;
        }
        // What matches a text is there.
        if other.method == MatchMethod::Found {
            return other.patterns.is_empty() && self.method != MatchMethod::Int;
        }
        if !other.is_set() {
            return false;
        }
        self.patterns
            .iter()
            .all(|one| other.patterns.iter().any(|two| self.within(one, other, two)))
    }

    /// Whether both are never true at once. Only values of which a request has one can tell.
    pub(super) fn excludes(&self, other: &Atom) -> bool {
        let single = matches!(self.reads, Reads::Method | Reads::Addresses | Reads::Target);
        if !single || self.key != other.key || self.patterns.is_empty() || other.patterns.is_empty()
        {
            return false;
        }
        self.patterns.iter().all(|one| other.patterns.iter().all(|two| self.apart(one, other, two)))
    }

    /// Whether the test holds for a value that begins so, and ends there when it is the whole one.
    ///
    /// A method that is not looked into counts as holding.
    pub(super) fn holds_for(&self, begins: &str, whole: bool) -> bool {
        use MatchMethod::{Beg, Dir, End, Ip, Str, Sub};
        let begins = self.folded(begins);
        self.patterns.iter().any(|pattern| {
            let pattern = self.folded(pattern);
            match self.method {
                Beg => begins.starts_with(&pattern),
                Str => whole && begins == pattern,
                Sub | Dir => begins.contains(&pattern),
                End => !whole || begins.ends_with(&pattern),
                Ip => false,
                _ => true,
            }
        })
    }

    /// Each pattern stands for itself and for a set of values.
    fn is_set(&self) -> bool {
        use MatchMethod::{Beg, End, Int, Ip, Str, Sub};
        matches!(self.method, Beg | End | Int | Ip | Str | Sub)
    }

    fn within(&self, one: &str, other: &Atom, two: &str) -> bool {
        use MatchMethod::{Beg, End, Ip, Str, Sub};
        if (self.method, other.method) == (Ip, Ip) {
            return match (network(one), network(two)) {
                (Some((base, bits)), Some((wide, fewer))) => {
                    fewer <= bits && mask(base, fewer) == mask(wide, fewer)
                }
                _ => one == two,
            };
        }
        if (self.method, other.method) == (MatchMethod::Int, MatchMethod::Int) {
            let (Some((a, b)), Some((low, high))) = (range(one), range(two)) else { return false };
            return low <= a && b <= high;
        }
        if one.is_empty() || two.is_empty() || (self.ignore_case && !other.ignore_case) {
            return false;
        }
        let (one, two) = (other.folded(one), other.folded(two));
        match (self.method, other.method) {
            (Str, Str) => one == two,
            (Str | Beg, Beg) => one.starts_with(&two),
            (Str | End, End) => one.ends_with(&two),
            (Str | Beg | End | Sub, Sub) => one.contains(&two),
            _ => false,
        }
    }

    fn apart(&self, one: &str, other: &Atom, two: &str) -> bool {
        use MatchMethod::{Beg, End, Ip, Str};
        if (self.method, other.method) == (Ip, Ip) {
            let (Some((a, m)), Some((b, n))) = (network(one), network(two)) else { return false };
            return mask(a, m.min(n)) != mask(b, m.min(n));
        }
        if (self.method, other.method) == (MatchMethod::Int, MatchMethod::Int) {
            let (Some((a, b)), Some((low, high))) = (range(one), range(two)) else { return false };
            return b < low || high < a;
        }
        if one.is_empty() || two.is_empty() {
            return false;
        }
        // The coarser comparison: apart without case is apart with it.
        let (one, two) = (one.to_ascii_lowercase(), two.to_ascii_lowercase());
        match (self.method, other.method) {
            (Str, Str) => one != two,
            (Str, Beg) => !one.starts_with(&two),
            (Beg, Str) => !two.starts_with(&one),
            (Beg, Beg) => !one.starts_with(&two) && !two.starts_with(&one),
            (Str, End) => !one.ends_with(&two),
            (End, Str) => !two.ends_with(&one),
            (End, End) => !one.ends_with(&two) && !two.ends_with(&one),
            _ => false,
        }
    }

    fn folded(&self, text: &str) -> String {
        if self.ignore_case { text.to_ascii_lowercase() } else { text.to_owned() }
    }
}

fn reads(name: &str, fetch: &Call) -> Option<Reads> {
    let args = fetch.args.as_deref().unwrap_or_default();
    Some(match name {
        "req.hdr" => Reads::Header(args.first()?.value.to_ascii_lowercase()),
        "path" | "pathq" | "url" | "query" if args.is_empty() => Reads::Target,
        "base" if args.is_empty() => Reads::Base,
        "method" if args.is_empty() => Reads::Method,
        "src" | "dst" | "src_port" | "dst_port" if args.is_empty() => Reads::Addresses,
        _ => return None,
    })
}

fn written(name: &str, call: &Call) -> String {
    let args = call.args.as_deref().unwrap_or_default();
    let fold = name == "req.hdr";
    let args = args
        .iter()
        .map(|arg| if fold { arg.value.to_ascii_lowercase() } else { arg.value.clone() });
    format!("{name}({})", args.collect::<Vec<_>>().join(",")).replace("()", "")
}

/// An IPv4 network in numbers.
fn network(pattern: &str) -> Option<(u32, u32)> {
    let (address, bits) = pattern.split_once('/').unwrap_or((pattern, "32"));
    let bits = bits.parse().ok().filter(|bits| *bits <= 32)?;
    Some((u32::from(address.parse::<Ipv4Addr>().ok()?), bits))
}

/// A number, or two with what lies between them; operators are not looked into.
fn range(pattern: &str) -> Option<(u32, u32)> {
    let digits = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
    };
    let (low, high) = pattern.split_once(':').unwrap_or((pattern, pattern));
    let (low, high): (u32, u32) = (digits(low)?, digits(high)?);
    (low <= high).then_some((low, high))
}

fn mask(address: u32, bits: u32) -> u32 {
    address & u32::MAX.checked_shl(32 - bits).unwrap_or(0)
}
