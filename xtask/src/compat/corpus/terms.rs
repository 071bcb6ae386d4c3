//! Makes a request that a condition holds for, as far as the request can.

use std::net::IpAddr;

use config::model::{AclLine, Proxy};
use config_parse::condition::{AclExpr, Condition, MatchMethod, Term, Test};

use super::pattern;
use super::request::Draft;

/// A draft for each conjunction of the condition (of `unless`: one that none of its terms was asked for).
pub(crate) fn drafts(condition: Option<&Condition>, proxy: &Proxy, from: &Draft) -> Vec<Draft> {
    let Some(condition) = condition.filter(|condition| !condition.unless) else {
        return vec![from.clone()];
    };
    let mut out = Vec::new();
    for all in &condition.any {
        // Several patterns of one ACL are as many requests; the first three say enough.
        for choice in 0..3 {
            let mut draft = from.clone();
            for term in all.iter().filter(|term| !term.negated) {
                satisfy(term, proxy, choice, &mut draft);
            }
            if !out.contains(&draft) {
                out.push(draft);
            }
        }
    }
    out
}

fn satisfy(term: &Term, proxy: &Proxy, choice: usize, draft: &mut Draft) {
    match &term.test {
        Test::Anonymous(acl) => apply(acl, choice, draft),
        Test::Named(name) => {
            let lines: Vec<&AclLine> =
                proxy.acls.iter().filter(|acl| acl.name.value == name.value).collect();
            match lines.get(choice % lines.len().max(1)).and_then(|line| line.expr.as_ref()) {
                Some(acl) => apply(acl, choice / lines.len().max(1), draft),
                None => predefined(&name.value, draft),
            }
        }
    }
}

fn predefined(name: &str, draft: &mut Draft) {
    if let Some(method) = name.strip_prefix("METH_") {
        draft.method = method.to_owned();
    }
    match name {
        "HTTP_1.0" => draft.version = "HTTP/1.0",
        "HTTP_CONTENT" => draft.body = Some("a=b".to_owned()),
        "LOCALHOST" => draft.src = Some(IpAddr::from([127, 0, 0, 1])),
        _ => {}
    }
}

/// `hdr_beg(host)`: the fetch without `req.` and suffix, and the method that the suffix or `-m` gives.
fn criterion(acl: &AclExpr) -> (&str, Option<MatchMethod>) {
    let written = acl.expr.fetch.name.value.as_str();
    let (fetch, implied) = match acl::keyword(written) {
        Some((fetch, method)) => (fetch, Some(method)),
        None => (written, None),
    };
    let method = acl.method.as_ref().map(|method| method.value).or(implied);
    (fetch.strip_prefix("req.").unwrap_or(fetch), method)
}

fn apply(acl: &AclExpr, choice: usize, draft: &mut Draft) {
    let (fetch, method) = criterion(acl);
    let argument = acl.expr.fetch.args.as_ref().and_then(|args| args.first());
    let argument = argument.map(|word| word.value.clone()).unwrap_or_default();
    let patterns: Vec<&str> = acl.patterns.iter().map(|pattern| pattern.value.as_str()).collect();
    let picked = patterns.get(choice % patterns.len().max(1)).copied().unwrap_or("");
    if method == Some(MatchMethod::Int)
        || (method.is_none() && pattern::number(&patterns).is_some())
    {
        let Some(n) = pattern::number(&patterns) else { return };
        return number(fetch, argument, n, draft);
    }
    let example = pattern::text(method.unwrap_or(MatchMethod::Str), picked);
    let Some(text) = example.filter(|text| !text.contains(['\r', '\n'])) else { return };
    match fetch {
        "hdr" | "fhdr" => draft.set(&argument, text),
        "hdr_ip" => draft.set(&argument, text.split('/').next().unwrap_or("").to_owned()),
        "path" => draft.path = slash(text, method),
        "pathq" | "url" => draft.target(slash(text, method)),
        "url_param" | "urlp" => draft.query.push((argument, text)),
        "query" => draft.raw_query = Some(text),
        "base" => draft.base(&text),
        "cook" => draft.cookies.push((argument, text)),
        "method" => draft.method = text,
        "ver" => draft.version = if text == "1.0" { "HTTP/1.0" } else { "HTTP/1.1" },
        "src" => draft.src = source(&text).or(draft.src),
        _ => {}
    }
}

fn number(fetch: &str, argument: String, n: i64, draft: &mut Draft) {
    match fetch {
        "dst_port" => draft.port = u16::try_from(n).ok(),
        "hdr_val" => draft.set(&argument, n.to_string()),
        "hdr_cnt" if n == 0 => {
            draft.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(&argument))
        }
        "hdr_cnt" => {
            for _ in 0..n.clamp(0, 8) {
                draft.headers.push((argument.clone(), "x".to_owned()));
            }
        }
        "urlp_val" | "url_param_val" => draft.query.push((argument, n.to_string())),
        _ => {}
    }
}

/// A path begins with a slash unless the pattern is about its beginning.
fn slash(text: String, method: Option<MatchMethod>) -> String {
    match method {
        Some(MatchMethod::Beg | MatchMethod::Str) | None => text,
        _ if text.starts_with('/') => text,
        _ => format!("/{text}"),
    }
}

/// An address inside a network: its own is one where it has host bits, the next one where it has none.
fn source(text: &str) -> Option<IpAddr> {
    let (address, mask) = text.split_once('/').unwrap_or((text, ""));
    let address: IpAddr = address.parse().ok()?;
    match address {
        IpAddr::V4(v4) if v4.is_unspecified() => Some(IpAddr::from([203, 0, 113, 9])),
        IpAddr::V4(v4) if !mask.is_empty() && mask != "32" => {
            Some(IpAddr::V4(std::net::Ipv4Addr::from(u32::from(v4) | 1)))
        }
        _ => Some(address),
    }
}
