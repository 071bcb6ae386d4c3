//! `cookie ... dynamic`: servers without a `cookie` get one made from the key and their address (manual 4.2).
//!
//! Every balancer with the same key makes the same values. A server whose address only a name tells gets none.

use config::model::{Config, Proxy, Server};
use config_parse::address::{AddressKind, Host, Ports};
use diag::Spanned;

/// Gives the servers their values.
pub(super) fn give(config: &mut Config) {
    for proxy in &mut config.proxies {
        let dynamic = proxy.cookie.as_ref().is_some_and(|cookie| cookie.value.dynamic);
        if let Some(key) = proxy.dynamic_cookie_key.clone().filter(|_| dynamic) {
            give_servers(proxy, key.value.as_bytes());
        }
    }
}

fn give_servers(proxy: &mut Proxy, key: &[u8]) {
    for server in proxy.servers.iter_mut().filter(|server| server.settings.cookie.is_none()) {
        let span = server.span;
        let value = value(key, server).map(|value| Spanned::new(value, span));
        server.settings.cookie = value.map(Into::into);
    }
}

/// The hash of key, address and port, as HAProxy makes it.
fn value(key: &[u8], server: &Server) -> Option<String> {
    let AddressKind::Inet { host: Host::Ip(ip), ports, .. } = &server.address.kind else {
        return None;
    };
    let port = match ports {
        Ports::One(port) | Ports::Range(port, _) => *port,
        Ports::Unset | Ports::Offset(_) => 0,
    };
    let mut text = key.to_vec();
    match ip {
        std::net::IpAddr::V4(ip) => text.extend_from_slice(&ip.octets()),
        std::net::IpAddr::V6(ip) => text.extend_from_slice(&ip.octets()),
    }
    text.extend_from_slice(&u32::from(port).to_be_bytes());
    Some(format!("{:016x}", xxhash_rust::xxh64::xxh64(&text, 0)))
}
