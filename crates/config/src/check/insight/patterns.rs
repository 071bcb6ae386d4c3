//! Patterns that match less or more than they seem to.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use config_parse::address::{AddressKind, Ports};
use config_parse::condition::{AclExpr, MatchMethod};
use diag::{Diagnostic, Edit, Safety, Span, Spanned, codes};

use super::criterion::{self, Criterion, Part, folds};
use crate::model::{AclLine, Action, Proxy};

pub(super) fn proxy(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    let port = odd_port(proxy);
    let rewritten = rewrites_path(proxy);
    for line in criterion::tests(proxy) {
        let criterion = criterion::of(line);
        match criterion.part {
            Part::Host => {
                findings.extend(upper_case(line, &criterion));
                findings.extend(port.and_then(|port| without_port(line, &criterion, port)));
            }
            Part::Path { query } if line.expr.converters.is_empty() => {
                let never = if rewritten { None } else { no_such_path(line, &criterion, query) };
                findings.extend(never);
                findings.extend(open_prefix(line, &criterion));
            }
            Part::Method => findings.extend(no_such_method(line, &criterion)),
            _ => {}
        }
        if criterion.method == MatchMethod::Ip {
            findings.extend(line.patterns.iter().filter_map(host_bits));
        }
    }
    several_lines(&proxy.acls, findings);
}

/// The port of a proxy that listens on one, which clients then write behind the host.
fn odd_port(proxy: &Proxy) -> Option<u16> {
    let mut found = None;
    for address in proxy.binds.iter().flat_map(|bind| &bind.addresses) {
        match address.kind {
            AddressKind::Inet { ports: Ports::One(port), .. } if ![80, 443].contains(&port) => {
                found = Some(port);
            }
            _ => return None,
        }
    }
    found
}

fn rewrites_path(proxy: &Proxy) -> bool {
    proxy.rules.http_request.iter().any(|rule| {
        matches!(
            rule.action.value,
            Action::SetPath { .. }
                | Action::SetUri(_)
                | Action::ReplacePath { .. }
                | Action::ReplaceUri { .. }
        )
    })
}

/// Browsers write hosts in lower case, so a pattern with a capital matches none of them.
fn upper_case(line: &AclExpr, criterion: &Criterion) -> Option<Diagnostic> {
    use MatchMethod::{Beg, Dir, Dom, End, Str, Sub};
    let compares = matches!(criterion.method, Beg | Dir | Dom | End | Str | Sub);
    if !compares || line.ignore_case || folds(line) {
        return None;
    }
    let capital =
        |word: &&Spanned<String>| word.value.bytes().any(|byte| byte.is_ascii_uppercase());
    let pattern = line.patterns.iter().find(capital)?;
    let first = line.patterns.first()?.span;
    let message = format!("`{}` is compared with its capitals", pattern.value);
    let flag = Edit { span: Span::new(first.file, first.start, first.start), text: "-i ".into() };
    Some(
        Diagnostic::new(codes::W0610, pattern.span, message)
            .label("clients send hosts in lower case")
            .help("compare with `-i`")
            .fix(Safety::Unsafe, vec![flag]),
    )
}

/// A client writes the port behind the host unless it is the scheme's own.
fn without_port(line: &AclExpr, criterion: &Criterion, port: u16) -> Option<Diagnostic> {
    let to_the_end = matches!(criterion.method, MatchMethod::Str | MatchMethod::End);
    if !to_the_end || !line.expr.converters.is_empty() || !line.files.is_empty() {
        return None;
    }
    let any_port = |word: &Spanned<String>| word.value.contains(':');
    if line.patterns.iter().any(any_port) {
        return None;
    }
    let pattern = line.patterns.first()?;
    let message = format!("clients of port {port} send `{}:{port}`", pattern.value);
    Some(
        Diagnostic::new(codes::N0611, pattern.span, message)
            .label("this is compared with the port, too")
            .help("write `req.hdr(host),host_only`, unless a device in front maps the port"),
    )
}

/// A path begins with a slash and ends before its query.
fn no_such_path(line: &AclExpr, criterion: &Criterion, query: bool) -> Option<Diagnostic> {
    use MatchMethod::{Beg, End, Str, Sub};
    if !matches!(criterion.method, Beg | End | Str | Sub) {
        return None;
    }
    let from_the_start = matches!(criterion.method, Beg | Str);
    let never = |word: &&Spanned<String>| {
        let text = word.value.as_str();
        let no_slash = from_the_start && !text.is_empty() && !text.starts_with(['/', '*']);
        no_slash || text.contains('#') || (!query && text.contains('?'))
    };
    let pattern = line.patterns.iter().find(never)?;
    let text = pattern.value.as_str();
    let finding = |why: &str| {
        Diagnostic::new(
            codes::W0614,
            pattern.span,
            format!("no path that a client sends matches `{text}`"),
        )
        .label(why.to_owned())
    };
    if text.contains('#') {
        return Some(finding("clients keep what stands behind `#` to themselves"));
    }
    if !query && text.contains('?') {
        return Some(
            finding("the query is no part of the path")
                .help("`pathq` and `url` hold the query, too"),
        );
    }
    let slash = Edit {
        span: Span::new(pattern.span.file, pattern.span.start, pattern.span.start),
        text: "/".into(),
    };
    let finding = finding("a path begins with `/`").help(format!("`/{text}`"));
    let whole = pattern.span.end.saturating_sub(pattern.span.start) as usize == text.len();
    Some(if whole { finding.fix(Safety::Unsafe, vec![slash]) } else { finding })
}

