//! Names and numbers that may stand once.

use std::collections::HashMap;

use diag::{Diagnostic, Span, Spanned, codes};

use crate::model::{Config, Proxy};
use crate::target::Target;

/// Two frontends, or two backends, of one name; a `listen` section is both.
pub(super) fn sections(config: &Config, target: Target, findings: &mut Vec<Diagnostic>) {
    // Later versions have one space of names for both.
    let one_space = target.is_from(3, 3);
    let mut frontends: HashMap<&str, &Proxy> = HashMap::new();
    let mut backends: HashMap<&str, &Proxy> = HashMap::new();
    for proxy in &config.proxies {
        let name = proxy.name.value.as_str();
        let front = (one_space || proxy.kind.is_frontend()).then(|| frontends.get(name)).flatten();
        let back = (one_space || proxy.kind.is_backend()).then(|| backends.get(name)).flatten();
        if let Some(first) = front.or(back) {
            let message = format!("a section named `{name}` exists already");
            findings.push(
                Diagnostic::new(codes::E0404, proxy.name.span, message)
                    .label("the second")
                    .related(first.name.span, "the first is here"),
            );
            continue;
        }
        if proxy.kind.is_frontend() {
            frontends.insert(name, proxy);
        }
        if proxy.kind.is_backend() {
            backends.insert(name, proxy);
        }
    }
    let mut lists = HashMap::new();
    for list in &config.userlists {
        if let Some(first) = lists.insert(list.name.value.as_str(), list.name.span) {
            let message = format!("a userlist named `{}` exists already", list.name.value);
            let finding = Diagnostic::new(codes::W0414, list.name.span, message);
            findings.push(finding.related(first, "the first is here"));
        }
    }
}

/// Since HAProxy 3.3 a proxy and a `defaults` section cannot have the same name.
pub(crate) fn defaults<'d>(
    config: &Config,
    defaults: impl Iterator<Item = &'d Spanned<String>>,
    findings: &mut Vec<Diagnostic>,
) {
    let known: HashMap<&str, Span> =
        defaults.map(|name| (name.value.as_str(), name.span)).collect();
    for proxy in &config.proxies {
        if let Some(first) = known.get(proxy.name.value.as_str()) {
            let message = format!("a `defaults` section is named `{}` too", proxy.name.value);
            let finding = Diagnostic::new(codes::E0404, proxy.name.span, message);
            findings.push(finding.related(*first, "it is here").help("rename one of them"));
        }
    }
}

/// `id` of proxies, of the servers of a proxy, of its listeners.
pub(super) fn ids(config: &Config, findings: &mut Vec<Diagnostic>) {
    twice(config.proxies.iter().filter_map(|proxy| proxy.id), "proxy", findings);
    for proxy in &config.proxies {
        let servers = proxy.servers.iter().filter_map(|server| server.settings.id);
        twice(servers, "server of this proxy", findings);
        let binds = proxy.binds.iter().filter_map(|bind| Some(Spanned::new(bind.id?, bind.span)));
        twice(binds, "listener of this proxy", findings);
    }
}

fn twice(ids: impl Iterator<Item = Spanned<u32>>, of: &str, findings: &mut Vec<Diagnostic>) {
    let mut seen = HashMap::new();
    for id in ids {
        if let Some(first) = seen.get(&id.value) {
            let message = format!("the id {} belongs to another {of}", id.value);
            let finding = Diagnostic::new(codes::E0408, id.span, message);
            findings.push(finding.related(*first, "it was given here"));
        } else {
            seen.insert(id.value, id.span);
        }
    }
}
