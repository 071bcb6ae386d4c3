//! Limits and weights that grow: `minconn` with `fullconn`, `slowstart`. Each needs another setting to grow by.

use std::collections::HashSet;

use diag::{Diagnostic, Span, codes};

use super::halves::is_checked;
use crate::model::{Balance, Config, HashMethod, Mode, Proxy, Server};

pub(super) fn config(config: &Config, findings: &mut Vec<Diagnostic>) {
    let backends = || {
        let active = |proxy: &&Proxy| proxy.disabled.is_none() && !proxy.servers.is_empty();
        let streams = |proxy: &&Proxy| matches!(proxy.mode(), Mode::Http | Mode::Tcp);
        config.proxies.iter().filter(active).filter(streams)
    };
    // A line of `defaults` is right when some proxy makes use of it.
    let mut heard: HashSet<Span> = HashSet::new();
    for proxy in backends() {
        if proxy.servers.iter().any(|server| server.settings.minconn.is_some()) {
            heard.extend(proxy.fullconn.map(|full| full.span));
        }
        let ramps = proxy.servers.iter().filter(|server| no_ramp(proxy, server).is_none());
        heard.extend(ramps.filter_map(|server| Some(server.settings.slowstart.as_ref()?.span)));
    }
    for proxy in backends() {
        full(proxy, &heard, findings);
        constant(proxy, findings);
        slow(proxy, &heard, findings);
    }
}

/// `fullconn` says where the limits between `minconn` and `maxconn` end: without the first there is nothing to end.
fn full(proxy: &Proxy, heard: &HashSet<Span>, findings: &mut Vec<Diagnostic>) {
    let growing = proxy.servers.iter().find_map(|server| server.settings.minconn.as_ref());
    match (proxy.fullconn, growing) {
        (Some(full), None) if !heard.contains(&full.span) => findings.push(
            Diagnostic::new(codes::W0734, full.span, "`fullconn` has no effect here")
                .label("no server has a `minconn` that could grow up to it")
                .help("a server's limit is its own `maxconn`; write `minconn` beside it, or leave this out"),
        ),
        (None, Some(min)) => findings.push(
            Diagnostic::new(codes::N0735, min.span, "`minconn` without `fullconn`")
                .label("it grows until a tenth of the connections of the frontends above is there")
                .help("`fullconn NUMBER` says at how many connections of the backend `maxconn` is reached"),
        ),
        _ => {}
    }
}

/// `minconn` alone, or above `maxconn`, is a limit that does not grow.
fn constant(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    for server in &proxy.servers {
        let Some(min) = &server.settings.minconn else { continue };
        let max = server.settings.maxconn.map_or(0, |max| max.value);
        if min.value == 0 || min.value < max {
            continue;
        }
        let message = match max {
            0 => "`minconn` without `maxconn` is a limit that does not grow".to_owned(),
            _ => format!(
                "`minconn` {} is not below `maxconn` {max}: the limit does not grow",
                min.value
            ),
        };
        let finding = Diagnostic::new(codes::W0734, min.span, message);
        findings.push(
            finding.help("`minconn` is the limit of a quiet backend, `maxconn` that of a full one"),
        );
        return;
    }
}

fn slow(proxy: &Proxy, heard: &HashSet<Span>, findings: &mut Vec<Diagnostic>) {
    for server in &proxy.servers {
        let Some(slow) = &server.settings.slowstart else { continue };
        let Some(why) = no_ramp(proxy, server).filter(|_| !heard.contains(&slow.span)) else {
            continue;
        };
        let mut finding =
            Diagnostic::new(codes::W0736, slow.span, "`slowstart` has no effect here")
                .label(why.to_owned());
        match proxy.balance.as_ref().filter(|_| is_checked(server)) {
            Some(balance) => {
                finding = finding.related(balance.span, "the algorithm is chosen here")
            }
            None => finding = finding.help("write `check` on the `server` line"),
        }
        findings.push(finding);
        return;
    }
}

/// Why `slowstart` does nothing for a server; nothing when it does something.
fn no_ramp(proxy: &Proxy, server: &Server) -> Option<&'static str> {
    if !is_checked(server) {
        return Some("the server is not checked, so it never comes back from being down");
    }
    if server.settings.maxconn.is_some_and(|max| max.value > 0) {
        return None;
    }
    let method = proxy.hash_type.map_or(HashMethod::MapBased, |hash| hash.value.method);
    match proxy.balance.as_ref().map(|balance| &balance.value) {
        None | Some(Balance::RoundRobin | Balance::LeastConn | Balance::Random { .. }) => None,
        Some(Balance::StaticRr) => Some("`static-rr` does not change weights while it runs"),
        Some(Balance::First) => Some("`first` does not look at weights"),
        Some(_) if method == HashMethod::Consistent => None,
        Some(_) => Some("a map-based hash does not change weights while it runs"),
    }
}