/// `/api` begins `/apix`, too.
fn open_prefix(line: &AclExpr, criterion: &Criterion) -> Option<Diagnostic> {
    let open = |word: &&Spanned<String>| {
        word.value.len() > 2
            && word.value.starts_with('/')
            && !word.value.contains('.')
            && word.value.ends_with(|last: char| last.is_ascii_alphanumeric())
    };
    let pattern =
        line.patterns.iter().find(open).filter(|_| criterion.method == MatchMethod::Beg)?;
    let text = &pattern.value;
    Some(
        Diagnostic::new(codes::N0612, pattern.span, format!("`{text}` also begins `{text}x`"))
            .help(format!(
                "`path {text} || path_beg {text}/` holds what lies below `{text}` and nothing else"
            )),
    )
}

/// Methods are compared with their case, and clients send them in capitals.
fn no_such_method(line: &AclExpr, criterion: &Criterion) -> Option<Diagnostic> {
    if criterion.method != MatchMethod::Str || line.ignore_case || folds(line) {
        return None;
    }
    let lower = |word: &&Spanned<String>| {
        word.value.len() > 2 && word.value.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    let pattern = line.patterns.iter().find(lower)?;
    let capitals = pattern.value.to_ascii_uppercase();
    let message = format!("no method that a client sends matches `{}`", pattern.value);
    Some(
        Diagnostic::new(codes::W0614, pattern.span, message)
            .label("methods are compared with their case")
            .help(format!("`{capitals}`"))
            .fix(Safety::Unsafe, vec![Edit { span: pattern.span, text: capitals }]),
    )
}

/// `10.0.0.1/24` is `10.0.0.0/24`.
fn host_bits(pattern: &Spanned<String>) -> Option<Diagnostic> {
    let (address, mask) = pattern.value.split_once('/')?;
    let network = match address.parse::<Ipv4Addr>() {
        Ok(four) => {
            let bits: u32 = mask.parse().ok().filter(|bits| *bits <= 32)?;
            let own = u32::from(four);
            let kept = own & u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            (kept != own).then(|| format!("{}/{bits}", Ipv4Addr::from(kept)))
        }
        Err(_) => {
            let own = u128::from(address.parse::<Ipv6Addr>().ok()?);
            let bits: u32 = mask.parse().ok().filter(|bits| *bits <= 128)?;
            let kept = own & u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            (kept != own).then(|| format!("{}/{bits}", Ipv6Addr::from(kept)))
        }
    }?;
    let message = format!("`{}` has bits set behind its mask", pattern.value);
    let finding = Diagnostic::new(codes::W0613, pattern.span, message)
        .label(format!("it matches all of `{network}`"))
        .help(format!("`{network}` for the network, `{address}` for the one address"));
    let whole = (pattern.span.end - pattern.span.start) as usize == pattern.value.len();
    Some(if whole {
        finding.fix(Safety::Safe, vec![Edit { span: pattern.span, text: network }])
    } else {
        finding
    })
}

/// Lines of one name are one ACL that any of them makes true: told where they read different things.
fn several_lines(acls: &[AclLine], findings: &mut Vec<Diagnostic>) {
    let mut first: HashMap<&str, (&AclLine, bool)> = HashMap::new();
    let key = |line: &AclLine| {
        let expr = line.expr.as_ref().map(criterion::of)?;
        Some(expr.part)
    };
    for acl in acls {
        let Some((earlier, said)) = first.get_mut(acl.name.value.as_str()) else {
            first.insert(&acl.name.value, (acl, false));
            continue;
        };
        let (Some(one), Some(two)) = (key(earlier), key(acl)) else { continue };
        if one == two || *said {
            continue;
        }
        *said = true;
        let message =
            format!("`{}` stands on several lines: any one of them is enough", acl.name.value);
        findings.push(
            Diagnostic::new(codes::N0608, acl.name.span, message)
                .related(earlier.name.span, "the first is here")
                .help("to ask for all of them give each a name of its own: `if one two`"),
        );
    }
}
