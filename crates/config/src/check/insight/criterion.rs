//! What an ACL line compares, and how: the keyword of the line taken apart.

use config_parse::condition::{AclExpr, MatchMethod, Test};

use super::super::acls;
use crate::model::Proxy;

/// The part of a request that a line reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// The header `host`.
    Host,
    /// Another header, by its name in lower case.
    Header(String),
    /// The path, with or without its query.
    Path {
        /// `pathq`.
        query: bool,
    },
    Method,
    /// The address of the client.
    Source,
    Other,
}

/// A line's part and method.
pub(super) struct Criterion {
    pub(super) part: Part,
    pub(super) method: MatchMethod,
}

const SUFFIXES: &[(&str, MatchMethod)] = &[
    ("_beg", MatchMethod::Beg),
    ("_dir", MatchMethod::Dir),
    ("_dom", MatchMethod::Dom),
    ("_end", MatchMethod::End),
    ("_len", MatchMethod::Len),
    ("_reg", MatchMethod::Reg),
    ("_sub", MatchMethod::Sub),
    ("_ip", MatchMethod::Ip),
];

pub(super) fn of(line: &AclExpr) -> Criterion {
    let fetch = &line.expr.fetch;
    let name = fetch.name.value.as_str();
    let suffix = SUFFIXES.iter().find_map(|(end, method)| Some((name.strip_suffix(end)?, *method)));
    let (base, own) = suffix.unwrap_or((name, MatchMethod::Str));
    let first = fetch.args.as_deref().and_then(<[_]>::first);
    let header = || match first.map(|arg| arg.value.to_ascii_lowercase()) {
        Some(name) if name == "host" => Part::Host,
        Some(name) => Part::Header(name),
        None => Part::Other,
    };
    let part = match base {
        "hdr" | "req.hdr" | "req.fhdr" | "fhdr" => header(),
        "path" => Part::Path { query: false },
        "pathq" => Part::Path { query: true },
        "method" => Part::Method,
        "src" => Part::Source,
        _ => Part::Other,
    };
    let own = if part == Part::Source { MatchMethod::Ip } else { own };
    Criterion { part, method: line.method.as_ref().map_or(own, |method| method.value) }
}

/// Every ACL line of a proxy, named and in braces.
pub(super) fn tests(proxy: &Proxy) -> impl Iterator<Item = &AclExpr> {
    let named = proxy.acls.iter().filter_map(|acl| acl.expr.as_ref());
    let terms = acls::conditions(proxy).flat_map(|(condition, _)| condition.any.iter().flatten());
    named.chain(terms.filter_map(|term| match &term.test {
        Test::Anonymous(line) => Some(line),
        Test::Named(_) => None,
    }))
}

/// The lines that a term of a condition stands for.
pub(super) fn lines_of<'p>(proxy: &'p Proxy, test: &'p Test) -> Vec<&'p AclExpr> {
    match test {
        Test::Anonymous(line) => vec![line],
        Test::Named(name) => {
            let same = proxy.acls.iter().filter(|acl| acl.name.value == name.value);
            same.filter_map(|acl| acl.expr.as_ref()).collect()
        }
    }
}

/// Whether a converter folds case.
pub(super) fn folds(line: &AclExpr) -> bool {
    line.expr.converters.iter().any(|call| matches!(call.name.value.as_str(), "lower" | "upper"))
}
