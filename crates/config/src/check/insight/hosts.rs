//! Conditions that ask for hosts: for two at once; which there are.

use config_parse::condition::{Condition, MatchMethod, Term};
use diag::{Diagnostic, Span, codes};

use super::super::acls;
use super::criterion::{self, Part};
use crate::model::Proxy;

pub(super) fn proxy(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    for (condition, _) in acls::conditions(proxy) {
        findings.extend(two_hosts(proxy, condition));
    }
}

/// Two terms that must both hold and name different hosts: a request has one.
fn two_hosts(proxy: &Proxy, condition: &Condition) -> Option<Diagnostic> {
    if condition.unless {
        return None;
    }
    // Names are looked up among all lines of the proxy: only where there are two to compare.
    for all in condition.any.iter().filter(|all| all.len() > 1) {
        let mut asked = all
            .iter()
            .filter(|term| !term.negated)
            .filter_map(|term| Some((term, hosts(proxy, term)?)));
        let Some((first, known)) = asked.next() else { continue };
        let other = asked.find(|(_, hosts)| hosts.iter().all(|host| !known.contains(host)));
        if let Some((term, _)) = other {
            return Some(
                Diagnostic::new(
                    codes::W0616,
                    term.span,
                    "a request has one host, and this asks for a second one",
                )
                .related(first.span, "the first is asked for here")
                .help("write `or` between them, or one ACL with both hosts"),
            );
        }
    }
    None
}

/// The hosts that a term compares whole, in lower case; `None` when it tests anything else.
fn hosts(proxy: &Proxy, term: &Term) -> Option<Vec<String>> {
    let lines = criterion::lines_of(proxy, &term.test);
    let mut hosts = Vec::new();
    for line in &lines {
        let criterion = criterion::of(line);
        let whole = criterion.part == Part::Host && criterion.method == MatchMethod::Str;
        if !whole || !line.expr.converters.is_empty() || !line.files.is_empty() {
            return None;
        }
        hosts.extend(line.patterns.iter().map(|pattern| pattern.value.to_ascii_lowercase()));
    }
    (!hosts.is_empty()).then_some(hosts)
}

/// The hosts that a proxy's conditions compare whole, in lower case and without a port, each where it stands first.
///
/// Names with a dot and no addresses: what a certificate could be for. Pattern files are not among them.
pub fn named(proxy: &Proxy) -> Vec<(String, Span)> {
    let mut hosts: Vec<(String, Span)> = Vec::new();
    for line in criterion::tests(proxy) {
        let criterion = criterion::of(line);
        if criterion.part != Part::Host || criterion.method != MatchMethod::Str {
            continue;
        }
        for pattern in &line.patterns {
            let host = pattern.value.to_ascii_lowercase();
            let host = host.split(':').next().unwrap_or_default().to_owned();
            let is_name = host.contains('.') && host.parse::<std::net::IpAddr>().is_err();
            if is_name && !hosts.iter().any(|(known, _)| *known == host) {
                hosts.push((host, pattern.span));
            }
        }
    }
    hosts
}
