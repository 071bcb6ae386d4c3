//! What is declared and never used: ACLs, backends.

use std::collections::HashSet;

use config_parse::condition::Test;
use diag::{Diagnostic, codes};

use super::acls;
use crate::model::{Config, Proxy, ProxyKind, Rule, acls_asked, acls_of_line};

/// Backends that one finding points at.
const MOST_NAMED: usize = 8;

pub(super) fn config(config: &Config, findings: &mut Vec<Diagnostic>) {
    for proxy in &config.proxies {
        unused_acls(proxy, findings);
    }
    unused_backends(config, findings);
}

fn unused_acls(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    if proxy.acls.is_empty() {
        return;
    }
    let mut done = used_names(proxy);
    for acl in &proxy.acls {
        let name = acl.name.value.as_str();
        // Those of `defaults` are for whoever needs them, and several lines of a name are one ACL.
        if name.contains('/') || !done.insert(name) {
            continue;
        }
        let message = format!("no condition uses the ACL `{name}`");
        findings.push(Diagnostic::new(codes::W0409, acl.name.span, message));
    }
}

/// The names of ACLs that conditions of the proxy hold.
fn used_names(proxy: &Proxy) -> HashSet<&str> {
    let terms = acls::conditions(proxy).flat_map(|(condition, _)| condition.any.iter().flatten());
    let named = terms.filter_map(|term| match &term.test {
        Test::Named(used) => Some(used.value.as_str()),
        Test::Anonymous(_) => None,
    });
    let mut asked = Vec::new();
    for (condition, _) in acls::conditions(proxy) {
        acls_asked(condition, &mut asked);
    }
    let rules = proxy.rules.lists().into_iter().flatten();
    asked.extend(rules.flat_map(Rule::acls_asked));
    for line in &proxy.acls {
        if let Some(expr) = &line.expr {
            acls_of_line(expr, &mut asked);
        }
    }
    let words = proxy.stats.iter().flat_map(|line| &line.value);
    named.chain(words.map(|word| word.trim_start_matches('!'))).chain(asked).collect()
}

fn unused_backends(config: &Config, findings: &mut Vec<Diagnostic>) {
    let switching = || config.proxies.iter().flat_map(|proxy| &proxy.switching);
    let any_name = switching().any(|rule| rule.backend.value.as_text().is_none());
    let any_frontend = config.proxies.iter().any(|proxy| proxy.kind.is_frontend());
    if any_name || !any_frontend {
        return;
    }
    let mut used: HashSet<&str> =
        switching().filter_map(|rule| rule.backend.value.as_text()).collect();
    let defaults = config.proxies.iter().filter_map(|proxy| proxy.default_backend.as_ref());
    used.extend(defaults.map(|default| default.value.as_str()));
    let mut idle = config.proxies.iter().filter(|backend| {
        // One without servers is there for something else: a table, for example.
        let may_be_idle = backend.disabled.is_some() || backend.servers.is_empty();
        let named = used.contains(backend.name.value.as_str());
        backend.kind == ProxyKind::Backend && !may_be_idle && !named
    });
    let Some(first) = idle.next() else { return };
    let more: Vec<&Proxy> = idle.collect();
    let name = &first.name.value;
    let message = match more.len() {
        0 => format!("no rule leads to the backend `{name}`"),
        n => format!("no rule leads to the backend `{name}` and {n} more"),
    };
    let mut finding = Diagnostic::new(codes::W0410, first.name.span, message);
    for other in more.iter().take(MOST_NAMED) {
        finding = finding.related(other.name.span, "nor to this one");
    }
    findings.push(finding);
}
