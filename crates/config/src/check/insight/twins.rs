//! Two servers of one backend that are one: the same address, most often a line that was copied and not changed.

use std::collections::HashMap;
use std::net::IpAddr;

use config_parse::address::{AddressKind, Host, Ports};
use diag::{Diagnostic, codes};

use crate::model::{Mode, Proxy, Server};

pub(super) fn proxy(proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    if proxy.servers.len() < 2 || !matches!(proxy.mode(), Mode::Http | Mode::Tcp) {
        return;
    }
    let mut seen: HashMap<(IpAddr, u16), &Server> = HashMap::with_capacity(proxy.servers.len());
    for server in &proxy.servers {
        let off = server.settings.disabled.is_some_and(|off| off.value);
        let Some(place) = place(server).filter(|_| !off) else { continue };
        let Some(first) = seen.get(&place) else {
            seen.insert(place, server);
            continue;
        };
        // Another `source`, `sni` or way to check is a reason to have it twice; a template has one address.
        if first.settings.rest != server.settings.rest || first.span == server.span {
            continue;
        }
        let message = format!(
            "`{}` and `{}` are one server: both are at {}:{}",
            first.name.value, server.name.value, place.0, place.1
        );
        findings.push(
            Diagnostic::new(codes::W0708, server.address.span, message)
                .related(first.address.span, "this one has the address too")
                .help("give one of them its own address, or leave it out and raise the other's `weight`"),
        );
        return;
    }
}

/// An address that is written out, with its port. Those of the machine itself stand for others in examples.
fn place(server: &Server) -> Option<(IpAddr, u16)> {
    match &server.address.kind {
        AddressKind::Inet { host: Host::Ip(ip), ports: Ports::One(port), .. }
            if !ip.is_loopback() =>
        {
            Some((*ip, *port))
        }
        _ => None,
    }
}
