//! Limits that do not fit each other: connections, file descriptors, ports.

use std::collections::HashSet;

use diag::{Diagnostic, Span, codes};

use crate::model::{Config, Mode, Proxy};

/// Ports from which Linux connects unless it is told otherwise: 32768 to 60999.
const PORTS: u32 = 28_232;

pub(super) fn config(config: &Config, findings: &mut Vec<Diagnostic>) {
    descriptors(config, findings);
    for proxy in config.proxies.iter().filter(|proxy| proxy.disabled.is_none()) {
        above_the_process(config, proxy, findings);
        ports(proxy, findings);
        queue(proxy, findings);
    }
}

/// Each connection of a client needs one more to a server.
fn descriptors(config: &Config, findings: &mut Vec<Diagnostic>) {
    let (Some(max), Some(limit)) = (config.global.maxconn, config.global.ulimit_n) else { return };
    let binds = config.proxies.iter().map(|proxy| proxy.binds.len() as u64).sum::<u64>();
    let checks = config.proxies.iter().map(|proxy| proxy.servers.len() as u64).sum::<u64>();
    let needed = 2 * u64::from(max.value) + binds + checks;
    if limit.value >= needed {
        return;
    }
    let message = format!(
        "{} connections need {needed} file descriptors: two each, {binds} to listen, {checks} to check",
        max.value
    );
    findings.push(
        Diagnostic::new(codes::W0704, limit.span, message)
            .related(max.span, "the connections are allowed here")
            .label(format!("it gives {}", limit.value))
            .help("leave `ulimit-n` out: the right limit is worked out from `maxconn`"),
    );
}

fn above_the_process(config: &Config, proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    let (Some(own), Some(all)) = (proxy.maxconn, config.global.maxconn) else { return };
    if !proxy.kind.is_frontend() || own.value <= all.value {
        return;
    }
    let message = format!(
        "`{}` may have {} connections, the process {}",
        proxy.name.value, own.value, all.value
    );
    findings.push(
        Diagnostic::new(codes::W0729, own.span, message)
            .related(all.span, "this limit is reached first")
            .help("raise `maxconn` in `global`"),
    );
}

/// One address of a server can be connected to as often as there are ports to come from.
fn ports(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    if proxy.source.is_some() {
        return;
    }
    let over = |max: u32| max > PORTS;
    for server in &proxy.servers {
        let Some(max) = server.settings.maxconn.filter(|max| over(max.value)) else { continue };
        let inet = matches!(server.address.kind, config_parse::address::AddressKind::Inet { .. });
        if server.settings.source.is_some() || !inet {
            continue;
        }
        let message =
            format!("{} connections to one address need as many ports to come from", max.value);
        findings.push(
            Diagnostic::new(codes::W0731, max.span, message)
                .label(format!("Linux gives {PORTS} unless it is told otherwise"))
                .help("widen `net.ipv4.ip_local_port_range`, add addresses of the server, or use several `source` addresses"),
        );
    }
}

/// Who waits for a place waits as long as a connection may take.
fn queue(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    if proxy.timeouts.queue.is_some() || proxy.mode() != Mode::Http {
        return;
    }
    let Some(connect) = proxy.timeouts.connect else { return };
    let mut said: HashSet<Span> = HashSet::new();
    let limited = proxy.servers.iter().find_map(|server| server.settings.maxconn);
    let Some(max) = limited.filter(|max| max.value > 0 && said.insert(max.span)) else { return };
    let message = format!(
        "requests that wait for a place have no `timeout queue`: `timeout connect` ({} s) is taken",
        connect.value.as_secs()
    );
    findings.push(
        Diagnostic::new(codes::N0730, max.span, message)
            .related(connect.span, "this one")
            .help("`timeout queue 30s`"),
    );
}
