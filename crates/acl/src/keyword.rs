//! The ACL keywords: names that stand for a fetch and a match method (`hdr_beg`, `path`, `req_ver`).
//!
//! A fetch used by its own name has the method of its type; a name with a suffix is only an ACL
//! keyword where HAProxy registers it (`path_beg` is one, `src_beg` is not).

use config_parse::condition::MatchMethod;
use sample::Type;

/// Fetches for which every string suffix is registered, and what they stand for.
const WITH_SUFFIXES: &[(&str, &str)] = &[
    ("base", "base"),
    ("cook", "req.cook"),
    ("hdr", "req.hdr"),
    ("path", "path"),
    ("scook", "res.cook"),
    ("shdr", "res.hdr"),
    ("url", "url"),
    ("urlp", "urlp"),
];

const SUFFIXES: &[(&str, MatchMethod)] = &[
    ("_beg", MatchMethod::Beg),
    ("_dir", MatchMethod::Dir),
    ("_dom", MatchMethod::Dom),
    ("_end", MatchMethod::End),
    ("_len", MatchMethod::Len),
    ("_reg", MatchMethod::Reg),
    ("_sub", MatchMethod::Sub),
];

/// Names with a method of their own.
const OTHERS: &[(&str, &str, MatchMethod)] = &[
    ("http_auth_group", "http_auth_group", MatchMethod::Str),
    ("method", "method", MatchMethod::Str),
    ("payload", "req.payload", MatchMethod::Bin),
    ("payload_lv", "req.payload_lv", MatchMethod::Bin),
    ("req.ssl_ver", "req.ssl_ver", MatchMethod::Int),
    ("req_rdp_cookie", "req.rdp_cookie", MatchMethod::Str),
    ("req_rdp_cookie_cnt", "req.rdp_cookie_cnt", MatchMethod::Int),
    ("req_ssl_sni", "req.ssl_sni", MatchMethod::Str),
    ("req_ssl_ver", "req.ssl_ver", MatchMethod::Int),
    ("req_ver", "req.ver", MatchMethod::Str),
    ("resp_ver", "res.ver", MatchMethod::Str),
    ("ssl_fc_sni_end", "ssl_fc_sni", MatchMethod::End),
    ("ssl_fc_sni_reg", "ssl_fc_sni", MatchMethod::Reg),
];

/// The fetch and the method that an ACL keyword stands for.
pub fn keyword(name: &str) -> Option<(&'static str, MatchMethod)> {
    if let Some((_, fetch, method)) = OTHERS.iter().find(|(known, ..)| *known == name) {
        return Some((fetch, *method));
    }
    WITH_SUFFIXES.iter().find_map(|(base, fetch)| {
        let suffix = name.strip_prefix(base)?;
        if suffix.is_empty() {
            return Some((*fetch, MatchMethod::Str));
        }
        let (_, method) = SUFFIXES.iter().find(|(known, _)| *known == suffix)?;
        Some((*fetch, *method))
    })
}

/// Every ACL keyword.
pub fn keywords() -> impl Iterator<Item = String> {
    let plain = WITH_SUFFIXES.iter().map(|(base, _)| (*base).to_owned());
    let suffixed = WITH_SUFFIXES
        .iter()
        .flat_map(|(base, _)| SUFFIXES.iter().map(move |(suffix, _)| format!("{base}{suffix}")));
    let others = OTHERS.iter().map(|(name, ..)| (*name).to_owned());
    plain.chain(suffixed).chain(others)
}

/// The method for a type when none is named; `None` where `-m` must be written.
pub fn default_method(out: Type) -> Option<MatchMethod> {
    match out {
        Type::Bool => Some(MatchMethod::Bool),
        Type::Int => Some(MatchMethod::Int),
        Type::Addr | Type::Ipv4 | Type::Ipv6 => Some(MatchMethod::Ip),
        Type::Str => Some(MatchMethod::Str),
        Type::Meth | Type::Bin | Type::Any => None,
    }
}
